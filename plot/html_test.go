package plot

import (
	"bytes"
	"compress/flate"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"regexp"
	"runtime"
	"strings"
	"testing"

	"gonum.org/v1/plot/plotter"
)

// pageData returns the page's description and an element's bytes.
func pageData(t *testing.T, html []byte) (page, func(id string) []byte) {
	t.Helper()
	m := regexp.MustCompile(`(?s)id="meta">(.*?)</script>`).FindSubmatch(html)
	var p page
	if err := json.Unmarshal(m[1], &p); err != nil {
		t.Fatal(err)
	}
	return p, func(id string) []byte {
		m := regexp.MustCompile(`id="` + id + `">([^<]*)<`).FindSubmatch(html)
		if m == nil {
			t.Fatalf("no %s", id)
		}
		packed, err := base64.StdEncoding.DecodeString(string(m[1]))
		if err != nil {
			t.Fatal(err)
		}
		raw, err := io.ReadAll(flate.NewReader(bytes.NewReader(packed)))
		if err != nil {
			t.Fatal(err)
		}
		return raw
	}
}

// TestPageHoldsTheData: words, labels and, within half a step, coordinates can
// be read back from the page.
func TestPageHoldsTheData(t *testing.T) {
	for _, n := range []int{1, 2, 1001} {
		v := testViewer(max(20, n))
		if n < 20 { // cut down
			v.Words = v.Words[:n]
			for i := range v.Layers {
				v.Layers[i].XYs = v.Layers[i].XYs.(plotter.XYs)[:n]
			}
			for i := range v.Labelings {
				v.Labelings[i].Labels = v.Labelings[i].Labels[:n]
			}
		}
		n := len(v.Words)
		for i := range v.Words {
			v.Words[i] = fmt.Sprintf("%s#%d", v.Words[i], i) // to find rows again
		}
		var b bytes.Buffer
		if err := v.WriteHTML(&b); err != nil {
			t.Fatal(err)
		}
		p, data := pageData(t, b.Bytes())
		words := strings.Split(string(data("d-words")), "\n")
		row := make([]int, n)
		for i, w := range words {
			fmt.Sscanf(w[strings.LastIndexByte(w, '#')+1:], "%d", &row[i])
			if v.Words[row[i]] != w {
				t.Fatalf("word %d is %q", i, w)
			}
		}
		cats := data("d-cats")
		for k, l := range p.Labelings {
			counts := make([]int, len(l.Names))
			for i := range n {
				c := int(cats[i])
				if len(l.Names) > 256 {
					c |= int(cats[n+i]) << 8
				}
				counts[c]++
				want := v.Labelings[k].Labels[row[i]]
				if want == "" {
					want = v.Labelings[k].None
				}
				if l.Names[c] != want {
					t.Fatalf("%s of %q is %q, want %q", l.Name, words[i], l.Names[c], want)
				}
			}
			if fmt.Sprint(counts) != fmt.Sprint(l.Counts) {
				t.Errorf("counts %v, want %v", l.Counts, counts)
			}
			if cats = cats[n:]; len(l.Names) > 256 {
				cats = cats[n:]
			}
		}
		for k := range v.Layers {
			xys := v.Layers[k].XYs.(plotter.XYs)
			x0, x1, y0, y1 := (&Points{XYs: xys}).DataRange()
			span := max(x1-x0, y1-y0)
			if span == 0 {
				span = 1
			}
			raw := data(fmt.Sprint("d-layer", k))
			for i := range n {
				gx := (float64(int(raw[i])<<8|int(raw[n+i]))/65535-0.5)*span + (x0+x1)/2
				gy := (float64(int(raw[2*n+i])<<8|int(raw[3*n+i]))/65535-0.5)*span + (y0+y1)/2
				if q := xys[row[i]]; math.Abs(gx-q.X) > 0.501*span/65535 || math.Abs(gy-q.Y) > 0.501*span/65535 {
					t.Fatalf("layer %d: %q is at %v, %v, want %v", k, words[i], gx, gy, q)
				}
			}
		}
	}
}

