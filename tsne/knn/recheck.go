package knn

import (
	"math"
	"math/bits"
	"slices"

	"github.com/semamap/semamap/internal/par"
	"github.com/semamap/semamap/internal/vec"
)

// recheck searches rows again whose candidates were not proved: with the
// distance of the k-th candidate as a bound, every row whose float32 value may
// be within it gets its canonical distance.
func (e *exact) recheck(rows []int32) error {
	// What is found takes no more memory than the candidates did: twice k
	// entries of 16 bytes for half of the rows.
	for part := range slices.Chunk(rows, (e.x.n+1)/2) {
		if err := e.recheckSome(part); err != nil {
			return err
		}
	}
	return nil
}

// A rechecker is what one goroutine needs to search rows again.
type rechecker struct {
	scratch
	*tileScratch
	a       panels
	members []recheckRow
	dist    []float64
}

// A recheckRow is a row of a block that is searched again.
type recheckRow struct {
	x, own []float32 // its numbers, and room for them
	i      int
	found  *nearest
	hits   []int32 // rows that wait for their distances
	place  []int32 // and where their numbers are
}

const recheckHits = 64 // distances are taken when so many wait

func (e *exact) recheckSome(rows []int32) error {
	f := newTiling(e.split, e.ref.d)
	b := f.columns(min(e.band, e.ref.n))
	var made []float32
	if e.ref.flat == nil {
		made = make([]float32, min(e.band, e.ref.n)*e.ref.d)
	}
	found, room := make([]nearest, len(rows)), make([]pair, len(rows)*2*e.k)
	limit := make([]float32, len(rows))
	for r, i := range rows {
		found[r] = nearest{k: e.k, list: room[r*2*e.k:][: 0 : 2*e.k]}
		limit[r] = e.bound(int(i)).reach(e.graph.Dist2[(int(i)+1)*e.k-1])
	}
	work := make([]*rechecker, e.workers)
	size := 0 // rows of a block
	for w := range work {
		t := newTileScratch(f)
		// The blocks of all goroutines, packed and made, take the place of the
		// row panels of a band.
		size = min(t.block, roundUp(par.NumBlocks(len(rows), e.workers), f.mr), max(e.band/(2*e.workers)/f.mr, 1)*f.mr)
		work[w] = &rechecker{tileScratch: t, a: f.rows(size), members: make([]recheckRow, size)}
	}
	for b0 := 0; b0 < e.ref.n; b0 += e.band {
		b1 := min(b0+e.band, e.ref.n)
		v, err := e.ref.view(e.ctx, e.workers, b0, b1, made)
		if err != nil {
			return err
		}
		if err := e.pack(b, func(i int) []float32 { return v.row(b0 + i) }, b1-b0, 1); err != nil {
			return err
		}
		err = par.Blocks(e.ctx, e.workers, len(rows), size, func(w, _, lo, hi int) {
			t := work[w]
			for r := range t.members[:hi-lo] {
				row := &t.members[r]
				row.i, row.found = int(rows[lo+r]), &found[lo+r]
				row.x = e.xRow(row.i, &v, &row.own, &t.scratch)
			}
			e.rescored[w] += e.recheckBlock(t, limit[lo:hi], b, &v)
		})
		if err == nil {
			err = e.ctx.Err()
		}
		if err != nil {
			return err
		}
	}
	return par.Blocks(e.ctx, e.workers, len(rows), 16, func(_, _, lo, hi int) {
		for r := lo; r < hi; r++ {
			e.graph.put(int(rows[r]), found[r].list)
		}
	})
}

// recheckBlock compares the rows of a block that have the given limits with
// those of the view, and returns how many distances it took.
func (e *exact) recheckBlock(t *rechecker, limit []float32, b panels, v *view) (taken int64) {
	n, mr, nr := len(limit), t.mr, t.nr
	nan := float32(math.NaN())
	for r := range t.rowLen {
		t.rowLen[r], t.rowLimit[r] = nan, nan
		if r < n {
			t.rowLen[r], t.rowLimit[r] = e.xLen[t.members[r].i], limit[r]
		}
	}
	count := par.NumBlocks(n, mr)
	for p := range count {
		t.a.from(p*mr).fill(p*mr, min((p+1)*mr, n), e.ref.d, &t.packing, func(dst []float32, r, c int) {
			e.copyRow(dst, t.members[r].x[c:c+len(dst)], c, -2)
		})
	}
	for j := v.lo; j < v.hi; j += nr {
		if e.ctx.Err() != nil {
			return taken
		}
		for c := range nr {
			t.colLen[c], t.colLimit[c] = nan, nan
		}
		copy(t.colLen, e.refLen[j:min(j+nr, v.hi)])
		t.multiply(t.a, b.from(j-v.lo), count, e.ref.d)
		for p := range count {
			vec.SelectTile(t.rowBits, t.colBits, t.c[p*mr*nr:][:mr*nr], t.rowLen[p*mr:], t.rowLimit[p*mr:], t.colLen, t.colLimit)
			for r, m := range t.rowBits {
				for ; m != 0; m &= m - 1 {
					row, at := &t.members[p*mr+r], j+bits.TrailingZeros32(m)
					if e.same && at == row.i {
						continue
					}
					row.hits, row.place = append(row.hits, int32(at)), append(row.place, int32(v.place(at)))
					if len(row.hits) == recheckHits {
						if e.ctx.Err() != nil {
							return taken
						}
						taken += t.measure(row, v)
					}
				}
			}
		}
	}
	for r := range n {
		if e.ctx.Err() != nil {
			return taken
		}
		taken += t.measure(&t.members[r], v)
	}
	return taken
}

// measure takes the distances of the hits of a row.
func (t *rechecker) measure(row *recheckRow, v *view) int64 {
	n := len(row.hits)
	t.dist = slices.Grow(t.dist[:0], n)[:n]
	vec.SqDistRows(t.dist, row.x, v.x, row.place)
	for h, d2 := range t.dist {
		row.found.push(pair{d2, row.hits[h]})
	}
	row.hits, row.place = row.hits[:0], row.place[:0]
	return int64(n)
}
