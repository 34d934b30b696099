package amap

import (
	"encoding/json"
	"errors"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/semamap/semamap/internal/golden"
)

// truth is what torch says about a file; see testdata/README.md.
type truth struct {
	Modes map[Mode]struct {
		Container string
		Layers    map[string]truthTensor
		Tensor    truthTensor
	}
}

type truthTensor struct {
	DType        string
	Size, Stride []int64
	Offset       int64
	Numel        int64 `json:"storage_numel"`
	Sum          float64
	SumSq        float64 `json:"sum_sq"`
	Min, Max     float64
	Zeros        int
	Values       [][]float64
}

func readTruth(t *testing.T, file string) truth {
	t.Helper()
	var tr truth
	b, err := os.ReadFile(strings.TrimSuffix(file, ".pickle") + ".truth.json")
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(b, &tr); err != nil {
		t.Fatal(err)
	}
	return tr
}

// openBoth opens a file mapped and by ReadAt.
func openBoth(t *testing.T, path string, f func(t *testing.T, m *Map)) {
	t.Helper()
	for _, mmap := range []bool{true, false} {
		name := "ReadAt"
		if mmap {
			name = "mmap"
		}
		t.Run(name, func(t *testing.T) {
			m, err := Open(path, &Options{NoMmap: !mmap})
			if err != nil {
				t.Fatal(err)
			}
			defer m.Close()
			if m.src.mapped() && !mmap {
				t.Fatal("mapped")
			}
			f(t, m)
		})
	}
}

func near(a, b float64) bool {
	return a == b || math.Abs(a-b) <= 1e-12*max(math.Abs(a), math.Abs(b), 1)
}

func checkTruth(t *testing.T, m *Map, tr truth) {
	if len(tr.Modes) != len(m.Modes()) {
		t.Fatalf("modes %v", m.Modes())
	}
	for mode, want := range tr.Modes {
		if len(want.Layers) != len(m.Layers(mode)) {
			t.Fatalf("%s: layers %v", mode, m.Layers(mode))
		}
		for _, n := range m.Layers(mode) {
			w, ok := want.Layers[string(rune('0'+n))]
			if !ok {
				t.Fatalf("%s: no layer %d in the truth", mode, n)
			}
			l, err := m.Layer(mode, n)
			if err != nil {
				t.Fatal(err)
			}
			rows, units := l.Dims()
			if want.Container == "dict" {
				rows, units = units, rows
			}
			if int64(rows) != w.Size[0] || int64(units) != w.Size[1] || l.DType().String() != w.DType {
				t.Fatalf("%s %d: %d × %d of %s, want %v of %s", mode, n, rows, units, l.DType(), w.Size, w.DType)
			}
			if x := l.x.(*fileMatrix); m.Format() == "pickle" && (x.t.offset != w.Offset || x.numel != w.Numel || x.t.stride[0] != w.Stride[0] || x.t.stride[1] != w.Stride[1]) {
				t.Errorf("%s %d: offset %d, strides %v over %d", mode, n, x.t.offset, x.t.stride, x.numel)
			}
			for _, v := range w.Values {
				i, j := int(v[0]), int(v[1])
				if want.Container == "dict" {
					i, j = j, i
				}
				if got := l.At(i, j); got != v[2] {
					t.Errorf("%s %d: value %d, %d is %v, want %v", mode, n, i, j, got, v[2])
				}
			}
			checkSums(t, l, w)
		}
	}
}

func checkSums(t *testing.T, l *Layer, w truthTensor) {
	t.Helper()
	var sum, sq float64
	lo, hi, zeros := math.Inf(1), math.Inf(-1), 0
	var row []float32
	rows, _ := l.Dims()
	for i := range rows {
		var err error
		if row, err = l.Row(row, i); err != nil {
			t.Fatal(err)
		}
		for j, v := range row {
			x := float64(v)
			if at := l.At(i, j); at != x {
				t.Fatalf("Row gives %v at %d, %d, At %v", x, i, j, at)
			}
			sum, sq = sum+x, sq+x*x
			lo, hi = min(lo, x), max(hi, x)
			if x == 0 {
				zeros++
			}
		}
	}
	if !near(sum, w.Sum) || !near(sq, w.SumSq) || lo != w.Min || hi != w.Max || zeros != w.Zeros {
		t.Errorf("%s %d: sums %v %v, range %v to %v, %d zeros; want %+v", l.mode, l.n, sum, sq, lo, hi, zeros, w)
	}
}

