// Package safetensors reads the header of safetensors files
// (https://github.com/huggingface/safetensors, "Format"): a uint64 with the size of
// a header, a JSON object of tensors, then their bytes. It refuses what the
// reference implementation refuses.
package safetensors

import (
	"cmp"
	"encoding/binary"
	"fmt"
	"math"
	"math/bits"
	"slices"
)

// MaxHeader is the largest header that the format allows.
const MaxHeader = 100_000_000

// A Kind says what is wrong with a header.
type Kind int

const (
	Format    Kind = iota // the bytes do not follow the format
	Truncated             // the file ends before its data
	Limit                 // it needs more than the format allows
)

// An Error says at which byte of a file reading its header failed.
type Error struct {
	Off  int64
	What string
	Kind Kind
}

func (e *Error) Error() string { return fmt.Sprintf("offset %d: %s", e.Off, e.What) }

func errAt(off int64, kind Kind, format string, args ...any) error {
	return &Error{off, fmt.Sprintf(format, args...), kind}
}

// An Entry is what the header holds for a tensor.
type Entry struct {
	DType   string    `json:"dtype"`
	Shape   []int64   `json:"shape"` // at most MaxRank sides
	Offsets [2]uint64 `json:"data_offsets"`
}

// A Tensor is an entry with its name.
type Tensor struct {
	Entry
	Name  string
	Long  bool   // Name is only the beginning of the name
	At    int64  // of the name in the file
	Rank  int    // number of sides
	Numel uint64 // product of the sides
	Start int64  // of the data in the file
}

// MaxRank is how many sides of a tensor are kept.
const MaxRank = 8

// bitsOf are the number types of safetensors 0.8 and their sizes.
var bitsOf = map[string]uint64{
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

// Read reads the header of a file of size bytes through readAt and calls add for
// each tensor, in the order of the header; t is valid during the call. Every entry
// is checked by itself before add gets it, and all of them together in the end: no
// name may be there twice, and the tensors must fill the data. An error about the
// header is an [*Error]; those of readAt and add are passed on.
func Read(readAt func(b []byte, off int64) error, size int64, add func(t *Tensor) error) (meta map[string]string, err error) {
	var b [8]byte
	if err := readAt(b[:], 0); err != nil {
		return nil, err
	}
	n := binary.LittleEndian.Uint64(b[:])
	if n > uint64(size-8) {
		return nil, errAt(0, Truncated, "header of %d bytes, %d left", n, size-8)
	}
	if n > MaxHeader {
		return nil, errAt(0, Limit, "header of %d bytes; the format allows %d", n, MaxHeader)
	}
	start := 8 + int64(n)
	h := &scanner{readAt: readAt, winAt: 8, end: start}
	var spans []span
	metadata := false
	t := new(Tensor)
	h.object(func(name text) {
		if name.s == metadataKey {
			if metadata {
				h.fail(name.at, Format, "safetensors header: %s twice", metadataKey)
			}
			metadata = true
			meta = h.metadata()
			return
		}
		*t = h.tensor(name)
		if h.err != nil {
			return
		}
		if err := t.check(uint64(size - start)); err != nil {
			h.err = err
			return
		}
		if len(spans) == cap(spans) {
			spans = slices.Grow(spans, max(len(spans), 64))
		}
		spans = append(spans, span{t.Offsets[0], t.Offsets[1], name.hash, uint32(name.at - 8)})
		t.Start = start + int64(t.Offsets[0])
		h.err = add(t)
	})
	if c := h.space(); h.err == nil && c != endOfText {
		h.fail(h.pos(), Format, "safetensors header: %q after its end", rune(c))
	}
	if h.err != nil {
		return nil, h.err
	}
	return meta, checkSpans(readAt, spans, start, size)
}

const metadataKey = "__metadata__"

// checkSpans checks that no name is there twice and that the tensors fill the
// data, without holes, overlaps and bytes that are left.
func checkSpans(readAt func([]byte, int64) error, spans []span, start, size int64) error {
	fail := func(s span, format string, args ...any) error {
		h := &scanner{readAt: readAt, winAt: 8 + int64(s.at), end: start}
		return errAt(h.pos(), Format, "tensor %q: %s", h.str(maxName).s, fmt.Sprintf(format, args...))
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
	if data := uint64(size - start); end != data {
		return errAt(start+int64(end), Format, "%d bytes after the last tensor", data-end)
	}
	return nil
}

// check checks an entry by itself, against the bytes of data in the file.
func (t *Tensor) check(data uint64) error {
	width, ok := bitsOf[t.DType]
	if !ok {
		return errAt(t.At, Format, "tensor %q: no type of safetensors is called %q", t.Name, t.DType)
	}
	if t.Offsets[0] > t.Offsets[1] || t.Offsets[1] > data {
		return errAt(t.At, Truncated, "tensor %q: offsets %d of %d bytes", t.Name, t.Offsets, data)
	}
	hi, size := bits.Mul64(t.Numel, width)
	if have := t.Offsets[1] - t.Offsets[0]; hi != 0 || size%8 != 0 || size/8 != have {
		return errAt(t.At, Format, "tensor %q: shape %v of %s in %d bytes", t.Name, t.Shape, t.DType, have)
	}
	return nil
}

// tensor reads the entry of a tensor.
func (h *scanner) tensor(name text) Tensor {
	t := Tensor{Name: name.s, Long: name.long, At: name.at}
	var dtype, shape, offsets int
	h.object(func(key text) {
		switch key.s {
		case "dtype":
			dtype++
			t.DType = h.str(maxType).s
		case "shape":
			shape++
			t.Numel = 1
			h.array(func(i int) {
				v := h.uint()
				hi, lo := bits.Mul64(t.Numel, v)
				if t.Numel = lo; hi != 0 {
					h.fail(h.pos(), Format, "tensor %q: the product of its shape is too large", name.s)
				}
				if t.Rank++; t.Rank <= MaxRank {
					t.Shape = append(t.Shape, int64(min(v, math.MaxInt64)))
				}
			})
		case "data_offsets":
			offsets++
			n := 0
			h.array(func(i int) {
				v := h.uint()
				if n++; i < 2 {
					t.Offsets[i] = v
				}
			})
			if n != 2 {
				h.fail(h.pos(), Format, "tensor %q: %d data_offsets", name.s, n)
			}
		default:
			h.skip(0)
		}
	})
	if dtype != 1 || shape != 1 || offsets != 1 {
		h.fail(t.At, Format, "tensor %q: dtype, shape and data_offsets must be there once each, in these letters", name.s)
	}
	return t
}

// Limits of what is kept of the texts of a header; longer ones are passed over.
const (
	maxName     = 1 << 16
	maxType     = 100
	maxMetadata = 1 << 20 // a value
	allMetadata = 8 << 20 // all of them
)

// metadata reads an object of texts, or null.
func (h *scanner) metadata() map[string]string {
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
