"""Package wordnet beside NLTK's WordNet reader, and beside Go packages.

usage: wordnet.py DIR

Run in the root of the module, with NLTK 3.8 (pip install nltk==3.8) and Go.
DIR holds WordNet's files as NLTK wants them: data.*, index.*, *.exc,
cntlist.rev, lexnames, index.sense. It prints seconds and the ratio NLTK / Go
of each task, all taken in one run: medians of 3 rounds in NLTK, warm, and of
11 here; of 5 processes for opening. With PEERS=1 in the environment it also
fetches the Go package of the same purpose and times how it opens DIR.
"""

import json
import os
import random
import resource
import statistics
import subprocess
import sys
import tempfile
import time
import warnings

warnings.simplefilter("ignore")

GO_PEERS = {  # package and version, and the statements that open a folder
    "fluhus/gostuff v1.2.0": (
        "github.com/fluhus/gostuff/nlp/wordnet",
        "v1.2.0",
        "if _, err := peer.Parse(os.Args[1]); err != nil {\n\t\tpanic(err)\n\t}",
    ),
}

MAIN = """package main

import (
	"fmt"
	"os"
	"time"

	peer "%s"
)

func main() {
	start := time.Now()
	%s
	fmt.Println(time.Since(start).Seconds())
}
"""


def nltk_side(root, tasks_file):
    """Time NLTK in this process and write the tasks for the other side."""
    import nltk
    from nltk.corpus.reader.wordnet import WordNetCorpusReader

    out = {}
    start, cpu = time.perf_counter(), time.process_time()
    wn = WordNetCorpusReader(nltk.data.FileSystemPathPointer(root), None)
    synsets = list(wn.all_synsets())
    out["open"], out["open cpu"] = time.perf_counter() - start, time.process_time() - cpu
    out["peak"] = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    out["version"] = nltk.__version__

    rnd = random.Random(1)
    names = sorted(wn.all_lemma_names())
    words = [rnd.choice(names) + ("s" if rnd.random() < 0.5 else "") for _ in range(10000)]
    nouns = [s for s in synsets if s.pos() == "n"]
    verbs = [s for s in synsets if s.pos() == "v"]
    noun_pairs = [(rnd.choice(nouns), rnd.choice(nouns)) for _ in range(10000)]
    verb_pairs = [(rnd.choice(verbs), rnd.choice(verbs)) for _ in range(10000)]
    paths = [rnd.choice(nouns) for _ in range(10000)]
    lemmas = [l for s in rnd.sample(synsets, 1000) for l in s.lemmas()]
    with open(tasks_file, "w") as f:
        json.dump(
            {
                "Words": words,
                "Forms": words,
                "Nouns": [(a.name(), b.name()) for a, b in noun_pairs],
                "Verbs": [(a.name(), b.name()) for a, b in verb_pairs],
                "Paths": [s.name() for s in paths],
                "Lemmas": [l.synset().name() + "." + l.name() for l in lemmas],
            },
            f,
        )

    def median(name, f):
        f()  # NLTK keeps what it has read
        times = []
        for _ in range(3):
            start = time.perf_counter()
            f()
            times.append(time.perf_counter() - start)
        out[name] = statistics.median(times)

    entity = wn.synset("entity.n.01")
    median("synsets", lambda: [wn.synsets(w) for w in words])
    median("morphy", lambda: [wn.morphy(w) for w in words])
    for name, pairs in (("nouns", noun_pairs), ("verbs", verb_pairs)):
        median("path " + name, lambda: [a.path_similarity(b) for a, b in pairs])
        median("wup " + name, lambda: [a.wup_similarity(b) for a, b in pairs])
        median("lch " + name, lambda: [a.lch_similarity(b) for a, b in pairs])
    median("hypernym paths", lambda: [s.hypernym_paths() for s in paths])
    median("closure", lambda: list(entity.closure(lambda s: s.hyponyms())))
    median("topic domains", lambda: [s.topic_domains() for s in wn.all_synsets()])
    median("counts", lambda: [l.count() for l in lemmas])
    median("keys", lambda: [l.key() for l in lemmas])
    json.dump(out, sys.stdout)


def run_json(*args):
    """The JSON that a program prints, and the processor time it took."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    out = json.loads(subprocess.run(args, check=True, capture_output=True, text=True).stdout)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    out["process"] = after.ru_utime - before.ru_utime + after.ru_stime - before.ru_stime
    return out


def median_of(runs):
    return {k: statistics.median(r[k] for r in runs) for k in runs[0]}


def go_peer(name, root, tmp):
    path, version, body = GO_PEERS[name]
    folder = os.path.join(tmp, "peer")
    os.makedirs(folder)
    with open(os.path.join(folder, "main.go"), "w") as f:
        f.write(MAIN % (path, body))
    for cmd in (["mod", "init", "peer"], ["get", path + "@" + version], ["build", "-o", "peer", "."]):
        subprocess.run(["go", *cmd], cwd=folder, check=True, capture_output=True, text=True)
    times = []
    for _ in range(5):
        p = subprocess.run(["./peer", root], cwd=folder, check=True, capture_output=True, text=True)
        times.append(float(p.stdout.split()[-1]))
    return statistics.median(times)


def main():
    if len(sys.argv) == 4 and sys.argv[1] == "nltk":
        return nltk_side(sys.argv[2], sys.argv[3])
    if len(sys.argv) != 2 or sys.argv[1].startswith("-"):
        sys.exit(__doc__)
    root = os.path.abspath(sys.argv[1])
    with tempfile.TemporaryDirectory() as tmp:
        binary, tasks = os.path.join(tmp, "wordnetrun"), os.path.join(tmp, "tasks.json")
        subprocess.run(["go", "build", "-o", binary, "./internal/peers/wordnetrun"], check=True)
        nltk = run_json(sys.executable, __file__, "nltk", root, tasks)
        folder = median_of([run_json(binary, root, "-") for _ in range(5)])
        embedded = median_of([run_json(binary, "wn30", "-") for _ in range(5)])
        warm = run_json(binary, root, tasks)
        print("NLTK", nltk["version"])
        print("%-28s %10s %10s %8s" % ("", "NLTK", "Go", "ratio"))

        def row(name, a, b, unit="ms", scale=1000):
            print("%-28s %7.3f %s %7.3f %s %7.1f" % (name, a * scale, unit, b * scale, unit, a / b))

        row("open folder", nltk["open"], folder["open"])
        row("open wn30", nltk["open"], embedded["open"])
        # Of the whole Go process, its start included.
        row("open folder, processor", nltk["open cpu"], folder["process"])
        row("open wn30, processor", nltk["open cpu"], embedded["process"])
        if "peak" in folder:
            row("peak memory, folder", nltk["peak"], folder["peak"], "MB", 1)
            row("peak memory, wn30", nltk["peak"], embedded["peak"], "MB", 1)
        for k in nltk:
            if k in warm and k not in ("open", "peak", "process"):
                row(k, nltk[k], warm[k])
        if os.environ.get("PEERS"):
            for name in GO_PEERS:
                try:
                    row("open folder: " + name, go_peer(name, root, tmp), folder["open"])
                except (subprocess.CalledProcessError, ValueError, IndexError) as e:
                    print(name, "could not be built or run:", getattr(e, "stderr", e))


main()
