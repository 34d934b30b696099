package amap

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"math"
	"math/big"
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
// platform, or, when it does not fit, as its decimal digits.
type bigInt struct {
	v      int64
	digits string
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
	inner bool
	program
	count  int
	memo   map[uint32]string // "\x00" for what is no text
	last   [2]string         // what the last two opcodes pushed, as in memo
	opened bool              // the last opcode was MARK
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
	"_codecs encode":                             true,
}

// lex reads the pickle that starts at off and must end before end. An inner
// pickle is one of those in the header of a torch stream.
func lex(src *source, off, end int64, inner bool) (*program, error) {
	l := &lexer{src: src, pos: off, end: end, inner: inner, memo: map[uint32]string{}}
	l.texts = map[string]int64{}
	for {
		done, err := l.step()
		if err != nil {
			return nil, err
		}
		if done {
			l.program.end = l.pos
			return &l.program, nil
		}
	}
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

func (l *lexer) op(off int64) { l.ops = append(l.ops, opAt{len(l.code), off}) }

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

// blob handles a bytes object or text of n bytes at the position.
func (l *lexer) blob(off int64, n uint64, kind textKind) error {
	if n > uint64(l.end-l.pos) {
		return errAt(off, ErrTruncated, "%d bytes of data announced, %d left", n, l.end-l.pos)
	}
	if kind == isBytes && l.inner {
		return errAt(off, ErrFormat, "bytes object in the header of a torch stream")
	}
	if kind == isUTF8 && n < maxText {
		b, err := l.bytes(int(n))
		if err != nil {
			return err
		}
		if !utf8.Valid(b) && !l.inner {
			return errAt(off, ErrFormat, "text that is not UTF-8")
		}
		l.text(off, string(b))
		return nil
	}
	if l.inner {
		return errAt(off, ErrLimit, "text of %d bytes in the header of a torch stream", n)
	}
	l.constant(&payload{off: l.pos, n: int64(n), text: kind})
	l.pos += int64(n)
	return nil
}

// global checks a name and puts it under the one module that the machine's
// caller answers for, so that none of the machine's own classes are reached.
func (l *lexer) global(off int64, module, name string) error {
	full := module + " " + name
	if l.inner {
		if _, ok := storageType(module, name); !ok {
			return errAt(off, ErrUnsupported, "global %q in the header of a torch stream", full)
		}
	} else if !globals[full] {
		return errAt(off, ErrUnsupported, "global %q", full)
	}
	l.code = append(l.code, "camap\n"...)
	l.code = append(l.code, full...)
	l.code = append(l.code, '\n')
	l.push(noText)
	return nil
}

func (l *lexer) put(i uint32) {
	l.memo[i] = l.last[1]
	l.code = append(l.code, 'r')
	l.code = binary.LittleEndian.AppendUint32(l.code, i)
}

func (l *lexer) get(off int64, i uint32) error {
	s, ok := l.memo[i]
	if !ok {
		return errAt(off, ErrFormat, "memo %d is not set", i)
	}
	l.code = append(l.code, 'j')
	l.code = binary.LittleEndian.AppendUint32(l.code, i)
	l.push(s)
	return nil
}

// number reads the decimal argument of a protocol 0 opcode.
func (l *lexer) number(off int64) (int64, error) {
	b, err := l.line()
	if err != nil {
		return 0, err
	}
	v, err := strconv.ParseInt(strings.TrimSuffix(string(b), "L"), 10, 64)
	if err != nil {
		return 0, errAt(off, ErrFormat, "integer %.40q", b)
	}
	return v, nil
}

// step handles one opcode; done after STOP.
func (l *lexer) step() (done bool, err error) {
	off := l.pos
	if l.count++; l.count > maxOpcodes {
		return false, errAt(off, ErrLimit, "more than %d opcodes", maxOpcodes)
	}
	if len(l.code) > maxCode {
		return false, errAt(off, ErrLimit, "more than %d bytes beside the data", maxCode)
	}
	b, err := l.bytes(1)
	if err != nil {
		return false, err
	}
	op := b[0]
	// In the outer pickle a persistent id could forge one of ours, in a header
	// there are no frames.
	if op == 'Q' && !l.inner || op == 0x95 && l.inner {
		return false, errAt(off, ErrUnsupported, "opcode %#02x here", op)
	}
	opened := l.opened
	l.opened = op == '('
	l.op(off)
	switch op {
	case 0x80: // PROTO
		if b, err = l.bytes(1); err != nil {
			return false, err
		}
		if b[0] > 5 {
			return false, errAt(off, ErrUnsupported, "pickle protocol %d", b[0])
		}
		l.code = append(l.code, op, b[0])

	case 0x95: // FRAME: checked and dropped, the opcodes in it stand for themselves
		if b, err = l.bytes(8); err != nil {
			return false, err
		}
		if n := binary.LittleEndian.Uint64(b); n > uint64(l.end-l.pos) {
			return false, errAt(off, ErrTruncated, "frame of %d bytes, %d left", n, l.end-l.pos)
		}

	case '.': // STOP
		l.code = append(l.code, op)
		l.stop = off
		return true, nil

	// Opcodes without an argument. PUT after them refers to no text.
	case '(', ')', ']', '}', 'N', 0x88, 0x89, 't', 0x85, 0x86, 0x87, 'a', 'e', 's', 'u', 'R', 'Q':
		l.code = append(l.code, op)
		l.push(noText)

	case 'l', 'd': // LIST, DICT: protocol 0 writes them empty
		if !opened {
			return false, errAt(off, ErrUnsupported, "opcode %q with items", op)
		}
		l.code = append(l.code, op)
		l.push(noText)

	case 'J':
		if b, err = l.bytes(4); err == nil {
			l.integer(int64(int32(binary.LittleEndian.Uint32(b))))
		}
	case 'K':
		if b, err = l.bytes(1); err == nil {
			l.integer(int64(b[0]))
		}
	case 'M':
		if b, err = l.bytes(2); err == nil {
			l.integer(int64(binary.LittleEndian.Uint16(b)))
		}
	case 'L':
		var v int64
		if v, err = l.number(off); err == nil {
			l.integer(v)
		}
	case 'I': // also protocol 0's booleans
		if b, err = l.bytes(3); err != nil {
			return false, err
		}
		switch string(b) {
		case "00\n":
			l.code = append(l.code, 0x89)
			l.push(noText)
			return false, nil
		case "01\n":
			l.code = append(l.code, 0x88)
			l.push(noText)
			return false, nil
		}
		l.pos -= 3
		var v int64
		if v, err = l.number(off); err == nil {
			l.integer(v)
		}
	case 0x8a: // LONG1
		err = l.long(off)

	case 'X': // BINUNICODE
		if b, err = l.bytes(4); err == nil {
			err = l.blob(off, uint64(binary.LittleEndian.Uint32(b)), isUTF8)
		}
	case 0x8c: // SHORT_BINUNICODE
		if b, err = l.bytes(1); err == nil {
			err = l.blob(off, uint64(b[0]), isUTF8)
		}
	case 0x8d: // BINUNICODE8
		if b, err = l.bytes(8); err == nil {
			err = l.blob(off, binary.LittleEndian.Uint64(b), isUTF8)
		}
	case 'V': // UNICODE
		err = l.unicodeLine(off)
	case 'C': // SHORT_BINBYTES
		if b, err = l.bytes(1); err == nil {
			err = l.blob(off, uint64(b[0]), isBytes)
		}
	case 'B': // BINBYTES
		if b, err = l.bytes(4); err == nil {
			err = l.blob(off, uint64(binary.LittleEndian.Uint32(b)), isBytes)
		}
	case 0x8e: // BINBYTES8
		if b, err = l.bytes(8); err == nil {
			err = l.blob(off, binary.LittleEndian.Uint64(b), isBytes)
		}

	case 'c': // GLOBAL
		var m, n []byte
		if m, err = l.line(); err != nil {
			return false, err
		}
		module := string(m)
		if n, err = l.line(); err == nil {
			err = l.global(off, module, string(n))
		}
	case 0x93: // STACK_GLOBAL, whose names must just have been pushed
		m, n := l.last[0], l.last[1]
		if m == noText || n == noText {
			return false, errAt(off, ErrUnsupported, "global whose name is not written before it")
		}
		l.code = append(l.code, "00"...) // POP, POP
		err = l.global(off, m, n)

	case 0x94: // MEMOIZE
		l.put(uint32(len(l.memo)))
	case 'q':
		if b, err = l.bytes(1); err == nil {
			l.put(uint32(b[0]))
		}
	case 'r':
		if b, err = l.bytes(4); err == nil {
			l.put(binary.LittleEndian.Uint32(b))
		}
	case 'h':
		if b, err = l.bytes(1); err == nil {
			err = l.get(off, uint32(b[0]))
		}
	case 'j':
		if b, err = l.bytes(4); err == nil {
			err = l.get(off, binary.LittleEndian.Uint32(b))
		}
	case 'p', 'g': // PUT, GET
		var v int64
		if v, err = l.number(off); err != nil {
			break
		}
		if v < 0 || v > math.MaxInt32 {
			return false, errAt(off, ErrFormat, "memo %d", v)
		}
		if op == 'p' {
			l.put(uint32(v))
		} else {
			err = l.get(off, uint32(v))
		}

	default:
		return false, errAt(off, ErrUnsupported, "opcode %#02x", op)
	}
	return false, err
}

// long reads the argument of LONG1.
func (l *lexer) long(off int64) error {
	b, err := l.bytes(1)
	if err != nil {
		return err
	}
	n := int(b[0])
	if n > 16 {
		return errAt(off, ErrLimit, "integer of %d bytes", n)
	}
	if b, err = l.bytes(n); err != nil {
		return err
	}
	if n <= 8 {
		var v uint64
		for i, c := range b {
			v |= uint64(c) << (8 * i)
		}
		if n == 0 {
			l.integer(0)
			return nil
		}
		s := 64 - 8*n
		l.integer(int64(v<<s) >> s)
		return nil
	}
	b = slices.Clone(b)
	slices.Reverse(b)
	v := new(big.Int).SetBytes(b)
	if b[0]&0x80 != 0 {
		v.Sub(v, new(big.Int).Lsh(big.NewInt(1), uint(8*n)))
	}
	l.constant(&bigInt{digits: v.String()})
	return nil
}

// unicodeLine reads the argument of UNICODE. Short texts are decoded; long ones
// become payloads.
func (l *lexer) unicodeLine(off int64) error {
	start := l.pos
	for step := int64(256); l.pos < l.end; step = min(2*step, 1<<16) {
		b, err := l.bytes(int(min(step, l.end-l.pos)))
		if err != nil {
			return err
		}
		i := bytes.IndexByte(b, '\n')
		if i < 0 {
			continue
		}
		l.pos += int64(i + 1 - len(b))
		n := l.pos - 1 - start
		if n >= maxText {
			if l.inner {
				return errAt(off, ErrLimit, "text of %d bytes in the header of a torch stream", n)
			}
			l.constant(&payload{off: start, n: n, text: isEscaped})
			return nil
		}
		raw := make([]byte, n)
		if err := l.src.readAt(raw, start); err != nil {
			return err
		}
		s, err := unescape(nil, raw, off)
		if err != nil {
			return err
		}
		l.text(off, string(s))
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
	}
	return strings.TrimPrefix(fmt.Sprintf("%T", v), "*types.")
}
