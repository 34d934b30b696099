package lemma_test

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"log"
	"strings"

	"github.com/semamap/semamap/lemma"
	"github.com/semamap/semamap/lemma/neox"
)

// Average the rows of a [][]float32, which has one row per token of GPT-NeoX,
// over the tokens of words.
func ExampleAverager_Matrix() {
	tok, err := neox.New(nil)
	if err != nil {
		log.Fatal(err)
	}
	rows := make([][]float32, tok.Len())
	for id := range rows {
		rows[id] = []float32{float32(id), 1} // made up
	}

	a := lemma.Averager{Tok: tok}
	m, err := a.Matrix(context.Background(), nil, lemma.FromSlices(rows), []string{"dog", "hot_dog"})
	if err != nil {
		log.Fatal(err)
	}
	// m can go into tsne.Embed as it is.
	n, _ := m.Dims()
	for i := range n {
		row, err := m.Row(nil, i)
		if err != nil {
			log.Fatal(err)
		}
		fmt.Println(row)
	}
	// Output:
	// [21428 1]
	// [11171.333 1]
}

func ExampleTokenizer() {
	tok, err := neox.New(&lemma.Settings{MaxPiece: 1000})
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
	text, err := tok.Decode(nil, 12022, 4370)
	fmt.Printf("%q %v\n", text, err)

	_, err = tok.Encode(nil, "caf\xe9")
	fmt.Println(err, errors.Is(err, lemma.ErrText))
	_, err = tok.Encode(nil, strings.Repeat("a", 1001))
	fmt.Println(err, errors.Is(err, lemma.ErrText))
	_, err = tok.Decode(nil, 50277)
	fmt.Println(err, errors.Is(err, lemma.ErrToken))
	// Output:
	// "hot_dog" 12022=hot 64=_ 21428=dog
	// "hot dog" 12022=hot 4370=Ġdog
	// " hot dog" 3511=Ġhot 4370=Ġdog
	// "<|endoftext|>" 0=<|endoftext|>
	// "hot dog" <nil>
	// lemma: text cannot be encoded: invalid UTF-8 at offset 3 true
	// lemma: text cannot be encoded: a piece of 1001 bytes, more than 1000, beginning with "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa" true
	// lemma: bad token: ids[0] is 50277 true
}

func ExampleLoadJSON() {
	// A real file has a token for every byte; of this one's text all but a and
	// b has none.
	const file = `{
		"pre_tokenizer": {"type": "ByteLevel", "add_prefix_space": false},
		"model": {"type": "BPE", "vocab": {"a": 0, "b": 1, "ab": 2}, "merges": ["a b"]}
	}`
	for _, text := range []string{
		file,
		strings.Replace(file, `"BPE"`, `"Unigram"`, 1),
		strings.Replace(file, `"a b"`, `"a c"`, 1),
	} {
		tok, err := lemma.LoadJSON(strings.NewReader(text), nil)
		if err != nil {
			fmt.Println(err, errors.Is(err, lemma.ErrUnsupported), errors.Is(err, lemma.ErrFormat))
			continue
		}
		fmt.Println(tok.Encode(nil, "abba"))
	}
	// Output:
	// [2 1 0] <nil>
	// lemma: unsupported tokenizer: model.type is Unigram true false
	// lemma: malformed data: model.merges[0]: ["a" "c"]: a token is not in the vocabulary false true
}

// byteVocab returns the vocab.json and merges.txt of a tiny tokenizer: the tokens
// of all bytes, a few longer ones and the end of a text.
func byteVocab() (vocab, merges string) {
	v := map[string]int{}
	for b := range 256 {
		switch c := rune(b); {
		case '!' <= c && c <= '~' || '¡' <= c && c <= '¬' || '®' <= c:
			v[string(c)] = len(v)
		}
	}
	for c := rune(256); len(v) < 256; c++ { // the other bytes
		v[string(c)] = len(v)
	}
	for _, tok := range []string{"Ġd", "og", "Ġdog", "<|endoftext|>"} {
		v[tok] = len(v)
	}
	text, err := json.Marshal(v)
	if err != nil {
		log.Fatal(err)
	}
	return string(text), "#version: 0.2\nĠ d\no g\nĠd og\n"
}

// Older models come as two files.
func ExampleLoadVocab() {
	vocab, merges := byteVocab() // of a program: os.Open("vocab.json"), os.Open("merges.txt")
	tok, err := lemma.LoadVocab(strings.NewReader(vocab), strings.NewReader(merges), nil)
	if err != nil {
		log.Fatal(err)
	}
	ids, err := tok.Encode(nil, "a dog<|endoftext|>")
	if err != nil {
		log.Fatal(err)
	}
	for _, id := range ids {
		fmt.Printf("%d=%s ", id, tok.Token(id))
	}
	text, err := lemma.Text(tok, ids)
	fmt.Printf("%q %v\n", text, err)

	_, err = lemma.LoadJSON(strings.NewReader(vocab), nil)
	fmt.Println(err)
	// Output:
	// 64=a 258=Ġdog 259=<|endoftext|> "a dog" <nil>
	// lemma: unsupported tokenizer: this is a vocabulary (vocab.json); give it to LoadVocab, with its merges.txt
}

