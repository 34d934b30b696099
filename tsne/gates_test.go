package tsne_test

import (
	"context"
	"math"
	"math/rand/v2"
	"os"
	"slices"
	"testing"

	"github.com/semamap/semamap/internal/golden"
	"github.com/semamap/semamap/tsne"
	"github.com/semamap/semamap/tsne/knn"
	"github.com/semamap/semamap/tsne/quality"
)

// digits returns the first n images of MNIST, 784 numbers in [0, 1] each, and
// their labels.
func digits(t testing.TB, n int) ([]float32, []int32) {
	b := golden.Unzip(t, golden.Shared(t, "data/mnist-70k.u8.gz"), n*784)
	x := make([]float32, len(b))
	for i, v := range b {
		x[i] = float32(v) / 255
	}
	labels := make([]int32, n)
	for i, v := range golden.Unzip(t, golden.Shared(t, "data/mnist-70k-labels.u8.gz"), n) {
		labels[i] = int32(v)
	}
	return x, labels
}

// A gate is what a map with default settings must reach: the best of the
// peers' maps, within what seeds change (KL 0.01, knn10 0.003, trust10 0.001).
// KL has exact neighbors, exact P and exact normalization. knn10 is the share
// of the 10 nearest neighbors kept of 5,000 rows against all, trust10 the
// trustworthiness within a sample of 5,000 rows by themselves: as the peers'
// figures were taken.
type gate struct{ kl, knn10, trust10 float64 }

func TestMNIST10k(t *testing.T) {
	if testing.Short() {
		t.Skip("takes some seconds")
	}
	checkGate(t, 10_000, gate{1.859, .420, .976})
}

func TestMNIST70k(t *testing.T) {
	if os.Getenv("SEMAMAP_LONG") == "" {
		t.Skip("takes a minute; set SEMAMAP_LONG=1")
	}
	checkGate(t, 70_000, gate{2.886, .358, .971})
}

func checkGate(t *testing.T, n int, g gate) {
	ctx := context.Background()
	x, labels := digits(t, n)
	// The neighbors are those of a default run, but are needed twice.
	graph, err := knn.Search(ctx, knn.Rows(x, n, 784), 90, nil)
	if err != nil {
		t.Fatal(err)
	}
	r, err := tsne.New(ctx, tsne.Rows(x, n, 784), &tsne.Settings{Neighbors: graph})
	if err != nil {
		t.Fatal(err)
	}
	for range r.Steps(t.Context()) {
	}
	res, err := r.Result()
	if err != nil {
		t.Fatal(err)
	}
	p, err := tsne.NewAffinities(ctx, graph, nil)
	if err != nil {
		t.Fatal(err)
	}
	kl, err := quality.KL(ctx, p.Points(), res.Y, 2, nil)
	if err != nil {
		t.Fatal(err)
	}

	all, err := knn.Search(ctx, tsne.Rows(res.Y, n, 2), 10, nil) // on the map
	if err != nil {
		t.Fatal(err)
	}
	rows := sample(n, 5000)
	data, embedded := knn.Graph{N: len(rows), K: 90}, knn.Graph{N: len(rows), K: 10}
	sx, sy := make([]float32, 0, len(rows)*784), make([]float32, 0, len(rows)*2)
	for _, i := range rows {
		near, _ := graph.Row(int(i))
		data.Index = append(data.Index, near...)
		near, _ = all.Row(int(i))
		embedded.Index = append(embedded.Index, near...)
		sx = append(sx, x[int(i)*784:int(i+1)*784]...)
		sy = append(sy, res.Y[2*i:2*i+2]...)
	}
	knn10, err := quality.Recall(&embedded, &data, 10)
	if err != nil {
		t.Fatal(err)
	}
	within, err := quality.Compare(ctx, tsne.Rows(sx, len(rows), 784), sy, 2, 10, nil)
	if err != nil {
		t.Fatal(err)
	}
	trust10 := within.Trustworthiness
	t.Logf("KL %.4f (the run says %.4f), knn10 %.4f, trust10 %.4f", kl, res.KL, knn10, trust10)
	if !(kl <= g.kl) {
		t.Errorf("KL = %.4f, gate %v", kl, g.kl)
	}
	if !(knn10 >= g.knn10) {
		t.Errorf("knn10 = %.4f, gate %v", knn10, g.knn10)
	}
	if !(trust10 >= g.trust10) {
		t.Errorf("trust10 = %.4f, gate %v", trust10, g.trust10)
	}
	if math.Abs(kl-res.KL) > .003 {
		t.Errorf("the run says KL = %.4f, it is %.4f", res.KL, kl)
	}

	// The repulsion of the finished map, as the steps saw it.
	f := r.Repulsion()
	rows = sample(n, 2000)
	e := compareFields(field{f.Phi, f.Force}, allPairs(res.Y, 2, nil, 0, rows), nil, rows)
	t.Logf("%v: error of the force %.4f rms, %.3f largest; of Z %.6f; Z = %.1f", f.Method, e.RMS, e.Max, e.Z, f.Z)
	if f.Method != tsne.Mesh || !(e.RMS < .02) || !(math.Abs(e.Z) < .003) {
		t.Errorf("%v: errors %+v", f.Method, e)
	}

	// Digits lie among their like; by chance one neighbor in ten would.
	a, err := quality.LabelAgreement(ctx, all, labels, &quality.Settings{Permutations: 99})
	if err != nil {
		t.Fatal(err)
	}
	accuracy, err := quality.LabelAccuracy(all, labels, nil)
	if err != nil {
		t.Fatal(err)
	}
	t.Logf("label agreement %.3f (chance %.3f, p %.2f), accuracy %.3f", a.Share, a.Chance, a.P, accuracy)
	if accuracy < .93 || a.P != .01 {
		t.Errorf("accuracy %.3f, agreement %+v", accuracy, a)
	}
}

