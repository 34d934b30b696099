"""Get plain English text out of Debian packages.

    python corpus.py ROOT OUT.jsonl

ROOT is a folder into which the packages of README.md were unpacked with
dpkg -x. OUT.jsonl gets one document a line: ["e", text] for an entry of a
dictionary, written "headword: text", and ["p", text] for a piece of prose of
some 600 characters. The map is to be asked about topic domains and parts of
speech, so marks of topics ("(Law)", "<networking>") and of parts of speech are
left out, and so is everything that GCIDE says to come from WordNet. Headwords
are in lower case where the texts have them so. Needs the standard library only.
"""
import bz2
import collections
import glob
import gzip
import html
import json
import lzma
import os
import re
import shlex
import struct
import sys
import zlib

DIGITS = {c: i for i, c in enumerate("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/")}
POS = r"(?:prop\. ?n|n|a|v|adv|prep|conj|interj|pron|p|pl|t|i|sing|imp|vb|superl|compar|pr|obs|adj)"
LONG = 25  # shorter texts are dropped


def read(path):
    return open(path, encoding="utf8", errors="ignore").read()


def flat(t):
    return re.sub(r"\s+", " ", t).strip()


def clean(t):
    """Without addresses of mail; nothing for a text with control characters, which
    overstrike, or with a run of signs, which is a drawing."""
    t = flat(re.sub(r"<?[\w.+-]+@[\w-]+(?:\.[\w-]+)+>?", " ", t))
    return "" if re.search(r"[\x00-\x1f\x7f-\x9f\ufffd\u2500-\u257f]|([^\w\s.])\1{5}", t) else t


def no_brackets(t):
    for _ in range(3):
        t = re.sub(r"\[[^\[\]]*\]", " ", t)
    return t


def no_tags(t):
    t = re.sub(r"(?is)<(script|style|head|pre|info|note|title)\b.*?</\1>", " ", t)
    return html.unescape(re.sub(r"<[^>]+>", " ", t))


# Dictionaries.


def dictd(share, name):
    """The texts of a dictd file, each once."""
    raw = gzip.open(f"{share}/dictd/{name}.dict.dz").read()
    seen = set()
    for line in open(f"{share}/dictd/{name}.index", encoding="utf8", errors="ignore"):
        p = line.rstrip("\n").split("\t")
        if len(p) < 3 or p[0].startswith("00"):
            continue
        start, size = 0, 0
        for c in p[1]:
            start = start * 64 + DIGITS[c]
        for c in p[2]:
            size = size * 64 + DIGITS[c]
        if start not in seen:
            seen.add(start)
            yield raw[start : start + size].decode("utf8", "ignore")


def gcide(raw):
    """Headword and text of an entry, without the paragraphs that are marked as
    WordNet's; None if the first one is."""
    paragraphs = re.split(r"\n\s*\n", raw)
    keep = [p for p in paragraphs if "WordNet" not in p and "[wns=" not in p and not p.strip().startswith("[")]
    if not keep or keep[0] is not paragraphs[0]:
        return None
    m = re.match(r"([^\\\n]{1,60}?)\s*\\", keep[0])
    if not m:
        return None
    head = m.group(1).strip()
    t = re.sub(r"\\[^\\]{1,80}\\", " ", "\n\n".join(keep))
    t = re.sub(r"\((?:k|s|z|th|\?|[^()\s]*\[[^\[\]\s]{1,3}\][^()]*|[^()]*[\"`*][^()]*)\)", pronunciation, t)
    t = no_brackets(ACCENT.sub(r"\1", t))
    t = re.sub(r"\?{3,}\S*|\\", " ", t)  # Greek letters that were lost, stray marks
    t = flat(t[len(head) :] if t.startswith(head) else t)
    t = no_class(re.sub(r"^[\s,;:.]+", "", t))
    t = re.sub(r"\((?:[A-Z][A-Za-z.]*\.?(?:\s*(?:&|and|of)?\s*)){1,4}\)", " ", t)  # (Law), (Nat. Hist.)
    t = re.sub(r"\bpl\. \{[^}]*\}[;,.]?", " ", t)
    t = re.sub(r"--\s?[A-Z][\w.' ]{1,30}?(?:\.|(?= \d+\.)|$)", " ", t)  # authors of quotations
    t = re.sub(r"\(\s*\)", " ", re.sub(r"[{}]|\b[A-Z]{2,4}\]", "", t))
    return head, re.sub(r"\s+([,.;:])", r"\1", flat(t))


ACCENT = re.compile(r"\[[^\]A-Za-z ]{0,2}([A-Za-z]{1,2})\]")  # ["o], ['e], [ae]


