"""Reference values for package quality: make.py OUT.json

Needs NumPy, SciPy and scikit-learn; shares no code with the package.
"""
import json
import sys

import numpy as np
import scipy
import scipy.stats
import sklearn
from scipy.spatial.distance import cdist, pdist
from sklearn.manifold import trustworthiness
from sklearn.neighbors import KNeighborsClassifier

rng = np.random.default_rng(7)
n, d = 120, 9
labels = rng.integers(0, 4, n)
x = (rng.normal(size=(n, d)) + 1.5 * labels[:, None] * (np.arange(d) % 2)).astype(np.float32)
y = (x[:, :2] * 3 + rng.normal(size=(n, 2))).astype(np.float32)
x = np.round(x * 1024).astype(np.float32) / 1024  # short decimals, exact in float32
y = np.round(y * 1024).astype(np.float32) / 1024
X, Y = x.astype(np.float64), y.astype(np.float64)

out = {"versions": {"numpy": np.__version__, "scipy": scipy.__version__, "sklearn": sklearn.__version__},
       "n": n, "d": d, "x": X.ravel().tolist(), "y": Y.ravel().tolist(), "labels": labels.tolist()}

# trustworthiness, and continuity as the same with data and map exchanged
out["trust"] = {k: float(trustworthiness(X, Y, n_neighbors=k)) for k in (1, 5, 12, 40)}
out["continuity"] = {k: float(trustworthiness(Y, X, n_neighbors=k)) for k in (1, 5, 12, 40)}

# share of the k nearest kept
def lists(A, k):
    D = cdist(A, A, "sqeuclidean")
    np.fill_diagonal(D, np.inf)
    return np.argsort(D, axis=1, kind="stable")[:, :k]
out["kept"] = {k: float(np.mean([len(set(a) & set(b)) / k for a, b in zip(lists(X, k), lists(Y, k))])) for k in (1, 5, 12, 40)}

# leave-one-out accuracy of a k-nearest-neighbour classifier in the map
def accuracy(k):
    hits = 0
    for i in range(n):
        rest = np.arange(n) != i
        hits += KNeighborsClassifier(k).fit(Y[rest], labels[rest]).predict(Y[i:i + 1])[0] == labels[i]
    return hits / n
out["accuracy"] = {k: float(accuracy(k)) for k in (1, 5, 10)}

# Spearman's correlation of all distances, also of a map with many ties
out["spearman"] = float(scipy.stats.spearmanr(pdist(X), pdist(Y))[0])
out["spearman_ties"] = float(scipy.stats.spearmanr(pdist(X), pdist(np.round(Y / 4)))[0])

# divergence of a sparse P, with and without weights, and with other degrees of freedom
P = np.where(rng.random((n, n)) < 0.1, rng.random((n, n)), 0)
P = np.triu(P, 1)
P = ((P + P.T) / P.sum() / 2).astype(np.float32).astype(np.float64)
w = rng.integers(1, 4, n).astype(np.float64)
D = cdist(Y, Y, "sqeuclidean")
def kl(w, a):
    K = (1 + D / a) ** -a
    W = np.outer(w, w)
    Z = (W * K).sum() - (w * w).sum()
    Q = P / P.sum()
    m = Q > 0
    return float((Q[m] * np.log(Q[m] * Z / (W * K)[m])).sum())
def field(w, a):
    K = (1 + D / a) ** -a
    G = (1 + D / a) ** (-a - 1)
    diff = Y[:, None] - Y[None]
    return {"phi": (w * K).sum(1).tolist(), "rep": np.einsum("j,ij,ijc->ic", w, G, diff).ravel().tolist()}
i, j = np.nonzero(P)
out["ptr"] = np.searchsorted(i, np.arange(n + 1)).tolist()
out["col"] = j.tolist()
out["val"] = P[i, j].tolist()
out["weights"] = w.tolist()
one = np.ones(n)
out["kl"] = {"plain": kl(one, 1), "weights": kl(w, 1), "freedom 2.5": kl(one, 2.5), "both": kl(w, 2.5)}
out["field"] = {"plain": field(one, 1), "both": field(w, 2.5)}

with open(sys.argv[1], "w") as f:
    json.dump(out, f, separators=(",", ":"))
    f.write("\n")
