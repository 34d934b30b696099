//go:build race

package neox_test

const raceDetector = true
