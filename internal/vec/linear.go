package vec

// A Linear is a weight matrix (outputs × inputs) with an optional bias, packed
// for [Linear.Apply]. It is read only and may be shared.
type Linear struct {
	out, in int
	level   Level
	panels  []float32 // column panels of nr outputs, zeros after the last output
	bias    []float32
}

// NewLinear packs the row-major weights w of the layer y = x·wᵀ + bias. bias
// may be nil. It keeps neither slice but bias.
func NewLinear(w, bias []float32, out, in int) *Linear {
	nr := tileShape[level].nr
	p := &Linear{out: out, in: in, level: level, bias: bias}
	w = w[:out*in]
	p.panels = make([]float32, (out+nr-1)/nr*nr*in)
	for o := range out {
		panel := p.panels[o/nr*nr*in+o%nr:]
		for k, v := range w[o*in:][:in] {
			panel[k*nr] = v
		}
	}
	return p
}

// Dims returns the number of outputs and of inputs.
func (p *Linear) Dims() (out, in int) { return p.out, p.in }

// A LinearBuffer is the memory of one goroutine for [Linear.Apply].
type LinearBuffer struct{ rows, tile []float32 }

const (
	linearRows = 96  // rows packed together: a multiple of every mr
	linearDeep = 256 // inputs multiplied together: a column panel fits in the first cache
)

// Apply sets y[r*out+o] to the output o of row x[r*in:], or adds it there. A
// row gives the same bits wherever it stands and however many rows there are.
// It keeps the error bound of [GemmTile].
func (p *Linear) Apply(y, x []float32, rows int, add bool, b *LinearBuffer) {
	s := tileShape[p.level]
	x, y = x[:rows*p.in], y[:rows*p.out]
	b.rows = grown(b.rows, linearRows*p.in)
	b.tile = grown(b.tile, linearRows*s.nr)
	for r0 := 0; r0 < rows; r0 += linearRows {
		n := min(linearRows, rows-r0)
		p.packRows(b.rows, x[r0*p.in:], n, s.mr)
		for o0 := 0; o0 < p.out; o0 += s.nr {
			panel := p.panels[o0*p.in:][:s.nr*p.in]
			for k := 0; k < p.in; k += linearDeep {
				d := min(linearDeep, p.in-k)
				for t := 0; t < n; t += s.mr {
					c := b.tile[t*s.nr:][:s.mr*s.nr]
					next := panel[k*s.nr:]
					gemmTile(p.level, c, b.rows[t*p.in+k*s.mr:], panel[k*s.nr:], next, d, k > 0)
				}
			}
			m := min(s.nr, p.out-o0)
			var bias []float32
			if p.bias != nil {
				bias = p.bias[o0:][:m]
			}
			for r := range n {
				store(y[(r0+r)*p.out+o0:][:m], b.tile[r*s.nr:][:m], bias, add)
			}
		}
	}
}

// store sets or raises y by c and the bias.
func store(y, c, bias []float32, add bool) {
	switch {
	case add && bias != nil:
		for i := range y {
			y[i] += c[i] + bias[i]
		}
	case add:
		for i := range y {
			y[i] += c[i]
		}
	case bias != nil:
		for i := range y {
			y[i] = c[i] + bias[i]
		}
	default:
		copy(y, c)
	}
}

// packRows makes row panels of n rows of x, with zeros after the last row.
func (p *Linear) packRows(dst, x []float32, n, mr int) {
	for t := 0; t < n; t += mr {
		panel := dst[t*p.in:][:mr*p.in]
		for i := range mr {
			if t+i >= n {
				for k := i; k < len(panel); k += mr {
					panel[k] = 0
				}
				continue
			}
			row := x[(t+i)*p.in:][:p.in]
			for k, v := range row {
				panel[k*mr+i] = v
			}
		}
	}
}

func grown(s []float32, n int) []float32 {
	if cap(s) < n {
		return make([]float32, n)
	}
	return s[:n]
}

// Row stores the weights of output o.
func (p *Linear) Row(dst []float32, o int) {
	nr := tileShape[p.level].nr
	panel := p.panels[o/nr*nr*p.in+o%nr:]
	for k := range dst[:p.in] {
		dst[k] = panel[k*nr]
	}
}
