package extract

import (
	"testing"

	"github.com/semamap/semamap/internal/golden"
)

// tiny is a small model.
func tiny(t testing.TB) *Model {
	t.Helper()
	m, err := Load(golden.Model(1))
	if err != nil {
		t.Fatal(err)
	}
	return m
}
