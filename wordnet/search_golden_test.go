package wordnet

import (
	"bufio"
	"crypto/sha1"
	"encoding/hex"
	"encoding/json"
	"errors"
	"iter"
	"math"
	"slices"
	"strings"
	"testing"

	"github.com/semamap/semamap/wordnet/wn30"
)

type goldenMorphy struct {
	Form          string
	Morphy        *string
	N, V, A, R, S []string
	NNoExc        []string `json:"n_noexc"`
	VNoExc        []string `json:"v_noexc"`
	Synsets       []string
	SynsetsS      []string `json:"synsets_s"`
	SynsetsV      []string `json:"synsets_v"`
	Lemmas        []string
}

func checkMorphy(t *testing.T, db *DB, g goldenMorphy) {
	t.Helper()
	m, ok := db.Morphy(g.Form)
	if ok != (g.Morphy != nil) || ok && m != *g.Morphy {
		t.Errorf("Morphy(%q) = %q, %v", g.Form, m, ok)
	}
	for p, want := range map[POS][]string{Noun: g.N, Verb: g.V, Adj: g.A, Adv: g.R, AdjSat: g.S} {
		if got := db.BaseForms(g.Form, p); !slices.Equal(got, want) {
			t.Errorf("BaseForms(%q, %v) = %q, want %q", g.Form, p, got, want)
		}
	}
	regular := *db
	regular.exc = nil
	for p, want := range map[POS][]string{Noun: g.NNoExc, Verb: g.VNoExc} {
		if got := regular.BaseForms(g.Form, p); !slices.Equal(got, want) {
			t.Errorf("RegularBaseForms(%q, %v) = %q, want %q", g.Form, p, got, want)
		}
	}
	if got := names(slices.Collect(db.Synsets(g.Form))); !slices.Equal(got, g.Synsets) {
		t.Errorf("Synsets(%q) = %q, want %q", g.Form, got, g.Synsets)
	}
	if got := names(slices.Collect(db.Synsets(g.Form, AdjSat))); !slices.Equal(got, g.SynsetsS) {
		t.Errorf("Synsets(%q, s) = %q, want %q", g.Form, got, g.SynsetsS)
	}
	if got := names(slices.Collect(db.Synsets(g.Form, Verb))); !slices.Equal(got, g.SynsetsV) {
		t.Errorf("Synsets(%q, v) = %q, want %q", g.Form, got, g.SynsetsV)
	}
	var lemmas []string
	for l := range db.Lemmas(g.Form) {
		lemmas = append(lemmas, l.fullName())
	}
	if !slices.Equal(lemmas, g.Lemmas) {
		t.Errorf("Lemmas(%q) = %q, want %q", g.Form, lemmas, g.Lemmas)
	}
}

func TestMorphyAsNLTK(t *testing.T) {
	eachSource(t, func(t *testing.T, src source) {
		db := src.db
		eachJSON(t, src, "morphy.jsonl.gz", func(g goldenMorphy) { checkMorphy(t, db, g) })
	})
}

func TestListsAsNLTK(t *testing.T) {
	eachSource(t, func(t *testing.T, src source) {
		db := src.db
		sum := func(names iter.Seq[string]) (int, string) {
			list := slices.Collect(names)
			h := sha1.Sum([]byte(strings.Join(list, "\n")))
			return len(list), hex.EncodeToString(h[:])
		}
		eachJSON(t, src, "all_lemma_names.jsonl.gz", func(g struct {
			POS  *string
			All  *string `json:"all_synsets"`
			N    int
			SHA1 string
		}) {
			var pos []POS
			if s := g.POS; s != nil || g.All != nil {
				if s == nil {
					s = g.All
				}
				if *s != "" && *s != "all" {
					p, err := ParsePOS(*s)
					if err != nil {
						t.Fatal(err)
					}
					pos = append(pos, p)
				}
			}
			list := db.LemmaNames(pos...)
			if g.All != nil {
				list = func(yield func(string) bool) {
					for s := range db.All(pos...) {
						if !yield(s.Name()) {
							return
						}
					}
				}
			}
			if n, h := sum(list); n != g.N || h != g.SHA1 {
				t.Errorf("%v: %d %s, want %+v", pos, n, h, g)
			}
		})
	})
}

