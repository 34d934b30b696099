package lemma

import "github.com/pkoukk/tiktoken-go"

// WithOwnMerge has every piece merged by this package itself: the same ids,
// and text that is new takes less time (see the package's documentation).
func WithOwnMerge() Option { return func(t *BPE) { t.core = nil } }

// newCore makes the BPE core of tiktoken-go with the tokens of the model, or
// returns nil if it would not give the merges of the model.
//
// Tiktoken knows no merges. It joins those two neighbours whose joint text is
// the token of the lowest rank, here id, of equal ones the leftmost. That is
// the same as merging, for any text, if
//
//   - the ids of the products rise with the ranks of the merges, so that no
//     token is made by two merges and the order of both rules is one, and
//   - each product is the encoding, by merging, of its own text.
//
// For suppose tiktoken joins A and B to T where no merge does, and that this
// is the first time. All joins before it were merges, and those within the
// text of T went as they would have gone if that text had stood alone, since
// none crossed its ends. So merging, too, would come from the text of T to A
// and B, and could not go on to T. And a pair that has a merge is always one
// that tiktoken joins, in its turn.
//
// Tokens that no merge makes are left out. Nothing of text but whole pieces
// comes to the core: its pattern takes each as one.
func (t *BPE) newCore() *tiktoken.Tiktoken {
	_, merges := t.pairs.merges()
	ranks := make(map[string]int, 256+len(merges))
	for b, id := range t.byteID {
		if id >= 0 {
			ranks[string([]byte{byte(b)})] = int(id)
		}
	}
	last := int32(-1)
	var text []byte
	var ids []int32
	for _, m := range merges {
		var ok bool
		if text, ok = fromByteLevel(text[:0], t.tokens[m.ID]); !ok || m.ID <= last {
			return nil
		}
		last = m.ID
		s := string(text)
		if ids = t.merge(ids[:0], s); len(ids) != 1 || ids[0] != m.ID {
			return nil
		}
		ranks[s] = int(m.ID)
	}
	const whole = `[\s\S]+`
	core, err := tiktoken.NewCoreBPE(ranks, map[string]int{}, whole)
	if err != nil {
		return nil
	}
	return tiktoken.NewTiktoken(core, &tiktoken.Encoding{PatStr: whole, MergeableRanks: ranks}, nil)
}
