package main

import (
	"context"
	"fmt"
	"io"
	"math/rand/v2"
	"slices"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/semamap/semamap/amap"
	"github.com/semamap/semamap/examples/internal/cli"
	"github.com/semamap/semamap/tsne/knn"
	"github.com/semamap/semamap/tsne/quality"
)

// What is measured in activation space, among exact neighbors.
const (
	byPOS     = "part of speech"
	neighbors = 10   // of each lemma
	atLeast   = 20   // synsets of a domain that counts among all
	most      = 2500 // lemmas of a question; more are sampled
)

// A question is a labeling of lemmas: does it organize the activations?
type question struct {
	name    string
	rows    []int32 // of the words
	labels  []int32
	classes []string
}

// questions are the domains of the figures, all frequent domains, and parts of
// speech.
func (w *words) questions(o *options) []question {
	top, wide := map[string]bool{}, map[string]bool{}
	for i, d := range w.domains {
		top[d.Name], wide[d.Name] = i < o.domains, d.N >= atLeast
	}
	ask := func(name string, label func(word) string) question {
		q := question{name: name}
		var rows []int32
		for i, r := range w.rows {
			if label(r) != "" && r.unseen < r.tokens { // the others are rows of zeros
				rows = append(rows, int32(i))
			}
		}
		rng := rand.New(rand.NewPCG(o.seed, 0x7175657374))
		rng.Shuffle(len(rows), func(i, j int) { rows[i], rows[j] = rows[j], rows[i] })
		q.rows = rows[:min(len(rows), most)]
		slices.Sort(q.rows)
		var names []string
		for _, i := range q.rows {
			names = append(names, label(w.rows[i]))
		}
		q.classes = slices.Compact(slices.Sorted(slices.Values(names)))
		if len(q.classes) < 2 { // all neighbors would agree
			return question{name: name}
		}
		for _, name := range names {
			at, _ := slices.BinarySearch(q.classes, name)
			q.labels = append(q.labels, int32(at))
		}
		return q
	}
	in := func(set map[string]bool) func(word) string {
		return func(r word) string {
			if set[r.domain] {
				return r.domain
			}
			return ""
		}
	}
	return []question{
		ask(fmt.Sprintf("domain, top %d", o.domains), in(top)),
		ask(fmt.Sprintf("domain, all of at least %d synsets", atLeast), in(wide)),
		ask(byPOS, func(r word) string {
			if r.pos == "s" {
				return posNames["a"]
			}
			return posNames[r.pos]
		}),
	}
}

// Ways to leave out neighbors, as metrics.csv names them.
const (
	plain      = "none"
	once       = "equal vectors once"
	apart      = "no shared token"
	apartWords = "no shared token but signs" // "_" and "-" may be shared
)

// An evidence holds what the measurements of all layers have in common.
type evidence struct {
	questions []question
	sets      [][]set // of each question
	columns   []int32 // of w.weights, in use: the base rows
	counts    []int64 // of these tokens
	minCount  int
	exchange  [2][][]int32 // by kind of null map and draw
}

func seenOften(n int) string { return fmt.Sprintf("tokens seen at least %d times", n) }

// spaces are the rows as they are, and with every unit brought to mean 0 and
// standard deviation 1 over the tokens.
var spaces = []string{"raw", "standardized"}

// nullNames are the kinds of null maps: which tokens exchange their rows.
var nullNames = [2]string{"similar count", "similar count and kind"}

// A set is lemmas of a question that are measured together.
type set struct {
	words    []int32 // rows
	labels   []int32
	start    []int
	index    []int32 // base rows
	weight   []float32
	rules    []quality.Rule
	controls []string // of the rules
}

