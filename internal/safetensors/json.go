package safetensors

import (
	"math"
	"math/bits"
	"strconv"
	"unicode/utf16"
	"unicode/utf8"
)

// A header may have 100 MB, so it is read through a window. The first error
// stays; afterwards the text appears to end.
type scanner struct {
	readAt func(b []byte, off int64) error
	end    int64
	win    []byte
	i      int // next byte of win
	winAt  int64
	err    error
}

// endOfText is what the scanner sees after the last byte, where a NUL in the
// text is none.
const endOfText = -1

func (h *scanner) pos() int64 { return h.winAt + int64(h.i) }

func (h *scanner) fail(at int64, kind Kind, format string, args ...any) {
	if h.err == nil {
		h.err = errAt(at, kind, format, args...)
	}
}

// peek returns the next byte.
func (h *scanner) peek() int {
	if h.i < len(h.win) && h.err == nil {
		return int(h.win[h.i])
	}
	return h.fill()
}

func (h *scanner) fill() int {
	const window = 1 << 16
	at := h.pos()
	if h.err != nil || at >= h.end {
		return endOfText
	}
	if h.win == nil {
		h.win = make([]byte, min(window, h.end-at))
	}
	h.win, h.winAt, h.i = h.win[:min(int64(cap(h.win)), h.end-at)], at, 0
	if h.err = h.readAt(h.win, at); h.err != nil {
		return endOfText
	}
	return int(h.win[0])
}

// space passes over white space and returns the byte after it.
func (h *scanner) space() int {
	for {
		switch c := h.peek(); c {
		case ' ', '\t', '\n', '\r':
			h.i++
		default:
			return c
		}
	}
}

func (h *scanner) unexpected(want string) {
	if c := h.peek(); c == endOfText {
		h.fail(h.pos(), Format, "safetensors header: it ends where %s should be", want)
	} else {
		h.fail(h.pos(), Format, "safetensors header: %q where %s should be", rune(c), want)
	}
}

func (h *scanner) want(c byte) {
	if h.space() != int(c) {
		h.unexpected(strconv.QuoteRune(rune(c)))
		return
	}
	h.i++
}

// object reads an object and calls f at the value of each key.
func (h *scanner) object(f func(key text)) {
	h.want('{')
	h.items('}', func(int) {
		h.space()
		key := h.str(maxName)
		h.want(':')
		h.space()
		if h.err == nil {
			f(key)
		}
	})
}

// array reads an array and calls f at each element.
func (h *scanner) array(f func(i int)) {
	h.want('[')
	h.items(']', f)
}

func (h *scanner) items(end byte, f func(i int)) {
	if h.space() == int(end) {
		h.i++
		return
	}
	for i := 0; h.err == nil; i++ {
		h.space()
		f(i)
		if h.space() == int(end) {
			h.i++
			return
		}
		h.want(',')
	}
}

// uint reads a number of 64 bits without sign, point and exponent.
func (h *scanner) uint() (v uint64) {
	h.space()
	first, digits := h.peek(), 0
	for ; h.peek() >= '0' && h.peek() <= '9'; h.i++ {
		d := uint64(h.peek() - '0')
		hi, lo := bits.Mul64(v, 10)
		if digits++; hi != 0 || lo > math.MaxUint64-d {
			h.fail(h.pos(), Format, "safetensors header: number of more than 64 bits")
		}
		v = lo + d
	}
	c := h.peek()
	if digits == 0 || digits > 1 && first == '0' || c == '.' || c == 'e' || c == 'E' {
		h.unexpected("a number from 0 on")
	}
	return v
}

// A text is a string of the header.
type text struct {
	s    string
	hash uint64 // of the whole text
	at   int64
	long bool // s is only its beginning
}

