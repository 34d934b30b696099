package wordnet

import (
	"crypto/sha1"
	"encoding/hex"
	"errors"
	"slices"
	"strings"
	"testing"
)

type goldenSynset struct {
	Name, POS, LexName string
	Offset             int
	Lemmas             []string
	Topic, Hypernyms   []string
	DefSHA1, ExSHA1    string
	NEx                int
	Frames             []int
	Rel                map[string][]string
	MinD, MaxD         int
}

func names(s []Synset) []string {
	out := []string{}
	for _, x := range s {
		out = append(out, x.Name())
	}
	return out
}

func sum16(s string) string {
	h := sha1.Sum([]byte(s))
	return hex.EncodeToString(h[:])[:16]
}

func TestSynsetsAsNLTK(t *testing.T) {
	eachSource(t, func(t *testing.T, src source) {
		db, step, id := src.db, 20, 0 // testdata has every twentieth
		if src.debian {
			step = 1
		}
		eachJSON(t, src, "synsets.jsonl.gz", func(g goldenSynset) {
			s := db.synsetAt(id)
			id += step
			if s.Name() != g.Name || s.POS().String() != g.POS || s.LexName() != g.LexName || src.debian && s.Offset() != g.Offset {
				t.Fatalf("%v %v %v %v, want %+v", s, s.POS(), s.LexName(), s.Offset(), g)
			}
			if (s.MinDepth() != g.MinD || s.MaxDepth() != g.MaxD) && !src.otherInPrinceton(s) {
				t.Fatalf("%v: depths %d and %d, want %d and %d", s, s.MinDepth(), s.MaxDepth(), g.MinD, g.MaxD)
			}
			var lemmas []string
			for l := range s.Lemmas() {
				lemmas = append(lemmas, l.Name())
			}
			if !slices.Equal(lemmas, g.Lemmas) {
				t.Fatalf("%v: lemmas %q, want %q", s, lemmas, g.Lemmas)
			}
			if f := s.Frames(); !slices.Equal(f, g.Frames) {
				t.Fatalf("%v: frames %v, want %v", s, f, g.Frames)
			}
			for _, r := range Relations() {
				want := g.Rel[r.String()]
				switch r {
				case hypernyms:
					want = g.Hypernyms
				case topicDomains:
					want = g.Topic
				}
				if got := names(related(s, r)); !slices.Equal(got, want) {
					if src.debian || !slices.Contains([]string{"inhibit.v.04", "restrain.v.01", "suppress.v.04"}, g.Name) {
						t.Fatalf("%v: %v %q, want %q", s, r, got, want)
					}
				}
			}
			if !src.debian {
				return
			}
			def, err1 := s.Definition()
			ex, err2 := s.Examples()
			if errors.Join(err1, err2) != nil || sum16(def) != g.DefSHA1 || len(ex) != g.NEx ||
				g.NEx > 0 && sum16(strings.Join(ex, "\x00")) != g.ExSHA1 {
				t.Fatalf("%v: definition %q, examples %q", s, def, ex)
			}
		})
		if db.Len() != 117659 || (id-1)/step != (db.Len()-1)/step && id != db.Len() {
			t.Fatalf("%d synsets; the golden file ends at %d", db.Len(), id)
		}
	})
}

type goldenLemma struct {
	S, L, K, M                 string
	C                          int
	F                          []int
	Antonyms                   []string
	DerivationallyRelatedForms []string `json:"derivationally_related_forms"`
	Pertainyms                 []string
	AlsoSees                   []string `json:"also_sees"`
	VerbGroups                 []string `json:"verb_groups"`
	TopicDomains               []string `json:"topic_domains"`
	InTopicDomains             []string `json:"in_topic_domains"`
	RegionDomains              []string `json:"region_domains"`
	InRegionDomains            []string `json:"in_region_domains"`
	UsageDomains               []string `json:"usage_domains"`
	InUsageDomains             []string `json:"in_usage_domains"`
}

func TestLemmasAsNLTK(t *testing.T) {
	eachSource(t, func(t *testing.T, src source) {
		db := src.db
		eachJSON(t, src, "lemmas.jsonl.gz", func(g goldenLemma) {
			l, err := db.Lemma(g.S + "." + g.L)
			if err != nil {
				t.Fatal(err)
			}
			numbers, _ := frames(l)
			if l.Key() != g.K || l.Count() != g.C || l.Marker() != g.M || !slices.Equal(numbers, g.F) {
				t.Fatalf("%v: key %q, count %d, marker %q, frames %v; want %+v", l, l.Key(), l.Count(), l.Marker(), numbers, g)
			}
			for _, r := range Relations() {
				if r == participles {
					continue // NLTK has no method for it
				}
				want := map[Relation][]string{antonyms: g.Antonyms, derivationallyRelatedForms: g.DerivationallyRelatedForms,
					pertainyms: g.Pertainyms, alsoSees: g.AlsoSees, verbGroups: g.VerbGroups,
					topicDomains: g.TopicDomains, inTopicDomains: g.InTopicDomains, regionDomains: g.RegionDomains,
					inRegionDomains: g.InRegionDomains, usageDomains: g.UsageDomains, inUsageDomains: g.InUsageDomains}[r]
				var got []string
				for x := range l.Related(r) {
					got = append(got, x.fullName())
				}
				if !slices.Equal(got, want) {
					t.Fatalf("%v: %v %q, want %q", l, r, got, want)
				}
			}
		})
	})
}

// The sums were found with NLTK 3.8 and the files of counts themselves.
func TestCountsAndKeys(t *testing.T) {
	eachSource(t, func(t *testing.T, src source) {
		db := src.db
		var nonzero, sum, tagged, tags, double int
		keys := map[string]Lemma{}
		for l := range allLemmas(db) {
			if c := l.Count(); c > 0 {
				nonzero++
				sum += c
			}
			if c := l.TagCount(); c > 0 {
				tagged++
				tags += c
			}
			k := l.Key()
			if _, ok := keys[k]; ok {
				double++
			} else {
				keys[k] = l
			}
		}
		if nonzero != 35396 || sum != 248796 || tagged != 35479 || tags != 249505 || len(db.missed) != 83 {
			t.Error(nonzero, sum, tagged, tags, len(db.missed))
		}
		if double != 29 {
			t.Error(double, "keys of two lemmas")
		}
		for k, want := range keys {
			if l, err := db.LemmaByKey(k); err != nil || l != want {
				t.Fatalf("%s: %v %v, want %v", k, l, err, want)
			}
		}
		for _, k := range []string{"", "dog", "dog%1:05:00", "dog%9:05:00::", "dog%1:05:0::", "dog%1:05:00:x:", "dog%1:05:77::", "dogg%1:05:00::"} {
			if l, err := db.LemmaByKey(k); !errors.Is(err, ErrNotFound) {
				t.Errorf("%q: %v %v", k, l, err)
			}
		}
		if l, err := db.LemmaByKey("DOG%1:05:00::"); err != nil || l.fullName() != "dog.n.01.dog" {
			t.Error(l, err)
		}
		if l, err := db.LemmaByKey("driving%1:04:03::"); err != nil || l.Synset().Name() != "drive.n.06" {
			t.Error(l, err)
		}
	})
}
