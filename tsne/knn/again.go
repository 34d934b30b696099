package knn

import (
	"context"
	"math"
	"math/bits"
	"slices"

	"github.com/semamap/semamap/internal/par"
	"github.com/semamap/semamap/internal/vec"
)

const (
	ballRows   = cellAlign // rows of a ball
	tryRows    = 64        // rows on which a limit is tried
	tryShare   = 8         // a limit that lets one row in so many pass is wide
	crowd      = 16        // times as many candidates as neighbors are too many
	directRows = 1024      // rows whose distances are taken at once
)

// Lists of so many candidates beyond k are tried.
var extras = [...]int{extra, 3 * extra, 6 * extra, 12 * extra}

const (
	extraTests = 48   // rows on which they are tried
	extraRows  = 4096 // and other rows for each
	extraShare = 200  // of the work of the search, at most
	againCost  = 88   // pairs of a second search take as long as a candidate more
)

// lengthen makes the lists longer where this costs less than to search again the
// rows whose lists would have no proof. It tries the bounds on some rows.
func (e *exact) lengthen(ctx context.Context) error {
	n, m := e.ref.n, min(e.ref.n, extraRows)
	tests := min(extraTests, e.x.n, int(int64(n)*int64(e.x.n)/int64(extraShare*max(m, 1))))
	if e.ref.flat == nil || tests == 0 || e.whole || e.keep == e.others {
		return nil
	}
	ids := make([]int32, m)
	for r := range ids {
		ids[r] = int32(e.ref.orig(drawn(r, m, n)))
	}
	kth := min(max(1, int(math.Round(float64(e.k)*float64(m)/float64(n)))), m-1)
	need := make([]int, tests)
	err := par.Blocks(ctx, e.workers, tests, 4, func(_, _, lo, hi int) {
		var t scratch
		dist := make([]float64, m)
		for r := lo; r < hi; r++ {
			p := drawn(r, tests, e.x.n)
			vec.SqDistRows(dist, e.x.row(p, &t), e.ref.flat, ids)
			sortNumbers(dist)
			b := e.bound(p)
			within, _ := slices.BinarySearch(dist, math.Nextafter(b.far2(dist[kth]), math.Inf(1)))
			need[r] = int(float64(within-kth-1) * float64(n) / float64(m))
		}
	})
	if err != nil {
		return err
	}
	best, least := extra, math.Inf(1)
	for _, more := range extras {
		again := 0
		for _, v := range need {
			if v > more {
				again++
			}
		}
		if cost := float64(more) + float64(again)/float64(tests)*float64(n)/againCost; cost < 0.9*least {
			best, least = more, cost
		}
	}
	if keep := min(e.k+best, e.others); keep > e.keep && e.reserve(int64(e.x.n)*(listCost(keep)-listCost(e.keep))) {
		e.keep = keep
		e.setBands()
	}
	return nil
}

// again searches the rows at some places once more, whose lists were not
// proved: as queries, with the distance of the k-th candidate as a limit.
// Whatever may be within it gets its canonical distance. Float32 numbers serve,
// whose error is the smallest. Where the rows are in memory, near ones are
// brought together anew, in smaller balls than before: few can be passed over
// whole when many rows lie far out, but these lie in few places.
func (e *exact) again(ctx context.Context, places []int32) error {
	s := &exact{rescorer: e.rescorer, frame: e.frame, cols: e.cols, colAt: e.colAt, refLen: e.refLen}
	n, d, size := len(places), e.ref.d, e.keep+e.keep/2+1
	f := newTiling(false, d)
	work := newTileScratches(f, e.workers)
	block := min(roundUp(ballRows, f.mr), work[0].block)
	fine := n >= ballRows && e.ref.flat != nil && e.x.flat != nil && disabled&optSkip == 0 &&
		e.reserve(17*int64(n+e.ref.n)+int64(n+e.ref.n)/ballRows*int64(4*d+8)+
			int64(e.workers*block)*int64(16*min(crowd*(e.k+1), e.ref.n)+12*d))
	var done []bool
	if fine {
		var err error
		if places, err = s.settle(ctx, e, places, block); err != nil {
			return err
		}
		if done, err = s.closely(ctx, e, places, work); err != nil || !slices.Contains(done, false) {
			return err
		}
	}
	s.x, s.at, s.xLen = e.x.pick(places), make([]int32, n), make([]float32, n)
	for q, p := range places {
		s.at[q], s.xLen[q] = int32(e.rowAt(int(p))), e.xLen[p]
	}
	s.lists, s.absorber = newLists(n, e.keep, size, 0), newAbsorber(n, e.k+1+size, e.workers)
	for q := range n {
		s.have[q] = int32(e.k)
		b := s.bound(q)
		s.lists.setLimit(q, b.reach(e.graph.Dist2[(s.rowAt(q)+1)*e.k-1]))
		if fine && done[q] {
			s.lists.limit[q] = float32(math.NaN())
		}
	}
	// The rows of x, packed and made, take the place of row panels alone.
	band := min(max(e.band/2/block*block, block), n)
	a, b := f.rows(band), f.columns(min(e.band, e.ref.n))
	var madeX, made []float32
	if s.x.flat == nil {
		madeX = make([]float32, band*d)
	}
	if e.ref.flat == nil {
		made = make([]float32, min(e.band, e.ref.n)*d)
	}
	if !fine {
		block = min(work[0].block, roundUp(par.NumBlocks(band, e.workers), f.mr))
	}
	g := stage{depth: d, far: true, absorb: true}
	for b0 := 0; b0 < e.ref.n; b0 += e.band {
		b1 := min(b0+e.band, e.ref.n)
		if err := s.packBand(ctx, b, s.cols, b0, b1, d, 1, made); err != nil {
			return err
		}
		v := view{made, nil, d, b0, b1}
		if e.ref.flat != nil {
			v, _ = e.ref.view(ctx, e.workers, 0, e.ref.n, nil)
		}
		for a0 := 0; a0 < n; a0 += band {
			a1 := min(a0+band, n)
			if err := s.packBand(ctx, a, s.x, a0, a1, d, -2, madeX); err != nil {
				return err
			}
			// A block of rows is one goroutine's.
			var items []item
			for _, it := range s.items(a0, a1, b0, b1, block, e.band, g) {
				if !fine || slices.Contains(done[it.i0:it.i1], false) {
					items = append(items, it)
				}
			}
			if err := s.bandPair(ctx, a, b, a0, b0, items, work, g, &v); err != nil {
				return err
			}
		}
		if err := s.absorbAll(ctx, &v, false); err != nil {
			return err
		}
	}
	return nil
}

