package main

import (
	"context"
	"encoding/json"
	"io"
	"math"
	"slices"

	"github.com/semamap/semamap/examples/internal/cli"
	"github.com/semamap/semamap/tsne"
	"github.com/semamap/semamap/tsne/knn"
	"github.com/semamap/semamap/tsne/quality"
)

// A report is the line that -quality prints.
type report struct {
	N       int                `json:"n"`
	Copies  int                `json:"copies"`   // rows equal to others: knn10, trust10 and label10 look at one of each
	Unmet   int                `json:"unsolved"` // different rows without the perplexity
	Dims    int                `json:"dims"`
	KL      *float64           `json:"kl"`      // nats
	KNN10   *float64           `json:"knn10"`   // null below 21 different rows
	Trust10 *float64           `json:"trust10"` // the same
	Sample  int                `json:"sample"`  // rows that knn10 and trust10 looked at, against all rows
	Label10 *float64           `json:"label10,omitempty"`
	Chance  *float64           `json:"label10_chance,omitempty"`
	LabelP  *float64           `json:"label10_p,omitempty"`
	Level   string             `json:"level"` // of the vector instructions in use
	Seconds map[string]float64 `json:"seconds"`
}

// work bounds what knn10 and trust10 cost, in operations: about ten seconds.
const work = 4e10

func (o *options) report(ctx context.Context, w io.Writer, clock *clock, x *table, res *tsne.Result, labels []string) error {
	r := report{N: x.n, Dims: res.Dims, KL: finite(res.KL), Unmet: res.Stats.Unsolved, Level: res.Stats.Kernels, Seconds: clock.seconds}
	const k = 10
	p := x.points()
	if o.metric == "cosine" {
		p = unit(x)
	}
	_, first, err := knn.Distinct(ctx, p, 0)
	if err != nil {
		return err
	}
	r.Copies = x.n - len(first)
	if len(first) > 2*k {
		size := int(work / (float64(x.n) * float64(max(1, x.d))))
		s := &quality.Settings{Sample: max(500, min(5000, size)), Seed: o.seed}
		h, err := quality.Compare(ctx, p, res.Y, res.Dims, k, s)
		if err != nil {
			return err
		}
		r.KNN10, r.Trust10, r.Sample = finite(h.Preservation), finite(h.Trustworthiness), h.Rows
		if labels != nil {
			g, err := knn.Search(ctx, knn.Select(tsne.Rows(res.Y, x.n, res.Dims), first), k, nil) // on the map
			if err != nil {
				return err
			}
			var of []string // the different rows
			for _, i := range first {
				of = append(of, labels[i])
			}
			a, err := quality.LabelAgreement(ctx, g, cli.Numbers(of), s)
			if err != nil {
				return err
			}
			r.Label10, r.Chance, r.LabelP = finite(a.Share), finite(a.Chance), finite(a.P)
		}
	}
	clock.lap("quality")
	b, err := json.Marshal(r)
	if err != nil {
		return err
	}
	_, err = w.Write(append(b, '\n'))
	return err
}

// finite is v for JSON, which has no NaN.
func finite(v float64) *float64 {
	if math.IsNaN(v) || math.IsInf(v, 0) {
		return nil
	}
	return &v
}

// unit returns rows divided by their lengths, on which Euclidean neighbors are
// those by cosine.
func unit(t *table) tsne.Points {
	if t.wide != nil {
		return tsne.Rows(scaled(t.wide, t.d), t.n, t.d)
	}
	return tsne.Rows(scaled(t.x, t.d), t.n, t.d)
}

func scaled[T float32 | float64](x []T, d int) []T {
	x = slices.Clone(x)
	for row := range slices.Chunk(x, max(1, d)) {
		var s float64
		for _, v := range row {
			s += float64(v) * float64(v)
		}
		for j, v := range row {
			if s > 0 {
				row[j] = T(float64(v) * (1 / math.Sqrt(s)))
			}
		}
	}
	return x
}
