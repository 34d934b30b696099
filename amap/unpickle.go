package amap

import (
	"bytes"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/nlpodyssey/gopickle/pickle"
	"github.com/nlpodyssey/gopickle/types"
)

// The pickle machine is gopickle's. It gets programs from the lexer only, and
// every global it may call is one of the functions of this file, so nothing in
// a file is ever executed. Tensor data never pass through it.

// A storage is a run of numbers in a file, torch's typed storage.
type storage struct {
	src   *source
	dtype DType
	off   int64 // of the first number in src
	numel int64
	big   bool // the most significant byte comes first
}

// A tensor is a strided view of a storage. All entries are checked: sizes,
// strides and offset are not negative and every element lies in the storage.
type tensor struct {
	*storage
	offset       int64 // in numbers
	size, stride []int64
	at           int64 // where the file builds it
}

// globalName is a global that is not called.
type globalName string

// run executes a program. call answers for the globals; without it they are
// just names. persistent answers for persistent ids that are not the lexer's.
func (p *program) run(call func(global string, args []any) (any, error), persistent func(id any) (any, error)) (v any, err error) {
	r := bytes.NewReader(p.code)
	at := func() int64 { return p.at(len(p.code) - r.Len()) }
	defer func() {
		if e := recover(); e != nil {
			v, err = nil, errAt(at(), ErrFormat, "pickle machine: %.200s", fmt.Sprint(e))
		}
	}()
	u := pickle.NewUnpickler(r)
	u.FindClass = func(_, name string) (any, error) {
		if module, class, _ := strings.Cut(name, " "); call == nil || isType(module, class) {
			return globalName(name), nil
		}
		return callable(func(args ...any) (any, error) {
			v, err := call(name, args)
			var fe *formatError
			if err != nil && !asFormat(err, &fe) {
				err = errAt(at(), ErrFormat, "%s: %v", name, err)
			} else if fe != nil && fe.off < 0 {
				fe.off = at()
			}
			if t, ok := v.(*tensor); ok && t.at == 0 {
				t.at = at()
			}
			return v, err
		}), nil
	}
	u.PersistentLoad = func(id any) (any, error) {
		if i, ok := id.(int); ok && i >= 0 && i < len(p.table) {
			return p.table[i], nil
		}
		// The lexer puts those of the file into a tuple, so none can be taken for
		// one of the table.
		if t, ok := id.(*types.Tuple); ok && t.Len() == 1 && persistent != nil {
			v, err := persistent(t.Get(0))
			var fe *formatError
			if err != nil && asFormat(err, &fe) && fe.off < 0 {
				fe.off = at()
			}
			return v, err
		}
		return nil, fmt.Errorf("persistent id")
	}
	v, err = u.Load()
	var fe *formatError
	if err != nil && !asFormat(err, &fe) {
		err = errAt(at(), ErrFormat, "pickle machine: %.200s", err.Error())
	} else if fe != nil && fe.off < 0 {
		fe.off = at()
	}
	return v, err
}

func asFormat(err error, fe **formatError) bool {
	e, ok := err.(*formatError)
	if ok {
		*fe = e
	}
	return ok
}

// callable satisfies the machine's interface for functions.
type callable func(args ...any) (any, error)

func (c callable) Call(args ...any) (any, error) { return c(args...) }

// bad is an error whose place is filled in by run.
func bad(reason error, format string, args ...any) error {
	return errAt(-1, reason, format, args...)
}

// textLimit bounds the bytes of tensors written as text, which must be decoded
// into memory.
const textLimit = 1 << 30

// An unpickler reads the outer pickle of one file.
type unpickler struct {
	src      *source
	text     int64 // bytes of protocol 0 to 2 payloads that may still be decoded
	storages map[*payload]*storage
}

// unpickle reads the pickle at the start of the file.
func unpickle(src *source) (any, *program, error) {
	p, err := lex(src, 0, src.size, plain)
	if err != nil {
		return nil, nil, err
	}
	v, err := p.run(newUnpickler(src).call, nil)
	return v, p, err
}

func newUnpickler(src *source) *unpickler {
	return &unpickler{src: src, text: textLimit, storages: map[*payload]*storage{}}
}

// attributed is an OrderedDict, which may have attributes: torch's state dicts do.
type attributed struct{ types.Dict }

// PySetState passes over the attributes.
func (*attributed) PySetState(any) error { return nil }

