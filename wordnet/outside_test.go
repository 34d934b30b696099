package wordnet

import (
	"archive/zip"
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"math/rand/v2"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"testing/fstest"
)

// problemsOf returns the problems of a database, each with its synset.
func problemsOf(db *DB) (list []string) {
	for s, err := range db.Problems() {
		text := err.Error()
		if s != (Synset{}) {
			text = s.Name() + " " + text
		}
		list = append(list, text)
	}
	return list
}

// outside returns the files of a database of testdata/outside.
func outside(t *testing.T, name string) fstest.MapFS {
	t.Helper()
	z, err := zip.OpenReader("testdata/outside/" + name + ".zip")
	if err != nil {
		t.Fatal(err)
	}
	defer z.Close()
	files := fstest.MapFS{}
	for _, f := range z.File {
		b, err := fs.ReadFile(z, f.Name)
		if err != nil {
			t.Fatal(err)
		}
		files[f.Name] = &fstest.MapFile{Data: b}
	}
	return files
}

// Databases that differ from a good one in one thing.
func TestOutside(t *testing.T) {
	for _, c := range []struct {
		name     string
		err      string   // of Open; if empty, it opens
		problems []string // with Settings.Lenient; without err also without it
	}{
		{"base", "", nil},
		{"zip_wordnet31", "", nil},
		{"exc_empty", "", nil},
		{"sense_empty", "", nil},
		{"percent", "", nil},
		{"paren", "", []string{
			"thing.n.01 data.noun:4: word \"(thing)\" is not in index.noun",
			"index.noun:3: record without a lemma",
		}},
		{"xewn_sym", "", []string{`be.v.01 data.verb:3: pointer ">^ 00000199 v 0000", whose symbol is not WordNet's`}},
		{"autocrlf", "data.adj:3: offset 00000117, but the line begins at byte 119: line ends are CRLF", []string{
			"data.adj:3: offset 00000117, but the line begins at byte 119: line ends are CRLF",
			"data.adv:3: offset 00000117, but the line begins at byte 119: line ends are CRLF",
			"data.noun:3: offset 00000117, but the line begins at byte 119: line ends are CRLF",
			"data.verb:3: offset 00000117, but the line begins at byte 119: line ends are CRLF",
		}},
		{"off1", "data.noun:5: offset 00000293, but the line begins at byte 292", []string{
			"data.noun:5: offset 00000293, but the line begins at byte 292",
		}},
		{"skipidx", `data.verb:3: word "exist" is not in index.verb`, []string{
			`be.v.01 data.verb:3: word "exist" is not in index.verb`,
		}},
		{"sense_badoff", "index.sense:1: no synset at offset 00000124 of data.verb", []string{
			"index.sense:1: no synset at offset 00000124 of data.verb", "index.sense:2: ", "index.sense:3: ", "index.sense:4: ", "index.sense:5: ", "index.sense:6: ",
			"index.sense:7: ", "index.sense:8: ", "index.sense:9: ", "index.sense:10: ", "index.sense:11: ", "index.sense:12: ",
		}},
	} {
		path := "testdata/outside/" + c.name + ".zip"
		db, err := OpenDir(path, nil)
		if c.err == "" && err != nil || c.err != "" && (!errors.Is(err, ErrSyntax) || !strings.Contains(err.Error(), c.err)) {
			t.Errorf("%s: %v, want %q", c.name, err, c.err)
			continue
		}
		lenient, err := OpenDir(path, &Settings{Lenient: true})
		if err != nil {
			t.Errorf("%s: %v", c.name, err)
			continue
		}
		if c.err == "" {
			if got, want := problemsOf(db), problemsOf(lenient); !slices.Equal(got, want) {
				t.Errorf("%s: %q, but with Lenient %q", c.name, got, want)
			}
			roundTrip(t, db)
			sameDB(t, db, lenient)
		}
		if got := problemsOf(lenient); !slices.EqualFunc(got, c.problems, strings.HasPrefix) {
			t.Errorf("%s: problems %q", c.name, got)
		}
		for _, err := range lenient.Problems() {
			if errors.Is(err, ErrSyntax) != (c.err != "") {
				t.Errorf("%s: %v", c.name, err)
			}
		}
		// All that is in the good one is there.
		if lenient.Len() != 8 {
			t.Errorf("%s: %d synsets", c.name, lenient.Len())
		}
		for _, name := range []string{"good.a.01", "fine.s.01", "galore.s.01", "well.r.01", "entity.n.01", "object.n.01", "ångström.n.01", "exist.v.01", "cause.v.01"} {
			if s, err := lenient.Synset(name); err != nil {
				t.Errorf("%s: %v", c.name, err)
			} else if def, err := s.Definition(); err != nil || def == "" {
				t.Errorf("%s: %s: %q %v", c.name, name, def, err)
			}
		}
		if h := slices.Collect(synset(t, lenient, "café.n.01").Hypernyms()); len(h) != 1 || h[0].Name() != "thing.n.01" {
			t.Errorf("%s: %v", c.name, h)
		}
		exercise(t, lenient)
	}
	if n := len(problemsOf(animals.open(t, nil))); n != 0 {
		t.Error(n, "problems")
	}
}

