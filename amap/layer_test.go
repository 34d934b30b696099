package amap

import (
	"bytes"
	"errors"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"sync"
	"testing"

	"gonum.org/v1/gonum/mat"
)

const smallFile = "testdata/amap-small-fp16_position.pickle"

func layer(t testing.TB, m *Map, mode Mode, n int) *Layer {
	t.Helper()
	l, err := m.Layer(mode, n)
	if err != nil {
		t.Fatal(err)
	}
	return l
}

// slowMean is the definition.
func slowMean(l *Layer, rows []int32, w []float64) []float32 {
	_, units := l.Dims()
	out := make([]float32, units)
	for u := range out {
		var sum, total float64
		for i, r := range rows {
			f := 1.0
			if w != nil {
				f = w[i]
			}
			sum += float64(f * l.At(int(r), u))
			total += f
		}
		out[u] = float32(sum / total)
	}
	return out
}

func TestRowsGathersMeans(t *testing.T) {
	for _, file := range []string{smallFile, "testdata/amap-small-fp32.pickle"} {
		openBoth(t, file, func(t *testing.T, m *Map) {
			l := layer(t, m, Output, 2)
			rows := []int32{5, 99, 5, 0, 1, 2, 3, 50, 49, 7}
			dst := make([]float32, len(rows)*8)
			if err := l.Gather(dst, rows); err != nil {
				t.Fatal(err)
			}
			for i, r := range rows {
				for u := range 8 {
					if got := float64(dst[i*8+u]); got != l.At(int(r), u) {
						t.Fatalf("row %d, unit %d: %v, want %v", r, u, got, l.At(int(r), u))
					}
				}
			}
			got, err := l.Mean(nil, rows)
			if err != nil || !slices.Equal(got, slowMean(l, rows, nil)) {
				t.Errorf("mean %v, %v, want %v", got, err, slowMean(l, rows, nil))
			}
			w := []float64{1, 2, 3, 4, 5, 6, 7, 8, 9, 0}
			got, err = l.Mean(got, rows, w...)
			want := slowMean(l, rows, w)
			for u := range want {
				if err != nil || math.Abs(float64(got[u]-want[u])) > 1e-6*math.Abs(float64(want[u])) {
					t.Errorf("weighted mean %v, %v, want %v", got, err, want)
					break
				}
			}
			n, _ := l.Dims()
			col := make([]float32, n)
			if err := l.column(col, 6); err != nil {
				t.Fatal(err)
			}
			for i, v := range col {
				if float64(v) != l.At(i, 6) {
					t.Fatalf("column at row %d", i)
				}
			}
			block := make([]float32, 60*8)
			if err := l.ReadRows(block, 20, 80); err != nil {
				t.Fatal(err)
			}
			for i, v := range block {
				if float64(v) != l.At(20+i/8, i%8) {
					t.Fatalf("row %d, unit %d: %v", 20+i/8, i%8, v)
				}
			}
			d, err := l.Dense()
			if err != nil || !mat.Equal(d, l) || !mat.Equal(d.T(), l.T()) {
				t.Errorf("Dense: %v", err)
			}
		})
	}
}

func TestViews(t *testing.T) {
	openBoth(t, smallFile, func(t *testing.T, m *Map) {
		l := layer(t, m, Input, 1)
		v, err := l.Select([]int32{9, 8, 7, 9, 50}, nil)
		if err != nil {
			t.Fatal(err)
		}
		if v, err = v.Select(nil, []int{7, 0, 2}); err != nil {
			t.Fatal(err)
		}
		if v, err = v.Select([]int32{4, 0, 1, 2}, nil); err != nil {
			t.Fatal(err)
		}
		rows, units := []int{50, 9, 8, 7}, []int{7, 0, 2}
		if r, u := v.Dims(); r != 4 || u != 3 {
			t.Fatalf("%d × %d", r, u)
		}
		all := make([]float32, 12)
		if err := v.Gather(all, []int32{0, 1, 2, 3}); err != nil {
			t.Fatal(err)
		}
		d, err := v.Dense()
		if err != nil {
			t.Fatal(err)
		}
		for i, r := range rows {
			row, err := v.Row(nil, i)
			if err != nil || v.tokenID(i) != int32(r) {
				t.Fatal(err, v.tokenID(i))
			}
			for j, u := range units {
				want := l.At(r, u)
				if v.At(i, j) != want || float64(row[j]) != want || float64(all[i*3+j]) != want || d.At(i, j) != want {
					t.Errorf("%d, %d: %v", i, j, want)
				}
			}
		}
		if mean, err := v.Mean(nil, []int32{0, 3, 3}); err != nil || !slices.Equal(mean, slowMean(v, []int32{0, 3, 3}, nil)) {
			t.Error(mean, err)
		}
	})
}

