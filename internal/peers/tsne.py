"""Runs package tsne and its peers in turn on the same data, from the same
start, and prints how they compare.

    go build -o RUN ./internal/peers/tsnerun
    python internal/peers/tsne.py --run RUN --mnist mnist-70k.u8.gz --n 10000 \
        --tools ours,sklearn,sklearnex,sklearnex-fine,opentsne-fft,opentsne-bh --repeat 3
    python internal/peers/tsne.py --run RUN --lemma --tools ours,opentsne-fft

The data are the first N rows of MNIST as pixel/255 (see the README of the
large test data), or with --lemma the synthetic workload that RUN writes. Every
tool gets float32 rows in memory, scikit-learn's PCA start divided by the
standard deviation of its first column and times 1e-4, perplexity 30, 250
steps at exaggeration 12 and 500 plain ones, --threads threads, and its own
automatic learning rate. Tools:

    ours            package tsne, default settings
    sklearn         scikit-learn, tree 0.5
    sklearnex       scikit-learn-intelex (oneDAL), its default angle 0.5, which
                    opens a cell by half its width: 1.0 elsewhere
    sklearnex-fine  the same with angle 0.25, so 0.5 elsewhere
    opentsne-fft    openTSNE, its default neighbors, interpolation
    opentsne-bh     openTSNE, its default neighbors, tree 0.5
    opentsne-exact  openTSNE, exact neighbors, interpolation
    manifolds       manifolds-rs, its nndescent and fft_3k, its own PCA start
    h2pack          tsne-h2pack, exact neighbors (its other searches need
                    further packages), random start: it takes no other

GODEBUG=cpu.avx512f=off lowers the level of our kernels alone; peers keep
theirs. The line before the table names the level.

One run is one process; runs alternate, so that noise of the machine meets all
tools alike. Seconds: "near" neighbors and P, "steps" the gradient phase,
"total" both and what lies between; reading and writing files is not counted.
CPU-s is user and system time of the steps and of all: on a machine with other
work it is the steadier figure. MB is the peak of the whole process, the data
included. All are medians; ratios are over ours, by the clock and by CPU time.

Quality is computed here, alike for all, from the definitions: KL with exact
neighbors, exact P and the normalization over all pairs; knn10, the share of
the 10 nearest neighbors kept, of 5,000 sampled rows against all; trust10,
scikit-learn's trustworthiness on a sample of 5,000 rows by themselves.
--quality 0 leaves it out. --keep FOLDER keeps data, P and maps between calls.
Needs NumPy, SciPy, scikit-learn, openTSNE, scikit-learn-intelex, manifolds-rs,
tsne-h2pack.
"""
import argparse
import gzip
import json
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time

import numpy as np

STEPS, EARLY = 500, 250


def run_peer(tool, folder, threads):
    """In a process of its own: embeds x.npy from start.npy into TOOL.npy."""
    x = np.load(f"{folder}/x.npy")
    start = np.load(f"{folder}/start.npy")
    out = {}
    if tool.startswith("sklearn"):
        if tool == "sklearn":
            from sklearn.manifold import TSNE
            gradient = "_tsne"
        else:
            from sklearnex.manifold import TSNE
            gradient = "_daal_tsne"
        t = TSNE(perplexity=30, init=start, early_exaggeration=12, max_iter=EARLY + STEPS, n_jobs=threads,
                 angle=0.25 if tool.endswith("fine") else 0.5, min_grad_norm=0, n_iter_without_progress=10**6)
        inner = getattr(t, gradient)

        def timed(*a, **k):
            t0, c0 = time.perf_counter(), time.process_time()
            y = inner(*a, **k)
            out["steps"], out["steps_cpu"] = time.perf_counter() - t0, time.process_time() - c0
            return y
        setattr(t, gradient, timed)
        t0, c0 = time.perf_counter(), time.process_time()
        y = t.fit_transform(x)
        out["total"], out["cpu"] = time.perf_counter() - t0, time.process_time() - c0
        out["near"] = out["total"] - out["steps"]
        out["iterations"] = int(t.n_iter_) + (1 if tool == "sklearn" else 0)
    elif tool in ("manifolds", "h2pack"):
        if tool == "manifolds":
            import manifolds_rs as m
            m.set_num_threads(threads)
            t = m.TSNE(perplexity=30.0, n_epochs=EARLY + STEPS, ann="nndescent", approx="fft_3k",
                       optim_params=m.TsneOptim(early_exag_iter=EARLY, early_exag_factor=12.0))
        else:
            from tsne_h2pack import TSNE
            t = TSNE(perplexity=30, max_iter=EARLY + STEPS, n_jobs=threads, random_state=0, knn_method="exact",
                     min_grad_norm=0, n_iter_without_progress=10**6)
        t0, c0 = time.perf_counter(), time.process_time()
        y = t.fit_transform(x)
        out["total"], out["cpu"] = time.perf_counter() - t0, time.process_time() - c0
        out["near"] = out["steps"] = out["steps_cpu"] = float("nan")  # not told apart
    else:
        from openTSNE import TSNE
        t = TSNE(perplexity=30, n_jobs=threads, random_state=0, early_exaggeration_iter=EARLY, n_iter=STEPS,
                 neighbors="exact" if tool.endswith("exact") else "auto",
                 negative_gradient_method="bh" if tool.endswith("bh") else "fft")
        t0, c0 = time.perf_counter(), time.process_time()
        # As TSNE.fit does it, cut where the search ends.
        e = t.prepare_initial(x, None, start.astype(np.float64))
        out["near"] = time.perf_counter() - t0
        near_cpu = time.process_time() - c0
        e.optimize(n_iter=EARLY, exaggeration=12, momentum=0.8, inplace=True)
        e.optimize(n_iter=STEPS, momentum=0.8, inplace=True)
        out["total"], out["cpu"] = time.perf_counter() - t0, time.process_time() - c0
        out["steps"], out["steps_cpu"] = out["total"] - out["near"], out["cpu"] - near_cpu
        y = np.asarray(e)
    out["mb"] = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    np.save(f"{folder}/{tool}.npy", np.asarray(y, np.float32))
    print(json.dumps(out))


