package wordnet

import (
	"archive/zip"
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path"
	"slices"
	"strings"
	"testing"
	"testing/fstest"
)

// A mini is a small made-up database. Each line of its text is a record with
// names in place of offsets:
//
//	name lex_file type word[,word...] [symbol target [source/target]...] [+ frame word] | gloss
//
// It is turned into database files, so that offsets and indexes fit.
type mini string

// animals has every kind of thing the formats can say.
const animals mini = `
big    00 a big,large(p) ! small 0101 & huge = size ^ huge | of great size; "a big dog"
huge   00 s huge & big | very big; "huge" and "vast
small  00 a small ! big 0101 = size | not big
tailed 01 a tailed \ tail 0101 < wag 0101 | having a tail
bigly  02 r bigly,big(ip) \ big 0101 | in a big way
thing  03 n thing,Entity ~ animal ~ part ~ size ~ zoology ~ south | what is
size   07 n size @ thing = big = small | how big something is
animal 05 n animal,beast @ thing ~ dog ~ cat ;c zoology | a living thing
dog    05 n dog,Canis_familiaris,D-O-G @ animal %p tail #m pack ~i rex -r south | it barks; "the dog barked" ; ; "twice"
cat    05 n cat @ animal %p tail + cat_v 0101 ;u slang | it mews
rex    05 n Rex,dog @i dog | a dog
pack   14 n pack @ thing %m dog | dogs together
part   06 n part @ thing ~ tail | a piece
tail   08 n tail @ part #p dog #p cat | the end of a dog
zoology 09 n zoology @ thing -c animal -c wag | the science of animals
slang  10 n slang @ thing -u cat | words like "moggy"
south  15 n south @ thing ;r dog | where dogs are
wag    38 v wag,dog @ move ;c zoology $ shake * shake + 08 00 + 02 01 | move a tail
move   38 v move ~ wag ~ shake > wag + 01 00 | go
shake  38 v shake @ move $ wag + 08 00 | move to and fro
cat_v  35 v cat + cat 0101 + 02 00 | beat
`

const miniLicense = "  1 This is made up: WordNet 9.9 Copyright nobody.  \n"

func (m mini) files() fstest.MapFS {
	type rec struct {
		name, line string
		part       part
		off        int
	}
	var recs [parts][]*rec
	byName := map[string]*rec{}
	var words [parts][]string
	senses := [parts]map[string][]*rec{{}, {}, {}, {}}
	for line := range strings.Lines(string(m)) {
		if strings.TrimSpace(line) == "" {
			continue
		}
		f := strings.Fields(line)
		p, ok := partOf(posOf(f[2]))
		if !ok {
			panic(line)
		}
		r := &rec{name: f[0], line: strings.TrimSpace(line), part: p}
		recs[p] = append(recs[p], r)
		byName[r.name] = r
		for w := range strings.SplitSeq(f[3], ",") {
			w, _, _ = strings.Cut(strings.ToLower(w), "(")
			if len(senses[p][w]) == 0 {
				words[p] = append(words[p], w)
			}
			if !slices.Contains(senses[p][w], r) {
				senses[p][w] = append(senses[p][w], r)
			}
		}
	}
	write := func(r *rec) string {
		head, gloss, _ := strings.Cut(r.line, "|")
		f := strings.Fields(head)
		ws := strings.Split(f[3], ",")
		b := fmt.Sprintf("%08d %s %s %02x", r.off, f[1], f[2], len(ws))
		for i, w := range ws {
			b += fmt.Sprintf(" %s %x", w, i)
		}
		rest := f[4:]
		var ptrs, frames []string
		for i := 0; i < len(rest); {
			if num := rest[i+1]; rest[i] == "+" && len(num) == 2 && num[0] <= '9' {
				frames = append(frames, strings.Join(rest[i:i+3], " "))
				i += 3
				continue
			}
			t := byName[rest[i+1]]
			if t == nil {
				panic(r.line + ": " + rest[i+1])
			}
			p := fmt.Sprintf("%s %08d %v ", rest[i], t.off, partPOS[t.part])
			if i += 2; i < len(rest) && len(rest[i]) == 4 && rest[i][0] == '0' {
				p += rest[i]
				i++
			} else {
				p += "0000"
			}
			ptrs = append(ptrs, p)
		}
		b += fmt.Sprintf(" %03d", len(ptrs))
		for _, p := range ptrs {
			b += " " + p
		}
		if r.part == partVerb {
			b += fmt.Sprintf(" %02d", len(frames))
			for _, f := range frames {
				b += " " + f
			}
		}
		return b + " |" + gloss + "  \n"
	}
	fsys := fstest.MapFS{}
	for range 2 { // offsets have eight digits, so the second round has them right
		for p := range parts {
			text := miniLicense
			for _, r := range recs[p] {
				r.off = len(text)
				text += write(r)
			}
			fsys["data."+partNames[p]] = &fstest.MapFile{Data: []byte(text)}
		}
	}
	for p := range parts {
		text := miniLicense
		slices.Sort(words[p])
		for _, w := range words[p] {
			text += fmt.Sprintf("%s %v %d 1 @ %d 0", w, partPOS[p], len(senses[p][w]), len(senses[p][w]))
			for _, r := range senses[p][w] {
				text += fmt.Sprintf(" %08d", r.off)
			}
			text += "  \n"
		}
		fsys["index."+partNames[p]] = &fstest.MapFile{Data: []byte(text)}
	}
	return fsys
}