// str reads a string and keeps up to most bytes of it.
func (h *scanner) str(most int) (t text) {
	t.at = h.pos()
	if h.peek() != '"' {
		h.unexpected("a text")
		return t
	}
	h.i++
	var few [64]byte
	buf := few[:0]
	t.hash = 14695981039346656037 // FNV-1a
	add := func(b byte) {
		t.hash = (t.hash ^ uint64(b)) * 1099511628211
		if len(buf) < most {
			buf = append(buf, b)
		} else {
			t.long = true
		}
	}
	for {
		c := h.peek()
		switch {
		case c < ' ': // control characters and the end
			h.unexpected("the end of a text")
			return t
		case c == '"':
			h.i++
			t.s = string(buf)
			return t
		case c == '\\':
			h.i++
			h.escape(add)
		case c < 0x80:
			h.i++
			add(byte(c))
		default:
			h.rune(add)
		}
	}
}

// rune reads a character beyond ASCII, which must be UTF-8.
func (h *scanner) rune(add func(byte)) {
	at := h.pos()
	var b [utf8.UTFMax]byte
	n := 0
	for n < len(b) && !utf8.FullRune(b[:n]) {
		c := h.peek()
		if c == endOfText {
			break
		}
		b[n] = byte(c)
		n++
		h.i++
	}
	if r, size := utf8.DecodeRune(b[:n]); r == utf8.RuneError && size <= 1 {
		h.fail(at, Format, "safetensors header: text that is not UTF-8")
		return
	}
	for _, c := range b[:n] {
		add(c)
	}
}

// escape reads an escape after its backslash.
func (h *scanner) escape(add func(byte)) {
	at := h.pos()
	c := h.peek()
	h.i++
	switch c {
	case '"', '\\', '/':
		add(byte(c))
	case 'b':
		add('\b')
	case 'f':
		add('\f')
	case 'n':
		add('\n')
	case 'r':
		add('\r')
	case 't':
		add('\t')
	case 'u':
		r := h.hex()
		if utf16.IsSurrogate(r) {
			low := rune(0)
			if h.peek() == '\\' {
				h.i++
				if h.peek() == 'u' {
					h.i++
					low = h.hex()
				}
			}
			if r = utf16.DecodeRune(r, low); r == utf8.RuneError {
				h.fail(at, Format, "safetensors header: half a character")
			}
		}
		for _, b := range utf8.AppendRune(nil, r) {
			add(b)
		}
	default:
		h.fail(at, Format, "safetensors header: escape %q", rune(c))
	}
}

func (h *scanner) hex() (r rune) {
	for range 4 {
		c := h.peek()
		switch {
		case c >= '0' && c <= '9':
			c -= '0'
		case c >= 'a' && c <= 'f':
			c -= 'a' - 10
		case c >= 'A' && c <= 'F':
			c -= 'A' - 10
		default:
			h.unexpected("a hexadecimal digit")
			return 0
		}
		r = r<<4 | rune(c)
		h.i++
	}
	return r
}

// maxDepth is how deep values may be nested, as in the reference.
const maxDepth = 127

// skip passes over a value of any kind.
func (h *scanner) skip(depth int) {
	if depth > maxDepth {
		h.fail(h.pos(), Limit, "safetensors header: more than %d values within each other", maxDepth)
		return
	}
	switch c := h.space(); {
	case c == '{':
		h.object(func(text) { h.skip(depth + 1) })
	case c == '[':
		h.array(func(int) { h.skip(depth + 1) })
	case c == '"':
		h.str(0)
	case c == 't':
		h.word("true")
	case c == 'f':
		h.word("false")
	case c == 'n':
		h.word("null")
	default:
		h.number()
	}
}

func (h *scanner) word(s string) {
	for _, c := range []byte(s) {
		if h.peek() != int(c) {
			h.unexpected(s)
			return
		}
		h.i++
	}
}

// number passes over a number of any form.
func (h *scanner) number() {
	digits := func() {
		if c := h.peek(); c < '0' || c > '9' {
			h.unexpected("a value")
		}
		for c := h.peek(); c >= '0' && c <= '9'; c = h.peek() {
			h.i++
		}
	}
	if h.peek() == '-' {
		h.i++
	}
	if h.peek() == '0' {
		h.i++
	} else {
		digits()
	}
	if h.peek() == '.' {
		h.i++
		digits()
	}
	if c := h.peek(); c == 'e' || c == 'E' {
		h.i++
		if c := h.peek(); c == '+' || c == '-' {
			h.i++
		}
		digits()
	}
}
