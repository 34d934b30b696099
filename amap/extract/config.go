package extract

import (
	"encoding/json"
	"fmt"
	"math"
	"slices"

	"github.com/semamap/semamap/amap"
	"github.com/semamap/semamap/internal/vec"
)

// A config is what the forward pass knows of config.json, in one form for all
// layouts. Fields that are absent have the defaults of transformers 5.24.
type config struct {
	layout    string // model_type
	vocab     int
	hidden    int
	units     int
	layers    int
	heads     int
	kvHeads   int
	headDim   int
	maxWindow int

	act       func([]float32) // nil in a gated model whose gate is SiLU
	gated     bool            // units are act(gate)·up
	rms       bool            // RMSNorm instead of LayerNorm
	affine    bool            // norms have weights
	eps       float64
	parallel  bool // attention and MLP read the same row
	postNorm  bool // norms come after the residual sum
	finalNorm bool // before the output
	attnBias  bool
	mlpBias   bool
	tied      bool      // the output is the embedding
	rope      []float32 // frequencies of the rotated pairs of a head
	learned   bool      // positions have embeddings
}

// positionOffset is where OPT's embeddings of positions begin.
const positionOffset = 2

// Limits of a configuration, so that products of sizes fit an int.
const (
	maxSide   = 1 << 20 // hidden size, units, heads, numbers of a head
	maxHeads  = 1 << 22 // heads × numbers of a head
	maxVocab  = 1 << 28
	maxLayers = 1 << 16
)

func parseConfig(file string, text []byte) (*config, error) {
	f := &fields{file: file}
	if err := json.Unmarshal(text, &f.m); err != nil {
		return nil, fmt.Errorf("%s: %v: %w", file, err, amap.ErrFormat)
	}
	c := &config{affine: true, finalNorm: true}
	f.read("model_type", &c.layout)
	switch c.layout {
	case "gpt_neox":
		c.neox(f)
	case "llama", "mistral":
		c.llama(f)
	case "opt":
		c.opt(f)
	default:
		f.fail(amap.ErrUnsupported, "model_type", "%q", c.layout)
	}
	c.common(f)
	return c, f.err
}

// common checks what all layouts have.
func (c *config) common(f *fields) {
	f.only("is_causal", true)
	f.only("pretraining_tp", 1)
	for _, name := range []string{"quantization_config", "compression_config", "per_layer_config", "pruned_heads", "auto_map"} {
		f.empty(name)
	}
	var types []string
	f.optional("layer_types", &types)
	for _, t := range types {
		if t != "full_attention" {
			f.fail(amap.ErrUnsupported, "layer_types", "%q", t)
		}
	}
	if !(c.eps >= 0) || math.IsInf(c.eps, 0) {
		f.fail(amap.ErrFormat, "layer_norm_eps or rms_norm_eps", "%g", c.eps)
	}
	if f.err == nil && 2*len(c.rope) > c.headDim {
		f.fail(amap.ErrUnsupported, "head_dim", "%d: the number of rotated numbers is odd", c.headDim)
	}
}

func (c *config) neox(f *fields) {
	c.vocab = f.size("vocab_size", 50432, maxVocab)
	c.hidden = f.size("hidden_size", 6144, maxSide)
	c.layers = f.size("num_hidden_layers", 44, maxLayers)
	c.heads = f.size("num_attention_heads", 64, maxSide)
	c.units = f.size("intermediate_size", 24576, maxSide)
	c.maxWindow = f.size("max_position_embeddings", 2048, math.MaxInt32)
	c.eps = f.float("layer_norm_eps", 1e-5)
	c.parallel = f.bool("use_parallel_residual", true)
	c.attnBias = f.bool("attention_bias", true)
	c.tied = f.bool("tie_word_embeddings", false)
	c.mlpBias = true
	c.activation(f, "hidden_act", "gelu")
	c.splitHidden(f)
	f.only("head_dim", c.headDim)
	if r := newRope(f, "rotary_emb_base", "rotary_pct", 0.25); r != nil {
		f.only("rope_theta", r.theta) // transformers reads rotary_emb_base alone
		f.only("partial_rotary_factor", r.partial)
		c.rope = r.frequencies(c)
	}
}

