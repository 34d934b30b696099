package wordnet

import (
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/semamap/semamap/wordnet/internal/compact"
)

// readCompact reads a compact file, and the file of glosses beside it if there
// is one.
func (db *DB) readCompact(fsys fs.FS, glosses bool) error {
	text, err := readNamed(fsys, compact.Name)
	if err != nil {
		return err
	}
	file, err := db.unpack(text)
	if err != nil || !glosses {
		return err
	}
	text, err = readNamed(fsys, compact.GlossName)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	if db.glosses, err = compact.ReadGlosses(text, file.Sum(), db.Len()); err != nil {
		return &syntaxError{file: compact.GlossName, err: err}
	}
	db.hasGlosses = true
	return nil
}

func readNamed(fsys fs.FS, name string) (string, error) {
	f, err := fsys.Open(name)
	if err != nil {
		return "", fmt.Errorf("wordnet: %w", err)
	}
	defer f.Close()
	return readFile(f, name)
}

// unpack reads the text of a compact file.
func (db *DB) unpack(text string) (*compact.File, error) {
	file, err := compact.Read(text)
	if err != nil {
		return nil, compactError("%w", err)
	}
	db.version = file.Release
	return file, (&decoder{db: db, col: file.Column}).decode() // each task unpacks what it decodes
}

func done(columns ...*compact.Reader) error {
	if err := compact.Done(columns...); err != nil {
		return compactError("%w", err)
	}
	return nil
}

// compactError returns a defect of a compact file.
func compactError(format string, args ...any) error {
	return &syntaxError{file: compact.Name, err: fmt.Errorf(format, args...)}
}

// A decoder makes a DB of the columns of a compact file. It trusts none of
// their numbers: before anything is allocated for a count, the count was
// compared with the length of a column that has a byte for each item.
type decoder struct {
	db  *DB
	col func(int) *compact.Reader

	synsets, lemmas, words, sem, lex, frames uint32
	counts                                   bool

	x        *lexicon
	wordCase []byte
	spelling []string
	capWord  []int // words with a spelling of their own
}

func (d *decoder) decode() error {
	r := d.col(compact.Counts)
	db := d.db
	for p := range parts {
		db.first[p+1] = r.U32(maxFile)
		if sum := uint64(db.first[p]) + uint64(db.first[p+1]); sum > maxFile {
			r.Bad = true
		}
		db.first[p+1] += db.first[p]
	}
	d.synsets = db.first[parts]
	d.lemmas, d.words = r.U32(1<<24), r.U32(maxFile)
	d.sem, d.lex, d.frames = r.U32(maxFile), r.U32(maxFile), r.U32(maxFile)
	d.counts = r.U32(1) == 1
	if err := done(r); err != nil {
		return err
	}
	if err := parallel(d.decodeLemmas, d.decodeSynsets, d.decodeWords, d.decodePointers); err != nil {
		return err
	}
	if err := parallel(d.joinSenses, func() error {
		if !db.compat.satellitesApart() {
			db.link()
		}
		return nil
	}, d.spell); err != nil {
		return err
	}
	db.spell(d.capWord)
	if db.numberSatellites() {
		db.sortRelated()
		db.link()
	}
	return nil
}

// decodeLemmas reads the lemmas and enters them into the hash table.
func (d *decoder) decodeLemmas() error {
	prefix, length, text := d.col(compact.LemPrefix), d.col(compact.LemLen), d.col(compact.LemText)
	p, n := prefix.Bytes(d.lemmas), length.Bytes(d.lemmas)
	if err := done(prefix, length); err != nil {
		return err
	}
	d.x = newLexicon(len(p), len(p)/2, 3*len(text.B))
	var lemma []byte
	for i := range p {
		if int(p[i]) > len(lemma) || int(n[i]) > len(text.B) {
			text.Bad = true
			break
		}
		lemma = append(lemma[:p[i]], text.B[:n[i]]...)
		text.B = text.B[n[i]:]
		if len(lemma) == 0 || !utf8.RuneStart(lemma[0]) || !isLower(lemma) || d.x.add(lemma) != uint32(i) {
			text.Bad = true
			break
		}
	}
	if !utf8.ValidString(d.x.text.String()) {
		text.Bad = true
	}
	return done(text)
}

