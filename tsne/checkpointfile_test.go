package tsne

import (
	"bytes"
	"math"
	"os"
	"testing"

	"github.com/semamap/semamap/internal/golden"
)

// A checkpoint is read and written the same on every machine, whatever its
// byte order and the size of its int: the file was saved on amd64, by this test
// with -update.
func TestCheckpointFile(t *testing.T) {
	const file, n = "testdata/checkpoint.bin", 60
	if golden.Update() {
		x, _ := blobs(n, 5, 4, 9)
		copy(x[5*10:5*14], x[:5*4]) // equal rows
		s := &Settings{
			Phases: []Phase{{Steps: 30, Exaggeration: 12}, {Steps: 40, Momentum: 0.7}}, Seed: 1<<63 + 3,
			Kernel: Uniform(6), Weights: make([]float64, n), Fixed: make([]bool, n),
		}
		for i := range n {
			s.Weights[i], s.Fixed[i] = 1+float64(i%3), i == 7
		}
		r, err := New(t.Context(), Rows(x, n, 5), s)
		if err != nil {
			t.Fatal(err)
		}
		advance(r, 45)
		var b bytes.Buffer
		if err := r.Save(&b); err != nil {
			t.Fatal(err)
		}
		golden.Check(t, file, b.Bytes())
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	r, err := Resume(t.Context(), bytes.NewReader(want), nil, nil)
	if err != nil {
		t.Fatal(err)
	}
	if r.rows != n || r.u >= n || r.iter != 45 || r.phase != 1 || r.phaseStep != 15 || r.s.Seed != 1<<63+3 || r.phases[1].Momentum != 0.7 || len(r.p.Col) < 6*r.u {
		t.Errorf("%d rows, %d distinct, step %d, phase %d, step %d of it, seed %d, %+v, %d affinities",
			r.rows, r.u, r.iter, r.phase, r.phaseStep, r.s.Seed, r.phases, len(r.p.Col))
	}
	var b bytes.Buffer
	if err := r.Save(&b); err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(b.Bytes(), want) {
		t.Error("saved again it differs")
	}
	advance(r, 1<<30)
	res, err := r.Result()
	if err != nil {
		t.Fatal(err)
	}
	if r.iter != 70 || !(res.KL > 0 && res.KL < 1) || len(res.Y) != 2*n {
		t.Errorf("step %d, KL %v, %d numbers", r.iter, res.KL, len(res.Y))
	}
	for i, v := range res.Y {
		if v-v != 0 || math.Abs(float64(v)) > 1e3 {
			t.Fatalf("number %d of the map is %v", i, v)
		}
	}
}
