"""Package amap beside torch. Needs torch, numpy and safetensors; torch from 1.13
on. Run it from anywhere; Go must be on the path.

usage: amap.py make OUT.pickle
           write a map of the size of Pythia-70m's (2.47 GB, synthetic), in
           SYSIF's format; takes some 6 GB of memory
       amap.py bench MAP.pickle [ROUNDS]
           opening, gathering, averaging, statistics and peak memory, torch and
           Go by turns on the same file; prints medians and ratios
       amap.py verify FILE.pickle...
           write each map, or file of token counts, with Go: torch, safetensors
           and numpy must load equal values, and the pickle must equal torch's
           own byte for byte when that numbers its storages from 0

torch uses two threads, as the machine has cores; set TORCH_THREADS for others.
"""

import io
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
import warnings

import numpy
import torch

warnings.filterwarnings("ignore")
ROOT = pathlib.Path(__file__).resolve().parents[2]
torch.set_num_threads(int(os.environ.get("TORCH_THREADS", "2")))
ROWS = 30000


def make(path):
    g = torch.Generator().manual_seed(0)
    maps = {}
    for mode in ("input", "output"):
        maps[mode] = []
        for _ in range(6):
            t = torch.empty((50293, 2048), dtype=torch.float16)
            for i in range(0, len(t), 2000):
                x = torch.randn((len(t[i : i + 2000]), 2048), generator=g)
                t[i : i + 2000] = torch.nn.functional.gelu(x - 1).half()
            t[::17] = 0
            t[:, 3] = 0
            maps[mode].append(t)
    with open(path, "wb") as f:
        pickle.dump(maps, f, protocol=pickle.HIGHEST_PROTOCOL)


def go_tool(dir):
    """The test binary, whose benchmarks are the Go side, and the program."""
    test, prog = os.path.join(dir, "amap.test"), os.path.join(dir, "amap")
    subprocess.run(["go", "test", "-c", "-o", test, "./amap"], cwd=ROOT, check=True)
    subprocess.run(["go", "build", "-o", prog, "./examples/amap"], cwd=ROOT, check=True)
    return test, prog


def peak(args, **kw):
    """Run a command: its output, its own peak resident memory in MB, and its CPU
    seconds."""
    code = "import os,sys\npid=os.fork()\nif pid==0: os.execvp(sys.argv[1],sys.argv[1:])\n_,st,ru=os.wait4(pid,0)\nprint('PEAK',ru.ru_maxrss,ru.ru_utime+ru.ru_stime)\nsys.exit(st!=0)"
    r = subprocess.run([sys.executable, "-c", code] + args, capture_output=True, text=True, **kw)
    if r.returncode:
        sys.exit(r.stdout + r.stderr)
    mb, cpu = re.search(r"PEAK (\d+) ([\d.]+)", r.stdout).groups()
    return r.stdout, int(mb) / 1024, float(cpu)


def go_bench(test, path, pattern, n):
    """Seconds and CPU seconds of one operation, and peak memory. What a process
    does once, such as the first touch of its memory, is taken off the CPU
    seconds by a run with one operation."""

    def once(times):
        return peak(
            [test, "-test.run", "^$", "-test.bench", pattern, "-test.benchtime", f"{times}x"],
            cwd=ROOT / "amap",
            env=dict(os.environ, SEMAMAP_AMAP=os.path.abspath(path)),
        )

    _, mb, first = once(1)
    out, _, cpu = once(n + 1)
    return float(re.search(r"(\d[\d.]*) ns/op", out)[1]) / 1e9, max(cpu - first, 0) / n, mb


def timed(f):
    """Seconds, CPU seconds, and the result."""
    t, c = time.perf_counter(), time.process_time()
    r = f()
    return time.perf_counter() - t, time.process_time() - c, r


def unit_stats(x):
    """The statistics of one layer as a torch user computes them: one conversion,
    then a reduction for each."""
    x = x.float()
    hi, lo = x.max(0), x.min(0)
    return x.mean(0), x.var(0, unbiased=False), hi.values, hi.indices, lo.values, lo.indices, (x != 0).sum(0)


