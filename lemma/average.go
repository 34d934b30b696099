package lemma

import (
	"fmt"
	"slices"
	"strings"
)

// Rows is a matrix with one row a token id, such as a layer of an activation
// map. Row returns row i, in dst if dst has room for it; it must be safe for
// concurrent use. A source that also has the method
//
//	Gather(dst []float32, rows []int32) error
//
// which stores the given rows one after another in dst, is read through that.
type Rows interface {
	Dims() (rows, units int)
	Row(dst []float32, row int) ([]float32, error)
}

type gatherer interface {
	Gather(dst []float32, rows []int32) error
}

// A Pool says how the rows of a word's tokens become one row.
type Pool uint8

const (
	// Mean is over the positions of the tokens: a token that comes twice
	// counts twice. Sums are made in float64.
	Mean  Pool = iota
	First      // the first token's row
	Last       // the last token's row
	Max        // the greatest value of each unit; NaN if there is one
	// CountWeighted is the mean with Averager.Counts for weights: the mean
	// over all occurrences of the tokens in the text of the map. If all
	// counts are 0 it is Mean.
	CountWeighted
)

// Columns says how a token becomes a row number.
type Columns uint8

const (
	ByID Columns = iota // the token's id
	// ByName looks the token's byte-level form, without "Ġ" at either end,
	// up among the decoded names of all tokens, as one does who selects
	// columns of a table by name. Several tokens of one name are an error.
	ByName
	// ByNameAll is ByName, and takes all tokens of the name, as a selection
	// in pandas does.
	ByNameAll
)

// Underscore says what becomes of the '_' that WordNet has for a space.
type Underscore uint8

const (
	Keep  Underscore = iota // text like any other
	Space                   // a space in its place, before the text is encoded
	Skip                    // tokens that are '_' and nothing else are left out, unless that leaves none
)

// Unseen says what becomes of tokens that never came in the text of the map
// (Averager.Counts gives 0), whose rows hold zeros.
type Unseen uint8

const (
	KeepUnseen   Unseen = iota // they count as the rows of zeros they are
	SkipUnseen                 // they are left out, unless that leaves none
	RejectUnseen               // they are an error, ErrUnseen
)

// An Averager makes one row a word from the rows of the word's tokens. The
// zero value with a Tok takes the mean over the tokens of the word as it is.
// Its methods may be called from many goroutines at once.
type Averager struct {
	Tok          Tokenizer
	Pool         Pool
	Columns      Columns
	Underscore   Underscore
	LeadingSpace bool // one space goes before the word, as within a sentence
	Unseen       Unseen

	// Counts says how often a token came in the text of the map. It is
	// needed for CountWeighted, SkipUnseen and RejectUnseen; without it a
	// Report counts no token as unseen.
	Counts func(id int32) int64

	Workers int // goroutines; 0 means GOMAXPROCS
}

// A Report says what went into a result.
type Report struct {
	Lemmas int
	Tokens int // pooled, repeats counted
	Unseen int // tokens never seen by the map, kept or left out
	// Lemmas with at least one of those, and lemmas with no other tokens.
	SomeUnseen, AllUnseen int
}

func (r *Report) add(o Report) {
	r.Lemmas += o.Lemmas
	r.Tokens += o.Tokens
	r.Unseen += o.Unseen
	r.SomeUnseen += o.SomeUnseen
	r.AllUnseen += o.AllUnseen
}

func (a *Averager) check() error {
	switch {
	case a.Tok == nil:
		return fmt.Errorf("%w: Tok is nil", ErrSettings)
	case a.Pool > CountWeighted:
		return fmt.Errorf("%w: Pool %d", ErrSettings, a.Pool)
	case a.Columns > ByNameAll:
		return fmt.Errorf("%w: Columns %d", ErrSettings, a.Columns)
	case a.Underscore > Skip:
		return fmt.Errorf("%w: Underscore %d", ErrSettings, a.Underscore)
	case a.Unseen > RejectUnseen:
		return fmt.Errorf("%w: Unseen %d", ErrSettings, a.Unseen)
	case a.Counts == nil && a.Pool == CountWeighted:
		return fmt.Errorf("%w: Pool CountWeighted without Counts", ErrSettings)
	case a.Counts == nil && a.Unseen != KeepUnseen:
		return fmt.Errorf("%w: Unseen %d without Counts", ErrSettings, a.Unseen)
	}
	if _, ok := a.Tok.(namer); !ok && a.Columns != ByID {
		return fmt.Errorf("%w: Columns by name, but Tok has no method Named", ErrSettings)
	}
	return nil
}