func newEvidence(o *options, w *words) (*evidence, error) {
	e := &evidence{questions: w.questions(o), minCount: o.minCount}
	c := w.weights
	local := make([]int32, len(c.IDs))
	for _, q := range e.questions {
		for _, r := range q.rows {
			for _, t := range c.Index[c.Start[r]:c.Start[r+1]] {
				local[t] = 1
			}
		}
	}
	var kind []int32
	var wordy []bool
	for t, in := range local {
		if in == 0 {
			continue
		}
		local[t] = int32(len(e.columns))
		text, err := w.tok.Decode(nil, c.IDs[t])
		if err != nil {
			return nil, err
		}
		count := int64(1)
		if o.src.Counts() != nil {
			count = o.src.Count(c.IDs[t])
		}
		e.columns, e.counts = append(e.columns, int32(t)), append(e.counts, count)
		kind = append(kind, kindOf(string(text)))
		wordy = append(wordy, strings.ContainsFunc(string(text), func(r rune) bool { return unicode.IsLetter(r) || unicode.IsDigit(r) }))
	}
	for d := range o.draws {
		e.exchange[0] = append(e.exchange[0], amap.Shuffle(e.counts, nil, o.seed+uint64(d)))
		e.exchange[1] = append(e.exchange[1], amap.Shuffle(e.counts, kind, o.seed+uint64(d)))
	}
	for _, q := range e.questions {
		all, single, often := set{start: []int{0}}, set{start: []int{0}}, set{start: []int{0}}
		been := map[string]bool{}
		for i, r := range q.rows {
			lo, hi := c.Start[r], c.Start[r+1]
			rare := false
			for _, t := range c.Index[lo:hi] {
				rare = rare || e.counts[local[t]] < int64(o.minCount)
			}
			to := []*set{&all}
			if key := fmt.Sprint(c.Index[lo:hi], c.Weight[lo:hi]); !been[key] {
				been[key] = true
				to = append(to, &single)
			}
			if !rare && o.src.Counts() != nil {
				to = append(to, &often)
			}
			for _, s := range to {
				for _, t := range c.Index[lo:hi] {
					s.index = append(s.index, local[t])
				}
				s.weight = append(s.weight, c.Weight[lo:hi]...)
				s.start, s.labels, s.words = append(s.start, len(s.index)), append(s.labels, q.labels[i]), append(s.words, r)
			}
		}
		all.rule(plain, nil)
		all.rule(apart, all.shared(nil))
		all.rule(apartWords, all.shared(wordy))
		single.rule(once, nil)
		often.rule(seenOften(o.minCount), nil)
		often.rule(seenOften(o.minCount)+", "+apart, often.shared(nil))
		sets := []set{all, single, often}
		e.sets = append(e.sets, slices.DeleteFunc(sets, func(s set) bool { return len(s.labels) <= neighbors }))
	}
	return e, nil
}

// single returns the set of a question that has equal vectors once, or nil.
func (e *evidence) single(question int) *set {
	sets := e.sets[question]
	if len(sets) < 2 || sets[1].controls[0] != once {
		return nil
	}
	return &sets[1]
}

// spread returns at most a number of the set's lemmas, spread over it, with
// their labels.
func (s *set) spread(most int) (rows, labels []int32) {
	n := min(len(s.labels), most)
	for i := range n {
		row := int32(i * len(s.labels) / n)
		rows, labels = append(rows, row), append(labels, s.labels[row])
	}
	return rows, labels
}

// kindOf tells whether a token begins with a capital, a lower letter or neither.
func kindOf(text string) int32 {
	switch r, _ := utf8.DecodeRuneInString(strings.TrimSpace(text)); {
	case unicode.IsUpper(r):
		return 0
	case unicode.IsLower(r):
		return 1
	}
	return 2
}

// metrics are those of the rules.
var metrics = []struct {
	name string
	knn.Metric
}{{"euclidean", knn.Euclidean}, {"cosine", knn.Cosine}}

// rule adds a control, for each metric.
func (s *set) rule(control string, skip func(i, j int) bool) {
	for _, m := range metrics {
		s.rules = append(s.rules, quality.Rule{Metric: m.Metric, Skip: skip})
		s.controls = append(s.controls, control)
	}
}

// shared returns whether two lemmas have a token in common; only of those that
// count, if count is not nil. Tokens are ascending.
func (s *set) shared(count []bool) func(i, j int) bool {
	return func(i, j int) bool {
		a, b := s.index[s.start[i]:s.start[i+1]], s.index[s.start[j]:s.start[j+1]]
		for len(a) > 0 && len(b) > 0 {
			switch {
			case a[0] < b[0]:
				a = a[1:]
			case a[0] > b[0]:
				b = b[1:]
			case count == nil || count[a[0]]:
				return true
			default:
				a, b = a[1:], b[1:]
			}
		}
		return false
	}
}

// A measure is a line of metrics.csv. Low, High and P are nil where there are
// none.
type measure struct {
	Layer     int
	Labelling string
	Space     string
	Metric    string
	Control   string
	Measure   string
	Value     float64
	Low, High *float64 // of the 95 % interval
	P         *float64
	N         int // lemmas

	// Of a share: those of the null maps, by kind and draw, and those of each
	// lemma, or of a mean over classes the lemmas' deviations from their classes.
	// They serve the report.
	Null [len(nullNames)][]float64 `json:",omitempty"`
	Each []float32                 `json:",omitempty"`
}

