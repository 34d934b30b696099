// Gen makes the embedded sample from an activation map, its token counts and the
// model's tokenizer:
//
//	go run ./examples/internal/sample/gen -amap FILE -counts FILE -tokenizer FILE -dir examples/internal/sample
//
// It keeps some layers, of each the same number of units, chosen by a seed, and
// the rows of the tokens which the first lemmas of WordNet 3.0 use. A unit's
// numbers are rounded to 255 steps from its largest magnitude down to minus that.
// The same input gives the same files.
package main

import (
	"bytes"
	"compress/gzip"
	"context"
	"flag"
	"fmt"
	"io"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"

	"github.com/semamap/semamap/amap"
	"github.com/semamap/semamap/examples/internal/cli"
	"github.com/semamap/semamap/examples/internal/sample"
	"github.com/semamap/semamap/lemma"
	"github.com/semamap/semamap/wordnet"
	"github.com/semamap/semamap/wordnet/wn30"
)

func main() { cli.Main("gen", run) }

func run(ctx context.Context, args []string, stdout, stderr io.Writer) error {
	fs := flag.NewFlagSet("gen", flag.ContinueOnError)
	fs.SetOutput(stderr)
	amapFile := fs.String("amap", "", "activation map")
	countsFile := fs.String("counts", "", "its token counts")
	tokenizerFile := fs.String("tokenizer", "", "tokenizer.json of the model")
	model := fs.String("model", "SmolLM2-135M-Instruct-Q4_1", "name of the model")
	layers := []int{0, 10, 13, 16, 20, 29}
	cli.Ints(fs, &layers, "layers", "LAYERS", "layers to keep")
	units := fs.Int("units", 128, "units to keep of each")
	seed := fs.Uint64("seed", 1337, "seed of the choice of units")
	dir := fs.String("dir", "examples/internal/sample", "folder to write to")
	if err := fs.Parse(args); err != nil {
		return err
	}
	h := sample.Header{Model: *model, Mode: string(amap.Input), Layers: layers}
	var err error
	if _, h.AmapSHA256, err = cli.SHA256(ctx, *amapFile); err != nil {
		return err
	}
	if _, h.CountsSHA256, err = cli.SHA256(ctx, *countsFile); err != nil {
		return err
	}
	json, err := os.ReadFile(*tokenizerFile)
	if err != nil {
		return err
	}
	tok, err := lemma.LoadJSON(bytes.NewReader(json), nil)
	if err != nil {
		return fmt.Errorf("%s: %w", *tokenizerFile, err)
	}
	counts, err := amap.OpenCounts(*countsFile)
	if err != nil {
		return err
	}
	m, err := amap.Open(*amapFile, &amap.Options{Counts: counts})
	if err != nil {
		return err
	}
	defer m.Close()
	s := &sample.Map{Header: h}
	if err := gather(s, m, tok, *units, *seed); err != nil {
		return err
	}
	fmt.Fprintf(stdout, "%d tokens, layers %v of %d units\n", s.Kept, s.Layers, *units)
	if err := cli.WriteFile(filepath.Join(*dir, "sample.bin"), func(w io.Writer) error { return encode(w, s) }); err != nil {
		return err
	}
	return cli.WriteFile(filepath.Join(*dir, "tokenizer.json.gz"), func(w io.Writer) error {
		z, err := gzip.NewWriterLevel(w, gzip.BestCompression)
		if err != nil {
			return err
		}
		if _, err := z.Write(json); err != nil {
			return err
		}
		return z.Close()
	})
}

// usedTokens returns the distinct tokens of all first lemmas, ascending.
func usedTokens(tok lemma.Tokenizer) ([]int32, error) {
	db, err := wordnet.Open(wn30.FS, nil)
	if err != nil {
		return nil, err
	}
	a := lemma.Averager{Tok: tok}
	used := make([]bool, tok.Len())
	var buf []int32
	for s := range db.All() {
		for l := range s.Lemmas() {
			if buf, err = a.Tokens(buf[:0], l.Name()); err != nil {
				return nil, err
			}
			for _, id := range buf {
				used[id] = true
			}
			break // the first lemma only
		}
	}
	var ids []int32
	for id, u := range used {
		if u {
			ids = append(ids, int32(id))
		}
	}
	return ids, nil
}

// gather chooses the units and rounds their numbers.
func gather(s *sample.Map, m *amap.Map, tok lemma.Tokenizer, units int, seed uint64) (err error) {
	if s.IDs, err = usedTokens(tok); err != nil {
		return err
	}
	s.Kept = len(s.IDs)
	counts := m.Counts()[amap.Input]
	for _, id := range s.IDs {
		if int(id) >= len(counts) {
			return fmt.Errorf("no count of token %d", id)
		}
		s.Counts = append(s.Counts, int32(counts[id]))
	}
	random := rand.New(rand.NewPCG(seed, 0))
	var row []float32
	for _, n := range s.Layers {
		l, err := m.Layer(amap.Input, n)
		if err != nil {
			return err
		}
		rows, all := l.Dims()
		if units > all {
			return fmt.Errorf("layer %d has %d units", n, all)
		}
		s.Rows = rows
		chosen := random.Perm(all)[:units]
		slices.Sort(chosen)
		s.Units = append(s.Units, chosen)

		values := make([]float32, 0, s.Kept*units)
		largest := make([]float32, units)
		for _, id := range s.IDs {
			if row, err = l.Row(row, int(id)); err != nil {
				return err
			}
			for k, u := range chosen {
				values = append(values, row[u])
				largest[k] = max(largest[k], row[u], -row[u])
			}
		}
		for k := range largest {
			s.Scale = append(s.Scale, largest[k]/math.MaxInt8)
		}
		scale := s.Scale[len(s.Scale)-units:]
		for i, v := range values {
			q := int8(0)
			if step := scale[i%units]; step > 0 {
				q = int8(math.RoundToEven(float64(v) / float64(step)))
			}
			s.Values = append(s.Values, q)
		}
	}
	return nil
}
