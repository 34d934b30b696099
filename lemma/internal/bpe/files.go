package bpe

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"
)

// Options are the fields of lemma.Settings that stand for what a file does not
// say.
type Options struct {
	Pattern string
	Special map[string]int32
}

// add puts the special tokens into the Spec.
func (o Options) add(s *Spec) error {
	for _, text := range slices.SortedFunc(maps.Keys(o.Special), func(a, b string) int {
		if d := int(o.Special[a]) - int(o.Special[b]); d != 0 {
			return d
		}
		return strings.Compare(b, a)
	}) {
		id := o.Special[text]
		if text == "" || !utf8.ValidString(text) || id < 0 || id >= 1<<idBits {
			return fmt.Errorf("%w: Settings.Special: %q with the id %d", ErrSettings, text, id)
		}
		if int(id) < len(s.Tokens) && s.Tokens[id] != "" && s.Tokens[id] != text {
			return fmt.Errorf("%w: Settings.Special: %q has the id %d of %q", ErrSettings, text, id, s.Tokens[id])
		}
		s.Added = append(s.Added, AddedToken{ID: id, Content: text, Special: true})
	}
	return nil
}

// steps returns the steps for a pattern as tiktoken writes it.
func (o Options) steps(usual string) ([]Step, error) {
	st := Step{Pattern: usual, Dialect: rust}
	if o.Pattern != "" {
		st.Pattern = o.Pattern
	}
	if err := st.compile(); err != nil {
		return nil, fmt.Errorf("%w: Settings.Pattern: %w: %s", ErrUnsupported, err, st.Pattern)
	}
	return []Step{st, {Kind: ToBytes}}, nil
}

// ParseVocab reads a vocab.json and its merges.txt, as GPT-2 and RoBERTa have
// them.
func ParseVocab(vocab, merges []byte, opt Options) (Spec, error) {
	p := new(parser)
	p.syntax(vocab)
	if p.err == nil {
		var o struct{ Model json.RawMessage }
		if json.Unmarshal(vocab, &o) == nil && bytes.HasPrefix(o.Model, []byte("{")) {
			p.fail(fmt.Errorf("%w: vocab.json: this is a tokenizer.json; give it to LoadJSON", ErrUnsupported))
		}
	}
	if p.err == nil {
		p.decode("vocab.json", vocab, &p.vocab)
	}
	if p.err == nil && p.vocab == nil {
		p.malformed("vocab.json", errors.New("not an object"))
	}
	if p.err == nil {
		p.tokens("vocab.json")
	}
	if p.err == nil {
		p.mergeLines(merges)
	}
	if p.err != nil {
		return Spec{}, p.err
	}
	if opt.Special == nil {
		opt.Special = p.unmade()
	}
	var err error
	if p.Steps, err = opt.steps(GPT2Pattern); err != nil {
		return Spec{}, err
	}
	for text, id := range opt.Special {
		if have, ok := p.vocab[text]; ok && have != id {
			return Spec{}, fmt.Errorf("%w: Settings.Special: %q with the id %d, which is %d in vocab.json", ErrSettings, text, id, have)
		}
	}
	return p.Spec, opt.add(&p.Spec)
}

// mergeLines reads a merges.txt.
func (p *parser) mergeLines(text []byte) {
	if !utf8.Valid(text) {
		p.malformed("merges.txt", fmt.Errorf("offset %d: not UTF-8", InvalidAt(string(text))))
		return
	}
	var pairs [][]string
	var places []int
	blank := 0
	n := 0
	for line := range strings.Lines(string(text)) {
		n++
		line = strings.TrimSuffix(strings.TrimSuffix(line, "\n"), "\r")
		switch {
		case line == "":
			if blank == 0 {
				blank = n
			}
			continue
		case strings.HasPrefix(line, "#version"):
			continue
		case blank > 0: // HF takes none, but at the end they do no harm
			p.malformed(fmt.Sprintf("merges.txt: line %d", blank), errors.New("empty"))
			return
		}
		pairs = append(pairs, strings.Split(line, " "))
		places = append(places, n)
	}
	p.pairs(pairs, func(i int) string { return fmt.Sprintf("merges.txt: line %d", places[i]) })
}

// unmade returns the tokens such as <|endoftext|>, <s> and [MASK] that no merge
// makes.
func (p *parser) unmade() map[string]int32 {
	made := make(map[int32]bool, len(p.Merges))
	for _, m := range p.Merges {
		made[m.ID] = true
	}
	special := map[string]int32{}
	for id, tok := range p.Tokens {
		if n := len(tok); n > 2 && !made[int32(id)] && (tok[0] == '<' && tok[n-1] == '>' || tok[0] == '[' && tok[n-1] == ']') {
			special[tok] = int32(id)
		}
	}
	return special
}

