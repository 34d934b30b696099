package amap

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"gonum.org/v1/gonum/mat"

	"github.com/semamap/semamap/internal/golden"
)

func reopen(t *testing.T, b []byte, opts ...Option) *Map {
	t.Helper()
	m, err := NewReader(bytes.NewReader(b), int64(len(b)), opts...)
	if err != nil {
		t.Fatal(err)
	}
	return m
}

func TestSafetensors(t *testing.T) {
	m := small(t)
	var b bytes.Buffer
	if err := WriteSafetensors(t.Context(), &b, m); err != nil {
		t.Fatal(err)
	}
	again := reopen(t, b.Bytes())
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
		if !slices.Equal(again.Counts().All(mode), m.Counts().All(mode)) {
			t.Error("counts differ")
		}
	}
	if l, err := again.Tensor("output/2"); err != nil || l.At(5, 2) != layer(t, m, Output, 2).At(5, 2) {
		t.Error(err)
	}
	if _, err := again.Tensor("elsewhere"); !errors.Is(err, ErrNotFound) {
		t.Error(err)
	}
	// Layers go by number, not by name.
	js := `{"x/10":{"dtype":"F32","shape":[1,1],"data_offsets":[0,4]},"x/9":{"dtype":"F32","shape":[1,1],"data_offsets":[4,8]},"w":{"dtype":"F32","shape":[2,1],"data_offsets":[0,8]},"i":{"dtype":"I8","shape":[8],"data_offsets":[0,8]}}`
	file := append(append([]byte{byte(len(js)), 0, 0, 0, 0, 0, 0, 0}, js...), 0, 0, 0x80, 0x3f, 0, 0, 0, 0x40)
	s := reopen(t, file)
	if !slices.Equal(s.Layers("x"), []int{9, 10}) || layer(t, s, "x", 9).At(0, 0) != 2 || !slices.Equal(s.Tensors(), []string{"w", "x/10", "x/9"}) {
		t.Error(s.Layers("x"), s.Tensors())
	}
	for cut := range file {
		if _, err := NewReader(bytes.NewReader(file[:cut]), int64(cut)); err == nil {
			t.Errorf("cut to %d bytes: opened", cut)
		} else {
			typed(t, err)
		}
	}
}

func TestNPY(t *testing.T) {
	m := small(t)
	l := layer(t, m, Input, 1)
	var b bytes.Buffer
	if err := WriteNPY(t.Context(), &b, l); err != nil {
		t.Fatal(err)
	}
	again := reopen(t, b.Bytes())
	if again.Format() != "npy" || !mat.Equal(layer(t, again, Input, 0), l) {
		t.Error("differs")
	}
	// Units × tokens, and Fortran order.
	u := reopen(t, b.Bytes(), WithTransposed(true))
	if !mat.Equal(layer(t, u, Input, 0), l.T()) {
		t.Error("transposed differs")
	}
	f := bytes.Replace(b.Bytes(), []byte("'fortran_order': False"), []byte("'fortran_order': True "), 1)
	f = bytes.Replace(f, []byte("(116, 8)"), []byte("(8, 116)"), 1)
	if o := reopen(t, f); !mat.Equal(layer(t, o, Input, 0), l.T()) {
		t.Error("Fortran order differs")
	} else if row, err := layer(t, o, Input, 0).Row(nil, 3); err != nil || float64(row[50]) != l.At(50, 3) {
		t.Error(err)
	}
	big := bytes.Replace(b.Bytes(), []byte("<f2"), []byte(">f2"), 1)
	if _, err := NewReader(bytes.NewReader(big), int64(len(big))); err == nil {
		t.Error("big-endian file opened")
	}
	for cut := 6; cut < b.Len(); cut += 7 {
		if _, err := NewReader(bytes.NewReader(b.Bytes()[:cut]), int64(cut)); err == nil {
			t.Errorf("cut to %d bytes: opened", cut)
		} else {
			typed(t, err)
		}
	}
}

// A list of matrices that are units × tokens.
func TestTransposedList(t *testing.T) {
	m, err := Open(smallFile, WithTransposed(true))
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
				if err := WriteNPY(t.Context(), &b, l); err != nil {
					t.Fatal(err)
				}
				if x := layer(t, reopen(t, b.Bytes()), Input, 0); !mat.Equal(x, l) || l.DType() != BFloat16 && x.DType() != l.DType() {
					t.Errorf("layer %d: .npy differs", n)
				}
			}
			var b bytes.Buffer
			if err := WriteSafetensors(t.Context(), &b, m); err != nil {
				t.Fatal(err)
			}
			s := reopen(t, b.Bytes())
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

