"""Package lemma beside HF tokenizers (the rust library, pip install tokenizers==0.23.2).

usage: lemma.py tables OUT.go
           derive, from the behavior of HF tokenizers alone, what its pattern
           engine calls a letter, a number or white space, and which code
           points its NFC knows; OUT.go is lemma/internal/bpe/unicode_tables.go
       lemma.py goldens NEOX.json TEXT OUTDIR
           make the test data: hard text with the ids of the GPT-NeoX-20B
           tokenizer (OUTDIR/neox/testdata) and, for the loader, small
           tokenizers of several styles trained on TEXT, one line a sample,
           with theirs (OUTDIR/testdata)
       lemma.py variants OUTDIR SEED NUMBER
           in OUTDIR/testdata: variants.jsonl.gz, files that differ from
           gpt2.json.gz and llama3.json.gz in the ways of other models, and
           NUMBER at random, each with the ids and byte offsets of hard text;
           tiktoken.jsonl.gz, the same by tiktoken 0.14 with the patterns of
           its encodings, and small.tiktoken.gz; forms.txt.gz, sums of the
           normal forms of every code point
       lemma.py time NEOX.json SYNSETS.jsonl.gz DEFINITIONS.jsonl.gz
           in one run and on one core: HF tokenizers, and the benchmark of
           lemma/neox with tiktoken-go (run in the root of the module; it
           reads the same two files, as named in the large test data)
"""

import base64
import functools
import gzip
import json
import os
import random
import re
import statistics
import subprocess
import sys
import time
import unicodedata
import zlib

import numpy
import tokenizers
from tokenizers import AddedToken, Regex, Tokenizer, models, normalizers, pre_tokenizers, trainers


def code_points():
    for c in range(0x110000):
        if not 0xD800 <= c < 0xE000:
            yield c


def classes():
    """The class of every code point for the GPT-2 pattern: L, N, S or nothing."""
    pt = pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=True)

    def one(s):
        return len(pt.pre_tokenize_str(s)) == 1

    out = {"L": [], "N": [], "S": []}
    for c in code_points():
        ch = chr(c)
        if one("a" + ch + "a"):
            out["L"].append(c)
        elif one("1" + ch):
            out["N"].append(c)
        elif not one("!" + ch + "!"):
            out["S"].append(c)
    return out


def normalized():
    """The code points outside Hangul syllables that HF's NFD moves or takes apart."""
    nfd = normalizers.NFD().normalize_str
    out = []
    for c in code_points():
        ch = chr(c)
        if 0xAC00 <= c < 0xD7A4:
            continue
        low = "a" + ch + "\u0334"  # class 1
        high = "a\u0345" + ch  # class 240
        if nfd(ch) != ch or nfd(low) != low or nfd(high) != high:
            out.append(c)
    return out


@functools.cache
def known_marks():
    return normalized()


def ranges(cs):
    out = []
    for c in cs:
        if out and out[-1][1] == c - 1:
            out[-1][1] = c
        else:
            out.append([c, c])
    return out


CATEGORIES = "Lu Ll Lt Lm Lo Mn Mc Me Nd Nl No Pc Pd Ps Pe Pi Pf Po Sm Sc Sk So Zs Zl Zp Cc Cf Co Cn".split()
SCRIPTS = "Han Hiragana Katakana Hangul Latin Greek Cyrillic Arabic Hebrew Thai".split()


def matching(pattern):
    """The code points that a pattern of one character matches."""
    pt = pre_tokenizers.Split(Regex(pattern), "removed")
    out = []
    for lo in range(0, 0x110000, 0x800):
        if 0xD800 <= lo < 0xE000:
            continue
        kept = set()
        for _, (a, b) in pt.pre_tokenize_str("".join(map(chr, range(lo, lo + 0x800)))):
            kept.update(range(lo + a, lo + b))
        out += [c for c in range(lo, lo + 0x800) if c not in kept]
    return out


def categories():
    """The general category of every code point, as the numbers of CATEGORIES; surrogates are 31."""
    out = numpy.full(0x110000, 31, dtype=int)
    for k, name in enumerate(CATEGORIES):
        for c in matching("\\p{" + name + "}"):
            assert out[c] == 31, c
            out[c] = k
    assert all(out[c] != 31 for c in code_points())
    return out


def cut_off(pt):
    """The code points that a pre-tokenizer cuts from a letter."""
    return [c for c in code_points() if len(pt.pre_tokenize_str("a" + chr(c))) == 2]


def word_characters():
    """The code points next to which a token that has to be a single word is not found."""
    tok = Tokenizer(models.BPE())
    tok.add_tokens([AddedToken("dog", single_word=True)])
    return [c for c in code_points() if not tok.encode("dog" + chr(c)).ids]


