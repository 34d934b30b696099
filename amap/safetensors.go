package amap

import (
	"bytes"
	"encoding/binary"
	"encoding/json"
	"errors"
	"io"
	"math"
	"regexp"
	"strconv"
	"strings"
)

// Safetensors (https://github.com/huggingface/safetensors, "Format"): a uint64
// with the size of a header, a JSON object of tensors, then their bytes.

// maxSafeHeader bounds the header. The format allows 100 MB; a map needs about
// 100 bytes a tensor.
const maxSafeHeader = 2 << 20

type safeTensor struct {
	DType   string   `json:"dtype"`
	Shape   []int64  `json:"shape"`
	Offsets []uint64 `json:"data_offsets"`
}

var safeName = regexp.MustCompile(`^(.+)/(\d{1,9})$`)

// openSafetensors reads every matrix of a file, and the counts; see [Open].
func (m *Map) openSafetensors() error {
	var b [8]byte
	if err := m.src.readAt(b[:], 0); err != nil {
		return err
	}
	n := binary.LittleEndian.Uint64(b[:])
	if n > uint64(m.src.size-8) {
		return errAt(0, ErrTruncated, "header of %d bytes, %d left", n, m.src.size-8)
	}
	if n > maxSafeHeader {
		return errAt(0, ErrLimit, "header of %d bytes", n)
	}
	text := make([]byte, n)
	if err := m.src.readAt(text, 8); err != nil {
		return err
	}
	start := 8 + int64(n)
	m.after = m.src.size - start
	counts := Counts{}
	// Token by token, because the order and doubled names matter.
	dec := json.NewDecoder(bytes.NewReader(text))
	fail := func(err error) error {
		var fe *formatError
		if asFormat(err, &fe) {
			return err
		}
		if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
			err = errors.New("unexpected end")
		}
		return errAt(8+dec.InputOffset(), ErrFormat, "safetensors header: %v", err)
	}
	if t, err := dec.Token(); err != nil || t != json.Delim('{') {
		return errAt(8, ErrFormat, "safetensors header is no object")
	}
	seen := map[string]bool{}
	for dec.More() {
		key, err := dec.Token()
		if err != nil {
			return fail(err)
		}
		name, at := key.(string), 8+dec.InputOffset()
		if seen[name] {
			return errAt(at, ErrFormat, "tensor %q twice", name)
		}
		seen[name] = true
		if name == "__metadata__" {
			if err := dec.Decode(&m.meta); err != nil {
				return fail(err)
			}
			continue
		}
		var st safeTensor
		if err := dec.Decode(&st); err != nil {
			return fail(err)
		}
		if err := m.addSafe(name, st, at, start, counts); err != nil {
			return err
		}
	}
	if _, err := dec.Token(); err != nil {
		return fail(err)
	}
	if w, err := strconv.Atoi(m.meta["window"]); err == nil && w >= 0 && w < math.MaxInt32 {
		m.setPositions(w + min(w, 1))
	}
	if len(counts) > 0 && m.o.Counts == nil {
		m.o.Counts = counts
	}
	return nil
}

func (m *Map) addSafe(name string, st safeTensor, at, start int64, counts Counts) error {
	if len(st.Offsets) != 2 || st.Offsets[0] > st.Offsets[1] || st.Offsets[1] > uint64(m.src.size-start) {
		return errAt(at, ErrTruncated, "tensor %q: offsets %v of %d bytes", name, st.Offsets, m.src.size-start)
	}
	numel := int64(1)
	for _, d := range st.Shape {
		if d < 0 || d > 0 && numel > math.MaxInt64/16/d {
			return errAt(at, ErrFormat, "tensor %q: shape %v", name, st.Shape)
		}
		numel *= d
	}
	m.after = min(m.after, m.src.size-start-int64(st.Offsets[1]))
	var d DType
	for k := Float16; k <= int64s; k++ {
		if dtypes[k].safe == st.DType {
			d = k
		}
	}
	if d == 0 {
		return nil // such tensors are no part of a map
	}
	if bytes := st.Offsets[1] - st.Offsets[0]; uint64(numel*dtypes[d].size) != bytes {
		return errAt(at, ErrFormat, "tensor %q: shape %v of %s in %d bytes", name, st.Shape, d, bytes)
	}
	t := &tensor{
		storage: &storage{src: m.src, dtype: d, off: start + int64(st.Offsets[0]), numel: numel},
		size:    st.Shape, at: at,
	}
	if !d.float() {
		mode, ok := strings.CutPrefix(name, "counts/")
		if !ok || mode == "" || len(st.Shape) != 1 {
			return nil
		}
		t.stride = []int64{1}
		of, err := t.integers()
		counts[Mode(mode)] = of
		return err
	}
	mode, n := Mode(name), 0
	part := safeName.FindStringSubmatch(name)
	if part != nil {
		mode = Mode(part[1])
		n, _ = strconv.Atoi(part[2]) // as a number: layer 10 comes after 9
	}
	if len(st.Shape) != 2 {
		if part != nil {
			return errAt(at, ErrShape, "tensor %q: shape %v, want a matrix", name, st.Shape)
		}
		return nil
	}
	t.stride = []int64{st.Shape[1], 1}
	x, err := newFileMatrix(t, m.transposed(mode))
	if err != nil {
		return err
	}
	x.t = nil
	if m.find(mode, n) != nil {
		return errAt(at, ErrFormat, "%s layer %d twice", mode, n)
	}
	if len(m.layers[mode]) == maxLayers {
		return errAt(at, ErrLimit, "mode %q: more than %d layers", mode, maxLayers)
	}
	m.addLayer(mode, n, x)
	return nil
}
