package npy

import (
	"archive/zip"
	"bytes"
	"errors"
	"fmt"
	"math"
	"os"
	"slices"
	"strings"
	"testing"
	"testing/iotest"
)

func TestRoundTrip(t *testing.T) {
	x := []float32{0, -1.5, float32(math.Inf(1)), 1e-40, 3, 4}
	for _, shape := range [][]int{{6}, {2, 3}, {1, 6, 1}} {
		var b bytes.Buffer
		if err := Write(&b, x, shape...); err != nil {
			t.Fatal(err)
		}
		if n := b.Len() - 24; n%64 != 0 {
			t.Errorf("the header has %d bytes, want a multiple of 64", n)
		}
		got, s, err := Read[float32](iotest.OneByteReader(&b))
		if err != nil || !slices.Equal(got, x) || !slices.Equal(s, shape) {
			t.Errorf("shape %v: got %v %v, %v", shape, got, s, err)
		}
	}
}

func file(descr, fortran, shape string, data ...byte) []byte {
	h := "{'descr': '" + descr + "', 'fortran_order': " + fortran + ", 'shape': (" + shape + "), }\n"
	return append(append([]byte("\x93NUMPY\x01\x00"), byte(len(h)), byte(len(h)>>8)), append([]byte(h), data...)...)
}

func TestKinds(t *testing.T) {
	for _, c := range []struct {
		file []byte
		want []float64
	}{
		{file("<f2", "False", "3,", 0, 0x3c, 1, 0, 0, 0xfc), []float64{1, math.Pow(2, -24), math.Inf(-1)}},
		{file("<i2", "False", "1,", 0xff, 0xff), []float64{-1}},
		{file("<u2", "False", "1,", 0xff, 0xff), []float64{65535}},
		{file("|u1", "True", "2, 3", 1, 4, 2, 5, 3, 6), []float64{1, 2, 3, 4, 5, 6}},
		{file("|i1", "False", "", 0x80), []float64{-128}},
		{file("<f8", "False", "0, 5"), []float64{}},
	} {
		got, _, err := Read[float64](bytes.NewReader(c.file))
		if err != nil || !slices.Equal(got, c.want) {
			t.Errorf("%q: got %v, %v, want %v", c.file, got, err, c.want)
		}
	}
}

func TestBad(t *testing.T) {
	good := file("<f4", "False", "2,", 1, 2, 3, 4, 5, 6, 7, 8)
	for n := range good {
		if _, _, err := Read[float32](bytes.NewReader(good[:n])); !errors.Is(err, ErrFormat) {
			t.Errorf("cut to %d bytes: %v", n, err)
		}
	}
	for _, b := range [][]byte{
		file("<f16", "False", "1,"), file("[('a', '<f4')]", "False", "1,"), file("<c8", "False", "1,"), file("|O", "False", "1,"), file("<f3", "False", "1,"),
		file("<f4", "False", "9223372036854775807, 9223372036854775807"), file("<f4", "False", "99999999999999999999,"),
		file("<f4", "False", "1000000000,"),
	} {
		if _, _, err := Read[float32](bytes.NewReader(b)); !errors.Is(err, ErrFormat) {
			t.Errorf("%q: %v", b, err)
		}
	}
	boom := errors.New("boom")
	if _, _, err := Read[float32](iotest.ErrReader(boom)); !errors.Is(err, boom) {
		t.Errorf("failing reader: %v", err)
	}
}

// testdata/headers.txt says what NumPy makes of each header.
func TestHeaders(t *testing.T) {
	text, err := os.ReadFile("testdata/headers.txt")
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(text)) {
		want, h, _ := strings.Cut(line, "\t")
		b := append([]byte("\x93NUMPY\x01\x00"), byte(len(h)), byte(len(h)>>8))
		got := "refused"
		if h, err := ReadHeader(strings.NewReader(string(b) + h)); err == nil {
			got = fmt.Sprintf("%c%d (%s)", h.Kind, h.Size, strings.Trim(strings.ReplaceAll(fmt.Sprint(h.Shape), " ", ", "), "[]"))
			if len(h.Shape) == 1 {
				got = strings.Replace(got, ")", ",)", 1)
			}
		}
		if got != want {
			t.Errorf("%q: %s, NumPy says %s", h, got, want)
		}
	}
}

