package wordnet

import (
	"bytes"
	"cmp"
	"encoding/binary"
	"fmt"
	"io/fs"
	"maps"
	"path"
	"regexp"
	"slices"
	"strings"
	"sync"
)

// A builder makes a DB of database files.
type builder struct {
	db      *DB
	fsys    fs.FS
	dir     string
	glosses bool
	lenient bool

	problems []problem
	more     int // problems that are not in the list
	mu       sync.Mutex

	x     *lexicon
	index []*indexBlock
	chunk []*dataChunk

	bucket   [parts][]uint32 // first synset at or after each 1<<bucketBits bytes
	lemmas   []byte          // of the words, end to end
	lemmaEnd []uint32        // one more in front
	prefix   []uint64        // the first bytes of each synset's name

	tail map[uint32]string // the end of words that looks like a marker

	at, sem, lex uint32 // synsets whose pointers are in place, and those pointers
}

const (
	bucketBits = 7
	noSynset   = ^uint32(0)
)

func (b *builder) file(name string) string { return path.Join(b.dir, name) }

// files returns the names of four files.
func (b *builder) files(before, after string) (names [parts]string) {
	for p, name := range partNames {
		names[p] = b.file(before + name + after)
	}
	return names
}

// readFiles reads a folder of database files: index files and data files in
// blocks, each by itself, then what needs both.
func (db *DB) readFiles(fsys fs.FS, dir string, set *Settings) error {
	b := &builder{db: db, fsys: fsys, dir: dir, glosses: !set.NoGlosses, lenient: set.Lenient}
	text, err := b.readOptional(b.file("lexnames"))
	if err != nil {
		return err
	}
	db.lexNames, err = parseLexNames(b.file("lexnames"), text)
	if err = b.forgive(err); err != nil {
		return err
	}
	if db.lexNames == nil {
		db.lexNames = lexNames[:]
	}
	var dataErr error
	err = b.parallel(func() (err error) {
		b.index, err = eachBlock(b, b.files("index.", ""), 256<<10, b.parseIndex)
		return err
	}, func() error {
		b.chunk, dataErr = eachBlock(b, b.files("data.", ""), blockSize, b.parseData)
		return nil
	})
	if err := b.parallel(func() error {
		if e := b.enterIndex(); e != nil {
			return e
		}
		return err
	}, b.readExceptions, func() error {
		if dataErr != nil {
			return dataErr
		}
		return b.join()
	}); err != nil {
		return err
	}
	if err := b.resolve(); err != nil {
		return err
	}
	if err := b.checkSwapped(); err != nil {
		return err
	}
	// Those of adjectives first, since a sense key may name a head.
	adj, tagged := 0, 0
	for adj < len(b.chunk) && b.chunk[adj].part == partAdj {
		adj++
	}
	for _, c := range b.index {
		tagged += c.tagged
	}
	if err := b.point(b.chunk[:adj]); err != nil {
		return err
	}
	err = b.parallel(func() error {
		if err := b.point(b.chunk[adj:]); err != nil {
			return err
		}
		db.link()
		return nil
	}, func() error {
		// The two files say the same, but index.sense is eight times as long.
		for _, name := range []string{"cntlist.rev", "index.sense"} {
			text, err := b.readOptional(b.file(name))
			if err != nil {
				return err
			}
			if text != "" {
				return b.readCounts(b.file(name), text, name == "index.sense", tagged)
			}
		}
		return nil
	})
	db.semTarget, db.semRel = db.semTarget[:b.sem], db.semRel[:b.sem]
	db.lexTarget, db.lexRel, db.lexSource = db.lexTarget[:b.lex], db.lexRel[:b.lex], db.lexSource[:b.lex]
	db.problems = b.sorted()
	return err
}

func (b *builder) readExceptions() error {
	b.db.exc = make(map[string][parts]string, 6000) // about as many as WordNet 3.0 has
	for p, name := range b.files("", ".exc") {
		text, err := b.readOptional(name)
		if err != nil {
			return err
		}
		if err := parseExceptions(name, text, part(p), b.db.exc, b.forgive); err != nil {
			return err
		}
	}
	return nil
}