func (m mini) open(t testing.TB, s *Settings) *DB {
	t.Helper()
	db, err := Open(m.files(), s)
	if err != nil {
		t.Fatal(err)
	}
	return db
}

// withExtras adds the files that may be missing.
func withExtras(fsys fstest.MapFS) fstest.MapFS {
	fsys = maps.Clone(fsys)
	for name, text := range map[string]string{
		"noun.exc":    "doggen dog\ndoggen cat\nkitties cat dog\nnothings nought\n",
		"verb.exc":    "wog wag\n",
		"cntlist.rev": "dog%1:05:00:: 1 7\nhuge%5:00:00:big(p):00 1 3\ngone%1:05:00:: 1 9\n",
	} {
		fsys[name] = &fstest.MapFile{Data: []byte(text)}
	}
	return fsys
}

func TestMini(t *testing.T) {
	db, err := Open(withExtras(animals.files()), nil)
	if err != nil {
		t.Fatal(err)
	}
	if db.Version() != "9.9" || db.count == nil || !db.hasGlosses || db.Len() != 21 {
		t.Error(db.Version(), db.count, db.hasGlosses, db.Len())
	}
	var all []string
	for s := range db.All() {
		all = append(all, s.Name())
	}
	const want = "big.a.01 huge.s.01 small.a.01 tailed.a.01 bigly.r.01 thing.n.01 size.n.01 animal.n.01 dog.n.01 cat.n.01 rex.n.01 " +
		"pack.n.01 part.n.01 tail.n.01 zoology.n.01 slang.n.01 south.n.01 wag.v.01 move.v.01 shake.v.01 cat.v.01"
	if got := strings.Join(all, " "); got != want {
		t.Errorf("%s\nwant %s", got, want)
	}
	dog := synset(t, db, "DOG.n.1")
	var words, keys []string
	for l := range dog.Lemmas() {
		words = append(words, l.Name())
		keys = append(keys, l.Key())
	}
	if got := strings.Join(words, " ") + " " + strings.Join(keys, " "); got != "dog Canis_familiaris D-O-G dog%1:05:00:: canis_familiaris%1:05:01:: d-o-g%1:05:02::" {
		t.Error(got)
	}
	if s := synset(t, db, "dog.n.02"); s.Name() != "rex.n.01" || s != synset(t, db, "rex.n.01") {
		t.Error(s)
	}
	if d, err := dog.Definition(); d != "it barks" || err != nil {
		t.Errorf("%q %v", d, err)
	}
	if e, err := dog.Examples(); !slices.Equal(e, []string{"the dog barked", "twice"}) || err != nil {
		t.Errorf("%q %v", e, err)
	}
	huge := synset(t, db, "huge.s.01")
	if d, _ := huge.Definition(); d != `very big;  and "vast` {
		t.Errorf("%q", d)
	}
	if huge != synset(t, db, "huge.a.01") {
		t.Error("a does not find a satellite")
	}
	if l := lemmaAt(huge, 0); l.Key() != "huge%5:00:00:big:00" || l.Count() != 0 || l.TagCount() != 3 {
		t.Error(l.Key(), l.Count(), l.TagCount())
	}
	if l := lemmaAt(dog, 0); l.Count() != 7 || db.wordSense[l.id] != 1 || l.Synset() != dog {
		t.Error(l.Count(), db.wordSense[l.id])
	}
	big := synset(t, db, "big.a.01")
	if m := lemmaAt(big, 1); m.Name() != "large" || m.Marker() != "(p)" {
		t.Error(m.Name(), m.Marker())
	}
	wag := synset(t, db, "wag.v.01")
	one, patterns := frames(lemmaAt(wag, 0))
	two, _ := frames(lemmaAt(wag, 1))
	if got := fmt.Sprint(wag.Frames(), one, two, patterns); got != "[8] [8 2] [8] [Somebody wag something Somebody wag]" {
		t.Error(got)
	}
	for _, c := range []struct {
		form string
		pos  POS
		want string
	}{
		{"doggen", Noun, "cat"}, {"kitties", Noun, "cat dog"}, {"nothings", Noun, ""}, {"wog", Verb, "wag"}, {"wags", Verb, "wag"},
		{"bigger", Adj, ""}, {"big", AdjSat, "big"}, {"dogsss", Noun, "dog"}, {"Dogs", Noun, ""}, {"dog", 0, ""},
	} {
		if got := strings.Join(db.BaseForms(c.form, c.pos), " "); got != c.want {
			t.Errorf("BaseForms(%q, %v) = %q, want %q", c.form, c.pos, got, c.want)
		}
	}
	roundTrip(t, db)

	defects := DefectsOf(db)
	var codes []string
	for _, d := range defects {
		codes = append(codes, d[:5])
	}
	if got := strings.Join(slices.Compact(codes), " "); got != "WN103 WN303 WN401 WN501" {
		t.Error(got, defects)
	}

	bare, err := Open(animals.files(), &Settings{NoGlosses: true})
	if err != nil {
		t.Fatal(err)
	}
	if bare.count != nil || bare.hasGlosses {
		t.Error("counts or glosses out of nowhere")
	}
	if _, err := synset(t, bare, "dog.n.01").gloss(); err != ErrNoGlosses {
		t.Error(err)
	}
}

