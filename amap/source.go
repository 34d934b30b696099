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
}

func (s *source) mapped() bool { return s.data != nil }

// readAt fills buf. A file that has become shorter gives ErrTruncated.
func (s *source) readAt(buf []byte, off int64) error {
	if s.closed.Load() {
		return ErrClosed
	}
	n, err := s.r.ReadAt(buf, off)
	if n == len(buf) {
		return nil
	}
	if err == nil || err == io.EOF || errors.Is(err, io.ErrUnexpectedEOF) {
		err = ErrTruncated
	}
	return &FormatError{File: s.file, Off: off + int64(n), What: fmt.Sprintf("reading %d bytes", len(buf)), Err: err}
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
			*err = &FormatError{File: s.file, Off: off, What: "reading the mapping", Err: ErrTruncated}
			return
		}
	}
	// Emulators may tell a wrong address of the fault (qemu-user 7.2: 0 on
	// arm64, its halves swapped on s390x). Then the file's size decides.
	if _, ok := p.(runtime.Error); ok {
		if cut := s.whole(); errors.Is(cut, ErrTruncated) {
			*err = cut
			return
		}
	}
	panic(p)
}

// whole gives ErrTruncated when a mapped file has become shorter.
func (s *source) whole() error {
	if !s.mapped() || s.handle == nil {
		return nil
	}
	fi, err := s.handle.Stat()
	if err != nil {
		return err
	}
	if fi.Size() < s.size {
		return &FormatError{File: s.file, Off: fi.Size(), What: fmt.Sprintf("the file had %d bytes", s.size), Err: ErrTruncated}
	}
	return nil
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