def unit_stats_blocked(x, rows=1024):
    """The same by blocks of rows that stay in the cache."""
    n, s, q, nz = len(x), 0, 0, 0
    hi = lo = None
    for i in range(0, n, rows):
        b = x[i : i + rows].float()
        s, q, nz = s + b.sum(0, dtype=torch.float64), q + (b * b).sum(0, dtype=torch.float64), nz + (b != 0).sum(0)
        h, l = b.max(0), b.min(0)
        if hi is None:
            hi, hx, lo, lx = h.values, h.indices, l.values, l.indices
        else:
            m = h.values > hi
            hi, hx = torch.where(m, h.values, hi), torch.where(m, h.indices + i, hx)
            m = l.values < lo
            lo, lx = torch.where(m, l.values, lo), torch.where(m, l.indices + i, lx)
    return s / n, q / n - (s / n) ** 2, hi, hx, lo, lx, nz


def torch_side(path):
    """One round, in a process of its own; prints seconds as JSON."""
    out = {}

    def take(name, f, n=1):
        r = [timed(f) for _ in range(n)]
        out[name] = [statistics.median(x[i] for x in r) for i in (0, 1)]
        return r[-1][2]

    with open(path, "rb") as f:
        m = take("open", lambda: pickle.load(f))
    l = m["input"][0]
    ids = torch.randint(0, len(l), (ROWS,), generator=torch.Generator().manual_seed(1))
    take("gather", lambda: l[ids].float(), 5)
    take("mean", lambda: l[ids].float().mean(0), 5)

    def every(f):
        for mode in m.values():
            for t in mode:
                f(t)

    fastest = min((unit_stats, unit_stats_blocked), key=lambda f: timed(lambda: f(l))[1])
    take("stats", lambda: every(fastest))
    print(json.dumps(out))


def torch_mean(path):
    with open(path, "rb") as f:
        m = pickle.load(f)
    l = m["input"][0]
    ids = torch.randint(0, len(l), (ROWS,), generator=torch.Generator().manual_seed(1))
    l[ids].float().mean(0)


def bench(path, rounds=3):
    me = [sys.executable, os.path.abspath(__file__)]
    with tempfile.TemporaryDirectory() as dir:
        test, _ = go_tool(dir)
        go = {
            "open": "Open/mmap=true$",
            "gather": "Gather/mmap=true$",
            "gather (ReadAt)": "Gather/mmap=false$",
            "mean": "Mean/mmap=true$",
            "mean (ReadAt)": "Mean/mmap=false$",
            "stats": "Stats/mmap=true$",
        }
        t, g, mem = {}, {}, {"torch": [], "mmap": [], "ReadAt": []}
        for _ in range(rounds):
            for k, v in json.loads(peak(me + ["torch-side", path])[0].splitlines()[0]).items():
                t.setdefault(k, []).append(v)
            for k, pattern in go.items():
                s, cpu, mb = go_bench(test, path, pattern, {"open": 200, "stats": 1}.get(k, 10))
                g.setdefault(k, []).append((s, cpu))
                if k.startswith("mean"):
                    mem["ReadAt" if "ReadAt" in k else "mmap"].append(mb)
            mem["torch"].append(peak(me + ["torch-mean", path])[1])
    base = peak(me + ["import-only"])[1]
    print(f"torch {torch.__version__}, {torch.get_num_threads()} threads, {rounds} rounds by turns, medians")
    print("CPU seconds are those of all threads; on a machine with other work they are the ones to compare")
    print(f"{'':18}{'torch, s':>10}{'CPU s':>10}{'Go, s':>12}{'CPU s':>10}{'times':>9}{'by CPU':>9}")
    for k in go:
        a, ac = (statistics.median(x[i] for x in t[k.split(" (")[0]]) for i in (0, 1))
        b, bc = (statistics.median(x[i] for x in g[k]) for i in (0, 1))
        print(f"{k:18}{a:10.3f}{ac:10.3f}{b:12.6f}{bc:10.5f}{a / b:9.1f}{ac / max(bc, 1e-6):9.1f}")
    a = statistics.median(mem["torch"])
    for k in ("mmap", "ReadAt"):
        b = statistics.median(mem[k])
        print(f"{'peak MB, ' + k:18}{a:10.0f}{'':10}{b:12.1f}{'':10}{a / b:9.1f}")
    print(f"(peak of open and mean; importing torch alone takes {base:.0f} MB)")


