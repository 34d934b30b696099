package tsne

import (
	"context"
	"encoding/binary"
	"errors"
	"math"
	"testing"

	"github.com/semamap/semamap/tsne/knn"
)

// Affinities are taken if and only if they are a symmetric matrix of finite
// values that are not negative, without a diagonal, columns ascending; then
// they make a map.
func FuzzAffinities(f *testing.F) {
	f.Add([]byte{0, 1, 2}, []byte{1, 0}, []byte{0, 0, 0, 63, 0, 0, 0, 63})
	f.Add([]byte{0, 1, 2, 3, 4, 4}, []byte{1, 0, 3, 2}, []byte{0, 0, 0, 63, 0, 0, 0, 63, 0, 0, 0, 1, 0, 0, 0, 1})
	f.Add([]byte{0, 2, 3, 4}, []byte{1, 2, 0, 0}, []byte{0, 0, 128, 127, 0, 0, 0, 63, 0, 0, 128, 127, 0, 0, 0, 63})
	f.Add([]byte{0, 3, 2}, []byte{1, 0}, []byte{})
	f.Add([]byte{}, []byte{}, []byte{})
	f.Fuzz(func(t *testing.T, ptr, col, val []byte) {
		if len(ptr) > 100 || len(col) > 1000 {
			return
		}
		a := &joint{}
		for _, p := range ptr {
			a.Ptr = append(a.Ptr, int64(int8(p)))
		}
		for _, c := range col {
			a.Col = append(a.Col, int32(int8(c)))
		}
		for len(val) >= 4 {
			a.Val = append(a.Val, math.Float32frombits(binary.LittleEndian.Uint32(val)))
			val = val[4:]
		}
		c, err := checkAffinities(context.Background(), a)
		if (err == nil) != isAffinities(a) {
			t.Fatalf("%v: %v", a, err)
		}
		if err != nil {
			if !errors.Is(err, knn.ErrSetting) {
				t.Fatal(err)
			}
			return
		}
		var sum float64
		for _, v := range c.Val {
			sum += float64(v)
		}
		if len(c.Ptr) > 2 && !(math.Abs(sum-1) < 1e-5) {
			t.Fatalf("the sum is %v", sum)
		}
		res, err := Embed(context.Background(), nil, &Settings{Affinities: a.points(), Start: Random(), Phases: []Phase{{Steps: 3}}, Workers: 1})
		if err != nil {
			t.Fatal(err)
		}
		finite(t, res.Y)
		if math.IsNaN(res.KL) || math.IsInf(res.KL, 0) {
			t.Fatalf("KL %v", res.KL)
		}
	})
}

// isAffinities is the definition, by a dense matrix.
func isAffinities(a *joint) bool {
	n := len(a.Ptr) - 1
	if n < 0 || len(a.Col) != len(a.Val) || a.Ptr[0] != 0 || a.Ptr[n] != int64(len(a.Col)) {
		return false
	}
	for i := range n {
		if a.Ptr[i] > a.Ptr[i+1] {
			return false
		}
	}
	m := make([]float64, n*n) // −1: no entry
	for i := range m {
		m[i] = -1
	}
	var sum float64
	for i := range n {
		last := int32(-1)
		for e := a.Ptr[i]; e < a.Ptr[i+1]; e++ {
			j, v := a.Col[e], float64(a.Val[e])
			if j <= last || int(j) >= n || int(j) == i || !(v >= 0) || math.IsInf(v, 0) {
				return false
			}
			last = j
			m[i*n+int(j)] = v
			sum += v
		}
	}
	for i := range n {
		for j := range i {
			if m[i*n+j] != m[j*n+i] {
				return false
			}
		}
	}
	return n <= 1 || sum > 0
}