def compatible():
    """The code points outside Hangul syllables that HF's NFKD takes apart and its NFD does not, or in another way."""
    nfd, nfkd = normalizers.NFD().normalize_str, normalizers.NFKD().normalize_str
    return [c for c in code_points() if nfd(chr(c)) != nfkd(chr(c))]


def tables(path):
    k = classes()
    numeric = cut_off(pre_tokenizers.Digits())
    word = word_characters()
    # Rust's engine, which looks at single words, and Oniguruma differ here.
    assert set(word) ^ set(matching("\\w")) == {0xB2, 0xB3, 0xB9, 0xBC, 0xBD, 0xBE, 0x200C, 0x200D}
    assert k["S"] == matching("\\s")
    assert set(k["N"]) <= set(numeric)
    lists = [
        ("letterRanges", "what the pattern engine calls \\p{L}", k["L"]),
        ("numberRanges", "what it calls \\p{N}", k["N"]),
        ("digitRanges", "what Digits takes besides", sorted(set(numeric) - set(k["N"]))),
        ("spaceRanges", "what it calls \\s", k["S"]),
        ("wordRanges", "what Rust's engine calls \\w", word),
        ("punctRanges", "what Punctuation takes", cut_off(pre_tokenizers.Punctuation())),
        ("normRanges", "what its NFC reorders or takes apart, less the Hangul syllables", normalized()),
        ("compatRanges", "what its NFKD takes apart besides", compatible()),
    ] + [("range" + name, "what the pattern engine calls \\p{" + name + "}", matching("\\p{" + name + "}")) for name in SCRIPTS]
    with open(path, "w") as f:
        f.write("// Code generated by internal/peers/lemma.py tables; DO NOT EDIT.\n\n")
        f.write("package bpe\n\n")
        f.write(f"// Derived from the behavior of HF tokenizers {tokenizers.__version__} on every code point.\n")
        f.write("// Each list holds pairs: first and last code point of a range.\n")
        for name, doc, cs in lists:
            rs = ranges(cs)
            f.write(f"\n// {name}: {doc}; {len(cs)} code points.\n")
            f.write(f"var {name} = [{2 * len(rs)}]int32{{\n")
            for i in range(0, len(rs), 6):
                f.write("\t" + " ".join(f"{a:#x}, {b:#x}," for a, b in rs[i : i + 6]) + "\n")
            f.write("}\n")
        f.write("\n// categoryNames: the general categories of the pattern engine, and what they are in categoryStarts.\n")
        f.write("var categoryNames = [...]string{\n\t" + " ".join(f'"{n}",' for n in CATEGORIES) + "\n}\n")
        cat = categories()
        starts = [(c, cat[c]) for c in range(0x110000) if c == 0 or cat[c] != cat[c - 1]]
        f.write("\n// categoryStarts: where the category changes, each a code point times 32 plus a category; 31 is none.\n")
        f.write(f"var categoryStarts = [{len(starts)}]int32{{\n")
        for i in range(0, len(starts), 12):
            f.write("\t" + " ".join(f"{c << 5 | k:#x}," for c, k in starts[i : i + 12]) + "\n")
        f.write("}\n")



# ---- test data

SPACES = "\t\n\v\f\r \x85\xa0\u1680\u2000\u2003\u2009\u2028\u2029\u202f\u205f\u3000"
WORDS = "the hot dog_eats U.S.A. don't I'LL we'Re 1234567 3.14 x=y; naïve Größe 語言 模型 мир שלום สวัสดี 👩‍👩‍👧 ½ ² Ⅷ ſ 's 't're 'S 'ſ".split()
NEWEST = [0x1C89, 0xA7CB, 0xA7DA, 0x105C0, 0x10D4A, 0x10EC2, 0x11380, 0x113D1, 0x11BC0, 0x13460, 0x16100, 0x16D40, 0x18CFF, 0x1E5D0, 0x2EBF0,
          0x10D40, 0x116D0, 0x11BF0, 0x16130, 0x16D70, 0x1CCF0, 0x1E5F1]


