package tsne

import (
	"bufio"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"hash"
	"hash/adler32"
	"io"
	"io/fs"
	"math"
	"os"
	"path/filepath"
	"slices"

	"github.com/semamap/semamap/internal/vec"
	"github.com/semamap/semamap/tsne/internal/share"
)

// A checkpoint is, little-endian: the magic with the version; the identity of
// the run; the settings and the state of the schedule; the arrays of the rows,
// in the order of the distinct rows, and P, each after its length; the Adler-32
// of all before (the tables of a CRC would stand in all programs that embed).
// Duplicates, Neighbors and what else the preparation alone needs is not kept.
// Version 2 had weights of merged rows that count their copies, version 3 a
// CRC-32.
const checkpointMagic = "semamap tsne 4\n\x00"

// A checkpointError says at which byte a checkpoint is malformed. It wraps
// ErrCheckpoint, or the error of the reader.
type checkpointError struct {
	offset int64
	reason string
	err    error
}

func (e *checkpointError) Error() string {
	return fmt.Sprintf("%v: byte %d: %s", e.err, e.offset, e.reason)
}
func (e *checkpointError) Unwrap() error { return e.err }

// SaveFile saves the run in the named file, as [Run.Save] does. It writes a
// temporary file in the same folder and renames it when complete, so an
// interrupted save leaves the previous file intact. It may be called inside the
// loop over [Run.Steps].
func (r *Run) SaveFile(name string) (err error) {
	if name == "" {
		return errNoName
	}
	f, err := os.CreateTemp(filepath.Dir(name), "."+filepath.Base(name)+".*")
	if err != nil {
		return share.Errorf("tsne: saving: %w", err)
	}
	err = r.Save(f)
	if e := f.Chmod(0o644); err == nil && !errors.Is(e, errors.ErrUnsupported) {
		err = e
	}
	err = errors.Join(err, f.Sync(), f.Close())
	if err == nil {
		err = os.Rename(f.Name(), name)
	}
	if err != nil {
		os.Remove(f.Name())
		return share.Errorf("tsne: saving %s: %w", name, err)
	}
	return nil
}

// Open resumes the run saved in the named file, as [Resume] does. If there is
// no such file, it starts a run with [New]. In a new run, Iter of the first
// [Step] is 1; in a resumed run it is higher, unless it was saved before its
// first step.
func Open(ctx context.Context, name string, x Points, s *Settings) (*Run, error) {
	if name == "" {
		return nil, errNoName
	}
	f, err := os.Open(name)
	if errors.Is(err, fs.ErrNotExist) {
		return New(ctx, x, s)
	}
	if err != nil {
		return nil, share.Errorf("tsne: %w", err)
	}
	defer f.Close()
	r, err := Resume(ctx, f, x, s)
	if err != nil {
		return nil, share.Errorf("%s: %w", name, err)
	}
	return r, nil
}

var errNoName = badSetting("name", `""`, "there is no name of a file")

// Save writes the state of the run, from which [Resume] continues with the same
// bits as an uninterrupted run. It may be called inside the loop over
// [Run.Steps]. A run that diverged cannot be saved.
func (r *Run) Save(w io.Writer) error {
	if err := r.missing(); err != nil {
		return err
	}
	if r.err != nil {
		return r.err
	}
	if share.Nil(w) {
		return badSetting("w", nil, "there is no writer")
	}
	c := &codec{sum: adler32.New()}
	c.w = bufio.NewWriterSize(io.MultiWriter(w, c.sum), 1<<16)
	r.code(c)
	if err := c.w.Flush(); err != nil {
		return share.Errorf("tsne: saving: %w", err)
	}
	return nil
}

