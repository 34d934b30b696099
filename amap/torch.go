package amap

import (
	"encoding/binary"
	"math"
	"strings"

	"github.com/nlpodyssey/gopickle/types"
)

// A tensor's bytes in a pickle are a legacy torch.save stream: five pickles
// (magic number, protocol version, facts about the system, storage record, list
// of keys), then the number of elements and the elements.

const (
	torchMagic   = "l\xfc\x9cF\xf9 j\xa8P\x19" // 0x1950a86a20f9469cfc6c, little-endian
	torchStart   = "\x80\x02\x8a\x0a" + torchMagic
	torchVersion = 1001
	headerWindow = 4096 // torch's headers take about 240 bytes
)

// storageType tells the number type of one of torch's storage classes.
func storageType(module, name string) (DType, bool) {
	if module != "torch" && module != "torch.cuda" {
		return 0, false
	}
	for d := Float16; int(d) < len(dtypes); d++ {
		if dtypes[d].storage == name {
			return d, true
		}
	}
	return 0, false
}

// readStorage reads the header of a stream in [off, end) and checks that the
// numbers are there.
func readStorage(src *source, off, end int64) (*storage, error) {
	st, err := readHeader(src, off, end)
	if err != nil {
		return nil, err
	}
	if size := dtypes[st.dtype].size; st.numel > (end-st.off)/size {
		return nil, errAt(st.off-8, ErrTruncated, "%d numbers of %s announced, %d bytes left", st.numel, st.dtype, end-st.off)
	}
	return st, nil
}

func readHeader(src *source, off, end int64) (*storage, error) {
	stop := min(end, off+headerWindow)
	pos := off
	next := func(persistent func(any) (any, error)) (any, int64, error) {
		at := pos
		p, err := lex(src, pos, stop, inner)
		if err != nil {
			return nil, at, err
		}
		pos = p.end
		v, err := p.run(nil, persistent)
		return v, at, err
	}
	v, at, err := next(nil)
	if err != nil {
		return nil, err
	}
	if m, ok := v.(*bigInt); !ok || m.large != torchMagic {
		return nil, errAt(at, ErrFormat, "no torch stream: wrong magic number")
	}
	if v, at, err = next(nil); err != nil {
		return nil, err
	}
	if v != torchVersion {
		return nil, errAt(at, ErrUnsupported, "torch protocol version")
	}
	if v, at, err = next(nil); err != nil {
		return nil, err
	}
	if d, ok := v.(*types.Dict); !ok {
		return nil, errAt(at, ErrFormat, "torch's facts about the system are %s", typeName(v))
	} else if le, _ := d.Get("little_endian"); le != true {
		return nil, errAt(at, ErrUnsupported, "data that are not little-endian")
	}
	st := &storage{src: src}
	var key string
	if v, at, err = next(func(id any) (any, error) { return st, record(st, &key, id) }); err != nil {
		return nil, err
	}
	if v != st {
		return nil, errAt(at, ErrFormat, "storage record is %s", typeName(v))
	}
	if v, at, err = next(nil); err != nil {
		return nil, err
	}
	if l, ok := v.(*types.List); !ok || l.Len() != 1 || l.Get(0) != key {
		return nil, errAt(at, ErrFormat, "list of storage keys")
	}
	var n [8]byte
	if end-pos < 8 {
		return nil, errAt(pos, ErrTruncated, "number of elements")
	}
	if err := src.readAt(n[:], pos); err != nil {
		return nil, err
	}
	if u := binary.LittleEndian.Uint64(n[:]); u > math.MaxInt64/8 || int64(u) != st.numel {
		return nil, errAt(pos, ErrFormat, "%d elements, but %d in the storage record", u, st.numel)
	}
	st.off = pos + 8
	return st, nil
}

// record reads ('storage', type, key, location, numel, None). The location,
// such as cuda:0, does not matter.
func record(st *storage, key *string, id any) error {
	t, ok := id.(*types.Tuple)
	if !ok || t.Len() != 6 && t.Len() != 5 || t.Get(0) != "storage" {
		return bad(ErrFormat, "storage record is %s", typeName(id))
	}
	typ, ok1 := t.Get(1).(globalName)
	k, ok2 := t.Get(2).(string)
	_, ok3 := t.Get(3).(string)
	n, ok4 := integer(t.Get(4))
	if !ok1 || !ok2 || !ok3 || !ok4 || n < 0 {
		return bad(ErrFormat, "storage record with other entries than torch's")
	}
	if t.Len() == 6 && t.Get(5) != nil {
		return bad(ErrUnsupported, "storage that is a view of another")
	}
	module, name, _ := strings.Cut(string(typ), " ")
	st.dtype, _ = storageType(module, name)
	st.numel, *key = n, k
	return nil
}
