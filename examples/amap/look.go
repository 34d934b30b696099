package main

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/semamap/semamap/amap"
	"github.com/semamap/semamap/examples/internal/cli"
)

func info(j *job) error {
	m, w := j.m, j.w
	fmt.Fprintf(w, "format     %s\n", m.Format())
	if meta := m.Metadata(); meta["model"] != "" {
		fmt.Fprintf(w, "name       model %s, dataset %s, %s sentences, window %s, seed %s\n", meta["model"], meta["dataset"], meta["sentences"], cmp.Or(meta["window"], "not said"), meta["seed"])
	}
	pos, known := m.Positions()
	if known {
		fmt.Fprintf(w, "positions  %d rows\n", pos)
	} else {
		fmt.Fprintf(w, "positions  not known\n")
	}
	for _, mode := range m.Modes() {
		if c := m.Counts()[mode]; len(c) > 0 {
			c = c[:max(len(c)-pos, 0)]
			total, seen := int64(0), 0
			for _, k := range c {
				if total += k; k > 0 {
					seen++
				}
			}
			fmt.Fprintf(w, "counts     %s: %d tokens of text, %d of %d token ids seen\n", mode, total, seen, len(c))
		} else {
			fmt.Fprintf(w, "counts     %s: none\n", mode)
		}
		for _, n := range m.Layers(mode) {
			l, err := m.Layer(mode, n)
			if err != nil {
				fmt.Fprintf(w, "layer      %s %d: %v\n", mode, n, err)
				continue
			}
			rows, units := l.Dims()
			fmt.Fprintf(w, "layer      %s %d: %d rows × %d units, %s\n", mode, n, rows, units, l.DType())
		}
	}
	return nil
}

func check(j *job) error {
	findings, err := j.m.Check(j.ctx)
	if err != nil {
		return err
	}
	var suspect []string
	for _, f := range findings {
		fmt.Fprintln(j.w, f)
		if f.Suspect && !slices.Contains(suspect, f.Code) {
			suspect = append(suspect, f.Code)
		}
	}
	if len(suspect) == 0 {
		fmt.Fprintln(j.w, "nothing suspect")
	} else {
		fmt.Fprintln(j.w, "suspect:", strings.Join(suspect, " "))
	}
	return nil
}

func topTokens(j *job) error {
	if j.unit == "" {
		return errors.New("top-tokens: which unit? -unit 3_17")
	}
	unit, err := amap.ParseUnit(j.unit)
	if err != nil {
		return err
	}
	mode, err := j.theMode()
	if err != nil {
		return err
	}
	v, err := openVocabulary(j.vocab, j.m)
	if err != nil {
		return err
	}
	ids, values, err := j.m.TopTokens(j.ctx, mode, unit, j.k, &j.Scope)
	if err != nil {
		return err
	}
	fmt.Fprintf(j.w, "%12s %10s %7s  token\n", "activation", "count", "id")
	for i, id := range ids {
		count := "-"
		if c := j.m.Counts()[mode]; int(id) < len(c) {
			count = strconv.FormatInt(c[id], 10)
		}
		fmt.Fprintf(j.w, "%12.6g %10s %7d  %s\n", values[i], count, id, v.name(id))
	}
	return nil
}

func topUnits(j *job) error {
	mode, err := j.theMode()
	if err != nil {
		return err
	}
	if j.v, err = openVocabulary(j.vocab, j.m); err != nil {
		return err
	}
	ids, err := j.tokenIDs()
	if err != nil {
		return err
	}
	if len(ids) == 0 {
		return errors.New("top-units: which token? -token hat, or -ids 700")
	}
	for _, id := range ids {
		fmt.Fprintf(j.w, "token %d %s", id, j.v.name(id))
		if c := j.m.Counts()[mode]; int(id) < len(c) && c[id] == 0 {
			fmt.Fprint(j.w, " never occurred: its row is zero")
		}
		fmt.Fprintln(j.w)
	}
	units, means, err := j.m.TopUnits(j.ctx, mode, ids, j.k)
	if err != nil {
		return err
	}
	fmt.Fprintf(j.w, "%12s  unit\n", "activation")
	for i, u := range units {
		fmt.Fprintf(j.w, "%12.6g  %s\n", means[i], u)
	}
	return nil
}

func selectivity(j *job) error {
	mode, err := j.theMode()
	if err != nil {
		return err
	}
	ids, err := j.tokenIDs()
	if err != nil {
		return err
	}
	if len(ids) == 0 {
		return errors.New("selectivity: which tokens? -tokens \"Paris,London\", or -ids 1,2,3")
	}
	all, err := j.m.Selectivity(j.ctx, mode, ids, &j.Scope)
	if err != nil {
		return err
	}
	slices.SortStableFunc(all, func(a, b amap.Selectivity) int {
		return cmp.Or(cmp.Compare(a.P, b.P), cmp.Compare(b.AUC, a.AUC))
	})
	significant := 0
	for _, s := range all {
		if s.Q <= 0.05 {
			significant++
		}
	}
	if len(all) > 0 {
		fmt.Fprintf(j.w, "%d tokens against %d; %d of %d units differ at a false discovery rate of 5 %%\n", all[0].In, all[0].Out, significant, len(all))
	}
	fmt.Fprintf(j.w, "%8s %12s %12s  unit\n", "AUC", "p", "q")
	for _, s := range all[:min(max(j.k, 0), len(all))] {
		fmt.Fprintf(j.w, "%8.4f %12.3g %12.3g  %s\n", s.AUC, s.P, s.Q, s.Unit)
	}
	return nil
}

