package amap

import (
	"cmp"
	"encoding/binary"
	"fmt"
	"math"
	"math/bits"
	"slices"
	"strconv"
	"strings"
)

// Safetensors (https://github.com/huggingface/safetensors, "Format"): a uint64
// with the size of a header, a JSON object of tensors, then their bytes. What the
// reference implementation refuses is refused here: see TestSafetensorsReference.

// maxSafeHeader is the largest header that the format allows.
const maxSafeHeader = 100_000_000

// A safeTensor is an entry of the header.
type safeTensor struct {
	DType   string    `json:"dtype"`
	Shape   []int64   `json:"shape"`
	Offsets [2]uint64 `json:"data_offsets"`

	rank  int    // Shape has at most maxRank entries
	numel uint64 // product of the shape
}

// maxRank is how many sides of a tensor are kept.
const maxRank = 8

// safeBits are the number types of safetensors 0.8 and their sizes.
var safeBits = map[string]uint64{
	"BOOL": 8, "F4": 4, "F6_E2M3": 6, "F6_E3M2": 6, "U8": 8, "I8": 8,
	"F8_E5M2": 8, "F8_E4M3": 8, "F8_E8M0": 8, "F8_E4M3FNUZ": 8, "F8_E5M2FNUZ": 8,
	"I16": 16, "U16": 16, "F16": 16, "BF16": 16, "I32": 32, "U32": 32, "F32": 32,
	"C64": 64, "F64": 64, "I64": 64, "U64": 64,
}

// A span is where the data of a tensor lie, and its entry in the header.
type span struct {
	lo, hi uint64
	name   uint64 // hash of the name
	at     uint32 // of the name, after the first 8 bytes of the file
}

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
		return errAt(0, ErrLimit, "header of %d bytes; the format allows %d", n, maxSafeHeader)
	}
	start := 8 + int64(n)
	h := &jsonScanner{src: m.src, winAt: 8, end: start}
	names := byName{m: m}
	var spans []span
	metadata := false
	h.object(func(name text) {
		if name.s == metadataKey {
			if metadata {
				h.fail(name.at, ErrFormat, "safetensors header: %s twice", metadataKey)
			}
			metadata = true
			m.meta = h.metadata()
			return
		}
		st := h.safeTensor(name)
		if h.err != nil {
			return
		}
		if err := st.check(name, uint64(m.src.size-start)); err != nil {
			h.err = err
			return
		}
		if len(spans) == cap(spans) {
			spans = slices.Grow(spans, max(len(spans), 64))
		}
		spans = append(spans, span{st.Offsets[0], st.Offsets[1], name.hash, uint32(name.at - 8)})
		h.err = names.addSafe(name, st, start)
	})
	if c := h.space(); h.err == nil && c != endOfText {
		h.fail(h.pos(), ErrFormat, "safetensors header: %q after its end", rune(c))
	}
	if h.err != nil {
		return h.err
	}
	if err := m.checkSpans(spans, start); err != nil {
		return err
	}
	if w, err := strconv.Atoi(m.meta["window"]); err == nil && w >= 0 && w < math.MaxInt32 {
		m.setPositions(w + min(w, 1))
	}
	return names.finish()
}

const metadataKey = "__metadata__"

// checkSpans checks that no name is there twice and that the tensors fill the
// data, without holes, overlaps and bytes that are left.
func (m *Map) checkSpans(spans []span, start int64) error {
	fail := func(s span, format string, args ...any) error {
		h := &jsonScanner{src: m.src, winAt: 8 + int64(s.at), end: start}
		return errAt(h.pos(), ErrFormat, "tensor %q: %s", h.str(maxName).s, fmt.Sprintf(format, args...))
	}
	slices.SortFunc(spans, func(a, b span) int { return cmp.Or(cmp.Compare(a.name, b.name), cmp.Compare(a.at, b.at)) })
	for i := 1; i < len(spans); i++ {
		if spans[i].name == spans[i-1].name {
			return fail(spans[i], "it is there twice")
		}
	}
	slices.SortFunc(spans, func(a, b span) int { return cmp.Or(cmp.Compare(a.lo, b.lo), cmp.Compare(a.hi, b.hi)) })
	end := uint64(0)
	for _, s := range spans {
		if s.lo < end {
			return fail(s, "bytes %d to %d of the data overlap another tensor, which ends at %d", s.lo, s.hi, end)
		}
		if s.lo > end {
			return fail(s, "bytes %d to %d of the data leave a hole: the tensor before ends at %d", s.lo, s.hi, end)
		}
		end = s.hi
	}
	if data := uint64(m.src.size - start); end != data {
		return errAt(start+int64(end), ErrFormat, "%d bytes after the last tensor", data-end)
	}
	return nil
}