def hard(rnd, specials, n):
    """Lines of text that show every way to be wrong that is known."""
    marks = known_marks()
    cps = list(code_points())
    known = [c for c in cps if unicodedata.category(chr(c)) not in ("Cn", "Co")]

    def any_char():
        k = rnd.random()
        if k < 0.3:
            return chr(rnd.choice(marks))
        if k < 0.4:
            return rnd.choice(SPACES)
        if k < 0.5:
            return chr(rnd.randrange(0x20, 0x7F))
        if k < 0.55:
            return chr(rnd.randrange(0xAC00, 0xD7A4))
        if k < 0.65:
            return chr(rnd.choice([rnd.randrange(0x1100, 0x1113), rnd.randrange(0x1161, 0x1176), rnd.randrange(0x11A7, 0x11C3)]))
        if k < 0.95:
            return chr(rnd.choice(known))
        return chr(rnd.choice(cps))

    def spaces():
        k = rnd.randrange(1, 81)
        return rnd.choice(["", "a", "\n", ".", "e\u0301", "\u00a0"]) + " " * k + rnd.choice(["", "b", "\n", "\tb", "'s", "\u0301", "1"])

    def long_marks():
        k = rnd.randrange(1, 100)
        base = rnd.choice(["", "a", "e", "\u1100", "\u0915", "\u0f40", "q\u0334"])
        some = rnd.sample(marks, min(len(marks), rnd.randrange(1, 6)))
        return base + "".join(chr(rnd.choice(some)) for _ in range(k)) + rnd.choice(["", "x", "\u0301"])

    def specialized():
        s = ""
        for _ in range(rnd.randrange(1, 5)):
            s += rnd.choice(["", "a", "e", " ", "  ", "\u0301", "<|", "|>", "text", "'s", "\n"]) + rnd.choice(specials)
        return s + rnd.choice(["", "x", "\u0301", "  ", specials[0][:-1], specials[0][1:]])

    def newest():
        c = chr(rnd.choice(NEWEST))
        return rnd.choice(["", " ", "a", "1", "!"]) + c + rnd.choice(["'s", "'re", "'LL", "x", "1", "!'d", " 's", "\n\n"])

    def mixed():
        return "".join(rnd.choice([" ", "", "  ", "\n", "'", "_"]) + rnd.choice(WORDS) for _ in range(rnd.randrange(1, 12)))

    def long_piece():
        k = rnd.randrange(60, 1500)
        alphabet = rnd.choice(["a", "ab", "abcdefghijklmnopqrstuvwxyz", "theanionsri", "=-", "0123456789", "語言模型", "мир", "\U0001f600\u200d"])
        return "".join(rnd.choice(alphabet) for _ in range(k))

    def blank():
        return "".join(rnd.choice(SPACES) for _ in range(rnd.randrange(1, 20))) + rnd.choice(["", "a", "1", "!", "'s", "\u0301"])

    def noise():
        return "".join(any_char() for _ in range(rnd.randrange(1, 30)))

    kinds = [spaces, long_marks, specialized, newest, mixed, blank, noise, noise]
    lines = ["", " ", "\0", "a\0b", "'", "''s", "'s", " 's"] + [" " * k for k in range(1, 81)] + specials
    while len(lines) < n:
        lines.append(rnd.choice(kinds)() if rnd.random() < 0.97 else long_piece())
    return lines


def write_gz(path, text):
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, "wb") as f:
        with gzip.GzipFile(filename="", mode="wb", fileobj=f, mtime=0, compresslevel=9) as z:
            z.write(text.encode())


def vectors(tok, lines):
    out = []
    for i, (s, e) in enumerate(zip(lines, tok.encode_batch(lines, add_special_tokens=False))):
        v = {"input": s, "ids": e.ids}
        if i % 8 == 0:
            v["tokens"] = [tok.id_to_token(k) for k in e.ids]
        out.append(json.dumps(v, separators=(",", ":")) + "\n")
    return "".join(out)


BLOCK = 1024


def around(ch):
    """What TestCodePoints encodes for a code point."""
    return [ch, "a" + ch + "b", "e\u0301" + ch, "q\u0323" + ch + "\u0301", " " + ch + "'s"]


def code_point_sums(tok):
    out = []
    for lo in range(0, 0x110000, BLOCK):
        lines = [s for c in range(lo, lo + BLOCK) if not 0xD800 <= c < 0xE000 for s in around(chr(c))]
        if not lines:
            continue
        sum = 0
        for e in tok.encode_batch(lines, add_special_tokens=False):
            sum = zlib.crc32(numpy.array(e.ids + [0xFFFFFFFF], dtype="<u4").tobytes(), sum)
        out.append(f"{lo:06X} {sum:08x}\n")
    return "".join(out)


CL100K = (r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+")
QWEN2 = CL100K.replace("{1,3}", "")


def split(pattern, behavior="isolated", invert=False):
    return pre_tokenizers.Sequence([
        pre_tokenizers.Split(Regex(pattern), behavior, invert),
        pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False),
    ])


def every_split(vocab):
    """The merges of a vocabulary that has only ranks, as in files made from tiktoken's."""
    out = []
    for tok, rank in vocab.items():
        local = [(tok[:i], tok[i:], rank) for i in range(1, len(tok)) if tok[:i] in vocab and tok[i:] in vocab]
        out += sorted(local, key=lambda x: (vocab[x[0]], vocab[x[1]]))
    out.sort(key=lambda x: x[2])
    return [(a, b) for a, b, _ in out]


