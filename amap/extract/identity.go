package extract

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"fmt"

	"github.com/semamap/semamap/internal/vec"
)

// identity is a hash of the configuration and of some of the weights. It does
// not depend on the processor.
func (m *Model) identity() string {
	h := sha256.New()
	c := &m.config
	fmt.Fprintln(h, c.layout, c.vocab, c.hidden, c.units, c.layers, c.heads, c.kvHeads, c.headDim, c.gated, c.parallel, c.eps, c.rope)
	if c.act != nil {
		x := []float32{-1, -3}
		c.act(x)
		fmt.Fprintf(h, "%.4f\n", x)
	}
	write := func(x []float32) { binary.Write(h, binary.LittleEndian, x) }
	row := make([]float32, max(c.hidden, c.units, c.heads*c.headDim))
	step := max(1, c.vocab/64)
	for id := 0; id < c.vocab; id += step {
		m.token(row, id)
		write(row[:c.hidden])
	}
	some := func(p *vec.Linear) {
		out, in := p.Dims()
		for _, o := range []int{0, out / 2, out - 1} {
			p.Row(row, o)
			write(row[:in])
		}
	}
	for i := range m.blocks {
		b := &m.blocks[i]
		write(b.attnNorm.weight)
		write(b.mlpNorm.weight)
		some(b.out)
		some(b.down)
		// Queries and values are what is often changed alone. Their order is
		// that of the program.
		var all [sha256.Size]byte
		out, in := b.qkv.Dims()
		bytes := make([]byte, 0, 4*in)
		for o := range out {
			b.qkv.Row(row, o)
			bytes, _ = binary.Append(bytes[:0], binary.LittleEndian, row[:in])
			for j, v := range sha256.Sum256(bytes) {
				all[j] ^= v
			}
		}
		h.Write(all[:])
	}
	write(m.final.weight)
	return hex.EncodeToString(h.Sum(nil)[:16])
}
