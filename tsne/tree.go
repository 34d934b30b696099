package tsne

import (
	"cmp"
	"math"
	"slices"
)

const (
	treeBlock = 64 // points a task sums
	treeLeaf  = 16 // points of a leaf, at most, unless they coincide
)

// A tree sums the repulsion by Barnes–Hut [vdM14]: a cell of full width s at a
// distance D ≥ s/θ acts as one point at its center of weight. Cells are those
// of a Morton order of the points; a point never meets itself. This departs
// from [vdM14] in that the second moments M of a cell are used as well: with
// q = (1+r²/a)^−a, k = 1/(1+r²/a), d = y − center, s = dᵀMd and T = tr M,
//
//	φ += ½ M:∇∇q = (1+1/a) 2 q k² s − q k T,
//	F −= ½ ∇(…)  = (1+1/a) q k² (2 (1+2/a) k s d − 2 M d − T d).
//
// Without them Z is about 0.5 % too small at θ = 0.5.
type tree struct {
	r     *repulsor
	order []placed  // points along the Morton curve
	spare []placed  // memory to sort them
	at    []float32 // their positions, three numbers each
	w     []float32
	nodes []treeNode
	box   *box
	cell  float64                          // width of the root
	stage func(t *tree, worker, block int) // see do
	task  func(worker, block int)
}

// placed is a point with its Morton key.
type placed struct {
	key uint64
	i   int32
}

// sortPlaced sorts x by key, a byte at a time from the lowest, with memory for as
// many. Points of one key stay in their order.
func sortPlaced(x, memory []placed) {
	for shift := 0; shift < 64; shift += 8 {
		var next [257]int // place of the next point of each byte
		for _, p := range x {
			next[p.key>>shift&255+1]++
		}
		for b := range 256 {
			next[b+1] += next[b]
		}
		for _, p := range x {
			n := &next[p.key>>shift&255]
			memory[*n] = p
			*n++
		}
		x, memory = memory, x
	}
}

type treeNode struct {
	center [3]float32
	w      float32
	m      [6]float32 // Σ w (y − center)(y − center)ᵀ: xx, yy, xy, then zz, xz, yz
	width2 float32    // (width/θ)²
	lo, hi int32      // its points
	next   int32      // the node after its subtree
	leaf   bool
}

func (t *tree) init(r *repulsor) {
	t.r = r
	t.task = func(worker, block int) { t.stage(t, worker, block) }
}

// do runs a stage on the pool; it allocates no function.
func (t *tree) do(blocks int, stage func(t *tree, worker, block int)) {
	t.stage = stage
	t.r.pool.do(blocks, t.task)
}

// levels is the number of halvings a key holds.
func (t *tree) levels() int {
	if t.r.dims == 2 {
		return 31
	}
	return 21
}

func (t *tree) run(b *box) {
	r := t.r
	t.box, t.cell = b, max(b.side(), 1e-30)*(1+1e-6)
	t.order = fit(t.order, r.n)
	t.at, t.w = fit(t.at, 3*r.n), fit(t.w, r.n)
	t.do(r.blocks(updateBlock), (*tree).keyTask)
	t.spare = fit(t.spare, r.n)
	sortPlaced(t.order, t.spare)
	t.do(r.blocks(updateBlock), (*tree).moveTask)
	t.nodes = t.nodes[:0]
	if r.n > 0 {
		t.build(0, int32(r.n), t.levels())
	}
	t.do(r.blocks(treeBlock), (*tree).sumTask)
}

func (t *tree) keyTask(_, b int) {
	r, d := t.r, t.r.dims
	scale := float64(uint64(1)<<t.levels()) / t.cell
	for i := b * updateBlock; i < min(r.n, (b+1)*updateBlock); i++ {
		var key uint64
		for c := range d {
			q := uint64((float64(r.y[i*d+c]) - float64(t.box.lo[c])) * scale)
			key |= gaps(q, d) << c
		}
		t.order[i] = placed{key, int32(i)}
	}
}

