package extract

import (
	"encoding/binary"
	"encoding/json"
	"fmt"
	"io"
	"io/fs"
	"math"
	"slices"
	"strings"

	"github.com/semamap/semamap/amap"
	"github.com/semamap/semamap/internal/vec"
)

// Load reads a language model from a Hugging Face folder: config.json and
// model.safetensors, or the shards that model.safetensors.index.json names.
func Load(fsys fs.FS) (*Model, error) {
	text, err := fs.ReadFile(fsys, "config.json")
	if err != nil {
		return nil, err
	}
	c, err := parseConfig("config.json", text)
	if err != nil {
		return nil, err
	}
	m := &Model{config: *c, blocks: make([]block, c.layers)}
	p := m.plan()
	return m, p.read(fsys, "model.safetensors")
}

// A group is one or more tensors that are taken together.
type group struct {
	size, parts int
	data        []float32
	done        func(data []float32)
}

// A want is where a tensor of the file goes.
type want struct {
	shape []int64
	group *group
	at    int
}

// A plan holds the tensors of a model by name.
type plan struct {
	wants map[string]want
}

// A part is a tensor of a group.
type part struct {
	name  string
	shape []int64
}

func (p *plan) add(done func([]float32), parts ...part) {
	g := &group{parts: len(parts), done: done}
	for _, t := range parts {
		p.wants[t.name] = want{t.shape, g, g.size}
		n := 1
		for _, s := range t.shape {
			n *= int(s)
		}
		g.size += n
	}
}

// linear takes weights (outputs × inputs) that stand one below the other, with
// their biases.
func (p *plan) linear(to **vec.Linear, in int, bias bool, names []string, outs []int, order func(w []float32, in int)) {
	var parts []part
	out := 0
	for i, name := range names {
		parts = append(parts, part{name + ".weight", []int64{int64(outs[i]), int64(in)}})
		out += outs[i]
	}
	if bias {
		for i, name := range names {
			parts = append(parts, part{name + ".bias", []int64{int64(outs[i])}})
		}
	}
	p.add(func(data []float32) {
		w, b := data[:out*in], slices.Clone(data[out*in:])
		if order != nil {
			order(w, in)
			order(b, min(1, len(b)))
		}
		if !bias {
			b = nil
		}
		*to = vec.NewLinear(w, b, out, in)
	}, parts...)
}

func (p *plan) norm(to *norm, c *config, name string) {
	d := []int64{int64(c.hidden)}
	parts := []part{{name + ".weight", d}}
	if !c.rms {
		parts = append(parts, part{name + ".bias", d})
	}
	p.add(func(data []float32) {
		to.weight = slices.Clone(data[:c.hidden])
		if !c.rms {
			to.bias = slices.Clone(data[c.hidden:])
		}
	}, parts...)
}

func (m *Model) plan() *plan {
	p := &plan{wants: map[string]want{}}
	c := &m.config
	one := func(s string) []string { return []string{s} }
	table := []int64{int64(c.vocab), int64(c.hidden)}
	embed, head := "", ""
	switch c.layout {
	case neox:
		embed, head = "gpt_neox.embed_in.weight", "embed_out.weight"
		p.norm(&m.final, c, "gpt_neox.final_layer_norm")
		for l := range m.blocks {
			b, at := &m.blocks[l], fmt.Sprintf("gpt_neox.layers.%d.", l)
			p.norm(&b.attnNorm, c, at+"input_layernorm")
			p.norm(&b.mlpNorm, c, at+"post_attention_layernorm")
			p.linear(&b.qkv, c.hidden, c.attnBias, one(at+"attention.query_key_value"), []int{3 * c.hidden}, c.splitHeads)
			p.linear(&b.out, c.hidden, c.attnBias, one(at+"attention.dense"), []int{c.hidden}, nil)
			p.linear(&b.up, c.hidden, true, one(at+"mlp.dense_h_to_4h"), []int{c.units}, nil)
			p.linear(&b.down, c.units, true, one(at+"mlp.dense_4h_to_h"), []int{c.hidden}, nil)
		}
	case llama:
		embed, head = "model.embed_tokens.weight", "lm_head.weight"
		p.norm(&m.final, c, "model.norm")
		q, kv := c.heads*c.headDim, c.kvHeads*c.headDim
		for l := range m.blocks {
			b, at := &m.blocks[l], fmt.Sprintf("model.layers.%d.", l)
			p.norm(&b.attnNorm, c, at+"input_layernorm")
			p.norm(&b.mlpNorm, c, at+"post_attention_layernorm")
			p.linear(&b.qkv, c.hidden, c.attnBias, []string{at + "self_attn.q_proj", at + "self_attn.k_proj", at + "self_attn.v_proj"}, []int{q, kv, kv}, nil)
			p.linear(&b.out, q, c.attnBias, one(at+"self_attn.o_proj"), []int{c.hidden}, nil)
			p.linear(&b.up, c.hidden, c.mlpBias, []string{at + "mlp.gate_proj", at + "mlp.up_proj"}, []int{c.units, c.units}, nil)
			p.linear(&b.down, c.units, c.mlpBias, one(at+"mlp.down_proj"), []int{c.hidden}, nil)
		}
	}
	packHead := func(data []float32) {
		for lo := 0; lo < c.vocab; lo += headBlock {
			n := min(headBlock, c.vocab-lo)
			m.head = append(m.head, vec.NewLinear(data[lo*c.hidden:], nil, n, c.hidden))
		}
	}
	if c.tied {
		p.add(packHead, part{embed, table})
	} else {
		p.add(func(data []float32) { m.embed = slices.Clone(data) }, part{embed, table})
		p.add(packHead, part{head, table})
	}
	return p
}

