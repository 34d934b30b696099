"""Writes metrics.json: rows, and the distances of scikit-learn's ten nearest
neighbors of each by several metrics, of dense rows and of sparse ones.

    python metrics.py > metrics.json

Made with scikit-learn 1.9.1, SciPy 1.17.1 and NumPy 2.4.6. Euclidean distances
of rows of length 1 stand for the cosine here, as they do in package knn.
"""
import json
import warnings

import numpy as np
import scipy.sparse as sp
from sklearn.neighbors import NearestNeighbors
from sklearn.preprocessing import normalize

warnings.filterwarnings("ignore")
r = np.random.default_rng(14)
n, d, k = 60, 21, 10
x = np.round(r.standard_normal((n, d)), 2)
x[r.random((n, d)) < 0.6] = 0
x[7] = x[3]
x[11] = 0
out = {"k": k, "x": x.tolist(), "distances": {}, "queries": {}}
for metric in ("euclidean", "cosine", "manhattan", "chebyshev", "hamming", "jaccard"):
    y = normalize(x) if metric == "cosine" else x.astype(bool) if metric == "jaccard" else x
    nn = NearestNeighbors(n_neighbors=k, algorithm="brute", metric="euclidean" if metric == "cosine" else metric).fit(y)
    out["distances"][metric] = np.round(nn.kneighbors()[0], 9).tolist()
    out["queries"][metric] = np.round(nn.kneighbors(y[::7])[0], 9).tolist()
print(json.dumps(out, separators=(",", ":")))