// The layers of a map are not all the first one, as they were in a study that
// selected them by a repeated index.
func TestLayersDiffer(t *testing.T) {
	m, err := Open(smallFile, nil)
	if err != nil {
		t.Fatal(err)
	}
	defer m.Close()
	if mat.Equal(layer(t, m, Input, 0), layer(t, m, Input, 1)) || mat.Equal(layer(t, m, Input, 0), layer(t, m, Output, 0)) {
		t.Error("two layers are equal")
	}
}

func TestBadRequests(t *testing.T) {
	openBoth(t, smallFile, func(t *testing.T, m *Map) {
		l := layer(t, m, Input, 0)
		if _, err := m.Layer("elsewhere", 0); !errors.Is(err, ErrNotFound) {
			t.Error(err)
		}
		if _, err := m.Layer(Input, 3); !errors.Is(err, ErrNotFound) {
			t.Error(err)
		}
		for _, r := range []int{-1, 116} {
			if _, err := l.Row(nil, r); !errors.Is(err, ErrShape) {
				t.Error(err)
			}
			if err := l.Gather(make([]float32, 8), []int32{int32(r)}); !errors.Is(err, ErrShape) {
				t.Error(err)
			}
			if _, err := l.Mean(nil, []int32{int32(r)}); !errors.Is(err, ErrShape) {
				t.Error(err)
			}
			if _, err := l.Select([]int32{int32(r)}, nil); !errors.Is(err, ErrShape) {
				t.Error(err)
			}
		}
		if err := l.Gather(make([]float32, 7), []int32{1}); !errors.Is(err, ErrShape) {
			t.Error(err)
		}
		for _, r := range [][2]int{{-1, 0}, {0, 117}, {2, 1}, {0, 2}} {
			if err := l.ReadRows(make([]float32, 8), r[0], r[1]); !errors.Is(err, ErrShape) {
				t.Error(r, err)
			}
		}
		if _, err := l.Mean(nil, nil); !errors.Is(err, ErrShape) {
			t.Error(err)
		}
		for _, w := range [][]float64{{0}, {-1}, {math.NaN()}, {math.Inf(1)}, {1, 2}} {
			if _, err := l.Mean(nil, []int32{1}, w...); !errors.Is(err, ErrShape) {
				t.Errorf("weights %v: %v", w, err)
			}
		}
		if _, err := l.Select(nil, []int{8}); !errors.Is(err, ErrShape) {
			t.Error(err)
		}
		func() {
			defer func() {
				if recover() != mat.ErrColAccess {
					t.Error("At(0, 8) did not panic")
				}
			}()
			l.At(0, 8)
		}()
		m.Close()
		if _, err := l.Row(nil, 0); !errors.Is(err, ErrClosed) {
			t.Error(err)
		}
		if _, err := l.Mean(nil, []int32{0}); !errors.Is(err, ErrClosed) {
			t.Error(err)
		}
		if err := l.column(make([]float32, 116), 0); !errors.Is(err, ErrClosed) {
			t.Error(err)
		}
		if err := l.ReadRows(make([]float32, 8), 0, 1); !errors.Is(err, ErrClosed) {
			t.Error(err)
		}
		func() {
			defer func() {
				if recover() != ErrClosed {
					t.Error("At of a closed map did not panic")
				}
			}()
			l.At(0, 0)
		}()
	})
}

