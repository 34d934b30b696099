package bpe

import (
	"slices"
	"sync"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

// The normal forms as HF tokenizers computes them. They differ from x/text's in
// two ways: nothing is put into long runs of marks (x/text inserts U+034F after
// 30, the Stream-Safe Text Format of UAX #15), and code points newer than
// Unicode 9 are left alone. What Unicode 9 knows is in normRanges and
// compatRanges; its properties come from x/text and can never change (UAX #15,
// "Versioning and Stability"), so that a later Unicode version of x/text gives
// the same results.

// Hangul syllables are computed: The Unicode Standard, section 3.12.
const (
	hangulS, hangulL, hangulV, hangulT     = 0xAC00, 0x1100, 0x1161, 0x11A7
	hangulSs, hangulLs, hangulVs, hangulTs = 11172, 19, 21, 28
)

type normTables struct {
	class      map[rune]uint8   // canonical combining class, if not 0
	decomposed map[rune][]rune  // full canonical decomposition
	composed   map[[2]rune]rune // primary composites
	composes   map[rune]bool    // is a value of composed
}

var norms = sync.OnceValue(func() *normTables {
	t := &normTables{
		class:      make(map[rune]uint8, 1024),
		decomposed: make(map[rune][]rune, 2200),
		composed:   make(map[[2]rune]rune, 1024),
		composes:   make(map[rune]bool, 1024),
	}
	for i := 0; i < len(normRanges); i += 2 {
		for r := normRanges[i]; r <= normRanges[i+1]; r++ {
			s := string(r)
			p := norm.NFD.PropertiesString(s)
			if c := p.CCC(); c != 0 {
				t.class[r] = c
			}
			d := []rune(string(p.Decomposition()))
			if len(d) == 0 {
				continue
			}
			t.decomposed[r] = d
			if len(d) < 2 || norm.NFC.String(s) != s {
				continue // singletons and composition exclusions
			}
			// The last code point is the second of the pair; the first is
			// what the rest composes to.
			if first := []rune(norm.NFC.String(string(d[:len(d)-1]))); len(first) == 1 {
				t.composed[[2]rune{first[0], d[len(d)-1]}] = r
				t.composes[r] = true
			}
		}
	}
	return t
})

// A Form is a Unicode normal form.
type Form uint8

const (
	NoForm Form = iota
	NFC
	NFD
	NFKC
	NFKD
)

var formNames = map[string]Form{"NFC": NFC, "NFD": NFD, "NFKC": NFKC, "NFKD": NFKD}

// then returns the form that text has which is brought into f and then into g.
func (f Form) then(g Form) Form {
	switch {
	case g == NFC && (f == NFKC || f == NFKD):
		return NFKC
	case g == NFD && (f == NFKC || f == NFKD):
		return NFKD
	case g == NoForm:
		return f
	}
	return g
}

// A form does the work of a Form.
type form struct {
	compat, compose bool
	props           func() *propTable // unsettled code points
}

var forms = [...]*form{
	NFC:  {compose: true, props: props},
	NFD:  {props: sync.OnceValue(func() *propTable { return unsettledProps(false, false) })},
	NFKC: {compat: true, compose: true, props: sync.OnceValue(func() *propTable { return unsettledProps(true, true) })},
	NFKD: {compat: true, props: sync.OnceValue(func() *propTable { return unsettledProps(true, false) })},
}

// compats holds the full compatibility decompositions that differ from the
// canonical ones.
var compats = sync.OnceValue(func() map[rune][]rune {
	m := make(map[rune][]rune, 4096)
	for i := 0; i < len(compatRanges); i += 2 {
		for r := compatRanges[i]; r <= compatRanges[i+1]; r++ {
			m[r] = []rune(string(norm.NFKD.PropertiesString(string(r)).Decomposition()))
		}
	}
	return m
})

func unsettledProps(compat, compose bool) *propTable {
	t := &propTable{data: make([][256]uint8, 1, 128)}
	t.setUnsettled(compose)
	if compat {
		for r := range compats() {
			t.set(r, r, unsettled)
		}
	}
	return t
}

// normalize returns s, valid UTF-8, in the normal form. It appends to edits,
// unless that is nil, what it changed.
func (f *form) normalize(s string, edits *[]edit) string {
	var (
		p    *propTable
		out  []byte
		done int // s[:done] is in out
		safe int // start of the last settled code point
	)
	for i := 0; i < len(s); {
		if s[i] < utf8.RuneSelf {
			safe = i
			i++
			continue
		}
		if p == nil {
			p = f.props()
		}
		r, n := utf8.DecodeRuneInString(s[i:])
		if p.of(r)&unsettled == 0 {
			safe = i
			i += n
			continue
		}
		// Normalize from the settled code point before to the next one.
		end := i + n
		for end < len(s) {
			r, n := utf8.DecodeRuneInString(s[end:])
			if p.of(r)&unsettled == 0 {
				break
			}
			end += n
		}
		out = append(out, s[done:safe]...)
		if edits == nil {
			out = f.append(out, s[safe:end])
		} else {
			out = f.appendParts(out, s, safe, end, edits)
		}
		done, safe, i = end, end, end
	}
	if done == 0 {
		return s
	}
	return string(append(out, s[done:]...))
}

// appendParts appends s[i:end] in parts that are normalized by themselves, so
// that the edits are small.
func (f *form) appendParts(out []byte, s string, i, end int, edits *[]edit) []byte {
	for i < end {
		_, n := utf8.DecodeRuneInString(s[i:])
		j := i + n
		for j < end {
			r, n := utf8.DecodeRuneInString(s[j:])
			if f.begins(r) {
				break
			}
			j += n
		}
		from := len(out)
		if out = f.append(out, s[i:j]); string(out[from:]) != s[i:j] {
			*edits = append(*edits, edit{i, j, from, len(out)})
		}
		i = j
	}
	return out
}

// begins reports whether what r becomes has nothing to do with what is before.
func (f *form) begins(r rune) bool {
	t := norms()
	if d, ok := t.decomposed[r]; ok {
		r = d[0]
	}
	if f.compat {
		if d, ok := compats()[r]; ok {
			r = d[0]
		}
	}
	return t.class[r] == 0 && (!f.compose || props().of(r)&unsettled == 0)
}

// append decomposes s, puts the marks in canonical order and, if the form asks
// for it, composes (UAX #15, section 1.3; composition as in The Unicode
// Standard, D117).
func (f *form) append(out []byte, s string) []byte {
	t := norms()
	var compat map[rune][]rune
	if f.compat {
		compat = compats()
	}
	var buf [32]rune
	rs := buf[:0]
	for _, r := range s {
		if d, ok := compat[r]; ok {
			rs = append(rs, d...)
		} else if d, ok := t.decomposed[r]; ok {
			rs = append(rs, d...)
		} else if h := r - hangulS; 0 <= h && h < hangulSs {
			rs = append(rs, hangulL+h/(hangulVs*hangulTs), hangulV+h/hangulTs%hangulVs)
			if h%hangulTs != 0 {
				rs = append(rs, hangulT+h%hangulTs)
			}
		} else {
			rs = append(rs, r)
		}
	}
	for i := 0; i < len(rs); {
		if t.class[rs[i]] == 0 {
			i++
			continue
		}
		j := i + 1
		for j < len(rs) && t.class[rs[j]] != 0 {
			j++
		}
		slices.SortStableFunc(rs[i:j], func(a, b rune) int { return int(t.class[a]) - int(t.class[b]) })
		i = j
	}
	if f.compose {
		rs = t.compose(rs)
	}
	for _, r := range rs {
		out = utf8.AppendRune(out, r)
	}
	return out
}

// compose composes in place.
func (t *normTables) compose(rs []rune) []rune {
	starter, kept := -1, 0 // kept code points are moved to the front of rs
	for _, r := range rs {
		c := t.class[r]
		if starter >= 0 && (kept == starter+1 || c != 0 && t.class[rs[kept-1]] < c) {
			if whole, ok := t.join(rs[starter], r); ok {
				rs[starter] = whole
				continue
			}
		}
		if c == 0 {
			starter = kept
		}
		rs[kept] = r
		kept++
	}
	return rs[:kept]
}

// join returns the primary composite of two code points.
func (t *normTables) join(a, b rune) (rune, bool) {
	if l, v := a-hangulL, b-hangulV; 0 <= l && l < hangulLs && 0 <= v && v < hangulVs {
		return hangulS + (l*hangulVs+v)*hangulTs, true
	}
	if h, v := a-hangulS, b-hangulT; 0 <= h && h < hangulSs && h%hangulTs == 0 && 0 < v && v < hangulTs {
		return a + v, true
	}
	r, ok := t.composed[[2]rune{a, b}]
	return r, ok
}
