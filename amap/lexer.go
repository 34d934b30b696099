package amap

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"
)

// Nothing in a pickle is trusted before the lexer has seen it. It walks over
// the opcodes once, lets pass those that maps are made of, checks every length
// against the bytes that are left, and jumps over the payloads, which it
// replaces by numbers (as persistent ids). What remains is a small pickle
// without surprises, which the pickle machine then runs; see unpickle.go.

// Limits of one pickle. A tensor takes about 32 opcodes and 150 bytes beside
// its payload, so they allow maps of some two thousand tensors.
const (
	maxOpcodes = 1 << 16
	maxCode    = 1 << 20 // bytes of the rewritten pickle
	maxLine    = 1 << 10
	maxText    = 100 // longer texts and all bytes objects count as payloads
)

// A payload is a bytes object, or a long text, which stays in the file.
type payload struct {
	off, n int64
	text   textKind
}

type textKind uint8

const (
	isBytes   textKind = iota
	isUTF8             // BINUNICODE
	isEscaped          // UNICODE: raw-unicode-escape
)

// A bigInt is an integer that the machine is to hold as int64 on every
// platform, or, when it is written in more bytes, as these.
type bigInt struct {
	v     int64
	large string
}

// A program is a pickle as rewritten by the lexer.
type program struct {
	code  []byte
	ops   []opAt
	table []any // what the persistent ids stand for: *payload, *bigInt
	texts map[string]int64
	end   int64 // offset after STOP
	stop  int64 // offset of STOP
}

// opAt says where an opcode of the rewritten pickle was in the file.
type opAt struct {
	code int
	off  int64
}

type lexer struct {
	src   *source
	pos   int64
	end   int64 // the pickle must end before
	win   []byte
	winAt int64
	buf   []byte
	kind  kind
	program
	count  int
	memo   map[uint32]string // "\x00" for what is no text
	last   [2]string         // what the last two opcodes pushed, as in memo
	opened bool              // the last opcode was MARK
	done   bool              // it was STOP
}

const noText = "\x00"

// The globals that may appear, by the name under which they reach the machine.
var globals = map[string]bool{
	"torch._utils _rebuild_tensor_v2":            true,
	"torch._utils _rebuild_parameter":            true,
	"torch._utils _rebuild_parameter_with_state": true,
	"torch._tensor _rebuild_from_type_v2":        true,
	"torch Tensor":                               true,
	"torch._tensor Tensor":                       true,
	"torch.nn.parameter Parameter":               true,
	"torch.storage _load_from_bytes":             true,
	"torch.nn.parameter Buffer":                  true,
	"collections OrderedDict":                    true,
	"collections defaultdict":                    true,
	"_codecs encode":                             true,

	// What a defaultdict may be of.
	"builtins list": true, "__builtin__ list": true,
	"builtins dict": true, "__builtin__ dict": true,

	// Tensors from devices that torch pickles by way of the processor or NumPy.
	"torch._utils _rebuild_device_tensor_from_numpy":      true,
	"torch._utils _rebuild_device_tensor_from_cpu_tensor": true,
	"torch._utils _rebuild_xla_tensor":                    true,

	// NumPy's arrays and scalars, the latter as keys.
	"numpy dtype": true, "numpy ndarray": true,
	"numpy.core.multiarray _reconstruct": true, "numpy._core.multiarray _reconstruct": true,
	"numpy.core.multiarray scalar": true, "numpy._core.multiarray scalar": true,
	"numpy.core.numeric _frombuffer": true, "numpy._core.numeric _frombuffer": true,
}

// isType tells whether a global is one of torch's types of storages or numbers,
// which are named and never called.
func isType(module, name string) bool {
	if _, ok := storageType(module, name); ok {
		return true
	}
	return module == "torch" && slices.ContainsFunc(dtypes[Float16:], func(d dtypeNames) bool { return d.name == name })
}

// A kind of pickle differs from others in what may stand in it.
type kind uint8

const (
	plain    kind = iota // a whole file
	inner                // one of those in the header of a torch stream
	archived             // data.pkl of a file of torch.save, whose storages have persistent ids
)

// lex reads the pickle that starts at off and must end before end.
func lex(src *source, off, end int64, kind kind) (*program, error) {
	l := &lexer{src: src, pos: off, end: end, kind: kind, memo: map[uint32]string{}}
	l.texts = map[string]int64{}
	for !l.done {
		if err := l.step(); err != nil {
			return nil, err
		}
	}
	l.program.end = l.pos
	return &l.program, nil
}