// Odd spellings are words like others.
func TestOddSpellings(t *testing.T) {
	db, err := OpenDir("testdata/outside/percent.zip", nil)
	if err != nil {
		t.Fatal(err)
	}
	l, err := db.LemmaByKey("100%%1:03:00::")
	if err != nil || l.Name() != "100%" || l.Key() != "100%%1:03:00::" || l.Synset().Name() != "thing.n.01" {
		t.Error(l, err)
	}
	if s := slices.Collect(db.Synsets("100%")); len(s) != 1 || s[0] != l.Synset() {
		t.Error(s)
	}
	db, err = OpenDir("testdata/outside/paren.zip", nil)
	if err != nil {
		t.Fatal(err)
	}
	if s := slices.Collect(db.Synsets("(thing)")); len(s) != 1 || s[0].Name() != "thing.n.01" || lemmaAt(s[0], 2).Name() != "(thing)" {
		t.Error(s)
	}
	for key, want := range map[string]senseKey{
		"100%%1:03:00::":         {lemma: "100%", pos: Noun, lex: 3},
		"%%1:03:00::":            {lemma: "%", pos: Noun, lex: 3},
		"a%b%2:42:01::":          {lemma: "a%b", pos: Verb, lex: 42, id: 1},
		"fine%5:00:02:100%:01":   {lemma: "fine", pos: AdjSat, id: 2, head: "100%", headID: 1},
		"(thing)%1:03:00::":      {lemma: "(thing)", pos: Noun, lex: 3},
		"5%1:2%5:00:00:a:b:c:00": {lemma: "5", pos: Noun},
	} {
		got, err := parseKey(key)
		if strings.HasPrefix(key, "5%1") {
			if err == nil {
				t.Error(key, got)
			}
		} else if got != want || err != nil {
			t.Error(key, got, err)
		}
	}
	// Symbols of other wordnets.
	for _, pointer := range []string{"-", "has_xpos_hyponym", "%x", "é"} {
		files := change(outside(t, "base"), "data.adv", replace(" 001 ", " 002 "+pointer+" 00000099 x 0101 "))
		files = change(files, "index.adv", replace(" 1 \\ ", " 2 \\ "+pointer+" "))
		db, err := Open(files, nil)
		if err != nil {
			t.Fatal(err)
		}
		want := fmt.Sprintf("well.r.01 data.adv:3: pointer %q, whose symbol is not WordNet's", pointer+" 00000099 x 0101")
		if got := problemsOf(db); len(got) != 1 || got[0] != want {
			t.Errorf("%q, want %q", got, want)
		}
		if p := slices.Collect(lemmaAt(synset(t, db, "well.r.01"), 0).Pertainyms()); len(p) != 1 {
			t.Error(p)
		}
	}
	// Many words may end in parentheses.
	many := string(animals)
	for i := range 700 {
		many += fmt.Sprintf("q%d 03 n word(%d) @ thing | number %[1]d\n", i, i)
	}
	if db, err = Open(mini(many).files(), nil); err != nil {
		t.Fatal(err)
	}
	if n := len(slices.Collect(db.Synsets("word"))); n != 700 {
		t.Error(n)
	}
	if _, err := db.columns(); err == nil {
		t.Error("a compact file with 700 markers")
	}
	// What ends in parentheses is a word where the index says so, else a marker.
	files := animals.files()
	files = change(files, "data.adj", replace("large(p) ", "Iron(II) "))
	files = change(files, "index.adj", replace("\nlarge a", "\niron(ii) a"))
	if db, err = Open(files, nil); err != nil {
		t.Fatal(err)
	}
	s := slices.Collect(db.Synsets("iron(II)"))
	if len(s) != 1 {
		t.Fatal(s)
	}
	found := false
	for l := range s[0].Lemmas() {
		found = found || l.Name() == "Iron(II)" && l.Marker() == "" && strings.HasPrefix(l.Key(), "iron(ii)%")
	}
	if !found {
		t.Error(slices.Collect(s[0].Lemmas()))
	}
	roundTrip(t, db)
}

