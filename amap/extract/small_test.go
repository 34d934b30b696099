package extract

import (
	"bytes"
	"context"
	"errors"
	"math"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/semamap/semamap/internal/npy"
)

// smallModels are the folders that internal/peers/models.py makes.
var smallModels = []string{
	"neox-parallel", "neox-serial", "neox-odd", "neox-fast", "llama-tied", "llama-biases", "llama-llama3", "llama-gelu",
	"mistral", "opt", "opt-after", "opt-plain",
}

// A reference is what transformers computes in float64.
type reference struct {
	window         int
	ids            []int32
	hidden, logits []float32
}

func readReference(t testing.TB, file string) reference {
	t.Helper()
	b, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	list, err := npy.Arrays(bytes.NewReader(b), int64(len(b)))
	if err != nil {
		t.Fatal(err)
	}
	var out reference
	for _, a := range list {
		switch a.Name {
		case "ids":
			out.ids, err = npy.ReadArray[int32](a)
			out.window = a.Header.Shape[1]
		case "hidden":
			out.hidden, err = npy.ReadArray[float32](a)
		case "logits":
			out.logits, err = npy.ReadArray[float32](a)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	return out
}

// allLogits returns the logits of the last run's first rows.
func (r *runner) allLogits(rows int) []float32 {
	out := make([]float32, rows*r.m.vocab)
	at := 0
	for _, head := range r.m.head {
		n, _ := head.Dims()
		y := make([]float32, rows*n)
		head.Apply(y, r.last[:rows*r.m.hidden], rows, false, &r.buf)
		for i := range rows {
			copy(out[i*r.m.vocab+at:], y[i*n:][:n])
		}
		at += n
	}
	return out
}

// compare runs a model and compares it with a reference: hidden activations and
// logits relative to the largest of their row, and predictions where the two
// largest logits are 1e-3 apart.
func compare(t *testing.T, m *Model, ref reference, bound float64) {
	t.Helper()
	rows := len(ref.ids)
	r := newRunner(m, rows/ref.window, ref.window, m.Layers(), true)
	var hidden, logits float64
	got, err := r.run(context.Background(), ref.ids, func(l int, h []float32) error {
		if len(h) != rows*m.Units() {
			t.Fatalf("layer %d: %d activations", l, len(h))
		}
		for i := 0; i < len(h); i += m.Units() {
			hidden = max(hidden, far(h[i:][:m.Units()], ref.hidden[l*len(h)+i:][:m.Units()]))
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	all := r.allLogits(rows)
	for i := range rows {
		want := ref.logits[i*m.vocab:][:m.vocab]
		logits = max(logits, far(all[i*m.vocab:][:m.vocab], want))
		top := slices.Index(want, slices.Max(want))
		first := want[top]
		want[top] = float32(math.Inf(-1))
		if first-slices.Max(want) > 1e-3 && int(got[i]) != top {
			t.Errorf("position %d: predicted %d, want %d", i, got[i], top)
		}
		want[top] = first
	}
	t.Logf("hidden %.1e, logits %.1e", hidden, logits)
	if !(hidden <= bound) {
		t.Errorf("hidden activations differ by %g", hidden)
	}
	if !(logits <= bound) {
		t.Errorf("logits differ by %g", logits)
	}
}

func TestSmall(t *testing.T) {
	for _, name := range smallModels {
		t.Run(name, func(t *testing.T) {
			dir := filepath.Join("testdata", name)
			m, err := Load(os.DirFS(dir))
			if err != nil {
				t.Fatal(err)
			}
			compare(t, m, readReference(t, filepath.Join(dir, "golden.npz")), 1e-5)
		})
	}
}

// A window has the same bits alone, in a batch and at any place in it; fewer
// layers give the same bits.
func TestSameBits(t *testing.T) {
	for _, name := range smallModels {
		m, err := Load(os.DirFS(filepath.Join("testdata", name)))
		if err != nil {
			t.Fatal(err)
		}
		const window, batch = 11, 13
		ids := make([]int32, window*batch)
		for i := range ids {
			ids[i] = int32(i * i % m.vocab)
		}
		run := func(r *runner, ids []int32) (out [][]float32, predicted []int32) {
			predicted, err := r.run(context.Background(), ids, func(l int, h []float32) error {
				out = append(out, slices.Clone(h))
				return nil
			})
			if err != nil {
				t.Fatal(err)
			}
			return out, predicted
		}
		whole := newRunner(m, batch, window, m.layers, true)
		all, predicted := run(whole, ids)
		alone := newRunner(m, 1, window, m.layers, true)
		first := newRunner(m, 4, window, 1, false)
		for w := range batch {
			one, p := run(alone, ids[w*window:][:window])
			if !slices.Equal(p, predicted[w*window:][:window]) {
				t.Errorf("%s: window %d predicts %v alone", name, w, p)
			}
			for l := range one {
				if !slices.Equal(one[l], all[l][w*window*m.units:][:window*m.units]) {
					t.Errorf("%s: window %d, layer %d differs alone", name, w, l)
				}
			}
		}
		few, none := run(first, ids[2*window:][:3*window])
		if len(few) != 1 || none != nil || !slices.Equal(few[0], all[0][2*window*m.units:][:3*window*m.units]) {
			t.Errorf("%s: one layer of three windows differs", name)
		}
		if again, _ := run(whole, ids[:window]); !slices.Equal(again[1], all[1][:window*m.units]) {
			t.Errorf("%s: a runner that was used gives other bits", name)
		}
	}
}

func TestRunRefuses(t *testing.T) {
	m, err := Load(os.DirFS("testdata/mistral"))
	if err != nil {
		t.Fatal(err)
	}
	if m.Layers() != 2 || m.Units() != 20 || m.Vocab() != 53 || m.maxWindow != 12 {
		t.Errorf("%d layers, %d units, %d tokens, windows of %d", m.Layers(), m.Units(), m.Vocab(), m.maxWindow)
	}
	none := func(int, []float32) error { return nil }
	stop := errors.New("stop")
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	for name, run := range map[string]func() error{
		"token 53": func() error {
			_, err := newRunner(m, 1, 3, 2, false).run(context.Background(), []int32{1, 53, 2}, none)
			return err
		},
		"token -1": func() error {
			_, err := newRunner(m, 1, 3, 2, false).run(context.Background(), []int32{1, 2, -1}, none)
			return err
		},
		"window": func() error {
			_, err := newRunner(m, 1, 13, 2, false).run(context.Background(), make([]int32, 13), none)
			return err
		},
		"half a window": func() error {
			_, err := newRunner(m, 2, 4, 2, false).run(context.Background(), make([]int32, 6), none)
			return err
		},
		"stopped": func() error {
			_, err := newRunner(m, 1, 4, 2, false).run(context.Background(), make([]int32, 4), func(int, []float32) error { return stop })
			if err == stop {
				return err
			}
			return nil
		},
		"canceled": func() error {
			_, err := newRunner(m, 1, 4, 2, false).run(ctx, make([]int32, 4), none)
			return err
		},
	} {
		if run() == nil {
			t.Errorf("%s: no error", name)
		}
	}
}
