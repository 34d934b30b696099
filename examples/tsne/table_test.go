package main

import (
	"archive/zip"
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"math"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/semamap/semamap/internal/npy"
)

// load64 reads a file with the flags of a line.
func load64(t *testing.T, line string) (*table, []string, error) {
	t.Helper()
	o, err := parse(append(strings.Fields(line), "-out", "Y.csv"), nil)
	if err != nil {
		t.Fatal(err)
	}
	return o.read(t.Context())
}

// Every file of testdata holds the same numbers, and is said to be read in some
// way.
func TestTables(t *testing.T) {
	want, _, err := load64(t, "-in testdata/bom.csv")
	if err != nil || want.n != 120 || want.d != 5 {
		t.Fatal(want, err)
	}
	for _, c := range []struct{ line, notes, err string }{
		{"-in testdata/pd_noindex.csv", `titles: "0", "1", "2", "3", "4"`, ""},
		{"-in testdata/pd_noindex.csv -labels testdata/L_header.csv", `title: "label"`, ""},
		{"-in testdata/pd_noindex.csv -labels testdata/L_nohead.csv", "titles", ""},
		{"-in testdata/pd_noindex.csv -header yes", "", ""},
		{"-in testdata/pd_named_index.csv -drop 1", "titles", ""},
		{"-in testdata/pd_index.csv -drop 1", "titles", ""},
		{"-in testdata/bom.csv", "byte-order mark", ""},
		{"-in testdata/bom.csv -labels testdata/L_nohead.csv", "byte-order mark", ""},
		{"-in testdata/bom.csv -labels testdata/L_header.csv", `title: "label"`, ""},
		{"-in testdata/semi.csv", "semicolon", ""},
		{"-in testdata/semi.csv -sep semicolon", "titles", ""},
		{"-in testdata/tab.csv", "tab", ""},
		{"-in testdata/savetxt.csv", "spaces", ""},
		{"-in testdata/strcol.csv -drop name", "", ""},
		{"-in testdata/strcol.csv -drop 1", "titles", ""},
		{"-in testdata/strcol.csv -label-column name", "", ""},
		{"-in testdata/strcol.csv -label-column 1", "titles", ""},
		{"-in testdata/F.npy", "", ""},
		{"-in testdata/be.npy", "", ""},

		{"-in testdata/strcol.csv", "", `line 2, column 1: not a finite number: "a" (titled "name"; a column of text: -drop 1 leaves it out, -label-column 1 takes it for labels; the first line looks like titles)`},
		{"-in testdata/strcol.csv -header no", "", `line 1, column 1: not a finite number: "name" (a column of text: -drop 1 leaves it out, -label-column 1 takes it for labels; the first line looks like titles)`},
		{"-in testdata/semi.csv -sep comma", "", "-sep semicolon would fit"},
		{"-in testdata/tab.csv -sep comma", "", "-sep tab would fit"},
		{"-in testdata/savetxt.csv -sep comma", "", "-sep spaces would fit"},
		{"-in testdata/bom.csv -sep semicolon", "", "line 1, column 1: "},
		{"-in testdata/bom.csv -sep semicolon", "", "-sep comma would fit"},
		{"-in testdata/semi.csv -drop f", "", `no column "f" in the first line: "a", "b", "c", "d", "e"`},
		{"-in testdata/semi.csv -drop 0", "", "columns are counted from 1"},
		{"-in testdata/semi.csv -drop 6", "", "column 6 of 5"},
		{"-in testdata/semi.csv -drop a -header no", "", "-header no"},
		{"-in testdata/F.npy -drop 6", "", "columns 1 to 5"},
		{"-in testdata/big.npy", "", "row 8, column 4: not a finite number: 1e+40 (above 3.4e+38)"},
		{"-in testdata/F.npy -array x", "", ".npz"},
		{"-in testdata/bom.csv -array x", "", ".npz"},
		{"-in testdata/F.npy -label-column 1", "", ".csv"},
	} {
		got, labels, err := load64(t, c.line)
		if c.err != "" {
			if err == nil || !strings.Contains(err.Error(), c.err) {
				t.Errorf("%s: error %v, want one about %q", c.line, err, c.err)
			}
			continue
		}
		if err != nil {
			t.Errorf("%s: %v", c.line, err)
			continue
		}
		same := got.n == want.n && got.d == want.d && got.wide == nil
		for i := 0; same && i < got.n; i++ {
			for j := range got.d {
				same = same && math.Abs(got.at(i, j)-want.at(i, j)) < 1e-6
			}
		}
		if !same || !strings.Contains(strings.Join(got.notes, "\n"), c.notes) || strings.Contains(strings.Join(got.notes, "\n"), "an index") {
			t.Errorf("%s: %d×%d numbers, other than those wanted; %q", c.line, got.n, got.d, got.notes)
		}
		if strings.Contains(c.line, "label") && (len(labels) != 120 || labels[0] != "a") {
			t.Errorf("%s: %d labels: %.3q", c.line, len(labels), labels)
		}
	}
	for line, want := range map[string]string{
		"-in testdata/pd_index.csv":                    `120×6: testdata/pd_index.csv: column 1 ("") counts the rows from 0: an index? -drop 1 leaves it out`,
		"-in testdata/pd_named_index.csv":              `120×6: testdata/pd_named_index.csv: column 1 ("") counts the rows from 0`,
		"-in testdata/bom1.csv":                        `120×1: testdata/bom1.csv: a byte-order mark is skipped`,
		"-in testdata/pd_noindex.csv -header no":       `121×5: `,
		"-in testdata/pd_noindex.csv -drop =0,=4":      `120×3: `,
		"-in testdata/F.npy -drop 2,3":                 `120×3: `,
		"-in testdata/bool.npy":                        `120×5: `,
		"-in testdata/ts3.npy":                         `1000×3: `,
		"-in testdata/semi.csv -drop a -drop e,2":      `120×2: `,
		"-in testdata/pd_index.csv -label-column =":    `120×5: `,
		"-in testdata/strcol.csv -drop a,b -drop name": `120×3: `,
	} {
		got, _, err := load64(t, line)
		if err != nil {
			t.Errorf("%s: %v", line, err)
		} else if s := fmt.Sprintf("%d×%d: %s", got.n, got.d, strings.Join(got.notes, "\n")); !strings.Contains(s, want[:strings.Index(want, ":")]) || !strings.Contains(s, want[strings.Index(want, ":")+2:]) {
			t.Errorf("%s: %s, want %s", line, s, want)
		}
	}
}

