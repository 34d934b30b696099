package wordnet

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"
)

// Princeton's WordNet 3.0 has one cycle of hypernyms, with 60 verbs in or
// below it, on which NLTK's depths, paths and measures do not return.
func TestHypernymCycle(t *testing.T) {
	db := embedded(t)
	restrain, inhibit := synset(t, db, "restrain.v.01"), synset(t, db, "inhibit.v.04")
	if got := names(related(restrain, hypernyms)); !slices.Equal(got, []string{"inhibit.v.04"}) {
		t.Error(got)
	}
	if got := names(related(inhibit, hypernyms)); !slices.Equal(got, []string{"restrain.v.01"}) {
		t.Error(got)
	}
	n := 0
	for s := range db.All() {
		if !db.isCyclic(s.id) {
			continue
		}
		n++
		// Only mortify.v.01 has other hypernyms as well, which lead to a root.
		if got := names(s.Roots()); len(got) != 0 && s.Name() != "mortify.v.01" {
			t.Error(s, "has roots", got)
		}
		shortest, longest := 1<<30, 0
		for p := range s.HypernymPaths() {
			shortest, longest = min(shortest, len(p)-1), max(longest, len(p)-1)
			if p[len(p)-1] != s || slices.Contains(p, restrain) != slices.Contains(p, inhibit) {
				t.Error(s, p)
			}
		}
		if s.MinDepth() != shortest || s.MaxDepth() != longest {
			t.Errorf("%v: depths %d and %d, paths of %d and %d steps", s, s.MinDepth(), s.MaxDepth(), shortest, longest)
		}
		for _, o := range []Synset{restrain, s, synset(t, db, "move.v.03")} {
			if _, err := PathSimilarity(s, o); err != nil {
				t.Error(s, o)
			}
			if v, err := WuPalmer(s, o); err != nil || v <= 0 || v > 1 {
				t.Error(s, o, v)
			}
			if v, err := LeacockChodorow(s, o); err != nil || v <= 0 {
				t.Error(s, o, v, err)
			}
		}
	}
	if n != 60 || restrain.MaxDepth() != 1 || inhibit.MinDepth() != 1 || db.taxonomyDepth(Verb) != 13 || db.taxonomyDepth(Noun) != 19 {
		t.Error(n, restrain.MaxDepth(), inhibit.MinDepth(), db.taxonomyDepth(Verb), db.taxonomyDepth(Noun))
	}
	if v, err := PathSimilarity(restrain, inhibit); v != 0.5 || err != nil {
		t.Error(v, err)
	}
	tree := nltkTree(restrain, hypernyms, -1, "...", false, map[Synset]bool{})
	if tree != `[Synset('restrain.v.01'), [Synset('inhibit.v.04'), "Cycle(Synset('restrain.v.01'),-3,...)"]]` {
		t.Error(tree)
	}
	if d := DefectsOf(db); len(d) == 0 || d[0] != "WN101 cycle of hypernyms: restrain.v.01, inhibit.v.04" {
		t.Error(d[:min(len(d), 1)])
	}
}

// graph makes a dictionary of nouns n0, n1, ... and their hypernyms.
func graph(hypernyms [][]int) mini {
	var b strings.Builder
	for i, hs := range hypernyms {
		fmt.Fprintf(&b, "n%d 03 n n%d", i, i)
		for _, h := range hs {
			fmt.Fprintf(&b, " @ n%d", h)
		}
		b.WriteString(" | node\n")
	}
	// The other files may not be empty.
	return mini(b.String() + "a 00 a a | a\nr 02 r r | r\nv 38 v v + 01 00 | v\n")
}