def styles(text, rnd):
    """Small tokenizers: name, tokenizer, how the merges are written, special tokens."""
    base = Tokenizer(models.BPE())
    base.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    trainer = trainers.BpeTrainer(vocab_size=900, initial_alphabet=sorted(pre_tokenizers.ByteLevel.alphabet()), show_progress=False)
    base.train_from_iterator(text + hard(rnd, ["<|endoftext|>"], 3000), trainer)
    model = json.loads(base.to_str())["model"]
    vocab, merges = model["vocab"], [tuple(m) for m in model["merges"]]

    def make(vocab=vocab, merges=merges, nfc=False, pre=None, **kw):
        t = Tokenizer(models.BPE(vocab=dict(vocab), merges=list(merges), **kw))
        if nfc:
            t.normalizer = normalizers.NFC()
        t.pre_tokenizer = pre or pre_tokenizers.ByteLevel(add_prefix_space=False)
        return t

    out = []
    end = ["<|endoftext|>"]
    t = make(continuing_subword_prefix="", end_of_word_suffix="")
    t.add_special_tokens([AddedToken(end[0], normalized=False, special=True)])
    out.append(("gpt2", t, True, end))

    ids = list(range(4, len(vocab) + 4))
    rnd.shuffle(ids)
    opt = {"<s>": 0, "<pad>": 1, "</s>": 2, "<unk>": 3} | {tok: ids[i] for tok, i in vocab.items()}
    t = make(vocab=opt)
    t.add_special_tokens([AddedToken(s, normalized=True, special=True) for s in ("<pad>", "</s>")])
    out.append(("opt", t, True, ["</s>", "<pad>"]))

    t = make(pre=pre_tokenizers.ByteLevel(add_prefix_space=True))
    t.add_special_tokens([AddedToken(end[0], normalized=False, special=True)])
    out.append(("prefix", t, False, end))

    t = make(nfc=True)
    t.add_special_tokens([AddedToken(end[0], normalized=False, special=True)])
    t.add_tokens([AddedToken(" " * k, normalized=True) for k in range(24, 1, -1)] + [AddedToken("e\u0301te", normalized=True), AddedToken("dog_", normalized=True)])
    out.append(("neox", t, True, end))

    ranks = dict(vocab)
    for w in ("Ġxyzzy", "qqqqqqq", "Ġplugh"):  # tokens that no merge makes
        ranks[w] = len(ranks)
    llama = ["<|begin_of_text|>", "<|end_of_text|>", "<|eot_id|>", "<|reserved_special_token_0|>", "<|reserved_special_token_10|>"]
    t = make(vocab=ranks, merges=every_split(ranks), pre=split(CL100K), ignore_merges=True)
    t.add_special_tokens([AddedToken(s, normalized=False, special=True) for s in llama])
    out.append(("llama3", t, False, llama))

    qwen = ["<|endoftext|>", "<|im_start|>", "<|im_end|>"]
    t = make(nfc=True, pre=split(QWEN2))
    t.add_special_tokens([AddedToken(s, normalized=False, special=True) for s in qwen])
    out.append(("qwen2", t, True, qwen))

    t = make(pre=split(CL100K, "removed", True))
    t.add_special_tokens([AddedToken(end[0], normalized=False, special=True)])
    out.append(("gpt4", t, False, end))

    mixed = list(merges)
    rnd.shuffle(mixed)
    t = make(merges=mixed + rnd.sample(mixed, 20), pre=pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False))
    out.append(("shuffled", t, False, ["x"]))
    return out


def goldens(neox, text, outdir):
    rnd = random.Random(1)
    tok = Tokenizer.from_file(neox)
    special = ["<|endoftext|>", "<|padding|>"]
    lines = hard(rnd, special, 2000)
    write_gz(os.path.join(outdir, "neox/testdata/vectors.jsonl.gz"), vectors(tok, lines))
    write_gz(os.path.join(outdir, "neox/testdata/codepoints.txt.gz"), code_point_sums(tok))
    with open(text) as f:
        samples = f.read().split("\n")
    for name, tok, legacy, special in styles(samples, rnd):
        spec = json.loads(tok.to_str())
        if legacy:
            spec["model"]["merges"] = [" ".join(m) for m in spec["model"]["merges"]]
        if name == "shuffled":
            assert len(set(map(tuple, spec["model"]["merges"]))) == len(spec["model"]["merges"])
        source = json.dumps(spec, ensure_ascii=False, separators=(",", ":"))
        tok = Tokenizer.from_str(source)
        lines = hard(rnd, special, 500) + ["xyzzy xyzzyx qqqqqqq aqqqqqqq plugh", " xyzzy", "e\u0301te éte", "hot dog_dog"] + rnd.sample(samples, 40)
        write_gz(os.path.join(outdir, "testdata", name + ".json.gz"), source)
        write_gz(os.path.join(outdir, "testdata", name + ".jsonl.gz"), vectors(tok, lines))