func TestVocab(t *testing.T) {
	for name, file := range map[string]string{
		"tokenizer.json": `{"version":"1.0","model":{"type":"BPE","vocab":{"hat":0,"Ġhat":1,"Ã":2,"Â":3,"ĠĠ":4}},"added_tokens":[{"id":5,"content":"  "}]}`,
		"vocab.json":     `{"hat":0,"Ġhat":1,"Ã":2,"Â":3,"ĠĠ":4,"  ":5}`,
		"array":          `["hat","Ġhat","Ã","Â","ĠĠ","  "]`,
		"lines":          "hat\nĠhat\nÃ\nÂ\nĠĠ\n  \n",
	} {
		v, err := ReadVocab(strings.NewReader(file))
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if v.Len() != 6 || v.Token(1) != "Ġhat" || v.Text(1) != " hat" || v.Text(2) != "\ufffd" || v.Token(6) != "" {
			t.Errorf("%s: %d tokens, %q", name, v.Len(), v.raw)
		}
		if id, ok := v.ID("Ġhat"); id != 1 || !ok {
			t.Errorf("%s: Ġhat is %d", name, id)
		}
		if got := v.Named("\ufffd"); !slices.Equal(got, []int32{2, 3}) {
			t.Errorf("%s: U+FFFD is %v", name, got)
		}
		if got := v.Named("  "); !slices.Equal(got, []int32{4, 5}) {
			t.Errorf("%s: two spaces are %v", name, got)
		}
		for token, id := range map[string]int32{"hat": 0, " hat": 1, "Ġhat": 1} {
			if got, err := v.Lookup(token); got != id || err != nil {
				t.Errorf("%s: %q is %d, %v", name, token, got, err)
			}
		}
		if _, err := v.Lookup("\ufffd"); !errors.Is(err, ErrAmbiguous) {
			t.Errorf("%s: %v", name, err)
		}
		if _, err := v.Lookup("cat"); !errors.Is(err, ErrNotFound) {
			t.Errorf("%s: %v", name, err)
		}
	}
	for _, bad := range []string{`{"a":0,"b":0}`, `{"a":-1}`, `{"a":2000000000}`, `["a","a"]`, `{"a":"b"}`, `{"a":0`, `{"model":{"vocab":[["a",-1.5]]}}`, "a\na\n"} {
		if _, err := ReadVocab(strings.NewReader(bad)); err == nil {
			t.Errorf("%q: read", bad)
		}
	}
}

// What Python and Rust make of broken UTF-8: b.decode(errors="replace").
func TestDecodeBroken(t *testing.T) {
	enc := make([]rune, 256)
	for r, b := range byteOf {
		enc[b] = r
	}
	for _, c := range []struct{ in, want string }{
		{"\xe2\x82", "\ufffd"}, {"\xe2\x28\xa1", "\ufffd(\ufffd"}, {"\xf0\x9f\x98", "\ufffd"},
		{"\xf0\x80\x80", "\ufffd\ufffd\ufffd"}, {"\xed\xa0\x80", "\ufffd\ufffd\ufffd"}, {"\xc3", "\ufffd"},
		{"a\xffb", "a\ufffdb"}, {"\xf4\x90\x80\x80", "\ufffd\ufffd\ufffd\ufffd"}, {"é", "é"}, {"\xe2\x82\xe2\x82\xac", "\ufffd€"},
	} {
		var raw []rune
		for _, b := range []byte(c.in) {
			raw = append(raw, enc[b])
		}
		if got := DecodeToken(string(raw)); got != c.want {
			t.Errorf("%q: %q, want %q", c.in, got, c.want)
		}
	}
}

// GPT-NeoX's vocabulary has 50,277 ids and 49,790 texts.
func TestNeoXVocab(t *testing.T) {
	f, err := os.Open(golden.Shared(t, "data/neox_tokenizer.json"))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	v, err := ReadVocab(f)
	if err != nil {
		t.Fatal(err)
	}
	shared, texts := 0, 0
	for _, ids := range v.byText {
		if len(ids) > 1 {
			texts++
			shared += len(ids)
		}
	}
	if v.Len() != 50277 || len(v.byText) != 49790 || texts != 26 || shared != 513 {
		t.Errorf("%d ids, %d texts, %d of them shared by %d ids", v.Len(), len(v.byText), texts, shared)
	}
	hat, _ := v.Lookup("hat")
	spaced, _ := v.Lookup(" hat")
	if hat != 700 || spaced != 7856 || len(v.Named("\ufffd")) != 411 || len(v.Named(" \ufffd")) != 44 || len(v.Named("\ufffd\ufffd")) != 12 {
		t.Error(hat, spaced, len(v.Named("\ufffd")))
	}
	m, err := Open(golden.Shared(t, sampleMap), WithVocab(v))
	if err != nil {
		t.Fatal(err)
	}
	defer m.Close()
	if n, known := m.Positions(); n != 16 || !known {
		t.Error("positions", n)
	}
	if _, err := Open(smallFile, WithVocab(v)); !errors.Is(err, ErrShape) {
		t.Error(err)
	}
}

