package wn30_test

import (
	"fmt"
	"log"
	"strings"

	"github.com/semamap/semamap/wordnet"
	"github.com/semamap/semamap/wordnet/wn30"
)

func Example() {
	db, err := wordnet.Open(wn30.FS, nil)
	if err != nil {
		log.Fatal(err)
	}
	s, err := db.Synset("dog.n.01")
	if err != nil {
		log.Fatal(err)
	}
	_, err = s.Definition()
	fmt.Println(db.Version(), db.Len(), s.Offset(), err)
	fmt.Println(strings.Contains(wn30.License, "Princeton University"))
	// Output:
	// 3.0 117659 2084071 database holds no glosses; package wordnet/wn30/glosses has those of WordNet 3.0
	// true
}
