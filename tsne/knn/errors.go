package knn

import (
	"errors"
	"fmt"
)

// Reasons that errors of this package wrap.
var (
	ErrValue   = errors.New("knn: not a finite number")         // see ValueError
	ErrSetting = errors.New("knn: bad setting")                 // see SettingError
	ErrPoints  = errors.New("knn: malformed points")            // impossible shape or terms
	ErrGraph   = errors.New("knn: malformed graph")             // see Graph.Check
	ErrRecall  = errors.New("knn: recall is below MinRecall")   // approximate search missed its goal
	ErrMemory  = errors.New("knn: MaxMemory is below the need") // the message tells the need
)

// A ValueError tells of a number that is NaN or infinite, or of a distance
// that is negative. It wraps [ErrValue].
type ValueError struct {
	Row, Col int // counted from 0
	Value    float64
}

func (e *ValueError) Error() string {
	return fmt.Sprintf("knn: row %d, column %d: bad value %v", e.Row, e.Col, e.Value)
}

func (e *ValueError) Unwrap() error { return ErrValue }

// A SettingError tells which field of [Settings], or k, is wrong. It wraps
// [ErrSetting].
type SettingError struct {
	Name   string
	Value  any
	Reason string
}

func (e *SettingError) Error() string {
	return fmt.Sprintf("setting %s = %v: %s", e.Name, e.Value, e.Reason)
}

func (e *SettingError) Unwrap() error { return ErrSetting }