func TestTwelveBits(t *testing.T) {
	xys := plotter.XYs{{X: 0, Y: 0}, {X: 4095, Y: 1}, {X: 1000, Y: 4095}}
	b := quantize(xys, []int{0, 1, 2}, 0, 12)
	n := 3
	for axis, want := range [][]int{{0, 4095, 1000}, {0, 1, 4095}} {
		part := b[axis*(n+2):]
		for i, w := range want {
			if got := int(part[i])<<4 | int(part[n+i/2])>>(4*(i&1))&15; got != w {
				t.Errorf("axis %d, point %d: %d, want %d", axis, i, got, w)
			}
		}
	}
}

func TestViewerErrors(t *testing.T) {
	for name, tc := range map[string]struct {
		edit func(*Viewer)
		want error
		says string
	}{
		"layers": {func(v *Viewer) { v.Layers = nil }, ErrEmpty, "no layers"},
		"points": {func(v *Viewer) { v.Layers[0].XYs = plotter.XYs{} }, ErrEmpty, "layer 0"},
		"nan":    {func(v *Viewer) { v.Layers[2].XYs = plotter.XYs{{X: math.NaN()}} }, ErrNotFinite, "layer 2"},
		"length": {func(v *Viewer) { v.Layers[1].XYs = plotter.XYs{{X: 1}} }, ErrLength, "layer 1"},
		"words":  {func(v *Viewer) { v.Words = v.Words[1:] }, ErrLength, "words"},
		"labels": {func(v *Viewer) { v.Labelings[1].Labels = nil }, ErrLength, "labeling 1"},
		"notes":  {func(v *Viewer) { v.Layers[1].Notes = v.Layers[1].Notes[:1] }, ErrLength, "notes"},
	} {
		v := testViewer(40)
		tc.edit(v)
		if err := v.WriteHTML(io.Discard); !errors.Is(err, tc.want) || !strings.Contains(err.Error(), tc.says) {
			t.Errorf("%s: %v", name, err)
		}
	}
	f := &Figure{Panels: []Panel{{}}}
	if err := f.WriteHTML(io.Discard); !errors.Is(err, ErrEmpty) {
		t.Error(err)
	}
	for _, write := range []func(*Figure) error{
		func(f *Figure) error { return f.WritePNG(io.Discard, 0, 0) }, func(f *Figure) error { return f.WriteSVG(io.Discard, 0, 0) },
		func(f *Figure) error { return f.WritePDF(io.Discard, 0, 0) }, func(f *Figure) error { return f.WriteHTML(io.Discard) },
	} {
		if err := write(&Figure{}); !errors.Is(err, ErrEmpty) {
			t.Error(err)
		}
	}
	ok := study("domain", 1, true)
	for _, size := range [][2]float64{{-1, 0}, {math.NaN(), 0}, {math.Inf(1), 0}, {60, 0}, {400, 50}} {
		if err := ok.WriteSVG(io.Discard, vgLength(size[0]), vgLength(size[1])); !errors.Is(err, ErrSize) {
			t.Errorf("%v: %v", size, err)
		}
	}
	ok.DPI = 1 << 30
	if err := ok.WritePNG(io.Discard, 0, 0); !errors.Is(err, ErrSize) {
		t.Error(err)
	}
}

// TestPageSameBytes: the same page for any GOMAXPROCS.
func TestPageSameBytes(t *testing.T) {
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(0))
	write := func(procs int) string {
		runtime.GOMAXPROCS(procs)
		var b bytes.Buffer
		if err := testViewer(500).WriteHTML(&b); err != nil {
			t.Fatal(err)
		}
		return b.String()
	}
	if write(1) != write(8) {
		t.Error("bytes depend on GOMAXPROCS")
	}
}

// failing fails after n bytes.
type failing struct{ n int }

var errDisk = errors.New("disk full")

func (w *failing) Write(b []byte) (int, error) {
	if w.n -= len(b); w.n < 0 {
		return 0, errDisk
	}
	return len(b), nil
}

func TestFailingWriter(t *testing.T) {
	f := study("domain", 1, true)
	f.DPI = 48
	for _, n := range []int{0, 10, 1000} {
		for name, write := range map[string]func(io.Writer) error{
			"png": func(w io.Writer) error { return f.WritePNG(w, 0, 0) }, "svg": func(w io.Writer) error { return f.WriteSVG(w, 0, 0) },
			"pdf": func(w io.Writer) error { return f.WritePDF(w, 0, 0) }, "html": f.WriteHTML,
		} {
			if err := write(&failing{n}); !errors.Is(err, errDisk) {
				t.Errorf("%s after %d bytes: %v", name, n, err)
			}
		}
	}
}
