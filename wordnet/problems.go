package wordnet

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"iter"
	"math"
	"slices"
	"strings"
	"unicode/utf8"
)

// Problems returns what could not be used of the database files, sorted by file
// and line, each with the synset concerned, or with the zero Synset if there is
// none.
//
// Without Settings.Lenient, these are pointers with the symbols of another
// wordnet, and words in parentheses that the index does not list. With
// Settings.Lenient, they are also all damage. Only the errors of damage wrap
// [ErrSyntax].
func (db *DB) Problems() iter.Seq2[Synset, error] {
	return func(yield func(Synset, error) bool) {
		for _, p := range db.problems {
			s := Synset{db, p.synset}
			if p.synset == noSynset {
				s = Synset{}
			}
			if !yield(s, p.err) {
				return
			}
		}
	}
}

// A problem is a place in the files that could not be used.
type problem struct {
	synset uint32 // or noSynset
	err    error
}

// maxProblems bounds the memory that a file of rubbish takes.
const maxProblems = 100_000

// An oddPointer is a pointer with a symbol that is not WordNet's.
type oddPointer struct {
	synset int    // of the chunk
	text   string // as in the file
}

// An oddity is a place that is not understood but not damaged either.
type oddity struct{ syntaxError }

func (e *oddity) Unwrap() error { return e.err }

// note notes a problem. Only one goroutine does at a time, so that the order
// does not depend on timing: in blocks that are parsed in parallel only damage
// is found, and a damaged database is not read in parallel.
func (b *builder) note(synset uint32, err error) {
	if len(b.problems) < maxProblems {
		b.problems = append(b.problems, problem{synset, err})
	} else {
		b.more++
	}
}

// odd notes that a line of a file is not understood.
func (b *builder) odd(synset uint32, file string, line int, err error) {
	b.note(synset, &oddity{syntaxError{file, line, err}})
}

// forgive returns an error, or notes it and returns nil if the database is to
// be opened in spite of it.
func (b *builder) forgive(err error) error { return b.forgiveAt(noSynset, err) }

func (b *builder) forgiveAt(synset uint32, err error) error {
	if err == nil || !b.lenient {
		return err
	}
	b.note(synset, err)
	return nil
}

// sorted returns the problems, sorted by file and line.
func (b *builder) sorted() []problem {
	place := func(p problem) (string, int) {
		switch e := p.err.(type) {
		case *syntaxError:
			return e.file, e.line
		case *oddity:
			return e.file, e.line
		}
		return "", 0
	}
	slices.SortStableFunc(b.problems, func(x, y problem) int {
		fx, lx := place(x)
		fy, ly := place(y)
		return cmp.Or(strings.Compare(fx, fy), cmp.Compare(lx, ly))
	})
	if b.more > 0 {
		b.problems = append(b.problems, problem{noSynset, fmt.Errorf("%w: %d more problems", ErrSyntax, b.more)})
	}
	return b.problems
}

// parallel is parallel for a database that is not damaged. One that may be is
// read in order.
func (b *builder) parallel(fs ...func() error) error {
	if !b.lenient {
		return parallel(fs...)
	}
	for _, f := range fs {
		if err := f(); err != nil {
			return err
		}
	}
	return nil
}

// readOptional reads a file of lines. One that is absent, empty or blank is "".
func (b *builder) readOptional(name string) (string, error) {
	if b.lenient {
		return string(b.readDamaged(name, true)), nil
	}
	text, err := readText(b.fsys, name)
	if errors.Is(err, fs.ErrNotExist) || errors.Is(err, errEmpty) {
		return "", nil
	}
	if strings.TrimSpace(text) == "" {
		text = ""
	}
	return text, err
}

// readDamaged reads as much of a file of lines as can be read and notes what is
// wrong with it. Bytes that are not UTF-8 become '?'.
func (b *builder) readDamaged(name string, optional bool) []byte {
	fail := func(line int, err error) { b.note(noSynset, &syntaxError{name, line, err}) }
	f, err := b.fsys.Open(name)
	if err != nil {
		if !optional || !errors.Is(err, fs.ErrNotExist) {
			fail(0, err)
		}
		return nil
	}
	defer f.Close()
	text, err := io.ReadAll(io.LimitReader(f, maxFile))
	if err != nil {
		fail(0, fmt.Errorf("after %d bytes: %w", len(text), err))
	}
	if len(bytes.TrimSpace(text)) == 0 {
		if !optional {
			fail(0, errEmpty)
		}
		return nil
	}
	if text[len(text)-1] != '\n' {
		fail(bytes.Count(text, newline)+1, errTruncated)
		text = append(text, '\n')
	}
	if !utf8.Valid(text) {
		line, noted := 1, 0
		for i := 0; i < len(text); {
			r, n := utf8.DecodeRune(text[i:])
			if r == utf8.RuneError && n == 1 {
				text[i] = '?'
				if noted != line {
					fail(line, errUTF8)
				}
				noted = line
			} else if r == '\n' {
				line++
			}
			i += n
		}
	}
	return text
}

// eachFile is eachBlock for a database that may be damaged: a block is a whole
// file.
func eachFile[T any](b *builder, names [parts]string, parse func(block) (*T, error)) ([]*T, error) {
	var made []*T
	for p, name := range names {
		if text := b.readDamaged(name, false); len(text) > 0 {
			c, err := parse(block{part: part(p), file: name, text: text})
			if err != nil {
				return nil, err
			}
			made = append(made, c)
		}
	}
	return made, nil
}

// An offsetKey is the offset that is chosen for a record at a byte of the file.
type offsetKey struct {
	at, said int32
	key      int32 // or -1
}

