package extract

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"hash"
	"iter"
	"math"
	"math/rand/v2"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/semamap/semamap/amap"
	"github.com/semamap/semamap/internal/par"
	"github.com/semamap/semamap/internal/vec"
)

// Extract computes the activations of a model for documents of token ids, and
// sums them by token.
//
// A document is cut into windows at start, start+Stride and so on. The last
// tokens of a document are never in a window that ends with it: a window starts
// before the document's length minus Window. A document of at most Window tokens
// has none. If no document has a window, the error wraps ErrSettings.
//
// A document is only used until the next one is asked for. The sums take 8 bytes
// for each token, unit, layer and mode, and only those of tokens that occur are
// touched.
//
// If the context ends, the windows at hand are finished and the checkpoint, if
// there is one, is saved.
func Extract(ctx context.Context, m *Model, documents iter.Seq2[[]int32, error], set *Settings) (*Sums, error) {
	p, err := newSetup(m, set)
	if err != nil {
		return nil, err
	}
	var s *Sums
	if p.Checkpoint != "" {
		if s, err = resume(p); err != nil {
			return nil, err
		}
	}
	if s == nil {
		s = newSums(p)
	}
	e := &extraction{p: p, s: s, m: m, text: sha256.New(), saved: time.Now(), every: p.every()}
	return s, e.run(ctx, documents)
}

// An extraction is the state of Extract, which cuts windows; workers compute
// them.
type extraction struct {
	p *setup
	s *Sums
	m *Model

	text   hash.Hash // of the documents that were read
	behind bool      // the documents that a checkpoint holds were not all read yet
	work   chan *batch
	free   chan *batch // batches that no worker has
	n      int         // of batches
	now    *batch      // being filled

	finished atomic.Int64 // windows
	rows     [256]sync.Mutex
	counts   sync.Mutex

	failedMu sync.Mutex
	first    int64 // batch that failed
	err      error

	saved time.Time     // when the last checkpoint was
	every time.Duration // between checkpoints
}

// A batch is windows that are computed together.
type batch struct {
	number    int64
	ids       []int32
	documents []int64 // of the windows
}

func (e *extraction) run(ctx context.Context, documents iter.Seq2[[]int32, error]) error {
	p, s := e.p, e.s
	workers := par.Workers(p.Workers)
	if p.Running16 > 0 {
		workers = 1
	}
	size := p.batchFor(workers)
	e.work = make(chan *batch)
	e.n = workers + 1
	e.free = make(chan *batch, e.n)
	for range e.n {
		e.free <- &batch{}
	}
	e.finished.Store(s.windows)
	var wg sync.WaitGroup
	for range workers {
		wg.Go(func() {
			w := newWorker(e, size)
			for b := range e.work {
				if e.failure() == nil {
					if err := w.do(b); err != nil {
						e.fail(b.number, err)
					}
				}
				e.finished.Add(int64(len(b.ids) / p.Window))
				b.ids, b.documents = b.ids[:0], b.documents[:0]
				e.free <- b
			}
		})
	}
	err := e.produce(ctx, documents, size)
	close(e.work)
	wg.Wait()
	if failed := e.failure(); failed != nil {
		return failed
	}
	whole := err == nil
	if whole && s.documents == 0 {
		return fmt.Errorf("%w: no documents", ErrSettings)
	}
	if whole && s.inMap() == 0 && p.Shard[1] == 1 {
		return fmt.Errorf("%w: the %d documents have no windows: a document needs more than %d tokens", ErrSettings, s.documents, p.Window)
	}
	s.done = whole
	if p.Progress != nil {
		p.Progress(s.documents, e.finished.Load())
	}
	if p.Checkpoint != "" && s.read > 0 && !e.behind {
		return errors.Join(err, s.save(p.Checkpoint))
	}
	return err
}

func (e *extraction) fail(number int64, err error) {
	e.failedMu.Lock()
	defer e.failedMu.Unlock()
	if e.err == nil || number < e.first {
		e.first, e.err = number, err
	}
}

func (e *extraction) failure() error {
	e.failedMu.Lock()
	defer e.failedMu.Unlock()
	return e.err
}

