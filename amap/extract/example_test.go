package extract_test

import (
	"context"
	"fmt"
	"iter"
	"log"
	"os"
	"path/filepath"

	"github.com/semamap/semamap/amap"
	"github.com/semamap/semamap/amap/extract"
)

// documents are token ids; lemma.Tokenizer.Encode makes them of text.
func documents(n int) iter.Seq2[[]int32, error] {
	return func(yield func([]int32, error) bool) {
		for d := range n {
			ids := make([]int32, 40)
			for i := range ids {
				ids[i] = int32((d*d + i*i) % 50)
			}
			if !yield(ids, nil) {
				return
			}
		}
	}
}

func Example() {
	ctx := context.Background()
	m, err := extract.Load(os.DirFS("testdata/llama-tied")) // 2 layers, random weights
	if err != nil {
		log.Fatal(err)
	}
	sums, err := extract.Extract(ctx, m, documents(10), &extract.Settings{Seed: 1337, Moments: true})
	if err != nil {
		log.Fatal(err)
	}
	a, err := sums.Map(amap.Float16)
	if err != nil {
		log.Fatal(err)
	}
	l, err := a.Layer(amap.Input, 1)
	if err != nil {
		log.Fatal(err)
	}
	rows, units := l.Dims()
	fmt.Println(m.Layers(), "layers,", rows, "tokens,", units, "units")
	fmt.Println("token 4 occurred", a.Counts()[amap.Input][4], "times")
	explained, err := sums.Explained(amap.Input, 0)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println("explained by the token:", explained[0] > 0.5)
	// err = a.WriteSYSIF(ctx, file) writes a pickle for Python.
	// Output:
	// 2 layers, 53 tokens, 20 units
	// token 4 occurred 0 times
	// explained by the token: true
}

// Shards of a text can be extracted on several machines.
func ExampleMerge() {
	ctx := context.Background()
	m, err := extract.Load(os.DirFS("testdata/llama-tied"))
	if err != nil {
		log.Fatal(err)
	}
	dir, err := os.MkdirTemp("", "extract")
	if err != nil {
		log.Fatal(err)
	}
	defer os.RemoveAll(dir)
	var parts []*extract.Sums
	for i := range 2 {
		path := filepath.Join(dir, fmt.Sprint(i, ".sums"))
		set := &extract.Settings{Shard: [2]int{i, 2}, Checkpoint: path}
		if _, err := extract.Extract(ctx, m, documents(10), set); err != nil {
			log.Fatal(err)
		}
		part, err := extract.ReadSums(path)
		if err != nil {
			log.Fatal(err)
		}
		parts = append(parts, part)
	}
	sums, err := extract.Merge(parts...)
	if err != nil {
		log.Fatal(err)
	}
	a, err := sums.Map(amap.Float32)
	if err != nil {
		log.Fatal(err)
	}
	whole, err := extract.Extract(ctx, m, documents(10), nil)
	if err != nil {
		log.Fatal(err)
	}
	b, err := whole.Map(amap.Float32)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println("the counts of the whole:", fmt.Sprint(a.Counts()) == fmt.Sprint(b.Counts()))
	// Output: the counts of the whole: true
}