func (u *unpickler) call(global string, args []any) (any, error) {
	_, name, _ := strings.Cut(global, " ")
	switch name {
	case "OrderedDict":
		if len(args) != 0 {
			return nil, bad(ErrUnsupported, "OrderedDict with arguments")
		}
		return new(attributed), nil
	case "defaultdict": // its function makes values of missing keys only
		if len(args) > 1 {
			return nil, bad(ErrUnsupported, "defaultdict with arguments")
		}
		return types.NewDict(), nil
	case "encode":
		return encode(args)
	case "dtype":
		return newDType(args)
	case "_frombuffer":
		return u.frombuffer(args)
	case "_reconstruct":
		return &ndarray{u: u}, nil
	case "scalar":
		return u.scalar(args)
	case "_rebuild_device_tensor_from_numpy", "_rebuild_device_tensor_from_cpu_tensor", "_rebuild_xla_tensor":
		// (array, type, device, requires_grad): a tensor from an mps device.
		if len(args) == 4 {
			if a, ok := args[0].(*ndarray); ok && a.t != nil {
				return a.t, nil
			}
			if t, ok := args[0].(*tensor); ok {
				return t, nil
			}
		}
		return nil, bad(ErrFormat, "%s with other arguments than torch's", name)
	case "_load_from_bytes":
		return u.load(args)
	case "_rebuild_tensor_v2":
		return rebuild(args)
	case "_rebuild_parameter", "_rebuild_parameter_with_state":
		if len(args) < 3 || len(args) > 4 {
			return nil, bad(ErrFormat, "%s with %d arguments", name, len(args))
		}
		if _, ok := args[0].(*tensor); !ok {
			return nil, bad(ErrFormat, "%s of %s", name, typeName(args[0]))
		}
		return args[0], nil
	case "_rebuild_from_type_v2":
		// (function, type, arguments, state): a tensor with attributes, which
		// say nothing about its values.
		if len(args) == 4 {
			f, ok := args[0].(callable)
			a, ok2 := args[2].(*types.Tuple)
			if ok && ok2 {
				v, err := f(*a...)
				if _, ok := v.(*tensor); err == nil && !ok {
					err = bad(ErrFormat, "%s builds %s", name, typeName(v))
				}
				return v, err
			}
		}
		return nil, bad(ErrFormat, "%s with other arguments than torch's", name)
	}
	return nil, bad(ErrUnsupported, "calling %s", global)
}

// encode is _codecs.encode(text, "latin1"), by which protocols 0 to 2 write
// bytes.
func encode(args []any) (any, error) {
	if len(args) != 2 || args[1] != "latin1" {
		return nil, bad(ErrUnsupported, "_codecs.encode with other arguments than a text and latin1")
	}
	switch t := args[0].(type) {
	case *payload:
		if t.text == isBytes {
			return nil, bad(ErrFormat, "_codecs.encode of bytes")
		}
		return t, nil
	case string:
		return encodeShort(t)
	}
	return nil, bad(ErrFormat, "_codecs.encode of %s", typeName(args[0]))
}

// load is torch.storage._load_from_bytes.
func (u *unpickler) load(args []any) (any, error) {
	if len(args) != 1 {
		return nil, bad(ErrFormat, "_load_from_bytes with %d arguments", len(args))
	}
	p, ok := args[0].(*payload)
	if !ok {
		return nil, bad(ErrFormat, "_load_from_bytes of %s", typeName(args[0]))
	}
	if s := u.storages[p]; s != nil {
		return s, nil
	}
	var s *storage
	var err error
	if p.text == isBytes {
		s, err = readStorage(u.src, p.off, p.off+p.n)
	} else {
		s, err = u.decode(p)
	}
	if err == nil {
		u.storages[p] = s
	}
	return s, err
}

// decode turns a payload written as text into bytes in memory; there is no
// other way to reach its numbers by index.
func (u *unpickler) decode(p *payload) (*storage, error) {
	if p.n > u.text {
		return nil, errAt(p.off, ErrLimit, "tensor written as text (pickle protocol 2 or less) of %d bytes, more than the limit of %d", p.n, u.text)
	}
	u.text -= p.n
	// The header is checked first, so that rubbish is not decoded to its end.
	head, err := u.latin1(p, min(p.n, headerWindow))
	if err != nil {
		return nil, err
	}
	s := memorySource(head)
	st, err := readHeader(s, 0, s.size)
	if err == nil {
		need := st.off + st.numel*dtypes[st.dtype].size
		if need > p.n {
			return nil, errAt(p.off, ErrTruncated, "%d numbers of %s announced in %d bytes of text", st.numel, st.dtype, p.n)
		}
		var b []byte
		if b, err = u.latin1(p, p.n); err == nil {
			s = memorySource(b)
			st, err = readStorage(s, 0, s.size)
		}
	}
	var fe *formatError
	if err != nil && asFormat(err, &fe) && fe.off >= 0 {
		fe.what = fmt.Sprintf("byte %d of the decoded text: %s", fe.off, fe.what)
		fe.off = p.off
	}
	return st, err
}

