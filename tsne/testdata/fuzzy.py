"""Writes fuzzy.json: the fuzzy simplicial set of UMAP, a graph of unequal
degree, and the directed graph of neighbors that it joins, both as CSR.

    python fuzzy.py > fuzzy.json
"""
import json
import sys

import numpy as np
import scipy.sparse as sp
import umap.umap_ as u
from sklearn.neighbors import kneighbors_graph

r = np.random.default_rng(14)
x = np.concatenate([r.standard_normal((20, 5)), r.standard_normal((20, 5)) + 6]).astype(np.float32)
fuzzy, _, _ = u.fuzzy_simplicial_set(x, 7, np.random.RandomState(1), "euclidean")
fuzzy = fuzzy.tocsr()
links = kneighbors_graph(x, 6, mode="distance")


def csr(m):
    return {"start": m.indptr.tolist(), "index": m.indices.tolist(), "value": [float(np.float32(v)) for v in m.data]}


json.dump({"fuzzy": csr(fuzzy), "links": csr(links)}, sys.stdout, separators=(",", ":"))
