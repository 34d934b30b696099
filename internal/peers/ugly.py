"""Nearest neighbors and maps of ugly data: ours, scikit-learn, SciPy and openTSNE
on the same data in one run, as Markdown tables.

    go build -o KNN ./internal/peers/knnrun
    go build -o TSNE ./internal/peers/tsnerun
    python internal/peers/ugly.py --knn KNN --tsne TSNE
    python internal/peers/ugly.py --knn KNN --search clean,cell,log --n 5000
    python internal/peers/ugly.py --tsne TSNE --maps file --file X.npy --out Y.npy

--search and --maps choose data sets by name; "" leaves a table out, "file" is
the .npy file of --file, float32 or float64. Every tool gets the file and reads
it itself: we as it is, scikit-learn and SciPy as NumPy loads it. --out keeps our
last map. One run of a tool is one process, runs of the tools alternate, and
CPU-s is user and system time without reading and writing, the median of
--repeat runs.

Search: exact neighbors, --k of them. "right" is the share of the true ones, in
float64 on the data as given, over 300 rows; any of several rows at one distance
is right.
Maps: default settings of each tool, perplexity 30. knn10 is the share of the 10
nearest neighbors that the map keeps, of the distinct rows among themselves, in
float64 on the data as given.
Needs NumPy, SciPy, scikit-learn, openTSNE.
"""
import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time

import numpy as np


def clean(r, n, d=50):
    return r.standard_normal((n, d))


