package main

import (
	"bytes"
	"cmp"
	"context"
	"encoding/csv"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strconv"

	"github.com/semamap/semamap/examples/internal/cli"
)

// merge joins the folders of finished runs over different layers into one, as
// if one run had done all of them.
func merge(ctx context.Context, args []string, stdout, stderr io.Writer) error {
	o := &options{}
	f := flag.NewFlagSet("study merge DIR...", flag.ContinueOnError)
	f.StringVar(&o.out, "out", "study-out", "`DIR` to write to")
	dirs, err := cli.Parse(f, args, math.MaxInt, stderr)
	if err != nil {
		return err
	}
	if len(dirs) == 0 {
		return errors.New("merge: want the folders of finished runs")
	}
	if o.out == "" {
		return errors.New("-out is empty")
	}
	own, err := cli.NewRecord(ctx, nil)
	if err != nil {
		return err
	}
	runs := make([]*doneRun, len(dirs))
	for i, dir := range dirs {
		if runs[i], err = readRun(dir); err != nil {
			return err
		}
		if d := runs[0].differs(runs[i]); d != "" {
			return fmt.Errorf("%s and %s cannot be merged: %s", dirs[0], dir, d)
		}
	}
	if err := o.restore(runs[0].settings); err != nil {
		return fmt.Errorf("%s: run.json: %w", dirs[0], err)
	}
	rec := &record{Record: own, Key: runs[0].Key}
	rec.Program, rec.Executable, rec.Versions = runs[0].Program, runs[0].Executable, runs[0].Versions
	rec.Inputs, rec.Settings, o.about = runs[0].Inputs, runs[0].Settings, runs[0].Map
	w, err := runs[0].words()
	if err != nil {
		return err
	}
	var maps []*layerMap
	of := map[int]*doneRun{}
	for _, r := range runs {
		for _, p := range r.Phases {
			rec.Phases = append(rec.Phases, cli.Phase{Name: r.dir + ": " + p.Name, Seconds: p.Seconds})
		}
		for _, l := range r.Layers {
			if was := of[l.Layer]; was != nil {
				a, err := os.ReadFile(was.layers().path(l.Layer))
				if err != nil {
					return err
				}
				b, err := os.ReadFile(r.layers().path(l.Layer))
				if err != nil {
					return err
				}
				if !bytes.Equal(a, b) {
					return fmt.Errorf("%s and %s cannot be merged: both have layer %d, with different results", was.dir, r.dir, l.Layer)
				}
				continue
			}
			m, err := r.layers().load(l.Layer, len(w.rows))
			if err != nil {
				return err
			}
			if m == nil {
				return fmt.Errorf("%s: no results of layer %d (%s)", r.dir, l.Layer, r.layers().path(l.Layer))
			}
			of[l.Layer] = r
			maps = append(maps, m)
		}
	}
	slices.SortFunc(maps, func(a, b *layerMap) int { return cmp.Compare(a.Layer, b.Layer) })
	layers := make([]int, len(maps))
	for i, m := range maps {
		layers[i] = m.Layer
	}
	rec.Settings["layers"] = layers
	for _, dir := range []string{"figures", finished} {
		if err := os.MkdirAll(filepath.Join(o.out, dir), 0o755); err != nil {
			return err
		}
	}
	kept := openStore(o.out, rec.Key)
	if err := kept.saveUnseen(w); err != nil {
		return err
	}
	for _, m := range maps {
		if err := kept.save(m); err != nil {
			return err
		}
	}
	rec.End("read, join")
	return finish(ctx, o, w, rec, maps, stdout, stderr)
}

// A doneRun is the folder of a finished run.
type doneRun struct {
	dir string
	record
	settings []byte // as run.json has them
}

