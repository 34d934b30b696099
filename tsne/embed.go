package tsne

import (
	"context"
	"errors"
	"fmt"
	"math"
	"slices"
	"time"

	"github.com/semamap/semamap/internal/vec"
	"github.com/semamap/semamap/tsne/internal/share"
	"github.com/semamap/semamap/tsne/knn"
)

// A Result is a map: the positions of the rows, and how they were found.
type Result struct {
	// Y holds the positions, rows × Dims in the order of the input.
	Y    []float32
	Dims int
	// KL is the Kullback–Leibler divergence of the map from P, in nats.
	KL float64
	// Perplexity is the value used; 0 with Settings.Kernel or Affinities.
	Perplexity float64
	// Steps is the number of steps taken.
	Steps int
	Stats Stats

	freedom  float64
	weights  []float64  // of the rows; nil: 1 each
	metric   knn.Metric // of the search
	distance func(a, b []float32) float64
}

// Stats reports how a run went.
type Stats struct {
	Distinct    int           // rows after merging equal ones
	Unsolved    int           // of these, rows that cannot reach the perplexity: too many neighbors at one distance
	Recall      float64       // share of the true neighbors that were found; 1 for the exact search
	Merging     time.Duration // time to check the rows and merge equal ones
	Searching   time.Duration // time to find neighbors
	Calibrating time.Duration // time to compute affinities
	Starting    time.Duration // time to compute the first positions
	Stepping    time.Duration // time of all steps
	Kernels     string        // vector instructions in use: go, avx2, avx512, avx512+amx or neon
	Rounded     []int         // columns of float64 that are too coarse as float32; see knn.Graph

	neighbors int   // searched or given for each distinct row
	edges     int64 // entries of P
	peakBytes int64 // estimate of the memory used beyond the input
}

// NewResult makes a Result from stored positions y, rows × dims, so that
// [Result.Transform] can place new points on the map. s holds the settings that
// the map was made with. NewResult reads Metric, Search, Freedom and Weights;
// nil means their defaults. It keeps y.
func NewResult(y []float32, dims int, s *Settings) (*Result, error) {
	set := Settings{Dims: dims}
	if s != nil {
		set.Metric, set.Search, set.Freedom, set.Weights = s.Metric, s.Search, s.Freedom, s.Weights
	}
	if dims < 1 || dims > 3 {
		return nil, badSetting("dims", dims, "must be 1, 2 or 3")
	}
	n := len(y) / dims
	if n*dims != len(y) {
		return nil, badSetting("y", len(y), fmt.Sprintf("not a multiple of %d numbers", dims))
	}
	if err := set.fill(n); err != nil {
		return nil, err
	}
	for i, v := range y {
		if !(math.Abs(float64(v)) <= maxPosition) {
			return nil, badValue(i/dims, i%dims, float64(v))
		}
	}
	k := set.search()
	return &Result{Y: y, Dims: dims, KL: math.NaN(), freedom: set.Freedom, weights: set.Weights, metric: k.Metric, distance: k.Func}, nil
}

// Float64 returns a copy of Y in float64, as gonum needs it:
// mat.NewDense(r.Len(), r.Dims, r.Float64()).
func (r *Result) Float64() []float64 {
	if r == nil {
		return nil
	}
	y := make([]float64, len(r.Y))
	for i, v := range r.Y {
		y[i] = float64(v)
	}
	return y
}

// Len returns the number of rows.
func (r *Result) Len() int {
	if r == nil || r.Dims <= 0 {
		return 0
	}
	return len(r.Y) / r.Dims
}

// XY returns the position of row i: its first two coordinates, and y = 0 if the
// map has one dimension.
func (r *Result) XY(i int) (x, y float64) {
	x = float64(r.Y[i*r.Dims])
	if r.Dims > 1 {
		y = float64(r.Y[i*r.Dims+1])
	}
	return x, y
}

