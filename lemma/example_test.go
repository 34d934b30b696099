package lemma_test

import (
	"context"
	"fmt"
	"log"
	"slices"
	"strings"

	"github.com/semamap/semamap/lemma"
	"github.com/semamap/semamap/lemma/neox"
)

// matrix is a table of rows in memory. Layers of package amap are such rows
// too.
type matrix struct {
	x     []float32
	units int
}

func (m matrix) Dims() (rows, units int) { return len(m.x) / m.units, m.units }

func (m matrix) Row(dst []float32, row int) ([]float32, error) {
	return append(dst[:0], m.x[row*m.units:(row+1)*m.units]...), nil
}

func ExampleBPE_Encode() {
	tok, err := neox.New()
	if err != nil {
		log.Fatal(err)
	}
	for _, s := range []string{"hot_dog", "hot dog", " hot dog", "<|endoftext|>"} {
		ids, err := tok.Encode(nil, s)
		if err != nil {
			log.Fatal(err)
		}
		fmt.Printf("%q", s)
		for _, id := range ids {
			fmt.Printf(" %d=%s", id, tok.Token(id))
		}
		fmt.Println()
	}
	_, err = tok.Encode(nil, "caf\xe9")
	fmt.Println(err)
	// Output:
	// "hot_dog" 12022=hot 64=_ 21428=dog
	// "hot dog" 12022=hot 4370=Ġdog
	// " hot dog" 3511=Ġhot 4370=Ġdog
	// "<|endoftext|>" 0=<|endoftext|>
	// lemma: text is not valid UTF-8: offset 3
}

func ExampleLoadJSON() {
	// Two merges over the bytes "a" to "c"; a real file has a token for every
	// byte, and this one is refused.
	const file = `{
		"pre_tokenizer": {"type": "ByteLevel", "add_prefix_space": false},
		"model": {"type": "BPE", "vocab": {"a": 0, "b": 1, "c": 2, "ab": 3, "abc": 4}, "merges": ["a b", "ab c"]}
	}`
	_, err := lemma.LoadJSON(strings.NewReader(file))
	fmt.Println(err)

	_, err = lemma.LoadJSON(strings.NewReader(strings.Replace(file, "}\n\t}", `, "dropout": 0.1}}`, 1)))
	fmt.Println(err)
	// Output:
	// lemma: tokenizer is not supported: no token for the byte 0x00
	// lemma: tokenizer is not supported: model.dropout is 0.1
}

func ExampleAverager_Vector() {
	tok, err := neox.New()
	if err != nil {
		log.Fatal(err)
	}
	// A made-up map: two units, of which the first holds the id itself.
	rows := matrix{make([]float32, 2*tok.Len()), 2}
	for id := range tok.Len() {
		rows.x[2*id] = float32(id)
	}
	for _, a := range []lemma.Averager{
		{Tok: tok}, // 12022, 64, 21428
		{Tok: tok, Underscore: lemma.Skip},
		{Tok: tok, Underscore: lemma.Space}, // 12022, 4370
		{Tok: tok, Pool: lemma.Last},
	} {
		v, err := a.Vector(nil, rows, "hot_dog")
		if err != nil {
			log.Fatal(err)
		}
		fmt.Println(v)
	}
	// Output:
	// [11171.333 0]
	// [16725 0]
	// [8196 0]
	// [21428 0]
}

func ExampleAverager_Weights() {
	tok, err := neox.New()
	if err != nil {
		log.Fatal(err)
	}
	words := []string{"hot_dog", "hot", "top_dog_dog"}
	a := lemma.Averager{Tok: tok}
	w, err := a.Weights(context.Background(), words)
	if err != nil {
		log.Fatal(err)
	}
	for i, word := range words {
		fmt.Print(word, ":")
		for k := w.Start[i]; k < w.Start[i+1]; k++ {
			fmt.Printf(" %s %.3f", tok.Token(w.IDs[w.Index[k]]), w.Weight[k])
		}
		fmt.Println()
	}
	fmt.Println(len(w.IDs), "distinct tokens, ascending:", slices.IsSorted(w.IDs))
	// Output:
	// hot_dog: _ 0.333 hot 0.333 dog 0.333
	// hot: hot 1.000
	// top_dog_dog: _ 0.400 top 0.200 dog 0.400
	// 4 distinct tokens, ascending: true
}

func ExampleWithOwnMerge() {
	// For much text that is all different, such as a corpus that is read once.
	own, err := neox.New(lemma.WithOwnMerge())
	if err != nil {
		log.Fatal(err)
	}
	ids, err := own.Encode(nil, "antidisestablishmentarianism")
	if err != nil {
		log.Fatal(err)
	}
	tok, err := neox.New()
	if err != nil {
		log.Fatal(err)
	}
	same, err := tok.Encode(nil, "antidisestablishmentarianism")
	fmt.Println(len(ids), slices.Equal(ids, same), err)
	// Output: 6 true <nil>
}
