package wordnet

import (
	"archive/zip"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"runtime"
	"strings"
	"sync/atomic"

	"github.com/semamap/semamap/wordnet/internal/compact"
)

// Where Open looks for database files, and for archives of them.
var (
	folders  = []string{".", "dict", "wordnet", "corpora/wordnet", "nltk_data/corpora/wordnet"}
	archives = []string{"wordnet.zip", "corpora.zip", "corpora/wordnet.zip", "nltk_data/corpora/wordnet.zip"}
)

// openPath opens a folder or a zip archive.
func openPath(path string) (fs.FS, io.Closer, error) {
	fi, err := os.Stat(path)
	if err != nil {
		return nil, nil, fmt.Errorf("wordnet: %w: %w", ErrNoDatabase, err)
	}
	if fi.IsDir() {
		return os.DirFS(path), io.NopCloser(nil), nil
	}
	z, err := zip.OpenReader(path)
	if errors.Is(err, zip.ErrFormat) {
		return nil, nil, fmt.Errorf("wordnet: %w: %s is no folder or zip archive", ErrNoDatabase, path)
	}
	if err != nil {
		return nil, nil, fmt.Errorf("wordnet: %s: %w", path, err)
	}
	return newArchive(&z.Reader, fi.Size()), z, nil
}

// maxUnpacked bounds what is unpacked from an archive. WordNet 3.0 has 36 MB,
// which deflate to 11 MB.
const maxUnpacked = 256 << 20

// An archive is a zip archive whose files can be read up to a number of bytes,
// all together. A few bytes may unpack to any number otherwise.
type archive struct {
	*zip.Reader
	*budget
}

// A budget is a number of bytes, and how many are left of it.
type budget struct {
	all  int64
	left atomic.Int64
}

func newArchive(z *zip.Reader, size int64) archive {
	b := &budget{all: min(maxUnpacked, 32<<20+16*min(size, maxUnpacked))}
	b.left.Store(b.all)
	return archive{z, b}
}

func (a archive) Open(name string) (fs.File, error) {
	f, err := a.Reader.Open(name)
	if err != nil {
		return nil, err
	}
	return archiveFile{f, a.budget}, nil
}

// ReadDir is there because the files of Open cannot list a folder.
func (a archive) ReadDir(name string) ([]fs.DirEntry, error) { return fs.ReadDir(a.Reader, name) }

type archiveFile struct {
	fs.File
	*budget
}

func (f archiveFile) Read(b []byte) (int, error) {
	n, err := f.File.Read(b)
	if f.left.Add(-int64(n)) < 0 {
		return 0, fmt.Errorf("%w: the archive unpacks to more than %d bytes, much more than its size", ErrSyntax, f.all)
	}
	return n, err
}

// bounded bounds what is unpacked if fsys is an archive.
func bounded(fsys fs.FS) fs.FS {
	var z *zip.Reader
	switch fsys := fsys.(type) {
	case *zip.Reader:
		z = fsys
	case *zip.ReadCloser:
		z = &fsys.Reader
	default:
		return fsys
	}
	size := int64(0)
	for _, f := range z.File {
		size += int64(min(f.CompressedSize64, maxUnpacked))
	}
	return newArchive(z, size)
}

// A place is where a file system holds a database.
type place struct {
	fsys    fs.FS
	dir     string // of the database files; "" for a compact file
	archive string // the archive within the file system that was searched
	close   func() error
}