def with_cell(v):
    def make(r, n):
        x = clean(r, n)
        x[n // 3, 7] = v
        return x
    return make


def rows_times(m, f):
    def make(r, n):
        x = clean(r, n)
        x[r.choice(n, m(n), replace=False)] *= f
        return x
    return make


def log_column(r, n):
    x = clean(r, n)
    x[:, 3] = np.exp(3 * x[:, 3])
    return x


def cells(share, v):
    def make(r, n):
        x = clean(r, n)
        x[r.random(x.shape) < share] = v
        return x
    return make


def flags(m):
    def make(r, n):
        x = clean(r, n)
        x[:, :m] = 1e4 * r.integers(0, 2, (n, m))
        return x
    return make


def classes(r, n):
    x = clean(r, n)
    x[:, :10] = 1e4 * np.eye(10)[r.integers(0, 10, n)]
    return x


def lump(r, n):
    x = clean(r, n)
    x[r.choice(n, n // 2, replace=False)] += 1e4
    return x


def constant_column(r, n):
    x = clean(r, n)
    x[:, 3] = 1e8
    return x


def cauchy(r, n):
    return clean(r, n) * np.abs(r.standard_cauchy((n, 1)))


def scales(r, n):
    x = clean(r, n)
    x[:, ::2] *= 1e4
    return x


def columns(d):
    return lambda r, n: r.standard_normal((10 * n, d))


def grid(d, levels):
    return lambda r, n: r.integers(0, levels, (10 * n, d)) * 0.1


def line(d):
    return lambda r, n: r.random((10 * n, 1)) * np.arange(1, d + 1)


# name: (title, maker of a number of rows, which few columns have ten times of)
SEARCH = {
    "clean": ("normal, 50 columns", clean),
    "cell": ("one cell 1e10", with_cell(1e10)),
    "cell30": ("one cell 1e30", with_cell(1e30)),
    "rows": ("20 rows × 1e4", rows_times(lambda n: 20, 1e4)),
    "rows6": ("5 rows × 1e6", rows_times(lambda n: 5, 1e6)),
    "percent": ("1 % of the rows × 1e4", rows_times(lambda n: n // 100, 1e4)),
    "half": ("half of the rows × 100", rows_times(lambda n: n // 2, 100)),
    "log": ("a log-normal column (σ = 3)", log_column),
    "missing": ("1 % of the cells −9999", cells(0.01, -9999)),
    "missing3": ("3 % of the cells −9999", cells(0.03, -9999)),
    "sparse": ("0.1 % of the cells 1e8", cells(0.001, 1e8)),
    "missing1": ("0.1 % of the cells −9999", cells(0.001, -9999)),
    "missing5": ("5 % of the cells −9999", cells(0.05, -9999)),
    "missing20": ("20 % of the cells −9999", cells(0.2, -9999)),
    "cells30": ("1 % of the cells 1e30", cells(0.01, 1e30)),
    "flags": ("five flags × 1e4", flags(5)),
    "classes": ("one of ten columns 1e4", classes),
    "lump": ("half of the rows + 1e4", lump),
    "constant": ("a column 1e8", constant_column),
    "cauchy": ("lengths by Cauchy's law", cauchy),
    "scales": ("every other column × 1e4", scales),
    "wide": ("n/10 rows of 20,000", lambda r, n: r.standard_normal((n // 10, 20_000), np.float32)),
    "d1": ("10 n × 1", columns(1)),
    "d2": ("10 n × 2", columns(2)),
    "d3": ("10 n × 3", columns(3)),
    "d4": ("10 n × 4", columns(4)),
    "d5": ("10 n × 5", columns(5)),
    "d6": ("10 n × 6", columns(6)),
    "d8": ("10 n × 8", columns(8)),
    "grid2": ("10 n × 2, a grid of 1,000 × 1,000", grid(2, 1000)),
    "grid3": ("10 n × 3, a grid of 100 × 100 × 100", grid(3, 100)),
    "line3": ("10 n × 3, on a line", line(3)),
    "copies2": ("10 n × 2, each row ten times", lambda r, n: np.repeat(r.standard_normal((n, 2)), 10, axis=0)),
}
FEW = 16  # columns, at most, for which trees are tried
MOST = 50_000  # rows, at most, that are searched by brute force


def groups(r, n=1500, d=20):
    c = 3 * r.standard_normal((5, d))
    return c[np.arange(n) % 5] + 3 * r.standard_normal((n, d))


def with_zeros(m):
    return lambda r, n: np.vstack([groups(r), np.zeros((m, 20))])


def heavy(r, n):
    x = groups(r)
    return np.repeat(x, np.minimum(54, np.ceil(r.pareto(1.2, len(x)))).astype(int).clip(1), axis=0)


def seconds(r, n):
    x = groups(r)
    x[:, :5] = 1.7e9 + np.round(86400 * x[:, :5])
    x[:, 5:] *= 86400
    return x


def spoiled(f):
    def make(r, n):
        x = groups(r)
        f(r, x)
        return x
    return make


def set_cell(r, x):
    x[7, 3] = 1e10


def set_missing(r, x):
    x[r.random(x.shape) < 0.01] = -9999


def set_rows(r, x):
    x[::75] *= 1e4


MAPS = {
    "clean": ("1,500 rows in five groups, 20 columns", lambda r, n: groups(r)),
    "zeros150": ("and 150 rows of zeros", with_zeros(150)),
    "zeros500": ("and 500 rows of zeros", with_zeros(500)),
    "zeros1500": ("and 1,500 rows of zeros", with_zeros(1500)),
    "times20": ("each row 20 times", lambda r, n: np.repeat(groups(r), 20, axis=0)),
    "heavy": ("copies of heavy tails, at most 54", heavy),
    "cell": ("one cell 1e10", spoiled(set_cell)),
    "rows": ("20 rows × 1e4", spoiled(set_rows)),
    "missing": ("1 % of the cells −9999", spoiled(set_missing)),
    "seconds": ("five columns of Unix times", seconds),
    "few": ("10,000 × 2", lambda r, n: r.standard_normal((10_000, 2))),
    "wide": ("1,000 rows of 20,000", lambda r, n: r.standard_normal((1000, 8)) @ r.standard_normal((8, 20_000)) + r.standard_normal((1000, 20_000))),
}


def child(tool, data, out, k):
    x = np.load(data)
    t0, c0 = time.perf_counter(), time.process_time()
    if tool == "SciPy cKDTree":
        from scipy.spatial import cKDTree
        y = cKDTree(x).query(x, k + 1, workers=-1)[1]
    elif tool.startswith("scikit-learn "):
        from sklearn.neighbors import NearestNeighbors
        y = NearestNeighbors(n_neighbors=k, algorithm=tool.split()[1], n_jobs=-1).fit(x).kneighbors(return_distance=False)
    elif tool == "scikit-learn":
        from sklearn.manifold import TSNE
        y = TSNE(random_state=0, n_jobs=-1).fit_transform(x)
    else:
        from openTSNE import TSNE
        y = np.asarray(TSNE(random_state=0, n_jobs=-1).fit(x))
    print(json.dumps({"cpu": time.process_time() - c0, "s": time.perf_counter() - t0}))
    np.save(out, y)


def run(tool, args, data, out, maps):
    if tool == "ours" and maps:
        cmd = [args.tsne, "-in", data, "-out", out]
    elif tool == "ours":
        cmd = [args.knn, "-in", data, "-out", out, "-k", str(args.k)]
    else:
        cmd = [sys.executable, __file__, "--child", tool, "--file", data, "--out", out, "--k", str(args.k)]
    p = subprocess.run(cmd, capture_output=True, text=True)
    if p.returncode != 0:
        print(f"{tool}: {p.stderr.strip().splitlines()[-1]}", file=sys.stderr)
        return float("nan")
    last = p.stdout.strip().splitlines()[-1]
    return float(last.split()[1]) if tool == "ours" and not maps else json.loads(last)["cpu"]


def squares(a, b):
    """Squared distances by differences: no cancellation."""
    return np.stack([((b - x) ** 2).sum(1) for x in a])


def right(x, near, k):
    """The share of near that is among the k nearest, of some rows."""
    some = np.random.default_rng(0).choice(len(x), min(300, len(x)), replace=False)
    x = x.astype(np.float64)
    x -= np.median(x, axis=0)
    hits = 0.0
    for i in some:
        d2 = squares(x[i:i + 1], x)[0]
        d2[i] = np.inf
        got = near[i][near[i] != i][:k]
        hits += np.mean(d2[got] <= np.partition(d2, k - 1)[k - 1] * (1 + 1e-9))
    return hits / len(some)


def knn10(x, y):
    """Of the distinct rows of x, the share of the 10 nearest kept in y."""
    x, first = np.unique(x.astype(np.float64), axis=0, return_index=True)
    y = y[first].astype(np.float64)
    x = x - np.median(x, axis=0)
    share = 0.0
    for i in range(0, len(x), max(1, len(x) // 2000)):
        a, b = squares(x[i:i + 1], x)[0], squares(y[i:i + 1], y)[0]
        a[i] = b[i] = np.inf
        share += np.mean(a[np.argsort(b, kind="stable")[:10]] <= np.partition(a, 9)[9])
    return share / len(range(0, len(x), max(1, len(x) // 2000)))


def table(args, sets, names, tools, score, head, maps, folder):
    print(f"| data | {' | '.join(f'{t}: {head}, CPU-s' for t in tools)} |")
    print("|---" * (len(tools) + 1) + "|")
    for name in names:
        if name == "file":
            title, data = os.path.basename(args.file), args.file
        else:
            title, make = sets[name]
            data = f"{folder}/x.npy"
            x = make(np.random.default_rng(1), args.n)
            np.save(data, x if maps else x.astype(np.float32))
        x = np.load(data)
        cpu, got = {t: [] for t in tools}, {}
        for _ in range(args.repeat):
            for t in tools:
                out = args.out if maps and t == "ours" and args.out else f"{folder}/out.npy"
                if "tree" in t.lower() and x.shape[1] > FEW or t.endswith("brute") and len(x) > MOST:
                    continue
                cpu[t].append(run(t, args, data, out, maps))
                if t not in got and cpu[t][-1] == cpu[t][-1]:
                    got[t] = score(x, np.load(out))
        cell = [f"{got[t]:.3f}, {statistics.median(cpu[t]):.2f}" if t in got else "–" for t in tools]
        print(f"| {title} | {' | '.join(cell)} |", flush=True)
    print()


def main():
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("--knn", help="the built knnrun")
    p.add_argument("--tsne", help="the built tsnerun")
    p.add_argument("--search", default=",".join(SEARCH))
    p.add_argument("--maps", default=",".join(MAPS))
    p.add_argument("--n", type=int, default=20_000, help="rows of the sets that are searched")
    p.add_argument("--k", type=int, default=90)
    p.add_argument("--repeat", type=int, default=1)
    p.add_argument("--file", help=".npy file of the data set \"file\"")
    p.add_argument("--out", help="where our map is kept")
    p.add_argument("--tools", help="those to run, of either table")
    p.add_argument("--child", help=argparse.SUPPRESS)
    a = p.parse_args()
    if a.child:
        return child(a.child, a.file, a.out, a.k)
    want = a.tools.split(",") if a.tools else None
    some = lambda tools: [t for t in tools if not want or t in want]
    with tempfile.TemporaryDirectory() as folder:
        if a.knn and a.search:
            tools = ["ours", "scikit-learn brute", "SciPy cKDTree", "scikit-learn kd_tree"]
            table(a, SEARCH, a.search.split(","), some(tools), lambda x, y: right(x, y, a.k), "right", False, folder)
        if a.tsne and a.maps:
            table(a, MAPS, a.maps.split(","), some(["ours", "scikit-learn", "openTSNE"]), knn10, "knn10", True, folder)


if __name__ == "__main__":
    main()
