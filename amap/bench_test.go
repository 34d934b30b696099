package amap

import (
	"encoding/binary"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"testing"

	"github.com/semamap/semamap/internal/vec"
)

// benchMap opens the file that SEMAMAP_AMAP names, or else a small map of the
// same shape that is made here.
func benchMap(b *testing.B, mmap bool) *Map {
	b.Helper()
	path := os.Getenv("SEMAMAP_AMAP")
	if path == "" {
		path = filepath.Join(b.TempDir(), "amap.npy")
		if err := os.WriteFile(path, syntheticNPY(20000, 2048), 0o600); err != nil {
			b.Fatal(err)
		}
	}
	m, err := Open(path, &Options{NoMmap: !mmap})
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { m.Close() })
	return m
}

func syntheticNPY(rows, units int) []byte {
	rng := rand.New(rand.NewPCG(1, 2))
	head := fmt.Sprintf("{'descr': '<f2', 'fortran_order': False, 'shape': (%d, %d), }\n", rows, units)
	out := binary.LittleEndian.AppendUint16([]byte("\x93NUMPY\x01\x00"), uint16(len(head)))
	out = append(out, head...)
	for range rows * units {
		out = binary.LittleEndian.AppendUint16(out, vec.F64ToF16(rng.NormFloat64()-1))
	}
	return out
}

func benchRows(n, rows int) []int32 {
	rng := rand.New(rand.NewPCG(3, 4))
	ids := make([]int32, n)
	for i := range ids {
		ids[i] = int32(rng.IntN(rows))
	}
	return ids
}

func eachMode(b *testing.B, f func(b *testing.B, mmap bool)) {
	for _, mmap := range []bool{true, false} {
		b.Run(fmt.Sprintf("mmap=%t", mmap), func(b *testing.B) { f(b, mmap) })
	}
}

func BenchmarkOpen(b *testing.B) {
	path := os.Getenv("SEMAMAP_AMAP")
	if path == "" {
		path = smallFile
	}
	eachMode(b, func(b *testing.B, mmap bool) {
		b.ReportAllocs()
		for b.Loop() {
			m, err := Open(path, &Options{NoMmap: !mmap})
			if err != nil {
				b.Fatal(err)
			}
			m.Close()
		}
	})
}

func perNumber(b *testing.B, n int) {
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/float64(n), "ns/number")
}

func BenchmarkGather(b *testing.B) {
	eachMode(b, func(b *testing.B, mmap bool) {
		l := layer(b, benchMap(b, mmap), Input, 0)
		rows, units := l.Dims()
		ids := benchRows(30000, rows)
		dst := make([]float32, len(ids)*units)
		if err := l.Gather(dst, ids); err != nil { // the first touch of dst costs more than all the rest
			b.Fatal(err)
		}
		for b.Loop() {
			if err := l.Gather(dst, ids); err != nil {
				b.Fatal(err)
			}
		}
		perNumber(b, len(dst))
	})
}

func BenchmarkMean(b *testing.B) {
	eachMode(b, func(b *testing.B, mmap bool) {
		l := layer(b, benchMap(b, mmap), Input, 0)
		rows, units := l.Dims()
		ids := benchRows(30000, rows)
		dst := make([]float32, units)
		for b.Loop() {
			if _, err := l.Mean(dst, ids); err != nil {
				b.Fatal(err)
			}
		}
		perNumber(b, len(ids)*units)
	})
}

func BenchmarkRow(b *testing.B) {
	eachMode(b, func(b *testing.B, mmap bool) {
		l := layer(b, benchMap(b, mmap), Input, 0)
		rows, units := l.Dims()
		ids := benchRows(4096, rows)
		dst := make([]float32, units)
		b.ReportAllocs()
		i := 0
		for b.Loop() {
			dst, _ = l.Row(dst, int(ids[i%len(ids)]))
			i++
		}
		perNumber(b, units)
	})
}

// One pass over a layer, row by row on one goroutine and in blocks.
func BenchmarkPass(b *testing.B) {
	for _, transposed := range []bool{false, true} {
		b.Run(fmt.Sprintf("transposed=%t", transposed), func(b *testing.B) {
			eachMode(b, func(b *testing.B, mmap bool) {
				path := os.Getenv("SEMAMAP_NPY")
				if path == "" {
					path = filepath.Join(b.TempDir(), "amap.npy")
					if err := os.WriteFile(path, syntheticNPY(4096, 2048), 0o600); err != nil {
						b.Fatal(err)
					}
				}
				m, err := Open(path, &Options{NoMmap: !mmap, Transposed: &transposed})
				if err != nil {
					b.Fatal(err)
				}
				defer m.Close()
				l := layer(b, m, Input, 0)
				rows, units := l.Dims()
				b.Run("Row", func(b *testing.B) {
					var row []float32
					for b.Loop() {
						for i := range rows {
							if row, err = l.Row(row, i); err != nil {
								b.Fatal(err)
							}
						}
					}
					perNumber(b, rows*units)
				})
				for _, block := range []int{16, 256} {
					b.Run(fmt.Sprintf("ReadRows=%d", block), func(b *testing.B) {
						dst := make([]float32, block*units)
						for b.Loop() {
							for lo := 0; lo < rows; lo += block {
								hi := min(rows, lo+block)
								if err := l.ReadRows(dst[:(hi-lo)*units], lo, hi); err != nil {
									b.Fatal(err)
								}
							}
						}
						perNumber(b, rows*units)
					})
				}
			})
		})
	}
}

func BenchmarkColumn(b *testing.B) {
	eachMode(b, func(b *testing.B, mmap bool) {
		l := layer(b, benchMap(b, mmap), Input, 0)
		rows, _ := l.Dims()
		dst := make([]float32, rows)
		for b.Loop() {
			if err := l.column(dst, 17); err != nil {
				b.Fatal(err)
			}
		}
		perNumber(b, rows)
	})
}

func BenchmarkStats(b *testing.B) {
	eachMode(b, func(b *testing.B, mmap bool) {
		m := benchMap(b, mmap)
		n := 0
		for b.Loop() {
			s, err := m.Stats(b.Context(), "", &Scope{Unseen: true, Positions: true})
			if err != nil {
				b.Fatal(err)
			}
			n = 0
			for _, u := range s {
				n += u.Rows
			}
		}
		perNumber(b, n)
	})
}

func BenchmarkSelectivity(b *testing.B) {
	eachMode(b, func(b *testing.B, mmap bool) {
		m := benchMap(b, mmap)
		l := layer(b, m, Input, 0)
		rows, units := l.Dims()
		for b.Loop() {
			if _, err := m.Selectivity(b.Context(), Input, benchRows(100, rows), &Scope{Layers: []int{0}}); err != nil {
				b.Fatal(err)
			}
		}
		perNumber(b, rows*units)
	})
}

func BenchmarkHistogram(b *testing.B) {
	m := benchMap(b, true)
	for b.Loop() {
		if _, _, err := m.Histogram(b.Context(), "", 0, 0, 0, nil); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkWriteSYSIF(b *testing.B) {
	l := layer(b, benchMap(b, true), Input, 0)
	m, err := NewMap(Float16, map[Mode][]Rows{Input: {l}}, nil)
	if err != nil {
		b.Fatal(err)
	}
	rows, units := l.Dims()
	for b.Loop() {
		if err := m.WriteSYSIF(b.Context(), io.Discard); err != nil {
			b.Fatal(err)
		}
	}
	perNumber(b, rows*units)
}
