package amap

import (
	"context"
	"fmt"
	"math"

	"github.com/semamap/semamap/internal/par"
	"github.com/semamap/semamap/internal/vec"
)

// A Scope selects the layers and tokens of an analysis. Nil and the zero value
// mean all layers, all tokens that occurred (all tokens if counts are not known),
// and no positions. Rows are recognized as positions only if [Map.Positions] is
// known; otherwise they count as tokens.
type Scope struct {
	Layers    []int // numbers of layers; empty means all
	MinCount  int64 // leave out tokens that occurred less often; needs counts
	Unseen    bool  // include tokens that did not occur, whose rows are zeros
	Positions bool  // include the positions of the window
}

// chosen lists the layers of a scope, in the order of modes and numbers. An empty
// mode stands for all.
func (m *Map) chosen(mode Mode, o *Scope) ([]*Layer, error) {
	modes := []Mode{mode}
	if mode == "" {
		modes = m.modes
	}
	var out []*Layer
	for _, mode := range modes {
		if m.layers[mode] == nil {
			return nil, m.noMode(mode)
		}
		ns := m.Layers(mode)
		if o != nil && len(o.Layers) > 0 {
			ns = o.Layers
		}
		if o != nil && o.MinCount > 0 && len(m.o.Counts[mode]) == 0 {
			return nil, fmt.Errorf("amap: a least count of %d: token counts of mode %s %w", o.MinCount, mode, ErrNotFound)
		}
		for _, n := range ns {
			l, err := m.Layer(mode, n)
			if err != nil {
				return nil, err
			}
			out = append(out, l)
		}
	}
	return out, nil
}

// pick lists the rows of a layer that a scope takes in, ascending.
func (l *Layer) pick(o *Scope) []int32 {
	if o == nil {
		o = new(Scope)
	}
	n, _ := l.Dims()
	rows := make([]int32, 0, n)
	pos, _ := l.m.Positions()
	all, _ := l.x.dims()
	counts := l.m.o.Counts[l.mode]
	for i := range n {
		if !o.Positions && l.row(i) >= all-pos {
			continue
		}
		if id := int(l.tokenID(i)); id < len(counts) && (counts[id] < o.MinCount || counts[id] == 0 && !o.Unseen) {
			continue
		}
		rows = append(rows, int32(i))
	}
	return rows
}

// UnitStats holds statistics of a unit over the rows of a [Scope]. Values are
// float32; sums are float64, in the order of the rows. A NaN counts as nonzero, is
// skipped by Min and Max, and makes Mean and Var NaN.
type UnitStats struct {
	Mode      Mode
	Unit      UnitID
	Rows      int     // rows in the scope
	Mean      float64 // mean in which each row counts once
	CountMean float64 // mean in which each row counts as often as it occurred; NaN without counts
	Var       float64 // population variance over the rows
	Min, Max  float32 // NaN if there are no numbers
	ArgMax    int32   // token id of the first row with the maximum; -1 if there are no numbers
	Nonzero   int     // number of rows that are not zero
	NaN, Inf  int     // number of rows that are NaN, and infinite
}

// statBlock is how many rows are summed before sums are joined.
const statBlock = 1024

// Stats computes statistics of each unit of a mode, or of all modes if mode is
// empty, in the order of modes, layers and units. It reads each number once. The
// results have the same bits for every GOMAXPROCS.
func (m *Map) Stats(ctx context.Context, mode Mode, o *Scope) ([]UnitStats, error) {
	layers, err := m.chosen(mode, o)
	if err != nil {
		return nil, err
	}
	var out []UnitStats
	for _, l := range layers {
		s, err := l.stats(ctx, l.pick(o))
		if err != nil {
			return nil, err
		}
		out = append(out, s...)
	}
	return out, nil
}