// bytes returns the next n bytes, which are few, and moves on. They are valid
// until the next call.
func (l *lexer) bytes(n int) ([]byte, error) {
	if int64(n) > l.end-l.pos {
		return nil, errAt(l.pos, ErrTruncated, "%d bytes wanted, %d left", n, l.end-l.pos)
	}
	at := l.pos - l.winAt
	if at < 0 || at+int64(n) > int64(len(l.win)) {
		if err := l.fill(n); err != nil {
			return nil, err
		}
		at = 0
	}
	l.pos += int64(n)
	return l.win[at : at+int64(n)], nil
}

func (l *lexer) fill(n int) error {
	const window = 2048
	n = int(min(max(int64(n), window), l.end-l.pos))
	if l.buf == nil || len(l.buf) < n {
		l.buf = make([]byte, max(n, window))
	}
	l.win, l.winAt = l.buf[:n], l.pos
	if err := l.src.readAt(l.win, l.pos); err != nil {
		l.win = nil
		return err
	}
	return nil
}

// line returns the text up to the next newline, without it.
func (l *lexer) line() ([]byte, error) {
	start := l.pos
	n := int(min(maxLine, l.end-l.pos))
	b, err := l.bytes(n)
	if err != nil {
		return nil, err
	}
	i := bytes.IndexByte(b, '\n')
	if i < 0 {
		if n < maxLine {
			return nil, errAt(start, ErrTruncated, "line without an end")
		}
		return nil, errAt(start, ErrLimit, "line of more than %d bytes", maxLine)
	}
	l.pos = start + int64(i) + 1
	return b[:i], nil
}

// push notes what an opcode pushed.
func (l *lexer) push(text string) { l.last[0], l.last[1] = l.last[1], text }

// constant pushes something by its number in the table.
func (l *lexer) constant(v any) {
	l.code = append(l.code, 'J')
	l.code = binary.LittleEndian.AppendUint32(l.code, uint32(len(l.table)))
	l.code = append(l.code, 'Q')
	l.table = append(l.table, v)
	l.push(noText)
}

func (l *lexer) integer(v int64) {
	if v != int64(int32(v)) {
		l.constant(&bigInt{v: v})
		return
	}
	l.code = append(l.code, 'J')
	l.code = binary.LittleEndian.AppendUint32(l.code, uint32(v))
	l.push(noText)
}

func (l *lexer) text(off int64, s string) {
	if _, ok := l.texts[s]; !ok {
		l.texts[s] = off
	}
	l.code = append(l.code, 'X')
	l.code = binary.LittleEndian.AppendUint32(l.code, uint32(len(s)))
	l.code = append(l.code, s...)
	l.push(s)
}

// payload passes over n bytes of data, which stay in the file.
func (l *lexer) payload(n int64, kind textKind) {
	l.constant(&payload{off: l.pos, n: n, text: kind})
	l.pos += n
}

// An opcode says how the lexer treats one. First it reads an argument, then it
// acts.
type opcode struct {
	arg   int // bytes of a little-endian number; or decimal
	where place
	act   func(l *lexer, off int64, op byte, n uint64) error
}

// decimal is an argument that protocol 0 writes as a line of digits.
const decimal = -1

// A place is the kind of pickle that an opcode may stand in.
type place uint8

const (
	anywhere place = iota
	outer          // frames are none in a header
	stored         // where torch names a storage
)

