"""Small language models with random weights, as test data of amap/extract.

    python internal/peers/models.py amap/extract/testdata

makes a folder for each model: config.json and model.safetensors as
transformers saves them, and golden.npz: ids (windows x tokens), hidden
(layers x windows x tokens x units, what enters the last matrix of the MLP) and
logits, computed in float64 from the weights as they are saved.

    python internal/peers/models.py --big FOLDER

makes models of the exact configurations of Pythia-70m and Pythia-160m there.

numpy, torch and transformers are needed; versions are in the README of the
test data.
"""

import argparse
import json
import os
import shutil

import numpy as np
import torch
import transformers
from transformers import GPTNeoXConfig, LlamaConfig, MistralConfig, OPTConfig

NEOX = dict(vocab_size=53, hidden_size=24, num_hidden_layers=2, num_attention_heads=3, intermediate_size=20,
            max_position_embeddings=64, bos_token_id=0, eos_token_id=0)
LLAMA = dict(vocab_size=53, hidden_size=24, num_hidden_layers=2, num_attention_heads=4, num_key_value_heads=2,
             intermediate_size=20, max_position_embeddings=64)
OPT = dict(vocab_size=53, hidden_size=24, num_hidden_layers=2, num_attention_heads=3, ffn_dim=20,
           max_position_embeddings=12, word_embed_proj_dim=24)
LLAMA3 = dict(rope_type="llama3", rope_theta=500.0, factor=8.0, low_freq_factor=1.0, high_freq_factor=4.0,
              original_max_position_embeddings=64)

# name: configuration, type of the weights, shape of the ids, bytes of a shard
SMALL = {
    "neox-parallel": (GPTNeoXConfig(**NEOX, rotary_pct=0.25, hidden_act="gelu"), "float16", (2, 9), None),
    "neox-serial": (GPTNeoXConfig(**NEOX, rotary_pct=1.0, rotary_emb_base=100, hidden_act="gelu_new", layer_norm_eps=1e-3,
                                  use_parallel_residual=False, attention_bias=False, tie_word_embeddings=True),
                    "bfloat16", (2, 9), None),
    "neox-odd": (GPTNeoXConfig(**{**NEOX, "num_attention_heads": 2}, rotary_pct=0.25, hidden_act="relu",
                               rope_scaling={"type": "linear", "factor": 2.5}), "float32", (2, 9), None),
    "neox-fast": (GPTNeoXConfig(**NEOX, hidden_act="gelu_fast"), "float16", (2, 9), None),
    "llama-tied": (LlamaConfig(**{**LLAMA, "vocab_size": 1031}, tie_word_embeddings=True, rms_norm_eps=1e-5), "bfloat16", (1, 5), None),
    "llama-biases": (LlamaConfig(**LLAMA, head_dim=10, attention_bias=True, mlp_bias=True, rope_theta=77.0), "float32", (2, 9), "10KB"),
    "llama-llama3": (LlamaConfig(**LLAMA, rope_parameters=LLAMA3), "float16", (1, 64), None),
    "llama-gelu": (LlamaConfig(**{**LLAMA, "num_key_value_heads": 4}, hidden_act="gelu"), "float16", (2, 9), None),
    "mistral": (MistralConfig(**LLAMA, sliding_window=12), "bfloat16", (2, 12), None),
    "opt": (OPTConfig(**OPT), "float16", (2, 12), None),
    "opt-after": (OPTConfig(**OPT, do_layer_norm_before=False, activation_function="gelu"), "float16", (2, 9), None),
    "opt-plain": (OPTConfig(**OPT, enable_bias=False, layer_norm_elementwise_affine=False, tie_word_embeddings=False), "float32", (2, 9), None),
}
PYTHIA = dict(vocab_size=50304, max_position_embeddings=2048, rotary_pct=0.25, rotary_emb_base=10000, hidden_act="gelu",
              layer_norm_eps=1e-5, use_parallel_residual=True, tie_word_embeddings=False, bos_token_id=0, eos_token_id=0)
BIG = {
    "pythia-70m": (GPTNeoXConfig(**PYTHIA, hidden_size=512, num_hidden_layers=6, num_attention_heads=8, intermediate_size=2048),
                   "float16", (4, 15), None),
    "pythia-160m": (GPTNeoXConfig(**PYTHIA, hidden_size=768, num_hidden_layers=12, num_attention_heads=12, intermediate_size=3072),
                    "float16", (4, 15), None),
}


def randomize(model):
    """Weights that keep numbers near one, with norms and biases that matter."""
    for name, p in model.named_parameters():
        with torch.no_grad():
            if p.dim() == 2:
                p.normal_(0, 1.3 / p.shape[1] ** 0.5 if "embed" not in name else 1)
            else:
                p.normal_(0, 0.3)
                if "norm" in name and name.endswith("weight"):
                    p.add_(1)


def last_matrices(model):
    """The matrices whose input are the units, by layer."""
    ends = ("dense_4h_to_h", "down_proj", "fc2")
    return [m for name, m in model.named_modules() if name.endswith(ends)]


def golden(folder, shape, seed):
    model = transformers.AutoModelForCausalLM.from_pretrained(folder, dtype=torch.float32, attn_implementation="sdpa").double().eval()
    ids = np.random.default_rng(seed).integers(0, model.config.vocab_size, shape)
    seen = []
    for m in last_matrices(model):
        m.register_forward_pre_hook(lambda _, args: seen.append(args[0].reshape(*shape, -1).numpy()))
    with torch.no_grad():
        logits = model(torch.from_numpy(ids)).logits.numpy()
    return dict(ids=ids.astype(np.int32), hidden=np.stack(seen).astype(np.float32), logits=logits.astype(np.float32))


def main():
    args = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    args.add_argument("folder")
    args.add_argument("--big", action="store_true")
    args = args.parse_args()
    for seed, (name, (config, dtype, shape, shard)) in enumerate((BIG if args.big else SMALL).items()):
        torch.manual_seed(seed)
        folder = os.path.join(args.folder, name)
        shutil.rmtree(folder, ignore_errors=True)
        model = transformers.AutoModelForCausalLM.from_config(config)
        randomize(model)
        model.to(getattr(torch, dtype)).save_pretrained(folder, **({"max_shard_size": shard} if shard else {}))
        if os.path.exists(os.path.join(folder, "generation_config.json")):
            os.remove(os.path.join(folder, "generation_config.json"))
        np.savez_compressed(os.path.join(folder, "golden.npz"), **golden(folder, shape, seed))
        with open(os.path.join(folder, "config.json")) as f:
            print(name, json.load(f).get("rope_parameters"), sorted(os.listdir(folder)))


if __name__ == "__main__":
    main()
