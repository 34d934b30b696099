// Gen makes sample.bin from an activation map and its token counts:
//
//	go run ./examples/internal/sample/gen -amap FILE -counts FILE -out FILE
//
// It keeps the rows of the tokens which the first lemmas of WordNet 3.0 use,
// and their counts. The same input gives the same file.
package main

import (
	"context"
	"flag"
	"fmt"
	"io"

	"github.com/semamap/semamap/amap"
	"github.com/semamap/semamap/examples/internal/cli"
	"github.com/semamap/semamap/examples/internal/sample"
	"github.com/semamap/semamap/internal/vec"
	"github.com/semamap/semamap/lemma"
	"github.com/semamap/semamap/lemma/neox"
	"github.com/semamap/semamap/wordnet"
	"github.com/semamap/semamap/wordnet/wn30"
)

func main() { cli.Main("gen", run) }

func run(ctx context.Context, args []string, stdout, stderr io.Writer) error {
	fs := flag.NewFlagSet("gen", flag.ContinueOnError)
	fs.SetOutput(stderr)
	amapFile := fs.String("amap", "", "activation map, a SYSIF pickle of fp16 values")
	countsFile := fs.String("counts", "", "its token counts")
	model := fs.String("model", "sample-neox-6l-128", "name of the model")
	out := fs.String("out", "sample.bin", "file to write")
	if err := fs.Parse(args); err != nil {
		return err
	}
	h := sample.Header{Model: *model, Mode: string(amap.Input)}
	var err error
	if _, h.AmapSHA256, err = cli.SHA256(ctx, *amapFile); err != nil {
		return err
	}
	if _, h.CountsSHA256, err = cli.SHA256(ctx, *countsFile); err != nil {
		return err
	}
	ids, err := usedTokens()
	if err != nil {
		return err
	}
	m, err := amap.Open(*amapFile, nil)
	if err != nil {
		return err
	}
	defer m.Close()
	all, err := amap.OpenCounts(*countsFile)
	if err != nil {
		return err
	}
	counts := make([]int32, len(ids))
	for i, id := range ids {
		if int(id) >= len(all[amap.Input]) {
			return fmt.Errorf("%s: no count of token %d", *countsFile, id)
		}
		counts[i] = int32(all[amap.Input][id])
	}
	values, err := gather(m, &h, ids)
	if err != nil {
		return err
	}
	fmt.Fprintf(stdout, "%d tokens, %d layers of %d units\n", h.Kept, h.Layers, h.Units)
	return cli.WriteFile(*out, func(w io.Writer) error {
		return encode(w, &sample.Map{Header: h, IDs: ids, Counts: counts, Values: values})
	})
}

// usedTokens returns the distinct tokens of all first lemmas, ascending.
func usedTokens() ([]int32, error) {
	db, err := wordnet.Open(wn30.FS, nil)
	if err != nil {
		return nil, err
	}
	tok, err := neox.New(nil)
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

// gather reads the rows as fp16 and fills the header's sizes.
func gather(m *amap.Map, h *sample.Header, ids []int32) ([]byte, error) {
	h.Kept = len(ids)
	var values []byte
	var row []float32
	for _, n := range m.Layers(amap.Input) {
		l, err := m.Layer(amap.Input, n)
		if err != nil {
			return nil, err
		}
		h.Rows, h.Units = l.Dims()
		h.Layers++
		for _, id := range ids {
			if row, err = l.Row(row, int(id)); err != nil {
				return nil, err
			}
			for _, v := range row {
				x := vec.F64ToF16(float64(v))
				if vec.F16(x) != v {
					return nil, fmt.Errorf("layer %d, token %d: %v is no fp16 value", n, id, v)
				}
				values = append(values, byte(x), byte(x>>8))
			}
		}
	}
	return values, nil
}
