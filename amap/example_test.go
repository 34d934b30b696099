package amap_test

import (
	"bytes"
	"context"
	"fmt"
	"log"
	"strings"

	"github.com/semamap/semamap/amap"
)

const (
	file   = "testdata/amap-small-fp16_position.pickle"
	counts = "testdata/tokens-count-small_position.pickle"
)

func Example() {
	m, err := amap.Open(file, amap.WithPositions(15))
	if err != nil {
		log.Fatal(err)
	}
	defer m.Close()
	for _, mode := range m.Modes() {
		for _, n := range m.Layers(mode) {
			l, err := m.Layer(mode, n)
			if err != nil {
				log.Fatal(err)
			}
			rows, units := l.Dims()
			fmt.Println(mode, n, rows, units, l.DType())
		}
	}
	// Output:
	// input 0 116 8 float16
	// input 1 116 8 float16
	// input 2 116 8 float16
	// output 0 116 8 float16
	// output 1 116 8 float16
	// output 2 116 8 float16
}

// The vector of a word is the mean of its tokens' rows.
func ExampleLayer_Mean() {
	m, err := amap.Open(file)
	if err != nil {
		log.Fatal(err)
	}
	defer m.Close()
	l, err := m.Layer(amap.Input, 1)
	if err != nil {
		log.Fatal(err)
	}
	mean, err := l.Mean(nil, []int32{5, 61, 5})
	if err != nil {
		log.Fatal(err)
	}
	fmt.Printf("%.4f\n", mean)
	// Output:
	// [0.5621 0.3107 0.7083 0.0000 0.4093 -0.1318 -0.1375 -0.1369]
}

func ExampleMap_TopTokens() {
	c, err := amap.OpenCounts(counts)
	if err != nil {
		log.Fatal(err)
	}
	m, err := amap.Open(file, amap.WithCounts(c), amap.WithPositions(15))
	if err != nil {
		log.Fatal(err)
	}
	defer m.Close()
	unit, err := amap.ParseUnit("1_6")
	if err != nil {
		log.Fatal(err)
	}
	top, err := m.TopTokens(context.Background(), amap.Input, []amap.UnitID{unit}, 3, &amap.TopOptions{MinCount: 10})
	if err != nil {
		log.Fatal(err)
	}
	for _, t := range top[0] {
		fmt.Println(t.ID, t.Value, t.Count)
	}
	// Output:
	// 75 1.1552734 21
	// 98 0.8408203 27
	// 4 0.8017578 13
}

// Maps of two halves of a corpus make the map of the whole.
func ExampleMerge() {
	half := func(x, count float64) amap.Part {
		m, err := amap.NewMap(amap.Float16, map[amap.Mode][]amap.Rows{amap.Input: {row{float32(x)}}})
		if err != nil {
			log.Fatal(err)
		}
		return amap.Part{Map: m, Counts: amap.NewCounts(map[amap.Mode][]int64{amap.Input: {int64(count)}})}
	}
	whole, counts, err := amap.Merge(0, half(1, 30), half(2, 10))
	if err != nil {
		log.Fatal(err)
	}
	l, err := whole.Layer(amap.Input, 0)
	if err != nil {
		log.Fatal(err)
	}
	n, _ := counts.Of(amap.Input, 0)
	fmt.Println(l.At(0, 0), n)
	// Output: 1.25 40
}

// row is a matrix of one row.
type row []float32

func (r row) Dims() (rows, units int) { return 1, len(r) }
func (r row) Row(dst []float32, _ int) ([]float32, error) {
	return append(dst[:0], r...), nil
}

func ExampleWriteSafetensors() {
	m, err := amap.NewMap(amap.Float32, map[amap.Mode][]amap.Rows{amap.Input: {row{1, 2, 3}}})
	if err != nil {
		log.Fatal(err)
	}
	var b bytes.Buffer
	if err := amap.WriteSafetensors(context.Background(), &b, m); err != nil {
		log.Fatal(err)
	}
	again, err := amap.NewReader(bytes.NewReader(b.Bytes()), int64(b.Len()))
	if err != nil {
		log.Fatal(err)
	}
	l, err := again.Tensor("input/0")
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(l.Row(nil, 0))
	// Output: [1 2 3] <nil>
}

// "hat" and " hat" are different tokens; a text may have several ids.
func ExampleVocab() {
	v, err := amap.ReadVocab(strings.NewReader(`{"hat":0,"Ġhat":1,"ĠĠ":2,"  ":3}`))
	if err != nil {
		log.Fatal(err)
	}
	a, _ := v.Lookup("hat")
	b, _ := v.Lookup(" hat")
	fmt.Println(a, b, v.Token(b), v.Named("  "))
	// Output: 0 1 Ġhat [2 3]
}