func TestGoldens(t *testing.T) {
	for _, name := range []string{"amap-small-fp16_position", "amap-small-fp32", "shared-same-object"} {
		t.Run(name, func(t *testing.T) {
			path := filepath.Join("testdata", name+".pickle")
			openBoth(t, path, func(t *testing.T, m *Map) { checkTruth(t, m, readTruth(t, path)) })
		})
	}
	// Three protocols, one map.
	tr := readTruth(t, "testdata/amap-small-fp16_position.pickle")
	openBoth(t, "testdata/amap-small-fp16-proto3.pickle", func(t *testing.T, m *Map) { checkTruth(t, m, tr) })
	t.Run("proto4", func(t *testing.T) {
		openBoth(t, golden.Shared(t, "golden/amap/amap-small-fp16-proto4.pickle"), func(t *testing.T, m *Map) { checkTruth(t, m, tr) })
	})
	t.Run("torch.save", func(t *testing.T) {
		openBoth(t, golden.Shared(t, "golden/amap/torchsave-zip.pt"), func(t *testing.T, m *Map) {
			if m.Format() != "torch" {
				t.Error(m.Format())
			}
			checkTruth(t, m, tr)
		})
	})
	openBoth(t, "testdata/hostile/00-good-noframe", func(t *testing.T, m *Map) { checkTruth(t, m, tr) })
}

func total(c []int64) (sum int64) {
	for _, n := range c {
		sum += n
	}
	return sum
}

func checkCounts(t *testing.T, path string) {
	c, err := OpenCounts(path)
	if err != nil {
		t.Fatal(err)
	}
	tr := readTruth(t, path)
	if len(tr.Modes) != len(c) {
		t.Fatalf("modes %v", c)
	}
	for mode, w := range tr.Modes {
		zeros := 0
		for _, n := range c[mode] {
			if n == 0 {
				zeros++
			}
		}
		if n := len(c[mode]); int64(n) != w.Tensor.Size[0] || float64(total(c[mode])) != w.Tensor.Sum || zeros != w.Tensor.Zeros {
			t.Errorf("%s: %d counts, total %d, %d zeros; want %+v", mode, n, total(c[mode]), zeros, w.Tensor)
		}
		for _, v := range w.Tensor.Values {
			if n, ok := c.of(mode, int32(v[0])); !ok || float64(n) != v[1] {
				t.Errorf("%s: count of %v is %d, want %v", mode, v[0], n, v[1])
			}
		}
	}
}

func TestGoldenCounts(t *testing.T) {
	checkCounts(t, "testdata/tokens-count-small.pickle")
	for _, name := range []string{"small_position", "medium"} {
		t.Run(name, func(t *testing.T) {
			checkCounts(t, golden.Shared(t, "golden/amap/tokens-count-"+name+".pickle"))
		})
	}
}

// Every damaged file gives a typed error with a place in the file.
func TestHostileFiles(t *testing.T) {
	files, err := filepath.Glob("testdata/hostile/*")
	if err != nil || len(files) < 10 {
		t.Fatal(files, err)
	}
	for _, f := range files {
		if strings.Contains(f, "00-good") {
			continue
		}
		for _, mmap := range []bool{true, false} {
			m, err := Open(f, &Options{NoMmap: !mmap})
			if err == nil {
				m.Close()
				t.Errorf("%s: opened", f)
				continue
			}
			var fe *formatError
			if !errors.As(err, &fe) || fe.off < 0 || fe.err == nil || !strings.HasPrefix(err.Error(), f+": offset ") {
				t.Errorf("%s: untyped error %v", f, err)
			}
			if mmap {
				t.Log(err)
			}
			if _, err := OpenCounts(f); !errors.As(err, &fe) {
				t.Errorf("%s: counts: untyped error %v", f, err)
			}
		}
	}
	t.Run("torchsave-legacy.pt", func(t *testing.T) {
		_, err := Open(golden.Shared(t, "golden/amap/torchsave-legacy.pt"), nil)
		if !errors.Is(err, ErrUnsupported) || !strings.Contains(err.Error(), "torch.save") {
			t.Error(err)
		}
	})
}
