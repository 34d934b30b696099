package wordnet

import (
	"bytes"
	"errors"
	"math"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/fstest"

	"github.com/semamap/semamap/wordnet/internal/compact"
)

// Forms whose answers are known from NLTK 3.8.
func TestMorphyTable(t *testing.T) {
	db := embedded(t)
	for _, c := range []struct{ form, n, v, a string }{
		{"was", "wa", "be", ""}, {"men", "men man", "", ""}, {"as", "as a", "", ""}, {"is", "", "be", ""},
		{"better", "better", "better", "better good well"}, {"tablesssss", "table", "table", ""}, {"Dogs", "", "", ""},
		{"involucra", "", "", ""}, {"offer", "offer", "offer", ""}, {"hot_dogs", "hot_dog", "", ""}, {"hot dog", "", "", ""},
		{"", "", "", ""}, {"s", "s", "", ""}, {"ing", "", "", ""},
	} {
		for p, want := range map[POS]string{Noun: c.n, Verb: c.v, Adj: c.a} {
			got := strings.Join(db.BaseForms(c.form, p), " ")
			if got != want {
				t.Errorf("BaseForms(%q, %v) = %q, want %q", c.form, p, got, want)
			}
		}
	}
	if m, ok := db.Morphy("was"); m != "wa" || !ok {
		t.Error(m, ok)
	}
	if m, ok := db.Morphy("was", Verb); m != "be" || !ok {
		t.Error(m, ok)
	}
	if n := len(slices.Collect(db.Synsets("Dogs"))); n != 8 {
		t.Error(n, "senses of Dogs")
	}
	// A long word costs a look at each of its endings, no more.
	db.Morphy("table" + strings.Repeat("s", 1<<20))
	db.Morphy(strings.Repeat("es", 1<<12))
	db.Morphy(strings.Repeat("ing", 1<<12))
}

// What NLTK lets through, and what it answers with a wrong kind of error.
func TestNames(t *testing.T) {
	db := embedded(t)
	for name, want := range map[string]string{
		"dog.n.01": "dog.n.01", "dog.n.1": "dog.n.01", "Dog.N.001": "dog.n.01", "domestic_dog.n.01": "dog.n.01",
		".22-caliber.a.01": ".22_caliber.a.01", "aghast.a.01": "aghast.s.01", "d.o.a..s.01": "d.o.a..s.01",
	} {
		if s, err := db.Synset(name); err != nil || s.Name() != want {
			t.Errorf("%s: %v %v, want %s", name, s, err, want)
		}
	}
	for _, name := range []string{
		"", ".", "..", "dog", "dog.n", "dog.n.", "dog.n.0", "dog.n.-1", "dog.n.+1", "dog.n. 1", "dog.n.8", "dog.n.99999999999",
		"dog.x.01", "dog.a.01", "dogg.n.01", "able.s.01", "dog.n.0x1", "dog.noun.01",
	} {
		if s, err := db.Synset(name); !errors.Is(err, ErrNotFound) || s != (Synset{}) {
			t.Errorf("%q: %v %v", name, s, err)
		}
	}
	for _, name := range []string{".45_caliber.a.01..45_caliber", "a.n.06.A", "a.n.06.a", "dog.n.01.Canis_familiaris"} {
		if l, err := db.Lemma(name); err != nil || l.fullName() != name {
			t.Errorf("%s: %v %v", name, l, err)
		}
	}
	for _, name := range []string{"", "dog", "dog.n.01", "dog.n.01.", "dog.n.01.DOG", "dog.n.01.cat", "dog.n.99.dog"} {
		if l, err := db.Lemma(name); !errors.Is(err, ErrNotFound) || l != (Lemma{}) {
			t.Errorf("%q: %v %v", name, l, err)
		}
	}
	// A failed look-up leaves nothing behind.
	if n := len(slices.Collect(db.LemmaNames())); n != 147306 {
		t.Error(n)
	}
	a, _ := db.Lemma("dog.n.01.dog")
	b, _ := db.Lemma("dog.n.03.dog")
	if a == b {
		t.Error("two senses are equal")
	}
	seen := map[string]bool{}
	for s := range db.All() {
		if seen[s.Name()] {
			t.Fatal(s)
		}
		seen[s.Name()] = true
		if by, err := db.Synset(s.Name()); err != nil || by != s {
			t.Fatal(s, by, err)
		}
		if at, ok := db.SynsetAt(s.POS(), s.Offset()); !ok || at != s {
			t.Fatal(s, at, ok)
		}
	}
	for _, off := range []int{-1, 0, 1741, math.MaxInt32} {
		if s, ok := db.SynsetAt(Noun, off); ok {
			t.Error(off, s)
		}
	}
	if s, ok := db.SynsetAt(Noun, 1740); !ok || s.Name() != "entity.n.01" {
		t.Error(s, ok)
	}
	if s, ok := db.SynsetAt(AdjSat, 1740); ok {
		t.Error(s)
	}
	if got := strings.Join(slices.Collect(db.LemmaNames(Verb))[:3], " "); got != "absent abstract ace" {
		t.Error(got)
	}
}

