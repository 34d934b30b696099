package amap

import (
	"archive/zip"
	"bufio"
	"errors"
	"fmt"
	"io"
	"regexp"
	"strconv"
	"strings"

	"github.com/semamap/semamap/internal/npy"
)

// openNPY reads NumPy's .npy format: a matrix, or layers × tokens × units.
func (m *Map) openNPY() error {
	h, err := npy.ReadHeader(bufio.NewReaderSize(io.NewSectionReader(m.src.r, 0, m.src.size), 512))
	if err != nil {
		return npyError(0, err)
	}
	t, err := npyTensor(m.src, &h, 0, m.src.size)
	if err != nil {
		return err
	}
	if !t.dtype.float() || len(t.size) != 2 && len(t.size) != 3 {
		return errAt(10, ErrUnsupported, "array of shape %v and type %s, want a matrix of floating-point numbers; convert the array: numpy.save(file, a.astype(\"float32\"))", h.Shape, h.Type())
	}
	m.after = m.src.size - t.off - t.numel*dtypes[t.dtype].size
	all := []*tensor{t}
	if len(t.size) == 3 {
		if all, err = t.split(); err != nil {
			return err
		}
	}
	for n, t := range all {
		x, err := newFileMatrix(t, m.transposed(Input))
		if err != nil {
			return err
		}
		x.t = nil
		m.addLayer(Input, n, x)
	}
	return nil
}

// npyError is an error of package npy about what begins at off.
func npyError(off int64, err error) error {
	what := strings.TrimPrefix(err.Error(), npy.ErrFormat.Error()+": ")
	switch {
	case errors.Is(err, io.ErrUnexpectedEOF):
		return errAt(off, ErrTruncated, "%s", what)
	case errors.Is(err, npy.ErrType):
		return errAt(off, ErrUnsupported, "%s; convert the array: numpy.save(file, a.astype(\"float32\"))", what)
	}
	return errAt(off, ErrFormat, "%s", what)
}

// npyTensor is the array of a .npy file that lies in src from off to end. Its
// type is 0 if this package does not know it.
func npyTensor(src *source, h *npy.Header, off, end int64) (*tensor, error) {
	st := &storage{src: src, off: off + h.Offset, numel: int64(h.Len()), big: h.Big}
	for d := Float16; int(d) < len(dtypes); d++ {
		if dtypes[d].name == h.Type() {
			st.dtype = d
		}
	}
	if st.numel > (end-st.off)/int64(h.Size) {
		return nil, errAt(st.off, ErrTruncated, "array of shape %v, %d bytes left", h.Shape, end-st.off)
	}
	t := &tensor{storage: st, at: st.off}
	for _, n := range h.Shape {
		t.size = append(t.size, int64(n))
	}
	t.stride = contiguous(t.size)
	if h.Fortran {
		n := int64(1)
		for i, k := range t.size {
			t.stride[i] = n
			n *= max(k, 1)
		}
	}
	return t, nil
}

// positional is the name that numpy.savez gives an array without one.
var positional = regexp.MustCompile(`^arr_(\d{1,9})$`)

// openNPZ reads an archive of numpy.savez or numpy.savez_compressed.
func (m *Map) openNPZ(a *archive) error {
	a.at.limit()
	arrays, err := npy.Arrays(a.at, m.src.size)
	if err != nil {
		return zipError(0, "a .npz file", err)
	}
	a.at.free()
	names := byName{m: m}
	seen := map[string]bool{}
	left := a.inflatable()
	for _, e := range arrays {
		off, end, err := a.place(e.File)
		if err != nil {
			return err
		}
		name := e.Name
		if seen[name] {
			return errAt(off, ErrFormat, "array %q twice", name)
		}
		seen[name] = true
		if part := positional.FindStringSubmatch(name); part != nil {
			n, _ := strconv.Atoi(part[1])
			name = fmt.Sprintf("%s/%d", Input, n)
		}
		t, typ, err := a.array(e, off, end, &left)
		if err == nil {
			err = names.add(name, t, typ)
		} else if mode, n, ok := layerOf(name); ok {
			err = names.put(mode, n, nil, err)
		} else {
			err = nil // other arrays do not make a map unreadable
		}
		if err != nil {
			return err
		}
	}
	if err := names.finish(); err != nil {
		return err
	}
	if len(m.modes) == 0 {
		return errAt(0, ErrUnsupported, "a .npz file without a matrix of floating-point numbers; its arrays are %.200q; write the layers as floating-point arrays called mode/layer, such as input/0", keys(arrays))
	}
	return nil
}

func keys(arrays []*npy.Array) (out []string) {
	for _, e := range arrays[:min(len(arrays), 20)] {
		out = append(out, e.Name)
	}
	return out
}

// array finds an array that lies in the file from off to end. left is how many
// bytes may still be decoded.
func (a *archive) array(e *npy.Array, off, end int64, left *int64) (t *tensor, typ string, err error) {
	if e.Err != nil {
		return nil, "", npyError(off, e.Err)
	}
	if e.File.Method == zip.Store {
		t, err = npyTensor(a.src, &e.Header, off, end)
		return t, e.Header.Type(), err
	}
	// Deflate makes a thousandth of nothing, and not less.
	n, packed := e.File.UncompressedSize64, e.File.CompressedSize64
	if n/1100 > packed {
		return nil, "", errAt(off, ErrFormat, "array %q: %d bytes packed in %d", e.Name, n, packed)
	}
	if n > uint64(*left) {
		return nil, "", errAt(off, ErrLimit, "array %q: %d bytes must be unpacked into memory, and %d are allowed; write it with numpy.savez, which does not compress", e.Name, n, *left)
	}
	*left -= int64(n)
	src := &source{r: &inflated{f: e.File, file: a.src.file}, size: int64(n), file: a.src.file, within: a.src}
	t, err = npyTensor(src, &e.Header, 0, src.size)
	return t, e.Header.Type(), err
}
