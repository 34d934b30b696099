package bpe

import (
	"math"
	"math/bits"
	"unicode/utf8"
)

// A Merge joins two neighboring tokens into one. Its place in a list is its
// rank: the merge of the lowest rank is done first.
type Merge struct {
	Left, Right int32 // ids
	ID          int32 // of the product, whose bytes are those of Left and Right
}

// Limits of a pairTable, far above any tokenizer known.
const (
	idBits, rankBits = 20, 24
	noRank           = 1<<rankBits - 1
)

// A pairTable finds the rank of the merge of two tokens: open addressing, at
// most half full, linear probing. A slot is one word, so that as much of the
// table as can be stays in the processor's cache.
type pairTable struct {
	slots   []uint64 // left id, right id, rank; all ones if free
	shift   uint
	product []int32 // by rank
}

const freeSlot = math.MaxUint64

// newPairTable makes the table of merges whose rank is their place in the list.
func newPairTable(merges []Merge) pairTable {
	t := emptyPairTable(len(merges), len(merges))
	for rank, m := range merges {
		// Of a repeated pair the last one counts, as in HF.
		t.set(m, rank)
	}
	return t
}

// rankedPairs makes the table for tiktoken's rule: two neighbors whose joint
// text is a token are a merge, and its rank is the id of the token. The map
// gives the ids of all tokens by their bytes.
func rankedPairs(ids map[string]int32, highest int) pairTable {
	var merges []Merge
	for tok, id := range ids {
		for k := 1; k < len(tok); k++ {
			left, ok := ids[tok[:k]]
			if !ok {
				continue
			}
			if right, ok := ids[tok[k:]]; ok {
				merges = append(merges, Merge{left, right, id})
			}
		}
	}
	t := emptyPairTable(len(merges), highest)
	for _, m := range merges {
		t.set(m, int(m.ID))
	}
	return t
}

func emptyPairTable(pairs, ranks int) pairTable {
	n := bits.Len(uint(2*pairs + 1))
	t := pairTable{make([]uint64, 1<<n), uint(64 - n), make([]int32, ranks)}
	for i := range t.slots {
		t.slots[i] = freeSlot
	}
	return t
}

func (t *pairTable) set(m Merge, rank int) {
	*t.slot(pairKey(m.Left, m.Right)) = pairKey(m.Left, m.Right)<<rankBits | uint64(rank)
	t.product[rank] = m.ID
}

func pairKey(left, right int32) uint64 { return uint64(left)<<idBits | uint64(right) }

// slot returns the slot of a pair, or the free one where it would be.
func (t *pairTable) slot(key uint64) *uint64 {
	h := key * 0x9E3779B97F4A7C15
	for i := h >> t.shift; ; i = (i + 1) & uint64(len(t.slots)-1) {
		if s := &t.slots[i]; *s>>rankBits == key || *s == freeSlot {
			return s
		}
	}
}

// rank returns the rank of a pair, or noRank: the low bits of a free slot.
func (t *pairTable) rank(left, right int32) int32 {
	return int32(*t.slot(pairKey(left, right)) & noRank)
}

// shortPiece is the number of bytes of a piece that is merged at once.
const shortPiece = 64

// merge appends the tokens of one piece: byte-pair encoding (Sennrich, Haddow
// and Birch 2016, algorithm 1, applied to bytes) as HF's BPE model does it:
// of all pairs that have a merge the one of lowest rank is joined, of equal
// ones the leftmost, until none is left.
func (t *BPE) merge(dst []int32, piece string) []int32 {
	if len(piece) <= shortPiece {
		return t.mergeShort(dst, piece)
	}
	return t.mergeLong(dst, piece)
}

// A part is a token and the rank of its merge with the next one.
type part struct{ id, rank int32 }

// mergeShort is merge in time that grows with the square of the length.
func (t *BPE) mergeShort(dst []int32, piece string) []int32 {
	switch n := len(piece); {
	case n <= 16: // most pieces: less to clear
		var buf [16]part
		return t.mergeIn(dst, piece, buf[:n])
	case n <= shortPiece:
		var buf [shortPiece]part
		return t.mergeIn(dst, piece, buf[:n])
	default:
		return t.mergeIn(dst, piece, make([]part, n))
	}
}

func (t *BPE) mergeIn(dst []int32, piece string, parts []part) []int32 {
	for i := range parts {
		parts[i].id = t.byteID[piece[i]]
	}
	for i := range parts {
		if i+1 < len(parts) {
			parts[i].rank = t.pairs.rank(parts[i].id, parts[i+1].id)
		} else {
			parts[i].rank = noRank
		}
	}
	for {
		best, at := int32(noRank), 0
		for i := range parts {
			if r := parts[i].rank; r < best {
				best, at = r, i
			}
		}
		if best == noRank {
			break
		}
		whole := t.pairs.product[best]
		n := copy(parts[at+1:], parts[at+2:])
		parts = parts[:at+1+n]
		parts[at] = part{whole, noRank}
		if n > 0 {
			parts[at].rank = t.pairs.rank(whole, parts[at+1].id)
		}
		if at > 0 {
			parts[at-1].rank = t.pairs.rank(parts[at-1].id, whole)
		}
	}
	for _, p := range parts {
		dst = append(dst, p.id)
	}
	return dst
}

// mergeLong is merge in time that grows with the length, and with hardly any
// memory besides the result. It goes through the piece in short windows and
// relies on this: a sequence of tokens is the encoding of its text if, and
// only if, each two neighbors are the encoding of theirs. (Before the first
// merge across any of the boundaries all parts develop as they do alone. So
// the first such merge in the whole would also happen in the text of the two
// neighbors alone, and the other way round.)
//
// A window begins with the last few tokens so far, whose right-hand context
// was cut off, and is encoded anew with the text that follows. If its first
// token and the one before the window go together, the whole is right; else
// the window begins further back. It takes in as much new text as it goes
// back, so that going back far costs no more than a constant factor.
func (t *BPE) mergeLong(dst []int32, piece string) []int32 {
	const again = 3 // tokens encoded anew
	var buf [shortPiece]int32
	first := len(dst)
	for done := 0; done < len(piece); {
		for back := again; ; back *= 2 {
			cut := max(first, len(dst)-back)
			from := done
			for _, id := range dst[cut:] {
				from -= t.size(id)
			}
			to := min(len(piece), max(from+shortPiece, done+(done-from)))
			window := t.mergeShort(buf[:0], piece[from:to])
			if cut == first || t.neighbors(dst[cut-1], window[0], piece, from) {
				dst = append(dst[:cut], window...)
				done = to
				break
			}
		}
	}
	return dst
}

// size returns the number of bytes of a token of the model.
func (t *BPE) size(id int32) int { return utf8.RuneCountInString(t.tokens[id]) }

// neighbors reports whether the text of two tokens, which meet at piece[at],
// is encoded as these two.
func (t *BPE) neighbors(left, right int32, piece string, at int) bool {
	text := piece[at-t.size(left) : at+t.size(right)]
	var buf [shortPiece]int32
	ids := t.mergeShort(buf[:0], text)
	return len(ids) == 2 && ids[0] == left && ids[1] == right
}