// Values of NLTK 3.8, among them the pairs that show that Wu-Palmer is not
// symmetric, and synsets that are not wholly like themselves.
func TestWuPalmer(t *testing.T) {
	db := embedded(t)
	for _, c := range []struct {
		a, b string
		want float64
	}{
		{"whirl.v.05", "move.v.03", 0.4}, {"move.v.03", "whirl.v.05", 2.0 / 3}, {"move.v.02", "call.v.23", 0.25}, {"call.v.23", "move.v.02", 0.2},
		{"dog.n.01", "dog.n.01", 26.0 / 28}, {"dresser.n.02", "dresser.n.02", 0.75},
	} {
		if v, err := WuPalmer(synset(t, db, c.a), synset(t, db, c.b)); err != nil || v != c.want {
			t.Errorf("%s %s: %v %v, want %v", c.a, c.b, v, err, c.want)
		}
	}
	noun, verb := synset(t, db, "dog.n.01"), synset(t, db, "run.v.01")
	if _, err := LeacockChodorow(noun, verb); !errors.Is(err, ErrUndefined) {
		t.Error(err)
	}
	rootless := animals.open(t, &Settings{NoRoot: true})
	for _, f := range []Similarity{PathSimilarity, WuPalmer} {
		if v, err := f(synset(t, rootless, "dog.n.01"), synset(t, rootless, "wag.v.01")); !errors.Is(err, ErrUndefined) {
			t.Error("without a root:", v, err)
		}
	}
}

func TestInformationContent(t *testing.T) {
	db := animals.open(t, nil)
	dog, cat, thing := synset(t, db, "dog.n.01"), synset(t, db, "cat.n.01"), synset(t, db, "thing.n.01")
	ic, err := db.BuildIC(ofWords(slices.Values([]string{"dog", "dog", "cat", "unknown"})), &ICSettings{Smoothing: -1})
	if err != nil {
		t.Fatal(err)
	}
	// "dog" has two nouns, the dog and Rex below it, and a verb; "cat" one of each.
	if ic.count[dog.id] != 2.0/3+2.0/3 || ic.count[cat.id] != 0.5 || ic.count[thing.id] != ic.count[dog.id]+ic.count[cat.id] {
		t.Error(ic.count[dog.id], ic.count[cat.id], ic.count[thing.id])
	}
	if n := ic.total[Noun]; !ic.has[Noun] || n != ic.count[thing.id] {
		t.Error(n)
	}
	if v, err := ic.Resnik(dog, cat); v != 0 || err != nil {
		t.Error(v, err)
	}
	if v, err := ic.JiangConrath(dog, dog); v != 1e300 || err != nil {
		t.Error(v, err)
	}
	if v, err := ic.Lin(thing, thing); !errors.Is(err, ErrUndefined) {
		t.Error(v, err)
	}
	if v, err := ic.Information(synset(t, db, "pack.n.01")); v != 1e300 || err != nil {
		t.Error(v, err)
	}
	if _, err := ic.Resnik(dog, synset(t, db, "wag.v.01")); !errors.Is(err, ErrUndefined) {
		t.Error(err)
	}
	for _, s := range []float64{math.NaN(), math.Inf(1)} {
		if _, err := db.BuildIC(ofWords(slices.Values([]string{"dog"})), &ICSettings{Smoothing: s}); err == nil {
			t.Error("Smoothing", s)
		}
		if _, err := db.BuildIC(func(yield func(string, float64) bool) { yield("dog", s) }, nil); err == nil {
			t.Error("count", s)
		}
	}
	entity := dogLine(db, thing)
	for text, want := range map[string]string{
		"":                                            "ic.dat: empty file",
		"wnver::x":                                    "ic.dat:1: file ends within a line: truncated",
		entity + " 3\n":                               "ic.dat:1: the header line is missing",
		"wnver\n" + entity + "\n":                     `ic.dat:2: bad record`,
		"wnver\n" + entity + " 3 TOP\n":               `ic.dat:2: bad record`,
		"wnver\n" + entity + " x\n":                   `ic.dat:2: bad count "x"`,
		"wnver\n" + entity + " -1\n":                  `ic.dat:2: bad count "-1"`,
		"wnver\n" + entity + " NaN\n":                 `ic.dat:2: bad count "NaN"`,
		"wnver\n1n 3\n":                               `ic.dat:2: no synset at offset 1 of data.noun`,
		"wnver\n" + entity + " 3 ROOT\n\n":            `ic.dat:3: line ends before the record`,
		"wnver\n52a 3\n":                              `ic.dat:2: bad offset and part of speech "52a"`,
		"wnver\n" + strings.Repeat("x", 9999):         "ic.dat:2: line is too long",
		"wnver\n" + entity + " 3\n" + entity + " 3\n": "ic.dat:3: offset " + entity + " stands twice",
	} {
		if _, err := db.ReadIC(strings.NewReader(text), "ic.dat"); !errors.Is(err, ErrSyntax) || !strings.HasPrefix(err.Error(), want) {
			t.Errorf("%.40q: %v, want %s", text, err, want)
		}
	}
	ic, err = db.ReadIC(strings.NewReader("wnver\n"+entity+" 3 ROOT\n"), "ic.dat")
	if err != nil || ic.count[thing.id] != 3 {
		t.Error(err)
	}
	if _, err := ic.Information(synset(t, db, "big.a.01")); !errors.Is(err, ErrUndefined) {
		t.Error(err)
	}
}

