package amap

import (
	"encoding/binary"
	"fmt"
	"io"
	"slices"

	"github.com/nlpodyssey/gopickle/types"
)

// Counts are how often each token (and position) occurred, per mode. SYSIF
// writes them beside every map; without them a token that was never seen, whose
// row is zero, cannot be told from a silent one.
type Counts struct {
	modes  []Mode
	of     map[Mode][]int64
	dtypes map[Mode]DType
}

// NewCounts makes counts of numbers in memory, one per row and mode. The slices
// are copied. They are written as int32, like SYSIF's, if they fit.
func NewCounts(of map[Mode][]int64) *Counts {
	c := &Counts{of: map[Mode][]int64{}, dtypes: map[Mode]DType{}}
	for _, mode := range sortedModes(of) {
		n := slices.Clone(of[mode])
		c.modes = append(c.modes, mode)
		c.of[mode] = n
		c.dtypes[mode] = Int32
		for _, v := range n {
			if v != int64(int32(v)) {
				c.dtypes[mode] = Int64
			}
		}
	}
	return c
}

// sortedModes lists input first, then output, then the others by name.
func sortedModes[T any](of map[Mode]T) []Mode {
	var out []Mode
	for m := range of {
		out = append(out, m)
	}
	slices.Sort(out)
	return out
}

// OpenCounts reads the token counts in a file of SYSIF's.
func OpenCounts(path string) (*Counts, error) {
	src, err := openSource(path, true)
	if err != nil {
		return nil, err
	}
	defer src.close()
	c, err := readCounts(src)
	return c, named(err, path)
}

// ReadCounts reads the token counts of size bytes in r.
func ReadCounts(r io.ReaderAt, size int64) (*Counts, error) {
	if size < 0 {
		return nil, fmt.Errorf("amap: %w: size %d", ErrShape, size)
	}
	return readCounts(&source{r: r, size: size})
}

func readCounts(src *source) (*Counts, error) {
	var head [16]byte
	n := min(src.size, int64(len(head)))
	if err := src.readAt(head[:n], 0); err != nil {
		return nil, err
	}
	if err := notPickle(head[:n]); err != nil {
		return nil, err
	}
	v, p, err := unpickle(src, 1<<30)
	if err != nil {
		return nil, err
	}
	root, ok := v.(*types.Dict)
	if !ok || root.Len() == 0 {
		return nil, errAt(p.stop, ErrFormat, "the file holds %s, want a dict of modes", typeName(v))
	}
	c := &Counts{of: map[Mode][]int64{}, dtypes: map[Mode]DType{}}
	for _, e := range *root {
		name, ok := e.Key.(string)
		if !ok {
			return nil, errAt(p.stop, ErrFormat, "a mode's name is %s", typeName(e.Key))
		}
		at, mode := p.texts[name], Mode(name)
		if _, ok := c.of[mode]; ok {
			return nil, errAt(at, ErrFormat, "mode %q twice", name)
		}
		t, ok := e.Value.(*tensor)
		if !ok || len(t.size) != 1 || t.dtype.float() {
			return nil, errAt(at, ErrFormat, "counts of mode %q are %s, want integers in a row", name, typeName(e.Value))
		}
		if c.of[mode], err = t.integers(); err != nil {
			return nil, err
		}
		c.modes = append(c.modes, mode)
		c.dtypes[mode] = t.dtype
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
			if t.dtype == Int32 {
				v = int64(int32(binary.LittleEndian.Uint32(b[j*step:])))
			} else {
				v = int64(binary.LittleEndian.Uint64(b[j*step:]))
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

// Modes returns the modes in the order of the file.
func (c *Counts) Modes() []Mode { return slices.Clone(c.modes) }

// Len returns the number of rows counted in a mode.
func (c *Counts) Len(mode Mode) int { return len(c.of[mode]) }

// Of returns the count of a row, if the mode has it.
func (c *Counts) Of(mode Mode, row int32) (n int64, ok bool) {
	s := c.of[mode]
	if row < 0 || int(row) >= len(s) {
		return 0, false
	}
	return s[row], true
}

// All returns a mode's counts, one a row. The slice must not be changed.
func (c *Counts) All(mode Mode) []int64 { return c.of[mode] }

// Total adds a mode's counts from row lo to row hi (excluded).
func (c *Counts) Total(mode Mode, lo, hi int) int64 {
	var sum int64
	s := c.of[mode]
	hi = min(hi, len(s))
	for i := max(lo, 0); i < hi; i++ {
		sum += s[i]
	}
	return sum
}
