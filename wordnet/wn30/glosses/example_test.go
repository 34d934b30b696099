package glosses_test

import (
	"fmt"
	"log"

	"github.com/semamap/semamap/wordnet"
	"github.com/semamap/semamap/wordnet/wn30/glosses"
)

func Example() {
	db, err := wordnet.Open(glosses.FS, nil)
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
	// a member of the genus Canis (probably descended from the common wolf) that has been domesticated by man since prehistoric times; occurs in many breeds
	// ["the dog barked all night"]
}
