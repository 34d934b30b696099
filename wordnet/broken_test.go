package wordnet

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/fstest"
	"testing/iotest"
)

func isA(err, target error) bool { return errors.Is(err, target) }

// change returns the files with one of them changed.
func change(files fstest.MapFS, name string, f func(string) string) fstest.MapFS {
	files = maps.Clone(files)
	files[name] = &fstest.MapFile{Data: []byte(f(string(files[name].Data)))}
	return files
}

func replace(old, new string) func(string) string {
	return func(s string) string {
		if !strings.Contains(s, old) {
			panic(old)
		}
		return strings.Replace(s, old, new, 1)
	}
}

func TestBroken(t *testing.T) {
	files := withExtras(animals.files())
	for _, c := range []struct {
		file string
		f    func(string) string
		want string // beginning of the error
	}{
		// Records of the data files. The length of a line must stay, or the
		// next offset is the first thing that is wrong.
		{"data.noun", replace(" 03 n ", " 99 n "), `data.noun:2: bad lexicographer file "99"`},
		{"data.noun", replace(" 03 n ", " 03 v "), `data.noun:2: bad synset type "v"`},
		{"data.noun", replace(" n 02 thing", " n 0g thing"), `data.noun:2: bad word count "0g"`},
		{"data.noun", replace(" n 02 thing", " n 00 thing"), `data.noun:2: bad word count "00"`},
		{"data.noun", replace("thing 0 Entity 1", "thing 0 Entity x"), `data.noun:2: bad lex_id "x"`},
		{"data.noun", replace("thing 0 ", "think 0 "), `data.noun:2: word "think" is not in index.noun`},
		{"data.noun", replace("thing 0 ", "cat_s 0 "), `data.noun:2: word "cat_s" is not in index.noun`},
		{"data.noun", replace(" 005 ~ ", " 00x ~ "), `data.noun:2: bad pointer count "00x"`},
		{"data.noun", replace(" 005 ~ ", " 006 ~ "), `data.noun:2: line ends before the pointer symbol`},
		{"data.noun", replace(" 005 ~ ", " 004 ~ "), `data.noun:2: bad frame count "~"`},
		{"data.noun", replace(" 005 ~ ", " 005 7 "), `data.noun:2: bad pointer symbol "7"`},
		{"data.noun", func(s string) string { return strings.Replace(s, " 005 ~ 0", " 005 ? x", 1) }, `data.noun:2: bad pointer offset "x`},
		{"data.noun", replace("0000 ~ ", "0001 ~ "), `data.noun:2: bad source/target "0001"`},
		{"data.noun", replace("0000 ~ ", "0100 ~ "), `data.noun:2: bad source/target "0100"`},
		{"data.noun", replace("0000 ~ ", "0x01 ~ "), `data.noun:2: bad source/target "0x01"`},
		{"data.noun", replace("0000 ~ ", "0901 ~ "), `data.noun:2: source/target "0901" in a synset of 2 words`},
		{"data.noun", replace("0000 ~ ", "0109 ~ "), `data.noun:2: pointer ~ to word 9 of the synset`},
		{"data.noun", replace(" n 0000", " q 0000"), `data.noun:2: bad pointer part of speech "q"`},
		{"data.noun", replace(" n 0000", " v 0000"), `data.noun:2: pointer ~ to offset`},
		{"data.noun", replace("| what is", "  what is"), `data.noun:2: no '|' before a gloss`},
		{"data.noun", replace("| what is", "| wha| is"), `data.noun:2: more than one '|'`},
		{"data.noun", replace("| what is", "| wh\xff\xfe is"), `data.noun:2: invalid UTF-8`},
		{"data.noun", replace("| what is", "| what it is"), `data.noun:3: offset `},
		{"data.verb", replace(" 02 + 08 00 + 02 01", " 03 + 08 00 + 02 01"), `data.verb:2: line ends before the '+' before a frame`},
		{"data.verb", replace(" 02 + 08 00 + 02 01", " 01 + 08 00 + 02 01"), `data.verb:2: bad field before '|' "+"`},
		{"data.verb", replace(" 02 + 08 00 + 02 01", " 02 + 78 00 + 02 01"), `data.verb:2: bad frame number "78"`},
		{"data.verb", replace(" 02 + 08 00 + 02 01", " 02 + 08 00 + 02 09"), `data.verb:2: bad word of a frame "09"`},
		{"data.verb", replace(" 02 + 08 00 + 02 01", " xx + 08 00 + 02 01"), `data.verb:2: bad frame count "xx"`},
		{"data.adj", replace("large(p) 1", "((rge(p) 1"), `index.adj:4: data.adj has no synset with the word "large"`},
		{"data.adv", func(s string) string { return s + miniLicense }, `data.adv:3: license line among the records`},
		{"data.adv", func(s string) string { return strings.TrimSuffix(s, "\n") }, `data.adv:2: file ends within a line: truncated`},
		{"data.adv", func(s string) string { return miniLicense }, `index.adv:2: data.adv has no synset with the word "big"`},
		{"data.adv", func(s string) string { return "" }, `data.adv: empty file`},
		{"data.adv", func(s string) string { return strings.ReplaceAll(s, "\n", "\r\n") }, `data.adv:2: offset `},
		{"data.adj", func(s string) string { return string(files["data.noun"].Data) }, `data.adj:2: `},
		{"data.noun", func(s string) string { return strings.Repeat("x", 3<<20) + "\n" }, `data.noun:1: no '|' before a gloss`},
		{"data.noun", func(s string) string { return strings.Repeat("x", 3<<20) }, `data.noun:1: file ends within a line: truncated`},
		{"data.noun", func(s string) string { return s[:len(miniLicense)] + s[strings.Index(s, "what is")+9+1:] }, `data.noun:2: offset `},

		{"index.noun", replace("animal n 1", "animal v 1"), `index.noun:2: bad part of speech "v"`},
		{"index.noun", replace("animal n 1", "animal n 0"), `index.noun:2: bad synset count "0"`},
		{"index.noun", replace("animal n 1 1 @ 1", "animal n 1 1 @ 2"), `index.noun:2: bad sense count "2"`},
		{"index.noun", replace("animal n 1 1 @ 1", "animal n 2 1 @ 2"), `index.noun:2: line ends before the synset offset`},
		{"index.noun", replace("animal n 1 1 @ 1 0", "animal n 1 1 @ 1 7"), `index.noun:2: bad tagged sense count "7"`},
		{"index.noun", replace("animal n 1 1 @", "animal n 1 9 @"), `index.noun:2: bad pointer symbol "1"`},
		{"index.noun", replace("  \nbeast", " 00000001 \nbeast"), `index.noun:2: bad field after the last offset "00000001"`},
		{"index.noun", replace("beast n", "animal n"), `index.noun:3: lemma "animal" is listed twice`},
		{"index.noun", replace("beast n", "least n"), `data.noun:4: word "beast" is not in index.noun`},
		{"index.noun", func(s string) string { return s[:strings.Index(s, "zoology")] }, `data.noun:11: word "zoology" is not in index.noun`},
		{"index.noun", func(s string) string { return s + "zzz n 1 0 1 0 00000052  \n" }, `index.noun:18: data.noun has no synset with the word "zzz"`},
		{"index.noun", func(s string) string { return s + miniLicense }, `index.noun:18: license line among the records`},
		{"index.noun", func(s string) string { return s + strings.Repeat("x", 70000) + " n\n" }, `index.noun:18: lemma of 70000 bytes`},
		{"index.noun", func(s string) string { return s + "z\xc3 n 1 0 1 0 00000052\n" }, `index.noun:18: invalid UTF-8`},
		{"index.noun", func(s string) string { return s[:len(s)-9] }, `index.noun:17: file ends within a line: truncated`},
		{"index.noun", func(s string) string { return string(files["index.verb"].Data) }, `index.noun:2: bad part of speech "v"`},
		{"index.noun", replace("dog n 2", "dog n 3"), `index.noun:7: bad sense count "2"`},

		{"noun.exc", func(s string) string { return s + "lonely\n" }, `noun.exc:5: want a form and its bases`},
		{"noun.exc", func(s string) string { return s + "mice" }, `noun.exc:5: file ends within a line: truncated`},
		{"cntlist.rev", func(s string) string { return s + "dog 1 2\n" }, `cntlist.rev:4: bad sense key "dog"`},
		{"cntlist.rev", func(s string) string { return s + "dog%1:05:00:: 0 2\n" }, `cntlist.rev:4: bad sense number "0"`},
		{"cntlist.rev", func(s string) string { return s + "dog%1:05:00:: 1 -2\n" }, `cntlist.rev:4: bad count "-2"`},
		{"cntlist.rev", func(s string) string { return s + "dog%1:05:00:: 1 2 3\n" }, `cntlist.rev:4: bad count "2 3"`},
	} {
		_, err := Open(change(files, c.file, c.f), nil)
		var se *syntaxError
		if !errors.As(err, &se) || !errors.Is(err, ErrSyntax) || !strings.HasPrefix(err.Error(), c.want) {
			t.Errorf("%s: %v\nwant %s", c.file, err, c.want)
		}
	}

	senses := maps.Clone(files)
	delete(senses, "cntlist.rev")
	for text, want := range map[string]string{
		"dog%1:05:00:: 99999999 1 2\n": "index.sense:1: no synset at offset 99999999",
		"dog%1:05:00:: 5 1 2\n":        `index.sense:1: bad synset offset "5"`,
	} {
		senses["index.sense"] = &fstest.MapFile{Data: []byte(text)}
		if _, err := Open(senses, nil); err == nil || !strings.HasPrefix(err.Error(), want) {
			t.Errorf("%v, want %s", err, want)
		}
	}
	tagged := change(files, "index.noun", replace("cat n 1 1 @ 1 0", "cat n 1 1 @ 1 1"))
	tagged = change(tagged, "index.noun", replace("pack n 1 1 @ 1 0", "pack n 1 1 @ 1 1"))
	tagged = change(tagged, "index.noun", replace("tail n 1 1 @ 1 0", "tail n 1 1 @ 1 1"))
	if _, err := Open(tagged, nil); err == nil || !strings.HasPrefix(err.Error(), "cntlist.rev:3: the file ends after the counts of 2 senses") {
		t.Error(err)
	}
	swapped := maps.Clone(files)
	swapped["verb.exc"] = &fstest.MapFile{Data: []byte(strings.Repeat("x", 30))}
	var exc strings.Builder
	for i := range 30 {
		fmt.Fprintf(&exc, "x%d cat tail\n", i)
	}
	swapped["verb.exc"].Data = []byte(strings.ReplaceAll(exc.String(), "cat ", ""))
	if _, err := Open(swapped, nil); err == nil || !strings.HasPrefix(err.Error(), "verb.exc:1: of 30 forms 0 have a base in index.verb, but 30 in index.noun") {
		t.Error(err)
	}
}

