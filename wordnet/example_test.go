package wordnet_test

import (
	"errors"
	"fmt"
	"io"
	"iter"
	"log"
	"maps"
	"os"
	"slices"
	"strings"

	"github.com/semamap/semamap/wordnet"
	"github.com/semamap/semamap/wordnet/wn30"
	"github.com/semamap/semamap/wordnet/wn30/glosses"
)

func open() *wordnet.DB {
	db, err := wordnet.Open(wn30.FS, nil)
	if err != nil {
		log.Fatal(err)
	}
	return db
}

func synset(db *wordnet.DB, name string) wordnet.Synset {
	s, err := db.Synset(name)
	if err != nil {
		log.Fatal(err)
	}
	return s
}

// The senses of a word, with their topic domains.
func Example() {
	db, err := wordnet.Open(wn30.FS, nil)
	if err != nil {
		log.Fatal(err)
	}
	for s := range db.Synsets("viruses") {
		fmt.Println(s.Name(), s.LexName())
		for d := range s.TopicDomains() {
			fmt.Println("  topic", d.Name())
		}
	}
	// Output:
	// virus.n.01 noun.animal
	//   topic virology.n.01
	// virus.n.02 noun.state
	// virus.n.03 noun.communication
}

// Definitions and examples come from a folder of database files, such as
// /usr/share/wordnet or NLTK's data.
func ExampleOpenDir() {
	db, err := wordnet.OpenDir("testdata/nltk_data", nil) // a small made-up database
	if err != nil {
		log.Fatal(err)
	}
	dog, err := db.Synset("dog.n.01")
	if err != nil {
		log.Fatal(err)
	}
	definition, err := dog.Definition()
	if err != nil {
		log.Fatal(err)
	}
	examples, err := dog.Examples()
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(definition)
	fmt.Printf("%q\n", examples)
	// Output:
	// it barks
	// ["the dog barked" "twice"]
}

// An archive as NLTK distributes it.
func ExampleOpenDir_zip() {
	db, err := wordnet.OpenDir("testdata/outside/zip_wordnet31.zip", nil) // eight made-up synsets
	if err != nil {
		log.Fatal(err)
	}
	for s := range db.Synsets("cafés") {
		fmt.Println(s.Definition())
	}
	// Output: a small restaurant <nil>
}

// Definitions of WordNet 3.0 without any files.
func ExampleSynset_Definition() {
	db, err := wordnet.Open(glosses.FS, nil)
	if err != nil {
		log.Fatal(err)
	}
	for s := range db.Synsets("viruses") {
		definition, err := s.Definition()
		if err != nil {
			log.Fatal(err)
		}
		fmt.Println(s.Name(), definition)
	}
	// Output:
	// virus.n.01 (virology) ultramicroscopic infectious agent that replicates itself only within cells of living hosts; many are pathogenic; a piece of nucleic acid (DNA or RNA) wrapped in a thin coat of protein
	// virus.n.02 a harmful or corrupting agency
	// virus.n.03 a software program capable of reproducing itself and usually capable of causing great harm to files or other programs on the same computer
}

// Any file system will do.
func ExampleOpen() {
	db, err := wordnet.Open(os.DirFS("testdata/nltk_data"), &wordnet.Settings{NoGlosses: true})
	if err != nil {
		log.Fatal(err)
	}
	_, err = synset(db, "dog.n.01").Definition()
	fmt.Println(db.Version(), db.Len(), errors.Is(err, wordnet.ErrNoGlosses))

	_, err = wordnet.Open(os.DirFS("testdata/nltk_data/nowhere"), nil)
	fmt.Println(errors.Is(err, wordnet.ErrNoDatabase), errors.Is(err, wordnet.ErrSyntax))
	// Output:
	// 9.9 21 true
	// true false
}

func ExampleFind() {
	os.Setenv("NLTK_DATA", "testdata/nltk_data")
	dir, err := wordnet.Find()
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(dir)
	// Output: testdata/nltk_data/corpora/wordnet
}

