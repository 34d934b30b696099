package bpe

import (
	"hash/maphash"
	"math/bits"
	"strings"
	"sync/atomic"
)

// maxCached is the length in bytes of the longest piece that is remembered;
// longer ones hardly ever come again.
const maxCached = 64

// A cache remembers the tokens of pieces in a fixed number of places, eight of
// which, in two sets, may hold a given piece. Entries never change, places are read and
// replaced atomically, and losing one costs only time: so it needs no lock
// and its content never shows in a result.
type cache struct {
	seed maphash.Seed
	mask uint64
	set  [][4]atomic.Pointer[entry]
}

type entry struct {
	hash  uint64
	piece string
	ids   []int32
	few   [4]int32 // room for ids where it is enough: one line of memory less to fetch
}

// newCache makes room for at least n pieces, or returns nil for none.
func newCache(n int) *cache {
	if n <= 0 {
		return nil
	}
	sets := 1 << bits.Len(uint(n-1)/4)
	return &cache{maphash.MakeSeed(), uint64(sets - 1), make([][4]atomic.Pointer[entry], sets)}
}

func (c *cache) hash(piece string) uint64 { return maphash.String(c.seed, piece) }

// get looks in the two sets where a piece may be. Places are taken in order
// and never become free again, so that nothing lies behind a free one.
func (c *cache) get(hash uint64, piece string) []int32 {
	for _, h := range [2]uint64{hash, hash >> 32} {
		set := &c.set[h&c.mask]
		for i := range set {
			e := set[i].Load()
			if e == nil {
				return nil
			}
			if e.hash == hash && e.piece == piece {
				return e.ids
			}
		}
	}
	return nil
}

// put copies both the piece and its tokens. It takes a free place in the
// second set where the first is full, so that hardly any piece is lost while
// there is room.
func (c *cache) put(hash uint64, piece string, ids []int32) {
	e := &entry{hash: hash, piece: strings.Clone(piece)}
	e.ids = append(e.few[:0], ids...)
	for _, h := range [2]uint64{hash, hash >> 32} {
		set := &c.set[h&c.mask]
		for i := range set {
			if set[i].Load() == nil && set[i].CompareAndSwap(nil, e) {
				return
			}
		}
	}
	c.set[hash&c.mask][hash>>62].Store(e) // as good as any victim
}
