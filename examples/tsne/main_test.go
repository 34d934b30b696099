package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"image/png"
	"io/fs"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/semamap/semamap/internal/npy"
	"github.com/semamap/semamap/internal/vec"
)

// data writes three groups of points as X.npy, X.csv and L.csv.
func data(t *testing.T) (dir string) {
	t.Helper()
	dir = t.TempDir()
	const n, d = 90, 5
	rng := rand.New(rand.NewPCG(1, 1))
	x := make([]float32, n*d)
	var table, labels strings.Builder
	table.WriteString("a,b,c,d,e\n")
	for i := range n {
		for c := range d {
			x[i*d+c] = float32(i%3*c) + float32(rng.IntN(1000))/1000
			if c > 0 {
				table.WriteByte(',')
			}
			fmt.Fprint(&table, x[i*d+c])
		}
		table.WriteByte('\n')
		fmt.Fprintf(&labels, "group %d,ignored\n", i%3)
	}
	var b bytes.Buffer
	if err := npy.Write(&b, x, n, d); err != nil {
		t.Fatal(err)
	}
	write(t, filepath.Join(dir, "X.npy"), b.String())
	write(t, filepath.Join(dir, "X.csv"), table.String())
	write(t, filepath.Join(dir, "L.csv"), labels.String())
	return dir
}

