package tsne

import (
	"errors"

	"github.com/semamap/semamap/tsne/knn"
)

// Errors of this package wrap one of these or an error of package knn.
var (
	ErrDiverged   = errors.New("tsne: run diverged")              // a position is not finite
	ErrCheckpoint = errors.New("tsne: bad checkpoint")            // malformed, or of another version
	ErrMismatch   = errors.New("tsne: checkpoint of another run") // the data or the settings differ
)

// A ValueError reports a number that is not a finite float32, and where it is:
// Row and Col are counted from 0. It wraps [knn.ErrValue].
type ValueError = knn.ValueError

// A SettingError reports a wrong setting: its name, its value, and the reason
// why it is wrong. It wraps [knn.ErrSetting].
type SettingError = knn.SettingError

// badSetting is not inlined, as it stands in many places.
//
//go:noinline
func badSetting(name string, value any, reason string) error {
	return &SettingError{Name: name, Value: value, Reason: reason}
}

// errNoContext is the error of functions whose context is nil.
var errNoContext = badSetting("ctx", nil, "there is no context")

func badValue(row, col int, v float64) error { return &ValueError{Row: row, Col: col, Value: v} }
