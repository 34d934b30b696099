package lemma

import "errors"

// Reasons for errors.Is. The errors that wrap them say where: a byte offset,
// a field of a file, a lemma, an id.
var (
	ErrUTF8        = errors.New("lemma: text is not valid UTF-8")
	ErrUnsupported = errors.New("lemma: tokenizer is not supported")
	ErrFormat      = errors.New("lemma: tokenizer file is malformed")
	ErrTooLong     = errors.New("lemma: piece is too long")
	ErrRange       = errors.New("lemma: id is out of range")
	ErrEmpty       = errors.New("lemma: no tokens")
	ErrAmbiguous   = errors.New("lemma: several columns have this name")
	ErrNoColumn    = errors.New("lemma: no column has this name")
	ErrUnseen      = errors.New("lemma: token was never seen by the map")
	ErrSettings    = errors.New("lemma: wrong setting")
)