// produce cuts documents into windows and hands them to the workers. A batch
// that was begun is finished whatever ends it.
func (e *extraction) produce(ctx context.Context, documents iter.Seq2[[]int32, error], size int) (err error) {
	p, s := e.p, e.s
	// What a checkpoint holds.
	read, skip, skipWindows := s.read, s.documents, s.taken
	e.behind = read > 0
	e.now = <-e.free
	e.now.ids = append(e.now.ids, s.pending...)
	e.now.documents = append(e.now.documents, make([]int64, len(s.pending)/p.Window)...)
	s.pending = nil

	var doc int64
	var bytes []byte
	for ids, derr := range documents {
		if err = cmp.Or(derr, ctx.Err()); err != nil {
			break
		}
		for i, id := range ids {
			if id < 0 || int(id) >= p.Vocab {
				err = fmt.Errorf("%w: token %d of document %d has the id %d, but there are %d tokens", ErrSettings, i, doc, id, p.Vocab)
				break
			}
		}
		if err != nil {
			break
		}
		bytes = binary.LittleEndian.AppendUint64(bytes[:0], uint64(len(ids)))
		for _, id := range ids {
			bytes = binary.LittleEndian.AppendUint32(bytes, uint32(id))
		}
		e.text.Write(bytes)
		if e.behind && doc+1 == read {
			if e.textHash() != s.text {
				return fmt.Errorf("%w: %s: its first %d documents are others", ErrSettings, p.Checkpoint, read)
			}
			e.behind = false
		}
		if doc < skip {
			doc++
			continue
		}
		s.read = doc + 1
		var window int64
		if doc%int64(p.Shard[1]) == int64(p.Shard[0]) {
			for t := p.start(doc); t < len(ids)-p.Window; t += p.Stride {
				if window++; doc == skip && window <= skipWindows {
					continue
				}
				if e.failure() != nil {
					return nil
				}
				e.now.ids = append(e.now.ids, ids[t:t+p.Window]...)
				e.now.documents = append(e.now.documents, doc)
				s.windows++
				if len(e.now.documents) < size {
					continue
				}
				s.taken = window
				if err = e.send(ctx); err != nil {
					break
				}
			}
		}
		if err != nil {
			break
		}
		doc++
		s.documents, s.taken = doc, 0
	}
	if e.behind {
		return cmp.Or(err, fmt.Errorf("%w: %s: it has %d documents, the text only %d", ErrSettings, p.Checkpoint, read, doc))
	}
	s.text = e.textHash()
	if p.Running16 > 0 {
		n := len(e.now.documents) / p.Running16 * p.Running16
		s.pending = slices.Clone(e.now.ids[n*p.Window:])
		e.now.ids, e.now.documents = e.now.ids[:n*p.Window], e.now.documents[:n]
	}
	if len(e.now.ids) > 0 {
		e.work <- e.now
	}
	return err
}

// send hands the full batch to a worker and takes an empty one. The error is
// that of the context.
func (e *extraction) send(ctx context.Context) error {
	p, s := e.p, e.s
	number := e.now.number
	e.work <- e.now
	if p.Progress != nil {
		p.Progress(s.documents, e.finished.Load())
	}
	e.now = <-e.free
	e.now.number = number + 1
	if p.Checkpoint != "" && time.Since(e.saved) > e.every {
		for range e.n - 1 { // all other batches: no worker has one
			b := <-e.free
			defer func() { e.free <- b }()
		}
		if e.failure() == nil {
			began := time.Now()
			s.text = e.textHash()
			if err := s.save(p.Checkpoint); err != nil {
				e.fail(-1, err)
				return err
			}
			e.saved = time.Now()
			e.every = max(p.every(), 20*e.saved.Sub(began)) // at most 5 % of the time
		}
	}
	return ctx.Err()
}

func (e *extraction) textHash() string { return hex.EncodeToString(e.text.Sum(nil)) }

// start returns the place of the first window of a document.
func (p *setup) start(doc int64) int {
	if p.Start != nil {
		return *p.Start
	}
	return rand.New(rand.NewPCG(p.Seed, uint64(doc))).IntN(p.Window)
}

// outputMemory bounds the activations that are kept until the model has
// predicted a token, for all workers.
const outputMemory = 256 << 20

// batchFor returns how many windows a batch has.
func (p *setup) batchFor(workers int) int {
	if !p.predict {
		return p.batch
	}
	bytes := 0
	for _, wide := range p.wide {
		bytes += 4 * wide * p.Window
	}
	step := max(p.Running16, 1)
	return max(min(p.batch, outputMemory/workers/bytes)/step, 1) * step
}

// A worker computes batches.
type worker struct {
	e     *extraction
	r     *runner
	index []int       // by layer: its index in p.layers, or -1
	rows  [2][]int    // by index of modes: the row of each place in the batch, or -1
	kept  [][]float32 // by index of layers: activations of the selected units
	x     []float32   // of a row
	fixed []int64     // a row as multiples of vec.FixedUnit

	local   []int64 // sums of the batch by position
	bounds  []int64 // of local
	squares []uint128
}

