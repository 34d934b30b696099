package knn

import (
	"cmp"
	"context"
	"math"
	"math/bits"
	"slices"

	"github.com/semamap/semamap/internal/par"
	"github.com/semamap/semamap/tsne/internal/share"
)

// Distances returns points known only by their distances: column j of row i of
// x is the distance from point i to point j, and +Inf where it is not known. In
// a sparse x ([CSR]) the distances that are not given are not known; a zero
// that is given is a distance. Distances that are not known are in no list; see
// [Graph].
//
// For [Search], x must be square and symmetric up to rounding. Its diagonal is
// ignored. Of a pair of which only one distance is known, only one point is a
// neighbor of the other. Points count as equal if their rows are equal and the
// distance between them is zero. For [Query], the rows of x are the new points
// and its columns the reference points. A negative distance, NaN or an
// asymmetric pair is a *[ValueError].
func Distances(x Points) Points {
	if share.Nil(x) {
		x = missing("there are no distances")
	}
	if s, ok := x.(sparser); ok && check(x) == nil {
		n, cols := x.Dims()
		return newLinks(s, n, cols)
	}
	return &distances{x: x}
}

// distancePoints are what Distances returns.
type distancePoints interface {
	Points
	AreDistances()
	// scan checks the distances of square x and returns a hash of each row.
	scan(ctx context.Context, workers int) ([]uint64, error)
	equal(i, j int) bool
	pick(rows []int32) Points
	// lists writes the lists of the points into g. Those of other points than
	// the columns have no distance to themselves.
	lists(ctx context.Context, g *Graph, square bool, workers int) error
	symmetric(ctx context.Context, workers int) error
}

// distances is Distances of all rows.
type distances struct {
	x   Points
	ids []int32 // not nil: of these points only
}

// AreDistances tells package tsne what they are.
func (d *distances) AreDistances() {}

func (d *distances) Dims() (n, cols int) {
	if d.ids != nil {
		return len(d.ids), len(d.ids)
	}
	return d.x.Dims()
}

func (d *distances) Check() error {
	return check(d.x)
}

func (d *distances) pick(rows []int32) Points {
	if d.ids != nil {
		rows = slices.Clone(rows)
		for i, r := range rows {
			rows[i] = d.ids[r]
		}
	}
	return &distances{d.x, rows}
}

// id is the point of x that point i is.
func (d *distances) id(i int) int {
	if d.ids != nil {
		return int(d.ids[i])
	}
	return i
}

func (d *distances) Row(dst []float32, i int) ([]float32, error) {
	n, cols := d.Dims()
	x := slices.Grow(dst[:0], cols)[:cols]
	var t distanceRow
	row, row64, err := t.read(d, i)
	if err != nil {
		return nil, err
	}
	for j := range x {
		if row64 != nil {
			x[j] = float32(row64[d.id(j)])
		} else {
			x[j] = row[d.id(j)]
		}
	}
	if n == cols {
		x[i] = 0
	}
	return x, nil
}

// distanceRow is room for a row of x.
type distanceRow struct {
	narrow []float32
	wide   []float64
}

// read returns row i, all columns of x, in one of the two kinds.
func (t *distanceRow) read(d *distances, i int) ([]float32, []float64, error) {
	at := d.id(i)
	_, cols := d.x.Dims()
	if w := asWide(d.x); w != nil {
		if w.buffers == nil {
			x, err := w.row(w.id(at), nil)
			return nil, x, err
		}
		t.wide = slices.Grow(t.wide[:0], cols)[:cols]
		err := w.Read64(at, func(x []float64) { copy(t.wide, x) })
		return nil, t.wide, err
	}
	if cap(t.narrow) < cols {
		t.narrow = make([]float32, cols)
	}
	x, err := readRow(d.x, t.narrow, at, cols)
	return x, nil, err
}

// inMemory reports whether reading a row takes no time.
func (d *distances) inMemory() bool {
	switch x := d.x.(type) {
	case *wide:
		return x.buffers == nil
	case dense:
		return true
	}
	return false
}

