"""Turn the GGUF file of a Llama model into a Hugging Face folder: config.json,
model.safetensors (fp16) and tokenizer.json.

    python convert.py MODEL.gguf FOLDER

Reads tensors of type F32, F16, Q4_1 and Q8_0. Needs numpy only.
"""
import json
import os
import struct
import sys

import numpy as np

NUMBERS = {0: "<B", 1: "<b", 2: "<H", 3: "<h", 4: "<I", 5: "<i", 6: "<f", 7: "<?", 10: "<Q", 11: "<q", 12: "<d"}
LAYER = {  # name, name in GGUF
    "input_layernorm": "attn_norm",
    "self_attn.q_proj": "attn_q",
    "self_attn.k_proj": "attn_k",
    "self_attn.v_proj": "attn_v",
    "self_attn.o_proj": "attn_output",
    "post_attention_layernorm": "ffn_norm",
    "mlp.gate_proj": "ffn_gate",
    "mlp.up_proj": "ffn_up",
    "mlp.down_proj": "ffn_down",
}


class GGUF:
    """The pairs of the header in kv; tensors as float32 by get, the outermost
    dimension first."""

    def __init__(self, path):
        with open(path, "rb") as f:

            def num(t):
                return struct.unpack(NUMBERS[t], f.read(struct.calcsize(NUMBERS[t])))[0]

            def text():
                return f.read(num(10)).decode("utf8")

            def value(t):
                if t == 8:
                    return text()
                if t == 9:
                    e, n = num(4), num(10)
                    return [value(e) for _ in range(n)]
                return num(t)

            if f.read(4) != b"GGUF" or num(4) not in (2, 3):
                sys.exit(f"{path}: not a GGUF file of version 2 or 3")
            tensors, pairs = num(10), num(10)
            self.kv, self.info = {}, {}
            for _ in range(pairs):
                k = text()
                self.kv[k] = value(num(4))
            for _ in range(tensors):
                name = text()
                dims = [num(10) for _ in range(num(4))]
                self.info[name] = dims[::-1], num(4), num(10)
            align = self.kv.get("general.alignment", 32)
            self.base = -(-f.tell() // align) * align
        self.raw = np.memmap(path, np.uint8, "r")

    def get(self, name):
        shape, kind, offset = self.info[name]
        n = int(np.prod(shape))
        raw = self.raw[self.base + offset :]

        def half(b):
            return np.ascontiguousarray(b).view(np.float16).astype(np.float32)

        if kind == 0:
            x = raw[: 4 * n].view(np.float32)
        elif kind == 1:
            x = half(raw[: 2 * n])
        elif kind == 3:  # Q4_1: scale, minimum, 32 values of 4 bits, the low halves of all bytes first
            b = raw[: n // 32 * 20].reshape(-1, 20)
            q = b[:, 4:]
            x = np.concatenate((q & 15, q >> 4), 1).astype(np.float32) * half(b[:, :2]) + half(b[:, 2:4])
        elif kind == 8:  # Q8_0: scale, 32 values of 8 bits
            b = raw[: n // 32 * 34].reshape(-1, 34)
            x = np.ascontiguousarray(b[:, 2:]).view(np.int8).astype(np.float32) * half(b[:, :2])
        else:
            sys.exit(f"{name}: tensor type {kind}")
        return np.ascontiguousarray(x).reshape(shape)


def rotary(w, heads):
    """llama.cpp rotates the pairs (2i, 2i+1) of a head, transformers (i, i+half)."""
    rows, cols = w.shape
    return w.reshape(heads, rows // heads // 2, 2, cols).swapaxes(1, 2).reshape(rows, cols)


def main(source, folder):
    g = GGUF(source)
    kv = g.kv
    if kv["general.architecture"] != "llama":
        sys.exit(f"{source}: architecture {kv['general.architecture']}")
    os.makedirs(folder, exist_ok=True)
    hidden, heads = kv["llama.embedding_length"], kv["llama.attention.head_count"]
    kv_heads = kv.get("llama.attention.head_count_kv", heads)
    tokens, merges, kinds = (kv["tokenizer.ggml." + k] for k in ("tokens", "merges", "token_type"))
    tied = "output.weight" not in g.info

    def special(name):
        return kv.get(f"tokenizer.ggml.{name}_token_id")

    config = dict(
        architectures=["LlamaForCausalLM"],
        model_type="llama",
        hidden_act="silu",
        hidden_size=hidden,
        intermediate_size=kv["llama.feed_forward_length"],
        num_hidden_layers=kv["llama.block_count"],
        num_attention_heads=heads,
        num_key_value_heads=kv_heads,
        head_dim=hidden // heads,
        max_position_embeddings=kv["llama.context_length"],
        rms_norm_eps=float("%.6g" % kv["llama.attention.layer_norm_rms_epsilon"]),
        rope_theta=float(kv.get("llama.rope.freq_base", 10000.0)),
        rope_scaling=None,
        attention_bias=False,
        mlp_bias=False,
        attention_dropout=0.0,
        tie_word_embeddings=tied,
        vocab_size=len(tokens),
        bos_token_id=special("bos"),
        eos_token_id=special("eos"),
        pad_token_id=special("padding"),
        initializer_range=0.02,
        pretraining_tp=1,
        use_cache=True,
        torch_dtype="float16",
    )
    with open(os.path.join(folder, "config.json"), "w") as f:
        json.dump(config, f, indent=1)

    names = {"model.embed_tokens.weight": "token_embd.weight", "model.norm.weight": "output_norm.weight"}
    if not tied:
        names["lm_head.weight"] = "output.weight"
    for i in range(config["num_hidden_layers"]):
        names.update({f"model.layers.{i}.{a}.weight": f"blk.{i}.{b}.weight" for a, b in LAYER.items()})
    if set(names.values()) != set(g.info):
        sys.exit(f"{source}: tensors {set(names.values()) ^ set(g.info)}")
    head, end = {"__metadata__": {"format": "pt"}}, 0
    for name in sorted(names):
        shape = g.info[names[name]][0]
        size = 2 * int(np.prod(shape))
        head[name] = {"dtype": "F16", "shape": shape, "data_offsets": [end, end + size]}
        end += size
    text = json.dumps(head).encode()
    text += b" " * (-len(text) % 8)
    worst = 0.0
    with open(os.path.join(folder, "model.safetensors"), "wb") as f:
        f.write(struct.pack("<Q", len(text)) + text)
        for name in sorted(names):
            w = g.get(names[name])
            if "q_proj" in name:
                w = rotary(w, heads)
            elif "k_proj" in name:
                w = rotary(w, kv_heads)
            h = w.astype(np.float16)
            worst = max(worst, float(np.abs(h - w).max()))
            f.write(h.tobytes())
    print(f"{len(names)} tensors, {end} bytes, largest change by rounding to fp16 {worst}")

    added = [
        dict(id=i, content=t, single_word=False, lstrip=False, rstrip=False, normalized=False, special=True)
        for i, (t, k) in enumerate(zip(tokens, kinds))
        if k in (3, 4)  # control, defined by the user
    ]
    level = dict(type="ByteLevel", add_prefix_space=False, trim_offsets=True, use_regex=True)
    model = dict(
        type="BPE",
        dropout=None,
        unk_token=None,
        continuing_subword_prefix=None,
        end_of_word_suffix=None,
        fuse_unk=False,
        byte_fallback=False,
        vocab={t: i for i, t in enumerate(tokens)},
        merges=merges,
    )
    tokenizer = dict(
        version="1.0",
        truncation=None,
        padding=None,
        added_tokens=added,
        normalizer=None,
        pre_tokenizer=dict(type="Sequence", pretokenizers=[dict(type="Digits", individual_digits=True), level]),
        post_processor=None,
        decoder=dict(level, add_prefix_space=True),
        model=model,
    )
    if len(model["vocab"]) != len(tokens):
        sys.exit(f"{source}: a token stands twice in the vocabulary")
    with open(os.path.join(folder, "tokenizer.json"), "w", encoding="utf8") as f:
        json.dump(tokenizer, f, ensure_ascii=False, separators=(",", ":"))
    print(f"{len(tokens)} tokens, {len(merges)} merges, {len(added)} added")


if __name__ == "__main__":
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    main(*sys.argv[1:])
