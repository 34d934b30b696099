package extract

import (
	"bytes"
	"context"
	"errors"
	"iter"
	"math/rand/v2"
	"path/filepath"
	"testing"
	"time"

	"github.com/semamap/semamap/amap"
)

func docs(n int, vocab int) [][]int32 {
	g := rand.New(rand.NewPCG(3, 4))
	all := make([][]int32, n)
	for i := range all {
		all[i] = make([]int32, g.IntN(120))
		for j := range all[i] {
			all[i][j] = int32(g.IntN(vocab))
		}
	}
	return all
}

func seq(d [][]int32) iter.Seq2[[]int32, error] {
	return func(yield func([]int32, error) bool) {
		for _, x := range d {
			if !yield(x, nil) {
				return
			}
		}
	}
}

func written(t *testing.T, s *Sums, d amap.DType) []byte {
	t.Helper()
	m, err := s.Map(d)
	if err != nil {
		t.Fatal(err)
	}
	var b bytes.Buffer
	if err := m.WriteSYSIF(t.Context(), &b); err != nil {
		t.Fatal(err)
	}
	if err := m.Counts().Write(&b); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func TestMilestone(t *testing.T) {
	m := tiny(t)
	all := docs(200, 290)
	for _, set := range []Settings{
		{},
		{Modes: []amap.Mode{amap.Output, amap.Input}, Positions: true, Skip: 1, Moments: true, Vocab: 290},
		{Tokens: []int32{5, 7, 9}, Units: map[int][]int{0: nil, 2: {3, 1}}},
		{Running16: 8, Positions: true},
	} {
		var want []byte
		for _, w := range []int{1, 2, 8} {
			set.Workers = w
			s, err := Extract(t.Context(), m, seq(all), &set)
			if err != nil {
				t.Fatal(err)
			}
			got := written(t, s, amap.Float16)
			if want == nil {
				want = got
			} else if !bytes.Equal(got, want) {
				t.Errorf("%d workers: other bytes", w)
			}
		}
		set.Checkpoint = filepath.Join(t.TempDir(), "c")
		set.checkpointEvery = time.Microsecond
		stops := 0
		for k := 1; ; k++ {
			ctx, stop := context.WithCancel(t.Context())
			n := 0
			set.Progress = func(_, _ int64) {
				if n++; n == 2 {
					stop()
				}
			}
			s, err := Extract(ctx, m, seq(all), &set)
			if errors.Is(err, context.Canceled) {
				stops++
				continue
			}
			if err != nil {
				t.Fatal(err)
			}
			if !bytes.Equal(written(t, s, amap.Float16), want) {
				t.Error("resumed: other bytes")
			}
			break
		}
		t.Log(stops, "stops")
		set.Checkpoint, set.Progress = "", nil
		if set.Running16 == 0 {
			var parts []*Sums
			for i := range 3 {
				set.Shard = [2]int{i, 3}
				set.Checkpoint = filepath.Join(t.TempDir(), "c")
				if _, err := Extract(t.Context(), m, seq(all), &set); err != nil {
					t.Fatal(err)
				}
				s, err := ReadSums(set.Checkpoint)
				if err != nil {
					t.Fatal(err)
				}
				parts = append(parts, s)
			}
			s, err := Merge(parts[2], parts[0], parts[1])
			if err != nil {
				t.Fatal(err)
			}
			if !bytes.Equal(written(t, s, amap.Float16), want) {
				t.Error("merged: other bytes")
			}
		}
	}
}
