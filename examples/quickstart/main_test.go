package main

import (
	"image/png"
	"os"
	"testing"
)

func TestQuickstart(t *testing.T) {
	t.Chdir(t.TempDir())
	main()
	f, err := os.Open("map.png")
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	m, err := png.Decode(f)
	if err != nil {
		t.Fatal(err)
	}
	// Five colors besides near grays: the groups are there.
	colors := map[[3]uint32]int{}
	for y := range m.Bounds().Dy() {
		for x := range m.Bounds().Dx() {
			r, g, b, _ := m.At(x, y).RGBA()
			if max(r, g, b)-min(r, g, b) > 0x4000 {
				near := func(v uint32) uint32 { return (v>>8 + 8) / 16 } // dots over dots differ by one
				colors[[3]uint32{near(r), near(g), near(b)}]++
			}
		}
	}
	many := 0
	for _, n := range colors {
		if n > 10_000 {
			many++
		}
	}
	if many != 5 {
		t.Errorf("%d colors, want 5", many)
	}
}