func dogLine(db *DB, s Synset) string {
	return strings.TrimLeft(string(appendOffset(nil, s.Offset())), "0") + s.POS().String()
}

func appendOffset(dst []byte, n int) []byte {
	for d := 10_000_000; d > 0; d /= 10 {
		dst = append(dst, '0'+byte(n/d%10))
	}
	return dst
}

// One database, many goroutines; run with -race.
func TestConcurrent(t *testing.T) {
	db := embedded(t)
	ps := pairs(db, Noun, 50)
	ws := words(db, 200)
	var want string
	var mu sync.Mutex
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			var b strings.Builder
			for _, w := range ws {
				for s := range db.Synsets(w) {
					b.WriteString(s.Name())
				}
			}
			for _, p := range ps {
				v, _ := WuPalmer(p[0], p[1])
				b.WriteString(strings.Repeat("x", int(v*100)))
				for path := range p[0].HypernymPaths() {
					b.WriteString(path[0].Name())
				}
				for l := range p[1].Lemmas() {
					b.WriteString(l.Key())
				}
			}
			mu.Lock()
			defer mu.Unlock()
			if want == "" {
				want = b.String()
			} else if want != b.String() {
				t.Error("goroutines differ")
			}
		})
	}
	wg.Wait()
}

// However many processors, the database is the same.
func TestSameForAnyGOMAXPROCS(t *testing.T) {
	open := func(n int) *DB {
		defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(n))
		if _, err := os.Stat(debianDir + "/data.noun"); err == nil && !testing.Short() {
			db, err := OpenDir(debianDir, nil)
			if err != nil {
				t.Fatal(err)
			}
			return db
		}
		return animals.open(t, nil)
	}
	one, eight := open(1), open(8)
	sameDB(t, one, eight)
	if !slices.Equal(one.glossText, eight.glossText) {
		t.Error("glosses differ")
	}
	// The first error is the same too.
	for _, n := range []int{1, 8} {
		defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(n))
		bad := change(animals.files(), "data.noun", replace("| what is", "| wha| is"))
		bad = change(bad, "data.verb", replace("| go", "* go"))
		if _, err := Open(bad, nil); err == nil || err.Error() != "data.noun:2: more than one '|'" {
			t.Error(err)
		}
	}
}

