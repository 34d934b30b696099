package lemma

import (
	"context"
	"fmt"
	"math"
	"slices"

	"github.com/semamap/semamap/internal/par"
)

// Pool selects how the rows of a word's tokens become one row.
type Pool uint8

const (
	// PoolMean is the mean over the tokens, weighted by Averager.Weight and
	// summed in float64. A token that occurs twice counts twice.
	PoolMean  Pool = iota
	PoolFirst      // the first token's row
	PoolLast       // the last token's row
	PoolMax        // the largest value in each column; NaN if any value is NaN
)

// An Averager turns token rows into word rows. By default a word's row is the
// mean of the rows of its tokens; only Tok must be set. The methods are safe for
// concurrent use, and the functions in its fields must be too.
type Averager struct {
	Tok Tokenizer

	// Text turns a word into the text to encode. Nil encodes the word as it is.
	// For WordNet's words as they occur within a sentence, replace "_" by a
	// space and put a space in front.
	Text func(word string) string

	// RowsOf returns the numbers of the rows to pool for a token. Nil means the
	// row whose number is the token's id. If it returns none, the word fails
	// with ErrToken. ByName makes such a function.
	RowsOf func(id int32) []int32

	// Weight returns the weight of a row, such as the number of times its token
	// occurs in a corpus. Nil means 1 for all. Rows of weight 0 are left out, by
	// every Pool. If all rows of a word have weight 0, they count equally. A
	// weight that is negative or not finite makes the word fail with ErrToken.
	Weight func(row int32) float64

	Pool    Pool
	Workers int // goroutines; zero means GOMAXPROCS
}

func (a *Averager) check() error {
	switch {
	case a.Tok == nil:
		return fmt.Errorf("%w: Tok is nil", ErrSettings)
	case a.Pool > PoolMax:
		return fmt.Errorf("%w: Pool %d", ErrSettings, a.Pool)
	}
	return nil
}

// Tokens appends to dst the numbers of the rows that are pooled for a word, in
// the order of its tokens. For PoolFirst and PoolLast it is a single one.
func (a *Averager) Tokens(dst []int32, word string) ([]int32, error) {
	if err := a.check(); err != nil {
		return dst, err
	}
	dst, err := a.tokens(dst, word)
	if err != nil {
		return dst, fmt.Errorf("%.60q: %w", word, err)
	}
	return dst, nil
}

func (a *Averager) tokens(dst []int32, word string) (_ []int32, err error) {
	n := len(dst)
	if word == "" {
		return dst, fmt.Errorf("%w: an empty word has none", ErrToken)
	}
	text := word
	if a.Text != nil {
		text = a.Text(word)
	}
	if dst, err = a.Tok.Encode(dst, text); err != nil {
		return dst[:n], err
	}
	if a.RowsOf != nil {
		ids := slices.Clone(dst[n:])
		dst = dst[:n]
		for _, id := range ids {
			rows := a.RowsOf(id)
			if len(rows) == 0 {
				return dst[:n], fmt.Errorf("%w: %d, %q, has no row", ErrToken, id, a.Tok.Token(id))
			}
			dst = append(dst, rows...)
		}
	}
	if a.Weight != nil {
		none := 0
		for _, row := range dst[n:] {
			w := a.Weight(row)
			if !(w >= 0) || math.IsInf(w, 1) {
				return dst[:n], fmt.Errorf("%w: %d, %q, has the weight %v", ErrToken, row, a.Tok.Token(row), w)
			}
			if w == 0 {
				none++
			}
		}
		if none > 0 && none < len(dst)-n {
			kept := slices.DeleteFunc(dst[n:], func(row int32) bool { return a.Weight(row) == 0 })
			dst = dst[:n+len(kept)]
		}
	}
	if len(dst) == n {
		return dst, fmt.Errorf("%w: the word has none", ErrToken)
	}
	switch a.Pool {
	case PoolFirst:
		dst = dst[:n+1]
	case PoolLast:
		dst[n] = dst[len(dst)-1]
		dst = dst[:n+1]
	}
	return dst, nil
}

// weights returns the weight of each row, and their sum. nil weights are ones.
func (a *Averager) weights(buf []float64, rows []int32) (w []float64, total float64) {
	if a.Weight != nil {
		w = buf[:0]
		for _, row := range rows {
			w = append(w, a.Weight(row))
			total += w[len(w)-1]
		}
	}
	if total == 0 {
		return nil, float64(len(rows))
	}
	return w, total
}

// A ragged list of the rows of many words: word i has ids[start[i]:start[i+1]].
type ragged struct {
	start []int
	ids   []int32
}

func (t *ragged) of(i int) []int32 { return t.ids[t.start[i]:t.start[i+1]] }

// tokenize runs tokens over all words.
func (a *Averager) tokenize(ctx context.Context, words []string) (*ragged, error) {
	if err := a.check(); err != nil {
		return nil, err
	}
	const block = 512
	start := make([]int, len(words)+1)
	parts := make([][]int32, par.NumBlocks(len(words), block))
	errs := make([]error, len(parts))
	err := par.Blocks(ctx, a.Workers, len(words), block, func(_, b, lo, hi int) {
		for i := lo; i < hi; i++ {
			n := len(parts[b])
			var err error
			if parts[b], err = a.tokens(parts[b], words[i]); err != nil {
				errs[b] = wordError(words, i, err)
				return
			}
			start[i+1] = len(parts[b]) - n
		}
	})
	if err != nil {
		return nil, err
	}
	for _, e := range errs {
		if e != nil {
			return nil, e
		}
	}
	for i := range words {
		start[i+1] += start[i]
	}
	return &ragged{start, slices.Concat(parts...)}, nil
}

func wordError(words []string, i int, err error) error {
	return fmt.Errorf("lemma %d, %.60q: %w", i, words[i], err)
}
