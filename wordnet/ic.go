package wordnet

import (
	"bufio"
	"cmp"
	"errors"
	"fmt"
	"io"
	"iter"
	"math"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"
)

// An IC is an information content table: how often each synset, or a synset
// below it, occurs in a corpus. It belongs to the database it was made with and
// does not change. [DB.ReadIC] and [DB.BuildIC] make one.
type IC struct {
	db    *DB
	count []float64
	total [AdjSat + 1]float64
	has   [AdjSat + 1]bool
}

// The information content of a synset that never occurs, as in NLTK.
const infiniteIC = 1e300

// icPOS returns the part of speech under which a synset is counted.
func icPOS(p POS) POS {
	if p == AdjSat {
		return Adj
	}
	return p
}

func (ic *IC) own(s Synset) uint32 {
	if ic.db != s.db {
		panic("wordnet: information content of another database")
	}
	return s.id
}

// Information returns the information content of a synset, -ln(count/total),
// where total is the count of its part of speech. It is 1e300 if the synset does
// not occur. If the table lacks the part of speech or the total is zero, it is
// undefined, and the error wraps [ErrUndefined].
func (ic *IC) Information(s Synset) (float64, error) {
	return ic.information(ic.own(s))
}

func (ic *IC) information(id uint32) (float64, error) {
	p := icPOS(ic.db.synPOS[id])
	if !ic.has[p] {
		return 0, fmt.Errorf("wordnet: %v: %w: the table has none for part of speech %v", Synset{ic.db, id}, ErrUndefined, p)
	}
	c := ic.count[id]
	if c == 0 {
		return infiniteIC, nil
	}
	if ic.total[p] == 0 {
		return 0, fmt.Errorf("wordnet: %v: %w: the total of part of speech %v is zero", Synset{ic.db, id}, ErrUndefined, p)
	}
	return -math.Log(c / ic.total[p]), nil
}

// pair returns the information of two synsets and the greatest of their
// common hypernyms, 0 without any.
func (ic *IC) pair(measure string, a, b Synset) (ofA, ofB, ofBoth float64, err error) {
	a.same(b)
	if a.POS() != b.POS() {
		return 0, 0, 0, differentPOS(measure, a, b)
	}
	if ofA, err = ic.Information(a); err != nil {
		return 0, 0, 0, err
	}
	if ofB, err = ic.Information(b); err != nil {
		return 0, 0, 0, err
	}
	var x, y ancestorBuf
	first := true
	shared(ic.db.ancestors(x[:0], a.id), ic.db.ancestors(y[:0], b.id), func(id, _, _ uint32) {
		v, e := ic.information(id)
		if e != nil {
			err = e
		} else if first || v > ofBoth {
			ofBoth, first = v, false
		}
	})
	return ofA, ofB, ofBoth, err
}

// Resnik returns the greatest information content of the common hypernyms, or 0
// if there are none. It is undefined if the parts of speech differ or
// [IC.Information] is undefined.
//
// Source: Resnik, Using information content to evaluate semantic similarity in
// a taxonomy, IJCAI 1995, pp. 448-453.
func (ic *IC) Resnik(a, b Synset) (float64, error) {
	_, _, both, err := ic.pair("Resnik similarity", a, b)
	return both, err
}

// JiangConrath returns 1 / (IC(a) + IC(b) - 2c), where IC(a) is the information
// content of a and c is the value of [IC.Resnik]. It is 1e300 for equal synsets
// or if the denominator is zero, and 0 if IC(a) or IC(b) is 0. It is undefined if
// Resnik is.
//
// Source: Jiang and Conrath, Semantic similarity based on corpus statistics and
// lexical taxonomy, ROCLING 1997, pp. 19-33.
func (ic *IC) JiangConrath(a, b Synset) (float64, error) {
	if a == b {
		ic.own(a)
		return infiniteIC, nil
	}
	x, y, both, err := ic.pair("Jiang-Conrath similarity", a, b)
	if err != nil || x == 0 || y == 0 {
		return 0, err
	}
	d := x + y - 2*both
	if d == 0 {
		return infiniteIC, nil
	}
	return 1 / d, nil
}

