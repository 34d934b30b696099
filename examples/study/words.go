package main

import (
	"context"
	"slices"
	"strings"

	"github.com/semamap/semamap/lemma"
	"github.com/semamap/semamap/lemma/neox"
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
	rows    []word
	version string       // of WordNet
	weights *lemma.CSR   // rows × used tokens: the mean over each lemma's tokens
	domains []categories // by falling number of rows
}

// categories is a category with its number of rows.
type categories struct {
	name string
	n    int
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
	var domains []string
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
			domains = append(domains, row.domain)
			break
		}
		w.rows = append(w.rows, row)
	}
	w.domains = rank(domains)
	return w, nil
}

// rank counts names and sorts them by falling number, ties by first
// appearance.
func rank(names []string) []categories {
	at := map[string]int{}
	var c []categories
	for _, n := range names {
		i, ok := at[n]
		if !ok {
			i = len(c)
			at[n] = i
			c = append(c, categories{name: n})
		}
		c[i].n++
	}
	slices.SortStableFunc(c, func(a, b categories) int { return b.n - a.n })
	return c
}

// tokenize counts the tokens of each row and makes the weights of their mean.
func (w *words) tokenize(ctx context.Context, src *source) error {
	tok, err := neox.New(nil)
	if err != nil {
		return err
	}
	avg := lemma.Averager{Tok: tok}
	lemmas := make([]string, len(w.rows))
	var ids []int32
	for i := range w.rows {
		lemmas[i] = w.rows[i].lemma
		if ids, err = avg.Tokens(ids[:0], lemmas[i]); err != nil {
			return err
		}
		w.rows[i].tokens = len(ids)
		for _, id := range ids {
			if src.count != nil && src.count(id) <= 0 {
				w.rows[i].unseen++
			}
		}
	}
	w.weights, err = avg.Weights(ctx, lemmas)
	return err
}

func (w *words) withDomain() (n int) {
	for _, c := range w.domains {
		n += c.n
	}
	return n
}

func (w *words) tokens() (n int) {
	for _, r := range w.rows {
		n += r.tokens
	}
	return n
}

func (w *words) meanTokens() float64 { return float64(w.tokens()) / float64(len(w.rows)) }

// unseen returns the number of tokens that the map never saw, of words with
// such tokens, and of words without others.
func (w *words) unseen() (tokens, some, all int) {
	for _, r := range w.rows {
		tokens += r.unseen
		if r.unseen > 0 {
			some++
		}
		if r.unseen == r.tokens {
			all++
		}
	}
	return tokens, some, all
}

// top returns the n most frequent domains.
func (w *words) top(n int) []string {
	var names []string
	for _, c := range w.domains[:min(n, len(w.domains))] {
		names = append(names, c.name)
	}
	return names
}

// short gives synset names for legends: without part of speech and number.
// Where names would then be equal, the first in the list alone is shortened.
func short(names []string) map[string]string {
	out := make(map[string]string, len(names))
	taken := map[string]bool{}
	for _, n := range names {
		s := n
		for range 2 {
			if i := strings.LastIndexByte(s, '.'); i > 0 {
				s = s[:i]
			}
		}
		s = strings.ReplaceAll(s, "_", " ")
		if taken[s] {
			s = n
		}
		taken[s] = true
		out[n] = s
	}
	return out
}
