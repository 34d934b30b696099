// Package npy reads and writes arrays in NumPy's .npy format, versions 1 to 3
// (https://numpy.org/doc/stable/reference/generated/numpy.lib.format.html).
// Little-endian and single-byte numbers are supported; everything else is
// refused by name. No size in a file is trusted: memory grows only as bytes
// arrive.
package npy

import (
	"bufio"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math"
	"regexp"
	"strconv"
	"strings"

	"github.com/semamap/semamap/internal/vec"
)

// ErrFormat is wrapped by every error about the content of a file.
var ErrFormat = errors.New("npy: not a supported .npy file")

// A Header describes the array of a file.
type Header struct {
	Kind    byte  // 'f' float, 'i' signed, 'u' unsigned integer
	Size    int   // bytes a number
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

const magic = "\x93NUMPY"

var (
	descrRE   = regexp.MustCompile(`'descr':\s*'([^']*)'`)
	fortranRE = regexp.MustCompile(`'fortran_order':\s*(True|False)`)
	shapeRE   = regexp.MustCompile(`'shape':\s*\(([0-9L,\s]*)\)`)
)

// ReadHeader reads up to the first number.
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
	d, f, s := descrRE.FindSubmatch(text), fortranRE.FindSubmatch(text), shapeRE.FindSubmatch(text)
	if d == nil || f == nil || s == nil {
		return h, fmt.Errorf("%w: offset %d: header %.80q", ErrFormat, 8+width, text)
	}
	descr := string(d[1])
	if len(descr) == 3 && strings.ContainsRune("fiu", rune(descr[1])) && (descr[0] == '<' || descr[0] == '|' && descr[2] == '1') {
		h.Kind, h.Size = descr[1], int(descr[2]-'0')
	}
	switch h.Size {
	case 2, 4, 8:
	case 1:
		if h.Kind == 'f' {
			h.Size = 0
		}
	default:
		h.Size = 0
	}
	if h.Size == 0 {
		return h, fmt.Errorf("%w: numbers of type %q", ErrFormat, descr)
	}
	h.Fortran = string(f[1]) == "True"
	total := 1
	for _, p := range strings.Split(string(s[1]), ",") {
		p = strings.TrimSuffix(strings.TrimSpace(p), "L")
		if p == "" {
			continue
		}
		v, err := strconv.Atoi(p)
		if err != nil || v < 0 || v != 0 && total > math.MaxInt/8/v {
			return h, fmt.Errorf("%w: shape (%.80s)", ErrFormat, s[1])
		}
		h.Shape = append(h.Shape, v)
		total *= v
	}
	return h, nil
}

func readErr(place string, err error) error {
	if err == io.EOF || err == io.ErrUnexpectedEOF {
		return fmt.Errorf("%w: %s: %w", ErrFormat, place, io.ErrUnexpectedEOF)
	}
	return err
}

// A Number is what Read converts to and Write writes.
type Number interface {
	float32 | float64 | int32 | int64 | uint8
}

// Read reads a whole array in C order, converted to T. Bytes after the array
// are left unread or in the reader's buffer.
func Read[T Number](r io.Reader) (data []T, shape []int, err error) {
	br := bufio.NewReaderSize(r, 1<<16)
	h, err := ReadHeader(br)
	if err != nil {
		return nil, nil, err
	}
	n := h.Len()
	data = make([]T, 0, min(n, 1<<16))
	buf := make([]byte, 1<<15)
	for len(data) < n {
		b := buf[:min(len(buf), (n-len(data))*h.Size)]
		if _, err := io.ReadFull(br, b); err != nil {
			return nil, nil, readErr(fmt.Sprintf("element %d of %d", len(data), n), err)
		}
		for i := 0; i < len(b); i += h.Size {
			data = append(data, number[T](h.Kind, b[i:i+h.Size]))
		}
	}
	if h.Fortran && len(h.Shape) > 1 {
		data = toC(data, h.Shape)
	}
	return data, h.Shape, nil
}

func number[T Number](kind byte, b []byte) T {
	switch {
	case kind == 'f' && len(b) == 4:
		return T(math.Float32frombits(binary.LittleEndian.Uint32(b)))
	case kind == 'f' && len(b) == 8:
		return T(math.Float64frombits(binary.LittleEndian.Uint64(b)))
	case kind == 'f':
		return T(vec.F16(binary.LittleEndian.Uint16(b)))
	}
	var u uint64
	for i, c := range b {
		u |= uint64(c) << (8 * i)
	}
	if kind == 'u' {
		return T(u)
	}
	s := 64 - 8*len(b)
	return T(int64(u<<s) >> s)
}

func toC[T any](x []T, shape []int) []T {
	out := make([]T, 0, len(x))
	idx := make([]int, len(shape))
	for range x {
		at, stride := 0, 1
		for k, d := range shape {
			at += idx[k] * stride
			stride *= d
		}
		out = append(out, x[at])
		for k := len(shape) - 1; k >= 0; k-- {
			if idx[k]++; idx[k] < shape[k] {
				break
			}
			idx[k] = 0
		}
	}
	return out
}

// AppendHeader appends the header of a C-order array of numbers of the given
// type, such as "<f4".
func AppendHeader(dst []byte, descr string, shape []int) []byte {
	var s strings.Builder
	fmt.Fprintf(&s, "{'descr': '%s', 'fortran_order': False, 'shape': (", descr)
	for i, d := range shape {
		if i > 0 {
			s.WriteString(", ")
		}
		s.WriteString(strconv.Itoa(d))
	}
	if len(shape) == 1 {
		s.WriteByte(',')
	}
	s.WriteString("), }")
	for (10+s.Len()+1)%64 != 0 {
		s.WriteByte(' ')
	}
	s.WriteByte('\n')
	dst = append(dst, magic+"\x01\x00"...)
	dst = binary.LittleEndian.AppendUint16(dst, uint16(s.Len()))
	return append(dst, s.String()...)
}

// Write writes an array in C order, as NumPy's own save does. It panics when
// the shape does not hold len(data) elements.
func Write[T Number](w io.Writer, data []T, shape ...int) error {
	if h := (Header{Shape: shape}); h.Len() != len(data) {
		panic("npy: shape does not fit the data")
	}
	var descr string
	switch any(data).(type) {
	case []float32:
		descr = "<f4"
	case []float64:
		descr = "<f8"
	case []int32:
		descr = "<i4"
	case []int64:
		descr = "<i8"
	case []uint8:
		descr = "|u1"
	}
	if _, err := w.Write(AppendHeader(nil, descr, shape)); err != nil {
		return err
	}
	buf := make([]byte, 0, 1<<15)
	for len(data) > 0 {
		part := data[:min(len(data), 1<<12)]
		data = data[len(part):]
		buf, _ = binary.Append(buf[:0], binary.LittleEndian, part)
		if _, err := w.Write(buf); err != nil {
			return err
		}
	}
	return nil
}
