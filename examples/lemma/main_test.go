package main

import (
	"bytes"
	"context"
	"errors"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/semamap/semamap/internal/npy"
)

func TestTokenize(t *testing.T) {
	for _, c := range []struct{ in, out, err string }{
		{"\"hot_dog\"\n\"a\\u0301\\n<b>\"", `{"input":"hot_dog","ids":[12022,64,21428],"tokens":["hot","_","dog"]}
{"input":"` + "a\u0301" + `\n<b>","ids":[1757,187,29,67,31],"tokens":["Ã¡","Ċ","<","b",">"]}
`, ""},
		{"\"\"\r\n\n \"\\ufffd\"\n", `{"input":"","ids":[],"tokens":[]}
{"input":"` + "\ufffd" + `","ids":[21478],"tokens":["ï¿½"]}
`, ""},
		{"", "", ""},
		{"\"a\"\n5\n", "", "standard input:2: "},
		{"\"a\"\nnull\n", "", "standard input:2: not a JSON string"},
		{"\"a\" \"b\"\n", "", "standard input:1: "},
		{"\"\xff\"\n", "", "standard input:1: not UTF-8"},
		{"\"\\ud800\"\n", "", "standard input:1: half of a surrogate pair"},
	} {
		var out, log bytes.Buffer
		err := run(context.Background(), []string{"tokenize"}, strings.NewReader(c.in), &out, &log)
		if c.err != "" {
			if err == nil || !strings.Contains(err.Error(), c.err) {
				t.Errorf("%q: %v, want %s", c.in, err, c.err)
			}
			continue
		}
		if err != nil || out.String() != c.out {
			t.Errorf("%q: %v\n%swant\n%s", c.in, err, out.String(), c.out)
		}
	}
	boom := errors.New("boom")
	err := run(context.Background(), []string{"tokenize"}, iotest.ErrReader(boom), &bytes.Buffer{}, &bytes.Buffer{})
	if !errors.Is(err, boom) {
		t.Errorf("a failing reader: %v", err)
	}
}

func TestAverage(t *testing.T) {
	dir := t.TempDir()
	matrix := filepath.Join(dir, "map.npy")
	const rows, units = 13000, 3
	x := make([]float32, rows*units)
	for i := range rows {
		x[i*units], x[i*units+1], x[i*units+2] = float32(i), float32(-i), 1
	}
	f, err := os.Create(matrix)
	if err != nil {
		t.Fatal(err)
	}
	if err := npy.Write(f, x, rows, units); err != nil {
		t.Fatal(err)
	}
	f.Close()

	out := filepath.Join(dir, "out.npy")
	for _, c := range []struct {
		args string
		in   string
		want []float32 // nil: an error
		err  string
	}{
		{"", "hot\na_b\n", []float32{12022, -12022, 1, (66 + 64 + 67) / 3., -(66 + 64 + 67) / 3., 1}, ""},
		{"-underscore skip", "a_b\n", []float32{66.5, -66.5, 1}, ""},
		{"-underscore space -pool last", "a_b", []float32{270, -270, 1}, ""},
		{"-leading-space -pool first", "a\n", []float32{247, -247, 1}, ""},
		{"-pool max", "a_b\n", []float32{67, -64, 1}, ""},
		{"-columns name", "a_b\n", []float32{(66 + 64 + 67) / 3., -(66 + 64 + 67) / 3., 1}, ""},
		{"", "a\n\nb\n", nil, "standard input:2: empty line"},
		{"", "hot\nhot_dog\n", nil, "lemma 1, \"hot_dog\""}, // token 21428 has no row
		{"-pool sum", "a\n", nil, "not one of mean"},
		{"-pool weighted", "a\n", nil, "-counts"},
		{"-layer 4", "a\n", nil, "layer"},
		{"extra", "a\n", nil, "extra"},
	} {
		os.Remove(out)
		args := append([]string{"average", "-amap", matrix, "-out", out}, strings.Fields(c.args)...)
		err := run(context.Background(), args, strings.NewReader(c.in), &bytes.Buffer{}, &bytes.Buffer{})
		if c.want == nil {
			if err == nil || !strings.Contains(err.Error(), c.err) {
				t.Errorf("%s, %q: %v, want %s", c.args, c.in, err, c.err)
			}
			if _, err := os.Stat(out); err == nil {
				t.Errorf("%s, %q: a file in spite of the error", c.args, c.in)
			}
			continue
		}
		if err != nil {
			t.Errorf("%s, %q: %v", c.args, c.in, err)
			continue
		}
		f, err := os.Open(out)
		if err != nil {
			t.Fatal(err)
		}
		got, shape, err := npy.Read[float32](f)
		f.Close()
		if err != nil || len(shape) != 2 || shape[1] != units {
			t.Fatalf("%v: %v", shape, err)
		}
		for i, v := range c.want {
			if got[i] != v {
				t.Errorf("%s, %q: %v, want %v", c.args, c.in, got, c.want)
				break
			}
		}
	}
}

func TestAverageSample(t *testing.T) {
	out := filepath.Join(t.TempDir(), "out.npy")
	var log bytes.Buffer
	args := []string{"average", "-layer", "16", "-pool", "weighted", "-unseen", "skip", "-out", out}
	if err := run(context.Background(), args, strings.NewReader("hot_dog\ncat\n"), &bytes.Buffer{}, &log); err != nil {
		t.Fatal(err)
	}
	if want := "2 words of 4 tokens, 128 units"; !strings.Contains(log.String(), want) {
		t.Errorf("%q, want %q", log.String(), want)
	}
}

func TestUsage(t *testing.T) {
	for _, args := range [][]string{nil, {"frobnicate"}, {"average"}} {
		if err := run(context.Background(), args, strings.NewReader(""), &bytes.Buffer{}, &bytes.Buffer{}); err == nil {
			t.Errorf("%q: no error", args)
		}
	}
	for _, args := range [][]string{{"-help"}, {"average", "-help"}, {"tokenize", "-help"}} {
		if err := run(context.Background(), args, strings.NewReader(""), &bytes.Buffer{}, &bytes.Buffer{}); !errors.Is(err, flag.ErrHelp) {
			t.Errorf("%q: %v", args, err)
		}
	}
}
