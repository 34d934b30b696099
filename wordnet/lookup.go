package wordnet

import "iter"

// All returns every synset: those of the adjective file (plain and satellite
// mixed), then adverbs, nouns and verbs, each in the order of its file. With
// parts of speech, only those, one after the other; Adj gives satellites as
// well and AdjSat only them.
func (db *DB) All(pos ...POS) iter.Seq[Synset] {
	if len(pos) == 0 {
		return func(yield func(Synset) bool) {
			for id := range uint32(len(db.synOff)) {
				if !yield(Synset{db, id}) {
					return
				}
			}
		}
	}
	return db.allOf(pos)
}

func (db *DB) allOf(pos []POS) iter.Seq[Synset] {
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

// SynsetAt returns the synset whose record begins at a byte of the data file
// of a part of speech, in the edition that was opened.
func (db *DB) SynsetAt(pos POS, offset int) (Synset, bool) {
	p, ok := partOf(pos)
	if !ok || offset < 0 || int64(offset) > maxFile {
		return Synset{}, false
	}
	id, ok := db.at(p, uint32(offset))
	if !ok || pos == AdjSat && db.synPOS[id] != AdjSat {
		return Synset{}, false
	}
	return Synset{db, id}, true
}
