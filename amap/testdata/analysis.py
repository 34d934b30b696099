"""Makes analysis.json: what NumPy and SciPy say about the small fp16 map.

    python analysis.py amap-small-fp16_position.pickle tokens-count-small_position.pickle > analysis.json
"""
import json, pickle, sys
import numpy as np
from scipy import stats
import torch

m = pickle.load(open(sys.argv[1], "rb"))
c = pickle.load(open(sys.argv[2], "rb"))
x = m["input"][1].double().numpy()
k = c["input"].numpy()
seen = [i for i in range(100) if k[i] > 0]
s = x[seen]
out = {
    "numpy": np.__version__, "torch": torch.__version__,
    "seen": len(seen),
    "mean": s.mean(0).tolist(), "var": s.var(0).tolist(), "min": s.min(0).tolist(), "max": s.max(0).tolist(),
    "argmin": [seen[i] for i in s.argmin(0)], "argmax": [seen[i] for i in s.argmax(0)],
    "nonzero": (s != 0).sum(0).tolist(),
    "countmean": np.average(s, axis=0, weights=k[seen]).tolist(),
    "tokenmean": s.mean(1).tolist(), "norm": np.sqrt((s * s).sum(1)).tolist(), "tokenargmax": s.argmax(1).tolist(),
}
h, e = np.histogram(s, bins=20)
out["hist"], out["edges"] = h.tolist(), e.tolist()
h, e = np.histogram(s, bins=7, range=(-0.1, 0.3))
out["hist7"] = h.tolist()
ids = [2, 5, 11, 17, 23, 29, 42, 64, 81, 99]
inside = np.isin(seen, ids)
out["ids"] = ids
auc, p = [], []
for mode in ("input",):
    for t in m[mode]:
        y = t.double().numpy()[seen]
        # Coarse values, so that there are ties.
        for u in range(y.shape[1]):
            r = stats.mannwhitneyu(y[inside, u], y[~inside, u], alternative="two-sided", method="asymptotic", use_continuity=True)
            auc.append(r.statistic / (inside.sum() * (~inside).sum()))
            p.append(r.pvalue)
out["auc"], out["p"] = auc, p
out["q"] = stats.false_discovery_control(p, method="bh").tolist()
# Merging: the float64 definition, rounded once by NumPy.
a, b = m["input"][0].double().numpy(), m["output"][0].double().numpy()
ka, kb = c["input"].numpy().astype(np.int64), c["output"].numpy().astype(np.int64)
n = ka + kb
num = ka[:, None] * a + kb[:, None] * b
merged = np.divide(num, n[:, None], out=np.zeros_like(num), where=n[:, None] > 0)
out["merged"] = merged.astype(np.float16).astype(np.float64).tolist()
json.dump(out, sys.stdout)