// Of a damaged database everything that is whole can be read, and the numbers
// of synsets do not change.
func TestLenient(t *testing.T) {
	files := withExtras(animals.files())
	files["lexnames"] = &fstest.MapFile{}
	for i, name := range lexNames {
		files["lexnames"].Data = fmt.Appendf(files["lexnames"].Data, "%02d\t%s\t1\n", i, name)
	}
	for _, c := range []struct {
		file string
		f    func(string) string
		want string // a problem
		more int    // others
		lost string // synsets
	}{
		{"data.noun", replace(" 03 n ", " 99 n "), `data.noun:2: bad lexicographer file "99"`, -1, "thing.n.01"},
		{"data.noun", replace(" n 0000", " v 0000"), `data.noun:2: pointer ~ to offset`, 0, ""},
		{"data.noun", replace("| what is", "| wh\xff\xfe is"), `data.noun:2: invalid UTF-8`, 0, ""},
		{"data.noun", replace("| what is", "| what it is"), `data.noun:3: offset `, 0, ""},
		{"data.adv", func(s string) string { return s + miniLicense }, `data.adv:3: license line among the records`, 0, ""},
		{"data.adv", func(s string) string { return s + "\nx\n" }, `data.adv:4: no '|' before a gloss`, 0, ""},
		{"data.adv", func(s string) string { return strings.TrimSuffix(s, "\n") }, `data.adv:2: file ends within a line: truncated`, 0, ""},
		{"data.adv", func(s string) string { return "" }, `data.adv: empty file`, 2, "big.r.01 bigly.r.01"},
		{"index.noun", replace("animal n 1", "animal v 1"), `index.noun:2: bad part of speech "v"`, 1, ""},
		{"index.noun", replace("beast n", "animal n"), `index.noun:3: lemma "animal" is listed twice`, 1, ""},
		{"index.noun", replace("beast n", "least n"), `index.noun:3: data.noun has no synset with the word "least"`, 1, ""},
		{"index.noun", func(s string) string { return s + "\nx\n" }, `index.noun:19: line ends before the part of speech`, 0, ""},
		{"index.noun", func(s string) string { return "" }, `index.noun: empty file`, -1, ""},
		{"noun.exc", func(s string) string { return s + "lonely\n" }, `noun.exc:5: want a form and its bases`, 0, ""},
		{"lexnames", func(string) string { return "00 x\n" }, `lexnames:1: 2 fields`, 0, ""},
		{"cntlist.rev", func(s string) string { return s + "dog 1 2\n" }, `cntlist.rev:4: bad sense key "dog"`, 0, ""},
	} {
		damaged := change(files, c.file, c.f)
		if _, err := Open(damaged, nil); !errors.Is(err, ErrSyntax) {
			t.Errorf("%s: %v", c.want, err)
		}
		db, err := Open(damaged, &Settings{Lenient: true})
		if err != nil {
			t.Errorf("%s: %v", c.want, err)
			continue
		}
		got := problemsOf(db)
		i := slices.IndexFunc(got, func(p string) bool { return strings.Contains(p, c.want) })
		if i < 0 || c.more >= 0 && len(got) != c.more+1 {
			t.Errorf("%s: %q", c.want, got)
		}
		exercise(t, db)
		good, err := Open(files, nil)
		if err != nil {
			t.Fatal(err)
		}
		for s := range good.All() {
			damaged, err := db.Synset(s.Name())
			if strings.Contains(c.lost, s.Name()) {
				if err == nil {
					t.Errorf("%s: %v is there", c.want, s)
				}
				continue
			}
			if err != nil || lemmaAt(damaged, 0).Name() != lemmaAt(s, 0).Name() {
				t.Errorf("%s: %v: %v %v", c.want, s, damaged, err)
			}
		}
	}
	missing := maps.Clone(files)
	delete(missing, "data.adv")
	delete(missing, "index.verb")
	db, err := Open(missing, &Settings{Lenient: true})
	if err != nil {
		t.Fatal(err)
	}
	if got := strings.Join(problemsOf(db), "\n"); !strings.Contains(got, "open data.adv") || !strings.Contains(got, "open index.verb") {
		t.Error(got)
	}
	if _, err := db.columns(); err == nil {
		t.Error("a compact file of a damaged database")
	}
	// Reading fails half-way.
	boom := errors.New("boom")
	db, err = Open(failing{files, "data.verb", boom}, &Settings{Lenient: true})
	if err != nil {
		t.Fatal(err)
	}
	if got := strings.Join(problemsOf(db), "\n"); !strings.Contains(got, "data.verb: after 0 bytes: boom") {
		t.Error(got)
	}
}

