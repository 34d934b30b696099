package amap

import (
	"encoding/binary"
	"slices"

	"github.com/nlpodyssey/gopickle/types"
)

// NumPy's arrays come into pickles of tensors from devices that torch copies
// through NumPy (mps), and its scalars as keys of dicts.

// An npType is numpy.dtype.
type npType struct {
	code string // such as f2
	big  bool
}

func newDType(args []any) (any, error) {
	if len(args) > 0 {
		if code, ok := args[0].(string); ok {
			return &npType{code: code}, nil
		}
	}
	return nil, bad(ErrFormat, "numpy.dtype with other arguments than NumPy's")
}

// PySetState takes (version, byte order, …).
func (d *npType) PySetState(state any) error {
	if t, ok := state.(*types.Tuple); ok && t.Len() > 1 {
		if order, ok := t.Get(1).(string); ok {
			d.big = order == ">"
			return nil
		}
	}
	return bad(ErrFormat, "state of a numpy.dtype")
}

// dtype is the type of the numbers.
func (d *npType) dtype() (DType, error) {
	for k := Float16; int(k) < len(dtypes); k++ {
		if s := dtypes[k].npy; len(s) > 1 && s[1:] == d.code {
			return k, nil
		}
	}
	return 0, bad(ErrUnsupported, "NumPy array of type %.40q", d.code)
}

// An ndarray is an array that NumPy makes empty and fills afterwards.
type ndarray struct {
	u *unpickler
	t *tensor
}

// PySetState takes (version, shape, type, Fortran order, bytes).
func (a *ndarray) PySetState(state any) (err error) {
	if s, ok := state.(*types.Tuple); ok && s.Len() == 5 {
		if fortran, ok := s.Get(3).(bool); ok {
			a.t, err = a.u.array(s.Get(4), s.Get(2), s.Get(1), fortran)
			return err
		}
	}
	return bad(ErrFormat, "state of a NumPy array")
}

// frombuffer is numpy's _frombuffer(bytes, type, shape, order[, axes]).
func (u *unpickler) frombuffer(args []any) (any, error) {
	if len(args) < 4 || len(args) > 5 || len(args) == 5 && args[4] != nil || args[3] != "C" && args[3] != "F" {
		return nil, bad(ErrUnsupported, "_frombuffer of an array in another order than C or Fortran")
	}
	return u.array(args[0], args[1], args[2], args[3] == "F")
}

// array makes a tensor of a NumPy array.
func (u *unpickler) array(data, typ, shape any, fortran bool) (*tensor, error) {
	d, ok := typ.(*npType)
	size, ok2 := integers(shape)
	if !ok || !ok2 {
		return nil, bad(ErrFormat, "NumPy array of %s and %s", typeName(typ), typeName(shape))
	}
	kind, err := d.dtype()
	if err != nil {
		return nil, err
	}
	src, off, n, err := u.bytes(data)
	if err != nil {
		return nil, err
	}
	numel := n / dtypes[kind].size
	want := int64(1)
	for _, k := range size {
		if k > 0 && want > numel/k {
			want = numel + 1
			break
		}
		want *= k
	}
	if want != numel || n%dtypes[kind].size != 0 {
		return nil, bad(ErrFormat, "NumPy array of shape %v and type %s in %d bytes", size, kind, n)
	}
	t := &tensor{storage: &storage{src: src, dtype: kind, off: off, numel: numel, big: d.big}, size: size, stride: contiguous(size)}
	if fortran {
		back := slices.Clone(size)
		slices.Reverse(back)
		t.stride = contiguous(back)
		slices.Reverse(t.stride)
	}
	return t, nil
}

// shortBytes is a bytes object that protocol 2 or less wrote as a short text.
type shortBytes []byte

func encodeShort(s string) (any, error) {
	b := make(shortBytes, 0, len(s))
	for _, r := range s {
		if r > 255 {
			return nil, bad(ErrFormat, "character outside latin1")
		}
		b = append(b, byte(r))
	}
	return b, nil
}

// bytes finds the bytes of a bytes object.
func (u *unpickler) bytes(v any) (src *source, off, n int64, err error) {
	switch v := v.(type) {
	case shortBytes:
		return memorySource(v), 0, int64(len(v)), nil
	case *payload:
		if v.text == isBytes {
			return u.src, v.off, v.n, nil
		}
		if v.n > u.text {
			return nil, 0, 0, errAt(v.off, ErrLimit, "bytes written as text (pickle protocol 2 or less) of %d bytes, more than the limit of %d", v.n, u.text)
		}
		u.text -= v.n
		b, err := u.latin1(v, v.n)
		return memorySource(b), 0, int64(len(b)), err
	}
	return nil, 0, 0, bad(ErrFormat, "bytes that are %s", typeName(v))
}

// scalar is numpy's scalar(type, bytes): an integer or a text, as keys are.
func (u *unpickler) scalar(args []any) (any, error) {
	if len(args) != 2 {
		return nil, bad(ErrFormat, "NumPy scalar with %d arguments", len(args))
	}
	d, ok := args[0].(*npType)
	if !ok || len(d.code) < 2 {
		return nil, bad(ErrFormat, "NumPy scalar of %s", typeName(args[0]))
	}
	src, off, n, err := u.bytes(args[1])
	if err != nil {
		return nil, err
	}
	if n > 4*maxText {
		return nil, bad(ErrLimit, "NumPy scalar of %d bytes", n)
	}
	b := make([]byte, n)
	if err := src.readAt(b, off); err != nil {
		return nil, err
	}
	var order binary.ByteOrder = binary.LittleEndian
	if d.big {
		order = binary.BigEndian
	}
	switch kind := d.code[0]; {
	case kind == 'U' && n%4 == 0:
		var s []rune
		for ; len(b) > 0; b = b[4:] {
			s = append(s, rune(order.Uint32(b)))
		}
		return string(s), nil
	case (kind == 'i' || kind == 'u') && n > 0 && n <= 8:
		if !d.big {
			slices.Reverse(b)
		}
		v := uint64(0)
		for _, c := range b {
			v = v<<8 | uint64(c)
		}
		if kind == 'i' {
			s := 64 - 8*n
			return &bigInt{v: int64(v<<s) >> s}, nil
		}
		return &bigInt{v: int64(v)}, nil // those beyond int64 are no key of ours
	}
	return nil, bad(ErrUnsupported, "NumPy scalar of type %.40q", d.code)
}

// tensorOf returns a tensor or an array.
func tensorOf(v any) (*tensor, bool) {
	switch v := v.(type) {
	case *tensor:
		return v, true
	case *ndarray:
		return v.t, v.t != nil
	}
	return nil, false
}