// opcodes are those that maps are made of, by CPython's names; all others are
// refused.
var opcodes = [256]opcode{
	0x80: {1, anywhere, (*lexer).proto},  // PROTO
	0x95: {8, outer, (*lexer).frame},     // FRAME
	'.':  {0, anywhere, (*lexer).finish}, // STOP

	// Opcodes without an argument, which the machine gets as they are.
	'(':  {0, anywhere, (*lexer).copyOp},  // MARK
	')':  {0, anywhere, (*lexer).copyOp},  // EMPTY_TUPLE
	']':  {0, anywhere, (*lexer).copyOp},  // EMPTY_LIST
	'}':  {0, anywhere, (*lexer).copyOp},  // EMPTY_DICT
	'N':  {0, anywhere, (*lexer).copyOp},  // NONE
	0x88: {0, anywhere, (*lexer).copyOp},  // NEWTRUE
	0x89: {0, anywhere, (*lexer).copyOp},  // NEWFALSE
	't':  {0, anywhere, (*lexer).copyOp},  // TUPLE
	0x85: {0, anywhere, (*lexer).copyOp},  // TUPLE1
	0x86: {0, anywhere, (*lexer).copyOp},  // TUPLE2
	0x87: {0, anywhere, (*lexer).copyOp},  // TUPLE3
	'a':  {0, anywhere, (*lexer).copyOp},  // APPEND
	'e':  {0, anywhere, (*lexer).copyOp},  // APPENDS
	's':  {0, anywhere, (*lexer).copyOp},  // SETITEM
	'u':  {0, anywhere, (*lexer).copyOp},  // SETITEMS
	'R':  {0, anywhere, (*lexer).copyOp},  // REDUCE
	'b':  {0, outer, (*lexer).copyOp},     // BUILD
	'Q':  {0, stored, (*lexer).persID},    // BINPERSID
	'l':  {0, anywhere, (*lexer).noItems}, // LIST
	'd':  {0, anywhere, (*lexer).noItems}, // DICT

	'J':  {4, anywhere, (*lexer).int32},      // BININT
	'K':  {1, anywhere, (*lexer).uint},       // BININT1
	'M':  {2, anywhere, (*lexer).uint},       // BININT2
	'L':  {decimal, anywhere, (*lexer).uint}, // LONG
	'I':  {0, anywhere, (*lexer).intLine},    // INT
	0x8a: {1, anywhere, (*lexer).long},       // LONG1

	'X':  {4, anywhere, (*lexer).utf8},        // BINUNICODE
	0x8c: {1, anywhere, (*lexer).utf8},        // SHORT_BINUNICODE
	0x8d: {8, anywhere, (*lexer).utf8},        // BINUNICODE8
	'V':  {0, anywhere, (*lexer).unicodeLine}, // UNICODE
	'B':  {4, outer, (*lexer).blob},           // BINBYTES
	'C':  {1, outer, (*lexer).blob},           // SHORT_BINBYTES
	0x8e: {8, outer, (*lexer).blob},           // BINBYTES8
	0x96: {8, outer, (*lexer).blob},           // BYTEARRAY8

	'c':  {0, anywhere, (*lexer).globalLines}, // GLOBAL
	0x93: {0, anywhere, (*lexer).stackGlobal}, // STACK_GLOBAL

	0x94: {0, anywhere, (*lexer).memoize},   // MEMOIZE
	'q':  {1, anywhere, (*lexer).put},       // BINPUT
	'r':  {4, anywhere, (*lexer).put},       // LONG_BINPUT
	'p':  {decimal, anywhere, (*lexer).put}, // PUT
	'h':  {1, anywhere, (*lexer).get},       // BINGET
	'j':  {4, anywhere, (*lexer).get},       // LONG_BINGET
	'g':  {decimal, anywhere, (*lexer).get}, // GET
}

// step handles one opcode.
func (l *lexer) step() error {
	off := l.pos
	if l.count++; l.count > maxOpcodes {
		return errAt(off, ErrLimit, "more than %d opcodes", maxOpcodes)
	}
	if len(l.code) > maxCode {
		return errAt(off, ErrLimit, "more than %d bytes beside the data", maxCode)
	}
	b, err := l.bytes(1)
	if err != nil {
		return err
	}
	op := b[0]
	o := &opcodes[op]
	if o.act == nil && off == 0 {
		return errAt(off, ErrUnsupported, "not an activation map (pickle, safetensors or .npy): it begins with byte %#02x", op)
	}
	if o.act == nil || o.where == outer && l.kind == inner || o.where == stored && l.kind == plain {
		return errAt(off, ErrUnsupported, "opcode %#02x here", op)
	}
	n, err := l.arg(off, o.arg)
	if err != nil {
		return err
	}
	l.ops = append(l.ops, opAt{len(l.code), off})
	err = o.act(l, off, op, n)
	l.opened = op == '('
	return err
}

// arg reads an argument of some bytes, or a decimal one.
func (l *lexer) arg(off int64, size int) (n uint64, err error) {
	if size == decimal {
		b, err := l.line()
		if err != nil {
			return 0, err
		}
		return parseInt(off, b)
	}
	b, err := l.bytes(size)
	for i, c := range b {
		n |= uint64(c) << (8 * i)
	}
	return n, err
}

func parseInt(off int64, line []byte) (uint64, error) {
	v, err := strconv.ParseInt(strings.TrimSuffix(string(line), "L"), 10, 64)
	if err != nil {
		return 0, errAt(off, ErrFormat, "integer %.40q", line)
	}
	return uint64(v), nil
}