# ---- variants of a file

O200K = "|".join([
    r"[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]*[\p{Ll}\p{Lm}\p{Lo}\p{M}]+(?i:'s|'t|'re|'ve|'m|'ll|'d)?",
    r"[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]+[\p{Ll}\p{Lm}\p{Lo}\p{M}]*(?i:'s|'t|'re|'ve|'m|'ll|'d)?",
    r"\p{N}{1,3}", r" ?[^\s\p{L}\p{N}]+[\r\n/]*", r"\s*[\r\n]+", r"\s+(?!\S)", r"\s+",
])
DEEPSEEK = (r"""[!"#$%&'()*+,\-./:;<=>?@\[\\\]^_`{|}~][A-Za-z]+|[^\r\n\p{L}\p{P}\p{S}]?[\p{L}\p{M}]+| ?[\p{P}\p{S}]+[\r\n]*"""
            r"""|\s*[\r\n]+|\s+(?!\S)|\s+""")
CJK = "[\u4e00-\u9fa5\u3040-\u309f\u30a0-\u30ff]+"
KIMI = "|".join([
    r"[\p{Han}]+",
    r"[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}&&[^\p{Han}]]*[\p{Ll}\p{Lm}\p{Lo}\p{M}&&[^\p{Han}]]+(?i:'s|'t|'re|'ve|'m|'ll|'d)?",
    r"[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}&&[^\p{Han}]]+[\p{Ll}\p{Lm}\p{Lo}\p{M}&&[^\p{Han}]]*(?i:'s|'t|'re|'ve|'m|'ll|'d)?",
    r"\p{N}{1,3}", r" ?[^\s\p{L}\p{N}]+[\r\n]*", r"\s*[\r\n]+", r"\s+(?!\S)", r"\s+",
])


def pre(*steps):
    return {"type": "Sequence", "pretokenizers": list(steps)}


def by(pattern, behavior="Isolated", invert=False, kind="Regex"):
    return {"type": "Split", "pattern": {kind: pattern}, "behavior": behavior, "invert": invert}


def digits(individual):
    return {"type": "Digits", "individual_digits": individual}


def byte_level(prefix=False, regex=True, trim=True):
    return {"type": "ByteLevel", "add_prefix_space": prefix, "trim_offsets": trim, "use_regex": regex}


def punctuation(behavior):
    return {"type": "Punctuation", "behavior": behavior}


def token(content, special=False, normalized=None, lstrip=False, rstrip=False, single_word=False):
    return {"id": None, "content": content, "single_word": single_word, "lstrip": lstrip, "rstrip": rstrip,
            "normalized": not special if normalized is None else normalized, "special": special}


END = token("<|endoftext|>", special=True)
MODELS = {
    "smollm": {"pre_tokenizer": pre(digits(True), byte_level())},
    "starcoder": {"pre_tokenizer": pre(digits(True), byte_level()), "added_tokens": [END] + [token(s, True) for s in ("<fim_prefix>", "<filename>")]},
    "falcon": {"pre_tokenizer": pre(punctuation("Contiguous"), byte_level(), digits(False), by("[0-9][0-9][0-9]"))},
    "deepseek_v3": {"pre_tokenizer": pre(by(r"\p{N}{1,3}"), by(CJK), by(DEEPSEEK), byte_level(regex=False))},
    "deepseek_coder": {"pre_tokenizer": pre(by("[\r\n]"), by(r"\s?\p{L}+"), by(r"\s?\p{P}+"), by("[\u4e00-\u9fa5\u0800-\u4e00\uac00-\ud7ff]+"),
                                            digits(True), byte_level(regex=False))},
    "deepseek_llm": {"pre_tokenizer": pre(by("[\r\n]"), by("\\s?[A-Za-z\u00b5\u00c0-\u00d6\u00d8-\u00f6\u00f8-\u01ba\u1e00-\u1f15]+"),
                                          by("\\s?[!-/:-~\uff01-\uff0f\uff1a-\uff5e\u2018-\u201f\u3000-\u3002]+"), by(r"\s+$"), by(CJK),
                                          digits(True), byte_level(regex=False))},
    "gpt_oss": {"pre_tokenizer": pre(by(O200K), byte_level(regex=False)), "model.ignore_merges": True},
    "kimi": {"pre_tokenizer": pre(by(KIMI), byte_level(regex=False)), "normalizer": {"type": "NFC"}},
    "roberta": {"pre_tokenizer": byte_level(), "added_tokens": [token("<s>", True), token("</s>", True), token("<mask>", True, lstrip=True)],
                "model.unk_token": "<unk>"},
    "modernbert": {"pre_tokenizer": byte_level(), "normalizer": {"type": "NFC"},
                   "added_tokens": [token("|||IP_ADDRESS|||", normalized=True), token("  "), token("   "), token("[CLS]", True), token("[MASK]", True, lstrip=True)]},
    "bloom": {"pre_tokenizer": pre(by(r" ?[^(\s|[.,!?…。，、।۔،])]+"), byte_level(regex=False))},
}

