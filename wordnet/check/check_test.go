package check_test

import (
	"strings"
	"testing"

	"github.com/semamap/semamap/wordnet"
	"github.com/semamap/semamap/wordnet/check"
)

// What was left out of a database is among its defects, damage first.
func TestProblems(t *testing.T) {
	for name, want := range map[string][]string{
		"base": nil,
		"xewn_sym": {
			`WN002 be.v.01: data.verb:3: pointer ">^ 00000199 v 0000", whose symbol is not WordNet's`,
		},
		"paren": {
			`WN002 thing.n.01: data.noun:4: word "(thing)" is not in index.noun`,
			`WN002 index.noun:3: record without a lemma`,
		},
		"skipidx": {`WN001 be.v.01: data.verb:3: word "exist" is not in index.verb`},
		"off1":    {`WN001 data.noun:5: offset 00000293, but the line begins at byte 292`},
	} {
		db, err := wordnet.OpenDir("../testdata/outside/"+name+".zip", &wordnet.Settings{Lenient: true})
		if err != nil {
			t.Fatal(err)
		}
		var got []string
		for d := range check.Defects(db) {
			if d.Code < "WN100" {
				got = append(got, d.Code+" "+d.Message)
			}
		}
		if strings.Join(got, "\n") != strings.Join(want, "\n") {
			t.Errorf("%s: %q, want %q", name, got, want)
		}
	}
}
