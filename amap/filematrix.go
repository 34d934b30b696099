package amap

import (
	"encoding/binary"
	"math"
)

// A fileMatrix is a matrix of numbers in a file.
type fileMatrix struct {
	*storage
	nrows, nunits         int
	base                  int64   // byte offset of element 0, 0
	rowStride, unitStride int64   // in bytes
	t                     *tensor // as the pickle has it; nil for other formats
}

func (x *fileMatrix) dims() (int, int) { return x.nrows, x.nunits }
func (x *fileMatrix) dtype() DType     { return x.storage.dtype }
func (x *fileMatrix) size() int64      { return dtypes[x.storage.dtype].size }

// maxEmpty bounds the rows or units of a matrix that has no numbers.
const maxEmpty = 1 << 14

// newFileMatrix makes a matrix of a tensor of rank 2, whose entries have been
// checked. A transposed one is units × tokens in the file.
func newFileMatrix(t *tensor, transposed bool) (*fileMatrix, error) {
	if len(t.size) != 2 || !t.dtype.float() {
		return nil, errAt(t.at, ErrShape, "tensor of shape %v and type %s, want a matrix of floating-point numbers", t.size, t.dtype)
	}
	r, u := 0, 1
	if transposed {
		r, u = 1, 0
	}
	// float64 buffers of a row must be possible, and rows must fit an int32.
	if t.size[r] > math.MaxInt32 || t.size[u] > math.MaxInt32/16 {
		return nil, errAt(t.at, ErrLimit, "tensor of shape %v", t.size)
	}
	// Every number of the matrix is one of the storage: work and memory of what
	// is done with it are bounded by the size of the file.
	if t.size[u] > 0 && t.size[r] > t.numel/t.size[u] {
		return nil, errAt(t.at, ErrUnsupported, "tensor of shape %v over a storage of %d numbers: its elements overlap", t.size, t.numel)
	}
	// Nothing else bounds the sides of a matrix without numbers.
	if (t.size[r] == 0 || t.size[u] == 0) && max(t.size[r], t.size[u]) > maxEmpty {
		return nil, errAt(t.at, ErrLimit, "tensor of shape %v without a number", t.size)
	}
	w := dtypes[t.dtype].size
	return &fileMatrix{
		storage: t.storage, t: t,
		nrows: int(t.size[r]), nunits: int(t.size[u]),
		base:      t.off + t.offset*w,
		rowStride: t.stride[r] * w, unitStride: t.stride[u] * w,
	}, nil
}

// inOne tells whether each row lies in one piece.
func (x *fileMatrix) inOne() bool { return x.unitStride == x.size() || x.nunits == 1 }

// each calls f for the raw bytes of every row in [lo, hi). Rows that are not in
// one piece are put together first.
func (x *fileMatrix) each(lo, hi int, s *scratch, f func(i int, b []byte)) (err error) {
	if x.src.isClosed() {
		return ErrClosed
	}
	if x.big { // numbers are turned round once, for all who read them
		g := f
		f = func(i int, b []byte) { g(i, x.turned(grow(&s.turned, len(b)), b)) }
	}
	if x.nunits == 0 || lo == hi {
		return nil
	}
	mapped := x.src.mapped() && !(s.bulk && x.inOne())
	if mapped {
		defer x.src.caught(x.src.guard(), &err)
	}
	n := int64(x.nunits) * x.size()
	switch {
	case !x.inOne():
		if err := x.eachStrided(lo, hi, s, f); err != nil {
			return err
		}
	case mapped:
		for i := lo; i < hi; i++ {
			off := x.base + int64(i)*x.rowStride
			f(i-lo, x.src.data[off:off+n])
		}
	default:
		// Rows that follow one another come in one piece of up to 256 kB.
		step := 1
		if x.rowStride == n {
			step = int(max(1, 1<<18/n))
		}
		for i := lo; i < hi; i += step {
			k := min(step, hi-i)
			b := grow(&s.raw, k*int(n))
			if err := x.src.readAt(b, x.base+int64(i)*x.rowStride); err != nil {
				return err
			}
			for j := range k {
				f(i-lo+j, b[int64(j)*n:int64(j+1)*n])
			}
		}
	}
	if mapped {
		return x.src.whole(x.base + int64(hi-1)*x.rowStride + int64(x.nunits-1)*x.unitStride + x.size() - 1)
	}
	return nil
}

// tile is how many units are transposed at once.
const tile = 32

