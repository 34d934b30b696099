package extract

import (
	"encoding/json"
	"fmt"
	"math"

	"github.com/semamap/semamap/amap"
	"github.com/semamap/semamap/internal/vec"
)

// A config is what the forward pass knows of config.json, in one form for all
// layouts.
type config struct {
	layout    layout
	vocab     int
	hidden    int
	units     int
	layers    int
	heads     int
	kvHeads   int
	headDim   int
	maxWindow int

	act       func([]float32) // of a model that is not gated
	gated     bool            // units are SiLU(gate)·up
	rms       bool            // RMSNorm instead of LayerNorm
	affine    bool            // norms have weights
	eps       float64
	parallel  bool // attention and MLP read the same row
	postNorm  bool // norms come after the residual sum
	finalNorm bool // before the output
	attnBias  bool
	mlpBias   bool
	tied      bool      // the output is the embedding
	rope      []float32 // frequencies of the rotated pairs
	learned   bool      // positions have embeddings
}

// positionOffset is where OPT's embeddings of positions begin.
const positionOffset = 2

type layout string

const (
	neox  layout = "gpt_neox"
	llama layout = "llama"
	opt   layout = "opt"
)

// fields are the members of a JSON object, read one by one. The first error
// stays.
type fields struct {
	file, path string
	m          map[string]json.RawMessage
	err        error
}

func (f *fields) fail(reason error, name, format string, args ...any) {
	if f.err == nil {
		f.err = fmt.Errorf("%s: %s%s %s: %w", f.file, f.path, name, fmt.Sprintf(format, args...), reason)
	}
}

// read decodes a field; one that is absent or null keeps the value that v has.
func (f *fields) read(name string, v any) {
	raw, ok := f.m[name]
	if !ok || string(raw) == "null" {
		return
	}
	if err := json.Unmarshal(raw, v); err != nil {
		f.fail(amap.ErrFormat, name, "%.60s: %v", raw, err)
	}
}

func (f *fields) int(name string, v int) int           { f.read(name, &v); return v }
func (f *fields) float(name string, v float64) float64 { f.read(name, &v); return v }
func (f *fields) bool(name string, v bool) bool        { f.read(name, &v); return v }
func (f *fields) string(name string, v string) string  { f.read(name, &v); return v }

// activations are the names of transformers' ACT2FN that are computed.
var activations = map[string]func([]float32){
	"relu": vec.ReLU,
	"gelu": vec.GELU, "gelu_python": vec.GELU,
	"gelu_new": vec.GELUTanh, "gelu_pytorch_tanh": vec.GELUTanh, "gelu_fast": vec.GELUTanh, "gelu_python_tanh": vec.GELUTanh, "gelu_accurate": vec.GELUTanh,
}

func parseConfig(file string, text []byte) (*config, error) {
	f := &fields{file: file}
	if err := json.Unmarshal(text, &f.m); err != nil {
		return nil, fmt.Errorf("%s: %v: %w", file, err, amap.ErrFormat)
	}
	c := &config{layout: layout(f.string("model_type", ""))}
	switch c.layout {
	case neox:
		c.neox(f)
	case llama:
		c.llama(f)
	default:
		f.fail(amap.ErrUnsupported, "model_type", "%q", string(c.layout))
	}
	return c, f.err
}

func (c *config) neox(f *fields) {
	c.vocab = f.int("vocab_size", 50432)
	c.hidden = f.int("hidden_size", 6144)
	c.layers = f.int("num_hidden_layers", 44)
	c.heads = f.int("num_attention_heads", 64)
	c.units = f.int("intermediate_size", 24576)
	c.maxWindow = f.int("max_position_embeddings", 2048)
	c.eps = f.float("layer_norm_eps", 1e-5)
	c.parallel = f.bool("use_parallel_residual", true)
	c.attnBias = f.bool("attention_bias", true)
	c.tied = f.bool("tie_word_embeddings", false)
	c.mlpBias, c.affine, c.finalNorm = true, true, true
	c.kvHeads, c.headDim = c.heads, c.hidden/c.heads
	c.act = activations[f.string("hidden_act", "gelu")]
	c.setRope(int(float64(c.headDim)*f.float("rotary_pct", 0.25)), f.float("rotary_emb_base", 10000))
}

func (c *config) llama(f *fields) {
	c.vocab = f.int("vocab_size", 32000)
	c.hidden = f.int("hidden_size", 4096)
	c.layers = f.int("num_hidden_layers", 32)
	c.heads = f.int("num_attention_heads", 32)
	c.units = f.int("intermediate_size", 11008)
	c.maxWindow = f.int("max_position_embeddings", 2048)
	c.eps = f.float("rms_norm_eps", 1e-6)
	c.attnBias = f.bool("attention_bias", false)
	c.mlpBias = f.bool("mlp_bias", false)
	c.tied = f.bool("tie_word_embeddings", false)
	c.gated, c.rms, c.affine, c.finalNorm = true, true, true, true
	c.kvHeads, c.headDim = f.int("num_key_value_heads", c.heads), f.int("head_dim", c.hidden/c.heads)
	c.setRope(c.headDim, f.float("rope_theta", 10000))
}

// setRope computes the frequencies of dim numbers of a head, rounded to
// float32 as in transformers.
func (c *config) setRope(dim int, base float64) {
	c.rope = make([]float32, (dim+1)/2)
	for i := range c.rope {
		c.rope[i] = float32(1 / float64(float32(math.Pow(base, float64(float32(2*i)/float32(dim))))))
	}
}