// Embed makes a map of the rows of x; s may be nil. It fails with the errors of
// [New] and [Run.Result]. If the context is canceled during the steps, Embed
// returns the map so far, with KL NaN, together with the error. If it is
// canceled before, the map is nil.
func Embed(ctx context.Context, x Points, s *Settings) (*Result, error) {
	r, err := prepare(ctx, x, s, nil)
	if err != nil {
		return nil, err
	}
	return r.run(ctx)
}

// New prepares a run: it checks the settings and the rows, merges equal rows,
// finds neighbors, computes affinities and the first positions. s may be nil.
// New does not keep x. It fails with a [*SettingError], with a [*ValueError]
// for a number that is not finite, or with an error that wraps one of x.Row, of
// [knn.Search] or of the context.
func New(ctx context.Context, x Points, s *Settings) (*Run, error) {
	return prepare(ctx, x, s, (*builder).identity)
}

// prepare is New; identify may be nil for a run that is never saved.
func prepare(ctx context.Context, x Points, s *Settings, identify func(*builder, context.Context) (identity, error)) (*Run, error) {
	if ctx == nil {
		return nil, errNoContext
	}
	r, err := newRun(ctx, x, s, identify)
	if err != nil && ctx.Err() != nil && errors.Is(err, ctx.Err()) {
		return nil, share.Errorf("tsne: preparing: %w", err)
	}
	return r, err
}

// newBuilder checks the settings and the shape of the points, and reads those
// that are read fast at once.
func newBuilder(ctx context.Context, x Points, s *Settings) (*builder, error) {
	b := &builder{}
	if share.Nil(x) {
		x = nil
	}
	if s != nil {
		b.s = *s
	}
	set := &b.s
	var rows, cols int // of given affinities
	var err error
	if set.Affinities != nil {
		if rows, cols, err = checkShape(set.Affinities); err != nil {
			return nil, share.Errorf("tsne: Affinities: %w", err)
		}
	}
	switch {
	case x != nil:
		if b.n, b.d, err = checkShape(x); err != nil {
			return nil, err
		}
	case set.Affinities != nil:
		b.n = rows
	case set.Neighbors != nil:
		b.n = set.Neighbors.N
	default:
		return nil, badSetting("points", nil, "neither points, Neighbors nor Affinities are given")
	}
	n := b.n
	if err := set.fill(n); err != nil {
		return nil, err
	}
	if set.Start == nil {
		set.Start = PCA()
		if areDistances(x) {
			set.Start = Spectral()
		}
	}
	switch {
	case set.Start == PCA() && (x == nil || areDistances(x)):
		return nil, badSetting("Start", "PCA", "needs points with coordinates")
	case set.KeepStart && !isGiven(set.Start):
		return nil, badSetting("KeepStart", true, "Start is not from Positions")
	case set.Affinities != nil && set.Neighbors != nil:
		return nil, badSetting("Affinities", "given", "Neighbors are given too")
	case set.Neighbors != nil && set.Neighbors.N != n:
		return nil, badSetting("Neighbors", set.Neighbors.N, fmt.Sprintf("rows do not match the %d points", n))
	}
	if set.Affinities != nil && (rows != n || cols != n) {
		return nil, badSetting("Affinities", []int{rows, cols}, fmt.Sprintf("must be a matrix of %d×%d", n, n))
	}
	if x != nil && set.MaxMemory == 0 {
		if flat, ok, err := share.ReadAll(ctx, x); err != nil {
			return nil, share.Errorf("tsne: %w", err)
		} else if ok {
			x = Rows(flat, n, b.d)
		}
	}
	b.x, b.u = x, n
	b.stats.Kernels = vec.Best().String()
	if k := set.search(); k.Metric == knn.Euclidean && k.Func == nil && x != nil {
		b.x = centered(x)
	}
	return b, nil
}