// Names of satellites as the present NLTK forms them, and verbs without a root
// above them.
func ExampleSettings() {
	db, err := wordnet.Open(wn30.FS, &wordnet.Settings{NLTK: "3.9.2", NoRoot: true})
	if err != nil {
		log.Fatal(err)
	}
	for _, db := range []*wordnet.DB{open(), db} {
		s, _ := db.SynsetAt(wordnet.AdjSat, 523364)
		fmt.Println(s.Name())
	}
	_, err = wordnet.PathSimilarity(synset(db, "breathe.v.01"), synset(db, "think.v.01"))
	fmt.Println(errors.Is(err, wordnet.ErrUndefined))
	// Output:
	// good.s.09
	// good.s.07
	// true
}

// All synsets, each counted with its first topic domain.
func ExampleDB_All() {
	db := open()
	topics := map[string]int{}
	for s := range db.All() {
		for d := range s.TopicDomains() {
			topics[d.Name()]++
			break // the first by name
		}
	}
	fmt.Println(db.Len(), "synsets,", topics["law.n.01"], "of law")
	// Output: 117659 synsets, 592 of law
}

func ExampleDB_Synset() {
	db := open()
	for _, name := range []string{"dog.n.01", "domestic_dog.n.01", "dog.n.99"} {
		s, err := db.Synset(name)
		fmt.Println(s, errors.Is(err, wordnet.ErrNotFound))
	}
	// Output:
	// Synset('dog.n.01') false
	// Synset('dog.n.01') false
	// Synset(None) true
}

// An offset belongs to one edition of the files; wn30 has Princeton's.
func ExampleDB_SynsetAt() {
	s, ok := open().SynsetAt(wordnet.Noun, 2084071)
	fmt.Println(s.Name(), s.POS(), s.Offset(), ok)
	// Output: dog.n.01 n 2084071 true
}

func ExampleDB_LemmaNames() {
	n := 0
	for name := range open().LemmaNames(wordnet.Adv) {
		if n++; n <= 3 {
			fmt.Println(name)
		}
	}
	fmt.Println(n, "adverbs")
	// Output:
	// a.m.
	// a_cappella
	// a_la_carte
	// 4481 adverbs
}

func ExampleDB_Morphy() {
	db := open()
	fmt.Println(db.Morphy("wolves"))
	fmt.Println(db.Morphy("was"))
	fmt.Println(db.Morphy("was", wordnet.Verb))
	fmt.Println(db.BaseForms("better", wordnet.Adj))
	// Output:
	// wolf true
	// wa true
	// be true
	// [better good well]
}

func ExampleDB_Lemmatize() {
	db := open()
	for _, word := range []string{"geese", "was", "qwertz"} {
		fmt.Println(word, db.Lemmatize(word), db.Lemmatize(word, wordnet.Verb))
	}
	// Output:
	// geese goose geese
	// was wa be
	// qwertz qwertz qwertz
}

// A file in which a word is missing from the index.
func ExampleDB_Problems() {
	_, err := wordnet.OpenDir("testdata/outside/skipidx.zip", nil)
	fmt.Println(errors.Is(err, wordnet.ErrSyntax))
	db, err := wordnet.OpenDir("testdata/outside/skipidx.zip", &wordnet.Settings{Lenient: true})
	if err != nil {
		log.Fatal(err)
	}
	for s, err := range db.Problems() {
		fmt.Println(s, err)
	}
	fmt.Println(synset(db, "exist.v.01"))
	// Output:
	// true
	// Synset('be.v.01') data.verb:3: word "exist" is not in index.verb
	// Synset('be.v.01')
}

func ExampleDB_ReadILI() {
	db := open()
	f := strings.NewReader("i46360\t02084071-n\n") // a line of ili-map-pwn30.tab
	ili, err := db.ReadILI(f, "ili-map-pwn30.tab")
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(ili.Concept(synset(db, "dog.n.01")))
	fmt.Println(ili.Synset("i46360"))
	// Output:
	// i46360 true
	// Synset('dog.n.01') true
}

func ExampleDB_Exceptions() {
	for form, bases := range open().Exceptions(wordnet.Noun) {
		if strings.HasPrefix(form, "oxe") {
			fmt.Println(form, bases)
		}
	}
	// Output: oxen [ox]
}