// A file cut at any byte gives an error, and so does any swap of two files.
func TestTruncatedAndSwapped(t *testing.T) {
	files := animals.files()
	for name, f := range files {
		for n := range f.Data {
			short := maps.Clone(files)
			short[name] = &fstest.MapFile{Data: f.Data[:n]}
			if _, err := Open(short, nil); !errors.Is(err, ErrSyntax) {
				t.Fatalf("%s cut at byte %d: %v", name, n, err)
			}
		}
		for other, g := range files {
			if other == name || bytes.Equal(f.Data, g.Data) {
				continue
			}
			swapped := maps.Clone(files)
			swapped[name], swapped[other] = g, f
			if _, err := Open(swapped, nil); !errors.Is(err, ErrSyntax) {
				t.Errorf("%s and %s swapped: %v", name, other, err)
			}
		}
	}
}

// One wrong byte never makes a panic, and an error is a syntaxError.
func TestFlippedBytes(t *testing.T) {
	files := withExtras(animals.files())
	r := rand.New(rand.NewPCG(1, 1))
	for name, f := range files {
		for range 400 {
			b := bytes.Clone(f.Data)
			b[r.IntN(len(b))] = byte(r.IntN(256))
			changed := maps.Clone(files)
			changed[name] = &fstest.MapFile{Data: b}
			db, err := Open(changed, nil)
			if err != nil {
				if !errors.Is(err, ErrSyntax) {
					t.Fatal(err)
				}
				continue
			}
			exercise(t, db)
		}
	}
}

