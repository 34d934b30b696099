package knn

import (
	"context"
	"errors"
	"strings"
	"testing"

	"github.com/semamap/semamap/internal/golden"
)

// Every exported function that is given nothing says what is missing, by an
// error that wraps a sentinel; no one panics.
func TestMissing(t *testing.T) {
	var (
		none  context.Context
		typed *wide
		graph *Graph
	)
	ctx := t.Context()
	rows := Rows([]float32{1, 2, 3, 4}, 2, 2)
	search := func(x Points) error { _, err := Search(ctx, x, 1, nil); return err }
	done := map[string]bool{}
	for name, c := range map[string]struct {
		want string
		f    func() error
	}{
		"func Search":               {"there are none", func() error { return search(nil) }},
		"func Search, typed nil":    {"there are none", func() error { return search(typed) }},
		"func Search, no rows":      {"a row has 0 others", func() error { return search(Rows[float64](nil, 0, 3)) }},
		"func Search, no context":   {"context", func() error { _, err := Search(none, rows, 1, nil); return err }},
		"func Query":                {"reference: ", func() error { _, err := Query(ctx, nil, rows, 1, nil); return err }},
		"func Query, no queries":    {"query: ", func() error { _, err := Query(ctx, rows, nil, 1, nil); return err }},
		"func Query, typed nil":     {"query: ", func() error { _, err := Query(ctx, rows, typed, 1, nil); return err }},
		"func Query, no context":    {"context", func() error { _, err := Query(none, rows, rows, 1, nil); return err }},
		"func Distinct":             {"there are none", func() error { _, _, err := Distinct(ctx, nil, 0); return err }},
		"func Distinct, typed nil":  {"there are none", func() error { _, _, err := Distinct(ctx, typed, 0); return err }},
		"func Distinct, no context": {"context", func() error { _, _, err := Distinct(none, rows, 0); return err }},
		"func Rows":                 {"0 numbers are not 2 rows of 3", func() error { return search(Rows[float32](nil, 2, 3)) }},
		"func Slices":               {"a row has 0 others", func() error { return search(Slices[float32](nil)) }},
		"func CSR":                  {"a row has 0 others", func() error { return search(CSR[float32](0, nil, nil, nil)) }},
		"func CSR, no values":       {"2 columns for 0 numbers", func() error { return search(CSR[float32](2, []int{0, 1, 2}, []int32{0, 1}, nil)) }},
		"func Matrix":               {"no matrix", func() error { return search(Matrix(nil)) }},
		"func Matrix, row":          {"no matrix", func() error { _, err := Matrix(nil).Row(nil, 0); return err }},
		"func Distances":            {"no distances", func() error { return search(Distances(nil)) }},
		"func Distances, typed nil": {"no distances", func() error { return search(Distances(typed)) }},
		"func Distances, Dims":      {"", func() error { Distances(nil).Dims(); return nil }},
		"func Distances, Distinct":  {"no distances", func() error { _, _, err := Distinct(ctx, Distances(nil), 0); return err }},
		"func Combine":              {"no base rows", func() error { return search(Combine(nil, nil, nil, nil)) }},
		"func Combine, typed nil":   {"no base rows", func() error { return search(Combine(typed, nil, nil, nil)) }},
		"func Combine, no terms":    {"a row has 0 others", func() error { return search(Combine(rows, nil, nil, nil)) }},
		"func Combine, row":         {"no base rows", func() error { _, err := Combine(nil, nil, nil, nil).Row(nil, 0); return err }},
		"func Select":               {"none to select from", func() error { return search(Select(nil, []int32{0})) }},
		"func Select, typed nil":    {"none to select from", func() error { return search(Select(typed, []int32{0})) }},
		"func Select, no rows":      {"a row has 0 others", func() error { return search(Select(rows, nil)) }},
		"method (*Graph) Check":     {"nil", func() error { return graph.Check() }},
	} {
		err := c.f()
		if c.want == "" && err != nil || c.want != "" && (err == nil || !strings.Contains(err.Error(), c.want)) {
			t.Errorf("%s: %v, want %q", name, err, c.want)
		}
		if err != nil && !errors.Is(err, ErrSetting) && !errors.Is(err, ErrPoints) && !errors.Is(err, ErrGraph) {
			t.Errorf("%s: %v wraps no sentinel", name, err)
		}
		name, _, _ = strings.Cut(name, ",")
		done[name] = true
	}
	golden.Tried(t, "../../api/tsne-knn.txt", done, "method (*Graph) Row", // which panics for any index then, as a slice does
		"method (*SettingError) Error", "method (*SettingError) Unwrap", "method (*ValueError) Error", "method (*ValueError) Unwrap")
}