func TestRowDoesNotAllocate(t *testing.T) {
	openBoth(t, smallFile, func(t *testing.T, m *Map) {
		l := layer(t, m, Input, 0)
		dst := make([]float32, 8)
		if n := testing.AllocsPerRun(100, func() { dst, _ = l.Row(dst, 5) }); n >= 1 {
			t.Errorf("%v allocations", n)
		}
	})
}

func TestConcurrentReaders(t *testing.T) {
	openBoth(t, smallFile, func(t *testing.T, m *Map) {
		l := layer(t, m, Output, 1)
		want := slowMean(l, []int32{3, 60, 3}, nil)
		var wg sync.WaitGroup
		for range 8 {
			wg.Go(func() {
				dst := make([]float32, 3*8)
				for range 50 {
					mean, err := l.Mean(nil, []int32{3, 60, 3})
					if err != nil || !slices.Equal(mean, want) {
						t.Error(mean, err)
					}
					if err := l.Gather(dst, []int32{3, 60, 3}); err != nil || dst[0] != dst[16] {
						t.Error(err)
					}
				}
			})
		}
		wg.Wait()
	})
}

// Sums have the same bits for any number of processors.
func TestMeanSameBits(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 1))
	const rows, units = 3000, 300
	data := make([]float32, rows*units)
	for i := range data {
		data[i] = float32(rng.NormFloat64() * math.Exp(4*rng.NormFloat64()))
	}
	m, err := NewMap(Float32, map[Mode][]Rows{Input: {rowsOf{data, units}}}, nil)
	if err != nil {
		t.Fatal(err)
	}
	l := layer(t, m, Input, 0)
	ids := make([]int32, 5000)
	for i := range ids {
		ids[i] = int32(rng.IntN(rows))
	}
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(1))
	want, err := l.Mean(nil, ids)
	if err != nil {
		t.Fatal(err)
	}
	runtime.GOMAXPROCS(8)
	if got, err := l.Mean(nil, ids); err != nil || !slices.Equal(got, want) {
		t.Error("other bits on 8 processors", err)
	}
}

// rowsOf is a plain matrix in memory.
type rowsOf struct {
	x     []float32
	units int
}

func (r rowsOf) Dims() (int, int) { return len(r.x) / r.units, r.units }
func (r rowsOf) Row(dst []float32, i int) ([]float32, error) {
	return append(dst[:0], r.x[i*r.units:(i+1)*r.units]...), nil
}

// A file that is cut while open gives an error in both modes.
func TestCutWhileOpen(t *testing.T) {
	b, err := os.ReadFile(smallFile)
	if err != nil {
		t.Fatal(err)
	}
	// Long enough for whole pages to vanish.
	b = append(b, make([]byte, 1<<16)...)
	for _, mmap := range []bool{false, true} {
		path := filepath.Join(t.TempDir(), "amap.pickle")
		if err := os.WriteFile(path, b, 0o600); err != nil {
			t.Fatal(err)
		}
		m, err := Open(path, &Options{NoMmap: !mmap})
		if err != nil {
			t.Fatal(err)
		}
		defer m.Close()
		l := layer(t, m, Output, 2)
		if err := os.Truncate(path, 10); err != nil {
			if runtime.GOOS == "windows" {
				t.Skip(err)
			}
			t.Fatal(err)
		}
		var fe *formatError
		if _, err := l.Row(nil, 100); !errors.Is(err, ErrTruncated) || !errors.As(err, &fe) || fe.file != path {
			t.Errorf("mmap %v: Row: %v", mmap, err)
		}
		if _, err := l.Mean(nil, []int32{100}); !errors.Is(err, ErrTruncated) {
			t.Errorf("mmap %v: Mean: %v", mmap, err)
		}
		if err := l.Gather(make([]float32, 8), []int32{100}); !errors.Is(err, ErrTruncated) {
			t.Errorf("mmap %v: Gather: %v", mmap, err)
		}
		if err := l.column(make([]float32, 116), 1); !errors.Is(err, ErrTruncated) {
			t.Errorf("mmap %v: column: %v", mmap, err)
		}
		if err := l.ReadRows(make([]float32, 116*8), 0, 116); !errors.Is(err, ErrTruncated) {
			t.Errorf("mmap %v: ReadRows: %v", mmap, err)
		}
		if v := l.At(100, 1); !math.IsNaN(v) {
			t.Errorf("mmap %v: At gives %v", mmap, v)
		}
	}
}

