package amap

import (
	"cmp"
	"math/rand/v2"
	"slices"
)

// shuffleBlock is how many tokens of similar count are exchanged with each
// other.
const shuffleBlock = 50

// Shuffle returns a random exchange of tokens for a null map, in which row
// exchange[i] stands in for row i. It exchanges tokens of similar count: those
// of a block of 50 in the order of their counts, equal counts in random order.
// So the null map keeps what spelling and frequency explain and loses what
// tokens mean. If kind is not nil, only tokens of equal kind are exchanged.
// Tokens of count 0 stay where they are.
func Shuffle(counts []int64, kind []int32, seed uint64) (exchange []int32) {
	rng := rand.New(rand.NewPCG(seed, 0x73687566666c65))
	exchange = make([]int32, len(counts))
	var seen []int32
	for i := range exchange {
		exchange[i] = int32(i)
		if counts[i] > 0 {
			seen = append(seen, int32(i))
		}
	}
	rng.Shuffle(len(seen), func(i, j int) { seen[i], seen[j] = seen[j], seen[i] })
	of := func(i int32) int32 {
		if int(i) < len(kind) {
			return kind[i]
		}
		return 0
	}
	slices.SortStableFunc(seen, func(a, b int32) int {
		return cmp.Or(cmp.Compare(of(a), of(b)), cmp.Compare(counts[a], counts[b]))
	})
	for lo := 0; lo < len(seen); {
		hi := lo + 1
		for hi < len(seen) && hi < lo+shuffleBlock && of(seen[hi]) == of(seen[lo]) {
			hi++
		}
		block := seen[lo:hi]
		for i, j := range rng.Perm(len(block)) {
			exchange[block[i]] = block[j]
		}
		lo = hi
	}
	return exchange
}