// settle puts the rows of ref, and those at some places of e.x, in an order in
// which near ones stand together, in balls of ballRows and of so many rows. It
// returns these places in the new order.
func (s *exact) settle(ctx context.Context, e *exact, places []int32, rows int) ([]int32, error) {
	all, err := e.ref.view(ctx, e.workers, 0, e.ref.n, nil)
	if err != nil {
		return nil, err
	}
	order, _, err := partition(ctx, e.workers, &all, e.ref.n, ballRows, arrangeSeed)
	if err != nil {
		return nil, err
	}
	if s.colBalls, err = newBalls(ctx, e.workers, &all, e.ref.n, order, ballRows); err != nil {
		return nil, err
	}
	length := e.refLen
	if e.colAt != nil {
		length = make([]float32, e.ref.n)
		for p, i := range e.colAt {
			length[i] = e.refLen[p]
		}
	}
	s.cols, s.colAt, s.refLen = e.ref.pick(order), order, make([]float32, e.ref.n)
	for p, i := range order {
		s.refLen[p] = length[i]
	}
	own, err := e.x.pick(places).view(ctx, e.workers, 0, len(places), nil)
	if err != nil {
		return nil, err
	}
	if order, _, err = partition(ctx, e.workers, &own, len(places), rows, arrangeSeed); err != nil {
		return nil, err
	}
	s.rowBalls, err = newBalls(ctx, e.workers, &own, len(places), order, rows)
	settled := make([]int32, len(places))
	for q, p := range order {
		settled[q] = places[p]
	}
	return settled, err
}

// A closeSearch is what one goroutine needs to search the rows of a ball in a
// frame of their own.
type closeSearch struct {
	frame
	scratch
	*tileScratch
	a, b         *panels
	packA, packB packing
	copies, zero []float32
	dist         [directRows]float64
	ids          [directRows]int32
	rows         []int       // the places of those that are searched
	balls        []pair      // near ones first
	own          [][]float32 // the rows themselves
	limits       []bound
	keys         [][]uint64 // candidates: values and places
	full         []int      // how many to gather before the next cut; -1: all are
	found        []nearest
}

