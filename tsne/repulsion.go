package tsne

import (
	"math"

	"github.com/semamap/semamap/internal/par"
)

// A repulsor sums the repulsion of all pairs of n weighted points:
//
//	φ_i = Σ_j w_j k_ij,  F_i = Σ_j w_j k_ij (y_i−y_j)/(1+r²/a),  Z = Σ_i w_i φ_i − Σ_i w_i²,
//
// with k = (1+r²/a)^−a; j = i counts in φ. Z is thus the sum over the pairs of
// different points, which are those that P has. A map of one dimension is
// treated as one in the plane.
type repulsor struct {
	n, dims int // dims is 2 or 3
	w       []float32
	sumW    float64
	sumW2   float64 // Σ w²
	maxW    float64
	method  Method
	spacing float64
	theta   float64
	freedom float64
	pool    *pool

	y          []float32 // of the present call
	phi        []float32 // see base
	force      []float32 // n × dims
	part       []float64 // Σ w φ by block
	base       float64   // φ_i = phi[i] + base
	mesh       mesh
	tree       tree
	exactBlock func(worker, block int)
}

func newRepulsor(n, dims int, w []float32, s *Settings, p *pool) *repulsor {
	r := &repulsor{n: n, dims: dims, w: w, method: s.Expert.Method, spacing: s.Expert.Spacing, theta: s.Expert.Theta, freedom: s.Freedom, pool: p}
	for _, v := range w {
		r.sumW += float64(v)
		r.sumW2 += float64(v) * float64(v)
		r.maxW = max(r.maxW, float64(v))
	}
	if r.spacing == 0 {
		switch { // the error grows with the spacing and falls with n
		case n < 8000:
			r.spacing = 0.4
		case n < 20000:
			r.spacing = 0.44
		default:
			r.spacing = 0.5
		}
	}
	r.phi = make([]float32, n)
	r.force = make([]float32, n*dims)
	r.part = make([]float64, par.NumBlocks(n, exactBlock))
	r.exactBlock = r.exactTask
	r.mesh.init(r)
	r.tree.init(r)
	return r
}

func (r *repulsor) blocks(size int) int { return par.NumBlocks(r.n, size) }

// A box is the bounding box of a map.
type box struct{ lo, hi [3]float32 }

// side returns the longest side.
func (b *box) side() float64 {
	s := 0.0
	for c := range b.lo {
		s = max(s, float64(b.hi[c])-float64(b.lo[c]))
	}
	return s
}

// maxNodes bounds the padded mesh.
const maxNodes = 1 << 24

// mostOfMesh is the largest share of the total weight that a point may have on
// the mesh, where it feels a little of itself: about 6 % of a usual force at 1 %.
const mostOfMesh = 0.01

// Costs of the methods in nanoseconds of one core, for the choice of Auto.
const (
	costNode  = 5.5  // mesh: a node of the padded grid
	costPoint = 20   // mesh: a point
	costPair  = 0.4  // exact
	costTree  = 1600 // tree: a point among 10,000
)

// choose returns the method for a map in the box b. It depends on numbers
// only, never on time.
func (r *repulsor) choose(b *box) Method {
	n := float64(r.n)
	exact := costPair * n * n
	if r.dims == 3 || r.freedom != 1 {
		exact *= 8 // no kernel in assembly
	}
	tree := costTree * n * math.Log2(n+2) / 13.3
	mesh := math.Inf(1)
	if r.dims == 2 {
		if m0, m1, _, ok := r.mesh.layout(b); ok {
			mesh = costNode*float64(m0)*float64(m1) + costPoint*n
		}
	}
	switch r.method {
	case Exact, Tree:
		return r.method
	case Mesh:
		if !math.IsInf(mesh, 1) {
			return Mesh
		}
	}
	if r.maxW > r.sumW*mostOfMesh {
		mesh = math.Inf(1)
	}
	switch {
	case exact <= mesh && exact <= tree:
		return Exact
	case mesh <= tree:
		return Mesh
	}
	return Tree
}

// run sums the repulsion of the points y in the box b into phi, base and
// force, and returns Z and the method used. A forced mesh gives way to the
// cheaper of the others where the mesh would be too large.
func (r *repulsor) run(y []float32, b *box) (z float64, used Method) {
	r.y, r.base = y, 0
	used = r.choose(b)
	switch used {
	case Exact:
		r.exact()
		z = r.sum(exactBlock)
		for i, w := range r.w {
			r.phi[i] += w
		}
	case Mesh:
		r.mesh.run(b)
		z = r.sum(meshBlock) + r.base*r.sumW - r.sumW2
		// A small difference, if few points have most of the weight; but no two
		// are farther apart than the corners of the box.
		var far float64
		for c := range b.lo {
			side := float64(b.hi[c]) - float64(b.lo[c])
			far += side * side
		}
		least, _ := r.kernel(far)
		z = max(z, (r.sumW*r.sumW-r.sumW2)*least)
	case Tree:
		r.tree.run(b)
		z = r.sum(treeBlock)
		for i, w := range r.w {
			r.phi[i] += w
		}
	}
	r.y = nil
	return max(z, math.SmallestNonzeroFloat32), used
}

func (r *repulsor) sum(block int) float64 {
	var s float64
	for _, p := range r.part[:r.blocks(block)] {
		s += p
	}
	return s
}
