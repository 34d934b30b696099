"""Runs package tsne on MNIST, and the study, at each level of the kernels and
for each number of cores, and prints how long their phases take.

    go build -o RUN ./internal/peers/tsnerun
    go build -o STUDY ./examples/study
    python internal/peers/levels.py --run RUN --study STUDY --mnist mnist-70k.u8.gz \
        --levels avx512,avx2 --cores 1,2 --repeat 3

A level is lowered by GODEBUG, cores are GOMAXPROCS. Runs alternate, so that
noise of the machine meets all alike; seconds are medians by the clock, CPU-s
user and system time. "efficiency" is the time on one core over the number of
cores times the time on them. --n takes fewer rows of MNIST, --limit fewer
synsets; either program may be left out. Needs NumPy.
"""
import argparse
import gzip
import json
import os
import resource
import shutil
import statistics
import subprocess
import sys
import tempfile

import numpy as np

GODEBUG = {"amx": "", "avx512": "cpu.amxtile=off", "avx2": "cpu.avx512f=off", "go": "cpu.avx2=off"}


def run(cmd, level, cores):
    env = dict(os.environ, GODEBUG=GODEBUG[level], GOMAXPROCS=str(cores))
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    p = subprocess.run(cmd, env=env, capture_output=True, text=True)
    if p.returncode != 0:
        sys.exit(f"{cmd[0]}: {p.stderr[-2000:]}")
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return p.stdout, after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def tsne(args, folder, level, cores):
    out, _ = run([args.run, "-in", f"{folder}/x.npy", "-out", f"{folder}/y.npy"], level, cores)
    r = json.loads(out.strip().splitlines()[-1])
    return {"neighbors, P": r["near"], "start": r["total"] - r["near"] - r["steps"], "steps": r["steps"],
            "all": r["total"], "CPU-s": r["cpu"]}


def study(args, folder, level, cores):
    shutil.rmtree(f"{folder}/study", ignore_errors=True)  # a run goes on where one before it ended
    cmd = [args.study, "-out", f"{folder}/study"] + (["-limit", str(args.limit)] if args.limit else [])
    _, cpu = run(cmd, level, cores)
    with open(f"{folder}/study/run.json") as f:
        r = json.load(f)
    got = {}
    names = {"neighbors and affinities": "neighbors, P", "gradient": "steps"}
    for p in r["phases"]:
        name = p["name"].split(": ")[-1]  # without the layer
        name = names.get(name, name)
        got[name] = got.get(name, 0) + p["seconds"]
    got["all"], got["CPU-s"] = r["seconds"], cpu
    return got


def table(title, what, args, folder):
    pairs = [(level, cores) for level in args.levels.split(",") for cores in map(int, args.cores.split(","))]
    got = {p: [] for p in pairs}
    for _ in range(args.repeat):
        for p in pairs:
            got[p].append(what(args, folder, *p))
    med = {p: {k: statistics.median(r[k] for r in rs) for k in rs[0]} for p, rs in got.items()}
    names = list(med[pairs[0]])
    print(f"\n{title}\n\n| level | cores | " + " | ".join(names) + " | efficiency |")
    print("|---|---|" + "---|" * (len(names) + 1))
    for level, cores in pairs:
        m = med[level, cores]
        one = med.get((level, 1))
        eff = "" if one is None else f"{one['all'] / cores / m['all']:.2f}"
        print(f"| {level} | {cores} | " + " | ".join(f"{m[k]:.2f}" for k in names) + f" | {eff} |", flush=True)


def main():
    a = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    a.add_argument("--run", help="the program built from internal/peers/tsnerun")
    a.add_argument("--study", help="the program built from examples/study")
    a.add_argument("--mnist", help="mnist-70k.u8.gz")
    a.add_argument("--n", type=int, default=70000)
    a.add_argument("--limit", type=int, default=0)
    a.add_argument("--levels", default="avx512,avx2", help="of amx, avx512, avx2, go")
    a.add_argument("--cores", default="1,2")
    a.add_argument("--repeat", type=int, default=1)
    args = a.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        if args.run:
            with gzip.open(args.mnist) as f:
                b = f.read(args.n * 784)
            x = np.frombuffer(b, np.uint8).reshape(-1, 784).astype(np.float32) / np.float32(255)
            np.save(f"{folder}/x.npy", x)
            table(f"MNIST, {args.n} rows, seconds", tsne, args, folder)
        if args.study:
            table("The study, seconds", study, args, folder)


if __name__ == "__main__":
    main()
