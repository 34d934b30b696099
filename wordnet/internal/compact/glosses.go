package compact

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"strings"
	"sync"
	"unicode/utf8"
)

// GlossName is the name of a file of glosses, which lies beside the compact file
// of a database. It holds
//
//	magic, format version, header length and checksum as a compact file
//	header: Sum of the database, number of synsets; of each block its raw
//	length, packed length and CRC-32 of the raw bytes
//	the blocks, each deflated, end to end
//
// A block holds the glosses of so many synsets, a line each. Blocks are unpacked
// when they are asked for.
const GlossName = "glosses.compact"

const (
	glossMagic = "\x89WNG\r\n\x1a\n"
	perBlock   = 1 << 10 // glosses
)

// PackGlosses writes the file of glosses of a database.
func PackGlosses(w io.Writer, c *Columns) error {
	header := binary.AppendUvarint(nil, uint64(c.Sum()))
	header = binary.AppendUvarint(header, uint64(len(c.Glosses)))
	var body bytes.Buffer
	for i := 0; i < len(c.Glosses); i += perBlock {
		text := strings.Join(c.Glosses[i:min(i+perBlock, len(c.Glosses))], "\n")
		var err error
		if header, err = deflate(&body, header, []byte(text)); err != nil {
			return err
		}
	}
	return write(w, glossMagic, header, &body)
}

// Glosses are the glosses of a database. They may be used by any number of
// goroutines.
type Glosses struct{ block []glossBlock }

type glossBlock struct {
	packed
	glosses int

	once  sync.Once
	lines []string
	err   error
}

// ReadGlosses reads the header of a file of glosses, which must belong to a
// database of a Sum and so many synsets.
func ReadGlosses(text string, sum uint32, synsets int) (*Glosses, error) {
	h, rest, err := open(text, glossMagic, "file of WordNet glosses")
	if err != nil {
		return nil, err
	}
	if s, n := h.V(), h.V(); h.Bad || s != uint64(sum) || n != uint64(synsets) {
		return nil, errors.New("glosses of another database")
	}
	g := &Glosses{make([]glossBlock, (synsets+perBlock-1)/perBlock)}
	total := uint64(0)
	for i := range g.block {
		b := &g.block[i]
		b.glosses = min(perBlock, synsets-i*perBlock)
		if rest, err = b.next(&h, rest, &total, fmt.Sprintf("block %d", i)); err != nil {
			return nil, err
		}
	}
	if len(h.B) > 0 || len(rest) > 0 {
		return nil, errors.New("bytes left over at the end")
	}
	return g, nil
}

// At returns the gloss of the i-th synset.
func (g *Glosses) At(i int) (string, error) {
	b := &g.block[i/perBlock]
	b.once.Do(func() {
		text, err := b.unpack()
		if err == nil && !utf8.Valid(text) {
			err = errors.New("invalid UTF-8")
		}
		if n := bytes.Count(text, []byte{'\n'}) + 1; err == nil && n != b.glosses {
			err = fmt.Errorf("%d glosses, want %d", n, b.glosses)
		}
		if err != nil {
			b.err = fmt.Errorf("block %d: %w", i/perBlock, err)
			return
		}
		b.lines = strings.Split(string(text), "\n")
	})
	if b.err != nil {
		return "", b.err
	}
	return b.lines[i%perBlock], nil
}