func (l *lexer) proto(off int64, op byte, n uint64) error {
	if n > 5 {
		return errAt(off, ErrUnsupported, "pickle protocol %d", n)
	}
	l.code = append(l.code, op, byte(n))
	return nil
}

// frame checks and drops the opcode; those in the frame stand for themselves.
func (l *lexer) frame(off int64, _ byte, n uint64) error {
	if n > uint64(l.end-l.pos) {
		return errAt(off, ErrTruncated, "frame of %d bytes, %d left", n, l.end-l.pos)
	}
	return nil
}

func (l *lexer) finish(off int64, op byte, _ uint64) error {
	l.code = append(l.code, op)
	l.stop, l.done = off, true
	return nil
}

// copyOp passes an opcode on. A PUT after it refers to no text.
func (l *lexer) copyOp(_ int64, op byte, _ uint64) error {
	l.code = append(l.code, op)
	l.push(noText)
	return nil
}

// persID passes BINPERSID on with its id in a tuple, which ours, being numbers,
// are not.
func (l *lexer) persID(_ int64, op byte, _ uint64) error {
	l.code = append(l.code, 0x85, op) // TUPLE1
	l.push(noText)
	return nil
}

// noItems passes LIST and DICT on, which protocol 0 writes empty.
func (l *lexer) noItems(off int64, op byte, n uint64) error {
	if !l.opened {
		return errAt(off, ErrUnsupported, "opcode %q with items", op)
	}
	return l.copyOp(off, op, n)
}

func (l *lexer) int32(_ int64, _ byte, n uint64) error {
	l.integer(int64(int32(n)))
	return nil
}

func (l *lexer) uint(_ int64, _ byte, n uint64) error {
	l.integer(int64(n))
	return nil
}

// intLine reads an INT, which is also how protocol 0 writes booleans.
func (l *lexer) intLine(off int64, _ byte, _ uint64) error {
	b, err := l.line()
	if err != nil {
		return err
	}
	switch string(b) {
	case "00":
		return l.copyOp(off, 0x89, 0)
	case "01":
		return l.copyOp(off, 0x88, 0)
	}
	n, err := parseInt(off, b)
	l.integer(int64(n))
	return err
}

// global checks a name and puts it under the one module that the machine's
// caller answers for, so that none of the machine's own classes are reached.
func (l *lexer) global(off int64, module, name string) error {
	full := module + " " + name
	if l.kind == inner {
		if _, ok := storageType(module, name); !ok {
			return errAt(off, ErrUnsupported, "global %q in the header of a torch stream", full)
		}
	} else if !globals[full] && !isType(module, name) {
		return errAt(off, ErrUnsupported, "global %q", full)
	}
	l.code = append(l.code, "camap\n"...)
	l.code = append(l.code, full...)
	l.code = append(l.code, '\n')
	l.push(noText)
	return nil
}

func (l *lexer) globalLines(off int64, _ byte, _ uint64) error {
	b, err := l.line()
	if err != nil {
		return err
	}
	module := string(b)
	if b, err = l.line(); err != nil {
		return err
	}
	return l.global(off, module, string(b))
}

// stackGlobal takes the names that must just have been pushed.
func (l *lexer) stackGlobal(off int64, _ byte, _ uint64) error {
	module, name := l.last[0], l.last[1]
	if module == noText || name == noText {
		return errAt(off, ErrUnsupported, "global whose name is not written before it")
	}
	l.code = append(l.code, "00"...) // POP, POP
	return l.global(off, module, name)
}

func (l *lexer) put(off int64, _ byte, n uint64) error {
	if n > math.MaxInt32 {
		return errAt(off, ErrFormat, "memo %d", int64(n))
	}
	l.memo[uint32(n)] = l.last[1]
	l.code = append(l.code, 'r')
	l.code = binary.LittleEndian.AppendUint32(l.code, uint32(n))
	return nil
}

func (l *lexer) memoize(off int64, op byte, _ uint64) error {
	return l.put(off, op, uint64(len(l.memo)))
}

func (l *lexer) get(off int64, _ byte, n uint64) error {
	s, ok := l.memo[uint32(n)]
	if !ok || n > math.MaxInt32 {
		return errAt(off, ErrFormat, "memo %d is not set", int64(n))
	}
	l.code = append(l.code, 'j')
	l.code = binary.LittleEndian.AppendUint32(l.code, uint32(n))
	l.push(s)
	return nil
}