// checkSwapped looks for a list of exceptions whose bases are rather those of
// another part of speech. Nothing else in such a list tells.
func (b *builder) checkSwapped() error {
	db := b.db
	var lines [parts]int
	var hits [parts][parts]int // of each list, how many forms have a base in each part
	for _, e := range db.exc {
		for p, bases := range e {
			if bases == "" {
				continue
			}
			lines[p]++
			mask := uint8(0)
			for base := range strings.FieldsSeq(bases) {
				if l, ok := db.lookup(base); ok {
					mask |= db.lemMask[l]
				}
			}
			for q := range parts {
				hits[p][q] += int(mask >> q & 1)
			}
		}
	}
	for p := range parts {
		for q := range parts {
			if lines[p] >= 20 && hits[p][q] > hits[p][p] {
				err := &syntaxError{file: b.file(partNames[p] + ".exc"), line: 1,
					err: fmt.Errorf("of %d forms %d have a base in index.%s, but %d in index.%s: swapped", lines[p], hits[p][p], partNames[p], hits[p][q], partNames[q])}
				if err := b.forgive(err); err != nil {
					return err
				}
			}
		}
	}
	return nil
}

var versionLine = regexp.MustCompile(`Word[nN]et (\d+\+?|\d+\.\d+) Copyright`)

// versionOf looks for the release in the license lines at the top of a file.
func versionOf(text []byte) string {
	for len(text) > 0 && text[0] == ' ' {
		line, rest, _ := bytes.Cut(text, newline)
		if m := versionLine.FindSubmatch(line); m != nil {
			return string(m[1])
		}
		text = rest
	}
	return ""
}

// enterIndex numbers the lemmas of the index files and gives every entry, which
// is a lemma in one of them, its place in the list of senses.
func (b *builder) enterIndex() error {
	db := b.db
	lines, bytes := 0, 0
	for _, c := range b.index {
		lines += len(c.end)
		bytes += len(c.text)
	}
	// As many again as a third of the lemmas have another spelling in a synset.
	x := newLexicon(lines, lines/2, bytes*3/2)
	b.x = x
	for _, c := range b.index {
		if err := c.enter(b); err != nil {
			return err
		}
	}
	b.adopt()
	db.entSense = make([]uint32, db.numberEntries()+1)
	for _, c := range b.index {
		for i, l := range c.lemma {
			if l == noLemma {
				continue
			}
			db.entSense[db.entryOf(l, c.part)+1] = uint32(len(c.offsets(i)))
		}
	}
	for e := range len(db.entSense) - 1 {
		db.entSense[e+1] += db.entSense[e]
	}
	db.senses = make([]uint32, db.entSense[len(db.entSense)-1])
	return nil
}

// adopt gives the database the lemmas of the lexicon.
func (b *builder) adopt() {
	db, x := b.db, b.x
	db.spOff, db.table, db.tags, db.seed, db.lemMask = x.off, x.table, x.tags, x.seed, x.mask
	db.text, db.longest = x.text.String(), x.longest
}

