package knn

import (
	"context"
	"math"
	"math/bits"
	"slices"

	"github.com/semamap/semamap/internal/par"
	"github.com/semamap/semamap/internal/vec"
)

// Rows may stand in lumps far apart: a number like −9999 for what is missing
// puts the rows that lack the same columns far from all others, as does a column
// of flags in other units than the rest. Float32 numbers in one frame do not tell
// the rows of a far lump apart. So lumps that hold the neighbors of their rows
// are searched one by one, each in a frame of its own. A gap in one column is
// enough for the proof: whatever lies across it is at least that far.

const (
	gapFactor = 32   // times a typical distance: the least gap
	gapRooms  = 3    // rooms, at least, that are empty in it
	lumpTests = 8    // lumps that are tried,
	lumpRows  = 4096 // on so many rows
)

// A room holds the numbers of one sign between two powers of two. Rooms are
// numbered in the order of their numbers; zero is in room noRoom/2.
const noRoom = 511

func roomOf(v float32) int {
	b := math.Float32bits(v)
	e := int(b >> 23 & 0xff)
	if b>>31 != 0 {
		return noRoom/2 - e
	}
	return noRoom/2 + e
}

// roomEnds are the ends of a room.
func roomEnds(room int) (low, high float64) {
	e := room - noRoom/2
	high = math.Ldexp(1, max(e, -e)-126)
	switch {
	case e > 0:
		return high / 2, high
	case e < 0:
		return -high, -high / 2
	}
	return -high, high
}

// gaps tell lumps apart: in each of some columns, the first rooms behind gaps.
type gaps struct {
	col   []int32
	from  [][]int
	least float64 // a lower bound of the widths of all gaps
}

// findGaps looks for gaps in the columns of s, by the distance from the middle.
func (m *middle) findGaps(ctx context.Context, workers int, s *source) (*gaps, error) {
	var typical float64 // even if most numbers of a column are far away
	for _, v := range m.spread {
		typical += 64 * v * v
	}
	typical = math.Sqrt(typical)
	g := &gaps{least: math.Inf(1)}
	near := float32(typical) // such numbers are taken for one heap
	if near == 0 || !isFinite(near) {
		return g, nil
	}
	used := make([][]uint64, par.Workers(workers)) // bits of the rooms of each column
	const words = (noRoom + 63) / 64
	err := eachRow(ctx, workers, s, 256, func(w, _, _ int, row []float32) {
		if used[w] == nil {
			used[w] = make([]uint64, words*s.d)
		}
		for c, v := range row {
			if far := v - m.at[c]; far > near || far < -near {
				room := roomOf(far)
				used[w][c*words+room/64] |= 1 << (room % 64)
			}
		}
	})
	if err != nil {
		return nil, err
	}
	var heap [words]uint64
	for room := roomOf(-near); room <= roomOf(near); room++ {
		heap[room/64] |= 1 << (room % 64)
	}
	for c := range s.d {
		var from []int
		last := -1
		for b, word := range heap {
			for _, u := range used {
				if u != nil {
					word |= u[c*words+b]
				}
			}
			for ; word != 0; word &= word - 1 {
				room := 64*b + bits.TrailingZeros64(word)
				if last >= 0 && room-last > gapRooms {
					_, end := roomEnds(last)
					begin, _ := roomEnds(room)
					if width := (begin - end) * (1 - 0x1p-20); width > gapFactor*typical {
						from = append(from, room)
						g.least = min(g.least, width)
					}
				}
				last = room
			}
		}
		if from != nil {
			g.col, g.from = append(g.col, int32(c)), append(g.from, from)
		}
	}
	return g, nil
}