// eachStrided puts together rows that are not in one piece: where columns are
// (units × tokens), many rows at a time, so that each stretch of the file is
// read once.
func (x *fileMatrix) eachStrided(lo, hi int, s *scratch, f func(i int, b []byte)) error {
	w, step := int(x.size()), 1
	n := x.nunits * w
	if x.rowStride == int64(w) {
		size := 1 << 18 // bytes, to stay in the caches
		if !x.src.mapped() {
			size = 1 << 22 // each column of a block is a call of ReadAt
		}
		step = max(1, min(hi-lo, size/n))
	}
	all := grow(&s.raw, step*(n+tile*w))
	rows, buf := all[:step*n], all[step*n:]
	var cols [tile][]byte
	for i := lo; i < hi; i += step {
		k := min(step, hi-i)
		for u := 0; u < x.nunits; u += tile {
			m := min(tile, x.nunits-u)
			for c := range m {
				off := x.base + int64(i)*x.rowStride + int64(u+c)*x.unitStride
				if x.src.mapped() {
					cols[c] = x.src.data[off : off+int64(k*w)]
					continue
				}
				cols[c] = buf[c*k*w : (c+1)*k*w]
				if err := x.src.readAt(cols[c], off); err != nil {
					return err
				}
			}
			transpose(rows[u*w:], n, cols[:m], k, w)
		}
		for j := range k {
			f(i-lo+j, rows[j*n:(j+1)*n])
		}
	}
	return nil
}

// transpose puts number j of each of the columns into row j of dst, for j < k;
// rows are stride bytes apart and numbers have w bytes.
func transpose(dst []byte, stride int, cols [][]byte, k, w int) {
	le, j := binary.LittleEndian, 0
	if w == 2 && len(cols)%4 == 0 { // four by four
		for ; j+4 <= k; j += 4 {
			for c := 0; c < len(cols); c += 4 {
				p, q, r, s := le.Uint64(cols[c][2*j:]), le.Uint64(cols[c+1][2*j:]), le.Uint64(cols[c+2][2*j:]), le.Uint64(cols[c+3][2*j:])
				const low = 1<<16 - 1
				to := dst[j*stride+2*c:]
				le.PutUint64(to, p&low|q&low<<16|r&low<<32|s<<48)
				le.PutUint64(to[stride:], p>>16&low|q&(low<<16)|r>>16&low<<32|s>>16<<48)
				le.PutUint64(to[2*stride:], p>>32&low|q>>32&low<<16|r&(low<<32)|s>>32<<48)
				le.PutUint64(to[3*stride:], p>>48|q>>48<<16|r>>48<<32|s&(low<<48))
			}
		}
	}
	for ; j < k; j++ {
		for c, col := range cols {
			copy(dst[j*stride+c*w:][:w], col[j*w:])
		}
	}
}

func (x *fileMatrix) read(dst []float32, lo, hi int, s *scratch) error {
	d := x.storage.dtype
	return x.each(lo, hi, s, func(i int, b []byte) {
		d.decode(dst[i*x.nunits:(i+1)*x.nunits], b, s.stream)
	})
}

func (x *fileMatrix) read64(dst []float64, lo, hi int, s *scratch) error {
	d, w := x.storage.dtype, int(x.size())
	row := grow(&s.row, x.nunits)
	return x.each(lo, hi, s, func(i int, b []byte) {
		to := dst[i*x.nunits : (i+1)*x.nunits]
		if d == Float64 {
			for u := range to {
				to[u] = d.one(b[u*w:])
			}
			return
		}
		d.decode(row, b, false)
		for u, v := range row {
			to[u] = float64(v)
		}
	})
}

func (x *fileMatrix) at(row, unit int) (v float64, err error) {
	if x.src.isClosed() {
		return 0, ErrClosed
	}
	off := x.base + int64(row)*x.rowStride + int64(unit)*x.unitStride
	var buf, turn [8]byte
	b := buf[:x.size()]
	if x.src.mapped() {
		defer x.src.caught(x.src.guard(), &err)
		copy(b, x.src.data[off:])
		err = x.src.whole(off + x.size() - 1)
	} else {
		err = x.src.readAt(b, off)
	}
	if x.big {
		b = x.turned(turn[:len(b)], b)
	}
	return x.storage.dtype.one(b), err
}

// turned copies numbers to dst in the other order of bytes.
func (x *fileMatrix) turned(dst, b []byte) []byte {
	w := int(x.size())
	for i := 0; i+w <= len(b); i += w {
		for j := range w {
			dst[i+j] = b[i+w-1-j]
		}
	}
	return dst
}
