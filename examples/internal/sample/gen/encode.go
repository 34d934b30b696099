package main

import (
	"compress/flate"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"io"
	"math"

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
	for _, s := range m.Scale {
		raw = binary.LittleEndian.AppendUint32(raw, math.Float32bits(s))
	}
	for i := range m.Values {
		raw = append(raw, byte(m.Values[m.Index(i)]))
	}
	if _, err := fmt.Fprintf(w, "%s%s\n", sample.Magic, line); err != nil {
		return err
	}
	z, err := flate.NewWriter(w, flate.BestCompression)
	if err != nil {
		return err
	}
	if _, err := z.Write(raw); err != nil {
		return err
	}
	return z.Close()
}
