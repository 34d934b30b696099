package bpe

import (
	"cmp"
	"slices"
	"strings"
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

// cut appends the ids of the added tokens in s, and calls text for what is
// between them.
func (a *addedSet) cut(dst []int32, s string, text func([]int32, string) ([]int32, error)) (_ []int32, err error) {
	if a == nil {
		return text(dst, s)
	}
	for i := 0; i < len(s); {
		at, end, id := a.find(s, i)
		if at > i {
			if dst, err = text(dst, s[i:at]); err != nil {
				return dst, err
			}
		}
		if end > at {
			dst = append(dst, id)
		}
		i = end
	}
	return dst, nil
}

// find returns the first added token in s from s[i] on: s[at:end] with its
// id, or at = end = len(s) if there is none.
func (a *addedSet) find(s string, i int) (at, end int, id int32) {
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
		for _, t := range g.tokens {
			if strings.HasPrefix(s[i:], t.Content) {
				return i, i + len(t.Content), t.ID
			}
		}
	}
	return len(s), len(s), -1
}