type goldenSimilarity struct {
	A, B           string
	Path, Wup, Lch json.RawMessage
	WupRev         json.RawMessage `json:"wup_rev"`
	PathNoRoot     json.RawMessage `json:"path_noroot"`
	WupNoRoot      json.RawMessage `json:"wup_noroot"`
	LchNoRoot      json.RawMessage `json:"lch_noroot"`
	SPD            json.RawMessage
	SPDRoot        json.RawMessage `json:"spd_root"`
	LchHyp         []string        `json:"lch_hyp"`
	LchHypMin      []string        `json:"lch_hyp_min"`
	LchHypRoot     []string        `json:"lch_hyp_root"`
	Common         []string
	Res, Jcn, Lin  json.RawMessage
	ResIC          json.RawMessage `json:"res_ic"`
}

// same reports whether a value is the one of a golden file, within a relative
// tolerance: a number, null where there is none, a string where NLTK fails.
func same(want json.RawMessage, v float64, err error, tol float64) bool {
	if len(want) > 0 && want[0] == '"' || string(want) == "null" {
		return errors.Is(err, ErrUndefined)
	}
	var w float64
	if e := json.Unmarshal(want, &w); e != nil || err != nil {
		return false
	}
	if tol == 0 {
		return math.Float64bits(v) == math.Float64bits(w)
	}
	return math.Abs(v-w) <= tol*math.Abs(w)
}

func goldenWords(t testing.TB, src source) iter.Seq[string] {
	r := src.open(t, "ic-gloss-words.txt.gz")
	return func(yield func(string) bool) {
		for sc := bufio.NewScanner(r); sc.Scan(); {
			if !yield(sc.Text()) {
				return
			}
		}
	}
}

func TestSimilarityAsNLTK(t *testing.T) {
	eachSource(t, func(t *testing.T, src source) {
		db := src.db
		var file, memory *IC
		if src.debian {
			var err error
			if file, err = db.ReadIC(src.open(t, "ic-gloss.dat.gz"), "ic-gloss.dat"); err != nil {
				t.Fatal(err)
			}
			if memory, err = db.BuildIC(ofWords(goldenWords(t, src)), nil); err != nil {
				t.Fatal(err)
			}
		}
		noRoot := *db
		noRoot.noRoot = true
		eachJSON(t, src, "similarity.jsonl.gz", func(g goldenSimilarity) {
			a, b := synset(t, db, g.A), synset(t, db, g.B)
			if src.otherInPrinceton(a, b) {
				return
			}
			check := func(what string, want json.RawMessage, tol float64) func(v float64, err error) {
				return func(v float64, err error) {
					if !same(want, v, err, tol) {
						t.Errorf("%s of %s and %s: %v %v, want %s", what, g.A, g.B, v, err, want)
					}
				}
			}
			x, y := Synset{&noRoot, a.id}, Synset{&noRoot, b.id}
			check("path", g.Path, 0)(PathSimilarity(a, b))
			check("path without root", g.PathNoRoot, 0)(PathSimilarity(x, y))
			check("wup", g.Wup, 0)(WuPalmer(a, b))
			check("wup reversed", g.WupRev, 0)(WuPalmer(b, a))
			check("wup without root", g.WupNoRoot, 0)(WuPalmer(x, y))
			check("lch", g.Lch, 1e-12)(LeacockChodorow(a, b))
			check("lch without root", g.LchNoRoot, 1e-12)(LeacockChodorow(x, y))
			distance := func(root bool) (float64, error) {
				d, ok := a.Distance(b, root)
				if !ok {
					return 0, ErrUndefined
				}
				return float64(d), nil
			}
			check("distance", g.SPD, 0)(distance(false))
			check("distance with root", g.SPDRoot, 0)(distance(true))
			if src.debian {
				check("res", g.Res, 1e-12)(file.Resnik(a, b))
				check("jcn", g.Jcn, 1e-12)(file.JiangConrath(a, b))
				check("lin", g.Lin, 1e-12)(file.Lin(a, b))
				check("res of the built table", g.ResIC, 1e-12)(memory.Resnik(a, b))
			}
			lowest := a.LowestCommonHypernyms(b)
			if got := names(lowest); !slices.Equal(got, g.LchHyp) {
				t.Errorf("lowest common hypernyms of %s and %s: %q, want %q", g.A, g.B, got, g.LchHyp)
			}
			if got := names(a.lowestCommon(b, db.minDepth)); !slices.Equal(got, g.LchHypMin) {
				t.Errorf("lowest by MinDepth of %s and %s: %q, want %q", g.A, g.B, got, g.LchHypMin)
			}
			// NLTK's imagined root has the depth 0.
			withRoot := names(lowest)
			if len(lowest) == 0 || lowest[0].MaxDepth() == 0 {
				withRoot = append([]string{"*ROOT*"}, withRoot...)
			}
			if !slices.Equal(withRoot, g.LchHypRoot) {
				t.Errorf("lowest with root of %s and %s: %q, want %q", g.A, g.B, withRoot, g.LchHypRoot)
			}
			if got := names(a.CommonHypernyms(b)); !slices.Equal(got, g.Common) {
				t.Errorf("common hypernyms of %s and %s: %q, want %q", g.A, g.B, got, g.Common)
			}
		})
	})
}