func newRun(ctx context.Context, x Points, s *Settings, identify func(*builder, context.Context) (identity, error)) (*Run, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	b, err := newBuilder(ctx, x, s)
	if err != nil {
		return nil, err
	}
	var id identity
	if identify != nil {
		if id, err = identify(b, ctx); err != nil {
			return nil, err
		}
	}
	for _, stage := range []struct {
		time *time.Duration
		run  func(*builder, context.Context) error
	}{
		{&b.stats.Merging, (*builder).merge},
		{&b.stats.Searching, (*builder).search},
		{&b.stats.Calibrating, (*builder).calibrate},
		{&b.stats.Starting, (*builder).start},
	} {
		begin := time.Now()
		if err := stage.run(b, ctx); err != nil {
			return nil, err
		}
		*stage.time = time.Since(begin)
	}
	b.stats.Distinct = b.u
	b.stats.edges = int64(len(b.p.Val))
	set := b.s
	set.Neighbors, set.Affinities, set.Weights, set.Fixed, set.Start = nil, nil, nil, nil, nil
	r, err := makeRun(ctx, set, b.n, b.u, b.of, b.w, b.fixed, b.p, b.y)
	if err != nil {
		return nil, err
	}
	r.stats, r.perp, r.id, r.spare, r.rep.mesh.room = b.stats, b.perp, id, b.spare, b.left
	return r, nil
}

// A builder holds what New makes on the way.
type builder struct {
	s     Settings
	x     Points
	n, d  int
	u     int
	of    []int32
	w     []float64
	fixed []bool
	kern  Kernel
	perp  float64
	graph *knn.Graph
	p     *joint
	spare []int32  // memory that is not needed any more
	room  []uint64 // likewise
	left  []float32
	y     []float64
	stats Stats
}

// merge checks the points and merges equal ones. A distinct row counts once;
// given weights are added.
func (b *builder) merge(ctx context.Context) error {
	b.w, b.fixed = b.s.Weights, b.s.Fixed
	if b.x == nil {
		return nil
	}
	of, first, err := knn.Distinct(ctx, b.x, b.s.Workers)
	if err != nil {
		return err
	}
	if b.s.Duplicates == Keep || b.s.Affinities != nil || b.s.Neighbors != nil {
		return nil
	}
	if of, first = merge(of, first, b.s.Fixed); len(first) < b.n {
		b.take(of, first)
	}
	return nil
}

// take makes the rows numbered by of, the first of each of which is in first,
// the distinct rows.
func (b *builder) take(of, first []int32) {
	b.u = len(first)
	if w := b.w; w != nil {
		b.w = make([]float64, b.u)
		for i, u := range of {
			b.w[u] += w[i]
		}
	}
	if fixed := b.fixed; fixed != nil {
		b.fixed = make([]bool, b.u)
		for u, i := range first {
			b.fixed[u] = fixed[i]
		}
	}
	b.x = knn.Select(b.x, first)
	if b.of == nil {
		b.of = of
		return
	}
	for i, u := range b.of {
		b.of[i] = of[u]
	}
}

// mergeAlike merges distinct rows that the metric does not tell apart, such as
// multiples of one row by the cosine, as far as the graph lists them. It reports
// whether there were any.
func (b *builder) mergeAlike(k *knn.Settings) bool {
	most := 0.0
	switch {
	case b.s.Duplicates == Keep || k.Func != nil || k.Metric == knn.Euclidean:
		return false
	case k.Metric == knn.Cosine || k.Metric == knn.Correlation:
		most = alike
	}
	root := make([]int32, b.u) // a row alike of lower number, or the row itself
	find := func(i int32) int32 {
		for root[i] != i {
			root[i] = root[root[i]]
			i = root[i]
		}
		return i
	}
	for i := range root {
		root[i] = int32(i)
	}
	for i := range b.u {
		index, d2 := b.graph.Row(i)
		for e := 0; e < len(d2) && d2[e] <= most; e++ {
			if j := int(index[e]); b.fixed == nil || b.fixed[i] == b.fixed[j] {
				r, s := find(int32(i)), find(int32(j))
				root[max(r, s)] = min(r, s)
			}
		}
	}
	var first []int32
	of := make([]int32, b.u)
	for i := range of {
		if r := find(int32(i)); int(r) < i {
			of[i] = of[r]
			continue
		}
		of[i] = int32(len(first))
		first = append(first, int32(i))
	}
	if len(first) == b.u {
		return false
	}
	b.take(of, first)
	return true
}

