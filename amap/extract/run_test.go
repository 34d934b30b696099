package extract

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"iter"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/semamap/semamap/amap"
	"github.com/semamap/semamap/internal/golden"
	"github.com/semamap/semamap/internal/vec"
)

// texts are documents of random tokens, some without a window.
func texts(n, vocab int) [][]int32 {
	g := rand.New(rand.NewPCG(3, 4))
	all := make([][]int32, n)
	for i := range all {
		all[i] = make([]int32, g.IntN(100))
		for j := range all[i] {
			all[i][j] = int32(g.ExpFloat64() * float64(vocab) / 8)
			all[i][j] = min(all[i][j], int32(vocab-1))
		}
	}
	return all
}

func seq(d [][]int32) iter.Seq2[[]int32, error] {
	return func(yield func([]int32, error) bool) {
		for _, x := range d {
			if !yield(x, nil) {
				return
			}
		}
	}
}

// mustExtract sums or fails.
func mustExtract(t testing.TB, m *Model, d [][]int32, set Settings) *Sums {
	t.Helper()
	s, err := Extract(t.Context(), m, seq(d), &set)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// written are the bytes of a map and its counts.
func written(t testing.TB, s *Sums, d amap.DType) []byte {
	t.Helper()
	m, err := s.Map(d)
	if err != nil {
		t.Fatal(err)
	}
	var b bytes.Buffer
	if err := m.WriteSafetensors(t.Context(), &b); err != nil {
		t.Fatal(err)
	}
	if err := m.Counts().Write(&b); err != nil {
		t.Fatal(err)
	}
	if s.p.Moments {
		for _, mode := range s.p.Modes {
			for _, l := range s.p.layers {
				x, err := s.Explained(mode, l)
				if err != nil {
					t.Fatal(err)
				}
				fmt.Fprint(&b, x)
			}
		}
	}
	return b.Bytes()
}

func at(n int) *int { return &n }

// kinds are settings of all kinds.
var kinds = map[string]Settings{
	"default": {},
	"all":     {Modes: []amap.Mode{amap.Output, amap.Input}, Positions: true, Skip: 1, Moments: true, Vocab: 290, Seed: 5},
	"few":     {Tokens: []int32{9, 5, 7}, Units: map[int][]int{0: nil, 2: {3, 1}}, Start: at(2), Window: 6, Stride: 4},
	"running": {Running16: 8, Positions: true},
}

// The result has the same bytes for any number of workers, if it is stopped and
// continued, and of shards.
func TestSameBytes(t *testing.T) {
	m := tiny(t)
	all := texts(60, 290)
	for name, set := range kinds {
		set.Workers = 1
		want := written(t, mustExtract(t, m, all, set), amap.Float16)
		for _, set.Workers = range []int{2, 8} {
			if !bytes.Equal(written(t, mustExtract(t, m, all, set), amap.Float16), want) {
				t.Errorf("%s, %d workers: other bytes", name, set.Workers)
			}
		}
		dir := t.TempDir()
		set.Checkpoint = filepath.Join(dir, "stopped.sums")
		set.checkpointEvery = time.Nanosecond
		stops := 0
		for {
			ctx, stop := context.WithCancel(t.Context())
			set.Progress = func(_, _ int64) { stop() }
			s, err := Extract(ctx, m, seq(all), &set)
			stop()
			if errors.Is(err, context.Canceled) {
				if stops++; stops == 1000 {
					t.Fatalf("%s: no progress", name)
				}
				continue
			}
			if err != nil {
				t.Fatal(err)
			}
			if !bytes.Equal(written(t, s, amap.Float16), want) {
				t.Errorf("%s: continued after %d stops: other bytes", name, stops)
			}
			break
		}
		if stops < 2 {
			t.Errorf("%s: only %d stops", name, stops)
		}
		if files, _ := os.ReadDir(dir); len(files) != 1 {
			t.Errorf("%s: %d files", name, len(files))
		}
		if s, err := ReadSums(set.Checkpoint); err != nil || !bytes.Equal(written(t, s, amap.Float16), want) {
			t.Errorf("%s: read again: %v", name, err)
		}
		set.Progress, set.checkpointEvery = nil, 0
		if set.Running16 > 0 {
			continue
		}
		var parts []*Sums
		for i := range 3 {
			set.Shard, set.Checkpoint = [2]int{i, 3}, filepath.Join(dir, fmt.Sprint(i, ".sums"))
			mustExtract(t, m, all, set)
			s, err := ReadSums(set.Checkpoint)
			if err != nil {
				t.Fatal(err)
			}
			parts = append(parts, s)
		}
		s, err := Merge(parts[2], parts[0], parts[1])
		if err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(written(t, s, amap.Float16), want) {
			t.Errorf("%s: merged: other bytes", name)
		}
	}
}

// Counts and means are those of a plain computation in float64.
func TestMeans(t *testing.T) {
	m := tiny(t)
	all := texts(40, 290)
	for name, set := range kinds {
		if set.Running16 > 0 {
			continue
		}
		set.Workers = 2
		s := mustExtract(t, m, all, set)
		a, err := s.Map(amap.Float32)
		if err != nil {
			t.Fatal(err)
		}
		p := s.p
		type key struct {
			mode             amap.Mode
			layer, row, unit int
		}
		sum, squares, counts := map[key]float64{}, map[key]float64{}, map[key]int64{}
		windows := int64(0)
		r := newRunner(m, 1, p.Window, m.Layers(), true)
		for doc, ids := range all {
			for t0 := p.start(int64(doc)); t0 < len(ids)-p.Window; t0 += p.Stride {
				windows++
				window := ids[t0 : t0+p.Window]
				h := make([][]float32, m.Layers())
				predicted, err := r.run(t.Context(), window, func(l int, x []float32) error {
					h[l] = append(h[l], x...)
					return nil
				})
				if err != nil {
					t.Fatal(err)
				}
				for i := p.Skip; i < p.Window; i++ {
					for _, mode := range p.Modes {
						id, pos := int(window[i]), i
						if mode == amap.Output {
							id, pos = int(predicted[i]), i+1
						}
						rows := []int{}
						if id < p.Vocab && (p.tokens == nil || slices.Contains(p.tokens, int32(id))) {
							rows = append(rows, id)
						}
						if p.Positions {
							rows = append(rows, p.Vocab+pos)
						}
						for _, row := range rows {
							counts[key{mode: mode, row: row}]++
							for l := range h {
								for u := range m.Units() {
									v := float64(h[l][i*m.Units()+u])
									sum[key{mode, l, row, u}] += v
									squares[key{mode, l, row, u}] += v * v
								}
							}
						}
					}
				}
			}
		}
		if s.windows != windows {
			t.Errorf("%s: %d windows, want %d", name, s.windows, windows)
		}
		for i, mode := range p.Modes {
			n := p.Vocab
			if p.Positions {
				n += p.Window + 1
			}
			if len(a.Counts()[mode]) != n {
				t.Fatalf("%s: %d rows, want %d", name, len(a.Counts()[mode]), n)
			}
			for row, c := range a.Counts()[mode] {
				if c != counts[key{mode: mode, row: row}] {
					t.Errorf("%s: mode %s, row %d: count %d, want %d", name, mode, row, c, counts[key{mode: mode, row: row}])
				}
			}
			for l, layer := range p.layers {
				x, err := a.Layer(mode, layer)
				if err != nil {
					t.Fatal(err)
				}
				units := p.units[l]
				for u := range p.wide[l] {
					unit := u
					if units != nil {
						unit = units[u]
					}
					for row := range n {
						k := key{mode, layer, row, unit}
						want := 0.0
						if c := counts[key{mode: mode, row: row}]; c > 0 {
							want = sum[k] / float64(c)
						}
						if got := x.At(row, u); math.Abs(got-want) > 1e-6*math.Abs(want)+2e-8 {
							t.Fatalf("%s: mode %s, layer %d, row %d, unit %d: %v, want %v", name, mode, layer, row, unit, got, want)
						}
					}
				}
				if p.Moments {
					checkExplained(t, s, i, l, func(row, unit int) (c, x, x2 float64) {
						k := key{mode, layer, row, unit}
						return float64(counts[key{mode: mode, row: row}]), sum[k], squares[k]
					})
				}
			}
		}
	}
}

func checkExplained(t *testing.T, s *Sums, mode, l int, of func(row, unit int) (c, x, x2 float64)) {
	t.Helper()
	p := s.p
	got, err := s.Explained(p.Modes[mode], p.layers[l])
	if err != nil {
		t.Fatal(err)
	}
	for u, v := range got {
		var n, x, x2, within float64
		for row := range p.Vocab {
			c, sum, squares := of(row, u)
			if c > 0 {
				n, x, x2 = n+c, x+sum, x2+squares
				within += squares - sum*sum/c
			}
		}
		if want := 1 - within/(x2-x*x/n); math.Abs(v-want) > 1e-5 {
			t.Errorf("layer %d, unit %d: share %v, want %v", l, u, v, want)
		}
	}
}

// fp16 means are rounded once, from float64.
func TestRoundedOnce(t *testing.T) {
	// 1 + 2⁻¹¹ lies half way between two numbers of fp16; a float32 in between
	// would lose the 2⁻²⁶ above it.
	x := &means{sum: []int64{1<<28 + 1<<17 + 1<<2}, count: []int64{1}, rows: []int32{0}, wide: 1, d: amap.Float16}
	row, err := x.Row(nil, 0)
	if want := float32(1 + 1.0/(1<<10)); err != nil || row[0] != want {
		t.Errorf("%v, want %v", row, want)
	}
}

// Random starts are spread over the window and depend on nothing but the seed
// and the number of the document.
func TestStart(t *testing.T) {
	p := &setup{}
	p.Window, p.Seed = 15, 7
	seen := make([]int, 15)
	for doc := range int64(15000) {
		seen[p.start(doc)]++
	}
	chi := 0.0
	for _, n := range seen {
		chi += float64((n-1000)*(n-1000)) / 1000
	}
	if chi > 40 { // 14 degrees of freedom: p < .0003
		t.Errorf("starts %v", seen)
	}
	if got := fmt.Sprint(p.start(0), p.start(1), p.start(2), p.start(1<<40)); got != startsOfSeed7 {
		t.Errorf("starts %s, want %s: checkpoints would not fit", got, startsOfSeed7)
	}
}

const startsOfSeed7 = "4 9 9 9"

func TestSettingsRefused(t *testing.T) {
	m := tiny(t)
	for want, set := range map[string]Settings{
		"Window is 65":                  {Window: 65},
		"Window is -1":                  {Window: -1},
		"Stride is -1":                  {Stride: -1},
		"Start is 15":                   {Start: at(15)},
		"Skip is 15":                    {Skip: 15},
		`Modes is "both"`:               {Modes: []amap.Mode{"both"}},
		"Modes is [input input]":        {Modes: []amap.Mode{amap.Input, amap.Input}},
		"Units is layer 3":              {Units: map[int][]int{3: nil}},
		"Units is 1_16":                 {Units: map[int][]int{1: {0, 16}}},
		"Units is 1_2":                  {Units: map[int][]int{1: {2, 2}}},
		"Units is map[]":                {Units: map[int][]int{}},
		"Tokens: the id 300":            {Tokens: []int32{1, 300}},
		"Tokens is []":                  {Tokens: []int32{}},
		"Vocab is 301":                  {Vocab: 301},
		"Shard is [3 3]":                {Shard: [2]int{3, 3}},
		"Shard is [0 2], want one":      {Shard: [2]int{0, 2}, Running16: 8},
		"Moments is true":               {Moments: true, Running16: 8},
		"token 3 of document 1 has the": {Vocab: 9},
	} {
		_, err := Extract(t.Context(), m, seq([][]int32{{1, 2}, {1, 2, 3, 9}}), &set)
		if !errors.Is(err, ErrSettings) || !strings.Contains(err.Error(), want) {
			t.Errorf("%v, want %q", err, want)
		}
	}
	for want, d := range map[string][][]int32{
		"no documents":                    nil,
		"the 2 documents have no windows": {make([]int32, 15), {1}},
	} {
		if _, err := Extract(t.Context(), m, seq(d), &Settings{Start: at(0)}); !errors.Is(err, ErrSettings) || !strings.Contains(err.Error(), want) {
			t.Errorf("%v, want %q", err, want)
		}
	}
	boom := errors.New("boom")
	if _, err := Extract(t.Context(), m, func(yield func([]int32, error) bool) { yield(nil, boom) }, nil); !errors.Is(err, boom) {
		t.Error(err)
	}
}

// Large activations and sums that may overflow are errors, not numbers.
func TestLimits(t *testing.T) {
	m := tiny(t)
	d := texts(3, 290)
	set := Settings{Start: at(0), Workers: 1}
	s := mustExtract(t, m, d, set)
	work := func(value float32, bound int64) error {
		e := &extraction{p: s.p, s: newSums(s.p), m: m}
		w := newWorker(e, 1)
		b := &batch{ids: make([]int32, 15), documents: []int64{4}}
		for i := range b.ids {
			b.ids[i] = int32(i)
		}
		w.place(0, b.ids)
		h := make([]float32, 15*16)
		h[3*16+2] = value
		e.s.modes[0][1].bound[3] = bound
		return w.add(0, 1, h, nil, b)
	}
	nan := float32(math.NaN())
	for _, c := range []struct {
		value float32
		bound int64
		want  string
	}{
		{1 << 22, fullSum - 1<<22, ""},
		{1 << 22, fullSum - 1<<22 + 1, "mode input and token 3 may pass"},
		{1<<22 + 1, 0, "layer 1: "},
		{nan, 0, "document 4 has a token 3"},
		{float32(math.Inf(-1)), 0, "document 4"},
	} {
		err := work(c.value, c.bound)
		if c.want == "" && err != nil || c.want != "" && (!errors.Is(err, amap.ErrLimit) || !strings.Contains(err.Error(), c.want)) {
			t.Errorf("%v, %d: %v, want %q", c.value, c.bound, err, c.want)
		}
	}
}

// A checkpoint is taken up with the model, the text and the settings that it was
// made of, and parts of others are not merged.
func TestOthersRefused(t *testing.T) {
	m := tiny(t)
	other, err := Load(golden.Model(2))
	if err != nil {
		t.Fatal(err)
	}
	d := texts(10, 290)
	dir := t.TempDir()
	path := func(name string) string { return filepath.Join(dir, name) }
	part := func(m *Model, d [][]int32, i int, change func(s *Settings)) (*Sums, error) {
		set := Settings{Shard: [2]int{i, 2}}
		if change != nil {
			change(&set)
		}
		return Extract(t.Context(), m, seq(d), &set)
	}
	if _, err := part(m, d, 0, func(s *Settings) { s.Checkpoint = path("a") }); err != nil {
		t.Fatal(err)
	}
	longer := slices.Concat(d, d[:1])
	changed := slices.Concat([][]int32{{1}}, d[1:])
	for want, c := range map[string]struct {
		m      *Model
		d      [][]int32
		shard  int
		change func(s *Settings)
	}{
		"another model":  {m: other},
		"Seed":           {change: func(s *Settings) { s.Seed = 4 }},
		"Start":          {change: func(s *Settings) { s.Start = at(0) }},
		"Window differs": {change: func(s *Settings) { s.Window = 14 }},
		"Stride":         {change: func(s *Settings) { s.Stride = 1 }},
		"Skip":           {change: func(s *Settings) { s.Skip = 1 }},
		"Modes":          {change: func(s *Settings) { s.Modes = []amap.Mode{amap.Output} }},
		"Positions":      {change: func(s *Settings) { s.Positions = true }},
		"Units":          {change: func(s *Settings) { s.Units = map[int][]int{0: nil} }},
		"Tokens":         {change: func(s *Settings) { s.Tokens = []int32{1} }},
		"Vocab":          {change: func(s *Settings) { s.Vocab = 299 }},
		"Moments":        {change: func(s *Settings) { s.Moments = true }},
		"text":           {d: changed},
		"text only":      {d: d[:9]},
		"shard":          {shard: 1},
	} {
		if c.m == nil {
			c.m = m
		}
		if c.d == nil {
			c.d = d
		}
		name := strings.Fields(want)[0]
		if name == "Seed" {
			name = "seed"
		}
		if want != "another model" && want != "shard" {
			b, err := part(c.m, c.d, 1, c.change)
			a, rerr := ReadSums(path("a"))
			if err != nil || rerr != nil {
				t.Fatal(err, rerr)
			}
			if _, err := Merge(a, b); !errors.Is(err, ErrSettings) || !strings.Contains(err.Error(), name) {
				t.Errorf("%s: merged: %v", want, err)
			}
		}
		_, err := part(c.m, c.d, c.shard, func(s *Settings) {
			if s.Checkpoint = path("a"); c.change != nil {
				c.change(s)
			}
		})
		if want == "text" {
			name = "documents are others"
		}
		if !errors.Is(err, ErrSettings) || !strings.Contains(err.Error(), name) || !strings.Contains(err.Error(), path("a")) {
			t.Errorf("%s: resumed: %v", want, err)
		}
	}
	a, err := ReadSums(path("a"))
	if err != nil {
		t.Fatal(err)
	}
	again, _ := ReadSums(path("a"))
	for want, parts := range map[string][]*Sums{"nothing": nil, "there twice": {a, again}, "shard 1 of 2 is missing": {a}} {
		if _, err := Merge(parts...); !errors.Is(err, ErrSettings) || !strings.Contains(err.Error(), want) {
			t.Errorf("%v, want %q", err, want)
		}
	}
	// A text that grew is gone on with.
	s, err := part(m, longer, 0, func(s *Settings) { s.Checkpoint = path("a") })
	if err != nil {
		t.Fatal(err)
	}
	want, err := part(m, longer, 0, nil)
	if err != nil || !bytes.Equal(written(t, s, amap.Float32), written(t, want, amap.Float32)) {
		t.Errorf("a longer text: other bytes, %v", err)
	}
	if _, err := s.Map(amap.Float64); !errors.Is(err, ErrSettings) {
		t.Error(err)
	}
	if _, err := s.Explained(amap.Input, 0); !errors.Is(err, ErrSettings) {
		t.Error(err)
	}
	if _, err := s.Explained(amap.Output, 0); !errors.Is(err, amap.ErrNotFound) {
		t.Error(err)
	}
}

// Running means are those of SYSIF, computed by NumPy in testdata/running16.py.
func TestRunning16(t *testing.T) {
	var want struct {
		Rows   []int
		Counts []int64
		Means  [][]uint16
	}
	b, err := os.ReadFile("testdata/running16.json")
	if err == nil {
		err = json.Unmarshal(b, &want)
	}
	if err != nil {
		t.Fatal(err)
	}
	const windows, window = 24, 5
	m := tiny(t)
	p, err := newSetup(m, &Settings{Window: window, Running16: 4, Positions: true})
	if err != nil {
		t.Fatal(err)
	}
	s := newSums(p)
	w := newWorker(&extraction{p: p, s: s, m: m}, windows)
	var h []float32
	var ids []int32
	for j := range windows * window {
		for u := range m.Units() {
			h = append(h, (float32((j*j*7+u*13)%1009)/64-5)*1.0009765625)
		}
		ids = append(ids, int32((j*j*5+3*j)%11))
	}
	for lo := 0; lo < windows; lo += windows / 2 { // two batches of three updates
		from, to := lo*window, (lo+windows/2)*window
		b := &batch{ids: ids[from:to], documents: make([]int64, windows/2)}
		w.place(0, b.ids)
		if err := w.add(0, 1, h[from*m.Units():to*m.Units()], nil, b); err != nil {
			t.Fatal(err)
		}
		w.count()
	}
	x := &means{s.modes[0][1].sum, s.count[0], nil, m.Units(), amap.Float16, true}
	for r := range p.allRows() {
		x.rows = append(x.rows, int32(r))
		if i := slices.Index(want.Rows, r); i < 0 && s.count[0][r] != 0 || i >= 0 && s.count[0][r] != want.Counts[i] {
			t.Errorf("row %d: count %d", r, s.count[0][r])
		}
	}
	for i, r := range want.Rows {
		row, err := x.Row(nil, r)
		if err != nil {
			t.Fatal(err)
		}
		for u, v := range row {
			if vec.F64ToF16(float64(v)) != want.Means[i][u] {
				t.Errorf("row %d, unit %d: %v, want %v", r, u, v, vec.F16(want.Means[i][u]))
			}
		}
	}
}
