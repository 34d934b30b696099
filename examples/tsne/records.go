package main

import (
	"bufio"
	"bytes"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
)

// separators are what -sep takes. Spaces are runs of blanks.
var separators = []struct {
	name string
	sep  rune
}{{"comma", ','}, {"semicolon", ';'}, {"tab", '\t'}, {"spaces", ' '}}

func sepName(sep rune) string {
	for _, s := range separators {
		if s.sep == sep {
			return s.name
		}
	}
	return "auto"
}

// records reads the lines of a text file as lists of fields without blanks at
// their ends.
type records struct {
	r      *bufio.Reader
	c      *csv.Reader // nil for spaces
	sep    rune
	fits   rune // the separator that the first lines show
	line   int  // of the last record, from 1
	end    int  // its last line
	before int  // lines before the first record
	blank  int  // empty lines between records
	notes  []string
}

const sniffBytes = 1 << 16

// openRecords skips what stands before the first record. It chooses the
// separator if none is given: of any kind for numbers, but no spaces for text.
func openRecords(r io.Reader, sep rune, text bool) (*records, error) {
	rs := &records{r: bufio.NewReaderSize(r, sniffBytes)}
	head, err := rs.r.Peek(sniffBytes)
	if err != nil && err != io.EOF {
		return nil, err
	}
	whole := err == io.EOF
	if bytes.HasPrefix(head, []byte("\xff\xfe")) || bytes.HasPrefix(head, []byte("\xfe\xff")) {
		return nil, errors.New("line 1: the file is UTF-16; save it as UTF-8")
	}
	if rest, ok := bytes.CutPrefix(head, []byte("\xef\xbb\xbf")); ok {
		head = rest
		rs.r.Discard(3)
		rs.note("a byte-order mark is skipped")
	}
	if bytes.IndexByte(head, '\r') >= 0 && bytes.IndexByte(head, '\n') < 0 {
		rs.note("lines end with CR alone")
		rs.r = bufio.NewReaderSize(oldLines{rs.r}, sniffBytes)
		head = bytes.ReplaceAll(head, []byte("\r"), []byte("\n"))
	}
	for { // Excel's sep=; and comments
		line, rest, ended := bytes.Cut(head, []byte("\n"))
		said, isSep := bytes.CutPrefix(bytes.TrimRight(line, "\r"), []byte("sep="))
		isSep = isSep && len(said) == 1
		if !ended || !isSep && !bytes.HasPrefix(line, []byte("#")) {
			break
		}
		if isSep && sep == 0 {
			sep = rune(said[0])
		}
		rs.r.Discard(len(line) + 1)
		head = rest
		rs.before++
		rs.note("line %d is skipped: %.40q", rs.before, bytes.TrimSpace(line))
	}
	rs.fits = sniff(string(head), whole, text)
	if rs.sep = sep; sep == 0 {
		rs.sep = rs.fits
		if rs.sep != ',' {
			rs.note("columns are separated by %s", sepName(rs.sep))
		}
	}
	if rs.sep != ' ' {
		rs.c = csv.NewReader(rs.r)
		rs.c.Comma, rs.c.FieldsPerRecord, rs.c.ReuseRecord = rs.sep, -1, true
		rs.c.TrimLeadingSpace = rs.sep != '\t'
	}
	rs.end = rs.before
	return rs, nil
}

func (rs *records) note(format string, a ...any) {
	rs.notes = append(rs.notes, fmt.Sprintf(format, a...))
}

// oldLines turns CR into LF.
type oldLines struct{ r io.Reader }

func (o oldLines) Read(b []byte) (int, error) {
	n, err := o.r.Read(b)
	for i, c := range b[:n] {
		if c == '\r' {
			b[i] = '\n'
		}
	}
	return n, err
}