// check checks an entry by itself, against the bytes of data in the file.
func (st *safeTensor) check(name text, data uint64) error {
	width, ok := safeBits[st.DType]
	if !ok {
		return errAt(name.at, ErrFormat, "tensor %q: no type of safetensors is called %q", name.s, st.DType)
	}
	if st.Offsets[0] > st.Offsets[1] || st.Offsets[1] > data {
		return errAt(name.at, ErrTruncated, "tensor %q: offsets %d of %d bytes", name.s, st.Offsets, data)
	}
	hi, size := bits.Mul64(st.numel, width)
	if have := st.Offsets[1] - st.Offsets[0]; hi != 0 || size%8 != 0 || size/8 != have {
		return errAt(name.at, ErrFormat, "tensor %q: shape %v of %s in %d bytes", name.s, st.Shape, st.DType, have)
	}
	return nil
}

// addSafe takes a tensor into the map.
func (n *byName) addSafe(name text, st safeTensor, start int64) error {
	if name.long || st.rank != 2 && st.rank != 3 && !special(name.s) {
		return nil
	}
	t := &tensor{storage: &storage{src: n.m.src, off: start + int64(st.Offsets[0])}, size: slices.Clone(st.Shape), at: name.at}
	for k := Float16; int(k) < len(dtypes); k++ {
		if dtypes[k].safe == st.DType {
			t.dtype, t.numel = k, int64(st.numel)
		}
	}
	t.stride = contiguous(t.size)
	return n.add(name.s, t, st.DType)
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

// safeTensor reads the entry of a tensor.
func (h *jsonScanner) safeTensor(name text) (st safeTensor) {
	var dtype, shape, offsets int
	h.object(func(key text) {
		switch key.s {
		case "dtype":
			dtype++
			st.DType = h.str(maxText).s
		case "shape":
			shape++
			st.numel = 1
			h.array(func(i int) {
				v := h.uint()
				hi, lo := bits.Mul64(st.numel, v)
				if st.numel = lo; hi != 0 {
					h.fail(h.pos(), ErrFormat, "tensor %q: the product of its shape is too large", name.s)
				}
				if st.rank++; st.rank <= maxRank {
					st.Shape = append(st.Shape, int64(min(v, math.MaxInt64)))
				}
			})
		case "data_offsets":
			offsets++
			n := 0
			h.array(func(i int) {
				v := h.uint()
				if n++; i < 2 {
					st.Offsets[i] = v
				}
			})
			if n != 2 {
				h.fail(h.pos(), ErrFormat, "tensor %q: %d data_offsets", name.s, n)
			}
		default:
			h.skip(0)
		}
	})
	if dtype != 1 || shape != 1 || offsets != 1 {
		h.fail(name.at, ErrFormat, "tensor %q: dtype, shape and data_offsets must be there once each, in these letters", name.s)
	}
	return st
}

// Limits of what is kept of the texts of a header; longer ones are passed over.
const (
	maxName     = 1 << 16
	maxMetadata = 1 << 20 // a value
	allMetadata = 8 << 20 // all of them
)

// metadata reads an object of texts, or null.
func (h *jsonScanner) metadata() map[string]string {
	if h.space() == 'n' {
		h.skip(0)
		return nil
	}
	out, kept := map[string]string{}, 0
	h.object(func(key text) {
		v := h.str(maxMetadata)
		if kept += len(key.s) + len(v.s); kept <= allMetadata && !key.long && !v.long {
			out[key.s] = v.s
		}
	})
	return out
}
