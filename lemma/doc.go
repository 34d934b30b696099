// Package lemma turns words into the tokens of a language model, and token
// vectors into word vectors.
//
// A [Tokenizer] turns text into token ids. [LoadJSON] reads the tokenizer.json
// of byte-level BPE models such as GPT-2, GPT-NeoX, RoBERTa, Llama 3, Qwen2,
// SmolLM, Falcon, DeepSeek and gpt-oss. [LoadVocab] reads vocab.json and
// merges.txt, [LoadTiktoken] .tiktoken files. Package lemma/neox embeds the
// tokenizer of GPT-NeoX-20B and Pythia, which has 50,277 ids. Package
// lemma/tiktoken adapts the encodings of tiktoken-go.
//
// [Offsets] says which bytes of the text a token stands for. [Text] decodes
// without special tokens.
//
// An [Averager] pools the rows of a word's tokens. The rows may be a layer of an
// activation map, or any other matrix with one row per token id:
//
//	tok, err := neox.New(nil)
//	a := lemma.Averager{Tok: tok}
//	m, err := a.Matrix(ctx, nil, layer, []string{"dog", "hot_dog"}) // one row per word
//
// [Averager.Weights] returns the same as a sparse matrix. Models read most words
// with a space in front of them, which usually makes another token ("Ġdog", not
// "dog"). To pool those tokens, set Text:
//
//	a.Text = func(w string) string { return " " + strings.ReplaceAll(w, "_", " ") }
//
// # Exactness
//
// The reference is HF tokenizers 0.23.2 with add_special_tokens=False, and for
// .tiktoken files tiktoken 0.14.0. Ids are equal for all text, including cases
// that other ports get wrong: runs of spaces that are tokens, long runs of
// combining marks, code points newer than the Unicode tables of a Go release,
// special tokens within text. Text that is not valid UTF-8 is an error; it is
// never replaced.
//
// These parts of a tokenizer.json are supported; an error that wraps
// [ErrUnsupported] names what is not:
//
//   - normalizers NFC, NFD, NFKC, NFKD and sequences of them
//   - pre-tokenizers ByteLevel, Digits, Punctuation, Split, Whitespace,
//     WhitespaceSplit, BertPreTokenizer and sequences of them with one ByteLevel
//   - the model BPE without dropout, prefix and suffix
//   - added tokens with all their flags
//
// The pattern of a Split may use most of Oniguruma's syntax, but no back
// references and no POSIX brackets. The post-processor, the decoder, truncation
// and padding are ignored: they make no difference to the ids of a whole text. As
// in HF, bytes without a token become the unknown token or, if there is none,
// are left out, and added tokens that the vocabulary lacks are numbered from its
// size on, whatever their id in the file.
//
// Encoding follows HF's steps: take added tokens out of the text, normalize the
// rest, take out the added tokens that match normalized text, split what
// remains by patterns, and encode each piece by merging pairs of tokens,
// lowest rank first ([Sennrich, Haddow and Birch 2016], algorithm 1, on bytes
// as in [Radford et al. 2019], section 2.2). Character classes and
// normalization come from tables derived from HF's behavior, so results do not
// change with the Unicode version of Go or of golang.org/x/text.
//
// # Time and memory
//
// A tokenizer caches the tokens of recent pieces of text ([Settings]).
// Encoding a piece takes time proportional to its length. A pattern that
// backtracks without end on some text makes Encode fail with [ErrText] after
// some 67 million steps.
//
// Speed with the tokenizer of GPT-NeoX on one core, medians of three
// (internal/peers/lemma.py time): the first lemmas of all synsets of WordNet
// 3.0, in millions per second, and 112 kB of WordNet's definitions and
// examples, in MB/s. HF tokenizers 0.23.2 is called through Python, one by one
// or in a batch, whichever is faster. tiktoken-go 0.1.8 has the same
// vocabulary, but gives other ids for prose with runs of spaces.
//
//	                     lemmas   x HF   prose   x HF
//	HF tokenizers          0.21             2.7
//	tiktoken-go            0.39             4.9
//	all pieces cached      8.6      41      113     41
//	empty cache            2.5      12       29     10
//	no cache               3.4      16       37     14
//
// An empty cache is slower than none, because each new piece is looked up,
// encoded and stored. The cache pays when the same pieces come again, for
// instance when the words of a study are encoded a second time. For a single
// pass over many words, set CacheSize to −1. Loading lemma/neox takes a few
// milliseconds.
//
// # Determinism
//
// Results have the same bits for every GOMAXPROCS and on every machine: means
// are summed in float64 in the order of the tokens, divided once and rounded
// once.
//
// [Sennrich, Haddow and Birch 2016]: https://aclanthology.org/P16-1162
// [Radford et al. 2019]: https://cdn.openai.com/better-language-models/language_models_are_unsupervised_multitask_learners.pdf
package lemma
