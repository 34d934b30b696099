package tsne

import (
	"cmp"
	"errors"
	"fmt"
	"math"
	"slices"

	"github.com/semamap/semamap/tsne/knn"
)

// Settings configures a run. Nil and the zero value mean the defaults.
type Settings struct {
	// Dims is the number of dimensions of the map: 1, 2 or 3. Zero means 2.
	Dims int

	// Perplexity is the effective number of neighbors of each row. Zero
	// means 30, or less for few rows: with U distinct rows
	// min(30, max((U−1)/3, min(U/2, 2))). An explicit value must be above 1
	// and below U−1; it is never changed. Result.Perplexity reports the value
	// used.
	Perplexity float64

	// Metric is the distance between rows: knn.Euclidean (zero), knn.Cosine,
	// which is √(2·(1−cos)), knn.Correlation, which is Cosine after the mean of
	// each row is subtracted, knn.Manhattan, knn.Chebyshev, knn.Hamming or
	// knn.Jaccard. Kernels take its square.
	Metric knn.Metric

	// LearningRate multiplies the gradient without its factor of 4: a
	// learning_rate of 200 in scikit-learn is 800 here. Zero means, in each
	// phase, the number of distinct rows (with Weights, the total weight)
	// divided by the exaggeration.
	LearningRate float64

	// Iterations is the number of steps of the last phase. Zero means 500.
	// With the 250 steps of the first phase that makes 750; for 1,000 in all
	// give 750.
	Iterations int

	// EarlyExaggeration multiplies the attraction in the 250 steps of the
	// first phase. Zero means 12.
	EarlyExaggeration float64

	// Phases replaces the two phases by another schedule. LearningRate,
	// Iterations and EarlyExaggeration must then be zero.
	Phases []Phase

	// Kernel turns distances into affinities. Nil means a Gaussian with the
	// given Perplexity. Mixture, Multiscale, Sigma and Uniform make kernels
	// that ignore Perplexity.
	Kernel Kernel

	// MinGradNorm ends the last phase at the first step whose Step.GradNorm is
	// below it. Zero means never.
	MinGradNorm float64

	// Start gives the first positions. Nil means PCA, or Spectral if the
	// points are Distances.
	Start Start

	// KeepStart takes the positions of a Start from Positions as they are, for
	// instance to go on from a finished map. Otherwise they are scaled. With
	// Fixed rows they are kept in any case.
	KeepStart bool

	// Freedom is the degrees of freedom a of the kernel (1 + r²/a)^−a of the
	// map. Zero means 1, Student's t as in plain t-SNE. Smaller values break
	// clusters into finer ones.
	Freedom float64

	// Seed seeds the start and an approximate search.
	Seed uint64

	// Workers limits the number of goroutines. Zero means GOMAXPROCS. It never
	// changes a result.
	Workers int

	// MaxMemory limits the bytes used beyond the input, by estimate. Zero
	// means no limit. A run that needs more fails with knn.ErrMemory.
	MaxMemory int64

	// Duplicates selects what to do with equal rows. Zero means Merge: each
	// distinct row counts once, so copies do not change the map of the others.
	Duplicates Duplicates

	// Weights are the multiplicities of the rows, positive: a row of weight 3
	// counts as three points at one place. The weights of merged rows are
	// added, so weights of 1 make every copy count. Nil means 1 for each
	// distinct row.
	Weights []float64

	// Fixed marks rows that stay at their start. Nil means none.
	Fixed []bool

	// Search configures the neighbor search. Nil means exact up to a limit of
	// work; see knn.Settings. If it sets a metric, Metric must be zero or the
	// same. Its Seed, Workers and MaxMemory default to those above.
	Search *knn.Settings

	// Neighbors supplies the neighbors of each row. Nothing is searched or
	// merged. The points are then used by the start only, and may be nil if
	// the start does not need them. Rows may have different numbers of
	// neighbors; see knn.Graph.
	Neighbors *knn.Graph

	// Affinities supplies the joint probabilities P, for instance as CSR rows:
	// weights of any graph, such as a fuzzy simplicial set of UMAP or the
	// connectivities of scanpy. P becomes (P+Pᵀ)/2, so that a directed graph
	// will do, and is divided by its sum. Its diagonal is ignored, and numbers
	// of the same place are added. Nothing is searched, calibrated or merged.
	// The points may be nil as with Neighbors. [MeanAffinities] and
	// [ProductAffinities] combine several.
	Affinities Points

	// Expert holds settings that are rarely changed. Nil means their defaults.
	Expert *Expert
}

