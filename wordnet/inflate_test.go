package wordnet

import (
	"bytes"
	"compress/flate"
	"io"
	"math/rand/v2"
	"strings"
	"testing"
)

// deflated packs b at a level of compress/flate, cut into blocks here and there.
func deflated(t testing.TB, b []byte, level int) string {
	t.Helper()
	var out bytes.Buffer
	w, err := flate.NewWriter(&out, level)
	if err != nil {
		t.Fatal(err)
	}
	for i, part := range [][]byte{b[:len(b)/3], b[len(b)/3:]} {
		if _, err := w.Write(part); err != nil {
			t.Fatal(err)
		}
		if i == 0 && len(b)%2 == 1 {
			if err := w.Flush(); err != nil { // an empty stored block
				t.Fatal(err)
			}
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return out.String()
}

// What compress/flate packs is unpacked to what it was.
func TestInflate(t *testing.T) {
	r := rand.New(rand.NewPCG(5, 6))
	noise := make([]byte, 200_001)
	skew := make([]byte, 300_000) // with codes of every length
	for i := range noise {
		noise[i] = byte(r.Uint32())
	}
	for i := range skew {
		skew[i] = byte(min(r.ExpFloat64()*9, 255))
	}
	var z inflater
	for name, b := range map[string][]byte{
		"empty": nil, "one": {7}, "noise": noise, "skew": skew,
		"zeros": make([]byte, 1<<20+1), "text": []byte(strings.Repeat("the quick brown fox ", 999)),
		"short": []byte("abcabcabcabcabcabcabcabcx"),
	} {
		for _, level := range []int{flate.HuffmanOnly, flate.NoCompression, flate.BestSpeed, 6, flate.BestCompression} {
			packed := deflated(t, b, level)
			got, err := z.inflate(packed, len(b))
			if err != nil || !bytes.Equal(got, b) {
				t.Errorf("%s at level %d: %d bytes, %v; want %d", name, level, len(got), err, len(b))
			}
			for _, size := range []int{len(b) - 1, len(b) + 1} {
				if size < 0 {
					continue
				}
				if _, err := z.inflate(packed, size); err == nil {
					t.Errorf("%s at level %d: taken for %d bytes", name, level, size)
				}
			}
			if _, err := z.inflate(packed+"x", len(b)); err == nil {
				t.Errorf("%s at level %d: something left over was not seen", name, level)
			}
			for cut := len(packed) - 1; cut >= 0; cut -= 1 + len(packed)/50 {
				if _, err := z.inflate(packed[:cut], len(b)); err == nil {
					t.Errorf("%s at level %d: cut at %d of %d bytes", name, level, cut, len(packed))
				}
			}
		}
	}
}

// The two programs agree on what is sound.
func FuzzInflate(f *testing.F) {
	for _, level := range []int{0, 1, 9, flate.HuffmanOnly} {
		f.Add([]byte(deflated(f, []byte("a dog is a dog is an animal; xyz"), level)))
	}
	f.Add([]byte{3, 0})                                                               // fixed codes, nothing in it
	f.Add([]byte("\x05\xc1\x81\x00\x00\x00\x00\x00\x10\xff\xd5\x08"))                 // one distance code
	f.Add([]byte("\x4b\xd3\xd5\x4b\x49\x57\xd2\x55\x4a\x4b\x02\x00\x00\x00\xff\xff")) // a flush, no end
	f.Fuzz(func(t *testing.T, b []byte) {
		const most = 1 << 16
		r := bytes.NewReader(b)
		want, wantErr := io.ReadAll(io.LimitReader(flate.NewReader(r), most+1))
		if len(want) > most {
			return
		}
		var z inflater
		got, err := z.inflate(string(b), len(want))
		if wantErr == nil && r.Len() > 0 {
			if err == nil {
				t.Fatalf("%d bytes left over and no error", r.Len())
			}
			return
		}
		// Other than there, an incomplete code is an error only where it is
		// met, so that more is accepted here.
		if wantErr == nil && (err != nil || !bytes.Equal(got, want)) {
			t.Fatalf("%q, %v; want %q", got, err, want)
		}
	})
}
