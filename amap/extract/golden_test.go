package extract

import (
	"context"
	"math"
	"os"
	"path/filepath"
	"testing"

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

func TestToyGoldens(t *testing.T) {
	dir := golden.Shared(t, "data/sample/model")
	m, err := Load(os.DirFS(dir))
	if err != nil {
		t.Fatal(err)
	}
	ids := readNpy[int32](t, filepath.Join(dir, "golden-ids.npy"))
	want := readNpy[float32](t, filepath.Join(dir, "golden-mlp-hidden.npy"))
	argmax := readNpy[int32](t, filepath.Join(dir, "golden-argmax.npy"))
	worst := 0.0
	r := newRunner(m, 8, 15, m.Layers(), true)
	got, err := r.run(context.Background(), ids, func(l int, h []float32) error {
		for i := 0; i < len(h); i += m.Units() {
			worst = max(worst, far(h[i:][:m.Units()], want[l*len(h)+i:][:m.Units()]))
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Logf("hidden %.1e", worst)
	if worst > 1e-5 {
		t.Errorf("hidden activations differ by %g", worst)
	}
	for i := range got {
		if got[i] != argmax[i] {
			t.Errorf("position %d: %d, want %d", i, got[i], argmax[i])
		}
	}
}

func TestSmolLM2Goldens(t *testing.T) {
	dir := os.Getenv("SEMAMAP_SMOLLM2")
	if dir == "" {
		t.Skip("SEMAMAP_SMOLLM2 does not name the folder of SmolLM2-135M-Instruct")
	}
	gold := golden.Shared(t, "data/smollm2/golden")
	m, err := Load(os.DirFS(dir))
	if err != nil {
		t.Fatal(err)
	}
	ids := readNpy[int32](t, filepath.Join(gold, "golden-ids.npy"))
	want := readNpy[float32](t, filepath.Join(gold, "golden-activations-windows-0-1.npy"))
	argmax := readNpy[int32](t, filepath.Join(gold, "golden-argmax-windows-0-63.npy"))
	worst := 0.0
	r := newRunner(m, 64, 15, m.Layers(), true)
	got, err := r.run(context.Background(), ids[:64*15], func(l int, h []float32) error {
		u := m.Units()
		for i := range 30 {
			worst = max(worst, far(h[i*u:][:u], want[(l*30+i)*u:][:u]))
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Logf("hidden %.1e", worst)
	if worst > 1e-4 {
		t.Errorf("hidden activations differ by %g", worst)
	}
	for i := range got {
		if got[i] != argmax[i] {
			t.Errorf("position %d: %d, want %d", i, got[i], argmax[i])
		}
	}
}
