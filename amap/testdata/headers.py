"""Makes headers.txt: headers of safetensors files, good and bad, and whether the
reference implementation accepts them. A line is `ok|refused bytes-of-data
header-as-JSON-text`, a character a byte (latin1).

    python headers.py > headers.txt
"""
import json, random, struct, sys
import safetensors

def verdict(header, data):
    try:
        safetensors.deserialize(struct.pack("<Q", len(header)) + header + bytes(data))
        return "ok"
    except safetensors.SafetensorError:
        return "refused"

t = lambda lo, hi, shape=None, dtype="F32": '{"dtype":"%s","shape":%s,"data_offsets":[%d,%d]}' % (dtype, json.dumps(shape if shape is not None else [(hi - lo) // 4, 1]), lo, hi)
a, b = t(0, 8), t(8, 16)
cases = [(f'{{"input/0":{a},"input/1":{b}}}', 16)]
def add(text, data):
    cases.append((text, data))
for dtype, bits in {"BOOL": 8, "F4": 4, "F6_E2M3": 6, "F6_E3M2": 6, "U8": 8, "I8": 8, "F8_E5M2": 8, "F8_E4M3": 8, "F8_E8M0": 8, "F8_E4M3FNUZ": 8, "F8_E5M2FNUZ": 8, "I16": 16, "U16": 16, "F16": 16, "BF16": 16, "I32": 32, "U32": 32, "F32": 32, "C64": 64, "F64": 64, "I64": 64, "U64": 64}.items():
    n = 4 * bits // 8
    add(f'{{"x/0":{t(0, n, [2, 2], dtype)}}}', n)
    add(f'{{"x/0":{t(0, n + 1, [2, 2], dtype)}}}', n + 1)
    add(f'{{"x/0":{t(0, 1, [1, 1], dtype)}}}', 1)
for dtype in ("f32", "F33", "", "float32", "F8", "C128"):
    add(f'{{"x/0":{t(0, 8, None, dtype)}}}', 8)
for text, data in [
    ("{}", 0), ("{}", 3), ("[]", 0), ("null", 0), ("", 0), ("{", 0), ("{}}", 0), ("{} x", 0), ("{}\0\0", 0), ("{}  \t\r\n", 0), ("{}\f", 0), ("{}\v", 0),
    (f'{{"a":{a}}}', 9), (f'{{"a":{a}}}', 7), (f'{{"a":{a},}}', 8), (f'{{"a":{a} "b":{b}}}', 16), (f'{{"a":{a},"b":{a}}}', 8), (f'{{"a":{b}}}', 16),
    (f'{{"a":{b},"b":{a}}}', 16), (f'{{"a":{t(0,8)},"b":{t(4,12)}}}', 12), (f'{{"a":{t(0,8)},"b":{t(12,20)}}}', 20), (f'{{"a":{t(8,0)}}}', 8),
    (f'{{"a":{a},"z":{t(8,8,[0,3])},"b":{b}}}', 16), (f'{{"a":{a},"z":{t(4,4,[0,3])}}}', 8), (f'{{"z":{t(0,0,[5,0])},"y":{t(0,0,[0])}}}', 0), (f'{{"z":{t(0,4,[])}}}', 4),
    (f'{{"a":{a},"a":{b}}}', 16), (f'{{"__metadata__":{{"k":"v"}},"a":{a}}}', 8), (f'{{"__metadata__":{{}},"a":{a}}}', 8), (f'{{"__metadata__":null,"a":{a}}}', 8),
    (f'{{"__metadata__":{{"k":1}},"a":{a}}}', 8), (f'{{"__metadata__":"x","a":{a}}}', 8), (f'{{"__metadata__":{{"k":"v","k":"w"}},"a":{a}}}', 8), (f'{{"__metadata__":{{"k":"v"}},"__metadata__":{{"k":"v"}},"a":{a}}}', 8),
    (f'{{"a":{a},"__metadata__":{{"k":"v"}}}}', 8), (f'{{"a":{a},"__metadata__":{{"k":null}}}}', 8), (f'{{"__metadata__":{{"k":{{}}}}}}', 0),
    ('{"a":{"dtype":"F32","shape":[2,1]}}', 8), ('{"a":{"dtype":"F32","data_offsets":[0,8]}}', 8), ('{"a":{"shape":[2,1],"data_offsets":[0,8]}}', 8),
    ('{"a":{"Dtype":"F32","shape":[2,1],"data_offsets":[0,8]}}', 8), ('{"a":{"dtype":"F32","Shape":[2,1],"data_offsets":[0,8]}}', 8), ('{"a":{"dtype":"F32","shape":[2,1],"Data_Offsets":[0,8]}}', 8),
    ('{"a":{"dtype":"F32","shape":[2,1],"data_offsets":[0,8],"more":1}}', 8), ('{"a":{"dtype":"F32","shape":[2,1],"data_offsets":[0,8],"more":{"x":[1,-2.5e3,true,false,null,"s"]}}}', 8),
    ('{"a":{"dtype":"F32","shape":[2,1],"data_offsets":[0,8],"shape":[2,1]}}', 8), ('{"a":{"dtype":"F32","shape":[2,1],"data_offsets":[0,8],"dtype":"F32"}}', 8),
    ('{"a":{"dtype":"F32","shape":[2,1],"data_offsets":[0]}}', 8), ('{"a":{"dtype":"F32","shape":[2,1],"data_offsets":[0,8,8]}}', 8), ('{"a":{"dtype":"F32","shape":[2,1],"data_offsets":[]}}', 8),
    ('{"a":{"dtype":"F32","shape":[2.0,1],"data_offsets":[0,8]}}', 8), ('{"a":{"dtype":"F32","shape":[2,1],"data_offsets":[0,8.0]}}', 8), ('{"a":{"dtype":"F32","shape":[-2,-1],"data_offsets":[0,8]}}', 8),
    ('{"a":{"dtype":"F32","shape":["2",1],"data_offsets":[0,8]}}', 8), ('{"a":{"dtype":"F32","shape":null,"data_offsets":[0,8]}}', 8), ('{"a":{"dtype":null,"shape":[2,1],"data_offsets":[0,8]}}', 8),
    ('{"a":{"dtype":"F32","shape":[2,1],"data_offsets":[-0,8]}}', 8), ('{"a":{"dtype":"F32","shape":[2,1],"data_offsets":[00,8]}}', 8), ('{"a":{"dtype":"F32","shape":[2e0,1],"data_offsets":[0,8]}}', 8),
    ('{"a":{"dtype":"F32","shape":[18446744073709551615,2],"data_offsets":[0,8]}}', 8), ('{"a":{"dtype":"F32","shape":[4611686018427387904,4],"data_offsets":[0,0]}}', 0), ('{"a":{"dtype":"F32","shape":[18446744073709551616],"data_offsets":[0,8]}}', 8),
    ('{"a":{"dtype":"F32","shape":[0,18446744073709551615],"data_offsets":[0,0]}}', 0), ('{"a":{"dtype":"F32","shape":[18446744073709551615,2,0],"data_offsets":[0,0]}}', 0), ('{"a":{"dtype":"F32","shape":[1,1,1,1,1,1,1,1,1,1,1,1,2],"data_offsets":[0,8]}}', 8),
    ('{"a":null}', 0), ('{"a":1}', 0), ('{"a":"x"}', 0), ('{"a":[]}', 0), ('{"a":{}}', 0), ('{1:2}', 0), ("{'a':1}", 0), ('{"a":NaN}', 0),
    (f'{{"":{a}}}', 8), (f'{{"\\u0061":{a}}}', 8), (f'{{"\\u0061":{a},"a":{b}}}', 16), (f'{{"\\ud83d\\ude00":{a}}}', 8), (f'{{"\\ud83d":{a}}}', 8), (f'{{"\\ude00":{a}}}', 8), (f'{{"\\ud83d\\u0061":{a}}}', 8), (f'{{"\\x":{a}}}', 8), (f'{{"\\u12g4":{a}}}', 8),
    (f'{{"\n":{a}}}', 8), (f'{{"\\n\\t\\r\\b\\f\\/\\\\\\"":{a}}}', 8), (f'{{"é":{a}}}', 8), (f'{{"\x7f":{a}}}', 8), (f'{{ "a" : {a} }}', 8), (f'{{"a":{a},"b":{b}', 16), (f'{{"a":{a}]', 8), (f'{{"a"{a}}}', 8),
    ('{"a":{"dtype":"F32","shape":[2,1],"data_offsets":[0,8],"m":' + "[" * 200 + "]" * 200 + "}}", 8),
]:
    add(text, data)
cases = [(text.encode(), data) for text, data in cases]
cases += [(b'{"\xff":' + a.encode() + b"}", 8), (b'{"\xc3":' + a.encode() + b"}", 8), (b'{"\xed\xa0\x80":' + a.encode() + b"}", 8), (b'{"\xf0\x9f\x98\x80":' + a.encode() + b"}", 8)]
random.seed(1)
good = f'{{"__metadata__":{{"k":"v"}},"input/0":{a},"é\\n":{b}}} '.encode()
for _ in range(400):  # one byte changed, gone, doubled or inserted
    i, how = random.randrange(len(good)), random.randrange(4)
    c = bytes([random.choice(b'{}[]",:0123456789abFnul\\ \x00-.eE\xff')])
    cases.append(([good[:i] + c + good[i + 1:], good[:i] + good[i + 1:], good[:i] + good[i:i + 1] + good[i:], good[:i] + c + good[i:]][how], 16))
seen = set()
for header, data in cases:
    if (header, data) not in seen and header[:1] != b" ":
        seen.add((header, data))
        print(verdict(header, data), data, json.dumps(header.decode("latin1")))
