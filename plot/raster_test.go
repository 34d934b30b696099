package plot

import (
	"bytes"
	"image"
	"image/color"
	"image/draw"
	"image/png"
	"math"
	"math/rand/v2"
	"runtime"
	"testing"

	gplot "gonum.org/v1/plot"
	"gonum.org/v1/plot/plotter"
	"gonum.org/v1/plot/vg"
	gdraw "gonum.org/v1/plot/vg/draw"
	"gonum.org/v1/plot/vg/vgimg"
	"gonum.org/v1/plot/vg/vgpdf"

	"github.com/semamap/semamap/plot/internal/kit"
	"github.com/semamap/semamap/plot/internal/plottest"
)

func blank(w, h int) *image.RGBA {
	img := image.NewRGBA(image.Rect(0, 0, w, h))
	draw.Draw(img, img.Rect, image.White, image.Point{}, draw.Src)
	return img
}

func someDots(n int, edge float64) (d *dots, x, y []int32) {
	r := rand.New(rand.NewPCG(1, 2))
	d = &dots{colors: []kit.RGB{{R: 0, G: 114, B: 178}, {R: 213, G: 94, B: 0}, {R: 0, G: 158, B: 115}}, radius: []float64{2.3, 3.1, 1.4}, alpha: 0.7,
		edge: edge, ground: kit.RGB{R: 255, G: 255, B: 255}}
	for i := range n {
		d.order = append(d.order, int32(i))
		d.cat = append(d.cat, int32(r.IntN(3)))
		// Some lie outside.
		x = append(x, subpixel(r.Float64()*240-20))
		y = append(y, subpixel(r.Float64()*340-20))
	}
	return d, x, y
}

// TestBandsEqualPlainLoop: the parallel bands draw, byte for byte, what one
// loop over the dots draws.
func TestBandsEqualPlainLoop(t *testing.T) {
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(0))
	for _, edge := range []float64{0, edgeShare} {
		d, x, y := someDots(5000, edge)
		clip := image.Rect(7, 5, 193, 291)
		want := blank(200, 300)
		inner, outer := discs(d, 1.5)
		for _, i := range d.order {
			if o := outer[d.cat[i]]; o != nil {
				blend(want, clip, o, x[i], y[i], d.ground)
			}
			blend(want, clip, inner[d.cat[i]], x[i], y[i], d.colors[d.cat[i]])
		}
		for _, procs := range []int{1, 8} {
			runtime.GOMAXPROCS(procs)
			got := blank(200, 300)
			stamp(got, clip, d, x, y, 1.5)
			if !bytes.Equal(got.Pix, want.Pix) {
				t.Errorf("edge %v, GOMAXPROCS %d: bands differ from the plain loop", edge, procs)
			}
		}
	}
}

// TestDiscInk: a disc covers πr² pixels within 2 %, wherever its center is.
func TestDiscInk(t *testing.T) {
	for _, r := range []float64{0.7, 1, 1.95, 2.6, 5, 9.3} {
		d := newDisc(r, 1)
		for m := 0; m < sub*sub; m++ {
			ink := 0.0
			for _, v := range d.masks[m*d.side*d.side : (m+1)*d.side*d.side] {
				ink += float64(v) / 256
			}
			if want := math.Pi * r * r; math.Abs(ink-want) > 0.02*want {
				t.Errorf("r %v at %d: ink %v, want %v", r, m, ink, want)
			}
		}
	}
}