func TestNames(t *testing.T) {
	for file, want := range map[string]Name{
		"amap-sample-neox-6l-128-dictionary-N310871-Wd15-1337_position_.pickle":   {"amap", "sample-neox-6l-128", "dictionary", 310871, 15, 1337, true, ""},
		"tokens-count-pythia-70m-wikipedia,20220301.en,train-N100-Wd15-0_.pickle": {"tokens-count", "pythia-70m", "wikipedia,20220301.en,train", 100, 15, 0, false, ""},
		"amap-pythia-70m-wikipedia,20220301.en,train-N5-1_position_fp16.pickle":   {"amap", "pythia-70m", "wikipedia,20220301.en,train", 5, 0, 1, true, "fp16"},
		"fmap-opt-350m-N7-3.pickle": {"fmap", "opt-350m", "", 7, 0, 3, false, ""},
	} {
		if got, err := ParseName(file); err != nil || got != want {
			t.Errorf("%s: %+v, %v", file, got, err)
		}
	}
	for _, bad := range []string{"", "amap.pickle", "amap-x-N1.pickle", "amap-x-N99999999999999999999-1.pickle"} {
		if _, err := ParseName(bad); !errors.Is(err, ErrFormat) {
			t.Errorf("%q: %v", bad, err)
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
	if _, err := OpenPair(dir, "d", "m"); !errors.Is(err, ErrNotFound) {
		t.Error(err)
	}
	cp(smallFile, "amap-m-d-N5-Wd15-1_position_.pickle")
	if _, err := OpenPair(dir, "d", "m"); !errors.Is(err, ErrNotFound) {
		t.Error(err)
	}
	cp(smallCounts, "tokens-count-m-d-N5-Wd15-1_position_.pickle")
	m, err := OpenPair(dir, "d", "m")
	if err != nil {
		t.Fatal(err)
	}
	if n, known := m.Positions(); n != 16 || !known || m.Counts() == nil {
		t.Error(n, known)
	}
	if seen, known := m.Seen(Input, 0); seen || !known {
		t.Error(seen, known)
	}
	m.Close()
	if err := m.Close(); !errors.Is(err, ErrClosed) {
		t.Error(err)
	}
	cp(smallFile, "amap-m-d-N6-Wd15-1_.pickle")
	if _, err := OpenPair(dir, "d", "m"); !errors.Is(err, ErrAmbiguous) {
		t.Error(err)
	}
}

func FuzzSafetensors(f *testing.F) {
	js := `{"__metadata__":{"window":"1"},"x/1":{"dtype":"F16","shape":[2,1],"data_offsets":[0,4]}}`
	f.Add(append(append([]byte{byte(len(js)), 0, 0, 0, 0, 0, 0, 0}, js...), 0, 0, 0x80, 0x3f))
	f.Fuzz(func(t *testing.T, b []byte) {
		m, err := NewReader(bytes.NewReader(b), int64(len(b)))
		if err != nil {
			var fe *FormatError
			if !errors.As(err, &fe) && !errors.Is(err, ErrShape) {
				t.Fatal(err)
			}
			return
		}
		useAll(t, m)
	})
}

func FuzzReadVocab(f *testing.F) {
	f.Add([]byte(`{"model":{"vocab":{"a":0}},"added_tokens":[{"id":1,"content":"b"}]}`))
	f.Add([]byte("[\"a\"]"))
	f.Fuzz(func(t *testing.T, b []byte) {
		v, err := ReadVocab(bytes.NewReader(b))
		if err != nil {
			return
		}
		for id := range int32(v.Len()) {
			if v.has[id] {
				if got, ok := v.ID(v.Token(id)); !ok || got != id {
					t.Fatalf("id %d is %q is %d", id, v.Token(id), got)
				}
			}
		}
	})
}