// next returns the fields of the next record, which are valid until it is
// called again.
func (rs *records) next() ([]string, error) {
	if rs.c == nil {
		for {
			text, err := rs.r.ReadString('\n')
			if text == "" && err != nil {
				return nil, err
			}
			rs.line++
			if rs.line <= rs.before {
				rs.line = rs.before + 1
			}
			if rec := split(strings.TrimRight(text, "\r\n"), ' '); len(rec) > 0 {
				rs.blank += rs.line - rs.end - 1
				rs.end = rs.line
				return rec, nil
			}
		}
	}
	rec, err := rs.c.Read()
	var pe *csv.ParseError
	if errors.As(err, &pe) {
		pe.StartLine, pe.Line = pe.StartLine+rs.before, pe.Line+rs.before
	}
	if err != nil {
		return nil, err
	}
	rs.line, _ = rs.c.FieldPos(0)
	rs.line += rs.before
	rs.blank += max(0, rs.line-rs.end-1)
	last, _ := rs.c.FieldPos(len(rec) - 1)
	rs.end = last + rs.before + strings.Count(rec[len(rec)-1], "\n")
	for i, s := range rec {
		rec[i] = strings.TrimSpace(s)
	}
	return rec, nil
}

// split is a simple form of package csv for one line, and for runs of blanks.
func split(line string, sep rune) (fields []string) {
	var b strings.Builder
	quoted, any := false, false
	for _, r := range line {
		blank := r == ' ' || r == '\t'
		switch {
		case r == '"':
			quoted, any = !quoted, true
		case !quoted && (r == sep || sep == ' ' && blank):
			if sep != ' ' || any {
				fields = append(fields, strings.TrimSpace(b.String()))
			}
			b.Reset()
			any = false
		default:
			any = true
			b.WriteRune(r)
		}
	}
	if sep != ' ' || any {
		fields = append(fields, strings.TrimSpace(b.String()))
	}
	return fields
}

// sniff returns the separator that cuts the first lines into the same number of
// fields, of which most are numbers; a comma if none does.
func sniff(head string, whole, text bool) rune {
	var lines []string
	for line := range strings.Lines(head) {
		if !whole && !strings.HasSuffix(line, "\n") && len(lines) > 0 {
			break
		}
		if line = strings.TrimRight(line, "\r\n"); strings.TrimSpace(line) != "" {
			lines = append(lines, line)
		}
		if len(lines) == 20 {
			break
		}
	}
	best, most := ',', 0.0
	for _, s := range separators {
		if text && s.sep == ' ' || len(lines) == 0 {
			continue
		}
		same, numbers, fields := 0, 0, 0
		width := len(split(lines[len(lines)-1], s.sep))
		for i, line := range lines {
			rec := split(line, s.sep)
			if len(rec) == width && width > 1 || i == 0 && len(rec) == width-1 && width > 2 {
				same++
			}
			if i > 0 || len(lines) == 1 {
				fields += len(rec)
				for _, f := range rec {
					if _, kind := readNumber(f, s.sep != ','); kind == number {
						numbers++
					}
				}
			}
		}
		score := float64(same) + 0.9*float64(numbers)/float64(max(fields, 1))
		if same < len(lines) {
			score *= 1e-3
		}
		if same > 0 && score > most+1e-9 {
			best, most = s.sep, score
		}
	}
	return best
}

// Kinds of fields.
const (
	number  = iota
	missing // no number where one is expected
	huge    // too large for a map
	text
)

// readNumber reads a number. A comma may stand for the decimal point.
func readNumber(s string, comma bool) (v float64, kind int) {
	if comma && strings.Count(s, ",") == 1 && !strings.Contains(s, ".") {
		s = strings.Replace(s, ",", ".", 1)
	}
	if s != "" && strings.Trim(s, "0123456789+-.eE") == "" { // no hexadecimal number, no underscores
		v, err := strconv.ParseFloat(s, 64)
		if err == nil && v <= maxNumber && v >= -maxNumber {
			return v, number
		}
		if err == nil || errors.Is(err, strconv.ErrRange) {
			return 0, huge
		}
	}
	switch strings.ToLower(s) {
	case "true":
		return 1, number
	case "false":
		return 0, number
	case "", "na", "n/a", "#n/a", "nan", "+nan", "-nan", "null", "none", "nil", "nat", "?", "-", ".", "inf", "+inf", "-inf", "infinity", "-infinity":
		return 0, missing
	}
	return 0, text
}

func isNumber(s string, comma bool) bool {
	_, kind := readNumber(s, comma)
	return kind == number || kind == huge
}

