package viewer

import (
	"bytes"
	"fmt"
	"math"
	"strings"
	"testing"

	"gonum.org/v1/plot/plotter"

	"github.com/semamap/semamap/plot"
	"github.com/semamap/semamap/plot/internal/kit"
	"github.com/semamap/semamap/plot/internal/plottest"
)

type viewerState struct {
	Layer      int
	By         string
	Zoom       float64
	PanX, PanY float64
	Dark       bool
	Hits       int
	Hover      string
	Shown      []string
	Chosen     []string
}

// testPage has n words in three layers and two views. The word "solitary"
// stands alone.
func testPage(n int) *Page {
	w := plottest.Synth(plottest.POSNames, []int{n * 7 / 10, n / 8, n / 12, n / 20, n / 24}, 5)
	return pageOf(w, len(w.XYs))
}

// pageOf is the page of the first n words.
func pageOf(w plottest.Words, n int) *Page {
	pos := &plot.Figure{Title: "t-SNE visualization of activations", Subtitle: fmt.Sprintf("Pythia-70M, %s WordNet lemmas", kit.Thousands(n)),
		XLabel: "First t-SNE", YLabel: "Second t-SNE", Legend: "Part of speech"}
	domain := &plot.Figure{Legend: "Domain", Unlabeled: "no domain"}
	domains := make([]string, n)
	for i := range domains {
		if i%4 == 0 {
			domains[i] = fmt.Sprintf("domain %d", i%343)
		}
	}
	w.Texts[0] = "solitary"
	p := &Page{Views: []*plot.Figure{pos, domain}}
	for l := range 3 {
		xys := make(plotter.XYs, n)
		for i, p := range w.XYs[:n] {
			s, c := math.Sincos(float64(l) * 0.4)
			xys[i] = plotter.XY{X: c*p.X - s*p.Y, Y: s*p.X + c*p.Y}
		}
		xys[0] = plotter.XY{X: 60, Y: float64(50 - 40*l)}
		pos.Panels = append(pos.Panels, plot.Panel{Title: fmt.Sprintf("Layer %d", l), Note: fmt.Sprintf("10-NN purity 0.%d", 70+l),
			XYs: xys, Labels: w.Labels[:n], Hover: w.Texts[:n]})
		domain.Panels = append(domain.Panels, plot.Panel{Note: "10-NN purity 0.46", Labels: domains})
		p.Titles = append(p.Titles, fmt.Sprintf("t-SNE visualization of layer %d activations", l))
	}
	return p
}

func (b *browser) state() viewerState { return eval[viewerState](b, "viewer.state()") }

