package amap

import (
	"bytes"
	"encoding/csv"
	"errors"
	"io"
	"math"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// The table is SYSIF's, cell by cell; its means, which torch rounds to fp16, to
// half a unit in their last place.
func TestWriteCSV(t *testing.T) {
	f, err := os.Open("testdata/table.csv")
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	want, err := csv.NewReader(f).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	names := map[int32]string{2: " hat", 3: `a,"b"`, 17: "\n", 40: "#x", 99: "é", 115: "[POS_15]"}
	openBoth(t, smallFile, func(t *testing.T, m *Map) {
		m, err := m.Filter([]int32{2, 3, 17, 40, 99, 115})
		if err != nil {
			t.Fatal(err)
		}
		var b bytes.Buffer
		if err := m.WriteCSV(t.Context(), &b, func(id int32) string { return names[id] }); err != nil {
			t.Fatal(err)
		}
		got, err := csv.NewReader(&b).ReadAll()
		if err != nil || len(got) != len(want) || !slices.Equal(got[0], want[0]) {
			t.Fatal(err, len(got), len(want), got[0], want[0])
		}
		for i, line := range got[1:] {
			w := want[i+1]
			if !slices.Equal(line[6:9], w[6:9]) {
				t.Fatal(line, w)
			}
			for j, cell := range slices.Concat(line[:6], line[9:]) {
				x, err := strconv.ParseFloat(cell, 64)
				y, err2 := strconv.ParseFloat(slices.Concat(w[:6], w[9:])[j], 64)
				if err != nil || err2 != nil || j < 6 && float32(x) != float32(y) || j == 6 && math.Abs(x-y) > 0x1p-11*math.Abs(y)+0x1p-25 {
					t.Fatalf("line %d: %v, want %v", i, line, w)
				}
			}
		}
	})
}

func TestWriteCSVForms(t *testing.T) {
	m, err := NewMap(Float64, map[Mode][]Rows{"a,b": {hard(30, 7)}}, &Options{IDs: []int32{29, 28, 27, 26, 25, 24, 23, 22, 21, 20, 19, 18, 17, 16, 15, 14, 13, 12, 11, 10, 9, 8, 7, 6, 5, 4, 3, 2, 1, 0}})
	if err != nil {
		t.Fatal(err)
	}
	var b bytes.Buffer
	if err := m.WriteCSV(t.Context(), &b, nil); err != nil {
		t.Fatal(err)
	}
	lines, err := csv.NewReader(bytes.NewReader(b.Bytes())).ReadAll()
	if err != nil || len(lines) != 8 || lines[0][0] != "29" || lines[0][29] != "0" || lines[1][31] != "a,b" {
		t.Fatal(lines, err)
	}
	l := layer(t, m, "a,b", 0)
	for u, line := range lines[1:] {
		for r := range 30 {
			if v, err := strconv.ParseFloat(line[r], 64); err != nil || math.Float64bits(v) != math.Float64bits(l.At(r, u)) && v == v {
				t.Fatalf("%d, %d: %v, %v, want %v", r, u, line[r], err, l.At(r, u))
			}
		}
	}
	// Few units at a time give the same lines.
	_, body, _ := strings.Cut(b.String(), "\n")
	for _, block := range []int{1, 65, 100} {
		var part bytes.Buffer
		if err := l.writeCSV(t.Context(), &part, block); err != nil || part.String() != body {
			t.Error(block, err)
		}
	}
	uneven, err := NewMap(Float32, map[Mode][]Rows{Input: {hard(3, 2), hard(4, 2)}}, nil)
	if err != nil {
		t.Fatal(err)
	}
	if err := uneven.WriteCSV(t.Context(), io.Discard, nil); !errors.Is(err, ErrShape) || !strings.Contains(err.Error(), "input layer 1") {
		t.Error(err)
	}
	none, err := NewMap(Float32, nil, nil)
	if err != nil {
		t.Fatal(err)
	}
	if err := none.WriteCSV(t.Context(), io.Discard, nil); !errors.Is(err, ErrShape) {
		t.Error(err)
	}
}

// A filtered map knows which tokens its rows are.
func TestTokenIDs(t *testing.T) {
	m := small(t, false)
	if ids, known := layer(t, m, Input, 0).TokenIDs(); ids != nil || !known {
		t.Error(ids, known)
	}
	want := []int32{9, 3, 100}
	few, err := m.Filter(want)
	if err != nil {
		t.Fatal(err)
	}
	var b bytes.Buffer
	if err := few.WriteSafetensors(t.Context(), &b); err != nil {
		t.Fatal(err)
	}
	again := reopen(t, b.Bytes(), nil)
	for _, m := range []*Map{few, again} {
		if ids, known := layer(t, m, Output, 2).TokenIDs(); !slices.Equal(ids, want) || !known {
			t.Error(ids, known)
		}
	}
	if ids, v, err := again.TopTokens(t.Context(), Input, UnitID{0, 0}, 1, &Scope{Unseen: true}); err != nil || !slices.Contains(want, ids[0]) || float64(v[0]) != layer(t, m, Input, 0).At(int(ids[0]), 0) {
		t.Error(ids, v, err)
	}
	b.Reset()
	if err := few.WriteSYSIF(t.Context(), &b); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		o     *Options
		ids   []int32
		known bool
	}{{nil, nil, false}, {&Options{IDs: want}, want, true}, {&Options{Transposed: new(false)}, nil, true}} {
		again := reopen(t, b.Bytes(), c.o)
		l := layer(t, again, Input, 1)
		if ids, known := l.TokenIDs(); !slices.Equal(ids, c.ids) || known != c.known {
			t.Error(ids, known, c)
		}
		if c.known != (c.o != nil) || c.o != nil && c.o.IDs == nil {
			continue
		}
		if rows, _ := l.Dims(); rows != 3 || l.At(1, 2) != layer(t, m, Input, 1).At(3, 2) {
			t.Error(rows)
		}
	}
}