def pronunciation(m):
    """Nothing in place of a pronunciation; topics have accents too, "(Zo["o]l.)"."""
    return ACCENT.sub(r"\1", m[0]) if re.match(r"\([A-Z][^()]*\.\)$", m[0]) else " "


def no_class(t):
    """Without the part of speech at the front: "n. ", "v. t. & i.; ", "(pl. x) n.
    ", "/sound/, n. ", "Other spelling, n. "."""
    t = re.sub(r"^/[^/]{1,60}/,? ", "", t)
    m = re.match(rf"(?:\([^()]*\)[\s,;]*)?{POS}\.", t) or re.match(r"(?:[\w'-]+ ?){1,3}(?:\([^()]*\))?,? ?(?=(?:prop\. ?)?(?:n|v|a|adj|adv)\.[\s,])", t)
    if not m:
        return t
    t = re.sub(r"^\([^()]*\)[\s,;]*", "", t) if t.startswith("(") else t[0 if re.match(rf"{POS}\.", t) else m.end() :]
    return re.sub(rf"^[\s,;:]*(?:{POS}\.?(?:\s*(?:&|and|or)\s*|[\s,;:.]+))*", "", t)


def devil(raw):
    m = re.match(r"\s*([A-Z][A-Z' -]+),\s*(?:n|v|adj|adv|pp|v\.t|v\.i|x|pro)[.\w]*\s+(.*)", raw, re.S)
    return m and (m.group(1).capitalize(), plain(m.group(2)))


def other(raw):
    head, _, t = raw.lstrip("\n").partition("\n")
    return head.strip(" :"), plain(t)


def vera(raw):
    """Without the field of an acronym: "Forward Carbon Copy (telecommunication)"."""
    head, t = other(raw)
    return head, re.sub(r"\s*\([^()]*\)", "", t)


def plain(t):
    t = no_brackets(re.sub(r"<[a-z][^<>]{2,40}>", " ", t))
    t = flat(re.sub(r"\(\d{4}-\d\d-\d\d\)", " ", re.sub(r"[{}]", "", t)))
    return re.sub(r"^(?:vt?i?|excl|interj|prov|quant|pref|suff|abbrev)\.,?\s+", "", no_class(t))


def entries(share):
    for name, parse in (("gcide", gcide), ("foldoc", other), ("jargon", other), ("devil", devil), ("elements", other), ("vera", vera)):
        n = 0
        for raw in dictd(share, name):
            e = parse(raw)
            if not e or not 0 < len(e[0]) < 60:
                continue
            head, t = e[0], clean(e[1])
            if len(t) > LONG:
                n += 1
                yield head, t
        print(name, n, "entries")


# Prose.


def austen(root):
    """Strings of R's data sets: compressed objects with a length before each;
    character strings are records of type 9."""
    raw = open(glob.glob(f"{root}/usr/lib/R/site-library/janeaustenr/data/Rdata.rdb")[0], "rb").read()
    end = 0
    for m in re.finditer(rb"[\x00-\xff]{4}\x78[\x01\x5e\x9c\xda]|[\x00-\xff]{4}[2Z]", raw):
        o = m.start()
        if o < end:
            continue
        try:
            if raw[o + 4] == ord("x"):
                d, skip = zlib.decompressobj(), 4
            elif raw[o + 4] == ord("Z"):
                d, skip = lzma.LZMADecompressor(lzma.FORMAT_RAW, filters=[{"id": lzma.FILTER_LZMA2, "preset": 6}]), 5
            else:
                d, skip = bz2.BZ2Decompressor(), 5
            t = d.decompress(raw[o + skip :])
        except (zlib.error, lzma.LZMAError, OSError, EOFError):
            continue
        if len(t) < 10000:
            continue
        end = len(raw) - len(d.unused_data)
        q, lines = 0, []
        while True:
            q = t.find(b"\x00\x04\x00\x09", q)
            if q < 0 or q + 8 > len(t):
                break
            k = struct.unpack(">i", t[q + 4 : q + 8])[0]
            if 0 <= k < 400:
                lines.append(t[q + 8 : q + 8 + k].decode("utf8", "ignore"))
                q += 8 + k
            else:
                q += 1
        yield " ".join(lines)


def bible(share):
    """The blocks of a SWORD module."""
    for f in sorted(glob.glob(f"{share}/sword/modules/texts/ztext/*/*.bzs")):
        index, raw = open(f, "rb").read(), open(f[:-1] + "z", "rb").read()
        for o, s, _ in struct.iter_unpack("<III", index):
            t = no_tags(zlib.decompress(raw[o : o + s]).decode("utf8", "ignore"))
            yield re.sub(r"\s+([,.;:?!’”])|(?<=[“‘])\s+", r"\1", t)


