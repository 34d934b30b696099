package main

import (
	"math"

	"github.com/semamap/semamap/tsne/knn"
	"github.com/semamap/semamap/tsne/quality"
)

// A tally collects the shares of neighbors with the same label: of the map, and
// of null maps.
type tally struct {
	classes int
	found   shares
	null    [len(nullNames)][]shares
}

// shares are the mean over all lemmas, the mean over the classes, and each
// class.
type shares struct {
	all, mean float64
	class     []float64
	n         int
	sd        float64 // of the single lemmas
	sizes     []int   // of the classes
	each      []float32
	deviation []float32 // of each lemma from its class, by its part of the mean over classes
}

// add takes the neighbors of the map, or of a draw of null map null.
func (t *tally) add(g *knn.Graph, labels []int32, null int) error {
	each, err := quality.LabelShares(g, labels, nil)
	if err != nil {
		return err
	}
	s := shares{class: make([]float64, t.classes), sizes: make([]int, t.classes)}
	var sq float64
	for i, v := range each {
		if !math.IsNaN(v) {
			s.n++
			s.each = append(s.each, float32(v))
			s.all += v
			sq += v * v
			s.class[labels[i]] += v
			s.sizes[labels[i]]++
		}
	}
	s.all /= float64(s.n)
	s.sd = math.Sqrt(max(0, sq/float64(s.n)-s.all*s.all))
	classes := 0
	for c, n := range s.sizes {
		if n > 0 {
			s.class[c] /= float64(n)
			s.mean += s.class[c]
			classes++
		}
	}
	s.mean /= float64(classes)
	if null < 0 {
		for i, v := range each {
			if c := labels[i]; !math.IsNaN(v) {
				s.deviation = append(s.deviation, float32((v-s.class[c])*float64(s.n)/float64(s.sizes[c]*classes)))
			}
		}
		t.found = s
	} else {
		s.each = nil
		t.null[null] = append(t.null[null], s)
	}
	return nil
}

const (
	shareOf    = "share of "
	effectOver = ", effect over null: "
)

// measures returns the lines of a tally, which m begins.
func (t *tally) measures(m measure, classes []string) []measure {
	if t.found.n == 0 { // all neighbors are left out
		return nil
	}
	var out []measure
	one := func(name string, n int, of func(s *shares) float64, sd float64) {
		m.Measure, m.Value, m.N, m.P = name, of(&t.found), n, nil
		m.Low, m.High, m.Null, m.Each = nil, nil, [len(nullNames)][]float64{}, nil
		se := 0.0
		if sd > 0 {
			se = sd / math.Sqrt(float64(n))
			m.interval(se)
		}
		at := len(out)
		out = append(out, m)
		for k, draws := range t.null {
			if len(draws) == 0 {
				continue
			}
			mean, sd, reached := 0.0, 0.0, 0
			for i := range draws {
				v := of(&draws[i])
				out[at].Null[k] = append(out[at].Null[k], v)
				mean += v / float64(len(draws))
				if v >= of(&t.found) {
					reached++
				}
			}
			for i := range draws {
				sd += (of(&draws[i]) - mean) * (of(&draws[i]) - mean)
			}
			sd = math.Sqrt(sd / float64(max(len(draws)-1, 1)))
			null := m
			null.Measure, null.Value = name+", null: "+nullNames[k], mean
			null.interval(sd)
			effect := m
			effect.Measure, effect.Value = name+effectOver+nullNames[k], of(&t.found)-mean
			effect.interval(math.Hypot(sd, se))
			p := float64(1+reached) / float64(1+len(draws))
			effect.P = &p
			out = append(out, null, effect)
		}
	}
	one("share", t.found.n, func(s *shares) float64 { return s.all }, t.found.sd)
	out[0].Each = t.found.each
	var squares float64
	for _, v := range t.found.deviation {
		squares += float64(v) * float64(v)
	}
	at := len(out)
	one("mean over classes", t.found.n, func(s *shares) float64 { return s.mean }, math.Sqrt(squares/float64(max(t.found.n, 1))))
	out[at].Each = t.found.deviation
	for c, name := range classes {
		if t.found.sizes[c] > 0 {
			one(shareOf+name, t.found.sizes[c], func(s *shares) float64 { return s.class[c] }, 0)
		}
	}
	return out
}

// interval sets the 95 % interval of a normal error.
func (m *measure) interval(se float64) {
	lo, hi := m.Value-1.96*se, m.Value+1.96*se
	m.Low, m.High = &lo, &hi
}