// TestViewerInBrowser uses the page as a reader does.
func TestViewerInBrowser(t *testing.T) {
	var page bytes.Buffer
	v := testPage(3000)
	if err := v.WriteHTML(&page); err != nil {
		t.Fatal(err)
	}
	b := startBrowser(t, 1200, 860)
	b.open(page.Bytes())
	b.picture("viewer-light")
	if px := eval[[]int](b, "viewer.pixel(3, 3)"); px[0] != 255 || px[1] != 255 || px[2] != 255 {
		t.Errorf("the ground is %v", px)
	}

	// Hover over a known point.
	at := eval[[]float64](b, `viewer.at("solitary")`)
	b.mouse("mouseMoved", at[0]+2, at[1]+1, nil)
	if s := b.state(); s.Hover != "solitary" {
		t.Errorf("hover shows %q", s.Hover)
	}
	if tip := eval[string](b, `document.getElementById("tip").innerText`); !bytes.Contains([]byte(tip), []byte("solitary")) || !bytes.Contains([]byte(tip), []byte("Part of speech: ")) {
		t.Errorf("tip says %q", tip)
	}
	b.mouse("mouseMoved", at[0]+60, at[1]-20, nil)
	if s := b.state(); s.Hover == "solitary" {
		t.Error("hover does not end")
	}

	// Search.
	eval[any](b, `document.getElementById("q").focus()`)
	b.call("Input.insertText", map[string]any{"text": "adverb_1"}, nil)
	b.until(`document.getElementById("count").textContent !== ""`)
	want := 0
	for _, w := range v.Views[0].Panels[0].Hover {
		if bytes.Contains([]byte(w), []byte("adverb_1")) {
			want++
		}
	}
	if s := b.state(); s.Hits != want || want == 0 {
		t.Errorf("search finds %d of %d", s.Hits, want)
	}
	b.picture("viewer-search")
	b.key("Enter")
	if s := b.state(); s.Zoom < 2 || !bytes.HasPrefix([]byte(s.Hover), []byte("adverb_1")) {
		t.Errorf("after Enter: %+v", s)
	}
	eval[any](b, `document.getElementById("c").focus()`)
	b.key("Escape")
	b.key("0")
	if s := b.state(); s.Hits != 0 || s.Zoom != 1 {
		t.Errorf("after Escape and 0: %+v", s)
	}

	// Legend: toggle, solo by Shift, solo by button, all.
	b.clickOn(`document.querySelectorAll("#cats .on")[0]`, 0)
	if s := b.state(); len(s.Shown) != 4 || s.Shown[0] == "noun" {
		t.Errorf("after a toggle: %v", s.Shown)
	}
	b.clickOn(`document.querySelectorAll("#cats .on")[1]`, 8)
	if s := b.state(); len(s.Shown) != 1 || s.Shown[0] != "verb" {
		t.Errorf("after solo: %v", s.Shown)
	}
	b.clickOn(`document.querySelectorAll("#cats .only")[1]`, 0)
	if s := b.state(); len(s.Shown) != 5 {
		t.Errorf("after solo again: %v", s.Shown)
	}
	b.clickOn(`document.getElementById("none")`, 0)
	if s := b.state(); len(s.Shown) != 0 {
		t.Errorf("after none: %v", s.Shown)
	}
	b.clickOn(`document.getElementById("all")`, 0)

	// Wheel, drag, keys.
	box := eval[[]float64](b, `(() => { const r = document.getElementById("c").getBoundingClientRect(); return [r.left, r.top, r.width, r.height]; })()`)
	cx, cy := box[0]+box[2]/2, box[1]+box[3]/2
	b.mouse("mouseWheel", cx, cy, map[string]any{"deltaX": 0, "deltaY": -400})
	b.until("viewer.state().zoom > 1.2")
	before := b.state()
	b.mouse("mousePressed", cx, cy, map[string]any{"button": "left", "clickCount": 1})
	b.mouse("mouseMoved", cx+40, cy+25, map[string]any{"button": "left", "buttons": 1})
	b.mouse("mouseReleased", cx+40, cy+25, map[string]any{"button": "left", "clickCount": 1})
	if s := b.state(); math.Abs(s.PanX-before.PanX-40) > 1 || math.Abs(s.PanY-before.PanY-25) > 1 {
		t.Errorf("dragged from %v to %v", before, s)
	}
	eval[any](b, `document.getElementById("c").focus()`)
	b.key("+")
	if s := b.state(); s.Zoom <= before.Zoom {
		t.Error("+ does not zoom")
	}
	b.key("ArrowLeft")
	b.key("0")

	// Touch: two fingers apart zoom.
	touch := func(kind string, pts ...[2]float64) {
		list := []map[string]any{}
		for i, p := range pts {
			list = append(list, map[string]any{"x": p[0], "y": p[1], "id": i})
		}
		b.call("Input.dispatchTouchEvent", map[string]any{"type": kind, "touchPoints": list}, nil)
	}
	touch("touchStart", [2]float64{cx - 30, cy}, [2]float64{cx + 30, cy})
	touch("touchMove", [2]float64{cx - 80, cy}, [2]float64{cx + 80, cy})
	touch("touchEnd")
	b.until("viewer.state().zoom > 1.5")
	b.key("0")
	touch("touchStart", [2]float64{at[0] + 4, at[1] + 4})
	touch("touchEnd")
	b.until(`viewer.state().hover === "solitary"`)

	// Layers: slider and keys.
	eval[any](b, `(() => { const s = document.getElementById("layer"); s.value = 2; s.dispatchEvent(new Event("input")); })()`)
	b.until(`document.documentElement.dataset.layer === "2"`)
	if h := eval[string](b, `document.getElementById("title").textContent`); h != "t-SNE visualization of layer 2 activations" {
		t.Errorf("title %q", h)
	}
	if h := eval[string](b, `document.getElementById("note").textContent`); h != "10-NN purity 0.72" {
		t.Errorf("note %q", h)
	}
	moved := eval[[]float64](b, `viewer.at("solitary")`)
	if math.Abs(moved[1]-at[1]) < 20 {
		t.Errorf("the layer does not move the word: %v, %v", at, moved)
	}
	eval[any](b, `document.getElementById("c").focus()`)
	b.key("[")
	b.until(`document.documentElement.dataset.layer === "1"`)

	// The other labeling, and dark.
	eval[any](b, `(() => { const s = document.getElementById("by"); s.value = 1; s.dispatchEvent(new Event("change")); })()`)
	if s := b.state(); s.By != "Domain" || len(s.Shown) != 344 || s.Shown[343] != "no domain" {
		t.Errorf("by %s with %d categories", s.By, len(s.Shown))
	}
	b.picture("viewer-domains")
	b.clickOn(`document.getElementById("dark")`, 0)
	if s := b.state(); !s.Dark {
		t.Error("not dark")
	}
	b.until("true")
	if px := eval[[]int](b, "new Promise(r => requestAnimationFrame(() => requestAnimationFrame(() => r(viewer.pixel(3, 3)))))"); px[0] > 60 {
		t.Errorf("dark ground is %v", px)
	}
	b.picture("viewer-dark")

	// For screen readers.
	if l := eval[string](b, `document.getElementById("c").getAttribute("aria-label")`); !bytes.Contains([]byte(l), []byte("Layer 1")) {
		t.Errorf("label of the canvas: %q", l)
	}
	b.checkQuiet()
}

