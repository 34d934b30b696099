package amap

import (
	"errors"
	"fmt"
	"strings"
)

// Errors of this package wrap one of these; test for them with [errors.Is]. An
// error about the content of a file names the file and the byte offset.
var (
	// ErrFormat: the bytes do not follow the format.
	ErrFormat = errors.New("malformed file")
	// ErrUnsupported: the file may be well formed, but this package cannot read
	// it.
	ErrUnsupported = errors.New("not supported")
	// ErrTruncated: the file ends before its data. It may have been truncated
	// while open.
	ErrTruncated = errors.New("file is truncated")
	// ErrLimit: the file needs more work or memory than this package allows.
	ErrLimit = errors.New("limit exceeded")
	// ErrShape: dimensions do not match, or an index is out of range.
	ErrShape = errors.New("shapes do not fit")
	// ErrNotFound: the mode, layer, unit, token or counts do not exist.
	ErrNotFound = errors.New("not found")
	// ErrClosed: the map has been closed.
	ErrClosed = errors.New("map is closed")
)

// A formatError says at which byte of a file reading failed. It wraps one of
// the reasons above, or an input error of the reader.
type formatError struct {
	file string // empty when the name is not known
	off  int64  // byte offset in the file
	what string
	err  error
}

func (e *formatError) Error() string {
	var b strings.Builder
	if e.file != "" {
		b.WriteString(e.file)
		b.WriteString(": ")
	} else {
		b.WriteString("amap: ")
	}
	fmt.Fprintf(&b, "offset %d: %s", e.off, e.what)
	if e.err != nil && e.err != ErrFormat {
		fmt.Fprintf(&b, ": %v", e.err)
	}
	return b.String()
}

func (e *formatError) Unwrap() error { return e.err }

func errAt(off int64, reason error, format string, args ...any) error {
	return &formatError{off: off, what: fmt.Sprintf(format, args...), err: reason}
}

// named puts the file's name into an error about its content.
func named(err error, file string) error {
	var fe *formatError
	if file != "" && errors.As(err, &fe) && fe.file == "" {
		fe.file = file
	}
	return err
}
