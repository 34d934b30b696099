// Command gen makes the data of package neox from a tokenizer.json of
// GPT-NeoX-20B:
//
//	go run ./lemma/neox/gen -in tokenizer.json -out lemma/neox/neox.bin.gz
//
// It checks every property that the format relies on and refuses the file
// otherwise. The three tokens for personal data that AI2's copy of the file
// adds are dropped, by name. The same input and release of Go give the same
// output, byte for byte.
package main

import (
	"bytes"
	"compress/gzip"
	"encoding/binary"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"os"
	"slices"
	"strings"

	"github.com/semamap/semamap/lemma"
)

func main() {
	err := run(os.Args[1:])
	if err != nil && !errors.Is(err, flag.ErrHelp) {
		fmt.Fprintln(os.Stderr, "gen:", err)
		os.Exit(1)
	}
}

func run(args []string) error {
	fs := flag.NewFlagSet("gen", flag.ContinueOnError)
	in := fs.String("in", "", "tokenizer.json of GPT-NeoX-20B")
	out := fs.String("out", "neox.bin.gz", "file to write")
	if err := fs.Parse(args); err != nil {
		return err
	}
	text, err := os.ReadFile(*in)
	if err != nil {
		return err
	}
	data, err := pack(text)
	if err != nil {
		return fmt.Errorf("%s: %w", *in, err)
	}
	tmp := *out + ".tmp"
	if err := os.WriteFile(tmp, data, 0o644); err != nil {
		return err
	}
	return os.Rename(tmp, *out)
}

// What GPT-NeoX-20B is.
const (
	special  = 2 // ids before the single bytes
	singles  = 243
	merges   = 50009
	firstRun = 50254 // id of the longest added run of spaces
	longest  = 24    // spaces in it
	numAdded = special + longest - 1
)

// dropped are AI2's additions.
var dropped = []string{"|||EMAIL_ADDRESS|||", "|||PHONE_NUMBER|||", "|||IP_ADDRESS|||"}

type file struct {
	Added []struct {
		ID         int32
		Content    string
		Normalized bool
		Special    bool
		SingleWord bool `json:"single_word"`
		LStrip     bool
		RStrip     bool
	} `json:"added_tokens"`
	Normalizer   json.RawMessage
	PreTokenizer json.RawMessage `json:"pre_tokenizer"`
	Model        struct {
		Type   string
		Vocab  map[string]int32
		Merges []string
	}
}

func pack(text []byte) ([]byte, error) {
	var f file
	if err := json.Unmarshal(text, &f); err != nil {
		return nil, err
	}
	if err := f.check(); err != nil {
		return nil, err
	}
	var b []byte
	b = append(b, "neox 1\n"...)
	b = binary.AppendUvarint(b, special)
	b = binary.AppendUvarint(b, singles)
	byID := make([]string, special+singles+merges)
	for tok, id := range f.Model.Vocab {
		byID[id] = tok
	}
	for id := special; id < special+singles; id++ {
		c, ok := byteOf(byID[id])
		if !ok {
			return nil, fmt.Errorf("token %d, %q, is not a single byte", id, byID[id])
		}
		b = append(b, c)
	}
	b = binary.AppendUvarint(b, merges)
	var column [4][]byte
	for rank, m := range f.Model.Merges {
		left, right, _ := strings.Cut(m, " ")
		l, okL := f.Model.Vocab[left]
		r, okR := f.Model.Vocab[right]
		id, ok := f.Model.Vocab[left+right]
		want := int32(special + singles + rank)
		if !okL || !okR || !ok || id != want || l >= id || r >= id {
			return nil, fmt.Errorf("merge %d, %q: the product is not token %d", rank, m, want)
		}
		for i, c := range []int32{l & 255, l >> 8, r & 255, r >> 8} {
			column[i] = append(column[i], byte(c))
		}
	}
	b = append(b, slices.Concat(column[:]...)...)
	b = binary.AppendUvarint(b, numAdded)
	for _, a := range f.Added {
		if slices.Contains(dropped, a.Content) {
			continue
		}
		var flags byte
		if a.Normalized {
			flags |= 1
		}
		if a.Special {
			flags |= 2
		}
		b = binary.AppendUvarint(b, uint64(a.ID))
		b = append(b, flags)
		b = binary.AppendUvarint(b, uint64(len(a.Content)))
		b = append(b, a.Content...)
	}
	var z bytes.Buffer
	w, err := gzip.NewWriterLevel(&z, gzip.BestCompression)
	if err != nil {
		return nil, err
	}
	if _, err := w.Write(b); err != nil {
		return nil, err
	}
	if err := w.Close(); err != nil {
		return nil, err
	}
	return z.Bytes(), nil
}

// check compares the parts of the file that are not packed with what package
// neox takes for granted.
func (f *file) check() error {
	var n struct{ Type string }
	if err := json.Unmarshal(f.Normalizer, &n); err != nil || n.Type != "NFC" {
		return fmt.Errorf("normalizer %s is not NFC", f.Normalizer)
	}
	p := struct {
		Type     string
		Prefix   bool  `json:"add_prefix_space"`
		UseRegex *bool `json:"use_regex"`
	}{}
	if err := json.Unmarshal(f.PreTokenizer, &p); err != nil || p.Type != "ByteLevel" || p.Prefix || p.UseRegex != nil && !*p.UseRegex {
		return fmt.Errorf("pre_tokenizer %s is not ByteLevel with the pattern of GPT-2", f.PreTokenizer)
	}
	if f.Model.Type != "BPE" || len(f.Model.Vocab) != special+singles+merges || len(f.Model.Merges) != merges {
		return fmt.Errorf("model %s of %d tokens, %d merges; want BPE, %d, %d",
			f.Model.Type, len(f.Model.Vocab), len(f.Model.Merges), special+singles+merges, merges)
	}
	used := make([]bool, len(f.Model.Vocab))
	for tok, id := range f.Model.Vocab {
		if id < 0 || int(id) >= len(used) || used[id] {
			return fmt.Errorf("token %q: id %d", tok, id)
		}
		used[id] = true
	}
	known := 0
	for _, a := range f.Added {
		if slices.Contains(dropped, a.Content) {
			continue
		}
		run := known - special
		want, id := "", int32(known)
		switch {
		case known == 0:
			want = "<|endoftext|>"
		case known == 1:
			want = "<|padding|>"
		case known < numAdded:
			want, id = strings.Repeat(" ", longest-run), int32(firstRun+run)
		}
		if a.Content != want || a.ID != id || a.Special != (known < special) || a.Normalized == a.Special || a.SingleWord || a.LStrip || a.RStrip {
			return fmt.Errorf("added token %d, %q, is not as in GPT-NeoX-20B", a.ID, a.Content)
		}
		known++
	}
	if known != numAdded {
		return fmt.Errorf("%d added tokens, want %d", known, numAdded)
	}
	return nil
}

// byteOf returns the byte that a token stands for, if it is a single one.
func byteOf(token string) (byte, bool) {
	for b := range 256 {
		if lemma.ByteLevel(string([]byte{byte(b)})) == token {
			return byte(b), true
		}
	}
	return 0, false
}
