package amap

import (
	"bytes"
	"errors"
	"io"
	"maps"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"gonum.org/v1/gonum/mat"
)

func reopen(t *testing.T, b []byte, o *Options) *Map {
	t.Helper()
	m, err := NewReader(bytes.NewReader(b), int64(len(b)), o)
	if err != nil {
		t.Fatal(err)
	}
	return m
}

func TestSafetensors(t *testing.T) {
	m := small(t, false)
	var b bytes.Buffer
	if err := m.WriteSafetensors(t.Context(), &b); err != nil {
		t.Fatal(err)
	}
	again := reopen(t, b.Bytes(), nil)
	if again.Format() != "safetensors" || !slices.Equal(again.Modes(), m.Modes()) || again.Metadata()["window"] != "15" {
		t.Error(again.Format(), again.Modes(), again.Metadata())
	}
	if n, known := again.Positions(); n != 16 || !known {
		t.Error("positions", n, known)
	}
	for _, mode := range m.Modes() {
		for _, n := range m.Layers(mode) {
			if a, b := layer(t, m, mode, n), layer(t, again, mode, n); !mat.Equal(a, b) || a.DType() != b.DType() {
				t.Errorf("%s %d differs", mode, n)
			}
		}
		if !slices.Equal(again.Counts()[mode], m.Counts()[mode]) {
			t.Error("counts differ")
		}
	}
	if _, err := again.Layer("elsewhere", 0); !errors.Is(err, ErrNotFound) {
		t.Error(err)
	}
	// Layers go by number, not by name.
	js := `{"x/10":{"dtype":"F32","shape":[1,1],"data_offsets":[0,4]},"x/9":{"dtype":"F32","shape":[1,1],"data_offsets":[4,8]},"w":{"dtype":"F32","shape":[2,1],"data_offsets":[8,16]},"i":{"dtype":"I8","shape":[8],"data_offsets":[16,24]}}`
	file := append(append([]byte{byte(len(js)), 0, 0, 0, 0, 0, 0, 0}, js...), 0, 0, 0x80, 0x3f, 0, 0, 0, 0x40, 0, 0, 0x80, 0x3f, 0, 0, 0, 0x40, 1, 2, 3, 4, 5, 6, 7, 8)
	s := reopen(t, file, nil)
	if !slices.Equal(s.Layers("x"), []int{9, 10}) || layer(t, s, "x", 9).At(0, 0) != 2 || !slices.Equal(s.Modes(), []Mode{"x", "w"}) || layer(t, s, "w", 0).At(1, 0) != 2 {
		t.Error(s.Layers("x"), s.Modes())
	}
	if err := s.WriteSYSIF(t.Context(), io.Discard); !errors.Is(err, ErrShape) {
		t.Error("a list without its first layer:", err)
	}
	for cut := range file {
		if _, err := NewReader(bytes.NewReader(file[:cut]), int64(cut), nil); err == nil {
			t.Errorf("cut to %d bytes: opened", cut)
		} else {
			typed(t, err)
		}
	}
}

func TestNPY(t *testing.T) {
	m := small(t, false)
	l := layer(t, m, Input, 1)
	var b bytes.Buffer
	if err := l.WriteNPY(t.Context(), &b); err != nil {
		t.Fatal(err)
	}
	again := reopen(t, b.Bytes(), nil)
	if again.Format() != "npy" || !mat.Equal(layer(t, again, Input, 0), l) {
		t.Error("differs")
	}
	// Units × tokens, and Fortran order.
	u := reopen(t, b.Bytes(), &Options{Transposed: new(true)})
	if !mat.Equal(layer(t, u, Input, 0), l.T()) {
		t.Error("transposed differs")
	}
	f := bytes.Replace(b.Bytes(), []byte("'fortran_order': False"), []byte("'fortran_order': True "), 1)
	f = bytes.Replace(f, []byte("(116, 8)"), []byte("(8, 116)"), 1)
	if o := reopen(t, f, nil); !mat.Equal(layer(t, o, Input, 0), l.T()) {
		t.Error("Fortran order differs")
	} else if row, err := layer(t, o, Input, 0).Row(nil, 3); err != nil || float64(row[50]) != l.At(50, 3) {
		t.Error(err)
	}
	big := bytes.Replace(b.Bytes(), []byte("<f2"), []byte(">f2"), 1)
	for i := len(big) - 2*116*8; i < len(big); i += 2 {
		big[i], big[i+1] = big[i+1], big[i]
	}
	if o := reopen(t, big, nil); !mat.Equal(layer(t, o, Input, 0), l) {
		t.Error("big-endian differs")
	}
	for cut := 6; cut < b.Len(); cut += 7 {
		if _, err := NewReader(bytes.NewReader(b.Bytes()[:cut]), int64(cut), nil); err == nil {
			t.Errorf("cut to %d bytes: opened", cut)
		} else {
			typed(t, err)
		}
	}
}