// decodeSynsets reads the synsets but for their pointers to synsets.
func (d *decoder) decodeSynsets() error {
	db, n := d.db, d.synsets
	off, lexFile, sat, words := d.col(compact.SynOff), d.col(compact.SynLex), d.col(compact.SynPOS), d.col(compact.SynWords)
	text := d.col(compact.Text)
	db.exc = make(map[string][parts]string, 6000) // about as many as WordNet 3.0 has
	for p := range part(parts) {
		if err := parseExceptions(partNames[p]+".exc", text.Text(), p, db.exc, strict); err != nil {
			return compactError("column %q: %w", compact.Names[compact.Text], err)
		}
	}
	db.markers = strings.Split(text.Text(), " ")
	db.lexNames = strings.Split(text.Text(), " ")
	db.synLex = lexFile.Bytes(n)
	pos, num := sat.Bytes(db.first[partAdj+1]), words.Bytes(n)
	if err := done(text, lexFile, sat, words); err != nil {
		return err
	}
	db.synPOS = make([]POS, n)
	db.synOff = make([]uint32, n)
	db.synNum = make([]uint16, n)
	for p := range part(parts) {
		at := uint64(0)
		for id := db.first[p]; id < db.first[p+1]; id++ {
			step := off.V()
			if at += step; step == 0 && id > db.first[p] || at > maxFile {
				off.Bad = true
			}
			db.synOff[id] = uint32(at)
			db.synPOS[id] = partPOS[p]
			if p == partAdj {
				if db.synPOS[id] = POS(pos[id]); pos[id] != byte(Adj) && pos[id] != byte(AdjSat) {
					sat.Bad = true
				}
			}
			if int(db.synLex[id]) >= len(db.lexNames) {
				lexFile.Bad = true
			}
			if num[id] == 0 {
				words.Bad = true
			}
		}
	}
	db.synWord = starts(words, d.words, n, func(id uint32) uint32 { return uint32(num[id]) })
	if err := done(off, sat, lexFile, words); err != nil {
		return err
	}
	db.wordSyn = make([]uint32, 0, d.words)
	for id := range n {
		for range num[id] {
			db.wordSyn = append(db.wordSyn, id)
		}
	}
	if err := d.decodeFrames(num); err != nil {
		return err
	}
	return d.decodeLexical(num)
}

// starts returns where the items of each synset begin, of which there are
// count(id), total in all; one more for the end.
func starts(column *compact.Reader, total, synsets uint32, count func(id uint32) uint32) []uint32 {
	start := make([]uint32, synsets+1)
	for id := range synsets {
		k := count(id)
		if k > total-start[id] {
			column.Bad, k = true, 0
		}
		start[id+1] = start[id] + k
	}
	if start[synsets] != total {
		column.Bad = true
	}
	return start
}

func (d *decoder) decodeFrames(words []byte) error {
	db := d.db
	num, fr := d.col(compact.FrNum), d.col(compact.Frame)
	counts, list := num.Bytes(d.synsets), fr.Bytes(2*d.frames)
	if err := done(num, fr); err != nil {
		return err
	}
	db.frStart = starts(num, d.frames, d.synsets, func(id uint32) uint32 { return uint32(counts[id]) })
	db.frames = make([]frame, d.frames)
	for id := range d.synsets {
		for i := db.frStart[id]; i < db.frStart[id+1]; i++ {
			f := frame{list[2*i], list[2*i+1]}
			if f.number == 0 || int(f.number) >= len(verbFrames) || f.word > words[id] {
				fr.Bad = true
			}
			db.frames[i] = f
		}
	}
	return done(num, fr)
}

// target reads the target of a pointer of a synset.
func (d *decoder) target(id uint32, to *compact.Reader) uint32 {
	t := int64(id) + to.Z()
	if t < 0 || t >= int64(d.synsets) {
		to.Bad = true
		return id
	}
	return uint32(t)
}

