package vec

import "math"

// ColStats are running statistics of the columns of a matrix. NewColStats makes
// them.
type ColStats struct {
	Shift          []float64 // subtracted before summing
	Sum, Sq        []float64 // of x - Shift and its square
	Min, Max       []float32 // of what is no NaN; +Inf and -Inf without any
	ArgMin, ArgMax []int32   // row of the first such value; -1 while there is none inside the infinities
	Nonzero        []int32   // values that are not ±0, NaN included
}

// NewColStats returns the statistics of no rows.
func NewColStats(cols int) *ColStats {
	c := &ColStats{
		Shift: make([]float64, cols), Sum: make([]float64, cols), Sq: make([]float64, cols),
		Min: make([]float32, cols), Max: make([]float32, cols),
		ArgMin: make([]int32, cols), ArgMax: make([]int32, cols), Nonzero: make([]int32, cols),
	}
	for i := range cols {
		c.Min[i], c.Max[i] = float32(math.Inf(1)), float32(math.Inf(-1))
		c.ArgMin[i], c.ArgMax[i] = -1, -1
	}
	return c
}

// Add takes in n rows of x, which follow one another, numbered from row. The
// result has the same bits at every level and for every division into calls:
// each column is summed row by row, nothing is fused.
func (c *ColStats) Add(x []float32, n, row int) {
	cols := len(c.Sum)
	x = x[:n*cols]
	if n == 0 || cols == 0 {
		return
	}
	c.addGo(x, n, row, colStatsFast(c, x, n, row))
}

func (c *ColStats) addGo(x []float32, n, row, from int) {
	cols := len(c.Sum)
	for r := range n {
		for i := from; i < cols; i++ {
			v := x[r*cols+i]
			d := float64(v) - c.Shift[i]
			c.Sum[i] += d
			c.Sq[i] += float64(d * d)
			if v > c.Max[i] {
				c.Max[i], c.ArgMax[i] = v, int32(row+r)
			}
			if v < c.Min[i] {
				c.Min[i], c.ArgMin[i] = v, int32(row+r)
			}
			if v != 0 {
				c.Nonzero[i]++
			}
		}
	}
}

// rowLanes are the running statistics of a row, element i in lane i mod 8.
type rowLanes struct {
	sum, sq        [8]float64
	min, max       [8]float32
	argMin, argMax [8]int32
	nonzero        [8]int32
}

// RowStats are statistics of one row; as in ColStats, without a shift.
type RowStats struct {
	Sum, Sq        float64
	Min, Max       float32
	ArgMin, ArgMax int32
	Nonzero        int32
}

// Row returns the statistics of x. Sums are taken in eight lanes, which are
// joined in order: the same bits at every level.
func Row(x []float32) RowStats {
	var l rowLanes
	for i := range 8 {
		l.min[i], l.max[i] = float32(math.Inf(1)), float32(math.Inf(-1))
		l.argMin[i], l.argMax[i] = -1, -1
	}
	l.add(x, rowStatsFast(&l, x))
	s := RowStats{Min: l.min[0], Max: l.max[0], ArgMin: l.argMin[0], ArgMax: l.argMax[0]}
	for i := range 8 {
		s.Sum += l.sum[i]
		s.Sq += l.sq[i]
		s.Nonzero += l.nonzero[i]
		if a := l.argMax[i]; a >= 0 && (s.ArgMax < 0 || l.max[i] > s.Max || l.max[i] == s.Max && a < s.ArgMax) {
			s.Max, s.ArgMax = l.max[i], a
		}
		if a := l.argMin[i]; a >= 0 && (s.ArgMin < 0 || l.min[i] < s.Min || l.min[i] == s.Min && a < s.ArgMin) {
			s.Min, s.ArgMin = l.min[i], a
		}
	}
	return s
}

func (l *rowLanes) add(x []float32, from int) {
	for i := from; i < len(x); i++ {
		v, k := x[i], i&7
		l.sum[k] += float64(v)
		l.sq[k] += float64(float64(v) * float64(v))
		if v > l.max[k] {
			l.max[k], l.argMax[k] = v, int32(i)
		}
		if v < l.min[k] {
			l.min[k], l.argMin[k] = v, int32(i)
		}
		if v != 0 {
			l.nonzero[k]++
		}
	}
}

// Join takes in the statistics of rows that come later; c2 must have the same
// shift. It may be nil, for no rows.
func (c *ColStats) Join(c2 *ColStats) {
	if c2 == nil {
		return
	}
	for i := range c.Sum {
		c.Sum[i] += c2.Sum[i]
		c.Sq[i] += c2.Sq[i]
		c.Nonzero[i] += c2.Nonzero[i]
		if c2.Max[i] > c.Max[i] {
			c.Max[i], c.ArgMax[i] = c2.Max[i], c2.ArgMax[i]
		}
		if c2.Min[i] < c.Min[i] {
			c.Min[i], c.ArgMin[i] = c2.Min[i], c2.ArgMin[i]
		}
	}
}