// A namer finds tokens by their decoded names, as BPE does.
type namer interface{ Named(name string) []int32 }

// Tokens appends the numbers of the rows that are pooled for a word, in the
// order of its tokens: one for First and Last.
func (a *Averager) Tokens(dst []int32, lemma string) ([]int32, error) {
	if err := a.check(); err != nil {
		return dst, err
	}
	var r Report
	return a.tokens(dst, lemma, &r)
}

func (a *Averager) tokens(dst []int32, lemma string, rep *Report) (_ []int32, err error) {
	text := lemma
	if a.Underscore == Space {
		text = strings.ReplaceAll(text, "_", " ")
	}
	if a.LeadingSpace {
		text = " " + text
	}
	n := len(dst)
	if lemma == "" {
		return dst, fmt.Errorf("%w in an empty lemma", ErrEmpty)
	}
	if dst, err = a.Tok.Encode(dst, text); err != nil {
		return dst[:n], fmt.Errorf("%.60q: %w", lemma, err)
	}
	if a.Underscore == Skip {
		kept := n
		for _, id := range dst[n:] {
			if a.Tok.Token(id) != "_" {
				dst[kept] = id
				kept++
			}
		}
		if kept > n {
			dst = dst[:kept]
		}
	}
	if a.Columns != ByID {
		if dst, err = a.named(dst, n, lemma); err != nil {
			return dst[:n], err
		}
	}
	if a.Counts != nil {
		if dst, err = a.unseen(dst, n, lemma, rep); err != nil {
			return dst[:n], err
		}
	}
	if len(dst) == n {
		return dst, fmt.Errorf("%w in %.60q", ErrEmpty, lemma)
	}
	switch a.Pool {
	case First:
		dst = dst[:n+1]
	case Last:
		dst[n] = dst[len(dst)-1]
		dst = dst[:n+1]
	}
	rep.Lemmas++
	rep.Tokens += len(dst) - n
	return dst, nil
}

// named replaces the token ids dst[n:] by the ids of columns of that name.
func (a *Averager) named(dst []int32, n int, lemma string) ([]int32, error) {
	columns := a.Tok.(namer)
	ids := slices.Clone(dst[n:])
	dst = dst[:n]
	for _, id := range ids {
		name := strings.Trim(a.Tok.Token(id), "Ġ")
		all := columns.Named(name)
		switch {
		case len(all) == 0:
			return dst, fmt.Errorf("%w: %.60q: token %d, %q", ErrNoColumn, lemma, id, name)
		case len(all) > 1 && a.Columns == ByName:
			return dst, fmt.Errorf("%w: %.60q: token %d, %q: columns %d and %d (of %d)", ErrAmbiguous, lemma, id, name, all[0], all[1], len(all))
		}
		dst = append(dst, all...)
	}
	return dst, nil
}

// unseen counts the tokens in dst[n:] that the map never saw, and leaves them
// out if so asked.
func (a *Averager) unseen(dst []int32, n int, lemma string, rep *Report) ([]int32, error) {
	ids := dst[n:]
	missing := 0
	for _, id := range ids {
		if a.Counts(id) <= 0 {
			missing++
			if a.Unseen == RejectUnseen {
				return dst, fmt.Errorf("%w: %.60q: token %d, %q", ErrUnseen, lemma, id, a.Tok.Token(id))
			}
		}
	}
	rep.Unseen += missing
	if missing > 0 {
		rep.SomeUnseen++
	}
	if missing == len(ids) {
		rep.AllUnseen++
	} else if missing > 0 && a.Unseen == SkipUnseen {
		ids = slices.DeleteFunc(ids, func(id int32) bool { return a.Counts(id) <= 0 })
	}
	return dst[:n+len(ids)], nil
}

// weights returns the weight of each row and their sum. nil weights are ones.
func (a *Averager) weights(buf []float64, ids []int32) (w []float64, total float64) {
	if a.Pool != CountWeighted {
		return nil, float64(len(ids))
	}
	w = buf[:0]
	for _, id := range ids {
		c := float64(max(0, a.Counts(id)))
		w = append(w, c)
		total += c
	}
	if total == 0 {
		return nil, float64(len(ids))
	}
	return w, total
}