// Texts of many kinds: the rows that they hold, or the error.
func TestText(t *testing.T) {
	for _, c := range []struct{ text, flags, want, note string }{
		// Titles.
		{"0,1,2\n.5,.25,.75\n.5,.5,.25\n", "", "[.5 .25 .75] [.5 .5 .25]", "titles"},
		{"0,1,2\n4,9,7\n5,5,3\n", "", "[4 9 7] [5 5 3]", "titles"},
		{"0,1,2\n1,2,3\n2,3,4\n", "", "[0 1 2] [1 2 3] [2 3 4]", "-header yes"},
		{"0,1,2\n1,2,3\n2,3,4\n", "-header yes", "[1 2 3] [2 3 4]", ""},
		{"0,1\n1,0\n1,1\n", "", "[0 1] [1 0] [1 1]", "-header yes"},
		{"0\n0.25\n0.5\n", "", "[.25] [.5]", "titles"},
		{"0\n1\n2\n", "", "[0] [1] [2]", ""},
		{"1999,2000,2001\n.5,.25,2\n1,3,2\n", "", "[.5 .25 2] [1 3 2]", "titles"},
		{"1999,2000,2001\n2001,2002,2003\n", "", "[1999 2000 2001] [2001 2002 2003]", "-header yes"},
		{"2019,1.5,2\n2020,1,2\n", "", "[2019 1.5 2] [2020 1 2]", ""},
		{"400,402,404,406\n.5,.25,.25,.5\n.75,.25,.5,.5\n", "", "[.5 .25 .25 .5] [.75 .25 .5 .5]", "titles"},
		{"id,2000,2010\n1,5,6\n2,7,7\n", "-drop id", "[5 6] [7 7]", ""},
		{"id,2000,2010\n1,5,6\n2,7,7\n", "-drop 1", "[5 6] [7 7]", "titles"},
		{"a,2000\n1,5\n2,7\n", "", "[1 5] [2 7]", "titles"},
		{"NA,2\n1,5\n", "", `line 1, column 1: not a finite number: "NA"`, ""},
		{",2\n1,5\n2,4\n3,4\n", "", "[1 5] [2 4] [3 4]", "counts the rows from 1"},
		{",2.5\n7,5\n2,4\n", "", "line 1, column 1: not a finite number: the field is empty", ""},
		{"x y\n", "-sep spaces", "", "titles"},
		{"", "", "", ""},
		{"1,2\n", "", "[1 2]", ""},
		{"V1 V2\n\"1\" .5 .25\n\"2\" .5 .75\n", "-drop 1", "[.5 .25] [.5 .75]", "no title"},
		{"# a b\n1 2\n3 4\n", "", "[1 2] [3 4]", `line 1 is skipped: "# a b"`},
		{"sep=;\na;b\n1;2\n", "", "[1 2]", "skipped"},
		// Separators, blanks, line ends.
		{"a;b\n1,5;2\n3;4,25\n", "", "[1.5 2] [3 4.25]", "commas are taken for decimal points, from line 2 on"},
		{"1,5\t2\r\n3\t4,25\r\n", "", "[1.5 2] [3 4.25]", "decimal points"},
		{"1,5;2.5\n", "", "line 1, column 2: decimal commas (line 1) and decimal points (line 1)", ""},
		{"1,2\n\"1,5\",2\n", "", "a decimal comma?", ""},
		{"\"1\",\" 2 \"\n\"a\"\"b\",3\n", "", `line 2, column 1: not a finite number: "a\"b"`, ""},
		{" 1 , 2 \r\n\t3,4\t\r\n", "", "[1 2] [3 4]", ""},
		{"\xef\xbb\xbf1\r\n2\r\n", "", "[1] [2]", "byte-order mark"},
		{"\xef\xbb\xbf\"a\",b\n1,2\n", "-drop a", "[2]", "byte-order mark"},
		{"\xff\xfe1\x00", "", "UTF-16", ""},
		{"1,2\r3,4\r", "", "[1 2] [3 4]", "CR alone"},
		{"1,2\n\n3,4\n\n\n", "", "[1 2] [3 4]", "empty lines are skipped: 1"},
		{"  1   2\n 3\t4 \n", "", "[1 2] [3 4]", "spaces"},
		{"1,2,\n3,4,\n", "", "[1 2] [3 4]", "end with a separator"},
		{"a,b,\n1,2,\n3,4,5\n", "", "line 2, column 3: not a finite number: the field is empty", ""},
		{"1,2\n3\n", "", "record on line 2: wrong number of fields: 1, the first has 2", ""},
		{"1;2\n3\n4;5\n6;7\n", "", "record on line 2: ", ""},
		{"New York;1;2\nRome;3;4\n", "-label-column 1", "[1 2] [3 4]", "semicolon"},
		// Fields.
		{"1,2\n3,\n", "", "line 2, column 2: not a finite number: the field is empty", ""},
		{"a,b\n1,2\n3,n/a\n", "", `line 3, column 2: not a finite number: "n/a" (titled "b"`, ""},
		{"1,2\n3,1e400\n", "", `line 2, column 2: not a finite number: "1e400" (above 3.4e+38)`, ""},
		{"1,2\n3,0x10\n", "", `line 2, column 2: not a finite number: "0x10"`, ""},
		{"1,2\n3,1_000\n", "", `line 2, column 2: not a finite number: "1_000"`, ""},
		{"a,b\nTrue,2\nFalse,3\n", "", "[1 2] [0 3]", "true is taken for 1 and false for 0, from line 2 on"},
		{"a,b\nx,2\ny,3\n", "", "line 2, column 1", ""},
		{"a,a\n1,2\n", "-drop a", "two columns", ""},
		{"a,b\n1,2\n", "-label-column c", `no column "c"`, ""},
		{"\"a,b\",c\n1,2\n", "-drop a,b", "[2]", ""},
	} {
		name := filepath.Join(t.TempDir(), "X.csv")
		write(t, name, c.text)
		x, _, err := load64(t, "-in "+name+" "+c.flags)
		if err != nil {
			if strings.HasPrefix(c.want, "[") || !strings.Contains(err.Error(), c.want) {
				t.Errorf("%q %s: %v, want %s", c.text, c.flags, err, c.want)
			}
			continue
		}
		var rows []string
		for i := range x.n {
			var row []float64
			for j := range x.d {
				row = append(row, x.at(i, j))
			}
			rows = append(rows, strings.ReplaceAll(fmt.Sprint(row), "0.", "."))
		}
		if got := strings.Join(rows, " "); got != c.want {
			t.Errorf("%q %s: %s, want %s", c.text, c.flags, got, c.want)
		}
		if notes := strings.Join(x.notes, "\n"); !strings.Contains(notes, c.note) || c.note == "" && notes != "" {
			t.Errorf("%q %s: says %q, want %q", c.text, c.flags, notes, c.note)
		}
	}
}

