package knn

import (
	"errors"
	"fmt"

	"github.com/semamap/semamap/tsne/internal/share"
)

// Errors of this package wrap one of these.
var (
	ErrValue   = errors.New("knn: not a finite number")         // see ValueError
	ErrSetting = errors.New("knn: bad setting")                 // see SettingError
	ErrPoints  = errors.New("knn: malformed points")            // impossible shape or terms
	ErrGraph   = errors.New("knn: malformed graph")             // see Graph.Check
	ErrRecall  = errors.New("knn: recall is below MinRecall")   // approximate search missed its goal
	ErrMemory  = errors.New("knn: MaxMemory is below the need") // the message states the need
)

// What is missing where nil is given.
var (
	errNoContext = &SettingError{"ctx", nil, "there is no context"}
	errNoPoints  = share.Errorf("%w: there are none", ErrPoints)
)

// A ValueError reports a number that is NaN or infinite, or a negative
// distance, and where it is. It wraps [ErrValue].
type ValueError struct {
	Row, Col int // counted from 0
	Value    float64
}

func (e *ValueError) Error() string {
	return fmt.Sprintf("knn: row %d, column %d: bad value %v", e.Row, e.Col, e.Value)
}

func (e *ValueError) Unwrap() error { return ErrValue }

// A SettingError reports a wrong field of [Settings], or a wrong k: its name,
// its value, and the reason why it is wrong. It wraps [ErrSetting].
type SettingError struct {
	Name   string
	Value  any
	Reason string
}

func (e *SettingError) Error() string {
	v := e.Value
	if m, ok := v.(Metric); ok {
		v = m.name()
	}
	return fmt.Sprintf("setting %s = %v: %s", e.Name, v, e.Reason)
}

func (e *SettingError) Unwrap() error { return ErrSetting }
