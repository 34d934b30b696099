package wordnet

import (
	"errors"
	"fmt"
)

var (
	// ErrSyntax marks every defect found in a database file. The error is
	// then a [*SyntaxError], which tells the file and the line.
	ErrSyntax = errors.New("malformed WordNet database")

	// ErrNotFound marks a look-up of something the database does not hold.
	ErrNotFound = errors.New("not in WordNet")

	// ErrNoDatabase is returned where no database was found.
	ErrNoDatabase = errors.New("no WordNet database")

	// ErrNoGlosses is returned by Definition and Examples of a database that
	// was opened without glosses or holds none, such as wordnet/wn30.
	ErrNoGlosses = errors.New("database holds no glosses")

	// ErrPOS marks a part of speech that does not fit: an unknown letter, or
	// two synsets whose parts of speech must be equal and are not.
	ErrPOS = errors.New("wrong part of speech")

	// ErrNoIC marks an information content that cannot be formed: the table
	// lacks the part of speech, or a measure would divide zero by zero.
	ErrNoIC = errors.New("no information content")
)

// A SyntaxError says which line of a database file is malformed.
// errors.Is(err, [ErrSyntax]) holds for every SyntaxError.
type SyntaxError struct {
	File string
	Line int // from 1; 0 if the defect is of the file as a whole
	Err  error
}

func (e *SyntaxError) Error() string {
	if e.Line == 0 {
		return fmt.Sprintf("%s: %v", e.File, e.Err)
	}
	return fmt.Sprintf("%s:%d: %v", e.File, e.Line, e.Err)
}

// Unwrap returns the reason.
func (e *SyntaxError) Unwrap() error { return e.Err }

// Is reports whether target is ErrSyntax.
func (e *SyntaxError) Is(target error) bool { return target == ErrSyntax }