// Labels help to tell titles from rows, and no title becomes a label.
func TestLabels(t *testing.T) {
	const rows = "1,5,3\n2,2,7\n3,1,1\n"
	for _, c := range []struct{ data, labels, flags, want, note string }{
		{rows, "a\nb\na\n", "", "3: a b a", ""},
		{rows, "label\na\nb\na\n", "", "3: a b a", `title: "label"`},
		{rows, "\xef\xbb\xbflabel\r\na\r\nb\r\na\r\n", "", "3: a b a", "byte-order mark"},
		{"0,1,2\n" + rows, "label\na\nb\na\n", "", "3: a b a", "titles"},
		{"0,1,2\n" + rows, "a\na\nb\na\n", "", "4: a a b a", "the first line is taken for numbers"},
		{"4,5,6\n" + rows, "class\na\nb\na\n", "", "3: a b a", "the first line is taken for titles, as @L.csv has one"},
		{"4,5,6\n" + rows, "a\na\nb\na\n", "", "4: a a b a", "-header yes"},
		{rows, "kind\n1\n2\n", "", "3: kind 1 2", "a title?"},
		{rows, "a\na\nb\na\n", "", "4 labels for 3 rows; the first, \"a\", comes again", ""},
		{rows, "a\nb\n", "", "2 labels for 3 rows", ""},
		{rows, "a;1\nb;2\na;3\n", "", "3: a b a", "column 1 of 2"},
		{rows, ",label\n0,a\n1,b\n2,a\n", "", "3: 0 1 2", "an index?"},
		{rows, ",label\n0,a\n1,b\n2,a\n", "-label-column label", "3: a b a", `title: "label"`},
		{rows, "0,a\n1,b\n2,a\n", "-label-column 2", "3: a b a", ""},
		{rows, "a\nb\na\n", "-label-column 2", "column 2 of 1", ""},
		{"k;1;2\n" + "a;.5;.5\nb;1;2\na;3;3\n", "", "-label-column k", "3: a b a", "semicolon"},
	} {
		dir := t.TempDir()
		write(t, filepath.Join(dir, "X.csv"), c.data)
		line := "-in " + dir + "/X.csv " + c.flags
		if c.labels != "" {
			write(t, filepath.Join(dir, "L.csv"), c.labels)
			line += " -labels " + dir + "/L.csv"
		}
		x, labels, err := load64(t, line)
		got := fmt.Sprint(err)
		if err == nil {
			got = fmt.Sprintf("%d: %s", x.n, strings.Join(labels, " "))
		}
		if !strings.Contains(got, c.want) {
			t.Errorf("%q, %q %s: %s, want %s", c.data, c.labels, c.flags, got, c.want)
		}
		if err == nil && !strings.Contains(strings.Join(x.notes, "\n"), strings.ReplaceAll(c.note, "@", dir+"/")) {
			t.Errorf("%q, %q %s: says %q, want %q", c.data, c.labels, c.flags, x.notes, c.note)
		}
	}
}

