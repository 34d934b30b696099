package bpe

import (
	"slices"
	"sort"
	"strings"
	"unicode/utf8"
)

// A runeSet is a set of code points: the first and last of each range,
// ascending, with gaps between them.
type runeSet []rune

func setOf(ranges []int32) runeSet { return runeSet(ranges) }

// add returns the union with another set.
func (s runeSet) add(t runeSet) runeSet { return slices.Concat(s, t).sorted() }

// sorted returns the set of ranges that are in no order, and may overlap.
func (s runeSet) sorted() runeSet {
	type pair struct{ lo, hi rune }
	all := make([]pair, 0, len(s)/2)
	for i := 0; i < len(s); i += 2 {
		all = append(all, pair{s[i], s[i+1]})
	}
	slices.SortFunc(all, func(a, b pair) int { return int(a.lo) - int(b.lo) })
	out := runeSet{}
	for _, p := range all {
		if n := len(out); n > 0 && p.lo <= out[n-1]+1 {
			out[n-1] = max(out[n-1], p.hi)
		} else {
			out = append(out, p.lo, p.hi)
		}
	}
	return out
}

// not returns the complement.
func (s runeSet) not() runeSet {
	out := runeSet{}
	next := rune(0)
	for i := 0; i < len(s); i += 2 {
		if s[i] > next {
			out = append(out, next, s[i]-1)
		}
		next = s[i+1] + 1
	}
	if next <= utf8.MaxRune {
		out = append(out, next, utf8.MaxRune)
	}
	return out
}

// and returns the intersection with another set.
func (s runeSet) and(t runeSet) runeSet { return s.not().add(t.not()).not() }

// A charSet is a runeSet made for look-ups.
type charSet struct {
	ascii [2]uint64
	wide  runeSet // the ranges that go beyond ASCII
}

func newCharSet(s runeSet) *charSet {
	c := new(charSet)
	for i := 0; i < len(s); i += 2 {
		for r := s[i]; r <= s[i+1] && r < utf8.RuneSelf; r++ {
			c.ascii[r>>6] |= 1 << (r & 63)
		}
		if s[i+1] >= utf8.RuneSelf {
			c.wide = append(c.wide, s[i], s[i+1])
		}
	}
	return c
}

func (c *charSet) has(r rune) bool {
	if r < utf8.RuneSelf {
		return c.ascii[r>>6]>>(r&63)&1 != 0
	}
	// The number of bounds that are not above r is odd within a range. The
	// last code point of a range is in it.
	i := sort.Search(len(c.wide), func(i int) bool { return c.wide[i] > r })
	return i&1 != 0 || i > 0 && c.wide[i-1] == r
}

// scripts are those whose code points are known.
var scripts = map[string][]int32{
	"han": rangeHan[:], "hiragana": rangeHiragana[:], "katakana": rangeKatakana[:], "hangul": rangeHangul[:],
	"latin": rangeLatin[:], "greek": rangeGreek[:], "cyrillic": rangeCyrillic[:], "arabic": rangeArabic[:],
	"hebrew": rangeHebrew[:], "thai": rangeThai[:],
}

// longNames are other names of general categories.
var longNames = map[string]string{
	"letter": "l", "mark": "m", "number": "n", "punctuation": "p", "symbol": "s", "separator": "z", "other": "c",
	"uppercaseletter": "lu", "lowercaseletter": "ll", "titlecaseletter": "lt", "modifierletter": "lm", "otherletter": "lo",
	"nonspacingmark": "mn", "spacingmark": "mc", "enclosingmark": "me",
	"decimalnumber": "nd", "letternumber": "nl", "othernumber": "no",
}

// property returns the set that \p{name} matches.
func property(name string) (runeSet, bool) {
	name = strings.ToLower(strings.NewReplacer(" ", "", "_", "", "-", "").Replace(name))
	if long, ok := longNames[name]; ok {
		name = long
	}
	if s, ok := scripts[name]; ok {
		return setOf(s), true
	}
	if name == "any" {
		return runeSet{0, utf8.MaxRune}, true
	}
	var in [32]bool
	found := false
	for k, c := range categoryNames {
		c = strings.ToLower(c)
		if c == name || c[:1] == name || name == "lc" && (c == "lu" || c == "ll" || c == "lt") {
			in[k], found = true, true
		}
	}
	if !found {
		return nil, false
	}
	var out runeSet
	for i, v := range categoryStarts {
		if !in[v&31] {
			continue
		}
		lo, hi := v>>5, rune(utf8.MaxRune)
		if i+1 < len(categoryStarts) {
			hi = categoryStarts[i+1]>>5 - 1
		}
		if n := len(out); n > 0 && out[n-1] == lo-1 {
			out[n-1] = hi
		} else {
			out = append(out, lo, hi)
		}
	}
	return out, true
}