// Rubbish does not fill the memory with errors.
func TestManyProblems(t *testing.T) {
	files := withExtras(animals.files())
	files["noun.exc"].Data = bytes.Repeat([]byte("x\n"), maxProblems+7)
	files["data.verb"].Data = append(files["data.verb"].Data, strings.Repeat("rubbish\n", 1000)...)
	db, err := Open(files, &Settings{Lenient: true})
	if err != nil {
		t.Fatal(err)
	}
	list := problemsOf(db)
	if len(list) != maxProblems+1 || list[len(list)-1] != "malformed WordNet database: 1007 more problems" {
		t.Error(len(list), list[len(list)-1])
	}
}

// Every byte of a damaged file may be wrong.
func TestLenientTruncated(t *testing.T) {
	files := withExtras(animals.files())
	for name, f := range files {
		for n := 0; n < len(f.Data); n += 3 {
			short := maps.Clone(files)
			short[name] = &fstest.MapFile{Data: f.Data[:n]}
			db, err := Open(short, &Settings{Lenient: true})
			if err != nil {
				t.Fatalf("%s cut at byte %d: %v", name, n, err)
			}
			if n%21 == 0 {
				exercise(t, db)
			}
		}
	}
}

// Open English WordNet 2023 ends its data files in a blank line, and lists a
// synset twice for a lemma that two of its words have.
func TestOpenEnglishWordNet(t *testing.T) {
	files := mini(strings.Replace(string(animals), "thing,Entity", "thing,Thing", 1)).files()
	for name := range files {
		files = change(files, name, func(s string) string { return s + "\n" })
	}
	plain, err := Open(files, nil)
	if err != nil {
		t.Fatal(err)
	}
	files = change(files, "index.noun", func(s string) string {
		return regexp.MustCompile(`(?m)^thing n 1 (.*) 1 0 (\d+) `).ReplaceAllString(s, "thing n 2 $1 2 0 $2 $2 ")
	})
	db, err := Open(files, nil)
	if err != nil {
		t.Fatal(err)
	}
	s := synset(t, db, "thing.n.01")
	if list := slices.Collect(db.Synsets("thing")); !slices.Equal(list, []Synset{s, s}) || synset(t, db, "thing.n.02") != s || s.Name() != "thing.n.01" {
		t.Error(list) // as in NLTK
	}
	if n := len(slices.Collect(plain.Synsets("thing"))); n != 1 || len(problemsOf(db)) != 0 {
		t.Error(n, problemsOf(db))
	}
	roundTrip(t, db)
	// A third sense has no word of its own.
	files = change(files, "index.noun", func(s string) string {
		return regexp.MustCompile(`(?m)^thing n 2 (.*) 2 0 (\d+) `).ReplaceAllString(s, "thing n 3 $1 3 0 $2 $2 ")
	})
	if db, err = Open(files, nil); err != nil {
		t.Fatal(err)
	}
	if n := len(slices.Collect(db.Synsets("thing"))); n != 3 {
		t.Error(n)
	}
	if _, err := db.columns(); err == nil {
		t.Error("a compact file")
	}
}