// Numbers keep what float64 and 64-bit integers tell apart.
func TestWideNumbers(t *testing.T) {
	dir := t.TempDir()
	const base = int64(1700000000123456789)
	whole, text := []int64{}, "t,v\n"
	far := []uint64{}
	for i := range int64(7) {
		whole = append(whole, base+i*i, i)
		far = append(far, 1<<64-1-uint64(i*i), uint64(i))
		text += fmt.Sprintf("%d,%d\n", base+i*i, i%3)
	}
	var b bytes.Buffer
	if err := npy.Write(&b, whole, 7, 2); err != nil {
		t.Fatal(err)
	}
	write(t, filepath.Join(dir, "i.npy"), b.String())
	b.Reset()
	if err := npy.Write(&b, far, 7, 2); err != nil {
		t.Fatal(err)
	}
	write(t, filepath.Join(dir, "u.npy"), b.String())
	write(t, filepath.Join(dir, "i.csv"), text)
	for _, name := range []string{"i.npy", "u.npy", "i.csv"} {
		x, _, err := load64(t, "-in "+dir+"/"+name)
		if err != nil || x.wide == nil {
			t.Fatalf("%s: %v", name, err)
		}
		for i := range 7 {
			if got := math.Abs(x.at(i, 0) - x.at(0, 0)); got != float64(i*i) {
				t.Errorf("%s: row %d is %v from row 0, want %d", name, i, got, i*i)
			}
		}
		// Angles need the numbers themselves.
		if x, _, err = load64(t, "-metric cosine -in "+dir+"/"+name); err != nil || x.at(0, 0) < 1e18 {
			t.Errorf("%s: %v (%v)", name, x.at(0, 0), err)
		}
	}
	if less(int64(math.MaxInt64), math.MinInt64) != 1<<64 || less(int64(math.MinInt64), math.MaxInt64) != -1<<64 {
		t.Error("differences overflow")
	}
	// A column that is not of integers after all.
	write(t, filepath.Join(dir, "m.csv"), "2.5,1\n9007199254740993,2\n4,3\n9007199254740993,5\n")
	if x, _, err := load64(t, "-in "+dir+"/m.csv"); err != nil || x.at(0, 0) != 2.5 || x.at(1, 0) != 9007199254740992 {
		t.Errorf("%v", err)
	}
	// Text that float32 could have written is float32, unless that harms.
	write(t, filepath.Join(dir, "n.csv"), "0.1,5\n0.7,6.5\n")
	write(t, filepath.Join(dir, "w.csv"), "52.5201,5\n52.5202,6.5\n")
	if x, _, err := load64(t, "-in "+dir+"/n.csv"); err != nil || x.wide != nil || x.x[0] != .1 {
		t.Errorf("%+v, %v", x, err)
	}
	if x, _, err := load64(t, "-in "+dir+"/w.csv"); err != nil || x.wide == nil {
		t.Errorf("%+v, %v", x, err)
	}
}