func TestArchive(t *testing.T) {
	list := arrays(t, "kinds.npz")
	for _, a := range list {
		var want []int64
		x, err := ReadArray[int64](a)
		switch a.Name {
		case "complex", "dates", "text":
			if !errors.Is(err, ErrType) || !errors.Is(err, ErrFormat) || !strings.Contains(err.Error(), a.Name) {
				t.Errorf("%s: %v", a.Name, err)
			}
			continue
		case "empty":
			want = []int64{}
		case "scalar":
			want = []int64{2}
		case "negative":
			want = []int64{0, -1, -2, -3, -100, -5}
		case "b1", "b1-big", "b1-fortran":
			want = []int64{0, 1, 1, 1, 1, 1}
		default:
			want = []int64{0, 1, 2, 3, 100, 5}
		}
		if err != nil || !slices.Equal(x, want) {
			t.Errorf("%s: %v, %v", a.Name, x, err)
		}
		if kind, _, _ := strings.Cut(a.Name, "-"); len(kind) == 2 && kind != fmt.Sprintf("%c%d", a.Header.Kind, a.Header.Size) {
			t.Errorf("%s: %s", a.Name, a.Header.Type())
		}
	}
	if len(list) != 42 {
		t.Errorf("%d arrays", len(list))
	}
	if a, err := Choose(list, "f4"); err != nil || a.Name != "f4" {
		t.Error(a, err)
	}
	for _, name := range []string{"", "f3"} {
		if _, err := Choose(list, name); !errors.Is(err, ErrFormat) || !strings.Contains(err.Error(), "f2-big (float16 [2 3])") || len(err.Error()) > 1000 {
			t.Error(err)
		}
	}
	if a, err := Choose(arrays(t, "one.npz"), ""); err != nil || a.Name != "arr_0" {
		t.Error(a, err)
	}
}

func arrays(t *testing.T, name string) []*Array {
	t.Helper()
	b, err := os.ReadFile("testdata/" + name)
	if err != nil {
		t.Fatal(err)
	}
	list, err := Arrays(bytes.NewReader(b), int64(len(b)))
	if err != nil {
		t.Fatal(err)
	}
	return list
}

// A damaged archive is an error, and what a shape promises is not believed.
func TestBadArchive(t *testing.T) {
	pack := func(entry []byte) []byte {
		var b bytes.Buffer
		z := zip.NewWriter(&b)
		w, _ := z.Create("x.npy")
		w.Write(entry)
		z.Close()
		return b.Bytes()
	}
	good := pack(file("<f4", "False", "2,", 1, 2, 3, 4, 5, 6, 7, 8))
	read := func(b []byte) error {
		list, err := Arrays(bytes.NewReader(b), int64(len(b)))
		if err == nil {
			var a *Array
			if a, err = Choose(list, ""); err == nil {
				_, err = ReadArray[float32](a)
			}
		}
		return err
	}
	if err := read(good); err != nil {
		t.Fatal(err)
	}
	for n := range good {
		if err := read(good[:n]); !errors.Is(err, ErrFormat) {
			t.Fatalf("cut to %d bytes: %v", n, err)
		}
	}
	for name, b := range map[string][]byte{
		"no arrays": pack(nil)[:0], "empty entry": pack(nil), "short": pack(file("<f4", "False", "3,", 1, 2, 3, 4)),
		"large": pack(file("<f4", "False", "1000000000000,", 1, 2, 3, 4)),
	} {
		if err := read(b); !errors.Is(err, ErrFormat) {
			t.Errorf("%s: %v", name, err)
		}
	}
	at := bytes.Index(good, []byte{1, 2, 3, 4, 5, 6})
	if at < 0 {
		at = len(good) / 3
	}
	good[at] ^= 1
	if err := read(good); !errors.Is(err, ErrFormat) {
		t.Errorf("another checksum: %v", err)
	}
}

func FuzzArrays(f *testing.F) {
	for _, name := range []string{"kinds.npz", "one.npz"} {
		b, err := os.ReadFile("testdata/" + name)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(b)
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		list, err := Arrays(bytes.NewReader(b), int64(len(b)))
		if err != nil && !errors.Is(err, ErrFormat) {
			t.Fatalf("untyped error %v", err)
		}
		for _, a := range list {
			if x, err := ReadArray[float32](a); err == nil && len(x) != a.Header.Len() {
				t.Fatalf("%d elements of shape %v", len(x), a.Header.Shape)
			} else if err != nil && !errors.Is(err, ErrFormat) {
				t.Fatalf("untyped error %v", err)
			}
		}
	})
}

func FuzzRead(f *testing.F) {
	f.Add(file("<f4", "False", "2,", 1, 2, 3, 4, 5, 6, 7, 8))
	f.Add(file("<f2", "True", "1, 2", 1, 2, 3, 4))
	f.Add(file(">i8", "True", "1, 1", 1, 2, 3, 4, 5, 6, 7, 8))
	f.Add(file("bool", "False", "2,", 1, 0))
	f.Fuzz(func(t *testing.T, b []byte) {
		x, shape, err := Read[float32](bytes.NewReader(b))
		if err != nil {
			if !errors.Is(err, ErrFormat) {
				t.Fatalf("untyped error %v", err)
			}
			return
		}
		if h := (Header{Shape: shape}); h.Len() != len(x) {
			t.Fatalf("%d elements of shape %v", len(x), shape)
		}
	})
}