// decodeLexical reads the pointers between words.
func (d *decoder) decodeLexical(words []byte) error {
	db := d.db
	num, rel, src, to, at := d.col(compact.LexNum), d.col(compact.LexRel), d.col(compact.LexWord), d.col(compact.LexTo), d.col(compact.LexAt)
	rels, tgt := rel.Bytes(d.lex), at.Bytes(d.lex)
	db.lexSource = src.Bytes(d.lex)
	if err := done(rel, src, at); err != nil {
		return err
	}
	db.lexStart = starts(num, d.lex, d.synsets, func(uint32) uint32 { return num.U32(d.lex) })
	db.lexTarget = make([]uint32, d.lex)
	db.lexRel = make([]Relation, d.lex)
	for id := range d.synsets {
		for i := db.lexStart[id]; i < db.lexStart[id+1]; i++ {
			t := d.target(id, to)
			if !Relation(rels[i]).valid() || db.lexSource[i] >= words[id] || tgt[i] >= words[t] {
				to.Bad = true
			}
			db.lexRel[i] = Relation(rels[i])
			db.lexTarget[i] = db.synWord[t] + uint32(tgt[i])
		}
	}
	return done(num, to)
}

// decodePointers reads the pointers between synsets.
func (d *decoder) decodePointers() error {
	db := d.db
	num, rel, to := d.col(compact.SemNum), d.col(compact.SemRel), d.col(compact.SemTo)
	db.semRel = rel.Bytes(d.sem)
	if err := done(rel); err != nil {
		return err
	}
	if uint64(d.synsets) > uint64(len(num.B)) || uint64(d.sem) > uint64(len(to.B)) {
		num.Bad = true
		return done(num, to)
	}
	db.semStart = starts(num, d.sem, d.synsets, func(uint32) uint32 { return num.U32(d.sem) })
	db.semTarget = make([]uint32, d.sem)
	for id := range d.synsets {
		last := uint8(1)
		for i := db.semStart[id]; i < db.semStart[id+1]; i++ {
			db.semTarget[i] = d.target(id, to)
			r := db.semRel[i]
			if r < last || !Relation(r).valid() {
				to.Bad = true
			}
			last = r
		}
	}
	return done(num, to)
}

// decodeWords reads what is known of words. Their spellings are lemmas until
// join.
func (d *decoder) decodeWords() error {
	db, n := d.db, d.words
	lo, mid, hi := d.col(compact.WordLo), d.col(compact.WordMid), d.col(compact.WordHi)
	wc, sense, lex, mark := d.col(compact.WordCase), d.col(compact.WordSense), d.col(compact.WordLex), d.col(compact.WordMark)
	l, m, h := lo.Bytes(n), mid.Bytes(n), hi.Bytes(n)
	marks := mark.Bytes(n)
	d.wordCase, db.wordLex = wc.Bytes(n), lex.Bytes(n)
	if err := done(lo, mid, hi, wc, lex, mark); err != nil {
		return err
	}
	db.wordSpell = make([]uint32, n)
	db.wordSense = make([]uint16, n)
	db.wordMark = make([]uint16, n)
	for w := range n {
		db.wordMark[w] = uint16(marks[w])
		s := uint32(l[w]) | uint32(m[w])<<8 | uint32(h[w])<<16
		if s >= d.lemmas {
			lo.Bad = true
		}
		db.wordSpell[w] = s
		if db.wordSense[w] = uint16(sense.U32(0xFFFF)); db.wordSense[w] == 0 {
			sense.Bad = true
		}
	}
	if err := done(lo, sense); err != nil {
		return err
	}
	count, missed, spelling := d.col(compact.Count), d.col(compact.Missed), d.col(compact.Spelling)
	if d.counts {
		db.count = make([]uint32, n)
		for w := range n {
			db.count[w] = count.U32(maxFile)
		}
	}
	at := uint64(0)
	for len(missed.B) > 0 && !missed.Bad {
		if at += uint64(missed.U32(n)); at >= uint64(n) || !d.counts {
			missed.Bad = true
			break
		}
		db.missed = append(db.missed, uint32(at))
	}
	for len(spelling.B) > 0 {
		d.spelling = append(d.spelling, spelling.Text())
	}
	return done(count, missed, spelling)
}

