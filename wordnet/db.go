package wordnet

import (
	"hash/maphash"
	"math/bits"
	"slices"

	"github.com/semamap/semamap/wordnet/internal/compact"
)

// A DB is an opened WordNet database. It does not change after [Open] and is
// safe for use by any number of goroutines.
type DB struct {
	// Everything lies in arrays. A synset is its place in the order of All: the
	// records of data.adj, data.adv, data.noun and data.verb one after the
	// other. A lemma (a word of a synset) is its place in the same order.

	version string
	compat  compat
	noRoot  bool

	// Spellings. The first len(lemMask) are the lemmas of the index files, in
	// lower case, in the order of their first appearance there; the rest are
	// spellings of words that differ from their lemma.
	text    string
	spOff   []uint32 // where each spelling begins in text; one more for the end
	capOf   []uint32 // the lemma of each spelling from len(lemMask) on
	table   []uint32 // hash table: lemmas
	tags    []uint8  // a byte of the hash of each lemma there, 0 for an empty place
	seed    maphash.Seed
	longest int // bytes of the longest lemma

	// Lemmas of the index files, and their entries: one for each part that
	// lists the lemma, in the order of the parts.
	lemMask  []uint8  // bit p is set if part p lists the lemma
	lemEntry []uint32 // first entry, and the bits of lemMask below it: a search looks at one place
	entSense []uint32 // first sense of an entry in senses; one more for the end
	senses   []uint32 // synsets in the order of sense numbers

	// Synsets. first[p] is the first synset of part p; first[parts] their number.
	first   [parts + 1]uint32
	synOff  []uint32 // position in the data file
	synLex  []uint8  // lexicographer file
	synPOS  []POS
	synNum  []uint16 // number within the name
	synWord []uint32 // first word; one more for the end

	// Words.
	wordSpell []uint32 // spelling
	wordSyn   []uint32 // synset
	wordSense []uint16 // sense number, from 1
	wordLex   []uint8  // lex_id
	wordMark  []uint16 // into markers; 0 is none
	markers   []string
	count     []uint32 // tag counts; nil if unknown
	missed    []uint32 // words with a count that NLTK does not see, ascending

	// Pointers between synsets, of each synset by relation, then by name.
	semStart  []uint32 // first of a synset; one more for the end
	semTarget []uint32
	semRel    []uint8 // Relation; bytes so that a search is one instruction

	// Pointers between words, of each synset in the order of the file.
	lexStart  []uint32
	lexTarget []uint32 // a word
	lexRel    []Relation
	lexSource []uint8 // word of the synset, from 0

	// Verb frames.
	frStart []uint32
	frames  []frame

	// Hypernyms and then instance hypernyms of each synset, and depths.
	hypStart           []uint32
	hyper              []uint32
	minDepth, maxDepth []uint32
	cyclic             []uint64 // bit set of the synsets that reach a cycle
	deepest            [AdjSat + 1]uint32

	exc      map[string][parts]string // form to its bases, blank between them
	excSeen  [1 << 10]uint64          // bit set of the hashes of the forms; most words are none
	lexNames []string

	// Glosses, in pieces or packed; nil without.
	glosses    *compact.Glosses
	glossText  []string
	glossFirst []uint32 // first synset of each piece
	glossAt    []uint32 // of each synset, within its piece
	hasGlosses bool

	// What Problems returns.
	problems []problem
}

// Version returns the release that the license in the files states, such as
// "3.0", or "" if it states none.
func (db *DB) Version() string { return db.version }

// Len returns the number of synsets.
func (db *DB) Len() int { return len(db.synOff) }

func (db *DB) spelling(i uint32) string { return db.text[db.spOff[i]:db.spOff[i+1]] }

func (db *DB) lemmas() uint32 { return uint32(len(db.lemMask)) }

// lemmaOfWord returns the index lemma of a word.
func (db *DB) lemmaOfWord(w uint32) uint32 {
	s := db.wordSpell[w]
	if n := db.lemmas(); s >= n {
		return db.capOf[s-n]
	}
	return s
}

// lookup returns the number of an index lemma.
func (db *DB) lookup(lemma string) (uint32, bool) {
	if len(lemma) > db.longest {
		return 0, false
	}
	return probe(db.table, db.tags, db.text, db.spOff, maphash.String(db.seed, lemma), lemma)
}

func (db *DB) lookupBytes(lemma []byte) (uint32, bool) {
	if len(lemma) > db.longest {
		return 0, false
	}
	return probe(db.table, db.tags, db.text, db.spOff, maphash.Bytes(db.seed, lemma), lemma)
}

// spell gives each of some words, which has its lemma so far, a spelling of its
// own after those of the lemmas.
func (db *DB) spell(words []int) {
	db.capOf = make([]uint32, len(words))
	for i, w := range words {
		db.capOf[i] = db.wordSpell[w]
		db.wordSpell[w] = db.lemmas() + uint32(i)
	}
}

// numberEntries numbers the entries of all lemmas and returns how many they are.
func (db *DB) numberEntries() uint32 {
	db.lemEntry = make([]uint32, len(db.lemMask))
	n := uint32(0)
	for l, mask := range db.lemMask {
		db.lemEntry[l] = n<<parts | uint32(mask)
		n += uint32(bits.OnesCount8(mask))
	}
	return n
}

// lists reports whether a part lists a lemma.
func (db *DB) lists(lemma uint32, p part) bool { return db.lemEntry[lemma]>>p&1 != 0 }

// entryOf returns the entry of a lemma in a part, which must list it.
func (db *DB) entryOf(lemma uint32, p part) uint32 {
	e := db.lemEntry[lemma]
	return e>>parts + uint32(bits.OnesCount32(e&(1<<p-1)))
}

// entryRange returns where its senses are.
func (db *DB) entryRange(lemma uint32, p part) (from, to uint32) {
	e := db.entryOf(lemma, p)
	return db.entSense[e], db.entSense[e+1]
}

// entry returns the senses of a lemma in a part.
func (db *DB) entry(lemma uint32, p part) []uint32 {
	if !db.lists(lemma, p) {
		return nil
	}
	from, to := db.entryRange(lemma, p)
	return db.senses[from:to]
}

// at returns the synset of a part whose record begins at a byte.
func (db *DB) at(p part, off uint32) (uint32, bool) {
	from, to := db.first[p], db.first[p+1]
	i, found := slices.BinarySearch(db.synOff[from:to], off)
	return from + uint32(i), found
}
