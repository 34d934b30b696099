"""Exact nearest neighbors: package tsne/knn against NumPy, on the same data
in one run.

    go build -o RUN ./internal/peers/knnrun
    python internal/peers/knn.py --run RUN --n 20000 --d 2048 --k 90 --repeat 3
    python internal/peers/knn.py --run RUN --mnist mnist-70k.u8.gz --n 10000

NumPy takes blocks of 1,000 rows: one float32 product with all rows by BLAS,
squared lengths added, argpartition for the k smallest, then a sort of those:
what one writes by hand, on data that are centered. The runs alternate, so that
noise of the machine meets both alike; the ratio is that of the medians.
Reading and writing files is not counted. The lists are compared as sets: ours
are exact, NumPy's may swap rows that float32 cannot tell apart. Which BLAS
kernel ran is printed when threadpoolctl is there. Environment variables that
force a kernel (OPENBLAS_CORETYPE, OPENBLAS_L2_SIZE) should be unset, so that
BLAS chooses the best for the machine.
"""
import argparse
import gzip
import os
import subprocess
import tempfile
import time

import numpy as np


def peer(x, k):
    n = len(x)
    length = np.einsum("ij,ij->i", x, x)
    out = np.empty((n, k), np.int32)
    for lo in range(0, n, 1000):
        hi = min(lo + 1000, n)
        d2 = x[lo:hi] @ x.T
        d2 *= -2
        d2 += length
        d2[np.arange(hi - lo), np.arange(lo, hi)] = np.inf
        near = np.argpartition(d2, k - 1, axis=1)[:, :k]
        order = np.argsort(np.take_along_axis(d2, near, 1), axis=1, kind="stable")
        out[lo:hi] = np.take_along_axis(near, order, 1)
    return out


def main():
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("--run", required=True, help="the built knnrun")
    p.add_argument("--n", type=int, default=20000)
    p.add_argument("--d", type=int, default=2048)
    p.add_argument("--k", type=int, default=90)
    p.add_argument("--repeat", type=int, default=3)
    p.add_argument("--mnist", help="mnist-70k.u8.gz instead of normal rows")
    p.add_argument("--threads", type=int, default=0, help="of ours; 0 means all cores")
    a = p.parse_args()
    if a.mnist:
        with gzip.open(a.mnist) as f:
            x = np.frombuffer(f.read(a.n * 784), np.uint8).reshape(a.n, 784).astype(np.float32) / 255
    else:
        x = np.random.default_rng(1).standard_normal((a.n, a.d), np.float32)
    try:
        from threadpoolctl import threadpool_info
        for i in threadpool_info():
            print("BLAS:", i.get("internal_api"), i.get("version"), i.get("architecture"), i.get("num_threads"), "threads")
    except ImportError:
        pass
    for name in ("OPENBLAS_CORETYPE", "OPENBLAS_L2_SIZE"):
        if name in os.environ:
            print("warning:", name, "is set")
    ours, theirs = [], []
    with tempfile.TemporaryDirectory() as tmp:
        data, lists = os.path.join(tmp, "x.npy"), os.path.join(tmp, "i.npy")
        np.save(data, x)
        x = x - x.mean(axis=0, dtype=np.float64).astype(np.float32)
        for _ in range(a.repeat):
            line = subprocess.run([a.run, "-in", data, "-out", lists, "-k", str(a.k), "-workers", str(a.threads)],
                                  check=True, capture_output=True, text=True).stdout.strip()
            ours.append(float(line.split()[0]))
            start = time.perf_counter()
            near = peer(x, a.k)
            theirs.append(time.perf_counter() - start)
            print(f"ours {line.split(' ', 1)[1]}: {ours[-1]:.2f} s, NumPy {np.__version__}: {theirs[-1]:.2f} s")
        mine = np.load(lists)
    same = np.mean([len(np.intersect1d(p, q)) / a.k for p, q in zip(mine, near)])
    print(f"n={len(x)} d={x.shape[1]} k={a.k}: ratio {np.median(theirs) / np.median(ours):.2f}, shared neighbors {same:.6f}")


if __name__ == "__main__":
    main()
