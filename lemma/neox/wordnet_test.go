package neox_test

import (
	"context"
	"slices"
	"strings"
	"testing"

	"github.com/semamap/semamap/internal/golden"
	"github.com/semamap/semamap/lemma"
	"github.com/semamap/semamap/lemma/internal/hf"
)

// names returns the lemmas of every synset of WordNet 3.0.
func names(t testing.TB) (first, all []string) {
	t.Helper()
	for _, s := range hf.Lines[struct{ Lemmas []string }](t, golden.Shared(t, "golden/wordnet/synsets.jsonl.gz")) {
		first = append(first, s.Lemmas[0])
		all = append(all, s.Lemmas...)
	}
	return first, all
}

func spaced(word string) string { return strings.ReplaceAll(word, "_", " ") }

func leading(word string) string { return " " + spaced(word) }

// The study's facts about the first lemmas of the synsets.
func TestFirstLemmas(t *testing.T) {
	if quick() {
		t.Skip("takes long with the race detector")
	}
	first, _ := names(t)
	tok := newTok(t, nil)
	equal := func(what string, got, want int) {
		if got != want {
			t.Errorf("%s: %d, want %d", what, got, want)
		}
	}
	a := &lemma.Averager{Tok: tok}
	c, err := a.Weights(context.Background(), first)
	if err != nil {
		t.Fatal(err)
	}
	equal("lemmas", len(c.Start)-1, 117659)
	equal("distinct ids", len(c.IDs), 10998)
	for _, s := range []struct {
		name          string
		a             lemma.Averager
		distinct, one int
		mean          float64
	}{
		{"raw", lemma.Averager{}, 10998, 13188, 3.089},
		{"spaced", lemma.Averager{Text: spaced}, 16973, 13188, 2.703},
		{"leading", lemma.Averager{Text: leading}, 24236, 29099, 2.339},
	} {
		s.a.Tok = tok
		c, err := s.a.Weights(context.Background(), first)
		if err != nil {
			t.Fatal(err)
		}
		equal(s.name+": distinct ids", len(c.IDs), s.distinct)
		one, tokens := 0, 0
		for _, l := range first {
			ids, err := s.a.Tokens(nil, l)
			if err != nil {
				t.Fatal(err)
			}
			tokens += len(ids)
			if len(ids) == 1 {
				one++
			}
		}
		if m := float64(tokens) / float64(len(first)); m < s.mean-5e-4 || m > s.mean+5e-4 {
			t.Errorf("%s: mean %v tokens, want %v", s.name, m, s.mean)
		}
		equal(s.name+": of one token", one, s.one)
	}

	space, lead := lemma.Averager{Tok: tok, Text: spaced}, lemma.Averager{Tok: tok, Text: leading}
	byName := lemma.Averager{Tok: tok, RowsOf: lemma.ByName(tok)}
	multiset := map[string]string{}
	var tokens, changed, apart, longest, shared int
	distinct := map[string]bool{}
	for _, l := range first {
		ids, _ := a.Tokens(nil, l)
		tokens += len(ids)
		longest = max(longest, len(ids))
		if s, _ := space.Tokens(nil, l); !slices.Equal(s, ids) {
			changed++
		}
		s, _ := lead.Tokens(nil, l)
		if !slices.ContainsFunc(s, func(id int32) bool { return slices.Contains(ids, id) }) {
			apart++
		}
		if s, err := byName.Tokens(nil, l); err != nil || !slices.Equal(s, ids) {
			t.Fatalf("%q: by name %v, %v; by id %v", l, s, err, ids)
		}
		if !distinct[l] {
			distinct[l] = true
			slices.Sort(ids)
			var k strings.Builder
			for _, id := range ids {
				k.WriteRune(id)
			}
			if other, ok := multiset[k.String()]; ok && other != "" {
				shared++
				multiset[k.String()] = "" // count a multiset once
			} else if !ok {
				multiset[k.String()] = l
			}
		}
	}
	equal("tokens", tokens, 363460)
	equal("distinct lemmas", len(distinct), 87379)
	equal("longest", longest, 24)
	equal("changed by spaces", changed, 29219)
	equal("no token shared with a leading space", apart, 49259)
	equal("multisets of tokens shared", shared, 69)
}
