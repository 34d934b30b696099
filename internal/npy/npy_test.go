package npy

import (
	"bytes"
	"errors"
	"math"
	"slices"
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
		file(">f4", "False", "1,", 0, 0, 0, 0), file("<c8", "False", "1,"), file("|O", "False", "1,"), file("<f3", "False", "1,"),
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

func FuzzRead(f *testing.F) {
	f.Add(file("<f4", "False", "2,", 1, 2, 3, 4, 5, 6, 7, 8))
	f.Add(file("<f2", "True", "1, 2", 1, 2, 3, 4))
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