// TestDiscEqualsGonumCircle: the mean difference to gonum's circle is at most
// one level of 255 over the disc's square.
func TestDiscEqualsGonumCircle(t *testing.T) {
	for _, r := range []float64{1.5, 2.5, 4} {
		for _, off := range []float64{0, 0.125, 0.5, 0.875} {
			const size = 24
			c := vgimg.NewWith(vgimg.UseWH(size, size), vgimg.UseDPI(72))
			c.SetColor(color.NRGBA{0, 114, 178, 178})
			c.Fill(circle(vg.Point{X: vg.Length(12 + off), Y: vg.Length(size - 11 - off)}, vg.Length(r)))
			want := c.Image().(*image.RGBA)
			got := blank(size, size)
			d := &dots{cat: []int32{0}, order: []int32{0}, colors: []kit.RGB{{R: 0, G: 114, B: 178}}, radius: []float64{r}, alpha: 178. / 255}
			stamp(got, got.Rect, d, []int32{subpixel(12 + off)}, []int32{subpixel(11 + off)}, 1)
			sum, n := 0, 0
			for y := int(11 - r - 1); y <= int(12+r+1); y++ {
				for x := int(12 - r - 1); x <= int(13+r+1); x++ {
					for k := range 3 {
						i := got.PixOffset(x, y) + k
						sum += max(int(got.Pix[i])-int(want.Pix[i]), int(want.Pix[i])-int(got.Pix[i]))
						n++
					}
				}
			}
			if mean := float64(sum) / float64(n); mean > 1 {
				t.Errorf("r %v, offset %v: mean difference %.2f", r, off, mean)
			}
		}
	}
}

// visibleShare draws two mixed categories of equal size and returns the share
// of colored pixels that look like the first.
func visibleShare(t *testing.T, blocks bool) float64 {
	t.Helper()
	r := rand.New(rand.NewPCG(4, 4))
	var xys plotter.XYs
	var labels []string
	for i := range 20000 {
		xys = append(xys, plotter.XY{X: r.NormFloat64(), Y: r.NormFloat64()})
		labels = append(labels, []string{"first", "second"}[i%2])
	}
	theme := light()
	theme.blocks = blocks
	f := &Figure{Panels: []Panel{{XYs: xys, Labels: labels}}, DPI: 96, Theme: theme, Radius: 3, Alpha: 1,
		Palette: []color.Color{kit.RGB{R: 255, G: 0, B: 0}, kit.RGB{R: 0, G: 0, B: 255}}}
	var b bytes.Buffer
	if err := f.WritePNG(&b, 400, 400); err != nil {
		t.Fatal(err)
	}
	img, err := png.Decode(&b)
	if err != nil {
		t.Fatal(err)
	}
	red, blue := 0, 0
	for y := range img.Bounds().Dy() {
		for x := range img.Bounds().Dx() {
			switch r, g, b, _ := img.At(x, y).RGBA(); {
			case g > 0x8000:
			case r > 2*b:
				red++
			case b > 2*r:
				blue++
			}
		}
	}
	return float64(red) / float64(red+blue)
}

// TestNoCategoryHidesAnother: two categories of equal size are about equally
// visible in the shuffled order; in blocks the second hides the first.
func TestNoCategoryHidesAnother(t *testing.T) {
	if s := visibleShare(t, false); s < 0.45 || s > 0.55 {
		t.Errorf("shuffled: the first category has %.2f of the visible pixels", s)
	}
	if s := visibleShare(t, true); s > 0.35 {
		t.Errorf("blocks: the first category has %.2f of the visible pixels, so this test tests nothing", s)
	}
}

// TestEncodePNG: the joined strips decode to the image.
func TestEncodePNG(t *testing.T) {
	r := rand.New(rand.NewPCG(9, 9))
	for _, size := range [][2]int{{1, 1}, {3, 127}, {5, 128}, {7, 129}, {300, 700}} {
		img := blank(size[0], size[1])
		for i := range img.Pix {
			if i%4 != 3 && (i/4/size[0] > 300 || i%40 < 2) { // busy strips and calm ones
				img.Pix[i] = uint8(r.Uint32())
			}
		}
		got, err := png.Decode(bytes.NewReader(encodePNG(img, 3780, 1)))
		if err != nil {
			t.Fatal(size, err)
		}
		for y := range size[1] {
			for x := range size[0] {
				if a, b := color.RGBAModel.Convert(got.At(x, y)), img.RGBAAt(x, y); a != b {
					t.Fatalf("%v: pixel %d,%d is %v, want %v", size, x, y, a, b)
				}
			}
		}
	}
}

