package tsne

import (
	"context"
	"errors"
	"iter"
	"math"
	"slices"
	"time"

	"github.com/semamap/semamap/internal/par"
	"github.com/semamap/semamap/internal/vec"
	"github.com/semamap/semamap/tsne/internal/share"
)

// A Run is an embedding in progress. It is not safe for concurrent use.
type Run struct {
	s    Settings // filled
	rows int      // of the input
	of   []int32  // from a row to its distinct row; nil: the same
	u    int      // distinct rows
	dims int      // of the arrays below: 2 for maps of one dimension

	// The state, in the order of the points' places, which follows a
	// Z-curve from some step on; perm gives the distinct row at a place.
	perm     []int32
	place    []int32 // see places
	w        []float32
	fixed    []bool // nil: none
	anyFixed bool
	p        *joint
	spare    []int32 // memory for the next order of p
	y, next  []float32
	v        []float32
	gain     []float32
	box      box

	phases    []Phase
	phase     int // present one
	phaseStep int // steps taken in it
	iter      int // steps taken in all
	ended     bool
	err       error // it diverged
	cut       error // the last loop over Steps ended with its context

	sumW   float64
	entKL  float64 // Σ p ln(p/ww)
	z      float64 // of the positions before the last step
	stats  Stats
	perp   float64
	id     identity
	rep    *repulsor
	pool   *pool
	attr   []float32 // attraction
	blocks []blockSums
	now    stepParams

	stage    func(r *Run, worker, block int) // see do
	task     func(worker, block int)
	attractF func(worker, block int)
}

// blockSums are the partial sums of a block of points.
type blockSums struct {
	sums vec.Sums
	log  float64
	box  box
	bad  int32 // place of a point that is not finite, or −1
}

// stepParams are the numbers of one step.
type stepParams struct {
	vec.Motion
	mean [3]float64
}

// A Step describes a step just taken.
type Step struct {
	Iter         int     // steps taken so far, from 1
	Total        int     // steps of the whole schedule
	Exaggeration float64 // of the phase
	GradNorm     float64 // Euclidean norm of the gradient of KL, exaggerated; a row of weight w counts as w rows

	z      float64 // normalization of the positions before the step
	method Method  // that summed the repulsion
}

// updateBlock is the number of points of a task of a step.
const updateBlock = 512

// makeRun makes a run of u distinct rows at the positions y (u × Dims).
func makeRun(ctx context.Context, s Settings, rows, u int, of []int32, w []float64, fixed []bool, p *joint, y []float64) (*Run, error) {
	r := &Run{s: s, rows: rows, of: of, u: u, dims: max(2, s.Dims), p: p, fixed: fixed, phases: s.Phases}
	r.w = make([]float32, u)
	for i := range r.w {
		r.w[i] = float32(weight(w, i))
	}
	r.perm = make([]int32, u)
	for i := range r.perm {
		r.perm[i] = int32(i)
	}
	r.y = make([]float32, u*r.dims)
	r.v = make([]float32, u*r.dims)
	r.gain = make([]float32, u*r.dims)
	for i := range r.gain {
		r.gain[i] = 1
	}
	for i := range u {
		for c := range s.Dims {
			r.y[i*r.dims+c] = float32(y[i*s.Dims+c])
		}
	}
	if err := r.finish(ctx); err != nil {
		return nil, err
	}
	r.bounds()
	return r, nil
}

// finish makes what follows from the state.
func (r *Run) finish(ctx context.Context) error {
	r.next = make([]float32, len(r.y))
	r.attr = make([]float32, len(r.y))
	r.blocks = make([]blockSums, par.NumBlocks(r.u, updateBlock))
	r.pool = newPool(r.s.Workers)
	r.rep = newRepulsor(r.u, r.dims, r.w, &r.s, r.pool)
	r.sumW = r.rep.sumW
	r.anyFixed = slices.Contains(r.fixed, true)
	r.attractF, r.task = r.attractTask, func(worker, block int) { r.stage(r, worker, block) }
	// Summed before the first permutation, so in the order of the distinct
	// rows.
	err := par.Blocks(ctx, r.s.Workers, len(r.blocks), 1, func(_, b, _, _ int) { r.entropyTask(b) })
	for b := range r.blocks {
		r.entKL += r.blocks[b].log
	}
	return err
}