func (l *Layer) stats(ctx context.Context, rows []int32) ([]UnitStats, error) {
	_, units := l.Dims()
	// Deviations from the first row are summed: a constant unit then has exactly
	// no variance, and a nearly constant one an exact one.
	shift := make([]float64, units)
	if len(rows) > 0 {
		first, err := l.Row(nil, int(rows[0]))
		if err != nil {
			return nil, err
		}
		for u, v := range first {
			if !math.IsNaN(float64(v)) && !math.IsInf(float64(v), 0) {
				shift[u] = float64(v)
			}
		}
	}
	counts := l.m.o.Counts
	counted := len(counts[l.mode]) > 0
	blocks := par.NumBlocks(len(rows), statBlock)
	cols := make([]*vec.ColStats, blocks)
	weighted := make([][]float64, blocks)
	weights := make([]float64, blocks)
	err := l.blocks(ctx, rows, statBlock, func(b, _ int, run []int32, x []float32) {
		c := cols[b]
		if c == nil {
			c = vec.NewColStats(units)
			copy(c.Shift, shift)
			cols[b], weighted[b] = c, make([]float64, units)
		}
		c.Add(x, len(run), int(run[0]))
		for i, r := range run {
			row := x[i*units : (i+1)*units]
			if n, _ := counts.of(l.mode, l.tokenID(int(r))); counted {
				vec.AxpyF64(weighted[b], float64(n), row)
				weights[b] += float64(n)
			}
		}
	})
	if err != nil {
		return nil, err
	}
	total := vec.NewColStats(units)
	wsum, w := make([]float64, units), 0.0
	for b, c := range cols {
		total.Join(c)
		for u, v := range weighted[b] {
			wsum[u] += v
		}
		w += weights[b]
	}
	var odd []int
	n := float64(len(rows))
	out := make([]UnitStats, units)
	for u := range out {
		s := &out[u]
		*s = UnitStats{
			Mode: l.mode, Unit: UnitID{l.n, u}, Rows: len(rows),
			Mean: shift[u] + total.Sum[u]/n, CountMean: math.NaN(),
			Var: max(0, total.Sq[u]/n-float64(total.Sum[u]/n*(total.Sum[u]/n))),
			Min: total.Min[u], Max: total.Max[u], ArgMax: total.ArgMax[u], Nonzero: int(total.Nonzero[u]),
		}
		if counted && w > 0 {
			s.CountMean = wsum[u] / w
		}
		if d := total.Sum[u]; d-d != 0 {
			odd = append(odd, u)
			s.Var = math.NaN()
		}
		if s.ArgMax >= 0 {
			s.ArgMax = l.tokenID(int(s.ArgMax))
		}
		if len(rows) == 0 {
			s.Min, s.Max = float32(math.NaN()), float32(math.NaN())
		}
	}
	return out, l.oddUnits(ctx, rows, odd, out)
}

// oddUnits looks again at units whose sum is not finite.
func (l *Layer) oddUnits(ctx context.Context, rows []int32, odd []int, out []UnitStats) error {
	if len(odd) == 0 {
		return nil
	}
	_, units := l.Dims()
	return l.blocks(ctx, rows, max(len(rows), 1), func(_, _ int, run []int32, x []float32) {
		for i, r := range run {
			for _, u := range odd {
				s := &out[u]
				v := float64(x[i*units+u])
				switch {
				case math.IsNaN(v):
					s.NaN++
					if s.NaN == len(rows) {
						s.Min, s.Max = float32(v), float32(v)
					}
				case math.IsInf(v, 0):
					s.Inf++
					// The kernels know no place for a maximum of -Inf.
					if v < 0 && s.ArgMax < 0 {
						s.ArgMax = l.tokenID(int(r))
					}
				}
			}
		}
	})
}

// Dead returns the statistics of the units that no token activates: those with
// Max < below, such as 0.1 in SYSIF. Units whose Max is NaN are not included.
func Dead(stats []UnitStats, below float32) []UnitStats {
	var out []UnitStats
	for _, s := range stats {
		if s.Max < below {
			out = append(out, s)
		}
	}
	return out
}

// blocks calls f for stretches of rows that follow one another, a few at a
// time; x holds their values. Calls for the same block come in order, one at a
// time; different blocks may run at once. first is the index of the first row
// in rows.
func (l *Layer) blocks(ctx context.Context, rows []int32, size int, f func(block, first int, run []int32, x []float32)) error {
	_, units := l.Dims()
	few := max(1, min(16, 1<<18/max(units, 1)))
	errs := make([]error, par.NumBlocks(len(rows), size))
	err := par.Blocks(ctx, 0, len(rows), size, func(_, b, lo, hi int) {
		s := scratches.Get().(*scratch)
		defer scratches.Put(s)
		s.bulk = true
		defer func() { s.bulk = false }()
		x := make([]float32, few*units)
		for lo < hi && ctx.Err() == nil {
			n := 1
			for lo+n < hi && n < few && rows[lo+n] == rows[lo]+int32(n) {
				n++
			}
			r := int(rows[lo])
			if errs[b] = l.read(x[:n*units], r, r+n, s); errs[b] != nil {
				return
			}
			f(b, lo, rows[lo:lo+n], x[:n*units])
			lo += n
		}
	})
	for _, e := range errs {
		if e != nil {
			return e
		}
	}
	if err == nil {
		err = ctx.Err()
	}
	return err
}
