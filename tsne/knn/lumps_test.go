package knn

import (
	"math/rand/v2"
	"testing"
)

// Lumps are found, and searched one by one.
func TestLumps(t *testing.T) {
	const n, d, k = 1500, 20, 20
	for name, spoil := range map[string]func(r *rand.Rand, x []float32, i int){
		"a flag × 1e4": func(r *rand.Rand, x []float32, i int) { x[i*d+3] = 1e4 * float32(r.IntN(2)) },
		"four flags × −1e4": func(r *rand.Rand, x []float32, i int) {
			set(x[i*d:][:4], func() float32 { return -1e4 * float32(r.IntN(2)) })
		},
		"a class of ten × 1e4":  func(r *rand.Rand, x []float32, i int) { clear(x[i*d:][:10]); x[i*d+r.IntN(10)] = 1e4 },
		"half of a column 1e30": func(r *rand.Rand, x []float32, i int) { x[i*d+3+i%2] = 1e30 },
		"lumps at 0 to 4e5":     func(r *rand.Rand, x []float32, i int) { x[i*d+3] += float32(i%5) * 1e5 },
		"largest numbers":       func(r *rand.Rand, x []float32, i int) { x[i*d+3] = float32(i%2*2-1) * 3e38 },
		"a tenth lacks a quarter": func(r *rand.Rand, x []float32, i int) {
			if i%10 == 0 {
				set(x[i*d:][:5], func() float32 { return -9999 })
			}
		},
	} {
		x := normal(3, n*d)
		r := rand.New(rand.NewPCG(3, 4))
		for i := range n {
			spoil(r, x, i)
		}
		p := Rows(x, n, d)
		g, err := Search(t.Context(), p, k, nil)
		if err != nil {
			t.Fatal(name, err)
		}
		sameGraph(t, name, g, oracle(t, p, p, k, true, Euclidean))
		if g.Stats.Rechecked > 0 {
			t.Errorf("%s: %d rows are searched again", name, g.Stats.Rechecked)
		}
	}
}

func set(x []float32, f func() float32) {
	for c := range x {
		x[c] = f()
	}
}

// The neighbors of a lump's rows may lie across a gap, or the lump may be too
// small for them.
func TestLumpsAcross(t *testing.T) {
	const n, d, k = 1500, 20, 20
	x := normal(5, n*d)
	for i := range n {
		row := x[i*d:][:d]
		switch {
		case i < 300:
			row[0] = 1000
		case i < 300+k+1:
			if row[1] = 1000; i == 300 { // no gap in column 5, but farther than the gap
				row[5] = 4000
			}
		case i < 330: // a lump of fewer
			row[2] = -1000
		case i < 334:
			row[5] = float32([]int{16, 80, 400, 2000}[i-330])
		}
	}
	p := Rows(x, n, d)
	want := oracle(t, p, p, k, true, Euclidean)
	index, _ := want.Row(305)
	if index[k-1] >= 300 && index[k-1] <= 300+k {
		t.Fatal("no neighbor across the gap")
	}
	src, err := newSource(p, Euclidean)
	if err != nil {
		t.Fatal(err)
	}
	m, err := findMiddle(t.Context(), 1, src)
	if err != nil {
		t.Fatal(err)
	}
	g, err := searchLumps(t.Context(), src, m, k, &Settings{}, 0)
	if err != nil || g == nil {
		t.Fatalf("%v, %v", g, err)
	}
	sameGraph(t, "lumps", g, want)
}