// entropyTask sums p ln(p/ww) of a block.
func (r *Run) entropyTask(b int) {
	lo, hi := b*updateBlock, min(r.u, (b+1)*updateBlock)
	var sum float64
	for i := lo; i < hi; i++ {
		wi := float64(r.w[i])
		for e := r.p.Ptr[i]; e < r.p.Ptr[i+1]; e++ {
			if v := float64(r.p.Val[e]); v > 0 {
				sum += v * log(v/(wi*float64(r.w[r.p.Col[e]])))
			}
		}
	}
	r.blocks[b].log = sum
}

// missing returns an error if r was not made by New, Open or Resume.
func (r *Run) missing() error {
	if r == nil || r.rep == nil {
		return badSetting("run", nil, "there is no run; New, Open and Resume make one")
	}
	return nil
}

// Positions returns the current positions, rows × Dims in the order of the
// input. It stores them in dst if that is large enough. It may be called inside
// the loop over [Run.Steps].
func (r *Run) Positions(dst []float32) []float32 {
	if r == nil {
		return dst[:0]
	}
	d := r.s.Dims
	if cap(dst) < r.rows*d {
		dst = make([]float32, r.rows*d)
	}
	dst = dst[:r.rows*d]
	if r.of == nil {
		for p, u := range r.perm {
			copy(dst[int(u)*d:int(u)*d+d], r.y[p*r.dims:])
		}
		return dst
	}
	place := r.places()
	for i, u := range r.of {
		copy(dst[i*d:i*d+d], r.y[int(place[u])*r.dims:])
	}
	return dst
}

// places returns the inverse of perm, which is kept until perm changes.
func (r *Run) places() []int32 {
	if r.place == nil {
		r.place = make([]int32, r.u)
		for p, u := range r.perm {
			r.place[u] = int32(p)
		}
	}
	return r.place
}

// Add appends phases to the schedule. It may be called after the end of the
// schedule; ranging over [Run.Steps] then continues the run.
func (r *Run) Add(p ...Phase) error {
	if err := r.missing(); err != nil {
		return err
	}
	p = slices.Clone(p)
	for i := range p {
		if err := p[i].fill(len(r.phases) + i); err != nil {
			return err
		}
	}
	r.phases = append(slices.Clip(r.phases), p...)
	r.ended = false
	return nil
}

// Steps takes gradient steps until the schedule or the context ends, and
// yields after each. Leaving the loop pauses the run; ranging again continues
// it. Inside the loop [Run.Positions], [Run.KL], [Run.Save] and [Run.SaveFile]
// may be called. Worker goroutines sleep while the body of the loop runs, and
// end with the loop. [Run.Result] reports why a run ended early.
func (r *Run) Steps(ctx context.Context) iter.Seq[Step] {
	return func(yield func(Step) bool) {
		if r.missing() != nil {
			return
		}
		if ctx == nil {
			r.cut = errNoContext
			return
		}
		r.pool.done, r.cut = ctx.Done(), nil
		r.pool.start()
		defer func() { r.pool.stop(); r.pool.done = nil }()
		for r.err == nil && !r.ended {
			for r.phase < len(r.phases) && r.phaseStep >= r.phases[r.phase].Steps {
				r.phase++
				r.phaseStep = 0
			}
			if r.phase >= len(r.phases) || r.u <= 1 {
				return
			}
			begin := time.Now()
			s, ok := Step{}, ctx.Err() == nil
			if ok {
				s, ok = r.step()
			}
			r.stats.Stepping += time.Since(begin)
			if !ok {
				r.cut = share.Errorf("tsne: step %d: %w", r.iter, ctx.Err())
				return
			}
			if !yield(s) {
				return
			}
		}
	}
}

