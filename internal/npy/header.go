package npy

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math"
	"strconv"
	"strings"
)

// Errors about the content of a file wrap one of these; those that wrap ErrType
// wrap ErrFormat as well.
var (
	ErrFormat = errors.New("npy: not a supported .npy file")
	ErrType   = errors.New("npy: unsupported type of numbers") // of a well-formed file
)

// A Header describes the array of a file.
type Header struct {
	Kind    byte  // 'f' float, 'i' signed, 'u' unsigned integer, 'b' boolean
	Size    int   // bytes a number
	Big     bool  // the most significant byte comes first
	Fortran bool  // first axis fastest
	Shape   []int // no entry is negative; the product fits an int
	Offset  int64 // of the first number in the file
}

// Len returns the number of elements.
func (h *Header) Len() int {
	n := 1
	for _, d := range h.Shape {
		n *= d
	}
	return n
}

// Type returns NumPy's name of the numbers, such as float32.
func (h *Header) Type() string {
	if h.Kind == 'b' {
		return "bool"
	}
	return map[byte]string{'f': "float", 'i': "int", 'u': "uint"}[h.Kind] + strconv.Itoa(8*h.Size)
}

const magic = "\x93NUMPY"

// ReadHeader reads up to the first number. It reads what NumPy reads: a Python
// dictionary with just the three keys, in any order and spelling.
func ReadHeader(r io.Reader) (Header, error) {
	var h Header
	pre := make([]byte, 8)
	if _, err := io.ReadFull(r, pre); err != nil {
		return h, readErr("offset 0", err)
	}
	if string(pre[:6]) != magic {
		return h, fmt.Errorf("%w: offset 0: no magic number", ErrFormat)
	}
	width := 2
	switch pre[6] {
	case 1:
	case 2, 3:
		width = 4
	default:
		return h, fmt.Errorf("%w: offset 6: version %d", ErrFormat, pre[6])
	}
	var lb [4]byte
	if _, err := io.ReadFull(r, lb[:width]); err != nil {
		return h, readErr("offset 8", err)
	}
	n := binary.LittleEndian.Uint32(lb[:])
	if n > 1<<16 {
		return h, fmt.Errorf("%w: offset 8: header of %d bytes", ErrFormat, n)
	}
	text := make([]byte, n)
	if _, err := io.ReadFull(r, text); err != nil {
		return h, readErr(fmt.Sprintf("offset %d", 8+width), err)
	}
	h.Offset = int64(8+width) + int64(n)
	if err := h.parse(string(text)); err != nil {
		return h, fmt.Errorf("%w: offset %d: %w", ErrFormat, 8+width, err)
	}
	return h, nil
}

// parse reads the dictionary of a header.
func (h *Header) parse(text string) error {
	p := &literal{text}
	var seen [3]bool
	for ok := p.take("{"); !p.take("}"); ok = p.take(",") {
		if p.left == "" || !ok {
			return fmt.Errorf("header %.80q", text)
		}
		key, ok := p.quoted()
		if !ok || !p.take(":") {
			return fmt.Errorf("header %.80q", text)
		}
		var err error
		switch key {
		case "descr":
			seen[0] = true
			err = h.descr(p)
		case "fortran_order":
			seen[1] = true
			if h.Fortran = p.word("True"); !h.Fortran && !p.word("False") {
				err = fmt.Errorf("fortran_order is neither True nor False in header %.80q", text)
			}
		case "shape":
			seen[2] = true
			err = h.shape(p)
		default:
			err = fmt.Errorf("key %.40q in the header", key)
		}
		if err != nil {
			return err
		}
	}
	if seen != [3]bool{true, true, true} || strings.Trim(p.left, " \t\r\n\f") != "" {
		return fmt.Errorf("header %.80q", text)
	}
	return nil
}

