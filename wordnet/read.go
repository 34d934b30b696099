package wordnet

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"math"
	"runtime"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"unicode/utf8"
)

const (
	// maxFile is the longest database file: positions are 32-bit numbers.
	maxFile = math.MaxInt32

	// trustSize bounds what is allocated on a file system's word alone. The
	// longest file of WordNet 3.0 is a little shorter.
	trustSize = 16 << 20
)

// readFile returns the text of a file. What is allocated beyond trustSize
// grows with what was truly read, since an archive may lie about its sizes.
func readFile(f fs.File, name string) (string, error) {
	var b strings.Builder
	if fi, err := f.Stat(); err == nil && fi.Size() > 0 {
		b.Grow(int(min(fi.Size(), trustSize)))
	}
	n, err := io.Copy(&b, io.LimitReader(f, maxFile+1))
	if err != nil {
		return "", fmt.Errorf("wordnet: %s: after %d bytes: %w", name, n, err)
	}
	if n > maxFile {
		return "", &syntaxError{file: name, err: fmt.Errorf("longer than %d bytes", maxFile)}
	}
	return b.String(), nil
}

// readText reads a file of lines as one text.
func readText(fsys fs.FS, name string) (string, error) {
	var b strings.Builder
	r, err := openBlocks(fsys, name)
	if err != nil {
		return "", err
	}
	defer r.close()
	b.Grow(r.size)
	var buf []byte
	for {
		if buf, err = r.next(buf, 64<<10); err == io.EOF {
			return b.String(), nil
		} else if err != nil {
			return "", err
		}
		b.Write(buf)
	}
}

// A blockReader reads a file in blocks of whole lines and checks what all
// files of lines promise: valid UTF-8 and a last line that is complete.
type blockReader struct {
	f     fs.File
	name  string
	size  int    // of the file, as the file system says, or trustSize
	carry []byte // the beginning of the next block
	at    int    // position of the block at hand
	line  int    // lines before it
	eof   bool

	nextAt, nextLine int // of the next block
}

func openBlocks(fsys fs.FS, name string) (*blockReader, error) {
	f, err := fsys.Open(name)
	if err != nil {
		return nil, fmt.Errorf("wordnet: %w", err)
	}
	r := &blockReader{f: f, name: name, size: trustSize}
	if fi, err := f.Stat(); err == nil {
		r.size = int(min(max(fi.Size(), 0), trustSize))
	}
	return r, nil
}

func (r *blockReader) close() { r.f.Close() }

// next reads a block of about size bytes into buf, which grows only for a
// longer line. At the end the error is io.EOF.
func (r *blockReader) next(buf []byte, size int) ([]byte, error) {
	r.at, r.line = r.nextAt, r.nextLine
	size = min(size, r.size+1) // one more, to find the end
	buf = append(buf[:0], r.carry...)
	end, idle := 0, 0 // end of the last whole line
	for seen := 0; !r.eof && (len(buf) < size || end == 0); {
		if len(buf) >= size {
			size = 2 * len(buf) // a line longer than the block
		}
		buf = slices.Grow(buf, size-len(buf))
		// Never beyond size: where blocks end must not depend on the buffer.
		n, err := r.f.Read(buf[len(buf):size])
		buf = buf[:len(buf)+n]
		if n > 0 {
			idle = 0
		} else if idle++; idle > 100 && err == nil {
			err = io.ErrNoProgress
		}
		if r.at+len(buf) > maxFile {
			return nil, r.fault(0, fmt.Errorf("file is longer than %d bytes", maxFile))
		}
		if i := bytes.LastIndexByte(buf[seen:], '\n'); i >= 0 {
			end = seen + i + 1
		}
		seen = len(buf)
		if err == io.EOF {
			r.eof = true
		} else if err != nil {
			return nil, fmt.Errorf("%s:%d: %w", r.name, r.line+1+bytes.Count(buf, newline), err)
		}
	}
	switch {
	case len(buf) == 0 && r.at == 0:
		return nil, &syntaxError{file: r.name, err: errEmpty}
	case len(buf) == 0:
		return nil, io.EOF
	case end < len(buf) && r.eof:
		if i := invalidUTF8(buf); i >= 0 {
			return nil, r.fault(bytes.Count(buf[:i], newline), errUTF8)
		}
		return nil, r.fault(bytes.Count(buf, newline), errTruncated)
	}
	r.carry = append(r.carry[:0], buf[end:]...)
	buf = buf[:end]
	if i := invalidUTF8(buf); i >= 0 {
		return nil, r.fault(bytes.Count(buf[:i], newline), errUTF8)
	}
	r.nextAt = r.at + len(buf)
	r.nextLine = r.line + bytes.Count(buf, newline)
	return buf, nil
}