// The rest of the page in which a cut file ends reads as zeros, which must not
// pass for values: a reading method gives the values of the file or an error.
func TestCutWithinPage(t *testing.T) {
	const rows, units = 600, 24
	x := rowsOf{make([]float32, rows*units), units}
	for i := range x.x {
		x.x[i] = float32(i%7) - 2 // zeros among them
	}
	m, err := NewMap(Float16, map[Mode][]Rows{Input: {x}}, nil)
	if err != nil {
		t.Fatal(err)
	}
	var b bytes.Buffer
	if err := layer(t, m, Input, 0).WriteNPY(t.Context(), &b); err != nil {
		t.Fatal(err)
	}
	for _, transposed := range []bool{false, true} {
		for _, noMmap := range []bool{false, true} {
			path := filepath.Join(t.TempDir(), "amap.npy")
			if err := os.WriteFile(path, b.Bytes(), 0o600); err != nil {
				t.Fatal(err)
			}
			m, err := Open(path, &Options{NoMmap: noMmap, Transposed: &transposed})
			if err != nil {
				t.Fatal(err)
			}
			defer m.Close()
			l := layer(t, m, Input, 0)
			n, width := l.Dims()
			cut := b.Len() - 9001
			if err := os.Truncate(path, int64(cut)); err != nil {
				t.Skip(err)
			}
			there := func(row, unit int) bool { // in the file
				i := row*units + unit
				if transposed {
					i = unit*units + row
				}
				return b.Len()-2*(rows*units-i)+2 <= cut
			}
			value := func(row, unit int) float64 {
				if transposed {
					row, unit = unit, row
				}
				return float64(x.x[row*units+unit])
			}
			whole := 0
			for i := range n {
				ok := true
				for u := range width {
					v := l.At(i, u)
					if there(i, u) && v != value(i, u) || !there(i, u) && !math.IsNaN(v) {
						t.Fatalf("transposed %v, NoMmap %v: At(%d, %d) is %v", transposed, noMmap, i, u, v)
					}
					ok = ok && there(i, u)
				}
				if ok {
					whole++
				}
				dst := make([]float32, width)
				row, err := l.Row(nil, i)
				for what, err := range map[string]error{"Row": err, "ReadRows": l.ReadRows(dst, i, i+1), "Gather": l.Gather(dst, []int32{int32(i)})} {
					if ok != (err == nil) || !ok && !errors.Is(err, ErrTruncated) {
						t.Fatalf("transposed %v, NoMmap %v: %s of row %d: %v", transposed, noMmap, what, i, err)
					}
				}
				if ok && !slices.Equal(row, dst) {
					t.Fatalf("row %d: %v, %v", i, row, dst)
				}
			}
			if !transposed && (whole < 400 || whole > 420) {
				t.Errorf("%d rows are left", whole)
			}
			if _, err := m.Stats(t.Context(), "", nil); !errors.Is(err, ErrTruncated) {
				t.Error(err)
			}
			if _, _, err := m.Histogram(t.Context(), "", 0, 0, 0, nil); !errors.Is(err, ErrTruncated) {
				t.Error(err)
			}
			if _, _, err := m.TopTokens(t.Context(), Input, UnitID{0, width - 1}, 1, nil); !errors.Is(err, ErrTruncated) {
				t.Error(err)
			}
		}
	}
}

type failing struct{ err error }

func (f failing) ReadAt(b []byte, off int64) (int, error) { return 0, f.err }

// A disk that fails must not look like anything else.
func TestFailingReader(t *testing.T) {
	boom := errors.New("boom")
	if _, err := NewReader(failing{boom}, 100, nil); !errors.Is(err, boom) {
		t.Error(err)
	}
	if _, err := NewReader(bytes.NewReader(nil), 0, nil); !errors.Is(err, ErrTruncated) {
		t.Error(err)
	}
	b, err := os.ReadFile(smallFile)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := NewReader(bytes.NewReader(b[:5000]), int64(len(b)), nil); !errors.Is(err, ErrTruncated) {
		t.Error(err)
	}
}