// offsetKeys chooses an offset for each record of a data file that may be
// damaged. That is where the line begins or, where the record says otherwise,
// what it says, since pointers and the index say the same: unless the offsets
// would not ascend then. It is -1 where neither will do.
func offsetKeys(text []byte) []offsetKey {
	var keys []offsetKey
	for at := 0; at < len(text); at += bytes.IndexByte(text[at:], '\n') + 1 {
		if field, _, ok := bytes.Cut(text[at:min(at+9, len(text))], []byte{' '}); ok && len(field) == 8 {
			if said, ok := decimal(field); ok {
				keys = append(keys, offsetKey{at: int32(at), said: int32(said)})
			}
		}
	}
	// What an offset must be below: the next one that is surely right.
	below := int32(math.MaxInt32)
	for i, k := range slices.Backward(keys) {
		keys[i].key = below
		if k.said == k.at {
			below = k.at
		}
	}
	last := int32(-1)
	for i := range keys {
		k := &keys[i]
		switch below := k.key; {
		case last < k.said && k.said < below:
			k.key, last = k.said, k.said
		case last < k.at && k.at < below:
			k.key, last = k.at, k.at
		default:
			k.key = -1
		}
	}
	return keys
}

// place checks the offset of a record at a byte of the file. In a damaged file
// it gives the record the offset that was chosen for it.
func (c *dataChunk) place(b *builder, y *rawSynset, at int, crlf bool) error {
	shift := int(y.offset) - at
	err := fmt.Errorf("offset %08d, but the line begins at byte %d", y.offset, at)
	if crlf {
		err = fmt.Errorf("%w: line ends are CRLF, which moves the records; unpack the files anew, or turn CRLF into LF", err)
	}
	if !b.lenient {
		return err
	}
	if shift != 0 && shift != c.shift && !(crlf && c.shift != 0) {
		b.note(noSynset, c.fault(len(c.synsets), err))
	}
	c.shift = shift
	for len(c.keys) > 0 && int(c.keys[0].at) < at {
		c.keys = c.keys[1:]
	}
	if len(c.keys) == 0 || int(c.keys[0].at) > at || c.keys[0].key < 0 {
		return fmt.Errorf("offset %08d is out of order", y.offset)
	}
	y.offset = uint32(c.keys[0].key)
	return nil
}

// unmark finds a word of a synset that is a lemma of the index if what looks
// like its marker is a part of it, as in iron(II).
func (b *builder) unmark(id, lemma uint32, sense uint16) (found bool) {
	db := b.db
	for w := db.synWord[id]; w < db.synWord[id+1]; w++ {
		mark := db.markers[db.wordMark[w]]
		if mark == "" || db.wordSense[w] != 0 || string(b.lemma(w))+lower(mark) != db.spelling(lemma) {
			continue
		}
		db.wordSpell[w], db.wordSense[w], db.wordMark[w] = lemma, sense, 0
		b.mu.Lock()
		if b.tail == nil {
			b.tail = map[uint32]string{}
		}
		b.tail[w] = mark
		b.mu.Unlock()
		found = true
	}
	return found
}

// listAgain reports whether a synset that the index lists for a lemma again has
// the lemma. If two of its words have it, such as baroque and Baroque, the second
// gets the second number.
func (b *builder) listAgain(id uint32, lemma string, sense uint16) (found bool) {
	db := b.db
	last := uint16(0)
	for w := db.synWord[id]; w < db.synWord[id+1]; w++ {
		if db.wordSense[w] == 0 || string(b.lemma(w)) != lemma {
			continue
		}
		if db.wordSense[w] == last {
			db.wordSense[w] = sense
			return true
		}
		last, found = db.wordSense[w], true
	}
	return found
}

// enterUnlisted enters the words that the index does not list after the other
// senses of their lemmas.
func (b *builder) enterUnlisted() error {
	db := b.db
	var words []uint32
	for w, sense := range db.wordSense {
		if sense != 0 {
			continue
		}
		word := uint32(w)
		words = append(words, word)
		lemma, err := b.lemma(word), b.unlisted(word)
		if lemma[0] == '(' && lemma[len(lemma)-1] == ')' {
			b.odd(db.wordSyn[w], err.file, err.line, err.err)
		} else if err := b.forgiveAt(db.wordSyn[w], err); err != nil {
			return err
		}
	}
	type entry struct {
		lemma uint32
		part  part
	}
	more := map[entry][]uint32{}
	was := &DB{lemMask: slices.Clone(db.lemMask), lemEntry: db.lemEntry, entSense: db.entSense, senses: db.senses}
	for _, w := range words {
		e := entry{b.x.add(b.lemma(w)), db.partOf(db.wordSyn[w])}
		b.x.mask[e.lemma] |= 1 << e.part
		more[e] = append(more[e], w)
	}
	b.adopt()
	db.entSense = make([]uint32, 1, db.numberEntries()+1)
	db.senses = make([]uint32, 0, len(was.senses)+len(words))
	for l, mask := range db.lemMask {
		for p := range part(parts) {
			if mask&(1<<p) == 0 {
				continue
			}
			from := len(db.senses)
			if l < len(was.lemMask) {
				db.senses = append(db.senses, was.entry(uint32(l), p)...)
			}
			for _, w := range more[entry{uint32(l), p}] {
				if db.senses = append(db.senses, db.wordSyn[w]); len(db.senses)-from > 0xFFFF {
					return b.unlisted(w)
				}
				db.wordSpell[w], db.wordSense[w] = uint32(l), uint16(len(db.senses)-from)
			}
			db.entSense = append(db.entSense, uint32(len(db.senses)))
		}
	}
	return nil
}

// partOf returns the part of a synset.
func (db *DB) partOf(id uint32) part {
	p := part(0)
	for id >= db.first[p+1] {
		p++
	}
	return p
}
