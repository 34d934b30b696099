// Package kit has what plot and its viewer share: checks, categories, text and
// colors.
package kit

import "errors"

// The errors of package plot, which documents them.
var (
	ErrEmpty     = errors.New("nothing to draw")
	ErrLength    = errors.New("lengths differ")
	ErrNotFinite = errors.New("not a finite coordinate")
	ErrSize      = errors.New("impossible size")
	ErrName      = errors.New("unknown name")
)
