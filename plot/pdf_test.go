package plot

import (
	"bytes"
	"compress/zlib"
	"fmt"
	"io"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/semamap/semamap/plot/internal/plottest"
)

var (
	startxref = regexp.MustCompile(`startxref\n(\d+)\n%%EOF\n$`)
	streams   = regexp.MustCompile(`/Length (\d+) ?>>\nstream\n`)
)

// checkPDF demands that the table of objects points at them and that all
// streams inflate. It returns the streams.
func checkPDF(t *testing.T, b []byte) [][]byte {
	t.Helper()
	if !bytes.HasPrefix(b, []byte("%PDF-1.")) {
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
	content := checkPDF(t, b)[0]
	dots := 0
	for _, p := range f.Panels {
		dots += p.XYs.Len()
	}
	// Each dot has an edge and a face of six curves; the legend's marks have
	// some, too.
	if n := bytes.Count(content, []byte(" c\n")); n < 12*dots || n > 12*dots+100 {
		t.Errorf("%d curves for %d dots", n, dots)
	}
	if bytes.Contains(b, []byte("Date")) {
		t.Error("the file holds a date")
	}
}

// TestPDFImage: many points are one image, upright and as large as the page.
func TestPDFImage(t *testing.T) {
	f := &Figure{Panels: []Panel{panel(plottest.Synth([]string{"a"}, []int{3000}, 1)), panel(plottest.Synth([]string{"a"}, []int{3000}, 2))}, DPI: 72}
	write := func() []byte {
		var b bytes.Buffer
		if err := f.WritePDF(&b, 400, 300); err != nil {
			t.Fatal(err)
		}
		return b.Bytes()
	}
	b := write()
	if !bytes.Equal(b, write()) {
		t.Error("a second writing gives other bytes")
	}
	if n := bytes.Count(b, []byte("/Subtype /Image")); n != 1 {
		t.Errorf("%d images", n)
	}
	content := string(checkPDF(t, b)[0])
	content, _, ok := strings.Cut(content, " Do")
	if !ok {
		t.Fatal("the image is not drawn")
	}
	m := [6]float64{1, 0, 0, 1, 0, 0} // what the transforms in force make of (x, y)
	var stack [][6]float64
	for _, op := range regexp.MustCompile(`(?:[-0-9.]+ ){6}cm|\bq\b|\bQ\b`).FindAllString(content, -1) {
		switch op {
		case "q":
			stack = append(stack, m)
			continue
		case "Q":
			m, stack = stack[len(stack)-1], stack[:len(stack)-1]
			continue
		}
		var a [6]float64
		if _, err := fmt.Sscan(op, &a[0], &a[1], &a[2], &a[3], &a[4], &a[5]); err != nil {
			t.Fatal(err)
		}
		m = [6]float64{a[0]*m[0] + a[1]*m[2], a[0]*m[1] + a[1]*m[3], a[2]*m[0] + a[3]*m[2], a[2]*m[1] + a[3]*m[3],
			a[4]*m[0] + a[5]*m[2] + m[4], a[4]*m[1] + a[5]*m[3] + m[5]}
	}
	if m != [6]float64{400, 0, 0, 300, 0, 0} {
		t.Errorf("the image's place is %v", m)
	}
	f.Dots = DotsVector
	if b := write(); bytes.Contains(b, []byte("/Subtype /Image")) {
		t.Error("an image where shapes were asked for")
	}
}
