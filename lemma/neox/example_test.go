package neox_test

import (
	"fmt"
	"log"

	"github.com/semamap/semamap/lemma/neox"
)

func Example() {
	tok, err := neox.New(nil)
	if err != nil {
		log.Fatal(err)
	}
	ids, err := tok.Encode(nil, "Uma  ação")
	if err != nil {
		log.Fatal(err)
	}
	text, err := tok.Decode(nil, ids...)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(tok.Len(), ids)
	fmt.Printf("%s\n", text)
	// Output:
	// 50277 [54 785 50276 14291]
	// Uma  ação
}
