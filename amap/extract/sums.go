package extract

import (
	"fmt"
	"math/big"
	"math/bits"
	"slices"

	"github.com/semamap/semamap/amap"
	"github.com/semamap/semamap/internal/vec"
)

// Sums are the result of an extraction: for each mode and layer the sum of
// activations of every unit over the occurrences of every token, and how often
// each token occurred. Sums are exact multiples of 2⁻²⁸, so they do not depend on
// the order in which they were added.
type Sums struct {
	p      *setup
	shards []int // that are in

	read      int64   // documents that were read, those of other shards counted
	documents int64   // of these, documents that are in
	taken     int64   // windows of the next document that are in
	windows   int64   // that are in
	pending   []int32 // windows at the end that make no full update of Running16
	text      string  // hash of the documents that were read
	done      bool

	modes [2][]layerSums // by index of p.Modes and layers
	count [2][]int64     // by index of p.Modes and row
}

type layerSums struct {
	sum     []int64   // rows × units, in multiples of vec.FixedUnit
	bound   []int64   // by row: at least the sum of the largest magnitudes
	squares []uint128 // by unit: the sum of squares over all tokens, for Moments
}

type uint128 struct{ hi, lo uint64 }

func (a *uint128) add(b uint128) {
	var carry uint64
	a.lo, carry = bits.Add64(a.lo, b.lo, 0)
	a.hi, _ = bits.Add64(a.hi, b.hi, carry)
}

// signed is x as a number of 128 bits in two's complement.
func signed(x int64) uint128 { return uint128{uint64(x >> 63), uint64(x)} }

// set stores a number in two's complement.
func (a uint128) set(z *big.Int) *big.Int {
	z.SetInt64(int64(a.hi))
	return z.Lsh(z, 64).Add(z, new(big.Int).SetUint64(a.lo))
}

func (a *uint128) addSquare(x int64) {
	u := uint64(x)
	if x < 0 {
		u = -u
	}
	hi, lo := bits.Mul64(u, u)
	a.add(uint128{hi, lo})
}

func newSums(p *setup) *Sums {
	s := &Sums{p: p, shards: []int{p.Shard[0]}}
	rows := p.allRows()
	for i := range p.Modes {
		s.count[i] = make([]int64, rows)
		s.modes[i] = make([]layerSums, len(p.layers))
		for l, wide := range p.wide {
			s.modes[i][l] = layerSums{sum: make([]int64, rows*wide), bound: make([]int64, rows)}
			if p.Moments {
				s.modes[i][l].squares = make([]uint128, wide)
			}
		}
	}
	return s
}

// Map returns the means as an activation map with its counts, whose rows are
// computed when they are read. d is the number type, amap.Float16 or
// amap.Float32; every mean is divided and rounded once. Layers have their numbers
// in the model, which a pickle of SYSIF cannot hold unless they are the first ones.
func (s *Sums) Map(d amap.DType) (*amap.Map, error) {
	p := s.p
	if d != amap.Float16 && d != amap.Float32 {
		return nil, fmt.Errorf("%w: number type %s, want float16 or float32", ErrSettings, d)
	}
	rows := make([]int32, p.Vocab) // of the map: row of the sums, or -1
	for id := range rows {
		rows[id] = int32(p.row(int32(id)))
	}
	o := &amap.Options{Counts: amap.Counts{}, Windows: s.inMap(), Positions: -1, Layers: p.layers}
	if p.Positions {
		o.Positions = p.Window + 1
		for i := range p.Window + 1 {
			rows = append(rows, int32(p.rows+i))
		}
	}
	layers := map[amap.Mode][]amap.Rows{}
	for i, mode := range p.Modes {
		counts := make([]int64, len(rows))
		for j, r := range rows {
			if r >= 0 {
				counts[j] = s.count[i][r]
			}
		}
		o.Counts[mode] = counts
		for l, wide := range p.wide {
			layers[mode] = append(layers[mode], &means{s.modes[i][l].sum, s.count[i], rows, wide, d, p.Running16 > 0})
		}
	}
	return amap.NewMap(d, layers, o)
}

// inMap returns the number of windows in the map.
func (s *Sums) inMap() int64 { return s.windows - int64(len(s.pending)/s.p.Window) }

// means are the rows of a layer of a map.
type means struct {
	sum, count []int64
	rows       []int32
	wide       int
	d          amap.DType
	running    bool // sum holds means already
}

func (m *means) Dims() (rows, cols int) { return len(m.rows), m.wide }

func (m *means) Row(dst []float32, i int) ([]float32, error) {
	if cap(dst) < m.wide {
		dst = make([]float32, m.wide)
	}
	dst = dst[:m.wide]
	r := int(m.rows[i])
	if r < 0 || m.count[r] == 0 {
		clear(dst)
		return dst, nil
	}
	n := float64(m.count[r])
	if m.running {
		n = 1
	}
	for j, v := range m.sum[r*m.wide:][:m.wide] {
		mean := float64(v) * vec.FixedUnit / n
		if m.d == amap.Float16 {
			dst[j] = vec.F16(vec.F64ToF16(mean))
		} else {
			dst[j] = float32(mean)
		}
	}
	return dst, nil
}

// Explained returns, for each unit of a layer, the share of the variance of its
// activations that the token explains: the variance between the tokens' means
// over the variance of all activations that went into them. It needs
// [Settings.Moments]. A unit that never changes has the share 0.
//
// The share is too high where tokens are rare: for N activations of T tokens it
// is about (T−1)/(N−1) for a unit to which the token makes no difference.
// 1 − (1−share)·(N−1)/(N−T) corrects for that.
func (s *Sums) Explained(mode amap.Mode, layer int) ([]float64, error) {
	p := s.p
	i, l := slices.Index(p.Modes, mode), slices.Index(p.layers, layer)
	if i < 0 || l < 0 {
		return nil, fmt.Errorf("extract: %w: mode %s, layer %d", amap.ErrNotFound, mode, layer)
	}
	if !p.Moments {
		return nil, fmt.Errorf("%w: Explained needs Settings.Moments", ErrSettings)
	}
	x, wide := &s.modes[i][l], p.wide[l]
	count := s.count[i][:p.rows]
	total := make([]uint128, wide) // the sum over all tokens, exactly
	var n int64
	for r, c := range count {
		if c == 0 {
			continue
		}
		n += c
		for u, v := range x.sum[r*wide:][:wide] {
			total[u].add(signed(v))
		}
	}
	var z big.Int
	mean, between := make([]float64, wide), make([]float64, wide)
	for u := range mean {
		mean[u], _ = new(big.Float).SetInt(total[u].set(&z)).Float64()
		mean[u] /= max(float64(n), 1)
	}
	for r, c := range count {
		if c == 0 {
			continue
		}
		for u := range between {
			d := float64(x.sum[r*wide+u])/float64(c) - mean[u]
			between[u] += float64(c) * d * d
		}
	}
	for u, b := range between {
		// n·Σx² − (Σx)² as integers, since little may be left of large numbers.
		sum, all := total[u].set(new(big.Int)), x.squares[u].set(new(big.Int))
		all.Mul(all, big.NewInt(n)).Sub(all, sum.Mul(sum, sum))
		variance, _ := new(big.Float).SetInt(all).Float64()
		if variance /= max(float64(n), 1); variance > 0 {
			between[u] = min(b/variance, 1)
		} else {
			between[u] = 0
		}
	}
	return between, nil
}
