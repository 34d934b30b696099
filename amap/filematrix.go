package amap

import "math"

// A fileMatrix is a matrix of numbers in a file.
type fileMatrix struct {
	*storage
	nrows, nunits         int
	base                  int64   // byte offset of element 0, 0
	rowStride, unitStride int64   // in bytes
	t                     *tensor // as the file has it; nil when it is no pickle
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

func (x *fileMatrix) rawRow(row int) ([]byte, bool) {
	if !x.src.mapped() || !x.inOne() || x.src.closed.Load() {
		return nil, false
	}
	off, n := x.base+int64(row)*x.rowStride, int64(x.nunits)*x.size()
	return x.src.data[off : off+n : off+n], true
}

// each calls f for the raw bytes of every row in [lo, hi). Rows that are not in
// one piece are put together first.
func (x *fileMatrix) each(lo, hi int, s *scratch, f func(i int, b []byte)) (err error) {
	if x.src.closed.Load() {
		return ErrClosed
	}
	if x.nunits == 0 {
		return nil
	}
	w := x.size()
	n := int64(x.nunits) * w
	if x.src.mapped() && !(s.bulk && x.inOne()) {
		defer x.src.caught(x.src.guard(), &err)
		for i := lo; i < hi; i++ {
			off := x.base + int64(i)*x.rowStride
			if x.inOne() {
				f(i-lo, x.src.data[off:off+n])
				continue
			}
			f(i-lo, collect(s.bytes(int(n)), x.src.data[off:], w, x.unitStride))
		}
		return nil
	}
	if x.inOne() {
		// Rows that follow one another come in one piece of up to 256 kB.
		step := 1
		if x.rowStride == n {
			step = int(max(1, 1<<18/n))
		}
		for i := lo; i < hi; i += step {
			k := min(step, hi-i)
			b := s.bytes(k * int(n))
			if err := x.src.readAt(b, x.base+int64(i)*x.rowStride); err != nil {
				return err
			}
			for j := range k {
				f(i-lo+j, b[int64(j)*n:int64(j+1)*n])
			}
		}
		return nil
	}
	return x.eachStrided(lo, hi, s, f)
}

// eachStrided reads without a mapping a matrix whose rows are not in one piece.
func (x *fileMatrix) eachStrided(lo, hi int, s *scratch, f func(i int, b []byte)) error {
	w := x.size()
	n := int64(x.nunits) * w
	if x.rowStride == w { // transposed: columns lie in one piece
		step := int(max(1, min(int64(hi-lo), 1<<20/n)))
		for i := lo; i < hi; i += step {
			k := min(step, hi-i)
			all := s.bytes(int(2 * int64(k) * n))
			rows, col := all[:int64(k)*n], all[int64(k)*n:][:int64(k)*w]
			for u := range int64(x.nunits) {
				if err := x.src.readAt(col, x.base+int64(i)*w+u*x.unitStride); err != nil {
					return err
				}
				for j := range int64(k) {
					copy(rows[j*n+u*w:][:w], col[j*w:][:w])
				}
			}
			for j := range k {
				f(i-lo+j, rows[int64(j)*n:int64(j+1)*n])
			}
		}
		return nil
	}
	b := s.bytes(int(n))
	for i := lo; i < hi; i++ {
		for u := range int64(x.nunits) {
			if err := x.src.readAt(b[u*w:(u+1)*w], x.base+int64(i)*x.rowStride+u*x.unitStride); err != nil {
				return err
			}
		}
		f(i-lo, b)
	}
	return nil
}

func collect(dst, src []byte, w, stride int64) []byte {
	for i, off := int64(0), int64(0); i < int64(len(dst)); i, off = i+w, off+stride {
		copy(dst[i:i+w], src[off:off+w])
	}
	return dst
}

func (x *fileMatrix) read(dst []float32, lo, hi int, s *scratch) error {
	d := x.storage.dtype
	return x.each(lo, hi, s, func(i int, b []byte) {
		d.decode(dst[i*x.nunits:(i+1)*x.nunits], b, s.stream)
	})
}

func (x *fileMatrix) read64(dst []float64, lo, hi int, s *scratch) error {
	d, w := x.storage.dtype, int(x.size())
	row := s.floats(x.nunits)
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
	if x.src.closed.Load() {
		return 0, ErrClosed
	}
	off := x.base + int64(row)*x.rowStride + int64(unit)*x.unitStride
	if x.src.mapped() {
		defer x.src.caught(x.src.guard(), &err)
		return x.storage.dtype.one(x.src.data[off:]), nil
	}
	var b [8]byte
	err = x.src.readAt(b[:x.size()], off)
	return x.storage.dtype.one(b[:]), err
}

// columns reads units of a mapped matrix element by element.
func (x *fileMatrix) columns(dst []float32, v *Layer) (err error) {
	if x.src.closed.Load() {
		return ErrClosed
	}
	defer x.src.caught(x.src.guard(), &err)
	rows, _ := v.Dims()
	d, w := x.storage.dtype, int(x.size())
	var one [1]float32
	// A few rows at a time, so that their cache lines serve all units.
	for lo := 0; lo < rows; lo += 64 {
		for i, u := range v.units {
			for r := lo; r < min(rows, lo+64); r++ {
				off := x.base + int64(v.row(r))*x.rowStride + int64(u)*x.unitStride
				d.decode(one[:], x.src.data[off:off+int64(w)], false)
				dst[i*rows+r] = one[0]
			}
		}
	}
	return x.src.whole()
}

func (x *fileMatrix) whole() error { return x.src.whole() }
