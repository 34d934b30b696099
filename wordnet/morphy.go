package wordnet

import (
	"hash/maphash"
	"iter"
	"maps"
	"slices"
	"strings"
	"unicode/utf8"
)

// A suffixRule replaces an ending. What is left is given as the number of
// bytes to strip and the bytes to add; every ending that grows back from its
// own letters ("ses" to "s") strips only.
type suffixRule struct {
	old   string
	strip int
	add   string
}

// The rules of detachment of morphy(7WN), in NLTK's order.
var suffixRules = [parts][]suffixRule{
	partNoun: {
		{"s", 1, ""}, {"ses", 2, ""}, {"ves", 3, "f"}, {"xes", 2, ""}, {"zes", 2, ""},
		{"ches", 2, ""}, {"shes", 2, ""}, {"men", 2, "an"}, {"ies", 3, "y"},
	},
	partVerb: {
		{"s", 1, ""}, {"ies", 3, "y"}, {"es", 1, ""}, {"es", 2, ""},
		{"ed", 1, ""}, {"ed", 2, ""}, {"ing", 3, "e"}, {"ing", 3, ""},
	},
	partAdj: {{"er", 2, ""}, {"est", 3, ""}, {"er", 1, ""}, {"est", 2, ""}},
}

// lastLetters are those of the endings that the rules replace.
var lastLetters = [parts]string{partNoun: "sn", partVerb: "sdg", partAdj: "rt"}

// A stem is a form reached by rules: the first n bytes of the word and an
// ending. No rule applies to a form with an ending of its own: no old ending
// fits a word in -f, -an, -y or -e.
type stem struct {
	n   int
	add string
}

// A former finds the base forms of a word.
type former struct {
	db    *DB
	form  string
	lemma uint32
	known bool          // whether form itself is lemma
	exc   [parts]string // bases from the lists of exceptions

	cut struct { // the last answer about the form without its end: two parts ask for it
		n     int
		lemma uint32
		known bool
	}
}

func (db *DB) former(form string) former {
	f := former{db: db, form: form}
	h := maphash.String(db.seed, form)
	if db.excSeen[h/64%uint64(len(db.excSeen))]>>(h%64)&1 != 0 {
		f.exc = db.exc[form]
	}
	if len(form) <= db.longest {
		f.lemma, f.known = probe(db.table, db.tags, db.text, db.spOff, h, form)
	}
	return f
}

// noteExceptions makes excSeen.
func (db *DB) noteExceptions() {
	for form := range db.exc {
		h := maphash.String(db.seed, form)
		db.excSeen[h/64%uint64(len(db.excSeen))] |= 1 << (h % 64)
	}
}

func (f *former) lookup(s stem) (uint32, bool) {
	if s.add == "" || s.n > f.db.longest {
		if f.cut.n != s.n {
			f.cut.n = s.n
			f.cut.lemma, f.cut.known = f.db.lookup(f.form[:s.n])
		}
		return f.cut.lemma, f.cut.known
	}
	var buf [128]byte
	return f.db.lookupBytes(append(append(buf[:0], f.form[:s.n]...), s.add...))
}

// baseForms appends the index lemmas of the base forms for a part of speech,
// without duplicates.
func (f *former) baseForms(dst []uint32, p part) []uint32 {
	db, from := f.db, len(dst)
	add := func(lemma uint32) {
		if db.lists(lemma, p) && !slices.Contains(dst[from:], lemma) {
			dst = append(dst, lemma)
		}
	}
	if f.known {
		add(f.lemma)
	}
	if bases := f.exc[p]; bases != "" {
		for bases != "" {
			var base string
			base, bases, _ = strings.Cut(bases, " ")
			if l, ok := db.lookup(base); ok {
				add(l)
			}
		}
		return dst
	}
	if f.form == "" || strings.IndexByte(lastLetters[p], f.form[len(f.form)-1]) < 0 {
		return dst // no rule fits
	}
	var two [2][8]stem // what one round of rules made of the one before
	now, next := append(two[0][:0], stem{n: len(f.form)}), two[1][:0]
	for len(now) > 0 {
		next = next[:0]
		for _, s := range now {
			if s.add != "" {
				continue
			}
			for _, r := range suffixRules[p] {
				if !strings.HasSuffix(f.form[:s.n], r.old) {
					continue
				}
				t := stem{s.n - r.strip, r.add}
				if slices.Contains(next, t) {
					continue
				}
				next = append(next, t)
				if l, ok := f.lookup(t); ok {
					add(l)
				}
			}
		}
		if len(dst) > from || db.compat.oneSuffix() {
			return dst
		}
		now, next = next, now
	}
	return dst
}

// BaseForms returns the base forms that morphy finds for a word and a part of
// speech: those in the index, in NLTK's order and without duplicates. For an
// irregular form (see [DB.Exceptions]) the candidates are the form itself and
// its listed bases; no rules are applied, even if none is in the index. For
// other words they are the word itself and the results of stripping one ending.
// If none of these is in the index, more endings are stripped until one is (see
// Settings.NLTK). Case matters.
func (db *DB) BaseForms(form string, pos POS) []string {
	p, ok := partOf(pos)
	if !ok {
		return nil
	}
	var forms []string
	var buf [8]uint32
	f := db.former(form)
	for _, l := range f.baseForms(buf[:0], p) {
		forms = append(forms, db.spelling(l))
	}
	return forms
}

// Morphy returns the first base form of a word, and whether there is one. It
// searches the given parts of speech in the order given, or else nouns, verbs,
// adjectives and adverbs.
func (db *DB) Morphy(form string, pos ...POS) (string, bool) {
	if len(pos) == 0 {
		pos = searchOrder[:]
	}
	var buf [8]uint32
	f := db.former(form)
	for _, q := range pos {
		if p, ok := partOf(q); ok {
			if l := f.baseForms(buf[:0], p); len(l) > 0 {
				return db.spelling(l[0]), true
			}
		}
	}
	return "", false
}

// Lemmatize returns the shortest base form of a word (see [DB.BaseForms]), the
// first of equals, or the word itself if it has none. It searches the given
// parts of speech, or else nouns only, as NLTK's WordNetLemmatizer does.
func (db *DB) Lemmatize(word string, pos ...POS) string {
	if len(pos) == 0 {
		pos = searchOrder[:1] // nouns
	}
	var buf [8]uint32
	f := db.former(word)
	best, least := word, -1
	for _, q := range pos {
		p, ok := partOf(q)
		if !ok {
			continue
		}
		for _, l := range f.baseForms(buf[:0], p) {
			form := db.spelling(l)
			if n := utf8.RuneCountInString(form); least < 0 || n < least {
				best, least = form, n
			}
		}
	}
	return best
}

// Exceptions returns the irregular forms of a part of speech, sorted, each with
// its base forms.
func (db *DB) Exceptions(pos POS) iter.Seq2[string, []string] {
	return func(yield func(string, []string) bool) {
		p, ok := partOf(pos)
		if !ok {
			return
		}
		for _, form := range slices.Sorted(maps.Keys(db.exc)) {
			if bases := db.exc[form][p]; bases != "" && !yield(form, strings.Fields(bases)) {
				return
			}
		}
	}
}
