package tsne

import (
	"bufio"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"hash"
	"hash/crc32"
	"io"
	"io/fs"
	"math"
	"os"
	"path/filepath"

	"github.com/semamap/semamap/internal/vec"
)

// A checkpoint is, little-endian: the magic with the version; the identity of
// the run; the settings and the state of the schedule; the arrays of the rows, in the order of the
// distinct rows, and P, each after its length; the CRC-32 (IEEE) of all before.
// Duplicates, Neighbors and what else the preparation alone needs is not kept.
const checkpointMagic = "semamap tsne 2\n\x00"

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
	f, err := os.CreateTemp(filepath.Dir(name), "."+filepath.Base(name)+".*")
	if err != nil {
		return fmt.Errorf("tsne: saving: %w", err)
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
		return fmt.Errorf("tsne: saving %s: %w", name, err)
	}
	return nil
}

// Open resumes the run saved in the named file, as [Resume] does. If there is
// no such file, it starts a run with [New]. In a new run, Iter of the first
// [Step] is 1; in a resumed run it is higher, unless it was saved before its
// first step.
func Open(ctx context.Context, name string, x Points, s *Settings) (*Run, error) {
	f, err := os.Open(name)
	if errors.Is(err, fs.ErrNotExist) {
		return New(ctx, x, s)
	}
	if err != nil {
		return nil, fmt.Errorf("tsne: %w", err)
	}
	defer f.Close()
	r, err := Resume(ctx, f, x, s)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	return r, nil
}

// Save writes the state of the run, from which [Resume] continues with the same
// bits as an uninterrupted run. It may be called inside the loop over
// [Run.Steps]. A run that diverged cannot be saved.
func (r *Run) Save(w io.Writer) error {
	if r.err != nil {
		return r.err
	}
	bw := bufio.NewWriterSize(w, 1<<16)
	s := &saver{w: bw, crc: crc32.NewIEEE()}
	s.bytes([]byte(checkpointMagic))
	s.u64(r.id.data)
	s.u64(r.id.settings)
	x := r.s.Expert
	for _, v := range []int{r.s.Dims, int(x.Method), r.rows, r.u, r.iter, r.phase, r.phaseStep, int(b2u(r.ended)), r.stats.neighbors, r.stats.Unsolved} {
		s.u64(uint64(v))
	}
	s.u64(r.s.Seed)
	for _, v := range []float64{x.Spacing, x.Theta, r.s.Freedom, x.MaxStep, r.s.MinGradNorm, r.perp, r.stats.Recall} {
		s.u64(math.Float64bits(v))
	}
	for _, v := range r.stats.numbers() {
		s.u64(uint64(*v))
	}
	s.u64(uint64(len(r.phases)))
	for _, p := range r.phases {
		s.u64(uint64(p.Steps))
		for _, v := range []float64{p.Exaggeration, p.LearningRate, p.Momentum} {
			s.u64(math.Float64bits(v))
		}
	}
	saveArray(s, len(r.of), func(i int) uint32 { return uint32(r.of[i]) })
	saveArray(s, r.u, func(p int) uint32 { return uint32(r.perm[p]) })
	place, d := r.places(), r.dims
	saveArray(s, r.u, func(u int) uint32 { return math.Float32bits(r.w[place[u]]) })
	saveArray(s, len(r.fixed), func(u int) uint32 { return b2u(r.fixed[place[u]]) })
	for _, x := range [][]float32{r.y, r.v, r.gain} {
		saveArray(s, len(x), func(i int) uint32 { return math.Float32bits(x[int(place[i/d])*d+i%d]) })
	}
	// P, by rows: length, columns, values.
	s.u64(uint64(len(r.p.Col)))
	for u := range r.u {
		p := place[u]
		lo, hi := r.p.Ptr[p], r.p.Ptr[p+1]
		s.u32(uint32(hi - lo))
		for e := lo; e < hi; e++ {
			s.u32(uint32(r.perm[r.p.Col[e]]))
			s.u32(math.Float32bits(r.p.Val[e]))
		}
	}
	s.flush()
	sum := s.crc.Sum32()
	s.u32(sum)
	s.flush()
	if s.err == nil {
		s.err = bw.Flush()
	}
	if s.err != nil {
		return fmt.Errorf("tsne: saving: %w", s.err)
	}
	return nil
}

// numbers lists the counts and times of s, for the checkpoint.
func (s *Stats) numbers() []*int64 {
	return []*int64{
		&s.edges, &s.peakBytes,
		(*int64)(&s.Merging), (*int64)(&s.Searching), (*int64)(&s.Calibrating), (*int64)(&s.Starting), (*int64)(&s.Stepping),
	}
}

func b2u(b bool) uint32 {
	if b {
		return 1
	}
	return 0
}

// A saver writes numbers and sums them up.
type saver struct {
	w   io.Writer
	crc hash.Hash32
	buf []byte
	err error
}

