package cli

import (
	"bytes"
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
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
	p := NewWait(&b, "neighbors")
	p.Done()
	if got := b.String(); !strings.HasPrefix(got, "neighbors: done in ") {
		t.Errorf("got %q", got)
	}
	NewWait(&b, "never").Stop()
	if strings.Contains(b.String(), "never") {
		t.Errorf("a stopped phase left %q", b.String())
	}
}

func TestParse(t *testing.T) {
	for _, c := range []struct {
		args       string
		most       int
		rest, want string // of the error
	}{
		{"", 0, "[]", ""},
		{"-n 1,2 a", 1, "[a]", ""},
		{"a -n 1,2 b", 2, "[a b]", ""},
		{"a b", 1, "[]", `unexpected argument "b"`},
		{"-n 1,x", 0, "[]", `"x" is no number`},
		{"-n -1", 0, "[]", `"-1" is no number`},
		{"-n 9999999999", 0, "[]", `"9999999999" is no number`},
		{"-c three", 0, "[]", "not one of one, two"},
		{"-d", 0, "[]", "flag provided but not defined: -d"},
	} {
		f := flag.NewFlagSet("test", flag.ContinueOnError)
		var n []int32
		Ints(f, &n, "n", "number", "numbers")
		choice := Choice(f, "c", "a choice", "one", "two")
		var log bytes.Buffer
		rest, err := Parse(f, strings.Fields(c.args), c.most, &log)
		if fmt.Sprint(rest) != c.rest || (err == nil) != (c.want == "") || err != nil && !strings.Contains(err.Error(), c.want) {
			t.Errorf("%q: %q, %v", c.args, rest, err)
		}
		if strings.Contains(c.args, "1,2") && !slices.Equal(n, []int32{1, 2}) || *choice != "one" || log.Len() > 0 {
			t.Errorf("%q: %d, %s, log %q", c.args, n, *choice, log.String())
		}
		if _, err := Parse(f, []string{"-help"}, 0, &log); err != flag.ErrHelp || !strings.Contains(log.String(), "-n") {
			t.Errorf("-help: %v, %q", err, log.String())
		}
	}
}

func TestWriteCSV(t *testing.T) {
	var b bytes.Buffer
	record := func(i int) ([]string, error) { return []string{"a,b", Float(float32(i))}, nil }
	if err := WriteCSV(t.Context(), &b, []string{"x", "y"}, 2, record); err != nil || b.String() != "x,y\n\"a,b\",0\n\"a,b\",1\n" {
		t.Errorf("%q, %v", b.String(), err)
	}
	boom := errors.New("boom")
	if err := WriteCSV(t.Context(), &b, nil, 1, func(int) ([]string, error) { return nil, boom }); err != boom {
		t.Error(err)
	}
	ctx, stop := context.WithCancel(t.Context())
	stop()
	if err := WriteCSV(ctx, &b, nil, 1, record); !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
}

func TestNames(t *testing.T) {
	names := []string{"b", "a", "c", "a", "b", "a"}
	if got := fmt.Sprint(Tally(names)); got != "[{a 3} {b 2} {c 1}]" {
		t.Error(got)
	}
	if got := Numbers(names); !slices.Equal(got, []int32{0, 1, 2, 1, 0, 1}) {
		t.Error(got)
	}
	for n, want := range map[int]string{0: "0", 999: "999", 1000: "1,000", 1234567: "1,234,567"} {
		if got := Thousands(n); got != want {
			t.Errorf("%d: %s", n, got)
		}
	}
}

func TestShortNames(t *testing.T) {
	got := ShortNames([]string{"law.n.01", "computer_science.n.01", "law.n.02"})
	if got["law.n.01"] != "law" || got["law.n.02"] != "law.n.02" || got["computer_science.n.01"] != "computer science" {
		t.Errorf("%v", got)
	}
}

func TestRecord(t *testing.T) {
	path := filepath.Join(t.TempDir(), "in")
	if err := os.WriteFile(path, []byte("abc"), 0o600); err != nil {
		t.Fatal(err)
	}
	r, err := NewRecord(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	if err := r.Read(t.Context(), "data", path); err != nil {
		t.Fatal(err)
	}
	want := Input{"data", "in", 3, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"}
	if len(r.Executable) != 64 || len(r.Inputs) != 1 || r.Inputs[0] != want {
		t.Errorf("%+v", r)
	}
	if err := r.Read(t.Context(), "data", path+"2"); !errors.Is(err, os.ErrNotExist) {
		t.Error(err)
	}
	r.End("one")
	r.End("two")
	if len(r.Phases) != 2 || r.Versions["go"] == "" || r.Started == "" {
		t.Errorf("%+v", r)
	}
}
