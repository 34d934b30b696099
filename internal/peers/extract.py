"""Package extract beside transformers, torch and a plain NumPy reference.

    python internal/peers/models.py --big FOLDER
        makes models of the configurations of Pythia-70m and Pythia-160m, with
        random weights
    python internal/peers/extract.py forward MODEL...
        hidden activations, logits and predictions of each model, ours beside
        transformers in float64
    python internal/peers/extract.py means MODEL TEXT.jsonl [--tokenizer FILE] [--documents N] [--layers 0,5]
        maps of the first documents of a text by examples/extract, beside the
        same by NumPy in float64: means and counts, both modes, with and without
        position rows and skipped positions
    python internal/peers/extract.py speed MODEL [--windows N] [--rounds N] [--threads 1,2] [--levels avx2,full]
        tokens per second, ours beside torch, input mode, 64 windows of 15
        tokens together; peak memory

MODEL is a Hugging Face folder (GPT-NeoX, Llama). Needs NumPy, SciPy (erf),
tokenizers, torch and transformers; Go must be on the path.

transformers computes norms and rotary angles in float32 whatever the model's
type is, which shows in SmolLM2 as 1e-5 between it and NumPy.

Differences are relative to the largest number of the row, a token's or a
position's. Predictions are compared where the two largest logits of the
reference lie at least 1e-3 apart; output mode attributes activations to them, so
its counts are only equal if no smaller margin is decided otherwise: the
smallest one is printed.

speed: one run is one process, and runs of ours and of torch alternate. Both sum
the units of every layer by token from the same windows, whose tokens are
distributed as in a text (Zipf). Both have the weights in memory when the clock
starts, and get the memory of the sums after it. torch is run in three forms: as
transformers' model with hooks, as plain calls of torch without the last layer's
output, and as these with weights packed by oneDNN. The fastest form counts. CPU
seconds are user and system time of the
process: on a machine with other work they are the steadier figure. The table
has medians of the rounds, and ratios of the medians.
"""
import argparse
import json
import os
import pathlib
import pickle
import re
import statistics
import subprocess
import sys
import tempfile
import time

import numpy as np

ROOT = pathlib.Path(__file__).resolve().parents[2]
WINDOW = 15


# The reference: forward passes in NumPy.


def load(folder, dtype=np.float64):
    """Configuration and tensors of a folder, by names without the prefixes."""
    folder = pathlib.Path(folder)
    config = json.loads((folder / "config.json").read_text())
    tensors = {}
    for file in sorted(folder.glob("*.safetensors")):
        with open(file, "rb") as f:
            n = int.from_bytes(f.read(8), "little")
            head = json.loads(f.read(n))
        raw = np.memmap(file, np.uint8, "r", offset=8 + n)
        for name, t in head.items():
            if name == "__metadata__":
                continue
            x = raw[slice(*t["data_offsets"])]
            if t["dtype"] == "BF16":
                x = (x.view(np.uint16).astype(np.uint32) << 16).view(np.float32)
            else:
                x = x.view({"F16": np.float16, "F32": np.float32}[t["dtype"]])
            tensors[re.sub(r"^(gpt_neox|model)\.", "", name)] = x.reshape(t["shape"]).astype(dtype)
    return config, tensors


def softmax(x):
    e = np.exp(x - x.max(-1, keepdims=True))
    return e / e.sum(-1, keepdims=True)


