package amap

import (
	"context"
	"fmt"
	"math"
	"slices"

	"github.com/semamap/semamap/internal/par"
	"github.com/semamap/semamap/internal/vec"
)

// A Finding is the outcome of one check.
type Finding struct {
	Code    string // see Map.Check
	Suspect bool   // the check failed; for code "bias", the map may be wrong, which the file cannot show
	done    bool   // what the check needs was known
	text    string
}

// String returns the code, then "passed", "SUSPECT" or "not done", and what was
// found.
func (f Finding) String() string {
	state := "passed"
	if f.Suspect {
		state = "SUSPECT"
	} else if !f.done {
		state = "not done"
	}
	return fmt.Sprintf("%-9s%-9s %s", f.Code, state, f.text)
}

// findings collects the outcomes.
type findings []Finding

func (r *findings) add(code string, bad bool, format string, args ...any) {
	*r = append(*r, Finding{code, bad, true, fmt.Sprintf(format, args...)})
}

func (r *findings) skip(why string, codes ...string) {
	for _, code := range codes {
		*r = append(*r, Finding{Code: code, text: why})
	}
}

// biasCount is the number of updates from which a running mean kept in fp16
// cannot follow: a step of 1/n of a value is below half a unit in its last
// place, 2⁻¹¹ of it.
const biasCount = 2048

// tolerance is the relative difference of totals that Check allows, as SYSIF does.
const tolerance = 1e-3

// Check tests whether a map's numbers are plausible. It returns the outcome of each
// check, some of them by layer or mode. A check is reported as "not done" if the
// counts, positions or modes that it needs are missing. The error is not about
// findings: it reports that the context or the file ended Check early.
//
// Each code stands for what should be true:
//
//	trailing  there are no bytes after the data
//	shape     all layers are matrices of the same shape
//	rows      there are as many counts as rows
//	finite    no value is NaN or infinite
//	unseen    rows of tokens that did not occur are zero
//	wTkn      both modes counted the same number of tokens
//	wAct      both modes have the same total activation in each layer: the sum
//	          over tokens of count × value
//	wPos      the first position occurred once per window; if Options.Windows is
//	          not known, all positions of a mode occurred equally often
//	wSum      the total activation by tokens equals the total by positions
//	bias      the map is not fp16, or has no count above 2,048. SYSIF keeps its
//	          running means in fp16, where small steps vanish: a mean of 10,000
//	          single updates comes out at about twice its true value. The file
//	          does not show whether it was made like this, and it cannot be
//	          repaired. wAct and wSum may show it.
//
// wTkn, wAct and wPos are SYSIF's checks, applied to every layer and in float64.
// Totals may differ by a thousandth.
func (m *Map) Check(ctx context.Context) ([]Finding, error) {
	var r findings
	if m.format != "" {
		r.add("trailing", m.after != 0, "%d bytes after the data", m.after)
	}
	layers := m.checkShapes(&r)
	m.checkCounts(&r, layers)
	err := m.checkValues(ctx, &r, layers)
	return r, err
}

func (m *Map) checkShapes(r *findings) []*Layer {
	var out []*Layer
	text := ""
	for _, mode := range m.modes {
		for _, n := range m.Layers(mode) {
			l, err := m.Layer(mode, n)
			if err != nil {
				r.add("shape", true, "%s layer %d: %v", mode, n, err)
				continue
			}
			out = append(out, l)
			rows, units := l.Dims()
			r0, u0 := out[0].Dims()
			if (rows != r0 || units != u0) && text == "" {
				text = fmt.Sprintf("%s layer %d is %d × %d, %s layer %d is %d × %d", mode, n, rows, units, out[0].mode, out[0].n, r0, u0)
			}
		}
	}
	if text != "" {
		r.add("shape", true, "%s", text)
	} else if len(out) > 0 {
		rows, units := out[0].Dims()
		r.add("shape", false, "%d layers of %d × %d", len(out), rows, units)
	}
	return out
}

func (m *Map) checkCounts(r *findings, layers []*Layer) {
	c := m.o.Counts
	if c == nil || len(layers) == 0 {
		r.skip("no token counts", "rows", "wTkn", "wPos")
		return
	}
	for _, l := range layers {
		rows, _ := l.x.dims()
		if n := len(c[l.mode]); n != rows && m.o.IDs == nil {
			r.add("rows", true, "%s layer %d: %d rows, %d counts", l.mode, l.n, rows, n)
			return
		}
	}
	r.add("rows", false, "as many counts as rows")
	pos, known := m.Positions()
	// split parts the counts of a mode into tokens and positions.
	split := func(mode Mode) (tokens, positions []int64) {
		n := max(len(c[mode])-pos, 0)
		return c[mode][:n], c[mode][n:]
	}
	total := func(mode Mode) (sum int64) {
		tokens, _ := split(mode)
		for _, k := range tokens {
			sum += k
		}
		return sum
	}
	switch {
	case len(m.layers[Input]) == 0 || len(m.layers[Output]) == 0:
		r.skip("one mode only", "wTkn")
	default:
		in, out := total(Input), total(Output)
		r.add("wTkn", in != out, "%d tokens of input, %d of output", in, out)
	}
	switch {
	case !known:
		r.skip("not known which rows are positions", "wPos")
		return
	case pos == 0:
		r.skip("no position rows", "wPos")
		return
	}
	for _, mode := range m.modes {
		_, p := split(mode)
		if len(p) < 2 {
			continue
		}
		// SYSIF attributes input to positions 0 to window-1, output to 1 to
		// window: one row of each mode stays empty.
		if mode == Output {
			p = p[1:]
		} else {
			p = p[:len(p)-1]
		}
		if m.o.Windows > 0 {
			r.add("wPos", p[0] != m.o.Windows, "%s: the first position occurred %d times, %d windows", mode, p[0], m.o.Windows)
			continue
		}
		lo, hi := slices.Min(p), slices.Max(p)
		r.add("wPos", lo != hi, "%s: positions occurred %d to %d times", mode, lo, hi)
	}
}