// Expert holds the [Settings] that are rarely changed.
type Expert struct {
	// Method selects how repulsive forces are computed. Zero means Auto.
	Method Method

	// Spacing is the distance between mesh nodes, from 0.01 to 0.6. Zero means
	// 0.4 below 8,000 distinct rows, 0.44 below 20,000, and 0.5 otherwise.
	// Small maps use a finer mesh.
	Spacing float64

	// Theta is the Barnes–Hut accuracy parameter, at most 1; smaller is more
	// accurate. A cell of width s is replaced by its center and second moments
	// if it is farther away than s/Theta. Zero means 0.7, which is about as
	// accurate as 0.4 without second moments.
	Theta float64

	// MaxStep limits how far a point moves in one step. Zero means 5.
	MaxStep float64
}

// A Phase is a part of the schedule.
type Phase struct {
	Steps int
	// Exaggeration multiplies the attraction. Zero means 1.
	Exaggeration float64
	// LearningRate multiplies the gradient, as Settings.LearningRate does. Zero
	// means the default of that one, by this phase's Exaggeration.
	LearningRate float64
	// Momentum is the share of the previous move that is kept. Zero means 0.8.
	Momentum float64
}

// Method selects how the repulsive forces between all pairs of points are
// computed.
type Method uint8

const (
	Auto  Method = iota // the fastest, estimated from the sizes of the data and the map
	Mesh                // particle mesh, for one or two dimensions; Tree or Exact if the map is too wide
	Tree                // Barnes–Hut
	Exact               // all pairs
)

// Duplicates selects what to do with equal rows.
type Duplicates uint8

const (
	// Merge treats them as one row, whose copies share its place. Rows that the
	// metric does not tell apart are merged as well, such as multiples of one
	// row by knn.Cosine.
	Merge Duplicates = iota
	// Keep treats them as different rows at distance zero.
	Keep
)

// fill replaces zeros by defaults and reports every setting that is wrong for
// n rows. It does not look at what depends on the number of distinct rows.
func (s *Settings) fill(n int) error {
	var f faults
	number := func(name string, v *float64, zero, lo, hi float64) {
		*v = cmp.Or(*v, zero)
		f.need(*v > lo && *v <= hi, name, *v, fmt.Sprintf("outside (%v, %v]", lo, hi))
	}
	s.Dims = cmp.Or(s.Dims, 2)
	f.need(s.Dims >= 1 && s.Dims <= 3, "Dims", s.Dims, "must be 1, 2 or 3")
	f.need(s.Perplexity >= 0 && !math.IsInf(s.Perplexity, 0), "Perplexity", s.Perplexity, "must be above 1")
	if s.Kernel != nil {
		f.add(s.Kernel.check())
	}
	s.fillPhases(&f)
	for i := range s.Phases {
		f.add(s.Phases[i].fill(i))
	}
	f.need(s.MinGradNorm >= 0, "MinGradNorm", s.MinGradNorm, negative)
	var e Expert
	if s.Expert != nil {
		e = *s.Expert
	}
	s.Expert = &e
	f.need(e.Method <= Exact, "Expert.Method", e.Method, "unknown")
	f.need(e.Method != Mesh || s.Dims != 3, "Expert.Method", e.Method, "the mesh has one or two dimensions")
	if e.Spacing != 0 {
		number("Expert.Spacing", &e.Spacing, 0, 0, 0.6)
		f.need(!(e.Spacing < 0.01), "Expert.Spacing", e.Spacing, "below 0.01")
	}
	number("Expert.Theta", &e.Theta, 0.7, 0, 1)
	number("Freedom", &s.Freedom, 1, 0, 1e6)
	number("Expert.MaxStep", &e.MaxStep, 5, 0, 1e6)
	if k := s.Search; k != nil && s.Metric != knn.Euclidean {
		f.need(k.Func == nil && (k.Metric == knn.Euclidean || k.Metric == s.Metric), "Metric", s.Metric, "Search has another")
	}
	f.need(s.MaxMemory >= 0, "MaxMemory", s.MaxMemory, negative)
	f.need(s.Duplicates <= Keep, "Duplicates", s.Duplicates, "unknown")
	f.need(s.Weights == nil || len(s.Weights) == n, "Weights", len(s.Weights), fmt.Sprintf("need one for each of %d rows", n))
	if i := slices.IndexFunc(s.Weights, func(w float64) bool { return !(w > 0 && w <= 1e9 && float32(w) > 0) }); i >= 0 {
		f.need(false, "Weights", s.Weights[i], fmt.Sprintf("weight of row %d is outside (0, 1e9]", i))
	}
	f.need(s.Fixed == nil || len(s.Fixed) == n, "Fixed", len(s.Fixed), fmt.Sprintf("need one for each of %d rows", n))
	return errors.Join(f...)
}

