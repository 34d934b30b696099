package sample

import (
	"bufio"
	"cmp"
	"context"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"slices"

	"github.com/semamap/semamap/amap"
	"github.com/semamap/semamap/examples/internal/cli"
	"github.com/semamap/semamap/lemma"
	"github.com/semamap/semamap/lemma/neox"
)

// A Source is the activation map that a program works on: one mode of a file,
// or of the embedded sample.
type Source struct {
	Path       string // empty: the sample
	CountsPath string // empty: no token counts but those within the map
	IDsPath    string // empty: no token ids of rows but those within the map
	Mode       amap.Mode

	*amap.Map         // after Open
	Sample    *Header // after Open; nil for a file
}

// Flags defines the flags that name a source.
func (s *Source) Flags(f *flag.FlagSet) {
	f.StringVar(&s.Path, "amap", "", "activation map: `FILE` of SYSIF, torch.save, safetensors, .npy or .npz (default: the embedded sample of SmolLM2)")
	f.StringVar(&s.CountsPath, "counts", "", "`FILE` of the map's token counts")
	f.StringVar(&s.IDsPath, "row-ids", "", "`FILE` of the token ids of a filtered map's rows, which SYSIF's files do not hold")
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
	case s.Path == "" && s.CountsPath == "" && s.IDsPath == "":
		return s.embedded()
	case s.Path == "" && s.CountsPath == "":
		return fmt.Errorf("-row-ids %s: needs -amap, the map with these rows", s.IDsPath)
	case s.Path == "":
		return fmt.Errorf("-counts %s: needs -amap, the map that was counted", s.CountsPath)
	}
	if s.CountsPath != "" {
		if o.Counts, err = amap.OpenCounts(s.CountsPath); err != nil {
			return err
		}
	}
	if s.IDsPath != "" {
		if o.IDs, err = cli.ReadIDs(s.IDsPath); err != nil {
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
	layers := make([]amap.Rows, len(m.Layers))
	for n := range layers {
		layers[n] = m.Layer(n)
	}
	mode := amap.Mode(m.Mode)
	s.Sample = &m.Header
	s.Map, err = amap.NewMap(amap.Float32, map[amap.Mode][]amap.Rows{mode: layers}, &amap.Options{Counts: amap.Counts{mode: counts}, Layers: m.Layers})
	return err
}

// Tokenizer reads a tokenizer.json. Without a path it returns the tokenizer of
// the sample for the sample, and [OpenTokenizer]'s for a file.
func (s *Source) Tokenizer(path string) (lemma.Tokenizer, error) {
	if path == "" && s.Sample != nil {
		return Tokenizer()
	}
	return OpenTokenizer(path)
}

// OpenTokenizer reads a tokenizer.json; without a path it returns the embedded
// one of GPT-NeoX.
func OpenTokenizer(path string) (lemma.Tokenizer, error) {
	if path == "" {
		return neox.New(nil)
	}
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	t, err := lemma.LoadJSON(bufio.NewReader(f), nil)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return t, nil
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
	if err := r.Read(ctx, "activation map", s.Path); err != nil {
		return err
	}
	for _, in := range [][2]string{{"token counts", s.CountsPath}, {"token ids of the rows", s.IDsPath}} {
		if in[1] != "" {
			if err := r.Read(ctx, in[0], in[1]); err != nil {
				return err
			}
		}
	}
	return nil
}

// Layers returns the numbers of the layers, ascending.
func (s *Source) Layers() []int { return s.Map.Layers(s.Mode) }

// Layer returns the rows of a layer by token id. It must have as many rows as
// there are counts, and those of the given tokens.
func (s *Source) Layer(n int, tokens ...int32) (amap.Rows, error) {
	l, err := s.Map.Layer(s.Mode, n)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", s, err)
	}
	rows, _ := l.Dims()
	ids, known := l.TokenIDs()
	switch c := s.Counts(); {
	case !known:
		return nil, fmt.Errorf("%s: a filtered map, whose %d rows are tokens that the file does not name; give the whole map, or their ids with -row-ids", s, rows)
	case ids != nil:
		return newSomeRows(s, l, ids, tokens)
	case c != nil && len(c[s.Mode]) != rows:
		return nil, fmt.Errorf("%s: %d counts of mode %s, but layer %d of %s has %d rows", cmp.Or(s.CountsPath, s.Path), len(c[s.Mode]), s.Mode, n, s, rows)
	}
	var row []float32
	for _, id := range tokens {
		if int(id) >= rows {
			return nil, fmt.Errorf("%s: layer %d has %d rows, none for token %d; is it a map of this vocabulary?", s, n, rows, id)
		}
		if s.Sample != nil {
			if row, err = l.Row(row, int(id)); err != nil {
				return nil, fmt.Errorf("%w; give a map with -amap", err)
			}
		}
	}
	return l, nil
}

// someRows are the rows of a filtered map by token id.
type someRows struct {
	s     *Source
	layer *amap.Layer
	rows  map[int32]int
	n     int
}

func newSomeRows(s *Source, l *amap.Layer, ids, tokens []int32) (amap.Rows, error) {
	x := &someRows{s: s, layer: l, rows: map[int32]int{}}
	for r, id := range ids {
		if _, twice := x.rows[id]; !twice {
			x.rows[id] = r
		}
		x.n = max(x.n, int(id)+1)
	}
	for _, id := range tokens {
		if _, ok := x.rows[id]; !ok {
			return nil, x.missing(int(id))
		}
	}
	return x, nil
}

func (x *someRows) missing(id int) error {
	return fmt.Errorf("%s: a filtered map of %d tokens: token %d: %w", x.s, len(x.rows), id, amap.ErrNotFound)
}

// Dims returns one more than the highest token id, and the number of units.
func (x *someRows) Dims() (rows, cols int) {
	_, cols = x.layer.Dims()
	return x.n, cols
}

// Row returns the row of a token.
func (x *someRows) Row(dst []float32, id int) ([]float32, error) {
	r, ok := x.rows[int32(id)]
	if !ok {
		return nil, x.missing(id)
	}
	return x.layer.Row(dst, r)
}

// Check reads the rows of the tokens of lemmas before long work: they must be
// there, and be numbers. lemmaOf names the lemma of a row of c.
func (s *Source) Check(n int, tok lemma.Tokenizer, c *lemma.CSR, lemmaOf func(row int) string) error {
	l, err := s.Layer(n, c.IDs...)
	if err != nil {
		return err
	}
	var row []float32
	for k, id := range c.IDs {
		if row, err = l.Row(row, int(id)); err != nil {
			return fmt.Errorf("%s: layer %d, token %d: %w", s, n, id, err)
		}
		unit := slices.IndexFunc(row, func(v float32) bool { return v-v != 0 })
		if unit < 0 {
			continue
		}
		name := ""
		if i := slices.Index(c.Index, int32(k)); i >= 0 {
			of, _ := slices.BinarySearch(c.Start, i+1)
			name = fmt.Sprintf(" of lemma %q", lemmaOf(of-1))
		}
		return fmt.Errorf("%s: layer %d: unit %d is %v in the row of token %d (%q)%s", s, n, unit, row[unit], id, tok.Token(id), name)
	}
	return nil
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