// A file of tiktoken has ranks only. The pattern and the special tokens are
// those of the encoding, or given.
func ExampleLoadTiktoken() {
	var file strings.Builder // of a program: os.Open("cl100k_base.tiktoken")
	for b := range 256 {
		fmt.Fprintln(&file, base64.StdEncoding.EncodeToString([]byte{byte(b)}), b)
	}
	for i, tok := range []string{"do", " do", " dog"} {
		fmt.Fprintln(&file, base64.StdEncoding.EncodeToString([]byte(tok)), 256+i)
	}
	for _, encoding := range []string{"cl100k_base", ""} {
		var set lemma.Settings
		if encoding == "" {
			set.Pattern = `\s?\p{L}+|.`
			set.Special = map[string]int32{"<|end|>": 259}
		}
		tok, err := lemma.LoadTiktoken(strings.NewReader(file.String()), encoding, &set)
		if err != nil {
			log.Fatal(err)
		}
		ids, err := tok.Encode(nil, "a dog<|end|>")
		fmt.Println(ids, err)
	}
	// Output:
	// [97 258 60 124 101 110 100 124 62] <nil>
	// [97 258 259] <nil>
}

// Find the characters of a text that a token stands for.
func ExampleOffsets() {
	tok, err := neox.New(nil)
	if err != nil {
		log.Fatal(err)
	}
	text := "Hot dogs, naïve 䍃"
	ids, at, err := lemma.Offsets(tok, text)
	if err != nil {
		log.Fatal(err)
	}
	for i, id := range ids {
		fmt.Printf("%d %v %q\n", id, at[i], text[at[i][0]:at[i][1]])
	}
	// Output:
	// 24757 [0 3] "Hot"
	// 9097 [3 8] " dogs"
	// 13 [8 9] ","
	// 36060 [9 16] " naïve"
	// 209 [16 17] " "
	// 160 [17 18] "\xe4"
	// 224 [18 19] "\x8d"
	// 214 [19 20] "\x83"
}

// Text, weights and pools other than the defaults.
func ExampleAverager() {
	tok, err := neox.New(nil)
	if err != nil {
		log.Fatal(err)
	}
	for _, a := range []lemma.Averager{
		{}, // hot, _, dog
		{Pool: lemma.PoolLast},
		{Text: func(word string) string { return " " + strings.ReplaceAll(word, "_", " ") }},
		{Weight: func(id int32) float64 { // 0 leaves a token out
			if tok.Token(id) == "_" {
				return 0
			}
			return 1
		}},
	} {
		a.Tok = tok
		ids, err := a.Tokens(nil, "hot_dog")
		if err != nil {
			log.Fatal(err)
		}
		for _, id := range ids {
			fmt.Printf("%s ", tok.Token(id))
		}
		fmt.Println(len(ids))
	}
	max := lemma.Averager{Tok: tok, Pool: lemma.PoolMax}
	_, err = max.Weights(context.Background(), []string{"hot_dog"})
	fmt.Println(errors.Is(err, lemma.ErrSettings), err)
	// Output:
	// hot _ dog 3
	// dog 1
	// Ġhot Ġdog 2
	// hot dog 2
	// true lemma: impossible setting: PoolMax is not a weighted sum
}

// Weights gives the same as Matrix in sparse form. One serves all layers of a
// map, and it takes little memory.
func ExampleAverager_Weights() {
	tok, err := neox.New(nil)
	if err != nil {
		log.Fatal(err)
	}
	rows := make([][]float32, tok.Len())
	for id := range rows {
		rows[id] = []float32{float32(id)} // made up
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
	// knn.Combine(base, w.Start, w.Index, w.Weight) makes points of the words.
	base, err := w.Base(context.Background(), nil, lemma.FromSlices(rows))
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(base.Dims())
	// Output:
	// hot_dog: _ 0.333 hot 0.333 dog 0.333
	// hot: hot 1.000
	// top_dog_dog: _ 0.400 top 0.200 dog 0.400
	// 4 1
}

// A table may name its columns by decoded tokens. "Ġdog" and "dog" then both
// select the column "dog".
func ExampleByName() {
	tok, err := neox.New(nil)
	if err != nil {
		log.Fatal(err)
	}
	a := lemma.Averager{Tok: tok}
	byID, err := a.Tokens(nil, "hot dog")
	if err != nil {
		log.Fatal(err)
	}
	a.RowsOf = lemma.ByName(tok)
	byName, err := a.Tokens(nil, "hot dog")
	fmt.Println(byID, byName, err)

	_, err = a.Tokens(nil, "café")
	fmt.Println(errors.Is(err, lemma.ErrToken), err)
	// Output:
	// [12022 4370] [12022 21428] <nil>
	// true "café": lemma: bad token: 860, "Ã©", has no row
}
