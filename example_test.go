package semamap_test

import (
	"bytes"
	"context"
	"fmt"
	"log"
	"math/rand/v2"

	"gonum.org/v1/gonum/mat"

	"github.com/semamap/semamap/lemma"
	"github.com/semamap/semamap/lemma/neox"
	"github.com/semamap/semamap/plot"
	"github.com/semamap/semamap/tsne"
	"github.com/semamap/semamap/wordnet"
	"github.com/semamap/semamap/wordnet/wn30"
)

// The whole way of a study on ten words: from synsets of WordNet to their
// lemmas, the lemmas' tokens, the mean activations of these, and a map of the
// words by category.
func Example_study() {
	ctx := context.Background()
	db, err := wordnet.Open(wn30.FS, nil)
	if err != nil {
		log.Fatal(err)
	}
	var words, categories []string
	for _, name := range []string{
		"dog.n.01", "house_cat.n.01", "polar_bear.n.01", "bee.n.01",
		"oak.n.02", "rose.n.01", "clover.n.01", "run.v.01", "jump.v.01", "swim.v.01",
	} {
		s, err := db.Synset(name)
		if err != nil {
			log.Fatal(err)
		}
		for l := range s.Lemmas() {
			words = append(words, l.Name())
			break // the first lemma
		}
		categories = append(categories, s.LexName())
	}

	tok, err := neox.New(nil)
	if err != nil {
		log.Fatal(err)
	}
	// Activations of eight units on every token, here made up; otherwise a
	// layer of a map: m, err := amap.Open(…), layer, err := m.Layer(amap.Input, 0).
	layer := make([][]float32, tok.Len())
	random := rand.New(rand.NewPCG(1, 2))
	for id := range layer {
		for range 8 {
			layer[id] = append(layer[id], random.Float32())
		}
	}
	averager := lemma.Averager{Tok: tok}
	rows, err := averager.Matrix(ctx, nil, lemma.FromSlices(layer), words)
	if err != nil {
		log.Fatal(err)
	}

	res, err := tsne.Embed(ctx, rows, nil)
	if err != nil {
		log.Fatal(err)
	}
	figure := plot.Figure{Panels: []plot.Panel{{XYs: res, Labels: categories, Hover: words}}, Legend: "Category"}
	var png bytes.Buffer // or a file
	if err := figure.WritePNG(&png, 0, 0); err != nil {
		log.Fatal(err)
	}
	of := map[string]int{}
	for _, c := range categories {
		of[c]++
	}
	fmt.Println(res.Len(), "points:", of)
	// Output: 10 points: map[noun.animal:4 noun.plant:3 verb.motion:3]
}

// A matrix of gonum goes into t-SNE, and one comes out, or a picture.
func Example_matrix() {
	x := mat.NewDense(6, 3, []float64{
		0, 0, 1,
		0, 1, 1,
		1, 0, 1,
		8, 8, 9,
		9, 8, 8,
		9, 9, 8,
	})
	res, err := tsne.Embed(context.Background(), tsne.Matrix(x), nil)
	if err != nil {
		log.Fatal(err)
	}
	y := mat.NewDense(res.Len(), res.Dims, res.Float64())
	fmt.Println(y.Dims())

	figure := plot.Figure{Panels: []plot.Panel{{XYs: res}}}
	var png bytes.Buffer
	if err := figure.WritePNG(&png, 0, 0); err != nil {
		log.Fatal(err)
	}
	fmt.Printf("%q\n", png.Bytes()[1:4])
	// Output:
	// 6 2
	// "PNG"
}