CONTENTS = ["dog", "\u00e9", "e\u0301", "<mask>", " the", "  ", "\u0120thing", "a", "\u8a9e", "1", "\ufb01x", "<x>", "hot dog", "\u212a", "'s", "\n", "_", "\u00a0 ", "\u0301"]
PATTERNS = ["[\r\n]", r"\s?\p{L}+", r"\p{N}{1,3}", r"\p{N}{2,}?", r"\s+$", r"^\s*\w+", CJK, O200K, DEEPSEEK, KIMI, CL100K, QWEN2, "[0-9][0-9][0-9]",
            r"\w+|[^\w\s]+", r"(?<=\p{Lu})\p{Ll}+", r"(?<!\s)\s(?=\S)", r"\b", r"\B.", r"(?i:[a-m]+|sk?)x?", r"(?>a+b?)+|\d+", r"(?:ab?)*+c?", r"[^a-y&&[^\s]]+",
            r"(?i)dog|(?-i:Cat)|k", r"\p{^L}\P{Lu}", r"\h{2}", r"a{,2}b|c{2,3}+", r"(?m:.)\z", r"\s*", r"\p{M}+|\p{Sc}|\p{Han}+", r"[\p{L}--z]", "\u00df|\u017f", r"$", r"\A\s|\s\Z"]
BEHAVIORS = ["Isolated", "Removed", "MergedWithPrevious", "MergedWithNext", "Contiguous"]
FORMS = ["NFC", "NFD", "NFKC", "NFKD"]


def random_change(rnd):
    change = {}
    if rnd.random() < 0.5:
        forms = [{"type": rnd.choice(FORMS)} for _ in range(rnd.choice([1, 1, 1, 2, 3]))]
        change["normalizer"] = forms[0] if len(forms) == 1 else {"type": "Sequence", "normalizers": forms}

    def step():
        k = rnd.random()
        if k < 0.25:
            return digits(rnd.random() < 0.5)
        if k < 0.45:
            return punctuation(rnd.choice(BEHAVIORS))
        if k < 0.5:
            return {"type": rnd.choice(["Whitespace", "WhitespaceSplit", "BertPreTokenizer"])}
        if k < 0.6:
            return by(rnd.choice(["'", " ", "ab", "[.]*", "\u00e9", "\n"]), rnd.choice(BEHAVIORS), rnd.random() < 0.3, "String")
        return by(rnd.choice(PATTERNS), rnd.choice(BEHAVIORS + ["Isolated"] * 4), rnd.random() < 0.25)

    steps = [step() for _ in range(rnd.choice([0, 0, 1, 1, 2, 3, 4]))]
    steps.insert(rnd.randrange(len(steps) + 1) if rnd.random() < 0.5 else len(steps), byte_level(rnd.random() < 0.2, rnd.random() < 0.5))
    change["pre_tokenizer"] = steps[0] if len(steps) == 1 else pre(*steps)
    added = [END]
    for content in rnd.sample(CONTENTS, rnd.randrange(6)):
        flags = {f: rnd.random() < 0.3 for f in ("special", "lstrip", "rstrip", "single_word")}
        added.append(token(content, normalized=rnd.random() < 0.5, **flags))
    if rnd.random() < 0.2:
        added.append(dict(rnd.choice(added), normalized=rnd.random() < 0.5, lstrip=True))
    change["added_tokens"] = added
    if rnd.random() < 0.35:
        change["drop"] = "".join(rnd.sample("!'ae1Ġ\u0120\u00c3\u00a9\u0142\u00f0\u010a\u00e8\u00aa", 3))
    for field, values in {"unk_token": ["LAST", "<unk>", None], "fuse_unk": [True, False], "byte_fallback": [True, False], "ignore_merges": [True, False],
                          "continuing_subword_prefix": ["", None], "dropout": [None, 0.0]}.items():
        if rnd.random() < 0.3:
            change["model." + field] = rnd.choice(values)
    return change


