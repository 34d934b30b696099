package bpe

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"
)

// An object is a JSON object whose members are taken out one by one, so that
// in the end those that nobody asked for can be refused.
type object struct {
	path string
	m    map[string]json.RawMessage
}

func unsupported(field string, value any) error {
	if raw, ok := value.(json.RawMessage); ok {
		value = string(raw)
	}
	return fmt.Errorf("%w: %s is %.80v", ErrUnsupported, field, value)
}

func malformed(field string, err error) error {
	return fmt.Errorf("%w: %s: %w", ErrFormat, field, err)
}

func newObject(path string, raw json.RawMessage) (o object, err error) {
	o.path = path
	if err := json.Unmarshal(raw, &o.m); err != nil {
		return o, malformed(path, err)
	}
	if o.m == nil {
		return o, malformed(path, errors.New("not an object"))
	}
	return o, nil
}

func (o object) field(name string) string {
	if o.path == "" {
		return name
	}
	return o.path + "." + name
}

// take removes a member; it is nil if absent or null.
func (o object) take(name string) json.RawMessage {
	raw := o.m[name]
	delete(o.m, name)
	if string(raw) == "null" {
		return nil
	}
	return raw
}

// get decodes a member into v, which keeps its value if the member is absent
// or null.
func (o object) get(name string, v any) error {
	raw := o.take(name)
	if raw == nil {
		return nil
	}
	if err := json.Unmarshal(raw, v); err != nil {
		return malformed(o.field(name), err)
	}
	return nil
}

// end refuses what is left.
func (o object) end() error {
	for _, name := range sortedKeys(o.m) {
		if string(o.m[name]) != "null" {
			return unsupported(o.field(name), o.m[name])
		}
	}
	return nil
}

