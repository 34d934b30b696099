package amap

import (
	"errors"
	"math"
	"slices"
	"strconv"
	"strings"

	"github.com/semamap/semamap/internal/safetensors"
)

// openSafetensors reads every matrix of a file, and the counts; see [Open].
func (m *Map) openSafetensors() error {
	names := byName{m: m}
	meta, err := safetensors.Read(m.src.readAt, m.src.size, names.addSafe)
	var se *safetensors.Error
	if errors.As(err, &se) {
		reason := [...]error{safetensors.Format: ErrFormat, safetensors.Truncated: ErrTruncated, safetensors.Limit: ErrLimit}[se.Kind]
		err = errAt(se.Off, reason, "%s", se.What)
	}
	if err != nil {
		return err
	}
	m.meta = meta
	if w, err := strconv.Atoi(m.meta["window"]); err == nil && w >= 0 && w < math.MaxInt32 {
		m.setPositions(w + min(w, 1))
	}
	return names.finish()
}

// addSafe takes a tensor into the map.
func (n *byName) addSafe(st *safetensors.Tensor) error {
	if st.Long || st.Rank != 2 && st.Rank != 3 && !special(st.Name) {
		return nil
	}
	t := &tensor{storage: &storage{src: n.m.src, off: st.Start}, size: slices.Clone(st.Shape), at: st.At}
	for k := Float16; int(k) < len(dtypes); k++ {
		if dtypes[k].safe == st.DType {
			t.dtype, t.numel = k, int64(st.Numel)
		}
	}
	t.stride = contiguous(t.size)
	return n.add(st.Name, t, st.DType)
}

// special tells whether a tensor of any rank may mean something by its name.
func special(name string) bool { return strings.Contains(name, "/") || name == rowIDs }

// contiguous returns the strides of rows one after another.
func contiguous(size []int64) []int64 {
	out := make([]int64, len(size))
	n := int64(1)
	for i := len(size) - 1; i >= 0; i-- {
		out[i] = n
		if size[i] > 1 && n <= math.MaxInt64/size[i] {
			n *= size[i]
		}
	}
	return out
}
