package main

import "math"

// move writes the kernels that move points down a gradient and that centre
// them, two points of two coordinates at a time. They use no fused operations.
func move() {
	step()
	center()
}

// Numbers of a Motion.
const (
	rho = iota
	invZ
	eta
	momentum
	most
	most2
	limit
	negLimit
)

func step() {
	function("moveNEON", "next *float32, y *float32, v *float32, gain *float32, attr *float32, force *float32, w *float32, m *float32, s *float64, groups int", "",
		"moveNEON is moveGo for groups of two points in the plane.")
	r := args("next", "y", "v", "gain", "attr", "force", "w", "m", "s", "groups")
	next, y, vel, gain, attr, force, w, m, s, groups, tmp := r[0], r[1], r[2], r[3], r[4], r[5], r[6], r[7], r[8], r[9], x(10)
	const numbers, more, less, plus, mean, norm = v(24), v(20), v(21), v(22), v(18), v(19)
	ldpQ(0, 1, m, 0)
	for i := range v(8) {
		dup4s(numbers+i, i/4, int(i%4))
	}
	for _, c := range []struct {
		to v
		f  float32
	}{{more, 0.2}, {less, 0.8}, {plus, 0.01}} {
		ins("MOVD $%#x, %v", math.Float32bits(c.f), tmp)
		dupW(c.to, tmp)
	}
	ldrQ(mean, s, 0)
	ldrD(norm, s, 24)

	label("loop")
	const ww, g, f, u, k = v(0), v(1), v(2), v(3), v(4)
	ldrDPost(ww, w)
	zip14s(ww, ww, ww) // each weight twice
	// The gradient.
	fdiv4s(g, numbers+rho, ww)
	ldrQPost(5, attr)
	fmul4s(g, g, 5)
	ldrQPost(f, force)
	fmul4s(f, numbers+invZ, f)
	fsub4s(g, g, f)
	// Gains: signs differ, where zero has one of its own.
	ldrQ(u, vel, 0)
	ldrQ(k, gain, 0)
	const differ, none, other, grown = v(5), v(6), v(7), v(2)
	eor16b(differ, u, g)
	sshr4s(differ, differ, 31)
	fcmeqZero(none, u)
	fcmeqZero(other, g)
	orr16b(none, none, other)
	fcmeq4s(other, u, g)
	mvn16b(other, other)
	bit16b(differ, other, none)
	fadd4s(grown, k, more)
	fmul4s(k, k, less)
	fadd4s(k, k, plus)
	bit16b(k, grown, differ)
	strQPost(k, gain)
	// Velocities.
	fmul4s(k, numbers+eta, k)
	fmul4s(k, k, g)
	fmul4s(u, numbers+momentum, u)
	fsub4s(u, u, k)
	fmax4s(u, u, numbers+negLimit)
	fmin4s(u, u, numbers+limit)
	sum2 := func(d, a v) { // of a point's squares
		fmul4s(d, a, a)
		rev644s(16, d)
		fadd4s(d, d, 16)
	}
	const len2, long, cut = v(5), v(6), v(7)
	sum2(len2, u)
	fcmgt4s(long, len2, numbers+most2)
	fsqrt4s(len2, len2)
	fdiv4s(cut, numbers+most, len2)
	fmul4s(cut, u, cut)
	bit16b(u, cut, long)
	strQPost(u, vel)
	ldrQPost(5, y)
	fadd4s(u, 5, u)
	strQPost(u, next)
	// The sums, in the order of the points.
	sum2(g, g)
	for _, convert := range []func(d, n v){fcvtl, fcvtl2} {
		convert(5, ww)
		convert(6, u)
		convert(7, g)
		fmul2d(6, 5, 6)
		fmul2d(7, 5, 7)
		fadd2d(mean, mean, 6)
		fadd2d(norm, norm, 7)
	}
	ins("SUBS $1, %v", groups)
	ins("BNE loop")
	strQ(mean, s, 0)
	strD(norm, s, 24)
	ins("RET")
}

func center() {
	function("centerNEON", "y *float32, next *float32, mean *float64, out *float32, groups int", "",
		"centerNEON is centerGo for groups of two points in the plane. It sets out to the lower and upper bounds and a number that is not 0 if some coordinate is not finite.")
	r := args("y", "next", "mean", "out", "groups")
	y, next, m, out, groups, tmp := r[0], r[1], r[2], r[3], r[4], x(5)
	const mean, low, high, bad = v(16), v(17), v(18), v(19)
	ldrQ(mean, m, 0)
	ins("MOVD $%#x, %v", math.Float32bits(float32(math.Inf(1))), tmp)
	dupW(low, tmp)
	fneg4s(high, low)
	zero(bad)
	label("loop")
	ldrQPost(0, next)
	fcvtl(1, 0)
	fcvtl2(2, 0)
	fsub2d(1, 1, mean)
	fsub2d(2, 2, mean)
	fcvtn(0, 1)
	fcvtn2(0, 2)
	strQPost(0, y)
	fmin4s(low, low, 0)
	fmax4s(high, high, 0)
	fsub4s(0, 0, 0) // 0, or NaN
	orr16b(bad, bad, 0)
	ins("SUBS $1, %v", groups)
	ins("BNE loop")
	fold := func(a v, join func(d, n, m v), offset int) {
		dup2d(0, a, 1)
		join(a, a, 0)
		strD(a, out, offset)
	}
	fold(low, fmin4s, 0)
	fold(high, fmax4s, 8)
	fold(bad, orr16b, 16)
	ins("RET")
}
