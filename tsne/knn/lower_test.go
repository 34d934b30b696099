package knn

import (
	"context"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"runtime"
	"runtime/debug"
	"slices"
	"testing"
	"time"

	"github.com/semamap/semamap/internal/vec"
)

// flat returns n rows of d numbers near a subspace of rank dimensions, with
// noise of the given size.
func flat(seed uint64, n, d, rank int, noise float64) []float32 {
	r := rand.New(rand.NewPCG(seed, 4))
	basis := make([]float64, rank*d)
	for i := range basis {
		basis[i] = r.NormFloat64()
	}
	x := make([]float32, n*d)
	for i := range n {
		row := make([]float64, d)
		for b := range rank {
			u := r.NormFloat64() / (1 + float64(b)/4)
			for c := range row {
				row[c] += u * basis[b*d+c]
			}
		}
		for c, v := range row {
			x[i*d+c] = float32(v + noise*r.NormFloat64())
		}
	}
	return x
}

func lowerFor(t *testing.T, columns int) {
	old := lowerTo
	lowerTo = columns
	t.Cleanup(func() { lowerTo = old })
}

// partsFor cuts lowered rows of integers.
func partsFor(t *testing.T, ends ...int) {
	old := lowerParts
	lowerParts = ends
	t.Cleanup(func() { lowerParts = old })
}

// lowerFrom lowers searches of less work.
func lowerFrom(t *testing.T, work float64) {
	old := lowerWork
	lowerWork = work
	t.Cleanup(func() { lowerWork = old })
}

func arrangeFrom(t *testing.T, n int) {
	old := arrangeRows
	arrangeRows = n
	t.Cleanup(func() { arrangeRows = old })
}

// The search through a projection gives the lists of all distances, bit for
// bit, however badly the projection fits.
func TestLowered(t *testing.T) {
	const n, d, k = 2100, 130, 12
	sets := map[string][]float32{
		"flat":     flat(1, n, d, 40, 0.1),
		"rank 5":   flat(2, n, d, 5, 0), // fewer dimensions than columns
		"normal":   normal(3, n*d),      // no subspace at all
		"outliers": flat(4, n, d, 20, 0.05),
		"mean":     flat(5, n, d, 20, 0.05),
		"whole":    flat(6, n, d, 10, 0.2),
		"copies":   flat(7, n, d, 10, 0.01),
		"tiny":     flat(8, n, d, 10, 0.01),
		"huge":     flat(9, n, d, 10, 0.01),
	}
	for c := range d {
		sets["outliers"][c] *= 1e4
		sets["outliers"][n/2*d+c] *= 1e-6
	}
	for i := range n * d {
		sets["mean"][i] += 1000
		sets["whole"][i] = float32(math.Round(float64(sets["whole"][i]))) // many ties
		sets["tiny"][i] *= 1e-30
		sets["huge"][i] *= 1e30
	}
	for i := range n / 2 {
		if i%100 == 0 {
			copy(sets["copies"][i*d:][:d], sets["copies"][(n-1-i)*d:])
		}
	}
	for name, x := range sets {
		p := Rows(x, n, d)
		want := oracle(t, p, p, k, true, Euclidean)
		levels, columns := eachLevel, []int{32, 64}
		if testing.Short() {
			levels, columns = func(f func(vec.Level)) { f(vec.Best()) }, []int{32}
		}
		levels(func(l vec.Level) {
			for _, columns := range columns {
				lowerFor(t, columns)
				partsFor(t, 10, 40)
				g, err := Search(t.Context(), p, k, nil)
				if err != nil {
					t.Fatal(err)
				}
				what := fmt.Sprintf("%s at %v to %d columns", name, l, columns)
				if g.Stats.columns != columns {
					t.Fatal(what, g.Stats)
				}
				sameGraph(t, what, g, want)
				t.Logf("%s: %.1f distances a row", what, float64(g.Stats.rescored)/n)
			}
		})
	}
}