// DefectsOf returns the codes and messages of wordnet/check. An external test
// sets it.
var DefectsOf func(db *DB) []string

// exercise calls what there is to call.
func exercise(t testing.TB, db *DB) {
	t.Helper()
	ic, err := db.BuildIC(func(yield func(string, float64) bool) { yield("dog", 1) }, nil)
	if err != nil {
		t.Fatal(err)
	}
	var first Synset
	n := 0
	for s := range db.All() {
		if n++; n > 50 {
			break
		}
		if first == (Synset{}) {
			first = s
		}
		if by, err := db.Synset(s.Name()); err != nil || by != s {
			t.Fatalf("%v: %v %v", s, by, err)
		}
		for range s.HypernymPaths() {
			break
		}
		s.distances()
		s.Roots()
		for _, r := range Relations() {
			closure(s, r, -1)
		}
		for l := range s.Lemmas() {
			l.Key()
			l.Count()
			frames(l)
			for _, r := range Relations() {
				for range l.Related(r) {
				}
			}
		}
		s.Definition()
		s.Examples()
		PathSimilarity(first, s)
		WuPalmer(first, s)
		LeacockChodorow(first, s)
		ic.Resnik(first, s)
		ic.JiangConrath(first, s)
		ic.Lin(first, s)
		first.LowestCommonHypernyms(s)
	}
	db.Exceptions(Noun)(func(string, []string) bool { return true })
	DefectsOf(db)
}