func readRun(dir string) (*doneRun, error) {
	path := filepath.Join(dir, "run.json")
	b, err := os.ReadFile(path)
	if errors.Is(err, os.ErrNotExist) {
		return nil, fmt.Errorf("%s: no run.json; is the run finished? (%w)", dir, err)
	}
	if err != nil {
		return nil, err
	}
	r := &doneRun{dir: dir}
	var raw struct{ Settings json.RawMessage }
	d := json.NewDecoder(bytes.NewReader(b))
	d.UseNumber() // a seed may have more digits than a float64
	if err := errors.Join(d.Decode(&r.record), json.Unmarshal(b, &raw)); err != nil || r.Record == nil || r.Key == "" || len(r.Layers) == 0 {
		return nil, fmt.Errorf("%s: not of a finished run that can be merged", path)
	}
	r.settings = raw.Settings
	return r, nil
}

func (r *doneRun) layers() store { return openStore(r.dir, r.Key) }

// differs says what keeps two runs from being parts of one.
func (r *doneRun) differs(other *doneRun) string {
	if r.Executable != other.Executable {
		return "they were made by different builds of the program (executable_sha256 in run.json)"
	}
	for i, a := range r.Inputs {
		if i >= len(other.Inputs) || other.Inputs[i].Role != a.Role {
			return fmt.Sprintf("one has an input that the other lacks, %s %s", a.Role, a.Name)
		}
		if b := other.Inputs[i]; a.SHA256 != b.SHA256 {
			return fmt.Sprintf("the %s differs, %s (sha256 %.12s…) and %s (sha256 %.12s…)", a.Role, a.Name, a.SHA256, b.Name, b.SHA256)
		}
	}
	if n := len(r.Inputs); len(other.Inputs) > n {
		return fmt.Sprintf("one has an input that the other lacks, %s %s", other.Inputs[n].Role, other.Inputs[n].Name)
	}
	names := map[string]bool{}
	for name := range r.Settings {
		names[name] = true
	}
	for name := range other.Settings {
		names[name] = true
	}
	delete(names, "layers")
	delete(names, "gomaxprocs") // results do not depend on it
	sorted := make([]string, 0, len(names))
	for name := range names {
		sorted = append(sorted, name)
	}
	slices.Sort(sorted)
	for _, name := range sorted {
		if a, b := fmt.Sprint(r.Settings[name]), fmt.Sprint(other.Settings[name]); a != b {
			return fmt.Sprintf("the setting %s differs, %s and %s", name, a, b)
		}
	}
	if r.Key != other.Key || r.Map != other.Map {
		return "run.json describes the inputs differently"
	}
	return ""
}

// words reads the words of a finished run: synsets.csv and what run.json says.
func (r *doneRun) words() (*words, error) {
	path := filepath.Join(r.dir, "synsets.csv")
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	c := csv.NewReader(f)
	c.ReuseRecord = true
	if _, err := c.Read(); err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	w := &words{}
	for {
		row, err := c.Read()
		if err == io.EOF {
			break
		}
		if err != nil {
			return nil, fmt.Errorf("%s: %w", path, err)
		}
		if len(row) < 5 {
			return nil, fmt.Errorf("%s: row %d has %d columns", path, len(w.rows)+1, len(row))
		}
		n, err := strconv.Atoi(row[4])
		if err != nil {
			return nil, fmt.Errorf("%s: row %d: %w", path, len(w.rows)+1, err)
		}
		w.rows = append(w.rows, word{synset: row[0], domain: row[1], lemma: row[2], pos: row[3], tokens: n})
		w.tokens += n
	}
	number := func(name string) int {
		v, _ := r.Words[name].(json.Number)
		n, _ := v.Int64()
		return int(n)
	}
	if n := number("synsets"); n != len(w.rows) {
		return nil, fmt.Errorf("%s: %d rows, but run.json says %d synsets", path, len(w.rows), n)
	}
	w.version, _ = r.Words["wordnet"].(string)
	w.distinct, w.unseen = number("distinct_tokens"), number("tokens_never_seen")
	w.some, w.only = number("lemmas_with_such_tokens"), number("lemmas_of_such_tokens_only")
	w.count()
	return w, r.layers().loadUnseen(w)
}
