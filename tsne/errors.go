package tsne

import (
	"errors"
	"fmt"
)

// Errors that the errors of this package wrap.
var (
	ErrValue      = errors.New("value is not a finite float32")
	ErrSetting    = errors.New("bad setting")
	ErrDiverged   = errors.New("run diverged")
	ErrMemory     = errors.New("more memory needed than allowed")
	ErrAffinities = errors.New("bad affinities")
	ErrGraph      = errors.New("bad neighbour graph")
	ErrCheckpoint = errors.New("bad checkpoint")
)

// A ValueError says which number of the input cannot be used. It wraps
// [ErrValue].
type ValueError struct {
	Row, Col int
	Value    float64
}

func (e *ValueError) Error() string {
	return fmt.Sprintf("tsne: row %d, column %d: %v: %v", e.Row, e.Col, e.Value, ErrValue)
}
func (e *ValueError) Unwrap() error { return ErrValue }

// A SettingError says which setting is wrong and why. It wraps [ErrSetting].
type SettingError struct {
	Name   string
	Value  any
	Reason string
}

func (e *SettingError) Error() string {
	return fmt.Sprintf("tsne: %s = %v: %s", e.Name, e.Value, e.Reason)
}
func (e *SettingError) Unwrap() error { return ErrSetting }

// A DivergedError says at which step (from 1) which row got a position that is
// not finite. It wraps [ErrDiverged].
type DivergedError struct{ Step, Row int }

func (e *DivergedError) Error() string {
	return fmt.Sprintf("tsne: step %d: position of row %d is not finite: %v", e.Step, e.Row, ErrDiverged)
}
func (e *DivergedError) Unwrap() error { return ErrDiverged }

// An EntryError says which entry of given affinities or of a given graph is
// wrong. It wraps [ErrAffinities] or [ErrGraph].
type EntryError struct {
	Row, Entry int // the entry counts within the row; −1 means the row itself
	Reason     string
	Err        error
}

func (e *EntryError) Error() string {
	if e.Entry < 0 {
		return fmt.Sprintf("tsne: row %d: %s: %v", e.Row, e.Reason, e.Err)
	}
	return fmt.Sprintf("tsne: row %d, entry %d: %s: %v", e.Row, e.Entry, e.Reason, e.Err)
}
func (e *EntryError) Unwrap() error { return e.Err }
