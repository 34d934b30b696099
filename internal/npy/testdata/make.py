"""Writes kinds.npz and headers.txt with NumPy (2.4 when this was run)."""
import io, numpy as np
x = np.array([[0, 1, 2], [3, 100, 5]])
a = {}
for t in "f2 f4 f8 i1 i2 i4 i8 u1 u2 u4 u8 b1".split():
    for o in "<>":
        a[t + ("-big" if o == ">" else "")] = x.astype(o + t)
    a[t + "-fortran"] = np.asfortranarray(x.astype(t))
a["negative"] = -x
a["empty"] = np.zeros((0, 3))
a["scalar"] = np.array(2.5)
a["complex"] = x.astype("c8")
a["dates"] = np.array(["2020-01-01"], "M8[ns]")
a["text"] = np.array(["a", "b"])
np.savez_compressed("kinds.npz", **a)
np.savez("one.npz", x)

# Which headers does NumPy read?
heads = """{'descr': '<f4', 'fortran_order': False, 'shape': (2,), }
{"descr": "<f4", "fortran_order": False, "shape": (2,)}
{'descr': '=f4', 'fortran_order': False, 'shape': (2,), }
{'descr': '|f4', 'fortran_order': False, 'shape': (2,), }
{'descr': 'float32', 'fortran_order': False, 'shape': (2,), }
{'descr': '>float32', 'fortran_order': False, 'shape': (2,), }
{'descr': 'f', 'fortran_order': False, 'shape': (2,), }
{'descr': '<f', 'fortran_order': False, 'shape': (2,), }
{'descr': 'single', 'fortran_order': False, 'shape': (2,), }
{'descr': 'intc', 'fortran_order': False, 'shape': (2,), }
{'descr': 'i', 'fortran_order': False, 'shape': (2,), }
{'descr': 'I', 'fortran_order': False, 'shape': (2,), }
{u'descr': u'<f4', 'fortran_order': False, 'shape': (2,), }
{'descr': '<f4', 'fortran_order': False, 'shape': (2L,), }
{'descr': '<f4', 'fortran_order': False, 'shape': [2]}
{'descr': '<f4', 'fortran_order': False, 'shape': (2)}
{'descr': '<f4', 'fortran_order': False, 'shape': (2,,)}
{'descr': '<f4', 'fortran_order': 0, 'shape': (2,)}
{'descr': '<f4', 'fortran_order': false, 'shape': (2,)}
{'descr': '<f4', 'fortran_order': True , 'shape': ( 2 , ) , }
{'shape':(2,),'fortran_order':False,'descr':'<f4'}
{'descr': '<f4', 'fortran_order': False}
{'descr': '<f4', 'fortran_order': False, 'shape': (2,), 'more': 1}
{'descr': '<f4', 'descr': '<i4', 'fortran_order': False, 'shape': (2,)}
{'descr': '<f4', 'fortran_order': False, 'shape': (2,)} x
{'descr': '<f4' 'fortran_order': False, 'shape': (2,)}
{'descr': 'f5', 'fortran_order': False, 'shape': (2,)}
{'descr': '<<f4', 'fortran_order': False, 'shape': (2,)}
{'descr': '', 'fortran_order': False, 'shape': (2,)}
{'descr': '<f4', 'fortran_order': False, 'shape': (-2,)}
{'descr': '<f4', 'fortran_order': False, 'shape': (0x2,)}
{'descr': '<f4', 'fortran_order': False, 'shape': (2.0,)}
{'descr': '<f4', 'fortran_order': False, 'shape': (1, 2)}
{'descr': '<f4', 'fortran_order': False, 'shape': (1, 2, )}
  {'descr': '<f4', 'fortran_order': False, 'shape': (2,)}
{,'descr': '<f4', 'fortran_order': False, 'shape': (2,)}
""".splitlines()
with open("headers.txt", "w") as f:
    for h in heads:
        raw = (h + "\n").encode()
        b = b"\x93NUMPY\x01\x00" + len(raw).to_bytes(2, "little") + raw + np.array([1, 2], "<f4").tobytes()
        try:
            v = np.load(io.BytesIO(b))
            said = f"{v.dtype.kind}{v.dtype.itemsize} {v.shape}"
        except Exception as e:
            said = "refused"
        f.write(f"{said}\t{h}\n")
