// Package cli holds what the example programs share: how they end, how they
// read and write files, and how they show progress.
package cli

import (
	"bufio"
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
)

// Run is the body of a program. Its arguments exclude the program's name.
type Run func(ctx context.Context, args []string, stdout, stderr io.Writer) error

// Main runs a program. The context ends at the first interrupt; a second one
// kills the process as usual. An error is printed as one line and makes the
// exit status 1 (130 after an interrupt).
func Main(name string, run Run) {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	go func() {
		<-ctx.Done()
		stop()
	}()
	err := run(ctx, os.Args[1:], os.Stdout, os.Stderr)
	interrupted := ctx.Err() != nil
	stop()
	switch {
	case err == nil, errors.Is(err, flag.ErrHelp):
		return
	case interrupted && errors.Is(err, context.Canceled):
		fmt.Fprintf(os.Stderr, "%s: interrupted (%s)\n", name, message(name, err))
		os.Exit(130)
	default:
		fmt.Fprintf(os.Stderr, "%s: %s\n", name, message(name, err))
		os.Exit(1)
	}
}

// message is an error's text in one line, without the name that a library of
// the same name puts before it.
func message(name string, err error) string {
	return strings.ReplaceAll(strings.TrimPrefix(err.Error(), name+": "), "\n", "; ")
}

// WriteFile writes a file through a temporary one beside it, which takes its
// name only when write and every flush have succeeded: the file is there
// whole or not at all.
func WriteFile(path string, write func(io.Writer) error) (err error) {
	f, err := os.CreateTemp(filepath.Dir(path), "."+filepath.Base(path)+".*")
	if err != nil {
		return err
	}
	defer func() {
		if err != nil {
			f.Close()
			os.Remove(f.Name())
		}
	}()
	w := bufio.NewWriterSize(f, 1<<16)
	if err := write(w); err != nil {
		return fmt.Errorf("%s: %w", path, err)
	}
	if err := w.Flush(); err != nil {
		return fmt.Errorf("%s: %w", path, err)
	}
	if err := f.Chmod(0o644); err != nil && !errors.Is(err, errors.ErrUnsupported) {
		return err
	}
	if err := f.Close(); err != nil {
		return fmt.Errorf("%s: %w", path, err)
	}
	return os.Rename(f.Name(), path)
}

// Reader returns r with an end: reading fails when the context ends, so that a
// large file can be interrupted.
func Reader(ctx context.Context, r io.Reader) io.Reader { return stopReader{ctx, r} }

type stopReader struct {
	ctx context.Context
	r   io.Reader
}

func (s stopReader) Read(b []byte) (int, error) {
	if err := s.ctx.Err(); err != nil {
		return 0, err
	}
	return s.r.Read(b)
}

// Float is the shortest decimal that reads back as the same float32.
func Float(v float32) string { return strconv.FormatFloat(float64(v), 'g', -1, 32) }
