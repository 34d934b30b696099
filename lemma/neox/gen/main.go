// Command gen makes the data of package neox from a tokenizer.json of
// GPT-NeoX-20B:
//
//	go run ./lemma/neox/gen -in tokenizer.json -out lemma/neox/neox.bin.gz
//
// It checks every property that the format relies on and rejects the file
// otherwise. The three tokens for personal data that AI2's copy of the file
// adds are dropped, by name. The same input and release of Go give the same
// output, byte for byte.
package main

import (
	"bytes"
	"compress/gzip"
	"encoding/binary"
	"errors"
	"flag"
	"fmt"
	"os"
	"slices"
	"strings"

	"github.com/semamap/semamap/lemma/internal/bpe"
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

func pack(text []byte) ([]byte, error) {
	s, err := bpe.ParseJSON(text)
	if err != nil {
		return nil, err
	}
	s.Added = slices.DeleteFunc(s.Added, func(a bpe.AddedToken) bool { return slices.Contains(dropped, a.Content) })
	if err := check(&s); err != nil {
		return nil, err
	}
	b := []byte("neox 1\n")
	b = binary.AppendUvarint(b, special)
	b = binary.AppendUvarint(b, singles)
	for id := special; id < special+singles; id++ {
		c, ok := bpe.Bytes(nil, s.Tokens[id])
		if !ok || len(c) != 1 {
			return nil, fmt.Errorf("token %d, %q, is not a single byte", id, s.Tokens[id])
		}
		b = append(b, c...)
	}
	b = binary.AppendUvarint(b, merges)
	var column [4][]byte
	for rank, m := range s.Merges {
		if want := int32(special + singles + rank); m.ID != want || m.Left >= want || m.Right >= want {
			return nil, fmt.Errorf("merge %d makes %d, %q, not token %d", rank, m.ID, s.Tokens[m.ID], want)
		}
		for i, c := range []int32{m.Left & 255, m.Left >> 8, m.Right & 255, m.Right >> 8} {
			column[i] = append(column[i], byte(c))
		}
	}
	b = append(b, slices.Concat(column[:]...)...)
	b = binary.AppendUvarint(b, numAdded)
	for _, a := range s.Added {
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
func check(s *bpe.Spec) error {
	switch {
	case !s.NFC:
		return errors.New("the normalizer is not NFC")
	case s.Split != bpe.GPT2 || s.PrefixSpace:
		return errors.New("the pre_tokenizer is not ByteLevel with the pattern of GPT-2")
	case s.WholeFirst || len(s.Tokens) != special+singles+merges || len(s.Merges) != merges:
		return fmt.Errorf("a model of %d tokens, %d merges, ignore_merges %t; want %d, %d, false",
			len(s.Tokens), len(s.Merges), s.WholeFirst, special+singles+merges, merges)
	}
	for i, a := range s.Added {
		want := bpe.AddedToken{ID: int32(i), Special: i < special, Normalized: i >= special}
		switch {
		case i == 0:
			want.Content = "<|endoftext|>"
		case i == 1:
			want.Content = "<|padding|>"
		case i < numAdded:
			want.ID, want.Content = int32(firstRun+i-special), strings.Repeat(" ", longest+special-i)
		}
		if a != want {
			return fmt.Errorf("added token %d, %q, is not as in GPT-NeoX-20B", a.ID, a.Content)
		}
	}
	if len(s.Added) != numAdded {
		return fmt.Errorf("%d added tokens, want %d", len(s.Added), numAdded)
	}
	return nil
}
