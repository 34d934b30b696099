package wn30

import (
	"crypto/sha256"
	"fmt"
	"io/fs"
	"strings"
	"sync"
	"testing"

	"github.com/semamap/semamap/wordnet"
	"github.com/semamap/semamap/wordnet/internal/compact"
)

var open = sync.OnceValues(func() (*wordnet.DB, error) { return wordnet.Open(FS, nil) })

func TestFile(t *testing.T) {
	b, err := fs.ReadFile(FS, compact.Name)
	if err != nil {
		t.Fatal(err)
	}
	if got, want := fmt.Sprintf("%x", sha256.Sum256(b)), "cc6d073e2273b36dbc7533a341222331f760bf9ddca20dfea44e0e7ad6aa3528"; got != want {
		t.Errorf("SHA-256 %s, want %s", got, want)
	}
	if len(b) > 2_200_000 {
		t.Errorf("%d bytes", len(b))
	}
	if !strings.Contains(License, "WordNet 3.0 Copyright 2006 by Princeton University") ||
		!strings.Contains(License, "LICENSEE agrees to preserve same.") {
		t.Error("the license is not complete")
	}
}

// The counts are facts about WordNet 3.0, found with NLTK 3.8.
func TestDomains(t *testing.T) {
	db, err := open()
	if err != nil {
		t.Fatal(err)
	}
	if db.Version() != "3.0" {
		t.Error(db.Version())
	}
	pos := map[wordnet.POS]int{}
	first := map[string]int{}
	every := map[string]int{}
	var rows []string
	with := 0
	for s := range db.All() {
		pos[s.POS()]++
		topic := "None"
		for d := range s.TopicDomains() {
			if topic == "None" {
				topic = d.Name()
				first[topic]++
				with++
			}
			every[d.Name()]++
		}
		if len(rows) < 5 {
			rows = append(rows, s.Name()+"/"+topic)
		}
	}
	if got := fmt.Sprint(pos); got != "map[n:82115 v:13767 a:7463 r:3621 s:10693]" || db.Len() != 117659 {
		t.Error(got, db.Len())
	}
	if with != 6428 || len(first) != 427 || len(every) != 438 {
		t.Error(with, "synsets with a topic domain,", len(first), "first domains,", len(every), "in all")
	}
	for name, n := range map[string]int{"law.n.01": 592, "military.n.01": 365, "chemistry.n.01": 210, "computer_science.n.01": 205, "greek_mythology.n.01": 192} {
		if first[name] != n {
			t.Error(name, first[name], "want", n)
		}
	}
	// Counting every topic of a synset, not only the first, gives more.
	if every["law.n.01"] != 596 || every["military.n.01"] != 371 || every["chemistry.n.01"] != 212 {
		t.Error(every["law.n.01"], every["military.n.01"], every["chemistry.n.01"])
	}
	if got := strings.Join(rows, " "); got != "able.a.01/None unable.a.01/None abaxial.a.01/biology.n.01 adaxial.a.01/biology.n.01 acroscopic.a.01/botany.n.02" {
		t.Error(got)
	}
}

func TestNoGlosses(t *testing.T) {
	db, err := open()
	if err != nil {
		t.Fatal(err)
	}
	s, err := db.Synset("dog.n.01")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := s.Definition(); err != wordnet.ErrNoGlosses {
		t.Error(err)
	}
	if _, err := s.Examples(); err != wordnet.ErrNoGlosses {
		t.Error(err)
	}
}