// gaps puts d−1 zeros after each bit of x, which has at most 32 bits in the
// plane and 21 in space.
func gaps(x uint64, d int) uint64 {
	if d == 2 {
		x = (x | x<<16) & 0x0000ffff0000ffff
		x = (x | x<<8) & 0x00ff00ff00ff00ff
		x = (x | x<<4) & 0x0f0f0f0f0f0f0f0f
		x = (x | x<<2) & 0x3333333333333333
		return (x | x<<1) & 0x5555555555555555
	}
	x = (x | x<<32) & 0x001f00000000ffff
	x = (x | x<<16) & 0x001f0000ff0000ff
	x = (x | x<<8) & 0x100f00f00f00f00f
	x = (x | x<<4) & 0x10c30c30c30c30c3
	return (x | x<<2) & 0x1249249249249249
}

func (t *tree) moveTask(_, b int) {
	r, d := t.r, t.r.dims
	for p := b * updateBlock; p < min(r.n, (b+1)*updateBlock); p++ {
		i := int(t.order[p].i)
		copy(t.at[3*p:3*p+d], r.y[i*d:])
		t.w[p] = r.w[i]
	}
}

// moments are the sums of w, w·y and w·y·yᵀ of some points.
type moments struct {
	w float64
	y [3]float64
	m [6]float64
}

// build appends the subtree of the points lo to hi, whose keys agree above
// the given level, and returns their moments.
func (t *tree) build(lo, hi int32, level int) (sum moments) {
	d := t.r.dims
	me := len(t.nodes)
	width := math.Ldexp(t.cell, level-t.levels()) / t.r.theta
	t.nodes = append(t.nodes, treeNode{lo: lo, hi: hi, width2: float32(width * width)})
	if hi-lo <= treeLeaf || level == 0 {
		for p := lo; p < hi; p++ {
			var y [3]float64
			for c := range d {
				y[c] = float64(t.at[int(p)*3+c])
			}
			w := float64(t.w[p])
			sum.w += w
			for c, v := range y {
				sum.y[c] += w * v
			}
			for e, v := range outer(&y) {
				sum.m[e] += w * v
			}
		}
		t.nodes[me].leaf = true
	} else {
		shift := d * (level - 1)
		for lo < hi {
			// The end of the child that starts at lo.
			child := t.order[lo].key >> shift
			n, _ := slices.BinarySearchFunc(t.order[lo:hi], child+1, func(p placed, c uint64) int { return cmp.Compare(p.key>>shift, c) })
			s := t.build(lo, lo+int32(n), level-1)
			sum.w += s.w
			for c, v := range s.y {
				sum.y[c] += v
			}
			for e, v := range s.m {
				sum.m[e] += v
			}
			lo += int32(n)
		}
	}
	node := &t.nodes[me]
	var center [3]float64
	for c, v := range sum.y {
		center[c] = v / sum.w
		node.center[c] = float32(center[c])
	}
	node.w = float32(sum.w)
	for e, v := range outer(&center) {
		node.m[e] = float32(sum.m[e] - sum.w*v)
	}
	node.next = int32(len(t.nodes))
	return sum
}

// outer returns xx, yy, xy, zz, xz, yz.
func outer(y *[3]float64) [6]float64 {
	return [6]float64{y[0] * y[0], y[1] * y[1], y[0] * y[1], y[2] * y[2], y[0] * y[2], y[1] * y[2]}
}

// sumTask sums a block of consecutive points of the Morton curve.
func (t *tree) sumTask(_, b int) {
	r, d := t.r, t.r.dims
	if r.pool.ended() {
		return
	}
	var part float64
	for p := b * treeBlock; p < min(r.n, (b+1)*treeBlock); p++ {
		phi, f := t.sumAt(t.at[3*p:][:3], int32(p))
		i := int(t.order[p].i)
		r.phi[i] = float32(phi)
		for c := range d {
			r.force[i*d+c] = float32(f[c])
		}
		part += float64(r.w[i]) * phi
	}
	r.part[b] = part
}

// sumAt sums all points but that at place p, which is -1 for a position that is
// none of them.
func (t *tree) sumAt(at []float32, p int32) (phi float64, f [3]float64) {
	if t.r.freedom != 1 {
		return t.walk(at, p)
	}
	return t.walk1(at[0], at[1], at[2], p)
}

