package plot

import "errors"

// Sentinels wrapped by the errors of this package.
var (
	// ErrEmpty says that there is nothing to draw.
	ErrEmpty = errors.New("nothing to draw")
	// ErrLength says that slices which belong together differ in length.
	ErrLength = errors.New("lengths differ")
	// ErrNotFinite says that a coordinate is NaN, infinite or beyond ±1e300.
	ErrNotFinite = errors.New("not a finite coordinate")
	// ErrSize says that a figure's size is negative, too large or too small
	// for what it has to hold.
	ErrSize = errors.New("impossible size")
)
