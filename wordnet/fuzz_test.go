package wordnet

import (
	"bytes"
	"errors"
	"maps"
	"testing"
	"testing/fstest"

	"github.com/semamap/semamap/wordnet/internal/compact"
)

// fuzzFile opens the made-up dictionary with one file replaced.
func fuzzFile(f *testing.F, name string) {
	files := withExtras(animals.files())
	switch name {
	case "lexnames":
		f.Add([]byte("00 adj.all 3\n01 adj.pert 3\n"))
	case "index.sense":
		delete(files, "cntlist.rev")
		f.Add([]byte("dog%1:05:00:: 00000052 1 2\n"))
	default:
		f.Add(files[name].Data)
	}
	f.Add([]byte("x\n"))
	f.Fuzz(func(t *testing.T, b []byte) {
		changed := maps.Clone(files)
		changed[name] = &fstest.MapFile{Data: b}
		db, err := Open(changed, nil)
		if err != nil {
			if !errors.Is(err, ErrSyntax) {
				t.Fatalf("%T from files in memory: %v", err, err)
			}
			return
		}
		exercise(t, db)
		// What was accepted survives the way through a compact file.
		roundTrip(t, db)
	})
}

func FuzzDataNoun(f *testing.F)   { fuzzFile(f, "data.noun") }
func FuzzDataAdj(f *testing.F)    { fuzzFile(f, "data.adj") }
func FuzzDataVerb(f *testing.F)   { fuzzFile(f, "data.verb") }
func FuzzIndexNoun(f *testing.F)  { fuzzFile(f, "index.noun") }
func FuzzException(f *testing.F)  { fuzzFile(f, "noun.exc") }
func FuzzCounts(f *testing.F)     { fuzzFile(f, "cntlist.rev") }
func FuzzIndexSense(f *testing.F) { fuzzFile(f, "index.sense") }
func FuzzLexNames(f *testing.F)   { fuzzFile(f, "lexnames") }

func FuzzCompact(f *testing.F) {
	db, err := Open(withExtras(animals.files()), nil)
	if err != nil {
		f.Fatal(err)
	}
	var b bytes.Buffer
	if err := db.pack(&b); err != nil {
		f.Fatal(err)
	}
	f.Add(b.Bytes())
	f.Fuzz(func(t *testing.T, b []byte) {
		db, err := unpacked(string(b))
		if err != nil {
			if !errors.Is(err, ErrSyntax) {
				t.Fatalf("%T: %v", err, err)
			}
			return
		}
		exercise(t, db)
	})
}

// The checksums of a compact file keep a fuzzer out; here the columns are
// changed before they are packed.
func FuzzColumns(f *testing.F) {
	db, err := Open(withExtras(animals.files()), nil)
	if err != nil {
		f.Fatal(err)
	}
	cols, err := db.columns()
	if err != nil {
		f.Fatal(err)
	}
	for i := range cols.Raw {
		f.Add(uint8(i), 0, []byte{0xff})
		f.Add(uint8(i), 3, []byte{1})
	}
	f.Fuzz(func(t *testing.T, col uint8, at int, put []byte) {
		i := int(col) % len(cols.Raw)
		changed := cols.Raw
		c := bytes.Clone(changed[i])
		if at < 0 || at > len(c) {
			at = len(c)
		}
		changed[i] = append(c[:at:at], put...)
		if at+len(put) < len(c) {
			changed[i] = append(changed[i], c[at+len(put):]...)
		}
		d := &decoder{db: &DB{}, col: func(i int) *compact.Reader {
			return &compact.Reader{B: bytes.Clone(changed[i])}
		}}
		if err := d.decode(); err != nil {
			if !errors.Is(err, ErrSyntax) {
				t.Fatalf("%T: %v", err, err)
			}
			return
		}
		exercise(t, d.db)
	})
}

func FuzzReadIC(f *testing.F) {
	db := animals.open(f, nil)
	f.Add([]byte("wnver::x\n52n 3.5 ROOT\n"))
	f.Add([]byte("wnver::x\n52v 1e3\n"))
	f.Fuzz(func(t *testing.T, b []byte) {
		ic, err := db.ReadIC(bytes.NewReader(b), "ic.dat")
		if err != nil {
			if !errors.Is(err, ErrSyntax) {
				t.Fatalf("%T: %v", err, err)
			}
			return
		}
		for s := range db.All(Noun) {
			if _, err := ic.Information(s); err != nil && !errors.Is(err, ErrUndefined) {
				t.Fatal(err)
			}
		}
	})
}

func FuzzLookup(f *testing.F) {
	db := embedded(f)
	for _, s := range []string{"dogs", "tablesssss", "", "İΣ", "dog.n.01", "dog.n.01.dog", "dog%1:05:00::", ".22_caliber.a.01", "ings", "eseses"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		for l := range db.Lemmas(s) {
			if l.Name() == "" {
				t.Fatal(l)
			}
		}
		for _, p := range []POS{Noun, Verb, Adj, Adv, AdjSat} {
			for _, b := range db.BaseForms(s, p) {
				if _, ok := db.lookup(b); !ok {
					t.Fatal(b)
				}
			}
		}
		if x, err := db.Synset(s); err != nil && !errors.Is(err, ErrNotFound) {
			t.Fatal(x, err)
		}
		if x, err := db.Lemma(s); err != nil && !errors.Is(err, ErrNotFound) {
			t.Fatal(x, err)
		}
		if x, err := db.LemmaByKey(s); err != nil && !errors.Is(err, ErrNotFound) {
			t.Fatal(x, err)
		}
	})
}
