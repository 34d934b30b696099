package amap

import (
	"errors"
	"fmt"
	"io"
	"os"
	"runtime"
	"runtime/debug"
	"sync/atomic"
)

// A source is the bytes of a file: a mapping of it, or a reader.
type source struct {
	r      io.ReaderAt
	size   int64
	data   []byte // the mapping; nil when there is none
	file   string
	unmap  func() error
	handle *os.File // closed with the source
	closed atomic.Bool
	within *source // the file whose content these bytes are, decoded
}

// isClosed tells whether the file has been closed.
func (s *source) isClosed() bool {
	return s.closed.Load() || s.within != nil && s.within.closed.Load()
}

func (s *source) mapped() bool { return s.data != nil }

// readAt fills buf. A file that has become shorter gives ErrTruncated.
func (s *source) readAt(buf []byte, off int64) error {
	if s.isClosed() {
		return ErrClosed
	}
	n, err := s.r.ReadAt(buf, off)
	if n == len(buf) {
		return nil
	}
	var fe *formatError
	if asFormat(err, &fe) {
		return err
	}
	if err == nil || err == io.EOF || errors.Is(err, io.ErrUnexpectedEOF) {
		err = ErrTruncated
	}
	return &formatError{s.file, off + int64(n), fmt.Sprintf("reading %d bytes", len(buf)), err}
}

// guard makes the goroutine panic, instead of the process die, when a page of
// a mapping is gone because its file was cut. Use it as
//
//	defer s.caught(s.guard(), &err)
func (s *source) guard() (old bool) { return debug.SetPanicOnFault(true) }

func (s *source) caught(old bool, err *error) {
	debug.SetPanicOnFault(old)
	p := recover()
	if p == nil {
		return
	}
	if f, ok := p.(interface{ Addr() uintptr }); ok {
		if off, ok := s.offsetOf(f.Addr()); ok {
			*err = &formatError{s.file, off, "reading the mapping", ErrTruncated}
			return
		}
	}
	// Emulators may tell a wrong address of the fault (qemu-user 7.2: 0 on
	// arm64, its halves swapped on s390x). Then the file's size decides.
	if _, ok := p.(runtime.Error); ok && s.handle != nil {
		if fi, e := s.handle.Stat(); e == nil && fi.Size() < s.size {
			*err = s.shorter(fi)
			return
		}
	}
	panic(p)
}

// whole gives ErrTruncated when bytes that were read from a mapping, the last of
// them at off, are no longer in the file: the rest of the page in which a cut
// file ends reads as zeros. The file's size is only asked for when that page has
// nothing but zeros from off on.
func (s *source) whole(off int64) error {
	if s.handle == nil {
		return nil
	}
	page := int64(os.Getpagesize())
	for _, b := range s.data[off:min(s.size, (off/page+1)*page)] {
		if b != 0 {
			return nil
		}
	}
	fi, err := s.handle.Stat()
	if err != nil {
		return err
	}
	if fi.Size() <= off {
		return s.shorter(fi)
	}
	return nil
}

// shorter is the error of a file that was cut while it was open.
func (s *source) shorter(fi os.FileInfo) error {
	return &formatError{s.file, fi.Size(), fmt.Sprintf("the file had %d bytes", s.size), ErrTruncated}
}

func (s *source) close() error {
	if s.closed.Swap(true) {
		return ErrClosed
	}
	var err error
	if s.unmap != nil {
		err = s.unmap()
		s.data = nil
	}
	if s.handle != nil {
		err = errors.Join(err, s.handle.Close())
	}
	return err
}
