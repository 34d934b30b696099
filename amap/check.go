package amap

import (
	"context"
	"fmt"
	"math"
	"slices"
	"strings"

	"github.com/semamap/semamap/internal/par"
	"github.com/semamap/semamap/internal/vec"
)

// CheckOptions give [Map.Check] what the file does not say. Nil and the zero
// value take the map's own counts and SYSIF's tolerance.
type CheckOptions struct {
	Counts    *Counts // nil: those of the map
	Windows   int64   // windows of text that went in; 0: not known
	Tolerance float64 // relative difference of totals; 0 means 1e-3, as SYSIF
}

// The state of a check.
type State uint8

const (
	NotDone State = iota // something that it needs is not known
	Passed
	Suspect // it failed, or the file may be wrong in a way that it cannot show
)

func (s State) String() string { return [...]string{"not done", "passed", "SUSPECT"}[s] }

// A Finding is the outcome of one check.
type Finding struct {
	Code  string // see [Map.Check]
	State State
	Text  string
}

// A Report lists what [Map.Check] found.
type Report struct {
	Findings []Finding
	// Err is what stopped the check early: the context or the file.
	Err error
}

// Flags lists the codes of the checks that are suspect, each once.
func (r *Report) Flags() []string {
	var out []string
	for _, f := range r.Findings {
		if f.State == Suspect && !slices.Contains(out, f.Code) {
			out = append(out, f.Code)
		}
	}
	return out
}

// String gives one line a finding.
func (r *Report) String() string {
	var b strings.Builder
	for _, f := range r.Findings {
		fmt.Fprintf(&b, "%-9s%-9s %s\n", f.Code, f.State, f.Text)
	}
	if r.Err != nil {
		fmt.Fprintf(&b, "stopped: %v\n", r.Err)
	}
	return b.String()
}

func (r *Report) add(code string, bad bool, format string, args ...any) {
	s := Passed
	if bad {
		s = Suspect
	}
	r.Findings = append(r.Findings, Finding{code, s, fmt.Sprintf(format, args...)})
}

func (r *Report) skip(code, why string) {
	r.Findings = append(r.Findings, Finding{code, NotDone, why})
}

// biasCount is the number of updates from which a running mean kept in fp16
// cannot follow: a step of 1/n of a value is below half a unit in its last
// place, 2⁻¹¹ of it.
const biasCount = 2048

// Check looks for signs that a map's numbers are not what they should be. It
// never fails; what it cannot know it calls not done. The codes:
//
//	trailing  bytes after the end of the data
//	shape     layers of unlike shape, or that are no matrices
//	rows      as many counts as rows
//	finite    NaN or infinite values
//	unseen    values other than 0 in rows of tokens that never occurred
//	wTkn      both modes counted as many tokens
//	wAct      both modes hold the same total activation, layer by layer: the sum
//	          over tokens of count × value
//	wPos      the first position occurred once a window; or, if the number of
//	          windows is not known, all positions of a mode alike
//	wSum      the total by tokens equals the total by positions
//	bias      an fp16 map with counts above 2,048. SYSIF keeps its running means
//	          in fp16, where small steps vanish: a mean of 10,000 single updates
//	          comes out near twice its true value. Whether a file was made so it
//	          does not say, nor can it be repaired; wAct and wSum may tell.
//
// wTkn, wAct and wPos are SYSIF's checks, but for every layer and in float64.
func (m *Map) Check(ctx context.Context, o *CheckOptions) *Report {
	r := new(Report)
	var c CheckOptions
	if o != nil {
		c = *o
	}
	if c.Counts == nil {
		c.Counts = m.counts
	}
	if c.Tolerance == 0 {
		c.Tolerance = 1e-3
	}
	if m.format != "" {
		r.add("trailing", m.after != 0, "%d bytes after the data", m.after)
	}
	layers := m.checkShapes(r)
	if r.Err == nil {
		m.checkCounts(r, layers, &c)
		m.checkValues(ctx, r, layers, &c)
	}
	return r
}

