package main

import (
	"cmp"
	"context"
	"fmt"
	"io"
	"math"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"github.com/semamap/semamap/examples/internal/cli"
	"github.com/semamap/semamap/internal/par"
	"github.com/semamap/semamap/tsne/knn"
	"github.com/semamap/semamap/tsne/quality"
)

const (
	unitLemmas = 1500 // of a question, at most
	unitsKept  = 5    // of each class and layer, in units.csv
)

// A unitScore tells how selective a unit is for a class.
type unitScore struct {
	Layer, Unit int
	Labelling   string
	Class       string
	AUC, Null   float64 // of the map, and the mean of null maps
	Z, P, Q     float64
	Tokens      []string // with the highest activations
	Lemmas      []string // of the class
}

// selectivity is the scores of a layer: the most selective units in full, and
// the p-values of all, by which the false discovery rate is controlled over
// layers.
type selectivity struct {
	Best []unitScore
	P    []float64
}

// units scores all units of a layer for the classes of the first and last
// question. Its null maps exchange tokens of similar count and kind; z is the
// distance of the AUC from the unit's mean over the null maps in standard
// deviations, which are pooled over the units, as 20 draws are few for one.
func (e *evidence) units(ctx context.Context, w *words, layer int, used knn.Points) (selectivity, error) {
	var out selectivity
	for _, at := range []int{0, len(e.questions) - 1} {
		s := e.single(at)
		if s == nil {
			continue
		}
		q := e.questions[at]
		rows, labels := s.spread(unitLemmas)
		_, d := used.Dims()
		classes := len(q.classes)
		score := func(exchange []int32) (x []float32, auc []float64, err error) {
			base := used
			if exchange != nil {
				base = knn.Select(used, exchange)
			}
			points := knn.Select(knn.Combine(base, s.start, s.index, s.weight), rows)
			x = make([]float32, d*len(rows)) // by units
			err = par.Try(ctx, 0, len(rows), 16, func(_, _, lo, hi int) error {
				var row []float32
				for k := lo; k < hi; k++ {
					var err error
					if row, err = points.Row(row, k); err != nil {
						return err
					}
					for u, v := range row {
						x[u*len(rows)+k] = v
					}
				}
				return nil
			})
			auc = make([]float64, d*classes)
			if err == nil {
				err = par.Try(ctx, 0, d, 4, func(_, _, lo, hi int) error {
					for u := lo; u < hi; u++ {
						one, err := quality.AUC(x[u*len(rows):][:len(rows)], labels, classes)
						if err != nil {
							return err
						}
						copy(auc[u*classes:], one)
					}
					return nil
				})
			}
			return x, auc, err
		}
		x, found, err := score(nil)
		if err != nil {
			return out, err
		}
		mean, square := make([]float64, len(found)), make([]float64, classes)
		var draws [][]float64
		for _, exchange := range e.exchange[1] {
			_, auc, err := score(exchange)
			if err != nil {
				return out, err
			}
			draws = append(draws, auc)
			for i, v := range auc {
				mean[i] += v / float64(len(e.exchange[1]))
			}
		}
		for _, auc := range draws {
			for i, v := range auc {
				square[i%classes] += (v - mean[i]) * (v - mean[i])
			}
		}
		n := float64(len(draws))
		for c, class := range q.classes {
			sd := math.Sqrt(square[c] / max(1, (n-1)*float64(d)) * (1 + 1/n))
			var all []unitScore
			for u := range d {
				i := u*classes + c
				z := 0.0
				if sd > 0 {
					z = (found[i] - mean[i]) / sd
				}
				p := math.Erfc(math.Abs(z) / math.Sqrt2)
				out.P = append(out.P, p)
				all = append(all, unitScore{Layer: layer, Unit: u, Labelling: q.name, Class: class, AUC: found[i], Null: mean[i], Z: z, P: p})
			}
			slices.SortStableFunc(all, func(a, b unitScore) int { return cmp.Compare(b.Z, a.Z) })
			for _, b := range all[:min(unitsKept, len(all))] {
				if b.Tokens, err = e.topTokens(w, used, b.Unit); err != nil {
					return out, err
				}
				for _, k := range highest(x[b.Unit*len(rows):][:len(rows)], func(k int) bool { return int(labels[k]) == c }, 3) {
					b.Lemmas = append(b.Lemmas, w.rows[s.words[rows[k]]].lemma)
				}
				out.Best = append(out.Best, b)
			}
		}
	}
	return out, nil
}

