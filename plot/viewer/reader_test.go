package viewer

import (
	"bytes"
	"encoding/csv"
	"errors"
	"fmt"
	"image/color"
	"image/png"
	"io"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"gonum.org/v1/plot/plotter"

	"github.com/semamap/semamap/plot"
	"github.com/semamap/semamap/plot/internal/kit"
)

// readerWords are words that a reader looks for. Those of one line have one
// place; after the bar stands the domain.
var readerWords = [][]string{
	{"law (law.n.01)|law", "law (law.n.02)|", "jurisprudence (law.n.03)|politics"},
	{"lawyer (lawyer.n.01)|law"}, {"law_degree (law_degree.n.01)|law"}, {"civil_law (civil_law.n.01)|law"},
	{"outlaw (outlaw.n.01)|"}, {"able (able.a.01), law|"}, {"Law (law.n.04)|"}, {"abbey_law (abbey_law.n.01)|"},
	{"café (café.n.01)|food"}, {"Ångström (angstrom.n.01)|physics"}, {"Łódź (lodz.n.01)|"}, {"straße (strasse.n.01)|"},
}

// readerPage has these words in rows and columns, 221 zebras around one spot,
// 60 words at one place, and 30 domains. Layer 1 is turned, layer 2 is flat.
func readerPage() *Page {
	var words, domains []string
	var xys plotter.XYs
	add := func(word, domain string, x, y float64) {
		words, domains, xys = append(words, word), append(domains, domain), append(xys, plotter.XY{X: x, Y: y})
	}
	for i, group := range readerWords {
		for _, w := range group {
			word, domain, _ := strings.Cut(w, "|")
			add(word, domain, float64(i%5)*10, float64(i/5)*10)
		}
	}
	r := rand.New(rand.NewPCG(3, 3))
	for i := range 221 {
		add(fmt.Sprintf("zebra_%03d", i), "zoology", 80+2*r.NormFloat64(), 80+2*r.NormFloat64())
	}
	for i := range 60 {
		add(fmt.Sprintf("break_%02d", i), "", 90, 5)
	}
	for i := range 400 { // spread domains
		add(fmt.Sprintf("word_%d", i), fmt.Sprintf("domain %d", i%29), 100*r.Float64(), 30+60*r.Float64())
	}
	n := len(words)
	turned, flat, values := make(plotter.XYs, n), make(plotter.XYs, n), make([]float64, n)
	for i, p := range xys {
		turned[i], flat[i], values[i] = plotter.XY{X: -p.Y, Y: p.X}, plotter.XY{X: 1, Y: 2}, p.X
	}
	values[3] = math.NaN()
	domain := &plot.Figure{Title: "Reader's page", Legend: "Domain", Unlabeled: "no domain", Colors: map[string]color.Color{"zoology": kit.Hex("123456")}}
	number := &plot.Figure{Legend: "Frequency"}
	for l, at := range []plotter.XYs{xys, turned, flat} {
		domain.Panels = append(domain.Panels, plot.Panel{Title: fmt.Sprint("Layer ", l), XYs: at, Labels: domains, Hover: words})
		number.Panels = append(number.Panels, plot.Panel{Values: values})
	}
	return &Page{Views: []*plot.Figure{domain, number}}
}

// view is what must stay the same when the window changes.
type view struct {
	Zoom, X, Y                float64
	Layer                     int
	By                        string
	Dark                      bool
	Shown, Colored, Chosen    []string
	Query, Size, Names, Title string
}

func (b *browser) view() view {
	return eval[view](b, `(() => { const s = viewer.state(), c = document.getElementById("c").getBoundingClientRect(), z = Math.min(c.width, c.height) * .95 * s.zoom;
		return { ...s, x: -s.panX / z, y: s.panY / z, query: document.getElementById("q").value, size: document.getElementById("size").value,
			names: String(document.getElementById("names").checked), title: document.getElementById("title").textContent }; })()`)
}