func (m *Map) checkShapes(r *Report) []*Layer {
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

// tokens returns how many leading rows of the whole map are tokens, if known.
func (l *Layer) tokens() (n int, known bool) {
	rows, _ := l.x.dims()
	pos, known := l.m.Positions()
	return rows - pos, known
}

func (m *Map) checkCounts(r *Report, layers []*Layer, c *CheckOptions) {
	codes := []string{"rows", "wTkn", "wPos"}
	if c.Counts == nil || len(layers) == 0 {
		for _, code := range codes {
			r.skip(code, "no token counts")
		}
		return
	}
	for _, l := range layers {
		rows, _ := l.x.dims()
		if n := c.Counts.Len(l.mode); n != rows && m.rowIDs == nil {
			r.add("rows", true, "%s layer %d: %d rows, %d counts", l.mode, l.n, rows, n)
			return
		}
	}
	r.add("rows", false, "as many counts as rows")
	n, known := layers[0].tokens()
	total := func(mode Mode) int64 { return c.Counts.Total(mode, 0, n) }
	switch {
	case len(m.layers[Input]) == 0 || len(m.layers[Output]) == 0:
		r.skip("wTkn", "one mode only")
	default:
		in, out := total(Input), total(Output)
		r.add("wTkn", in != out, "%d tokens of input, %d of output", in, out)
	}
	pos, _ := m.Positions()
	switch {
	case !known:
		r.skip("wPos", "not known which rows are positions")
		return
	case pos == 0:
		r.skip("wPos", "no position rows")
		return
	}
	for _, mode := range m.modes {
		all := c.Counts.of[mode]
		p := all[n:]
		// SYSIF books input under positions 0 to window-1, output under 1 to
		// window: one row of each mode stays empty.
		if mode == Output {
			p = p[1:]
		} else {
			p = p[:len(p)-1]
		}
		if len(p) == 0 {
			continue
		}
		if c.Windows > 0 {
			r.add("wPos", p[0] != c.Windows, "%s: the first position occurred %d times, %d windows", mode, p[0], c.Windows)
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

func (m *Map) checkValues(ctx context.Context, r *Report, layers []*Layer, c *CheckOptions) {
	sums := map[Mode]map[int]layerTotals{}
	var all layerTotals
	where, half := "", false
	for _, l := range layers {
		t, err := l.totals(ctx, c.Counts)
		if err != nil {
			r.Err = err
			return
		}
		if sums[l.mode] == nil {
			sums[l.mode] = map[int]layerTotals{}
		}
		sums[l.mode][l.n] = t
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
	if c.Counts == nil {
		for _, code := range []string{"unseen", "wAct", "wSum", "bias"} {
			r.skip(code, "no token counts")
		}
		return
	}
	r.add("unseen", all.unseen > 0, "%d rows of tokens that never occurred hold other values than 0", all.unseen)
	both := false
	for _, n := range m.Layers(Input) {
		in, ok1 := sums[Input][n]
		out, ok2 := sums[Output][n]
		if ok1 && ok2 {
			both = true
			d := relDiff(in.byToken, out.byToken)
			r.add("wAct", d >= c.Tolerance, "layer %d: totals %.6g of input, %.6g of output: %.3g %% apart", n, in.byToken, out.byToken, 100*d)
		}
	}
	if !both {
		r.skip("wAct", "one mode only")
	}
	if pos, known := m.Positions(); !known {
		r.skip("wSum", "not known which rows are positions")
	} else if pos == 0 {
		r.skip("wSum", "no position rows")
	} else {
		for _, l := range layers {
			t := sums[l.mode][l.n]
			d := relDiff(t.byToken, t.byPosition)
			r.add("wSum", d >= c.Tolerance, "%s layer %d: totals %.6g by tokens, %.6g by positions: %.3g %% apart", l.mode, l.n, t.byToken, t.byPosition, 100*d)
		}
	}
	if !half {
		r.add("bias", false, "no fp16 layer")
		return
	}
	r.add("bias", all.hot > 0, "%d rows with a count above %d, up to %d: means kept running in fp16 would be too large there", all.hot, biasCount, all.hottest)
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

func (l *Layer) totals(ctx context.Context, c *Counts) (layerTotals, error) {
	n, _ := l.Dims()
	rows := make([]int32, n)
	for i := range rows {
		rows[i] = int32(i)
	}
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
			k, ok := c.Of(l.mode, l.TokenID(int(r)))
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
				if l.position(int(r)) {
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
