package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"math"
	"os"
	"slices"
	"strconv"
	"strings"

	"github.com/semamap/semamap/examples/internal/cli"
	"github.com/semamap/semamap/internal/npy"
	"github.com/semamap/semamap/tsne"
)

// A table is n rows of d numbers: float32 if it holds them as they are, else
// float64.
type table struct {
	x      []float32
	wide   []float64
	n, d   int
	titles []string // of the columns; may be nil
	labels []string // of the rows, if a column holds them
	notes  []string // decisions that the reader should know of
	first  bool     // the first line was taken for titles
	weak   bool     // by its numbers alone, or it was not but might be
}

func (t *table) points() tsne.Points {
	if t.wide != nil {
		return tsne.Rows(t.wide, t.n, t.d)
	}
	return tsne.Rows(t.x, t.n, t.d)
}

// at returns a number.
func (t *table) at(i, j int) float64 {
	if t.wide != nil {
		return t.wide[i*t.d+j]
	}
	return float64(t.x[i*t.d+j])
}

// narrow turns the numbers into float32.
func (t *table) narrow() {
	if t.wide == nil {
		return
	}
	t.x = make([]float32, len(t.wide))
	for i, v := range t.wide {
		t.x[i] = float32(v)
	}
	t.wide = nil
}

func (t *table) note(format string, a ...any) { t.notes = append(t.notes, fmt.Sprintf(format, a...)) }

// rowLabels are the labels of a table that may be nil.
func (t *table) rowLabels() []string {
	if t == nil {
		return nil
	}
	return t.labels
}

// name names a column in messages.
func (t *table) name(c int) string {
	if t.titles == nil {
		return fmt.Sprintf("column %d", c+1)
	}
	return fmt.Sprintf("column %d (%q)", c+1, t.titles[c])
}

// A layout says how to read a file.
type layout struct {
	header string // yes, no or auto
	sep    rune   // 0: found out
	drop   []string
	label  string // column of labels
	array  string // of an archive
	cosine bool   // rows must not be moved
}

const maxNumber = math.MaxFloat32

// readTable reads the numbers of a file.
func readTable(ctx context.Context, name string, l layout) (*table, error) {
	f, err := os.Open(name)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	var t *table
	switch extension(name) {
	case ".npy":
		t, err = readNPY(cli.Reader(ctx, f), l)
	case ".npz":
		t, err = readNPZ(ctx, f, l)
	default:
		t, err = readCSV(cli.Reader(ctx, f), l)
	}
	if err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	t.findIndex()
	for i, note := range t.notes {
		t.notes[i] = name + ": " + note
	}
	return t, nil
}

func readNPY(r io.Reader, l layout) (*table, error) {
	if l.array != "" {
		return nil, errors.New("-array needs a .npz archive")
	}
	br := bufio.NewReaderSize(r, 1<<16)
	h, err := npy.ReadHeader(br)
	if err != nil {
		return nil, err
	}
	return readArray(array{h: h, r: br}, l)
}

func readNPZ(ctx context.Context, f *os.File, l layout) (*table, error) {
	st, err := f.Stat()
	if err != nil {
		return nil, err
	}
	list, err := npy.Arrays(stopReaderAt{ctx, f}, st.Size())
	if err != nil {
		return nil, err
	}
	a, err := npy.Choose(list, l.array)
	if err == nil {
		err = a.Err
	}
	if err != nil {
		if l.array == "" && len(list) > 1 {
			err = fmt.Errorf("%w (with -array)", err)
		}
		return nil, err
	}
	t, err := readArray(array{h: a.Header, a: a}, l)
	if err == nil && l.array == "" {
		t.note("array %q", a.Name)
	}
	return t, err
}

// stopReaderAt is cli.Reader for random access.
type stopReaderAt struct {
	ctx context.Context
	r   io.ReaderAt
}

func (s stopReaderAt) ReadAt(b []byte, off int64) (int, error) {
	if err := s.ctx.Err(); err != nil {
		return 0, err
	}
	return s.r.ReadAt(b, off)
}

// An array is one in a file of its own or in an archive.
type array struct {
	h npy.Header
	r io.Reader
	a *npy.Array
}

func load[T npy.Number](a array) ([]T, error) {
	if a.a != nil {
		return npy.ReadArray[T](a.a)
	}
	return npy.ReadData[T](a.r, a.h)
}