func TestZip(t *testing.T) {
	files := fstest.MapFS{}
	for name, f := range withExtras(animals.files()) {
		files["wordnet/"+name] = f
	}
	path := filepath.Join(t.TempDir(), "wordnet.zip")
	if err := os.WriteFile(path, zipped(t, files), 0o600); err != nil {
		t.Fatal(err)
	}
	db, err := OpenDir(path, nil)
	if err != nil {
		t.Fatal(err)
	}
	plain, err := Open(withExtras(animals.files()), nil)
	if err != nil {
		t.Fatal(err)
	}
	sameDB(t, plain, db)
	if d, err := synset(t, db, "dog.n.01").Definition(); d != "it barks" || err != nil {
		t.Error(d, err)
	}
	if !holdsDatabase(path) || !holdsDatabase(filepath.Dir(path)) || holdsDatabase(t.TempDir()) {
		t.Error("holdsDatabase")
	}
	// A compact file.
	var b bytes.Buffer
	if err := db.pack(&b); err != nil {
		t.Fatal(err)
	}
	if back, err := Open(fstest.MapFS{compact.Name: {Data: b.Bytes()}}, nil); err != nil {
		t.Error(err)
	} else {
		sameDB(t, db, back)
	}
	file := filepath.Join(filepath.Dir(path), "my.lexicon")
	if err := os.WriteFile(file, []byte("neither"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := OpenDir(file, nil); !errors.Is(err, ErrNoDatabase) {
		t.Error(err)
	}
}

// Every cut and every wrong byte of a compact file is noticed.
func TestBrokenCompact(t *testing.T) {
	db, err := Open(withExtras(animals.files()), nil)
	if err != nil {
		t.Fatal(err)
	}
	var b bytes.Buffer
	if err := db.pack(&b); err != nil {
		t.Fatal(err)
	}
	for n := range b.Len() {
		if _, err := unpacked(b.String()[:n]); !errors.Is(err, ErrSyntax) {
			t.Fatalf("cut at %d: %v", n, err)
		}
		bad := bytes.Clone(b.Bytes())
		bad[n] ^= 0x40
		switch got, err := unpacked(string(bad)); {
		case err == nil:
			sameDB(t, db, got) // the bits that fill up the last byte of a column
		case !errors.Is(err, ErrSyntax):
			t.Fatalf("byte %d: %v", n, err)
		}
	}
	if _, err := unpacked(b.String() + "x"); !errors.Is(err, ErrSyntax) {
		t.Error(err)
	}
	late, err := Open(animals.files(), &Settings{NLTK: "3.9.2"})
	if err != nil {
		t.Fatal(err)
	}
	if err := late.pack(&b); err == nil {
		t.Error("a compact file with other names")
	}
}

// Hot paths allocate nothing.
func TestAllocations(t *testing.T) {
	db := embedded(t)
	a, b := synset(t, db, "dog.n.01"), synset(t, db, "cat.n.01")
	v, w := synset(t, db, "run.v.01"), synset(t, db, "walk.v.01")
	l := lemmaAt(a, 1)
	var buf []byte
	var list []Synset
	for name, c := range map[string]struct {
		max float64
		f   func()
	}{
		"appendName": {0, func() { buf = db.appendName(buf[:0], a.id) }},
		"Name":       {1, func() { _ = a.Name() }},
		"AppendKey":  {0, func() { buf = l.appendKey(buf[:0]) }},
		"Synsets":    {0, func() { list = slices.AppendSeq(list[:0], db.Synsets("dogs")) }},
		"Related": {0, func() {
			for range a.Related(hyponyms) {
				continue
			}
		}},
		"Hypernyms": {0, func() {
			for range a.Hypernyms() {
				continue
			}
		}},
		"Lemma.Related": {0, func() {
			for range l.Related(antonyms) {
				continue
			}
		}},
		"Morphy":          {0, func() { db.Morphy("dogs") }},
		"Synset":          {0, func() { _, _ = db.Synset("dog.n.01") }},
		"PathSimilarity":  {0, func() { _, _ = PathSimilarity(a, b) }},
		"WuPalmer":        {0, func() { WuPalmer(a, b) }},
		"WuPalmer verbs":  {0, func() { WuPalmer(v, w) }},
		"LeacockChodorow": {0, func() { _, _ = LeacockChodorow(a, b) }},
		"Distance":        {0, func() { a.Distance(b, true) }},
		"Count":           {0, func() { l.Count() }},
	} {
		c.f()
		if n := testing.AllocsPerRun(100, c.f); n > c.max {
			t.Errorf("%s: %v allocations", name, n)
		}
	}
}

func TestDifferentDatabases(t *testing.T) {
	a, b := animals.open(t, nil), animals.open(t, nil)
	defer func() {
		if r := recover(); r != "wordnet: synsets of different databases" {
			t.Error(r)
		}
	}()
	PathSimilarity(synset(t, a, "dog.n.01"), synset(t, b, "dog.n.01"))
}

func TestLower(t *testing.T) {
	for in, want := range map[string]string{"": "", "Dog": "dog", "dog": "dog", "ÄÖ": "äö", "İx": "i̇x", "ΑΣ": "ας", "ΑΣΑ": "ασα", "Σ": "σ", "ΑΣ.": "ας.", "K": "k"} {
		if got := lower(in); got != want {
			t.Errorf("lower(%q) = %q, want %q", in, got, want)
		}
		if isLower([]byte(in)) != (in == want) {
			t.Errorf("isLower(%q)", in)
		}
	}
}

func TestRelationNames(t *testing.T) {
	for _, r := range Relations() {
		for _, s := range []string{r.String(), relationTable[r].symbol} {
			if q, err := ParseRelation(s); q != r || err != nil {
				t.Errorf("%v: %q is %v, %v", r, s, q, err)
			}
		}
		if relationOf(relationTable[r].symbol) != r {
			t.Error(r)
		}
		if i, ok := r.Inverse(); ok {
			if j, ok := i.Inverse(); j != r || !ok {
				t.Errorf("%v: inverse of inverse %v", r, j)
			}
		}
	}
	if _, err := ParseRelation("cousins"); !errors.Is(err, ErrNotFound) {
		t.Error(err)
	}
	if len(Relations()) != 26 {
		t.Error(len(Relations()))
	}
}