// join numbers the synsets and words of all chunks.
func (b *builder) join() error {
	db := b.db
	var synsets, words, sem, lex, frames, bytes int
	for _, c := range b.chunk {
		synsets += len(c.synsets)
		words += len(c.words)
		sem += len(c.pointers) - c.lexical
		lex += c.lexical
		frames += len(c.frames)
		bytes += len(c.lemmas)
	}
	db.synOff = make([]uint32, 0, synsets)
	db.synLex = make([]uint8, 0, synsets)
	db.synPOS = make([]POS, 0, synsets)
	db.synNum = make([]uint16, synsets)
	db.synWord = make([]uint32, 0, synsets+1)
	db.frStart = make([]uint32, 0, synsets+1)
	db.semStart = make([]uint32, synsets+1)
	db.lexStart = make([]uint32, synsets+1)
	db.wordSpell = make([]uint32, words)
	db.wordSyn = make([]uint32, 0, words)
	db.wordSense = make([]uint16, words)
	db.wordLex = make([]uint8, 0, words)
	db.wordMark = make([]uint16, 0, words)
	db.semTarget = make([]uint32, sem)
	db.semRel = make([]uint8, sem)
	db.lexTarget = make([]uint32, lex)
	db.lexRel = make([]Relation, lex)
	db.lexSource = make([]uint8, lex)
	db.frames = make([]frame, 0, frames)
	db.markers = []string{""}
	if db.hasGlosses = b.glosses; b.glosses {
		db.glossAt = make([]uint32, 0, synsets)
	}
	b.lemmas = make([]byte, 0, bytes)
	b.lemmaEnd = make([]uint32, 1, words+1)
	fr := 0
	codes := map[string]uint16{}
	for _, c := range b.chunk {
		marks := make([]uint16, 1, 1+len(c.markers))
		for _, m := range c.markers {
			code, ok := codes[m]
			if !ok {
				if len(codes) == maxMarkers {
					return &syntaxError{file: c.file, err: fmt.Errorf("more than %d different markers", maxMarkers)}
				}
				db.markers = append(db.markers, m)
				code = uint16(len(codes) + 1)
				codes[m] = code
			}
			marks = append(marks, code)
		}
		if b.glosses {
			db.glossText = append(db.glossText, c.gloss.String())
			db.glossFirst = append(db.glossFirst, uint32(len(db.synOff)))
		}
		for i := range c.capWord {
			c.capWord[i] += len(db.wordSyn)
		}
		rest := c.words
		for _, y := range c.synsets {
			id := uint32(len(db.synOff))
			db.synOff, db.synLex, db.synPOS = append(db.synOff, y.offset), append(db.synLex, y.lex), append(db.synPOS, y.pos)
			db.synWord, db.frStart = append(db.synWord, uint32(len(db.wordSyn))), append(db.frStart, uint32(fr))
			if b.glosses {
				db.glossAt = append(db.glossAt, y.gloss)
			}
			fr += int(y.frames)
			for _, w := range rest[:y.words] {
				db.wordSyn, db.wordLex, db.wordMark = append(db.wordSyn, id), append(db.wordLex, w.lex), append(db.wordMark, marks[w.mark])
				b.lemmaEnd = append(b.lemmaEnd, uint32(len(b.lemmas))+w.end)
			}
			rest = rest[y.words:]
		}
		db.frames = append(db.frames, c.frames...)
		b.lemmas = append(b.lemmas, c.lemmas...)
		c.words, c.lemmas, c.frames = nil, nil, nil
		for p := c.part + 1; p <= parts; p++ {
			db.first[p] = uint32(len(db.synOff))
		}
	}
	db.synWord, db.frStart = append(db.synWord, uint32(words)), append(db.frStart, uint32(fr))
	b.fillBuckets()
	return nil
}

func (b *builder) lemma(word uint32) []byte { return b.lemmas[b.lemmaEnd[word]:b.lemmaEnd[word+1]] }

// resolve finds for every sense of the index files the words of its synset and
// gives every synset the number of its name.
func (b *builder) resolve() error {
	db := b.db
	var tasks [parts]func() error
	for p := range part(parts) {
		tasks[p] = func() error { return b.resolvePart(p) }
	}
	err := b.parallel(tasks[:]...)
	if slices.Contains(db.wordSense, 0) {
		if err := b.enterUnlisted(); err != nil {
			return err
		}
	}
	if err != nil {
		return err
	}
	for id := range db.synNum {
		db.synNum[id] = db.wordSense[db.synWord[id]]
	}
	db.numberSatellites()
	b.prefix = make([]uint64, len(db.synNum))
	for id := range db.synNum {
		b.prefix[id] = prefixOf(b.lemma(db.synWord[id]), db.synPOS[id], db.synNum[id])
	}
	for w := range b.tail {
		if id := db.wordSyn[w]; db.synWord[id] == w {
			b.prefix[id] = prefixOf(db.spelling(db.wordSpell[w]), db.synPOS[id], db.synNum[id])
		}
	}
	var caps []int
	for _, c := range b.chunk {
		from := uint32(0)
		for i, end := range c.capEnd {
			b.x.text.Write(c.capText[from:end])
			b.x.text.WriteString(b.tail[uint32(c.capWord[i])])
			db.spOff = append(db.spOff, uint32(b.x.text.Len()))
			from = end
		}
		caps = append(caps, c.capWord...)
	}
	capitals := caps // ascending
	for _, w := range slices.Sorted(maps.Keys(b.tail)) {
		mark := b.tail[w]
		if _, found := slices.BinarySearch(capitals, int(w)); !found && mark != lower(mark) {
			b.x.text.WriteString(string(b.lemma(w)) + mark)
			db.spOff = append(db.spOff, uint32(b.x.text.Len()))
			caps = append(caps, int(w))
		}
	}
	db.text = b.x.text.String()
	db.spell(caps)
	b.lemmas, b.lemmaEnd, b.x = nil, nil, nil
	return nil
}