// Lin returns 2c / (IC(a) + IC(b)), where IC(a) is the information content of a
// and c is the value of [IC.Resnik]. It is undefined if Resnik is or if the
// denominator is zero.
//
// Source: Lin, An information-theoretic definition of similarity, ICML 1998,
// pp. 296-304.
func (ic *IC) Lin(a, b Synset) (float64, error) {
	const name = "Lin similarity"
	x, y, both, err := ic.pair(name, a, b)
	if err != nil {
		return 0, err
	}
	if x+y == 0 {
		return 0, fmt.Errorf("wordnet: %s of %v and %v: %w: both have an information content of 0", name, a, b, ErrUndefined)
	}
	return 2 * both / (x + y), nil
}

// ReadIC reads a table in the format of NLTK's corpus wordnet_ic and of Ted
// Pedersen's WordNet::Similarity: a header line, then lines with an offset and
// the letter n or v, a count, and ROOT if the synset is a root, whose count is
// added to the total. name is only used in errors.
//
// The offsets must belong to the edition of the database that was opened. If an
// offset is not the start of a synset, or a line is malformed, the error wraps
// [ErrSyntax].
func (db *DB) ReadIC(r io.Reader, name string) (*IC, error) {
	ic := &IC{db: db, count: make([]float64, db.Len())}
	ic.has[Noun], ic.has[Verb] = true, true
	seen := make([]bool, db.Len())
	err := eachShortLine(r, name, func(n int, line string) error {
		if n == 1 {
			return headerIC(line)
		}
		return ic.line(line, seen)
	})
	if err != nil {
		return nil, err
	}
	return ic, nil
}

// eachShortLine calls f with every line of a file that must not be empty, up to
// the first error.
func eachShortLine(r io.Reader, name string, f func(n int, line string) error) error {
	br := bufio.NewReaderSize(r, 4096)
	for n := 1; ; n++ {
		b, err := br.ReadSlice('\n')
		switch {
		case err == io.EOF && len(b) == 0 && n > 1:
			return nil
		case err == io.EOF && len(b) == 0:
			return &syntaxError{file: name, err: errEmpty}
		case err == io.EOF:
			err = errTruncated
		case err == bufio.ErrBufferFull:
			err = errors.New("line is too long")
		case err != nil:
			return fmt.Errorf("%s:%d: %w", name, n, err)
		default:
			err = f(n, strings.TrimRight(string(b), "\r\n"))
		}
		if err != nil {
			return &syntaxError{name, n, err}
		}
	}
}

// headerIC checks that the first line is none of the table's, which would be
// lost.
func headerIC(line string) error {
	if !utf8.ValidString(line) {
		return errors.New("invalid UTF-8")
	}
	if f := strings.Fields(line); len(f) >= 2 {
		if _, ok := decimal(strings.TrimRight(f[0], "nv")); ok {
			return errors.New("the header line is missing")
		}
	}
	return nil
}

func (ic *IC) line(line string, seen []bool) error {
	f := strings.Fields(line)
	if len(f) != 2 && !(len(f) == 3 && f[2] == "ROOT") {
		return &badField{"record", line}
	}
	var p POS
	id := f[0]
	if p = posOf(id[len(id)-1:]); p != Noun && p != Verb {
		return &badField{"offset and part of speech", id}
	}
	off, ok := decimal(id[:len(id)-1])
	if !ok {
		return &badField{"offset and part of speech", id}
	}
	v, err := strconv.ParseFloat(f[1], 64)
	if err != nil || !(v >= 0) || math.IsInf(v, 0) {
		return &badField{"count", f[1]}
	}
	part, _ := partOf(p)
	syn, ok := ic.db.at(part, off)
	if !ok {
		return fmt.Errorf("no synset at offset %d of data.%s: a table for another edition of the database?", off, partNames[part])
	}
	if seen[syn] {
		return fmt.Errorf("offset %s stands twice", id)
	}
	seen[syn] = true
	ic.count[syn] = v
	if len(f) == 3 {
		ic.total[p] += v
	}
	return nil
}

// ICSettings configures [DB.BuildIC]. Nil and the zero value mean NLTK's
// defaults.
type ICSettings struct {
	// Whole gives each sense of a word the whole count of the word instead of
	// an equal share. NLTK calls it weight_senses_equally.
	Whole bool

	// Smoothing is added to the count of each synset and to each total.
	// Zero means 1; a negative number means none.
	Smoothing float64
}