// TestViewerFollowsSystem: dark by the system's setting.
func TestViewerFollowsSystem(t *testing.T) {
	var page bytes.Buffer
	if err := testPage(300).WriteHTML(&page); err != nil {
		t.Fatal(err)
	}
	b := startBrowser(t, 420, 800)
	b.call("Emulation.setEmulatedMedia", map[string]any{"features": []map[string]string{{"name": "prefers-color-scheme", "value": "dark"}}}, nil)
	b.open(page.Bytes())
	if !b.state().Dark {
		t.Error("the page is not dark")
	}
	if w := eval[int](b, "document.documentElement.scrollWidth"); w > 420 {
		t.Errorf("the page is %d wide on a screen of 420", w)
	}
	b.picture("viewer-narrow")
	b.checkQuiet()
}

// study returns a figure as the study draws them, and its words.
func study(by string, layers int, small bool) *plot.Figure {
	f := &plot.Figure{Title: "t-SNE visualization of activations by layer", XLabel: "First t-SNE", YLabel: "Second t-SNE", Legend: "Domain"}
	for l, w := range plottest.Study(by, layers, small) {
		f.Panels = append(f.Panels, plot.Panel{Title: fmt.Sprintf("Layer %d", l), Note: fmt.Sprintf("10-NN purity 0.%d", 46+l%3),
			XYs: w.XYs, Labels: w.Labels, Hover: w.Texts})
	}
	return f
}

func write(t testing.TB, p *Page) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := p.WriteHTML(&b); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func single(f *plot.Figure) *Page { return &Page{Views: []*plot.Figure{f}} }

// TestFigurePage: a figure's page, with panels that share their points and with
// panels that do not.
func TestFigurePage(t *testing.T) {
	shared := study("domain", 1, true)
	p := shared.Panels[0]
	turned := p
	xys := make(plotter.XYs, p.XYs.Len())
	for i, q := range p.XYs.(plotter.XYs) {
		xys[i] = plotter.XY{X: q.Y, Y: -q.X}
	}
	turned.Title, turned.Note, turned.XYs = "Layer 1", "turned", xys
	shared.Panels = append(shared.Panels, turned)
	apart := study("domain", 3, true)
	q := &apart.Panels[1]
	q.XYs, q.Labels, q.Hover = q.XYs.(plotter.XYs)[:50], q.Labels[:50], q.Hover[:50]
	b := startBrowser(t, 1000, 700)
	for name, f := range map[string]*plot.Figure{"shared": shared, "apart": apart} {
		page := write(t, single(f))
		checkHTML(t, page, len(f.Panels))
		b.Requests = nil
		b.open(page)
		for l := range f.Panels {
			eval[any](b, fmt.Sprintf(`(() => { const s = document.getElementById("layer"); s.value = %d; s.dispatchEvent(new Event("input")); })()`, l))
			b.until(fmt.Sprintf(`document.documentElement.dataset.layer === "%d"`, l))
			if got := eval[string](b, `document.getElementById("note").textContent`); got != f.Panels[l].Note {
				t.Errorf("%s: note of panel %d is %q", name, l, got)
			}
			// A word of this panel can be pointed at, at its place.
			w := f.Panels[l].Hover[7]
			found := eval[bool](b, fmt.Sprintf(`(() => { const at = viewer.at(%q); return at !== null; })()`, w))
			if !found {
				t.Errorf("%s: %q is missing", name, w)
			}
		}
		if s := b.state(); len(s.Shown) != 5 {
			t.Errorf("%s: categories %v", name, s.Shown)
		}
		if n := eval[int](b, "viewer.present()"); n != f.Panels[len(f.Panels)-1].XYs.Len() {
			t.Errorf("%s: the last layer shows %d points", name, n)
		}
		b.checkQuiet()
	}
}

