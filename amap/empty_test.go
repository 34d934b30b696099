package amap

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"testing"
)

// A matrix without numbers takes no bytes, so the file's size does not bound its
// sides: a few hundred bytes must not cost gigabytes later.
func TestEmptyMatrix(t *testing.T) {
	for _, c := range []struct {
		rows, units int
		want        error
	}{
		{0, 0, nil}, {0, 2048, nil}, {maxEmpty, 0, nil}, {0, maxEmpty, nil},
		{maxEmpty + 1, 0, ErrLimit}, {0, maxEmpty + 1, ErrLimit}, {1<<31 - 1, 0, ErrLimit}, {0, 1<<27 - 2, ErrLimit},
	} {
		js := fmt.Sprintf(`{"input/0":{"dtype":"F16","shape":[%d,%d],"data_offsets":[0,0]}}`, c.rows, c.units)
		b := append(binary.LittleEndian.AppendUint64(nil, uint64(len(js))), js...)
		m, err := NewReader(bytes.NewReader(b), int64(len(b)), nil)
		if !errors.Is(err, c.want) {
			t.Errorf("%d × %d: %v, want %v", c.rows, c.units, err, c.want)
		}
		if err == nil {
			useAll(t, m)
		}
	}
}
