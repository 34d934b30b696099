package sample

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"testing"

	"github.com/semamap/semamap/lemma"
)

var _ lemma.Rows = (*Layer)(nil)

func TestLoad(t *testing.T) {
	if n := len(packed) + len(tokenizer); n > 9_000_000 {
		t.Errorf("the sample has %d bytes, more than 9 MB", n)
	}
	m, err := Load()
	if err != nil {
		t.Fatal(err)
	}
	if m.Kept != 11052 || len(m.Layers) != 6 || m.Width() != 128 || m.Rows != 49152 {
		t.Errorf("header %+v", m.Header)
	}
	// Deflate output may change with the Go version, what it holds may not.
	sum := sha256.New()
	binary.Write(sum, binary.LittleEndian, m.Values)
	binary.Write(sum, binary.LittleEndian, m.Scale)
	const want = "72b3e3d1ff79b4490b0c56e225c09a5ead32b767038ceb552a560c0705f55644"
	if got := hex.EncodeToString(sum.Sum(nil)); got != want {
		t.Errorf("values have sha256 %s, want %s", got, want)
	}
	if _, err := m.Layer(0).Row(nil, 1); !errors.Is(err, ErrToken) {
		t.Errorf("row of a token that no lemma has: %v", err)
	}
}
