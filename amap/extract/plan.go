package extract

import (
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"

	"github.com/semamap/semamap/amap"
	"github.com/semamap/semamap/internal/vec"
)

// A plan says where each tensor of the files goes. Names have no prefix.
type plan struct {
	m     *Model
	wants map[string]*want
	order []string
	spare [][]float32 // memory of groups that are done
}

// A want is a tensor that the model needs.
type want struct {
	shape []int64
	group *group
	at    int // first number in the group's data
	found bool
}

// A group is one or more tensors that are taken together.
type group struct {
	size, left int
	data       []float32
	keep       bool // done keeps data
	done       func(data []float32) error
}

// A part is a tensor of a group.
type part struct {
	name  string
	shape []int64
}

// newPlan checks the tensors of all files against the configuration.
func newPlan(m *Model, shards []*shard) (*plan, error) {
	p := &plan{m: m, wants: map[string]*want{}}
	names, prefixed := map[string]bool{}, false
	for _, s := range shards {
		for _, t := range s.tensors {
			name := m.bare(t.Name)
			names[name] = true
			prefixed = prefixed || name != t.Name
		}
	}
	// Every layer has tensors, so the files bound what is made for layers.
	if m.layers > len(names) {
		return nil, fmt.Errorf("%s: num_hidden_layers %d, but there are only %d tensors: %w", configFile, m.layers, len(names), amap.ErrShape)
	}
	m.blocks = make([]block, m.layers)
	switch m.layout {
	case "gpt_neox":
		p.neox()
	case "llama", "mistral":
		p.llama()
	case "opt":
		p.opt()
	}
	p.output(names, prefixed)
	for _, s := range shards {
		for i := range s.tensors {
			if err := p.match(&s.tensors[i]); err != nil {
				return nil, fmt.Errorf("%s: %w", s.file, err)
			}
		}
	}
	for _, name := range p.order {
		if !p.wants[name].found {
			return nil, fmt.Errorf("%s: no tensor %q of shape %v: %w", files(shards), m.prefix()+name, p.wants[name].shape, amap.ErrNotFound)
		}
	}
	return p, nil
}

func files(shards []*shard) string {
	if len(shards) == 1 {
		return shards[0].file
	}
	return indexFile
}

// match finds where a tensor goes.
func (p *plan) match(t *stored) error {
	name := p.m.bare(t.Name)
	w := p.wants[name]
	switch {
	case w == nil && p.m.ignored(name):
		return nil
	case w == nil:
		return fmt.Errorf("tensor %q is unknown to the %s layout with %d layers and the biases of %s: %w", t.Name, p.m.layout, p.m.layers, configFile, amap.ErrUnsupported)
	case w.found:
		return fmt.Errorf("tensor %q is there twice: %w", t.Name, amap.ErrFormat)
	case decode[t.DType] == nil:
		return fmt.Errorf("tensor %q has numbers of type %s; F32, F16 and BF16 are read: %w", t.Name, t.DType, amap.ErrUnsupported)
	case t.Numel > math.MaxInt/32:
		return fmt.Errorf("tensor %q of shape %v: %w", t.Name, t.Shape, amap.ErrLimit)
	case !slices.Equal(w.shape, t.Shape):
		return fmt.Errorf("tensor %q has shape %v, want %v: %w", t.Name, t.Shape, w.shape, amap.ErrShape)
	}
	w.found = true
	t.want = w
	return nil
}

// prefix is what stands before the names of all tensors but the output's in
// the file of a whole model, and is absent from that of its body alone.
func (c *config) prefix() string {
	switch c.layout {
	case "gpt_neox":
		return "gpt_neox."
	case "opt":
		return "model.decoder."
	}
	return "model."
}

// bare returns a tensor's name without the prefix.
func (c *config) bare(name string) string {
	name = strings.TrimPrefix(name, c.prefix())
	switch c.layout {
	case "gpt_neox":
		if name == "embed_out.weight" {
			name = outputName
		}
	case "opt":
		name = strings.TrimPrefix(name, "decoder.")
	}
	return name
}

