package amap

import (
	"bufio"
	"context"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"strconv"

	"github.com/semamap/semamap/internal/npy"
	"github.com/semamap/semamap/internal/par"
	"github.com/semamap/semamap/internal/safetensors"
)

// batch is how many items CPython's pickler puts under one MARK.
const batch = 1000

// WriteSYSIF writes the map as SYSIF does: the pickle that pickle.dump makes from
// torch tensors at protocol 5. It is equal byte for byte except for the keys of
// the storages, which are memory addresses in torch and running numbers here. A
// layer of a pickle is written as it was read, with its strides and its whole
// storage; other layers are written row by row. A mode whose layers are in a dict
// in the file is written as a dict, and so is a filtered map, as SYSIF's
// filter_amap makes it: units × tokens, the last layer first. The token ids are
// not in such a file.
func (m *Map) WriteSYSIF(ctx context.Context, w io.Writer) error {
	return m.writeSYSIF(ctx, w, strconv.Itoa)
}

func (m *Map) writeSYSIF(ctx context.Context, w io.Writer, key func(i int) string) error {
	bw := bufio.NewWriterSize(w, 1<<16)
	p := newPickler(bw)
	p.save()
	p.op('}')
	p.forget()
	written := 0
	p.items(len(m.modes), 'u', 's', func(i int) error {
		mode := m.modes[i]
		p.str(string(mode))
		p.save()
		single, many := byte('a'), byte('e')
		layers, dict := m.layers[mode], m.byID[mode]
		if !dict && filtered(layers) {
			dict = true
			layers = slices.Clone(layers)
			slices.Reverse(layers)
		}
		if dict {
			single, many = 's', 'u'
			p.op('}')
		} else {
			p.op(']')
		}
		p.forget()
		return p.items(len(layers), many, single, func(i int) error {
			l := layers[i]
			if dict {
				p.int(int64(l.n))
			} else if l.n != i {
				return fmt.Errorf("amap: WriteSYSIF: %w: mode %s has no layer %d, which a list must have", ErrShape, mode, i)
			}
			if l.err != nil {
				return l.err
			}
			id, t := l.torch(ctx, dict)
			p.tensor(id, t, func() string {
				written++
				return key(written - 1)
			})
			return p.err
		})
	})
	if err := p.stop(); err != nil {
		return err
	}
	return bw.Flush()
}

// tokenIDs is Layer.TokenIDs of all layers, which must have the same.
func (m *Map) tokenIDs() (ids []int32, known bool, err error) {
	known = true
	first := true
	for _, mode := range m.modes {
		for _, l := range m.layers[mode] {
			if l.err != nil {
				return nil, false, l.err
			}
			of, ok := l.TokenIDs()
			if known = known && ok; first {
				ids, first = of, false
			}
			if !slices.Equal(ids, of) {
				return nil, false, fmt.Errorf("amap: %w: %s layer %d has other tokens than the layers before", ErrShape, mode, l.n)
			}
		}
	}
	return ids, known, nil
}

// filtered tells whether the rows of layers are some tokens, by their ids.
func filtered(layers []*Layer) bool {
	for _, l := range layers {
		if l.err != nil {
			continue
		}
		if ids, known := l.TokenIDs(); known && ids != nil {
			return true
		}
	}
	return false
}

// items writes the items of a list or dict: one by itself, more in batches.
func (p *pickler) items(n int, many, single byte, item func(i int) error) error {
	for lo := 0; lo < n && p.err == nil; lo += batch {
		hi := min(n, lo+batch)
		if n > 1 {
			p.op('(')
		}
		for i := lo; i < hi && p.err == nil; i++ {
			if err := item(i); err != nil && p.err == nil {
				p.err = err
			}
		}
		if n > 1 {
			p.op(many)
		} else {
			p.op(single)
		}
	}
	return p.err
}

// torch describes the layer as a tensor to be pickled.
func (l *Layer) torch(ctx context.Context, transposed bool) (id any, t torchTensor) {
	if x, ok := l.x.(*fileMatrix); ok && x.t != nil && l.rows == nil && l.units == nil {
		t := x.t
		return t, torchTensor{
			dtype: t.dtype, offset: t.offset, size: t.size, stride: t.stride, numel: t.numel,
			data: func(w io.Writer) error { return t.storage.copyTo(ctx, w) },
		}
	}
	rows, units := l.Dims()
	r, u := int64(rows), int64(units)
	t = torchTensor{
		dtype: l.DType(), size: []int64{r, u}, stride: []int64{max(u, 1), 1}, numel: r * u,
		data: func(w io.Writer) error { return l.encode(ctx, w, l.DType()) },
	}
	if transposed {
		t.size, t.stride = []int64{u, r}, []int64{1, max(u, 1)}
	}
	return l, t
}

// copyTo copies the numbers as they are.
func (s *storage) copyTo(ctx context.Context, w io.Writer) error {
	buf := make([]byte, 1<<20)
	off, end := s.off, s.off+s.numel*dtypes[s.dtype].size
	for off < end {
		if err := ctx.Err(); err != nil {
			return err
		}
		b := buf[:min(int64(len(buf)), end-off)]
		if err := s.src.readAt(b, off); err != nil {
			return err
		}
		if _, err := w.Write(b); err != nil {
			return err
		}
		off += int64(len(b))
	}
	return nil
}