def rotate(x, theta):
    """Rotary embedding of all of x (…, positions, dims)."""
    n, d = x.shape[-2:]
    angle = np.outer(np.arange(n), theta ** (-np.arange(0, d, 2) / d))
    cos, sin = np.cos(angle), np.sin(angle)
    a, b = x[..., : d // 2], x[..., d // 2 :]
    return np.concatenate((a * cos - b * sin, b * cos + a * sin), -1)


def attend(q, k, v):
    """Causal attention of heads: (windows, heads, positions, dims)."""
    n = q.shape[-2]
    s = q @ k.swapaxes(-1, -2) / np.sqrt(q.shape[-1])
    s[..., np.triu(np.ones((n, n), bool), 1)] = -np.inf
    y = softmax(s) @ v
    return y.swapaxes(1, 2).reshape(len(q), n, -1)


def rope(config):
    """Base, share of the dimensions, in the files of transformers 4 and 5."""
    p = config.get("rope_parameters") or {}
    if p.get("rope_type", "default") != "default" or config.get("rope_scaling"):
        sys.exit("reference: only plain rotary embeddings")
    theta = p.get("rope_theta", config.get("rope_theta", config.get("rotary_emb_base", 10000)))
    return theta, p.get("partial_rotary_factor", config.get("rotary_pct", 1.0))


def neox(config, t, ids, hidden):
    from scipy.special import erf

    act = {"gelu": lambda x: x * 0.5 * (1 + erf(x / np.sqrt(2))), "relu": lambda x: np.maximum(x, 0)}[config["hidden_act"]]
    heads, (theta, share) = config["num_attention_heads"], rope(config)
    b, n = ids.shape

    def norm(x, name):
        x = x - x.mean(-1, keepdims=True)
        return x / np.sqrt((x * x).mean(-1, keepdims=True) + config["layer_norm_eps"]) * t[name + ".weight"] + t[name + ".bias"]

    def linear(x, name):
        return x @ t[name + ".weight"].T + t.get(name + ".bias", 0)

    x = t["embed_in.weight"][ids]
    for l in range(config["num_hidden_layers"]):
        p = f"layers.{l}."
        qkv = linear(norm(x, p + "input_layernorm"), p + "attention.query_key_value")
        q, k, v = np.split(qkv.reshape(b, n, heads, -1).swapaxes(1, 2), 3, -1)
        r = int(q.shape[-1] * share)
        q, k = (np.concatenate((rotate(y[..., :r], theta), y[..., r:]), -1) for y in (q, k))
        y = linear(attend(q, k, v), p + "attention.dense")
        m = x if config.get("use_parallel_residual", True) else x + y
        h = act(linear(norm(m, p + "post_attention_layernorm"), p + "mlp.dense_h_to_4h"))
        hidden(l, h)
        x = x + y + linear(h, p + "mlp.dense_4h_to_h")
    head = t["embed_in.weight"] if config.get("tie_word_embeddings") else t["embed_out.weight"]
    return norm(x, "final_layer_norm") @ head.T


def llama(config, t, ids, hidden):
    heads, (theta, _) = config["num_attention_heads"], rope(config)
    kv = config.get("num_key_value_heads", heads)
    b, n = ids.shape

    def norm(x, name):
        return x / np.sqrt((x * x).mean(-1, keepdims=True) + config["rms_norm_eps"]) * t[name + ".weight"]

    def linear(x, name):
        return x @ t[name + ".weight"].T + t.get(name + ".bias", 0)

    x = t["embed_tokens.weight"][ids]
    for l in range(config["num_hidden_layers"]):
        p = f"layers.{l}."
        y = norm(x, p + "input_layernorm")
        q, k, v = (linear(y, p + f"self_attn.{c}_proj").reshape(b, n, h, -1).swapaxes(1, 2) for c, h in (("q", heads), ("k", kv), ("v", kv)))
        k, v = (np.repeat(y, heads // kv, 1) for y in (k, v))
        x = x + linear(attend(rotate(q, theta), rotate(k, theta), v), p + "self_attn.o_proj")
        y = norm(x, p + "post_attention_layernorm")
        gate = linear(y, p + "mlp.gate_proj")
        h = gate / (1 + np.exp(-gate)) * linear(y, p + "mlp.up_proj")
        hidden(l, h)
        x = x + linear(h, p + "mlp.down_proj")
    head = t["embed_tokens.weight"] if config.get("tie_word_embeddings") else t["lm_head.weight"]
    return norm(x, "norm") @ head.T


def reference(folder):
    """The forward pass of a model: ids, function of layer and units -> logits."""
    config, t = load(folder)
    if config["hidden_act"] == "silu":
        return config, lambda ids, hidden: llama(config, t, ids, hidden)
    return config, lambda ids, hidden: neox(config, t, ids, hidden)


# The forward pass beside transformers.


def forward(models):
    """transformers in float64 writes what it computes, the Go test reads it; the
    NumPy reference is held against it too."""
    sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
    from models import golden

    with tempfile.TemporaryDirectory() as tmp:
        for i, model in enumerate(models):
            name = os.path.basename(os.path.normpath(model))
            folder = os.path.join(tmp, name)
            os.mkdir(folder)
            for file in os.listdir(model):
                if file == "config.json" or ".safetensors" in file:
                    os.symlink(os.path.abspath(os.path.join(model, file)), os.path.join(folder, file))
            g = golden(folder, (4, WINDOW), i)
            np.savez(os.path.join(folder, "golden.npz"), **g)
            _, run = reference(model)
            seen = []
            logits = run(g["ids"], lambda l, h: seen.append(h))
            print(name, "NumPy beside transformers: hidden %.1e, logits %.1e" % (far(np.stack(seen), g["hidden"]), far(logits, g["logits"])), flush=True)
        env = dict(os.environ, SEMAMAP_MODELS=tmp)
        subprocess.run(["go", "test", "-count=1", "-run", "^TestBig$", "-v", "./amap/extract"], cwd=ROOT, env=env, check=True)


def far(got, want):
    """Largest difference, relative to the largest number of the row."""
    top = np.abs(want).max(-1, keepdims=True)
    return float((np.abs(got - want) / np.where(top > 0, top, 1)).max())


# Maps beside the reference.


def tokenize(file, texts):
    """Token ids, as of a text that names no special token."""
    from tokenizers import Tokenizer

    tok = json.load(open(file, encoding="utf8"))
    tok["added_tokens"] = [a for a in tok["added_tokens"] if not a["special"]]
    tok["post_processor"] = None
    tok = Tokenizer.from_str(json.dumps(tok))
    return [np.array(tok.encode(t).ids, np.int64) for t in texts], tok.get_vocab_size()


def means(model, text, tokenizer, documents, layers):
    import torch

    texts = [json.loads(line)["text"] for line, _ in zip(open(text, encoding="utf8"), range(documents))]
    config, run = reference(model)
    layers = layers or list(range(config["num_hidden_layers"]))
    docs, vocab = tokenize(tokenizer, texts)
    ids = np.array([d[s : s + WINDOW] for d in docs for s in range(0, len(d) - WINDOW, WINDOW)])
    units, out, margin = {}, [], np.inf
    for i in range(0, len(ids), 16):
        logits = run(ids[i : i + 16], lambda l, h: units.setdefault(l, []).append(h) if l in layers else None)[..., :vocab]
        top = np.partition(logits, -2, -1)[..., -2:]
        margin = min(margin, float((top[..., 1] - top[..., 0]).min()))
        out.append(logits.argmax(-1))
    tokens = {"input": ids, "output": np.concatenate(out)}
    units = {l: np.concatenate(units[l]) for l in layers}
    print(f"{len(texts)} documents, {len(ids)} windows, {len(np.unique(ids))} tokens; smallest margin of a prediction {margin:.1e}", flush=True)

    with tempfile.TemporaryDirectory() as tmp:
        program = os.path.join(tmp, "extract")
        subprocess.run(["go", "build", "-o", program, "./examples/extract"], cwd=ROOT, check=True)
        part = os.path.join(tmp, "text.jsonl")
        with open(part, "w", encoding="utf8") as f:
            f.writelines(json.dumps({"text": t}) + "\n" for t in texts)
        amap, counts = os.path.join(tmp, "amap.pickle"), os.path.join(tmp, "counts.pickle")
        for modes, skip, positions in (("input", 0, False), ("input", 1, True), ("input,output", 0, True), ("output", 3, False)):
            flags = ["-modes", modes, "-skip", str(skip)] + ["-positions"] * positions
            subprocess.run([program, "-model", model, "-tokenizer", tokenizer, "-text", part, "-start", "0", "-dtype", "fp32", "-o", amap, "-counts", counts,
                            "-layers", ",".join(map(str, layers)), *flags], check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
            with open(amap, "rb") as f:
                got = pickle.load(f)
            with open(counts, "rb") as f:
                count = pickle.load(f)
            for mode in modes.split(","):
                rows = tokens[mode][:, skip:].ravel()
                place = np.broadcast_to(np.arange(skip, WINDOW) + vocab + (mode == "output"), (len(ids), WINDOW - skip)).ravel()
                height = vocab + (WINDOW + 1) * positions
                want = np.bincount(rows, minlength=height)
                if positions:
                    want += np.bincount(place, minlength=height)
                same = np.array_equal(count[mode].numpy(), want)
                worst = 0.0
                for j, l in enumerate(layers):
                    x = units[l][:, skip:].reshape(len(rows), -1)
                    m = got[mode][j]
                    if m.shape != (height, x.shape[1]) or m.dtype != torch.float32:
                        sys.exit(f"layer {l}: {m.dtype} {tuple(m.shape)}")
                    for by in (rows, place)[: 1 + positions]:
                        t, inverse, n = np.unique(by, return_inverse=True, return_counts=True)
                        sums = np.zeros((len(t), x.shape[1]))
                        np.add.at(sums, inverse, x)
                        worst = max(worst, far(m[torch.from_numpy(t)].numpy(), sums / n[:, None]))
                    unseen = torch.from_numpy(want == 0)
                    if m[unseen].any():
                        sys.exit(f"layer {l}: rows of tokens that did not occur")
                print(f"{' '.join(flags):40} {mode:7} means {worst:.1e}, counts {'equal' if same else 'DIFFER'}", flush=True)


# Speed beside torch.


def torch_run(model, file, threads, form):
    """One run of torch; prints a line of JSON."""
    import torch
    import torch.nn.functional as F

    torch.set_num_threads(threads)
    torch.set_grad_enabled(False)
    ids = torch.from_numpy(np.load(file)).long()
    config, w = load(model, np.float32)
    w = {k: torch.from_numpy(v) for k, v in w.items()}
    L, H, D, eps = config["num_hidden_layers"], config["num_attention_heads"], config["hidden_size"], config["layer_norm_eps"]
    sums = None
    if form == "transformers":
        import transformers

        net = transformers.AutoModel.from_pretrained(model, dtype=torch.float32, attn_implementation="sdpa").eval()
        now = [None]

        def hook(l):
            def add(module, args, h):
                sums[l].index_add_(0, now[0], h.reshape(-1, h.shape[-1]))

            return add

        for l, block in enumerate(net.layers):
            block.mlp.act.register_forward_hook(hook(l))

        def batch(x):
            now[0] = x.reshape(-1)
            net(x, use_cache=False)
    else:
        theta, share = rope(config)
        hd = D // H
        r = int(hd * share)
        angle = torch.outer(torch.arange(WINDOW), theta ** (-torch.arange(0, r, 2) / r))
        cos, sin = torch.cat((angle, angle), -1).cos(), torch.cat((angle, angle), -1).sin()

        def turn(y):
            z, rest = y[..., :r], y[..., r:]
            a, b = z.chunk(2, -1)
            return torch.cat((z * cos + torch.cat((-b, a), -1) * sin, rest), -1)

        def matrix(name):
            weight, bias = w[name + ".weight"], w[name + ".bias"]
            if form == "packed":
                packed = torch.ops.mkldnn._reorder_linear_weight(weight, 64 * WINDOW)
                return lambda x: torch.ops.mkldnn._linear_pointwise(x, packed, bias, "none", [], "")
            return lambda x: F.linear(x, weight, bias)

        layers = []
        for l in range(L):
            p = f"layers.{l}."
            norms = [(w[p + k + ".weight"], w[p + k + ".bias"]) for k in ("input_layernorm", "post_attention_layernorm")]
            layers.append(norms + [matrix(p + k) for k in ("attention.query_key_value", "attention.dense", "mlp.dense_h_to_4h", "mlp.dense_4h_to_h")])
        assert config["hidden_act"] == "gelu" and config["use_parallel_residual"]

        def batch(ids):
            b, n = ids.shape
            flat = ids.reshape(-1)
            x = w["embed_in.weight"][flat]
            for l, (n1, n2, qkv, out, up, down) in enumerate(layers):
                q, k, v = qkv(F.layer_norm(x, (D,), *n1, eps)).view(b, n, H, 3 * hd).transpose(1, 2).split(hd, -1)
                y = F.scaled_dot_product_attention(turn(q), turn(k), v, is_causal=True)
                h = F.gelu(up(F.layer_norm(x, (D,), *n2, eps)))
                sums[l].index_add_(0, flat, h)
                if l < L - 1:
                    x = x + out(y.transpose(1, 2).reshape(b * n, D)) + down(h)
    sums = [torch.zeros(1, config["intermediate_size"]) for _ in range(L)]
    batch(ids[:64] * 0)  # so that nothing is prepared while the clock runs
    start, cpu = time.perf_counter(), time.process_time()
    sums = [torch.zeros(config["vocab_size"], config["intermediate_size"]) for _ in range(L)]
    for i in range(0, len(ids), 64):
        batch(ids[i : i + 64])
    out = dict(seconds=time.perf_counter() - start, cpu=time.process_time() - cpu, level=torch.backends.cpu.get_cpu_capability())
    out["check"] = [float(s[ids[0, 0]].sum()) for s in sums[:: L - 1]]
    print(json.dumps(out))


def speed(model, windows, rounds, threads, levels):
    config = json.loads((pathlib.Path(model) / "config.json").read_text())
    rng = np.random.default_rng(0)
    rank = np.exp(rng.random((windows, WINDOW)) * np.log(config["vocab_size"])) - 1  # Zipf's law
    ids = rng.permutation(config["vocab_size"])[rank.astype(int)].astype(np.int32)
    tokens = ids.size
    weights = sum(np.prod(x.shape) for x in load(model, np.float16)[1].values()) * 4 / 2**20
    distinct = len(np.unique(ids))
    summed = distinct * config["intermediate_size"] * config["num_hidden_layers"] * 8 / 2**20
    print(f"{windows} windows, {tokens} tokens, {distinct} of them distinct; weights in float32 {weights:.0f} MB, sums of these tokens {summed:.0f} MB")
    low = {"ours": {"GODEBUG": "cpu.avx512f=off"}, "torch": {"ATEN_CPU_CAPABILITY": "avx2", "ONEDNN_MAX_CPU_ISA": "AVX2", "MKL_ENABLE_INSTRUCTIONS": "AVX2"}}
    forms = ("ours", "torch plain", "torch packed", "torch transformers")
    with tempfile.TemporaryDirectory() as tmp:
        file, program = os.path.join(tmp, "ids.npy"), os.path.join(tmp, "run")
        np.save(file, ids)
        subprocess.run(["go", "build", "-o", program, "./internal/peers/extractrun"], cwd=ROOT, check=True)
        for level in levels:
            for n in threads:
                got = {f: [] for f in forms}
                for _ in range(rounds):
                    for form in forms:
                        who, _, kind = form.partition(" ")
                        env = dict(os.environ, GOMAXPROCS=str(n), OMP_NUM_THREADS=str(n), **(low[who] if level == "avx2" else {}))
                        cmd = [program, "-model", model, "-ids", file] if who == "ours" else [sys.executable, __file__, "torch", model, file, str(n), kind]
                        r = subprocess.run(cmd, env=env, capture_output=True, text=True)
                        if r.returncode:
                            sys.exit(r.stderr)
                        got[form].append(json.loads(r.stdout.strip().split("\n")[-1]))
                print(f"\n{level}, threads {n}: tokens/s by the clock, by CPU seconds")
                best = {}
                for form in forms[2:]:
                    if not np.allclose(got[form][0]["check"], got[forms[1]][0]["check"], rtol=1e-3):
                        sys.exit(f"{form}: other sums than {forms[1]}")
                for form in forms:
                    best[form] = [tokens / statistics.median(x[k] for x in got[form]) for k in ("seconds", "cpu")]
                    note = f"  {got[form][0]['level']}" + (f", peak {max(x['mb'] for x in got[form]):.0f} MB" if form == "ours" else "")
                    print(f"{form:20} {best[form][0]:8.0f} {best[form][1]:8.0f}{note}")
                print("ours / fastest torch " + " ".join(f"{best['ours'][k] / max(best[f][k] for f in forms[1:]):8.2f}" for k in (0, 1)), flush=True)


def main():
    if sys.argv[1:2] == ["torch"]:
        return torch_run(sys.argv[2], sys.argv[3], int(sys.argv[4]), sys.argv[5])
    top = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    sub = top.add_subparsers(dest="what", required=True)

    def numbers(s):
        return [int(x) for x in s.split(",")]

    p = sub.add_parser("forward")
    p.add_argument("models", nargs="+")
    p = sub.add_parser("means")
    p.add_argument("model")
    p.add_argument("text")
    p.add_argument("--tokenizer")
    p.add_argument("--documents", type=int, default=20)
    p.add_argument("--layers", type=numbers)
    p = sub.add_parser("speed")
    p.add_argument("model")
    p.add_argument("--windows", type=int, default=64 * 20)
    p.add_argument("--rounds", type=int, default=5)
    p.add_argument("--threads", type=numbers, default=[1, 2])
    p.add_argument("--levels", type=lambda s: s.split(","), default=["avx2", "full"])
    a = top.parse_args()
    if a.what == "forward":
        forward(a.models)
    elif a.what == "means":
        means(a.model, a.text, a.tokenizer or os.path.join(a.model, "tokenizer.json"), a.documents, a.layers)
    else:
        speed(a.model, a.windows, a.rounds, a.threads, a.levels)


if __name__ == "__main__":
    main()