// Resume reads a run that [Run.Save] wrote. x and s must be the points and
// settings of that run; only Workers and MaxMemory, here and in Search, may
// differ. Otherwise the error wraps [ErrMismatch] and says whether the data or
// the settings differ. (The code of Search.Func cannot be compared.) If both x
// and s are nil, nothing is compared.
//
// On the same machine and build the run continues with the same bits as an
// uninterrupted one. Malformed input gives an error that wraps
// [ErrCheckpoint]. Memory grows with the bytes read, not with sizes that the
// input claims.
func Resume(ctx context.Context, r io.Reader, x Points, s *Settings) (run *Run, err error) {
	if ctx == nil {
		return nil, errNoContext
	}
	if share.Nil(r) {
		return nil, badSetting("r", nil, "there is no reader")
	}
	var b *builder
	var id identity
	if x != nil || s != nil {
		if b, err = newBuilder(ctx, x, s); err == nil {
			id, err = b.identity(ctx)
		}
		if err != nil {
			return nil, err
		}
	}
	defer func() {
		if p := recover(); p != nil {
			e, ok := p.(*checkpointError)
			if !ok {
				panic(p)
			}
			run, err = nil, e
		}
	}()
	run = &Run{p: &joint{Ptr: make([]int64, 1)}, s: Settings{Expert: &Expert{}}}
	if b != nil {
		run.s.Workers = b.s.Workers
	}
	run.load(&codec{r: bufio.NewReaderSize(r, 1<<16), sum: adler32.New()})
	if b == nil {
		return run, nil
	}
	switch {
	case run.id.data != id.data:
		return nil, share.Errorf("%w: it has other data", ErrMismatch)
	case run.id.settings != id.settings:
		return nil, share.Errorf("%w: it has other settings", ErrMismatch)
	}
	run.s.Metric, run.s.Search = b.s.Metric, b.s.Search
	return run, nil
}

// A codec writes numbers, or reads them: it has w or r. When it reads, it panics
// with a *checkpointError, which Resume returns.
type codec struct {
	w   *bufio.Writer
	r   *bufio.Reader
	sum hash.Hash32
	at  int64
	buf [8]byte
}

func (c *codec) fail(format string, a ...any) {
	panic(&checkpointError{c.at, fmt.Sprintf(format, a...), ErrCheckpoint})
}

// bits writes the lowest n bytes of v, or reads as many.
func (c *codec) bits(v uint64, n int) uint64 {
	if c.w != nil {
		binary.LittleEndian.PutUint64(c.buf[:], v)
		_, _ = c.w.Write(c.buf[:n]) // Flush tells the error
		return v
	}
	c.buf = [8]byte{}
	k, err := io.ReadFull(c.r, c.buf[:n])
	c.at += int64(k)
	if err == io.EOF || err == io.ErrUnexpectedEOF {
		c.fail("the input ends early")
	}
	if err != nil {
		panic(&checkpointError{c.at, "reading", err})
	}
	c.sum.Write(c.buf[:n])
	return binary.LittleEndian.Uint64(c.buf[:])
}

// number is an integer of at most most.
func (c *codec) number(what string, v int, most uint64) int {
	w := c.bits(uint64(v), 8)
	if w > most {
		c.fail("%s is %d, above %d", what, w, most)
	}
	return int(w)
}

// float is a number in [lo, hi].
func (c *codec) float(what string, v, lo, hi float64) float64 {
	v = math.Float64frombits(c.bits(math.Float64bits(v), 8))
	if !(v >= lo && v <= hi) {
		c.fail("%s is %v, outside [%v, %v]", what, v, lo, hi)
	}
	return v
}

// array is a count of n and as many numbers: those of x, number i from place
// at(i), or those that it returns.
func array[T any](c *codec, what string, x []T, n int, at func(i int) int, to func(T) uint32, from func(uint32) T) []T {
	if got := c.bits(uint64(n), 8); got != uint64(n) {
		c.fail("%d numbers of %s, want %d", got, what, n)
	}
	if c.w == nil {
		x = make([]T, 0, min(n, 1<<12))
	}
	for i := range n {
		if c.w != nil {
			c.bits(uint64(to(x[at(i)])), 4)
		} else {
			x = append(x, from(uint32(c.bits(0, 4))))
		}
	}
	return x
}

// index, finite and flag are arguments of array.
func (c *codec) index(what string, n int) func(uint32) int32 {
	return func(v uint32) int32 {
		if uint64(v) >= uint64(n) {
			c.fail("%s is %d of %d", what, v, n)
		}
		return int32(v)
	}
}

