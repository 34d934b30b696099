package amap

import (
	"bufio"
	"errors"
	"io"

	"github.com/semamap/semamap/internal/npy"
)

// openNPY reads NumPy's .npy format. The matrix becomes layer 0 of mode input.
func (m *Map) openNPY() error {
	h, err := npy.ReadHeader(bufio.NewReaderSize(io.NewSectionReader(m.src.r, 0, m.src.size), 512))
	if err != nil {
		reason := ErrFormat
		if errors.Is(err, io.ErrUnexpectedEOF) {
			reason = ErrTruncated
		}
		return errAt(0, reason, "%v", err)
	}
	var d DType
	switch {
	case h.Kind == 'f' && h.Size == 2:
		d = Float16
	case h.Kind == 'f' && h.Size == 4:
		d = Float32
	case h.Kind == 'f' && h.Size == 8:
		d = Float64
	}
	if d == 0 || h.Big || len(h.Shape) != 2 {
		return errAt(10, ErrUnsupported, "array of shape %v and type %c%d, want a matrix of floating-point numbers", h.Shape, h.Kind, h.Size)
	}
	rows, cols := int64(h.Shape[0]), int64(h.Shape[1])
	st := &storage{src: m.src, dtype: d, off: h.Offset, numel: rows * cols}
	if st.numel > (m.src.size-h.Offset)/dtypes[d].size {
		return errAt(h.Offset, ErrTruncated, "array of shape %v, %d bytes left", h.Shape, m.src.size-h.Offset)
	}
	t := &tensor{storage: st, size: []int64{rows, cols}, stride: []int64{cols, 1}, at: h.Offset}
	if h.Fortran {
		t.stride = []int64{1, rows}
	}
	m.after = m.src.size - h.Offset - st.numel*dtypes[d].size
	x, err := newFileMatrix(t, m.transposed(Input))
	if err != nil {
		return err
	}
	x.t = nil
	m.addLayer(Input, 0, x)
	return nil
}