// Rows of every number type are put together from a file of units × tokens.
func TestTransposedTypes(t *testing.T) {
	const rows, units = 301, 71
	x := hard(units, rows) // units × tokens
	for _, d := range []DType{Float16, Float32, Float64} {
		m, err := NewMap(d, map[Mode][]Rows{Input: {x}}, nil)
		if err != nil {
			t.Fatal(err)
		}
		var b bytes.Buffer
		if err := layer(t, m, Input, 0).WriteNPY(t.Context(), &b); err != nil {
			t.Fatal(err)
		}
		path := filepath.Join(t.TempDir(), "amap.npy")
		if err := os.WriteFile(path, b.Bytes(), 0o600); err != nil {
			t.Fatal(err)
		}
		for _, noMmap := range []bool{false, true} {
			m, err := Open(path, &Options{Transposed: new(true), NoMmap: noMmap})
			if err != nil {
				t.Fatal(err)
			}
			defer m.Close()
			l := layer(t, m, Input, 0)
			got := make([]float32, rows*units)
			if err := l.ReadRows(got, 0, rows); err != nil {
				t.Fatal(err)
			}
			var row []float32
			for i := range rows {
				if row, err = l.Row(row, i); err != nil {
					t.Fatal(err)
				}
				for u, v := range row {
					w := got[i*units+u]
					want := d.round(float64(x.x[u*rows+i]))
					if at := l.At(i, u); math.Float32bits(v) != math.Float32bits(w) || float64(v) != want && want == want || at != want && want == want {
						t.Fatalf("%v, NoMmap %v: %v %v %v at %d, %d, want %v", d, noMmap, v, w, at, i, u, want)
					}
				}
			}
		}
	}
}

// A list of matrices that are units × tokens.
func TestTransposedList(t *testing.T) {
	m, err := Open(smallFile, &Options{Transposed: new(true)})
	if err != nil {
		t.Fatal(err)
	}
	defer m.Close()
	if r, u := layer(t, m, Input, 0).Dims(); r != 8 || u != 116 {
		t.Error(r, u)
	}
}

// Number types come out of every writer as they went in.
func TestWritersKeepTypes(t *testing.T) {
	for _, name := range []string{"bf16", "fp32", "fp64", "filtered", "view"} {
		path := "testdata/torch/same-" + name + ".pickle"
		openBoth(t, path, func(t *testing.T, m *Map) {
			for _, n := range m.Layers(Input) {
				l := layer(t, m, Input, n)
				var b bytes.Buffer
				if err := l.WriteNPY(t.Context(), &b); err != nil {
					t.Fatal(err)
				}
				if x := layer(t, reopen(t, b.Bytes(), nil), Input, 0); !mat.Equal(x, l) || l.DType() != BFloat16 && x.DType() != l.DType() {
					t.Errorf("layer %d: .npy differs", n)
				}
			}
			var b bytes.Buffer
			if err := m.WriteSafetensors(t.Context(), &b); err != nil {
				t.Fatal(err)
			}
			s := reopen(t, b.Bytes(), nil)
			for _, n := range m.Layers(Input) {
				if l, x := layer(t, m, Input, n), layer(t, s, Input, n); !mat.Equal(x, l) || x.DType() != l.DType() {
					t.Errorf("layer %d: safetensors differ", n)
				}
			}
		})
	}
}

