package wordnet_test

import (
	"github.com/semamap/semamap/wordnet"
	"github.com/semamap/semamap/wordnet/check"
)

// The tests of package wordnet cannot import wordnet/check, which imports it.
func init() {
	wordnet.DefectsOf = func(db *wordnet.DB) (list []string) {
		for d := range check.Defects(db) {
			list = append(list, d.Code+" "+d.Message)
		}
		return list
	}
}
