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

// store keeps finished layers under a key that stands for everything a map
// depends on: input, settings and the program itself. Layers of another key
// are left alone and never read.
type store struct {
	dir string
	key string
}

func newStore(o *options, rec *record) (*store, error) {
	exe, err := os.Executable()
	if err != nil {
		return nil, err
	}
	f, err := os.Open(exe)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	h := sha256.New()
	if _, err := io.Copy(h, f); err != nil {
		return nil, err
	}
	// Names of files do not matter, their content does.
	var sums []string
	for _, in := range rec.Inputs {
		sums = append(sums, in.Role, in.SHA256)
	}
	if err := json.NewEncoder(h).Encode([]any{sums, o.mode, o.seed, o.perplexity, o.limit}); err != nil {
		return nil, err
	}
	return &store{filepath.Join(o.out, unfinished), hex.EncodeToString(h.Sum(nil))[:16]}, nil
}

func (s *store) path(layer int) string {
	return filepath.Join(s.dir, fmt.Sprintf("layer%d-%s.json", layer, s.key))
}

// load returns the map of a layer, or nil if there is none.
func (s *store) load(layer, rows int) (*layerMap, error) {
	b, err := os.ReadFile(s.path(layer))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	m := &layerMap{layer: layer}
	if err := json.Unmarshal(b, m); err != nil || len(m.Y) != 2*rows {
		return nil, fmt.Errorf("%s: not the map of a layer; remove it to compute the layer anew", s.path(layer))
	}
	return m, nil
}

func (s *store) save(m *layerMap) error {
	if err := os.MkdirAll(s.dir, 0o755); err != nil {
		return err
	}
	return cli.WriteFile(s.path(m.layer), func(w io.Writer) error { return json.NewEncoder(w).Encode(m) })
}

// remove forgets the layers of this run, and the folder if it is then empty.
func (s *store) remove(maps []*layerMap) error {
	for _, m := range maps {
		if err := os.Remove(s.path(m.layer)); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
	}
	os.Remove(s.dir) // fails when another run has layers there
	return nil
}
