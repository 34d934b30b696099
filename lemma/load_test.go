package lemma_test

import (
	"testing"

	"github.com/semamap/semamap/lemma"
	"github.com/semamap/semamap/lemma/internal/hf"
)

var styles = []string{"gpt2", "opt", "prefix", "neox", "llama3", "qwen2", "gpt4", "shuffled"}

func load(t testing.TB, style string, opts ...lemma.Option) *lemma.BPE {
	t.Helper()
	tok, err := lemma.LoadJSON(hf.Open(t, "testdata/"+style+".json.gz"), opts...)
	if err != nil {
		t.Fatalf("%s: %v", style, err)
	}
	return tok
}

func TestStyles(t *testing.T) {
	for _, style := range styles {
		t.Run(style, func(t *testing.T) {
			all := hf.Lines[hf.Vector](t, "testdata/"+style+".jsonl.gz")
			for _, entries := range []int{1 << 10, 4, 0} {
				tok := load(t, style, lemma.WithCache(entries))
				hf.Check(t, tok, all)
				hf.Check(t, tok, all)
			}
		})
	}
}