// faults are the errors of settings.
type faults []error

func (f *faults) add(err error) {
	if err != nil {
		*f = append(*f, err)
	}
}

// need adds an error unless ok. It is not inlined, as it stands in many places.
//
//go:noinline
func (f *faults) need(ok bool, name string, value any, reason string) {
	if !ok {
		f.add(badSetting(name, value, reason))
	}
}

const negative = "must not be negative"

// The phases when Settings.Phases is nil.
const (
	earlySteps   = 250
	exaggeration = 12
	iterations   = 500
)

// fillPhases makes the schedule.
func (s *Settings) fillPhases(f *faults) {
	if s.Phases != nil {
		const why = "must be zero where Phases are given"
		f.need(s.LearningRate == 0, "LearningRate", s.LearningRate, why)
		f.need(s.Iterations == 0, "Iterations", s.Iterations, why)
		f.need(s.EarlyExaggeration == 0, "EarlyExaggeration", s.EarlyExaggeration, why)
		s.Phases = slices.Clone(s.Phases)
		return
	}
	f.need(s.LearningRate >= 0 && s.LearningRate <= math.MaxFloat32, "LearningRate", s.LearningRate, "must be finite and not negative")
	f.need(s.Iterations >= 0, "Iterations", s.Iterations, negative)
	f.need(s.EarlyExaggeration >= 0 && s.EarlyExaggeration <= 1e6, "EarlyExaggeration", s.EarlyExaggeration, "outside [0, 1e6]")
	s.Phases = []Phase{
		{Steps: earlySteps, Exaggeration: cmp.Or(s.EarlyExaggeration, exaggeration), LearningRate: s.LearningRate},
		{Steps: cmp.Or(s.Iterations, iterations), LearningRate: s.LearningRate},
	}
}

// search returns the settings of the neighbor search.
func (s *Settings) search() knn.Settings {
	var k knn.Settings
	if s.Search != nil {
		k = *s.Search
	}
	if s.Metric != knn.Euclidean {
		k.Metric = s.Metric
	}
	k.Workers = cmp.Or(k.Workers, s.Workers)
	k.Seed = cmp.Or(k.Seed, s.Seed)
	k.MaxMemory = cmp.Or(k.MaxMemory, s.MaxMemory)
	return k
}

func (p *Phase) fill(i int) error {
	var f faults
	need := func(ok bool, name string, value any, reason string) {
		f.need(ok, fmt.Sprintf("Phases[%d].%s", i, name), value, reason)
	}
	need(p.Steps >= 0, "Steps", p.Steps, negative)
	p.Exaggeration = cmp.Or(p.Exaggeration, 1)
	need(p.Exaggeration > 0 && p.Exaggeration <= 1e6, "Exaggeration", p.Exaggeration, "outside (0, 1e6]")
	need(p.LearningRate >= 0 && p.LearningRate <= math.MaxFloat32, "LearningRate", p.LearningRate, "must be finite and not negative")
	p.Momentum = cmp.Or(p.Momentum, 0.8)
	need(p.Momentum >= 0 && p.Momentum < 1, "Momentum", p.Momentum, "outside [0, 1)")
	return errors.Join(f...)
}

// perplexity returns the perplexity for u distinct rows.
func (s *Settings) perplexity(u int) (float64, error) {
	if u <= 2 || s.Kernel != nil {
		return s.Perplexity, nil // nothing to calibrate
	}
	if s.Perplexity == 0 {
		n := float64(u)
		return min(30, max((n-1)/3, min(n/2, 2))), nil
	}
	if err := checkPerplexity("Perplexity", s.Perplexity, u); err != nil {
		return 0, err
	}
	return s.Perplexity, nil
}

func checkPerplexity(name string, p float64, u int) error {
	if !(p > 1 && p < float64(u-1)) {
		return badSetting(name, p, fmt.Sprintf("must be above 1 and below %d, the number of other rows that are distinct (%d are)", u-1, u))
	}
	return nil
}
