package bpe

import "sync"

// Properties of a code point. The low two bits are its class for the split
// patterns.
const (
	other  = 0
	letter = 1 // \p{L}
	number = 2 // \p{N}
	space  = 3 // \s
	class  = 3

	// unsettled marks what a normal form, here NFC, may change where it
	// stands: code points that are no starters, that may join the one before,
	// or that are not their own normal form. Text without them is in that
	// form, and a code point without the mark begins a stretch that is
	// normalized by itself.
	unsettled = 4
)

// ascii holds the properties of the single bytes; 0x80 and above are
// multibyte, to be looked up by rune.
const multibyte = 0x80

var ascii = func() (t [256]uint8) {
	for c := range t {
		switch {
		case c >= 0x80:
			t[c] = multibyte
		case 'a' <= c|0x20 && c|0x20 <= 'z':
			t[c] = letter
		case '0' <= c && c <= '9':
			t[c] = number
		case c == ' ' || '\t' <= c && c <= '\r':
			t[c] = space
		}
	}
	return t
}()

// A propTable gives the properties of all code points. It depends on the
// lists of unicode_tables.go, which say what HF tokenizers does, and not on
// the Unicode version of the Go release in use.
type propTable struct {
	page [0x110000 >> 8]uint16
	data [][256]uint8 // page 0 is blank
}

func (t *propTable) of(r rune) uint8 { return t.data[t.page[r>>8]][r&255] }

func (t *propTable) set(lo, hi rune, bits uint8) {
	for r := lo; r <= hi; r++ {
		p := &t.page[r>>8]
		if *p == 0 {
			*p = uint16(len(t.data))
			t.data = append(t.data, [256]uint8{})
		}
		t.data[*p][r&255] |= bits
	}
}

// classOf returns the class of a code point.
func classOf(r rune) uint8 {
	if r < 0x80 {
		return ascii[r]
	}
	return props().of(r) & class
}

// props is built when the first text that is not ASCII is met.
var props = sync.OnceValue(func() *propTable {
	t := &propTable{data: make([][256]uint8, 1, 700)}
	for _, l := range []struct {
		ranges []int32
		bits   uint8
	}{{letterRanges[:], letter}, {numberRanges[:], number}, {spaceRanges[:], space}} {
		for i := 0; i < len(l.ranges); i += 2 {
			t.set(l.ranges[i], l.ranges[i+1], l.bits)
		}
	}
	t.setUnsettled(true)
	return t
})

// setUnsettled marks what NFC may change or, without composition, what NFD may.
func (t *propTable) setUnsettled(compose bool) {
	n := norms()
	for r := range n.class {
		t.set(r, r, unsettled)
	}
	for r := range n.decomposed {
		if !compose || !n.composes[r] {
			t.set(r, r, unsettled)
		}
	}
	if !compose {
		t.set(hangulS, hangulS+hangulSs-1, unsettled)
		return
	}
	for pair := range n.composed {
		t.set(pair[1], pair[1], unsettled)
	}
	t.set(hangulV, hangulV+hangulVs-1, unsettled)
	t.set(hangulT+1, hangulT+hangulTs-1, unsettled)
}