// All hyponyms of dog: what is a dog, directly or not.
func ExampleSynset_Closure() {
	db, err := wordnet.Open(wn30.FS, nil)
	if err != nil {
		log.Fatal(err)
	}
	dog, err := db.Synset("dog.n.01")
	if err != nil {
		log.Fatal(err)
	}
	n := 0
	for s, steps := range dog.Closure(wordnet.Synset.Hyponyms) {
		if n++; n <= 3 || s.Name() == "toy_manchester.n.01" {
			fmt.Println(steps, s.Name())
		}
	}
	fmt.Println(n, "hyponyms")
	// Output:
	// 1 basenji.n.01
	// 1 corgi.n.01
	// 1 cur.n.01
	// 5 toy_manchester.n.01
	// 189 hyponyms
}

// A relation of one's own: parts of every kind.
func ExampleSynset_Closure_parts() {
	parts := func(s wordnet.Synset) iter.Seq[wordnet.Synset] {
		return slices.Values(slices.AppendSeq(slices.Collect(s.PartMeronyms()), s.SubstanceMeronyms()))
	}
	for s := range synset(open(), "tree.n.01").Closure(parts) {
		fmt.Println(s.Name())
	}
	// Output:
	// burl.n.02
	// crown.n.07
	// limb.n.02
	// stump.n.01
	// trunk.n.01
	// heartwood.n.01
	// sapwood.n.01
	// burl.n.01
	// bark.n.01
}

// Every relation that NLTK has for synsets is a method.
func ExampleSynset_Hypernyms() {
	db := open()
	for _, r := range []struct {
		name string
		of   string
		f    func(wordnet.Synset) iter.Seq[wordnet.Synset]
	}{
		{"hypernyms", "dog.n.01", wordnet.Synset.Hypernyms},
		{"instance hypernyms", "einstein.n.01", wordnet.Synset.InstanceHypernyms},
		{"hyponyms", "orange.n.01", wordnet.Synset.Hyponyms},
		{"instance hyponyms", "ocean.n.01", wordnet.Synset.InstanceHyponyms},
		{"member holonyms", "dog.n.01", wordnet.Synset.MemberHolonyms},
		{"substance holonyms", "ginger.n.03", wordnet.Synset.SubstanceHolonyms},
		{"part holonyms", "finger.n.01", wordnet.Synset.PartHolonyms},
		{"member meronyms", "streptomycetaceae.n.01", wordnet.Synset.MemberMeronyms},
		{"substance meronyms", "glassware.n.01", wordnet.Synset.SubstanceMeronyms},
		{"part meronyms", "hand.n.01", wordnet.Synset.PartMeronyms},
		{"topic domains", "virus.n.01", wordnet.Synset.TopicDomains},
		{"in topic domains", "virology.n.01", wordnet.Synset.InTopicDomains},
		{"region domains", "walkabout.n.03", wordnet.Synset.RegionDomains},
		{"in region domains", "tibet.n.01", wordnet.Synset.InRegionDomains},
		{"usage domains", "groovy.s.02", wordnet.Synset.UsageDomains},
		{"in usage domains", "regionalism.n.01", wordnet.Synset.InUsageDomains},
		{"attributes", "size.n.01", wordnet.Synset.Attributes},
		{"entailments", "snore.v.01", wordnet.Synset.Entailments},
		{"causes", "kill.v.01", wordnet.Synset.Causes},
		{"also sees", "common.a.02", wordnet.Synset.AlsoSees},
		{"verb groups", "leave.v.04", wordnet.Synset.VerbGroups},
		{"similar tos", "groovy.s.02", wordnet.Synset.SimilarTos},
	} {
		var names []string
		for t := range r.f(synset(db, r.of)) {
			names = append(names, t.Name())
		}
		fmt.Printf("%s of %s: %s\n", r.name, r.of, strings.Join(names, " "))
	}
	// Output:
	// hypernyms of dog.n.01: canine.n.02 domestic_animal.n.01
	// instance hypernyms of einstein.n.01: physicist.n.01
	// hyponyms of orange.n.01: bitter_orange.n.02 sweet_orange.n.01 temple_orange.n.02
	// instance hyponyms of ocean.n.01: antarctic_ocean.n.01 arctic_ocean.n.01 atlantic.n.01 indian_ocean.n.01 pacific.n.01
	// member holonyms of dog.n.01: canis.n.01 pack.n.06
	// substance holonyms of ginger.n.03: ginger.n.02 ginger_ale.n.01
	// part holonyms of finger.n.01: hand.n.01
	// member meronyms of streptomycetaceae.n.01: genus_streptomyces.n.01
	// substance meronyms of glassware.n.01: glass.n.01
	// part meronyms of hand.n.01: ball.n.10 digital_arteries.n.01 finger.n.01 intercapitular_vein.n.01 metacarpal_artery.n.01 metacarpal_vein.n.01 metacarpus.n.01 palm.n.01
	// topic domains of virus.n.01: virology.n.01
	// in topic domains of virology.n.01: virus.n.01
	// region domains of walkabout.n.03: australia.n.01
	// in region domains of tibet.n.01: lamaism.n.01 sino-tibetan.n.01
	// usage domains of groovy.s.02: colloquialism.n.01
	// in usage domains of regionalism.n.01: afeard.s.01 right_smart.s.01
	// attributes of size.n.01: large.a.01 small.a.01
	// entailments of snore.v.01: sleep.v.01
	// causes of kill.v.01: die.v.01
	// also sees of common.a.02: ordinary.a.01 usual.a.01
	// verb groups of leave.v.04: leave.v.11
	// similar tos of groovy.s.02: fashionable.a.01
}

