package wordnet

import (
	"errors"
	"fmt"
)

var (
	// ErrSyntax: a database file is malformed or inconsistent. The text of the
	// error names the file and the line.
	ErrSyntax = errors.New("malformed WordNet database")

	// ErrNotFound: the database does not contain the item that was looked up,
	// or the part of speech or relation does not exist.
	ErrNotFound = errors.New("not in WordNet")

	// ErrNoDatabase: there is no WordNet database at this place.
	ErrNoDatabase = errors.New("no WordNet database")

	// ErrNoGlosses: the database has no glosses, like wordnet/wn30, or was
	// opened without them.
	ErrNoGlosses = errors.New("database holds no glosses; package wordnet/wn30/glosses has those of WordNet 3.0")

	// ErrUndefined: a similarity or an information content is undefined,
	// because no path joins the synsets, their parts of speech differ, or the
	// table of counts lacks their part of speech.
	ErrUndefined = errors.New("undefined")
)

// A syntaxError says which line of a database file is malformed.
type syntaxError struct {
	file string
	line int // from 1; 0 for the file as a whole
	err  error
}

func (e *syntaxError) Error() string {
	if e.line == 0 {
		return fmt.Sprintf("%s: %v", e.file, e.err)
	}
	return fmt.Sprintf("%s:%d: %v", e.file, e.line, e.err)
}

func (e *syntaxError) Unwrap() []error { return []error{ErrSyntax, e.err} }
