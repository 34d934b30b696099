package main

import (
	"compress/flate"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"io"

	"github.com/semamap/semamap/examples/internal/sample"
)

// encode writes a map. The result is the same for the same input.
func encode(w io.Writer, m *sample.Map) error {
	line, err := json.Marshal(m.Header)
	if err != nil {
		return err
	}
	var raw []byte
	last := int32(-1)
	for _, id := range m.IDs {
		raw = binary.AppendUvarint(raw, uint64(id-last))
		last = id
	}
	for _, c := range m.Counts {
		raw = binary.AppendUvarint(raw, uint64(c))
	}
	n := len(m.Values) / 2
	mask := make([]byte, (n+7)/8)
	var high, low []byte
	for i := range n {
		at := 2 * m.Index(i)
		if l, h := m.Values[at], m.Values[at+1]; l != 0 || h != 0 {
			mask[i/8] |= 1 << (i % 8)
			high, low = append(high, h), append(low, l)
		}
	}
	if _, err := fmt.Fprintf(w, "%s%s\n", sample.Magic, line); err != nil {
		return err
	}
	z, err := flate.NewWriter(w, flate.BestCompression)
	if err != nil {
		return err
	}
	for _, part := range [][]byte{raw, mask, high, low} {
		if _, err := z.Write(part); err != nil {
			return err
		}
	}
	return z.Close()
}
