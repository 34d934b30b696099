package glosses

import (
	"crypto/sha256"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strings"
	"sync"
	"testing"
	"testing/fstest"

	"github.com/semamap/semamap/wordnet"
	"github.com/semamap/semamap/wordnet/internal/compact"
	"github.com/semamap/semamap/wordnet/wn30"
)

func open(t testing.TB) *wordnet.DB {
	t.Helper()
	db, err := wordnet.Open(FS, nil)
	if err != nil {
		t.Fatal(err)
	}
	return db
}

func TestFile(t *testing.T) {
	b, err := fs.ReadFile(FS, compact.GlossName)
	if err != nil {
		t.Fatal(err)
	}
	if got, want := fmt.Sprintf("%x", sha256.Sum256(b)), "4118b954ff559c4ef8c354e42f17d662946658764c6a7c6f36439b672f060e9b"; got != want {
		t.Errorf("SHA-256 %s, want %s", got, want)
	}
	if len(b) > 3_200_000 {
		t.Errorf("%d bytes", len(b))
	}
	for _, name := range []string{compact.Name, compact.GlossName} {
		if _, err := fs.Stat(FS, name); err != nil {
			t.Error(err)
		}
	}
	if _, err := fs.ReadDir(FS, "."); err != nil {
		t.Error(err)
	}
	if _, err := FS.Open("none"); !errors.Is(err, fs.ErrNotExist) {
		t.Error(err)
	}
}

// Definitions as NLTK 3.8.1 gives them.
func TestDefinition(t *testing.T) {
	db := open(t)
	for name, want := range map[string]string{
		"able.a.01":         `(usually followed by ` + "`to'" + `) having the necessary means or skill or know-how or authority to do something ["able to swim" "she was able to program her computer" "we were at last able to buy a car" "able to get a grant for the project"]`,
		"dog.n.01":          `a member of the genus Canis (probably descended from the common wolf) that has been domesticated by man since prehistoric times; occurs in many breeds ["the dog barked all night"]`,
		"plausibly.r.01":    `easy to believe on the basis of available evidence ["he talked plausibly before the committee" "he will probably win the election"]`,
		"zymotic.a.02":      `relating to or caused by infection []`,
		"breathe.v.01":      `draw air into, and expel out of, the lungs ["I can breathe better when the air is clean" "The patient is respiring"]`,
		"swing_around.v.01": `turn abruptly and face the other way, either physically or metaphorically ["He turned around to face his opponent" "My conscience told me to turn around before I made a mistake"]`,
	} {
		s, err := db.Synset(name)
		if err != nil {
			t.Error(err)
			continue
		}
		d, err := s.Definition()
		e, err2 := s.Examples()
		if got := fmt.Sprintf("%s %q", d, e); err != nil || err2 != nil || got != want {
			t.Errorf("%s: %s %v %v", name, got, err, err2)
		}
	}
	with := 0 // synsets with examples: 32,923 in NLTK
	for s := range db.All() {
		d, err := s.Definition()
		if err != nil || d == "" {
			t.Fatal(s, err)
		}
		if e, _ := s.Examples(); len(e) > 0 {
			with++
		}
	}
	if with != 32923 {
		t.Error(with, "synsets with examples")
	}
}

// The glosses are Debian's but for one blank.
func TestDebian(t *testing.T) {
	const dir = "/usr/share/wordnet"
	if _, err := os.Stat(dir + "/data.noun"); err != nil {
		t.Skip("needs the package wordnet-base of Debian")
	}
	debian, err := wordnet.OpenDir(dir, nil)
	if err != nil {
		t.Fatal(err)
	}
	for s := range open(t).All() {
		other, err := debian.Synset(s.Name())
		if err != nil {
			t.Fatal(err)
		}
		d, _ := s.Definition()
		e, _ := s.Examples()
		d2, _ := other.Definition()
		e2, _ := other.Examples()
		if a, b := fmt.Sprint(d, e), fmt.Sprint(d2, e2); a != b {
			t.Errorf("%v: %s, Debian has %s", s, a, b)
		}
	}
}

func TestGoroutines(t *testing.T) {
	db := open(t)
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			n := 0
			for s := range db.All(wordnet.Adv) {
				d, err := s.Definition()
				if err != nil {
					t.Error(err)
				}
				n += len(d)
			}
			if n == 0 {
				t.Error("no definitions")
			}
		})
	}
	wg.Wait()
}

func TestNoGlosses(t *testing.T) {
	db, err := wordnet.Open(FS, &wordnet.Settings{NoGlosses: true})
	if err != nil {
		t.Fatal(err)
	}
	s, err := db.Synset("dog.n.01")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := s.Definition(); !errors.Is(err, wordnet.ErrNoGlosses) {
		t.Error(err)
	}
}

// Every wrong byte is noticed, at the latest by what asks for the gloss.
func TestBroken(t *testing.T) {
	text, err := fs.ReadFile(FS, compact.GlossName)
	if err != nil {
		t.Fatal(err)
	}
	db, err := fs.ReadFile(wn30.FS, compact.Name)
	if err != nil {
		t.Fatal(err)
	}
	files := fstest.MapFS{compact.Name: {Data: db}}
	opened := func(b []byte) (*wordnet.DB, error) {
		files[compact.GlossName] = &fstest.MapFile{Data: b}
		return wordnet.Open(files, nil)
	}
	for _, n := range []int{0, 3, 8, 12, 20, 100, len(text) - 1} {
		if _, err := opened(text[:n]); !errors.Is(err, wordnet.ErrSyntax) || !strings.HasPrefix(err.Error(), compact.GlossName+": ") {
			t.Errorf("cut at %d: %v", n, err)
		}
	}
	if _, err := opened(append(text[:len(text):len(text)], 'x')); !errors.Is(err, wordnet.ErrSyntax) {
		t.Error(err)
	}
	bad := append([]byte(nil), text...)
	bad[len(bad)-2000] ^= 4
	broken, err := opened(bad)
	if err != nil {
		t.Fatal(err)
	}
	failed := 0
	for s := range broken.All() {
		if _, err := s.Definition(); err != nil {
			if !errors.Is(err, wordnet.ErrSyntax) {
				t.Fatal(err)
			}
			failed++
		}
	}
	if failed == 0 || failed > 1024 {
		t.Error(failed, "glosses cannot be read")
	}
}
