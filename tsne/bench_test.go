package tsne_test

import (
	"fmt"
	"os"
	"testing"

	"github.com/semamap/semamap/internal/lemmawork"
	"github.com/semamap/semamap/tsne"
	"github.com/semamap/semamap/tsne/knn"
	"github.com/semamap/semamap/tsne/quality"
)

// BenchmarkEmbed is the whole job with default settings. It reports the
// seconds until the affinities are ready and of the gradient phase, and the KL
// that the run itself knows.
func BenchmarkEmbed(b *testing.B) {
	for _, n := range []int{5_000, 10_000, 70_000} {
		b.Run(fmt.Sprintf("data=mnist/n=%d", n), func(b *testing.B) {
			x, _ := digits(b, n)
			embed(b, tsne.Rows(x, n, 784), 10)
		})
	}
	b.Run("data=lemma", func(b *testing.B) { embed(b, lemmas(), 0) })
	// The growth of cost with n: groups of points in 50 dimensions.
	for _, n := range []int{1_000, 3_000, 10_000, 30_000, 100_000, 300_000, 1_000_000} {
		b.Run(fmt.Sprintf("data=groups/n=%d", n), func(b *testing.B) {
			if n > 100_000 && os.Getenv("SEMAMAP_LONG") == "" {
				b.Skip("takes minutes; set SEMAMAP_LONG=1")
			}
			embed(b, tsne.Rows(lemmawork.Groups(n, 50), n, 50), 0)
		})
	}
}

func embed(b *testing.B, x tsne.Points, k int) {
	b.Helper()
	b.ReportAllocs()
	var res *tsne.Result
	var err error
	for b.Loop() {
		if res, err = tsne.Embed(b.Context(), x, nil); err != nil {
			b.Fatal(err)
		}
	}
	s := res.Stats
	b.ReportMetric(s.Searching.Seconds(), "search-s")
	b.ReportMetric((s.Merging + s.Calibrating + s.Starting).Seconds(), "prepare-s")
	b.ReportMetric(s.Stepping.Seconds(), "steps-s")
	b.ReportMetric(1000*s.Stepping.Seconds()/float64(res.Steps), "ms/step")
	b.ReportMetric(res.KL, "kl")
	if k > 0 {
		h, err := quality.Compare(b.Context(), x, res.Y, 2, k, &quality.Settings{Sample: 500})
		if err != nil {
			b.Fatal(err)
		}
		b.ReportMetric(h.Preservation, "knn10")
	}
}

// lemmas is the synthetic stand-in for the main job of the module.
func lemmas() tsne.Points {
	w := lemmawork.Make(lemmawork.Rows, lemmawork.Tokens, lemmawork.Units)
	return knn.Combine(knn.Rows(w.Base, w.Tokens, w.Units), w.Start, w.Index, nil)
}