def run(tool, folder, args):
    env = dict(os.environ, OMP_NUM_THREADS=str(args.threads), OPENBLAS_NUM_THREADS=str(args.threads),
               GOMAXPROCS=str(args.threads))
    if tool == "ours":
        cmd = [args.run, "-start", f"{folder}/start.npy", "-out", f"{folder}/ours.npy"]
        cmd += ["-lemma"] if args.lemma else ["-in", f"{folder}/x.npy"]
    else:
        cmd = [sys.executable, __file__, "--child", tool, "--keep", folder, "--threads", str(args.threads)]
    p = subprocess.run(cmd, env=env, capture_output=True, text=True)
    if p.returncode != 0:
        sys.exit(f"{tool}: {p.stderr[-2000:]}")
    return json.loads(p.stdout.strip().splitlines()[-1])


def prepare(args, folder):
    if os.path.exists(f"{folder}/start.npy"):
        return
    if args.lemma:
        subprocess.run([args.run, "-write-lemma", f"{folder}/x.npy"], check=True)
        x = np.load(f"{folder}/x.npy", mmap_mode="r")
    else:
        with gzip.open(args.mnist) as f:
            b = f.read(args.n * 784)
        x = np.frombuffer(b, np.uint8).reshape(-1, 784).astype(np.float32) / np.float32(255)
        np.save(f"{folder}/x.npy", x)
    from sklearn.decomposition import PCA
    y = PCA(2, svd_solver="randomized", random_state=0).fit_transform(x)
    y *= 1e-4 / np.std(y[:, 0])
    np.save(f"{folder}/start.npy", y.astype(np.float32))


def neighbors(x, k, rows=None, block=1000):
    """The k nearest other rows, exactly up to the rounding of float32, and squared distances."""
    rows = np.arange(len(x)) if rows is None else rows
    n2 = np.einsum("ij,ij->i", x, x, dtype=np.float64)
    idx = np.empty((len(rows), k), np.int32)
    d2 = np.empty((len(rows), k))
    for lo in range(0, len(rows), block):
        r = rows[lo:lo + block]
        d = n2.astype(np.float32)[None] - 2 * (x[r] @ x.T)
        d[np.arange(len(r)), r] = np.inf
        c = np.argpartition(d, k + 8, axis=1)[:, :k + 8]
        for i, (row, cand) in enumerate(zip(r, c)):
            e = x[cand].astype(np.float64) - x[row]
            e = np.einsum("ij,ij->i", e, e)
            o = np.lexsort((cand, e))[:k]
            idx[lo + i], d2[lo + i] = cand[o], e[o]
    return idx, d2


def affinities(x, folder):
    """Exact P in CSR form, as (rows, columns, values), cached."""
    name = f"{folder}/p.npz"
    if not os.path.exists(name):
        idx, d2 = neighbors(x, 90)
        n, k = idx.shape
        e = d2 - d2[:, :1]
        lo, hi = np.full((n, 1), -80.0), np.full((n, 1), 80.0)
        for _ in range(80):  # bisection of ln beta
            mid = (lo + hi) / 2
            b = np.exp(mid)
            w = np.exp(-b * e)
            s = w.sum(1, keepdims=True)
            h = np.log(s) + b * (w * e).sum(1, keepdims=True) / s
            high = h > np.log(30)
            lo, hi = np.where(high, mid, lo), np.where(high, hi, mid)
        from scipy.sparse import csr_matrix
        p = csr_matrix(((w / s).ravel(), idx.ravel(), np.arange(0, n * k + 1, k)), shape=(n, n))
        p = ((p + p.T) / (2 * n)).tocsr()
        np.savez(name, ptr=p.indptr, col=p.indices, val=p.data, near=idx[:, :10])
    return np.load(name)