// spell finds the spellings of words, which stay lemmas meanwhile.
func (d *decoder) spell() error {
	db, x := d.db, d.x
	db.table, db.tags, db.seed, db.longest = x.table, x.tags, x.seed, x.longest
	own := d.spelling
	var buf []byte
	for w, code := range d.wordCase {
		if code == caseLemma {
			continue
		}
		lemma := db.wordSpell[w]
		low := x.text.String()[x.off[lemma]:x.off[lemma+1]]
		switch {
		case code < caseOwn:
			buf = appendCase(buf[:0], low, code)
			x.text.Write(buf)
		case code == caseOwn && len(own) > 0 && lower(own[0]) == low:
			x.text.WriteString(own[0])
			own = own[1:]
		default:
			return compactError("column %q: bad value", compact.Names[compact.WordCase])
		}
		d.capWord = append(d.capWord, w)
		x.off = append(x.off, uint32(x.text.Len()))
	}
	if len(own) > 0 {
		return compactError("column %q: spellings left over", compact.Names[compact.Spelling])
	}
	db.text, db.spOff = x.text.String(), x.off
	return nil
}

// joinSenses finds what follows from words and synsets together: the senses of
// each lemma and the numbers of names.
func (d *decoder) joinSenses() error {
	db := d.db
	for w := range db.wordSpell {
		if int(db.wordMark[w]) >= len(db.markers) {
			return compactError("column %q: bad value", compact.Names[compact.WordMark])
		}
	}
	if d.lemmas > d.words {
		return compactError("%d lemmas in %d words", d.lemmas, d.words)
	}
	// Entries are lemma and part; num and the highest sense number of each.
	db.lemMask = make([]uint8, d.lemmas)
	for p := range part(parts) {
		for _, l := range db.wordSpell[db.synWord[db.first[p]]:db.synWord[db.first[p+1]]] {
			db.lemMask[l] |= 1 << p
		}
	}
	if l := slices.Index(db.lemMask, 0); l >= 0 {
		return compactError("lemma %d is in no synset", l)
	}
	entries := db.numberEntries()
	num := make([]uint32, entries)
	top := make([]uint32, entries)
	entryOf := make([]uint32, len(db.wordSpell))
	for p := range part(parts) {
		for w := db.synWord[db.first[p]]; w < db.synWord[db.first[p+1]]; w++ {
			e := db.entryOf(db.wordSpell[w], p)
			entryOf[w] = e
			num[e]++
			top[e] = max(top[e], uint32(db.wordSense[w]))
		}
	}
	db.entSense = make([]uint32, entries+1)
	total := uint32(0)
	for e := range entries {
		if top[e] > num[e] {
			return compactError("column %q: bad value", compact.Names[compact.WordSense])
		}
		db.entSense[e] = total
		total += top[e]
	}
	db.entSense[entries] = total
	db.senses = slices.Repeat([]uint32{noSynset}, int(total))
	for w, e := range entryOf {
		s := &db.senses[db.entSense[e]+uint32(db.wordSense[w])-1]
		if *s != noSynset && *s != db.wordSyn[w] {
			return compactError("column %q: two synsets of one number", compact.Names[compact.WordSense])
		}
		*s = db.wordSyn[w]
	}
	if slices.Contains(db.senses, noSynset) {
		return compactError("column %q: a number is missing", compact.Names[compact.WordSense])
	}
	for id := range uint32(db.Len()) {
		db.synNum[id] = db.wordSense[db.synWord[id]]
	}
	return nil
}

// sortRelated sorts the pointers between synsets anew, after names changed.
func (db *DB) sortRelated() {
	var list []target
	for id := range uint32(db.Len()) {
		list = list[:0]
		for i := db.semStart[id]; i < db.semStart[id+1]; i++ {
			t := db.semTarget[i]
			list = append(list, target{t, Relation(db.semRel[i]), db.namePrefix(t)})
		}
		db.sortTargets(list)
		for k, t := range list {
			db.semTarget[db.semStart[id]+uint32(k)] = t.id
		}
	}
}
