package kit

import (
	"errors"
	"math"
	"testing"
)

// Matrices of Machado, Oliveira and Fernandes (2009) for severity 1, applied to
// linear RGB.
var simulations = map[string][9]float64{
	"normal": {1, 0, 0, 0, 1, 0, 0, 0, 1},
	"protan": {0.152286, 1.052583, -0.204868, 0.114503, 0.786281, 0.099216, -0.003882, -0.048116, 1.051998},
	"deutan": {0.367322, 0.860646, -0.227968, 0.280085, 0.672501, 0.047413, -0.011820, 0.042940, 0.968881},
	"tritan": {1.255528, -0.076749, -0.178779, -0.078411, 0.930809, 0.147602, 0.004733, 0.691367, 0.303900},
}

// closest returns the smallest pairwise distance in OKLab, times 100.
func closest(view string, colors []RGB) float64 {
	m := simulations[view]
	var lab []oklab
	for _, c := range colors {
		v := [3]float64{linear(c.R), linear(c.G), linear(c.B)}
		var o [3]float64
		for i := range o {
			o[i] = min(1, max(0, m[3*i]*v[0]+m[3*i+1]*v[1]+m[3*i+2]*v[2]))
		}
		lab = append(lab, linearToOKLab(o[0], o[1], o[2]))
	}
	best := math.Inf(1)
	for i, a := range lab {
		for _, b := range lab[:i] {
			best = min(best, math.Hypot(math.Hypot(a.l-b.l, a.a-b.a), a.b-b.b))
		}
	}
	return 100 * best
}

func rgbs(n int, f func(int) []RGB) []RGB { return f(n)[:n] }

func light(n int) (out []RGB) {
	for _, c := range Light(n) {
		out = append(out, ToRGB(c))
	}
	return out
}

func dark(n int) (out []RGB) {
	for _, c := range Dark(n) {
		out = append(out, ToRGB(c))
	}
	return out
}

// TestPaletteDistances holds the palette to what is said of it.
func TestPaletteDistances(t *testing.T) {
	for _, tc := range []struct {
		n                      int
		normal, deutan, protan float64
	}{
		{6, 15.2, 7.5, 9.1}, {11, 15.2, 7.5, 9.1}, {12, 14.9, 7.5, 4.6}, {16, 12.8, 5.3, 4.6}, {18, 12, 5.3, 4.6},
	} {
		for view, want := range map[string]float64{"normal": tc.normal, "deutan": tc.deutan, "protan": tc.protan} {
			if got := closest(view, rgbs(tc.n, light)); got < want {
				t.Errorf("%d colors, %s: %.1f, want at least %.1f", tc.n, view, got, want)
			}
		}
	}
	for _, tc := range []struct {
		n                      int
		normal, deutan, protan float64
	}{
		{6, 15.2, 7.5, 9.1}, {11, 14.5, 7.5, 8.3}, {16, 10.5, 6.3, 7.9}, {18, 10.5, 6.3, 4.6},
	} {
		for view, want := range map[string]float64{"normal": tc.normal, "deutan": tc.deutan, "protan": tc.protan} {
			if got := closest(view, rgbs(tc.n, dark)); got < want {
				t.Errorf("%d colors on dark, %s: %.1f, want at least %.1f", tc.n, view, got, want)
			}
		}
	}
	for _, n := range []int{5, 6, 11, 16} {
		t.Logf("%d colors, tritan: %.1f on light, %.1f on dark", n, closest("tritan", light(n)), closest("tritan", dark(n)))
	}
}

func TestPalettePrefixes(t *testing.T) {
	for name, f := range map[string]func(int) []RGB{"light": light, "dark": dark} {
		all := f(500)
		for n := 0; n < len(all); n += 1 + n/9 {
			for i, c := range f(n) {
				if c != all[i] {
					t.Fatalf("%s: color %d of %d is %v, of 500 %v", name, i, n, c, all[i])
				}
			}
		}
	}
}

func TestContrast(t *testing.T) {
	for i, c := range light(20) {
		if r := Contrast(c, RGB{255, 255, 255}); r < 1.55 {
			t.Errorf("color %d on white: %.2f", i, r)
		}
	}
	ground := DarkGround
	for i, c := range dark(500) {
		if r := Contrast(c, ground); r < 2.99 {
			t.Errorf("color %d on dark: %.2f", i, r)
		}
	}
}

// TestOKLab: to OKLab and back is the identity; white and black are what they
// should be.
func TestOKLab(t *testing.T) {
	for r := 0; r < 256; r += 17 {
		for g := 0; g < 256; g += 17 {
			for b := 0; b < 256; b += 17 {
				c := RGB{uint8(r), uint8(g), uint8(b)}
				if got := c.oklab().RGB(); got != c {
					t.Fatalf("%v became %v", c, got)
				}
			}
		}
	}
	if w := (RGB{255, 255, 255}).oklab(); math.Abs(w.l-1) > 1e-4 || math.Abs(w.a) > 1e-4 {
		t.Errorf("white is %v", w)
	}
}

func TestNamedPalettes(t *testing.T) {
	for _, n := range []string{"default", "okabe-ito", "petroff", "plotly", "tol"} {
		p, err := Palette(n, 12)
		if err != nil || len(p) != 12 {
			t.Error(n, len(p), err)
		}
	}
	if _, err := Palette("rainbow", 3); !errors.Is(err, ErrName) {
		t.Error("rainbow is no palette:", err)
	}
}
