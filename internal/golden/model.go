package golden

import (
	"encoding/binary"
	"encoding/json"
	"fmt"
	"io/fs"
	"math"
	"math/rand/v2"
	"testing/fstest"
)

// Model is the Hugging Face folder, without a tokenizer, of a Llama model of 300
// tokens and 3 layers of 16 units, with random weights.
func Model(seed uint64) fs.FS {
	const vocab, hidden, units, layers, heads = 300, 16, 16, 3, 2
	config := fmt.Sprintf(`{"model_type": "llama", "hidden_act": "silu", "vocab_size": %d, "hidden_size": %d, "intermediate_size": %d,
		"num_hidden_layers": %d, "num_attention_heads": %d, "num_key_value_heads": 1, "max_position_embeddings": 64,
		"tie_word_embeddings": true}`, vocab, hidden, units, layers, heads)
	type tensor struct {
		DType string `json:"dtype"`
		Shape []int  `json:"shape"`
		Off   [2]int `json:"data_offsets"`
	}
	g := rand.New(rand.NewPCG(seed, 0))
	header := map[string]tensor{}
	var data []byte
	add := func(name string, shape ...int) {
		at, n := len(data), 1
		for _, s := range shape {
			n *= s
		}
		for range n {
			data = binary.LittleEndian.AppendUint32(data, math.Float32bits(float32(g.NormFloat64())))
		}
		header[name] = tensor{"F32", shape, [2]int{at, len(data)}}
	}
	add("model.embed_tokens.weight", vocab, hidden)
	add("model.norm.weight", hidden)
	for l := range layers {
		at := fmt.Sprintf("model.layers.%d.", l)
		add(at+"input_layernorm.weight", hidden)
		add(at+"post_attention_layernorm.weight", hidden)
		add(at+"self_attn.q_proj.weight", hidden, hidden)
		add(at+"self_attn.k_proj.weight", hidden/heads, hidden)
		add(at+"self_attn.v_proj.weight", hidden/heads, hidden)
		add(at+"self_attn.o_proj.weight", hidden, hidden)
		add(at+"mlp.gate_proj.weight", units, hidden)
		add(at+"mlp.up_proj.weight", units, hidden)
		add(at+"mlp.down_proj.weight", hidden, units)
	}
	js, err := json.Marshal(header)
	if err != nil {
		panic(err)
	}
	for len(js)%8 != 0 {
		js = append(js, ' ')
	}
	file := binary.LittleEndian.AppendUint64(nil, uint64(len(js)))
	return fstest.MapFS{
		"config.json":       {Data: []byte(config)},
		"model.safetensors": {Data: append(append(file, js...), data...)},
	}
}
