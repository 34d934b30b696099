package amap

import (
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
)

// torchForms calls f for each file of testdata/torch and testdata/torch1.13, with
// the values that torch saw.
func torchForms(t *testing.T, pattern string, f func(t *testing.T, path string, truth []byte)) {
	files, err := filepath.Glob("testdata/torch*/" + pattern + ".pickle")
	if err != nil || len(files) == 0 {
		t.Fatal(files, err)
	}
	for _, path := range files {
		truth, err := os.ReadFile("testdata/torch/" + strings.TrimSuffix(filepath.Base(path), ".pickle") + ".json")
		if err != nil {
			t.Fatal(err)
		}
		t.Run(filepath.ToSlash(path)[len("testdata/"):], func(t *testing.T) { f(t, path, truth) })
	}
}

func TestForms(t *testing.T) {
	torchForms(t, "*", func(t *testing.T, path string, b []byte) {
		name := filepath.Base(path)
		if strings.HasPrefix(name, "counts") || strings.HasPrefix(name, "bad-") {
			return
		}
		var truth map[Mode]map[string][][]float64
		if err := json.Unmarshal(b, &truth); err != nil {
			t.Fatal(err)
		}
		openBoth(t, path, func(t *testing.T, m *Map) {
			if len(m.Modes()) != len(truth) {
				t.Fatalf("modes %v", m.Modes())
			}
			for mode, layers := range truth {
				for key, want := range layers {
					n, _ := strconv.Atoi(key)
					l := layer(t, m, mode, n)
					rows, _ := l.Dims()
					if rows != len(want) {
						t.Fatalf("%s %d: %d rows, want %d", mode, n, rows, len(want))
					}
					for i := range want {
						row, err := l.Row(nil, i)
						if err != nil || len(row) != len(want[i]) {
							t.Fatal(err, len(row), len(want[i]))
						}
						for j, v := range want[i] {
							if float64(row[j]) != v || l.At(i, j) != v {
								t.Fatalf("%s %d: %v at %d, %d, want %v", mode, n, row[j], i, j, v)
							}
						}
					}
				}
			}
		})
	})
}

func TestFormsCounts(t *testing.T) {
	torchForms(t, "counts*", func(t *testing.T, path string, b []byte) {
		var truth map[Mode][]int64
		if err := json.Unmarshal(b, &truth); err != nil {
			t.Fatal(err)
		}
		c, err := OpenCounts(path)
		if err != nil {
			t.Fatal(err)
		}
		for mode, want := range truth {
			if len(c[mode]) != len(want) {
				t.Fatal(c[mode])
			}
			for r, n := range want {
				if got, ok := c.of(mode, int32(r)); !ok || got != n {
					t.Errorf("%s %d: %d, want %d", mode, r, got, n)
				}
			}
		}
		// A file of counts is no map, and says so.
		if _, err := Open(path, nil); !errors.Is(err, ErrFormat) || !strings.Contains(err.Error(), "OpenCounts") {
			t.Error(err)
		}
	})
}

func TestFormsRefused(t *testing.T) {
	for name, reason := range map[string]error{"bad-negative": ErrUnsupported, "bad-float8": ErrUnsupported, "bad-int": ErrShape, "bad-expanded": ErrUnsupported} {
		m, err := Open("testdata/torch/"+name+".pickle", nil)
		if err == nil {
			_, err = m.Layer(Input, 0)
			m.Close()
		}
		var fe *formatError
		if !errors.Is(err, reason) || !errors.As(err, &fe) || fe.off <= 0 {
			t.Errorf("%s: %v", name, err)
		}
		t.Log(err)
	}
	// A tensor that is no matrix does not spoil the others.
	m, err := Open("testdata/torch/rank.pickle", nil)
	if err != nil {
		t.Fatal(err)
	}
	defer m.Close()
	if _, err := m.Layer(Input, 1); !errors.Is(err, ErrShape) {
		t.Error(err)
	}
}