func (c *config) llama(f *fields) {
	mistral := c.layout == "mistral"
	c.vocab = f.size("vocab_size", 32000, maxVocab)
	c.hidden = f.size("hidden_size", 4096, maxSide)
	c.layers = f.size("num_hidden_layers", 32, maxLayers)
	c.heads = f.size("num_attention_heads", 32, maxSide)
	c.eps = f.float("rms_norm_eps", 1e-6)
	c.tied = f.bool("tie_word_embeddings", false)
	c.gated, c.rms = true, true
	c.activation(f, "hidden_act", "silu")
	if mistral {
		c.units = f.size("intermediate_size", 14336, maxSide)
		c.maxWindow = f.size("max_position_embeddings", 4096*32, math.MaxInt32)
		c.kvHeads = f.size("num_key_value_heads", 8, maxSide)
		// A window that the sliding one covers is computed as in Llama.
		if !f.null("sliding_window") {
			c.maxWindow = min(c.maxWindow, f.size("sliding_window", 4096, math.MaxInt32))
		}
		f.only("attention_bias", false)
		f.only("mlp_bias", false)
	} else {
		c.units = f.size("intermediate_size", 11008, maxSide)
		c.maxWindow = f.size("max_position_embeddings", 2048, math.MaxInt32)
		c.attnBias = f.bool("attention_bias", false)
		c.mlpBias = f.bool("mlp_bias", false)
		if c.kvHeads = c.heads; !f.null("num_key_value_heads") {
			c.kvHeads = f.size("num_key_value_heads", c.heads, maxSide)
		}
	}
	kv := c.kvHeads
	c.splitHidden(f)
	c.kvHeads = kv
	if !f.null("head_dim") {
		c.headDim = f.size("head_dim", c.headDim, maxSide)
	}
	switch {
	case f.err != nil:
		return
	case c.heads%kv != 0:
		f.fail(amap.ErrFormat, "num_key_value_heads", "%d, which does not divide %d heads", kv, c.heads)
	case int64(c.heads)*int64(c.headDim) > maxHeads:
		f.fail(amap.ErrLimit, "head_dim", "%d of %d heads", c.headDim, c.heads)
	}
	if r := newRope(f, "rope_theta", "partial_rotary_factor", 1); r != nil {
		if r.partial != 1 {
			f.fail(amap.ErrUnsupported, "partial_rotary_factor", "%g", r.partial)
		}
		c.rope = r.frequencies(c)
	}
}

func (c *config) opt(f *fields) {
	c.vocab = f.size("vocab_size", 50272, maxVocab)
	c.hidden = f.size("hidden_size", 768, maxSide)
	c.layers = f.size("num_hidden_layers", 12, maxLayers)
	c.heads = f.size("num_attention_heads", 12, maxSide)
	c.units = f.size("ffn_dim", 3072, maxSide)
	c.maxWindow = f.size("max_position_embeddings", 2048, math.MaxInt32-positionOffset)
	c.attnBias = f.bool("enable_bias", true)
	c.mlpBias = c.attnBias
	c.affine = f.bool("layer_norm_elementwise_affine", true)
	c.tied = f.bool("tie_word_embeddings", true)
	c.postNorm = !f.bool("do_layer_norm_before", true)
	c.finalNorm = !c.postNorm && !f.bool("_remove_final_layer_norm", false)
	c.eps, c.learned = 1e-5, true
	c.activation(f, "activation_function", "relu")
	c.splitHidden(f)
	f.only("word_embed_proj_dim", c.hidden)
}

// splitHidden makes heads of the hidden size.
func (c *config) splitHidden(f *fields) {
	if f.err != nil {
		return
	}
	if c.hidden%c.heads != 0 {
		f.fail(amap.ErrFormat, "num_attention_heads", "%d, which does not divide the hidden size %d", c.heads, c.hidden)
	}
	c.kvHeads, c.headDim = c.heads, c.hidden/c.heads
}

// activations are those of transformers' ACT2FN that are computed. SiLU is
// only that of a gated model.
var activations = map[string]func([]float32){
	"relu":              vec.ReLU,
	"gelu":              vec.GELU,
	"gelu_python":       vec.GELU,
	"gelu_new":          vec.GELUTanh,
	"gelu_fast":         vec.GELUTanh,
	"gelu_accurate":     vec.GELUTanh,
	"gelu_pytorch_tanh": vec.GELUTanh,
	"gelu_python_tanh":  vec.GELUTanh,
}

func (c *config) activation(f *fields, field, name string) {
	f.read(field, &name)
	if c.act = activations[name]; c.act == nil && !(c.gated && (name == "silu" || name == "swish")) {
		f.fail(amap.ErrUnsupported, field, "%q", name)
	}
}

// A rope is the rotary embedding that a configuration asks for.
type rope struct {
	kind              string
	theta, partial    float64
	factor, low, high float64
	original          float64
}