func TestBuildICAsNLTK(t *testing.T) {
	eachSource(t, func(t *testing.T, src source) {
		if src.debian {
			testBuildIC(t, src)
		}
	})
}

// testBuildIC demands equal bits: the order of the sums is NLTK's.
func testBuildIC(t *testing.T, src source) {
	db := src.db
	ic, err := db.BuildIC(ofWords(goldenWords(t, src)), nil)
	if err != nil {
		t.Fatal(err)
	}
	n := 0
	eachJSON(t, src, "ic-gloss-dict.jsonl.gz", func(g []any) {
		n++
		p, err := ParsePOS(g[0].(string))
		if err != nil {
			t.Fatal(err)
		}
		off, want := int(g[1].(float64)), g[2].(float64)
		var got float64
		if off == 0 {
			got = ic.total[p]
		} else {
			s, ok := db.SynsetAt(p, off)
			if !ok {
				t.Fatal(g)
			}
			got = ic.count[s.id]
		}
		if math.Float64bits(got) != math.Float64bits(want) {
			t.Fatalf("%v: %v", g, got)
		}
	})
	if n != db.Len()+4 {
		t.Error(n)
	}
}

func TestPathsAsNLTK(t *testing.T) {
	eachSource(t, func(t *testing.T, src source) {
		db := src.db
		eachJSON(t, src, "hypernym_paths.jsonl.gz", func(g struct {
			Name     string
			Paths    [][]string
			Roots    []string
			Closure  []string
			Closure3 []string
			Dist     [][2]any
			Tree     string
			Tree2    string
		}) {
			s := synset(t, db, g.Name)
			if src.otherInPrinceton(s) {
				return
			}
			i := 0
			for p := range s.HypernymPaths() {
				if i == len(g.Paths) || !slices.Equal(names(p), g.Paths[i]) {
					t.Fatalf("%v: path %d %q", s, i, names(p))
				}
				i++
			}
			if i != len(g.Paths) {
				t.Fatalf("%v: %d paths, want %d", s, i, len(g.Paths))
			}
			if got := names(s.Roots()); !slices.Equal(got, g.Roots) {
				t.Fatalf("%v: roots %q, want %q", s, got, g.Roots)
			}
			if got := names(closure(s, hypernyms, -1)); !slices.Equal(got, once(g.Closure)) {
				t.Fatalf("%v: closure %q, want %q", s, got, g.Closure)
			}
			if got := names(closure(s, hyponyms, 3)); !slices.Equal(got, once(g.Closure3)) {
				t.Fatalf("%v: closure to depth 3 %q, want %q", s, got, g.Closure3)
			}
			i = 0
			for a, steps := range s.HypernymDistances() {
				if i == len(g.Dist) || a.Name() != g.Dist[i][0].(string) || steps != int(g.Dist[i][1].(float64)) {
					t.Fatalf("%v: distance %d is %v %d, want %v", s, i, a, steps, g.Dist)
				}
				i++
			}
			if i != len(g.Dist) {
				t.Fatalf("%v: %d distances, want %v", s, i, g.Dist)
			}
			if got := nltkTree(s, hypernyms, -1, "", false, map[Synset]bool{}); got != g.Tree {
				t.Fatalf("%v: tree %s, want %s", s, got, g.Tree)
			}
			if got := nltkTree(s, hyponyms, 2, "...", false, map[Synset]bool{}); got != g.Tree2 {
				t.Fatalf("%v: tree %s, want %s", s, got, g.Tree2)
			}
		})
	})
}