// layerTotals is what one pass over a layer finds.
type layerTotals struct {
	nan, inf, unseen, hot int
	hottest               int64
	byToken, byPosition   float64
}

func (m *Map) checkValues(ctx context.Context, r *findings, layers []*Layer) error {
	totals := make([]layerTotals, len(layers))
	var all layerTotals
	where, half := "", false
	for i, l := range layers {
		t, err := l.totals(ctx, m.o.Counts)
		if err != nil {
			return err
		}
		totals[i] = t
		if all.nan+all.inf == 0 && t.nan+t.inf > 0 {
			where = fmt.Sprintf(", first in %s layer %d", l.mode, l.n)
		}
		all.nan, all.inf, all.unseen = all.nan+t.nan, all.inf+t.inf, all.unseen+t.unseen
		half = half || l.DType() == Float16
		if l.DType() == Float16 {
			all.hot, all.hottest = max(all.hot, t.hot), max(all.hottest, t.hottest)
		}
	}
	r.add("finite", all.nan+all.inf > 0, "%d NaN, %d infinite values%s", all.nan, all.inf, where)
	if m.o.Counts == nil {
		r.skip("no token counts", "unseen", "wAct", "wSum", "bias")
		return nil
	}
	r.add("unseen", all.unseen > 0, "%d rows of tokens that never occurred hold other values than 0", all.unseen)
	both := false
	for i, l := range layers {
		if l.mode != Input {
			continue
		}
		k := slices.IndexFunc(layers, func(o *Layer) bool { return o.mode == Output && o.n == l.n })
		if k < 0 {
			continue
		}
		both = true
		in, out := totals[i].byToken, totals[k].byToken
		d := relDiff(in, out)
		r.add("wAct", d >= tolerance, "layer %d: totals %.6g of input, %.6g of output: %.3g %% apart", l.n, in, out, 100*d)
	}
	if !both {
		r.skip("one mode only", "wAct")
	}
	if pos, known := m.Positions(); !known {
		r.skip("not known which rows are positions", "wSum")
	} else if pos == 0 {
		r.skip("no position rows", "wSum")
	} else {
		for i, l := range layers {
			t := totals[i]
			d := relDiff(t.byToken, t.byPosition)
			r.add("wSum", d >= tolerance, "%s layer %d: totals %.6g by tokens, %.6g by positions: %.3g %% apart", l.mode, l.n, t.byToken, t.byPosition, 100*d)
		}
	}
	if !half {
		r.add("bias", false, "no fp16 layer")
		return nil
	}
	r.add("bias", all.hot > 0, "%d rows with a count above %d, up to %d: means kept running in fp16 would be too large there", all.hot, biasCount, all.hottest)
	return nil
}

// relDiff is |a-b| by the larger of them.
func relDiff(a, b float64) float64 {
	if a == b {
		return 0
	}
	d := math.Abs(a-b) / max(math.Abs(a), math.Abs(b))
	if d != d {
		return 1
	}
	return d
}

func (l *Layer) totals(ctx context.Context, c Counts) (layerTotals, error) {
	n, _ := l.Dims()
	rows := make([]int32, n)
	for i := range rows {
		rows[i] = int32(i)
	}
	pos, _ := l.m.Positions()
	all, _ := l.x.dims()
	parts := make([]layerTotals, par.NumBlocks(n, statBlock))
	_, units := l.Dims()
	err := l.blocks(ctx, rows, statBlock, func(b, _ int, run []int32, x []float32) {
		t := &parts[b]
		for i, r := range run {
			row := x[i*units : (i+1)*units]
			s := vec.Row(row)
			if s.Sum-s.Sum != 0 {
				for _, v := range row {
					if v != v {
						t.nan++
					} else if v-v != 0 {
						t.inf++
					}
				}
			}
			if c == nil {
				continue
			}
			k, ok := c.of(l.mode, l.tokenID(int(r)))
			switch {
			case !ok:
			case k == 0:
				if s.Nonzero > 0 {
					t.unseen++
				}
			default:
				if k > biasCount {
					t.hot++
					t.hottest = max(t.hottest, k)
				}
				if l.row(int(r)) >= all-pos {
					t.byPosition += float64(float64(k) * s.Sum)
				} else {
					t.byToken += float64(float64(k) * s.Sum)
				}
			}
		}
	})
	var t layerTotals
	for _, p := range parts {
		t.nan, t.inf, t.unseen, t.hot = t.nan+p.nan, t.inf+p.inf, t.unseen+p.unseen, t.hot+p.hot
		t.byToken, t.byPosition = t.byToken+p.byToken, t.byPosition+p.byPosition
		t.hottest = max(t.hottest, p.hottest)
	}
	return t, err
}
