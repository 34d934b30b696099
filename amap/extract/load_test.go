package extract

import (
	"encoding/binary"
	"encoding/json"
	"errors"
	"io"
	"io/fs"
	"maps"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/semamap/semamap/amap"
)

// folder returns the files of a small model, which a test may change.
func folder(t testing.TB, name string) fstest.MapFS {
	t.Helper()
	out := fstest.MapFS{}
	list, err := os.ReadDir(filepath.Join("testdata", name))
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range list {
		b, err := os.ReadFile(filepath.Join("testdata", name, e.Name()))
		if err != nil {
			t.Fatal(err)
		}
		out[e.Name()] = &fstest.MapFile{Data: b}
	}
	return out
}

// set changes fields of a JSON file; those whose text is empty are deleted.
func set(t testing.TB, f fstest.MapFS, file string, fields map[string]string) {
	t.Helper()
	var m map[string]json.RawMessage
	if err := json.Unmarshal(f[file].Data, &m); err != nil {
		t.Fatal(err)
	}
	for k, v := range fields {
		if m[k] = json.RawMessage(v); v == "" {
			delete(m, k)
		}
	}
	b, err := json.Marshal(m)
	if err != nil {
		t.Fatal(err)
	}
	f[file] = &fstest.MapFile{Data: b}
}

// A plain tensor is one of a file of weights, with its bytes.
type plain struct {
	DType string `json:"dtype"`
	Shape []int  `json:"shape"`
	At    [2]int `json:"data_offsets"`
	data  []byte
}

// tensors changes the tensors of a file of weights.
func tensors(t testing.TB, f fstest.MapFS, file string, change func(m map[string]*plain)) {
	t.Helper()
	b := f[file].Data
	start := 8 + int(binary.LittleEndian.Uint64(b))
	m := map[string]*plain{}
	var raw map[string]json.RawMessage
	if err := json.Unmarshal(b[8:start], &raw); err != nil {
		t.Fatal(err)
	}
	for name, r := range raw {
		if name == "__metadata__" {
			continue
		}
		p := &plain{}
		if err := json.Unmarshal(r, p); err != nil {
			t.Fatal(err)
		}
		p.data = b[start:][p.At[0]:p.At[1]]
		m[name] = p
	}
	change(m)
	var data []byte
	for _, name := range slices.Sorted(maps.Keys(m)) {
		p := m[name]
		p.At = [2]int{len(data), len(data) + len(p.data)}
		data = append(data, p.data...)
	}
	head, err := json.Marshal(m)
	if err != nil {
		t.Fatal(err)
	}
	b = binary.LittleEndian.AppendUint64(nil, uint64(len(head)))
	f[file] = &fstest.MapFile{Data: append(append(b, head...), data...)}
}

// refused checks that Load fails for the reason, and says what.
func refused(t *testing.T, name string, f fs.FS, reason error, says ...string) {
	t.Helper()
	_, err := Load(f)
	if !errors.Is(err, reason) {
		t.Errorf("%s: %v; want %v", name, err, reason)
		return
	}
	for _, s := range says {
		if !strings.Contains(err.Error(), s) {
			t.Errorf("%s: %v; it does not say %q", name, err, s)
		}
	}
}

