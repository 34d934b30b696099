package amap

import (
	"encoding/binary"
	"io"
)

// A pickler writes protocol 5 as CPython's C pickler does, byte for byte: which
// opcode for which object, what is memoized, and where frames begin and end
// (Modules/_pickle.c: save, _Pickler_OpcodeBoundary, _Pickler_write_bytes).
type pickler struct {
	w     io.Writer
	err   error
	frame []byte
	memo  map[any]uint32
}

const (
	frameTarget = 64 << 10 // a frame ends before the next object from this size on
	frameLeast  = 4        // shorter ones get no header
)

func newPickler(w io.Writer) *pickler {
	p := &pickler{w: w, memo: map[any]uint32{}}
	p.raw([]byte{0x80, 5})
	return p
}

func (p *pickler) raw(b []byte) {
	if p.err == nil {
		_, p.err = p.w.Write(b)
	}
}

func (p *pickler) commit() {
	if len(p.frame) >= frameLeast {
		p.raw(binary.LittleEndian.AppendUint64([]byte{0x95}, uint64(len(p.frame))))
	}
	p.raw(p.frame)
	p.frame = p.frame[:0]
}

// save begins an object.
func (p *pickler) save() {
	if len(p.frame) >= frameTarget {
		p.commit()
	}
}

func (p *pickler) op(b ...byte) { p.frame = append(p.frame, b...) }

// memoize remembers the object on the stack under a key.
func (p *pickler) memoize(key any) {
	p.memo[key] = uint32(len(p.memo))
	p.op(0x94)
}

// anonymous keys a memo entry that is never asked for.
type anonymous struct{ n int }

func (p *pickler) forget() { p.memoize(anonymous{len(p.memo)}) }

// get pushes an object that was memoized, if it was.
func (p *pickler) get(key any) bool {
	i, ok := p.memo[key]
	if !ok {
		return false
	}
	if i < 256 {
		p.op('h', byte(i))
	} else {
		p.op('j')
		p.frame = binary.LittleEndian.AppendUint32(p.frame, i)
	}
	return true
}

func (p *pickler) str(s string) {
	p.save()
	if p.get(s) {
		return
	}
	if len(s) < 256 {
		p.op(0x8c, byte(len(s)))
	} else {
		p.op('X')
		p.frame = binary.LittleEndian.AppendUint32(p.frame, uint32(len(s)))
	}
	p.op([]byte(s)...)
	p.memoize(s)
}

func (p *pickler) int(v int64) {
	p.save()
	p.frame = appendInt(p.frame, v)
}

// appendInt writes an integer that is not negative.
func appendInt(b []byte, v int64) []byte {
	switch {
	case v < 1<<8:
		return append(b, 'K', byte(v))
	case v < 1<<16:
		return binary.LittleEndian.AppendUint16(append(b, 'M'), uint16(v))
	case v < 1<<31:
		return binary.LittleEndian.AppendUint32(append(b, 'J'), uint32(v))
	}
	n := byte(1)
	for v>>(8*n-1) != 0 { // the top bit is a sign
		n++
	}
	b = append(b, 0x8a, n)
	for i := range n {
		b = append(b, byte(v>>(8*i)))
	}
	return b
}

// ints writes a tuple of one or two numbers.
func (p *pickler) ints(v []int64) {
	p.save()
	for _, n := range v {
		p.int(n)
	}
	p.op([]byte{')', 0x85, 0x86, 0x87}[len(v)])
	if len(v) > 0 {
		p.forget()
	}
}

type globalKey struct{ module, name string }

func (p *pickler) global(module, name string) {
	p.save()
	key := globalKey{module, name}
	if p.get(key) {
		return
	}
	p.str(module)
	p.str(name)
	p.op(0x93)
	p.memoize(key)
}

// bytes writes a bytes object of n bytes, the first of which are head; body
// writes the others.
func (p *pickler) bytes(head []byte, n int64, body func(w io.Writer) error) {
	p.save()
	var op []byte
	switch {
	case n < 256:
		op = []byte{'C', byte(n)}
	case n <= 0xffffffff:
		op = binary.LittleEndian.AppendUint32([]byte{'B'}, uint32(n))
	default:
		op = binary.LittleEndian.AppendUint64([]byte{0x8e}, uint64(n))
	}
	if n < frameTarget {
		p.op(op...)
		p.op(head...)
		if err := body((*frameWriter)(p)); p.err == nil {
			p.err = err
		}
	} else { // large ones stand outside frames
		p.commit()
		p.raw(op)
		p.raw(head)
		if p.err == nil {
			p.err = body(p.w)
		}
	}
	p.forget()
}

type frameWriter pickler

func (f *frameWriter) Write(b []byte) (int, error) {
	f.frame = append(f.frame, b...)
	return len(b), nil
}

// stop ends the pickle.
func (p *pickler) stop() error {
	p.op('.')
	p.commit()
	return p.err
}

// A torchTensor is a tensor to be pickled.
type torchTensor struct {
	dtype        DType
	offset       int64
	size, stride []int64
	numel        int64 // of the storage
	data         func(w io.Writer) error
}

// tensor writes a tensor as torch's __reduce_ex__ has it. id tells tensors
// apart, for one that is there twice; key is asked for that of a new storage.
func (p *pickler) tensor(id any, t torchTensor, key func() string) {
	p.save()
	if p.get(id) {
		return
	}
	p.global("torch._utils", "_rebuild_tensor_v2")
	p.save() // the tuple of arguments
	p.op('(')
	p.save() // the storage
	p.global("torch.storage", "_load_from_bytes")
	p.save() // its tuple
	head := torchHeader(t.dtype, t.numel, key())
	p.bytes(head, int64(len(head))+t.numel*dtypes[t.dtype].size, t.data)
	p.op(0x85)
	p.forget()
	p.op('R')
	p.forget()
	p.int(t.offset)
	p.ints(t.size)
	p.ints(t.stride)
	p.save()
	p.op(0x89) // requires_grad=False
	p.save()
	p.global("collections", "OrderedDict")
	p.save()
	p.op(')', 'R')
	p.forget()
	p.op('t')
	p.forget()
	p.op('R')
	p.memoize(id)
}

// torchHeader is what torch.save in its old form writes before the numbers of a
// storage.
func torchHeader(d DType, numel int64, key string) []byte {
	b := []byte(torchStart + ".\x80\x02M\xe9\x03.")
	text := func(s string, memo ...byte) {
		b = append(b, 'X')
		b = binary.LittleEndian.AppendUint32(b, uint32(len(s)))
		b = append(b, s...)
		b = append(b, 'q')
		b = append(b, memo...)
	}
	b = append(b, "\x80\x02}q\x00("...)
	text("protocol_version", 1)
	b = append(b, "M\xe9\x03"...)
	text("little_endian", 2)
	b = append(b, 0x88)
	text("type_sizes", 3)
	b = append(b, "}q\x04("...)
	text("short", 5)
	b = append(b, "K\x02"...)
	text("int", 6)
	b = append(b, "K\x04"...)
	text("long", 7)
	b = append(b, "K\x04uu.\x80\x02("...)
	text("storage", 0)
	b = append(b, "ctorch\n"...)
	b = append(b, dtypes[d].storage...)
	b = append(b, "\nq\x01"...)
	text(key, 2)
	text("cpu", 3)
	b = appendInt(b, numel)
	b = append(b, "Ntq\x04Q.\x80\x02]q\x00"...)
	text(key, 1)
	b = append(b, "a."...)
	return binary.LittleEndian.AppendUint64(b, uint64(numel))
}
