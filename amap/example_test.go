package amap_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log"
	"strings"

	"gonum.org/v1/gonum/mat"

	"github.com/semamap/semamap/amap"
)

const (
	file   = "testdata/amap-small-fp16_position.pickle"
	counts = "testdata/tokens-count-small_position.pickle"
)

func Example() {
	m, err := amap.Open(file, nil)
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

// The vector of a word is the mean of its tokens' rows. With the token counts as
// weights it is the mean over all occurrences of the tokens.
func ExampleLayer_Mean() {
	m, err := amap.Open(file, nil)
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
	if mean, err = l.Mean(mean, []int32{5, 61}, 2, 1); err != nil {
		log.Fatal(err)
	}
	fmt.Printf("%.4f\n", mean)
	// Output:
	// [0.5621 0.3107 0.7083 0.0000 0.4093 -0.1318 -0.1375 -0.1369]
	// [0.5621 0.3107 0.7083 0.0000 0.4093 -0.1318 -0.1375 -0.1369]
}

// Rows one by one, in blocks, and of chosen tokens.
func ExampleLayer_Row() {
	m, err := amap.Open(file, nil)
	if err != nil {
		log.Fatal(err)
	}
	defer m.Close()
	l, err := m.Layer(amap.Output, 2)
	if err != nil {
		log.Fatal(err)
	}
	rows, units := l.Dims()
	var row []float32
	greatest := float32(0)
	for i := range rows {
		if row, err = l.Row(row, i); err != nil {
			log.Fatal(err)
		}
		greatest = max(greatest, row[6])
	}
	all := make([]float32, rows*units)
	if err := l.ReadRows(all, 0, rows); err != nil {
		log.Fatal(err)
	}
	two := make([]float32, 2*units)
	if err := l.Gather(two, []int32{56, 3}); err != nil {
		log.Fatal(err)
	}
	fmt.Println(greatest, two[6] == all[56*units+6], two[units+6] == all[3*units+6])
	// Output: 1.7666016 true true
}

// A layer is a gonum matrix. Dense copies it into memory, for algorithms that
// read it more than once.
func ExampleLayer_Dense() {
	m, err := amap.Open(file, nil)
	if err != nil {
		log.Fatal(err)
	}
	defer m.Close()
	l, err := m.Layer(amap.Input, 1)
	if err != nil {
		log.Fatal(err)
	}
	some, err := l.Select([]int32{4, 5, 6, 7}, []int{0, 1, 2}) // four tokens, three units
	if err != nil {
		log.Fatal(err)
	}
	x, err := some.Dense()
	if err != nil {
		log.Fatal(err)
	}
	var gram mat.Dense
	gram.Mul(x.T(), x)
	fmt.Printf("%.3f %.3f\n", gram.At(0, 0), mat.Trace(&gram))
	fmt.Println(some.At(1, 2) == l.At(5, 2))
	// Output:
	// 0.050 1.698
	// true
}

// The tokens that activate a unit most, in a SYSIF pickle.
func ExampleMap_TopTokens() {
	c, err := amap.OpenCounts(counts)
	if err != nil {
		log.Fatal(err)
	}
	m, err := amap.Open(file, &amap.Options{Counts: c, Positions: 16})
	if err != nil {
		log.Fatal(err)
	}
	defer m.Close()
	unit := amap.UnitID{Layer: 1, Unit: 6}
	ids, values, err := m.TopTokens(context.Background(), amap.Input, unit, 3, &amap.Scope{MinCount: 10})
	if err != nil {
		log.Fatal(err)
	}
	for i, id := range ids {
		fmt.Println(id, values[i], c[amap.Input][id])
	}
	// Output:
	// 75 1.1552734 21
	// 98 0.8408203 27
	// 4 0.8017578 13
}

// Dead units are those that no token activates, here in either mode.
func ExampleDead() {
	c, err := amap.OpenCounts(counts)
	if err != nil {
		log.Fatal(err)
	}
	m, err := amap.Open(file, &amap.Options{Counts: c, Positions: 16})
	if err != nil {
		log.Fatal(err)
	}
	defer m.Close()
	stats, err := m.Stats(context.Background(), "", nil)
	if err != nil {
		log.Fatal(err)
	}
	for _, u := range amap.Dead(stats, 0.1) {
		fmt.Println(u.Mode, u.Unit, u.Max)
	}
	// Output:
	// input 0_3 0
	// input 1_3 0
	// input 2_3 0
	// output 0_3 0
	// output 1_3 0
	// output 2_3 0
}

// Signs that the numbers of a file are wrong.
func ExampleMap_Check() {
	c, err := amap.OpenCounts(counts)
	if err != nil {
		log.Fatal(err)
	}
	m, err := amap.Open(file, &amap.Options{Counts: c, Positions: 16})
	if err != nil {
		log.Fatal(err)
	}
	defer m.Close()
	findings, err := m.Check(context.Background())
	if err != nil {
		log.Fatal(err)
	}
	for _, f := range findings[:4] {
		fmt.Println(f)
	}
	// Output:
	// trailing passed    0 bytes after the data
	// shape    passed    6 layers of 116 × 8
	// rows     passed    as many counts as rows
	// wTkn     SUSPECT   2449 tokens of input, 2439 of output
}

// Convert a pickle to safetensors, keeping two tokens only.
func ExampleMap_WriteSafetensors() {
	m, err := amap.Open(file, nil)
	if err != nil {
		log.Fatal(err)
	}
	defer m.Close()
	two, err := m.Filter([]int32{75, 98})
	if err != nil {
		log.Fatal(err)
	}
	var b bytes.Buffer
	if err := two.WriteSafetensors(context.Background(), &b); err != nil {
		log.Fatal(err)
	}
	// The ids of the tokens are not in the file.
	again, err := amap.NewReader(bytes.NewReader(b.Bytes()), int64(b.Len()), &amap.Options{IDs: []int32{75, 98}})
	if err != nil {
		log.Fatal(err)
	}
	ids, values, err := again.TopTokens(context.Background(), amap.Input, amap.UnitID{Layer: 1, Unit: 6}, 1, nil)
	fmt.Println(again.Format(), again.Layers(amap.Input), ids, values, err)
	// Output: safetensors [0 1 2] [75] [1.1552734] <nil>
}

// Maps of two halves of a corpus make the map of the whole.
func ExampleMerge() {
	half := func(x float32, count int64) *amap.Map {
		m, err := amap.NewMap(amap.Float16, map[amap.Mode][]amap.Rows{amap.Input: {row{x}}},
			&amap.Options{Counts: amap.Counts{amap.Input: {count}}})
		if err != nil {
			log.Fatal(err)
		}
		return m
	}
	whole, err := amap.Merge(amap.Float32, half(1, 30), half(2, 10))
	if err != nil {
		log.Fatal(err)
	}
	l, err := whole.Layer(amap.Input, 0)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(l.At(0, 0), whole.Counts()[amap.Input])
	var pickle bytes.Buffer // any io.Writer
	fmt.Println(whole.WriteSYSIF(context.Background(), &pickle))
	// Output:
	// 1.25 [40]
	// <nil>
}

// row is a matrix of one row.
type row []float32

func (r row) Dims() (rows, cols int)                      { return 1, len(r) }
func (r row) Row(dst []float32, _ int) ([]float32, error) { return r, nil }

// Errors wrap one of a few reasons.
func ExampleNewReader() {
	reasons := []error{amap.ErrFormat, amap.ErrUnsupported, amap.ErrTruncated, amap.ErrLimit, amap.ErrShape, amap.ErrNotFound}
	for _, b := range []string{
		"\x80\x05K\x01.",                          // a pickled number
		"\x80\x02cposix\nsystem\n.",               // a pickle that would run a command
		"\x80\x05}\x94(",                          // a pickle that was cut
		"\x80\x05" + strings.Repeat("(", 100_000), // more than any map needs
	} {
		_, err := amap.NewReader(strings.NewReader(b), int64(len(b)), nil)
		for _, r := range reasons {
			if errors.Is(err, r) {
				fmt.Println(r)
			}
		}
	}
	m, err := amap.Open(file, nil)
	if err != nil {
		log.Fatal(err)
	}
	l, err := m.Layer(amap.Input, 0)
	if err != nil {
		log.Fatal(err)
	}
	_, err = l.Row(nil, 5000)
	fmt.Println(errors.Is(err, amap.ErrShape))
	m.Close()
	_, err = l.Row(nil, 0)
	fmt.Println(errors.Is(err, amap.ErrClosed))
	// Output:
	// malformed file
	// not supported
	// file is truncated
	// limit exceeded
	// true
	// true
}

// SYSIF's table of two tokens, for pandas: a line for each unit.
func ExampleMap_WriteCSV() {
	m, err := amap.Open(file, nil)
	if err != nil {
		log.Fatal(err)
	}
	defer m.Close()
	few, err := m.Filter([]int32{5, 61})
	if err != nil {
		log.Fatal(err)
	}
	names := map[int32]string{5: "hat", 61: " hat"}
	var table strings.Builder
	if err := few.WriteCSV(context.Background(), &table, func(id int32) string { return names[id] }); err != nil {
		log.Fatal(err)
	}
	lines := strings.Split(table.String(), "\n")
	fmt.Println(lines[0])
	fmt.Println(lines[4])
	// Output:
	// hat," hat",#unit,#mode,#layer,#mean
	// 0,0,0_3,input,0,0
}

// A filtered map keeps the token ids of its rows in a safetensors file.
func ExampleLayer_TokenIDs() {
	m, err := amap.Open(file, nil)
	if err != nil {
		log.Fatal(err)
	}
	defer m.Close()
	few, err := m.Filter([]int32{61, 5})
	if err != nil {
		log.Fatal(err)
	}
	var b bytes.Buffer
	if err := few.WriteSafetensors(context.Background(), &b); err != nil {
		log.Fatal(err)
	}
	again, err := amap.NewReader(bytes.NewReader(b.Bytes()), int64(b.Len()), nil)
	if err != nil {
		log.Fatal(err)
	}
	l, err := again.Layer(amap.Input, 0)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(l.TokenIDs())
	// Output:
	// [61 5] true
}