func (c *codec) finite(what string, lo, hi float32) func(uint32) float32 {
	return func(b uint32) float32 {
		v := math.Float32frombits(b)
		if !(v >= lo && v <= hi) {
			c.fail("%s is %v", what, v)
		}
		return v
	}
}

func (c *codec) flag(v uint32) bool {
	if v > 1 {
		c.fail("a flag is %d", v)
	}
	return v == 1
}

func b2u(b bool) uint32 {
	if b {
		return 1
	}
	return 0
}

// code writes the run, or reads it. It returns the distinct row at each place.
func (r *Run) code(c *codec) (perm []int32) {
	for i := 0; i < len(checkpointMagic); i += 8 {
		part := binary.LittleEndian.Uint64([]byte(checkpointMagic[i:]))
		if c.bits(part, 8) != part {
			c.fail("not a checkpoint of this version")
		}
	}
	const most = math.MaxInt32
	r.id = identity{c.bits(r.id.data, 8), c.bits(r.id.settings, 8)}
	s, x, t := &r.s, r.s.Expert, &r.stats
	s.Dims = c.number("Dims", s.Dims, 3)
	x.Method = Method(c.number("Method", int(x.Method), uint64(Exact)))
	rows, u := c.number("rows", r.rows, most), c.number("distinct rows", r.u, most)
	if s.Dims == 0 || u > rows || u == 0 && rows > 0 || s.Dims == 3 && x.Method == Mesh {
		c.fail("%d distinct of %d rows in %d dimensions by method %d", u, rows, s.Dims, x.Method)
	}
	r.rows, r.u, r.dims = rows, u, max(2, s.Dims)
	r.iter = c.number("step", r.iter, math.MaxInt)
	r.phase = c.number("phase", r.phase, most)
	r.phaseStep = c.number("step of the phase", r.phaseStep, math.MaxInt)
	r.ended = c.number("end", int(b2u(r.ended)), 1) == 1
	t.neighbors = c.number("Neighbors", t.neighbors, most)
	t.Unsolved = c.number("Unsolved", t.Unsolved, most)
	s.Seed = c.bits(s.Seed, 8)
	x.Spacing = c.float("Spacing", x.Spacing, 0, 0.6)
	if x.Spacing != 0 && x.Spacing < 0.01 {
		c.fail("Spacing is %v", x.Spacing)
	}
	x.Theta = c.float("Theta", x.Theta, 1e-300, 1)
	s.Freedom = c.float("Freedom", s.Freedom, 1e-300, 1e6)
	x.MaxStep = c.float("MaxStep", x.MaxStep, 1e-300, 1e6)
	s.MinGradNorm = c.float("MinGradNorm", s.MinGradNorm, 0, math.MaxFloat64)
	r.perp = c.float("Perplexity", r.perp, 0, math.MaxFloat64)
	t.Recall = c.float("Recall", t.Recall, 0, 1)
	for _, v := range []*int64{&t.edges, &t.peakBytes, (*int64)(&t.Merging), (*int64)(&t.Searching), (*int64)(&t.Calibrating), (*int64)(&t.Starting), (*int64)(&t.Stepping)} {
		*v = int64(c.number("a statistic", int(*v), math.MaxInt64))
	}
	for i := range c.number("phases", len(r.phases), most) {
		if c.w == nil {
			r.phases = append(r.phases, Phase{})
		}
		p := &r.phases[i]
		p.Steps = c.number("Steps", p.Steps, math.MaxInt)
		p.Exaggeration = c.float("Exaggeration", p.Exaggeration, 1e-300, 1e6)
		p.LearningRate = c.float("LearningRate", p.LearningRate, 0, math.MaxFloat32)
		p.Momentum = c.float("Momentum", p.Momentum, 0, 1)
		if err := p.fill(i); err != nil {
			c.fail("%v", err)
		}
	}
	if r.phase > len(r.phases) || r.phase == len(r.phases) && r.phaseStep > 0 || r.phase < len(r.phases) && r.phaseStep > r.phases[r.phase].Steps {
		c.fail("step %d of phase %d of %d", r.phaseStep, r.phase, len(r.phases))
	}
	var place []int32 // of each distinct row
	if c.w != nil {
		place = r.places()
	}
	self := func(i int) int { return i }
	at := func(u int) int { return int(place[u]) }
	coordinate := func(i int) int { return int(place[i/r.dims])*r.dims + i%r.dims }
	number := func(v int32) uint32 { return uint32(v) }
	of := 0
	if u < rows {
		of = rows
	}
	if list := array(c, "rows", r.of, of, self, number, c.index("a distinct row", u)); of > 0 {
		r.of = list
		seen := make([]bool, u) // u < rows numbers were read
		for _, v := range list {
			seen[v] = true
		}
		if v := slices.Index(seen, false); v >= 0 {
			c.fail("distinct row %d has no row", v)
		}
	}
	perm = array(c, "places", r.perm, u, self, number, c.index("a place's row", u))
	seen := make([]bool, u)
	for _, v := range perm {
		if seen[v] {
			c.fail("distinct row %d has two places", v)
		}
		seen[v] = true
	}
	r.w = array(c, "weights", r.w, u, at, math.Float32bits, c.finite("a weight", math.SmallestNonzeroFloat32, math.MaxFloat32))
	fixed := len(r.fixed)
	if c.r != nil { // the count of the array
		b, err := c.r.Peek(8)
		if err == nil && binary.LittleEndian.Uint64(b) != 0 {
			fixed = u
		}
	}
	if list := array(c, "flags", r.fixed, fixed, at, b2u, c.flag); fixed > 0 {
		r.fixed = list
	}
	r.y = array(c, "positions", r.y, u*r.dims, coordinate, math.Float32bits, c.finite("a position", -maxPosition, maxPosition))
	r.v = array(c, "velocities", r.v, u*r.dims, coordinate, math.Float32bits, c.finite("a velocity", -math.MaxFloat32, math.MaxFloat32))
	r.gain = array(c, "gains", r.gain, u*r.dims, coordinate, math.Float32bits, c.finite("a gain", 0, math.MaxFloat32))
	r.codeAffinities(c, place)
	if c.w != nil {
		_ = c.w.Flush() // to the sum
	}
	sum := uint64(c.sum.Sum32())
	if got := c.bits(sum, 4); got != sum {
		c.fail("checksum %08x, want %08x", got, sum)
	}
	return perm
}