// squares writes the squared distances of a row to dst. self, if not negative,
// is its own column. It returns the first column with a bad distance, or −1.
func squares[T float32 | float64](dst []float64, x []T, ids []int32, self int) int {
	for j := range dst {
		c := j
		if ids != nil {
			c = int(ids[j])
		}
		v := float64(x[c])
		s := v * v
		if !(v >= 0) || s > math.MaxFloat64 && v <= math.MaxFloat64 {
			if j != self {
				return j
			}
			s = 0
		}
		dst[j] = s
	}
	return -1
}

// row writes the squared distances of point i to dst.
func (d *distances) squares(dst []float64, i int, square bool, t *distanceRow) error {
	row, row64, err := t.read(d, i)
	if err != nil {
		return err
	}
	self := -1
	if square {
		self = i
	}
	if row64 != nil {
		if j := squares(dst, row64, d.ids, self); j >= 0 {
			return &ValueError{d.id(i), d.id(j), row64[d.id(j)]}
		}
	} else if j := squares(dst, row, d.ids, self); j >= 0 {
		return &ValueError{d.id(i), d.id(j), float64(row[d.id(j)])}
	}
	if square {
		dst[i] = 0
	}
	return nil
}

func (d *distances) scan(ctx context.Context, workers int) ([]uint64, error) {
	n, cols := d.Dims()
	if n != cols {
		return nil, notSquare(n, cols)
	}
	hash := make([]uint64, n)
	type scratch struct {
		distanceRow
		x []float64
	}
	tmp := make([]scratch, par.Workers(workers))
	err := par.Try(ctx, len(tmp), n, 16, func(w, _, lo, hi int) error {
		t := &tmp[w]
		t.x = slices.Grow(t.x, n)[:n]
		for i := lo; i < hi; i++ {
			if err := d.squares(t.x, i, true, &t.distanceRow); err != nil {
				return err
			}
			a, b := uint64(0x9e3779b97f4a7c15), uint64(0xd1342543de82ef95)
			for j, v := range t.x {
				a, b = b, bits.RotateLeft64(a^math.Float64bits(v)^uint64(j&1), 29)*0xbf58476d1ce4e5b9
			}
			hash[i] = a ^ bits.RotateLeft64(b, 17)
		}
		return nil
	})
	return hash, err
}

func (d *distances) equal(i, j int) bool {
	n, _ := d.Dims()
	var t distanceRow
	a, b := make([]float64, n), make([]float64, n)
	return d.squares(a, i, true, &t) == nil && d.squares(b, j, true, &t) == nil && slices.Equal(a, b)
}

func (d *distances) lists(ctx context.Context, g *Graph, square bool, workers int) error {
	type scratch struct {
		distanceRow
		x    []float64
		near shortlist
	}
	_, cols := d.Dims()
	tmp := make([]scratch, par.Workers(workers))
	return par.Try(ctx, len(tmp), g.N, 1, func(w, _, i, _ int) error {
		t := &tmp[w]
		t.x = slices.Grow(t.x[:0], cols)[:cols]
		if err := d.squares(t.x, i, square, &t.distanceRow); err != nil {
			return err
		}
		t.near.reset(g.K, nil)
		self := -1
		if square {
			self = i
		}
		t.near.add(t.x, 0, self)
		t.near.cut()
		g.put(i, t.near.list)
		return nil
	})
}

// differ reports whether two distances of one pair differ by more than
// rounding. One of them may not be known.
func differ(a, b float64) bool {
	return math.Abs(a-b) > 1e-4*max(a, b) && !math.IsInf(a, 0) && !math.IsInf(b, 0)
}

// asymmetric is the error of a pair whose two distances differ.
func asymmetric(i, j int, a, b float64) error {
	return share.Errorf("%w, but %v in row %d, column %d: distances are not symmetric", &ValueError{i, j, a}, b, j, i)
}

