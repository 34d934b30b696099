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

// given fails with a text that is shown whole.
func (p *parser) given(field, format string, args ...any) {
	p.fail(fmt.Errorf("%w: %s: %s", ErrUnsupported, field, fmt.Sprintf(format, args...)))
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

// end rejects what is left, unless it is empty.
func (o object) end() {
	for _, name := range slices.Sorted(maps.Keys(o.m)) {
		raw := o.take(name)
		if s := strings.Join(strings.Fields(string(raw)), ""); !slices.Contains([]string{"", "false", `""`, "[]", "{}", "0", "0.0"}, s) {
			o.unsupported(o.field(name), raw)
		}
	}
}

// ParseJSON reads a tokenizer.json. The error wraps ErrUnsupported or ErrFormat
// and names the field.
func ParseJSON(data []byte) (Spec, error) {
	p := new(parser)
	if bytes.HasPrefix(data, []byte("#version")) {
		return Spec{}, fmt.Errorf("%w: this is a merges.txt; give it to LoadVocab, with its vocab.json", ErrUnsupported)
	}
	if p.syntax(data); p.err != nil {
		return Spec{}, p.err
	}
	o := p.object("", data)
	if p.other(o); p.err != nil {
		return Spec{}, p.err
	}
	if v := o.text("version"); v != "" && v != "1.0" {
		p.unsupported("version", v)
	}
	p.normalizer("normalizer", o.take("normalizer"))
	p.preTokenizers(o.take("pre_tokenizer"))
	// These make no difference to the ids.
	for _, name := range []string{"decoder", "post_processor", "truncation", "padding"} {
		o.take(name)
	}
	model, added := o.take("model"), o.list("added_tokens")
	o.end()
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

// syntax checks what the standard library would pass over.
func (p *parser) syntax(data []byte) {
	var syntax *json.SyntaxError
	if !utf8.Valid(data) {
		p.fail(fmt.Errorf("%w: offset %d: not UTF-8", ErrFormat, InvalidAt(string(data))))
	} else if at := loneSurrogate(data); at >= 0 {
		p.fail(fmt.Errorf("%w: offset %d: half of a surrogate pair", ErrFormat, at))
	} else if err := json.Unmarshal(data, new(json.RawMessage)); errors.As(err, &syntax) {
		p.fail(fmt.Errorf("%w: offset %d: %w", ErrFormat, syntax.Offset, err))
	}
}

// other says what a file is that has no model, if it is a known one.
func (p *parser) other(o object) {
	if bytes.HasPrefix(o.m["model"], []byte("{")) {
		return
	}
	numbers := 0
	for _, raw := range o.m {
		if _, err := strconv.ParseInt(string(raw), 10, 64); err == nil {
			numbers++
		}
	}
	has := func(names ...string) bool {
		return slices.ContainsFunc(names, func(name string) bool { return o.m[name] != nil })
	}
	switch {
	case numbers > 0 && numbers == len(o.m): // one token may be "model"
		p.fail(fmt.Errorf("%w: this is a vocabulary (vocab.json); give it to LoadVocab, with its merges.txt", ErrUnsupported))
	case has("added_tokens_decoder", "tokenizer_class", "model_max_length"):
		p.fail(fmt.Errorf("%w: this is a tokenizer_config.json; the tokenizer itself is in tokenizer.json", ErrUnsupported))
	case has("bos_token", "eos_token", "unk_token", "pad_token", "additional_special_tokens"):
		p.fail(fmt.Errorf("%w: this is a special_tokens_map.json; the tokenizer itself is in tokenizer.json", ErrUnsupported))
	case has("architectures", "model_type"):
		p.fail(fmt.Errorf("%w: this is the config.json of a model; the tokenizer is in tokenizer.json", ErrUnsupported))
	}
}

func (p *parser) normalizer(path string, raw json.RawMessage) {
	if raw == nil {
		return
	}
	o := p.object(path, raw)
	name := o.text("type")
	form, ok := formNames[name]
	switch {
	case ok:
		p.Form = p.Form.then(form)
	case name == "Sequence":
		for i, e := range o.list("normalizers") {
			p.normalizer(fmt.Sprintf("%s.normalizers[%d]", path, i), e)
		}
	default:
		p.unsupported(path+".type", name)
	}
	o.end()
}

func (p *parser) preTokenizers(raw json.RawMessage) {
	const path = "pre_tokenizer"
	if raw == nil {
		p.unsupported(path, "null: not byte-level")
		return
	}
	if p.preTokenizer(path, raw); p.err != nil || p.bytes() {
		return
	}
	o := p.object(path, raw)
	if name := o.text("type"); name != "Sequence" {
		p.unsupported(o.field("type"), name+", without ByteLevel")
	} else {
		p.unsupported(o.field("pretokenizers"), "a list without ByteLevel")
	}
}

// bytes reports whether text is in byte-level form after the steps so far.
func (p *parser) bytes() bool {
	return slices.ContainsFunc(p.Steps, func(st Step) bool { return st.Kind == ToBytes })
}

// preTokenizer appends the steps of a pre-tokenizer.
func (p *parser) preTokenizer(path string, raw json.RawMessage) {
	o := p.object(path, raw)
	switch name := o.text("type"); name {
	case "Sequence":
		for i, e := range o.list("pretokenizers") {
			p.preTokenizer(fmt.Sprintf("%s.pretokenizers[%d]", path, i), e)
		}
	case "ByteLevel":
		if p.bytes() {
			p.unsupported(o.field("type"), "ByteLevel, a second time")
		}
		if o.flag("add_prefix_space", true) {
			p.step(o, Step{Kind: PrefixSpace})
		}
		if o.flag("use_regex", true) {
			p.step(o, Step{Pattern: GPT2Pattern})
		}
		o.flag("trim_offsets", true)
		p.step(o, Step{Kind: ToBytes})
	case "Digits":
		st := Step{Kind: Digits, Behavior: Contiguous}
		if o.flag("individual_digits", false) {
			st.Behavior = Isolated
		}
		p.step(o, st)
	case "Punctuation":
		p.step(o, Step{Kind: Punctuation, Behavior: p.behavior(o, "Isolated")})
	case "Whitespace":
		p.step(o, Step{Pattern: `\w+|[^\w\s]+`, Behavior: Removed, Invert: true, Dialect: rust})
	case "WhitespaceSplit":
		p.step(o, Step{Pattern: `\s`, Behavior: Removed})
	case "BertPreTokenizer":
		p.step(o, Step{Pattern: `\s`, Behavior: Removed})
		p.step(o, Step{Kind: Punctuation})
	case "Split":
		var pattern map[string]string
		o.get("pattern", &pattern)
		st := Step{Behavior: p.behavior(o, ""), Invert: o.flag("invert", false)}
		regex, isRegex := pattern["Regex"]
		text, isText := pattern["String"]
		switch {
		case len(pattern) == 1 && isRegex:
			st.Pattern = regex
		case len(pattern) == 1 && isText:
			st.Pattern = quote(text)
		default:
			p.given(o.field("pattern"), "%q", pattern)
			return
		}
		p.step(o, st)
	default:
		p.unsupported(o.field("type"), name)
	}
	o.end()
}

func (p *parser) behavior(o object, name string) Behavior {
	o.get("behavior", &name)
	b, ok := behaviors[name]
	if !ok {
		p.unsupported(o.field("behavior"), strconv.Quote(name))
	}
	return b
}

func (p *parser) step(o object, st Step) {
	ready := st
	ready.bytes = p.bytes()
	if err := ready.compile(); err != nil {
		p.given(o.field("pattern"), "%v: %s", err, st.Pattern)
	}
	st.re = ready.re // not read twice
	p.Steps = append(p.Steps, st)
}

// quote returns a pattern that matches text.
func quote(text string) string {
	var b strings.Builder
	for _, r := range text {
		if r < utf8.RuneSelf && r > ' ' && r != '_' && classOf(r) == other && r != 0x7F {
			b.WriteByte('\\')
		}
		b.WriteRune(r)
	}
	return b.String()
}

// GPT2Pattern is the pattern of GPT-2, and of ByteLevel.
const GPT2Pattern = `'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+`

// patterns are those that have a rule, in the ways in which files write them.
// They match all of any text.
var patterns = map[string]Split{
	GPT2Pattern: GPT2,
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

func (p *parser) model(o object) {
	if name := o.text("type"); name != "BPE" && name != "" {
		p.unsupported("model.type", name)
	}
	var dropout float64
	if o.get("dropout", &dropout); dropout != 0 {
		p.unsupported("model.dropout", dropout)
	}
	for _, name := range []string{"continuing_subword_prefix", "end_of_word_suffix"} {
		if v := o.text(name); v != "" {
			p.unsupported(o.field(name), v)
		}
	}
	p.Unknown, p.FuseUnknown, p.ByteFallback = o.text("unk_token"), o.flag("fuse_unk", false), o.flag("byte_fallback", false)
	p.WholeFirst = o.flag("ignore_merges", false)
	o.get("vocab", &p.vocab)
	merges := o.take("merges")
	if o.end(); p.err == nil {
		p.tokens("model.vocab")
	}
	if p.err == nil {
		p.merges(merges)
	}
}

// tokens puts the vocabulary in the order of the ids.
func (p *parser) tokens(path string) {
	highest := int32(-1)
	for tok, id := range p.vocab {
		// Nothing may be stored at the word of an id alone.
		if id < 0 || int(id) > 4*len(p.vocab)+1<<16 {
			p.unsupported(path, fmt.Sprintf("%q with id %d, of %d tokens", tok, id, len(p.vocab)))
			return
		}
		highest = max(highest, id)
	}
	p.Tokens = make([]string, highest+1)
	for tok, id := range p.vocab {
		if old := p.Tokens[id]; old != "" {
			p.unsupported(path, fmt.Sprintf("a list with the id %d for both %q and %q", id, min(tok, old), max(tok, old)))
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
	p.pairs(pairs, func(i int) string { return fmt.Sprintf("%s[%d]", path, i) })
}

// pairs takes the merges; place names one.
func (p *parser) pairs(pairs [][]string, place func(i int) string) {
	p.Merges = make([]Merge, len(pairs))
	for i, pair := range pairs {
		if len(pair) != 2 {
			p.malformed(place(i), fmt.Errorf("%q is not two tokens", pair))
			return
		}
		left, okL := p.vocab[pair[0]]
		right, okR := p.vocab[pair[1]]
		id, ok := p.vocab[pair[0]+pair[1]]
		if !okL || !okR || !ok {
			p.malformed(place(i), fmt.Errorf("%q: a token is not in the vocabulary", pair))
			return
		}
		p.Merges[i] = Merge{left, right, id}
	}
}

// added takes the added tokens as HF does: of several with one content the
// last counts, and those that the vocabulary does not have are numbered from
// its size on, whatever their id is in the file.
func (p *parser) added(list []json.RawMessage) {
	place := make(map[string]int, len(list))
	free := int32(len(p.vocab)) // the id of the next token that is not in the vocabulary
	for i, raw := range list {
		o := p.object(fmt.Sprintf("added_tokens[%d]", i), raw)
		a := AddedToken{
			Content: o.text("content"), Special: o.flag("special", false), SingleWord: o.flag("single_word", false),
			StripLeft: o.flag("lstrip", false), StripRight: o.flag("rstrip", false),
		}
		var id int32 // HF numbers the tokens itself
		o.get("id", &id)
		a.Normalized = o.flag("normalized", !a.Special) // HF's default
		o.end()
		if a.Content == "" {
			continue // HF ignores it
		}
		k, again := place[a.Content]
		known := false
		if a.ID, known = p.vocab[a.Content]; again {
			a.ID = p.Added[k].ID
		} else if !known {
			a.ID = free
			free++
		}
		if p.err != nil {
			return
		}
		if again {
			a.Special = a.Special || p.Added[k].Special
			p.Added[k] = a
			continue
		}
		place[a.Content] = len(p.Added)
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