// Random changes of a database never make a panic, and what opens is the same
// with Settings.Lenient.
func TestMutated(t *testing.T) {
	base := outside(t, "base")
	names := slices.Sorted(maps.Keys(base))
	pieces := []string{"\n", " ", "\r\n", "|", "(", ")", "%", "\xff", "00000117", "0", "\n\n", "  ", "n", "99999999", "000", "+", "@", ">^", "é", "00000001 "}
	r := rand.New(rand.NewPCG(1, 2))
	opened := 0
	for range 400 {
		files := maps.Clone(base)
		for range 1 + r.IntN(3) {
			name := names[r.IntN(len(names))]
			b := bytes.Clone(files[name].Data)
			for range 1 + r.IntN(3) {
				i, j := r.IntN(len(b)+1), r.IntN(len(b)+1)
				piece := []byte(pieces[r.IntN(len(pieces))])
				switch r.IntN(4) {
				case 0:
					b = slices.Insert(b, i, piece...)
				case 1:
					copy(b[i:], piece)
				case 2:
					b = slices.Delete(b, i, min(len(b), i+r.IntN(20)))
				case 3:
					b = slices.Insert(b, i, bytes.Clone(b[j:min(len(b), j+r.IntN(80))])...)
				}
			}
			files[name] = &fstest.MapFile{Data: b}
		}
		lenient, err := Open(files, &Settings{Lenient: true})
		if err != nil {
			t.Fatal(err)
		}
		exercise(t, lenient)
		strict, err := Open(files, nil)
		switch {
		case err == nil:
			opened++
			sameDB(t, strict, lenient)
		case !errors.Is(err, ErrSyntax):
			t.Fatal(err)
		case len(problemsOf(lenient)) == 0:
			t.Fatal("no problem, but", err)
		}
	}
	if opened == 0 {
		t.Error("nothing opens")
	}
}

func zipFile(t *testing.T, path string, files fs.FS) {
	t.Helper()
	all := fstest.MapFS{}
	err := fs.WalkDir(files, ".", func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		b, err := fs.ReadFile(files, name)
		all[name] = &fstest.MapFile{Data: b}
		return err
	})
	if err := errors.Join(err, os.MkdirAll(filepath.Dir(path), 0o755), os.WriteFile(path, zipped(t, all), 0o600)); err != nil {
		t.Fatal(err)
	}
}

func under(dir string, files fstest.MapFS) fstest.MapFS {
	out := fstest.MapFS{}
	for name, f := range files {
		out[dir+"/"+name] = f
	}
	return out
}

