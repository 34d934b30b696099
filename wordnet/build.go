package wordnet

import (
	"cmp"
	"encoding/binary"
	"errors"
	"fmt"
	"io/fs"
	"path"
	"regexp"
	"slices"
)

// A builder makes a DB of the text of database files.
type builder struct {
	db    *DB
	dir   string
	x     *lexicon
	index [parts]*indexFile
	data  [parts]string // text
	ix    [parts]string // text of the index files, for line numbers of errors
	chunk []*dataChunk

	firstSense [parts]uint32   // of the index file among all senses by offset
	sense      []uint32        // synset of each, in the order of the index files
	entryOf    [parts][]uint32 // of each lemma of a part: 1 + record in the index file

	bucket [parts][]uint32 // first synset at or after each 1<<bucketBits bytes
	prefix []uint64        // the first bytes of each synset's name
}

const (
	bucketBits = 7
	noSynset   = ^uint32(0)
)

func (b *builder) file(name string) string { return path.Join(b.dir, name) }

// openFiles reads a folder of database files.
func openFiles(fsys fs.FS, dir string, s *Settings) (*DB, error) {
	b := &builder{db: &DB{compat: s.Compat}, dir: dir}
	db := b.db
	var cntlist, senseIndex, lexnames string
	var exc [parts]string

	// The largest file first, so that no task is left alone at the end.
	var tasks []func() error
	for _, p := range []part{partNoun, partAdj, partVerb, partAdv} {
		tasks = append(tasks, func() (err error) {
			b.data[p], err = readText(fsys, b.file("data."+partNames[p]))
			return err
		})
	}
	tasks = append(tasks, func() error {
		var size int
		for p, name := range partNames {
			var err error
			if b.ix[p], err = readText(fsys, b.file("index."+name)); err != nil {
				return err
			}
			size += len(b.ix[p])
		}
		// In WordNet 3.0 an index record has 41 bytes and a lemma 12.
		b.x = newLexicon(size/40, size*2/7)
		for p, name := range partNames {
			var err error
			if b.index[p], err = parseIndex(b.file("index."+name), b.ix[p], part(p), b.x); err != nil {
				return err
			}
		}
		return nil
	}, func() error {
		for _, o := range []struct {
			name string
			text *string
		}{
			{"adj.exc", &exc[partAdj]}, {"adv.exc", &exc[partAdv]}, {"noun.exc", &exc[partNoun]}, {"verb.exc", &exc[partVerb]},
			{"cntlist.rev", &cntlist}, {"lexnames", &lexnames},
		} {
			var err error
			if *o.text, err = readOptional(fsys, b.file(o.name)); err != nil {
				return err
			}
		}
		for p, name := range partNames {
			var err error
			if db.exc[p], err = parseExceptions(b.file(name+".exc"), exc[p]); err != nil {
				return err
			}
		}
		var err error
		if db.lexNames, err = parseLexNames(b.file("lexnames"), lexnames); err != nil {
			return err
		}
		if cntlist == "" { // eight times as long, and says the same
			senseIndex, err = readOptional(fsys, b.file("index.sense"))
		}
		return err
	})
	if err := parallel(tasks...); err != nil {
		return nil, err
	}
	tasks = tasks[:0]
	for p := range partNames {
		b.chunk = append(b.chunk, cutData(part(p), b.data[p])...)
	}
	for _, c := range b.chunk {
		tasks = append(tasks, func() error {
			return c.parse(b.file("data."+partNames[c.part]), b.data[c.part], len(db.lexNames))
		})
	}
	if err := parallel(tasks...); err != nil {
		return nil, err
	}
	db.version = versionOf(b.data[partAdj])
	if err := b.join(); err != nil {
		return nil, err
	}
	if err := b.point(); err != nil {
		return nil, err
	}
	b.prefix, b.bucket, b.sense, b.chunk = nil, [parts][]uint32{}, nil, nil
	err := parallel(func() error {
		db.link()
		return nil
	}, func() error {
		switch {
		case cntlist != "":
			return db.readCounts(b.file("cntlist.rev"), cntlist, false)
		case senseIndex != "":
			return db.readCounts(b.file("index.sense"), senseIndex, true)
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	if !s.NoGlosses {
		db.gloss, db.has.glosses = b.data, true
	}
	return db, nil
}

var versionLine = regexp.MustCompile(`Word[nN]et (\d+\+?|\d+\.\d+) Copyright`)

func versionOf(text string) string {
	if m := versionLine.FindStringSubmatch(text[:skipLicence(text)]); m != nil {
		return m[1]
	}
	return ""
}

// join numbers the synsets and words of all chunks, finds the lemma of every
// word and gives every synset the number of its name. It checks that index
// and data files say the same: every word of a synset is listed in the index
// with this synset, and every sense listed there is a word of its synset.
func (b *builder) join() error {
	db, x := b.db, b.x
	var synsets, words, sem, lex, frames int
	for i, c := range b.chunk {
		c.firstSynset, c.firstWord = uint32(synsets), uint32(words)
		c.firstSem, c.firstLex, c.firstFrame = uint32(sem), uint32(lex), uint32(frames)
		if i == 0 || b.chunk[i-1].part != c.part {
			db.first[c.part] = uint32(synsets)
		}
		synsets += len(c.synsets)
		words += len(c.words)
		sem += len(c.pointers) - c.lexical
		lex += c.lexical
		frames += len(c.frames)
		for p := c.part + 1; p <= parts; p++ {
			db.first[p] = uint32(synsets)
		}
	}
	db.synOff = make([]uint32, synsets)
	db.synLex = make([]uint8, synsets)
	db.synPOS = make([]POS, synsets)
	db.synNum = make([]uint16, synsets)
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
	db.frames = make([]frame, frames)
	b.prefix = make([]uint64, synsets)
	db.synWord[synsets] = uint32(words)
	db.semStart[synsets], db.lexStart[synsets], db.frStart[synsets] = uint32(sem), uint32(lex), uint32(frames)

	senses := 0
	for p, f := range b.index {
		b.firstSense[p] = uint32(senses)
		senses += len(f.offset)
		b.entryOf[p] = make([]uint32, x.len())
		for i, l := range f.lemma {
			b.entryOf[p][l] = uint32(i) + 1
		}
	}
	b.sense = slices.Repeat([]uint32{noSynset}, senses)
	db.text, db.spOff = x.text.String(), x.off
	db.table, db.seed, db.lemMask = x.table, x.seed, x.mask
	for i := range x.mask {
		db.longest = max(db.longest, int(x.off[i+1]-x.off[i]))
	}

	marks := map[string]uint8{"": 0}
	db.markers = []string{""}
	for _, c := range b.chunk {
		text := b.data[c.part]
		for i, w := range c.words {
			if w.mark == 0 {
				continue
			}
			m := text[w.at+uint32(w.n) : w.at+uint32(w.n)+uint32(w.mark)]
			code, ok := marks[m]
			if !ok {
				if len(db.markers) > 255 {
					return syntaxAt(b.file("data."+partNames[c.part]), text, int(w.at), errors.New("more than 255 different markers"))
				}
				code = uint8(len(db.markers))
				marks[m] = code
				db.markers = append(db.markers, m)
			}
			db.wordMark[c.firstWord+uint32(i)] = code
		}
	}

	tasks := make([]func() error, len(b.chunk))
	for i, c := range b.chunk {
		tasks[i] = func() error { return b.resolve(c) }
	}
	if err := parallel(tasks...); err != nil {
		return err
	}
	if err := b.missing(); err != nil {
		return err
	}
	b.joinSpellings()
	b.joinSenses()
	return nil
}

// resolve fills in the synsets and words of one chunk.
func (b *builder) resolve(c *dataChunk) error {
	db, x := b.db, b.x
	text := b.data[c.part]
	index, entryOf := b.index[c.part], b.entryOf[c.part]
	word, sem, lex, fr, ptr := c.firstWord, c.firstSem, c.firstLex, c.firstFrame, 0
	copy(db.frames[fr:], c.frames)
	var buf []byte
	for i, y := range c.synsets {
		id := c.firstSynset + uint32(i)
		db.synOff[id], db.synLex[id], db.synPOS[id] = y.offset, y.lex, y.pos
		db.synWord[id], db.semStart[id], db.lexStart[id], db.frStart[id] = word, sem, lex, fr
		fr += uint32(y.frames)
		for _, p := range c.pointers[ptr : ptr+int(y.pointers)] {
			if p.src == 0 {
				sem++
			} else {
				lex++
			}
		}
		ptr += int(y.pointers)
		for k := range uint32(y.words) {
			w := c.words[word-c.firstWord]
			spelling := text[w.at : w.at+uint32(w.n)]
			var lemma uint32
			var known, same bool
			if same = isLower(spelling); same {
				lemma, known = db.lookup(spelling)
			} else {
				buf = appendLower(buf[:0], spelling)
				lemma, known = db.lookup(string(buf))
			}
			if !known || entryOf[lemma] == 0 {
				return syntaxAt(b.file("data."+partNames[c.part]), text, int(w.at),
					fmt.Errorf("word %q is not in index.%s", spelling, partNames[c.part]))
			}
			from, to := index.start[entryOf[lemma]-1], index.start[entryOf[lemma]]
			n := slices.Index(index.offset[from:to], y.offset)
			if n < 0 || n >= 0xFFFF {
				return syntaxAt(b.file("data."+partNames[c.part]), text, int(w.at),
					fmt.Errorf("index.%s does not list offset %08d for %q", partNames[c.part], y.offset, spelling))
			}
			b.sense[b.firstSense[c.part]+from+uint32(n)] = id
			db.wordSyn[word], db.wordSense[word], db.wordLex[word] = id, uint16(n+1), w.lex
			db.wordSpell[word] = lemma
			if !same {
				// Numbered within the chunk for now; see joinSpellings.
				db.wordSpell[word] = uint32(x.len() + len(c.capOff))
				c.capText.WriteString(spelling)
				c.capOff = append(c.capOff, uint32(c.capText.Len()))
				c.capOf = append(c.capOf, lemma)
			}
			if k == 0 {
				db.synNum[id] = uint16(n + 1)
			}
			word++
		}
	}
	return nil
}

// missing looks for senses of the index files that no word answered.
func (b *builder) missing() error {
	i := slices.Index(b.sense, noSynset)
	if i < 0 {
		return nil
	}
	p := part(parts - 1)
	for b.firstSense[p] > uint32(i) {
		p--
	}
	f := b.index[p]
	n := uint32(i) - b.firstSense[p]
	rec, _ := slices.BinarySearch(f.start, n+1) // the first entry that ends after n
	rec--
	return &SyntaxError{File: b.file("index." + partNames[p]), Line: lineOf(b.ix[p], rec),
		Err: fmt.Errorf("data.%s has no word %q in a synset at offset %08d", partNames[p], b.db.spelling(f.lemma[rec]), f.offset[n])}
}

// joinSpellings joins the spellings that differ from their lemma.
func (b *builder) joinSpellings() {
	db, n := b.db, uint32(b.x.len())
	var caps, size int
	for _, c := range b.chunk {
		c.capBase = uint32(caps)
		caps += len(c.capOff)
		size += c.capText.Len()
	}
	b.x.text.Grow(size)
	db.spOff = slices.Grow(db.spOff, caps)
	db.capOf = make([]uint32, 0, caps)
	for _, c := range b.chunk {
		base := uint32(b.x.text.Len())
		b.x.text.WriteString(c.capText.String())
		for _, o := range c.capOff {
			db.spOff = append(db.spOff, base+o)
		}
		db.capOf = append(db.capOf, c.capOf...)
		words := db.wordSpell[c.firstWord:][:len(c.words)]
		for i, s := range words {
			if s >= n {
				words[i] = s + c.capBase
			}
		}
	}
	db.text = b.x.text.String()
}

// joinSenses brings the senses of the four index files into the order of
// lemmas.
func (b *builder) joinSenses() {
	db := b.db
	entries := 0
	for _, f := range b.index {
		entries += len(f.lemma)
	}
	db.lemEntry = make([]uint32, 0, len(db.lemMask)+1)
	db.entSense = make([]uint32, 0, entries+1)
	db.senses = make([]uint32, 0, len(b.sense))
	for l, mask := range db.lemMask {
		db.lemEntry = append(db.lemEntry, uint32(len(db.entSense)))
		for p := range part(parts) {
			if mask&(1<<p) == 0 {
				continue
			}
			rec := b.entryOf[p][l] - 1
			from := b.firstSense[p] + b.index[p].start[rec]
			to := b.firstSense[p] + b.index[p].start[rec+1]
			db.entSense = append(db.entSense, uint32(len(db.senses)))
			db.senses = append(db.senses, b.sense[from:to]...)
		}
	}
	db.lemEntry = append(db.lemEntry, uint32(len(db.entSense)))
	db.entSense = append(db.entSense, uint32(len(db.senses)))
	db.numberSatellites()
	b.index, b.entryOf = [parts]*indexFile{}, [parts][]uint32{}
}

// numberSatellites numbers satellites among satellites where the version of
// NLTK asks for it.
func (db *DB) numberSatellites() {
	if !db.compat.satellitesApart() {
		return
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
}

// point looks up the targets of all pointers and sorts those between synsets.
func (b *builder) point() error {
	db := b.db
	for p := range part(parts) {
		size := len(b.data[p])>>bucketBits + 2
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
	tasks := make([]func() error, len(b.chunk))
	for i, c := range b.chunk {
		tasks[i] = func() error {
			buf := make([]byte, 0, 32)
			for id := c.firstSynset; id < c.firstSynset+uint32(len(c.synsets)); id++ {
				b.prefix[id] = db.namePrefix(id, buf)
			}
			return nil
		}
	}
	if err := parallel(tasks...); err != nil {
		return err
	}
	twice := make([]bool, len(b.chunk))
	for i, c := range b.chunk {
		tasks[i] = func() (err error) {
			twice[i], err = b.pointChunk(c)
			return err
		}
	}
	if err := parallel(tasks...); err != nil {
		return err
	}
	if slices.Contains(twice, true) {
		db.dropTwice()
	}
	return nil
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
				return false, syntaxAt(b.file("data."+partNames[c.part]), b.data[c.part], int(y.offset),
					fmt.Errorf("pointer %s to offset %08d of data.%s, where no synset begins", p.rel.Symbol(), p.offset, partNames[p.part]))
			}
			if p.src == 0 {
				list = append(list, target{t, p.rel, b.prefix[t]})
				continue
			}
			if uint32(p.tgt) > db.synWord[t+1]-db.synWord[t] {
				return false, syntaxAt(b.file("data."+partNames[c.part]), b.data[c.part], int(y.offset),
					fmt.Errorf("pointer %s to word %d of the synset at offset %08d of data.%s, which has %d",
						p.rel.Symbol(), p.tgt, p.offset, partNames[p.part], db.synWord[t+1]-db.synWord[t]))
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

// namePrefix returns the first eight bytes of a synset's name as a number that
// compares as the bytes do.
func (db *DB) namePrefix(id uint32, buf []byte) uint64 {
	if lemma := db.spelling(db.lemmaOfWord(db.synWord[id])); len(lemma) >= 8 {
		buf = append(buf[:0], lemma[:8]...)
	} else {
		// Not shorter than eight: a letter, ".n.01" and padding.
		buf = append(db.appendName(buf[:0], id), 0, 0)
	}
	return binary.BigEndian.Uint64(buf)
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

func isLower(s string) bool {
	for i := range len(s) {
		if c := s[i]; c >= 0x80 || 'A' <= c && c <= 'Z' {
			return c >= 0x80 && lower(s) == s
		}
	}
	return true
}

// appendLower appends lower(s).
func appendLower(dst []byte, s string) []byte {
	for i := range len(s) {
		c := s[i]
		if c >= 0x80 {
			return append(dst[:len(dst)-i], lower(s)...)
		}
		if 'A' <= c && c <= 'Z' {
			c += 'a' - 'A'
		}
		dst = append(dst, c)
	}
	return dst
}