func (s *saver) flush() {
	if s.err == nil {
		s.crc.Write(s.buf)
		_, s.err = s.w.Write(s.buf)
	}
	s.buf = s.buf[:0]
}

func (s *saver) bytes(b []byte) {
	if s.buf = append(s.buf, b...); len(s.buf) >= 1<<15 {
		s.flush()
	}
}

func (s *saver) u32(v uint32) {
	if s.buf = binary.LittleEndian.AppendUint32(s.buf, v); len(s.buf) >= 1<<15 {
		s.flush()
	}
}

func (s *saver) u64(v uint64) {
	if s.buf = binary.LittleEndian.AppendUint64(s.buf, v); len(s.buf) >= 1<<15 {
		s.flush()
	}
}

func saveArray(s *saver, n int, at func(i int) uint32) {
	s.u64(uint64(n))
	for i := range n {
		s.u32(at(i))
	}
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
	l := &loader{r: bufio.NewReaderSize(r, 1<<16), crc: crc32.NewIEEE()}
	defer func() {
		if p := recover(); p != nil {
			e, ok := p.(*checkpointError)
			if !ok {
				panic(p)
			}
			run, err = nil, e
		}
	}()
	workers := 0
	if b != nil {
		workers = b.s.Workers
	}
	run = l.run(workers)
	if b == nil {
		return run, nil
	}
	switch {
	case run.id.data != id.data:
		return nil, fmt.Errorf("%w: it has other data", ErrMismatch)
	case run.id.settings != id.settings:
		return nil, fmt.Errorf("%w: it has other settings", ErrMismatch)
	}
	run.s.Metric, run.s.Search = b.s.Metric, b.s.Search
	return run, nil
}

// A loader reads numbers; it panics with a *checkpointError, which Resume
// returns.
type loader struct {
	r   *bufio.Reader
	crc hash.Hash32
	at  int64
	tmp [8]byte
}

func (l *loader) fail(format string, a ...any) {
	panic(&checkpointError{l.at, fmt.Sprintf(format, a...), ErrCheckpoint})
}

func (l *loader) read(n int) []byte {
	b := l.tmp[:n]
	k, err := io.ReadFull(l.r, b)
	l.at += int64(k)
	if err == io.EOF || err == io.ErrUnexpectedEOF {
		l.fail("the input ends early")
	}
	if err != nil {
		panic(&checkpointError{l.at, "reading", err})
	}
	l.crc.Write(b)
	return b
}

func (l *loader) u32() uint32 { return binary.LittleEndian.Uint32(l.read(4)) }
func (l *loader) u64() uint64 { return binary.LittleEndian.Uint64(l.read(8)) }

// number reads an integer of at most most.
func (l *loader) number(what string, most uint64) int {
	v := l.u64()
	if v > most {
		l.fail("%s is %d, above %d", what, v, most)
	}
	return int(v)
}

// float reads a number in [lo, hi].
func (l *loader) float(what string, lo, hi float64) float64 {
	v := math.Float64frombits(l.u64())
	if !(v >= lo && v <= hi) {
		l.fail("%s is %v, outside [%v, %v]", what, v, lo, hi)
	}
	return v
}

// array reads n numbers, whose length must be as said.
func array[T any](l *loader, what string, n int, f func(v uint32) T) []T {
	if got := l.u64(); got != uint64(n) {
		l.fail("%d numbers of %s, want %d", got, what, n)
	}
	x := make([]T, 0, min(n, 1<<12))
	for range n {
		x = append(x, f(l.u32()))
	}
	return x
}

func (l *loader) finite(what string, lo, hi float32) func(uint32) float32 {
	return func(b uint32) float32 {
		v := math.Float32frombits(b)
		if !(v >= lo && v <= hi) {
			l.fail("%s is %v", what, v)
		}
		return v
	}
}

func (l *loader) index(what string, n int) func(uint32) int32 {
	return func(v uint32) int32 {
		if uint64(v) >= uint64(n) {
			l.fail("%s is %d of %d", what, v, n)
		}
		return int32(v)
	}
}