func readArray(a array, l layout) (t *table, err error) {
	if len(a.h.Shape) != 2 {
		return nil, fmt.Errorf("an array of %d dimensions, want rows and columns", len(a.h.Shape))
	}
	if l.label != "" {
		return nil, errors.New("-label-column needs a .csv file")
	}
	n, d := a.h.Shape[0], a.h.Shape[1]
	switch {
	case a.h.Kind == 'i' && a.h.Size > 2:
		t, err = readWhole[int64](a, n, d, l)
	case a.h.Kind == 'u' && a.h.Size > 2:
		t, err = readWhole[uint64](a, n, d, l)
	case a.h.Size == 8:
		t = &table{n: n, d: d}
		if t.wide, err = load[float64](a); err == nil && !slices.ContainsFunc(t.wide, rounded) {
			t.narrow()
		}
	default:
		t = &table{n: n, d: d}
		t.x, err = load[float32](a)
	}
	if err != nil {
		return nil, err
	}
	for i := range t.n {
		for j := range t.d {
			if v := t.at(i, j); !(math.Abs(v) <= maxNumber) {
				why := ""
				if !math.IsNaN(v) && !math.IsInf(v, 0) {
					why = fmt.Sprintf(" (above %.2g)", maxNumber)
				}
				return nil, fmt.Errorf("row %d, column %d: %w: %v%s", i+1, j+1, errNumber, v, why)
			}
		}
	}
	return t, t.drop(l.drop)
}

func rounded(v float64) bool { return float64(float32(v)) != v }

// readWhole reads integers. Those that float64 does not hold lose the middle
// number of their column, which moves all rows by the same.
func readWhole[T int64 | uint64](a array, n, d int, l layout) (*table, error) {
	x, err := load[T](a)
	if err != nil {
		return nil, err
	}
	t := &table{wide: make([]float64, len(x)), n: n, d: d}
	most := 0.0
	for i, v := range x {
		t.wide[i] = float64(v)
		most = max(most, math.Abs(t.wide[i]))
	}
	if most <= 1<<24 {
		t.narrow()
	} else if most > 1<<53 && !l.cosine {
		col := make([]T, n)
		for j := range d {
			for i := range col {
				col[i] = x[i*d+j]
			}
			slices.Sort(col)
			for i, c := 0, col[n/2]; i < n; i++ {
				t.wide[i*d+j] = less(x[i*d+j], c)
			}
		}
	}
	return t, nil
}

// less is a − b, whose bits fit 64 where those of the difference's sign do not.
func less[T int64 | uint64](a, b T) float64 {
	if a >= b {
		return float64(uint64(a) - uint64(b))
	}
	return -float64(uint64(b) - uint64(a))
}

// drop leaves out columns by number.
func (t *table) drop(refs []string) error {
	out := map[int]bool{}
	for _, ref := range refs {
		for _, r := range strings.Split(ref, ",") {
			c, err := strconv.Atoi(strings.TrimSpace(r))
			if err != nil || c < 1 || c > t.d {
				return fmt.Errorf("-drop %s: no such column; an array has columns 1 to %d, without titles", r, t.d)
			}
			out[c-1] = true
		}
	}
	if len(out) == 0 {
		return nil
	}
	keep := func(k int) bool { return !out[k%t.d] }
	if t.wide != nil {
		t.wide = filter(t.wide, keep)
	} else {
		t.x = filter(t.x, keep)
	}
	t.d -= len(out)
	return nil
}

func filter[T any](x []T, keep func(i int) bool) []T {
	y := x[:0]
	for i, v := range x {
		if keep(i) {
			y = append(y, v)
		}
	}
	return y
}

// findIndex points out columns that count the rows.
func (t *table) findIndex() {
	for j := range t.d {
		if t.n < 3 || t.d < 2 {
			return
		}
		from, i := t.at(0, j), 1
		for i < t.n && t.at(i, j) == from+float64(i) {
			i++
		}
		if i == t.n && (from == 0 || from == 1) {
			t.note("%s counts the rows from %v: an index? -drop %d leaves it out", t.name(j), from, j+1)
		}
	}
}

var errNumber = errors.New("not a finite number")

// readCSV reads numbers from text.
func readCSV(r io.Reader, l layout) (*table, error) {
	if l.array != "" {
		return nil, errors.New("-array needs a .npz archive")
	}
	rs, err := openRecords(r, l.sep, false)
	if err != nil {
		return nil, err
	}
	p := &csvReader{rs: rs, l: l, t: &table{}, exact: map[int][]int64{}}
	// The first records decide what they are.
	for len(p.head) < 21 {
		rec, err := rs.next()
		if err == io.EOF {
			break
		}
		if err != nil {
			return nil, err
		}
		p.head, p.lines = append(p.head, slices.Clone(rec)), append(p.lines, rs.line)
	}
	if len(p.head) > 0 {
		if err := p.plan(); err != nil {
			return nil, err
		}
	}
	for i, rec := range p.head {
		if i == 0 && p.t.first {
			continue
		}
		if err := p.row(rec, p.lines[i]); err != nil {
			return nil, err
		}
	}
	for len(p.head) == 21 {
		rec, err := rs.next()
		if err == io.EOF {
			break
		}
		if err == nil {
			err = p.row(rec, rs.line)
		}
		if err != nil {
			return nil, err
		}
	}
	return p.finish(), nil
}