// closely searches those rows at the places of s whose limits let many rows
// pass, as in far clusters that are small. Copies relative to the ball of a row
// have tighter limits. Where these are wide too, as of a row from which all are
// about as far, all distances are taken by the definition. It reports which rows
// are done.
func (s *exact) closely(ctx context.Context, e *exact, places []int32, work []*tileScratch) ([]bool, error) {
	rows, err := e.ref.view(ctx, e.workers, 0, e.ref.n, nil)
	if err != nil {
		return nil, err
	}
	done := make([]bool, len(places))
	tmp := make([]*closeSearch, e.workers)
	err = par.Blocks(ctx, e.workers, len(places), s.rowBalls.size, func(w, ball, lo, hi int) {
		t := tmp[w]
		if t == nil {
			d, f := e.ref.d, work[w].tiling
			t = &closeSearch{tileScratch: work[w], a: f.rows(s.rowBalls.size), b: f.columns(f.nr),
				copies: make([]float32, f.nr*d), zero: make([]float32, d)}
			size := s.rowBalls.size
			t.mean, t.own, t.limits = make([]float64, d), make([][]float32, size), make([]bound, size)
			t.keys, t.full, t.found = make([][]uint64, size), make([]int, size), make([]nearest, size)
			tmp[w] = t
		}
		t.rows = t.rows[:0]
		for c, v := range s.rowBalls.mean[ball*e.ref.d:][:e.ref.d] {
			t.mean[c] = float64(v)
		}
		kth := func(q int) float64 { return e.graph.Dist2[(e.rowAt(int(places[q]))+1)*e.k-1] }
		var far float64
		for q := lo; q < hi; q++ {
			far = max(far, math.Sqrt(kth(q)))
		}
		_, exp := math.Frexp(s.rowBalls.radius[ball] + far)
		t.scale = math.Ldexp(1, -exp)
		r := s.rowBalls.radius[ball] * t.scale
		own := newBound(r*r, math.Inf(1), t.scale, e.ref.d, e.ref.d, false)
		for q := lo; q < hi && ctx.Err() == nil; q++ {
			p, limit := int(places[q]), kth(q)
			b, count := e.bound(p), min(tryRows, e.ref.n)
			t.own[len(t.rows)] = append(t.own[len(t.rows)][:0], e.xRow(p, &rows, &t.scratch)...)
			some := t.take(t.own[len(t.rows)], &rows, count, func(r int) int { return drawn(r, count, e.ref.n) })
			// pass tells how many of them a limit lets pass.
			pass := func(far2 float64) (n int) {
				for _, d2 := range some {
					if d2 <= far2 {
						n++
					}
				}
				return n
			}
			far2, ownFar2 := b.far2(limit), own.far2(limit)
			all := pass(far2)
			switch better := ownFar2-limit < (far2-limit)/4; {
			case all*tryShare <= count:
				continue
			// Of bad candidates even an exact limit lets many pass, but falls soon.
			case better && (pass(ownFar2)*tryShare <= count || pass(limit)*tryShare > count):
				t.full[len(t.rows)] = 2 * (e.k + 1)
			case all*2 > count:
				t.full[len(t.rows)] = -1
			default:
				continue
			}
			done[q] = true
			t.rows = append(t.rows, q)
		}
		if len(t.rows) > 0 {
			t.order(s, ball)
			t.search(ctx, s, e, w, places, &rows, ball)
		}
	})
	return done, err
}

// order sorts the balls of s by their distance from one of rows.
func (t *closeSearch) order(s *exact, ball int) {
	c, d := s.colBalls, s.colBalls.d
	t.balls = t.balls[:0]
	for o := range c.radius {
		t.balls = append(t.balls, pair{vec.SqDist(s.rowBalls.mean[ball*d:][:d], c.mean[o*d:][:d]), int32(o)})
	}
	sortPairs(t.balls)
}

// take writes the distances of row to the rows that place names.
func (t *closeSearch) take(row []float32, rows *view, count int, place func(r int) int) []float64 {
	for r := range count {
		t.ids[r] = int32(rows.place(place(r)))
	}
	vec.SqDistRows(t.dist[:count], row, rows.x, t.ids[:count])
	return t.dist[:count]
}

