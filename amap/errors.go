package amap

import (
	"errors"
	"fmt"
	"strings"
)

// The reasons an error may wrap; test for them with [errors.Is].
var (
	// ErrFormat: the bytes are not what the format asks for.
	ErrFormat = errors.New("malformed file")
	// ErrUnsupported: the file may be well formed, but holds something that
	// this package does not read.
	ErrUnsupported = errors.New("not supported")
	// ErrTruncated: the file ends, or was cut while open, before its data do.
	ErrTruncated = errors.New("file is truncated")
	// ErrLimit: the file asks for more work or memory than the limits allow.
	ErrLimit = errors.New("limit exceeded")
	// ErrShape: dimensions do not fit together.
	ErrShape = errors.New("shapes do not fit")
	// ErrNotFound: no such mode, layer, unit, token or file.
	ErrNotFound = errors.New("not found")
	// ErrAmbiguous: a name stands for more than one thing.
	ErrAmbiguous = errors.New("ambiguous")
	// ErrClosed: the map has been closed.
	ErrClosed = errors.New("map is closed")
)

// A FormatError says at which byte of a file reading failed. It wraps one of
// the reasons above, and an input error of the reader if there was one.
type FormatError struct {
	File string // empty when the name is not known
	Off  int64  // byte offset in the file
	What string
	Err  error
}

func (e *FormatError) Error() string {
	var b strings.Builder
	if e.File != "" {
		b.WriteString(e.File)
		b.WriteString(": ")
	} else {
		b.WriteString("amap: ")
	}
	fmt.Fprintf(&b, "offset %d: %s", e.Off, e.What)
	if e.Err != nil && e.Err != ErrFormat {
		fmt.Fprintf(&b, ": %v", e.Err)
	}
	return b.String()
}

func (e *FormatError) Unwrap() error { return e.Err }

func errAt(off int64, reason error, format string, args ...any) error {
	return &FormatError{Off: off, What: fmt.Sprintf(format, args...), Err: reason}
}

// named puts the file's name into an error about its content.
func named(err error, file string) error {
	var fe *FormatError
	if file != "" && errors.As(err, &fe) && fe.File == "" {
		fe.File = file
	}
	return err
}
