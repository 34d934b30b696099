package tsne_test

import (
	"encoding/json"
	"math"
	"os"
	"slices"
	"testing"

	"github.com/semamap/semamap/internal/golden"
	"github.com/semamap/semamap/internal/npy"
)

// A field is the repulsion at some points of a map.
type field struct {
	Phi []float64 // Σ_j w_j k_ij a point, the term j = i included
	Rep []float64 // dims numbers a point: Σ_j w_j (y_i−y_j) (1+r²/a)^(−a−1)
}

// allPairs sums the field at the given points, nil for all, over all points of
// a map, with weights w (nil for 1) and freedom a (0 for 1).
func allPairs(y []float32, dims int, w []float64, a float64, rows []int32) field {
	n := len(y) / dims
	if a == 0 {
		a = 1
	}
	if rows == nil {
		for i := range n {
			rows = append(rows, int32(i))
		}
	}
	f := field{make([]float64, len(rows)), make([]float64, len(rows)*dims)}
	d := make([]float64, dims)
	for r, i := range rows {
		for j := range n {
			t := 1.0
			for c := range d {
				d[c] = float64(y[int(i)*dims+c]) - float64(y[j*dims+c])
				t += d[c] * d[c] / a
			}
			k := 1 / t
			if a != 1 {
				k = math.Pow(t, -a)
			}
			if w != nil {
				k *= w[j]
			}
			f.Phi[r] += k
			for c := range d {
				f.Rep[r*dims+c] += k / t * d[c]
			}
		}
	}
	return f
}

// A deviation compares a fast repulsion with the sum over all pairs.
type deviation struct {
	RMS float64 // root mean square of the error of the force, over that of the force
	Max float64 // largest error of a force, over the root mean square of the force
	Z   float64 // (Z − exact Z) / exact Z, with Z = Σ w_i φ_i − Σ w_i² over the points
}

// compareFields compares got, at every point of a map, with want at the given
// points, nil for all.
func compareFields(got, want field, w []float64, rows []int32) deviation {
	dims := len(got.Rep) / len(got.Phi)
	if rows == nil {
		for i := range got.Phi {
			rows = append(rows, int32(i))
		}
	}
	var e deviation
	var force, diff, z float64
	for r, i := range rows {
		var d2 float64
		for c := range dims {
			f := want.Rep[r*dims+c]
			d := got.Rep[int(i)*dims+c] - f
			d2 += d * d
			force += f * f
		}
		e.RMS += d2
		if !(e.Max >= math.Sqrt(d2)) { // NaN shows
			e.Max = math.Sqrt(d2)
		}
		wi := 1.0
		if w != nil {
			wi = w[i]
		}
		diff += wi * (got.Phi[i] - want.Phi[r])
		z += wi * (want.Phi[r] - wi)
	}
	e.RMS, e.Max, e.Z = math.Sqrt(e.RMS/force), e.Max/math.Sqrt(force/float64(len(rows))), diff/z
	return e
}

// The sum over all pairs is that of dense matrices made elsewhere, and a
// deviation shows an error that is known.
func TestAllPairs(t *testing.T) {
	b, err := os.ReadFile("quality/testdata/reference.json")
	if err != nil {
		t.Fatal(err)
	}
	var ref struct {
		Y       []float32
		Weights []float64
		Field   map[string]field
	}
	if err := json.Unmarshal(b, &ref); err != nil {
		t.Fatal(err)
	}
	for name, want := range ref.Field {
		w, a := ref.Weights, 2.5
		if name == "plain" {
			w, a = nil, 0
		}
		f := allPairs(ref.Y, 2, w, a, nil)
		if e := compareFields(f, want, w, nil); !(e.RMS <= 1e-12 && e.Max <= 1e-12 && math.Abs(e.Z) <= 1e-12) {
			t.Errorf("%s: %+v", name, e)
		}
		// Every force 1 % too long, every φ−w 2 % too large.
		off := field{slices.Clone(want.Phi), slices.Clone(want.Rep)}
		for i := range off.Rep {
			off.Rep[i] *= 1.01
		}
		for i := range off.Phi {
			wi := 1.0
			if w != nil {
				wi = w[i]
			}
			off.Phi[i] += .02 * (off.Phi[i] - wi)
		}
		for _, rows := range [][]int32{nil, {3, 17, 40, 41, 80, 119}} {
			e := compareFields(off, allPairs(ref.Y, 2, w, a, rows), w, rows)
			if math.Abs(e.RMS-.01) > 1e-9 || math.Abs(e.Z-.02) > 1e-9 || e.Max < .01 || e.Max > .1 {
				t.Errorf("%s, rows %v: %+v", name, rows, e)
			}
		}
	}
}

func TestAllPairsOfGoldenMaps(t *testing.T) {
	for _, m := range []string{"n500-start", "n500-late", "n500-hard", "n2000-start", "n2000-late"} {
		y := goldenArray[float32](t, m+"-y")
		want := field{goldenArray[float64](t, m+"-phi"), goldenArray[float64](t, m+"-rep")}
		e := compareFields(allPairs(y, 2, nil, 0, nil), want, nil, nil)
		if !(e.RMS <= 1e-12 && e.Max <= 1e-11 && math.Abs(e.Z) <= 1e-12) {
			t.Errorf("%s: %+v", m, e)
		}
	}
}

func goldenArray[T npy.Number](t *testing.T, name string) []T {
	t.Helper()
	f, err := os.Open(golden.Shared(t, "golden/tsne/"+name+".npy"))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	v, _, err := npy.Read[T](f)
	if err != nil {
		t.Fatal(err)
	}
	return v
}
