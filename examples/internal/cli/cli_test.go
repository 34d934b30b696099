package cli

import (
	"bytes"
	"context"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestWriteFile(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "a.txt")
	if err := WriteFile(path, func(w io.Writer) error { _, err := io.WriteString(w, "one"); return err }); err != nil {
		t.Fatal(err)
	}
	boom := errors.New("boom")
	err := WriteFile(path, func(w io.Writer) error { io.WriteString(w, "two"); return boom })
	if !errors.Is(err, boom) || !strings.Contains(err.Error(), path) {
		t.Errorf("err = %v", err)
	}
	if b, _ := os.ReadFile(path); string(b) != "one" {
		t.Errorf("a failed write left %q", b)
	}
	if e, _ := os.ReadDir(dir); len(e) != 1 {
		t.Errorf("%d files, want 1: no temporary file may stay", len(e))
	}
	if err := WriteFile(filepath.Join(dir, "none", "a"), nil); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("missing folder: %v", err)
	}
}

// A program does not say its name twice, nor more than one line.
func TestMessage(t *testing.T) {
	if got := message("amap", errors.New("amap: unit 1_99: not found\nmore")); got != "unit 1_99: not found; more" {
		t.Errorf("got %q", got)
	}
}

func TestReader(t *testing.T) {
	ctx, stop := context.WithCancel(t.Context())
	r := Reader(ctx, strings.NewReader("abcd"))
	b := make([]byte, 2)
	if n, err := r.Read(b); n != 2 || err != nil {
		t.Errorf("read %d bytes, %v", n, err)
	}
	stop()
	if n, err := r.Read(b); n != 0 || !errors.Is(err, context.Canceled) {
		t.Errorf("after the end: %d bytes, %v", n, err)
	}
}

func TestFloat(t *testing.T) {
	if got := Float(.1); got != "0.1" {
		t.Errorf("got %s", got)
	}
}

func TestProgressPlain(t *testing.T) {
	var b bytes.Buffer
	p := NewProgress(&b, "layer 0", 10)
	p.Set(5, "KL 3.1")
	p.last = p.last.Add(-plainEvery)
	p.Set(6, "KL 3.0")
	p.Done()
	got := b.String()
	if !strings.HasPrefix(got, "layer 0: 6 of 10, KL 3.0\nlayer 0: done in ") || strings.Count(got, "\n") != 2 {
		t.Errorf("got %q", got)
	}
}

func TestWaitPlain(t *testing.T) {
	var b bytes.Buffer
	p := NewWait(&b, "neighbours")
	p.Done()
	if got := b.String(); !strings.HasPrefix(got, "neighbours: done in ") {
		t.Errorf("got %q", got)
	}
	NewWait(&b, "never").Stop()
	if strings.Contains(b.String(), "never") {
		t.Errorf("a stopped phase left %q", b.String())
	}
}
