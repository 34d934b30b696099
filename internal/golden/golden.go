// Package golden compares results with files kept beside the tests, and finds
// the large test data that is not part of the module. Only tests import it.
package golden

import (
	"bytes"
	"compress/gzip"
	"flag"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"testing"
)

var update = flag.Bool("update", false, "rewrite golden files with what the tests produce")

// Update reports whether the tests were asked to rewrite their golden files.
func Update() bool { return *update }

// Check fails the test unless got equals the content of the named file. With
// -update it writes the file instead.
func Check(t testing.TB, file string, got []byte) {
	t.Helper()
	if *update {
		if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, got, 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if bytes.Equal(got, want) {
		return
	}
	g, w := bytes.Split(got, []byte("\n")), bytes.Split(want, []byte("\n"))
	for i := 0; i < len(g) || i < len(w); i++ {
		if i >= len(g) || i >= len(w) || !bytes.Equal(g[i], w[i]) {
			t.Fatalf("%s:%d: got %q, want %q", file, i+1, line(g, i), line(w, i))
		}
	}
}

func line(s [][]byte, i int) string {
	if i >= len(s) {
		return "(end of file)"
	}
	return string(s[i])
}

// Unzip returns the first size bytes of a gzip file.
func Unzip(t testing.TB, path string, size int) []byte {
	t.Helper()
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	z, err := gzip.NewReader(f)
	if err != nil {
		t.Fatal(err)
	}
	b := make([]byte, size)
	if _, err := io.ReadFull(z, b); err != nil {
		t.Fatalf("%s: %v", path, err)
	}
	return b
}

// Shared returns the path of a file of the large test data, which lives in a
// folder named shared beside the module, and skips the test when it is absent.
func Shared(t testing.TB, name string) string {
	t.Helper()
	dir, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	for {
		if _, err := os.Stat(filepath.Join(dir, "go.mod")); err == nil {
			break
		}
		up := filepath.Dir(dir)
		if up == dir {
			t.Fatal("golden: no go.mod above the working directory")
		}
		dir = up
	}
	path := filepath.Join(filepath.Dir(dir), "shared", filepath.FromSlash(name))
	if _, err := os.Stat(path); err != nil {
		t.Skipf("needs %s of the large test data, which is not here", name)
	}
	return path
}

// Tried fails the test for each function and method in a file of the folder api
// that is neither in done nor in except, by its line's beginning: "func Name" or
// "method (*Type) Name".
func Tried(t testing.TB, api string, done map[string]bool, except ...string) {
	t.Helper()
	b, err := os.ReadFile(api)
	if err != nil {
		t.Fatal(err)
	}
	for _, m := range regexp.MustCompile(`(?m)^(func|method \(\*?\w+\)) \w+`).FindAllString(string(b), -1) {
		if !done[m] && !slices.Contains(except, m) {
			t.Errorf("%s is not tried", m)
		}
	}
}