// A tree of what a relation leads to, without going in circles.
func ExampleSynset_Related() {
	r, err := wordnet.ParseRelation("also_sees") // or "^"
	if err != nil {
		log.Fatal(err)
	}
	above := map[wordnet.Synset]bool{}
	var tree func(s wordnet.Synset)
	tree = func(s wordnet.Synset) {
		fmt.Println(strings.Repeat("  ", len(above)) + s.Name())
		above[s] = true
		for t := range s.Related(r) {
			if !above[t] {
				tree(t)
			}
		}
		delete(above, s)
	}
	tree(synset(open(), "common.a.02"))
	// Output:
	// common.a.02
	//   ordinary.a.01
	//     usual.a.01
	//   usual.a.01
}

func ExampleRelations() {
	for _, r := range wordnet.Relations()[:4] {
		inverse, ok := r.Inverse()
		fmt.Println(r, inverse, ok)
	}
	// Output:
	// hypernyms hyponyms true
	// instance_hypernyms instance_hyponyms true
	// hyponyms hypernyms true
	// instance_hyponyms instance_hypernyms true
}

func ExampleSynset_HypernymPaths() {
	dog := synset(open(), "dog.n.01")
	for path := range dog.HypernymPaths() {
		fmt.Println(len(path), path[len(path)-2].Name())
	}
	fmt.Println(dog.Roots(), dog.MinDepth(), dog.MaxDepth())
	// Output:
	// 14 canine.n.02
	// 9 domestic_animal.n.01
	// [Synset('entity.n.01')] 8 13
}

func ExampleSynset_HypernymDistances() {
	for s, steps := range synset(open(), "canine.n.02").HypernymDistances() {
		if steps < 3 {
			fmt.Println(s.Name(), steps)
		}
	}
	// Output:
	// canine.n.02 0
	// carnivore.n.01 1
	// placental.n.01 2
}

func ExampleSynset_LowestCommonHypernyms() {
	db := open()
	dog, cat := synset(db, "dog.n.01"), synset(db, "cat.n.01")
	steps, ok := dog.Distance(cat, false)
	fmt.Println(dog.LowestCommonHypernyms(cat), steps, ok)
	fmt.Println(len(dog.CommonHypernyms(cat)), "common hypernyms")
	// Output:
	// [Synset('carnivore.n.01')] 4 true
	// 12 common hypernyms
}

func ExampleWuPalmer() {
	db := open()
	sim, err := wordnet.WuPalmer(synset(db, "dog.n.01"), synset(db, "cat.n.01"))
	if err != nil {
		log.Fatal(err)
	}
	fmt.Printf("%.4f\n", sim)
	// Output: 0.8571
}

// All measures have one type.
func ExampleSimilarity() {
	db := open()
	counts := map[string]float64{"dog": 2, "cat": 2, "mouse": 1, "animal": 1}
	ic, err := db.BuildIC(maps.All(counts), nil)
	if err != nil {
		log.Fatal(err)
	}
	dog, cat := synset(db, "dog.n.01"), synset(db, "cat.n.01")
	for _, f := range []wordnet.Similarity{
		wordnet.PathSimilarity, wordnet.WuPalmer, wordnet.LeacockChodorow, ic.Resnik, ic.JiangConrath, ic.Lin,
	} {
		v, err := f(dog, cat)
		if err != nil {
			log.Fatal(err)
		}
		fmt.Printf("%.3f\n", v)
	}
	// Output:
	// 0.200
	// 0.857
	// 2.028
	// 1.207
	// 1.678
	// 0.802
}