// walk is sumAt for any degrees of freedom.
func (t *tree) walk(at []float32, p int32) (phi float64, f [3]float64) {
	d := t.r.dims
	add := func(src []float32, w float32) {
		var diff [3]float64
		var d2 float64
		for c := range d {
			diff[c] = float64(at[c] - src[c])
			d2 += diff[c] * diff[c]
		}
		q, k := t.r.kernel(d2)
		q *= float64(w)
		phi += q
		for c := range d {
			f[c] += q * k * diff[c]
		}
	}
	for n := int32(0); n < int32(len(t.nodes)); {
		node := &t.nodes[n]
		var d2 float32
		for c := range d {
			v := at[c] - node.center[c]
			d2 += v * v
		}
		switch {
		case d2 > node.width2 && !(p >= node.lo && p < node.hi):
			add(node.center[:], node.w)
			p, g := t.spread(at, node, float64(d2))
			phi += p
			for c := range f {
				f[c] += g[c]
			}
			n = node.next
		case node.leaf:
			for q := node.lo; q < node.hi; q++ {
				if q != p {
					add(t.at[3*q:], t.w[q])
				}
			}
			n = node.next
		default:
			n++
		}
	}
	return phi, f
}

// spread returns the part of a cell's second moments, for any degrees of
// freedom.
func (t *tree) spread(at []float32, node *treeNode, d2 float64) (phi float64, f [3]float64) {
	var d, md [3]float64
	for c := range at {
		d[c] = float64(at[c] - node.center[c])
	}
	m := &node.m
	md[0] = float64(m[0])*d[0] + float64(m[2])*d[1] + float64(m[4])*d[2]
	md[1] = float64(m[2])*d[0] + float64(m[1])*d[1] + float64(m[5])*d[2]
	md[2] = float64(m[4])*d[0] + float64(m[5])*d[1] + float64(m[3])*d[2]
	s := d[0]*md[0] + d[1]*md[1] + d[2]*md[2]
	trace := float64(m[0]) + float64(m[1]) + float64(m[3])
	q, k := t.r.kernel(d2)
	b := 1 + 1/t.r.freedom
	phi = 2*b*q*k*k*s - q*k*trace
	for c := range f {
		f[c] = b * q * k * k * ((2*(1+2/t.r.freedom)*k*s-trace)*d[c] - 2*md[c])
	}
	return phi, f
}

// walk1 is sumAt for one degree of freedom.
func (t *tree) walk1(x, y, z float32, p int32) (float64, [3]float64) {
	var phi, fx, fy, fz float64
	var dz, mz float32
	nodes, space := t.nodes, t.r.dims == 3
	for n := int32(0); int(n) < len(nodes); {
		node := &nodes[n]
		dx, dy := x-node.center[0], y-node.center[1]
		d2 := dx*dx + dy*dy
		if space {
			dz = z - node.center[2]
			d2 += dz * dz
		}
		switch {
		case d2 > node.width2 && !(p >= node.lo && p < node.hi):
			k := 1 / (1 + d2)
			k2 := k * k
			m := &node.m
			mx, my := m[0]*dx+m[2]*dy, m[2]*dx+m[1]*dy
			s, trace := dx*mx+dy*my, m[0]+m[1]
			if space {
				mx += m[4] * dz
				my += m[5] * dz
				mz = m[4]*dx + m[5]*dy + m[3]*dz
				s, trace = dx*mx+dy*my+dz*mz, trace+m[3]
			}
			phi += float64(node.w*k + k2*(4*k*s-trace))
			q := k2 * (node.w + k*(12*k*s-2*trace))
			r := 4 * k2 * k
			fx += float64(q*dx - r*mx)
			fy += float64(q*dy - r*my)
			fz += float64(q*dz - r*mz)
			n = node.next
		case node.leaf:
			for j := node.lo; j < node.hi; j++ {
				if j == p {
					continue
				}
				at := t.at[3*j:][:3]
				dx, dy, dz := x-at[0], y-at[1], z-at[2]
				k := 1 / (1 + dx*dx + dy*dy + dz*dz)
				q := t.w[j] * k
				phi += float64(q)
				q *= k
				fx += float64(q * dx)
				fy += float64(q * dy)
				fz += float64(q * dz)
			}
			n = node.next
		default:
			n++
		}
	}
	return phi, [3]float64{fx, fy, fz}
}
