package neox

import (
	"bytes"
	"compress/gzip"
	"encoding/binary"
	"io"
	"os"
	"reflect"
	"slices"
	"testing"

	"github.com/semamap/semamap/internal/golden"
	"github.com/semamap/semamap/lemma/internal/bpe"
)

// The embedded data are what tokenizer.json of GPT-NeoX-20B says. With -update
// the test makes them from the file: the same file and release of Go give the
// same data, byte for byte.
func TestPacked(t *testing.T) {
	text, err := os.ReadFile(golden.Shared(t, "data/neox_tokenizer.json"))
	if err != nil {
		t.Fatal(err)
	}
	want, err := bpe.ParseJSON(text)
	if err != nil {
		t.Fatal(err)
	}
	// AI2's copy of the file adds three tokens for personal data.
	want.Added = slices.DeleteFunc(want.Added, func(a bpe.AddedToken) bool {
		return slices.Contains([]string{"|||EMAIL_ADDRESS|||", "|||PHONE_NUMBER|||", "|||IP_ADDRESS|||"}, a.Content)
	})
	z, err := gzip.NewReader(bytes.NewReader(packed))
	if err != nil {
		t.Fatal(err)
	}
	old, err := io.ReadAll(z)
	if err != nil {
		t.Fatal(err)
	}
	b := pack(t, want)
	data := packed
	switch {
	case bytes.Equal(b, old):
	case golden.Update():
		data = zip(t, b)
		if err := os.WriteFile("neox.bin.gz", data, 0o644); err != nil {
			t.Fatal(err)
		}
	default:
		t.Error("neox.bin.gz does not hold what is made of tokenizer.json")
	}
	// What is not packed must be as New takes it for granted.
	if got, err := unpack(data); err != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("the tokenizer differs from that of tokenizer.json (%v)", err)
	}
}

func zip(t *testing.T, b []byte) []byte {
	var buf bytes.Buffer
	w, err := gzip.NewWriterLevel(&buf, gzip.BestCompression)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := w.Write(b); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return buf.Bytes()
}

// pack writes the form that unpack reads: after two special tokens come the
// single bytes, then the products of the merges in the order of their ranks.
func pack(t *testing.T, s bpe.Spec) []byte {
	const special = 2
	merges := len(s.Merges)
	singles := len(s.Tokens) - special - merges
	b := binary.AppendUvarint([]byte("neox 1\n"), special)
	b = binary.AppendUvarint(b, uint64(singles))
	for _, tok := range s.Tokens[special : special+singles] {
		c, ok := bpe.Bytes(nil, tok)
		if !ok || len(c) != 1 {
			t.Fatalf("%q is not a single byte", tok)
		}
		b = append(b, c...)
	}
	b = binary.AppendUvarint(b, uint64(merges))
	var column [4][]byte
	for _, m := range s.Merges {
		for i, c := range []int32{m.Left, m.Left >> 8, m.Right, m.Right >> 8} {
			column[i] = append(column[i], byte(c))
		}
	}
	b = append(b, slices.Concat(column[:]...)...)
	b = binary.AppendUvarint(b, uint64(len(s.Added)))
	for _, a := range s.Added {
		var flags byte
		if a.Normalized {
			flags |= 1
		}
		if a.Special {
			flags |= 2
		}
		b = append(binary.AppendUvarint(b, uint64(a.ID)), flags)
		b = binary.AppendUvarint(b, uint64(len(a.Content)))
		b = append(b, a.Content...)
	}
	return b
}
