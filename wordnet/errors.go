package wordnet

import (
	"errors"
	"fmt"
)

var (
	// ErrSyntax marks a malformed or inconsistent database file. The text of
	// the error names the file and the line.
	ErrSyntax = errors.New("malformed WordNet database")

	// ErrNotFound marks a look-up of something the database does not hold, or
	// of a part of speech or relation that does not exist.
	ErrNotFound = errors.New("not in WordNet")

	// ErrNoDatabase marks a place without a WordNet database.
	ErrNoDatabase = errors.New("no WordNet database")

	// ErrNoGlosses is returned by Definition and Examples of a database that
	// was opened without glosses or holds none, such as wordnet/wn30.
	ErrNoGlosses = errors.New("database holds no glosses")

	// ErrUndefined marks a similarity or an information content that does not
	// exist: no path joins the synsets, their parts of speech differ, or the
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
