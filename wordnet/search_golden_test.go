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
		if got := db.BaseForms(nil, g.Form, p); !slices.Equal(got, want) {
			t.Errorf("BaseForms(%q, %v) = %q, want %q", g.Form, p, got, want)
		}
	}
	for p, want := range map[POS][]string{Noun: g.NNoExc, Verb: g.VNoExc} {
		if got := db.RegularBaseForms(nil, g.Form, p); !slices.Equal(got, want) {
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
		lemmas = append(lemmas, l.FullName())
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
func same(want json.RawMessage, v float64, ok bool, err error, tol float64) bool {
	switch {
	case len(want) > 0 && want[0] == '"':
		return err != nil
	case string(want) == "null":
		return err == nil && !ok
	}
	var w float64
	if e := json.Unmarshal(want, &w); e != nil || err != nil || !ok {
		return false
	}
	if tol == 0 {
		return math.Float64bits(v) == math.Float64bits(w)
	}
	return math.Abs(v-w) <= tol*math.Abs(w)
}

func rooted(list []Synset, root bool) []string {
	out := names(list)
	if root {
		out = append(out, "*ROOT*")
		slices.Sort(out)
	}
	return out
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
			if memory, err = db.BuildIC(goldenWords(t, src), nil); err != nil {
				t.Fatal(err)
			}
		}
		noRoot := &Measure{NoRoot: true}
		eachJSON(t, src, "similarity.jsonl.gz", func(g goldenSimilarity) {
			a, b := synset(t, db, g.A), synset(t, db, g.B)
			if src.otherInPrinceton(a, b) {
				return
			}
			check := func(what string, want json.RawMessage, v float64, ok bool, err error, tol float64) {
				if !same(want, v, ok, err, tol) {
					t.Errorf("%s of %s and %s: %v %v %v, want %s", what, g.A, g.B, v, ok, err, want)
				}
			}
			v, ok := PathSimilarity(a, b, nil)
			check("path", g.Path, v, ok, nil, 0)
			v, ok = PathSimilarity(a, b, noRoot)
			check("path without root", g.PathNoRoot, v, ok, nil, 0)
			v, ok = WuPalmer(a, b, nil)
			check("wup", g.Wup, v, ok, nil, 0)
			v, ok = WuPalmer(b, a, nil)
			check("wup reversed", g.WupRev, v, ok, nil, 0)
			v, ok = WuPalmer(a, b, noRoot)
			check("wup without root", g.WupNoRoot, v, ok, nil, 0)
			v, ok, err := LeacockChodorow(a, b, nil)
			check("lch", g.Lch, v, ok, err, 1e-12)
			v, ok, err = LeacockChodorow(a, b, noRoot)
			check("lch without root", g.LchNoRoot, v, ok, err, 1e-12)
			d, ok := a.Distance(b, false)
			check("distance", g.SPD, float64(d), ok, nil, 0)
			d, ok = a.Distance(b, true)
			check("distance with root", g.SPDRoot, float64(d), ok, nil, 0)
			if src.debian {
				v, err = Resnik(a, b, file)
				check("res", g.Res, v, true, err, 1e-12)
				v, err = JiangConrath(a, b, file)
				check("jcn", g.Jcn, v, true, err, 1e-12)
				v, err = Lin(a, b, file)
				check("lin", g.Lin, v, true, err, 1e-12)
				v, err = Resnik(a, b, memory)
				check("res of the built table", g.ResIC, v, true, err, 1e-12)
			}
			if got := rooted(a.LowestCommonHypernyms(b, false, false)); !slices.Equal(got, g.LchHyp) {
				t.Errorf("lowest common hypernyms of %s and %s: %q, want %q", g.A, g.B, got, g.LchHyp)
			}
			if got := rooted(a.LowestCommonHypernyms(b, false, true)); !slices.Equal(got, g.LchHypMin) {
				t.Errorf("lowest by MinDepth of %s and %s: %q, want %q", g.A, g.B, got, g.LchHypMin)
			}
			if got := rooted(a.LowestCommonHypernyms(b, true, false)); !slices.Equal(got, g.LchHypRoot) {
				t.Errorf("lowest with root of %s and %s: %q, want %q", g.A, g.B, got, g.LchHypRoot)
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
	ic, err := db.BuildIC(goldenWords(t, src), nil)
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
			got, _ = ic.Total(p)
		} else {
			s, ok := db.SynsetAt(p, off)
			if !ok {
				t.Fatal(g)
			}
			got = ic.Count(s)
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
			if got := names(s.AppendClosure(nil, Hypernyms, -1)); !slices.Equal(got, g.Closure) {
				t.Fatalf("%v: closure %q, want %q", s, got, g.Closure)
			}
			if got := names(s.AppendClosure(nil, Hyponyms, 3)); !slices.Equal(got, g.Closure3) {
				t.Fatalf("%v: closure to depth 3 %q, want %q", s, got, g.Closure3)
			}
			dist := s.HypernymDistances()
			if len(dist) != len(g.Dist) {
				t.Fatalf("%v: %v, want %v", s, dist, g.Dist)
			}
			for i, d := range dist {
				if d.Synset.Name() != g.Dist[i][0].(string) || d.Steps != int(g.Dist[i][1].(float64)) {
					t.Fatalf("%v: %v, want %v", s, dist, g.Dist)
				}
			}
			tree, err := s.Tree(Hypernyms, -1, "")
			if err != nil || tree.String() != g.Tree {
				t.Fatalf("%v: tree %v %v, want %s", s, tree, err, g.Tree)
			}
			tree, err = s.Tree(Hyponyms, 2, "...")
			if err != nil || tree.String() != g.Tree2 {
				t.Fatalf("%v: tree %v %v, want %s", s, tree, err, g.Tree2)
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
			tree, err := s.Tree(r, 4, "...")
			if err != nil || tree.String() != g.Tree {
				t.Errorf("%v: %v tree %v %v, want %s", s, r, tree, err, g.Tree)
			}
			if got := s.AcyclicTree(r, 4, "...").String(); got != g.Acyclic {
				t.Errorf("%v: %v acyclic tree %s, want %s", s, r, got, g.Acyclic)
			}
			if got := s.SpanningTree(r).String(); got != g.MST {
				t.Errorf("%v: %v spanning tree %s, want %s", s, r, got, g.MST)
			}
			if got := names(s.AppendClosure(nil, r, -1)); !slices.Equal(got, g.Closure) {
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
		compat  Compat
		file    string
		renamed int
		sha1    string
	}{
		{NLTK39, "morphy-nltk39.jsonl.gz", 0, "6e9d8ede09040c15c8e6b9b98ab614c089cd2534"},
		{NLTK392, "morphy-nltk392.jsonl.gz", 2007, "ede90db7d960a03b9753cd3d88bf1e293bc229cc"},
	} {
		db, err := Open(wn30.FS, &Settings{Compat: c.compat})
		if err != nil {
			t.Fatal(err)
		}
		eachJSON(t, src, c.file, func(g goldenMorphy) { checkMorphy(t, db, g) })
		renamed := 0
		h := sha1.New()
		for s := range db.All() {
			if s.Index() > 0 {
				h.Write([]byte{'\n'})
			}
			h.Write(s.AppendName(nil))
			if s.Name() != old.SynsetIndex(s.Index()).Name() {
				renamed++
			}
			if by, err := db.Synset(s.Name()); err != nil || by != s {
				t.Fatal(s, by, err)
			}
		}
		if sum := hex.EncodeToString(h.Sum(nil)); renamed != c.renamed || sum != c.sha1 {
			t.Errorf("%v: %d names differ, all have the SHA-1 %s", c.compat, renamed, sum)
		}
		for _, r := range Relations() { // still sorted, by the new names
			for s := range db.All(Adj) {
				if list := s.AppendRelated(nil, r); !slices.IsSortedFunc(list, Synset.Compare) {
					t.Fatal(s, r, list)
				}
			}
		}
	}
}