// Folders and archives have the names that releases and NLTK give them.
func TestAnyName(t *testing.T) {
	files := animals.files()
	for _, name := range []string{"oewn2023", "wordnet2021", "WordNet-3.0/dict", "english-wordnet-2023/dict", "nltk_data/corpora/wordnet31", "a/b/c/d"} {
		if db, err := Open(under(name, files), nil); err != nil || db.Len() != 21 {
			t.Errorf("%s: %v", name, err)
		}
		dir := t.TempDir()
		for _, archive := range []string{"wordnet31.zip", "english-wordnet-2023.zip", "x.ZIP", "corpora/oewn2023.zip", "one/two/three/y.zip"} {
			path := filepath.Join(dir, archive)
			zipFile(t, path, under(name, files))
			if db, err := OpenDir(path, nil); err != nil || db.Len() != 21 {
				t.Errorf("%s of %s: %v", archive, name, err)
			}
			if db, err := OpenDir(dir, nil); err != nil || db.Len() != 21 {
				t.Errorf("folder with %s of %s: %v", archive, name, err)
			}
			// An archive in an archive.
			outer := filepath.Join(dir, "outer.zip")
			zipFile(t, outer, os.DirFS(dir))
			if db, err := OpenDir(outer, nil); err != nil || db.Len() != 21 {
				t.Errorf("archive with %s of %s: %v", archive, name, err)
			}
			if err := errors.Join(os.Remove(path), os.Remove(outer)); err != nil {
				t.Fatal(err)
			}
		}
	}
	two := under("wordnet31", files)
	maps.Copy(two, under("oewn2023", files))
	if _, err := Open(two, nil); !errors.Is(err, ErrNoDatabase) || !strings.HasSuffix(err.Error(), "open one of oewn2023, wordnet31") {
		t.Error(err)
	}
	maps.Copy(two, under("dict", files))
	if db, err := Open(two, nil); err != nil || db.Len() != 21 {
		t.Error(err)
	}
	if _, err := Open(under("a/b/c/d/e", files), nil); !errors.Is(err, ErrNoDatabase) {
		t.Error(err)
	}
	bad := fstest.MapFS{"wordnet31.zip": {Data: []byte("PK")}}
	if _, err := Open(bad, nil); !errors.Is(err, zip.ErrFormat) {
		t.Error(err)
	}
	zips := fstest.MapFS{"a.zip": {Data: zipped(t, files)}, "b/c.zip": {Data: zipped(t, under("x", files))}, "none.zip": {Data: zipped(t, fstest.MapFS{"x": {}})}}
	if _, err := Open(zips, nil); !errors.Is(err, ErrNoDatabase) || !strings.HasSuffix(err.Error(), "open one of a.zip, b/c.zip") {
		t.Error(err)
	}
	delete(zips, "a.zip")
	if db, err := Open(zips, nil); err != nil || db.Len() != 21 {
		t.Error(err)
	}
	zips["b/c.zip"].Data = zipped(t, change(under("x", files), "x/data.noun", replace(" 03 n ", " 99 n ")))
	if _, err := Open(zips, nil); err == nil || !strings.HasPrefix(err.Error(), filepath.Join("b/c.zip", "x/data.noun")+":2: ") {
		t.Error(err)
	}

	// Find looks for them where NLTK does.
	dir := t.TempDir()
	env := func(k string) string { return map[string]string{"NLTK_DATA": dir}[k] }
	for _, name := range []string{"wordnet31.zip", "oewn2023", "english-wordnet-2023.zip"} {
		path := filepath.Join(dir, "corpora", name)
		if strings.HasSuffix(name, ".zip") {
			zipFile(t, path, under("any", files))
		} else if err := os.CopyFS(path, files); err != nil {
			t.Fatal(err)
		}
		if got, err := find(env, ""); got != path || err != nil {
			t.Errorf("%s %v, want %s", got, err, path)
		}
		if err := os.RemoveAll(path); err != nil {
			t.Fatal(err)
		}
	}
}

// A small archive cannot unpack to any number of bytes.
func TestZipBomb(t *testing.T) {
	path := filepath.Join(t.TempDir(), "wordnet.zip")
	files := withExtras(animals.files())
	for _, c := range []struct{ name, text string }{
		{"data.verb", "x"}, {"data.noun", "x"}, {"index.adj", "x"}, {"noun.exc", "mice mouse\n"}, {"cntlist.rev", "dog%1:05:00:: 1 2\n"},
	} {
		f, err := os.Create(path)
		if err != nil {
			t.Fatal(err)
		}
		z := zip.NewWriter(f)
		for name, file := range files {
			if name != c.name {
				w, _ := z.Create(name)
				w.Write(file.Data)
			}
		}
		w, _ := z.Create(c.name)
		block := []byte(strings.Repeat(c.text, 1<<16))
		for range (80 << 20) / len(block) {
			w.Write(block)
		}
		if err := errors.Join(z.Close(), f.Close()); err != nil {
			t.Fatal(err)
		}
		if _, err := OpenDir(path, nil); !errors.Is(err, ErrSyntax) || !strings.Contains(err.Error(), "the archive unpacks to more than") {
			t.Errorf("%s: %v", c.name, err)
		}
		if c.name == "data.verb" {
			db, err := OpenDir(path, &Settings{Lenient: true})
			if err != nil || db.Len() == 0 {
				t.Error(err)
			}
		}
		if testing.Short() {
			return
		}
	}
	// An archive given as a file system.
	z, err := zip.OpenReader(path)
	if err != nil {
		t.Fatal(err)
	}
	defer z.Close()
	for _, fsys := range []fs.FS{z, &z.Reader} {
		if _, err := Open(fsys, nil); !errors.Is(err, ErrSyntax) {
			t.Error(err)
		}
	}
	// An archive in an archive.
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	outer := fstest.MapFS{"outer.zip": {Data: zipped(t, fstest.MapFS{"inner.zip": {Data: b}})}}
	if _, err := Open(outer, nil); err == nil {
		t.Error("opened")
	}
}