// splitHeads puts rows of GPT-NeoX, which stand as query, key and value of one
// head after the other, in the order of all queries, all keys, all values.
func (c *config) splitHeads(w []float32, in int) {
	n := c.headDim * in
	out := make([]float32, len(w))
	for h := range c.heads {
		for k := range 3 {
			if len(w) > 0 {
				copy(out[(k*c.heads+h)*n:][:n], w[(3*h+k)*n:])
			}
		}
	}
	copy(w, out)
}

func (p *plan) read(fsys fs.FS, file string) error {
	f, err := fsys.Open(file)
	if err != nil {
		return err
	}
	defer f.Close()
	var b [8]byte
	if _, err := io.ReadFull(f, b[:]); err != nil {
		return err
	}
	head := make([]byte, binary.LittleEndian.Uint64(b[:]))
	if _, err := io.ReadFull(f, head); err != nil {
		return err
	}
	var all map[string]json.RawMessage
	if err := json.Unmarshal(head, &all); err != nil {
		return err
	}
	type entry struct {
		name  string
		DType string   `json:"dtype"`
		Shape []int64  `json:"shape"`
		Off   [2]int64 `json:"data_offsets"`
	}
	var list []entry
	for name, raw := range all {
		if name == "__metadata__" {
			continue
		}
		e := entry{name: name}
		if err := json.Unmarshal(raw, &e); err != nil {
			return err
		}
		list = append(list, e)
	}
	slices.SortFunc(list, func(a, b entry) int { return int(a.Off[0] - b.Off[0]) })
	var spare [][]float32
	for _, e := range list {
		w, ok := p.wants[e.name]
		size := e.Off[1] - e.Off[0]
		if !ok {
			if strings.HasSuffix(e.name, "attention.bias") || strings.HasSuffix(e.name, "masked_bias") || strings.HasSuffix(e.name, "inv_freq") {
				io.CopyN(io.Discard, f, size)
				continue
			}
			return fmt.Errorf("%s: tensor %q: %w", file, e.name, amap.ErrUnsupported)
		}
		if !slices.Equal(w.shape, e.Shape) {
			return fmt.Errorf("%s: tensor %q: shape %v, expected %v: %w", file, e.name, e.Shape, w.shape, amap.ErrShape)
		}
		g := w.group
		if g.data == nil {
			for i, s := range spare {
				if cap(s) >= g.size {
					g.data, spare = s[:g.size], slices.Delete(spare, i, i+1)
					break
				}
			}
			if g.data == nil {
				g.data = make([]float32, g.size)
			}
		}
		n := int64(1)
		for _, s := range e.Shape {
			n *= s
		}
		raw := make([]byte, size)
		if _, err := io.ReadFull(f, raw); err != nil {
			return err
		}
		dst := g.data[w.at:][:n]
		switch e.DType {
		case "F32":
			for i := range dst {
				dst[i] = math.Float32frombits(binary.LittleEndian.Uint32(raw[4*i:]))
			}
		case "F16":
			vec.F16ToF32(dst, raw)
		case "BF16":
			for i := range dst {
				dst[i] = math.Float32frombits(uint32(binary.LittleEndian.Uint16(raw[2*i:])) << 16)
			}
		default:
			return fmt.Errorf("%s: tensor %q: %s", file, e.name, e.DType)
		}
		if g.parts--; g.parts == 0 {
			g.done(g.data)
			spare = append(spare, g.data)
			g.data = nil
		}
		delete(p.wants, e.name)
	}
	for name := range p.wants {
		return fmt.Errorf("%s: no tensor %q: %w", file, name, amap.ErrNotFound)
	}
	return nil
}
