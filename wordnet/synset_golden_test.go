package wordnet

import (
	"crypto/sha1"
	"encoding/hex"
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
	db := debian(t)
	id := 0
	eachJSON(t, "synsets.jsonl.gz", func(g goldenSynset) {
		s := Synset{db, uint32(id)}
		id++
		if s.Name() != g.Name || s.POS().String() != g.POS || s.LexName() != g.LexName || s.Offset() != g.Offset ||
			s.MinDepth() != g.MinD || s.MaxDepth() != g.MaxD {
			t.Fatalf("%v %v %v %v %d %d, want %+v", s, s.POS(), s.LexName(), s.Offset(), s.MinDepth(), s.MaxDepth(), g)
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
		for r := Relation(1); r < relations; r++ {
			want := g.Rel[r.String()]
			switch r {
			case Hypernyms:
				want = g.Hypernyms
			case TopicDomains:
				want = g.Topic
			}
			if got := names(s.AppendRelated(nil, r)); !slices.Equal(got, want) {
				t.Fatalf("%v: %v %q, want %q", s, r, got, want)
			}
		}
		def, err := s.Definition()
		if err != nil {
			t.Fatal(err)
		}
		ex, err := s.Examples()
		if err != nil {
			t.Fatal(err)
		}
		if sum16(def) != g.DefSHA1 || len(ex) != g.NEx || g.NEx > 0 && sum16(strings.Join(ex, "\x00")) != g.ExSHA1 {
			t.Fatalf("%v: definition %q, examples %q", s, def, ex)
		}
	})
	if id != 117659 || db.Len() != id {
		t.Fatalf("%d synsets, golden %d", db.Len(), id)
	}
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
	db := debian(t)
	n := 0
	eachJSON(t, "lemmas.jsonl.gz", func(g goldenLemma) {
		n++
		l, err := db.Lemma(g.S + "." + g.L)
		if err != nil {
			t.Fatal(err)
		}
		if l.Key() != g.K || l.Count() != g.C || l.Marker() != g.M || !slices.Equal(l.Frames(), g.F) {
			t.Fatalf("%v: key %q, count %d, marker %q, frames %v; want %+v", l, l.Key(), l.Count(), l.Marker(), l.Frames(), g)
		}
		for r := Relation(1); r < relations; r++ {
			if r == Participles {
				continue
			}
			want := map[Relation][]string{Antonyms: g.Antonyms, DerivationallyRelatedForms: g.DerivationallyRelatedForms,
				Pertainyms: g.Pertainyms, AlsoSees: g.AlsoSees, VerbGroups: g.VerbGroups,
				TopicDomains: g.TopicDomains, InTopicDomains: g.InTopicDomains, RegionDomains: g.RegionDomains,
				InRegionDomains: g.InRegionDomains, UsageDomains: g.UsageDomains, InUsageDomains: g.InUsageDomains}[r]
			var got []string
			for x := range l.Related(r) {
				got = append(got, x.FullName())
			}
			if !slices.Equal(got, want) {
				t.Fatalf("%v: %v %q, want %q", l, r, got, want)
			}
		}
		if k, err := db.LemmaByKey(g.K); err != nil || k.Key() != g.K {
			t.Fatalf("%v: by key %v, %v", l, k, err)
		}
	})
	t.Log(n, "lemmas")
	var nonzero, sum, tagged, tags int
	for s := range db.All() {
		for l := range s.Lemmas() {
			if c := l.Count(); c > 0 {
				nonzero++
				sum += c
			}
			if c := l.TagCount(); c > 0 {
				tagged++
				tags += c
			}
		}
	}
	if nonzero != 35396 || sum != 248796 || tagged != 35479 || tags != 249505 || len(db.missed) != 83 {
		t.Fatal(nonzero, sum, tagged, tags, len(db.missed))
	}
}