def changed(base, change):
    """The file with the change; added tokens without an id have the one that HF gives them."""
    spec = json.loads(json.dumps(base))
    drop = set(change.get("drop", ""))
    m = spec["model"]
    kept = sorted((t for t in m["vocab"] if not drop & set(t)), key=m["vocab"].get)
    if drop:  # no gaps among the ids: added tokens would fall into them
        m["vocab"] = {t: i for i, t in enumerate(kept)}
    m["merges"] = [pair for pair in m["merges"] if not drop & set("".join(pair))]
    for field, v in json.loads(json.dumps(change)).items():
        if v == "LAST":  # a token that is a part of no other
            v = kept[-1]
        if field.startswith("model."):
            spec["model"][field[6:]] = v
        elif field != "drop":
            spec[field] = v
    ids, vocab = {}, spec["model"]["vocab"]
    for t in spec["added_tokens"]:
        if t["id"] is None or t["content"] in ids:
            t["id"] = ids.setdefault(t["content"], vocab.get(t["content"], len(vocab) + sum(c not in vocab for c in ids)))
        ids.setdefault(t["content"], t["id"])
    return spec


def variants(outdir, seed, number):
    rnd = random.Random(int(seed))
    bases = {}
    for name in ("gpt2", "llama3"):
        with gzip.open(os.path.join(outdir, "testdata", name + ".json.gz"), "rt") as f:
            bases[name] = json.load(f)
    out = []
    todo = [(name, "gpt2", change) for name, change in MODELS.items()]
    todo += [(f"random{i}", rnd.choice(["gpt2", "gpt2", "llama3"]), None) for i in range(int(number))]
    for name, base, change in todo:
        while True:
            now = change or random_change(rnd)
            spec = changed(bases[base], now)
            try:
                tok = Tokenizer.from_str(json.dumps(spec))
                break
            except Exception as e:  # a pattern, or two added tokens that are one when normalized
                if change:
                    raise
        tok.no_padding()
        drop = now.get("drop", "")
        change = {k: spec.get(k) for k in ("normalizer", "pre_tokenizer", "added_tokens")}
        change["model"] = {k: v for k, v in spec["model"].items() if k not in ("vocab", "merges")}
        if drop:
            change["drop"] = drop  # the tokens with these characters are gone
        out.append(json.dumps({"file": name, "base": base, "change": change}, separators=(",", ":")) + "\n")
        contents = [t["content"] for t in spec["added_tokens"]]
        for s in hard(rnd, contents, 130 + len(contents))[88:] + ["a\u00e9\u00e8\u8a9e\u8a00 \u00e9"]:
            try:
                e = tok.encode(s, add_special_tokens=False)
            except BaseException:  # HF stops at overlapping tokens
                continue
            size = [0]
            for c in s:
                size.append(size[-1] + len(c.encode()))
            at = [[size[a], size[b]] for a, b in e.offsets]
            out.append(json.dumps({"file": name, "text": s, "ids": e.ids, "at": at}, separators=(",", ":")) + "\n")
    write_gz(os.path.join(outdir, "testdata/variants.jsonl.gz"), "".join(out))

    forms(outdir)
    by_tiktoken(outdir, bases["gpt2"]["model"]["vocab"], rnd)


def forms(outdir):
    """Checksums of the normal forms of every code point in several places."""
    out = []
    for name in FORMS:
        form = getattr(normalizers, name)().normalize_str
        for lo in range(0, 0x110000, 0x1000):
            text = "\n".join(form(s) for c in range(lo, lo + 0x1000) if not 0xD800 <= c < 0xE000 for s in around(chr(c)))
            out.append(f"{name} {lo:06X} {zlib.crc32(text.encode()):08x}\n")
    write_gz(os.path.join(outdir, "testdata/forms.txt.gz"), "".join(out))


