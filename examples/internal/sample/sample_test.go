package sample

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"math"
	"testing"

	"github.com/semamap/semamap/amap"
	"github.com/semamap/semamap/internal/golden"
	"github.com/semamap/semamap/lemma"
)

var _ lemma.Rows = (*Layer)(nil)

func TestLoad(t *testing.T) {
	if len(packed) > 8<<20 {
		t.Errorf("the sample has %d bytes, more than 8 MB", len(packed))
	}
	m, err := Load()
	if err != nil {
		t.Fatal(err)
	}
	if m.Kept != 10998 || m.Layers != 6 || m.Units != 128 || m.Rows != 50293 {
		t.Errorf("header %+v", m.Header)
	}
	// Deflate output may change with the Go version, what it holds may not.
	sum := sha256.Sum256(m.Values)
	const want = "ba05c54098cd2030d15517aa83b477b2900cafeacc3067ce8498b2af234a1246"
	if got := hex.EncodeToString(sum[:]); got != want {
		t.Errorf("values have sha256 %s, want %s", got, want)
	}
	if _, err := m.Layer(0).Row(nil, 1); !errors.Is(err, ErrToken) {
		t.Errorf("row of a token that no lemma has: %v", err)
	}
}

// Every number is that of the original.
func TestOriginal(t *testing.T) {
	const dir = "data/sample/"
	const name = "sample-neox-6l-128-dictionary-N310871-Wd15-1337_position_.pickle"
	orig, err := amap.Open(golden.Shared(t, dir+"amap-"+name), nil)
	if err != nil {
		t.Fatal(err)
	}
	defer orig.Close()
	counts, err := amap.OpenCounts(golden.Shared(t, dir+"tokens-count-"+name))
	if err != nil {
		t.Fatal(err)
	}
	m, err := Load()
	if err != nil {
		t.Fatal(err)
	}
	var got, want []float32
	for n := range m.Layers {
		l, err := orig.Layer(amap.Input, n)
		if err != nil {
			t.Fatal(err)
		}
		for i, id := range m.IDs {
			if c := counts[amap.Input][id]; c != int64(m.Counts[i]) {
				t.Fatalf("token %d: count %d, want %d", id, m.Counts[i], c)
			}
			if got, err = m.Layer(n).Row(got, int(id)); err != nil {
				t.Fatal(err)
			}
			if want, err = l.Row(want, int(id)); err != nil {
				t.Fatal(err)
			}
			for u := range want {
				if math.Float32bits(got[u]) != math.Float32bits(want[u]) {
					t.Fatalf("layer %d, token %d, unit %d: %v, want %v", n, id, u, got[u], want[u])
				}
			}
		}
	}
}