// same tells whether two views are, but for the rounding of an address.
func (v view) same(w view) bool {
	near := math.Abs(v.Zoom/w.Zoom-1) < 1e-3 && math.Abs(v.X-w.X) < 1e-3 && math.Abs(v.Y-w.Y) < 1e-3
	v.Zoom, v.X, v.Y, w.Zoom, w.X, w.Y = 0, 0, 0, 0, 0, 0
	return near && fmt.Sprint(v) == fmt.Sprint(w)
}

// hoverAt moves the mouse to a word.
func (b *browser) hoverAt(word string) {
	b.t.Helper()
	at := eval[[]float64](b, fmt.Sprintf("viewer.at(%q)", word))
	b.mouse("mouseMoved", at[0]+1, at[1], nil)
	b.settled()
}

func (b *browser) clickAt(word string) {
	b.t.Helper()
	at := eval[[]float64](b, fmt.Sprintf("viewer.at(%q)", word))
	b.click(at[0]+1, at[1], 0)
	b.settled()
}

// TestPlaces: a place that holds several words says all of them, with the
// category of each.
func TestPlaces(t *testing.T) {
	b := startBrowser(t, 1200, 860)
	b.open(write(t, readerPage()))
	b.hoverAt("law (law.n.01)")
	tip := b.texts("#tip")[0]
	for _, want := range []string{"3 at this place", "law (law.n.01)law", "law (law.n.02)no domain", "jurisprudence (law.n.03)politics"} {
		if !strings.Contains(tip, want) {
			t.Errorf("the tip lacks %q: %q", want, tip)
		}
	}
	b.picture("places-tip")
	b.clickAt("law (law.n.02)")
	if got := b.texts("#picks button"); len(got) != 3 || !strings.HasPrefix(got[0], "jurisprudence (law.n.03) politics") {
		t.Errorf("listed %q", got)
	}

	// More words than the map has room for: the list has them all.
	b.hoverAt("break_00")
	tip = b.texts("#tip")[0]
	if n := strings.Count(tip, "break_"); n < 20 || n < 60 && !strings.Contains(tip, fmt.Sprintf("and %d more", 60-n)) {
		t.Errorf("the tip says %q", tip)
	}
	if r := eval[[]float64](b, `(() => { const t = document.getElementById("tip").getBoundingClientRect(), c = document.getElementById("c").getBoundingClientRect(); return [t.top - c.top, c.bottom - t.bottom]; })()`); r[0] < 0 || r[1] < 0 {
		t.Errorf("the tip leaves the map: %v", r)
	}
	b.picture("places-many")
	b.clickAt("break_00")
	if got := b.texts("#picks button"); len(got) != 60 {
		t.Errorf("%d words listed", len(got))
	}
	if s := b.state(); len(s.Chosen) != 60 {
		t.Errorf("%d words selected", len(s.Chosen))
	}

	// A hidden category's word at the place is said to be hidden.
	eval[any](b, `[...document.querySelectorAll("#cats .on")].find(e => e.querySelector(".name").textContent === "no domain").click()`)
	b.hoverAt("law (law.n.01)")
	if tip := b.texts("#tip")[0]; !strings.Contains(tip, "law (law.n.02)no domain, Frequency: 0, hidden") {
		t.Errorf("the tip says %q", tip)
	}
	b.checkQuiet()
}

