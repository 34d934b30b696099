// Package npy reads arrays in NumPy's .npy format, versions 1 to 3, and in .npz
// archives of them, and writes .npy files
// (https://numpy.org/doc/stable/reference/generated/numpy.lib.format.html).
// Integers, floating-point numbers of 2, 4 and 8 bytes and booleans are
// supported, in either byte order; everything else is refused by name. No size
// in a file is trusted: memory grows only as bytes arrive.
package npy

import (
	"bufio"
	"encoding/binary"
	"fmt"
	"io"
	"math"
	"strconv"
	"strings"

	"github.com/semamap/semamap/internal/vec"
)

func readErr(place string, err error) error {
	if err == io.EOF || err == io.ErrUnexpectedEOF {
		return fmt.Errorf("%w: %s: %w", ErrFormat, place, io.ErrUnexpectedEOF)
	}
	return err
}

// A Number is what Read converts to and Write writes.
type Number interface {
	float32 | float64 | int32 | int64 | uint8 | uint64
}

// Read reads a whole array in C order, converted to T. Bytes after the array
// are left unread or in the reader's buffer.
func Read[T Number](r io.Reader) (data []T, shape []int, err error) {
	br := bufio.NewReaderSize(r, 1<<16)
	h, err := ReadHeader(br)
	if err != nil {
		return nil, nil, err
	}
	data, err = ReadData[T](br, h)
	return data, h.Shape, err
}

// ReadData reads the numbers that follow a header, in C order, converted to T.
func ReadData[T Number](r io.Reader, h Header) ([]T, error) {
	n := h.Len()
	data := make([]T, 0, min(n, 1<<16))
	buf := make([]byte, 1<<15)
	for len(data) < n {
		b := buf[:min(len(buf), (n-len(data))*h.Size)]
		if _, err := io.ReadFull(r, b); err != nil {
			return nil, readErr(fmt.Sprintf("element %d of %d", len(data), n), err)
		}
		for i := 0; i < len(b); i += h.Size {
			data = append(data, number[T](&h, b[i:i+h.Size]))
		}
	}
	if h.Fortran && len(h.Shape) > 1 {
		data = toC(data, h.Shape)
	}
	return data, nil
}

func number[T Number](h *Header, b []byte) T {
	var u uint64
	if h.Big {
		for _, c := range b {
			u = u<<8 | uint64(c)
		}
	} else {
		for i, c := range b {
			u |= uint64(c) << (8 * i)
		}
	}
	switch {
	case h.Kind == 'f' && h.Size == 4:
		return T(math.Float32frombits(uint32(u)))
	case h.Kind == 'f' && h.Size == 8:
		return T(math.Float64frombits(u))
	case h.Kind == 'f':
		return T(vec.F16(uint16(u)))
	case h.Kind == 'u':
		return T(u)
	case h.Kind == 'b':
		return T(min(u, 1))
	}
	s := 64 - 8*h.Size
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
	case []uint64:
		descr = "<u8"
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