def by_tiktoken(outdir, vocab, rnd):
    """A small .tiktoken file, and what tiktoken gives with the pattern and the special tokens of its encodings."""
    import tiktoken
    from tiktoken_ext import openai_public

    table = {v: bytes([k]) for k, v in enumerate_bytes()}
    ranks = {b"".join(table[c] for c in tok): i for tok, i in vocab.items() if all(c in table for c in tok)}
    for extra in (b"aaa", b"aa", b"abab", b"aba", b"bab", b"\xe8\xaa", b"\xaa\x9e"):  # tokens out of order, several ways to make one
        ranks.setdefault(extra, len(ranks))
    lines = [base64.b64encode(tok).decode() + f" {rank}\n" for tok, rank in sorted(ranks.items(), key=lambda x: x[1])]
    write_gz(os.path.join(outdir, "testdata/small.tiktoken.gz"), "".join(lines))
    openai_public.load_tiktoken_bpe = openai_public.data_gym_to_mergeable_bpe_ranks = lambda *_, **__: ranks
    out = []
    for name, make in openai_public.ENCODING_CONSTRUCTORS.items():
        spec = make() | {"explicit_n_vocab": None}
        enc = tiktoken.Encoding(**spec)
        some = rnd.sample(sorted(spec["special_tokens"]), min(5, len(spec["special_tokens"])))
        for s in hard(rnd, some, 240)[90:] + ["aaaa aaaaa aaaaaaaab", "ababab babab", " \n ", "a \n \n  ", "I'LL don'T 'ſ x'K"] + some:
            out.append(json.dumps({"encoding": name, "input": s, "ids": enc.encode(s, allowed_special="all")}, separators=(",", ":")) + "\n")
    write_gz(os.path.join(outdir, "testdata/tiktoken.jsonl.gz"), "".join(out))


def enumerate_bytes():
    """Each byte with its character in byte-level form."""
    printable = [*range(0x21, 0x7F), *range(0xA1, 0xAD), *range(0xAE, 0x100)]
    rest = [b for b in range(256) if b not in printable]
    return [(b, chr(b)) for b in printable] + [(b, chr(256 + i)) for i, b in enumerate(rest)]


# ---- time


def go_bench():
    cmd = ["go", "test", "./lemma/neox", "-run", "^$", "-bench", "^Benchmark(Encode|New)$", "-cpu", "1", "-benchtime", "0.3s", "-count", "3"]
    out = subprocess.run(cmd, capture_output=True, text=True, check=True).stdout
    speed = {}
    for line in out.splitlines():
        m = re.match(r"BenchmarkEncode/(\S+)\s", line)
        if m and "goroutines" not in m[1]:
            unit = "MB/s" if "text=prose" in line else "Mlines/s"
            v = re.search(r"([\d.e+-]+) " + unit, line)
            speed.setdefault(m[1], []).append(float(v[1]))
        m = re.match(r"BenchmarkNew\s+\d+\s+(\d+) ns/op", line)
        if m:
            speed.setdefault("load", []).append(int(m[1]) / 1e6)
    return {k: statistics.median(v) for k, v in speed.items()}


def hf_speed(tok, lines, amount):
    """The faster of the two ways to call it."""

    def one_by_one():
        for s in lines:
            tok.encode(s, add_special_tokens=False).ids

    def batch():
        [e.ids for e in tok.encode_batch_fast(lines, add_special_tokens=False)]

    best = []
    for f in (one_by_one, batch):
        times = []
        for _ in range(3):
            start = time.perf_counter()
            f()
            times.append(time.perf_counter() - start)
        best.append(amount / statistics.median(times) / 1e6)
    return max(best)


def timing(neox, synsets, definitions):
    os.environ["RAYON_NUM_THREADS"] = "1"
    os.environ["TOKENIZERS_PARALLELISM"] = "false"
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})
    tok = Tokenizer.from_file(neox)
    with gzip.open(synsets, "rt") as f:
        lemmas = [json.loads(line)["lemmas"][0] for line in f]
    with gzip.open(definitions, "rt") as f:
        prose = [d["definition"] + "; " + "; ".join(d["examples"]) for d in map(json.loads, f)]
    size = sum(len(s.encode()) for s in prose)
    ours = go_bench()
    hf = {"lemmas": hf_speed(tok, lemmas, len(lemmas)), "prose": hf_speed(tok, prose, size)}
    for text, unit in (("lemmas", "million lemmas/s"), ("prose", "MB/s")):
        tik = ours["core=tiktoken/text=" + text]
        print(f"{text}, {unit}, one core: HF tokenizers {tokenizers.__version__} {hf[text]:.3f}, tiktoken-go {tik:.3f}")
        for cache in ("warm", "cold", "none"):
            v = ours[f"core=own/cache={cache}/text={text}"]
            print(f"  cache {cache}: {v:.3f} = {v / hf[text]:.1f} x HF, {v / tik:.1f} x tiktoken-go")
    print(f"loading the embedded tokenizer and the first word: {ours['load']:.1f} ms")


if __name__ == "__main__":
    if len(sys.argv) == 3 and sys.argv[1] == "tables":
        tables(sys.argv[2])
    elif len(sys.argv) == 5 and sys.argv[1] == "goldens":
        goldens(*sys.argv[2:])
    elif len(sys.argv) == 5 and sys.argv[1] == "variants":
        variants(*sys.argv[2:])
    elif len(sys.argv) == 5 and sys.argv[1] == "time":
        timing(*sys.argv[2:])
    else:
        sys.exit(__doc__)