func (d *distances) symmetric(ctx context.Context, workers int) error {
	n, _ := d.Dims()
	// Rows of a block are compared with the columns of all rows behind it. Where
	// a row takes time to read, blocks are large.
	block := 64
	if !d.inMemory() {
		block = min(512, max(64, n/8))
	}
	type scratch struct {
		block []distanceRow
		x     []distanceRow // what read returned
		one   distanceRow
	}
	tmp := make([]scratch, par.Workers(workers))
	return par.Try(ctx, len(tmp), n, block, func(w, _, lo, hi int) error {
		t := &tmp[w]
		if t.block == nil {
			t.block, t.x = make([]distanceRow, block), make([]distanceRow, block)
		}
		for i := lo; i < hi; i++ {
			a, b, err := t.block[i-lo].read(d, i)
			if err != nil {
				return err
			}
			t.x[i-lo] = distanceRow{a, b}
		}
		for j := lo + 1; j < n; j++ {
			if j%256 == 0 && ctx.Err() != nil {
				return ctx.Err()
			}
			row, row64, err := t.one.read(d, j)
			if err != nil {
				return err
			}
			at := d.id(j)
			for i := lo; i < min(hi, j); i++ {
				var a, b float64
				if row64 != nil {
					a, b = t.x[i-lo].wide[at], row64[d.id(i)]
				} else {
					a, b = float64(t.x[i-lo].narrow[at]), float64(row[d.id(i)])
				}
				if a != b && differ(a, b) {
					return asymmetric(d.id(i), at, a, b)
				}
			}
		}
		return nil
	})
}

// links is Distances of sparse rows.
type links struct {
	n, cols int
	start   []int
	col     []int32
	val     []float64
	ids     []int32 // not nil: the points that these are
	err     error
}

// newLinks takes the distances that are known.
func newLinks(x sparser, n, cols int) *links {
	d := &links{n: n, cols: cols, start: make([]int, 1, n+1)}
	var buf []entry
	for i := range n {
		buf = x.entries(buf, i)
		for _, e := range buf {
			s := e.v * e.v
			if int(e.j) == i && n == cols && !(e.v >= 0) {
				continue // the diagonal
			}
			if !(e.v >= 0) || s > math.MaxFloat64 && e.v <= math.MaxFloat64 {
				d.err = cmp.Or[error](d.err, &ValueError{i, int(e.j), e.v})
			}
			if s <= math.MaxFloat64 {
				d.col, d.val = append(d.col, e.j), append(d.val, e.v)
			}
		}
		d.start = append(d.start, len(d.col))
	}
	return d
}

func (d *links) AreDistances()          {}
func (d *links) Dims() (rows, cols int) { return d.n, d.cols }
func (d *links) Check() error           { return d.err }

func (d *links) row(i int) ([]int32, []float64) {
	lo, hi := d.start[i], d.start[i+1]
	return d.col[lo:hi:hi], d.val[lo:hi:hi]
}

func (d *links) id(i int) int {
	if d.ids != nil {
		return int(d.ids[i])
	}
	return i
}

func (d *links) Row(dst []float32, i int) ([]float32, error) {
	x := slices.Grow(dst[:0], d.cols)[:d.cols]
	for j := range x {
		x[j] = float32(math.Inf(1))
	}
	col, val := d.row(i)
	for e, j := range col {
		x[j] = float32(val[e])
	}
	if d.n == d.cols {
		x[i] = 0
	}
	return x, d.err
}

// Sparse calls f for each distance from point i that is known.
func (d *links) Sparse(i int, f func(j int32, v float32)) {
	col, val := d.row(i)
	for e, j := range col {
		f(j, float32(val[e]))
	}
}

// whole returns the distances from point i with that to itself, zero.
func (d *links) whole(i int) []entry {
	col, val := d.row(i)
	row := make([]entry, 0, len(col)+1)
	at := len(col)
	for e, j := range col {
		switch {
		case int(j) == i:
			continue
		case int(j) > i && at > e:
			at = e
			row = append(row, entry{0, int32(i)})
		}
		row = append(row, entry{val[e], j})
	}
	if at == len(col) {
		row = append(row, entry{0, int32(i)})
	}
	return row
}

