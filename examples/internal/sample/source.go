package sample

import (
	"cmp"
	"context"
	"flag"
	"fmt"
	"path/filepath"
	"slices"

	"github.com/semamap/semamap/amap"
	"github.com/semamap/semamap/examples/internal/cli"
)

// A Source is the activation map that a program works on: one mode of a file,
// or of the embedded sample.
type Source struct {
	Path       string // empty: the sample
	CountsPath string // empty: no token counts but those within the map
	Mode       amap.Mode

	*amap.Map         // after Open
	Sample    *Header // after Open; nil for a file
}

// Flags defines the flags that name a source.
func (s *Source) Flags(f *flag.FlagSet) {
	f.StringVar(&s.Path, "amap", "", "activation map: `FILE` of SYSIF, safetensors or .npy (default: an embedded demonstration model)")
	f.StringVar(&s.CountsPath, "counts", "", "`FILE` of the map's token counts")
	f.StringVar((*string)(&s.Mode), "mode", string(amap.Input), "side of the model: input or output")
}

// Open opens the map.
func (s *Source) Open() error {
	if err := s.open(); err != nil {
		return err
	}
	if len(s.Layers()) == 0 {
		s.Close()
		return fmt.Errorf("%s: no layers of mode %q (it has %q)", s, s.Mode, s.Modes())
	}
	return nil
}

func (s *Source) open() (err error) {
	o := &amap.Options{}
	switch {
	case s.Path == "" && s.CountsPath == "":
		return s.embedded()
	case s.Path == "":
		return fmt.Errorf("-counts %s: needs -amap, the map that was counted", s.CountsPath)
	case s.CountsPath != "":
		if o.Counts, err = amap.OpenCounts(s.CountsPath); err != nil {
			return err
		}
	}
	s.Map, err = amap.Open(s.Path, o)
	return err
}

func (s *Source) embedded() error {
	m, err := Load()
	if err != nil {
		return err
	}
	counts := make([]int64, m.Rows)
	for i, id := range m.IDs {
		counts[id] = int64(m.Counts[i])
	}
	layers := make([]amap.Rows, m.Layers)
	for n := range layers {
		layers[n] = m.Layer(n)
	}
	mode := amap.Mode(m.Mode)
	s.Sample = &m.Header
	s.Map, err = amap.NewMap(amap.Float16, map[amap.Mode][]amap.Rows{mode: layers}, &amap.Options{Counts: amap.Counts{mode: counts}})
	return err
}

// String names the map in messages.
func (s *Source) String() string {
	if s.Path == "" {
		return "the embedded sample"
	}
	return s.Path
}

// Model returns the name of the model, or else that of the file.
func (s *Source) Model() string {
	if s.Sample != nil {
		return s.Sample.Model
	}
	return cmp.Or(s.Metadata()["model"], filepath.Base(s.Path))
}

// Record adds the map and its counts to the inputs of a record.
func (s *Source) Record(ctx context.Context, r *cli.Record) error {
	if h := s.Sample; h != nil {
		r.Inputs = append(r.Inputs,
			cli.Input{Role: "activation map (embedded, made from)", Name: h.Model, SHA256: h.AmapSHA256},
			cli.Input{Role: "token counts (embedded, made from)", Name: h.Model, SHA256: h.CountsSHA256})
		return nil
	}
	if err := r.Read(ctx, "activation map", s.Path); err != nil || s.CountsPath == "" {
		return err
	}
	return r.Read(ctx, "token counts", s.CountsPath)
}

// Layers returns the numbers of the layers, ascending.
func (s *Source) Layers() []int { return s.Map.Layers(s.Mode) }

// Layer returns a layer. It must have as many rows as there are counts, and
// those of the given tokens.
func (s *Source) Layer(n int, tokens ...int32) (*amap.Layer, error) {
	l, err := s.Map.Layer(s.Mode, n)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", s, err)
	}
	rows, _ := l.Dims()
	if c := s.Counts(); c != nil && len(c[s.Mode]) != rows {
		return nil, fmt.Errorf("%s: %d counts of mode %s, but layer %d of %s has %d rows", cmp.Or(s.CountsPath, s.Path), len(c[s.Mode]), s.Mode, n, s, rows)
	}
	var row []float32
	for _, id := range tokens {
		if int(id) >= rows {
			return nil, fmt.Errorf("%s: layer %d has %d rows, none for token %d; is it a map of a GPT-NeoX vocabulary?", s, n, rows, id)
		}
		if s.Sample != nil {
			if row, err = l.Row(row, int(id)); err != nil {
				return nil, fmt.Errorf("%w; give a map with -amap", err)
			}
		}
	}
	return l, nil
}

// Count returns how often a token was seen, 0 where that is not known.
func (s *Source) Count(id int32) int64 {
	if c := s.Counts()[s.Mode]; int(id) < len(c) {
		return c[id]
	}
	return 0
}

// Constant reports whether the rows of all tokens that were seen are equal, so
// that there is nothing to map. Row i is that of token ids[i].
func (s *Source) Constant(rows amap.Rows, ids []int32) (bool, error) {
	var first, row []float32
	for i, id := range ids {
		if s.Counts() != nil && s.Count(id) <= 0 {
			continue
		}
		var err error
		if row, err = rows.Row(row, i); err != nil {
			return false, err
		}
		if first == nil {
			first = slices.Clone(row)
		} else if !slices.Equal(row, first) {
			return false, nil
		}
	}
	return true, nil
}
