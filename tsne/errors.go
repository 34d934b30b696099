package tsne

import (
	"errors"

	"github.com/semamap/semamap/tsne/knn"
)

// Errors that the errors of this package wrap, beside those of package knn.
var (
	ErrDiverged   = errors.New("tsne: run diverged")              // a position is not finite
	ErrCheckpoint = errors.New("tsne: bad checkpoint")            // malformed, or of another version
	ErrMismatch   = errors.New("tsne: checkpoint of another run") // other data or settings
)

// A ValueError tells of a number that is not a finite float32: in Row and Col,
// counted from 0, is Value. It wraps [knn.ErrValue].
type ValueError = knn.ValueError

// A SettingError tells which setting is wrong: Name has Value, and Reason says
// why that cannot be. It wraps [knn.ErrSetting].
type SettingError = knn.SettingError

func badSetting(name string, value any, reason string) error {
	return &SettingError{Name: name, Value: value, Reason: reason}
}

func badValue(row, col int, v float64) error { return &ValueError{Row: row, Col: col, Value: v} }