// TestKeyboard: every word of a page is said to those who use the keyboard
// alone.
func TestKeyboard(t *testing.T) {
	b := startBrowser(t, 1000, 700)
	p := readerPage()
	b.open(write(t, p))
	eval[any](b, `document.getElementById("c").focus()`)
	said := map[string]bool{}
	// One place has many words, the others one or three.
	places := len(p.Views[0].Panels[0].Hover) - 59 - 2
	for range places {
		b.key(".")
		for _, w := range strings.Split(eval[string](b, `document.getElementById("live").textContent`), "; ") {
			said[strings.SplitN(w, ", ", 2)[0]] = true
		}
	}
	for i, w := range p.Views[0].Panels[0].Hover {
		if w = strings.SplitN(w, ", ", 2)[0]; !said[w] && !strings.HasPrefix(w, "break_5") { // of 60, 50 are said and all are listed
			t.Fatalf("row %d, %q, is not reached", i, w)
		}
	}
	// From point to point in a direction, and back.
	b.key("Escape")
	b.search("lawyer")
	b.clickOn(`document.querySelector("#hits button")`, 0)
	b.until(`viewer.state().hover.startsWith("lawyer")`)
	eval[any](b, `document.getElementById("c").focus()`)
	b.keys("ArrowRight", 8)
	if s := b.state(); s.Hover != "law_degree (law_degree.n.01)" {
		t.Errorf("right of lawyer is %q", s.Hover)
	}
	b.keys("ArrowLeft", 8)
	b.keys("ArrowLeft", 8)
	if s := b.state(); !strings.Contains(s.Hover, "law.n.0") {
		t.Errorf("left of lawyer is %q", s.Hover)
	}
	b.key("Enter")
	if s := b.state(); len(s.Chosen) != 3 {
		t.Errorf("Enter lists %q", s.Chosen)
	}
	b.key(",")
	b.key("0")
	b.key("v")
	if s := b.state(); len(s.Chosen) != len(p.Views[0].Panels[0].Hover) {
		t.Errorf("v selects %d", len(s.Chosen))
	}
	b.checkQuiet()
}

// TestSearch: exact words come first, accents do not matter, hidden hits are
// marked, and the list says how much of it is shown.
func TestSearch(t *testing.T) {
	b := startBrowser(t, 1000, 760)
	b.open(write(t, readerPage()))
	frequency := regexp.MustCompile(`, Frequency: \w+`)
	first := func() string {
		return frequency.ReplaceAllString(strings.Join(b.texts("#hits button:not(.more)"), "|"), "")
	}
	for _, tc := range []struct{ q, want string }{
		{"law", "law (law.n.01) law|law (law.n.02) no domain|Law (law.n.04) no domain|law_degree"},
		{"Law", "Law (law.n.04) no domain|law (law.n.01)"},
		{"LAW degree", "law_degree (law_degree.n.01) law"}, {"law-degree", "law_degree"}, {"law_degree", "law_degree"},
		{"law.n.03", "jurisprudence (law.n.03) politics"},
		{"cafe", "café (café.n.01)"}, {"CAFÉ", "café (café.n.01)"}, {"angstrom", "Ångström (angstrom.n.01)"},
		{"lodz", "Łódź (lodz.n.01)"}, {"strasse", "straße (strasse.n.01)"}, {"Straße", "straße"},
	} {
		b.search(tc.q)
		if got := first(); !strings.HasPrefix(got, tc.want) {
			t.Errorf("%q finds %.150q, want first %q", tc.q, got, tc.want)
		}
	}
	b.search("law")
	b.picture("search-law")
	if order := first(); strings.Index(order, "civil_law") > strings.Index(order, "lawyer") || strings.Index(order, "lawyer") > strings.Index(order, "outlaw") {
		t.Errorf("whole words, beginnings, the rest: %q", order)
	}

	b.search("zebra")
	if got := b.texts("#count")[0]; got != "221 matches" {
		t.Errorf("count %q", got)
	}
	if got := b.texts("#shown")[0]; got != "100 of 221 shown" {
		t.Errorf("beside the count stands %q", got)
	}
	if more := b.texts("#hits .more"); len(more) != 1 || !strings.HasPrefix(more[0], "100 of 221 shown") || len(b.texts("#hits button")) != 101 {
		t.Errorf("the list of %d ends with %q", len(b.texts("#hits button")), more)
	}
	b.clickOn(`document.querySelector("#hits .more")`, 0)
	b.clickOn(`document.querySelector("#hits .more")`, 0)
	if n := len(b.texts("#hits button")); n != 221 {
		t.Errorf("%d shown in the end", n)
	}

	// Hidden categories.
	b.search("law")
	eval[any](b, `[...document.querySelectorAll("#cats .on")].find(e => e.querySelector(".name").textContent === "law").click()`)
	if got := b.texts("#count")[0]; got != "10 matches, 4 in hidden categories" {
		t.Errorf("count %q", got)
	}
	if got := first(); !strings.HasPrefix(got, "law (law.n.01) law, hidden") || eval[int](b, `document.querySelectorAll("#hits .away").length`) != 4 {
		t.Errorf("hidden hits: %q", got)
	}
	b.picture("search-hidden")
	b.clickOn(`document.querySelector("#hits .away")`, 0)
	b.until(`viewer.state().hover === "law (law.n.01)"`)
	b.checkQuiet()
}

