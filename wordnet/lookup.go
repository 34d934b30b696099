package wordnet

import "iter"

// All returns all synsets: adjectives (plain ones and satellites mixed),
// adverbs, nouns and verbs, each in the order of its file. If parts of speech
// are given, it returns only these, one after the other. Adj includes
// satellites; AdjSat means only satellites.
func (db *DB) All(pos ...POS) iter.Seq[Synset] {
	if len(pos) == 0 {
		pos = partPOS[:]
	}
	return func(yield func(Synset) bool) {
		for _, want := range pos {
			p, ok := partOf(want)
			if !ok {
				continue
			}
			for id := db.first[p]; id < db.first[p+1]; id++ {
				if want == AdjSat && db.synPOS[id] != AdjSat {
					continue
				}
				if !yield(Synset{db, id}) {
					return
				}
			}
		}
	}
}

// LemmaNames returns all lemmas of the index files, each once and in lower case,
// in the order of their first appearance in index.adj, index.adv, index.noun and
// index.verb. If parts of speech are given, it returns only the lemmas in their
// index files. AdjSat means the same as Adj.
func (db *DB) LemmaNames(pos ...POS) iter.Seq[string] {
	want := uint8(1<<parts - 1)
	if len(pos) > 0 {
		want = 0
		for _, q := range pos {
			if p, ok := partOf(q); ok {
				want |= 1 << p
			}
		}
	}
	return func(yield func(string) bool) {
		for i, mask := range db.lemMask {
			if mask&want != 0 && !yield(db.spelling(uint32(i))) {
				return
			}
		}
	}
}

// SynsetAt returns the synset whose record begins at a byte offset of the data
// file of a part of speech; see [Synset.Offset]. Adj also finds satellites;
// AdjSat finds only satellites.
func (db *DB) SynsetAt(pos POS, offset int) (Synset, bool) {
	p, ok := partOf(pos)
	if !ok || offset < 0 || offset > maxFile {
		return Synset{}, false
	}
	id, ok := db.at(p, uint32(offset))
	if !ok || pos == AdjSat && db.synPOS[id] != AdjSat {
		return Synset{}, false
	}
	return Synset{db, id}, true
}

// Synsets returns the senses of a word, which may be inflected: the senses of
// each of its base forms (see [DB.BaseForms]), in the order of their numbers.
// It searches the given parts of speech in the order given, or else nouns,
// verbs, adjectives and adverbs. Case is ignored. Blanks are not turned into
// '_'.
//
// As in NLTK 3.8, a synset that two base forms share is returned twice, and
// AdjSat also finds plain adjectives; see Settings.NLTK.
func (db *DB) Synsets(word string, pos ...POS) iter.Seq[Synset] {
	return func(yield func(Synset) bool) {
		db.eachSynset(word, pos, yield)
	}
}

// eachSynset yields the synsets of Synsets.
func (db *DB) eachSynset(word string, pos []POS, yield func(Synset) bool) {
	if len(pos) == 0 {
		pos = searchOrder[:]
	}
	var buf [8]uint32
	f := db.former(lower(word))
	for _, q := range pos {
		p, ok := partOf(q)
		if !ok {
			continue
		}
		apart := q == AdjSat && db.compat.satellitesApart()
		for _, l := range f.baseForms(buf[:0], p) {
			for _, id := range db.entry(l, p) {
				if id == noSynset {
					continue // of a damaged database
				}
				if (!apart || db.synPOS[id] == AdjSat) && !yield(Synset{db, id}) {
					return
				}
			}
		}
	}
}

// Lemmas returns the lemmas with the name word, one for each sense, in the
// order of [DB.Synsets]. Case is ignored. A word that is only an inflected form
// has none.
func (db *DB) Lemmas(word string, pos ...POS) iter.Seq[Lemma] {
	return func(yield func(Lemma) bool) {
		want, ok := db.lookup(lower(word))
		if !ok {
			return // no word of any synset is without an entry in the index
		}
		for s := range db.Synsets(word, pos...) {
			for w := db.synWord[s.id]; w < db.synWord[s.id+1]; w++ {
				if db.lemmaOfWord(w) == want && !yield(Lemma{db, w}) {
					return
				}
			}
		}
	}
}