func TestLoweredWorkers(t *testing.T) {
	const n, d, k = 3000, 128, 20
	p := Rows(flat(1, n, d, 30, 0.1), n, d)
	lowerFor(t, 32)
	var want *Graph
	for _, procs := range []int{1, 2, 3, 8} {
		old := runtime.GOMAXPROCS(procs)
		g, err := Search(t.Context(), p, k, nil)
		runtime.GOMAXPROCS(old)
		if err != nil {
			t.Fatal(err)
		}
		if want == nil {
			want = g
		}
		sameGraph(t, fmt.Sprint("GOMAXPROCS=", procs), g, want)
	}
	// With little memory there is no projection, and then no order either.
	for limit := int64(16 << 20); ; limit = limit * 3 / 4 {
		g, err := Search(t.Context(), p, k, &Settings{MaxMemory: limit})
		if err != nil {
			break
		}
		if g.Stats.Bytes > limit {
			t.Errorf("limit %d: planned %d", limit, g.Stats.Bytes)
		}
		sameGraph(t, fmt.Sprint("limit ", limit), g, want)
		t.Log(limit, g.Stats.columns)
	}
}

// A bound from below is below, and tight where the rows are near the subspace.
func TestLowerBounds(t *testing.T) {
	const n, d = 2100, 200
	x := flat(1, n, d, 30, 0.05)
	lowerFor(t, 64)
	partsFor(t, 20, 40)
	src, err := newSource(Rows(x, n, d), Euclidean)
	if err != nil {
		t.Fatal(err)
	}
	e := &exact{rescorer: newRescorer(src, src, 5, true, &Settings{}), cols: src}
	if err := e.plan(0); err != nil {
		t.Fatal(err)
	}
	if err := e.copyFrame(t.Context(), middleOf(t, src)); err != nil {
		t.Fatal(err)
	}
	rows, _ := src.view(t.Context(), 1, 0, n, nil)
	if err := e.lower(t.Context(), &rows); err != nil {
		t.Fatal(err)
	}
	if parts := len(e.low.parts); vec.Ints() && !e.split && parts != 2 {
		t.Fatal(parts, "more parts")
	}
	var all float64
	sum := make([]float64, 1+len(e.low.parts))
	for i := range 100 {
		for j := range n {
			if i == j {
				continue
			}
			d2 := vec.SqDist(rows.row(i), rows.row(j))
			all += d2 * e.scale * e.scale
			b := e.bound(i)
			for k := range sum {
				v := float64(e.xLen[j]) - 2*e.low.product(k, i, j)
				if v > float64(b.reach(d2)) {
					t.Fatalf("rows %d and %d: bound %v of %v after part %d", i, j, v, d2, k)
				}
				sum[k] += v + float64(e.xLen[i])
			}
		}
	}
	if last := sum[len(sum)-1]; last < 0.95*all || !slices.IsSorted(sum) {
		t.Errorf("the bounds are %v of the distances %v", sum, all)
	}
}

// product is what the tiles hold for two rows after part k, less the factor.
func (l *lowered) product(k, i, j int) (v float64) {
	for h, s := range append([]*source{l.z}, l.parts[:k]...) {
		x, y := s.flat[i*s.d:][:s.d], s.flat[j*s.d:][:s.d]
		for c, a := range x {
			if p := float64(a) * float64(y[c]); h > 0 && c == s.d-2 {
				v -= p
			} else {
				v += p
			}
		}
	}
	return v
}