// TestKeepsTheView: another size of the window, or a turned phone, shows the
// same place of the map at the same zoom.
func TestKeepsTheView(t *testing.T) {
	b := startBrowser(t, 1200, 860)
	b.open(write(t, readerPage()))
	eval[any](b, `document.getElementById("c").focus()`)
	for _, k := range []string{"+", "+", "+", "ArrowLeft", "ArrowUp", "ArrowUp", "+"} {
		b.key(k)
	}
	before := b.view()
	if math.Abs(before.X) < 0.02 || before.Zoom < 3 {
		t.Fatalf("the view is %+v", before)
	}
	for _, size := range [][2]int{{900, 500}, {420, 800}, {800, 420}, {1200, 860}} {
		b.resize(size[0], size[1], size[0] < 900)
		if after := b.view(); !after.same(before) {
			t.Errorf("%v: %+v, before %+v", size, after, before)
		}
	}
	b.checkQuiet()
}

// TestHiddenIsHidden: what is switched off takes no room.
func TestHiddenIsHidden(t *testing.T) {
	f := &plot.Figure{Title: "One view", Panels: []plot.Panel{{XYs: plotter.XYs{{X: 1, Y: 1}, {X: 2, Y: 3}}}}}
	b := startBrowser(t, 1000, 700)
	for _, page := range [][]byte{write(t, single(f)), write(t, readerPage())} {
		b.Requests = nil
		b.open(page)
		if seen := eval[[]string](b, `[...document.querySelectorAll("[hidden]")].filter(e => e.getBoundingClientRect().height > 0).map(e => e.id)`); len(seen) > 0 {
			t.Errorf("hidden elements that are seen: %q", seen)
		}
	}
	b.open(write(t, single(f)))
	for _, id := range []string{"search", "layers", "bybox", "legend", "picked", "tip", "namesbox", "say"} {
		if eval[int](b, fmt.Sprintf("document.getElementById(%q).offsetHeight", id)) != 0 {
			t.Errorf("#%s is seen on a page that has no use for it", id)
		}
	}
}

// TestDefaultView: ten of many categories are in color, the others gray, and
// the concentrated one has its name on the map.
func TestDefaultView(t *testing.T) {
	b := startBrowser(t, 1200, 860)
	b.open(write(t, readerPage()))
	b.settled()
	type shade struct{ Colored []string }
	colored := func() []string { return eval[shade](b, "viewer.state()").Colored }
	if got := colored(); len(got) != 10 || got[0] != "zoology" {
		t.Errorf("in color: %q", got)
	}
	if n := eval[string](b, "document.documentElement.dataset.names"); n == "0" || n == "" {
		t.Error("no names on the map")
	}
	b.picture("default-light")
	dots := b.texts("#cats .name")
	hues := eval[[]string](b, `[...document.querySelectorAll("#cats i")].map(e => getComputedStyle(e).backgroundColor)`)
	gray := "rgb(213, 216, 222)"
	if hues[0] != "rgb(18, 52, 86)" {
		t.Errorf("zoology is %s, not of the color that the figures give it", hues[0])
	}
	for k, hue := range hues {
		if (hue == gray) != (k >= 10) {
			t.Errorf("%s is %s", dots[k], hue)
		}
	}
	// What is gray gets its color when asked, and a name stays a category.
	if len(dots) != 34+1 || dots[len(dots)-1] != "no domain" {
		t.Errorf("%d categories, last %q", len(dots), dots[len(dots)-1])
	}
	b.clickOn(`document.querySelectorAll("#cats .shade")[12]`, 0)
	if got := colored(); len(got) != 11 || got[10] != dots[12] {
		t.Errorf("in color after a click: %q", got)
	}
	b.clickOn(`document.querySelectorAll("#cats .only")[13]`, 0)
	if s := b.state(); len(s.Shown) != 1 || len(colored()) != 1 {
		t.Errorf("alone: %q in color %q", s.Shown, colored())
	}
	b.clickOn(`document.getElementById("all")`, 0)
	b.choose("shades", 5)
	if got := colored(); len(got) != 5 {
		t.Errorf("five: %q", got)
	}
	b.choose("shades", 34)
	if got := colored(); len(got) != 34 {
		t.Errorf("all: %d", len(got))
	}
	b.clickOn(`document.getElementById("names")`, 0)
	b.clickOn(`document.getElementById("dark")`, 0)
	b.settled()
	b.picture("default-dark-all")
	b.checkQuiet()

	p := readerPage()
	p.Views[0].Top, p.Views[0].MaxNames = -1, -1
	g, _ := pageData(t, write(t, p))
	if l := g.Labelings[0]; l.Top != len(l.Names) || l.Spots != nil {
		t.Errorf("all in color: %d of %d, names %v", l.Top, len(l.Names), l.Spots)
	}
}