func TestLemmatize(t *testing.T) {
	db := embedded(t)
	// NLTK 3.8.1: WordNetLemmatizer().lemmatize(word, pos).
	for _, c := range []struct {
		word, want string
		pos        []POS
	}{
		{"dogs", "dog", nil}, {"was", "wa", nil}, {"was", "be", []POS{Verb}}, {"men", "men", nil}, {"Dogs", "Dogs", nil}, {"qwertz", "qwertz", nil},
		{"better", "good", []POS{Adj}}, {"better", "good", []POS{AdjSat}}, {"is", "is", nil}, {"", "", nil}, {"as", "a", nil}, {"running", "running", nil},
		{"was", "be", []POS{Verb, Noun}}, {"was", "wa", []POS{Noun, Verb}}, {"axes", "ax", nil}, {"x", "x", []POS{9}},
	} {
		if got := db.Lemmatize(c.word, c.pos...); got != c.want {
			t.Errorf("%q %v: %q, want %q", c.word, c.pos, got, c.want)
		}
	}
}

func TestILI(t *testing.T) {
	db := embedded(t)
	read := func(text string) (*ILI, error) { return db.ReadILI(strings.NewReader(text), "map") }
	m, err := read("\ufeff# concepts\n\ni46360\t02084071-n\r\ni1\t00001740-a\t1\ni2 00001740-a\ni2 00002098-a\ni3\t00003131-a\n")
	if err != nil {
		t.Fatal(err)
	}
	turtle, err := read("@prefix owl: <http://www.w3.org/2002/07/owl#> .\n\n### this file\n<i46360>\towl:sameAs\tpwn30:02084071-n . # dog\nili:i1 owl:sameAs pwn31:300001740-a .\n")
	if err != nil {
		t.Fatal(err)
	}
	for id, name := range map[string]string{"i46360": "dog.n.01", "i1": "able.a.01"} {
		if s, ok := turtle.Synset(id); !ok || s.Name() != name {
			t.Error(id, s, ok)
		}
	}
	for _, c := range []struct{ synset, id string }{{"dog.n.01", "i46360"}, {"able.a.01", "i1"}, {"unable.a.01", "i2"}, {"cat.n.01", ""}} {
		id, ok := m.Concept(synset(t, db, c.synset))
		if id != c.id || ok != (id != "") {
			t.Errorf("%s: %q %v, want %q", c.synset, id, ok, c.id)
		}
	}
	for id, want := range map[string]string{"i46360": "dog.n.01", "i1": "able.a.01", "i2": "able.a.01", "i4": "", "": "", "i": "", "i0": "", "i02": "", "I1": "", "i46360x": "", "i99999999999": ""} {
		s, ok := m.Synset(id)
		if ok != (want != "") || ok && s.Name() != want {
			t.Errorf("%q: %v %v, want %s", id, s, ok, want)
		}
	}
	for text, want := range map[string]string{
		"":                        "map: empty file",
		"i1\n":                    "map:1: line ends before the synset",
		"x1\t00001740-a\n":        `map:1: bad concept "x1"`,
		"i1\t00001740-a":          "map:1: file ends within a line: truncated",
		"i1\t1740-a\n":            `map:1: bad offset and part of speech "1740-a"`,
		"i1\t00001740-x\n":        `map:1: bad offset and part of speech "00001740-x"`,
		"i1\t00001740\n":          `map:1: bad offset and part of speech "00001740"`,
		"i1\tpwn30:00001740-a\n":  `map:1: bad offset and part of speech "pwn30:00001740-a"`,
		"<i1> owl:sameAs x .\n":   `map:1: bad offset and part of speech "x"`,
		"<i1> owl:sameAs\n":       `map:1: bad concept "<i1>"`,
		"i1\t300001740-n\n":       `map:1: bad offset and part of speech "300001740-n"`,
		"\ni1\t00001741-a\n":      "map:2: no synset at offset 00001741 of data.adj",
		strings.Repeat("x", 9999): "map:1: line is too long",
	} {
		if _, err := read(text); !errors.Is(err, ErrSyntax) || !strings.HasPrefix(err.Error(), want) {
			t.Errorf("%.30q: %v, want %s", text, err, want)
		}
	}
	defer func() {
		if recover() == nil {
			t.Error("a synset of another database")
		}
	}()
	m.Concept(animals.open(t, nil).synsetAt(0))
}

