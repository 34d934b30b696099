"""Makes the files of testdata/more: the same twelve layers in every container
that people save them in. Value i, j of layer n is (3 i + j)/8 - 3 + n, exact in
every number type; there are five tokens and three units.

    python more.py OUT
"""
import collections, os, pickle, sys
import numpy as np
import torch
from safetensors.torch import save_file

out = sys.argv[1]
os.makedirs(out, exist_ok=True)
L = [((torch.arange(15).reshape(5, 3).double() / 8 - 3) + n).half() for n in range(12)]
N = [t.float().numpy() for t in L]
flat = collections.OrderedDict((f"input/{n}", t) for n, t in enumerate(L))

save_file(flat, f"{out}/twelve.safetensors")
save_file({"input": torch.stack(L)}, f"{out}/stack.safetensors")
for name, x in {
    "map": {"input": L}, "list": L, "tuple": tuple(L), "stack": torch.stack(L), "stackdict": {"input": torch.stack(L)},
    "flat": flat, "parameter": {"input": [torch.nn.Parameter(t) for t in L]},
    "views": {"input": [torch.stack(L, 1)[:, n] for n in range(12)]},
    "filtered": {"input": {n: t.t().clone() for n, t in reversed(list(enumerate(L)))}},
    "odd": {**flat, "mask": torch.ones(5, 3).bool(), "n": torch.arange(3), "z": torch.ones(2).cfloat()},
}.items():
    torch.save(x, f"{out}/{name}.pt")
torch.save({"input": L}, f"{out}/proto5.pt", pickle_protocol=5)
torch.save({"input": torch.arange(5).int(), "output": torch.arange(5)}, f"{out}/bad-counts.pt")
torch.save(torch.nn.Linear(3, 4), f"{out}/bad-module.pt")
torch.save({"input": [L[0].to(torch.float8_e4m3fn)]}, f"{out}/bad-float8.pt")


class Mps:  # a tensor from an mps device, as torch pickled it up to 2.4
    def __init__(self, t):
        self.t = t

    def __reduce_ex__(self, protocol):
        return torch._utils._rebuild_device_tensor_from_numpy, (self.t.numpy(), self.t.dtype, "mps:0", False)


class Xla(Mps):
    def __reduce_ex__(self, protocol):
        return torch._utils._rebuild_device_tensor_from_cpu_tensor, (self.t, self.t.dtype, "xla:0", False)


for p in (0, 2, 5):
    lists = collections.defaultdict(list)
    lists["input"] = L
    for name, x in {
        "defaultdict": lists, "tuple": {"input": tuple(L)}, "barelist": L, "barestack": torch.stack(L),
        "numpykeys": {np.str_("input"): {np.int32(n): t.t() for n, t in enumerate(L)}},
        "uintkeys": {"input": collections.OrderedDict((np.uint8(n), t.t()) for n, t in enumerate(L))},
        "arrays": {"input": N}, "fortran": {"input": [np.asfortranarray(a) for a in N]}, "bigendian": {"input": [a.astype(">f4") for a in N]},
        "mps": {"input": [Mps(t) for t in L]}, "xla": {"input": [Xla(t) for t in L]},
    }.items():
        with open(f"{out}/{name}{p}.pickle", "wb") as f:
            pickle.dump(x, f, p)

names = {f"input/{n}": a for n, a in enumerate(N)}
np.savez(f"{out}/named.npz", **names)
np.savez(f"{out}/arguments.npz", *N)
np.savez_compressed(f"{out}/packed.npz", **names)
np.savez(f"{out}/stack.npz", input=np.stack(N))
np.savez(f"{out}/odd.npz", **names, **{"labels": np.array(["a", "b"]), "objects": np.array([{}], dtype=object), "counts/input": np.arange(5)})
np.savez(f"{out}/bad-nothing.npz", labels=np.array(["a", "b"]))
np.savez(f"{out}/bad-int.npz", **{"input/0": np.arange(6).reshape(2, 3)})
np.save(f"{out}/stack.npy", np.stack(N))
np.save(f"{out}/stackF.npy", np.asfortranarray(np.stack(N)))
np.save(f"{out}/stackbe.npy", np.stack(N).astype(">f2"))