// download waits for a file.
func download(t *testing.T, dir, ext string) []byte {
	t.Helper()
	for end := time.Now().Add(20 * time.Second); time.Now().Before(end); time.Sleep(30 * time.Millisecond) {
		files, _ := filepath.Glob(filepath.Join(dir, "*"+ext))
		if len(files) == 0 {
			continue
		}
		if data, err := os.ReadFile(files[0]); err == nil && len(data) > 0 {
			time.Sleep(100 * time.Millisecond)
			data, _ = os.ReadFile(files[0])
			return data
		}
	}
	t.Fatalf("no %s was saved", ext)
	return nil
}

// TestSelect: points within a line are selected, and saved or copied with
// their words, categories, numbers and places.
func TestSelect(t *testing.T) {
	b := startBrowser(t, 1200, 860)
	dir := t.TempDir()
	b.call("Page.setDownloadBehavior", map[string]any{"behavior": "allow", "downloadPath": dir}, nil)
	p := readerPage()
	words := p.Views[0].Panels[0].Hover
	words[0] = `law, "the" (law.n.01)`
	b.open(write(t, p))
	at := eval[[]float64](b, fmt.Sprintf("viewer.at(%q)", words[0]))
	next := eval[[]float64](b, `viewer.at("lawyer (lawyer.n.01)")`)
	half := (next[0] - at[0]) / 2
	line := func(button bool) {
		if button {
			b.clickOn(`document.getElementById("lasso")`, 0)
		}
		mod := 8
		if button {
			mod = 0
		}
		pts := [][2]float64{{-half, -half}, {half, -half}, {half, half}, {-half, half}, {-half, -half}}
		for i, q := range pts {
			kind := "mouseMoved"
			if i == 0 {
				kind = "mousePressed"
			}
			b.mouse(kind, at[0]+q[0], at[1]+q[1], map[string]any{"button": "left", "buttons": 1, "clickCount": 1, "modifiers": mod})
		}
		b.mouse("mouseReleased", at[0]-half, at[1]-half, map[string]any{"button": "left", "clickCount": 1, "modifiers": mod})
		b.settled()
	}
	for _, button := range []bool{false, true} {
		line(button)
		if s := b.state(); len(s.Chosen) != 3 || s.PanX != 0 {
			t.Fatalf("selected %q, moved by %v", s.Chosen, s.PanX)
		}
	}
	b.picture("select")
	if got := b.texts("#pickname")[0]; got != "3 words selected" {
		t.Errorf("title %q", got)
	}
	b.clickOn(`document.getElementById("csv")`, 0)
	rows, err := csv.NewReader(bytes.NewReader(download(t, dir, ".csv"))).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	if len(rows) != 4 || strings.Join(rows[0], ",") != "text,Domain,Frequency,layer,x,y" {
		t.Fatalf("saved %q", rows)
	}
	row := rows[slices.IndexFunc(rows, func(r []string) bool { return r[0] == words[0] })]
	if strings.Join(row[1:4], ",") != "law,0,Layer 0" {
		t.Errorf("saved %q", row)
	}
	var x, y float64
	fmt.Sscan(row[4], &x)
	fmt.Sscan(row[5], &y)
	if math.Abs(x) > 0.01 || math.Abs(y) > 0.01 {
		t.Errorf("saved at %v, %v, want 0, 0", x, y)
	}

	eval[any](b, `Object.defineProperty(navigator, "clipboard", { value: { writeText: t => { window.copied = t; return Promise.resolve(); } } })`)
	b.clickOn(`document.getElementById("copy")`, 0)
	if got := eval[string](b, "window.copied"); !strings.HasPrefix(got, "text\tDomain\tFrequency\tlayer\tx\ty\n") || strings.Count(got, "\n") != 4 {
		t.Errorf("copied %q", got)
	}
	// Results of a search, too; and Escape ends a selection.
	b.search("zebra")
	b.clickOn(`document.getElementById("take")`, 0)
	if s := b.state(); len(s.Chosen) != 221 {
		t.Errorf("%d of 221 matches selected", len(s.Chosen))
	}
	b.clickOn(`document.getElementById("unpick")`, 0)
	if s := b.state(); len(s.Chosen) != 0 {
		t.Error("still selected")
	}

	b.clickOn(`document.getElementById("png")`, 0)
	img, err := png.Decode(bytes.NewReader(download(t, dir, ".png")))
	if err != nil {
		t.Fatal(err)
	}
	box := eval[[]float64](b, `(() => { const r = document.getElementById("c"); return [r.width, r.height]; })()`)
	if img.Bounds().Dx() < int(box[0]) || img.Bounds().Dy() < int(box[1])+20 {
		t.Errorf("a picture of %v for a map of %v", img.Bounds(), box)
	}
	inked := 0
	for y := range img.Bounds().Dy() {
		for x := range img.Bounds().Dx() {
			inked += btoi(kit.ToRGB(img.At(x, y)) != kit.LightGround)
		}
	}
	if inked < 2000 {
		t.Errorf("%d pixels are inked", inked)
	}
	if look := os.Getenv("PLOT_LOOK"); look != "" {
		if err := os.WriteFile(filepath.Join(look, "saved.png"), download(t, dir, ".png"), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	b.checkQuiet()
}

func btoi(b bool) int {
	if b {
		return 1
	}
	return 0
}

// TestLink: the address restores layer, coloring, place, zoom and the rest.
func TestLink(t *testing.T) {
	page := write(t, readerPage())
	b := startBrowser(t, 1100, 800)
	b.open(page)
	eval[any](b, `document.getElementById("c").focus()`)
	for _, k := range []string{"+", "+", "+", "ArrowLeft", "ArrowUp"} {
		b.key(k)
	}
	b.clickOn(`document.querySelectorAll("#cats .on")[1]`, 0)
	b.clickOn(`document.querySelectorAll("#cats .shade")[14]`, 0)
	b.choose("size", 1)
	b.clickOn(`document.getElementById("names")`, 0)
	b.clickOn(`document.getElementById("dark")`, 0)
	b.search("law & order é")
	b.search("law")
	b.choose("layer", 1)
	b.until(`document.documentElement.dataset.layer === "1"`)
	b.clickOn(`document.querySelector("#hits button")`, 0)
	b.clickAt("law (law.n.01)")
	before := b.view()
	if len(before.Chosen) != 3 {
		t.Fatalf("%+v", before)
	}
	b.until(`location.hash.includes("q=law") && location.hash.includes("layer=1") && location.hash.includes("at=")`)
	hash := eval[string](b, "location.hash")
	b.openAt(page, hash)
	b.settled()
	if after := b.view(); !after.same(before) {
		t.Errorf("%s restores %+v, before %+v", hash, after, before)
	}
	// Another address in the same page.
	eval[any](b, `location.hash = "#by=1&z=2"`)
	b.until(`viewer.state().by === "Frequency" && viewer.state().layer === 0`)
	// Nonsense does no harm.
	for _, hash := range []string{"#layer=99&by=-3&x=NaN&y=1e99&z=0&hide=9999.x.-1&show=&top=x&color=1.999&size=1000&at=1e9&dark=7&names=x&q=%3Cscript%3E", "#%%%", "#at=-5&by=1&hide=1&color=3"} {
		b.openAt(page, hash)
		if s := b.state(); s.Layer != 0 || s.Zoom != 1 {
			t.Errorf("%s: %+v", hash, s)
		}
	}
	for _, e := range b.Errors {
		t.Error(e)
	}
}

// TestNumbers: points are colored by a number, with a bar, and the tip says
// the number.
func TestNumbers(t *testing.T) {
	b := startBrowser(t, 1200, 860)
	b.open(write(t, readerPage()))
	b.choose("by", 1)
	if got := strings.Join(b.texts("#bar span"), " "); got != "0 50 100" && !strings.HasPrefix(got, "0 ") {
		t.Errorf("the bar says %q", got)
	}
	if got := b.texts("#bar p"); len(got) != 1 || got[0] != "1 without a number" {
		t.Errorf("the bar says %q", got)
	}
	b.hoverAt("break_00")
	if tip := b.texts("#tip")[0]; !strings.Contains(tip, "Frequency: 90") {
		t.Errorf("tip %q", tip)
	}
	b.hoverAt("outlaw (outlaw.n.01)")
	b.mouse("mouseMoved", 5, 5, nil)
	b.settled()
	pixel := func(word string) []int {
		return eval[[]int](b, fmt.Sprintf(`(() => { const at = viewer.at(%q), c = document.getElementById("c").getBoundingClientRect(); return viewer.pixel(at[0] - c.left, at[1] - c.top); })()`, word))
	}
	low, high := pixel("law (law.n.01)"), pixel("break_00")
	if sum := func(p []int) int { return p[0] + p[1] + p[2] }; sum(low) < sum(high)+150 {
		t.Errorf("low numbers are %v, high ones %v", low, high)
	}
	b.picture("numbers")
	b.clickOn(`document.getElementById("dark")`, 0)
	b.settled()
	b.picture("numbers-dark")
	b.checkQuiet()
}

// TestNumbersInPage: numbers can be read back from a page, exactly where few
// are different.
func TestNumbersInPage(t *testing.T) {
	for _, n := range []int{5, 254, 255, 256, 1000} {
		xys, values := make(plotter.XYs, n+2), make([]float64, n+2)
		for i := range values {
			xys[i].X, values[i] = float64(i), float64(i)*1.5-7
		}
		values[1] = math.NaN()
		f := &plot.Figure{Panels: []plot.Panel{{XYs: xys, Values: values}}}
		g, data := pageData(t, write(t, single(f)))
		bar, cats := g.Labelings[0].Bar, data("d-cats")
		if bar == nil || bar.Missing != 1 || (bar.Table != nil) != (n+1 < 256) || len(bar.Light) != 9 {
			t.Fatalf("n=%d: %+v", n, bar)
		}
		for i, want := range values {
			var got float64
			if bar.Table != nil {
				got = math.NaN()
				if p := bar.Table[cats[i]]; p != nil {
					got = *p
				}
			} else if k := int(cats[i]) | int(cats[len(values)+i])<<8; k == math.MaxUint16 {
				got = math.NaN()
			} else {
				got = bar.Min + (bar.Max-bar.Min)*float64(k)/(math.MaxUint16-1)
			}
			if !sameNumber(got, want) && !(math.Abs(got-want) <= (bar.Max-bar.Min)/131000) {
				t.Fatalf("n=%d: value %d is %v, want %v", n, i, got, want)
			}
		}
	}
}

// TestNumbersOfLayers: layers with numbers of their own have points of their
// own.
func TestNumbersOfLayers(t *testing.T) {
	xys := plotter.XYs{{X: 1}, {X: 2}, {X: 3}}
	f := &plot.Figure{Panels: []plot.Panel{{XYs: xys, Values: []float64{1, 2, math.NaN()}}, {XYs: xys, Values: []float64{1, 2, math.NaN()}}, {XYs: xys}}}
	f.Panels[2].Values = f.Panels[1].Values
	if g, _ := pageData(t, write(t, single(f))); g.N != 3 || g.Labelings[0].Bar.Missing != 1 {
		t.Errorf("equal numbers: %d points, bar %+v", g.N, g.Labelings[0].Bar)
	}
	f.Panels[1].Values, f.Panels[2].Values = []float64{5, 6, 7}, nil
	if g, _ := pageData(t, write(t, single(f))); g.N != 9 || g.Labelings[0].Bar.Hi != 7 || g.Labelings[0].Bar.Missing != 4 {
		t.Errorf("different numbers: %d points, bar %+v", g.N, g.Labelings[0].Bar)
	}
	f.Panels[1].Values = []float64{1}
	if err := single(f).WriteHTML(io.Discard); !errors.Is(err, plot.ErrLength) {
		t.Error(err)
	}
	f.Panels[1].Values = []float64{1, math.Inf(1), 2}
	if err := single(f).WriteHTML(io.Discard); !errors.Is(err, plot.ErrNotFinite) {
		t.Error(err)
	}
}

// TestFlatLayer: a layer whose points all have one place is no map, and the
// page says so.
func TestFlatLayer(t *testing.T) {
	b := startBrowser(t, 1000, 700)
	b.open(write(t, readerPage()))
	ink := `(() => { const c = document.getElementById("c"), d = c.getContext("2d").getImageData(0, 0, c.width, c.height).data; let n = 0; for (let i = 0; i < d.length; i += 4) n += d[i] < 250 || d[i + 1] < 250; return n; })()`
	if n := eval[int](b, ink); n < 1000 {
		t.Fatalf("%d pixels of layer 0 are inked", n)
	}
	b.choose("layer", 2)
	b.until(`document.documentElement.dataset.layer === "2"`)
	b.settled()
	if got, want := b.texts("#say")[0], fmt.Sprintf("All %d points of Layer 2 lie at one place: there is no map.", 695); got != want {
		t.Errorf("the page says %q, want %q", got, want)
	}
	if n := eval[int](b, ink); n != 0 {
		t.Errorf("%d pixels of a flat layer are inked", n)
	}
	b.picture("flat")
	b.choose("layer", 1)
	b.until(`document.documentElement.dataset.layer === "1"`)
	if h := eval[int](b, `document.getElementById("say").offsetHeight`); h != 0 {
		t.Error("the page still says that there is no map")
	}
	b.checkQuiet()
}

// TestTargets: whatever can be clicked is at least 24 pixels high and wide, on
// a screen and on a phone, and nothing is wider than the phone.
func TestTargets(t *testing.T) {
	page := write(t, readerPage())
	b := startBrowser(t, 1200, 860)
	for _, width := range []int{1200, 380} {
		b.Requests = nil
		b.resize(width, 860, width < 400)
		b.open(page)
		b.search("law")
		b.clickAt("break_00")
		small := eval[[]string](b, `[...document.querySelectorAll("button, input, select, summary")].filter(e => { const r = e.getBoundingClientRect(); return r.width && (r.width < 24 || r.height < 24); }).map(e => e.id + " " + e.className + " " + e.getBoundingClientRect().width + "×" + e.getBoundingClientRect().height)`)
		if len(small) > 0 {
			t.Errorf("width %d: %d targets are too small, such as %q", width, len(small), small[0])
		}
		if w := eval[int](b, "document.documentElement.scrollWidth"); w > width {
			t.Errorf("the page is %d wide on a screen of %d", w, width)
		}
		b.picture(fmt.Sprint("targets-", width))
	}
	// The size of dots.
	b.open(page)
	ink := `(() => { const c = document.getElementById("c"), d = c.getContext("2d").getImageData(0, 0, c.width, c.height).data; let n = 0; for (let i = 0; i < d.length; i += 4) n += d[i] < 250 || d[i + 1] < 250; return n; })()`
	b.choose("size", -1)
	small := eval[int](b, ink)
	b.choose("size", 1)
	if large := eval[int](b, ink); large < 2*small {
		t.Errorf("small dots ink %d pixels, large ones %d", small, large)
	}
}