// codeAffinities writes P, or reads it, by rows: length, columns, values.
func (r *Run) codeAffinities(c *codec, place []int32) {
	a := r.p
	entries := c.bits(uint64(len(a.Col)), 8)
	for i := range r.u {
		if c.w != nil {
			lo, hi := a.Ptr[place[i]], a.Ptr[place[i]+1]
			c.bits(uint64(hi-lo), 4)
			for e := lo; e < hi; e++ {
				c.bits(uint64(r.perm[a.Col[e]]), 4)
				c.bits(uint64(math.Float32bits(a.Val[e])), 4)
			}
			continue
		}
		n := c.bits(0, 4)
		if n >= uint64(r.u) || uint64(len(a.Col))+n > entries {
			c.fail("row %d has %d affinities", i, n)
		}
		for range n {
			a.Col = append(a.Col, int32(c.bits(0, 4)))
			a.Val = append(a.Val, math.Float32frombits(uint32(c.bits(0, 4))))
		}
		a.Ptr = append(a.Ptr, int64(len(a.Col)))
	}
	if uint64(len(a.Col)) != entries {
		c.fail("%d affinities, want %d", len(a.Col), entries)
	}
}

// load reads the run.
func (r *Run) load(c *codec) {
	perm := r.code(c)
	if _, err := validAffinities(context.Background(), r.p); err != nil {
		c.fail("%v", err)
	}
	r.s.Phases = r.phases
	r.stats.Distinct, r.stats.Kernels = r.u, vec.Best().String()
	r.perm = make([]int32, r.u)
	for i := range r.perm {
		r.perm[i] = int32(i)
	}
	r.finish(context.Background())
	if r.u > 0 {
		r.reorder(perm)
		r.bounds()
	}
}
