package lemma

import "fmt"

// A Core encodes pieces of text in place of this package's own merging. The
// type Tiktoken of github.com/pkoukk/tiktoken-go is one.
type Core interface {
	// EncodeOrdinary returns the ids of a text that is not to be split.
	EncodeOrdinary(text string) []int
}

// WithCore has pieces of up to 64 bytes encoded by another implementation of
// byte-pair encoding; the rest of the work, and longer pieces, for which
// others take quadratic time, stay here. It is meant for comparisons: with the
// vocabulary of GPT-NeoX tiktoken-go gives the same ids in ten times the time.
// See [BPE.Ranks].
func WithCore(c Core) Option { return func(t *BPE) { t.core = c } }

// Ranks returns the tokens of the model by their bytes, with their ids for
// ranks, as tiktoken takes a vocabulary. It must then be given a pattern that
// matches a piece as a whole, such as [\s\S]+, if it is to serve as a Core.
//
// Tiktoken joins whatever two neighbours make a token, the lowest rank first,
// and knows no merges. The error wraps ErrUnsupported if that rule would not
// give the merges of this tokenizer.
func (t *BPE) Ranks() (map[string]int, error) {
	ranks := make(map[string]int, len(t.tokens))
	text := make([]string, len(t.tokens))
	for id, tok := range t.tokens {
		if b, ok := fromByteLevel(nil, tok); ok && tok != "" && !t.added[int32(id)] {
			text[id] = string(b)
			ranks[text[id]] = id
		}
	}
	last := int32(-1)
	order, merges := t.pairs.merges()
	for i, m := range merges {
		if m.ID <= last {
			return nil, fmt.Errorf("%w: ids do not rise with the merges: merge %d makes token %d, that before it token %d", ErrUnsupported, order[i], m.ID, last)
		}
		last = m.ID
		if l, r := lastPair(text[m.ID], ranks); l != text[m.Left] || r != text[m.Right] {
			return nil, fmt.Errorf("%w: merge %d: tiktoken would make token %d of %q and %q", ErrUnsupported, order[i], m.ID, l, r)
		}
	}
	return ranks, nil
}

// lastPair returns the two parts that tiktoken's rule joins last to make a
// token, or nothing if it never makes it.
func lastPair(token string, ranks map[string]int) (left, right string) {
	var parts []string
	for i := range len(token) {
		parts = append(parts, token[i:i+1])
	}
	for len(parts) > 2 {
		best, at := ranks[token], -1
		for i := 0; i+1 < len(parts); i++ {
			if r, ok := ranks[parts[i]+parts[i+1]]; ok && r < best {
				best, at = r, i
			}
		}
		if at < 0 {
			return "", ""
		}
		parts[at] += parts[at+1]
		parts = append(parts[:at+1], parts[at+2:]...)
	}
	if len(parts) < 2 {
		return "", ""
	}
	return parts[0], parts[1]
}
