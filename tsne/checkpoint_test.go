package tsne

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"hash/adler32"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/semamap/semamap/tsne/knn"
)

// smallRun returns a run with merged rows, fixed rows and weights.
func smallRun(t testing.TB, n int) *Run {
	t.Helper()
	x, _ := blobs(n, 5, 4, 9)
	copy(x[5*10:5*14], x[:5*4])
	s := &Settings{
		Phases: []Phase{{Steps: 30, Exaggeration: 12}, {Steps: 40, Momentum: 0.7}}, Seed: 3,
		Weights: make([]float64, n), Fixed: make([]bool, n), Expert: &Expert{Method: Mesh},
	}
	for i := range n {
		s.Weights[i] = 1 + float64(i%3)
		s.Fixed[i] = i%50 == 49
	}
	r, err := New(context.Background(), Rows(x, n, 5), s)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func advance(r *Run, steps int) {
	if steps == 0 {
		return
	}
	for range r.Steps(context.Background()) {
		if steps--; steps == 0 {
			return
		}
	}
}

func TestResume(t *testing.T) {
	defer func(n int) { permuteMin = n }(permuteMin)
	permuteMin = 100 // so that places are permuted within the run
	whole := smallRun(t, 300)
	advance(whole, 1<<30)
	want, err := whole.Result()
	if err != nil {
		t.Fatal(err)
	}
	if whole.iter != 70 {
		t.Fatalf("%d steps", whole.iter)
	}
	for _, stop := range []int{0, 1, 29, 30, 31, 50, 51, 69, 70} {
		r := smallRun(t, 300)
		advance(r, stop)
		var b bytes.Buffer
		if err := r.Save(&b); err != nil {
			t.Fatal(err)
		}
		q, err := Resume(t.Context(), bytes.NewReader(b.Bytes()), nil, nil)
		if err != nil {
			t.Fatal(err)
		}
		var again bytes.Buffer
		if err := q.Save(&again); err != nil || !bytes.Equal(b.Bytes(), again.Bytes()) {
			t.Errorf("step %d: saved anew it differs (%v)", stop, err)
		}
		// Leaving and entering Steps makes no difference either.
		advance(q, 3)
		for range q.Steps(t.Context()) {
		}
		got, err := q.Result()
		if err != nil {
			t.Fatal(err)
		}
		if !slices.Equal(got.Y, want.Y) || got.KL != want.KL {
			t.Errorf("resumed at step %d the map differs", stop)
		}
	}
}

// reseal gives a changed checkpoint its right checksum.
func reseal(b []byte) []byte {
	n := len(b) - 4
	return binary.LittleEndian.AppendUint32(b[:n:n], adler32.Checksum(b[:n]))
}

func TestResumeHostile(t *testing.T) {
	r := smallRun(t, 60)
	var buf bytes.Buffer
	if err := r.Save(&buf); err != nil {
		t.Fatal(err)
	}
	good := buf.Bytes()
	bad := func(what string, b []byte) {
		t.Helper()
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		_, err := Resume(context.Background(), bytes.NewReader(b), nil, nil)
		runtime.ReadMemStats(&after)
		var ce *checkpointError
		if !errors.As(err, &ce) || !errors.Is(err, ErrCheckpoint) {
			t.Errorf("%s: %v", what, err)
		}
		if grown := after.TotalAlloc - before.TotalAlloc; grown > 1<<20+64*uint64(len(b)) {
			t.Errorf("%s: %d bytes were allocated for %d", what, grown, len(b))
		}
	}
	for n := 0; n < len(good); n += 1 + n/40 {
		bad("cut", good[:n])
	}
	for i := 0; i < len(good); i += 1 + i/60 {
		b := slices.Clone(good)
		b[i] ^= 0x40
		bad("flipped bit", b)
	}
	// Sizes that promise much: the checksum is right.
	for at := 16; at < 16+8*13; at += 8 {
		b := slices.Clone(good)
		binary.LittleEndian.PutUint64(b[at:], 1<<31-1)
		Resume(context.Background(), bytes.NewReader(reseal(b)), nil, nil) // must not panic or take memory
		binary.LittleEndian.PutUint64(b[at:], 1<<63)
		if at >= 32 && at != 16+8*12 { // any identity and any seed is fine
			bad("large number", reseal(b))
		}
	}
	boom := errors.New("boom")
	_, err := Resume(context.Background(), io.MultiReader(bytes.NewReader(good[:200]), iotest.ErrReader(boom)), nil, nil)
	if !errors.Is(err, boom) {
		t.Errorf("a failing reader gives %v", err)
	}
	if err := r.Save(failingWriter{boom}); !errors.Is(err, boom) {
		t.Errorf("a failing writer gives %v", err)
	}
}

type failingWriter struct{ err error }

func (w failingWriter) Write(b []byte) (int, error) { return 0, w.err }

// A checkpoint is taken up with the data and the settings that it was made of,
// and with no others.
func TestIdentity(t *testing.T) {
	const n, d = 60, 3
	x, _ := blobs(n, d, 2, 9)
	ctx := t.Context()
	set := func(change func(s *Settings)) *Settings {
		s := &Settings{Iterations: 5, Seed: 1, Workers: 1}
		if change != nil {
			change(s)
		}
		return s
	}
	name := filepath.Join(t.TempDir(), "run")
	r, err := Open(ctx, name, Rows(x, n, d), set(nil))
	if err != nil {
		t.Fatal(err)
	}
	advance(r, 252)
	for range 2 { // it replaces a file
		if err := r.SaveFile(name); err != nil {
			t.Fatal(err)
		}
	}
	if files, err := os.ReadDir(filepath.Dir(name)); len(files) != 1 {
		t.Error(files, err)
	}
	advance(r, 1<<30)
	want, err := r.Result()
	if err != nil {
		t.Fatal(err)
	}
	wide := make([]float64, len(x))
	for i, v := range x {
		wide[i] = float64(v)
	}
	for what, open := range map[string]func() (*Run, error){
		"same":    func() (*Run, error) { return Open(ctx, name, Rows(x, n, d), set(nil)) },
		"float64": func() (*Run, error) { return Open(ctx, name, Rows(wide, n, d), set(nil)) },
		"workers": func() (*Run, error) {
			return Open(ctx, name, Rows(x, n, d), set(func(s *Settings) { s.Workers, s.MaxMemory = 3, 1<<40 }))
		},
		"nothing": func() (*Run, error) { return Open(ctx, name, nil, nil) },
	} {
		r, err := open()
		if err != nil {
			t.Fatal(what, err)
		}
		advance(r, 1<<30)
		if got, err := r.Result(); err != nil || !slices.Equal(got.Y, want.Y) || got.Stats.Stepping <= 0 {
			t.Errorf("%s: another map, %v", what, err)
		}
	}
	other := slices.Clone(x)
	other[17] += 0.01
	if _, err := Open(ctx, name, Rows(other, n, d), set(nil)); !errors.Is(err, ErrMismatch) || !strings.Contains(err.Error(), "data") {
		t.Errorf("other data: %v", err)
	}
	w, fixed := make([]float64, n), make([]bool, n)
	for i := range w {
		w[i] = 1
	}
	for what, change := range map[string]func(s *Settings){
		"Dims":        func(s *Settings) { s.Dims = 3 },
		"Perplexity":  func(s *Settings) { s.Perplexity = 10 },
		"Metric":      func(s *Settings) { s.Metric = knn.Cosine },
		"Iterations":  func(s *Settings) { s.Iterations = 6 },
		"Seed":        func(s *Settings) { s.Seed = 2 },
		"Kernel":      func(s *Settings) { s.Kernel = Uniform(5) },
		"Start":       func(s *Settings) { s.Start = Random() },
		"Positions":   func(s *Settings) { s.Start = Positions(want.Y) },
		"Freedom":     func(s *Settings) { s.Freedom = 2 },
		"MinGradNorm": func(s *Settings) { s.MinGradNorm = 1e-9 },
		"Duplicates":  func(s *Settings) { s.Duplicates = Keep },
		"Weights":     func(s *Settings) { s.Weights = w },
		"Fixed":       func(s *Settings) { s.Fixed = fixed },
		"Search":      func(s *Settings) { s.Search = &knn.Settings{Method: knn.Descent} },
		"Expert":      func(s *Settings) { s.Expert = &Expert{Theta: 0.5} },
	} {
		if _, err := Open(ctx, name, Rows(x, n, d), set(change)); !errors.Is(err, ErrMismatch) || !strings.Contains(err.Error(), "settings") {
			t.Errorf("other %s: %v", what, err)
		}
	}
	// The file of a run that cannot be saved is left as it was.
	before, _ := os.ReadFile(name)
	r.err = ErrDiverged
	if err := r.SaveFile(name); !errors.Is(err, ErrDiverged) {
		t.Error(err)
	}
	after, _ := os.ReadFile(name)
	if files, err := os.ReadDir(filepath.Dir(name)); len(files) != 1 || !bytes.Equal(before, after) {
		t.Error(files, err)
	}
	if err := r.SaveFile(filepath.Join(name, "below")); err == nil {
		t.Error("saved below a file")
	}
	if _, err := Open(ctx, filepath.Join(name, "below"), nil, nil); err == nil {
		t.Error("opened below a file")
	}
}

func FuzzResume(f *testing.F) {
	x, _ := blobs(20, 3, 2, 9)
	for _, dims := range []int{1, 2, 3} {
		r, err := New(context.Background(), Rows(x, 20, 3), &Settings{Dims: dims, Phases: []Phase{{Steps: 3}}})
		if err != nil {
			f.Fatal(err)
		}
		var b bytes.Buffer
		if err := r.Save(&b); err != nil {
			f.Fatal(err)
		}
		f.Add(b.Bytes())
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		if len(b) > 1<<16 || len(b) < 4 {
			return
		}
		r, err := Resume(context.Background(), bytes.NewReader(reseal(b)), nil, nil)
		if err != nil {
			if !errors.Is(err, ErrCheckpoint) {
				t.Fatal(err)
			}
			return
		}
		var again bytes.Buffer
		if err := r.Save(&again); err != nil {
			t.Fatal(err)
		}
		advance(r, 2)
		if _, err := r.Result(); err != nil && !errors.Is(err, ErrDiverged) {
			t.Fatal(err)
		}
	})
}