func TestMadeUpCycles(t *testing.T) {
	ring := make([][]int, 300)
	for i := range ring {
		ring[i] = []int{(i + 1) % len(ring)}
	}
	dense := make([][]int, 40) // everything above everything: 39! paths
	for i := range dense {
		for j := range dense {
			if i != j {
				dense[i] = append(dense[i], j)
			}
		}
	}
	ladder := make([][]int, 120) // no cycle, but 2^40 paths
	for i := range ladder {
		if rung := i / 3; rung > 0 {
			ladder[i] = []int{3*rung - 2, 3*rung - 1}
		}
		if i%3 > 0 {
			ladder[i] = []int{i / 3 * 3}
		}
	}
	for _, c := range []struct {
		name     string
		graph    [][]int
		min, max string // of the first few
		defects  int
	}{
		{"self-loop", [][]int{{0}, {0}}, "0 1", "0 1", 1},
		{"self-loop below a root", [][]int{{0, 1}, nil}, "1 0", "1 0", 1},
		{"three", [][]int{{1}, {2}, {0}, {0, 4}, nil}, "2 2 2 1 0", "2 2 2 3 0", 1},
		{"entangled", [][]int{{1}, {0, 2}, {1, 3}, {2}, {0}}, "", "", 1},
		{"two", [][]int{{1}, {0}, {3}, {2}, {0, 2}}, "1 1 1 1 2", "1 1 1 1 2", 2},
		{"ring", ring, "299 299", "299 299", 1},
		{"dense", dense, "", "", 1},
		{"ladder", ladder, "0 1 1 2 3", "0 1 1 2 3", 0},
	} {
		t.Run(c.name, func(t *testing.T) {
			start := time.Now()
			db := graph(c.graph).open(t, nil)
			var lo, hi []string
			node := make([]Synset, len(c.graph))
			for i := range c.graph {
				node[i] = synset(t, db, fmt.Sprintf("n%d.n.01", i))
				lo = append(lo, fmt.Sprint(node[i].MinDepth()))
				hi = append(hi, fmt.Sprint(node[i].MaxDepth()))
				if node[i].MinDepth() > node[i].MaxDepth() || node[i].MaxDepth() >= len(c.graph) && c.name != "ladder" {
					t.Error(node[i], node[i].MinDepth(), node[i].MaxDepth())
				}
			}
			if c.min != "" && (!strings.HasPrefix(strings.Join(lo, " "), c.min) || !strings.HasPrefix(strings.Join(hi, " "), c.max)) {
				t.Error(lo, hi)
			}
			first, last := node[0], node[len(node)-1]
			n := 0
			for p := range last.HypernymPaths() {
				if seen := map[Synset]bool{}; true {
					for _, s := range p {
						if seen[s] {
							t.Fatal("a synset stands twice on", p)
						}
						seen[s] = true
					}
				}
				if n++; n == 100 {
					break
				}
			}
			if n == 0 {
				t.Error("no path")
			}
			if len(last.distances()) < 1 {
				t.Error("no distances")
			}
			n = 0
			for range closure(last, hypernyms, -1) {
				n++
			}
			last.Roots()
			for _, s := range []Synset{first, last} {
				PathSimilarity(first, s)
				if v, err := WuPalmer(s, first); err == nil && !(v > 0 && v <= 1) {
					t.Error(v)
				}
				s.LowestCommonHypernyms(first)
			}
			ic, err := db.BuildIC(ofWords(slices.Values([]string{"n0", fmt.Sprintf("n%d", len(node)-1)})), nil)
			if err != nil || !(ic.count[first.id] >= 1) {
				t.Error(err)
			}
			n = 0
			for _, d := range DefectsOf(db) {
				if strings.HasPrefix(d, "WN101") {
					n++
				}
			}
			if n != c.defects {
				t.Error(n, "cycles, want", c.defects)
			}
			if d := time.Since(start); d > time.Minute {
				t.Error("took", d)
			}
		})
	}
}

// The steps of the search for depths are bounded; within the bound they are
// those of all paths.
func TestDepthsOfCyclesAreThoseOfPaths(t *testing.T) {
	g := [][]int{{1, 2}, {2, 3}, {0, 4}, {1}, nil, {0, 3}}
	db := graph(g).open(t, nil)
	for i := range g {
		s := synset(t, db, fmt.Sprintf("n%d.n.01", i))
		lo, hi := 1<<30, 0
		for p := range s.HypernymPaths() {
			lo, hi = min(lo, len(p)-1), max(hi, len(p)-1)
		}
		if s.MinDepth() != lo || s.MaxDepth() != hi {
			t.Errorf("%v: %d and %d, want %d and %d", s, s.MinDepth(), s.MaxDepth(), lo, hi)
		}
	}
}
