package amap

import (
	"encoding/binary"
	"maps"
	"slices"
)

// Counts holds how often each token and position occurred in the text: for each
// mode, one count per token id, then one per position. SYSIF writes them to a
// separate file. Without them, a token that did not occur cannot be distinguished
// from a token that activates nothing: both have a row of zeros.
type Counts map[Mode][]int64

// OpenCounts reads token counts from a file written by SYSIF.
func OpenCounts(path string) (Counts, error) {
	src, err := openSource(path, true)
	if err != nil {
		return nil, err
	}
	defer src.close()
	c, err := readCounts(src)
	return c, named(err, path)
}

func readCounts(src *source) (Counts, error) {
	c := Counts{}
	_, err := pickledModes(src, func(mode Mode, v any, at int64) (err error) {
		t, ok := tensorOf(v)
		if !ok || len(t.size) != 1 || t.dtype != int32s && t.dtype != int64s {
			return errAt(at, ErrFormat, "counts of mode %q are %s, want integers in a row", mode, typeName(v))
		}
		c[mode], err = t.integers()
		return err
	})
	if err != nil {
		return nil, err
	}
	return c, nil
}

// integers reads a vector of counts, which are not negative.
func (t *tensor) integers() ([]int64, error) {
	w := dtypes[t.dtype].size
	n := t.size[0]
	if n > 1<<31-1 {
		return nil, errAt(t.at, ErrLimit, "%d counts", n)
	}
	step := t.stride[0] * w
	if n > t.numel {
		return nil, errAt(t.at, ErrUnsupported, "%d counts over a storage of %d numbers: they overlap", n, t.numel)
	}
	out := make([]int64, 0, n)
	start := t.off + t.offset*w
	const chunk = 1 << 16
	buf := make([]byte, chunk)
	for i := int64(0); i < n; {
		k := min(n-i, max(1, (chunk-w)/max(step, 1)+1))
		b := buf[:(k-1)*step+w]
		if err := t.src.readAt(b, start+i*step); err != nil {
			return nil, err
		}
		for j := range k {
			v := int64(0)
			switch b := b[j*step:]; {
			case t.dtype == int32s && t.big:
				v = int64(int32(binary.BigEndian.Uint32(b)))
			case t.dtype == int32s:
				v = int64(int32(binary.LittleEndian.Uint32(b)))
			case t.big:
				v = int64(binary.BigEndian.Uint64(b))
			default:
				v = int64(binary.LittleEndian.Uint64(b))
			}
			if v < 0 {
				return nil, errAt(start+(i+j)*step, ErrFormat, "count %d of row %d", v, i+j)
			}
			out = append(out, v)
		}
		i += k
	}
	return out, nil
}

// of returns the count of a token, if the mode has it.
func (c Counts) of(mode Mode, id int32) (n int64, ok bool) {
	if s := c[mode]; id >= 0 && int(id) < len(s) {
		return s[id], true
	}
	return 0, false
}

// modes lists the modes by name, so input before output.
func (c Counts) modes() []Mode { return slices.Sorted(maps.Keys(c)) }

// encode returns the counts of a mode as they are written: int32, or int64 where
// one needs it.
func (c Counts) encode(mode Mode) (d DType, b []byte) {
	d = int32s
	for _, v := range c[mode] {
		if v != int64(int32(v)) {
			d = int64s
		}
	}
	for _, v := range c[mode] {
		if d == int32s {
			b = binary.LittleEndian.AppendUint32(b, uint32(v))
		} else {
			b = binary.LittleEndian.AppendUint64(b, uint64(v))
		}
	}
	return d, b
}
