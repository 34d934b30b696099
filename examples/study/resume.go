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

	"github.com/semamap/semamap/examples/internal/cli"
)

// unfinished is the folder within -out that keeps the maps of finished layers
// while a run goes on, so that one that was interrupted can be continued. It
// is removed at the end.
const unfinished = "unfinished"

// store keeps finished layers. It is the beginning of their files' names and
// ends in a key that stands for everything a map depends on: input, settings and
// the program itself. Files of another key are left alone and never read.
type store string

func newStore(o *options, rec *record) (store, error) {
	on := []any{rec.Executable, o.src.Mode, o.seed, o.perplexity, o.limit, o.domains, o.minCount, o.draws}
	for _, in := range rec.Inputs { // names of files do not matter, their content does
		on = append(on, in.Role, in.SHA256)
	}
	key := sha256.Sum256(fmt.Appendln(nil, on...))
	dir := filepath.Join(o.out, unfinished)
	return store(filepath.Join(dir, hex.EncodeToString(key[:8]))), os.MkdirAll(dir, 0o755)
}

func (s store) path(layer int) string { return fmt.Sprintf("%s-layer%d.json", s, layer) }

// kept is the content of a file.
type kept struct {
	Map *layerMap
	Y   []float32

	Measures []measure
	Units    selectivity
}

// load returns the map of a layer, or nil if there is none.
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

// remove forgets the layers of this run, and the folder if it is then empty.
func (s store) remove(maps []*layerMap) error {
	for _, m := range maps {
		if err := os.Remove(s.path(m.Layer)); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
	}
	os.Remove(filepath.Dir(string(s))) // fails when another run has layers there
	return nil
}
