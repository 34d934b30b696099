package extract

import (
	"math"

	"github.com/semamap/semamap/internal/vec"
)

// attention computes the heads of one window with register tiles.
type attention struct {
	window, heads, kvHeads, dim int
	half                        int       // pairs of numbers of a head that are rotated
	cos, sin                    []float32 // window × half
	scale                       float32
	mr, nr                      int
	keyPanels, valuePanels      int
	queries, keys, values       []float32 // panels
	scores, probs, tile         []float32
	row                         []float32
}

func (a *attention) init(c *config, window int) {
	a.window, a.heads, a.kvHeads, a.dim = window, c.heads, c.kvHeads, c.headDim
	a.scale = float32(1 / math.Sqrt(float64(c.headDim)))
	a.half = len(c.rope)
	a.cos, a.sin = make([]float32, window*a.half), make([]float32, window*a.half)
	for p := range window {
		for i, f := range c.rope {
			angle := float64(float32(p) * f) // rounded as in transformers
			a.cos[p*a.half+i], a.sin[p*a.half+i] = float32(math.Cos(angle)), float32(math.Sin(angle))
		}
	}
	a.mr, a.nr = vec.TileShape()
	a.keyPanels = (window + a.nr - 1) / a.nr
	a.valuePanels = (a.dim + a.nr - 1) / a.nr
	a.queries = make([]float32, a.mr*a.dim)
	a.keys = make([]float32, a.keyPanels*a.nr*a.dim)
	a.values = make([]float32, a.valuePanels*a.nr*window)
	a.scores = make([]float32, a.mr*a.keyPanels*a.nr)
	a.probs = make([]float32, a.mr*window)
	a.tile = make([]float32, a.mr*a.nr)
	a.row = make([]float32, a.dim)
}

// run computes the context rows (window × heads·dim) from the rows of qkv:
// heads queries, kvHeads keys, kvHeads values.
func (a *attention) run(ctx, qkv []float32) {
	w, d := a.window, a.dim
	wide := (a.heads + 2*a.kvHeads) * d
	group := a.heads / a.kvHeads
	for kv := range a.kvHeads {
		for j := range w {
			row := qkv[j*wide:][:wide]
			a.rotate(a.keys[j/a.nr*a.nr*d+j%a.nr:], a.nr, row[(a.heads+kv)*d:][:d], j)
			v := row[(a.heads+a.kvHeads+kv)*d:][:d]
			for p := range a.valuePanels {
				copy(a.values[(p*w+j)*a.nr:][:a.nr], v[p*a.nr:min(d, (p+1)*a.nr)])
			}
		}
		for h := kv * group; h < (kv+1)*group; h++ {
			for lo := 0; lo < w; lo += a.mr {
				a.rows(ctx, qkv, h, lo, wide)
			}
		}
	}
}

// rows computes the positions of one row panel of a head.
func (a *attention) rows(ctx, qkv []float32, h, lo, wide int) {
	w, d := a.window, a.dim
	n := min(a.mr, w-lo)
	for i := range n {
		a.rotate(a.queries[i:], a.mr, qkv[(lo+i)*wide+h*d:][:d], lo+i)
	}
	seen := lo + n // no row attends to later ones
	for p := 0; p*a.nr < seen; p++ {
		vec.GemmTile(a.scores[p*a.mr*a.nr:][:a.mr*a.nr], a.queries, a.keys[p*a.nr*d:][:a.nr*d], d, false)
	}
	probs := a.probs[:a.mr*seen]
	for i := range n {
		for j := range seen {
			probs[j*a.mr+i] = 0
		}
		row := a.scratch(seen)[:lo+i+1]
		for j := range row {
			row[j] = a.scores[j/a.nr*a.mr*a.nr+i*a.nr+j%a.nr] * a.scale
		}
		vec.Softmax(row)
		for j, v := range row {
			probs[j*a.mr+i] = v
		}
	}
	for p := range a.valuePanels {
		vec.GemmTile(a.tile, probs, a.values[p*w*a.nr:][:seen*a.nr], seen, false)
		m := min(a.nr, d-p*a.nr)
		for i := range n {
			copy(ctx[((lo+i)*a.heads+h)*d+p*a.nr:][:m], a.tile[i*a.nr:])
		}
	}
}

func (a *attention) scratch(n int) []float32 {
	if cap(a.row) < n {
		a.row = make([]float32, max(n, a.window))
	}
	return a.row[:n]
}

// rotate stores x, a head at position p, at every step-th number of dst.
func (a *attention) rotate(dst []float32, step int, x []float32, p int) {
	cos, sin := a.cos[p*a.half:][:a.half], a.sin[p*a.half:][:a.half]
	x1, x2 := x[:a.half], x[a.half:][:a.half]
	for i, c := range cos {
		s, u, v := sin[i], x1[i], x2[i]
		dst[i*step] = u*c - v*s
		dst[(a.half+i)*step] = v*c + u*s
	}
	for i := 2 * a.half; i < len(x); i++ {
		dst[i*step] = x[i]
	}
}
