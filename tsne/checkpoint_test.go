package tsne

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"hash/crc32"
	"io"
	"runtime"
	"slices"
	"testing"
	"testing/iotest"
)

// smallRun returns a run with merged rows, fixed rows and weights.
func smallRun(t testing.TB, n int) *Run {
	t.Helper()
	x, _ := blobs(n, 5, 4, 9)
	copy(x[5*10:5*14], x[:5*4])
	s := &Settings{
		Phases: []Phase{{Steps: 30, Exaggeration: 12}, {Steps: 40, Momentum: 0.7}}, Seed: 3,
		Weights: make([]float64, n), Fixed: make([]bool, n), Method: Mesh,
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
	for range r.Steps() {
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
		q, err := Resume(bytes.NewReader(b.Bytes()), 3)
		if err != nil {
			t.Fatal(err)
		}
		var again bytes.Buffer
		if err := q.Save(&again); err != nil || !bytes.Equal(b.Bytes(), again.Bytes()) {
			t.Errorf("step %d: saved anew it differs (%v)", stop, err)
		}
		// Leaving and entering Steps makes no difference either.
		advance(q, 3)
		for range q.Steps() {
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
	return binary.LittleEndian.AppendUint32(b[:n:n], crc32.ChecksumIEEE(b[:n]))
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
		_, err := Resume(bytes.NewReader(b), 1)
		runtime.ReadMemStats(&after)
		var ce *CheckpointError
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
	for at := 16; at < 16+8*11; at += 8 {
		b := slices.Clone(good)
		binary.LittleEndian.PutUint64(b[at:], 1<<31-1)
		Resume(bytes.NewReader(reseal(b)), 1) // must not panic or take memory
		binary.LittleEndian.PutUint64(b[at:], 1<<63)
		if at != 16+8*10 { // any seed is fine
			bad("large number", reseal(b))
		}
	}
	boom := errors.New("boom")
	_, err := Resume(io.MultiReader(bytes.NewReader(good[:200]), iotest.ErrReader(boom)), 1)
	if !errors.Is(err, boom) {
		t.Errorf("a failing reader gives %v", err)
	}
	if err := r.Save(failingWriter{boom}); !errors.Is(err, boom) {
		t.Errorf("a failing writer gives %v", err)
	}
}

type failingWriter struct{ err error }

func (w failingWriter) Write(b []byte) (int, error) { return 0, w.err }

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
		r, err := Resume(bytes.NewReader(reseal(b)), 1)
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
