package wordnet

import (
	"fmt"
	"io/fs"
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

	// Lenient opens a damaged database as well. What cannot be read is left
	// out, and [DB.Problems] lists it. The numbers in the names of synsets stay
	// those of the index; a word that the index lacks gets the next number.
	Lenient bool

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

// Open reads a WordNet database: the files data.noun, index.noun and so on.
// They may be at the root of fsys, in a folder dict or wordnet, or, as NLTK
// keeps them, in corpora/wordnet or zipped in corpora/wordnet.zip. Otherwise
// the only folder that holds data.noun is used, up to four levels down, or else
// the only zip archive with such a folder, such as wordnet31.zip. fsys may also
// be the FS of package wordnet/wn30 or wordnet/wn30/glosses, or a zip archive.
//
// The eight data and index files are required. They are checked against each
// other: the offset of each record, the target of each pointer, and that each
// word of a synset is in the index with that synset and the reverse. If a check
// fails, the error wraps [ErrSyntax]; see Settings.Lenient. The files lexnames,
// cntlist.rev, index.sense and the lists of exceptions may be absent or empty:
// without them, the names of lexicographer files are the 45 built-in ones,
// counts are 0, and morphy only uses rules. [DB.Problems] returns what was left
// out because its meaning is not known.
//
// If fsys holds no database, or several and none has the first choice, the error
// wraps [ErrNoDatabase]. What is unpacked from an archive is bounded: to 32 MiB
// and 16 times its size, and to 256 MiB.
func Open(fsys fs.FS, s *Settings) (*DB, error) {
	var set Settings
	if s != nil {
		set = *s
	}
	c, err := set.compat()
	if err != nil {
		return nil, err
	}
	p, err := locate(bounded(fsys))
	if err != nil {
		return nil, err
	}
	defer p.close()
	db := &DB{compat: c, noRoot: set.NoRoot}
	if p.dir != "" {
		err = db.readFiles(p.fsys, p.dir, &set)
	} else {
		err = db.readCompact(p.fsys, !set.NoGlosses)
	}
	if err != nil {
		return nil, inPath(p.archive, err)
	}
	db.noteExceptions()
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