// dead counts, for each mode and layer, the units that no token activates and
// those that hardly tell tokens apart. The variance is that of the sample, as
// torch.var has it.
func dead(j *job) error {
	all, err := j.m.Stats(j.ctx, amap.Mode(j.mode), &j.Scope)
	if err != nil {
		return err
	}
	type count struct {
		mode              amap.Mode
		layer             int
		units, dead, flat int
	}
	var counts []count
	var lines [][]string
	gone := amap.Dead(all, float32(j.below)) // in the order of all
	for _, u := range all {
		if k := len(counts); k == 0 || counts[k-1].mode != u.Mode || counts[k-1].layer != u.Unit.Layer {
			counts = append(counts, count{mode: u.Mode, layer: u.Unit.Layer})
		}
		c := &counts[len(counts)-1]
		c.units++
		isDead := len(gone) > 0 && gone[0].Mode == u.Mode && gone[0].Unit == u.Unit
		if isDead {
			gone = gone[1:]
			c.dead++
		}
		v := sampleVariance(u)
		if v < j.variance {
			c.flat++
		}
		if isDead || v < j.variance {
			lines = append(lines, []string{string(u.Mode), u.Unit.String(), cli.Float(u.Max), strconv.FormatFloat(v, 'g', -1, 64), strconv.FormatBool(isDead), strconv.FormatBool(v < j.variance)})
		}
	}
	if j.list {
		return cli.WriteCSV(j.ctx, j.w, []string{"mode", "unit", "max", "variance", "dead", "low_variance"}, len(lines), func(i int) ([]string, error) { return lines[i], nil })
	}
	fmt.Fprintf(j.w, "dead: maximum below %v; low variance: below %v\n", j.below, j.variance)
	fmt.Fprintf(j.w, "%-8s %5s %8s %8s %14s\n", "mode", "layer", "units", "dead", "low variance")
	for _, c := range counts {
		fmt.Fprintf(j.w, "%-8s %5d %8d %8d %14d\n", c.mode, c.layer, c.units, c.dead, c.flat)
	}
	return nil
}

// sampleVariance is the variance with one degree of freedom less.
func sampleVariance(u amap.UnitStats) float64 {
	return u.Var * float64(u.Rows) / float64(max(u.Rows-1, 1))
}

func stats(j *job) error {
	all, err := j.m.Stats(j.ctx, amap.Mode(j.mode), &j.Scope)
	if err != nil {
		return err
	}
	double := func(v float64) string { return strconv.FormatFloat(v, 'g', -1, 64) }
	head := []string{"mode", "unit", "rows", "mean", "count_mean", "variance", "min", "max", "argmax", "nonzero", "nan", "inf"}
	return cli.WriteCSV(j.ctx, j.w, head, len(all), func(i int) ([]string, error) {
		u := all[i]
		return []string{string(u.Mode), u.Unit.String(), strconv.Itoa(u.Rows), double(u.Mean), double(u.CountMean), double(u.Var),
			cli.Float(u.Min), cli.Float(u.Max), strconv.Itoa(int(u.ArgMax)), strconv.Itoa(u.Nonzero), strconv.Itoa(u.NaN), strconv.Itoa(u.Inf)}, nil
	})
}

// rowsByID returns the token ids of the rows, and the row of each.
func rowsByID(l *amap.Layer) (ids []int32, rowOf map[int32]int) {
	ids, _ = l.TokenIDs()
	if ids == nil {
		all, _ := l.Dims()
		for id := range int32(all) {
			ids = append(ids, id)
		}
	}
	rowOf = make(map[int32]int, len(ids))
	for r, id := range ids {
		if _, twice := rowOf[id]; !twice {
			rowOf[id] = r
		}
	}
	return ids, rowOf
}

func rows(j *job) error {
	mode, err := j.theMode()
	if err != nil {
		return err
	}
	n := max(j.layer, 0)
	l, err := j.m.Layer(mode, n)
	if err != nil {
		return err
	}
	ids, err := j.tokenIDs()
	if err != nil {
		return err
	}
	_, units := l.Dims()
	of, rowOf := rowsByID(l)
	if ids == nil {
		ids = of
	}
	for _, id := range ids { // before the first line is written
		if _, ok := rowOf[id]; !ok {
			return fmt.Errorf("%s: %s layer %d has no token id %d: %w", j.files[0], mode, n, id, amap.ErrNotFound)
		}
	}
	var head, line []string
	if j.header {
		head = append(head, "id")
		for u := range units {
			head = append(head, amap.UnitID{Layer: n, Unit: u}.String())
		}
	}
	var row []float32
	return cli.WriteCSV(j.ctx, j.w, head, len(ids), func(i int) (_ []string, err error) {
		if row, err = l.Row(row, rowOf[ids[i]]); err != nil {
			return nil, err
		}
		line = line[:0]
		if j.header {
			line = append(line, strconv.Itoa(int(ids[i])))
		}
		for _, x := range row {
			line = append(line, cli.Float(x))
		}
		return line, nil
	})
}