// search finds the neighbors of t.rows, of one ball, near balls first.
func (t *closeSearch) search(ctx context.Context, s, e *exact, w int, places []int32, rows *view, ball int) {
	d, nan := e.ref.d, float32(math.NaN())
	k := e.k // of the candidates, with the row itself
	if e.same {
		k++
	}
	far := 0.0
	for r := range t.rowLen {
		t.rowLen[r], t.rowLimit[r] = nan, nan
	}
	for r, q := range t.rows {
		p := int(places[q])
		t.copyRow(t.copies[:d], t.own[r], 0, 1)
		t.rowLen[r] = float32(vec.SqDist(t.copies[:d], t.zero))
		kth := e.graph.Dist2[(e.rowAt(p)+1)*e.k-1]
		// The copies of rows within the limit are shorter than 4.
		t.limits[r] = newBound(float64(t.rowLen[r]), 4, t.scale, d, d, false)
		t.rowLimit[r] = t.limits[r].reach(kth)
		t.keys[r] = t.keys[r][:0]
		if t.full[r] < 0 {
			t.rowLimit[r] = nan
		} else {
			far = max(far, kth)
		}
	}
	for r := 0; r < len(t.rows); r += t.mr {
		at := t.a.from(r)
		at.fill(r, len(t.rows), d, &t.packA, func(to []float32, i, c int) { t.copyRow(to, t.own[i][c:c+len(to)], c, -2) })
	}
	from, local := ball*s.rowBalls.size, slices.ContainsFunc(t.full[:len(t.rows)], func(n int) bool { return n >= 0 })
	far = math.Sqrt(far) * (1 + 4*canonicalError(d))
	for _, o := range t.balls {
		if ctx.Err() != nil {
			return
		}
		if !local || s.rowBalls.gap(from, from+1, s.colBalls, int(o.j)*ballRows) > far {
			continue
		}
		lo := int(o.j) * ballRows
		for j := lo; j < min(lo+ballRows, e.ref.n); j += t.nr {
			t.compare(s, rows, e.k, j)
		}
	}
	for r, q := range t.rows {
		i := e.rowAt(int(places[q]))
		f := &t.found[r]
		f.k, f.list, f.full, f.top = k, f.list[:0], true, pair{e.graph.Dist2[(i+1)*e.k-1], math.MaxInt32}
		keys := t.keys[r]
		for at := 0; at < len(keys); at += directRows {
			name := func(h int) int { return int(s.colAt[keyIndex(keys[at+h])]) }
			for h, d2 := range t.take(t.own[r], rows, min(directRows, len(keys)-at), name) {
				f.push(pair{d2, int32(name(h))})
			}
		}
		e.rescored[w] += int64(len(keys))
	}
	if slices.Contains(t.full[:len(t.rows)], -1) {
		t.direct(e, w, rows)
	}
	for r, q := range t.rows {
		i := e.rowAt(int(places[q]))
		if f := &t.found[r]; e.same {
			if at := slices.IndexFunc(f.list, func(p pair) bool { return int(p.j) == i }); at >= 0 {
				f.list = slices.Delete(f.list, at, at+1)
			}
		}
		e.graph.put(i, t.found[r].list)
	}
}

// direct takes all distances of the rows that need them.
func (t *closeSearch) direct(e *exact, w int, rows *view) {
	for j := 0; j < e.ref.n; j += directRows {
		n := min(directRows, e.ref.n-j)
		for h := range n {
			t.ids[h] = int32(rows.place(j + h))
		}
		for r := range t.rows {
			if t.full[r] >= 0 {
				continue
			}
			vec.SqDistRows(t.dist[:n], t.own[r], rows.x, t.ids[:n])
			e.rescored[w] += int64(n)
			f := &t.found[r]
			for h, d2 := range t.dist[:n] {
				if d2 <= f.top.d2 {
					f.push(pair{d2, int32(j + h)})
				}
			}
		}
	}
}

// compare compares t.rows with those of the column panel from place j on.
func (t *closeSearch) compare(s *exact, rows *view, k, j int) {
	d, n, nan := rows.d, min(t.nr, rows.hi-j), float32(math.NaN())
	for c := range t.nr {
		t.colLen[c], t.colLimit[c] = nan, nan
		if c < n {
			to := t.copies[c*d:][:d]
			t.copyRow(to, rows.row(int(s.colAt[j+c])), 0, 1)
			t.colLen[c] = float32(vec.SqDist(to, t.zero))
		}
	}
	t.b.fill(0, n, d, &t.packB, func(to []float32, i, c int) { copy(to, t.copies[i*d+c:]) })
	t.multiply(t.a, t.b, par.NumBlocks(len(t.rows), t.mr), d)
	for r := range t.rows {
		tile := t.c[r*t.nr:]
		if r%t.mr == 0 {
			vec.SelectTile(t.rowBits, t.colBits, tile[:t.mr*t.nr], t.rowLen[r:], t.rowLimit[r:], t.colLen, t.colLimit)
		}
		for m := t.rowBits[r%t.mr]; m != 0; m &= m - 1 {
			c := bits.TrailingZeros32(m)
			t.keys[r] = append(t.keys[r], makeKey(tile[c]+t.colLen[c], j+c))
		}
		if t.full[r] >= 0 && len(t.keys[r]) >= t.full[r] {
			t.cut(r, k)
		}
	}
}

// cut drops the candidates of row r that cannot be among its k nearest rows:
// k+1 others, one of which may be the row itself, are nearer. A row that has
// too many of them even so needs all distances.
func (t *closeSearch) cut(r, k int) {
	keys := t.keys[r]
	vec.SelectKeys(keys, k+1)
	limit := t.limits[r].around(keyValue(keys[k]))
	t.rowLimit[r] = min(t.rowLimit[r], limit)
	top, n := makeKey(limit, -1), k+1
	for _, key := range keys[n:] {
		if key <= top {
			keys[n] = key
			n++
		}
	}
	t.keys[r], t.full[r] = keys[:n], n+k+1
	if n > crowd*(k+1) {
		t.keys[r], t.full[r], t.rowLimit[r] = keys[:0], -1, float32(math.NaN())
	}
}
