package quality

import (
	"context"
	"errors"
	"strings"
	"testing"

	"github.com/semamap/semamap/internal/golden"
	"github.com/semamap/semamap/tsne/knn"
)

// selfless is Points of which a nil pointer is given.
type selfless struct{ knn.Points }

// Every exported function that is given nothing says what is missing, by an
// error that wraps ErrInput; no one panics.
func TestMissing(t *testing.T) {
	var (
		none  context.Context
		typed *selfless
	)
	r := load(t)
	x, g := knn.Rows(r.X, r.N, r.D), graph(t, r.Y, 2, 5)
	compare := func(x knn.Points, y []float32) error { _, err := Compare(ctx, x, y, 2, 5, nil); return err }
	correlate := func(x knn.Points, y []float32) error { _, err := DistanceCorrelation(ctx, x, y, 2, nil); return err }
	kl := func(x knn.Points, y []float32) error { _, err := KL(ctx, x, y, 2, nil); return err }
	done := map[string]bool{}
	for name, c := range map[string]struct {
		want string
		f    func() error
	}{
		"func Compare":                         {"no rows of data", func() error { return compare(nil, r.Y) }},
		"func Compare, typed nil":              {"no rows of data", func() error { return compare(typed, r.Y) }},
		"func Compare, no map":                 {"120 rows of data and 0 points", func() error { return compare(x, nil) }},
		"func Compare, no rows":                {"half of 0 points", func() error { return compare(knn.Slices[float32](nil), nil) }},
		"func Compare, no matrix":              {"no matrix", func() error { return compare(knn.Matrix(nil), nil) }},
		"func Compare, no context":             {"context", func() error { _, err := Compare(none, x, r.Y, 2, 5, nil); return err }},
		"func DistanceCorrelation":             {"no rows of data", func() error { return correlate(nil, r.Y) }},
		"func DistanceCorrelation, typed nil":  {"no rows of data", func() error { return correlate(typed, r.Y) }},
		"func DistanceCorrelation, no map":     {"120 rows of data and 0 points", func() error { return correlate(x, nil) }},
		"func DistanceCorrelation, no context": {"context", func() error { _, err := DistanceCorrelation(none, x, r.Y, 2, nil); return err }},
		"func KL":                              {"P is nil", func() error { return kl(nil, r.Y) }},
		"func KL, typed nil":                   {"P is nil", func() error { return kl(typed, r.Y) }},
		"func KL, no map":                      {"for 0 points", func() error { return kl(r.p(), nil) }},
		"func KL, no context":                  {"context", func() error { _, err := KL(none, r.p(), r.Y, 2, nil); return err }},
		"func LabelAgreement":                  {"graph is nil", func() error { _, err := LabelAgreement(ctx, nil, r.Labels, nil); return err }},
		"func LabelAgreement, empty":           {"lists of 0", func() error { _, err := LabelAgreement(ctx, new(knn.Graph), r.Labels, nil); return err }},
		"func LabelAgreement, no labels":       {"no labels", func() error { _, err := LabelAgreement(ctx, g, nil, nil); return err }},
		"func LabelAgreement, no context":      {"context", func() error { _, err := LabelAgreement(none, g, r.Labels, nil); return err }},
		"func LabelAccuracy":                   {"graph is nil", func() error { _, err := LabelAccuracy(nil, r.Labels, nil); return err }},
		"func LabelAccuracy, no labels":        {"no labels", func() error { _, err := LabelAccuracy(g, nil, nil); return err }},
		"func Recall":                          {"got is nil", func() error { _, err := Recall(nil, g, 1); return err }},
		"func Recall, second":                  {"want is nil", func() error { _, err := Recall(g, nil, 1); return err }},
		"func Recall, empty":                   {"lists of 0", func() error { _, err := Recall(g, new(knn.Graph), 1); return err }},
		"func NewProducts":                     {"no base rows", func() error { _, err := NewProducts(ctx, nil, false, nil); return err }},
		"func NewProducts, typed nil":          {"no base rows", func() error { _, err := NewProducts(ctx, typed, false, nil); return err }},
		"func NewProducts, no context":         {"context", func() error { _, err := NewProducts(none, x, false, nil); return err }},
		"method (*Products) Nearest":           {"no products", func() error { _, err := (*Products)(nil).Nearest(ctx, x, 1, nil, nil, nil); return err }},
		"method (*Products) Nearest, points":   {"no points", func() error { _, err := new(Products).Nearest(ctx, nil, 1, nil, nil, nil); return err }},
		"method (*Products) Nearest, typed":    {"no points", func() error { _, err := new(Products).Nearest(ctx, typed, 1, nil, nil, nil); return err }},
		"func LabelShares":                     {"graph is nil", func() error { _, err := LabelShares(nil, r.Labels, nil); return err }},
		"func LabelShares, no labels":          {"0 labels", func() error { _, err := LabelShares(g, nil, nil); return err }},
		"func Probe":                           {"no rows", func() error { _, err := Probe(ctx, nil, nil, nil, 1, nil); return err }},
		"func Probe, no labels":                {"0 labels", func() error { _, err := Probe(ctx, x, nil, nil, 1, nil); return err }},
		"func AUC":                             {"0 labels", func() error { _, err := AUC(nil, nil, 0); return err }},
		"func AUC, no labels":                  {"0 labels", func() error { _, err := AUC([]float32{1}, nil, 1); return err }},
	} {
		if err := c.f(); !errors.Is(err, ErrInput) || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v, want %q", name, err, c.want)
		}
		name, _, _ = strings.Cut(name, ",")
		done[name] = true
	}
	golden.Tried(t, "../../api/tsne-quality.txt", done)
}