// Packed integers have the products of the rows, part by part, and sums that
// cannot overflow.
func TestLowerInts(t *testing.T) {
	const n, d = 530, 200
	partsFor(t, 16, 33)
	for _, l := range vec.Levels() {
		restore := vec.Force(l)
		for _, columns := range []int{1, 16, 33, 50, 67} {
			x := flat(1, n, d, 60, 0.05)
			lowerFor(t, columns)
			e, rows := lowerable(t, x, n, d, 5)
			if err := e.lower(t.Context(), &rows); err != nil {
				t.Fatal(err)
			}
			if e.low.step == 0 {
				continue // not at this level
			}
			f := e.tiling()
			a, b, work := f.rows(n), f.columns(n), newTileScratch(f)
			for _, p := range []*panels{a, b} {
				if err := e.low.pack(t.Context(), 2, p, 0, n); err != nil {
					t.Fatal(err)
				}
			}
			inf := float32(math.Inf(1))
			for i := range work.rowLimit {
				work.rowLimit[i] = inf // of no length: nothing is sieved
			}
			for j := 0; j < n; j += f.nr {
				at := b.from(j)
				work.multiply(a, &at, 2, columns+1)
				for r := range 2 * f.mr {
					for c := range min(f.nr, n-j) {
						if v, want := work.c[r*f.nr+c], -2*e.low.product(0, r, j+c); math.Abs(float64(v)-want) > 1e-6*math.Abs(want) {
							t.Fatalf("%v to %d columns: rows %d and %d: %v, want %v", l, columns, r, j+c, v, want)
						}
					}
				}
				for p := range 2 {
					tile := work.c[p*f.mr*f.nr:][:f.mr*f.nr]
					work.refine(tile, a, &at, p)
					for r := range f.mr {
						for c := range min(f.nr, n-j) {
							want := -2 * e.low.product(len(e.low.parts), p*f.mr+r, j+c)
							if v := tile[r*f.nr+c]; math.Abs(float64(v)-want) > 1e-5*float64(e.longest*e.longest) {
								t.Fatalf("%v to %d columns: rows %d and %d: %v, want %v in %d parts", l, columns, p*f.mr+r, j+c, v, want, len(e.low.parts))
							}
						}
					}
				}
			}
		}
		restore()
	}
	for _, longest := range []float64{1e-9, 0.7, 1, 1.9, 3, 31207, 1e12} {
		// A part adds products of what is outside of the part before, at most that
		// of the lengths, to as much.
		if s := intStep(longest); s != 0 && 2*math.Pow(longest/float64(s)+30, 2) >= 1<<31 {
			t.Error(longest, s)
		}
	}
}

// rank finds a projection where one pays, and none where not.
func TestRank(t *testing.T) {
	if testing.Short() || vec.Best() == vec.Go {
		t.Skip("takes seconds, and a minute without vector kernels")
	}
	const n, d = 17200, 1024
	lowerFrom(t, 1e10)
	for _, c := range []struct {
		name string
		x    []float32
		some bool
	}{{"flat", flat(1, n, d, 10, 0.05), true}, {"normal", normal(1, n*d), false}} {
		g, err := Search(t.Context(), Rows(c.x, n, d), 30, nil)
		if err != nil {
			t.Fatal(err)
		}
		if (g.Stats.columns < d) != c.some {
			t.Errorf("%s: %+v", c.name, g.Stats)
		}
	}
}

// Cells that are far apart are passed over, and no neighbor is lost by it.
func TestApart(t *testing.T) {
	const n, k = 2500, 10
	arrangeFrom(t, n)
	for _, d := range []int{1, 2, 3} {
		for name, x := range map[string][]float32{"normal": normal(5, n*d), "whole": normal(6, n*d)} {
			if name == "whole" {
				for i, v := range x {
					x[i] = float32(math.Round(float64(v * 20)))
				}
			}
			p := Rows(x, n, d)
			g, err := Search(t.Context(), p, k, nil)
			if err != nil {
				t.Fatal(err)
			}
			sameGraph(t, fmt.Sprint(name, d), g, oracle(t, p, p, k, true, Euclidean))
		}
	}
}

// Nearly all rows as neighbors, of rows among which the sample has few.
func TestRankManyNeighbors(t *testing.T) {
	const n, d = 4200, 130
	x := flat(1, n, d, 20, 0.05)
	src, err := newSource(Rows(x, n, d), Euclidean)
	if err != nil {
		t.Fatal(err)
	}
	e := &exact{rescorer: newRescorer(src, src, n-1, true, &Settings{})}
	if err := e.copyFrame(t.Context(), middleOf(t, src)); err != nil {
		t.Fatal(err)
	}
	rows, _ := src.view(t.Context(), 1, 0, n, nil)
	sample := e.sample(&rows, lowerRows)
	basis, err := e.subspace(t.Context(), sample, lowerRows, d)
	if err != nil {
		t.Fatal(err)
	}
	if _, _, err := e.rank(t.Context(), basis, sample, lowerRows, d); err != nil {
		t.Fatal(err)
	}
}