// A file system whose files fail after some bytes.
type failing struct {
	fs.FS
	name string
	err  error
}

type failingFile struct {
	fs.File
	r interface{ Read([]byte) (int, error) }
}

func (f failingFile) Read(b []byte) (int, error) { return f.r.Read(b) }

func (f failing) Open(name string) (fs.File, error) {
	file, err := f.FS.Open(name)
	if err != nil || name != f.name {
		return file, err
	}
	return failingFile{file, iotest.ErrReader(f.err)}, nil
}

// A failing disk is not taken for the end of a file, or for a file that is
// not there.
func TestFailingReader(t *testing.T) {
	boom := errors.New("boom")
	files := withExtras(animals.files())
	for name := range files {
		if _, err := Open(failing{files, name, boom}, nil); !errors.Is(err, boom) || !strings.Contains(err.Error(), name) {
			t.Errorf("%s: %v", name, err)
		}
	}
	// Readers that give one byte at a time do no harm.
	if db, err := Open(slow{files}, nil); err != nil || db.Len() != 21 {
		t.Error(err)
	}
}

type slow struct{ fs.FS }

func (f slow) Open(name string) (fs.File, error) {
	file, err := f.FS.Open(name)
	if err != nil {
		return nil, err
	}
	return failingFile{file, iotest.OneByteReader(file)}, nil
}

func TestFind(t *testing.T) {
	dir := t.TempDir()
	put := func(sub string) string {
		path := filepath.Join(dir, sub)
		if err := os.MkdirAll(path, 0o755); err != nil {
			t.Fatal(err)
		}
		for name, f := range animals.files() {
			if err := os.WriteFile(filepath.Join(path, name), f.Data, 0o600); err != nil {
				t.Fatal(err)
			}
		}
		return path
	}
	home := put("home/nltk_data/corpora/wordnet")
	data := put("data/corpora/wordnet")
	hand := put("hand/dict")
	env := map[string]string{}
	look := func(want string) {
		t.Helper()
		got, err := find(func(k string) string { return env[k] }, filepath.Join(dir, "home"))
		if got != want || err != nil {
			t.Errorf("%s %v, want %s", got, err, want)
		}
	}
	look(home)
	env["NLTK_DATA"] = filepath.Join(dir, "nowhere") + string(filepath.ListSeparator) + filepath.Join(dir, "data")
	look(data)
	env["WNHOME"] = filepath.Join(dir, "hand")
	look(hand)
	env["WNSEARCHDIR"] = home
	look(home)
	delete(env, "WNSEARCHDIR")
	delete(env, "WNHOME")
	// An archive, which comes after any folder; an environment of Python.
	archive := filepath.Join(dir, "zips", "corpora", "wordnet.zip")
	files := fstest.MapFS{}
	for name, f := range animals.files() {
		files["wordnet/"+name] = f
		files["corpora/wordnet/"+name] = f
	}
	if err := errors.Join(os.MkdirAll(filepath.Dir(archive), 0o755), os.WriteFile(archive, zipped(t, files), 0o600)); err != nil {
		t.Fatal(err)
	}
	env["NLTK_DATA"] = filepath.Join(dir, "zips")
	look(home)
	env["VIRTUAL_ENV"] = filepath.Join(dir, "venv")
	venv := put("venv/share/nltk_data/corpora/wordnet")
	look(home)
	if err := os.RemoveAll(home); err != nil {
		t.Fatal(err)
	}
	look(venv)
	env["VIRTUAL_ENV"] = ""
	if found, _ := find(func(string) string { return "" }, ""); found == "" || strings.HasPrefix(found, "/usr/share/wordnet") {
		look(archive)
	}
	env["NLTK_DATA"] = archive // an archive in place of a folder
	look(archive)
	home = put("home/nltk_data/corpora/wordnet")
	if db, err := OpenDir(home, nil); err != nil || db.Len() != 21 {
		t.Error(err)
	}
	if err := os.WriteFile(filepath.Join(hand, "data.adv"), []byte("x"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := OpenDir(hand, nil); !errors.Is(err, ErrSyntax) || !strings.HasPrefix(err.Error(), filepath.Join(hand, "data.adv")+":1: ") {
		t.Error(err)
	}
	if _, err := OpenDir(filepath.Join(dir, "nowhere"), nil); !errors.Is(err, ErrNoDatabase) || !errors.Is(err, fs.ErrNotExist) {
		t.Error(err)
	}
}
