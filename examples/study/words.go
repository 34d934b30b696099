package main

import (
	"context"
	"slices"
	"strings"

	"github.com/semamap/semamap/examples/internal/cli"
	"github.com/semamap/semamap/lemma"
	"github.com/semamap/semamap/wordnet"
	"github.com/semamap/semamap/wordnet/wn30"
)

// noDomain is the domain of a synset without topic domains.
const noDomain = "None"

// word is one row of the study: a synset and its first lemma.
type word struct {
	synset string
	domain string // the first topic domain by name, or noDomain
	lemma  string // as WordNet writes it
	pos    string // a r n v s
	tokens int    // how many tokens the lemma has
	unseen int    // how many of them the map never saw
}

// words are all rows, in NLTK's order of synsets.
type words struct {
	rows       []word
	version    string // of WordNet
	domains    []cli.Count
	withDomain int // rows

	tok      lemma.Tokenizer
	weights  *lemma.CSR // rows × used tokens: the mean over each lemma's tokens
	distinct int        // tokens in use
	tokens   int        // of all rows
	unseen   int        // of these, those that the map never saw
	some     int        // rows with such tokens
	only     int        // rows with only such tokens
}

func readWords(o *options) (*words, error) {
	w := &words{version: "WordNet in " + o.wordnet}
	var db *wordnet.DB
	var err error
	if o.wordnet == "" {
		db, err = wordnet.Open(wn30.FS, nil)
	} else {
		db, err = wordnet.OpenDir(o.wordnet, &wordnet.Settings{NoGlosses: true})
	}
	if err != nil {
		return nil, err
	}
	if o.wordnet == "" {
		w.version = "WordNet " + db.Version() + " (embedded)"
	}
	for s := range db.All() {
		if o.limit > 0 && len(w.rows) == o.limit {
			break
		}
		row := word{synset: s.Name(), domain: noDomain, pos: s.POS().String()}
		for l := range s.Lemmas() {
			row.lemma = l.Name()
			break
		}
		for d := range s.TopicDomains() { // sorted by name
			row.domain = d.Name()
			break
		}
		w.rows = append(w.rows, row)
	}
	w.count()
	return w, nil
}

// count counts the domains.
func (w *words) count() {
	var domains []string
	for _, r := range w.rows {
		if r.domain != noDomain {
			domains = append(domains, r.domain)
		}
	}
	w.domains, w.withDomain = cli.Tally(domains), len(domains)
}

// tokenize counts the tokens of each row and makes the weights of their mean.
func (w *words) tokenize(ctx context.Context, o *options) error {
	src := &o.src
	var err error
	if w.tok, err = src.Tokenizer(o.tokenizer); err != nil {
		return err
	}
	avg := lemma.Averager{Tok: w.tok}
	if o.form == prose {
		avg.Text = func(s string) string { return " " + strings.ReplaceAll(s, "_", " ") }
	}
	lemmas := make([]string, len(w.rows))
	var ids []int32
	for i, r := range w.rows {
		lemmas[i] = r.lemma
		if ids, err = avg.Tokens(ids[:0], r.lemma); err != nil {
			return err
		}
		w.rows[i].tokens = len(ids)
		w.tokens += len(ids)
		seen := slices.DeleteFunc(ids, func(id int32) bool { return src.Counts() != nil && src.Count(id) <= 0 })
		w.rows[i].unseen = w.rows[i].tokens - len(seen)
		if w.unseen += w.rows[i].unseen; w.rows[i].unseen > 0 {
			w.some++
		}
		if len(seen) == 0 {
			w.only++
		}
	}
	if w.weights, err = avg.Weights(ctx, lemmas); err != nil {
		return err
	}
	w.distinct = len(w.weights.IDs)
	return nil
}

func (w *words) meanTokens() float64 { return float64(w.tokens) / float64(len(w.rows)) }
