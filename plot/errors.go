package plot

import (
	"fmt"

	"gonum.org/v1/plot/plotter"

	"github.com/semamap/semamap/plot/internal/kit"
)

// Errors of this package and of plot/viewer wrap one of these.
var (
	// ErrEmpty: there is nothing to draw.
	ErrEmpty = kit.ErrEmpty
	// ErrLength: slices that belong together differ in length.
	ErrLength = kit.ErrLength
	// ErrNotFinite: a coordinate is NaN, infinite or beyond ±1e300.
	ErrNotFinite = kit.ErrNotFinite
	// ErrSize: the size of a figure is negative, too large, or too small for its
	// content.
	ErrSize = kit.ErrSize
	// ErrName: no palette has this name.
	ErrName = kit.ErrName
)

// Align returns xys rotated, moved and, if that helps, mirrored so that it is as
// close to ref as possible: orthogonal Procrustes analysis in the plane without
// scaling [Schönemann66]. Distances within xys do not change. Both must have the
// same N ≥ 1 points in the same order. Errors wrap [ErrEmpty], [ErrLength] or
// [ErrNotFinite].
func Align(ref, xys plotter.XYer) (plotter.XYs, error) {
	a, err := kit.Copy(ref)
	if err != nil {
		return nil, fmt.Errorf("plot: align: reference: %w", err)
	}
	b, err := kit.Copy(xys)
	if err != nil {
		return nil, fmt.Errorf("plot: align: %w", err)
	}
	if len(a) != len(b) {
		return nil, fmt.Errorf("plot: align: %w: %d and %d points", ErrLength, len(a), len(b))
	}
	return kit.Align(a, b), nil
}