// BuildIC makes a table from the words of a corpus and their counts. If a word
// comes several times, its counts are added. The senses of a word, as found by
// [DB.Synsets], share its count, and each sense adds its share to itself and to
// all synsets above it. Words that are not found are ignored.
//
// As in NLTK, sums are computed from the most frequent word down, and among
// equally frequent words in the order of their first appearance. This may affect
// the last bits of the table.
//
// A count or setting that is negative or not finite is an error.
func (db *DB) BuildIC(counts iter.Seq2[string, float64], s *ICSettings) (*IC, error) {
	var set ICSettings
	if s != nil {
		set = *s
	}
	if set.Smoothing == 0 {
		set.Smoothing = 1
	}
	if math.IsNaN(set.Smoothing) || math.IsInf(set.Smoothing, 0) {
		return nil, fmt.Errorf("wordnet: Smoothing %v is not finite", set.Smoothing)
	}
	ic := &IC{db: db, count: make([]float64, db.Len())}
	for _, p := range searchOrder {
		ic.has[p] = true
	}
	if set.Smoothing > 0 {
		for _, p := range searchOrder {
			ic.total[p] = set.Smoothing
		}
		for i := range ic.count {
			ic.count[i] = set.Smoothing
		}
	}
	var senses []Synset
	var levels icLevels
	type counted struct {
		word string
		n    float64
	}
	var list []counted
	at := map[string]int{}
	for word, n := range counts {
		if !(n >= 0) || math.IsInf(n, 0) {
			return nil, fmt.Errorf("wordnet: count %v of word %q is negative or not finite", n, word)
		}
		i, ok := at[word]
		if !ok {
			i = len(list)
			word = strings.Clone(word)
			at[word] = i
			list = append(list, counted{word, 0})
		}
		list[i].n += n
	}
	slices.SortStableFunc(list, func(a, b counted) int { return cmp.Compare(b.n, a.n) })
	for _, c := range list {
		senses = slices.AppendSeq(senses[:0], db.Synsets(c.word))
		if len(senses) == 0 {
			continue
		}
		w := c.n
		if !set.Whole {
			w /= float64(len(senses))
		}
		for _, sense := range senses {
			levels.add(ic, sense.id, w)
			ic.total[icPOS(db.synPOS[sense.id])] += w
		}
	}
	return ic, nil
}

// icLevels adds a weight to a synset and all above it as NLTK does: level by
// level, where a synset that is found twice within a level counts twice, and
// so does what is above it there. What was on an earlier level is left out.
type icLevels struct {
	level, next []icNode
	seen        []bool // scratch: of every synset, whether it was on a level
	visited     []uint32
}

type icNode struct {
	id    uint32
	times float64
}

func (l *icLevels) add(ic *IC, id uint32, w float64) {
	db := ic.db
	if l.seen == nil {
		l.seen = make([]bool, db.Len())
	}
	l.visited = l.visited[:0]
	l.level = append(l.level[:0], icNode{id, 1})
	for len(l.level) > 0 {
		for _, n := range l.level {
			l.seen[n.id] = true
			l.visited = append(l.visited, n.id)
			if n.times <= 64 { // one by one: the sum may differ in the last bit
				for range int(n.times) {
					ic.count[n.id] += w
				}
			} else {
				ic.count[n.id] += w * n.times
			}
		}
		l.next = l.next[:0]
		for _, n := range l.level {
			for _, h := range db.hypernyms(n.id) {
				if !l.seen[h] {
					l.next = append(l.next, icNode{h, n.times})
				}
			}
		}
		if len(l.next) > 1 {
			slices.SortFunc(l.next, func(a, b icNode) int { return cmp.Compare(a.id, b.id) })
			k := 0
			for _, n := range l.next[1:] {
				if n.id == l.next[k].id {
					l.next[k].times += n.times
				} else {
					k++
					l.next[k] = n
				}
			}
			l.next = l.next[:k+1]
		}
		l.level, l.next = l.next, l.level
	}
	for _, id := range l.visited {
		l.seen[id] = false
	}
}
