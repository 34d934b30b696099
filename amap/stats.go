package amap

import (
	"context"
	"math"

	"github.com/semamap/semamap/internal/par"
	"github.com/semamap/semamap/internal/vec"
)

// StatOptions say what [Map.Stats] looks at. Nil and the zero value take every
// layer, the tokens that occurred (all of them when counts are not known), and
// no positions.
type StatOptions struct {
	Modes     []Mode // none: all
	Layers    []int  // none: all
	Unseen    bool   // take in tokens that never occurred, whose rows are zeros
	Positions bool   // take in the positions of the window
	Tokens    bool   // also return statistics of every token
}

// LayerStats are the statistics of one layer.
type LayerStats struct {
	Mode   Mode
	Layer  int
	Rows   int          // rows taken in
	Units  []UnitStats  // one a unit
	Tokens []TokenStats // one a row taken in, if asked for
}

// UnitStats are statistics of a unit over the rows taken in. Values are float32;
// sums are float64, in the order of the rows. NaN counts as nonzero, is passed
// over by Min and Max, and spoils Mean and Var.
type UnitStats struct {
	Unit           UnitID
	Mean           float64 // each row counts once
	CountMean      float64 // each row counts as often as it occurred; NaN without counts
	Var            float64 // population variance, over the rows
	Min, Max       float32 // NaN without a number
	ArgMin, ArgMax int32   // token id of the first row with it; -1 without a number
	Nonzero        int     // rows
	NaN, Inf       int     // rows
}

// TokenStats are statistics of a token over a layer's units.
type TokenStats struct {
	ID       int32
	Mean     float64
	Norm     float64 // Euclidean
	Min, Max float32 // NaN without a number
	ArgMax   int     // unit of the first maximum; -1 without a number
	Nonzero  int     // units
}

// statBlock is how many rows are summed before sums are joined.
const statBlock = 1024

// Stats computes statistics of units, and of tokens if asked for, reading every
// number once. Results have the same bits for every GOMAXPROCS.
func (m *Map) Stats(ctx context.Context, o *StatOptions) ([]LayerStats, error) {
	if o == nil {
		o = new(StatOptions)
	}
	layers, err := m.chosen(o.Modes, o.Layers)
	if err != nil {
		return nil, err
	}
	out := make([]LayerStats, len(layers))
	for i, l := range layers {
		if out[i], err = l.stats(ctx, o); err != nil {
			return nil, err
		}
	}
	return out, nil
}

func (l *Layer) stats(ctx context.Context, o *StatOptions) (LayerStats, error) {
	_, units := l.Dims()
	rows := l.pick(rowFilter{unseen: o.Unseen, positions: o.Positions})
	out := LayerStats{Mode: l.mode, Layer: l.n, Rows: len(rows), Units: make([]UnitStats, units)}
	if o.Tokens {
		out.Tokens = make([]TokenStats, len(rows))
	}
	// Deviations from the first row are summed: a constant unit then has exactly
	// no variance, and a nearly constant one an exact one.
	shift := make([]float64, units)
	if len(rows) > 0 {
		first, err := l.Row(nil, int(rows[0]))
		if err != nil {
			return out, err
		}
		for u, v := range first {
			if !math.IsNaN(float64(v)) && !math.IsInf(float64(v), 0) {
				shift[u] = float64(v)
			}
		}
	}
	_, counted := l.count(0)
	blocks := par.NumBlocks(len(rows), statBlock)
	cols := make([]*vec.ColStats, blocks)
	weighted := make([][]float64, blocks)
	weights := make([]float64, blocks)
	err := l.blocks(ctx, rows, statBlock, func(b, first int, run []int32, x []float32) {
		c := cols[b]
		if c == nil {
			c = vec.NewColStats(units)
			copy(c.Shift, shift)
			cols[b], weighted[b] = c, make([]float64, units)
		}
		c.Add(x, len(run), int(run[0]))
		for i, r := range run {
			row := x[i*units : (i+1)*units]
			if n, _ := l.count(int(r)); counted {
				vec.AxpyF64(weighted[b], float64(n), row)
				weights[b] += float64(n)
			}
			if o.Tokens {
				out.Tokens[first+i] = l.tokenStats(int(r), row)
			}
		}
	})
	if err != nil {
		return out, err
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
	for u := range out.Units {
		s := &out.Units[u]
		*s = UnitStats{
			Unit: l.UnitID(u), Mean: shift[u] + total.Sum[u]/n, CountMean: math.NaN(),
			Var: max(0, total.Sq[u]/n-total.Sum[u]/n*(total.Sum[u]/n)),
			Min: total.Min[u], Max: total.Max[u], ArgMin: total.ArgMin[u], ArgMax: total.ArgMax[u],
			Nonzero: int(total.Nonzero[u]),
		}
		if counted && w > 0 {
			s.CountMean = wsum[u] / w
		}
		if d := total.Sum[u]; d-d != 0 {
			odd = append(odd, u)
			s.Var = math.NaN()
		}
		for _, a := range []*int32{&s.ArgMin, &s.ArgMax} {
			if *a >= 0 {
				*a = l.TokenID(int(*a))
			}
		}
		if len(rows) == 0 {
			s.Min, s.Max = float32(math.NaN()), float32(math.NaN())
		}
	}
	return out, l.oddUnits(ctx, rows, odd, &out)
}

// oddUnits looks again at units whose sum is not finite.
func (l *Layer) oddUnits(ctx context.Context, rows []int32, odd []int, out *LayerStats) error {
	if len(odd) == 0 {
		return nil
	}
	_, units := l.Dims()
	return l.blocks(ctx, rows, max(len(rows), 1), func(_, _ int, run []int32, x []float32) {
		for i, r := range run {
			for _, u := range odd {
				s := &out.Units[u]
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
						s.ArgMax = l.TokenID(int(r))
					}
					if v > 0 && s.ArgMin < 0 {
						s.ArgMin = l.TokenID(int(r))
					}
				}
			}
		}
	})
}

func (l *Layer) tokenStats(r int, row []float32) TokenStats {
	s := vec.Row(row)
	t := TokenStats{
		ID: l.TokenID(r), Mean: s.Sum / float64(len(row)), Norm: math.Sqrt(s.Sq),
		Min: s.Min, Max: s.Max, ArgMax: int(s.ArgMax), Nonzero: int(s.Nonzero),
	}
	if s.Min > s.Max {
		t.Min, t.Max = float32(math.NaN()), float32(math.NaN())
	} else if t.ArgMax < 0 { // nothing above -Inf
		for u, v := range row {
			if math.IsInf(float64(v), -1) {
				t.ArgMax = u
				break
			}
		}
	}
	return t
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

// Dead lists the units of which no row is above a value; SYSIF takes 0.1.
func Dead(stats []LayerStats, below float32) []UnitID {
	var out []UnitID
	for _, l := range stats {
		for _, u := range l.Units {
			if u.Max < below {
				out = append(out, u.Unit)
			}
		}
	}
	return out
}

// LowVariance lists the units whose variance is below a value; SYSIF takes
// 1e-3.
func LowVariance(stats []LayerStats, below float64) []UnitID {
	var out []UnitID
	for _, l := range stats {
		for _, u := range l.Units {
			if u.Var < below {
				out = append(out, u.Unit)
			}
		}
	}
	return out
}
