package lemmawork

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"math"
	"slices"
	"testing"
)

func TestFullWorkload(t *testing.T) {
	w := Make(Rows, Tokens, Units)
	const (
		distinct = 87269
		sum      = "4fa9fd39df8a1bcf367b882da59b536d69e718433c430dd16e81373c8c07cd00"
	)
	if w.Distinct != distinct {
		t.Errorf("%d distinct rows, want %d", w.Distinct, distinct)
	}
	if got := hash(w); got != sum {
		t.Errorf("sha256 %s, want %s", got, sum)
	}

	// The properties that the constants of the package promise.
	counts := map[string]int{}
	var lens [9]int
	zero, uses := 0, 0
	for i := range w.Len() {
		row := slices.Sorted(slices.Values(w.Index[w.Start[i]:w.Start[i+1]]))
		lens[len(row)]++
		uses += len(row)
		var key []byte
		for _, v := range row {
			if v == 0 {
				zero++
			}
			key = binary.LittleEndian.AppendUint32(key, uint32(v))
		}
		counts[string(key)]++
	}
	if len(counts) != w.Distinct {
		t.Errorf("Distinct is %d, counted %d", w.Distinct, len(counts))
	}
	many, most := 0, 0
	for _, c := range counts {
		most = max(most, c)
		if c >= 30 {
			many++
		}
	}
	t.Logf("%d rows of 30 or more copies, at most %d; token 0 makes %.3f of %d uses, lengths %v", many, most, float64(zero)/float64(uses), uses, lens)
	if many < 5 || many > 40 || most < 54 || most > 120 {
		t.Errorf("%d rows of 30 or more copies, at most %d", many, most)
	}
	if f := float64(zero) / float64(uses); math.Abs(f-.107) > .005 {
		t.Errorf("token 0 makes %.3f of the uses", f)
	}
	for l, share := range lengths {
		if f := float64(lens[l+1]) / Rows; math.Abs(f-float64(share)/1000) > .01 {
			t.Errorf("%.3f of the rows have %d tokens, want %.3f", f, l+1, float64(share)/1000)
		}
	}
	var m, v float64
	for _, x := range w.Base {
		m += float64(x)
		if x < -.1 {
			t.Fatalf("value %v", x)
		}
	}
	m /= float64(len(w.Base))
	for _, x := range w.Base {
		v += (float64(x) - m) * (float64(x) - m)
	}
	t.Logf("mean %.3f, standard deviation %.3f", m, math.Sqrt(v/float64(len(w.Base))))
}

func hash(w *Workload) string {
	h := sha256.New()
	buf := make([]byte, 0, 1<<16)
	put := func(u uint32) {
		if buf = binary.LittleEndian.AppendUint32(buf, u); len(buf) >= 1<<16-4 {
			h.Write(buf)
			buf = buf[:0]
		}
	}
	for _, v := range w.Start {
		put(uint32(v))
	}
	for _, v := range w.Index {
		put(uint32(v))
	}
	for _, v := range w.Base {
		put(math.Float32bits(v))
	}
	h.Write(buf)
	return hex.EncodeToString(h.Sum(nil))
}

func TestRow(t *testing.T) {
	w := Make(500, 60, 7)
	if w.Len() != 500 || len(w.Base) != 60*7 {
		t.Fatalf("%d rows, %d numbers", w.Len(), len(w.Base))
	}
	dst := make([]float32, 7)
	for i := range w.Len() {
		w.Row(dst, i)
		terms := w.Index[w.Start[i]:w.Start[i+1]]
		var s float64
		for _, k := range terms {
			s += float64(w.Base[int(k)*7+3])
		}
		if got, want := dst[3], float32(s/float64(len(terms))); got != want {
			t.Fatalf("row %d: %v, want %v", i, got, want)
		}
	}
}

func TestGroups(t *testing.T) {
	const n, d = 900, 40
	x := Groups(n, d)
	if len(x) != n*d {
		t.Fatalf("%d numbers", len(x))
	}
	// Distances within a group are near 2d, between groups near 20d: 30 groups
	// of about 30 points.
	near := 0
	for i := range n {
		for j := range i {
			var s float64
			for c := range d {
				v := float64(x[i*d+c] - x[j*d+c])
				s += v * v
			}
			if s < 5*d {
				near++
			} else if s < 6*d {
				t.Fatalf("points %d and %d are at %.1f d", i, j, s/d)
			}
		}
	}
	if want := n * n / 2 / 30; near < want/2 || near > want*2 {
		t.Errorf("%d pairs within groups, about %d expected", near, want)
	}
}
