// Package lemma turns words into the tokens of a language model, and rows of
// tokens into rows of words.
//
// A [BPE] is a byte-level BPE tokenizer. [LoadJSON] reads the tokenizer.json
// of models such as GPT-2, GPT-NeoX, OPT, Llama 3 and Qwen2; the package
// lemma/neox holds the one of GPT-NeoX-20B and Pythia with its data. An
// [Averager] pools rows, such as those of a layer of an activation map, over
// the tokens of a word: one word with [Averager.Vector], many with
// [Averager.Matrix], or as a sparse matrix of weights with [Averager.Weights].
//
// # Exactness
//
// The reference is HF tokenizers 0.23.2, called without special tokens of its
// own accord. Ids are equal for all text, including what other ports get
// wrong: runs of spaces that are tokens, long runs of combining marks, code
// points newer than the tables of a Go release, special tokens within text.
// What a file asks for beyond what is done exactly is refused. Text that is
// not UTF-8 is an error; it is never replaced.
//
// The order of work is HF's: added tokens are taken out of the text; what is
// left is normalised; added tokens that are to be found in normalised text are
// taken out; the rest is split by a pattern; each piece is encoded by merging
// pairs of tokens, of the lowest rank first ([SHB16], algorithm 1, on bytes as
// in [RWC19], section 2.2). Classes of characters and normalisation come from
// tables that were derived from HF's behaviour, so that results do not change
// with the Unicode version of Go or of golang.org/x/text.
//
// # Time and memory
//
// The tokens of pieces of text are remembered in a cache of fixed size, which
// never shows in a result. One piece of any length takes time in proportion to
// its length. Use [WithMaxPiece] to refuse long ones all the same.
//
// # Determinism
//
// All results have the same bits for every GOMAXPROCS, and on every machine:
// the means are sums in float64 in the order of the tokens, divided once and
// rounded once.
//
// [SHB16]: https://aclanthology.org/P16-1162
// [RWC19]: https://cdn.openai.com/better-language-models/language_models_are_unsupervised_multitask_learners.pdf
package lemma
