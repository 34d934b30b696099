package tsne

import (
	"context"
	"math"
	"slices"
	"testing"
)

// apart returns the run that has every copy of a merged row as a row of its
// own, at the same place: p_ij is shared by all pairs of copies, and copies of
// one row have no affinity.
func apart(t *testing.T, r *Run) *Run {
	t.Helper()
	copies := make([][]int32, r.u)
	for i, u := range r.of {
		copies[u] = append(copies[u], int32(i))
	}
	p := &joint{Ptr: make([]int64, 1)}
	for _, u := range r.of {
		type entry struct {
			col int32
			val float32
		}
		var row []entry
		for e := r.p.Ptr[u]; e < r.p.Ptr[u+1]; e++ {
			v := r.p.Col[e]
			for _, j := range copies[v] {
				row = append(row, entry{j, r.p.Val[e] / (r.w[u] * r.w[v])})
			}
		}
		slices.SortFunc(row, func(a, b entry) int { return int(a.col - b.col) })
		for _, e := range row {
			p.Col, p.Val = append(p.Col, e.col), append(p.Val, e.val)
		}
		p.Ptr = append(p.Ptr, int64(len(p.Col)))
	}
	if sum, err := validAffinities(context.Background(), p); err != nil || math.Abs(sum-1) > 1e-6 {
		t.Fatalf("sum %v, %v", sum, err)
	}
	var y []float64
	for _, v := range r.Positions(nil) {
		y = append(y, float64(v))
	}
	k, err := makeRun(context.Background(), r.s, r.rows, r.rows, nil, nil, nil, p, y)
	if err != nil {
		t.Fatal(err)
	}
	return k
}

// A merged run with weights of 1 is that of all rows with the copies at one
// place, less the pairs of copies: the same gradient, Z and KL, and the same next
// step.
func TestMergedIsApart(t *testing.T) {
	const distinct, d = 120, 5
	x, _ := blobs(distinct, d, 4, 31)
	for i := range distinct { // 0 to 3 further copies of each
		for range i % 4 {
			x = append(x, x[i*d:i*d+d]...)
		}
	}
	n := len(x) / d
	for _, c := range []struct {
		s         Settings
		tolerance float64
	}{{Settings{Expert: &Expert{Method: Exact}}, 1e-5}, {Settings{Expert: &Expert{Method: Mesh}}, 2e-4}, {Settings{Dims: 3, Expert: &Expert{Method: Exact}}, 1e-5}} {
		c.s.Phases, c.s.Perplexity = []Phase{{Steps: 40, Exaggeration: 12}, {Steps: 40}}, 10
		c.s.Weights = slices.Repeat([]float64{1}, n)
		m, err := New(context.Background(), Rows(x, n, d), &c.s)
		if err != nil {
			t.Fatal(err)
		}
		if m.u != distinct || m.sumW != float64(n) {
			t.Fatalf("%d distinct rows of weight %v", m.u, m.sumW)
		}
		dims := m.dims
		pairs := 0.0 // of copies
		for _, w := range m.w {
			pairs += float64(w * (w - 1))
		}
		for _, steps := range []int{0, 20, 60} {
			advance(m, steps-m.iter)
			k := apart(t, m)
			gm, zm := gradient(m)
			gk, zk := gradientLess(k, pairs)
			if math.Abs(zm/zk-1) > c.tolerance {
				t.Errorf("%v after %d steps: Z %v merged, %v apart", c.s.Expert, steps, zm, zk)
			}
			if a, b := m.KL(), k.KL()+math.Log(zk/(zk+pairs)); math.Abs(a-b) > c.tolerance*max(1, b) {
				t.Errorf("%v after %d steps: KL %v merged, %v apart", c.s.Expert, steps, a, b)
			}
			want := make([]float64, 0, n*dims)
			for _, u := range m.of {
				for e := range dims {
					want = append(want, float64(gm[int(u)*dims+e]))
				}
			}
			if rms, _ := rmsError(gk, want, dims); !(rms < 100*c.tolerance) {
				t.Errorf("%v after %d steps: gradient is off by %v", c.s.Expert, steps, rms)
			}
			// One more step from the same state.
			for i, u := range m.of {
				copy(k.v[i*dims:i*dims+dims], m.v[int(u)*dims:])
				copy(k.gain[i*dims:i*dims+dims], m.gain[int(u)*dims:])
			}
			k.phase, k.phaseStep = m.phase, m.phaseStep
			ph := m.phases[m.phase]
			advance(m, 1)
			k.move(&ph, zk)
			var far float64
			a, b := m.Positions(nil), k.Positions(nil)
			for i := range a {
				far = max(far, math.Abs(float64(a[i]-b[i])))
			}
			t.Logf("%v, %d-D, step %d: %.1e apart, of %.1e", c.s.Expert, dims, m.iter, far, m.box.side())
			if far > 0.1*c.tolerance*m.box.side() {
				t.Errorf("%v, step %d: up to %v apart, of %v", c.s.Expert, m.iter, far, m.box.side())
			}
		}
	}
}
