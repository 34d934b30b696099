package main

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"

	"github.com/semamap/semamap/examples/internal/cli"
)

// finished is the folder within -out that keeps the results of finished layers:
// a run that was interrupted goes on after them, and study merge joins those of
// several runs.
const finished = "layers"

// store keeps finished layers. It is the beginning of their files' names and
// ends in a key that stands for everything a layer's results depend on: input,
// settings and the program itself. Files of another key are left alone and never
// read.
type store string

func newStore(o *options, rec *record) (store, error) {
	on := []any{rec.Executable, o.src.Mode, o.seed, o.perplexity, o.limit, o.domains, o.minCount, o.draws, o.form}
	for _, in := range rec.Inputs { // names of files do not matter, their content does
		on = append(on, in.Role, in.SHA256)
	}
	key := sha256.Sum256(fmt.Appendln(nil, on...))
	rec.Key = hex.EncodeToString(key[:8])
	return openStore(o.out, rec.Key), os.MkdirAll(filepath.Join(o.out, finished), 0o755)
}

func openStore(dir, key string) store { return store(filepath.Join(dir, finished, key)) }

func (s store) path(layer int) string { return fmt.Sprintf("%s-layer%d.json", s, layer) }

// kept is the content of a file.
type kept struct {
	Map *layerMap
	Y   []float32

	Measures []measure
	Units    selectivity
}

// load returns the results of a layer, or nil if there are none.
func (s store) load(layer, rows int) (*layerMap, error) {
	b, err := os.ReadFile(s.path(layer))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	var k kept
	if err := json.Unmarshal(b, &k); err != nil || k.Map == nil || len(k.Y) != 2*rows {
		return nil, fmt.Errorf("%s: not the map of a layer; remove it to compute the layer anew", s.path(layer))
	}
	k.Map.y, k.Map.measures, k.Map.units = k.Y, k.Measures, k.Units
	return k.Map, nil
}

func (s store) save(m *layerMap) error {
	return cli.WriteFile(s.path(m.Layer), func(w io.Writer) error { return json.NewEncoder(w).Encode(kept{m, m.y, m.measures, m.units}) })
}

// unseen is the file that says how many tokens of each row the map never saw.
func (s store) unseen() string { return string(s) + "-unseen.json" }

func (s store) saveUnseen(w *words) error {
	n := make([]int, len(w.rows))
	for i, r := range w.rows {
		n[i] = r.unseen
	}
	return cli.WriteFile(s.unseen(), func(w io.Writer) error { return json.NewEncoder(w).Encode(n) })
}

func (s store) loadUnseen(w *words) error {
	b, err := os.ReadFile(s.unseen())
	if err != nil {
		return err
	}
	var n []int
	if err := json.Unmarshal(b, &n); err != nil || len(n) != len(w.rows) {
		return fmt.Errorf("%s: not of %d rows", s.unseen(), len(w.rows))
	}
	for i := range n {
		w.rows[i].unseen = n[i]
	}
	return nil
}

// temporary names files that are not yet whole, see cli.WriteFile.
var temporary = regexp.MustCompile(`^\..+\.(csv|html|json|md|png|svg)\.\d+$`)

// tidy removes what a run that was killed left half written.
func tidy(out string) error {
	for _, dir := range []string{out, filepath.Join(out, finished), filepath.Join(out, "figures")} {
		files, err := os.ReadDir(dir)
		if err != nil {
			return err
		}
		for _, f := range files {
			if temporary.MatchString(f.Name()) {
				if err := os.Remove(filepath.Join(dir, f.Name())); err != nil {
					return err
				}
			}
		}
	}
	return nil
}