// lumps returns the rows of s by lumps, each by ascending numbers.
func (g *gaps) lumps(ctx context.Context, workers int, s *source, m *middle) ([][]int32, error) {
	key := make([]uint64, s.n) // lumps of the same key are taken for one
	err := eachRow(ctx, workers, s, 256, func(_, _, i int, row []float32) {
		for j, c := range g.col {
			side, room := 0, roomOf(row[c]-m.at[c])
			for _, from := range g.from[j] {
				if room >= from {
					side++
				}
			}
			key[i] = bits.RotateLeft64(key[i]^uint64(side+1), 29) * 0xbf58476d1ce4e5b9
		}
	})
	if err != nil {
		return nil, err
	}
	var lumps [][]int32
	number := map[uint64]int{}
	for i, k := range key {
		l, ok := number[k]
		if !ok {
			l = len(lumps)
			number[k] = l
			lumps = append(lumps, nil)
		}
		lumps[l] = append(lumps[l], int32(i))
	}
	return lumps, nil
}

// near reports whether the k nearest rows of most lumps lie within them, by one
// row of each of the largest.
func (g *gaps) near(s *source, lumps [][]int32, k int) bool {
	largest := make([]uint64, len(lumps))
	for l, rows := range lumps {
		largest[l] = uint64(s.n-len(rows))<<32 | uint64(l)
	}
	slices.Sort(largest)
	largest = largest[:min(len(largest), lumpTests)]
	good := 0
	for _, key := range largest {
		rows := lumps[uint32(key)]
		rows = rows[:min(len(rows), max(lumpRows, k+1))]
		dist := make([]float64, len(rows))
		ids := make([]int32, len(rows))
		for r, i := range rows {
			ids[r] = int32(s.orig(int(i)))
		}
		vec.SqDistRows(dist, s.row(int(rows[len(rows)/2]), nil), s.flat, ids)
		sortNumbers(dist)
		if dist[k] < g.least*g.least/4 {
			good++
		}
	}
	return 2*good > len(largest)
}

// searchLumps searches lumps one by one, and the rows of small ones among all.
// It returns nil if that is no gain.
func searchLumps(ctx context.Context, s *source, m *middle, k int, set *Settings, used int64) (*Graph, error) {
	gaps, err := m.findGaps(ctx, set.Workers, s)
	if err != nil || gaps.col == nil {
		return nil, err
	}
	all, err := gaps.lumps(ctx, set.Workers, s, m)
	if err != nil {
		return nil, err
	}
	var lumps [][]int32
	alone := make([]bool, s.n)
	rest := s.n
	for _, rows := range all {
		if len(rows) <= k {
			continue
		}
		lumps = append(lumps, rows)
		rest -= len(rows)
		for _, i := range rows {
			alone[i] = true
		}
	}
	few := s.n/oddShare + oddRows
	if len(all) == 1 || len(lumps) < 2 && rest <= few || 2*rest > s.n || !gaps.near(s, lumps, k) {
		return nil, nil
	}
	used += 12*int64(s.n)*int64(k) + 16*int64(s.n)
	g := newGraph(s.n, k)
	take := func(part *Graph) {
		g.Stats.Bytes = max(g.Stats.Bytes, part.Stats.Bytes)
		g.Stats.Rechecked += part.Stats.Rechecked
		g.Stats.rescored += part.Stats.rescored
		g.Stats.columns = max(g.Stats.columns, part.Stats.columns)
	}
	for _, rows := range lumps {
		sub := s.pick(rows)
		part, err := searchExact(ctx, sub, sub, k, true, set, used)
		if err != nil {
			return nil, err
		}
		take(part)
		for u, i := range rows {
			near, dist := part.Row(u)
			index, d2 := g.Row(int(i))
			copy(d2, dist)
			for c, v := range near {
				index[c] = rows[v]
			}
			alone[i] = d2[k-1] < gaps.least*gaps.least*(1-canonicalError(s.d))
		}
	}
	var left []int32
	for i, done := range alone {
		if !done {
			left = append(left, int32(i))
		}
	}
	if len(left) == 0 {
		return g, nil
	}
	part, err := searchExact(ctx, s, s.pick(left), k+1, false, set, used)
	if err != nil {
		return nil, err
	}
	take(part)
	for u, i := range left {
		near, dist := part.Row(u)
		index, d2 := g.Row(int(i))
		n := 0
		for c, j := range near {
			if j != i && n < k {
				index[n], d2[n] = j, dist[c]
				n++
			}
		}
	}
	return g, nil
}