// latin1 decodes the first n bytes of a text to the bytes that it stands for.
// A character cut by n is left out.
func (u *unpickler) latin1(p *payload, n int64) ([]byte, error) {
	const chunk = 1 << 20
	out := make([]byte, 0, n)
	buf := make([]byte, 0, min(n, chunk))
	off, end := p.off, p.off+n
	for {
		k := int(min(int64(cap(buf)-len(buf)), end-off))
		if err := u.src.readAt(buf[len(buf):len(buf)+k], off); err != nil {
			return nil, err
		}
		buf, off = buf[:len(buf)+k], off+int64(k)
		i := 0
		for i < len(buf) {
			c, size := latin1Char(buf[i:], p.text)
			if size == 0 {
				break
			}
			if c < 0 || c > 255 {
				return nil, errAt(off-int64(len(buf)-i), ErrFormat, "character outside latin1")
			}
			out = append(out, byte(c))
			i += size
		}
		buf = buf[:copy(buf, buf[i:])]
		if off == end {
			if len(buf) > 0 && n == p.n {
				return nil, errAt(end-int64(len(buf)), ErrFormat, "text ends within a character")
			}
			return out, nil
		}
	}
}

// latin1Char decodes one character; its size is 0 when b is too short to tell.
func latin1Char(b []byte, kind textKind) (c rune, size int) {
	if kind == isUTF8 {
		if b[0] < utf8.RuneSelf {
			return rune(b[0]), 1
		}
		if !utf8.FullRune(b) {
			return 0, 0
		}
		return utf8.DecodeRune(b)
	}
	switch {
	case b[0] != '\\', len(b) > 1 && b[1] != 'u':
		return rune(b[0]), 1
	case len(b) < 6:
		return 0, 0
	}
	v, err := strconv.ParseUint(string(b[2:6]), 16, 16)
	if err != nil {
		return -1, 6
	}
	return rune(v), 6
}

func memorySource(b []byte) *source {
	return &source{r: bytes.NewReader(b), size: int64(len(b)), data: b}
}

// rebuild is torch._utils._rebuild_tensor_v2(storage, offset, size, stride,
// requires_grad, hooks[, metadata]).
func rebuild(args []any) (any, error) {
	if len(args) != 6 && len(args) != 7 {
		return nil, bad(ErrUnsupported, "_rebuild_tensor_v2 with %d arguments", len(args))
	}
	st, ok := args[0].(*storage)
	if !ok {
		return nil, bad(ErrFormat, "tensor over %s", typeName(args[0]))
	}
	if len(args) == 7 && !empty(args[6]) {
		return nil, bad(ErrUnsupported, "tensor with metadata (a conjugate or negative view)")
	}
	if _, ok := args[4].(bool); !ok || !empty(args[5]) {
		return nil, bad(ErrUnsupported, "tensor with backward hooks")
	}
	t := &tensor{storage: st}
	if t.offset, ok = integer(args[1]); !ok || t.offset < 0 {
		return nil, bad(ErrFormat, "tensor offset")
	}
	size, ok1 := integers(args[2])
	stride, ok2 := integers(args[3])
	if !ok1 || !ok2 || len(size) != len(stride) {
		return nil, bad(ErrFormat, "tensor sizes and strides")
	}
	t.size, t.stride = size, stride
	if slices.Contains(size, 0) {
		return t, nil
	}
	last := t.offset // index of the last element
	for i, n := range size {
		if n-1 > 0 && stride[i] > (math.MaxInt64-last)/(n-1) {
			last = math.MaxInt64
			break
		}
		last += (n - 1) * stride[i]
	}
	if last >= st.numel {
		return nil, bad(ErrFormat, "tensor of shape %v, strides %v and offset %d over a storage of %d numbers", size, stride, t.offset, st.numel)
	}
	return t, nil
}

func empty(v any) bool {
	switch v := v.(type) {
	case nil:
		return true
	case *types.Dict:
		return v.Len() == 0
	case *attributed:
		return v.Len() == 0
	}
	return false
}

func integer(v any) (int64, bool) {
	switch v := v.(type) {
	case int:
		return int64(v), true
	case *bigInt:
		return v.v, v.large == ""
	}
	return 0, false
}

// integers reads a short tuple of numbers that are not negative.
func integers(v any) ([]int64, bool) {
	t, ok := v.(*types.Tuple)
	if !ok || t.Len() > 8 {
		return nil, false
	}
	out := make([]int64, 0, t.Len())
	for _, e := range *t {
		n, ok := integer(e)
		if !ok || n < 0 {
			return nil, false
		}
		out = append(out, n)
	}
	return out, true
}