func TestCyclesAsNLTK(t *testing.T) {
	eachSource(t, func(t *testing.T, src source) {
		db := src.db
		eachJSON(t, src, "cycles.jsonl.gz", func(g struct {
			Name, Rel, Tree, Acyclic, MST string
			Closure                       []string
		}) {
			s := synset(t, db, g.Name)
			if src.otherInPrinceton(s) {
				return // see TestHypernymCycle
			}
			r, err := ParseRelation(g.Rel)
			if err != nil {
				t.Fatal(err)
			}
			if got := nltkTree(s, r, 4, "...", false, map[Synset]bool{}); got != g.Tree {
				t.Errorf("%v: %v tree %s, want %s", s, r, got, g.Tree)
			}
			if got := nltkTree(s, r, 4, "...", true, map[Synset]bool{}); got != g.Acyclic {
				t.Errorf("%v: %v acyclic tree %s, want %s", s, r, got, g.Acyclic)
			}
			if got := nltkSpanningTree(s, r); got != g.MST {
				t.Errorf("%v: %v spanning tree %s, want %s", s, r, got, g.MST)
			}
			if got := names(closure(s, r, -1)); !slices.Equal(got, once(g.Closure)) {
				t.Errorf("%v: %v closure %q, want %q", s, r, got, g.Closure)
			}
		})
	})
}

func TestDefinitionsAsNLTK(t *testing.T) {
	eachSource(t, func(t *testing.T, src source) {
		if !src.debian {
			return // no glosses; see TestNoGlosses
		}
		eachJSON(t, src, "definitions_sample.jsonl.gz", func(g struct {
			Name, Definition string
			Examples         []string
		}) {
			s := synset(t, src.db, g.Name)
			def, err1 := s.Definition()
			ex, err2 := s.Examples()
			if def != g.Definition || !slices.Equal(ex, g.Examples) || errors.Join(err1, err2) != nil {
				t.Errorf("%v: %q %q, want %+v", s, def, ex, g)
			}
		})
	})
}

// NLTK 3.9 strips one suffix only; from 3.9.2 on, s means satellites.
func TestLaterNLTK(t *testing.T) {
	src := source{file: func(name string) string { return "testdata/" + name }}
	old := embedded(t)
	for _, c := range []struct {
		version string
		file    string
		renamed int
		sha1    string
	}{
		{"3.9", "morphy-nltk39.jsonl.gz", 0, "6e9d8ede09040c15c8e6b9b98ab614c089cd2534"},
		{"3.9.2", "morphy-nltk392.jsonl.gz", 2007, "ede90db7d960a03b9753cd3d88bf1e293bc229cc"},
	} {
		db, err := Open(wn30.FS, &Settings{NLTK: c.version})
		if err != nil {
			t.Fatal(err)
		}
		eachJSON(t, src, c.file, func(g goldenMorphy) { checkMorphy(t, db, g) })
		renamed := 0
		h := sha1.New()
		for s := range db.All() {
			if s.id > 0 {
				h.Write([]byte{'\n'})
			}
			h.Write([]byte(s.Name()))
			if s.Name() != old.synsetAt(int(s.id)).Name() {
				renamed++
			}
			if by, err := db.Synset(s.Name()); err != nil || by != s {
				t.Fatal(s, by, err)
			}
		}
		if sum := hex.EncodeToString(h.Sum(nil)); renamed != c.renamed || sum != c.sha1 {
			t.Errorf("%s: %d names differ, all have the SHA-1 %s", c.version, renamed, sum)
		}
		for _, r := range Relations() { // still sorted, by the new names
			for s := range db.All(Adj) {
				if list := related(s, r); !slices.IsSortedFunc(list, Synset.compare) {
					t.Fatal(s, r, list)
				}
			}
		}
	}
}
