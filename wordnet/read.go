package wordnet

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"math"
	"path"
	"runtime"
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
func readFile(fsys fs.FS, name string) (string, error) {
	f, err := fsys.Open(name)
	if err != nil {
		return "", fmt.Errorf("wordnet: %w", err)
	}
	defer f.Close()
	var b strings.Builder
	if fi, err := f.Stat(); err == nil && fi.Size() > 0 {
		b.Grow(int(min(fi.Size(), trustSize)))
	}
	buf := make([]byte, 128<<10)
	for {
		n, err := f.Read(buf)
		if b.Len()+n > maxFile {
			return "", &SyntaxError{File: name, Err: fmt.Errorf("longer than %d bytes", maxFile)}
		}
		b.Write(buf[:n])
		if err == io.EOF {
			return b.String(), nil
		}
		if err != nil {
			return "", fmt.Errorf("wordnet: %s: after %d bytes: %w", name, b.Len(), err)
		}
	}
}

// readText reads a file of lines and checks what all of them promise: valid
// UTF-8 and a last line that is complete.
func readText(fsys fs.FS, name string) (string, error) {
	s, err := readFile(fsys, name)
	if err != nil {
		return "", err
	}
	if s == "" {
		return "", &SyntaxError{File: name, Err: errors.New("empty file")}
	}
	if !utf8.ValidString(s) {
		at := strings.IndexFunc(s, func(r rune) bool { return r == utf8.RuneError })
		for ; ; at++ { // a RuneError may also be written in the file
			if r, n := utf8.DecodeRuneInString(s[at:]); r == utf8.RuneError && n == 1 {
				break
			}
		}
		return "", syntaxAt(name, s, at, errors.New("invalid UTF-8"))
	}
	if s[len(s)-1] != '\n' {
		return "", syntaxAt(name, s, len(s)-1, errors.New("file ends within a line: truncated"))
	}
	return s, nil
}

// readOptional is readText for a file that may be absent: then it returns "".
func readOptional(fsys fs.FS, name string) (string, error) {
	s, err := readText(fsys, name)
	if errors.Is(err, fs.ErrNotExist) {
		return "", nil
	}
	return s, err
}

// syntaxAt places an error at a byte of a text.
func syntaxAt(file, text string, at int, err error) *SyntaxError {
	at = min(at, len(text))
	return &SyntaxError{File: file, Line: 1 + strings.Count(text[:at], "\n"), Err: err}
}

// findFolder returns the folder of fsys that holds the database files.
func findFolder(fsys fs.FS) (string, bool) {
	for _, dir := range []string{".", "dict", "wordnet"} {
		if _, err := fs.Stat(fsys, path.Join(dir, "data.noun")); err == nil {
			return dir, true
		}
	}
	return "", false
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

// skipLicence returns the position of the first record: the licence lines at
// the top begin with a blank, and editions have different numbers of them.
func skipLicence(s string) int {
	i := 0
	for i < len(s) && s[i] == ' ' {
		i += strings.IndexByte(s[i:], '\n') + 1
	}
	return i
}

// A fields cuts a record at blanks.
type fields struct {
	s string
	i int
}

// next returns the next field, or "" at the end.
func (f *fields) next() string {
	s, i := f.s, f.i
	for i < len(s) && s[i] == ' ' {
		i++
	}
	j := i
	for j < len(s) && s[j] != ' ' {
		j++
	}
	f.i = j
	return s[i:j]
}

// decimal returns the value of a number of at most nine digits.
func decimal(s string) (uint32, bool) {
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
func hex8(s string) (uint8, bool) {
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
