package neox_test

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"sync"
	"testing"

	"github.com/pkoukk/tiktoken-go"

	"github.com/semamap/semamap/internal/golden"
	"github.com/semamap/semamap/lemma"
	"github.com/semamap/semamap/lemma/internal/hf"
	"github.com/semamap/semamap/lemma/neox"
)

func BenchmarkNew(b *testing.B) {
	b.ReportAllocs()
	for b.Loop() {
		tok, err := neox.New(nil)
		if err != nil {
			b.Fatal(err)
		}
		if _, err := tok.Encode(nil, "ready_to_hand"); err != nil {
			b.Fatal(err)
		}
	}
}

// prose returns English text: definitions and examples of WordNet.
func prose(b *testing.B) []string {
	var all []string
	for _, s := range hf.Lines[struct {
		Definition string
		Examples   []string
	}](b, golden.Shared(b, "golden/wordnet/definitions_sample.jsonl.gz")) {
		all = append(all, s.Definition+"; "+strings.Join(s.Examples, "; "))
	}
	return all
}

// BenchmarkEncode reports lemmas (or lines) and bytes of text a second. core
// tiktoken is tiktoken-go with the same vocabulary, used as it comes.
func BenchmarkEncode(b *testing.B) {
	first, _ := names(b)
	for _, text := range []struct {
		name  string
		lines []string
	}{{"lemmas", first}, {"prose", prose(b)}} {
		n := 0
		for _, s := range text.lines {
			n += len(s)
		}
		report := func(b *testing.B) {
			b.ReportMetric(float64(len(text.lines))*float64(b.N)/b.Elapsed().Seconds()/1e6, "Mlines/s")
			b.ReportMetric(float64(n)*float64(b.N)/b.Elapsed().Seconds()/1e6, "MB/s")
			b.ReportMetric(0, "ns/op")
		}
		encode := func(b *testing.B, tok lemma.Tokenizer) {
			var ids []int32
			var err error
			for _, s := range text.lines {
				if ids, err = tok.Encode(ids[:0], s); err != nil {
					b.Fatal(err)
				}
			}
		}
		name := "core=own/cache=%s/text=" + text.name
		b.Run(fmt.Sprintf(name, "warm"), func(b *testing.B) {
			tok := newTok(b, nil)
			encode(b, tok)
			b.ReportAllocs()
			for b.Loop() {
				encode(b, tok)
			}
			report(b)
		})
		b.Run(fmt.Sprintf(name, "cold"), func(b *testing.B) {
			for b.Loop() {
				b.StopTimer()
				tok := newTok(b, nil)
				b.StartTimer()
				encode(b, tok)
			}
			report(b)
		})
		b.Run(fmt.Sprintf(name, "none"), func(b *testing.B) {
			tok := newTok(b, &lemma.Settings{CacheSize: -1})
			for b.Loop() {
				encode(b, tok)
			}
			report(b)
		})
		b.Run("core=own/goroutines=2/text="+text.name, func(b *testing.B) {
			tok := newTok(b, nil)
			encode(b, tok)
			for b.Loop() {
				var wg sync.WaitGroup
				for range 2 {
					wg.Go(func() { encode(b, tok) })
				}
				wg.Wait()
			}
			b.ReportMetric(2*float64(len(text.lines))*float64(b.N)/b.Elapsed().Seconds()/1e6, "Mlines/s")
		})
		b.Run("core=tiktoken/text="+text.name, func(b *testing.B) {
			core := tiktokenCore(b, gpt2Pattern)
			for b.Loop() {
				for _, s := range text.lines {
					core.EncodeOrdinary(s)
				}
			}
			report(b)
		})
	}
}

const gpt2Pattern = `'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+`

// tiktokenCore is tiktoken-go with the vocabulary of GPT-NeoX.
func tiktokenCore(t testing.TB, pattern string) *tiktoken.Tiktoken {
	t.Helper()
	tok := newTok(t, nil)
	ranks := map[string]int{}
	for id := 2; id < 50254; id++ { // all but the added tokens
		b, err := tok.Decode(nil, int32(id))
		if err != nil {
			t.Fatal(err)
		}
		ranks[string(b)] = id
	}
	core, err := tiktoken.NewCoreBPE(ranks, map[string]int{}, pattern)
	if err != nil {
		t.Fatal(err)
	}
	return tiktoken.NewTiktoken(core, &tiktoken.Encoding{PatStr: pattern, MergeableRanks: ranks}, nil)
}

// longWords are single pieces of n bytes each.
func longWords(n int) map[string]string {
	rnd := rand.New(rand.NewPCG(1, 2))
	letters := make([]byte, n)
	for i := range letters {
		letters[i] = 'a' + byte(rnd.IntN(26))
	}
	var words strings.Builder
	list := []string{"semantic", "map", "the", "activation", "units", "neural", "xylophone", "of"}
	for words.Len() < n {
		words.WriteString(list[rnd.IntN(len(list))])
	}
	return map[string]string{
		"same":    strings.Repeat("a", n),
		"random":  string(letters),
		"words":   words.String()[:n],
		"hanzi":   strings.Repeat("語言模型", n/12),
		"symbols": strings.Repeat("=-", n/2),
		"dashes":  strings.Repeat("-", n),
	}
}

// BenchmarkLong shows how the time grows with the length of one piece.
func BenchmarkLong(b *testing.B) {
	tok, err := neox.New(nil)
	if err != nil {
		b.Fatal(err)
	}
	for _, kind := range []string{"same", "random", "words", "hanzi", "symbols", "dashes"} {
		for _, n := range []int{1 << 10, 100e3, 1e6, 10e6} {
			s := longWords(n)[kind]
			b.Run(fmt.Sprintf("kind=%s/bytes=%d", kind, n), func(b *testing.B) {
				var ids []int32
				for b.Loop() {
					if ids, err = tok.Encode(ids[:0], s); err != nil {
						b.Fatal(err)
					}
				}
				b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/float64(len(s)), "ns/byte")
				b.ReportMetric(float64(len(ids)), "tokens")
			})
		}
	}
}
