package wordnet

import (
	"fmt"
	"math/rand/v2"
	"os"
	"slices"
	"testing"

	"github.com/semamap/semamap/wordnet/wn30"
	"github.com/semamap/semamap/wordnet/wn30/glosses"
)

// The benchmarks do what internal/peers/wordnet.py does with NLTK, on inputs
// drawn the same way though not the same.

func BenchmarkOpen(b *testing.B) {
	b.Run("from=wn30", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			if _, err := Open(wn30.FS, nil); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("from=glosses", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			if _, err := Open(glosses.FS, nil); err != nil {
				b.Fatal(err)
			}
		}
	})
	dir := os.Getenv("WORDNET")
	if dir == "" {
		dir = debianDir
	}
	for _, noGlosses := range []bool{false, true} {
		b.Run(fmt.Sprintf("from=dir/glosses=%t", !noGlosses), func(b *testing.B) {
			if _, err := os.Stat(dir); err != nil {
				b.Skip("no database in ", dir)
			}
			b.ReportAllocs()
			for b.Loop() {
				if _, err := OpenDir(dir, &Settings{NoGlosses: noGlosses}); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

func BenchmarkDefinition(b *testing.B) {
	b.Run("first", func(b *testing.B) {
		for b.Loop() {
			b.StopTimer()
			db, err := Open(glosses.FS, nil)
			if err != nil {
				b.Fatal(err)
			}
			dog := synset(b, db, "dog.n.01")
			b.StartTimer()
			if _, err := dog.Definition(); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("all", func(b *testing.B) { // once unpacked
		db, err := Open(glosses.FS, nil)
		if err != nil {
			b.Fatal(err)
		}
		for b.Loop() {
			for s := range db.All() {
				if _, err := s.Definition(); err != nil {
					b.Fatal(err)
				}
			}
		}
	})
}

// pairs draws pairs of synsets of a part of speech.
func pairs(db *DB, pos POS, n int) [][2]Synset {
	all := slices.Collect(db.All(pos))
	r := rand.New(rand.NewPCG(1, 2))
	out := make([][2]Synset, n)
	for i := range out {
		out[i] = [2]Synset{all[r.IntN(len(all))], all[r.IntN(len(all))]}
	}
	return out
}

func perOp(b *testing.B, n int) {
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/float64(n), "ns/call")
}

func BenchmarkSimilarity(b *testing.B) {
	db := embedded(b)
	for _, pos := range []POS{Noun, Verb} {
		ps := pairs(db, pos, 10_000)
		for _, m := range []struct {
			name string
			f    func(a, b Synset)
		}{
			{"path", func(x, y Synset) { PathSimilarity(x, y) }},
			{"wup", func(x, y Synset) { WuPalmer(x, y) }},
			{"lch", func(x, y Synset) {
				if _, err := LeacockChodorow(x, y); err != nil {
					b.Fatal(err)
				}
			}},
		} {
			b.Run(fmt.Sprintf("measure=%s/pos=%v", m.name, pos), func(b *testing.B) {
				b.ReportAllocs()
				for b.Loop() {
					for _, p := range ps {
						m.f(p[0], p[1])
					}
				}
				perOp(b, len(ps))
			})
		}
	}
}

func words(db *DB, n int) []string {
	all := slices.Collect(db.LemmaNames())
	r := rand.New(rand.NewPCG(3, 4))
	out := make([]string, n)
	for i := range out {
		out[i] = all[r.IntN(len(all))]
		if i%2 == 1 {
			out[i] += "s"
		}
	}
	return out
}

func BenchmarkLookup(b *testing.B) {
	db := embedded(b)
	ws := words(db, 10_000)
	b.Run("what=synsets", func(b *testing.B) {
		b.ReportAllocs()
		var buf []Synset
		for b.Loop() {
			for _, w := range ws {
				buf = slices.AppendSeq(buf[:0], db.Synsets(w))
			}
		}
		perOp(b, len(ws))
	})
	b.Run("what=synsets-iterator", func(b *testing.B) {
		b.ReportAllocs()
		n := 0
		for b.Loop() {
			for _, w := range ws {
				for range db.Synsets(w) {
					n++
				}
			}
		}
		perOp(b, len(ws))
	})
	b.Run("what=morphy", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			for _, w := range ws {
				db.Morphy(w)
			}
		}
		perOp(b, len(ws))
	})
}

func BenchmarkPaths(b *testing.B) {
	db := embedded(b)
	ps := pairs(db, Noun, 10_000)
	b.Run("what=hypernym_paths", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			for _, p := range ps {
				for range p[0].HypernymPaths() {
				}
			}
		}
		perOp(b, len(ps))
	})
	entity, err := db.Synset("entity.n.01")
	if err != nil {
		b.Fatal(err)
	}
	b.Run("what=closure", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			for range entity.Closure(Synset.Hyponyms) {
			}
		}
	})
}

func BenchmarkScan(b *testing.B) {
	db := embedded(b)
	b.Run("what=topic_domains", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			n := 0
			for s := range db.All() {
				for range s.TopicDomains() {
					n++
				}
			}
			if n != 6654-11 {
				b.Fatal(n)
			}
		}
		perOp(b, db.Len())
	})
	b.Run("what=names", func(b *testing.B) {
		b.ReportAllocs()
		var buf []byte
		for b.Loop() {
			for s := range db.All() {
				buf = db.appendName(buf[:0], s.id)
			}
		}
		perOp(b, db.Len())
	})
	b.Run("what=counts", func(b *testing.B) {
		for b.Loop() {
			for l := range allLemmas(db) {
				l.Count()
			}
		}
	})
	b.Run("what=keys", func(b *testing.B) {
		b.ReportAllocs()
		var buf []byte
		for b.Loop() {
			for l := range allLemmas(db) {
				buf = l.appendKey(buf[:0])
			}
		}
	})
}
