package amap

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
)

// A Name is what SYSIF puts into the name of a map's file:
//
//	amap-{Model}-{Dataset}-N{N}-Wd{Window}-{Seed}[_position]_{Flags}.pickle
//
// Files from before October 2023 start with fmap and have no dataset, those
// from before November 2023 no window.
type Name struct {
	Kind      string // "amap", "fmap" or "tokens-count"
	Model     string
	Dataset   string // "" in the oldest files
	N         int    // sentences asked for
	Window    int    // tokens of a window; 0: the name does not say
	Seed      int
	Positions bool // the map has rows for the positions
	Flags     string
}

var nameRE = regexp.MustCompile(`^(amap|fmap|tokens-count)-(.+)-N(\d+)(?:-Wd(\d+))?-(\d+)(_position)?(?:_(.*))?\.pickle$`)

// ParseName reads the name of a file, without its folder. Model and dataset
// both may hold hyphens; the last one is taken to part them.
func ParseName(file string) (Name, error) {
	m := nameRE.FindStringSubmatch(file)
	if m == nil {
		return Name{}, fmt.Errorf("amap: file name %q: %w: want amap-MODEL-DATASET-N1-Wd15-SEED_.pickle", file, ErrFormat)
	}
	n := Name{Kind: m[1], Model: m[2], Positions: m[6] != "", Flags: m[7]}
	var errs [3]error
	n.N, errs[0] = strconv.Atoi(m[3])
	if m[4] != "" {
		n.Window, errs[1] = strconv.Atoi(m[4])
	}
	n.Seed, errs[2] = strconv.Atoi(m[5])
	if err := errors.Join(errs[:]...); err != nil {
		return Name{}, fmt.Errorf("amap: file name %q: %w: %w", file, ErrFormat, err)
	}
	if n.Kind != "fmap" {
		if i := strings.LastIndexByte(n.Model, '-'); i > 0 {
			n.Model, n.Dataset = n.Model[:i], n.Model[i+1:]
		}
	}
	return n, nil
}

// CountsFile returns the name of the token counts that SYSIF writes beside a
// map, in the same folder.
func CountsFile(path string) (string, error) {
	dir, file := filepath.Split(path)
	for _, p := range []string{"amap-", "fmap-"} {
		if rest, ok := strings.CutPrefix(file, p); ok {
			return dir + "tokens-count-" + rest, nil
		}
	}
	return "", fmt.Errorf("amap: file name %q: %w: it does not start with amap-", file, ErrFormat)
}

// OpenPair opens the one map of a dataset and model in a folder, together with
// its token counts. No such map, or no counts, give [ErrNotFound]; several give
// [ErrAmbiguous].
func OpenPair(dir, dataset, model string, opts ...Option) (*Map, error) {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return nil, err
	}
	prefix := "amap-" + model + "-" + dataset + "-N"
	var found []string
	for _, e := range entries {
		if _, err := ParseName(e.Name()); err == nil && strings.HasPrefix(e.Name(), prefix) {
			found = append(found, e.Name())
		}
	}
	switch {
	case len(found) == 0:
		return nil, fmt.Errorf("amap: %s: %w: no %s….pickle", dir, ErrNotFound, prefix)
	case len(found) > 1:
		return nil, fmt.Errorf("amap: %s: %w: %s and %d more", dir, ErrAmbiguous, found[0], len(found)-1)
	}
	path := filepath.Join(dir, found[0])
	file, err := CountsFile(path)
	if err != nil {
		return nil, err
	}
	c, err := OpenCounts(file)
	if errors.Is(err, os.ErrNotExist) {
		return nil, fmt.Errorf("amap: %w: token counts %w", ErrNotFound, err)
	}
	if err != nil {
		return nil, err
	}
	return Open(path, append([]Option{WithCounts(c)}, opts...)...)
}
