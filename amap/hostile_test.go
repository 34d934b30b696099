package amap

import (
	"bytes"
	"context"
	"errors"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"github.com/nlpodyssey/gopickle/pickle"
	"runtime/debug"
)

// useAll reads what an opened map offers, as a user would.
func useAll(t testing.TB, m *Map) {
	for _, mode := range m.Modes() {
		for _, n := range m.Layers(mode) {
			l, err := m.Layer(mode, n)
			if err != nil {
				typed(t, err)
				continue
			}
			rows, units := l.Dims()
			if rows == 0 || units == 0 || rows > 1<<16 || units > 1<<16 || rows*units > 1<<18 {
				continue
			}
			if _, err := l.Row(nil, rows-1); err != nil {
				typed(t, err)
			}
			if _, err := l.Mean(nil, []int32{0, int32(rows - 1)}); err != nil {
				typed(t, err)
			}
			l.At(0, units-1)
			if err := l.ReadRows(make([]float32, rows*units), 0, rows); err != nil {
				typed(t, err)
			}
		}
	}
	r, _ := m.Check(context.Background())
	for _, f := range r {
		_ = f.String()
	}
}

func typed(t testing.TB, err error) {
	t.Helper()
	var fe *formatError
	if !errors.As(err, &fe) || fe.off < 0 || fe.err == nil {
		t.Fatalf("untyped error: %v", err)
	}
	if !errors.Is(err, ErrFormat) && !errors.Is(err, ErrUnsupported) && !errors.Is(err, ErrTruncated) && !errors.Is(err, ErrLimit) && !errors.Is(err, ErrShape) {
		t.Fatalf("error without a reason: %v", err)
	}
}

func bomb(parts ...string) []byte { return []byte(strings.Join(parts, "")) }

// Files that are small, or cheap to make, and that ask for much.
func TestBombs(t *testing.T) {
	_, err := os.Stat(smallFile)
	if err != nil {
		t.Fatal(err)
	}
	cases := map[string][]byte{
		"empty":             {},
		"marks":             bomb("\x80\x05", strings.Repeat("(", 20<<20)),
		"nested lists":      bomb("\x80\x05", strings.Repeat("]", 5<<20), strings.Repeat("a", 5<<20), "."),
		"long4":             bomb("\x80\x02\x8b\x80\x1a\x06\x00", strings.Repeat("\x7f", 400<<10), "."),
		"long1 of 200":      bomb("\x80\x02\x8a\xc8", strings.Repeat("\x7f", 200), "."),
		"empty set":         bomb("\x80\x05\x8f."),
		"frozen set":        bomb("\x80\x05(\x91."),
		"text of 20 MB":     bomb("\x80\x05X\x00\x00\x40\x01", strings.Repeat("x", 20<<20), "."),
		"texts":             bomb("\x80\x05", strings.Repeat("\x8c\x40"+strings.Repeat("y", 64), 40000)),
		"line of 20 MB":     bomb("\x80\x02V", strings.Repeat("x", 20<<20), "\n."),
		"global line":       bomb("\x80\x02c", strings.Repeat("x", 20<<20)),
		"memo far away":     bomb("\x80\x05]r\xff\xff\xff\x7f."),
		"memo not set":      bomb("\x80\x05h\x05."),
		"no stop":           bomb("\x80\x05}"),
		"stop at once":      bomb("\x80\x05."),
		"reduce of nothing": bomb("\x80\x05R."),
		"doubling tuples":   bomb("\x80\x05)", strings.Repeat("\x94h\x00h\x00\x86", 1), strings.Repeat("r\x01\x00\x00\x00h\x01h\x01\x86", 5000), "R."),
		"forged id":         bomb("\x80\x05}\x8c\x05inputJ\x00\x00\x00\x00Qs."),
		"eval":              bomb("\x80\x02c__builtin__\neval\nX\x05\x00\x00\x001 + 1\x85R."),
		"machine's class":   bomb("\x80\x05carray\n_array_reconstructor\n)R."),
		"global from memo":  bomb("\x80\x05\x8c\x05posix\x94\x8c\x06system\x94h\x00h\x01\x93."),
		"name not a text":   bomb("\x80\x05K\x01K\x02\x93."),
		"build":             bomb("\x80\x05}}b."),
		"newobj":            bomb("\x80\x05ccollections\nOrderedDict\n)\x81."),
		"set items odd":     bomb("\x80\x05}(K\x01u."),
		"list as key":       bomb("\x80\x05}]K\x01s."),
		"list in itself":    bomb("\x80\x05]\x94h\x00a."),
		"encode of text":    bomb("\x80\x02c_codecs\nencode\nX\x03\x00\x00\x00abcX\x06\x00\x00\x00latin1\x86R."),
		"encode as rot13":   bomb("\x80\x02c_codecs\nencode\nX\x03\x00\x00\x00abcX\x06\x00\x00\x00rot_13\x86R."),
		"protocol 6":        bomb("\x80\x06}."),
		"safetensors":       bomb("\xff\xff\xff\xff\xff\x00\x00\x00{", strings.Repeat(" ", 100)),
		"safetensors names": bomb("\x00\x00\x30\x00\x00\x00\x00\x00{", strings.Repeat(`"a":{"dtype":"F16","shape":[1,1],"data_offsets":[0,2]},`, 1<<16)),
		"safetensors depth": bomb("\x00\x00\x30\x00\x00\x00\x00\x00{\"a\":", strings.Repeat("[", 3<<20)),
		"safetensors shape": bomb("\x60\x00\x00\x00\x00\x00\x00\x00", pad(`{"input/0":{"dtype":"F16","shape":[4611686018427387904,4],"data_offsets":[0,8]}}`, 0x60), "12345678"),
		"npy shape":         bomb("\x93NUMPY\x01\x00\x76\x00", pad(`{'descr': '<f2', 'fortran_order': False, 'shape': (2147483647, 2147483647), }`, 0x75), "\n"),
		"npy cut":           bomb("\x93NUMPY\x01\x00\x76\x00"),
		"short lines":       bomb("\x80\x02", strings.Repeat("V\n", 10<<20)),
		"gzip":              bomb("\x1f\x8b\x08\x00"),
	}
	for name, b := range cases {
		t.Run(name, func(t *testing.T) {
			var before, after runtime.MemStats
			runtime.ReadMemStats(&before)
			m, err := NewReader(bytes.NewReader(b), int64(len(b)), nil)
			runtime.ReadMemStats(&after)
			if err == nil {
				t.Fatal("opened", m.Modes())
			}
			typed(t, err)
			if n := after.TotalAlloc - before.TotalAlloc; n > 64<<20 {
				t.Errorf("%d MB allocated", n>>20)
			}
			t.Log(err)
			if _, err := readCounts(&source{r: bytes.NewReader(b), size: int64(len(b))}); err == nil {
				t.Error("opened as counts")
			} else {
				typed(t, err)
			}
		})
	}
}