// Information content from a text, counted without smoothing.
func ExampleDB_BuildIC() {
	db := open()
	text := strings.Fields("the dog chased the cat and the cat chased a mouse")
	words := func(yield func(string, float64) bool) {
		for _, w := range text {
			if !yield(w, 1) {
				return
			}
		}
	}
	ic, err := db.BuildIC(words, &wordnet.ICSettings{Whole: true, Smoothing: -1})
	if err != nil {
		log.Fatal(err)
	}
	for _, name := range []string{"cat.n.01", "animal.n.01"} {
		v, err := ic.Information(synset(db, name))
		fmt.Printf("%s %.3f %v\n", name, v, err)
	}
	// Output:
	// cat.n.01 2.890 <nil>
	// animal.n.01 1.792 <nil>
}

// Tables of NLTK's corpus wordnet_ic hold offsets of Princeton's WordNet 3.0.
func ExampleDB_ReadIC() {
	var file io.Reader = strings.NewReader("wnver::x\n1740n 9 ROOT\n2084071n 3\n2121620n 1\n")
	db := open()
	ic, err := db.ReadIC(file, "ic-tiny.dat")
	if err != nil {
		log.Fatal(err)
	}
	v, err := ic.Information(synset(db, "dog.n.01"))
	fmt.Printf("%.4f %v\n", v, err)
	// Output: 1.0986 <nil>
}

// Lemmas are words in one sense. Antonyms, derivations and pertainyms hold
// between lemmas, not between synsets.
func ExampleLemma() {
	db := open()
	for _, name := range []string{"good.a.01.good", "dental.a.01.dental", "breathe.v.01.breathe"} {
		l, err := db.Lemma(name)
		if err != nil {
			log.Fatal(err)
		}
		fmt.Println(l.Key(), slices.Collect(l.Antonyms()), slices.Collect(l.Pertainyms()), slices.Collect(l.DerivationallyRelatedForms()))
	}
	// Output:
	// good%3:00:01:: [Lemma('bad.a.01.bad')] [] [Lemma('good.n.03.goodness')]
	// dental%3:01:00:: [] [Lemma('tooth.n.01.tooth')] []
	// breathe%2:29:00:: [] [] [Lemma('snorkel.n.02.breather') Lemma('breathing.n.01.breathing')]
}

func ExampleLemma_Related() {
	l, err := open().Lemma("avenged.a.01.avenged")
	if err != nil {
		log.Fatal(err)
	}
	participle, err := wordnet.ParseRelation("participles")
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(slices.Collect(l.Related(participle)))
	// Output: [Lemma('revenge.v.01.avenge')]
}

func ExampleLemma_Frames() {
	db := open()
	breathe := synset(db, "breathe.v.01")
	for l := range breathe.Lemmas() {
		for n, pattern := range l.Frames() {
			fmt.Println(n, pattern)
		}
		break
	}
	fmt.Println(breathe.Frames())
	// Output:
	// 2 Somebody breathe
	// 8 Somebody breathe something
	// [2 8]
}

// How often the senses of a word occur in the texts that were tagged by hand.
func ExampleLemma_Count() {
	for l := range open().Lemmas("aghast") {
		fmt.Println(l.Synset().Name(), l.Name(), l.Marker(), l.Count(), l.TagCount())
	}
	for l := range open().Lemmas("afraid") {
		fmt.Println(l.Synset().Name(), l.Name(), l.Marker(), l.Count(), l.TagCount())
	}
	// Output:
	// aghast.s.01 aghast (p) 0 2
	// afraid.a.01 afraid (p) 29 29
	// afraid.s.02 afraid  3 3
	// afraid.s.03 afraid  1 1
	// afraid.s.04 afraid  0 0
}

func ExampleDB_LemmaByKey() {
	l, err := open().LemmaByKey("drive%1:04:03::")
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(l.Synset().Name(), l.Name())
	// Output: drive.n.06 drive
}
