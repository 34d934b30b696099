package check_test

import (
	"fmt"
	"log"

	"github.com/semamap/semamap/wordnet"
	"github.com/semamap/semamap/wordnet/check"
	"github.com/semamap/semamap/wordnet/wn30"
)

func Example() {
	db, err := wordnet.Open(wn30.FS, nil)
	if err != nil {
		log.Fatal(err)
	}
	for d := range check.Defects(db) {
		fmt.Println(d.Code, d.Message, d.Synset)
		break
	}
	// Output: WN101 cycle of hypernyms: restrain.v.01, inhibit.v.04 Synset('restrain.v.01')
}