// permuteAt lists the steps after which points take places along a Z-curve.
var permuteAt = [...]int{50, 150, 300, 500}

// permuteMin is the least number of points worth it. Only tests change it.
var permuteMin = 4096

// step takes one step; ok is false, and nothing moved, when the context of
// Steps has ended meanwhile.
func (r *Run) step() (s Step, ok bool) {
	ph := r.phases[r.phase]
	r.pool.start()
	defer r.pool.stop()
	// The attraction fills the gaps between the passes of the repulsion.
	r.pool.aside(len(r.blocks), r.attractF)
	z, method := r.rep.run(r.y, &r.box)
	r.pool.finishAside()
	if r.pool.ended() {
		return Step{}, false
	}
	r.z = z
	g := r.move(&ph, z)
	r.iter++
	r.phaseStep++
	r.joinBoxes()
	if side := r.box.side(); side > 0 && side < minSide && !r.anyFixed && r.err == nil {
		r.enlarge()
	}
	if r.u >= permuteMin && r.err == nil && slices.Contains(permuteAt[:], r.iter) {
		r.permute()
	}
	if r.phase == len(r.phases)-1 && g < r.s.MinGradNorm {
		r.ended = true
	}
	s = Step{Iter: r.iter, Exaggeration: ph.Exaggeration, GradNorm: g, z: z, method: method}
	for _, p := range r.phases {
		s.Total += p.Steps
	}
	return s, true
}

// move moves all points by the forces that were summed, and returns the norm of
// the gradient.
func (r *Run) move(ph *Phase, z float64) float64 {
	eta := ph.LearningRate
	if eta == 0 {
		eta = r.sumW / ph.Exaggeration
	}
	r.now = stepParams{Motion: vec.Motion{
		Rho: float32(ph.Exaggeration), InvZ: float32(1 / z), Eta: float32(min(eta, math.MaxFloat32)),
		Momentum: float32(ph.Momentum), Most: float32(r.s.Expert.MaxStep),
		Limit: maxPosition, // squares are finite
	}}
	r.do((*Run).updateTask)
	var norm float64
	for b := range r.blocks {
		for c, m := range r.blocks[b].sums.Mean {
			r.now.mean[c] += m
		}
		norm += r.blocks[b].sums.Norm
	}
	for c := range r.now.mean {
		r.now.mean[c] /= r.sumW
		if r.anyFixed {
			r.now.mean[c] = 0 // they would move
		}
	}
	r.do((*Run).centerTask)
	return 4 * math.Sqrt(norm)
}

// minSide is the least longest side of a map. Exaggeration shrinks points
// without structure towards one place, for ever. Forces are linear in a map so
// small, so its scale does not matter and it is enlarged, exactly, by a power
// of two.
const minSide = 1e-6

func (r *Run) enlarge() {
	const factor = 1 << 10
	for i := range r.y {
		r.y[i] *= factor
		r.v[i] *= factor
	}
	for c := range r.box.lo {
		r.box.lo[c] *= factor
		r.box.hi[c] *= factor
	}
}

// do runs a stage on all blocks; it allocates no function.
func (r *Run) do(stage func(r *Run, worker, block int)) {
	r.stage = stage
	r.pool.do(len(r.blocks), r.task)
}

// updateTask moves the points of a block.
func (r *Run) updateTask(_, b int) {
	lo, hi := b*updateBlock, min(r.u, (b+1)*updateBlock)
	d := r.dims
	if r.anyFixed {
		for i := lo; i < hi; i++ {
			if r.fixed[i] {
				clear(r.attr[i*d : i*d+d])
				clear(r.rep.force[i*d : i*d+d])
				clear(r.v[i*d : i*d+d])
			}
		}
	}
	if r.s.Dims == 1 {
		for i := lo; i < hi; i++ {
			r.attr[2*i+1], r.rep.force[2*i+1], r.v[2*i+1] = 0, 0, 0
		}
	}
	m := r.now.Motion
	r.blocks[b].sums = vec.Move(r.next, r.y, r.v, r.gain, r.attr, r.rep.force, r.w, &m, d, lo, hi)
}

