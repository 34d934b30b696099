package plot

import (
	"bytes"
	"compress/zlib"
	"fmt"
	"io"
	"regexp"
	"strconv"
	"testing"

	"codeberg.org/go-fonts/liberation/liberationsansregular"
	"golang.org/x/image/font/opentype"
	"golang.org/x/image/font/sfnt"
	"golang.org/x/image/math/fixed"
)

var (
	startxref = regexp.MustCompile(`startxref\n(\d+)\n%%EOF\n$`)
	streams   = regexp.MustCompile(`/Length (\d+) >>\nstream\n`)
)

// checkPDF demands that the table of objects points at them and that all
// streams inflate. It returns the streams.
func checkPDF(t *testing.T, b []byte) [][]byte {
	t.Helper()
	if !bytes.HasPrefix(b, []byte("%PDF-1.7\n")) {
		t.Fatal("no PDF")
	}
	m := startxref.FindSubmatch(b)
	if m == nil {
		t.Fatal("no startxref")
	}
	at, _ := strconv.Atoi(string(m[1]))
	var n int
	if _, err := fmt.Sscanf(string(b[at:at+20]), "xref\n0 %d\n", &n); err != nil {
		t.Fatal(err)
	}
	table := b[at+len(fmt.Sprintf("xref\n0 %d\n", n)):]
	for i := 1; i < n; i++ {
		var o int
		if _, err := fmt.Sscanf(string(table[20*i:20*i+20]), "%010d 00000 n", &o); err != nil {
			t.Fatal(err)
		}
		if want := fmt.Sprintf("%d 0 obj\n", i); !bytes.HasPrefix(b[o:], []byte(want)) {
			t.Fatalf("object %d is not at %d", i, o)
		}
	}
	var out [][]byte
	for _, m := range streams.FindAllSubmatchIndex(b, -1) {
		n, _ := strconv.Atoi(string(b[m[2]:m[3]]))
		z, err := zlib.NewReader(bytes.NewReader(b[m[1] : m[1]+n]))
		if err != nil {
			t.Fatal(err)
		}
		raw, err := io.ReadAll(z)
		if err != nil {
			t.Fatal(err)
		}
		if !bytes.HasPrefix(b[m[1]+n:], []byte("\nendstream")) {
			t.Fatal("a stream's length is wrong")
		}
		out = append(out, raw)
	}
	return out
}

func TestPDF(t *testing.T) {
	f := study("domain", 2, true)
	f.Subtitle = "Ωmega, Привет, שלום – not only ASCII"
	write := func() []byte {
		var b bytes.Buffer
		if err := f.WritePDF(&b, 0, 0); err != nil {
			t.Fatal(err)
		}
		return b.Bytes()
	}
	b := write()
	if !bytes.Equal(b, write()) {
		t.Error("a second writing gives other bytes")
	}
	var content []byte
	for _, s := range checkPDF(t, b) {
		if bytes.Contains(s, []byte("BT /F")) {
			content = s
		}
	}
	dots := 0
	for _, p := range f.Panels {
		dots += len(p.Points.XYs)
	}
	// Each dot has an edge and a face; frames and the like use m, too.
	if n := bytes.Count(content, []byte(" m\n")); n < 2*dots || n > 2*dots+100 {
		t.Errorf("%d path starts for %d dots", n, dots)
	}
	if bytes.Contains(b, []byte("Date")) {
		t.Error("the file holds a date")
	}
}

// TestSubset: a font cut down to some glyphs still has their outlines, those
// of their parts, and no others.
func TestSubset(t *testing.T) {
	full, err := opentype.Parse(liberationsansregular.TTF)
	if err != nil {
		t.Fatal(err)
	}
	var buf sfnt.Buffer
	var gids []sfnt.GlyphIndex
	for _, r := range "law é Ö 117" {
		g, err := full.GlyphIndex(&buf, r)
		if err != nil {
			t.Fatal(err)
		}
		gids = append(gids, g)
	}
	cut := subset(liberationsansregular.TTF, gids)
	if len(cut) > len(liberationsansregular.TTF)/5 {
		t.Errorf("%d of %d bytes are left", len(cut), len(liberationsansregular.TTF))
	}
	// The package sfnt wants more tables than PDF does, so look at the
	// outlines through the tables glyf and loca put into the full font.
	for _, g := range gids {
		want, err := full.LoadGlyph(&buf, g, fixed.I(100), nil)
		if err != nil {
			t.Fatal(err)
		}
		if len(want) > 0 && outlineBytes(cut, int(g)) == 0 {
			t.Errorf("glyph %d has lost its outline", g)
		}
		if outlineBytes(cut, int(g)) != outlineBytes(liberationsansregular.TTF, int(g)) {
			t.Errorf("glyph %d has another outline", g)
		}
	}
	if x, err := full.GlyphIndex(&buf, 'Q'); err != nil || outlineBytes(cut, int(x)) != 0 {
		t.Error("Q is still there", err)
	}
}

// outlineBytes returns the length of a glyph's data, without padding to four.
func outlineBytes(ttf []byte, g int) int {
	be := func(b []byte) int { return int(b[0])<<24 | int(b[1])<<16 | int(b[2])<<8 | int(b[3]) }
	var loca, head []byte
	for i := range int(ttf[4])<<8 | int(ttf[5]) {
		rec := ttf[12+16*i:]
		table := ttf[be(rec[8:]):][:be(rec[12:])]
		switch string(rec[:4]) {
		case "loca":
			loca = table
		case "head":
			head = table
		}
	}
	if head[51] == 1 {
		return (be(loca[4*g+4:]) - be(loca[4*g:]) + 3) / 4
	}
	at := func(i int) int { return 2 * (int(loca[2*i])<<8 | int(loca[2*i+1])) }
	return (at(g+1) - at(g) + 3) / 4
}