// locate looks for a database: in the usual folders, as one compact file, in
// the usual archives, and then in any folder and any archive.
func locate(fsys fs.FS) (place, error) {
	stay := func() error { return nil }
	if dir, ok := findFolder(fsys); ok {
		return place{fsys, dir, "", stay}, nil
	}
	if _, err := fs.Stat(fsys, compact.Name); err == nil {
		return place{fsys, "", "", stay}, nil
	}
	for _, name := range archives {
		p, err := locateZip(fsys, name, false)
		if err == nil || err != errNone && !errors.Is(err, fs.ErrNotExist) {
			return p, err
		}
	}
	dirs, zips := search(fsys)
	switch {
	case len(dirs) == 1:
		return place{fsys, dirs[0], "", stay}, nil
	case len(dirs) > 1:
		return place{}, several(dirs)
	}
	var found place
	var holders []string
	var broken error
	for _, name := range zips {
		p, err := locateZip(fsys, name, true)
		switch {
		case err == nil && found.close == nil:
			found = p
			holders = append(holders, name)
		case err == nil:
			p.close()
			holders = append(holders, name)
		case broken == nil && err != errNone:
			broken = err
		}
	}
	switch {
	case len(holders) == 1:
		return found, nil
	case len(holders) > 1:
		found.close()
		return place{}, several(holders)
	case broken != nil:
		return place{}, broken
	}
	return place{}, fmt.Errorf("wordnet: %w: no folder with data.noun up to %d levels down, and no zip archive with one", ErrNoDatabase, searchDepth)
}

func several(places []string) error {
	return fmt.Errorf("wordnet: %w that is the only one; open one of %s", ErrNoDatabase, strings.Join(places, ", "))
}

// errNone is the error for an archive without a database.
var errNone = fmt.Errorf("wordnet: %w in the archive", ErrNoDatabase)

// locateZip looks for the folder of a database in an archive: in the usual
// folders, or in any.
func locateZip(fsys fs.FS, name string, anywhere bool) (place, error) {
	z, closer, err := openZip(fsys, name)
	if err != nil {
		return place{}, err
	}
	dir, ok := findFolder(z)
	err = errNone
	if !ok && anywhere {
		dirs, _ := search(z)
		if len(dirs) == 1 {
			dir, ok = dirs[0], true
		} else if len(dirs) > 1 {
			err = inPath(name, several(dirs))
		}
	}
	if !ok {
		closer.Close()
		return place{}, err
	}
	return place{z, dir, name, closer.Close}, nil
}

const (
	searchDepth   = 4
	searchEntries = 20_000
	searchZips    = 100
)

// search returns the folders with a database that are the fewest levels down,
// and the archives that it saw. It looks at a bounded number of entries.
func search(fsys fs.FS) (found, zips []string) {
	left := searchEntries
	dirs := []string{"."}
	for depth := 0; depth < searchDepth && len(found) == 0; depth++ {
		var below []string
		for _, dir := range dirs {
			entries, _ := fs.ReadDir(fsys, dir) // one that cannot be read holds none
			for _, e := range entries {
				if left--; left < 0 {
					return found, zips
				}
				name := path.Join(dir, e.Name())
				isDir := e.IsDir()
				if e.Type()&fs.ModeSymlink != 0 {
					fi, err := fs.Stat(fsys, name)
					isDir = err == nil && fi.IsDir()
				}
				switch {
				case e.Name()[0] == '.':
				case isDir && holdsFiles(fsys, name):
					found = append(found, name)
				case isDir:
					below = append(below, name)
				case strings.EqualFold(path.Ext(name), ".zip") && len(zips) < searchZips:
					zips = append(zips, name)
				}
			}
		}
		dirs = below
	}
	return found, zips
}

func holdsFiles(fsys fs.FS, dir string) bool {
	_, err := fs.Stat(fsys, path.Join(dir, "data.noun"))
	return err == nil
}

func findFolder(fsys fs.FS) (string, bool) {
	for _, dir := range folders {
		if holdsFiles(fsys, dir) {
			return dir, true
		}
	}
	return "", false
}

// openZip opens an archive within a file system.
func openZip(fsys fs.FS, name string) (fs.FS, io.Closer, error) {
	f, err := fsys.Open(name)
	if err != nil {
		return nil, nil, fmt.Errorf("wordnet: %w", err)
	}
	fi, err := f.Stat()
	r, ok := f.(io.ReaderAt)
	if err != nil || !ok {
		text, err := readFile(f, name)
		f.Close()
		if err != nil {
			return nil, nil, err
		}
		z, err := zip.NewReader(strings.NewReader(text), int64(len(text)))
		return newArchive(z, int64(len(text))), io.NopCloser(nil), inPath(name, err)
	}
	z, err := zip.NewReader(r, fi.Size())
	if err != nil {
		f.Close()
	}
	return newArchive(z, fi.Size()), f, inPath(name, err)
}