const outputName = "lm_head.weight"

// ignored reports whether a tensor is a buffer that old files have: the
// causal mask and the frequencies of the rotary embedding.
func (c *config) ignored(name string) bool {
	rest, ok := strings.CutPrefix(name, "layers.")
	number, rest, _ := strings.Cut(rest, ".")
	if n, err := strconv.Atoi(number); !ok || err != nil || n < 0 || n >= c.layers {
		return name == "rotary_emb.inv_freq" && c.rope != nil
	}
	switch c.layout {
	case "gpt_neox":
		return rest == "attention.bias" || rest == "attention.masked_bias" || rest == "attention.rotary_emb.inv_freq"
	case "llama", "mistral":
		return rest == "self_attn.rotary_emb.inv_freq"
	}
	return false
}

func (p *plan) add(done func(data []float32) error, parts ...part) *group {
	g := &group{left: len(parts), done: done}
	for _, t := range parts {
		p.wants[t.name] = &want{shape: t.shape, group: g, at: g.size}
		p.order = append(p.order, t.name)
		n := 1
		for _, s := range t.shape {
			n *= int(s)
		}
		g.size += n
	}
	return g
}

// keep lets to be the numbers of a tensor.
func (p *plan) keep(to *[]float32, t part) {
	p.add(func(data []float32) error {
		*to = data
		return nil
	}, t).keep = true
}

// A matrix is the name of weights and their number of outputs.
type matrix struct {
	name string
	out  int
}

// linear takes the weights of matrices one below the other, with their biases.
// order, if not nil, changes the order of the rows.
func (p *plan) linear(to **vec.Linear, in int, bias bool, order func(w []float32, in int), list ...matrix) {
	var parts []part
	out := 0
	for _, m := range list {
		parts = append(parts, part{m.name + ".weight", []int64{int64(m.out), int64(in)}})
		out += m.out
	}
	if bias {
		for _, m := range list {
			parts = append(parts, part{m.name + ".bias", []int64{int64(m.out)}})
		}
	}
	p.add(func(data []float32) error {
		w, b := data[:out*in], []float32(nil)
		if order != nil {
			order(w, in)
		}
		if bias {
			b = slices.Clone(data[out*in:])
			if order != nil {
				order(b, 1)
			}
		}
		*to = vec.NewLinear(w, b, out, in)
		return nil
	}, parts...)
}

func (p *plan) norm(to *norm, name string) {
	d := p.m.hidden
	if !p.m.affine {
		to.weight, to.bias = make([]float32, d), make([]float32, d)
		for i := range to.weight {
			to.weight[i] = 1
		}
		return
	}
	shape := []int64{int64(d)}
	parts := []part{{name + ".weight", shape}}
	if !p.m.rms {
		parts = append(parts, part{name + ".bias", shape})
	}
	p.add(func(data []float32) error {
		data = slices.Clone(data)
		to.weight = data[:d:d]
		if !p.m.rms {
			to.bias = data[d:]
		}
		return nil
	}, parts...)
}

func (p *plan) neox() {
	m := p.m
	p.norm(&m.final, "final_layer_norm")
	for l := range m.blocks {
		b, at := &m.blocks[l], fmt.Sprintf("layers.%d.", l)
		p.norm(&b.attnNorm, at+"input_layernorm")
		p.norm(&b.mlpNorm, at+"post_attention_layernorm")
		p.linear(&b.qkv, m.hidden, m.attnBias, m.splitHeads, matrix{at + "attention.query_key_value", 3 * m.hidden})
		p.linear(&b.out, m.hidden, m.attnBias, nil, matrix{at + "attention.dense", m.hidden})
		p.linear(&b.up, m.hidden, true, nil, matrix{at + "mlp.dense_h_to_4h", m.units})
		p.linear(&b.down, m.units, true, nil, matrix{at + "mlp.dense_4h_to_h", m.hidden})
	}
}