// resolvePart returns an error for the first sense that is no word of the
// synset there.
func (b *builder) resolvePart(p part) (missing error) {
	db := b.db
	for _, c := range b.index {
		if c.part != p {
			continue
		}
		for i, l := range c.lemma {
			if l == noLemma {
				continue
			}
			lemma := db.spelling(l)
			from, _ := db.entryRange(l, p)
			for n, off := range c.offsets(i) {
				id, ok := b.find(p, off)
				found := false
				if ok && n < 0xFFFF {
					for w := db.synWord[id]; w < db.synWord[id+1]; w++ {
						if string(b.lemma(w)) == lemma && db.wordSense[w] == 0 {
							db.wordSpell[w], db.wordSense[w] = l, uint16(n+1)
							found = true
						}
					}
					found = found || b.listAgain(id, lemma, uint16(n+1)) || b.unmark(id, l, uint16(n+1))
				}
				db.senses[from+uint32(n)] = id
				if !found {
					err := b.forgive(c.fault(i, fmt.Errorf("data.%s has no synset with the word %q at offset %08d", partNames[p], lemma, off)))
					db.senses[from+uint32(n)] = noSynset
					missing = cmp.Or(missing, err)
				}
			}
		}
	}
	return missing
}

// unlisted is the error for a word without a sense in the index.
func (b *builder) unlisted(word uint32) *syntaxError {
	db, id := b.db, b.db.wordSyn[word]
	k, i := 0, int(id)
	for ; i >= len(b.chunk[k].synsets); k++ {
		i -= len(b.chunk[k].synsets)
	}
	c := b.chunk[k]
	lemma := b.lemma(word)
	if l, ok := db.lookup(string(lemma)); ok && db.lemMask[l]&(1<<c.part) != 0 {
		return c.fault(i, fmt.Errorf("index.%s does not list this synset for %q", partNames[c.part], lemma))
	}
	return c.fault(i, fmt.Errorf("word %q is not in index.%s", lemma, partNames[c.part]))
}

// numberSatellites numbers satellites among satellites where the version of
// NLTK asks for it, and reports whether it did.
func (db *DB) numberSatellites() bool {
	if !db.compat.satellitesApart() {
		return false
	}
	for id := db.first[partAdj]; id < db.first[partAdj+1]; id++ {
		if db.synPOS[id] != AdjSat {
			continue
		}
		n := uint16(0)
		for _, s := range db.entry(db.lemmaOfWord(db.synWord[id]), partAdj) {
			if s != noSynset && db.synPOS[s] == AdjSat {
				n++
			}
			if s == id {
				break
			}
		}
		db.synNum[id] = n
	}
	return true
}

// fillBuckets prepares the look-up of the targets of pointers.
func (b *builder) fillBuckets() {
	db := b.db
	for p := range part(parts) {
		size := 1
		if last := db.first[p+1]; last > db.first[p] {
			size = int(db.synOff[last-1]>>bucketBits) + 2
		}
		b.bucket[p] = make([]uint32, size)
		k := 0
		for id := db.first[p]; id < db.first[p+1]; id++ {
			for at := int(db.synOff[id] >> bucketBits); k <= at; k++ {
				b.bucket[p][k] = id
			}
		}
		for ; k < size; k++ {
			b.bucket[p][k] = db.first[p+1]
		}
	}
}

