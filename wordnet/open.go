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
	"slices"
	"strconv"
	"strings"

	"github.com/semamap/semamap/wordnet/internal/compact"
)

// Settings configures how a database is opened and how it answers. Nil and the
// zero value mean the defaults.
type Settings struct {
	// NLTK is the version of NLTK whose answers to give, such as "3.9.1".
	// Empty means "3.8". Answers changed in two versions:
	//
	//   - From 3.9 on, morphy strips one suffix only. Before, it strips
	//     suffixes until it finds a word.
	//   - From 3.9.2 on, a name with the part of speech s counts only
	//     satellites, and so does Synsets(word, AdjSat). Before, satellites
	//     share the numbers of adjectives. In WordNet 3.0, this changes the
	//     names of 2,007 satellites.
	//
	// Tests compare with the answers of 3.8, 3.9 and, for 3.9.2 and later,
	// 3.9.4.
	NLTK string

	// NoGlosses leaves out the glosses to save memory. Definition and Examples
	// then return ErrNoGlosses.
	NoGlosses bool

	// NoRoot turns off the simulated root that Similarity functions place
	// above the many roots of verbs. It is NLTK's simulate_root=False.
	NoRoot bool
}

// A compat is a range of versions of NLTK that answer the same.
type compat uint8

const (
	nltk38  compat = iota // 3.8 and 3.8.1
	nltk39                // 3.9 and 3.9.1
	nltk392               // 3.9.2 to at least 3.10.4
)

func (c compat) satellitesApart() bool { return c >= nltk392 }
func (c compat) oneSuffix() bool       { return c >= nltk39 }

// compat returns the behavior that Settings.NLTK asks for.
func (s *Settings) compat() (compat, error) {
	if s.NLTK == "" {
		return nltk38, nil
	}
	var v [3]int
	fields := strings.Split(s.NLTK, ".")
	ok := len(fields) <= len(v)
	for i := 0; ok && i < len(fields); i++ {
		n, err := strconv.ParseUint(fields[i], 10, 16)
		v[i], ok = int(n), err == nil
	}
	before := func(v2 ...int) bool { return slices.Compare(v[:], v2) < 0 }
	switch {
	case !ok || before(3, 8):
		return 0, fmt.Errorf("wordnet: Settings.NLTK is %q, want a version from 3.8 on", s.NLTK)
	case before(3, 9):
		return nltk38, nil
	case before(3, 9, 2):
		return nltk39, nil
	}
	return nltk392, nil
}

// Where Open looks for database files, and for archives of them.
var (
	folders  = []string{".", "dict", "wordnet", "corpora/wordnet", "nltk_data/corpora/wordnet"}
	archives = []string{"wordnet.zip", "corpora.zip", "corpora/wordnet.zip", "nltk_data/corpora/wordnet.zip"}
)

// Open reads a WordNet database: the files data.noun, index.noun and so on.
// They may be at the root of fsys, in a folder dict or wordnet, or, as NLTK
// keeps them, in corpora/wordnet or zipped in corpora/wordnet.zip. fsys may
// also be wn30.FS of package wordnet/wn30, or a zip archive.
//
// The eight data and index files are required. They are checked against each
// other: the offset of each record, the target of each pointer, and that each
// word of a synset is in the index with that synset and the reverse. If a check
// fails, the error wraps [ErrSyntax]. The files lexnames, cntlist.rev,
// index.sense and the lists of exceptions are optional: without them, the names
// of lexicographer files are the 45 built-in ones, counts are 0, and morphy
// only uses rules.
//
// If fsys holds no database, the error wraps [ErrNoDatabase].
func Open(fsys fs.FS, s *Settings) (*DB, error) {
	var set Settings
	if s != nil {
		set = *s
	}
	c, err := set.compat()
	if err != nil {
		return nil, err
	}
	p, err := locate(fsys)
	if err != nil {
		return nil, err
	}
	defer p.close()
	db := &DB{compat: c, noRoot: set.NoRoot}
	if p.dir != "" {
		err = db.readFiles(p.fsys, p.dir, !set.NoGlosses)
	} else {
		err = db.readCompact(p.fsys)
	}
	if err != nil {
		return nil, inPath(p.archive, err)
	}
	if sink, ok := fsys.(compact.Sink); ok {
		cols, err := db.columns()
		if err != nil {
			return nil, err
		}
		sink.Columns(cols)
	}
	return db, nil
}

// OpenDir opens the database in a folder or in a zip archive, as [Open] does.
func OpenDir(path string, s *Settings) (*DB, error) {
	fsys, closer, err := openPath(path)
	if err != nil {
		return nil, err
	}
	defer closer.Close()
	db, err := Open(fsys, s)
	if err != nil {
		return nil, inPath(path, err)
	}
	return db, nil
}

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
	return z, z, nil
}

// A place is where a file system holds a database.
type place struct {
	fsys    fs.FS
	dir     string // of the database files; "" for a compact file
	archive string // the archive within the file system that was searched
	close   func() error
}

// locate looks for a database: in folders, as one compact file, in archives.
func locate(fsys fs.FS) (place, error) {
	if dir, ok := findFolder(fsys); ok {
		return place{fsys, dir, "", func() error { return nil }}, nil
	}
	if _, err := fs.Stat(fsys, compact.Name); err == nil {
		return place{fsys, "", "", func() error { return nil }}, nil
	}
	for _, name := range archives {
		z, closer, err := openZip(fsys, name)
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil {
			return place{}, err
		}
		if dir, ok := findFolder(z); ok {
			return place{z, dir, name, closer.Close}, nil
		}
		closer.Close()
	}
	return place{}, fmt.Errorf("wordnet: %w: no data.noun at the root, in %s, and none of %s with one",
		ErrNoDatabase, strings.Join(folders[1:], ", "), strings.Join(archives, ", "))
}

func findFolder(fsys fs.FS) (string, bool) {
	for _, dir := range folders {
		if _, err := fs.Stat(fsys, path.Join(dir, "data.noun")); err == nil {
			return dir, true
		}
	}
	return "", false
}

// openZip opens an archive within a file system.
func openZip(fsys fs.FS, name string) (*zip.Reader, io.Closer, error) {
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
		return z, io.NopCloser(nil), inPath(name, err)
	}
	z, err := zip.NewReader(r, fi.Size())
	if err != nil {
		f.Close()
	}
	return z, f, inPath(name, err)
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
// It looks in the folders $WNSEARCHDIR and $WNHOME/dict; for corpora/wordnet and
// corpora/wordnet.zip where NLTK does: in each folder of $NLTK_DATA, in
// ~/nltk_data, in an active Python environment and in NLTK's system folders; and
// in the folders used by packages and by WordNet's own installation. If there is
// none, the error wraps [ErrNoDatabase] and lists the places.
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
		places = append(places, filepath.Join(d, "dict"))
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
