package bpe

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"unicode/utf16"
	"unicode/utf8"
)

// A parser keeps the first error; after it, the rest is read without effect.
type parser struct {
	Spec
	vocab map[string]int32
	err   error
}

func (p *parser) fail(err error) {
	if p.err == nil {
		p.err = err
	}
}

func (p *parser) unsupported(field string, value any) {
	if raw, ok := value.(json.RawMessage); ok {
		value = string(raw)
	}
	p.fail(fmt.Errorf("%w: %s is %.80v", ErrUnsupported, field, value))
}

func (p *parser) malformed(field string, err error) {
	p.fail(fmt.Errorf("%w: %s: %w", ErrFormat, field, err))
}

func (p *parser) decode(field string, raw json.RawMessage, v any) {
	if err := json.Unmarshal(raw, v); err != nil {
		p.malformed(field, err)
	}
}

// An object is a JSON object whose members are taken out one by one, so that
// in the end those that nobody asked for can be rejected.
type object struct {
	*parser
	path string
	m    map[string]json.RawMessage
}

func (p *parser) object(path string, raw json.RawMessage) object {
	o := object{parser: p, path: path}
	if p.decode(path, raw, &o.m); o.m == nil {
		p.malformed(path, errors.New("not an object"))
	}
	return o
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
func (o object) get(name string, v any) {
	if raw := o.take(name); raw != nil {
		o.decode(o.field(name), raw, v)
	}
}

// list takes a list.
func (o object) list(name string) (all []json.RawMessage) {
	o.get(name, &all)
	return all
}

// text and flag take a member of that type.
func (o object) text(name string) (v string) { o.get(name, &v); return v }

func (o object) flag(name string, v bool) bool { o.get(name, &v); return v }

// off rejects switches that are on.
func (o object) off(names ...string) {
	for _, name := range names {
		if o.flag(name, false) {
			o.unsupported(o.field(name), true)
		}
	}
}

// end rejects what is left.
func (o object) end() {
	for _, name := range slices.Sorted(maps.Keys(o.m)) {
		if raw := o.take(name); raw != nil {
			o.unsupported(o.field(name), raw)
		}
	}
}

// ParseJSON reads a tokenizer.json. The error wraps ErrUnsupported or ErrFormat
// and names the field.
func ParseJSON(data []byte) (Spec, error) {
	p := new(parser)
	var syntax *json.SyntaxError
	if !utf8.Valid(data) {
		p.fail(fmt.Errorf("%w: offset %d: not UTF-8", ErrFormat, InvalidAt(string(data))))
	} else if at := loneSurrogate(data); at >= 0 {
		p.fail(fmt.Errorf("%w: offset %d: half of a surrogate pair", ErrFormat, at))
	} else if err := json.Unmarshal(data, new(json.RawMessage)); errors.As(err, &syntax) {
		p.fail(fmt.Errorf("%w: offset %d: %w", ErrFormat, syntax.Offset, err))
	}
	if p.err != nil {
		return Spec{}, p.err
	}
	o := p.object("", data)
	if v := o.text("version"); v != "" && v != "1.0" {
		p.unsupported("version", v)
	}
	p.normalizer("normalizer", o.take("normalizer"))
	p.preTokenizer(o.take("pre_tokenizer"))
	p.decoder("decoder", o.take("decoder"))
	o.take("post_processor")
	model, added := o.take("model"), o.list("added_tokens")
	o.end() // truncation and padding too
	if model == nil {
		p.malformed("model", errors.New("missing"))
	}
	if p.err == nil {
		p.model(p.object("model", model))
	}
	if p.err == nil {
		p.added(added)
	}
	return p.Spec, p.err
}

func (p *parser) normalizer(path string, raw json.RawMessage) {
	if raw == nil {
		return
	}
	o := p.object(path, raw)
	switch name := o.text("type"); name {
	case "NFC":
		p.NFC = true
	case "Sequence":
		for i, e := range o.list("normalizers") {
			p.normalizer(fmt.Sprintf("%s.normalizers[%d]", path, i), e)
		}
	default:
		p.unsupported(path+".type", name)
	}
	o.end()
}

func (p *parser) decoder(path string, raw json.RawMessage) {
	if raw == nil {
		return
	}
	o := p.object(path, raw)
	switch name := o.text("type"); name {
	case "ByteLevel": // its options are about offsets and encoding
	case "Sequence":
		list := o.list("decoders")
		if o.end(); len(list) != 1 {
			p.unsupported(path+".decoders", raw)
			return
		}
		p.decoder(path+".decoders[0]", list[0])
	default:
		p.unsupported(path+".type", name)
	}
}

func (p *parser) preTokenizer(raw json.RawMessage) {
	const path = "pre_tokenizer"
	if raw == nil {
		p.unsupported(path, "null: not byte-level")
		return
	}
	o := p.object(path, raw)
	name := o.text("type")
	if name != "Sequence" {
		p.byteLevel(o, name, false)
		return
	}
	list := o.list("pretokenizers")
	o.end()
	switch len(list) {
	case 1:
	case 2:
		p.split(p.object(path+".pretokenizers[0]", list[0]))
	default:
		p.unsupported(path+".pretokenizers", fmt.Sprintf("a list of %d", len(list)))
		return
	}
	last := len(list) - 1
	o = p.object(fmt.Sprintf("%s.pretokenizers[%d]", path, last), list[last])
	p.byteLevel(o, o.text("type"), last > 0)
}

func (p *parser) byteLevel(o object, name string, split bool) {
	if name != "ByteLevel" {
		p.unsupported(o.field("type"), name)
	}
	prefix, regex := o.flag("add_prefix_space", true), o.flag("use_regex", true)
	o.flag("trim_offsets", true)
	switch {
	case split && prefix:
		p.unsupported(o.field("add_prefix_space"), "true after a Split")
	case split && regex:
		p.unsupported(o.field("use_regex"), "true after a Split")
	case !split && !regex:
		p.Split = None
	case !split:
		p.Split = GPT2
	}
	p.PrefixSpace = prefix
	o.end()
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

func (p *parser) split(o object) {
	if name := o.text("type"); name != "Split" {
		p.unsupported(o.field("type"), name)
	}
	var pattern map[string]string
	o.get("pattern", &pattern)
	behavior, invert := o.text("behavior"), o.flag("invert", false)
	// The patterns leave nothing between matches, so that removing what does
	// not match is isolating what does.
	if !(behavior == "Isolated" && !invert || behavior == "Removed" && invert) {
		p.unsupported(o.field("behavior"), fmt.Sprintf("%s, invert %t", behavior, invert))
	}
	rule, ok := patterns[pattern["Regex"]]
	if !ok || len(pattern) != 1 {
		p.unsupported(o.field("pattern"), fmt.Sprintf("%q", pattern))
	}
	p.Split = rule
	o.end()
}

func (p *parser) model(o object) {
	if name := o.text("type"); name != "BPE" {
		p.unsupported("model.type", name)
	}
	var dropout float64
	if o.get("dropout", &dropout); dropout != 0 {
		p.unsupported("model.dropout", dropout)
	}
	if raw := o.take("unk_token"); raw != nil {
		p.unsupported("model.unk_token", raw)
	}
	for _, name := range []string{"continuing_subword_prefix", "end_of_word_suffix"} {
		if v := o.text(name); v != "" {
			p.unsupported(o.field(name), v)
		}
	}
	o.off("fuse_unk", "byte_fallback")
	p.WholeFirst = o.flag("ignore_merges", false)
	o.get("vocab", &p.vocab)
	merges := o.take("merges")
	if o.end(); p.err == nil {
		p.tokens()
	}
	if p.err == nil {
		p.merges(merges)
	}
}

// tokens puts the vocabulary in the order of the ids.
func (p *parser) tokens() {
	highest := int32(-1)
	for tok, id := range p.vocab {
		// Nothing may be stored at the word of an id alone.
		if id < 0 || int(id) > 4*len(p.vocab)+1<<16 {
			p.unsupported("model.vocab", fmt.Sprintf("%q with id %d, of %d tokens", tok, id, len(p.vocab)))
			return
		}
		highest = max(highest, id)
	}
	if _, ok := p.vocab[""]; ok {
		p.unsupported("model.vocab", "a list with an empty token")
	}
	p.Tokens = make([]string, highest+1)
	for tok, id := range p.vocab {
		if old := p.Tokens[id]; old != "" {
			p.unsupported("model.vocab", fmt.Sprintf("a list with the id %d for both %q and %q", id, min(tok, old), max(tok, old)))
		}
		p.Tokens[id] = tok
	}
}

func (p *parser) merges(raw json.RawMessage) {
	const path = "model.merges"
	var pairs [][]string
	if first := bytes.TrimLeft(bytes.TrimPrefix(bytes.TrimSpace(raw), []byte("[")), " \t\r\n"); len(first) > 0 && first[0] == '"' {
		var lines []string
		p.decode(path, raw, &lines)
		for _, l := range lines {
			if !strings.HasPrefix(l, "#version") { // left over from a text file; HF ignores it
				pairs = append(pairs, strings.Split(l, " "))
			}
		}
	} else if raw != nil {
		p.decode(path, raw, &pairs)
	}
	p.Merges = make([]Merge, len(pairs))
	for i, pair := range pairs {
		if len(pair) != 2 {
			p.malformed(fmt.Sprintf("%s[%d]", path, i), fmt.Errorf("%q is not two tokens", pair))
			return
		}
		left, okL := p.vocab[pair[0]]
		right, okR := p.vocab[pair[1]]
		id, ok := p.vocab[pair[0]+pair[1]]
		if !okL || !okR || !ok {
			p.malformed(fmt.Sprintf("%s[%d]", path, i), fmt.Errorf("%q: a token is not in the vocabulary", pair))
			return
		}
		p.Merges[i] = Merge{left, right, id}
	}
}

func (p *parser) added(list []json.RawMessage) {
	seen := make(map[string]bool, len(list))
	highest := int32(-1)
	for i, raw := range list {
		o := p.object(fmt.Sprintf("added_tokens[%d]", i), raw)
		a := AddedToken{ID: -1, Content: o.text("content"), Special: o.flag("special", false)}
		o.get("id", &a.ID)
		a.Normalized = o.flag("normalized", !a.Special) // HF's default
		o.off("single_word", "lstrip", "rstrip")
		o.end()
		want, ok := p.vocab[a.Content]
		if !ok { // the id that HF gives to tokens that are not in the vocabulary
			want = max(highest+1, int32(len(p.vocab)))
		}
		if a.ID != want {
			p.unsupported(o.field("id"), fmt.Sprintf("%d, where HF gives %q the id %d", a.ID, a.Content, want))
		}
		if a.Content == "" || seen[a.Content] {
			p.unsupported(o.field("content"), fmt.Sprintf("%q, empty or not the first of its kind", a.Content))
		}
		if p.err != nil {
			return
		}
		seen[a.Content] = true
		highest = max(highest, want)
		p.Added = append(p.Added, a)
	}
}

// loneSurrogate returns the offset of an escape \uD800 to \uDFFF in JSON that
// is not part of a pair, or -1. The standard library would replace it without
// a word.
func loneSurrogate(data []byte) int {
	escape := func(i int) rune {
		if i+6 > len(data) || string(data[i:i+2]) != `\u` {
			return 0
		}
		v, _ := strconv.ParseUint(string(data[i+2:i+6]), 16, 16)
		return rune(v)
	}
	for i := 0; i < len(data); i++ {
		if data[i] != '\\' {
			continue
		}
		if r := escape(i); !utf16.IsSurrogate(r) {
			i++ // the escaped character
		} else if utf16.DecodeRune(r, escape(i+6)) == utf8.RuneError {
			return i
		} else {
			i += 11
		}
	}
	return -1
}