func write(t *testing.T, name, text string) {
	t.Helper()
	if err := os.WriteFile(name, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
}

func read(t *testing.T, name string) string {
	t.Helper()
	b, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

// start calls run with the words of a command line, in which @ stands for dir.
func start(ctx context.Context, dir, line string) (stdout, stderr string, err error) {
	var o, e bytes.Buffer
	args := strings.Fields(line)
	for i, a := range args {
		args[i] = strings.ReplaceAll(a, "@", dir+string(filepath.Separator))
	}
	err = run(ctx, args, &o, &e)
	return o.String(), e.String(), err
}

func TestOutputs(t *testing.T) {
	dir := data(t)
	ctx := context.Background()
	stdout, stderr, err := start(ctx, dir, "-in @X.npy -labels @L.csv -out @Y.csv -png @map.png -perplexity 8 -iter 60 -seed 3 -quality")
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(stderr, "90 rows of 5 numbers") || !strings.Contains(stderr, "steps: done") {
		t.Errorf("stderr %q", stderr)
	}
	lines := strings.Split(read(t, filepath.Join(dir, "Y.csv")), "\n")
	if len(lines) != 92 || lines[0] != "x,y,label" || !strings.HasSuffix(lines[2], ",group 1") {
		t.Errorf("%d lines: %q, %q …", len(lines), lines[0], lines[2])
	}
	img, err := png.Decode(strings.NewReader(read(t, filepath.Join(dir, "map.png"))))
	if err != nil || img.Bounds().Dx() < 300 {
		t.Errorf("picture: %v", err)
	}
	var q struct {
		N, Sample           int
		KL, KNN10, Trust10  float64
		Label10, Label10_p  float64
		Level               string
		Seconds             map[string]float64
		Label10_chance, Dim float64
	}
	if strings.Count(stdout, "\n") != 1 {
		t.Errorf("stdout is not one line: %q", stdout)
	}
	if err := json.Unmarshal([]byte(stdout), &q); err != nil {
		t.Fatal(err)
	}
	if q.N != 90 || q.Sample != 90 || !(q.KL > 0 && q.KL < 3) || q.KNN10 < .3 || q.Trust10 < .7 || q.Label10 < .9 || q.Label10_p != .001 {
		t.Errorf("quality %+v", q)
	}
	for _, phase := range []string{"read", "merge", "neighbors", "affinities", "start", "steps", "write", "quality"} {
		if _, ok := q.Seconds[phase]; !ok {
			t.Errorf("no seconds of %s: %v", phase, q.Seconds)
		}
	}
	if level := vec.Best().String(); level != strings.TrimSuffix(q.Level, "+amx") {
		t.Errorf("level %q, want %s", q.Level, level)
	}
	if len(q.Seconds) != 8 {
		t.Errorf("seconds %v", q.Seconds)
	}

	// The same numbers from a .csv, to a .npy.
	if _, _, err := start(ctx, dir, "-in @X.csv -out @Y.npy -perplexity 8 -iter 60 -seed 3 -neighbors exact"); err != nil {
		t.Fatal(err)
	}
	y, shape, err := npy.Read[float32](strings.NewReader(read(t, filepath.Join(dir, "Y.npy"))))
	if err != nil || len(shape) != 2 || shape[0] != 90 || shape[1] != 2 {
		t.Fatalf("shape %v, %v", shape, err)
	}
	for i := range 90 {
		if want := fmt.Sprintf("%v,%v,group %d", y[2*i], y[2*i+1], i%3); lines[i+1] != want {
			t.Errorf("row %d: %q, want %q", i, lines[i+1], want)
		}
	}

	// Other flags are heeded.
	for _, f := range []string{"-dims 1", "-dims 3", "-metric cosine", "-seed 4", "-start @Y.npy", "-iter 61", "-perplexity 9"} {
		if _, _, err := start(ctx, dir, "-in @X.csv -out @Z.csv -perplexity 8 -iter 60 -seed 3 -quality "+f); err != nil {
			t.Errorf("%s: %v", f, err)
		}
		got := read(t, filepath.Join(dir, "Z.csv"))
		if first, _, _ := strings.Cut(got, "\n"); f == "-dims 1" && first != "x" || f == "-dims 3" && first != "x,y,z" {
			t.Errorf("%s: title %q", f, first)
		}
		if strings.Contains(got, strings.TrimSuffix(lines[1], ",group 0")) {
			t.Errorf("%s changes nothing", f)
		}
	}
	left(t, dir, "X.npy", "X.csv", "L.csv", "Y.csv", "Y.npy", "Z.csv", "map.png")
}

// The level in the line of -quality is the one in use: that of plain Go when
// GODEBUG hides the processor's vector instructions.
func TestLevel(t *testing.T) {
	const child = "TSNE_TEST_LEVEL"
	if os.Getenv(child) != "" {
		stdout, _, err := start(t.Context(), data(t), "-in @X.npy -out @Y.csv -iter 5 -quality")
		fmt.Println(stdout, err)
		return
	}
	if vec.Best() == vec.NEON {
		t.Skip("arm64 always has NEON")
	}
	cmd := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^TestLevel$")
	cmd.Env = append(os.Environ(), child+"=1", "GODEBUG=cpu.all=off")
	out, err := cmd.CombinedOutput()
	if err != nil || !strings.Contains(string(out), `"level":"go"`) {
		t.Errorf("%s%v", out, err)
	}
}

// left fails unless dir holds just the named files.
func left(t *testing.T, dir string, names ...string) {
	t.Helper()
	want := map[string]bool{}
	for _, n := range names {
		want[n] = true
	}
	es, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range es {
		if !want[e.Name()] {
			t.Errorf("file %s is left", e.Name())
		}
		delete(want, e.Name())
	}
	for n := range want {
		t.Errorf("file %s is missing", n)
	}
}

// countdown is a context that ends after its Err has been asked some times.
type countdown struct {
	context.Context
	cancel context.CancelFunc
	asks   atomic.Int64
}

func (c *countdown) Err() error {
	if c.asks.Add(-1) < 0 {
		c.cancel() // Done and Err must agree
	}
	return c.Context.Err()
}

func TestInterruptAndResume(t *testing.T) {
	dir := data(t)
	const line = "-in @X.npy -out @Y.csv -perplexity 8 -iter 90 -checkpoint @run"
	if _, _, err := start(context.Background(), dir, "-in @X.npy -out @whole.csv -perplexity 8 -iter 90"); err != nil {
		t.Fatal(err)
	}
	stops, cut := 0, int64(0)
	for {
		inner, cancel := context.WithCancel(context.Background())
		c := &countdown{Context: inner, cancel: cancel}
		c.asks.Store(7 * cut) // not enough to read, then enough for the preparation at last, then some steps
		cut++
		_, _, err := start(c, dir, line)
		cancel()
		if err == nil {
			break
		}
		if !errors.Is(err, context.Canceled) {
			t.Fatal(err)
		}
		if _, serr := os.Stat(filepath.Join(dir, "Y.csv")); !errors.Is(serr, fs.ErrNotExist) {
			t.Fatal("a stopped run wrote its map")
		}
		if strings.Contains(err.Error(), "saved in") {
			stops++
		}
		if cut > 1000 {
			t.Fatal("the run does not come to an end")
		}
	}
	if stops == 0 {
		t.Error("no stop between steps was tried")
	}
	if read(t, filepath.Join(dir, "Y.csv")) != read(t, filepath.Join(dir, "whole.csv")) {
		t.Errorf("the map of a run stopped %d times differs from that of one that was not", stops)
	}

	// A checkpoint of other data or flags is refused, as is a broken one.
	for _, f := range []string{"-iter 91", "-seed 1", "-perplexity 7", "-dims 1", "-metric cosine", "-in @X.csv -neighbors exact"} {
		if _, _, err := start(context.Background(), dir, line+" "+f); err == nil || !strings.Contains(err.Error(), "another run") {
			t.Errorf("%s: %v", f, err)
		}
	}
	b := read(t, filepath.Join(dir, "run"))
	for _, cut := range []int{0, 10, len(b) / 2, len(b) - 1} {
		write(t, filepath.Join(dir, "run"), b[:cut])
		if _, _, err := start(context.Background(), dir, line); err == nil || !strings.Contains(err.Error(), "run:") {
			t.Errorf("a checkpoint of %d of %d bytes: %v", cut, len(b), err)
		}
	}
	left(t, dir, "X.npy", "X.csv", "L.csv", "Y.csv", "whole.csv", "run")
}

func TestCancelledBeforehand(t *testing.T) {
	dir := data(t)
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if _, _, err := start(ctx, dir, "-in @X.npy -out @Y.csv -png @map.png"); !errors.Is(err, context.Canceled) {
		t.Errorf("%v", err)
	}
	left(t, dir, "X.npy", "X.csv", "L.csv")
}

func TestErrors(t *testing.T) {
	dir := data(t)
	for name, text := range map[string]string{
		"ragged.csv": "1,2\n3\n",
		"word.csv":   "a,b\n1,2\n3,x4\n",
		"nan.csv":    "1,2\n3,NaN\n",
		"far.csv":    "1,2\n3,1e39\n",
		"few.csv":    "a\nb\n",
		"quote.csv":  "1,2\n\"3,4\n",
		"cut.npy":    read(t, filepath.Join(dir, "X.npy"))[:500],
		"text.npy":   "1,2\n",
		"empty.csv":  "a,b\n",
	} {
		write(t, filepath.Join(dir, name), text)
	}
	var flat bytes.Buffer
	if err := npy.Write(&flat, []float32{1, 2}, 2); err != nil {
		t.Fatal(err)
	}
	write(t, filepath.Join(dir, "flat.npy"), flat.String())
	for _, c := range []struct{ line, want string }{
		{"", "-in"},
		{"-in @X.txt -out @Y.csv", "not a .npy or .csv"},
		{"-in @X.npy", "-out"},
		{"-in @X.npy -out @Y.png", "-out"},
		{"-in @X.npy -out @Y.csv more", `unexpected argument "more"`},
		{"-in @X.npy -out @Y.csv -png @map.jpg", "-png"},
		{"-in @X.npy -out @Y.csv -labels @L.txt", "-labels"},
		{"-in @X.npy -out @Y.csv -iter -1 -neighbors some -metric l1", "-metric"},
		{"-in @X.npy -out @Y.csv -nonsense", "nonsense"},
		{"-in @none.npy -out @Y.csv", "none.npy"},
		{"-in @X.npy -out @Y.csv -labels @none.csv", "none.csv"},
		{"-in @X.npy -out @Y.csv -labels @few.csv", "few.csv: 2 labels for 90 rows"},
		{"-in @ragged.csv -out @Y.csv", "ragged.csv: record on line 2"},
		{"-in @word.csv -out @Y.csv", `word.csv: line 3, column 2: not a finite number: "x4"`},
		{"-in @nan.csv -out @Y.csv", "nan.csv: line 2, column 2"},
		{"-in @far.csv -out @Y.csv", "far.csv: line 2, column 2"},
		{"-in @quote.csv -out @Y.csv", "quote.csv"},
		{"-in @cut.npy -out @Y.csv", "cut.npy"},
		{"-in @text.npy -out @Y.csv", "text.npy"},
		{"-in @flat.npy -out @Y.csv", "rows and columns"},
		{"-in @empty.csv -out @Y.csv -png @m.png", "no rows to draw"},
		{"-in @X.npy -out @Y.csv -dims 4", "Dims"},
		{"-in @X.npy -out @Y.csv -perplexity 1000", "1000"},
		{"-in @X.npy -out @Y.csv -start @X.npy", "90×5 positions"},
		{"-in @X.npy -out @none/Y.csv -iter 1", "none"},
	} {
		_, _, err := start(context.Background(), dir, c.line)
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%q: error %v, want one about %q", c.line, err, c.want)
		}
	}
	if _, err := os.Stat(filepath.Join(dir, "Y.csv")); err == nil {
		t.Error("a failed run wrote its map")
	}
	// All wrong flags at once.
	_, _, err := start(context.Background(), dir, "-in @X.npy -out @Y.csv -iter -1 -neighbors some -metric l1")
	for _, f := range []string{"-iter", "-neighbors", "-metric"} {
		if err == nil || !strings.Contains(err.Error(), f) {
			t.Errorf("%v does not name %s", err, f)
		}
	}
}

func TestFewRows(t *testing.T) {
	for n := range 6 {
		dir := t.TempDir()
		write(t, filepath.Join(dir, "X.csv"), strings.Repeat("1,2\n", n/2)+strings.Repeat("3,5\n", n-n/2))
		line := "-in @X.csv -out @Y.csv -iter 20 -quality"
		if n > 0 {
			line += " -png @m.png"
		}
		stdout, _, err := start(context.Background(), dir, line)
		if err != nil {
			t.Errorf("%d rows: %v", n, err)
			continue
		}
		if got := strings.Count(read(t, filepath.Join(dir, "Y.csv")), "\n"); got != n+1 {
			t.Errorf("%d rows: %d lines", n, got)
		}
		if !json.Valid([]byte(stdout)) {
			t.Errorf("%d rows: %q", n, stdout)
		}
	}
}

// FuzzReadCSV: a table is whole or the error tells of the place.
func FuzzReadCSV(f *testing.F) {
	for _, s := range []string{"", "1,2\n3,4\n", "a,b\n1,2\n", "1\n\n2\n", "1,\"2\"\n", "x", "1,2\n3\n", "1e39\n", "\"", " 1 , 2\r\n",
		"\xef\xbb\xbfa;b\n1,5;2\n", "0 1 2\n.5 .6 .7\n", "#x\nsep=;\n1\t2\r", ",0,1\n0,9007199254740993,true\n1,5,2\n", "1,2,\n3,4,\n"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		x, err := readCSV(strings.NewReader(s), layout{header: "auto"})
		if err != nil {
			if !strings.Contains(err.Error(), "line") {
				t.Fatalf("%q: %v", s, err)
			}
			return
		}
		if len(x.x)+len(x.wide) != x.n*x.d {
			t.Fatalf("%q: %d numbers for %d×%d", s, len(x.x)+len(x.wide), x.n, x.d)
		}
		for i := range x.n {
			for j := range x.d {
				if v := float32(x.at(i, j)); v-v != 0 {
					t.Fatalf("%q: %v", s, v)
				}
			}
		}
	})
}