// topTokens returns the tokens on which a unit is most active.
func (e *evidence) topTokens(w *words, used knn.Points, unit int) ([]string, error) {
	n, _ := used.Dims()
	v := make([]float32, n)
	var row []float32
	for i := range v {
		r, err := used.Row(row, i)
		if err != nil {
			return nil, err
		}
		v[i] = r[unit]
	}
	var out []string
	for _, i := range highest(v, func(i int) bool { return e.counts[i] >= int64(e.minCount) }, 5) {
		text, err := w.tok.Decode(nil, w.weights.IDs[e.columns[i]])
		if err != nil {
			return nil, err
		}
		out = append(out, strconv.Quote(string(text)))
	}
	return out, nil
}

// highest returns the places of the k highest values among those that ok takes.
func highest(v []float32, ok func(i int) bool, k int) []int {
	var at []int
	for i := range v {
		if ok(i) {
			at = append(at, i)
		}
	}
	slices.SortStableFunc(at, func(a, b int) int { return cmp.Compare(v[b], v[a]) })
	return at[:min(k, len(at))]
}

// discover sets the q-values of the scores: the false discovery rate over all
// units, classes and layers by Benjamini and Hochberg (1995).
func discover(maps []*layerMap) []unitScore {
	var p []float64
	var out []unitScore
	for _, m := range maps {
		p = append(p, m.units.P...)
		out = append(out, m.units.Best...)
	}
	slices.Sort(p)
	q := slices.Clone(p)
	least := 1.0
	for i := len(p) - 1; i >= 0; i-- {
		least = min(least, p[i]*float64(len(p))/float64(i+1))
		q[i] = least
	}
	for i := range out {
		at, _ := slices.BinarySearch(p, out[i].P)
		out[i].Q = q[at]
	}
	return out
}

// writeUnits writes units.csv.
func writeUnits(ctx context.Context, dir string, units []unitScore) error {
	head := []string{"layer", "unit", "labelling", "class", "auc", "null", "z", "p", "q", "top_tokens", "lemmas"}
	number := func(v float64) string { return strconv.FormatFloat(v, 'g', 6, 64) }
	return cli.WriteFile(filepath.Join(dir, "units.csv"), func(out io.Writer) error {
		return cli.WriteCSV(ctx, out, head, len(units), func(i int) ([]string, error) {
			u := &units[i]
			return []string{strconv.Itoa(u.Layer), strconv.Itoa(u.Unit), u.Labelling, u.Class, number(u.AUC), number(u.Null), number(u.Z), number(u.P), number(u.Q),
				strings.Join(u.Tokens, " "), strings.Join(u.Lemmas, " ")}, nil
		})
	})
}

// unitTable shows the most selective units that pass a false discovery rate of
// 5 %.
func unitTable(units []unitScore) (table [][]string, passed int) {
	var best []unitScore
	for _, u := range units {
		if u.Q <= 0.05 && u.Z > 0 {
			best = append(best, u)
		}
	}
	passed = len(best)
	slices.SortStableFunc(best, func(a, b unitScore) int { return cmp.Compare(b.Z, a.Z) })
	table = [][]string{{"class", "layer", "unit", "AUC", "null", "q", "most active tokens", "lemmas"}}
	seen := map[string]int{}
	for _, u := range best {
		if seen[u.Class]++; seen[u.Class] <= 2 {
			table = append(table, []string{u.Class, fmt.Sprint(u.Layer), fmt.Sprint(u.Unit), fmt.Sprintf("%.3f", u.AUC), fmt.Sprintf("%.3f", u.Null),
				fmt.Sprintf("%.2g", u.Q), strings.Join(u.Tokens, " "), strings.Join(u.Lemmas, ", ")})
		}
	}
	if len(table) == 1 {
		table = nil
	}
	return table, passed
}