// inPath says in an error where the files lie.
func inPath(path string, err error) error {
	var se *syntaxError
	switch {
	case err == nil || path == "":
		return err
	case errors.As(err, &se):
		return &syntaxError{filepath.Join(path, se.file), se.line, se.err}
	}
	return fmt.Errorf("%w (in %s)", err, path)
}

// Find returns the path of the first WordNet database it finds, for [OpenDir].
// It looks in the folders $WNSEARCHDIR, $WNHOME/dict and $WNHOME; for corpora/wordnet and
// corpora/wordnet.zip where NLTK does: in each folder of $NLTK_DATA, in
// ~/nltk_data, in an active Python environment and in NLTK's system folders; in
// these also for folders and archives with other names, such as wordnet31.zip or
// oewn2023; and in the folders used by packages and by WordNet's own
// installation. If there is none, the error wraps [ErrNoDatabase] and lists the
// places.
func Find() (path string, err error) {
	home, _ := os.UserHomeDir()
	return find(os.Getenv, home)
}

func find(getenv func(string) string, home string) (string, error) {
	var places []string
	if d := getenv("WNSEARCHDIR"); d != "" {
		places = append(places, d)
	}
	if d := getenv("WNHOME"); d != "" {
		places = append(places, filepath.Join(d, "dict"), d)
	}
	// NLTK takes a folder anywhere before an archive anywhere.
	nltk := nltkFolders(getenv, home)
	for _, name := range []string{"corpora/wordnet", "corpora.zip", "corpora/wordnet.zip"} {
		for _, d := range nltk {
			if strings.HasSuffix(d, ".zip") {
				places = append(places, d)
			} else {
				places = append(places, filepath.Join(d, filepath.FromSlash(name)))
			}
		}
	}
	for _, d := range nltk {
		entries, _ := os.ReadDir(filepath.Join(d, "corpora"))
		for _, e := range entries {
			name := strings.ToLower(e.Name())
			if strings.Contains(name, "wordnet") || strings.Contains(name, "wn") {
				places = append(places, filepath.Join(d, "corpora", e.Name()))
			}
		}
	}
	places = append(places, "/usr/share/wordnet", "/usr/local/share/wordnet", "/usr/local/WordNet-3.0/dict", "/usr/local/WordNet-3.1/dict")
	for _, path := range places {
		if holdsDatabase(path) {
			return path, nil
		}
	}
	return "", fmt.Errorf("wordnet: %w found; tried %s", ErrNoDatabase, strings.Join(places, ", "))
}

// nltkFolders returns where NLTK looks for its data, as nltk.data.path does.
func nltkFolders(getenv func(string) string, home string) []string {
	var dirs []string
	for _, d := range filepath.SplitList(getenv("NLTK_DATA")) {
		if d != "" {
			dirs = append(dirs, d)
		}
	}
	if home != "" {
		dirs = append(dirs, filepath.Join(home, "nltk_data"))
	}
	for _, env := range []string{"VIRTUAL_ENV", "CONDA_PREFIX"} { // Python's sys.prefix
		if d := getenv(env); d != "" {
			dirs = append(dirs, filepath.Join(d, "nltk_data"), filepath.Join(d, "share", "nltk_data"), filepath.Join(d, "lib", "nltk_data"))
		}
	}
	if runtime.GOOS == "windows" {
		if d := getenv("APPDATA"); d != "" {
			dirs = append(dirs, filepath.Join(d, "nltk_data"))
		}
		return append(dirs, `C:\nltk_data`, `D:\nltk_data`, `E:\nltk_data`)
	}
	return append(dirs, "/usr/share/nltk_data", "/usr/local/share/nltk_data", "/usr/lib/nltk_data", "/usr/local/lib/nltk_data",
		"/usr/nltk_data", "/usr/local/nltk_data")
}

func holdsDatabase(path string) bool {
	fsys, closer, err := openPath(path)
	if err != nil {
		return false
	}
	defer closer.Close()
	p, err := locate(fsys)
	if err != nil {
		return false
	}
	p.close()
	return true
}
