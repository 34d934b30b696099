package wordnet

import (
	"bufio"
	"compress/gzip"
	"encoding/json"
	"io"
	"os"
	"sync"
	"testing"

	"github.com/semamap/semamap/internal/golden"
	"github.com/semamap/semamap/wordnet/wn30"
)

// The golden files were written by NLTK 3.8 over Debian's files; see
// testdata/README.md. The whole of them are in the large test data and are
// compared on a machine with Debian's package wordnet-base; a part is in
// testdata and is compared with package wn30 everywhere.

const debianDir = "/usr/share/wordnet"

var openDebian = sync.OnceValues(func() (*DB, error) { return OpenDir(debianDir, nil) })

func debian(t testing.TB) *DB {
	t.Helper()
	if _, err := os.Stat(debianDir + "/data.noun"); err != nil {
		t.Skip("needs the package wordnet-base of Debian")
	}
	db, err := openDebian()
	if err != nil {
		t.Fatal(err)
	}
	return db
}

var openEmbedded = sync.OnceValues(func() (*DB, error) { return Open(wn30.FS, nil) })

// embedded returns WordNet 3.0 of package wn30.
func embedded(t testing.TB) *DB {
	t.Helper()
	db, err := openEmbedded()
	if err != nil {
		t.Fatal(err)
	}
	return db
}

// A source is a database and where its golden files are.
type source struct {
	db     *DB
	file   func(name string) string
	debian bool
}

// eachSource runs a test on both databases.
func eachSource(t *testing.T, f func(t *testing.T, src source)) {
	t.Run("data=wn30", func(t *testing.T) {
		f(t, source{db: embedded(t), file: func(name string) string { return "testdata/" + name }})
	})
	t.Run("data=debian", func(t *testing.T) {
		f(t, source{debian(t), func(name string) string { return golden.Shared(t, "golden/wordnet/"+name) }, true})
	})
}

// otherInPrinceton reports whether Princeton's files differ from Debian's in
// the hypernyms above a synset: Debian removed the cycle of restrain.v.01.
func (src source) otherInPrinceton(s ...Synset) bool {
	for _, x := range s {
		if src.db.isCyclic(x.id) {
			return true
		}
	}
	return false
}

// synset returns the synset of a name, which must exist.
func synset(t testing.TB, db *DB, name string) Synset {
	t.Helper()
	s, err := db.Synset(name)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// open opens a packed golden file.
func (src source) open(t testing.TB, name string) io.Reader {
	t.Helper()
	f, err := os.Open(src.file(name))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { f.Close() })
	z, err := gzip.NewReader(f)
	if err != nil {
		t.Fatal(err)
	}
	return z
}

// eachJSON calls f with every line of a golden file.
func eachJSON[T any](t testing.TB, src source, name string, f func(T)) {
	t.Helper()
	sc := bufio.NewScanner(src.open(t, name))
	sc.Buffer(nil, 64<<20)
	n := 0
	for sc.Scan() {
		var v T
		if err := json.Unmarshal(sc.Bytes(), &v); err != nil {
			t.Fatal(err)
		}
		f(v)
		n++
	}
	if sc.Err() != nil || n == 0 {
		t.Fatal(n, "lines:", sc.Err())
	}
}
