// Wordnetrun times package wordnet for wordnet.py, which tells it what to do
// in a JSON file and reads the seconds it took from standard output.
package main

import (
	"encoding/json"
	"fmt"
	"os"
	"runtime"
	"slices"
	"strings"
	"time"

	"github.com/semamap/semamap/wordnet"
	"github.com/semamap/semamap/wordnet/wn30"
)

// A task list is drawn by wordnet.py, so that both sides do the same.
type tasks struct {
	Words, Forms  []string
	Nouns, Verbs  [][2]string
	Paths, Lemmas []string
}

func main() {
	if len(os.Args) != 3 {
		fmt.Fprintln(os.Stderr, "usage: wordnetrun DIR|wn30 TASKS.json|-")
		os.Exit(2)
	}
	if err := run(os.Args[1], os.Args[2]); err != nil {
		fmt.Fprintln(os.Stderr, "wordnetrun:", err)
		os.Exit(1)
	}
}

func run(dir, file string) error {
	out := map[string]float64{}
	start := time.Now()
	var db *wordnet.DB
	var err error
	if dir == "wn30" {
		db, err = wordnet.Open(wn30.FS, nil)
	} else {
		db, err = wordnet.OpenDir(dir, nil)
	}
	out["open"] = time.Since(start).Seconds()
	if err != nil {
		return err
	}
	if b, err := os.ReadFile("/proc/self/status"); err == nil { // Linux only
		for line := range strings.Lines(string(b)) {
			if kb := 0.0; strings.HasPrefix(line, "VmHWM:") {
				fmt.Sscanf(line, "VmHWM: %f kB", &kb)
				out["peak"] = kb / 1024
			}
		}
	}
	if file != "-" {
		b, err := os.ReadFile(file)
		if err != nil {
			return err
		}
		var t tasks
		if err := json.Unmarshal(b, &t); err != nil {
			return err
		}
		if err := t.time(db, out); err != nil {
			return err
		}
	}
	return json.NewEncoder(os.Stdout).Encode(out)
}

func (t *tasks) time(db *wordnet.DB, out map[string]float64) error {
	var failed error
	synset := func(name string) wordnet.Synset {
		s, err := db.Synset(name)
		if err != nil {
			failed = err
		}
		return s
	}
	pairs := func(names [][2]string) (ps [][2]wordnet.Synset) {
		for _, n := range names {
			ps = append(ps, [2]wordnet.Synset{synset(n[0]), synset(n[1])})
		}
		return ps
	}
	nouns, verbs := pairs(t.Nouns), pairs(t.Verbs)
	var paths []wordnet.Synset
	for _, n := range t.Paths {
		paths = append(paths, synset(n))
	}
	var lemmas []wordnet.Lemma
	for _, n := range t.Lemmas {
		l, err := db.Lemma(n)
		if err != nil {
			failed = err
		}
		lemmas = append(lemmas, l)
	}
	entity := synset("entity.n.01")
	if failed != nil {
		return failed
	}
	// Eleven rounds of each, and the median, as wordnet.py does with three.
	median := func(name string, f func()) {
		runtime.GC()
		var times []float64
		for range 11 {
			start := time.Now()
			f()
			times = append(times, time.Since(start).Seconds())
		}
		slices.Sort(times)
		out[name] = times[len(times)/2]
	}
	var list []wordnet.Synset
	median("synsets", func() {
		for _, w := range t.Words {
			list = slices.AppendSeq(list[:0], db.Synsets(w))
		}
	})
	median("morphy", func() {
		for _, w := range t.Forms {
			db.Morphy(w)
		}
	})
	for name, ps := range map[string][][2]wordnet.Synset{"nouns": nouns, "verbs": verbs} {
		median("path "+name, func() {
			for _, p := range ps {
				wordnet.PathSimilarity(p[0], p[1])
			}
		})
		median("wup "+name, func() {
			for _, p := range ps {
				wordnet.WuPalmer(p[0], p[1])
			}
		})
		median("lch "+name, func() {
			for _, p := range ps {
				if _, err := wordnet.LeacockChodorow(p[0], p[1]); err != nil {
					failed = err
				}
			}
		})
	}
	n := 0
	median("hypernym paths", func() {
		for _, s := range paths {
			for range s.HypernymPaths() {
				n++
			}
		}
	})
	median("closure", func() {
		for range entity.Closure(wordnet.Synset.Hyponyms) {
			n++
		}
	})
	median("topic domains", func() {
		for s := range db.All() {
			for range s.TopicDomains() {
				n++
			}
		}
	})
	median("counts", func() {
		for _, l := range lemmas {
			n += l.Count()
		}
	})
	median("keys", func() {
		for _, l := range lemmas {
			n += len(l.Key())
		}
	})
	return failed
}
