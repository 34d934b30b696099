package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/semamap/semamap/amap"
	"github.com/semamap/semamap/lemma/neox"
)

// options are the flags of all commands.
type options struct {
	files                        []string
	counts, vocab                string
	window                       int
	transposed, oriented, readAt bool

	mode, out, unit, token, tokens, ids, layers string
	layer, k, bins                              int
	minCount, windows                           int64
	unseen, positions, header, linear           bool
	least, most                                 float64
	countsOut                                   string
}

// open opens the map of a file with its counts.
func (o *options) open(file string) (*amap.Map, error) {
	opts := []amap.Option{amap.WithMmap(!o.readAt)}
	if o.window >= 0 {
		opts = append(opts, amap.WithPositions(o.window))
	}
	if o.oriented {
		opts = append(opts, amap.WithTransposed(o.transposed))
	}
	c, err := o.openCounts(file)
	if err != nil {
		return nil, err
	}
	if c != nil {
		opts = append(opts, amap.WithCounts(c))
	}
	return amap.Open(file, opts...)
}

// openCounts reads the counts of -counts, or those beside the map, which may be
// missing.
func (o *options) openCounts(file string) (*amap.Counts, error) {
	if o.counts != "" {
		return amap.OpenCounts(o.counts)
	}
	beside, err := amap.CountsFile(file)
	if err != nil {
		return nil, nil
	}
	c, err := amap.OpenCounts(beside)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	return c, err
}

// names returns the vocabulary of -vocab, or the one built in when the map has
// its size; else nil.
func (o *options) names(m *amap.Map) (*amap.Vocab, error) {
	if o.vocab != "" {
		f, err := os.Open(o.vocab)
		if err != nil {
			return nil, err
		}
		defer f.Close()
		v, err := amap.ReadVocab(f)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", o.vocab, err)
		}
		return v, nil
	}
	// GPT-NeoX has 50,277 tokens; models pad them to 50,304 or 50,432.
	const least, most = 50277, 50432
	for _, mode := range m.Modes() {
		for _, n := range m.Layers(mode) {
			l, err := m.Layer(mode, n)
			if err != nil {
				continue
			}
			rows, _ := l.Dims()
			pos, _ := m.Positions()
			if rows -= pos; rows < least || rows > most {
				return nil, nil
			}
			t, err := neox.New(nil)
			if err != nil {
				return nil, err
			}
			return amap.NewVocab(t)
		}
	}
	return nil, nil
}

// theMode is -mode, or the map's first mode.
func (o *options) theMode(m *amap.Map) (amap.Mode, error) {
	modes := m.Modes()
	if o.mode == "" && len(modes) > 0 {
		return modes[0], nil
	}
	for _, mode := range modes {
		if mode == amap.Mode(o.mode) {
			return mode, nil
		}
	}
	return "", fmt.Errorf("%s: no mode %q; the file has %q", o.files[0], o.mode, modes)
}

// tokenIDs reads token ids and names, parted by commas. A name with a comma, or
// one that looks like a number, can be given by its id.
func tokenIDs(ids, names string, v *amap.Vocab) ([]int32, error) {
	var out []int32
	if ids != "" {
		for _, s := range strings.Split(ids, ",") {
			id, err := strconv.ParseInt(strings.TrimSpace(s), 10, 32)
			if err != nil || id < 0 {
				return nil, fmt.Errorf("-ids: %q is no token id", s)
			}
			out = append(out, int32(id))
		}
	}
	if names != "" {
		for _, s := range strings.Split(names, ",") {
			id, err := lookup(v, s)
			if err != nil {
				return nil, err
			}
			out = append(out, id)
		}
	}
	return out, nil
}

func lookup(v *amap.Vocab, token string) (int32, error) {
	if v == nil {
		return 0, fmt.Errorf("token %q: the vocabulary of this map is not known; give -vocab FILE, or token ids", token)
	}
	return v.Lookup(token)
}

// layerNumbers reads a list such as 0,2,5; none means all.
func layerNumbers(s string) ([]int, error) {
	var out []int
	if s == "" {
		return nil, nil
	}
	for _, p := range strings.Split(s, ",") {
		n, err := strconv.Atoi(strings.TrimSpace(p))
		if err != nil || n < 0 {
			return nil, fmt.Errorf("-layers: %q is no layer", p)
		}
		out = append(out, n)
	}
	return out, nil
}

// name quotes what a token stands for; v may be nil.
func name(v *amap.Vocab, id int32) string {
	if v == nil || int(id) >= v.Len() {
		return "-"
	}
	return strconv.Quote(v.Text(id))
}

func extension(file string) string { return strings.ToLower(filepath.Ext(file)) }
