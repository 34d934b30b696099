package extract

import (
	"context"
	"math"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/semamap/semamap/amap"
	"github.com/semamap/semamap/internal/golden"
	"github.com/semamap/semamap/internal/npy"
)

func readNpy[T npy.Number](t testing.TB, file string) []T {
	t.Helper()
	f, err := os.Open(file)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	data, _, err := npy.Read[T](f)
	if err != nil {
		t.Fatalf("%s: %v", file, err)
	}
	return data
}

// far returns the largest difference of two rows, relative to the largest
// number of want.
func far(got, want []float32) float64 {
	var top, diff float64
	for i, w := range want {
		top = max(top, math.Abs(float64(w)))
		diff = max(diff, math.Abs(float64(got[i]-w)))
	}
	return diff / max(top, math.SmallestNonzeroFloat32)
}

// goldens compares a model with the numbers in files: at hands each layer's
// activations to a check.
func goldens(t *testing.T, m *Model, ids []int32, argmax []int32, check func(l int, h []float32) float64) *runner {
	t.Helper()
	worst := 0.0
	r := newRunner(m, len(ids)/15, 15, m.Layers(), true)
	got, err := r.run(context.Background(), ids, func(l int, h []float32) error {
		worst = max(worst, check(l, h))
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Logf("hidden %.1e", worst)
	if !(worst <= 1e-4) {
		t.Errorf("hidden activations differ by %g", worst)
	}
	for i := range got {
		if got[i] != argmax[i] {
			t.Errorf("position %d: predicted %d, want %d", i, got[i], argmax[i])
		}
	}
	return r
}

// rowsFar returns the largest difference of rows of width numbers.
func rowsFar(got, want []float32, width int) (worst float64) {
	for i := 0; i < len(want); i += width {
		worst = max(worst, far(got[i:][:width], want[i:][:width]))
	}
	return worst
}

// The small GPT-NeoX of the large test data, which was trained.
func TestToyGoldens(t *testing.T) {
	dir := golden.Shared(t, "data/sample/model")
	m, err := Load(os.DirFS(dir))
	if err != nil {
		t.Fatal(err)
	}
	want := readNpy[float32](t, filepath.Join(dir, "golden-mlp-hidden.npy"))
	ids := readNpy[int32](t, filepath.Join(dir, "golden-ids.npy"))
	r := goldens(t, m, ids, readNpy[int32](t, filepath.Join(dir, "golden-argmax.npy")), func(l int, h []float32) float64 {
		return rowsFar(h, want[l*len(h):][:len(h)], m.Units())
	})
	last := readNpy[float32](t, filepath.Join(dir, "golden-final-hidden.npy"))
	if d := rowsFar(r.last, last, m.hidden); !(d <= 1e-4) {
		t.Errorf("rows after the last norm differ by %g", d)
	}
	logits := readNpy[float32](t, filepath.Join(dir, "golden-logits-first-window.npy"))
	if d := rowsFar(r.allLogits(15), logits, m.Vocab()); !(d <= 1e-4) {
		t.Errorf("logits differ by %g", d)
	}
}

// smolLM2 loads SmolLM2-135M-Instruct from the folder that SEMAMAP_SMOLLM2 names,
// and returns the folder of its goldens, of the large test data.
func smolLM2(t *testing.T) (m *Model, gold string) {
	t.Helper()
	dir := os.Getenv("SEMAMAP_SMOLLM2")
	if dir == "" {
		t.Skip("SEMAMAP_SMOLLM2 does not name the folder of SmolLM2-135M-Instruct")
	}
	gold = golden.Shared(t, "data/smollm2/golden")
	m, err := Load(os.DirFS(dir))
	if err != nil {
		t.Fatal(err)
	}
	return m, gold
}

func TestSmolLM2Goldens(t *testing.T) {
	m, gold := smolLM2(t)
	u := m.Units()
	first := readNpy[float32](t, filepath.Join(gold, "golden-activations-windows-0-1.npy"))
	next := readNpy[float32](t, filepath.Join(gold, "golden-activations-windows-2-3-layers-0-15-29.npy"))
	ids := readNpy[int32](t, filepath.Join(gold, "golden-ids.npy"))[:64*15]
	r := goldens(t, m, ids, readNpy[int32](t, filepath.Join(gold, "golden-argmax-windows-0-63.npy")), func(l int, h []float32) float64 {
		d := rowsFar(h, first[l*30*u:][:30*u], u)
		if l == 0 || l == 15 || l == 29 {
			d = max(d, rowsFar(h[30*u:], next[(l+1)/15*30*u:][:30*u], u))
		}
		return d
	})
	logits := readNpy[float32](t, filepath.Join(gold, "golden-logits-window-0.npy")) // in float16
	if d := rowsFar(r.allLogits(15), logits, m.Vocab()); !(d <= 1e-3) {
		t.Errorf("logits differ by %g", d)
	}
}

// The sums of SmolLM2 over the 2,000 windows of the goldens: those of the 24 most
// frequent tokens, and the counts.
func TestSmolLM2Sums(t *testing.T) {
	m, gold := smolLM2(t)
	ids := readNpy[int32](t, filepath.Join(gold, "golden-ids.npy"))
	tokens := readNpy[int32](t, filepath.Join(gold, "golden-token-sums-ids.npy"))
	want := readNpy[float64](t, filepath.Join(gold, "golden-token-sums-layers-0-15-29.npy"))
	counts := readNpy[int32](t, filepath.Join(gold, "golden-counts.npy"))
	documents := func(yield func([]int32, error) bool) {
		for w := range slices.Chunk(ids, 15) {
			if !yield(append(slices.Clone(w), 0), nil) { // one token more, as SYSIF's last start is none
				return
			}
		}
	}
	start := 0
	s, err := Extract(t.Context(), m, documents, &Settings{Start: &start, Tokens: tokens, Units: map[int][]int{0: nil, 15: nil, 29: nil}})
	if err != nil {
		t.Fatal(err)
	}
	a, err := s.Map(amap.Float32)
	if err != nil {
		t.Fatal(err)
	}
	u := m.Units()
	for k, n := range []int{0, 15, 29} {
		l, err := a.Layer(amap.Input, n)
		if err != nil {
			t.Fatal(err)
		}
		worst := 0.0
		for i, id := range tokens {
			c := a.Counts()[amap.Input][id]
			if c != int64(counts[id]) {
				t.Errorf("token %d: count %d, want %d", id, c, counts[id])
			}
			row, err := l.Row(nil, int(id))
			if err != nil {
				t.Fatal(err)
			}
			mean := make([]float32, u)
			for j, v := range want[(k*len(tokens)+i)*u:][:u] {
				mean[j] = float32(v / float64(c))
			}
			worst = max(worst, far(row, mean))
		}
		t.Logf("layer %d: means are off by %.2g of the largest of a token", n, worst)
		if !(worst <= 1e-5) {
			t.Errorf("layer %d: means are off by %g", n, worst)
		}
	}
}

// Models of the size of real ones, in the folder that internal/peers/models.py
// --big made and SEMAMAP_MODELS names.
func TestBig(t *testing.T) {
	dir := os.Getenv("SEMAMAP_MODELS")
	if dir == "" {
		t.Skip("SEMAMAP_MODELS does not name the folder that models.py --big made")
	}
	list, err := filepath.Glob(filepath.Join(dir, "*", "golden.npz"))
	if err != nil || len(list) == 0 {
		t.Fatal(list, err)
	}
	for _, file := range list {
		m, err := Load(os.DirFS(filepath.Dir(file)))
		if err != nil {
			t.Fatal(err)
		}
		t.Log(filepath.Base(filepath.Dir(file)))
		compare(t, m, readReference(t, file), 1e-4)
	}
}
