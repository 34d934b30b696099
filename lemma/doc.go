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
// pairs of tokens, the lowest rank first ([SHB16], algorithm 1, on bytes as
// in [RWC19], section 2.2). Classes of characters and normalisation come from
// tables that were derived from HF's behaviour, so that results do not change
// with the Unicode version of Go or of golang.org/x/text.
//
// # Core
//
// A piece that is not remembered is encoded by tiktoken-go,
// github.com/pkoukk/tiktoken-go, if its rule, which knows ranks of tokens and
// no merges, gives the merges of the model for every text. That is decided
// exactly, once, from all merges: it holds for GPT-2, GPT-NeoX and Qwen2
// styles. This package merges pairs itself
//
//   - in models for which it does not hold: ids in another order than the
//     merges, as OPT's, or several merges for one token, as in files for
//     Llama 3,
//   - in pieces of more than 64 bytes, for which tiktoken-go takes quadratic
//     time, and
//   - throughout with [WithOwnMerge].
//
// The ids are the same with either. tiktoken-go takes about seven times as
// long for a piece, and 40 ms and 6 MB at the first word to build its tables;
// for text that is remembered there is no difference.
//
// # Time and memory
//
// The tokens of pieces of text are remembered in a cache of fixed size, which
// never shows in a result. One piece of any length takes time in proportion to
// its length. Use [WithMaxPiece] to refuse long ones all the same.
//
// With the tokenizer of GPT-NeoX on one core (internal/peers/lemma.py time: HF
// tokenizers 0.23.2 through Python, the faster of one by one and batch;
// tiktoken-go 0.1.8 used by itself, whose ids differ for prose with runs of
// spaces; medians of three): the first lemmas of all synsets of WordNet 3.0,
// in millions a second, and WordNet's definitions and examples, in MB/s.
//
//	                                 lemmas   x HF   prose   x HF
//	HF tokenizers                      0.21             2.7
//	tiktoken-go by itself              0.39             4.9
//	all pieces remembered              8.6      41      113     41
//	a new tokenizer                    0.61    2.9      2.1    0.8
//	a new one, WithOwnMerge            2.5      12       29     10
//	WithCache(0)                       0.49    2.3      5.4    2.0
//	WithCache(0), WithOwnMerge         3.4      16       37     14
//
// The prose is 112 kB, so that with a new tokenizer most of its time goes into
// the tables. Loading lemma/neox with the first word takes 48 ms.
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