// A csvReader is what readCSV knows.
type csvReader struct {
	rs     *records
	l      layout
	t      *table
	head   [][]string
	lines  []int
	width  int   // fields of a record
	tail   bool  // records end with a separator
	keep   []int // fields that are numbers of the table
	label  int   // field of the label, or −1
	comma  bool  // numbers may have a decimal comma
	commas int   // line with the first of them
	points int   // line with the first decimal point
	bools  int   // line with the first true or false
	low    bool  // float32 says the same as every number so far
	exact  map[int][]int64
}

// plan decides on titles and columns.
func (p *csvReader) plan() error {
	t, first := p.t, p.head[0]
	p.comma, p.low, p.label = p.rs.sep != ',', true, -1
	if p.tail = len(first) > 1; p.tail {
		for _, rec := range p.head {
			p.tail = p.tail && rec[len(rec)-1] == ""
		}
		if p.tail {
			t.note("lines end with a separator: no column is behind it")
			first = first[:len(first)-1]
		}
	}
	p.width = len(first)
	if len(p.head) > 1 {
		if w := len(p.head[1]) - b2i(p.tail); w == p.width+1 && !slices.ContainsFunc(first, func(s string) bool { return isNumber(s, p.comma) }) {
			first = slices.Insert(slices.Clone(first), 0, "") // as R writes them
			p.width++
			t.note("column 1 has no title")
		}
	}
	p.head[0] = first
	drop := map[int]bool{}
	named := false
	find := func(ref string) (int, error) {
		c, titled, err := column(ref, first)
		named = named || titled
		return c, err
	}
	for _, refs := range p.l.drop {
		list := strings.Split(refs, ",")
		if slices.Contains(first, refs) {
			list = []string{refs}
		}
		for _, ref := range list {
			c, err := find(strings.TrimSpace(ref))
			if err != nil {
				return fmt.Errorf("line %d: -drop: %w", p.lines[0], err)
			}
			drop[c] = true
		}
	}
	if p.l.label != "" {
		c, err := find(p.l.label)
		if err != nil {
			return fmt.Errorf("line %d: -label-column: %w", p.lines[0], err)
		}
		p.label, drop[c] = c, true
	}
	for c := range first {
		if !drop[c] {
			p.keep = append(p.keep, c)
		}
	}
	t.d = len(p.keep)
	switch {
	case p.l.header == "yes" || named && p.l.header != "no":
		t.first = true
	case named:
		return fmt.Errorf("line %d: -header no leaves no titles to name columns by", p.lines[0])
	case p.l.header == "auto":
		var sure bool
		t.first, sure = looksTitled(p.head, p.keep, p.comma)
		if t.first {
			t.weak = !sure
			t.note("the first line is taken for titles: %s (-header no takes it for numbers)", list(first))
		} else if t.weak = p.inOrder(); t.weak {
			t.note("the first line is taken for numbers: %s (-header yes takes it for titles)", list(first))
		}
	}
	if t.first {
		for _, c := range p.keep {
			t.titles = append(t.titles, first[c])
		}
	}
	return nil
}

// inOrder reports whether the first line holds whole numbers in order.
func (p *csvReader) inOrder() bool {
	var x []float64
	for _, c := range p.keep {
		v, kind := readNumber(p.head[0][c], p.comma)
		if kind != number || v != math.Trunc(v) {
			return false
		}
		x = append(x, v)
	}
	return evenSteps(x) && len(p.head) > 1 && (len(x) > 2 || x[0] == 0)
}

func b2i(b bool) int {
	if b {
		return 1
	}
	return 0
}

// row reads one record.
func (p *csvReader) row(rec []string, line int) error {
	t := p.t
	if p.tail && len(rec) == p.width+1 && rec[p.width] == "" {
		rec = rec[:p.width]
	}
	if len(rec) != p.width {
		return fmt.Errorf("record on line %d: wrong number of fields: %d, the first has %d%s", line, len(rec), p.width, p.otherSep())
	}
	if p.label >= 0 {
		t.labels = append(t.labels, rec[p.label])
	}
	for k, c := range p.keep {
		s := rec[c]
		v, kind := readNumber(s, p.comma)
		if kind != number {
			return p.bad(line, c, s, kind)
		}
		switch {
		case p.comma && strings.Contains(s, ","):
			p.commas = max(p.commas, line*b2i(p.commas == 0))
		case strings.Contains(s, "."):
			p.points = max(p.points, line*b2i(p.points == 0))
		case s[0]|0x20 == 't' || s[0]|0x20 == 'f':
			p.bools = max(p.bools, line*b2i(p.bools == 0))
		}
		if p.commas > 0 && p.points > 0 {
			return fmt.Errorf("line %d, column %d: decimal commas (line %d) and decimal points (line %d) in one file: %.40q", line, c+1, p.commas, p.points, s)
		}
		p.keepExact(k, s, v)
		p.low = p.low && shortest(v, s)
		t.wide = append(t.wide, v)
	}
	t.n++
	return nil
}

