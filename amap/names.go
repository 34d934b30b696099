package amap

import (
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
)

// SYSIF puts into the name of a map's file
//
//	amap-{model}-{dataset}-N{sentences}-Wd{window}-{seed}[_position]_{flags}.pickle
//
// Files from before October 2023 start with fmap and have no dataset, those
// from before November 2023 no window.
var nameRE = regexp.MustCompile(`^(amap|fmap|tokens-count)-(.+)-N(\d+)(?:-Wd(\d+))?-(\d+)(_position)?(?:_(.*))?\.pickle$`)

// parseName reads the parts of a file's name, given without its folder; nil if
// the name is another. Model and dataset both may hold hyphens; the last one is
// taken to part them.
func parseName(file string) map[string]string {
	s := nameRE.FindStringSubmatch(file)
	if s == nil {
		return nil
	}
	out := map[string]string{"model": s[2], "positions": strconv.FormatBool(s[6] != "")}
	for key, v := range map[string]string{"sentences": s[3], "window": s[4], "seed": s[5], "flags": s[7]} {
		if _, err := strconv.Atoi(v); err != nil && v != "" && key != "flags" {
			return nil // a number too large for anyone
		}
		if v != "" {
			out[key] = v
		}
	}
	if i := strings.LastIndexByte(s[2], '-'); i > 0 && s[1] != "fmap" {
		out["model"], out["dataset"] = s[2][:i], s[2][i+1:]
	}
	return out
}

// OpenPair opens a map together with the token counts that SYSIF writes to the
// same folder: tokens-count-X.pickle for amap-X.pickle. If there is no such file,
// the error wraps [ErrNotFound].
func OpenPair(path string, o *Options) (*Map, error) {
	dir, file := filepath.Split(path)
	rest, ok := strings.CutPrefix(file, "amap-")
	if !ok {
		rest, ok = strings.CutPrefix(file, "fmap-")
	}
	if !ok {
		return nil, fmt.Errorf("amap: %s: token counts: %w: the name does not start with amap-", path, ErrNotFound)
	}
	c, err := OpenCounts(dir + "tokens-count-" + rest)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("amap: token counts: %w: %w", ErrNotFound, err)
	}
	if err != nil {
		return nil, err
	}
	var with Options
	if o != nil {
		with = *o
	}
	with.Counts = c
	return Open(path, &with)
}
