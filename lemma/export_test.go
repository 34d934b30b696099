package lemma

// HasCore reports whether tiktoken-go encodes pieces that are new.
func (t *BPE) HasCore() bool { return t.core != nil && t.core() != nil }