func newWorker(e *extraction, size int) *worker {
	p := e.p
	layers := p.layers[len(p.layers)-1] + 1
	w := &worker{e: e, r: newRunner(e.m, size, p.Window, layers, p.predict), index: make([]int, e.m.Layers())}
	wide := 0
	for i := range w.index {
		w.index[i] = slices.Index(p.layers, i)
	}
	for _, n := range p.wide {
		wide = max(wide, n)
	}
	w.x, w.fixed = make([]float32, wide), make([]int64, wide)
	if p.Positions {
		w.local, w.bounds = make([]int64, p.Window*wide), make([]int64, p.Window)
	}
	if p.Moments {
		w.squares = make([]uint128, wide)
	}
	if p.predict {
		w.kept = make([][]float32, len(p.layers))
		for l, n := range p.wide {
			w.kept[l] = make([]float32, size*p.Window*n)
		}
	}
	return w
}

// do computes a batch and adds it to the sums. It is never cut short, so that
// the sums hold all of it or, after an error, are of no use.
func (w *worker) do(b *batch) error {
	p := w.e.p
	for i, mode := range p.Modes {
		if mode == amap.Input {
			w.place(i, b.ids)
		}
	}
	predicted, err := w.r.run(context.Background(), b.ids, func(layer int, h []float32) error {
		l := w.index[layer]
		if l < 0 {
			return nil
		}
		units := p.units[l]
		if w.kept != nil {
			dst := w.kept[l]
			for j := range b.ids {
				pick(dst[j*p.wide[l]:][:p.wide[l]], h[j*w.e.m.Units():][:w.e.m.Units()], units)
			}
			h, units = dst, nil
		}
		for i, mode := range p.Modes {
			if mode == amap.Input {
				if err := w.add(i, l, h, units, b); err != nil {
					return err
				}
			}
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("extract: document %d: %w", b.documents[0], err)
	}
	for i, mode := range p.Modes {
		if mode != amap.Output {
			continue
		}
		w.place(i, predicted)
		for l := range p.layers {
			if err := w.add(i, l, w.kept[l], nil, b); err != nil {
				return err
			}
		}
	}
	w.count()
	return nil
}

// count counts the rows of a batch.
func (w *worker) count() {
	p, s := w.e.p, w.e.s
	w.e.counts.Lock()
	defer w.e.counts.Unlock()
	for i, mode := range p.Modes {
		for j, r := range w.rows[i] {
			if r >= 0 {
				s.count[i][r]++
			}
			if pos := j % p.Window; p.Positions && pos >= p.Skip {
				s.count[i][p.position(mode, pos)]++
			}
		}
	}
}

// place finds the rows of the tokens of a batch.
func (w *worker) place(mode int, ids []int32) {
	p := w.e.p
	rows := w.rows[mode][:0]
	for j, id := range ids {
		r := -1
		if j%p.Window >= p.Skip {
			r = p.row(id)
		}
		rows = append(rows, r)
	}
	w.rows[mode] = rows
}

// pick copies the units, or all.
func pick(dst, x []float32, units []int) {
	if units == nil {
		copy(dst, x)
		return
	}
	for i, u := range units {
		dst[i] = x[u]
	}
}

// row returns row j of h with the units alone.
func (w *worker) row(l int, h []float32, units []int, j int) []float32 {
	if units == nil {
		return h[j*w.e.p.wide[l]:][:w.e.p.wide[l]]
	}
	all := w.e.m.Units()
	x := w.x[:len(units)]
	pick(x, h[j*all:][:all], units)
	return x
}

// largest is the largest magnitude of an activation.
const largest = 1 << 22

// fullSum is the largest sum of magnitudes that an int64 of vec.FixedUnit holds,
// with room to spare.
const fullSum = 1 << 34

// add adds the activations of a layer to the sums.
func (w *worker) add(mode, l int, h []float32, units []int, b *batch) error {
	p := w.e.p
	if p.Running16 > 0 {
		return w.running(mode, l, h, units, b)
	}
	t, wide := &w.e.s.modes[mode][l], p.wide[l]
	if p.Positions {
		clear(w.local)
		clear(w.bounds)
	}
	clear(w.squares)
	fixed := w.fixed[:wide]
	for j, r := range w.rows[mode] {
		pos := j % p.Window
		if pos < p.Skip || r < 0 && !p.Positions {
			continue
		}
		x := w.row(l, h, units, j)
		var big float32
		once := !p.Positions && !p.Moments
		if !once {
			clear(fixed)
			big = vec.AddFixed(fixed, x)
		}
		if r >= 0 {
			err := w.addRow(t, r, wide, func(sum []int64) int64 {
				if once {
					big = vec.AddFixed(sum, x)
				} else {
					addInts(sum, fixed)
				}
				return magnitude(big)
			})
			if err != nil {
				return fmt.Errorf("extract: layer %d: %w: %s", p.layers[l], err, p.fullRow(p.Modes[mode], r))
			}
		}
		if !(big <= largest) {
			return fmt.Errorf("extract: layer %d: %w: an activation of %v, where document %d has a token %d", p.layers[l], amap.ErrLimit, big, b.documents[j/p.Window], b.ids[j])
		}
		if p.Positions {
			addInts(w.local[pos*wide:][:wide], fixed)
			w.bounds[pos] += magnitude(big)
		}
		if p.Moments && r >= 0 {
			for u, v := range fixed {
				w.squares[u].addSquare(v)
			}
		}
	}
	if p.Positions {
		for pos := p.Skip; pos < p.Window; pos++ {
			r := p.position(p.Modes[mode], pos)
			if err := w.addRow(t, r, wide, func(sum []int64) int64 {
				addInts(sum, w.local[pos*wide:][:wide])
				return w.bounds[pos]
			}); err != nil {
				return fmt.Errorf("extract: layer %d: %w: %s", p.layers[l], err, p.fullRow(p.Modes[mode], r))
			}
		}
	}
	if p.Moments {
		mu := &w.e.rows[l%len(w.e.rows)]
		mu.Lock()
		defer mu.Unlock()
		for u, q := range w.squares[:wide] {
			t.squares[u].add(q)
		}
	}
	return nil
}

// addRow adds to a row of sums, of which no other worker then has it.
func (w *worker) addRow(t *layerSums, r, wide int, add func(sum []int64) (bound int64)) error {
	mu := &w.e.rows[r%len(w.e.rows)]
	mu.Lock()
	defer mu.Unlock()
	sum := t.sum[r*wide:][:wide]
	if t.bound[r] == 0 {
		// A page that is written first costs one fault; one that is read first
		// costs two, and the second stops the other cores.
		clear(sum)
	}
	t.bound[r] += add(sum)
	if t.bound[r] > fullSum {
		return amap.ErrLimit
	}
	return nil
}

// fullRow says that a sum may overflow.
func (p *setup) fullRow(mode amap.Mode, r int) string {
	what := fmt.Sprintf("token %d", r)
	switch {
	case r >= p.rows:
		what = fmt.Sprintf("position %d", r-p.rows)
	case p.tokens != nil:
		what = fmt.Sprintf("token %d", p.tokens[r])
	}
	return fmt.Sprintf("the sum of mode %s and %s may pass 2³⁴", mode, what)
}

// magnitude is a bound of x as an integer.
func magnitude(x float32) int64 {
	if !(x <= largest) {
		return 0 // an error, elsewhere
	}
	return int64(math.Ceil(float64(x)))
}

func addInts(sum, x []int64) {
	sum = sum[:len(x)]
	for i, v := range x {
		sum[i] += v
	}
}

// running updates means as SYSIF does: activations in fp16, their sum over
// Running16 windows in fp16, the mean in float32, then in fp16.
func (w *worker) running(mode, l int, h []float32, units []int, b *batch) error {
	p, s := w.e.p, w.e.s
	t, wide := &s.modes[mode][l], p.wide[l]
	before := map[int]int64{} // of earlier updates in this batch
	type row struct {
		sum []float32
		n   int64
	}
	step := p.Running16 * p.Window
	for lo := 0; lo < len(b.ids); lo += step {
		rows := map[int]*row{}
		into := func(r int, x []float32) {
			to := rows[r]
			if to == nil {
				to = &row{sum: make([]float32, wide)}
				rows[r] = to
			}
			to.n++
			for u, v := range x {
				to.sum[u] += half(v)
			}
		}
		for j := lo; j < lo+step; j++ {
			pos, r := j%p.Window, w.rows[mode][j]
			if pos < p.Skip {
				continue
			}
			x := w.row(l, h, units, j)
			if r >= 0 {
				into(r, x)
			}
			if p.Positions {
				into(p.position(p.Modes[mode], pos), x)
			}
		}
		for r, x := range rows {
			old := float32(s.count[mode][r] + before[r])
			before[r] += x.n
			n := float32(s.count[mode][r] + before[r])
			for u := range x.sum {
				mean := &t.sum[r*wide+u]
				v := half((half(x.sum[u]) + float32(old*float32(float64(*mean)*vec.FixedUnit))) / n)
				if !(max(v, -v) <= largest) {
					return fmt.Errorf("extract: layer %d: %w: a mean of %v in document %d or the %d windows before", p.layers[l], amap.ErrLimit, v, b.documents[lo/p.Window], p.Running16)
				}
				*mean = int64(float64(v) / vec.FixedUnit) // exact: fp16 has multiples of 2⁻²⁴
			}
		}
	}
	return nil
}

// half rounds to fp16.
func half(x float32) float32 { return vec.F16(vec.F64ToF16(float64(x))) }