// sample draws some of n rows, ascending.
func sample(n, size int) []int32 {
	rng := rand.New(rand.NewPCG(1, 0x73616d706c65))
	rows := make([]int32, n)
	for i := range rows {
		rows[i] = int32(i)
	}
	for i := range size {
		j := i + rng.IntN(n-i)
		rows[i], rows[j] = rows[j], rows[i]
	}
	slices.Sort(rows[:size])
	return rows[:size]
}

// Digits that were left out and placed afterwards fall among their like.
func TestTransformDigits(t *testing.T) {
	if testing.Short() {
		t.Skip("takes some seconds")
	}
	const n, m = 5000, 500
	ctx := context.Background()
	x, labels := digits(t, n+m)
	ref := tsne.Rows(x[:n*784], n, 784)
	res, err := tsne.Embed(ctx, ref, nil)
	if err != nil {
		t.Fatal(err)
	}
	y, err := res.Transform(ctx, ref, tsne.Rows(x[n*784:], m, 784), nil)
	if err != nil {
		t.Fatal(err)
	}
	// The neighbors of new points among the others of the map.
	nn, err := knn.Query(ctx, tsne.Rows(res.Y, n, 2), tsne.Rows(y, m, 2), 10, nil)
	if err != nil {
		t.Fatal(err)
	}
	var rows []int32
	for i := range m {
		rows = append(rows, int32(n+i))
	}
	accuracy, err := quality.LabelAccuracy(nn, labels, &quality.Settings{Rows: rows})
	if err != nil {
		t.Fatal(err)
	}
	t.Logf("accuracy of new digits %.3f", accuracy)
	if accuracy < .90 {
		t.Errorf("accuracy %.3f", accuracy)
	}
}

// A map does not depend on where its data lie or how large they are, and a
// few clear groups stay groups: openTSNE's issue 233 was a collapse here.
func TestExaggerationKeepsPointsApart(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	x := make([]float32, 100*10)
	for i := range x {
		x[i] = float32(rng.NormFloat64())
	}
	res, err := tsne.Embed(context.Background(), tsne.Rows(x, 100, 10), &tsne.Settings{Perplexity: 10})
	if err != nil {
		t.Fatal(err)
	}
	h, err := quality.Compare(context.Background(), tsne.Rows(x, 100, 10), res.Y, 2, 10, nil)
	if err != nil {
		t.Fatal(err)
	}
	if h.Preservation < .4 || h.Trustworthiness < .75 {
		t.Errorf("%+v", h)
	}
}