// zipped packs files into an archive.
func zipped(t testing.TB, files fstest.MapFS) []byte {
	t.Helper()
	var b bytes.Buffer
	z := zip.NewWriter(&b)
	if err := errors.Join(z.AddFS(files), z.Close()); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// Other places of the files, and optional files that override what is built in.
func TestOpenPlaces(t *testing.T) {
	files := animals.files()
	under := func(dir string) fstest.MapFS {
		sub := fstest.MapFS{}
		for name, f := range files {
			sub[path.Join(dir, name)] = f
		}
		return sub
	}
	for _, dir := range []string{"", "dict", "wordnet", "corpora/wordnet", "nltk_data/corpora/wordnet"} {
		if db, err := Open(under(dir), nil); err != nil || db.Len() != 21 {
			t.Error(dir, err)
		}
	}
	// Archives as NLTK downloads them, in files with and without random access.
	for name, dir := range map[string]string{
		"wordnet.zip": "wordnet", "corpora/wordnet.zip": "wordnet", "corpora.zip": "corpora/wordnet", "nltk_data/corpora/wordnet.zip": "wordnet",
	} {
		fsys := fstest.MapFS{name: {Data: zipped(t, under(dir))}}
		if db, err := Open(fsys, nil); err != nil || db.Len() != 21 {
			t.Error(name, err)
		}
		if db, err := Open(slow{fsys}, nil); err != nil || db.Len() != 21 {
			t.Error(name, err)
		}
		fsys["corpora/wordnet/data.noun"] = &fstest.MapFile{Data: []byte("x\n")}
		if _, err := Open(fsys, nil); err == nil || !strings.Contains(err.Error(), "corpora/wordnet/index.adj") {
			t.Error("a folder does not come before an archive:", err)
		}
	}
	broken := change(under("wordnet"), "wordnet/data.adv", func(string) string { return "x\n" })
	_, err := Open(fstest.MapFS{"corpora/wordnet.zip": {Data: zipped(t, broken)}}, nil)
	if !isA(err, ErrSyntax) || !strings.HasPrefix(err.Error(), "corpora/wordnet.zip/wordnet/data.adv:1: ") {
		t.Error(err)
	}
	if _, err := Open(fstest.MapFS{"wordnet.zip": {Data: []byte("x")}}, nil); !isA(err, zip.ErrFormat) || !strings.Contains(err.Error(), "wordnet.zip") {
		t.Error(err)
	}
	if _, err := Open(fstest.MapFS{"wordnet.zip": {Data: zipped(t, fstest.MapFS{"other": {}})}}, nil); !isA(err, ErrNoDatabase) {
		t.Error(err)
	}
	if _, err := Open(fstest.MapFS{}, nil); !isA(err, ErrNoDatabase) {
		t.Error(err)
	}
	missing := maps.Clone(files)
	delete(missing, "index.verb")
	if _, err := Open(missing, nil); !isA(err, fs.ErrNotExist) || !strings.Contains(err.Error(), "index.verb") {
		t.Error(err)
	}
	for version, want := range map[string]compat{"": nltk38, "3.8": nltk38, "3.8.1": nltk38, "3.9": nltk39, "3.9.1": nltk39, "3.9.2": nltk392, "3.10": nltk392, "4": nltk392} {
		if db, err := Open(files, &Settings{NLTK: version}); err != nil || db.compat != want {
			t.Error(version, err)
		}
	}
	for _, version := range []string{"3", "3.7", "3.x", "x", "3.9.2.1", "-3.8", "3..8"} {
		if _, err := Open(files, &Settings{NLTK: version}); err == nil || !strings.Contains(err.Error(), version) {
			t.Error(version, err)
		}
	}
	lex := maps.Clone(files)
	var text string
	for i := range 45 {
		text += fmt.Sprintf("%02d\tfile.%d\t1\n", i, i)
	}
	lex["lexnames"] = &fstest.MapFile{Data: []byte(text)}
	db, err := Open(lex, nil)
	if err != nil || synset(t, db, "dog.n.01").LexName() != "file.5" {
		t.Error(err)
	}
	roundTrip(t, db)
}

// The database of the examples is animals, in the folders of NLTK.
func TestExampleDatabase(t *testing.T) {
	const dir = "testdata/nltk_data/corpora/wordnet"
	for name, f := range animals.files() {
		if b, err := os.ReadFile(path.Join(dir, name)); err != nil || string(b) != string(f.Data) {
			t.Errorf("%s differs from the made-up database: %v", name, err)
		}
	}
}