func (d *links) scan(ctx context.Context, workers int) ([]uint64, error) {
	if d.n != d.cols {
		return nil, notSquare(d.n, d.cols)
	}
	hash := make([]uint64, d.n)
	err := par.Blocks(ctx, workers, d.n, 64, func(_, _, lo, hi int) {
		for i := lo; i < hi; i++ {
			h := uint64(0x9e3779b97f4a7c15)
			for _, e := range d.whole(i) {
				h = bits.RotateLeft64(h^math.Float64bits(e.v+0)^uint64(e.j), 29) * 0xbf58476d1ce4e5b9
			}
			hash[i] = h ^ h>>31
		}
	})
	return hash, err
}

func (d *links) equal(i, j int) bool { return slices.Equal(d.whole(i), d.whole(j)) }

func (d *links) pick(rows []int32) Points {
	p := &links{n: len(rows), cols: len(rows), start: make([]int, 1, len(rows)+1), ids: make([]int32, len(rows))}
	to := make([]int32, d.cols) // place + 1 of each point
	for i, r := range rows {
		to[r], p.ids[i] = int32(i+1), int32(d.id(int(r)))
	}
	for _, r := range rows {
		var row []entry
		col, val := d.row(int(r))
		for e, j := range col {
			if to[j] > 0 {
				row = append(row, entry{val[e], to[j] - 1})
			}
		}
		slices.SortFunc(row, func(a, b entry) int { return cmp.Compare(a.j, b.j) })
		for _, e := range row {
			p.col, p.val = append(p.col, e.j), append(p.val, e.v)
		}
		p.start = append(p.start, len(p.col))
	}
	return p
}

func (d *links) lists(ctx context.Context, g *Graph, square bool, workers int) error {
	list := make([][]pair, par.Workers(workers))
	return par.Blocks(ctx, workers, g.N, 64, func(w, _, lo, hi int) {
		for i := lo; i < hi; i++ {
			list[w] = list[w][:0]
			col, val := d.row(i)
			for e, j := range col {
				if !square || int(j) != i {
					list[w] = append(list[w], pair{val[e] * val[e], j})
				}
			}
			g.put(i, list[w])
		}
	})
}

func (d *links) symmetric(ctx context.Context, workers int) error {
	return par.Try(ctx, workers, d.n, 64, func(_, _, lo, hi int) error {
		for i := lo; i < hi; i++ {
			col, val := d.row(i)
			for e, j := range col {
				other, back := d.row(int(j))
				if at, ok := slices.BinarySearch(other, int32(i)); ok && int(j) > i && differ(val[e], back[at]) {
					return asymmetric(d.id(i), d.id(int(j)), val[e], back[at])
				}
			}
		}
		return nil
	})
}

func notSquare(n, cols int) error {
	return share.Errorf("%w: %d×%d distances are not square", ErrPoints, n, cols)
}

// searchDistances takes the lists from given distances: with square of the
// points themselves, otherwise of new points.
func searchDistances(ctx context.Context, x distancePoints, k int, square bool, set *Settings) (*Graph, error) {
	n, cols := x.Dims()
	if set.Func != nil || set.Method == Gram || set.Method == Descent {
		return nil, &SettingError{"Method", set.Method, "only the exact search works with Distances, and Func does not"}
	}
	others := cols
	if square {
		if n != cols {
			return nil, notSquare(n, cols)
		}
		others--
	}
	if err := checkK(n, k, others); err != nil {
		return nil, err
	}
	g := newGraph(n, k)
	if err := x.lists(ctx, g, square, set.Workers); err != nil {
		return nil, err
	}
	if square {
		return g, x.symmetric(ctx, set.Workers)
	}
	return g, nil
}