// Rows without columns are all equal, however they are searched.
func TestNoColumns(t *testing.T) {
	for _, m := range []Method{Auto, Exact, Descent} {
		g, err := Search(t.Context(), Rows[float32](nil, 3000, 0), 5, &Settings{Method: m})
		if err != nil {
			t.Fatal(m, err)
		}
		if index, d2 := g.Row(7); index[0] != 0 || d2[4] != 0 {
			t.Error(m, index, d2)
		}
	}
}

func middleOf(t *testing.T, s *source) *middle {
	t.Helper()
	m, err := findMiddle(t.Context(), 1, s)
	if err != nil {
		t.Fatal(err)
	}
	return m
}

// lowerable returns a search of x that is ready to be lowered.
func lowerable(t *testing.T, x []float32, n, d, k int) (*exact, view) {
	t.Helper()
	src, err := newSource(Rows(x, n, d), Euclidean)
	if err != nil {
		t.Fatal(err)
	}
	e := &exact{rescorer: newRescorer(src, src, k, true, &Settings{})}
	e.graph = newGraph(0, 0)
	if err := e.copyFrame(t.Context(), middleOf(t, src)); err != nil {
		t.Fatal(err)
	}
	rows, err := src.view(t.Context(), 1, 0, n, nil)
	if err != nil {
		t.Fatal(err)
	}
	return e, rows
}

// Rows that are zero but for some columns have a basis of few rows; it does not
// go on with rounding errors.
func TestBasisOfFewColumns(t *testing.T) {
	const n, d = 600, 128
	for _, rank := range []int{1, 5, 10, 16, 20, 32} {
		x := normal(3, n*d)
		for i := range x {
			if i%d >= rank {
				x[i] = 0
			}
		}
		lowerFor(t, 48)
		e, rows := lowerable(t, x, n, d, 5)
		if err := e.lower(t.Context(), &rows); err != nil {
			t.Fatal(err)
		}
		if e.low.eta > 1e-3 {
			t.Errorf("rank %d: eta is %v", rank, e.low.eta)
		}
	}
}

// Searches of random shape, data and settings, with and without an order and a
// projection, give the lists of all distances.
func TestRandomSearches(t *testing.T) {
	searches := 300
	if testing.Short() || vec.Best() == vec.Go {
		searches = 40
	}
	oldRows, oldTo, oldParts, oldProcs := arrangeRows, lowerTo, lowerParts, runtime.GOMAXPROCS(0)
	defer func() {
		arrangeRows, lowerTo, lowerParts = oldRows, oldTo, oldParts
		runtime.GOMAXPROCS(oldProcs)
	}()
	levels := vec.Levels()
	for seed := range uint64(searches) {
		r := rand.New(rand.NewPCG(seed, 77))
		n := []int{2 + r.IntN(40), 250 + r.IntN(20), 1 + r.IntN(900)}[r.IntN(3)]
		d := []int{1, 2, 3, 17, 128, 129, 160, 128 + r.IntN(70)}[r.IntN(8)]
		rank, kind := 1+r.IntN(min(d, 40)), r.IntN(13)
		base, x := normal(seed, rank*d), make([]float32, n*d)
		u := make([]float64, rank)
		for i := range n {
			for b := range u {
				u[b] = r.NormFloat64() / (1 + float64(b)/4)
			}
			for c := range d {
				var s float64
				for b, v := range u {
					s += v * float64(base[b*d+c])
				}
				switch kind {
				case 0: // near a subspace
					s += 0.1 * r.NormFloat64()
				case 1: // ties
					s = math.Round(s)
				case 2: // many ties
					s = float64(r.IntN(2))
				case 3: // few columns
					if c >= rank {
						s = 0
					}
				case 4: // far from each other
					s = 0
					if c == i%d {
						s = 1 + float64(i/d)*1e-3
					}
				case 5: // two far clusters
					s = s*1e-7 + float64(i%2)*1e3
				case 6: // denormal
					s *= 1e-41
				case 7: // huge
					s = max(-1, min(1, s/20)) * 3.3e38
				case 8:
					s *= math.Pow(10, float64(i%60)-30)
				case 9:
					s *= math.Pow(10, float64(c%60)-30)
				case 10: // a few bits apart
					s = float64(base[c]) * (1 + float64(r.IntN(3))*0x1p-23)
				case 11: // whole numbers of more than 8 bits
					s = math.Round(s * 50)
				}
				x[i*d+c] = float32(s)
				if s == 0 && r.IntN(2) == 0 {
					x[i*d+c] = float32(math.Copysign(0, -1))
				}
			}
		}
		if r.IntN(3) == 0 {
			for range n / 3 {
				copy(x[r.IntN(n)*d:][:d], x[r.IntN(n)*d:][:d])
			}
		}
		if r.IntN(5) == 0 {
			x[r.IntN(len(x))] = []float32{3e38, 1e10, 1e-45, -math.MaxFloat32}[r.IntN(4)]
		}
		k := max(0, min([]int{1, 10, n - 1, n - 2, r.IntN(n)}[r.IntN(5)], n-1))
		arrangeRows, lowerTo = []int{0, oldRows}[r.IntN(2)], 0
		if d >= lowerDim {
			lowerTo = []int{0, 1, 16, 33, 64}[r.IntN(5)]
			lowerParts = [][]int{oldParts, {8}, {5, 17, 40}}[r.IntN(3)]
		}
		set := &Settings{Workers: r.IntN(5), Method: Exact}
		if r.IntN(3) == 0 {
			set.MaxMemory = int64(n)*int64(1+r.IntN(4000)) + 1<<18
		}
		level, split := levels[r.IntN(len(levels))], r.IntN(2) == 0
		restore, restoreSplit := vec.Force(level), vec.ForceSplit(split)
		runtime.GOMAXPROCS(1 + r.IntN(6))
		p := Rows(x, n, d)
		g, err := Search(t.Context(), p, k, set)
		restore()
		restoreSplit()
		what := fmt.Sprintf("seed %d: kind %d, %d×%d of rank %d, k=%d, lowered to %d, order from %d rows, %v, split %t, %+v", seed, kind, n, d, rank, k, lowerTo, arrangeRows, level, split, *set)
		if err != nil {
			if set.MaxMemory == 0 || !errors.Is(err, ErrMemory) {
				t.Fatal(what, err)
			}
			continue
		}
		if set.MaxMemory > 0 && g.Stats.Bytes > set.MaxMemory {
			t.Error(what, g.Stats)
		}
		sameGraph(t, what, g, oracle(t, p, p, k, true, Euclidean))
	}
}