// looksTitled reports whether the first of some records holds titles of the
// columns, and why. Only the columns in keep are looked at.
func looksTitled(recs [][]string, keep []int, comma bool) (titles, sure bool) {
	var first []float64
	words := 0
	for _, c := range keep {
		s := recs[0][c]
		v, kind := readNumber(s, comma)
		switch {
		case kind == number:
			first = append(first, v)
		case kind == text:
			words++
		}
	}
	rest := recs[1:]
	if len(first) == 0 {
		return words > 0, true
	}
	for _, c := range keep { // text above numbers, or nothing above 0, 1, 2, …
		_, kind := readNumber(recs[0][c], comma)
		if recs[0][c] == "" && counts(rest, c) {
			return true, true
		}
		if kind != text || len(rest) == 0 {
			continue
		}
		if !slices.ContainsFunc(rest, func(r []string) bool { return c >= len(r) || !isNumber(r[c], comma) }) {
			return true, true
		}
	}
	if len(rest) == 0 {
		return false, true
	}
	// Numbers in order: 0, 1, 2, …, years, wavelengths. Rows of the same kind
	// speak against it, and fractions below whole numbers for it.
	isYear := func(v float64) bool { return v >= 1500 && v <= 2200 }
	whole, years, fractions, even, yearsBelow := true, true, true, false, false
	for _, v := range first {
		whole = whole && v == float64(int64(v))
		years = years && isYear(v)
	}
	for _, r := range rest {
		var row []float64
		for _, c := range keep {
			if c >= len(r) {
				continue
			}
			if v, kind := readNumber(r[c], comma); kind == number {
				row = append(row, v)
				fractions = fractions && (strings.ContainsAny(r[c], ".,eE") || v == 0)
				yearsBelow = yearsBelow || isYear(v)
			}
		}
		even = even || evenSteps(row) && len(row) > 2
	}
	years = years && whole && (fractions || !yearsBelow)
	from0 := whole && first[0] == 0 && (len(first) == 1 || first[1] == 1)
	switch n := len(first); {
	case n == 1:
		return (from0 || years) && fractions, false
	case !evenSteps(first) || even:
		return false, false
	case n == 2:
		return from0 && fractions || years, false
	}
	return from0 || years || whole && fractions || len(first) >= 8, false
}

// counts reports whether a column counts up by one.
func counts(recs [][]string, c int) bool {
	for i, r := range recs {
		if c >= len(r) || r[c] != strconv.Itoa(i) && r[c] != strconv.Itoa(i+1) {
			return false
		}
	}
	return len(recs) > 0
}

// evenSteps reports whether numbers rise or fall by one step.
func evenSteps(x []float64) bool {
	if len(x) < 2 || x[1] == x[0] {
		return false
	}
	step := x[1] - x[0]
	for i := 2; i < len(x); i++ {
		if d := x[i] - x[i-1] - step; d > 1e-6*max(step, -step) || d < -1e-6*max(step, -step) {
			return false
		}
	}
	return true
}

// column finds a column by its number, from 1, or its title; "=7" is always the
// title 7. titled reports that it was found by its title.
func column(ref string, first []string) (c int, titled bool, err error) {
	if n, err := strconv.Atoi(ref); err == nil {
		if n < 1 || n > len(first) {
			return 0, false, fmt.Errorf("column %d of %d; columns are counted from 1, and =%s stands for a title", n, len(first), ref)
		}
		return n - 1, false, nil
	}
	title := strings.TrimPrefix(ref, "=")
	if c = slices.Index(first, title); c < 0 {
		return 0, false, fmt.Errorf("no column %q in the first line: %s", title, list(first))
	}
	if slices.Contains(first[c+1:], title) {
		return 0, false, fmt.Errorf("two columns are called %q; give the number", title)
	}
	return c, true, nil
}

// list shows some words.
func list(words []string) string {
	const most = 8
	var b strings.Builder
	for i, w := range words {
		if i == most {
			fmt.Fprintf(&b, ", … (%d in all)", len(words))
			break
		}
		if i > 0 {
			b.WriteString(", ")
		}
		fmt.Fprintf(&b, "%.20q", w)
	}
	return b.String()
}
