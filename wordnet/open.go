package wordnet

import (
	"archive/zip"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

// Settings tunes how a database is opened. Nil and the zero value both ask
// for the defaults.
type Settings struct {
	// NoGlosses keeps the structure only: Definition and Examples return
	// [ErrNoGlosses], and the text of the data files is let go.
	NoGlosses bool

	// Compat is the version of NLTK whose answers to give. Zero is NLTK38.
	Compat Compat
}

// A Compat names the behaviour of a range of NLTK's versions.
type Compat uint8

const (
	// NLTK38 is NLTK 3.8 and 3.8.1: morphy strips suffixes until a form is
	// found, and satellite adjectives share the sense numbers of adjectives.
	NLTK38 Compat = iota

	// NLTK39 is NLTK 3.9 and 3.9.1: morphy strips one suffix only. Names are
	// those of NLTK38.
	NLTK39

	// NLTK392 is NLTK 3.9.2 to at least 3.10.4: as NLTK39, and a name with
	// the part of speech s counts satellites only, as does Synsets(word,
	// AdjSat). Of the satellites of WordNet 3.0, 2,007 change their name.
	NLTK392
)

// String returns the first version of NLTK that behaves so.
func (c Compat) String() string {
	switch c {
	case NLTK38:
		return "NLTK 3.8"
	case NLTK39:
		return "NLTK 3.9"
	case NLTK392:
		return "NLTK 3.9.2"
	}
	return fmt.Sprintf("Compat(%d)", uint8(c))
}

func (c Compat) satellitesApart() bool { return c >= NLTK392 }
func (c Compat) oneSuffix() bool       { return c >= NLTK39 }

func (s *Settings) fill() (Settings, error) {
	if s == nil {
		return Settings{}, nil
	}
	if s.Compat > NLTK392 {
		return *s, fmt.Errorf("wordnet: Compat %d is unknown", s.Compat)
	}
	return *s, nil
}

// Open reads a WordNet database: the files data.noun, index.noun and so on,
// at the root of fsys or in a folder dict or wordnet; or else one compact
// file [CompactName], as wordnet/wn30 offers. A zip archive is an fs.FS too.
//
// The eight data and index files must be there. Their records are checked
// against each other: the offset of every record, the target of every
// pointer, and that every word of a synset is in the index with that synset
// and the reverse. What fails gives a [*SyntaxError]. The files lexnames,
// cntlist.rev, index.sense and the lists of exceptions may be missing; the 45
// names of WordNet's lexicographer files are then the built-in ones, counts
// are unknown and morphy knows rules only.
//
// Without a database in fsys the error wraps [ErrNoDatabase].
func Open(fsys fs.FS, s *Settings) (*DB, error) {
	set, err := s.fill()
	if err != nil {
		return nil, err
	}
	if dir, ok := findFolder(fsys); ok {
		return openFiles(fsys, dir, &set)
	}
	if _, err := fs.Stat(fsys, CompactName); err == nil {
		text, err := readFile(fsys, CompactName)
		if err != nil {
			return nil, err
		}
		return openCompact(text, &set)
	}
	return nil, fmt.Errorf("wordnet: %w: no data.noun at the root, in dict or in wordnet, and no %s", ErrNoDatabase, CompactName)
}

// OpenDir opens the database in a folder, a zip archive or a compact file.
func OpenDir(path string, s *Settings) (*DB, error) {
	fi, err := os.Stat(path)
	if err != nil {
		return nil, fmt.Errorf("wordnet: %w: %w", ErrNoDatabase, err)
	}
	if fi.IsDir() {
		db, err := Open(os.DirFS(path), s)
		return db, inPath(path, err)
	}
	z, err := zip.OpenReader(path)
	if errors.Is(err, zip.ErrFormat) {
		set, err := s.fill()
		if err != nil {
			return nil, err
		}
		text, err := readFile(os.DirFS(filepath.Dir(path)), filepath.Base(path))
		if err != nil {
			return nil, err
		}
		if !strings.HasPrefix(text, compactMagic) {
			return nil, fmt.Errorf("wordnet: %w: %s is no folder, zip archive or compact file", ErrNoDatabase, path)
		}
		db, err := openCompact(text, &set)
		return db, inPath(path, err)
	}
	if err != nil {
		return nil, fmt.Errorf("wordnet: %s: %w", path, err)
	}
	defer z.Close()
	db, err := Open(z, s)
	return db, inPath(path, err)
}

// inPath completes the file name of a syntax error.
func inPath(path string, err error) error {
	var se *SyntaxError
	if errors.As(err, &se) {
		if filepath.Base(path) == se.File {
			path = filepath.Dir(path)
		}
		return &SyntaxError{File: filepath.Join(path, se.File), Line: se.Line, Err: se.Err}
	}
	if err != nil {
		return fmt.Errorf("%w (in %s)", err, path)
	}
	return nil
}

// Find returns the first place that holds a WordNet database: the folders
// $WNSEARCHDIR and $WNHOME/dict; in each folder of $NLTK_DATA, in
// ~/nltk_data and in NLTK's system folders corpora/wordnet and
// corpora/wordnet.zip; and then the folders that packages and WordNet's own
// installation use. Without one the error wraps [ErrNoDatabase] and lists
// what was tried.
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
	nltk := filepath.SplitList(getenv("NLTK_DATA"))
	if home != "" {
		nltk = append(nltk, filepath.Join(home, "nltk_data"))
	}
	nltk = append(nltk, "/usr/share/nltk_data", "/usr/local/share/nltk_data", "/usr/lib/nltk_data", "/usr/local/lib/nltk_data")
	for _, d := range nltk {
		if d != "" {
			places = append(places, filepath.Join(d, "corpora", "wordnet"), filepath.Join(d, "corpora", "wordnet.zip"))
		}
	}
	places = append(places, "/usr/share/wordnet", "/usr/local/share/wordnet", "/usr/local/WordNet-3.0/dict", "/usr/local/WordNet-3.1/dict")
	for _, p := range places {
		if holdsDatabase(p) {
			return p, nil
		}
	}
	return "", fmt.Errorf("wordnet: %w found; tried %s", ErrNoDatabase, strings.Join(places, ", "))
}

func holdsDatabase(path string) bool {
	fi, err := os.Stat(path)
	if err != nil {
		return false
	}
	if fi.IsDir() {
		_, ok := findFolder(os.DirFS(path))
		return ok
	}
	z, err := zip.OpenReader(path)
	if err != nil {
		return false
	}
	defer z.Close()
	_, ok := findFolder(z)
	return ok
}