func TestBF16Rounding(t *testing.T) {
	for i := range 1 << 15 {
		h := uint16(i)
		v := BFloat16.one([]byte{byte(h), byte(h >> 8)})
		if v != v {
			continue
		}
		if got := f64ToBF16(v); got != h {
			t.Fatalf("%#04x came back as %#04x", h, got)
		}
		next := BFloat16.one([]byte{byte(h + 1), byte((h + 1) >> 8)})
		if h == 0x7f80 || next-next != 0 {
			continue
		}
		mid := (v + next) / 2
		if got, want := f64ToBF16(mid), h+h&1; got != want {
			t.Fatalf("%v: %#04x, want %#04x", mid, got, want)
		}
		// A hair beside the middle, too little for a float32 to show.
		if got := f64ToBF16(mid * (1 + 1e-12)); got != h+1 {
			t.Fatalf("above %v: %#04x, want %#04x", mid, got, h+1)
		}
		if got := f64ToBF16(-mid * (1 - 1e-12)); got != h|0x8000 {
			t.Fatalf("below %v: %#04x, want %#04x", mid, got, h|0x8000)
		}
	}
}

func TestNames(t *testing.T) {
	for file, want := range map[string]map[string]string{
		"amap-sample-neox-6l-128-dictionary-N310871-Wd15-1337_position_.pickle":   {"model": "sample-neox-6l-128", "dataset": "dictionary", "sentences": "310871", "window": "15", "seed": "1337", "positions": "true"},
		"tokens-count-pythia-70m-wikipedia,20220301.en,train-N100-Wd15-0_.pickle": {"model": "pythia-70m", "dataset": "wikipedia,20220301.en,train", "sentences": "100", "window": "15", "seed": "0", "positions": "false"},
		"amap-pythia-70m-wikipedia,20220301.en,train-N5-1_position_fp16.pickle":   {"model": "pythia-70m", "dataset": "wikipedia,20220301.en,train", "sentences": "5", "seed": "1", "positions": "true", "flags": "fp16"},
		"fmap-opt-350m-N7-3.pickle": {"model": "opt-350m", "sentences": "7", "seed": "3", "positions": "false"},
	} {
		if got := parseName(file); !maps.Equal(got, want) {
			t.Errorf("%s: %v", file, got)
		}
	}
	for _, bad := range []string{"", "amap.pickle", "amap-x-N1.pickle", "amap-x-N99999999999999999999-1.pickle"} {
		if got := parseName(bad); got != nil {
			t.Errorf("%q: %v", bad, got)
		}
	}
	for u, ok := range map[string]bool{"3_17": true, "0_0": true, "3_": false, "_1": false, "-1_2": false, "3_17x": false, "03_1": false, "3 17": false} {
		if id, err := ParseUnit(u); (err == nil) != ok || ok && id.String() != u {
			t.Errorf("%q: %v, %v", u, id, err)
		}
	}
}