func sortedKeys(m map[string]json.RawMessage) []string {
	keys := make([]string, 0, len(m))
	for k := range m {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	return keys
}

// ParseJSON reads a tokenizer.json. The error wraps ErrUnsupported or ErrFormat
// and names the field.
func ParseJSON(data []byte) (s Spec, err error) {
	if !utf8.Valid(data) {
		return s, fmt.Errorf("%w: offset %d: not UTF-8", ErrFormat, InvalidAt(string(data)))
	}
	if at := loneSurrogate(data); at >= 0 {
		return s, fmt.Errorf("%w: offset %d: half of a surrogate pair", ErrFormat, at)
	}
	var syntax *json.SyntaxError
	if err := json.Unmarshal(data, new(json.RawMessage)); errors.As(err, &syntax) {
		return s, fmt.Errorf("%w: offset %d: %w", ErrFormat, syntax.Offset, err)
	}
	o, err := newObject("", data)
	if err != nil {
		return s, err
	}
	var version string
	if err := o.get("version", &version); err != nil {
		return s, err
	} else if version != "" && version != "1.0" {
		return s, unsupported("version", version)
	}
	if s.NFC, err = parseNormalizer("normalizer", o.take("normalizer")); err != nil {
		return s, err
	}
	if err := s.parsePreTokenizer(o.take("pre_tokenizer")); err != nil {
		return s, err
	}
	if raw := o.take("decoder"); raw != nil {
		if err := parseDecoder("decoder", raw); err != nil {
			return s, err
		}
	}
	o.take("post_processor")
	model := o.take("model")
	added := o.take("added_tokens")
	if err := o.end(); err != nil { // truncation and padding too
		return s, err
	}
	vocab, err := s.parseModel(model)
	if err != nil {
		return s, err
	}
	return s, s.parseAdded(added, vocab)
}

// kind opens a component, an object with a type.
func kind(path string, raw json.RawMessage) (o object, name string, err error) {
	if o, err = newObject(path, raw); err == nil {
		err = o.get("type", &name)
	}
	return o, name, err
}

// elements opens the list of a component of type Sequence.
func elements(o object, name string) (list []json.RawMessage, err error) {
	if err = o.get(name, &list); err == nil {
		err = o.end()
	}
	return list, err
}

func parseNormalizer(path string, raw json.RawMessage) (nfc bool, err error) {
	if raw == nil {
		return false, nil
	}
	o, name, err := kind(path, raw)
	if err != nil {
		return false, err
	}
	switch name {
	case "NFC":
		return true, o.end()
	case "Sequence":
		list, err := elements(o, "normalizers")
		for i, e := range list {
			one, err := parseNormalizer(fmt.Sprintf("%s.normalizers[%d]", path, i), e)
			if err != nil {
				return false, err
			}
			nfc = nfc || one
		}
		return nfc, err
	}
	return false, unsupported(path+".type", name)
}

func parseDecoder(path string, raw json.RawMessage) error {
	o, name, err := kind(path, raw)
	if err != nil {
		return err
	}
	switch name {
	case "ByteLevel":
		return nil // its options are about offsets and encoding
	case "Sequence":
		list, err := elements(o, "decoders")
		if err != nil {
			return err
		}
		if len(list) != 1 {
			return unsupported(path+".decoders", raw)
		}
		return parseDecoder(path+".decoders[0]", list[0])
	}
	return unsupported(path+".type", name)
}

func (s *Spec) parsePreTokenizer(raw json.RawMessage) error {
	const path = "pre_tokenizer"
	if raw == nil {
		return unsupported(path, "null: not byte-level")
	}
	o, name, err := kind(path, raw)
	if err != nil {
		return err
	}
	if name != "Sequence" {
		return s.parseByteLevel(o, name, false)
	}
	list, err := elements(o, "pretokenizers")
	if err != nil {
		return err
	}
	if len(list) == 0 || len(list) > 2 {
		return unsupported(path+".pretokenizers", fmt.Sprintf("a list of %d", len(list)))
	}
	if len(list) == 2 {
		o, name, err := kind(path+".pretokenizers[0]", list[0])
		if err != nil {
			return err
		}
		if err := s.parseSplit(o, name); err != nil {
			return err
		}
	}
	last := len(list) - 1
	o, name, err = kind(fmt.Sprintf("%s.pretokenizers[%d]", path, last), list[last])
	if err != nil {
		return err
	}
	return s.parseByteLevel(o, name, len(list) == 2)
}

func (s *Spec) parseByteLevel(o object, name string, split bool) error {
	if name != "ByteLevel" {
		return unsupported(o.field("type"), name)
	}
	prefix, regex, trim := true, true, true // HF's defaults
	for _, f := range []struct {
		name string
		v    *bool
	}{{"add_prefix_space", &prefix}, {"use_regex", &regex}, {"trim_offsets", &trim}} {
		if err := o.get(f.name, f.v); err != nil {
			return err
		}
	}
	switch {
	case split && prefix:
		return unsupported(o.field("add_prefix_space"), "true after a Split")
	case split && regex:
		return unsupported(o.field("use_regex"), "true after a Split")
	case !split && !regex:
		s.Split = None
	case !split:
		s.Split = GPT2
	}
	s.PrefixSpace = prefix
	return o.end()
}

// patterns are the ways in which files write the patterns of Split; those of
// one rule match alike.
var patterns = map[string]Split{
	`'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+`:      GPT2,
	`'(?:[sdmt]|ll|ve|re)| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+`:         GPT2,
	`'(?:[sdmt]|ll|ve|re)| ?\p{L}++| ?\p{N}++| ?[^\s\p{L}\p{N}]++|\s++$|\s+(?!\S)|\s`: GPT2,
	`(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}` + cl100kTail:   CL100K,
	`'(?i:[sdmt]|ll|ve|re)|[^\r\n\p{L}\p{N}]?+\p{L}+|\p{N}{1,3}` + cl100kTail4:        CL100K,
	`(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}` + cl100kTail:        Qwen2,
}

const (
	cl100kTail  = `| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+`
	cl100kTail4 = `| ?[^\s\p{L}\p{N}]++[\r\n]*|\s*[\r\n]|\s+(?!\S)|\s+`
)

func (s *Spec) parseSplit(o object, name string) error {
	if name != "Split" {
		return unsupported(o.field("type"), name)
	}
	var (
		pattern  map[string]string
		behavior string
		invert   bool
	)
	if err := errors.Join(o.get("pattern", &pattern), o.get("behavior", &behavior), o.get("invert", &invert)); err != nil {
		return err
	}
	// The patterns leave nothing between matches, so that removing what does
	// not match is isolating what does.
	if !(behavior == "Isolated" && !invert || behavior == "Removed" && invert) {
		return unsupported(o.field("behavior"), fmt.Sprintf("%s, invert %t", behavior, invert))
	}
	rule, ok := patterns[pattern["Regex"]]
	if !ok || len(pattern) != 1 {
		return unsupported(o.field("pattern"), fmt.Sprintf("%q", pattern))
	}
	s.Split = rule
	return o.end()
}

func (s *Spec) parseModel(raw json.RawMessage) (vocab map[string]int32, err error) {
	if raw == nil {
		return nil, malformed("model", errors.New("missing"))
	}
	o, name, err := kind("model", raw)
	if err != nil {
		return nil, err
	}
	if name != "BPE" {
		return nil, unsupported("model.type", name)
	}
	if raw := o.take("dropout"); raw != nil {
		var p float64
		if err := json.Unmarshal(raw, &p); err != nil || p != 0 {
			return nil, unsupported("model.dropout", raw)
		}
	}
	if raw := o.take("unk_token"); raw != nil {
		return nil, unsupported("model.unk_token", raw)
	}
	for _, f := range []string{"continuing_subword_prefix", "end_of_word_suffix"} {
		var v string
		if err := o.get(f, &v); err != nil {
			return nil, err
		} else if v != "" {
			return nil, unsupported("model."+f, v)
		}
	}
	for _, f := range []string{"fuse_unk", "byte_fallback"} {
		var v bool
		if err := o.get(f, &v); err != nil {
			return nil, err
		} else if v {
			return nil, unsupported("model."+f, v)
		}
	}
	if err := o.get("ignore_merges", &s.WholeFirst); err != nil {
		return nil, err
	}
	if err := o.get("vocab", &vocab); err != nil {
		return nil, err
	}
	merges := o.take("merges")
	if err := o.end(); err != nil {
		return nil, err
	}
	if err := s.setVocab(vocab); err != nil {
		return nil, err
	}
	return vocab, s.parseMerges(merges, vocab)
}

// setVocab puts the tokens in the order of their ids.
func (s *Spec) setVocab(vocab map[string]int32) error {
	highest := int32(-1)
	for tok, id := range vocab {
		// Nothing may be stored at the word of an id alone.
		if id < 0 || int(id) > 4*len(vocab)+1<<16 {
			return unsupported("model.vocab", fmt.Sprintf("%q with id %d, of %d tokens", tok, id, len(vocab)))
		}
		if tok == "" {
			return unsupported("model.vocab", "a list with an empty token")
		}
		highest = max(highest, id)
	}
	s.Tokens = make([]string, highest+1)
	for tok, id := range vocab {
		if old := s.Tokens[id]; old != "" {
			return unsupported("model.vocab", fmt.Sprintf("a list with the id %d for both %q and %q", id, min(tok, old), max(tok, old)))
		}
		s.Tokens[id] = tok
	}
	return nil
}

func (s *Spec) parseMerges(raw json.RawMessage, vocab map[string]int32) error {
	var pairs [][2]string
	if first := bytes.TrimLeft(bytes.TrimPrefix(bytes.TrimSpace(raw), []byte("[")), " \t\r\n"); len(first) > 0 && first[0] == '"' {
		var lines []string
		if err := json.Unmarshal(raw, &lines); err != nil {
			return malformed("model.merges", err)
		}
		for i, l := range lines {
			if strings.HasPrefix(l, "#version") { // left over from a text file; HF passes over it
				continue
			}
			left, right, ok := strings.Cut(l, " ")
			if !ok || strings.Contains(right, " ") {
				return malformed(fmt.Sprintf("model.merges[%d]", i), fmt.Errorf("%q is not two tokens", l))
			}
			pairs = append(pairs, [2]string{left, right})
		}
	} else if raw != nil {
		var lists [][]string
		if err := json.Unmarshal(raw, &lists); err != nil {
			return malformed("model.merges", err)
		}
		for i, l := range lists {
			if len(l) != 2 {
				return malformed(fmt.Sprintf("model.merges[%d]", i), fmt.Errorf("%q is not two tokens", l))
			}
			pairs = append(pairs, [2]string(l))
		}
	}
	s.Merges = make([]Merge, 0, len(pairs))
	for i, p := range pairs {
		left, okL := vocab[p[0]]
		right, okR := vocab[p[1]]
		id, ok := vocab[p[0]+p[1]]
		if !okL || !okR || !ok {
			return malformed(fmt.Sprintf("model.merges[%d]", i), fmt.Errorf("%q: a token is not in the vocabulary", p))
		}
		s.Merges = append(s.Merges, Merge{left, right, id})
	}
	return nil
}

func (s *Spec) parseAdded(raw json.RawMessage, vocab map[string]int32) error {
	var list []json.RawMessage
	if raw != nil {
		if err := json.Unmarshal(raw, &list); err != nil {
			return malformed("added_tokens", err)
		}
	}
	seen := make(map[string]bool, len(list))
	highest := int32(-1)
	for i, raw := range list {
		o, err := newObject(fmt.Sprintf("added_tokens[%d]", i), raw)
		if err != nil {
			return err
		}
		a := AddedToken{ID: -1}
		var word, left, right bool
		if err := errors.Join(o.get("id", &a.ID), o.get("content", &a.Content), o.get("special", &a.Special)); err != nil {
			return err
		}
		a.Normalized = !a.Special // HF's default
		if err := errors.Join(o.get("normalized", &a.Normalized), o.get("single_word", &word), o.get("lstrip", &left), o.get("rstrip", &right)); err != nil {
			return err
		}
		for _, f := range []struct {
			name string
			v    bool
		}{{"single_word", word}, {"lstrip", left}, {"rstrip", right}} {
			if f.v {
				return unsupported(o.field(f.name), f.v)
			}
		}
		if err := o.end(); err != nil {
			return err
		}
		want, ok := vocab[a.Content]
		if !ok { // the id that HF gives to tokens that are not in the vocabulary
			want = max(highest+1, int32(len(vocab)))
		}
		if a.ID != want {
			return unsupported(o.field("id"), fmt.Sprintf("%d, where HF gives %q the id %d", a.ID, a.Content, want))
		}
		if a.Content == "" || seen[a.Content] {
			return unsupported(o.field("content"), fmt.Sprintf("%q, empty or not the first of its kind", a.Content))
		}
		seen[a.Content] = true
		highest = max(highest, want)
		s.Added = append(s.Added, a)
	}
	return nil
}

// loneSurrogate returns the offset of an escape \uD800 to \uDFFF in JSON that
// is not part of a pair, or -1. The standard library would replace it without
// a word.
func loneSurrogate(data []byte) int {
	hex := func(i int) (v rune) {
		if i+6 > len(data) || data[i] != '\\' || data[i+1] != 'u' {
			return -1
		}
		for _, c := range data[i+2 : i+6] {
			d := strings.IndexByte("0123456789abcdef", c|0x20)
			if d < 0 {
				return -1
			}
			v = v<<4 | rune(d)
		}
		return v
	}
	for i := 0; i < len(data); i++ {
		if data[i] != '\\' {
			continue
		}
		switch v := hex(i); {
		case v >= 0xD800 && v < 0xDC00:
			if w := hex(i + 6); w < 0xDC00 || w >= 0xE000 {
				return i
			}
			i += 11
		case v >= 0xDC00 && v < 0xE000:
			return i
		default:
			i++ // the escaped character
		}
	}
	return -1
}