// shortest reports whether a number may have been written from a float32: that
// is the nearest one, and its shortest decimal form is the number.
func shortest(v float64, s string) bool {
	f := float32(v)
	if float64(f) == v {
		return true
	}
	if len(s) > 16 {
		return false
	}
	w, err := strconv.ParseFloat(strconv.FormatFloat(float64(f), 'g', -1, 32), 64)
	return err == nil && w == v
}

// keepExact keeps integers that float64 does not hold.
func (p *csvReader) keepExact(k int, s string, v float64) {
	col, has := p.exact[k]
	if !has && math.Abs(v) <= 1<<53 || has && col == nil {
		return
	}
	w, err := strconv.ParseInt(s, 10, 64)
	if err != nil {
		p.exact[k] = nil // no integers
		return
	}
	if !has {
		for i := range p.t.n {
			u := p.t.wide[i*p.t.d+k]
			if u != math.Trunc(u) {
				p.exact[k] = nil
				return
			}
			col = append(col, int64(u))
		}
	}
	p.exact[k] = append(col, w)
}

// bad is the error of a field that is no number.
func (p *csvReader) bad(line, c int, s string, kind int) error {
	var hints []string
	hint := func(format string, a ...any) { hints = append(hints, fmt.Sprintf(format, a...)) }
	fits := p.rs.fits == p.rs.sep
	if !fits && p.t.first && p.width == 1 { // these were no titles
		line, c, s = p.lines[0], 0, p.head[0][0]
	} else if p.t.first {
		hint("titled %q", p.head[0][c])
	}
	isText := func(rec []string) bool {
		_, kind := readNumber(rec[min(c, len(rec)-1)], p.comma)
		return kind == text
	}
	switch {
	case kind == huge:
		hint("above %.2g", maxNumber)
	case kind != text:
	case !fits:
		hint("-sep %s would fit", sepName(p.rs.fits))
	case !p.comma && strings.Count(s, ",") == 1 && isNumber(s, true):
		hint("a decimal comma? columns must be separated by something else then")
	case p.width > 1 && len(p.head) > 1 && !slices.ContainsFunc(p.head[1:], func(r []string) bool { return !isText(r) }):
		hint("a column of text: -drop %d leaves it out, -label-column %d takes it for labels", c+1, c+1)
	}
	if kind == text && fits && (p.t.first || line == p.lines[0]) {
		hint("the first line looks like titles")
	}
	what := fmt.Sprintf("%.40q", s)
	if s == "" {
		what = "the field is empty"
	}
	if hints != nil {
		what += " (" + strings.Join(hints, "; ") + ")"
	}
	return fmt.Errorf("line %d, column %d: %w: %s", line, c+1, errNumber, what)
}

// otherSep names the separator that would fit.
func (p *csvReader) otherSep() string {
	if p.rs.fits == p.rs.sep {
		return ""
	}
	return fmt.Sprintf(" (-sep %s would fit)", sepName(p.rs.fits))
}

// finish returns the table.
func (p *csvReader) finish() *table {
	t := p.t
	t.notes = slices.Concat(p.rs.notes, t.notes)
	if p.rs.blank > 0 {
		t.note("empty lines are skipped: %d", p.rs.blank)
	}
	if p.commas > 0 {
		t.note("commas are taken for decimal points, from line %d on", p.commas)
	}
	if p.bools > 0 {
		t.note("true is taken for 1 and false for 0, from line %d on", p.bools)
	}
	for k, col := range p.exact {
		if len(col) != t.n || p.l.cosine {
			continue
		}
		c := slices.Sorted(slices.Values(col))[t.n/2]
		for i, v := range col {
			t.wide[i*t.d+k] = less(v, c)
		}
		p.low = false
	}
	// The map of a float32 array and of its text is the same. But numbers far
	// from zero, close together, keep what they have.
	for j := 0; j < t.d && p.low; j++ {
		lo, hi := math.Inf(1), math.Inf(-1)
		for i := range t.n {
			lo, hi = min(lo, t.at(i, j)), max(hi, t.at(i, j))
		}
		p.low = lo == hi || (hi-lo)*256 >= max(-lo, hi)
	}
	if p.low || t.n == 0 {
		t.narrow()
	}
	return t
}