// rows returns the rows of the tokens in use in a layer.
func (e *evidence) rows(ctx context.Context, w *words, layer amap.Rows) (knn.Points, error) {
	base, err := w.weights.Base(ctx, nil, layer)
	if err != nil {
		return nil, err
	}
	return knn.Select(base, e.columns), nil
}

// layer measures neighbors in one layer.
func (e *evidence) layer(ctx context.Context, n int, used knn.Points, stderr io.Writer) ([]measure, error) {
	bar := cli.NewProgress(stderr, fmt.Sprintf("layer %d: neighbors in activation space", n), len(spaces)*len(e.questions)*(1+2*len(e.exchange[0])))
	done := 0
	out, err := e.neighbors(ctx, n, used, func(question string) {
		done++
		bar.Set(done, question)
	})
	if err != nil {
		bar.Stop()
		return nil, err
	}
	bar.Done()
	return out, nil
}

// neighbors is layer, which calls tick after each look at a question.
func (e *evidence) neighbors(ctx context.Context, n int, used knn.Points, tick func(question string)) ([]measure, error) {
	lead, err := leadingUnit(used)
	if err != nil {
		return nil, err
	}
	out := []measure{{Layer: n, Space: "raw", Control: plain, Measure: leads, Value: lead, N: len(e.columns)}}
	for _, space := range spaces {
		p, err := quality.NewProducts(ctx, used, space != "raw", nil)
		if err != nil {
			return nil, err
		}
		for qi, q := range e.questions {
			sets := e.sets[qi]
			points := make([]knn.Points, len(sets))
			tallies := make([][]*tally, len(sets)) // of each rule
			for i, s := range sets {
				points[i] = knn.Combine(used, s.start, s.index, s.weight)
				for range s.rules {
					tallies[i] = append(tallies[i], &tally{classes: len(q.classes)})
				}
			}
			run := func(exchange []int32, null int) error {
				for i, s := range sets {
					graphs, err := p.Nearest(ctx, points[i], neighbors, exchange, s.rules, nil)
					if err != nil {
						return err
					}
					for r, g := range graphs {
						if err := tallies[i][r].add(g, s.labels, null); err != nil {
							return err
						}
					}
				}
				tick(q.name)
				return nil
			}
			if err := run(nil, -1); err != nil {
				return nil, err
			}
			for null := range nullNames {
				for _, x := range e.exchange[null] {
					if err := run(x, null); err != nil {
						return nil, err
					}
				}
			}
			for i, s := range sets {
				for r := range s.rules {
					m := measure{Layer: n, Labelling: q.name, Space: space, Metric: metrics[r%len(metrics)].name, Control: s.controls[r]}
					out = append(out, tallies[i][r].measures(m, q.classes)...)
				}
			}
		}
	}
	return out, nil
}

// leads is the share of the variance over the tokens that one unit has.
const leads = "variance share of the leading unit"

func leadingUnit(rows knn.Points) (float64, error) {
	n, d := rows.Dims()
	mean, m2 := make([]float64, d), make([]float64, d)
	var buf []float32
	for i := range n {
		row, err := rows.Row(buf, i)
		if err != nil {
			return 0, err
		}
		buf = row[:0:0]
		for c, v := range row {
			by := float64(v) - mean[c]
			mean[c] += by / float64(i+1)
			m2[c] += by * (float64(v) - mean[c])
		}
	}
	var sum float64
	for _, v := range m2 {
		sum += v
	}
	if sum == 0 {
		return 0, nil
	}
	return slices.Max(m2) / sum, nil
}

// writeMetrics writes metrics.csv.
func writeMetrics(ctx context.Context, path string, maps []*layerMap) error {
	var all []measure
	for _, m := range maps {
		all = append(all, m.measures...)
	}
	head := []string{"layer", "labelling", "space", "metric", "control", "measure", "value", "low", "high", "p", "n"}
	number := func(v *float64) string {
		if v == nil {
			return ""
		}
		return strconv.FormatFloat(*v, 'g', 6, 64)
	}
	return cli.WriteFile(path, func(out io.Writer) error {
		return cli.WriteCSV(ctx, out, head, len(all), func(i int) ([]string, error) {
			m := &all[i]
			return []string{strconv.Itoa(m.Layer), m.Labelling, m.Space, m.Metric, m.Control, m.Measure,
				number(&m.Value), number(m.Low), number(m.High), number(m.P), strconv.Itoa(m.N)}, nil
		})
	})
}