// TestHostilePage: the page of hostile labels runs and shows them as text.
func TestHostilePage(t *testing.T) {
	page := write(t, single(hostileFigure(400)))
	b := startBrowser(t, 1000, 700)
	b.open(page)
	if got := eval[string](b, `document.querySelector("#cats .name").textContent`); got == "" {
		t.Error("no names")
	}
	if !eval[bool](b, `[...document.querySelectorAll("#cats .name")].some(e => e.textContent === "</script><script>alert(1)</script>")`) {
		t.Error("a hostile label is not shown as it is")
	}
	b.picture("viewer-hostile")
	// So do tips, lists, search and the names on the map.
	eval[any](b, `document.getElementById("c").focus()`)
	for range 12 {
		b.key(".")
		b.key("Enter")
	}
	b.key("v")
	b.search("<script>")
	if got := b.texts("#hits button"); len(got) == 0 || !strings.HasPrefix(got[0], "</script><script>alert(1)</script>") {
		t.Errorf("a hostile text is not found as it is: %q", got)
	}
	b.clickOn(`document.querySelector("#hits button")`, 0)
	b.until(`viewer.state().hover !== ""`)
	if n := eval[int](b, `document.querySelectorAll("#tip script, #hits script, #picks script, #cats script, #tip b b, #cats b").length`); n != 0 {
		t.Errorf("%d elements were made of labels", n)
	}
	b.checkQuiet()
}

// TestViewerAtSize opens 117,659 words in six layers and logs how long things
// take; it fails only if they do not work.
func TestViewerAtSize(t *testing.T) {
	if raceEnabled {
		t.Skip("too slow under the race detector")
	}
	b := startBrowser(t, 1200, 900)
	v := testPage(117659)
	for _, f := range v.Views {
		f.Panels = append(f.Panels, f.Panels...)
	}
	v.Titles = append(v.Titles, v.Titles...)
	var page bytes.Buffer
	if err := v.WriteHTML(&page); err != nil {
		t.Fatal(err)
	}
	b.open(page.Bytes())
	eval[any](b, `document.getElementById("c").focus()`)
	ms := eval[float64](b, `(async () => { const t = performance.now(); for (let i = 0; i < 10; i++) { document.getElementById("c").dispatchEvent(new KeyboardEvent("keydown", {key: i % 2 ? "ArrowLeft" : "ArrowRight"})); await new Promise(requestAnimationFrame); } return (performance.now() - t) / 10; })()`)
	t.Logf("%d bytes; a frame takes %.0f ms", page.Len(), ms)
	at := eval[[]float64](b, `viewer.at("solitary")`)
	b.mouse("mouseMoved", at[0], at[1], nil)
	if s := b.state(); s.Hover != "solitary" {
		t.Errorf("hover shows %q", s.Hover)
	}
	b.picture("viewer-pos-full")
	eval[any](b, `(() => { const s = document.getElementById("by"); s.value = 1; s.dispatchEvent(new Event("change")); })()`)
	eval[any](b, `(() => { const s = document.getElementById("layer"); s.value = 5; s.dispatchEvent(new Event("input")); })()`)
	b.until(`document.documentElement.dataset.layer === "5"`)
	b.picture("viewer-domains-full")
	b.checkQuiet()
}
