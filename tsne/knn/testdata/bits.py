"""Finds the graphs of TestBits by the definition, all distances and a sort,
and prints their hashes as in bits.txt. It shares no code with the package.
Python 3.11.7, NumPy 1.26.4:

    python3 bits.py
"""

import hashlib
import struct

import numpy as np

M = (1 << 64) - 1


def mix(seed, i):
    h = (seed * 0xD1342543DE82EF95 + (i + 1) * 0x9E3779B97F4A7C15) & M
    h = (h ^ h >> 30) * 0xBF58476D1CE4E5B9 & M
    h = (h ^ h >> 27) * 0x94D049BB133111EB & M
    return h ^ h >> 31


def whole(seed, n, most, unit):
    z = [mix(seed, i) % (2 * most + 1) - most for i in range(n)]
    return np.array(z, np.float32) / np.float32(unit)


def in_groups(x, centres):
    return x + centres[np.arange(len(x)) % len(centres)]


def combine(seed, n, base, weighted):
    """Rows as lists of (base row, weight), then as numbers."""
    rows = []
    for i in range(n):
        if i % 7 == 6:
            rows.append(rows[-1][::-1])
        else:
            rows.append([mix(seed + 1, 8 * i + k) % len(base) for k in range(1 + mix(seed, i) % 5)])
    w = whole(seed + 2, sum(map(len, rows)), 500, 7) + np.float32(100)
    out, at, last = [], 0, None
    for i, r in enumerate(rows):
        mine = list(w[at : at + len(r)])
        at += len(r)
        if i % 7 == 6:
            mine = last[::-1]
        last = mine
        merged = {}
        for v, a in sorted(zip(r, mine), key=lambda t: t[0]):  # stable
            merged[v] = merged.get(v, 0.0) + (float(a) if weighted else 1.0)
        row = np.zeros(base.shape[1])
        for v, a in sorted(merged.items()):
            row += a * base[v].astype(np.float64)
        out.append((row / (1 if weighted else len(r))).astype(np.float32))
    return np.array(out)


def in_order(x):
    """Sums of columns in float64, one after another."""
    s = np.zeros(len(x))
    for c in range(x.shape[1]):
        s = s + x[:, c]
    return s[:, None]


def normalised(x, centred):
    x = x.astype(np.float64)
    if centred:
        x = x - in_order(x) / x.shape[1]
    return (x / np.sqrt(in_order(x * x))).astype(np.float32)


def graph(x, k, ref=None):
    same = ref is None
    ref = x if same else ref
    index, dist = [], []
    for i, row in enumerate(x):
        lane = np.zeros((8, len(ref)))
        for c in range(x.shape[1]):
            d = np.float64(row[c]) - ref[:, c].astype(np.float64)
            lane[c % 8] += d * d
        a = lane
        d2 = ((a[0] + a[4]) + (a[2] + a[6])) + ((a[1] + a[5]) + (a[3] + a[7]))
        order = [j for j in np.argsort(d2, kind="stable") if not (same and j == i)][:k]
        index += order
        dist += list(d2[order])
    b = struct.pack("<qq", len(x), k) + np.array(index, "<i4").tobytes() + np.array(dist, "<f8").tobytes()
    return hashlib.sha256(b).hexdigest()


short = whole(1, 700 * 5, 40, 8).reshape(700, 5)
long = whole(2, 500 * 150, 1000, 1000).reshape(500, 150)
groups = in_groups(whole(3, 600 * 40, 1000, 1000).reshape(600, 40), whole(4, 7 * 40, 1000, 1).reshape(7, 40))
flat = in_groups(whole(5, 600 * 130, 100, 1000).reshape(600, 130), whole(6, 20 * 130, 1000, 300).reshape(20, 130))
query = whole(7, 90 * 150, 1000, 1000).reshape(90, 150)
base = whole(8, 60 * 128, 1000, 999).reshape(60, 128)
print("short", graph(short, 15))
print("long", graph(long, 20))
print("groups", graph(groups, 12))
print("projected", graph(flat, 12))
print("cosine", graph(normalised(long, False), 10))
print("correlation", graph(normalised(groups, True), 10))
print("mean", graph(combine(9, 500, base, False), 10))
print("sum", graph(combine(12, 300, base, True), 10))
print("query", graph(query, 10, long))
