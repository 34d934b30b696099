package wordnet

import (
	"bufio"
	"compress/gzip"
	"encoding/json"
	"os"
	"sync"
	"testing"

	"github.com/semamap/semamap/internal/golden"
)

// The golden files of the large test data come from NLTK 3.8 over the files
// of Debian's wordnet-base, which the tests of this file read where that
// package is installed.

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

// eachJSON calls f with every line of a golden file.
func eachJSON[T any](t testing.TB, name string, f func(T)) {
	t.Helper()
	file, err := os.Open(golden.Shared(t, "golden/wordnet/"+name))
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	z, err := gzip.NewReader(file)
	if err != nil {
		t.Fatal(err)
	}
	sc := bufio.NewScanner(z)
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