// Times to the second are believed on their whole way, and so is the measure.
func TestTimes(t *testing.T) {
	dir := t.TempDir()
	x, _, err := load64(t, "-in testdata/ts3.npy")
	if err != nil {
		t.Fatal(err)
	}
	var seconds, nanoseconds strings.Builder
	whole := make([]int64, 0, x.n*x.d)
	for i := range x.n {
		fmt.Fprintf(&seconds, "%v,%v,%v\n", x.at(i, 0), x.at(i, 1), x.at(i, 2))
		for j := range x.d {
			v := x.at(i, j)
			whole = append(whole, int64(math.Trunc(v))*1e9+int64((v-math.Trunc(v))*1e9))
		}
		fmt.Fprintf(&nanoseconds, "%d;%d;%d\n", whole[3*i], whole[3*i+1], whole[3*i+2])
	}
	var b bytes.Buffer
	if err := npy.Write(&b, whole, x.n, x.d); err != nil {
		t.Fatal(err)
	}
	write(t, filepath.Join(dir, "s.csv"), seconds.String())
	write(t, filepath.Join(dir, "ns.csv"), nanoseconds.String())
	write(t, filepath.Join(dir, "ns.npy"), b.String())
	near := func(y []float64, d int) [][]int { // the ten nearest rows of each
		out := make([][]int, x.n)
		for i := range out {
			d2 := make([]float64, x.n)
			for j := range d2 {
				out[i] = append(out[i], j)
				for c := range d {
					d2[j] += (y[i*d+c] - y[j*d+c]) * (y[i*d+c] - y[j*d+c])
				}
			}
			d2[i] = math.Inf(1)
			slices.SortStableFunc(out[i], func(a, b int) int {
				if d2[a] < d2[b] {
					return -1
				}
				return 1
			})
			out[i] = out[i][:10]
		}
		return out
	}
	want := near(x.wide, x.d)
	for _, in := range []string{"testdata/ts3.npy", dir + "/s.csv", dir + "/ns.csv", dir + "/ns.npy"} {
		stdout, stderr, err := start(context.Background(), dir, "-quality -out @Y.npy -in "+in)
		if err != nil {
			t.Fatal(err)
		}
		var q struct{ KNN10 float64 }
		if err := json.Unmarshal([]byte(stdout), &q); err != nil {
			t.Fatal(err)
		}
		y, _, err := npy.Read[float64](strings.NewReader(read(t, filepath.Join(dir, "Y.npy"))))
		if err != nil {
			t.Fatal(err)
		}
		hits := 0
		for i, list := range near(y, 2) {
			for _, j := range list {
				hits += b2i(slices.Contains(want[i], j))
			}
		}
		true10 := float64(hits) / float64(10*x.n)
		if true10 < .72 || math.Abs(true10-q.KNN10) > .001 || strings.Contains(stderr, "float32") {
			t.Errorf("%s: knn10 %.4f, reported as %.4f\n%s", in, true10, q.KNN10, stderr)
		}
		t.Logf("%s: knn10 %.4f", in, true10)
	}
	// What float32 cannot hold is said, by column.
	var many strings.Builder
	for i := range 150 {
		fmt.Fprintf(&many, "%d,%v\n", i*i%13, math.Pow(1.7, float64(i%50))+1e-3*float64(i))
	}
	write(t, filepath.Join(dir, "many.csv"), many.String())
	_, stderr, err := start(context.Background(), dir, "-iter 10 -out @Y.npy -in @many.csv")
	if err != nil || !strings.Contains(stderr, "many.csv: column 2: numbers so far apart") || strings.Contains(stderr, "column 1") {
		t.Errorf("%s%v", stderr, err)
	}
}