// encode writes the layer's numbers row by row. Blocks are computed in parallel
// and written in order.
func (l *Layer) encode(ctx context.Context, w io.Writer, d DType) error {
	rows, units := l.Dims()
	size := max(1, 1<<17/max(units, 1))
	at := 2 * par.Workers(0)
	bufs := make([][]byte, at)
	for lo := 0; lo < rows; lo += at * size {
		hi := min(rows, lo+at*size)
		err := l.pass(ctx, hi-lo, size, true, func(b, from, to int, s *scratch) (err error) {
			bufs[b], err = l.encodeRows(bufs[b][:0], lo+from, lo+to, d, s)
			return err
		})
		for b := range par.NumBlocks(hi-lo, size) {
			if err == nil {
				_, err = w.Write(bufs[b])
			}
		}
		if err != nil {
			return err
		}
	}
	return nil
}

func (l *Layer) encodeRows(dst []byte, lo, hi int, d DType, s *scratch) ([]byte, error) {
	if x, ok := l.x.(*fileMatrix); ok && d == l.DType() && l.units == nil {
		for i := lo; i < hi; i++ {
			r := l.row(i)
			if err := x.each(r, r+1, s, func(_ int, b []byte) { dst = append(dst, b...) }); err != nil {
				return dst, err
			}
		}
		return dst, nil
	}
	_, units := l.Dims()
	row := make([]float64, units)
	for i := lo; i < hi; i++ {
		if err := l.read64(row, i, i+1, s); err != nil {
			return dst, err
		}
		for _, v := range row {
			dst = d.appendOne(dst, v)
		}
	}
	return dst, nil
}

// Write writes token counts as SYSIF does: as int32 tensors, or int64 if a count
// needs it.
func (c Counts) Write(w io.Writer) error { return c.write(w, strconv.Itoa) }

func (c Counts) write(w io.Writer, key func(i int) string) error {
	bw := bufio.NewWriterSize(w, 1<<16)
	p := newPickler(bw)
	p.save()
	p.op('}')
	p.forget()
	modes := c.modes()
	p.items(len(modes), 'u', 's', func(i int) error {
		p.str(string(modes[i]))
		d, b := c.encode(modes[i])
		n := int64(len(c[modes[i]]))
		p.tensor(&modes[i], torchTensor{
			dtype: d, size: []int64{n}, stride: []int64{1}, numel: n,
			data: func(w io.Writer) error {
				_, err := w.Write(b)
				return err
			},
		}, func() string { return key(i) })
		return p.err
	})
	if err := p.stop(); err != nil {
		return err
	}
	return bw.Flush()
}

// content is what the metadata of a safetensors file say about it.
const content = "activation map"

// filteredRows is what they say in rows if the token ids of the rows are not known.
const filteredRows = "some tokens"

// WriteSafetensors writes the map as a safetensors file: a tensor mode/layer of
// tokens × units for each layer, the counts of each mode as counts/mode, and the
// window as metadata if positions are known. Of a filtered map it writes the token
// ids of the rows instead, as token_ids, which [Open] takes over.
func (m *Map) WriteSafetensors(ctx context.Context, w io.Writer) error {
	ids, known, err := m.tokenIDs()
	if err != nil {
		return err
	}
	header := []byte(`{"__metadata__":`)
	meta := map[string]string{"format": "pt", "content": content}
	if !known {
		meta["rows"] = filteredRows
	}
	if n, ok := m.Positions(); ok && known && ids == nil {
		meta["window"] = strconv.Itoa(max(n-1, 0))
	}
	js, err := json.Marshal(meta) // sorted by key
	if err != nil {
		return err
	}
	header = append(header, js...)
	off := uint64(0)
	add := func(name string, d DType, shape ...int64) error {
		n := uint64(dtypes[d].size)
		for _, k := range shape {
			n *= uint64(k)
		}
		e := safetensors.Entry{DType: dtypes[d].safe, Shape: shape, Offsets: [2]uint64{off, off + n}}
		off += n
		key, err := json.Marshal(name)
		if err != nil {
			return err
		}
		js, err := json.Marshal(e)
		header = append(append(append(append(header, ','), key...), ':'), js...)
		return err
	}
	var layers []*Layer
	for _, mode := range m.modes {
		for _, n := range m.Layers(mode) {
			l, err := m.Layer(mode, n)
			if err != nil {
				return err
			}
			rows, units := l.Dims()
			if err := add(fmt.Sprintf("%s/%d", mode, n), l.DType(), int64(rows), int64(units)); err != nil {
				return err
			}
			layers = append(layers, l)
		}
	}
	var counts []byte
	for _, mode := range m.o.Counts.modes() {
		d, b := m.o.Counts.encode(mode)
		if err := add("counts/"+string(mode), d, int64(len(m.o.Counts[mode]))); err != nil {
			return err
		}
		counts = append(counts, b...)
	}
	if ids != nil {
		if err := add(rowIDs, int32s, int64(len(ids))); err != nil {
			return err
		}
		for _, id := range ids {
			counts = binary.LittleEndian.AppendUint32(counts, uint32(id))
		}
	}
	header = append(header, '}')
	for len(header)%8 != 0 {
		header = append(header, ' ')
	}
	bw := bufio.NewWriterSize(w, 1<<16)
	bw.Write(binary.LittleEndian.AppendUint64(nil, uint64(len(header))))
	bw.Write(header)
	for _, l := range layers {
		if err := l.encode(ctx, bw, l.DType()); err != nil {
			return err
		}
	}
	bw.Write(counts)
	return bw.Flush()
}

// WriteNPY writes the layer as a .npy matrix of tokens × units in its number type.
// bfloat16, which NumPy lacks, is written as float32.
func (l *Layer) WriteNPY(ctx context.Context, w io.Writer) error {
	d := l.DType()
	if d == BFloat16 {
		d = Float32
	}
	rows, units := l.Dims()
	bw := bufio.NewWriterSize(w, 1<<16)
	bw.Write(npy.AppendHeader(nil, dtypes[d].npy, []int{rows, units}))
	if err := l.encode(ctx, bw, d); err != nil {
		return err
	}
	return bw.Flush()
}
