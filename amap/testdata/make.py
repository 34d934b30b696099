"""Makes the files of testdata/torch: forms of SYSIF's pickles that the large
golden files do not have, each with the values that torch sees in it.

    python make.py OUT [NAMES...]

The values are arange/8 - 3, exact in every number type. Files called same-*
must be written again byte for byte by this module.
"""
import collections, json, pickle, sys
import torch

out = sys.argv[1]
only = sys.argv[2:]


def values(rows, units, dtype=torch.float16):
    return (torch.arange(rows * units).reshape(rows, units).double() / 8 - 3).to(dtype)


def save(name, obj, protocol=pickle.HIGHEST_PROTOCOL, truth=None):
    if only and name not in only:
        return
    with open(f"{out}/{name}.pickle", "wb") as f:
        pickle.dump(obj, f, protocol=protocol)
    truth = truth or {
        mode: {str(n): (t.t() if isinstance(ls, dict) else t).double().tolist()
               for n, t in (ls.items() if isinstance(ls, dict) else enumerate(ls))}
        for mode, ls in obj.items()
    }
    with open(f"{out}/{name}.json", "w") as f:
        json.dump(truth, f)


a, b = values(5, 3), values(5, 3) * 2
for p in range(6):
    save(f"{'same-' if p == 5 else ''}proto{p}", {"input": [a, b], "output": [b, a]}, p)
save("proto2-long", {"input": [values(40, 8)]}, 2)
save("proto0-long", {"input": [values(40, 8)]}, 0)
save("same-one", {"input": [a]})
save("same-tiny", {"output": [values(1, 1)]})
for name, dtype in (("bf16", torch.bfloat16), ("fp32", torch.float32), ("fp64", torch.float64)):
    save("same-" + name, {"input": [values(5, 3, dtype)]})
# SYSIF's filter_amap: layers in descending order, x[mask].t().clone().
mask = torch.tensor([True, False, True, True, False])
save("same-filtered", {"input": {n: x[mask].t().clone() for n, x in ((2, a), (1, b), (0, a))}})
save("filtered-contiguous", {"input": {0: a.t().contiguous(), 1: b.t().contiguous()}})
save("ordereddict", collections.OrderedDict([("input", collections.OrderedDict([(0, a.t()), (1, b.t())]))]))
save("same-view", {"input": [values(9, 7)[2:8:2, 1:6:2], values(4, 6).t()]})
w = values(6, 4)
save("same-two-over-one", {"input": [w[:3], w[3:]]})
save("parameter", {"input": [torch.nn.Parameter(a, requires_grad=False), torch.nn.Parameter(b.float())]},
     truth={"input": {"0": a.double().tolist(), "1": b.double().tolist()}})
c = a.clone()
c.note = "text"
save("attributes", {"input": [c]})
save("same-empty", {"input": [values(0, 3), values(3, 0)]})
# Payloads below and above the frame size, mixed, so that frames end in places
# that matter.
save("same-frames", {"input": [values(n, 100) for n in (150, 150, 30, 400, 1, 330, 330, 2)]},
     truth={"input": {}})
for name, dtype in (("counts32", torch.int32), ("counts64", torch.int64)):
    save(name, {"input": torch.arange(7).to(dtype), "output": torch.zeros(7, dtype=dtype)},
         truth={"input": list(range(7)), "output": [0] * 7})
save("counts-view", {"input": torch.arange(21).int()[3:21:5]}, truth={"input": [3, 8, 13, 18]})
save("counts-proto2", {"input": torch.arange(100, 160)}, 2, truth={"input": list(range(100, 160))})
neg = torch.complex(a.float(), a.float()).conj().imag
save("bad-negative", {"input": [neg]})
save("bad-float8", {"input": [a.to(torch.float8_e4m3fn)]}, truth={}) if hasattr(torch, "float8_e4m3fn") else None
save("bad-int", {"input": [torch.arange(6).reshape(2, 3)]})
save("rank", {"input": [a, torch.zeros(4).half(), b]}, truth={"input": {"0": a.double().tolist(), "2": b.double().tolist()}})
save("bad-expanded", {"input": [torch.ones(1, 1).half().expand(1 << 30, 8)]}, truth={})