func FuzzILI(f *testing.F) {
	f.Add("i46360\t02084071-n\ni1\t00001740-a\n")
	f.Add("# x\n\ni1 00001740-s 1")
	f.Add("@base <x> .\n<i46360> owl:sameAs pwn30:02084071-n .\nili:i1 owl:sameAs pwn31:300001740-a . # able\n")
	db := embedded(f)
	f.Fuzz(func(t *testing.T, text string) {
		m, err := db.ReadILI(strings.NewReader(text), "map")
		if err != nil {
			if !errors.Is(err, ErrSyntax) {
				t.Fatal(err)
			}
			return
		}
		for _, p := range m.synset {
			if _, ok := m.Concept(Synset{db, p.synset}); !ok {
				t.Fatal(p)
			}
			if s, ok := m.Synset(fmt.Sprint("i", p.concept)); !ok || s.db != db {
				t.Fatal(p)
			}
		}
	})
}

// Lemmas by NLTK's WordNetLemmatizer.
func TestLemmatizeGolden(t *testing.T) {
	src := source{db: embedded(t), file: func(name string) string { return "testdata/" + name }}
	eachJSON(t, src, "lemmatize.jsonl.gz", func(r struct{ Form, N, V, A, R string }) {
		for pos, want := range map[POS]string{Noun: r.N, Verb: r.V, Adj: r.A, AdjSat: r.A, Adv: r.R} {
			if got := src.db.Lemmatize(r.Form, pos); got != want {
				t.Errorf("%s %v: %s, want %s", r.Form, pos, got, want)
			}
		}
		if got := src.db.Lemmatize(r.Form); got != r.N {
			t.Errorf("%s: %s, want %s", r.Form, got, r.N)
		}
	})
}

// Archives of any bytes, and damaged files.
func FuzzZip(f *testing.F) {
	b, err := os.ReadFile("testdata/outside/zip_wordnet31.zip")
	if err != nil {
		f.Fatal(err)
	}
	f.Add(b)
	f.Fuzz(func(t *testing.T, b []byte) {
		files := fstest.MapFS{"any.zip": {Data: b}}
		for _, s := range []*Settings{nil, {Lenient: true}} {
			if db, err := Open(files, s); err == nil {
				exercise(t, db)
			}
		}
	})
}

func FuzzLenient(f *testing.F) {
	for _, name := range []string{"data.noun", "data.verb", "index.noun", "index.sense", "noun.exc", "lexnames"} {
		z, err := zip.OpenReader("testdata/outside/base.zip")
		if err != nil {
			f.Fatal(err)
		}
		r, err := z.Open(name)
		if err != nil {
			f.Fatal(err)
		}
		b, err := io.ReadAll(r)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(name, b)
		z.Close()
	}
	f.Add("data.verb", []byte("00000000|\n00000009 x\n|\n\n00000003 30 v 01 cause 0 000 00 |\n"))
	f.Fuzz(func(t *testing.T, name string, b []byte) {
		files := outside(t, "base")
		if files[name] == nil {
			return
		}
		files[name].Data = b
		db, err := Open(files, &Settings{Lenient: true})
		if err != nil {
			t.Fatal(err)
		}
		exercise(t, db)
		if strict, err := Open(files, nil); err == nil {
			sameDB(t, strict, db)
		}
	})
}