var (
	newline      = []byte{'\n'}
	errEmpty     = errors.New("empty file")
	errUTF8      = errors.New("invalid UTF-8")
	errTruncated = errors.New("file ends within a line: truncated")
)

// fault places an error n lines into the block at hand.
func (r *blockReader) fault(n int, err error) error {
	return &syntaxError{file: r.name, line: r.line + 1 + n, err: err}
}

// invalidUTF8 returns the position of the first byte that is not UTF-8, or -1.
func invalidUTF8(b []byte) int {
	if utf8.Valid(b) {
		return -1
	}
	for i := 0; ; {
		r, n := utf8.DecodeRune(b[i:])
		if r == utf8.RuneError && n == 1 {
			return i
		}
		i += n
	}
}

// parallel calls every function, on as many goroutines as there are
// processors, and returns the error of the first in the list that failed, so
// that what is reported does not depend on timing.
func parallel(fs ...func() error) error {
	errs := make([]error, len(fs))
	var next atomic.Int64
	var wg sync.WaitGroup
	for range min(len(fs), runtime.GOMAXPROCS(0)) {
		wg.Go(func() {
			for {
				i := int(next.Add(1)) - 1
				if i >= len(fs) {
					return
				}
				errs[i] = fs[i]()
			}
		})
	}
	wg.Wait()
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	return nil
}

// A block is a run of whole lines of one of the four index or data files.
type block struct {
	part part
	file string
	at   int // where it begins in the file
	line int // lines before it
	text []byte

	header  int // lines of the license, which come first
	skipped []skip
}

// A skip counts the lines that are no records: all of them up to a record.
type skip struct{ record, lines int }

// skip notes a line that is no record before the i-th record.
func (k *block) skip(i int) {
	n := len(k.skipped)
	if n == 0 {
		k.skipped = append(k.skipped, skip{i, 1})
	} else if last := k.skipped[n-1]; last.record == i {
		k.skipped[n-1].lines++
	} else {
		k.skipped = append(k.skipped, skip{i, last.lines + 1})
	}
}

// lineOf returns the line of the i-th record.
func (k *block) lineOf(i int) int {
	line := k.line + 1 + k.header + i
	n, _ := slices.BinarySearchFunc(k.skipped, i+1, func(s skip, i int) int { return cmp.Compare(s.record, i) })
	if n > 0 {
		line += k.skipped[n-1].lines
	}
	return line
}

// fault places an error at the i-th record.
func (k *block) fault(i int, err error) *syntaxError {
	return &syntaxError{file: k.file, line: k.lineOf(i), err: err}
}