// TestInGonumPlots: points draw in a plot of gonum's, on our canvases and on
// gonum's.
func TestInGonumPlots(t *testing.T) {
	f := study("domain", 1, true)
	plt, err := f.Plot(0)
	if err != nil {
		t.Fatal(err)
	}
	ink := func(img image.Image) int {
		n := 0
		for y := range img.Bounds().Dy() {
			for x := range img.Bounds().Dx() {
				if r, _, b, _ := img.At(x, y).RGBA(); r < 0x4000 && b > 0x9000 { // law's blue
					n++
				}
			}
		}
		return n
	}
	theirs := vgimg.New(300, 300)
	plt.Draw(gdraw.New(theirs))
	if n := ink(theirs.Image()); n < 200 {
		t.Errorf("%d blue pixels", n)
	}
	for _, cw := range []vg.CanvasWriterTo{newImageCanvas(300, 300, 96, color.White), newSVGCanvas(300, 300, 96), &pdfCanvas{vgpdf.New(300, 300)}} {
		plt.Draw(gdraw.New(cw))
		var buf bytes.Buffer
		if n, err := cw.WriteTo(&buf); err != nil || n != int64(buf.Len()) || n == 0 {
			t.Errorf("%T: %d bytes of %d, %v", cw, n, buf.Len(), err)
		}
		if _, ok := cw.(*svgCanvas); ok {
			checkXML(t, buf.Bytes())
		}
	}
	// A figure on a canvas of gonum's.
	g := vgimg.New(400, 420)
	if err := f.Draw(gdraw.New(g)); err != nil {
		t.Fatal(err)
	}
	if ink(g.Image()) < 100 {
		t.Error("a figure on gonum's canvas shows no points")
	}
}

// TestGlyphBoxes: four boxes are enough for gonum's padding.
func TestGlyphBoxes(t *testing.T) {
	j, err := study("pos", 1, false).join(light())
	if err != nil {
		t.Fatal(err)
	}
	p, plt := j.points[0], gplot.New()
	plt.Add(p)
	if n := len(p.GlyphBoxes(plt)); n != 4 {
		t.Errorf("%d boxes", n)
	}
}

// TestAllocations: drawing allocates nothing for a point.
func TestAllocations(t *testing.T) {
	count := func(n int) float64 {
		f := &Figure{Panels: []Panel{panel(plottest.Synth([]string{"a", "b"}, []int{n, n}, 1))}, DPI: 96}
		return testing.AllocsPerRun(2, func() {
			var b bytes.Buffer
			if err := f.WritePNG(&b, 300, 300); err != nil {
				t.Fatal(err)
			}
		})
	}
	if a, b := count(100), count(10000); b > a+200 {
		t.Errorf("%v allocations for 200 points, %v for 20,000", a, b)
	}
}

// TestPageFillsImage: a dark page has no light rim, whatever its size.
func TestPageFillsImage(t *testing.T) {
	f := study("domain", 1, true)
	f.Theme = Dark()
	for _, dpi := range []int{50, 96, 177} {
		f.DPI = dpi
		var b bytes.Buffer
		if err := f.WritePNG(&b, 400.3, 350.7); err != nil {
			t.Fatal(err)
		}
		img, err := png.Decode(&b)
		if err != nil {
			t.Fatal(err)
		}
		w, h := img.Bounds().Dx(), img.Bounds().Dy()
		for _, at := range [][2]int{{0, 0}, {w - 1, 0}, {0, h - 1}, {w - 1, h - 1}, {w / 2, 0}, {0, h / 2}} {
			if c := kit.ToRGB(img.At(at[0], at[1])); c != f.Theme.page {
				t.Errorf("%d dpi: pixel %v of %d×%d is %v", dpi, at, w, h, c)
			}
		}
	}
}
