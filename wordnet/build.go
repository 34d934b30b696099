package wordnet

import (
	"bytes"
	"cmp"
	"encoding/binary"
	"errors"
	"fmt"
	"io/fs"
	"path"
	"regexp"
	"slices"
	"strings"
)

// A builder makes a DB of database files.
type builder struct {
	db      *DB
	dir     string
	glosses bool

	x      *lexicon
	index  [parts]*indexFile
	offset []uint32 // of each sense, in the order of db.senses
	listed [parts]listing
	joined [parts]chan struct{} // closed when joinIndex is done
	chunk  []*dataChunk

	bucket [parts][]uint32 // first synset at or after each 1<<bucketBits bytes
	prefix []uint64        // the first bytes of each synset's name
}

const (
	bucketBits = 7
	noSynset   = ^uint32(0)
)

func (b *builder) file(name string) string { return path.Join(b.dir, name) }

// readFiles reads a folder of database files: the index files, then the data
// files in blocks, then what needs both.
func (db *DB) readFiles(fsys fs.FS, dir string, glosses bool) error {
	b := &builder{db: db, dir: dir, glosses: glosses}
	// In WordNet 3.0 a record of an index has 41 bytes and a lemma 12, a line
	// of a list of exceptions 16.
	size, lists := 0, 0
	for _, name := range partNames {
		if fi, err := fs.Stat(fsys, b.file("index."+name)); err == nil {
			size += int(min(fi.Size(), trustSize))
		}
		if fi, err := fs.Stat(fsys, b.file(name+".exc")); err == nil {
			lists += int(min(fi.Size(), trustSize/64))
		}
	}
	db.exc = make(map[string][parts]string, lists/16)
	// As many again as a third of the lemmas have another spelling in a synset.
	x := newLexicon(size/40, size/40/2, size*3/7)
	b.x = x
	ix := &indexReader{b: b, x: x, files: fsys}
	err := parallel(append([]func() error{func() error {
		for p, name := range partNames {
			text, err := readOptional(fsys, b.file(name+".exc"))
			if err != nil {
				return err
			}
			if err := parseExceptions(b.file(name+".exc"), text, part(p), db.exc); err != nil {
				return err
			}
		}
		text, err := readOptional(fsys, b.file("lexnames"))
		if err != nil {
			return err
		}
		db.lexNames, err = parseLexNames(b.file("lexnames"), text)
		return err
	}}, everyone(ix.read)...)...)
	if ix.err != nil {
		return ix.err
	}
	if err != nil {
		return err
	}
	db.spOff, db.table, db.tags, db.seed, db.lemMask = x.off, x.table, x.tags, x.seed, x.mask
	db.text, db.longest = x.text.String(), x.longest
	tagged := 0
	for _, f := range b.index {
		tagged += f.tagged
	}
	b.countSenses()
	// The data files can be begun while the index of nouns is being sorted.
	d := &dataReader{b: b, files: fsys}
	var tasks []func() error
	for p := range b.joined {
		b.joined[p] = make(chan struct{})
	}
	for _, p := range [parts]part{partNoun, partAdj, partAdv, partVerb} {
		tasks = append(tasks, func() error {
			b.joinIndex(p)
			close(b.joined[p])
			return nil
		})
	}
	tasks = append(tasks, b.checkSwapped)
	if err := parallel(append(tasks, everyone(d.read)...)...); err != nil {
		return err
	}
	for _, c := range b.chunk {
		if c.err != nil {
			return c.err
		}
	}
	b.listed = [parts]listing{}
	if err := b.join(); err != nil {
		return err
	}
	if b.glosses {
		db.hasGlosses = true
		for _, c := range b.chunk {
			db.glossText = append(db.glossText, c.gloss.String())
			db.glossFirst = append(db.glossFirst, c.firstSynset)
		}
	}
	b.fillBuckets()
	// Those of adjectives first, since a sense key may name a head.
	adj := 0
	for adj < len(b.chunk) && b.chunk[adj].part == partAdj {
		adj++
	}
	twiceAdj, err := b.pointFrom(b.chunk[:adj])
	if err != nil {
		return err
	}
	twice := false
	err = parallel(func() (err error) {
		if twice, err = b.pointFrom(b.chunk[adj:]); err != nil {
			return err
		}
		b.chunk, b.prefix, b.bucket = nil, nil, [parts][]uint32{}
		if twice = twice || twiceAdj; !twice {
			db.link()
		}
		return nil
	}, func() error {
		// The two files say the same, but index.sense is eight times as long.
		for _, name := range []string{"cntlist.rev", "index.sense"} {
			r, err := openBlocks(fsys, b.file(name))
			if errors.Is(err, fs.ErrNotExist) {
				continue
			}
			if err != nil {
				return err
			}
			defer r.close()
			return db.readCounts(r, name == "index.sense", tagged)
		}
		return nil
	})
	if err != nil {
		return err
	}
	if twice {
		db.dropTwice() // while counts are read, nothing may move
		db.link()
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
				return &syntaxError{file: b.file(partNames[p] + ".exc"), line: 1,
					err: fmt.Errorf("of %d forms %d have a base in index.%s, but %d in index.%s: swapped", lines[p], hits[p][p], partNames[p], hits[p][q], partNames[q])}
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

// countSenses gives every entry, which is a lemma in one index file, its place
// in the list of senses.
func (b *builder) countSenses() {
	db := b.db
	db.lemEntry = make([]uint32, len(db.lemMask)+1)
	entries := uint32(0)
	for l, mask := range db.lemMask {
		db.lemEntry[l] = entries
		entries += uint32(popcount4[mask])
	}
	db.lemEntry[len(db.lemMask)] = entries
	db.entSense = make([]uint32, entries+1)
	for p, f := range b.index {
		for i, l := range f.lemma {
			db.entSense[db.entryOf(l, part(p))+1] = f.start[i+1] - f.start[i]
		}
	}
	for e := range entries {
		db.entSense[e+1] += db.entSense[e]
	}
	b.offset = make([]uint32, db.entSense[entries])
	db.senses = make([]uint32, len(b.offset))
}

// joinIndex brings the senses of an index file into the order of lemmas. Until
// the data files are read, they are offsets.
func (b *builder) joinIndex(p part) {
	db, f := b.db, b.index[p]
	for i, l := range f.lemma {
		from, to := db.entryRange(l, p)
		copy(b.offset[from:], f.offset[f.start[i]:f.start[i+1]])
		for s := from; s < to; s++ {
			db.senses[s] = noSynset
		}
	}
	b.listed[p] = b.list(p)
	f.start, f.offset = nil, nil
}

// join numbers the synsets and words of all chunks and gives every synset the
// number of its name.
func (b *builder) join() error {
	db := b.db
	var synsets, words, sem, lex, frames, caps, capBytes int
	for _, c := range b.chunk {
		c.firstSynset, c.firstWord = uint32(synsets), uint32(words)
		c.firstSem, c.firstLex, c.firstFrame = uint32(sem), uint32(lex), uint32(frames)
		c.firstCap = uint32(caps)
		synsets += len(c.synsets)
		words += len(c.words)
		sem += len(c.pointers) - c.lexical
		lex += c.lexical
		frames += len(c.frames)
		caps += len(c.capEnd)
		capBytes += len(c.capText)
		for p := c.part + 1; p <= parts; p++ {
			db.first[p] = uint32(synsets)
		}
	}
	db.synOff = make([]uint32, synsets)
	db.synLex = make([]uint8, synsets)
	db.synPOS = make([]POS, synsets)
	db.synNum = make([]uint16, synsets)
	b.prefix = make([]uint64, synsets)
	db.synWord = make([]uint32, synsets+1)
	db.semStart = make([]uint32, synsets+1)
	db.lexStart = make([]uint32, synsets+1)
	db.frStart = make([]uint32, synsets+1)
	db.wordSpell = make([]uint32, words)
	db.wordSyn = make([]uint32, words)
	db.wordSense = make([]uint16, words)
	db.wordLex = make([]uint8, words)
	db.wordMark = make([]uint8, words)
	db.semTarget = make([]uint32, sem)
	db.semRel = make([]uint8, sem)
	db.lexTarget = make([]uint32, lex)
	db.lexRel = make([]Relation, lex)
	db.lexSource = make([]uint8, lex)
	db.frames = make([]frame, 0, frames)
	db.synWord[synsets] = uint32(words)
	db.semStart[synsets], db.lexStart[synsets], db.frStart[synsets] = uint32(sem), uint32(lex), uint32(frames)
	if b.glosses {
		db.glossAt = make([]uint32, synsets)
	}

	text := &b.x.text
	text.Grow(capBytes)
	db.spOff = slices.Grow(db.spOff, caps)
	db.capOf = make([]uint32, 0, caps)
	db.markers = []string{""}
	tasks := make([]func() error, len(b.chunk))
	for i, c := range b.chunk {
		base := uint32(text.Len())
		text.Write(c.capText)
		for _, o := range c.capEnd {
			db.spOff = append(db.spOff, base+o)
		}
		db.capOf = append(db.capOf, c.capOf...)
		db.frames = append(db.frames, c.frames...)
		marks := make([]uint8, 1, 1+len(c.markers))
		for _, m := range c.markers {
			code := slices.Index(db.markers, m)
			if code < 0 {
				if code = len(db.markers); code > 255 {
					return &syntaxError{file: b.file("data." + partNames[c.part]), err: errors.New("more than 255 different markers")}
				}
				db.markers = append(db.markers, m)
			}
			marks = append(marks, uint8(code))
		}
		tasks[i] = func() error {
			b.place(c, marks)
			return nil
		}
	}
	db.text = text.String()
	parallel(tasks...)
	if i := slices.Index(db.senses, noSynset); i >= 0 {
		return b.unanswered(uint32(i))
	}
	b.offset, b.index, b.x = nil, [parts]*indexFile{}, nil
	if db.numberSatellites() {
		for id := db.first[partAdj]; id < db.first[partAdj+1]; id++ {
			b.prefix[id] = db.namePrefix(id)
		}
	}
	return nil
}

// place puts the synsets and words of a chunk where they belong.
func (b *builder) place(c *dataChunk, marks []uint8) {
	db := b.db
	word, sem, lex, fr, ptr := c.firstWord, c.firstSem, c.firstLex, c.firstFrame, 0
	for i, y := range c.synsets {
		id := c.firstSynset + uint32(i)
		db.synOff[id], db.synLex[id], db.synPOS[id] = y.offset, y.lex, y.pos
		db.synNum[id] = c.words[word-c.firstWord].num
		b.prefix[id] = y.prefix
		db.synWord[id], db.semStart[id], db.lexStart[id], db.frStart[id] = word, sem, lex, fr
		if b.glosses {
			db.glossAt[id] = y.gloss
		}
		fr += uint32(y.frames)
		for _, p := range c.pointers[ptr : ptr+int(y.pointers)] {
			if p.src == 0 {
				sem++
			} else {
				lex++
			}
		}
		ptr += int(y.pointers)
		for _, w := range c.words[word-c.firstWord:][:y.words] {
			db.senses[w.sense] = id // of one synset always the same
			if w.spell >= db.lemmas() {
				w.spell += c.firstCap
			}
			db.wordSpell[word], db.wordSyn[word] = w.spell, id
			db.wordSense[word], db.wordLex[word], db.wordMark[word] = w.num, w.lex, marks[w.mark]
			word++
		}
	}
	c.words = nil
}

// unanswered is the error for a sense of an index file that is no word of the
// synset there.
func (b *builder) unanswered(sense uint32) error {
	db := b.db
	for p, f := range b.index {
		for i, l := range f.lemma {
			if from, to := db.entryRange(l, part(p)); from <= sense && sense < to {
				return &syntaxError{file: b.file("index." + partNames[p]), line: f.header + i + 1,
					err: fmt.Errorf("data.%s has no synset with the word %q at offset %08d", partNames[p], db.spelling(l), b.offset[sense])}
			}
		}
	}
	panic("wordnet: no such sense")
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
			if db.synPOS[s] == AdjSat {
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

// pointFrom looks up the targets of the pointers in some chunks and sorts
// those between synsets. It reports whether a
// synset points twice to another by the same relation.
func (b *builder) pointFrom(chunks []*dataChunk) (twice bool, err error) {
	tasks := make([]func() error, len(chunks))
	found := make([]bool, len(chunks))
	for i, c := range chunks {
		tasks[i] = func() (err error) {
			found[i], err = b.pointChunk(c)
			return err
		}
	}
	err = parallel(tasks...)
	return slices.Contains(found, true), err
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

// faultAt places an error at the i-th record of a chunk.
func (b *builder) faultAt(c *dataChunk, i int, err error) error {
	return &syntaxError{file: b.file("data." + partNames[c.part]), line: c.line + c.header + i + 1, err: err}
}

// pointChunk reports whether a synset points twice to another by the same
// relation.
func (b *builder) pointChunk(c *dataChunk) (twice bool, err error) {
	db := b.db
	ptr := 0
	var list []target
	for i, y := range c.synsets {
		id := c.firstSynset + uint32(i)
		lex := db.lexStart[id]
		list = list[:0]
		for _, p := range c.pointers[ptr : ptr+int(y.pointers)] {
			t, ok := b.find(p.part, p.offset)
			if !ok {
				return false, b.faultAt(c, i,
					fmt.Errorf("pointer %s to offset %08d of data.%s, where no synset begins", relationTable[p.rel].symbol, p.offset, partNames[p.part]))
			}
			if p.src == 0 {
				list = append(list, target{t, p.rel, b.prefix[t]})
				continue
			}
			if uint32(p.tgt) > db.synWord[t+1]-db.synWord[t] {
				return false, b.faultAt(c, i,
					fmt.Errorf("pointer %s to word %d of the synset at offset %08d of data.%s, which has %d",
						relationTable[p.rel].symbol, p.tgt, p.offset, partNames[p.part], db.synWord[t+1]-db.synWord[t]))
			}
			db.lexTarget[lex] = db.synWord[t] + uint32(p.tgt) - 1
			db.lexRel[lex] = p.rel
			db.lexSource[lex] = p.src - 1
			lex++
		}
		ptr += int(y.pointers)
		db.sortTargets(list)
		sem := db.semStart[id]
		for k, t := range list {
			db.semTarget[sem] = t.id
			db.semRel[sem] = uint8(t.rel)
			sem++
			twice = twice || k > 0 && t.id == list[k-1].id && t.rel == list[k-1].rel
		}
	}
	return twice, nil
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

// dropTwice removes what stands twice among the pointers between synsets.
func (db *DB) dropTwice() {
	n := uint32(0)
	for id := range uint32(db.Len()) {
		from, to := db.semStart[id], db.semStart[id+1]
		db.semStart[id] = n
		for i := from; i < to; i++ {
			if i > from && db.semTarget[i] == db.semTarget[i-1] && db.semRel[i] == db.semRel[i-1] {
				continue
			}
			db.semTarget[n], db.semRel[n] = db.semTarget[i], db.semRel[i]
			n++
		}
	}
	db.semStart[db.Len()] = n
	db.semTarget, db.semRel = db.semTarget[:n], db.semRel[:n]
}
