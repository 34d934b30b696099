package tsne

import (
	"context"
	"errors"
	"strings"
	"testing"

	"github.com/semamap/semamap/internal/golden"
	"github.com/semamap/semamap/tsne/knn"
)

// Every exported function that is given nothing says what is missing, by an
// error that wraps a sentinel; no one panics.
func TestMissing(t *testing.T) {
	var (
		none   context.Context
		points *cut
		table  *table
		run    *Run
		res    *Result
	)
	ctx := t.Context()
	x, _ := blobs(30, 3, 2, 1)
	rows := Rows(x, 30, 3)
	made := embed(t, x, 30, 3, nil)
	ready, err := New(ctx, rows, &Settings{Phases: short})
	if err != nil {
		t.Fatal(err)
	}
	done := map[string]bool{}
	of := func(p Points) error { _, err := Embed(ctx, p, nil); return err }
	for name, c := range map[string]struct {
		want string
		f    func() error
	}{
		"func Embed":             {"points", func() error { _, err := Embed(ctx, nil, nil); return err }},
		"func Embed, typed nil":  {"points", func() error { _, err := Embed(ctx, points, nil); return err }},
		"func Embed, no context": {"context", func() error { _, err := Embed(none, rows, nil); return err }},
		"func Embed, start": {"needs points", func() error {
			_, err := Embed(ctx, nil, &Settings{Affinities: CSR[float32](0, nil, nil, nil)})
			return err
		}},
		"func Embed, affinities":      {"Affinities", func() error { _, err := Embed(ctx, rows, &Settings{Affinities: points}); return err }},
		"func Embed, graph":           {"rows do not match", func() error { _, err := Embed(ctx, rows, &Settings{Neighbors: &knn.Graph{}}); return err }},
		"func New":                    {"points", func() error { _, err := New(ctx, nil, nil); return err }},
		"func New, no context":        {"context", func() error { _, err := New(none, rows, nil); return err }},
		"func Open":                   {"points", func() error { _, err := Open(ctx, t.TempDir()+"/x", nil, nil); return err }},
		"func Open, no name":          {"name", func() error { _, err := Open(ctx, "", rows, nil); return err }},
		"func Open, no context":       {"context", func() error { _, err := Open(none, t.TempDir()+"/x", rows, nil); return err }},
		"func Resume":                 {"reader", func() error { _, err := Resume(ctx, nil, nil, nil); return err }},
		"func Resume, empty":          {"ends early", func() error { _, err := Resume(ctx, strings.NewReader(""), nil, nil); return err }},
		"func Resume, no points":      {"points", func() error { _, err := Resume(ctx, strings.NewReader(""), points, &Settings{}); return err }},
		"func Resume, no context":     {"context", func() error { _, err := Resume(none, strings.NewReader(""), nil, nil); return err }},
		"func Rows":                   {"0 numbers are not 2 rows of 3", func() error { return of(Rows[float32](nil, 2, 3)) }},
		"func Slices":                 {"", func() error { return of(Slices[float32](nil)) }}, // no rows are no error
		"func Matrix":                 {"no matrix", func() error { return of(Matrix(nil)) }},
		"func Matrix, typed nil":      {"no matrix", func() error { return of(Matrix(table)) }},
		"func CSR":                    {"", func() error { return of(CSR[float32](3, nil, nil, nil)) }},
		"func Distances":              {"no distances", func() error { return of(Distances(nil)) }},
		"func Distances, Dims":        {"", func() error { Distances(nil).Dims(); return nil }},
		"func Affinities":             {"points", func() error { _, err := Affinities(ctx, nil, nil); return err }},
		"func Affinities, typed nil":  {"points", func() error { _, err := Affinities(ctx, points, nil); return err }},
		"func Affinities, no context": {"context", func() error { _, err := Affinities(none, rows, nil); return err }},
		"func MeanAffinities":         {"Affinities", func() error { _, err := New(ctx, rows, &Settings{Affinities: MeanAffinities(nil)}); return err }},
		"func MeanAffinities, nil": {"Affinities", func() error {
			_, err := New(ctx, rows, &Settings{Affinities: MeanAffinities(nil, nil, points)})
			return err
		}},
		"func ProductAffinities":      {"Affinities", func() error { _, err := New(ctx, rows, &Settings{Affinities: ProductAffinities()}); return err }},
		"func ProductAffinities, nil": {"Affinities", func() error { _, err := New(ctx, rows, &Settings{Affinities: ProductAffinities(points)}); return err }},
		"func Positions":              {"need 30×2", func() error { _, err := New(ctx, rows, &Settings{Start: Positions(nil)}); return err }},
		"func PCA":                    {"needs points", func() error { _, err := New(ctx, Distances(Rows(x[:25], 5, 5)), &Settings{Start: PCA()}); return err }},
		"func Spectral":               {"points", func() error { _, err := New(ctx, nil, &Settings{Start: Spectral()}); return err }},
		"func Random":                 {"points", func() error { _, err := New(ctx, nil, &Settings{Start: Random()}); return err }},
		"func Mixture":                {"no perplexity", func() error { _, err := New(ctx, rows, &Settings{Kernel: Mixture()}); return err }},
		"func Multiscale":             {"no perplexity", func() error { _, err := New(ctx, rows, &Settings{Kernel: Multiscale()}); return err }},
		"func Sigma":                  {"positive", func() error { _, err := New(ctx, rows, &Settings{Kernel: Sigma(0)}); return err }},
		"func Uniform":                {"positive", func() error { _, err := New(ctx, rows, &Settings{Kernel: Uniform(0)}); return err }},
		"func NewResult":              {"dims", func() error { _, err := NewResult(nil, 0, nil); return err }},
		"func NewResult, no rows":     {"", func() error { _, err := NewResult(nil, 2, nil); return err }},
		"method (*Result) Len":        {"", func() error { res.Len(); new(Result).Len(); return nil }},
		"method (*Result) Float64":    {"", func() error { res.Float64(); new(Result).Float64(); return nil }},
		"method (*Result) Transform": {"reference rows", func() error {
			_, err := made.Transform(ctx, nil, rows, nil)
			return err
		}},
		"method (*Result) Transform, no new rows": {"new rows", func() error { _, err := made.Transform(ctx, rows, nil, nil); return err }},
		"method (*Result) Transform, typed nil":   {"new rows", func() error { _, err := made.Transform(ctx, rows, points, nil); return err }},
		"method (*Result) Transform, no map":      {"the map has 0 rows", func() error { _, err := res.Transform(ctx, rows, rows, nil); return err }},
		"method (*Result) Transform, empty":       {"the map has 0 rows", func() error { _, err := new(Result).Transform(ctx, rows, rows, nil); return err }},
		"method (*Result) Transform, all empty":   {"no reference rows", func() error { _, err := new(Result).Transform(ctx, Rows(x[:0], 0, 3), rows, nil); return err }},
		"method (*Result) Transform, no context":  {"context", func() error { _, err := made.Transform(none, rows, rows, nil); return err }},
		"method (*Run) Add":                       {"no run", func() error { return run.Add(Phase{}) }},
		"method (*Run) Add, nothing":              {"", func() error { return ready.Add() }},
		"method (*Run) KL": {"", func() error {
			if v, w := run.KL(), new(Run).KL(); v == v || w == w {
				t.Error("KL of no run is", v, w)
			}
			return nil
		}},
		"method (*Run) Positions":        {"", func() error { run.Positions(nil); new(Run).Positions(nil); return nil }},
		"method (*Run) Result":           {"no run", func() error { _, err := run.Result(); return err }},
		"method (*Run) Result, empty":    {"no run", func() error { _, err := new(Run).Result(); return err }},
		"method (*Run) Save":             {"writer", func() error { return ready.Save(nil) }},
		"method (*Run) Save, no run":     {"no run", func() error { return run.Save(&strings.Builder{}) }},
		"method (*Run) SaveFile":         {"name", func() error { return ready.SaveFile("") }},
		"method (*Run) SaveFile, no run": {"no run", func() error { return run.SaveFile(t.TempDir() + "/x") }},
		"method (*Run) Steps": {"context", func() error {
			for range ready.Steps(none) {
				t.Error("a step without a context")
			}
			_, err := ready.Result()
			return err
		}},
		"method (*Run) Steps, no run": {"", func() error {
			for range run.Steps(ctx) {
				t.Error("a step of no run")
			}
			return nil
		}},
	} {
		err := c.f()
		if c.want == "" && err != nil || c.want != "" && (err == nil || !strings.Contains(err.Error(), c.want)) {
			t.Errorf("%s: %v, want %q", name, err, c.want)
		}
		if err != nil && !errors.Is(err, knn.ErrSetting) && !errors.Is(err, knn.ErrPoints) && !errors.Is(err, ErrCheckpoint) {
			t.Errorf("%s: %v wraps no sentinel", name, err)
		}
		name, _, _ = strings.Cut(name, ",")
		done[name] = true
	}
	golden.Tried(t, "../api/tsne.txt", done, "method (*Result) XY") // which panics for any index then, as a slice does
}