func TestConfigRefused(t *testing.T) {
	for _, c := range []struct {
		model, field, value string
		reason              error
		says                string
	}{
		{"llama-tied", "model_type", `"qwen3"`, amap.ErrUnsupported, `config.json: model_type "qwen3"`},
		{"llama-tied", "model_type", "", amap.ErrUnsupported, "model_type"},
		{"llama-tied", "model_type", "7", amap.ErrFormat, "model_type 7"},
		{"llama-tied", "hidden_act", `"relu2"`, amap.ErrUnsupported, `hidden_act "relu2"`},
		{"llama-tied", "hidden_act", `null`, amap.ErrFormat, `hidden_act`},
		{"llama-tied", "rms_norm_eps", `null`, amap.ErrFormat, `rms_norm_eps`},
		{"llama-tied", "rms_norm_eps", `-1`, amap.ErrFormat, `rms_norm_eps`},
		{"llama-tied", "hidden_size", `0`, amap.ErrFormat, `hidden_size 0`},
		{"llama-tied", "hidden_size", `24.5`, amap.ErrFormat, `hidden_size 24.5`},
		{"llama-tied", "hidden_size", `9999999999`, amap.ErrLimit, `hidden_size`},
		{"llama-tied", "hidden_size", `26`, amap.ErrFormat, `num_attention_heads`},
		{"llama-tied", "num_attention_heads", `0`, amap.ErrFormat, `num_attention_heads 0`},
		{"llama-tied", "num_key_value_heads", `3`, amap.ErrFormat, `num_key_value_heads 3`},
		{"llama-tied", "num_key_value_heads", `1`, amap.ErrShape, `k_proj.weight" has shape [12 24], want [6 24]`},
		{"llama-tied", "num_hidden_layers", `3`, amap.ErrNotFound, `no tensor "model.layers.2.`},
		{"llama-tied", "num_hidden_layers", `1`, amap.ErrUnsupported, `tensor "model.layers.1.`},
		{"llama-tied", "num_hidden_layers", `60000`, amap.ErrShape, `num_hidden_layers 60000`},
		{"llama-tied", "head_dim", `2097152`, amap.ErrLimit, `head_dim`},
		{"llama-tied", "head_dim", `7`, amap.ErrUnsupported, `head_dim 7`},
		{"llama-tied", "vocab_size", `1032`, amap.ErrShape, `embed_tokens.weight" has shape [1031 24], want [1032 24]`},
		{"llama-tied", "pretraining_tp", `2`, amap.ErrUnsupported, `pretraining_tp 2`},
		{"llama-tied", "attention_bias", `true`, amap.ErrNotFound, `q_proj.bias`},
		{"llama-tied", "tie_word_embeddings", `false`, amap.ErrNotFound, `no tensor "lm_head.weight" of shape [1031 24]`},
		{"llama-tied", "is_causal", `false`, amap.ErrUnsupported, `is_causal false`},
		{"llama-tied", "partial_rotary_factor", `0.5`, amap.ErrUnsupported, `partial_rotary_factor 0.5`},
		{"llama-tied", "quantization_config", `{"bits":4}`, amap.ErrUnsupported, `quantization_config`},
		{"llama-tied", "auto_map", `{"AutoModel":"x.Y"}`, amap.ErrUnsupported, `auto_map`},
		{"llama-tied", "layer_types", `["full_attention","sliding_attention"]`, amap.ErrUnsupported, `layer_types "sliding_attention"`},
		{"llama-tied", "rope_scaling", `{"type":"yarn","factor":4}`, amap.ErrUnsupported, `config.json: rope_scaling.type "yarn"`},
		{"llama-tied", "rope_scaling", `{"rope_type":"dynamic","factor":4}`, amap.ErrUnsupported, `rope_scaling.rope_type "dynamic"`},
		{"llama-tied", "rope_parameters", `{"rope_type":"longrope"}`, amap.ErrUnsupported, `rope_parameters.rope_type "longrope"`},
		{"llama-tied", "rope_scaling", `{"type":"linear"}`, amap.ErrFormat, `rope_scaling.factor is missing`},
		{"llama-tied", "rope_scaling", `{"type":"linear","factor":0}`, amap.ErrFormat, `rope_scaling.factor 0`},
		{"llama-tied", "rope_scaling", `{"type":"llama3","factor":8,"low_freq_factor":4,"high_freq_factor":4}`, amap.ErrFormat, `low_freq_factor`},
		{"llama-tied", "rope_scaling", `["linear"]`, amap.ErrFormat, `rope_scaling`},
		{"llama-tied", "rope_parameters", `{"rope_theta":0}`, amap.ErrFormat, `rope_theta 0`},
		{"mistral", "mlp_bias", `true`, amap.ErrUnsupported, `mlp_bias true`},
		{"mistral", "sliding_window", `0`, amap.ErrFormat, `sliding_window 0`},
		{"neox-parallel", "rope_theta", `500`, amap.ErrUnsupported, `rope_theta 500`},
		{"neox-parallel", "head_dim", `4`, amap.ErrUnsupported, `head_dim 4`},
		{"neox-parallel", "rotary_pct", `0.5`, nil, ``}, // rope_parameters goes first
		{"neox-parallel", "hidden_act", `"silu"`, amap.ErrUnsupported, `hidden_act "silu"`},
		{"neox-parallel", "attention_bias", `false`, amap.ErrUnsupported, `attention.dense.bias`},
		{"neox-parallel", "use_parallel_residual", `1`, amap.ErrFormat, `use_parallel_residual`},
		{"neox-parallel", "tie_word_embeddings", `true`, amap.ErrUnsupported, `tie_word_embeddings`},
		{"opt", "word_embed_proj_dim", `12`, amap.ErrUnsupported, `word_embed_proj_dim 12`},
		{"opt", "do_layer_norm_before", `false`, amap.ErrUnsupported, `final_layer_norm`},
		{"opt", "max_position_embeddings", `13`, amap.ErrShape, `embed_positions.weight" has shape [14 24], want [15 24]`},
		{"opt", "activation_function", `"tanh"`, amap.ErrUnsupported, `activation_function "tanh"`},
	} {
		f := folder(t, c.model)
		set(t, f, configFile, map[string]string{c.field: c.value})
		name := c.model + " " + c.field + " " + c.value
		if c.reason != nil {
			refused(t, name, f, c.reason, c.says)
		} else if _, err := Load(f); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	for text, reason := range map[string]error{"": amap.ErrFormat, "{": amap.ErrFormat, "[]": amap.ErrFormat, "null": amap.ErrUnsupported, "{}": amap.ErrUnsupported} {
		refused(t, text, fstest.MapFS{configFile: {Data: []byte(text)}}, reason, configFile)
	}
	refused(t, "nothing", fstest.MapFS{}, fs.ErrNotExist, configFile)
}

// Files of older versions of transformers name the same things in other ways.
func TestConfigForms(t *testing.T) {
	for _, c := range []struct {
		model  string
		fields map[string]string
	}{
		{"neox-parallel", map[string]string{"rope_parameters": "", "rotary_pct": "0.25", "rotary_emb_base": "10000", "rope_theta": "10000", "partial_rotary_factor": "0.25", "rope_scaling": "null"}},
		{"neox-parallel", map[string]string{"rope_parameters": "", "attention_bias": "", "use_parallel_residual": "", "layer_norm_eps": "", "tie_word_embeddings": "", "hidden_act": ""}},
		{"neox-serial", map[string]string{"rope_parameters": "", "rotary_pct": "1.0", "rotary_emb_base": "100"}},
		{"neox-odd", map[string]string{"rope_parameters": "", "rope_scaling": `{"type":"linear","factor":2.5}`}},
		{"llama-biases", map[string]string{"rope_parameters": "", "rope_theta": "77"}},
		{"llama-llama3", map[string]string{"rope_parameters": "null", "rope_theta": "500", "rope_scaling": `{"rope_type":"llama3","factor":8,"low_freq_factor":1,"high_freq_factor":4,"original_max_position_embeddings":64}`}},
		{"llama-llama3", map[string]string{"rope_parameters": `{"rope_type":"llama3","factor":8,"low_freq_factor":1,"high_freq_factor":4,"rope_theta":500}`}},
		{"llama-gelu", map[string]string{"num_key_value_heads": "null", "head_dim": "null", "rope_parameters": "", "mlp_bias": "", "attention_bias": "", "tie_word_embeddings": ""}},
		{"opt", map[string]string{"word_embed_proj_dim": "null", "activation_function": "", "do_layer_norm_before": "", "tie_word_embeddings": ""}},
	} {
		f := folder(t, c.model)
		set(t, f, configFile, c.fields)
		m, err := Load(f)
		if err != nil {
			t.Errorf("%s %v: %v", c.model, c.fields, err)
			continue
		}
		compare(t, m, readReference(t, filepath.Join("testdata", c.model, "golden.npz")), 1e-5)
	}
	// A value that counts is not passed over.
	f := folder(t, "neox-parallel")
	set(t, f, configFile, map[string]string{"rope_parameters": "", "rotary_pct": "0.5"})
	m, err := Load(f)
	if err != nil || len(m.rope) != 2 {
		t.Errorf("rotary_pct .5 of 8: %d pairs, %v", len(m.rope), err)
	}
}

func TestWeightsRefused(t *testing.T) {
	const file = weightsFile
	for name, c := range map[string]struct {
		model  string
		change func(m map[string]*plain)
		reason error
		says   []string
	}{
		"missing": {"llama-gelu", func(m map[string]*plain) { delete(m, "model.layers.1.mlp.up_proj.weight") }, amap.ErrNotFound, []string{file, `no tensor "model.layers.1.mlp.up_proj.weight" of shape [20 24]`}},
		"bias of another model": {"llama-gelu", func(m map[string]*plain) {
			m["model.layers.0.self_attn.q_proj.bias"] = &plain{DType: "F16", Shape: []int{24}, data: make([]byte, 48)}
		}, amap.ErrUnsupported, []string{file, "q_proj.bias"}},
		"norm of another model": {"llama-gelu", func(m map[string]*plain) {
			m["model.layers.0.self_attn.q_norm.weight"] = &plain{DType: "F16", Shape: []int{6}, data: make([]byte, 12)}
		}, amap.ErrUnsupported, []string{file, "q_norm.weight"}},
		"shape": {"neox-fast", func(m map[string]*plain) { m["gpt_neox.layers.0.attention.dense.weight"].Shape = []int{12, 48} }, amap.ErrShape, []string{file, `dense.weight" has shape [12 48], want [24 24]`}},
		"rank":  {"neox-fast", func(m map[string]*plain) { m["gpt_neox.layers.0.attention.dense.bias"].Shape = []int{1, 24} }, amap.ErrShape, []string{file, `dense.bias" has shape [1 24], want [24]`}},
		"type": {"neox-fast", func(m map[string]*plain) {
			m["gpt_neox.layers.0.attention.dense.bias"].DType = "I16"
		}, amap.ErrUnsupported, []string{file, "dense.bias", "I16"}},
		"infinity": {"neox-fast", func(m map[string]*plain) {
			p := m["gpt_neox.layers.1.mlp.dense_h_to_4h.weight"]
			p.data = slices.Clone(p.data)
			binary.LittleEndian.PutUint16(p.data[2*7:], 0x7c00)
		}, amap.ErrFormat, []string{file, "layers.1.mlp.dense_h_to_4h.weight", "number 7 is +Inf"}},
		"NaN": {"opt-plain", func(m map[string]*plain) {
			p := m["model.decoder.embed_tokens.weight"]
			p.data = slices.Clone(p.data)
			binary.LittleEndian.PutUint32(p.data[4*5:], math.Float32bits(float32(math.NaN())))
		}, amap.ErrFormat, []string{file, "embed_tokens.weight", "number 5 is NaN"}},
		"twice": {"neox-fast", func(m map[string]*plain) {
			p := *m["gpt_neox.layers.0.attention.dense.bias"]
			m["layers.0.attention.dense.bias"] = &p
		}, amap.ErrFormat, []string{file, "twice"}},
		"output beside a tied embedding": {"llama-tied", func(m map[string]*plain) {
			p := *m["model.embed_tokens.weight"]
			p.data = slices.Clone(p.data)
			p.data[100]++
			m["lm_head.weight"] = &p
		}, amap.ErrUnsupported, []string{"tie_word_embeddings", "lm_head.weight"}},
	} {
		f := folder(t, c.model)
		tensors(t, f, file, c.change)
		refused(t, name, f, c.reason, c.says...)
	}
	// Every cut is noticed.
	whole := folder(t, "neox-fast")
	b := whole[file].Data
	for n := 0; n < len(b); n += 1 + n/50 {
		whole[file] = &fstest.MapFile{Data: b[:n]}
		refused(t, "cut", whole, amap.ErrTruncated, file)
	}
	whole[file] = &fstest.MapFile{Data: append(slices.Clone(b), 0)}
	refused(t, "a byte more", whole, amap.ErrFormat, file)
	delete(whole, file)
	refused(t, "no weights", whole, fs.ErrNotExist, file)
	whole[torchFile] = &fstest.MapFile{}
	refused(t, "torch", whole, amap.ErrUnsupported, torchFile)
}

func TestShardsRefused(t *testing.T) {
	const first, last = "model-00001-of-00005.safetensors", "model-00005-of-00005.safetensors"
	index := func(f fstest.MapFS, change func(m map[string]string)) {
		var x struct {
			Map map[string]string `json:"weight_map"`
		}
		if err := json.Unmarshal(f[indexFile].Data, &x); err != nil {
			t.Fatal(err)
		}
		change(x.Map)
		b, _ := json.Marshal(x)
		f[indexFile] = &fstest.MapFile{Data: b}
	}
	for name, c := range map[string]struct {
		change func(f fstest.MapFS)
		reason error
		says   string
	}{
		"no shard":  {func(f fstest.MapFS) { delete(f, last) }, fs.ErrNotExist, last},
		"not JSON":  {func(f fstest.MapFS) { f[indexFile].Data = []byte("{") }, amap.ErrFormat, indexFile},
		"empty":     {func(f fstest.MapFS) { f[indexFile].Data = []byte("{}") }, amap.ErrFormat, indexFile},
		"outside":   {func(f fstest.MapFS) { index(f, func(m map[string]string) { m["lm_head.weight"] = "../" + last }) }, amap.ErrFormat, "lm_head.weight"},
		"in none":   {func(f fstest.MapFS) { index(f, func(m map[string]string) { m["x"] = first }) }, amap.ErrFormat, `tensor "x" is not in ` + first},
		"elsewhere": {func(f fstest.MapFS) { index(f, func(m map[string]string) { m["lm_head.weight"] = first }) }, amap.ErrFormat, "lm_head.weight"},
		"not named": {func(f fstest.MapFS) { index(f, func(m map[string]string) { delete(m, "lm_head.weight") }) }, amap.ErrFormat, "lm_head.weight"},
		"cut":       {func(f fstest.MapFS) { f[last].Data = f[last].Data[:len(f[last].Data)-1] }, amap.ErrTruncated, last},
		"missing": {func(f fstest.MapFS) {
			tensors(t, f, last, func(m map[string]*plain) { delete(m, "lm_head.weight") })
			index(f, func(m map[string]string) { delete(m, "lm_head.weight") })
		}, amap.ErrNotFound, "lm_head.weight"},
	} {
		f := folder(t, "llama-biases")
		c.change(f)
		refused(t, name, f, c.reason, c.says)
	}
}

// sequential is a file system whose files can only be read from the beginning.
type sequential struct{ fs.FS }

func (s sequential) Open(name string) (fs.File, error) {
	f, err := s.FS.Open(name)
	if err != nil {
		return nil, err
	}
	return struct {
		io.ReadCloser
		stat
	}{f, f}, nil
}

type stat interface{ Stat() (fs.FileInfo, error) }

// Names with and without the prefix, buffers of old files, the output of a tied
// model, and files that cannot seek give the same model.
func TestForms(t *testing.T) {
	rename := func(old, new string) func(m map[string]*plain) {
		return func(m map[string]*plain) {
			for _, name := range slices.Collect(maps.Keys(m)) {
				if rest, ok := strings.CutPrefix(name, old); ok {
					m[new+rest] = m[name]
					delete(m, name)
				}
			}
		}
	}
	for name, c := range map[string]struct {
		model  string
		change func(m map[string]*plain)
	}{
		"neox without prefix": {"neox-parallel", rename("gpt_neox.", "")},
		"old output":          {"neox-parallel", rename("lm_head.", "embed_out.")},
		"new output":          {"neox-parallel", rename("embed_out.", "lm_head.")},
		"llama without":       {"llama-tied", rename("model.", "")},
		"opt without":         {"opt", rename("model.", "")},
		"only the output":     {"llama-tied", rename("model.embed_tokens.", "lm_head.")},
		"tied twice":          {"llama-tied", func(m map[string]*plain) { p := *m["model.embed_tokens.weight"]; m["lm_head.weight"] = &p }},
		"buffers": {"neox-parallel", func(m map[string]*plain) {
			for l := range 2 {
				at := "gpt_neox.layers." + string(rune('0'+l)) + ".attention."
				m[at+"bias"] = &plain{DType: "BOOL", Shape: []int{1, 1, 8, 8}, data: make([]byte, 64)}
				m[at+"masked_bias"] = &plain{DType: "F16", Shape: []int{}, data: make([]byte, 2)}
				m[at+"rotary_emb.inv_freq"] = &plain{DType: "F32", Shape: []int{1}, data: make([]byte, 4)}
			}
		}},
	} {
		f := folder(t, c.model)
		tensors(t, f, weightsFile, c.change)
		for _, fsys := range []fs.FS{f, sequential{f}} {
			m, err := Load(fsys)
			if err != nil {
				t.Errorf("%s: %v", name, err)
				continue
			}
			compare(t, m, readReference(t, filepath.Join("testdata", c.model, "golden.npz")), 1e-5)
		}
	}
	// The body alone computes units, but does not predict.
	f := folder(t, "neox-parallel")
	tensors(t, f, weightsFile, func(m map[string]*plain) {
		rename("gpt_neox.", "")(m)
		delete(m, "lm_head.weight")
		delete(m, "embed_out.weight")
	})
	m, err := Load(f)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := newRunner(m, 1, 3, 2, false).run(t.Context(), []int32{1, 2, 3}, func(int, []float32) error { return nil }); err != nil {
		t.Error(err)
	}
	if _, err := newRunner(m, 1, 3, 2, true).run(t.Context(), []int32{1, 2, 3}, nil); !errors.Is(err, amap.ErrNotFound) {
		t.Error(err)
	}
}

// Any weight changes the identity; names without their prefix, other number types
// and another order of the files do not.
func TestIdentity(t *testing.T) {
	identity := func(f fs.FS) string {
		t.Helper()
		m, err := Load(f)
		if err != nil {
			t.Fatal(err)
		}
		return m.identity()
	}
	for _, model := range []string{"neox-parallel", "llama-tied", "mistral", "opt"} {
		was, f := identity(folder(t, model)), folder(t, model)
		if got := identity(sequential{f}); got != was {
			t.Errorf("%s: %s, read once more %s", model, was, got)
		}
		var names []string
		tensors(t, f, weightsFile, func(m map[string]*plain) { names = slices.Sorted(maps.Keys(m)) })
		seen := map[string]string{was: "nothing"}
		for _, name := range names {
			f := folder(t, model)
			tensors(t, f, weightsFile, func(m map[string]*plain) {
				p := m[name]
				p.data = slices.Clone(p.data)
				p.data[len(p.data)-len(p.data)/p.size()] ^= 1 // the last bit of a number
			})
			got := identity(f)
			if other, ok := seen[got]; ok {
				t.Errorf("%s: with a weight of %s changed the identity is that with %s changed", model, name, other)
			}
			seen[got] = name
		}
		// The rows of two tensors of one shape change places.
		f = folder(t, model)
		tensors(t, f, weightsFile, func(m map[string]*plain) {
			for _, a := range names {
				for _, b := range names {
					if a < b && slices.Equal(m[a].Shape, m[b].Shape) && !slices.Equal(m[a].data, m[b].data) {
						m[a].data, m[b].data = m[b].data, m[a].data
						return
					}
				}
			}
			t.Fatalf("%s: no two tensors of one shape", model)
		})
		if identity(f) == was {
			t.Errorf("%s: two tensors changed places, and the identity is the same", model)
		}
		wide := folder(t, model)
		tensors(t, wide, weightsFile, func(m map[string]*plain) {
			for _, p := range m {
				if to32 := decode[p.DType]; p.DType != "F32" && to32 != nil {
					x := make([]float32, p.size())
					to32(x, p.data)
					p.DType, p.data = "F32", nil
					p.data, _ = binary.Append(nil, binary.LittleEndian, x)
				}
			}
		})
		if got := identity(wide); got != was {
			t.Errorf("%s in float32: %s, want %s", model, got, was)
		}
	}
}

// size is the number of numbers.
func (p *plain) size() int {
	n := 1
	for _, d := range p.Shape {
		n *= d
	}
	return n
}

// FuzzLoad changes the configuration and the head of the weights.
func FuzzLoad(f *testing.F) {
	for _, name := range []string{"neox-parallel", "llama-llama3", "opt", "mistral"} {
		files := folder(f, name)
		f.Add(files[configFile].Data, files[weightsFile].Data[:3000], 20000)
	}
	f.Add([]byte(`{"model_type":"opt","hidden_size":1,"num_attention_heads":1,"num_hidden_layers":65536,"max_position_embeddings":2147483645}`), []byte("\x02\x00\x00\x00\x00\x00\x00\x00{}"), 0)
	f.Fuzz(func(t *testing.T, config, head []byte, zeros int) {
		if len(config)+len(head) > 1<<16 {
			return
		}
		m, err := Load(fstest.MapFS{
			configFile:  {Data: config},
			weightsFile: {Data: append(slices.Clone(head), make([]byte, max(0, min(zeros, 1<<16)))...)},
		})
		if err != nil {
			if len(err.Error()) > 1<<17 {
				t.Errorf("an error of %d bytes", len(err.Error()))
			}
			return
		}
		window := min(3, m.maxWindow)
		if _, err := newRunner(m, 1, window, m.Layers(), m.head != nil).run(t.Context(), make([]int32, window), func(int, []float32) error { return nil }); err != nil {
			t.Error(err)
		}
	})
}