func pad(s string, n int) string { return s + strings.Repeat(" ", n-len(s)) }

// A good file with any byte changed, or cut anywhere, opens or gives a typed
// error.
func TestEveryByteDamaged(t *testing.T) {
	b, err := os.ReadFile("testdata/torch/same-proto5.pickle")
	if err != nil {
		t.Fatal(err)
	}
	try := func(b []byte) {
		m, err := NewReader(bytes.NewReader(b), int64(len(b)), nil)
		if err != nil {
			typed(t, err)
			return
		}
		useAll(t, m)
	}
	bad := make([]byte, len(b))
	for i := range b {
		for _, x := range []byte{0x01, 0x80, 0xff} {
			copy(bad, b)
			bad[i] ^= x
			try(bad)
		}
		try(b[:i])
	}
}

// The pickle machine is pinned: its module at v0.3.0 is what the tests of the
// lexer stand for. (The newest version by name is an older one.)
func TestMachineVersion(t *testing.T) {
	info, ok := debug.ReadBuildInfo()
	if !ok {
		t.Skip("no build information")
	}
	for _, d := range info.Deps {
		if d.Path == "github.com/nlpodyssey/gopickle" && d.Version != "v0.3.0" {
			t.Errorf("gopickle %s", d.Version)
		}
	}
	_ = pickle.HighestProtocol
}

func FuzzNewReader(f *testing.F) {
	files, _ := filepath.Glob("testdata/torch/*.pickle")
	more, _ := filepath.Glob("testdata/hostile/*")
	for _, name := range append(files, more...) {
		b, err := os.ReadFile(name)
		if err != nil {
			f.Fatal(err)
		}
		if len(b) < 4096 {
			f.Add(b)
		}
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		m, err := NewReader(bytes.NewReader(b), int64(len(b)), nil)
		if err != nil {
			typed(t, err)
			return
		}
		useAll(t, m)
		// What was accepted can be written and read again.
		var out bytes.Buffer
		if err := m.WriteSYSIF(t.Context(), &out); err != nil {
			return
		}
		again, err := NewReader(bytes.NewReader(out.Bytes()), int64(out.Len()), nil)
		if err != nil {
			t.Fatalf("what was written is not read: %v", err)
		}
		if len(again.Modes()) != len(m.Modes()) {
			t.Fatal(again.Modes(), m.Modes())
		}
	})
}

func FuzzReadCounts(f *testing.F) {
	files, _ := filepath.Glob("testdata/torch/counts*.pickle")
	for _, name := range files {
		b, err := os.ReadFile(name)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(b)
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		c, err := readCounts(&source{r: bytes.NewReader(b), size: int64(len(b))})
		if err != nil {
			typed(t, err)
			return
		}
		var out bytes.Buffer
		if err := c.Write(&out); err != nil {
			t.Fatal(err)
		}
		if _, err := readCounts(&source{r: bytes.NewReader(out.Bytes()), size: int64(out.Len())}); err != nil {
			t.Fatal(err)
		}
	})
}