func (r *Run) attractTask(_, b int) {
	r.attract(b*updateBlock, min(r.u, (b+1)*updateBlock))
}

// attract sums the attraction of the points lo to hi.
func (r *Run) attract(lo, hi int) {
	inv := float32(1 / r.s.Freedom)
	if r.dims == 2 {
		vec.Attract(r.attr, r.p.Ptr, r.p.Col, r.p.Val, r.y, inv, lo, hi)
		return
	}
	for i := lo; i < hi; i++ {
		var s [3]float32
		yi := (*[3]float32)(r.y[3*i:])
		for e := r.p.Ptr[i]; e < r.p.Ptr[i+1]; e++ {
			yj := (*[3]float32)(r.y[3*r.p.Col[e]:])
			x, y, z := yi[0]-yj[0], yi[1]-yj[1], yi[2]-yj[2]
			q := r.p.Val[e] / (1 + inv*(x*x+y*y+z*z))
			s[0] += q * x
			s[1] += q * y
			s[2] += q * z
		}
		copy(r.attr[3*i:3*i+3], s[:])
	}
}

// centerTask removes the mean and finds the bounding box of a block.
func (r *Run) centerTask(_, b int) {
	lo, hi := b*updateBlock, min(r.u, (b+1)*updateBlock)
	s := &r.blocks[b]
	var bad int
	s.box.lo, s.box.hi, bad = vec.Center(r.y, r.next, &r.now.mean, r.dims, lo, hi)
	s.bad = int32(bad)
}

func (r *Run) joinBoxes() {
	if len(r.blocks) == 0 {
		return
	}
	r.box = r.blocks[0].box
	for b := range r.blocks {
		s := &r.blocks[b]
		for c := range r.dims {
			r.box.lo[c] = min(r.box.lo[c], s.box.lo[c])
			r.box.hi[c] = max(r.box.hi[c], s.box.hi[c])
		}
		if s.bad >= 0 && r.err == nil {
			row := int(r.perm[s.bad])
			if r.of != nil {
				row = slices.Index(r.of, int32(row))
			}
			r.err = share.Errorf("%w: step %d: the position of row %d is not finite", ErrDiverged, r.iter, row)
		}
	}
}

// bounds finds the box of the present positions.
func (r *Run) bounds() {
	copy(r.next, r.y)
	r.now.mean = [3]float64{}
	r.do((*Run).centerTask)
	r.joinBoxes()
}

// KL returns the Kullback–Leibler divergence of the current map from P, in
// nats: Σ p ln(p/ww) + a Σ p ln(1+r²/a) + ln Z, where a is Settings.Freedom and
// Z comes from the method in use. It takes about as long as a step, and may be
// called inside the loop over [Run.Steps]. KL is NaN after a run that diverged.
func (r *Run) KL() float64 {
	if r.missing() != nil || r.err != nil {
		return math.NaN() // there is no map
	}
	if r.u <= 1 || len(r.p.Val) == 0 {
		return 0
	}
	z, _ := r.rep.run(r.y, &r.box)
	if r.pool.ended() {
		return math.NaN()
	}
	r.do((*Run).logTask)
	var s float64
	for b := range r.blocks {
		s += r.blocks[b].log
	}
	return max(0, r.entKL+r.s.Freedom*s+math.Log(z)) // only rounding and the error of Z make it negative
}

func (r *Run) logTask(_, b int) {
	lo, hi := b*updateBlock, min(r.u, (b+1)*updateBlock)
	inv := float32(1 / r.s.Freedom)
	if r.dims == 2 {
		r.blocks[b].log = vec.AttractLog(r.p.Ptr, r.p.Col, r.p.Val, r.y, inv, lo, hi)
		return
	}
	var s float64
	for i := lo; i < hi; i++ {
		for e := r.p.Ptr[i]; e < r.p.Ptr[i+1]; e++ {
			var d2 float64
			for c := range 3 {
				v := float64(r.y[3*i+c]) - float64(r.y[3*int(r.p.Col[e])+c])
				d2 += v * v
			}
			s += float64(r.p.Val[e]) * math.Log1p(d2/r.s.Freedom)
		}
	}
	r.blocks[b].log = s
}