func (b *builder) find(p part, off uint32) (uint32, bool) {
	db := b.db
	k := int(off >> bucketBits)
	if k >= len(b.bucket[p]) {
		return 0, false
	}
	for id := b.bucket[p][k]; id < db.first[p+1] && db.synOff[id] <= off; id++ {
		if db.synOff[id] == off {
			return id, true
		}
	}
	return 0, false
}

// point looks up the targets of the pointers in some chunks and sorts those
// between synsets, each once.
func (b *builder) point(chunks []*dataChunk) error {
	db := b.db
	var list []target
	for _, c := range chunks {
		for _, o := range c.odd {
			b.odd(b.at+uint32(o.synset), c.file, c.lineOf(o.synset), fmt.Errorf("pointer %q, whose symbol is not WordNet's", o.text))
		}
		rest := c.pointers
		for i, y := range c.synsets {
			list = list[:0]
			for _, p := range rest[:y.pointers] {
				t, ok := b.find(p.part, p.offset)
				if !ok {
					err := c.fault(i, fmt.Errorf("pointer %s to offset %08d of data.%s, where no synset begins", relationTable[p.rel].symbol, p.offset, partNames[p.part]))
					if err := b.forgiveAt(b.at, err); err != nil {
						return err
					}
					continue
				}
				if p.src == 0 {
					list = append(list, target{t, p.rel, b.prefix[t]})
					continue
				}
				if n := db.synWord[t+1] - db.synWord[t]; uint32(p.tgt) > n {
					err := c.fault(i, fmt.Errorf("pointer %s to word %d of the synset at offset %08d of data.%s, which has %d",
						relationTable[p.rel].symbol, p.tgt, p.offset, partNames[p.part], n))
					if err := b.forgiveAt(b.at, err); err != nil {
						return err
					}
					continue
				}
				db.lexTarget[b.lex] = db.synWord[t] + uint32(p.tgt) - 1
				db.lexRel[b.lex], db.lexSource[b.lex] = p.rel, p.src-1
				b.lex++
			}
			rest = rest[y.pointers:]
			db.sortTargets(list)
			for k, t := range list {
				if k == 0 || t != list[k-1] {
					db.semTarget[b.sem], db.semRel[b.sem] = t.id, uint8(t.rel)
					b.sem++
				}
			}
			b.at++
			db.semStart[b.at], db.lexStart[b.at] = b.sem, b.lex
		}
		c.pointers = nil
	}
	return nil
}

// A target is a pointer while it is being sorted.
type target struct {
	id     uint32
	rel    Relation
	prefix uint64 // of the name
}

// sortTargets sorts pointers by relation and then by name, bytewise. Eight
// bytes of the name decide all but one comparison in a hundred.
func (db *DB) sortTargets(list []target) {
	if len(list) < 2 {
		return
	}
	slices.SortFunc(list, func(x, y target) int {
		switch {
		case x.rel != y.rel:
			return cmp.Compare(x.rel, y.rel)
		case x.prefix != y.prefix:
			return cmp.Compare(x.prefix, y.prefix)
		}
		return db.compareNames(x.id, y.id)
	})
}

// prefixOf returns the first eight bytes of the name of a synset as a number
// that compares as the bytes do.
func prefixOf[T bytestring](lemma T, pos POS, num uint16) uint64 {
	if len(lemma) < 8 {
		// Not shorter than eight: a letter, ".n.01" and padding.
		var buf [24]byte
		appendNameOf(buf[:0], lemma, pos, num)
		return binary.BigEndian.Uint64(buf[:])
	}
	var v uint64
	for i := range 8 {
		v = v<<8 | uint64(lemma[i])
	}
	return v
}

func (db *DB) namePrefix(id uint32) uint64 {
	return prefixOf(db.spelling(db.lemmaOfWord(db.synWord[id])), db.synPOS[id], db.synNum[id])
}
