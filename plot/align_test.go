package plot

import (
	"errors"
	"math"
	"math/rand/v2"
	"strings"
	"testing"

	"gonum.org/v1/plot/plotter"

	"github.com/semamap/semamap/plot/internal/plottest"
)

// TestAlign: a layout that has been turned, mirrored and moved comes back; and
// no other turn does better on noisy ones.
func TestAlign(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 1))
	for trial := range 50 {
		n := 3 + trial
		ref, moved := make(plotter.XYs, n), make(plotter.XYs, n)
		s, c := math.Sincos(r.Float64() * 7)
		flip := float64(1 - 2*(trial%2))
		for i := range ref {
			ref[i] = plotter.XY{X: r.NormFloat64(), Y: r.NormFloat64()}
			x, y := ref[i].X, ref[i].Y*flip
			moved[i] = plotter.XY{X: c*x - s*y + 5, Y: s*x + c*y - 9}
		}
		got, err := Align(ref, moved)
		if err != nil {
			t.Fatal(err)
		}
		for i := range got {
			if math.Hypot(got[i].X-ref[i].X, got[i].Y-ref[i].Y) > 1e-9 {
				t.Fatalf("trial %d: point %d came back as %v, not %v", trial, i, got[i], ref[i])
			}
		}
		for i := range moved {
			moved[i].X += r.NormFloat64()
			moved[i].Y += r.NormFloat64()
		}
		got, err = Align(ref, moved)
		if err != nil {
			t.Fatal(err)
		}
		cost := func(p plotter.XYs) (sum float64) {
			for i := range p {
				sum += (p[i].X-ref[i].X)*(p[i].X-ref[i].X) + (p[i].Y-ref[i].Y)*(p[i].Y-ref[i].Y)
			}
			return sum
		}
		var cc plotter.XY
		for _, p := range got {
			cc.X += p.X / float64(n)
			cc.Y += p.Y / float64(n)
		}
		best := cost(got)
		for step := range 200 {
			s, c := math.Sincos(float64(step%100) * 2 * math.Pi / 100)
			f := float64(1 - 2*(step/100))
			other := make(plotter.XYs, n)
			for i, p := range got {
				x, y := p.X-cc.X, f*(p.Y-cc.Y)
				other[i] = plotter.XY{X: cc.X + c*x - s*y, Y: cc.Y + s*x + c*y}
			}
			if cost(other) < best-1e-9 {
				t.Fatalf("trial %d: a turn by %d/100 is better", trial, step)
			}
		}
	}
	if _, err := Align(plotter.XYs{{X: 1}}, plotter.XYs{{X: 1}, {X: 2}}); !errors.Is(err, ErrLength) {
		t.Error(err)
	}
}

func TestFigureAligns(t *testing.T) {
	w := plottest.Synth(plottest.DomainNames[:3], []int{30, 20, 10}, 1)
	turned := make(plotter.XYs, len(w.XYs))
	for i, p := range w.XYs {
		turned[i] = plotter.XY{X: -p.Y + 3, Y: p.X}
	}
	before := turned[0]
	f := &Figure{Subtitle: "Two layers", Panels: []Panel{panel(w), {XYs: turned, Labels: w.Labels}}, Align: true}
	j, err := f.join(light())
	if err != nil {
		t.Fatal(err)
	}
	for i, a := range j.points[1].xys {
		if math.Hypot(a.X-w.XYs[i].X, a.Y-w.XYs[i].Y) > 1e-9 {
			t.Fatal("the second panel is not turned back")
		}
	}
	if turned[0] != before {
		t.Error("the caller's points have changed")
	}
	if s := f.subtitle(); s != "Two layers; each panel turned or mirrored onto the one before" {
		t.Error(s)
	}
	f.Panels[1] = Panel{XYs: turned[:5], Labels: w.Labels[:5]}
	if _, err := f.join(light()); !errors.Is(err, ErrLength) || !strings.Contains(err.Error(), "panel 1") {
		t.Error(err)
	}
}
