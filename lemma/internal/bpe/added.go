package bpe

import (
	"cmp"
	"slices"
	"strings"
	"unicode/utf8"
)

// An addedSet finds added tokens in text: the leftmost, and of those that
// begin at the same place the longest.
type addedSet struct {
	first [256]*addedGroup
	only  int // the first byte of all of them, or -1
}

// An addedGroup holds the added tokens with one first byte.
type addedGroup struct {
	common string // prefix of all of them
	tokens []AddedToken
}

func newAddedSet(tokens []AddedToken) *addedSet {
	if len(tokens) == 0 {
		return nil
	}
	tokens = slices.Clone(tokens)
	slices.SortFunc(tokens, func(a, b AddedToken) int {
		return cmp.Or(cmp.Compare(len(b.Content), len(a.Content)), cmp.Compare(a.Content, b.Content))
	})
	a := &addedSet{only: int(tokens[0].Content[0])}
	for _, t := range tokens {
		g := a.first[t.Content[0]]
		if g == nil {
			g = &addedGroup{common: t.Content}
			a.first[t.Content[0]] = g
		}
		for !strings.HasPrefix(t.Content, g.common) {
			g.common = g.common[:len(g.common)-1]
		}
		g.tokens = append(g.tokens, t)
		if int(t.Content[0]) != a.only {
			a.only = -1
		}
	}
	return a
}

// cut calls yield for all of s in order: for each added token and, with a nil
// token, for the text between them. It goes the way of HF, also where a token
// that takes white space with it takes another token that is white space: that
// one is found all the same.
func (a *addedSet) cut(s string, yield func(from, to int, tok *AddedToken) error) error {
	done := 0
	for i := 0; i < len(s); {
		at, end, tok := a.find(s, i)
		if i = end; tok == nil {
			break
		}
		if tok.SingleWord && (wordBefore(s, at) || wordAfter(s, end)) {
			continue
		}
		if tok.StripLeft {
			at = max(spaceBefore(s, at), done)
		}
		if tok.StripRight {
			end = run(s, end, space)
		}
		if done < at {
			if err := yield(done, at, nil); err != nil {
				return err
			}
		}
		if at < end { // else HF drops it
			if err := yield(at, end, tok); err != nil {
				return err
			}
		}
		done = end
	}
	if done < len(s) {
		return yield(done, len(s), nil)
	}
	return nil
}

func wordBefore(s string, i int) bool {
	r, n := utf8.DecodeLastRuneInString(s[:i])
	return n > 0 && wordSets[rust]().has(r)
}

func wordAfter(s string, i int) bool {
	r, n := utf8.DecodeRuneInString(s[i:])
	return n > 0 && wordSets[rust]().has(r)
}

// spaceBefore returns where the white space before s[i] begins.
func spaceBefore(s string, i int) int {
	for i > 0 {
		r, n := utf8.DecodeLastRuneInString(s[:i])
		if classOf(r) != space {
			break
		}
		i -= n
	}
	return i
}

// find returns the first added token in s from s[i] on, s[at:end], or nil.
func (a *addedSet) find(s string, i int) (at, end int, tok *AddedToken) {
	for ; i < len(s); i++ {
		if a.only >= 0 {
			k := strings.IndexByte(s[i:], byte(a.only))
			if k < 0 {
				break
			}
			i += k
		}
		g := a.first[s[i]]
		if g == nil || !strings.HasPrefix(s[i:], g.common) {
			continue
		}
		for k := range g.tokens {
			if t := &g.tokens[k]; strings.HasPrefix(s[i:], t.Content) {
				return i, i + len(t.Content), t
			}
		}
	}
	return len(s), len(s), nil
}