// names are the types that NumPy knows by name or letter.
var names = map[string]string{
	"float16": "f2", "half": "f2", "e": "f2",
	"float32": "f4", "single": "f4", "f": "f4",
	"float64": "f8", "double": "f8", "float": "f8", "d": "f8",
	"int8": "i1", "byte": "i1", "b": "i1",
	"int16": "i2", "short": "i2", "h": "i2",
	"int32": "i4", "intc": "i4", "i": "i4",
	"int64": "i8", "int": "i8", "intp": "i8", "long": "i8", "longlong": "i8", "l": "i8", "q": "i8", "p": "i8",
	"uint8": "u1", "ubyte": "u1", "B": "u1",
	"uint16": "u2", "ushort": "u2", "H": "u2",
	"uint32": "u4", "uintc": "u4", "I": "u4",
	"uint64": "u8", "uint": "u8", "uintp": "u8", "ulong": "u8", "ulonglong": "u8", "L": "u8", "Q": "u8", "P": "u8",
	"bool": "b1", "bool_": "b1", "?": "b1",
}

// descr reads the type of the numbers.
func (h *Header) descr(p *literal) error {
	if strings.HasPrefix(p.left, "[") || strings.HasPrefix(p.left, "(") {
		return fmt.Errorf("%w: records of several fields", ErrType)
	}
	s, ok := p.quoted()
	if !ok {
		return fmt.Errorf("type %.40q", p.left)
	}
	code := strings.TrimLeft(s, "<>=|")
	if len(s)-len(code) > 1 {
		return fmt.Errorf("type %.40q", s)
	}
	h.Big = s != "" && s[0] == '>'
	if c, ok := names[code]; ok && (code == s || len(code) == 1) {
		code = c
	}
	switch code {
	case "f2", "f4", "f8", "i1", "i2", "i4", "i8", "u1", "u2", "u4", "u8", "b1":
		h.Kind, h.Size = code[0], int(code[1]-'0')
		return nil
	}
	what := ""
	if code != "" {
		what = map[byte]string{
			'O': ": Python objects", 'c': ": complex numbers", 'M': ": dates", 'm': ": durations",
			'S': ": strings", 'a': ": strings", 'U': ": strings", 'V': ": raw bytes",
		}[code[0]]
	}
	return fmt.Errorf("%w: %.40q%s", ErrType, s, what)
}

// shape reads a tuple.
func (h *Header) shape(p *literal) error {
	start := p.left
	bad := func() error { return fmt.Errorf("shape %.80q", start) }
	h.Shape = nil
	if !p.take("(") {
		return bad()
	}
	total, comma := 1, true
	for !p.take(")") {
		v, ok := p.number()
		if !ok || !comma || v != 0 && total > math.MaxInt/8/v {
			return bad()
		}
		h.Shape = append(h.Shape, v)
		total *= v
		comma = p.take(",")
	}
	if len(h.Shape) == 1 && !comma { // a number, not a tuple
		return bad()
	}
	return nil
}

// A literal is what is left of a Python literal.
type literal struct{ left string }

func (p *literal) skip() { p.left = strings.TrimLeft(p.left, " \t\r\n\f") }

// take takes a sign and the blanks around it.
func (p *literal) take(sign string) bool {
	p.skip()
	rest, ok := strings.CutPrefix(p.left, sign)
	p.left = rest
	p.skip()
	return ok
}

// word takes a word that does not go on.
func (p *literal) word(w string) bool {
	rest, ok := strings.CutPrefix(p.left, w)
	if !ok || rest != "" && strings.IndexByte(" \t\r\n\f,}", rest[0]) < 0 {
		return false
	}
	p.left = rest
	return true
}

// quoted takes a string without escapes, of Python 2 or 3.
func (p *literal) quoted() (string, bool) {
	s := strings.TrimLeft(p.left, "uUbB")
	if len(p.left)-len(s) > 1 || s == "" || s[0] != '\'' && s[0] != '"' {
		return "", false
	}
	text, rest, ok := strings.Cut(s[1:], s[:1])
	if !ok || strings.ContainsAny(text, "\\\n") {
		return "", false
	}
	p.left = rest
	return text, true
}

// number takes an integer of Python 2 or 3 that is not negative.
func (p *literal) number() (int, bool) {
	n := 0
	for n < len(p.left) && strings.IndexByte("0123456789abcdefABCDEFxXoO_", p.left[n]) >= 0 {
		n++
	}
	v, err := strconv.ParseUint(p.left[:n], 0, 63)
	p.left = strings.TrimPrefix(p.left[n:], "L")
	return int(v), err == nil && v <= math.MaxInt
}