ROFF = {"aq": "'", "dq": '"', "em": "—", "en": "–", "oq": "‘", "cq": "’", "lq": "“", "rq": "”", "ti": "~", "ha": "^", "rs": "\\", "ga": "`", "mu": "×", "co": "©", "<=": "≤", ">=": "≥"}


def unroff(t):
    t = re.sub(r'\\".*', "", t)
    t = re.sub(r"\\f\[[^\]]*\]|\\f\(..|\\f.|\\s[-+]?\d|\\[&|^%/,:)]|\\c", "", t)
    t = re.sub(r"\\\[([^\]]*)\]|\\\((..)", lambda m: ROFF.get(m[1] or m[2], ""), t)
    return re.sub(r"\\[ ~0]", " ", t).replace("\\-", "-").replace("\\e", "\\").replace("\\'", "'").replace("\\`", "`").replace("\\.", ".")


def manual(t):
    """The sentences of a manual page, without names, synopses, tables and code."""
    out, until, skip = [], "", False
    for line in t.replace("\\\n", "").split("\n"):
        if until:
            if line.startswith(until):
                until = ""
            continue
        if not line.startswith((".", "'")):
            if not skip:
                out.append(unroff(line))
            continue
        name, _, rest = line[1:].strip().partition(" ")
        until = {"EX": ".EE", "nf": ".fi", "TS": ".TE"}.get(name, "")
        if name == "SH":
            skip = rest.strip('"') in ("NAME", "SYNOPSIS", "LIBRARY", "ATTRIBUTES", "STANDARDS", "VERSIONS", "SEE ALSO", "COLOPHON", "AUTHORS")
        if skip or name not in ("B", "I", "SM", "SB", "BR", "RB", "BI", "IB", "IR", "RI"):
            continue
        try:
            words = shlex.split(re.sub(r"(?<!\\)'", r"\'", rest.replace("\\", "\\\\")).replace("\\\\'", "\\'"), comments=False)
        except ValueError:
            words = rest.replace('"', "").split()
        out.append(unroff((" " if len(name) == 1 or name in ("SM", "SB") else "").join(words)))
    return "\n".join(out)


def manuals(share):
    for f in sorted(glob.glob(f"{share}/man/man*/*.gz")):
        yield manual(gzip.open(f, "rt", encoding="utf8", errors="ignore").read())


def fortunes(share):
    for f in sorted(glob.glob(f"{share}/games/fortunes/*")):
        if not f.endswith((".dat", ".u8")) and not os.path.islink(f) and "ascii" not in f:
            yield from re.split(r"\n%\n", read(f))


def pages(pattern):
    for f in sorted(glob.glob(pattern, recursive=True)):
        yield no_tags(read(f))


def pieces(t, size=600):
    """Pieces of at least size characters that end with a sentence."""
    out = ""
    for s in re.split(r"(?<=[.!?]) ", flat(t)):
        out += (" " if out else "") + s
        if len(out) >= size:
            yield out
            out = ""
    if len(out) > 60:
        yield out


def prose(root, share):
    for name, texts in (
        ("Jane Austen", austen(root)),
        ("World English Bible", bible(share)),
        ("fortunes", fortunes(share)),
        ("anarchism", pages(f"{share}/doc/anarchism/html/*.html")),
        ("handbook", pages(f"{share}/doc/debian-handbook/html/en-US/*.html")),
        ("manual pages", manuals(share)),
        ("GNOME help", pages(f"{share}/help/C/**/*.page")),
    ):
        n = 0
        for t in texts:
            for p in [flat(t)] if name == "fortunes" else pieces(t):
                p = clean(p)
                if len(p) > 40:
                    n += 1
                    yield p
        print(name, n, "pieces")


def main(root, out):
    share = os.path.join(root, "usr/share")
    dictionary, texts = list(entries(share)), list(prose(root, share))
    words = collections.Counter()
    for t in [t for _, t in dictionary] + texts:
        words.update(re.findall(r"[A-Za-z][a-z'-]+", t))
    with open(out, "w", encoding="utf8") as f:
        for head, t in dictionary:
            low = head[:1].lower() + head[1:]
            if head[1:] == head[1:].lower() and words[low] >= max(1, words[head] // 4):
                head = low
            f.write(json.dumps(["e", f"{head}: {t}"], ensure_ascii=False) + "\n")
        for t in texts:
            f.write(json.dumps(["p", t], ensure_ascii=False) + "\n")


if __name__ == "__main__":
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    main(*sys.argv[1:])
