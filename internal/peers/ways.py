"""Exact nearest neighbors of sparse rows, of given distances and by other
metrics: package tsne/knn against scikit-learn's brute force, in one run.

    go build -o RUN ./internal/peers/knnrun
    python internal/peers/ways.py --run RUN [--only sparse|distances|metrics|func]

The runs alternate; the figures are seconds of processors (user and system) of
the search alone, so that other work on the machine matters little. Lists are
compared as sets.
"""
import argparse
import os
import resource
import subprocess
import tempfile
import warnings

import numpy as np
import scipy.sparse as sp
from sklearn.metrics import pairwise_distances
from sklearn.neighbors import NearestNeighbors

METRICS = ["euclidean", "cosine", "correlation", "manhattan", "chebyshev", "hamming", "jaccard"]
warnings.filterwarnings("ignore")


def cpu():
    u = resource.getrusage(resource.RUSAGE_SELF)
    return u.ru_utime + u.ru_stime


def uniform(n, d, per, rng):
    index = np.concatenate([rng.choice(d, per, replace=False) for _ in range(n)]).astype(np.int32)
    x = sp.csr_matrix((rng.random(n * per, np.float32) + 0.1, index, np.arange(0, n * per + 1, per, dtype=np.int32)), shape=(n, d))
    x.sort_indices()
    return x


def words(n, d, per, rng):
    """Rows of word counts by a Zipf law, weighted as tf-idf."""
    p = 1 / np.arange(1, d + 1)
    p /= p.sum()
    rows = sp.vstack([sp.csr_matrix((np.ones(2 * per, np.float32), rng.choice(d, 2 * per, p=p).astype(np.int32), [0, 2 * per]), shape=(1, d)) for _ in range(n)]).tocsr()
    rows.sum_duplicates()
    df = np.bincount(rows.indices, minlength=d)
    rows.data = (rows.data * (np.log((1 + n) / (1 + df)) + 1)[rows.indices]).astype(np.float32)
    return rows


def function(a, b):
    return np.abs(a - b).sum()


def compare(name, x, k, metric, a, distances=False, func=False):
    ours, theirs = [], []
    with tempfile.TemporaryDirectory() as tmp:
        f = [os.path.join(tmp, s + ".npy") for s in ("x", "i", "p", "o")]
        args = [a.run, "-in", f[0], "-out", f[3], "-k", str(k), "-metric", str(METRICS.index(metric))]
        if sp.issparse(x):
            np.save(f[0], x.data.astype(np.float32))
            np.save(f[1], x.indices.astype(np.int64))
            np.save(f[2], x.indptr.astype(np.int64))
            args += ["-csr", f"{x.shape[1]},{f[1]},{f[2]}"]
        else:
            np.save(f[0], x.astype(np.float32))
        if distances:
            args += ["-distances"]
        if func:
            args += ["-metric", "0", "-func"]
        for _ in range(a.repeat):
            line = subprocess.run(args, check=True, capture_output=True, text=True).stdout.split()
            ours.append(float(line[1]))
            t = cpu()
            y = x.astype(bool) if metric == "jaccard" and not sp.issparse(x) else x
            nn = NearestNeighbors(n_neighbors=k, algorithm="brute", metric="precomputed" if distances else function if func else metric).fit(y)
            near = nn.kneighbors(return_distance=False)
            theirs.append(cpu() - t)
        mine = np.load(f[3])
    same = np.mean([len(np.intersect1d(p, q)) / k for p, q in zip(mine, near)])
    print(f"{name:40s} ours {np.median(ours):8.3f}  scikit-learn {np.median(theirs):8.3f}  ratio {np.median(theirs) / np.median(ours):6.2f}  shared {same:.5f}", flush=True)


def main():
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("--run", required=True, help="the built knnrun")
    p.add_argument("--repeat", type=int, default=3)
    p.add_argument("--only", default="sparse distances metrics func")
    p.add_argument("--large", action="store_true", help="20,000 sparse rows, too")
    a = p.parse_args()
    rng = np.random.default_rng(1)
    k = 90
    if "sparse" in a.only:
        for n, d in [(2000, 20000), (5000, 50000)] + [(20000, 20000), (20000, 200000)] * a.large:
            for metric in ("euclidean", "cosine"):
                compare(f"uniform {n}×{d}, 60 a row, {metric}", uniform(n, d, 60, rng), k, metric, a)
                compare(f"words {n}×{d}, {metric}", words(n, d, 60, rng), k, metric, a)
        compare("words 2000×20000, manhattan", words(2000, 20000, 60, rng), k, "manhattan", a)
    if "distances" in a.only:
        for n in (2000, 6000):
            x = rng.standard_normal((n, 20))
            compare(f"distances {n}", pairwise_distances(x), k, "euclidean", a, True)
    if "func" in a.only:
        for d in (4, 50, 784):
            x = rng.standard_normal((500, d)).astype(np.float32)
            compare(f"function 500×{d}, manhattan", x, k, "manhattan", a, func=True)
    if "metrics" in a.only:
        for n, d in [(4000, 20), (4000, 50), (2000, 784)]:
            x = rng.standard_normal((n, d)).astype(np.float32)
            for metric in ("manhattan", "chebyshev"):
                compare(f"normal {n}×{d}, {metric}", x, k, metric, a)
            compare(f"0…9 {n}×{d}, hamming", rng.integers(0, 10, (n, d)).astype(np.float32), k, "hamming", a)
            compare(f"numbers {n}×{d}, hamming", np.round(x * 100), k, "hamming", a)
            compare(f"bits {n}×{d}, jaccard", (x > 0.8).astype(np.float32), k, "jaccard", a)


if __name__ == "__main__":
    main()
