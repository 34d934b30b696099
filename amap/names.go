package amap

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
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
//
// SYSIF strips the organization from the names of models and datasets, and so does
// OpenPair if the path as it is does not exist: a path made with the model
// EleutherAI/pythia-70m, such as maps/amap-EleutherAI/pythia-70m-…, opens
// maps/amap-pythia-70m-….
func OpenPair(path string, o *Options) (*Map, error) {
	path = withoutOrganization(path)
	dir, file := filepath.Split(path)
	prefix, rest, ok := cutPrefix(file)
	if !ok || prefix == countsPrefix {
		return nil, fmt.Errorf("amap: %s: token counts: %w: the name does not start with amap-", path, ErrNotFound)
	}
	c, err := OpenCounts(dir + countsPrefix + rest)
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

const countsPrefix = "tokens-count-"

// cutPrefix parts the kind of a file from the rest of its name.
func cutPrefix(file string) (prefix, rest string, ok bool) {
	for _, prefix := range []string{"amap-", "fmap-", countsPrefix} {
		if rest, ok := strings.CutPrefix(file, prefix); ok {
			return prefix, rest, true
		}
	}
	return "", file, false
}

// withoutOrganization returns the path of the file that SYSIF writes for one
// whose name has slashes in it, from the names of a model and a dataset; the path
// itself if it exists, or if there is no such file.
func withoutOrganization(path string) string {
	if _, err := os.Stat(path); err == nil {
		return path
	}
	parts := strings.Split(filepath.ToSlash(path), "/")
	for i, part := range parts[:len(parts)-1] {
		prefix, before, ok := cutPrefix(part)
		after := parts[i+1:]
		if !ok || len(after) > 2 {
			continue
		}
		if len(after) == 2 { // before is the organization of the model
			before, after = after[0], after[1:]
		}
		// The organization follows a hyphen, and may have some; that of a model
		// follows nothing.
		dir := filepath.FromSlash(strings.Join(append(slices.Clone(parts[:i]), prefix), "/"))
		for k := len(before); k >= 0; k-- {
			if k > 0 && before[k-1] != '-' {
				continue
			}
			p := dir + before[:k] + after[0]
			if _, err := os.Stat(p); err == nil {
				return p
			}
		}
	}
	return path
}
