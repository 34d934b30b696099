//go:build !unix

package amap

import (
	"errors"
	"os"
)

const canMap = false

func mapFile(*os.File, int64) ([]byte, func() error, error) {
	return nil, nil, errors.ErrUnsupported
}

func (s *source) offsetOf(uintptr) (int64, bool) { return 0, false }