// A projection stays within the memory that was planned, however many
// goroutines make it, and ends soon after its context.
func TestLoweredBytes(t *testing.T) {
	if testing.Short() || vec.Best() == vec.Go {
		t.Skip("takes seconds, and a minute without vector kernels")
	}
	const n, d, workers = 33_000, 768, 32
	lowerFrom(t, 1e10)
	p := Rows(flat(1, n, d, 12, 0.05), n, d)
	defer debug.SetGCPercent(debug.SetGCPercent(5))
	runtime.GC()
	heap := func() int64 {
		var m runtime.MemStats
		runtime.ReadMemStats(&m)
		return int64(m.HeapAlloc)
	}
	before, peak := heap(), int64(0)
	stop, done := make(chan bool), make(chan bool)
	go func() {
		for {
			select {
			case <-stop:
				close(done)
				return
			case <-time.After(2 * time.Millisecond):
				peak = max(peak, heap())
			}
		}
	}()
	g, err := Search(t.Context(), p, 15, &Settings{Workers: workers})
	close(stop)
	<-done
	if err != nil {
		t.Fatal(err)
	}
	if g.Stats.columns == d {
		t.Fatal(g.Stats)
	}
	if got := peak - before; got > g.Stats.Bytes*5/4 {
		t.Errorf("%d bytes were in use, planned %d", got, g.Stats.Bytes)
	}
	var worst time.Duration
	for ms := time.Duration(50); ms < 1000; ms += 100 {
		ctx, cancel := context.WithTimeout(t.Context(), ms*time.Millisecond)
		start := time.Now()
		_, err := Search(ctx, p, 15, nil)
		cancel()
		if err != nil && !errors.Is(err, context.DeadlineExceeded) {
			t.Error(err)
		}
		if err != nil {
			worst = max(worst, time.Since(start)-ms*time.Millisecond)
		}
	}
	t.Log("ended at most", worst, "after the context")
}