def quality(x, y, p):
    y = y.astype(np.float64)
    n = len(y)
    z = 0.0
    f = y.astype(np.float32)
    for lo in range(0, n, 500):
        a = f[lo:lo + 500]
        d = np.subtract.outer(a[:, 0], f[:, 0])
        d *= d
        e = np.subtract.outer(a[:, 1], f[:, 1])
        e *= e
        d += e
        d += 1
        np.reciprocal(d, out=d)
        z += d.sum(axis=1, dtype=np.float64).sum()
    z -= n
    row = np.repeat(np.arange(n), np.diff(p["ptr"]))
    diff = y[row] - y[p["col"]]
    v = p["val"]
    kl = float((v * (np.log(v) + np.log1p((diff * diff).sum(1)) + np.log(z))).sum())
    from sklearn.manifold import trustworthiness
    from sklearn.neighbors import NearestNeighbors
    s = np.sort(np.random.RandomState(0).choice(n, min(n, 5000), replace=False))
    m = NearestNeighbors(n_neighbors=11, algorithm="kd_tree").fit(y).kneighbors(y[s], return_distance=False)
    kept = np.mean([len(set(a[a != i][:10]) & set(p["near"][i])) / 10 for i, a in zip(s, m)])
    return {"kl": kl, "knn10": float(kept), "trust10": float(trustworthiness(x[s], y[s], n_neighbors=10)),
            "side": float(np.ptp(y, axis=0).max())}


def main():
    a = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    a.add_argument("--run", help="the program built from internal/peers/tsnerun")
    a.add_argument("--mnist", help="mnist-70k.u8.gz")
    a.add_argument("--lemma", action="store_true", help="the synthetic lemma workload instead of MNIST")
    a.add_argument("--n", type=int, default=10000)
    a.add_argument("--tools", default="ours,sklearn,opentsne-fft,opentsne-bh")
    a.add_argument("--repeat", type=int, default=1)
    a.add_argument("--threads", type=int, default=2)
    a.add_argument("--quality", type=int, default=1)
    a.add_argument("--keep", help="folder for data, P and maps; the default is a temporary one")
    a.add_argument("--child", help=argparse.SUPPRESS)
    args = a.parse_args()
    if args.child:
        run_peer(args.child, args.keep, args.threads)
        return
    with tempfile.TemporaryDirectory() as tmp:
        folder = args.keep or tmp
        os.makedirs(folder, exist_ok=True)
        prepare(args, folder)
        tools = [t for t in args.tools.split(",") if t]
        got = {t: [] for t in tools}
        for _ in range(args.repeat):
            for t in tools:
                got[t].append(run(t, folder, args))
        med = {t: {k: statistics.median(r[k] for r in rs) for k in ("near", "steps", "total", "steps_cpu", "cpu", "mb")}
               for t, rs in got.items()}
        if args.quality:
            x = np.load(f"{folder}/x.npy")
            p = affinities(x, folder)
        if "ours" in got:
            print(f"our kernels: {got['ours'][0]['stats']['Kernels']}\n")
        print("| tool | near s | steps s | total s | steps CPU-s | CPU-s | MB | KL | knn10 | trust10 | side "
              "| total: ratio, CPU | steps: ratio, CPU |")
        print("|---|" + "---|" * 12)
        for t in tools:
            m = med[t]
            q = dict.fromkeys(("kl", "knn10", "trust10", "side"), float("nan"))
            if args.quality:
                q = quality(x, np.load(f"{folder}/{t}.npy"), p)
            r = {k: v / med.get("ours", m)[k] for k, v in m.items()}
            print(f"| {t} | {m['near']:.2f} | {m['steps']:.2f} | {m['total']:.2f} | {m['steps_cpu']:.2f} | {m['cpu']:.2f} | {m['mb']:.0f} "
                  f"| {q['kl']:.4f} | {q['knn10']:.4f} | {q['trust10']:.4f} | {q['side']:.0f} "
                  f"| {r['total']:.1f}, {r['cpu']:.1f} | {r['steps']:.1f}, {r['steps_cpu']:.1f} |", flush=True)


if __name__ == "__main__":
    main()