// eachBlock calls parse with every block of four files, on as many goroutines
// as there are processors. It returns what parse made of them, in the order of
// the files, up to the first error, which is that of the last one.
func eachBlock[T any](b *builder, names [parts]string, size int, parse func(block) (*T, error)) ([]*T, error) {
	if b.lenient {
		return eachFile(b, names, parse)
	}
	var mu sync.Mutex
	var made []*T
	var errs []error
	var p part
	var r *blockReader
	failed := false
	next := func(buf []byte) (k block, i int) {
		for p < parts && !failed {
			var err error
			if r == nil {
				r, err = openBlocks(b.fsys, names[p])
			}
			if err == nil {
				buf, err = r.next(buf, size)
			}
			if err == io.EOF {
				r.close()
				r = nil
				p++
				continue
			}
			made, errs = append(made, nil), append(errs, err)
			if failed = err != nil; failed {
				break
			}
			return block{part: p, file: names[p], at: r.at, line: r.line, text: buf}, len(made) - 1
		}
		return block{text: buf}, -1
	}
	work := func() error {
		var buf []byte
		for {
			mu.Lock()
			k, i := next(buf)
			mu.Unlock()
			if i < 0 {
				return nil
			}
			buf = k.text
			c, err := parse(k)
			mu.Lock()
			made[i], errs[i], failed = c, err, failed || err != nil
			mu.Unlock()
		}
	}
	_ = parallel(slices.Repeat([]func() error{work}, runtime.GOMAXPROCS(0))...)
	if r != nil {
		r.close()
	}
	for i, err := range errs {
		if err != nil {
			return slices.DeleteFunc(made[:i+1], func(c *T) bool { return c == nil }), err
		}
	}
	return made, nil
}

// A fields cuts a record at blanks. The first field that is not what it should
// be sets err; what is read after that means nothing.
type fields struct {
	s   []byte // what is left
	err error
}

// fail notes that a field is bad.
func (f *fields) fail(what string, field []byte) {
	if f.err == nil {
		f.err = &badField{what, string(field)}
	}
}

// number returns a decimal number from least to most, which must have so many
// digits if width is not 0.
func (f *fields) number(what string, width int, least, most uint32) uint32 {
	t := f.next()
	n, ok := decimal(t)
	if !ok || n < least || n > most || width > 0 && len(t) != width {
		f.fail(what, t)
		return 0
	}
	return n
}

// hex returns a number of one or two hexadecimal digits from least to most.
func (f *fields) hex(what string, least, most uint8) uint8 {
	t := f.next()
	n, ok := hex8(t)
	if !ok || n < least || n > most {
		f.fail(what, t)
		return 0
	}
	return n
}

// pos returns a part of speech and the files it lives in.
func (f *fields) pos(what string) (POS, part) {
	t := f.next()
	pos := posOf(t)
	p, ok := partOf(pos)
	if !ok {
		f.fail(what, t)
	}
	return pos, p
}

// next returns the next field, or nothing at the end.
func (f *fields) next() []byte {
	s, i := f.s, 0
	for i < len(s) && s[i] == ' ' {
		i++
	}
	j := i
	for j < len(s) && s[j] != ' ' {
		j++
	}
	f.s = s[j:]
	return s[i:j]
}

// bytestring is what the parsers take apart.
type bytestring interface{ string | []byte }

// decimal returns the value of a number of at most nine digits.
func decimal[T bytestring](s T) (uint32, bool) {
	if len(s) == 0 || len(s) > 9 {
		return 0, false
	}
	var v uint32
	for i := range len(s) {
		d := s[i] - '0'
		if d > 9 {
			return 0, false
		}
		v = v*10 + uint32(d)
	}
	return v, true
}

// hex8 returns the value of one or two hexadecimal digits.
func hex8[T bytestring](s T) (uint8, bool) {
	if len(s) == 0 || len(s) > 2 {
		return 0, false
	}
	var v uint8
	for i := range len(s) {
		c := s[i]
		switch {
		case '0' <= c && c <= '9':
			c -= '0'
		case 'a' <= c && c <= 'f':
			c -= 'a' - 10
		case 'A' <= c && c <= 'F':
			c -= 'A' - 10
		default:
			return 0, false
		}
		v = v<<4 | c
	}
	return v, true
}

// A badField is the reason of most syntax errors.
type badField struct{ what, field string }

func bad[T bytestring](what string, field T) error { return &badField{what, string(field)} }

func (e *badField) Error() string {
	if e.field == "" {
		return "line ends before the " + e.what
	}
	f := e.field
	if len(f) > 40 {
		f = f[:40] + "..."
	}
	return fmt.Sprintf("bad %s %q", e.what, f)
}
