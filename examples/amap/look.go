package main

import (
	"cmp"
	"context"
	"encoding/csv"
	"errors"
	"flag"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"

	"github.com/semamap/semamap/amap"
)

func info(ctx context.Context, o *options, w io.Writer) error {
	m, err := o.open(o.files[0])
	if err != nil {
		return err
	}
	defer m.Close()
	fmt.Fprintf(w, "format     %s\n", m.Format())
	if n, err := amap.ParseName(lastElement(o.files[0])); err == nil {
		window := "not said"
		if n.Window > 0 {
			window = strconv.Itoa(n.Window)
		}
		fmt.Fprintf(w, "name       model %s, dataset %s, %d sentences, window %s, seed %d\n", n.Model, n.Dataset, n.N, window, n.Seed)
	}
	if n, known := m.Positions(); known {
		fmt.Fprintf(w, "positions  %d rows\n", n)
	} else {
		fmt.Fprintf(w, "positions  not known\n")
	}
	for _, mode := range m.Modes() {
		if c := m.Counts(); c != nil && c.Len(mode) > 0 {
			pos, _ := m.Positions()
			n := c.Len(mode) - pos
			seen := 0
			for _, k := range c.All(mode)[:max(n, 0)] {
				if k > 0 {
					seen++
				}
			}
			fmt.Fprintf(w, "counts     %s: %d tokens of text, %d of %d token ids seen\n", mode, c.Total(mode, 0, n), seen, n)
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
	if len(m.Modes()) == 0 {
		for _, t := range m.Tensors() {
			l, err := m.Tensor(t)
			if err != nil {
				return err
			}
			rows, units := l.Dims()
			fmt.Fprintf(w, "tensor     %s: %d × %d, %s\n", t, rows, units, l.DType())
		}
	}
	return nil
}

func lastElement(path string) string {
	return path[strings.LastIndexAny(path, `/\`)+1:]
}

func checkFlags(f *flag.FlagSet, o *options) {
	f.Int64Var(&o.windows, "windows", 0, "windows of text that went into the map, if known")
}

func check(ctx context.Context, o *options, w io.Writer) error {
	m, err := o.open(o.files[0])
	if err != nil {
		return err
	}
	defer m.Close()
	r := m.Check(ctx, &amap.CheckOptions{Windows: o.windows})
	if r.Err != nil {
		return r.Err
	}
	if _, err := io.WriteString(w, r.String()); err != nil {
		return err
	}
	if flags := r.Flags(); len(flags) > 0 {
		_, err = fmt.Fprintf(w, "suspect: %s\n", strings.Join(flags, " "))
	} else {
		_, err = fmt.Fprintln(w, "nothing suspect")
	}
	return err
}

func topTokensFlags(f *flag.FlagSet, o *options) {
	f.StringVar(&o.unit, "unit", "", "`unit`, LAYER_UNIT, such as 3_17")
	modeFlag(f, o)
	f.IntVar(&o.k, "k", 20, "how many")
	f.Int64Var(&o.minCount, "min-count", 0, "leave out tokens that occurred less often")
	f.BoolVar(&o.unseen, "unseen", false, "take in tokens that never occurred")
	f.BoolVar(&o.positions, "positions", false, "take in the positions of the window")
}

func modeFlag(f *flag.FlagSet, o *options) {
	f.StringVar(&o.mode, "mode", "", "`mode`: input or output (default: the file's first)")
}

func topTokens(ctx context.Context, o *options, w io.Writer) error {
	if o.unit == "" {
		return errors.New("top-tokens: which unit? -unit 3_17")
	}
	unit, err := amap.ParseUnit(o.unit)
	if err != nil {
		return err
	}
	m, err := o.open(o.files[0])
	if err != nil {
		return err
	}
	defer m.Close()
	mode, err := o.theMode(m)
	if err != nil {
		return err
	}
	v, err := o.names(m)
	if err != nil {
		return err
	}
	top, err := m.TopTokens(ctx, mode, []amap.UnitID{unit}, o.k, &amap.TopOptions{MinCount: o.minCount, Unseen: o.unseen, Positions: o.positions})
	if err != nil {
		return err
	}
	fmt.Fprintf(w, "%12s %10s %7s  token\n", "activation", "count", "id")
	for _, t := range top[0] {
		count := "-"
		if t.Count >= 0 {
			count = strconv.FormatInt(t.Count, 10)
		}
		if _, err := fmt.Fprintf(w, "%12.6g %10s %7d  %s\n", t.Value, count, t.ID, name(v, t.ID)); err != nil {
			return err
		}
	}
	return nil
}

func topUnitsFlags(f *flag.FlagSet, o *options) {
	f.StringVar(&o.token, "token", "", "`token`: its raw form (Ġhat) or what it stands for (\" hat\"); hat and \" hat\" are two tokens")
	f.StringVar(&o.ids, "ids", "", "token `ids` instead, such as 700,7856: the units of their mean")
	modeFlag(f, o)
	f.IntVar(&o.k, "k", 20, "how many")
}

func topUnits(ctx context.Context, o *options, w io.Writer) error {
	m, err := o.open(o.files[0])
	if err != nil {
		return err
	}
	defer m.Close()
	mode, err := o.theMode(m)
	if err != nil {
		return err
	}
	v, err := o.names(m)
	if err != nil {
		return err
	}
	ids, err := tokenIDs(o.ids, "", v)
	if err != nil {
		return err
	}
	if o.token != "" {
		id, err := lookup(v, o.token)
		if err != nil {
			return err
		}
		ids = append(ids, id)
	}
	if len(ids) == 0 {
		return errors.New("top-units: which token? -token hat, or -ids 700")
	}
	for _, id := range ids {
		fmt.Fprintf(w, "token %d %s", id, name(v, id))
		if seen, known := m.Seen(mode, id); known && !seen {
			fmt.Fprint(w, " never occurred: its row is zero")
		}
		fmt.Fprintln(w)
	}
	top, err := m.TopUnits(ctx, mode, ids, o.k)
	if err != nil {
		return err
	}
	fmt.Fprintf(w, "%12s  unit\n", "activation")
	for _, u := range top {
		if _, err := fmt.Fprintf(w, "%12.6g  %s\n", u.Value, u.Unit); err != nil {
			return err
		}
	}
	return nil
}

func selectivityFlags(f *flag.FlagSet, o *options) {
	f.StringVar(&o.tokens, "tokens", "", "`tokens` of the set, parted by commas")
	f.StringVar(&o.ids, "ids", "", "token `ids` of the set")
	f.StringVar(&o.layers, "layers", "", "`layers`, such as 0,2,5 (default: all)")
	modeFlag(f, o)
	f.IntVar(&o.k, "k", 20, "how many")
	f.Int64Var(&o.minCount, "min-count", 0, "leave out tokens that occurred less often")
}

func selectivity(ctx context.Context, o *options, w io.Writer) error {
	m, err := o.open(o.files[0])
	if err != nil {
		return err
	}
	defer m.Close()
	mode, err := o.theMode(m)
	if err != nil {
		return err
	}
	v, err := o.names(m)
	if err != nil {
		return err
	}
	ids, err := tokenIDs(o.ids, o.tokens, v)
	if err != nil {
		return err
	}
	if len(ids) == 0 {
		return errors.New("selectivity: which tokens? -tokens \"Paris,London\", or -ids 1,2,3")
	}
	layers, err := layerNumbers(o.layers)
	if err != nil {
		return err
	}
	all, err := m.Selectivity(ctx, mode, ids, &amap.SelectOptions{Layers: layers, MinCount: o.minCount})
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
		fmt.Fprintf(w, "%d tokens against %d; %d of %d units differ at a false discovery rate of 5 %%\n", all[0].In, all[0].Out, significant, len(all))
	}
	fmt.Fprintf(w, "%8s %12s %12s  unit\n", "AUC", "p", "q")
	for _, s := range all[:min(max(o.k, 0), len(all))] {
		if _, err := fmt.Fprintf(w, "%8.4f %12.3g %12.3g  %s\n", s.AUC, s.P, s.Q, s.Unit); err != nil {
			return err
		}
	}
	return nil
}

func statsFlags(f *flag.FlagSet, o *options) {
	modeFlag(f, o)
	f.StringVar(&o.layers, "layers", "", "`layers`, such as 0,2,5 (default: all)")
	f.BoolVar(&o.unseen, "unseen", false, "take in tokens that never occurred")
	f.BoolVar(&o.positions, "positions", false, "take in the positions of the window")
}

func stats(ctx context.Context, o *options, w io.Writer) error {
	m, err := o.open(o.files[0])
	if err != nil {
		return err
	}
	defer m.Close()
	layers, err := layerNumbers(o.layers)
	if err != nil {
		return err
	}
	so := amap.StatOptions{Layers: layers, Unseen: o.unseen, Positions: o.positions}
	if o.mode != "" {
		mode, err := o.theMode(m)
		if err != nil {
			return err
		}
		so.Modes = []amap.Mode{mode}
	}
	all, err := m.Stats(ctx, &so)
	if err != nil {
		return err
	}
	c := csv.NewWriter(w)
	c.Write([]string{"mode", "unit", "rows", "mean", "count_mean", "variance", "min", "max", "argmax", "nonzero", "nan", "inf"})
	double := func(v float64) string { return strconv.FormatFloat(v, 'g', -1, 64) }
	for _, l := range all {
		for _, u := range l.Units {
			c.Write([]string{string(l.Mode), u.Unit.String(), strconv.Itoa(l.Rows), double(u.Mean), double(u.CountMean), double(u.Var),
				single(u.Min), single(u.Max), strconv.Itoa(int(u.ArgMax)), strconv.Itoa(u.Nonzero), strconv.Itoa(u.NaN), strconv.Itoa(u.Inf)})
		}
	}
	c.Flush()
	return c.Error()
}

// single is the shortest decimal that is this float32 exactly.
func single(v float32) string { return strconv.FormatFloat(float64(v), 'g', -1, 32) }

func rowsFlags(f *flag.FlagSet, o *options) {
	modeFlag(f, o)
	f.IntVar(&o.layer, "layer", 0, "layer")
	f.StringVar(&o.ids, "ids", "", "token `ids`, such as 1,2,3 (default: all)")
	f.StringVar(&o.tokens, "tokens", "", "`tokens` by name, parted by commas")
	f.BoolVar(&o.header, "header", false, "write a line of titles, and the id of each row in front")
}

func rows(ctx context.Context, o *options, w io.Writer) error {
	m, err := o.open(o.files[0])
	if err != nil {
		return err
	}
	defer m.Close()
	mode, err := o.theMode(m)
	if err != nil {
		return err
	}
	l, err := m.Layer(mode, o.layer)
	if err != nil {
		return err
	}
	var v *amap.Vocab
	if o.tokens != "" {
		if v, err = o.names(m); err != nil {
			return err
		}
	}
	ids, err := tokenIDs(o.ids, o.tokens, v)
	if err != nil {
		return err
	}
	n, units := l.Dims()
	if o.ids == "" && o.tokens == "" {
		for i := range n {
			ids = append(ids, l.TokenID(i))
		}
	}
	for _, id := range ids { // before the first line is written
		if r, ok := m.RowOf(id); !ok || int(r) >= n {
			return fmt.Errorf("%s: %s layer %d has no token id %d: %w", o.files[0], mode, o.layer, id, amap.ErrNotFound)
		}
	}
	c := csv.NewWriter(w)
	line := make([]string, 0, units+1)
	if o.header {
		line = append(line, "id")
		for u := range units {
			line = append(line, l.UnitID(u).String())
		}
		c.Write(line)
	}
	var row []float32
	for _, id := range ids {
		if err := ctx.Err(); err != nil {
			return err
		}
		r, _ := m.RowOf(id)
		if row, err = l.Row(row, int(r)); err != nil {
			return err
		}
		line = line[:0]
		if o.header {
			line = append(line, strconv.Itoa(int(id)))
		}
		for _, x := range row {
			line = append(line, single(x))
		}
		if err := c.Write(line); err != nil {
			return err
		}
	}
	c.Flush()
	return c.Error()
}