// alike is the squared distance, between rows scaled to length 1, that the
// rounding of a row and of its multiple can make.
const alike = 0x1p-44

// search finds the neighbors.
func (b *builder) search(ctx context.Context) error {
	if b.s.Affinities != nil {
		return nil
	}
	if g := b.s.Neighbors; g != nil {
		if err := g.Check(); err != nil {
			return share.Errorf("tsne: Neighbors: %w", err)
		}
		b.graph = g
		var err error
		b.kern, b.perp, err = b.s.graphKernel(g)
		b.stats.neighbors = g.K
		return err
	}
	perp, err := b.s.perplexity(b.u)
	if err != nil {
		return err
	}
	b.kern, b.perp = b.s.Kernel, 0
	if b.kern == nil {
		b.kern, b.perp = gaussian(perp), perp
	}
	k, err := b.kern.neighbors(b.u)
	if err != nil {
		return err
	}
	if b.u <= 2 {
		k = b.u - 1 // nothing to calibrate
	}
	k = max(0, k)
	b.stats.neighbors = k
	need := b.estimate(k)
	b.stats.peakBytes = need
	if b.s.MaxMemory > 0 && need > b.s.MaxMemory {
		return share.Errorf("tsne: MaxMemory = %d: about %d bytes are needed: %w", b.s.MaxMemory, need, knn.ErrMemory)
	}
	ks := b.s.search()
	x := &share.Search{Points: b.x}
	if b.graph, err = knn.Search(ctx, x, k, &ks); err != nil {
		return err
	}
	if b.mergeAlike(&ks) {
		return b.search(ctx)
	}
	b.room = x.Left
	b.stats.Recall, b.stats.Rounded = b.graph.Recall.Mean, b.graph.Rounded
	if b.d >= 16 && vec.Splits() { // as package knn asks for tiles
		b.stats.Kernels += "+amx"
	}
	b.stats.peakBytes = max(need, b.graph.Stats.Bytes)
	return nil
}

// estimate returns about how many bytes the affinities and the steps need.
func (b *builder) estimate(k int) int64 {
	u, edges := int64(b.u), int64(b.u)*int64(k)
	// The graph while P, of up to twice the edges, is made.
	return edges*12 + 2*edges*8 + u*(8*4*4) + int64(b.n)*8
}

func (b *builder) calibrate(ctx context.Context) error {
	var err error
	if a := b.s.Affinities; a != nil {
		b.p, err = readAffinities(ctx, a)
		return err
	}
	d2 := b.graph.Dist2
	b.p, b.stats.Unsolved, err = affinities(ctx, b.graph, b.kern, b.w, b.s.Workers, b.s.Neighbors == nil, b.room)
	if err != nil {
		return err
	}
	if b.s.Neighbors == nil { // what the distances took, Run uses again
		b.spare = view[int32](d2)
	}
	if k := (len(b.p.Col) + 31) / 32 * 32; k < len(b.room) { // what P left of it, by the line
		b.left = view[float32](b.room[k:])
	}
	b.graph, b.room = nil, nil
	return nil
}

func (b *builder) start(ctx context.Context) error {
	b.y = make([]float64, b.u*b.s.Dims)
	if b.u == 0 {
		return nil
	}
	in := &startInput{
		x: centered(b.x), p: b.p, w: b.w, n: b.u, dims: b.s.Dims, seed: b.s.Seed, workers: b.s.Workers, of: b.of,
		keep: b.s.KeepStart || slices.Contains(b.s.Fixed, true),
	}
	if b.u == 1 && !isGiven(b.s.Start) {
		return nil
	}
	return b.s.Start.positions(ctx, b.y, in)
}