// blob handles a bytes object.
func (l *lexer) blob(off int64, _ byte, n uint64) error {
	if n > uint64(l.end-l.pos) {
		return errAt(off, ErrTruncated, "%d bytes of data announced, %d left", n, l.end-l.pos)
	}
	l.payload(int64(n), isBytes)
	return nil
}

// utf8 handles a text of n bytes.
func (l *lexer) utf8(off int64, _ byte, n uint64) error {
	switch {
	case n > uint64(l.end-l.pos):
		return errAt(off, ErrTruncated, "text of %d bytes announced, %d left", n, l.end-l.pos)
	case n < maxText:
		b, err := l.bytes(int(n))
		if err != nil {
			return err
		}
		if !utf8.Valid(b) && l.kind != inner {
			return errAt(off, ErrFormat, "text that is not UTF-8")
		}
		l.text(off, string(b))
		return nil
	case l.kind == inner:
		return errAt(off, ErrLimit, "text of %d bytes in the header of a torch stream", n)
	}
	l.payload(int64(n), isUTF8)
	return nil
}

// long reads a LONG1 of size bytes.
func (l *lexer) long(off int64, _ byte, size uint64) error {
	n := int(size)
	if n > 16 {
		return errAt(off, ErrLimit, "integer of %d bytes", n)
	}
	if n <= 8 {
		v, err := l.arg(off, n)
		s := 64 - 8*n // the top bit is a sign
		l.integer(int64(v<<s) >> s)
		return err
	}
	b, err := l.bytes(n)
	l.constant(&bigInt{large: string(b)})
	return err
}

// unicodeLine reads the argument of UNICODE. Short texts are decoded; long ones
// become payloads.
func (l *lexer) unicodeLine(off int64, _ byte, _ uint64) error {
	const step = 2048 // more than maxText
	start := l.pos
	for l.pos < l.end {
		b, err := l.bytes(int(min(step, l.end-l.pos)))
		if err != nil {
			return err
		}
		i := bytes.IndexByte(b, '\n')
		if i < 0 {
			continue
		}
		l.pos -= int64(len(b) - i - 1)
		switch n := l.pos - 1 - start; {
		case n < maxText: // and so all of it in b
			s, err := unescape(nil, b[:i], off)
			if err != nil {
				return err
			}
			l.text(off, string(s))
		case l.kind == inner:
			return errAt(off, ErrLimit, "text of %d bytes in the header of a torch stream", n)
		default:
			l.constant(&payload{off: start, n: n, text: isEscaped})
		}
		return nil
	}
	return errAt(off, ErrTruncated, "line without an end")
}

// unescape decodes raw-unicode-escape to UTF-8.
func unescape(dst, b []byte, off int64) ([]byte, error) {
	for i := 0; i < len(b); {
		digits := 0
		if b[i] == '\\' && i+1 < len(b) {
			switch b[i+1] {
			case 'u':
				digits = 4
			case 'U':
				digits = 8
			}
		}
		if digits == 0 {
			dst = utf8.AppendRune(dst, rune(b[i]))
			i++
			continue
		}
		if i+2+digits > len(b) {
			return nil, errAt(off, ErrFormat, "escape %q", b[i:])
		}
		v, err := strconv.ParseUint(string(b[i+2:i+2+digits]), 16, 32)
		if err != nil || v > utf8.MaxRune {
			return nil, errAt(off, ErrFormat, "escape %q", b[i:i+2+digits])
		}
		dst = utf8.AppendRune(dst, rune(v))
		i += 2 + digits
	}
	return dst, nil
}

// at returns the place in the file of the opcode before position n of the
// rewritten pickle.
func (p *program) at(n int) int64 {
	i, ok := slices.BinarySearchFunc(p.ops, n-1, func(o opAt, n int) int { return o.code - n })
	if !ok {
		i--
	}
	// A dropped opcode shares its place with the one after it.
	for i+1 < len(p.ops) && p.ops[i+1].code == p.ops[max(i, 0)].code {
		i++
	}
	if i < 0 {
		return 0
	}
	return p.ops[i].off
}

func typeName(v any) string {
	switch v := v.(type) {
	case nil:
		return "None"
	case string:
		return "a text"
	case *payload:
		return "bytes"
	case bool:
		return "a boolean"
	case int, *bigInt:
		return "an integer"
	case *tensor:
		return fmt.Sprintf("a tensor of shape %v", v.size)
	case *storage:
		return "a storage"
	case *attributed:
		return "Dict"
	}
	return strings.TrimPrefix(fmt.Sprintf("%T", v), "*types.")
}
