package wordnet_test

import (
	"fmt"
	"log"
	"slices"

	"github.com/semamap/semamap/wordnet"
	"github.com/semamap/semamap/wordnet/wn30"
)

func open() *wordnet.DB {
	db, err := wordnet.Open(wn30.FS, nil)
	if err != nil {
		log.Fatal(err)
	}
	return db
}

func Example() {
	db, err := wordnet.Open(wn30.FS, nil)
	if err != nil {
		log.Fatal(err)
	}
	for s := range db.Synsets("geese") {
		fmt.Print(s.Name(), ":")
		for l := range s.Lemmas() {
			fmt.Print(" ", l.Name())
		}
		fmt.Println()
	}
	// Output:
	// goose.n.01: goose
	// fathead.n.01: fathead goof goofball bozo jackass goose cuckoo twat zany
	// goose.n.03: goose
}

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

func ExampleDB_Morphy() {
	db := open()
	fmt.Println(db.Morphy("wolves"))
	fmt.Println(db.Morphy("was"))
	fmt.Println(db.Morphy("was", wordnet.Verb))
	fmt.Println(db.BaseForms(nil, "better", wordnet.Adj))
	// Output:
	// wolf true
	// wa true
	// be true
	// [better good well]
}

func ExampleSynset_HypernymPaths() {
	dog, err := open().Synset("dog.n.01")
	if err != nil {
		log.Fatal(err)
	}
	for path := range dog.HypernymPaths() {
		fmt.Println(len(path), path[len(path)-2].Name())
	}
	// Output:
	// 14 canine.n.02
	// 9 domestic_animal.n.01
}

func ExampleSynset_Tree() {
	s, err := open().Synset("common.a.02")
	if err != nil {
		log.Fatal(err)
	}
	t, err := s.Tree(wordnet.AlsoSees, 3, "...")
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(t)
	// Output: [Synset('common.a.02'), [Synset('ordinary.a.01'), "Cycle(Synset('common.a.02'),1,...)", [Synset('usual.a.01'), "Cycle(Synset('common.a.02'),0,...)"]], [Synset('usual.a.01'), "Cycle(Synset('common.a.02'),1,...)"]]
}

func ExampleWuPalmer() {
	db := open()
	dog, err := db.Synset("dog.n.01")
	if err != nil {
		log.Fatal(err)
	}
	cat, err := db.Synset("cat.n.01")
	if err != nil {
		log.Fatal(err)
	}
	sim, _ := wordnet.WuPalmer(dog, cat, nil)
	fmt.Printf("%.4f\n", sim)
	// Output: 0.8571
}

func ExampleResnik() {
	db := open()
	corpus := []string{"the", "dog", "chased", "the", "cat", "and", "the", "cat", "chased", "a", "mouse"}
	ic, err := db.BuildIC(slices.Values(corpus), nil)
	if err != nil {
		log.Fatal(err)
	}
	dog, err := db.Synset("dog.n.01")
	if err != nil {
		log.Fatal(err)
	}
	cat, err := db.Synset("cat.n.01")
	if err != nil {
		log.Fatal(err)
	}
	sim, err := wordnet.Resnik(dog, cat, ic)
	fmt.Println(sim > 0, err)
	// Output: true <nil>
}

func ExampleDB_Defects() {
	for d := range open().Defects() {
		fmt.Println(d)
		break
	}
	// Output: WN101 cycle of hypernyms: restrain.v.01, inhibit.v.04
}

func ExampleDB_LemmaByKey() {
	l, err := open().LemmaByKey("drive%1:04:03::")
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(l.Synset().Name(), l.Name())
	// Output: drive.n.06 drive
}
