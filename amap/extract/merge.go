package extract

import (
	"fmt"
	"slices"

	"github.com/semamap/semamap/amap"
)

// Merge joins all shards of an extraction. The result has the bits of an
// extraction of all documents. It takes over the memory of the first part; the
// parts cannot be used any more. The error wraps ErrSettings if the parts are of
// different models, texts or settings, overlap, or if one is missing.
func Merge(parts ...*Sums) (*Sums, error) {
	if len(parts) == 0 {
		return nil, fmt.Errorf("%w: Merge of nothing", ErrSettings)
	}
	a := parts[0]
	of := a.p.Shard[1]
	var shards []int
	for i, b := range parts {
		switch d := differ(a.p.fields(), b.p.fields()); {
		case !b.done:
			return nil, fmt.Errorf("%w: part %d is not finished", ErrSettings, i)
		case a.p.model != b.p.model:
			return nil, fmt.Errorf("%w: parts 0 and %d are of different models", ErrSettings, i)
		case d != "":
			return nil, fmt.Errorf("%w: parts 0 and %d: %s", ErrSettings, i, d)
		case b.p.Shard[1] != of:
			return nil, fmt.Errorf("%w: parts 0 and %d: one of %d shards and one of %d", ErrSettings, i, of, b.p.Shard[1])
		case a.text != b.text || a.documents != b.documents:
			return nil, fmt.Errorf("%w: parts 0 and %d are of different texts", ErrSettings, i)
		}
		for _, n := range b.shards {
			if slices.Contains(shards, n) {
				return nil, fmt.Errorf("%w: part %d: shard %d of %d is there twice", ErrSettings, i, n, of)
			}
			shards = append(shards, n)
		}
	}
	slices.Sort(shards)
	for n := range of {
		if !slices.Contains(shards, n) {
			return nil, fmt.Errorf("%w: shard %d of %d is missing", ErrSettings, n, of)
		}
	}
	for _, b := range parts[1:] {
		if err := a.join(b); err != nil {
			return nil, err
		}
	}
	a.shards = shards
	return a, nil
}

func (s *Sums) join(b *Sums) error {
	p := s.p
	s.windows += b.windows
	for i, mode := range p.Modes {
		addInts(s.count[i], b.count[i])
		for l := range p.layers {
			x, y := &s.modes[i][l], &b.modes[i][l]
			addInts(x.bound, y.bound)
			for r, v := range x.bound {
				if v > fullSum {
					return fmt.Errorf("extract: layer %d: %w: %s", p.layers[l], amap.ErrLimit, p.fullRow(mode, r))
				}
			}
			addInts(x.sum, y.sum)
			for u, q := range y.squares {
				x.squares[u].add(q)
			}
		}
	}
	return nil
}