func TestOpenPair(t *testing.T) {
	dir := t.TempDir()
	cp := func(from, to string) {
		b, err := os.ReadFile(from)
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(dir, to), b, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	name := filepath.Join(dir, "amap-m-d-N5-Wd15-1_position_.pickle")
	if _, err := OpenPair(name, nil); !errors.Is(err, ErrNotFound) {
		t.Error(err)
	}
	cp(smallFile, filepath.Base(name))
	if _, err := OpenPair(name, nil); !errors.Is(err, ErrNotFound) || !errors.Is(err, os.ErrNotExist) {
		t.Error(err)
	}
	cp(smallFile, "other.pickle")
	if _, err := OpenPair(filepath.Join(dir, "other.pickle"), nil); !errors.Is(err, ErrNotFound) {
		t.Error(err)
	}
	cp(smallCounts, "tokens-count-m-d-N5-Wd15-1_position_.pickle")
	m, err := OpenPair(name, &Options{NoMmap: true})
	if err != nil {
		t.Fatal(err)
	}
	if n, known := m.Positions(); n != 16 || !known || len(m.Counts()) == 0 || m.Metadata()["model"] != "m" || m.src.mapped() {
		t.Error(n, known, m.Metadata())
	}
	m.Close()
	if err := m.Close(); !errors.Is(err, ErrClosed) {
		t.Error(err)
	}
	// What the caller says goes before the name.
	for positions, want := range map[int]int{0: 16, -1: 0, 3: 3} {
		m, err := Open(name, &Options{Positions: positions})
		if err != nil {
			t.Fatal(err)
		}
		if n, known := m.Positions(); n != want || !known {
			t.Errorf("%d: %d positions, %v", positions, n, known)
		}
		m.Close()
	}
	if _, err := Open(name, &Options{Positions: 117}); !errors.Is(err, ErrShape) {
		t.Error(err)
	}
}

func FuzzSafetensors(f *testing.F) {
	js := `{"__metadata__":{"window":"1"},"x/1":{"dtype":"F16","shape":[2,1],"data_offsets":[0,4]}}`
	f.Add(append(append([]byte{byte(len(js)), 0, 0, 0, 0, 0, 0, 0}, js...), 0, 0, 0x80, 0x3f))
	f.Fuzz(func(t *testing.T, b []byte) {
		m, err := NewReader(bytes.NewReader(b), int64(len(b)), nil)
		if err != nil {
			var fe *formatError
			if !errors.As(err, &fe) && !errors.Is(err, ErrShape) {
				t.Fatal(err)
			}
			return
		}
		useAll(t, m)
	})
}

// SYSIF strips organizations from the names that a path is made of.
func TestOpenPairOrganization(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "amap.1337")
	if err := os.Mkdir(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	const rest = "-N5-Wd15-1_position_.pickle"
	for from, names := range map[string][]string{smallFile: {"amap-pythia-70m-pile-10k" + rest, "amap-gpt2-d" + rest}, smallCounts: {"tokens-count-pythia-70m-pile-10k" + rest, "tokens-count-gpt2-d" + rest}} {
		b, err := os.ReadFile(from)
		if err != nil {
			t.Fatal(err)
		}
		for _, name := range names {
			if err := os.WriteFile(filepath.Join(dir, name), b, 0o600); err != nil {
				t.Fatal(err)
			}
		}
	}
	for _, name := range []string{"EleutherAI/pythia-70m-pile-10k", "pythia-70m-NeelNanda/pile-10k", "Eleuther-AI/pythia-70m-Neel-Nanda/pile-10k", "pythia-70m-pile-10k", "openai-community/gpt2-d"} {
		path := filepath.Join(dir, "amap-"+name+rest)
		m, err := OpenPair(path, nil)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if len(m.Counts()) == 0 || m.Metadata()["window"] != "15" || strings.Contains(m.Metadata()["model"], "AI") {
			t.Errorf("%s: %v", name, m.Metadata())
		}
		m.Close()
	}
	for _, name := range []string{"a/b/c/gpt2-d", "x/gpt2-e", "gpt2/"} {
		if _, err := OpenPair(filepath.Join(dir, "amap-"+name+rest), nil); !errors.Is(err, ErrNotFound) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// A file that is no map at all is not blamed for its first opcode.
func TestOpenText(t *testing.T) {
	_, err := NewReader(strings.NewReader("# notes\n"), 8, nil)
	if !errors.Is(err, ErrUnsupported) || !strings.Contains(err.Error(), "not an activation map") {
		t.Error(err)
	}
}

// Layers keep the numbers that NewMap is told.
func TestLayerNumbers(t *testing.T) {
	x := rowsOf{[]float32{1, 2, 3, 4}, 2}
	for _, numbers := range [][]int{{3}, {3, 3}, {-1, 2}} {
		if _, err := NewMap(Float32, map[Mode][]Rows{Input: {x, x}}, &Options{Layers: numbers}); !errors.Is(err, ErrShape) {
			t.Errorf("%d: %v", numbers, err)
		}
	}
	m, err := NewMap(Float32, map[Mode][]Rows{Input: {x, x}}, &Options{Layers: []int{7, 2}})
	if err != nil {
		t.Fatal(err)
	}
	var b bytes.Buffer
	if err := m.WriteSafetensors(t.Context(), &b); err != nil {
		t.Fatal(err)
	}
	if m, err = NewReader(bytes.NewReader(b.Bytes()), int64(b.Len()), nil); err != nil {
		t.Fatal(err)
	}
	if got := m.Layers(Input); !slices.Equal(got, []int{2, 7}) {
		t.Errorf("layers %d", got)
	}
	if err := m.WriteSYSIF(t.Context(), &b); !errors.Is(err, ErrShape) {
		t.Error(err)
	}
}
