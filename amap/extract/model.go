package extract

import "github.com/semamap/semamap/internal/vec"

// A Model is a language model: its configuration and weights, read only. It
// may be used from many goroutines.
type Model struct {
	config
	embed     []float32     // vocab × hidden; nil when it is the output
	positions []float32     // learned positions × hidden, or nil
	blocks    []block       // layers
	final     norm          // before the output; nil weight when there is none
	weights   [32]byte      // a hash of all weights
	head      []*vec.Linear // output, in blocks of headBlock tokens; nil in a file of the body alone
}

// Layers returns the number of layers.
func (m *Model) Layers() int { return m.layers }

// Units returns the number of MLP hidden units of a layer.
func (m *Model) Units() int { return m.units }

// Vocab returns the number of rows of the embedding. It may be larger than the
// vocabulary of the tokenizer.
func (m *Model) Vocab() int { return m.vocab }

// headBlock is how many tokens of the output are computed together.
const headBlock = 1024

// A block is a layer of the model.
type block struct {
	attnNorm, mlpNorm norm
	qkv               *vec.Linear // rows of all queries, then keys, then values
	out               *vec.Linear // of the attention
	up                *vec.Linear // to the units; gate and up one after the other in a gated model
	down              *vec.Linear // from the units
}

// A norm is a LayerNorm, or an RMSNorm when it has no bias.
type norm struct{ weight, bias []float32 }

func (n *norm) apply(dst, x []float32, eps float64) {
	d := len(n.weight)
	for r := 0; r < len(x); r += d {
		if n.bias == nil {
			vec.RMSNorm(dst[r:][:d], x[r:][:d], n.weight, eps)
		} else {
			vec.LayerNorm(dst[r:][:d], x[r:][:d], n.weight, n.bias, eps)
		}
	}
}

// token stores the embedding of a token.
func (m *Model) token(dst []float32, id int) {
	if m.embed == nil {
		m.head[id/headBlock].Row(dst, id%headBlock)
		return
	}
	copy(dst, m.embed[id*m.hidden:][:m.hidden])
}
