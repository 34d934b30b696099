// Package plottest makes data for the tests of plot and its viewer: words in
// clusters and in the spread between, categories of very unequal sizes, long
// names.
package plottest

import (
	"fmt"
	"math"
	"math/rand/v2"
	"strings"

	"gonum.org/v1/plot/plotter"
)

// Words are labeled points.
type Words struct {
	XYs    plotter.XYs
	Labels []string
	Texts  []string
}

// Categories as the study has them.
var (
	DomainNames  = []string{"law", "military", "chemistry", "computer science", "greek mythology"}
	DomainCounts = []int{592, 365, 210, 205, 192}
	POSNames     = []string{"noun", "verb", "adjective satellite", "adjective", "adverb"}
	POSCounts    = []int{82115, 13767, 10693, 7463, 3621}
)

// Synth returns the given numbers of words by name. Each name has a few
// clusters; a share of its words is spread over the whole map.
func Synth(names []string, counts []int, seed uint64) Words {
	r := rand.New(rand.NewPCG(seed, 1))
	var w Words
	for k, n := range counts {
		type cluster struct{ x, y, s float64 }
		cl := make([]cluster, 1+k%3)
		for i := range cl {
			a, d := r.Float64()*2*math.Pi, math.Sqrt(r.Float64())*32
			cl[i] = cluster{d * math.Cos(a), d * math.Sin(a), 2 + 5*r.Float64()}
		}
		spread := 0.25 + 0.6*float64((k*7)%10)/10
		for i := range n {
			var x, y float64
			if r.Float64() < spread {
				a, d := r.Float64()*2*math.Pi, math.Sqrt(r.Float64())*42
				x, y = d*math.Cos(a)+r.NormFloat64(), d*math.Sin(a)+r.NormFloat64()
			} else {
				c := cl[r.IntN(len(cl))]
				x, y = c.x+c.s*r.NormFloat64(), c.y+c.s*r.NormFloat64()
			}
			w.XYs = append(w.XYs, plotter.XY{X: x, Y: y})
			w.Labels = append(w.Labels, names[k])
			w.Texts = append(w.Texts, fmt.Sprintf("%s_%d", names[k], i))
		}
	}
	r.Shuffle(len(w.XYs), func(i, j int) {
		w.XYs[i], w.XYs[j] = w.XYs[j], w.XYs[i]
		w.Labels[i], w.Labels[j] = w.Labels[j], w.Labels[i]
		w.Texts[i], w.Texts[j] = w.Texts[j], w.Texts[i]
	})
	return w
}

// HostileLabels are texts that break careless programs.
var HostileLabels = []string{
	"</script><script>alert(1)</script>", `"quoted" 'twice'`, "two\nlines\tand a tab", "שלום עולם", "مرحبا بالعالم", "law \u202egnisrever",
	"", "   ", "<b>&amp;]]></b>", "\x00\x01\x1b[31m", "broken \xff\xfe utf-8", "\ufeffbom \uffff", "汉字和假名", "🙂", strings.Repeat("long ", 300), strings.Repeat("W", 5000), "{{meta}}", "-->", "{{js}}",
}

// Study returns a figure's data as the study draws them: a panel a layer, by
// "domain" or "pos".
func Study(by string, layers int, small bool) []Words {
	names, counts := DomainNames, append([]int(nil), DomainCounts...)
	if by == "pos" {
		names, counts = POSNames, append([]int(nil), POSCounts...)
	}
	if small {
		for i := range counts {
			counts[i] = max(3, min(100, counts[i]/20))
		}
	}
	var w []Words
	for l := range layers {
		w = append(w, Synth(names, counts, uint64(l)))
	}
	return w
}