class Numbered(pickle.Pickler):
    """Pickles tensors as torch does, but numbers the storages from 0."""

    n = 0

    def reducer_override(self, obj):
        if isinstance(obj, torch.storage.TypedStorage) if hasattr(torch.storage, "TypedStorage") else False:
            b = io.BytesIO()
            torch.save(obj, b, _use_new_zipfile_serialization=False)
            b = b.getvalue()
            key = re.search(rb"Storage\nq\x01X.\0\0\0(\d+)q", b, re.S)[1]
            old, new = (bytes([len(k)]) + b"\0\0\0" + k for k in (key, str(self.n).encode()))
            self.n += 1
            return torch.storage._load_from_bytes, (b[:1000].replace(old, new) + b[1000:],)
        return NotImplemented


def same(a, b):
    if isinstance(a, dict):
        return list(a) == list(b) and all(same(a[k], b[k]) for k in a)
    if isinstance(a, list):
        return len(a) == len(b) and all(map(same, a, b))
    # Bits, because NaN is not equal to itself.
    return (
        a.dtype == b.dtype and a.shape == b.shape and a.stride() == b.stride()
        and a.contiguous().numpy().tobytes() == b.contiguous().numpy().tobytes()
        if a.dtype != torch.bfloat16
        else a.dtype == b.dtype and a.stride() == b.stride() and torch.equal(a.view(torch.int16), b.view(torch.int16))
    )


def verify(paths):
    from safetensors.torch import load_file

    failed = 0
    with tempfile.TemporaryDirectory() as dir:
        _, prog = go_tool(dir)
        at = lambda name: os.path.join(dir, name)
        for path in paths:
            with open(path, "rb") as f:
                m = pickle.load(f)
            buf = io.BytesIO()
            Numbered(buf, protocol=pickle.HIGHEST_PROTOCOL).dump(m)
            counts = all(torch.is_tensor(v) for v in m.values())
            bad = []
            if counts:
                # The program writes counts beside a map: any map will do.
                mode = next(iter(m))
                with open(at("any.npy"), "wb") as f:
                    numpy.save(f, numpy.zeros((len(m[mode]), 1), dtype="<f4"))
                subprocess.run([prog, "convert", at("any.npy"), "-counts", path, "-o", at("any.pickle"), "-counts-out", at("out.pickle")], check=True)
            else:
                subprocess.run([prog, "convert", path, "-o", at("out.pickle")], check=True)
            with open(at("out.pickle"), "rb") as f:
                ours = f.read()
            if ours != buf.getvalue():
                bad.append("pickle is not byte for byte torch's")
            if not same(m, pickle.loads(ours)):
                bad.append("pickle has other values")
            if not counts:
                subprocess.run([prog, "convert", path, "-o", at("out.safetensors")], check=True)
                s = load_file(at("out.safetensors"))
                for mode, layers in m.items():
                    # By number: units × tokens; in a list: tokens × units.
                    items = [(n, t.t()) for n, t in layers.items()] if isinstance(layers, dict) else list(enumerate(layers))
                    for n, t in items:
                        if not same(t.contiguous(), s[f"{mode}/{n}"]):
                            bad.append(f"safetensors: {mode}/{n} differs")
                        if t.dtype == torch.bfloat16 or t.numel() == 0:
                            continue
                        subprocess.run([prog, "convert", path, "-o", at("out.npy"), "-mode", mode, "-layer", str(n)], check=True)
                        if numpy.load(at("out.npy")).tobytes() != t.contiguous().numpy().tobytes():
                            bad.append(f".npy: {mode} {n} differs")
            print("FAILED" if bad else "ok", path, *bad)
            failed += bool(bad)
    return failed


if __name__ == "__main__":
    cmd, args = (sys.argv[1], sys.argv[2:]) if len(sys.argv) > 1 else ("", [])
    if cmd == "make" and len(args) == 1:
        make(args[0])
    elif cmd == "bench" and args:
        bench(args[0], *map(int, args[1:]))
    elif cmd == "verify" and args:
        sys.exit(verify(args) > 0)
    elif cmd == "torch-side":
        torch_side(args[0])
    elif cmd == "torch-mean":
        torch_mean(args[0])
    elif cmd != "import-only":
        sys.exit(__doc__)