// permute gives the points places along a Z-curve of the map, so that
// neighbors in the map are neighbors in memory. Entries of P keep their
// order within a row.
func (r *Run) permute() {
	d := r.dims
	key := make([]uint64, r.u)
	side := max(r.box.side(), 1e-30)
	scale := float64(int(1)<<(32/d)-1) / side
	for i := range key {
		var code uint64
		for c := range d {
			q := uint64((float64(r.y[i*d+c]) - float64(r.box.lo[c])) * scale)
			code = code<<1 | gaps(q, d)
		}
		key[i] = code<<32 | uint64(i)
	}
	slices.Sort(key)
	from := make([]int32, r.u)
	for p, k := range key {
		from[p] = int32(uint32(k))
	}
	r.reorder(from)
}

// reorder moves the point at place from[p] to place p.
func (r *Run) reorder(from []int32) {
	to := make([]int32, r.u)
	for p, f := range from {
		to[f] = int32(p)
	}
	d := r.dims
	move := func(x []float32, d int) {
		for p, f := range from {
			copy(r.next[p*d:p*d+d], x[int(f)*d:])
		}
		copy(x, r.next[:r.u*d])
	}
	move(r.y, d)
	move(r.v, d)
	move(r.gain, d)
	move(r.w, 1) // shared with rep
	perm := make([]int32, r.u)
	for p, f := range from {
		perm[p] = r.perm[f]
	}
	r.perm, r.place = perm, nil
	if r.fixed != nil {
		fixed := make([]bool, r.u)
		for p, f := range from {
			fixed[p] = r.fixed[f]
		}
		r.fixed = fixed
	}
	r.spare = r.p.order(r.pool, from, to, r.spare)
}

// Result returns the current map with its KL. If the run diverged, the map has
// positions that are not finite, and the error wraps [ErrDiverged]. If the
// context ended the last loop over [Run.Steps], the error wraps the context's.
// In both cases Result.KL is NaN.
func (r *Run) Result() (*Result, error) {
	if err := r.missing(); err != nil {
		return nil, err
	}
	k := r.s.search()
	res := &Result{
		Y: r.Positions(nil), Dims: r.s.Dims, KL: math.NaN(), Perplexity: r.perp, Steps: r.iter, Stats: r.stats,
		freedom: r.s.Freedom, weights: r.rowWeights(), metric: k.Metric, distance: k.Func,
	}
	if err := errors.Join(r.cut, r.err); err != nil {
		return res, err
	}
	res.KL = r.KL()
	return res, nil
}

// run takes all steps and returns the result.
func (r *Run) run(ctx context.Context) (*Result, error) {
	for range r.Steps(ctx) {
	}
	r.pool.done = ctx.Done()
	defer func() { r.pool.done = nil }()
	res, err := r.Result()
	if err == nil && r.pool.ended() { // KL was left
		res.KL = math.NaN()
		err = share.Errorf("tsne: step %d: %w", r.iter, ctx.Err())
	}
	return res, err
}

// rowWeights returns the weights of the rows of the input, or nil if each
// distinct row counts once. Copies of one row get even shares of their sum,
// which is what is kept.
func (r *Run) rowWeights() []float64 {
	row := func(i int) int { return i }
	if r.of != nil {
		row = func(i int) int { return int(r.of[i]) }
	}
	copies := make([]float64, r.u)
	for i := range r.rows {
		copies[row(i)]++
	}
	share, one := make([]float64, r.u), true
	for p, u := range r.perm {
		share[u] = float64(r.w[p]) / copies[u]
		one = one && r.w[p] == 1
	}
	if one {
		return nil
	}
	w := make([]float64, r.rows)
	for i := range w {
		w[i] = share[row(i)]
	}
	return w
}
