"""Choose from the documents of corpus.py the text that the map is made from.

    python text.py CORPUS.jsonl tokenizer.json WORDNET OUT.jsonl [TOKENS] [SEED]

WORDNET is the folder of WordNet 3.0's data files. The map is asked about the
first lemma of every synset, so the text should have the tokens of these lemmas
as often as possible. TOKENS (default 3150000) is the expected number of tokens
inside windows. A window has 15 tokens, windows stand at range(start, L-15, 15)
in a document of L tokens, and start is drawn from 0 to 14 for each document:
all expectations are means over the 15 starts, and the first position of a
window, which maps leave out, is not counted as an occurrence.

1. Entries of dictionaries and pieces of prose are taken whole. The next one is
   always the one that adds most for each of its tokens, where a token of a first
   lemma adds 3 up to its 6th expected occurrence, 1 up to the 22nd, and nothing
   after it (5 and 20, and a little for the random starts). So the choice depends
   on tokens alone, never on what an entry is about.
2. The chosen entries are shuffled by SEED and joined in fours by a newline:
   alone, most of them would lose the headword to the random start. A piece of
   prose is a document of its own.
3. The documents are shuffled, so that an extraction that is stopped has seen a
   fair sample, and written as lines {"text": ...}.

Beside OUT.jsonl, OUT.json has the counts. Needs numpy and tokenizers.
"""
import functools
import glob
import heapq
import json
import os
import sys

import numpy as np
from tokenizers import Tokenizer

WINDOW = 15


def first_lemmas(folder):
    """The first word of every synset in data.noun, data.verb and so on."""
    out = []
    for name in sorted(glob.glob(os.path.join(folder, "data.*"))):
        for line in open(name, encoding="utf8"):
            if line[0].isdigit():
                out.append(line.split()[4].split("(")[0])  # without "(a)" of adjectives
    if not out:
        sys.exit(f"{folder}: no data.noun, data.verb, ... of WordNet")
    return out


@functools.cache
def windows(n):
    """Expected number of windows of a document of n tokens."""
    return np.mean([len(range(s, n - WINDOW, WINDOW)) for s in range(WINDOW)])


@functools.cache
def seen(n):
    """For each position of a document of n tokens the chance that it stands in a
    window, and not first in it."""
    p = np.zeros(n)
    for s in range(WINDOW):
        end = s + WINDOW * len(range(s, n - WINDOW, WINDOW))
        p[s:end] += 1
        p[s:end:WINDOW] -= 1
    return p / WINDOW


def encode(tokenizer, texts):
    out = []
    for i in range(0, len(texts), 5000):
        for e in tokenizer.encode_batch(texts[i : i + 5000], add_special_tokens=False):
            out.append(np.array(e.ids, np.int32))
    return out


def draw(docs, vocab):
    """Occurrences of every token in windows for one draw of the starts, and the
    number of tokens in windows."""
    rng = np.random.default_rng(0)
    c, total = np.zeros(vocab, int), 0
    for d in docs:
        s = int(rng.integers(WINDOW))
        k = len(range(s, len(d) - WINDOW, WINDOW))
        w = d[s : s + WINDOW * k].reshape(k, WINDOW)
        total += w.size
        np.add.at(c, w[:, 1:].ravel(), 1)
    return c, total


def value(n):
    return 2 * np.minimum(n, 6) + np.minimum(n, 22)


def choose(kinds, docs, used, vocab, tokens):
    """Greedy choice, lazily: gains only fall, so a stale best one is computed
    again and put back."""
    have = np.zeros(vocab)
    parts = []
    for kind, d in zip(kinds, docs):
        # An entry will stand among three others, where nearly all is seen.
        cost = WINDOW * windows(len(d)) if kind == "p" else len(d)
        p = seen(len(d)) if kind == "p" else np.full(len(d), 14 / 15)
        t, inverse = np.unique(d, return_inverse=True)
        n = np.bincount(inverse, p, len(t))
        keep = used[t] & (n > 0)
        parts.append((t[keep], n[keep], cost))

    def gain(i):
        t, n, cost = parts[i]
        if cost == 0:
            return 0.0
        h = have[t]
        return (value(h + n) - value(h)).sum() / cost

    heap = [(-gain(i), i) for i in range(len(docs))]
    heapq.heapify(heap)
    chosen, total = [], 0.0
    while heap and total < tokens:
        _, i = heapq.heappop(heap)
        g = gain(i)
        if heap and -g > heap[0][0]:
            heapq.heappush(heap, (-g, i))
            continue
        if parts[i][2] == 0:
            break
        chosen.append(i)
        total += parts[i][2]
        have[parts[i][0]] += parts[i][1]
    return chosen


def main(corpus, tok, wordnet, out, tokens=3150000, seed=1337):
    tokenizer = Tokenizer.from_file(tok)
    vocab = tokenizer.get_vocab_size()
    lemmas = encode(tokenizer, first_lemmas(wordnet))
    used = np.zeros(vocab, bool)
    used[np.concatenate(lemmas)] = True
    kinds, texts = zip(*(json.loads(line) for line in open(corpus, encoding="utf8")))
    docs = encode(tokenizer, texts)

    def coverage(docs):
        c, total = draw(docs, vocab)
        least = np.array([c[e].min() for e in lemmas])
        levels = (1, 5, 20)
        return {
            "documents": len(docs),
            "tokens": int(sum(map(len, docs))),
            "tokens_in_windows_expected": round(WINDOW * sum(windows(len(d)) for d in docs)),
            "tokens_in_windows_drawn": total,
            "tokens_of_first_lemmas": int(used.sum()),
            "of_these_seen_1_5_20": [round(float((c[used] >= k).mean()), 4) for k in levels],
            "median_occurrences": round(float(np.median(c[used])), 1),
            "lemmas": len(lemmas),
            "lemmas_with_all_tokens_seen_1_5_20": [round(float((least >= k).mean()), 4) for k in levels],
        }

    def join(picked):
        rng = np.random.default_rng(seed)
        entries = [i for i in picked if kinds[i] == "e"]
        entries = [entries[i] for i in rng.permutation(len(entries))]
        joined = ["\n".join(texts[i] for i in entries[k : k + 4]) for k in range(0, len(entries), 4)]
        joined += [texts[i] for i in picked if kinds[i] == "p"]
        return [joined[i] for i in rng.permutation(len(joined))]

    stat = {"all": coverage(encode(tokenizer, join(range(len(docs)))))}
    goal = tokens
    for _ in range(4):  # what joining adds or loses is known afterwards
        picked = choose(kinds, docs, used, vocab, goal)
        chosen = join(picked)
        ids = encode(tokenizer, chosen)
        got = WINDOW * sum(windows(len(d)) for d in ids)
        if len(picked) == len(docs) or abs(got - tokens) < tokens / 1000:
            break
        goal *= tokens / got
    stat["chosen"] = coverage(ids)
    stat["chosen"].update(entries=sum(kinds[i] == "e" for i in picked), prose=sum(kinds[i] == "p" for i in picked),
                          tokens_of_entries=int(sum(len(docs[i]) for i in picked if kinds[i] == "e")))
    with open(out, "w", encoding="utf8") as f:
        for t in chosen:
            f.write(json.dumps({"text": t}, ensure_ascii=False) + "\n")
    with open(os.path.splitext(out)[0] + ".json", "w") as f:
        json.dump(stat, f, indent=1)
    print(json.dumps(stat, indent=1))


if __name__ == "__main__":
    if len(sys.argv) < 5:
        sys.exit(__doc__)
    main(*sys.argv[1:5], *map(int, sys.argv[5:7]))