func (l *loader) run(workers int) *Run {
	for i := 0; i < len(checkpointMagic); i += 8 {
		if string(l.read(8)) != checkpointMagic[i:i+8] {
			l.fail("not a checkpoint of this version")
		}
	}
	const most = math.MaxInt32
	id := identity{l.u64(), l.u64()}
	var x Expert
	s := Settings{Workers: workers, Expert: &x}
	s.Dims = l.number("Dims", 3)
	x.Method = Method(l.number("Method", uint64(Exact)))
	rows, u := l.number("rows", most), l.number("distinct rows", most)
	if s.Dims == 0 || u > rows || u == 0 && rows > 0 || s.Dims == 3 && x.Method == Mesh {
		l.fail("%d distinct of %d rows in %d dimensions by method %d", u, rows, s.Dims, x.Method)
	}
	r := &Run{id: id, rows: rows, u: u, dims: max(2, s.Dims)}
	r.iter, r.phase, r.phaseStep = l.number("step", math.MaxInt), l.number("phase", most), l.number("step of the phase", math.MaxInt)
	r.ended = l.number("end", 1) == 1
	r.stats.neighbors, r.stats.Unsolved = l.number("Neighbors", most), l.number("Unsolved", most)
	s.Seed = l.u64()
	x.Spacing = l.float("Spacing", 0, 0.6)
	if x.Spacing != 0 && x.Spacing < 0.01 {
		l.fail("Spacing is %v", x.Spacing)
	}
	x.Theta = l.float("Theta", 1e-300, 1)
	s.Freedom = l.float("Freedom", 1e-300, 1e6)
	x.MaxStep = l.float("MaxStep", 1e-300, 1e6)
	s.MinGradNorm = l.float("MinGradNorm", 0, math.MaxFloat64)
	r.perp = l.float("Perplexity", 0, math.MaxFloat64)
	r.stats.Recall = l.float("Recall", 0, 1)
	for _, v := range r.stats.numbers() {
		if *v = int64(l.u64()); *v < 0 {
			l.fail("a statistic is %d", *v)
		}
	}
	for range l.number("phases", most) {
		p := Phase{Steps: l.number("Steps", math.MaxInt)}
		p.Exaggeration = l.float("Exaggeration", 1e-300, 1e6)
		p.LearningRate = l.float("LearningRate", 0, math.MaxFloat32)
		p.Momentum = l.float("Momentum", 0, 1)
		if err := p.fill(len(r.phases)); err != nil {
			l.fail("%v", err)
		}
		r.phases = append(r.phases, p)
	}
	if r.phase > len(r.phases) || r.phase == len(r.phases) && r.phaseStep > 0 || r.phase < len(r.phases) && r.phaseStep > r.phases[r.phase].Steps {
		l.fail("step %d of phase %d of %d", r.phaseStep, r.phase, len(r.phases))
	}
	s.Phases = r.phases
	r.s = s
	if u < rows {
		r.of = array(l, "rows", rows, l.index("a distinct row", u))
		seen := make([]bool, u) // u < rows numbers were read
		for _, v := range r.of {
			seen[v] = true
		}
		for v, ok := range seen {
			if !ok {
				l.fail("distinct row %d has no row", v)
			}
		}
	} else if n := l.u64(); n != 0 {
		l.fail("%d numbers of rows, want 0", n)
	}
	perm := array(l, "places", u, l.index("a place's row", u))
	seen := make([]bool, u)
	for _, v := range perm {
		if seen[v] {
			l.fail("distinct row %d has two places", v)
		}
		seen[v] = true
	}
	r.w = array(l, "weights", u, l.finite("a weight", math.SmallestNonzeroFloat32, math.MaxFloat32))
	switch n := l.u64(); n {
	case 0:
	case uint64(u):
		r.fixed = make([]bool, 0, min(u, 1<<12))
		for range u {
			v := l.u32()
			if v > 1 {
				l.fail("a flag is %d", v)
			}
			r.fixed = append(r.fixed, v == 1)
		}
	default:
		l.fail("%d flags, want 0 or %d", n, u)
	}
	d := r.dims
	r.y = array(l, "positions", u*d, l.finite("a position", -maxPosition, maxPosition))
	r.v = array(l, "velocities", u*d, l.finite("a velocity", -math.MaxFloat32, math.MaxFloat32))
	r.gain = array(l, "gains", u*d, l.finite("a gain", 0, math.MaxFloat32))
	r.p = l.affinities(u)
	sum := l.crc.Sum32()
	if got := l.u32(); got != sum {
		l.fail("checksum %08x, want %08x", got, sum)
	}
	if _, _, err := validAffinities(context.Background(), r.p); err != nil {
		l.fail("%v", err)
	}
	r.stats.Distinct, r.stats.Kernels = u, vec.Best().String()
	r.perm = make([]int32, u)
	for i := range r.perm {
		r.perm[i] = int32(i)
	}
	r.finish(context.Background())
	if u > 0 {
		r.reorder(perm)
		r.bounds()
	}
	return r
}

func (l *loader) affinities(u int) *joint {
	entries := l.u64()
	a := &joint{Ptr: make([]int64, 1, min(u+1, 1<<12))}
	for i := range u {
		n := l.u32()
		if uint64(n) >= uint64(max(u, 1)) || uint64(len(a.Col))+uint64(n) > entries {
			l.fail("row %d has %d affinities", i, n)
		}
		for range n {
			a.Col = append(a.Col, int32(l.u32()))
			a.Val = append(a.Val, math.Float32frombits(l.u32()))
		}
		a.Ptr = append(a.Ptr, int64(len(a.Col)))
	}
	if uint64(len(a.Col)) != entries {
		l.fail("%d affinities, want %d", len(a.Col), entries)
	}
	return a
}