// The patterns of tiktoken's encodings.
const (
	r50kPattern   = `'(?:[sdmt]|ll|ve|re)| ?\p{L}++| ?\p{N}++| ?[^\s\p{L}\p{N}]++|\s++$|\s+(?!\S)|\s`
	cl100kPattern = `'(?i:[sdmt]|ll|ve|re)|[^\r\n\p{L}\p{N}]?+\p{L}++|\p{N}{1,3}+| ?[^\s\p{L}\p{N}]++[\r\n]*+|\s++$|\s*[\r\n]|\s+(?!\S)|\s`
	o200kPattern  = `[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]*[\p{Ll}\p{Lm}\p{Lo}\p{M}]+(?i:'s|'t|'re|'ve|'m|'ll|'d)?` +
		`|[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]+[\p{Ll}\p{Lm}\p{Lo}\p{M}]*(?i:'s|'t|'re|'ve|'m|'ll|'d)?` +
		`|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n/]*|\s*[\r\n]+|\s+(?!\S)|\s+`
)

type encoding struct {
	name, pattern string
	special       map[string]int32
}

// encodings are those of tiktoken.
func encodings() []encoding {
	const end, prompt = "<|endoftext|>", "<|endofprompt|>"
	gpt2 := map[string]int32{end: 50256}
	harmony := map[string]int32{
		"<|startoftext|>": 199998, end: 199999, "<|return|>": 200002, "<|constrain|>": 200003, "<|channel|>": 200005,
		"<|start|>": 200006, "<|end|>": 200007, "<|message|>": 200008, "<|call|>": 200012, prompt: 200018,
	}
	for id := int32(200000); id < 201088; id++ {
		switch id {
		case 200002, 200003, 200005, 200006, 200007, 200008, 200012:
		default:
			harmony[fmt.Sprintf("<|reserved_%d|>", id)] = id
		}
	}
	return []encoding{
		{"gpt2", r50kPattern, gpt2},
		{"r50k_base", r50kPattern, gpt2},
		{"p50k_base", r50kPattern, gpt2},
		{"p50k_edit", r50kPattern, map[string]int32{end: 50256, "<|fim_prefix|>": 50281, "<|fim_middle|>": 50282, "<|fim_suffix|>": 50283}},
		{"cl100k_base", cl100kPattern, map[string]int32{
			end: 100257, "<|fim_prefix|>": 100258, "<|fim_middle|>": 100259, "<|fim_suffix|>": 100260, prompt: 100276}},
		{"o200k_base", o200kPattern, map[string]int32{end: 199999, prompt: 200018}},
		{"o200k_harmony", o200kPattern, harmony},
	}
}

// maxTiktoken is the length of the longest token of a .tiktoken file in bytes.
// All places where a token can be cut are tried.
const maxTiktoken = 1024

// ParseTiktoken reads a .tiktoken file: lines of a token in base64 and its
// rank, which is its id.
func ParseTiktoken(data []byte, name string, opt Options) (s Spec, err error) {
	var enc encoding
	if name == "" && opt.Pattern == "" {
		return s, fmt.Errorf("%w: neither an encoding nor Settings.Pattern is given", ErrSettings)
	}
	if name != "" {
		all := encodings()
		i := slices.IndexFunc(all, func(e encoding) bool { return e.name == name })
		if i < 0 {
			var names []string
			for _, e := range all {
				names = append(names, e.name)
			}
			return s, fmt.Errorf("%w: the encoding %q is none of %s", ErrSettings, name, strings.Join(names, ", "))
		}
		enc = all[i]
	}
	if opt.Special == nil {
		opt.Special = enc.special
	}
	if s.Steps, err = opt.steps(enc.pattern); err != nil {
		return s, err
	}
	lines := bytes.Count(data, []byte("\n")) + 1
	first := map[string]int{} // the line of a token
	n := 0
	for line := range bytes.Lines(data) {
		n++
		fields := bytes.Fields(line)
		if len(fields) == 0 {
			continue
		}
		bad := func(format string, args ...any) (Spec, error) {
			return Spec{}, fmt.Errorf("%w: line %d: %s", ErrFormat, n, fmt.Sprintf(format, args...))
		}
		if len(fields) != 2 {
			return bad("not a token in base64 and its rank: %.60q", line)
		}
		tok, err := base64.StdEncoding.DecodeString(string(fields[0]))
		if err != nil {
			return bad("not a token in base64 and its rank: %.60q", line)
		}
		rank, err := strconv.ParseInt(string(fields[1]), 10, 32)
		if err != nil || rank < 0 || rank >= 1<<idBits || rank > int64(4*lines+1<<16) {
			return bad("the rank %.20q", fields[1])
		}
		if len(tok) == 0 || len(tok) > maxTiktoken {
			return bad("a token of %d bytes", len(tok))
		}
		text := ByteLevel(string(tok))
		if at := first[text]; at > 0 {
			return bad("%q, as in line %d", tok, at)
		}
		first[text] = n
		if int(rank) >= len(s.Tokens) {
			s.Tokens = append(s.Tokens, make([]string, int(rank)+1-len(s.Tokens))...)
		}
		if old := s.Tokens[rank]; old != "" {
			return bad("the rank %d of line %d", rank, first[old])
		}
		s.Tokens[rank] = text
	}
	s.Ranked, s.WholeFirst = true, true
	return s, opt.add(&s)
}
