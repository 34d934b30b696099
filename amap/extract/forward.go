package extract

import (
	"context"
	"fmt"

	"github.com/semamap/semamap/amap"
	"github.com/semamap/semamap/internal/vec"
)

// A runner computes windows of one length. It belongs to one goroutine.
type runner struct {
	m       *Model
	batch   int
	window  int
	layers  int
	predict bool

	x, norm, qkv, ctx, h []float32
	logits, best         []float32
	last                 []float32 // what the output was computed from
	attn                 attention
	buf                  vec.LinearBuffer
}

// newRunner makes the memory of one goroutine for at most batch windows of the
// given length. It computes the layers below layers only; with predict, all of
// them and the logits.
func newRunner(m *Model, batch, window, layers int, predict bool) *runner {
	if predict {
		layers = m.layers
	}
	rows := batch * window
	r := &runner{m: m, batch: batch, window: window, layers: min(layers, m.layers), predict: predict}
	r.x = make([]float32, rows*m.hidden)
	r.norm = make([]float32, rows*m.hidden)
	r.qkv = make([]float32, rows*(m.heads+2*m.kvHeads)*m.headDim)
	r.ctx = make([]float32, rows*m.heads*m.headDim)
	wide := m.units
	if m.gated {
		wide *= 2
	}
	r.h = make([]float32, rows*wide)
	if predict {
		r.logits = make([]float32, headRows*headBlock)
		r.best = make([]float32, rows)
	}
	r.attn.init(&m.config, window)
	return r
}

// run computes the windows ids: n·window ids, n ≤ batch. For every layer in
// order it calls hidden with n·window rows of m.Units() activations after the
// activation function, which are valid during the call. With predict it
// returns the token with the largest logit after each position, the first of
// equals. What it computes of a window does not depend on the other windows.
func (r *runner) run(ctx context.Context, ids []int32, hidden func(layer int, h []float32) error) (predicted []int32, err error) {
	m := r.m
	if r.window > m.maxWindow {
		return nil, fmt.Errorf("window of %d tokens: the model has %d positions: %w", r.window, m.maxWindow, amap.ErrShape)
	}
	if len(ids)%r.window != 0 || len(ids) > r.batch*r.window {
		return nil, fmt.Errorf("%d token ids for at most %d windows of %d: %w", len(ids), r.batch, r.window, amap.ErrShape)
	}
	if r.predict && m.head == nil {
		return nil, fmt.Errorf("%s: there is no tensor %q to predict with: %w", weightsFile, outputName, amap.ErrNotFound)
	}
	rows, d := len(ids), m.hidden
	x, normed := r.x[:rows*d], r.norm[:rows*d]
	for i, id := range ids {
		if id < 0 || int(id) >= m.vocab {
			return nil, fmt.Errorf("token id %d: the model has %d: %w", id, m.vocab, amap.ErrShape)
		}
		row := x[i*d:][:d]
		m.token(row, int(id))
		if m.positions != nil {
			for j, v := range m.positions[(i%r.window+positionOffset)*d:][:d] {
				row[j] += v
			}
		}
	}
	for l := range r.layers {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		b := &m.blocks[l]
		in := x
		if !m.postNorm {
			b.attnNorm.apply(normed, x, m.eps)
			in = normed
		}
		b.qkv.Apply(r.qkv, in, rows, false, &r.buf)
		for w := 0; w < rows; w += r.window {
			r.attn.run(r.ctx[w*m.heads*m.headDim:], r.qkv[w*(m.heads+2*m.kvHeads)*m.headDim:])
		}
		if m.parallel {
			b.mlpNorm.apply(normed, x, m.eps)
		}
		b.out.Apply(x, r.ctx, rows, true, &r.buf)
		switch {
		case m.postNorm:
			b.attnNorm.apply(normed, x, m.eps)
			x, normed = normed, x
			in = x
		case !m.parallel:
			b.mlpNorm.apply(normed, x, m.eps)
		}
		b.up.Apply(r.h, in, rows, false, &r.buf)
		h := r.activate(rows)
		if err := hidden(l, h); err != nil {
			return nil, err
		}
		if l == r.layers-1 && !r.predict {
			break
		}
		b.down.Apply(x, h, rows, true, &r.buf)
		if m.postNorm {
			b.mlpNorm.apply(normed, x, m.eps)
			x, normed = normed, x
		}
	}
	if !r.predict {
		return nil, nil
	}
	if m.final.weight != nil {
		m.final.apply(normed, x, m.eps)
		x = normed
	}
	r.last = x
	return r.argmax(x, rows), nil
}

// activate turns the outputs of the layer up into units.
func (r *runner) activate(rows int) []float32 {
	u := r.m.units
	if !r.m.gated {
		h := r.h[:rows*u]
		r.m.act(h)
		return h
	}
	for i := range rows {
		both := r.h[2*i*u:][:2*u]
		if r.m.act == nil {
			vec.SiLUMul(both[:u], both[u:])
		} else {
			r.m.act(both[:u])
			for j, v := range both[u:] {
				both[j] *= v
			}
		}
		copy(r.h[i*u:], both[:u])
	}
	return r.h[:rows*u]
}

// headRows is how many positions are compared with a block of the vocabulary
// together.
const headRows = 96

// argmax returns the token with the largest logit for each row of x. The
// logits of all tokens are never in memory together.
func (r *runner) argmax(x []float32, rows int) []int32 {
	d := r.m.hidden
	out := make([]int32, rows)
	for b, head := range r.m.head {
		n, _ := head.Dims()
		for lo := 0; lo < rows; lo += headRows {
			k := min(headRows, rows-lo)
			head.Apply(r.logits, x[lo*d:][:k*d], k, false, &r.buf)
			for i := range k {
				best, at := r.best[lo+i], out[lo+i]
				for j, v := range r.logits[i*n:][:n] {
					if v > best || b == 0 && j == 0 {
						best, at = v, int32(b*headBlock+j)
					}
				}
				r.best[lo+i], out[lo+i] = best, at
			}
		}
	}
	return out
}