// newRope reads rope_scaling or rope_parameters, and the fields beside them
// that are called theta and partial.
func newRope(f *fields, theta, partial string, share float64) *rope {
	in := &fields{file: f.file}
	for _, name := range []string{"rope_scaling", "rope_parameters"} {
		if len(in.m) == 0 {
			in.path = name + "."
			f.optional(name, &in.m)
		}
	}
	r := &rope{kind: "default", theta: 10000, partial: share}
	if !f.null(theta) {
		f.read(theta, &r.theta)
	}
	if !f.null(partial) {
		f.read(partial, &r.partial)
	}
	in.read("rope_theta", &r.theta)
	in.read("partial_rotary_factor", &r.partial)
	field := "rope_type"
	if _, ok := in.m[field]; !ok {
		field = "type"
	}
	in.read(field, &r.kind)
	need := func(name string, v *float64) {
		if in.null(name) {
			in.fail(amap.ErrFormat, name, "is missing")
		}
		in.read(name, v)
	}
	switch r.kind {
	case "default":
	case "linear":
		need("factor", &r.factor)
	case "llama3":
		need("factor", &r.factor)
		need("low_freq_factor", &r.low)
		need("high_freq_factor", &r.high)
		f.read("max_position_embeddings", &r.original)
		in.read("original_max_position_embeddings", &r.original)
		if !f.null("original_max_position_embeddings") {
			f.read("original_max_position_embeddings", &r.original)
		}
		if !(r.high > r.low && r.low > 0 && r.original > 0) {
			in.fail(amap.ErrFormat, "low_freq_factor", "%g with high_freq_factor %g and original_max_position_embeddings %g", r.low, r.high, r.original)
		}
	default:
		in.fail(amap.ErrUnsupported, field, "%q", r.kind)
	}
	if r.kind != "default" && !(r.factor > 0 && r.factor <= math.MaxFloat32) {
		in.fail(amap.ErrFormat, "factor", "%g", r.factor)
	}
	if !(r.theta > 0 && r.theta <= math.MaxFloat32) {
		f.fail(amap.ErrFormat, theta, "%g", r.theta)
	}
	if !(r.partial >= 0 && r.partial <= 1) {
		f.fail(amap.ErrFormat, partial, "%g", r.partial)
	}
	if f.err == nil {
		f.err = in.err
	}
	if f.err != nil {
		return nil
	}
	return r
}

// frequencies returns those of the rotated pairs of a head, with transformers'
// roundings to float32.
func (r *rope) frequencies(c *config) []float32 {
	dim := int(float64(c.headDim) * r.partial)
	out := make([]float32, (dim+1)/2)
	for i := range out {
		f := 1 / float32(math.Pow(r.theta, float64(float32(2*i)/float32(dim))))
		switch r.kind {
		case "linear":
			f /= float32(r.factor)
		case "llama3":
			f = r.llama3(f)
		}
		out[i] = f
	}
	return out
}

// llama3 divides the frequencies of long waves, with a ramp.
func (r *rope) llama3(f float32) float32 {
	slow := f / float32(r.factor)
	wave := float32(2*math.Pi) / f
	switch {
	case wave > float32(r.original/r.low):
		return slow
	case wave < float32(r.original/r.high):
		return f
	}
	smooth := (float32(r.original)/wave - float32(r.low)) / float32(r.high-r.low)
	a, b := (1-smooth)*f, smooth*f
	return a/float32(r.factor) + b
}

// fields are the members of a JSON object. The first error stays.
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

// null reports whether a field is absent or null.
func (f *fields) null(name string) bool {
	raw, ok := f.m[name]
	return !ok || string(raw) == "null"
}

// read decodes a field. v keeps its value when the field is absent; null is an
// error.
func (f *fields) read(name string, v any) {
	raw, ok := f.m[name]
	if !ok {
		return
	}
	if string(raw) == "null" {
		f.fail(amap.ErrFormat, name, "is null")
	} else if err := json.Unmarshal(raw, v); err != nil {
		f.fail(amap.ErrFormat, name, "%.60s", raw)
	}
}

// optional is read for a field that may be null.
func (f *fields) optional(name string, v any) {
	if !f.null(name) {
		f.read(name, v)
	}
}

func (f *fields) float(name string, v float64) float64 {
	f.read(name, &v)
	return v
}

func (f *fields) bool(name string, v bool) bool {
	f.read(name, &v)
	return v
}

// size reads a number from 1 to most.
func (f *fields) size(name string, v, most int) int {
	n := int64(v)
	f.read(name, &n) // an int of 32 bits could not say that a number is too large
	if n < 1 {
		f.fail(amap.ErrFormat, name, "%d", n)
	} else if n > int64(most) {
		f.fail(amap.ErrLimit, name, "%d", n)
	}
	return int(n)
}

// only refuses every value of a field but one.
func (f *fields) only(name string, want any) {
	if f.null(name) {
		return
	}
	var got any
	f.read(name, &got)
	if n, ok := want.(int); ok {
		want = float64(n)
	}
	if got != want {
		f.fail(amap.ErrUnsupported, name, "%.60s", f.m[name])
	}
}

// empty refuses a field that is neither null nor an empty object or array.
func (f *fields) empty(name string) {
	if !f.null(name) && !slices.Contains([]string{"{}", "[]"}, string(f.m[name])) {
		f.fail(amap.ErrUnsupported, name, "%.60s", f.m[name])
	}
}