// splitHeads puts the rows of GPT-NeoX, which stand as query, key and value of
// one head after the other, in the order of all queries, all keys, all values.
func (c *config) splitHeads(w []float32, in int) {
	n := c.headDim * in
	out := make([]float32, len(w))
	for h := range c.heads {
		for k := range 3 {
			copy(out[(k*c.heads+h)*n:][:n], w[(3*h+k)*n:])
		}
	}
	copy(w, out)
}

func (p *plan) llama() {
	m := p.m
	q, kv := m.heads*m.headDim, m.kvHeads*m.headDim
	p.norm(&m.final, "norm")
	for l := range m.blocks {
		b, at := &m.blocks[l], fmt.Sprintf("layers.%d.", l)
		p.norm(&b.attnNorm, at+"input_layernorm")
		p.norm(&b.mlpNorm, at+"post_attention_layernorm")
		p.linear(&b.qkv, m.hidden, m.attnBias, nil, matrix{at + "self_attn.q_proj", q}, matrix{at + "self_attn.k_proj", kv}, matrix{at + "self_attn.v_proj", kv})
		p.linear(&b.out, q, m.attnBias, nil, matrix{at + "self_attn.o_proj", m.hidden})
		p.linear(&b.up, m.hidden, m.mlpBias, nil, matrix{at + "mlp.gate_proj", m.units}, matrix{at + "mlp.up_proj", m.units})
		p.linear(&b.down, m.units, m.mlpBias, nil, matrix{at + "mlp.down_proj", m.hidden})
	}
}

func (p *plan) opt() {
	m := p.m
	if m.finalNorm {
		p.norm(&m.final, "final_layer_norm")
	}
	p.keep(&m.positions, part{"embed_positions.weight", []int64{int64(m.maxWindow + positionOffset), int64(m.hidden)}})
	for l := range m.blocks {
		b, at := &m.blocks[l], fmt.Sprintf("layers.%d.", l)
		p.norm(&b.attnNorm, at+"self_attn_layer_norm")
		p.norm(&b.mlpNorm, at+"final_layer_norm")
		p.linear(&b.qkv, m.hidden, m.attnBias, nil, matrix{at + "self_attn.q_proj", m.hidden}, matrix{at + "self_attn.k_proj", m.hidden}, matrix{at + "self_attn.v_proj", m.hidden})
		p.linear(&b.out, m.hidden, m.attnBias, nil, matrix{at + "self_attn.out_proj", m.hidden})
		p.linear(&b.up, m.hidden, m.mlpBias, nil, matrix{at + "fc1", m.units})
		p.linear(&b.down, m.units, m.mlpBias, nil, matrix{at + "fc2", m.hidden})
	}
}

// output takes the embedding and the output. A file of the body alone, whose
// names have no prefix, may lack the output.
func (p *plan) output(names map[string]bool, prefixed bool) {
	m := p.m
	embed := "embed_tokens.weight"
	if m.layout == "gpt_neox" {
		embed = "embed_in.weight"
	}
	shape := []int64{int64(m.vocab), int64(m.hidden)}
	size := m.vocab * m.hidden
	pack := func(data []float32) error {
		for lo := 0; lo < m.vocab; lo += headBlock {
			n := min(headBlock, m.vocab-lo)
			m.head = append(m.head, vec.NewLinear(data[lo*m.hidden:], nil, n, m.hidden))
		}
		return nil
	}
	switch {
	case !m.tied:
		p.keep(&m.embed, part{embed, shape})
		if names[outputName] || prefixed {
			p.add(pack, part{outputName, shape})
		}
	case names[embed] && names[outputName]:
		p.add(func(data []float32) error {
			for i, v := range data[:size] {
				if math.Float32bits(v) != math.Float32bits(data[size+i]) {
					return fmt.Errorf("%s: tie_word_embeddings is true, but %s is another matrix than the embedding: %w", configFile, outputName, amap.ErrUnsupported)
				}
			}
			return pack(data[:size])
		}, part{embed, shape}, part{outputName, shape})
	case names[outputName]:
		p.add(pack, part{outputName, shape})
	default:
		p.add(pack, part{embed, shape})
	}
}
