package tiktoken_test

import (
	"fmt"
	"log"

	"github.com/pkoukk/tiktoken-go"

	lemmatiktoken "github.com/semamap/semamap/lemma/tiktoken"
)

// offline is a loader of vocabularies. A real one returns those of OpenAI,
// from files of the program or from github.com/pkoukk/tiktoken-go-loader; this
// one knows single bytes and four longer tokens only.
type offline struct{}

func (offline) LoadTiktokenBpe(url string) (map[string]int, error) {
	ranks := map[string]int{"do": 256, "ho": 257, " do": 258, " dog": 259}
	for b := range 256 {
		ranks[string([]byte{byte(b)})] = b
	}
	return ranks, nil
}

func ExampleNew() {
	tiktoken.SetBpeLoader(offline{}) // nothing is downloaded
	enc, err := tiktoken.GetEncoding("cl100k_base")
	if err != nil {
		log.Fatal(err)
	}
	tok := lemmatiktoken.New(enc)
	ids, err := tok.Encode(nil, "hot dog")
	if err != nil {
		log.Fatal(err)
	}
	for _, id := range ids {
		fmt.Printf("%d=%s ", id, tok.Token(id))
	}
	fmt.Println(tok.Len())
	// Output: 257=ho 116=t 259=Ġdog 100277
}