func TestArchive(t *testing.T) {
	dir := t.TempDir()
	pack := func(name string, arrays ...string) {
		var b bytes.Buffer
		z := zip.NewWriter(&b)
		for _, a := range arrays {
			w, err := z.Create(a + ".npy")
			if err != nil {
				t.Fatal(err)
			}
			if err := npy.Write(w, []float32{1, 2, 3, 4, 5, 6}, 3, 2); err != nil {
				t.Fatal(err)
			}
		}
		if err := z.Close(); err != nil {
			t.Fatal(err)
		}
		write(t, filepath.Join(dir, name), b.String())
	}
	pack("one.npz", "X")
	pack("two.npz", "X", "Y")
	write(t, filepath.Join(dir, "bad.npz"), "PK")
	var b bytes.Buffer
	if err := npy.Write(&b, []float64{1, 2, math.NaN(), 4}, 2, 2); err != nil {
		t.Fatal(err)
	}
	write(t, filepath.Join(dir, "nan.npy"), b.String())
	for _, c := range []struct{ line, want, note string }{
		{"-in @one.npz", "3×2", `array "X"`},
		{"-in @one.npz -array X -drop 1", "3×1", ""},
		{"-in @two.npz -array Y", "3×2", ""},
		{"-in @two.npz", "2 arrays in the archive, choose one: X (float32 [3 2]), Y (float32 [3 2]) (with -array)", ""},
		{"-in @two.npz -array Z", `no array "Z"`, ""},
		{"-in @bad.npz", "bad.npz: ", ""},
		{"-in ../../internal/npy/testdata/one.npz", "2×3", `array "arr_0"`},
		{"-in ../../internal/npy/testdata/kinds.npz -array complex", "complex numbers", ""},
		{"-in ../../internal/npy/testdata/kinds.npz -array scalar", "an array of 0 dimensions, want rows and columns", ""},
		{"-in @nan.npy", "row 2, column 1: not a finite number: NaN", ""},
	} {
		x, _, err := load64(t, strings.ReplaceAll(c.line, "@", dir+"/"))
		got := fmt.Sprint(err)
		if err == nil {
			got = fmt.Sprintf("%d×%d", x.n, x.d)
		}
		if !strings.Contains(got, c.want) || err == nil && !strings.Contains(strings.Join(x.notes, "\n"), c.note) {
			t.Errorf("%s: %s, want %s", c.line, got, c.want)
		}
	}
	// Every type, byte order and memory order.
	for _, kind := range strings.Fields("f2 f4 f8 i1 i2 i4 i8 u1 u2 u4 u8 b1") {
		for _, order := range []string{"", "-big", "-fortran"} {
			x, _, err := load64(t, "-in ../../internal/npy/testdata/kinds.npz -array "+kind+order)
			want := []float32{0, 1, 2, 3, 100, 5}
			if kind == "b1" {
				want = []float32{0, 1, 1, 1, 1, 1}
			}
			if err != nil || x.n != 2 || !slices.Equal(x.x, want) {
				t.Errorf("%s: %+v, %v", kind+order, x, err)
			}
		}
	}
}

// FuzzLayout: no flags make the reader fail on a table otherwise than by an
// error, and what it returns is whole.
func FuzzLayout(f *testing.F) {
	f.Add("a,b,c\n1,2,x\n3,4,y\n", "a", "c", uint8(0), uint8(0))
	f.Add("0 1 2\n1 2 x\n", "1,2", "3", uint8(4), uint8(1))
	f.Add("V1\n1 2\n", "=", "", uint8(4), uint8(2))
	f.Fuzz(func(t *testing.T, s, drop, label string, sep, header uint8) {
		l := layout{header: []string{"auto", "yes", "no"}[header%3], label: label, cosine: header > 99}
		if drop != "" {
			l.drop = []string{drop}
		}
		if sep > 0 {
			l.sep = separators[int(sep)%len(separators)].sep
		}
		x, err := readCSV(strings.NewReader(s), l)
		if err != nil {
			return
		}
		x.findIndex()
		if len(x.x)+len(x.wide) != x.n*x.d || x.labels != nil && len(x.labels) != x.n || x.titles != nil && len(x.titles) != x.d {
			t.Fatalf("%d, %d numbers of %d×%d, %d labels, titles %q", len(x.x), len(x.wide), x.n, x.d, len(x.labels), x.titles)
		}
	})
}
