// Package semamap is the root of a module for studying how the units of a
// language model respond to the meaning of words. It contains no code. The
// packages can be used independently of each other:
//
//   - [github.com/semamap/semamap/amap] reads activation maps: the mean
//     activation of every unit of every layer on every token; amap/extract makes
//     them from the weights of a language model and text.
//   - [github.com/semamap/semamap/wordnet] reads WordNet and gives the same
//     answers as NLTK; wordnet/wn30 embeds WordNet 3.0, wordnet/wn30/glosses
//     with its definitions; wordnet/check finds probable mistakes in a database.
//   - [github.com/semamap/semamap/lemma] turns words into the tokens of a
//     model and pools their rows; lemma/neox embeds the GPT-NeoX tokenizer;
//     lemma/tiktoken adapts the encodings of tiktoken-go.
//   - [github.com/semamap/semamap/tsne] embeds points in one to three
//     dimensions; tsne/knn finds nearest neighbors; tsne/quality measures maps.
//   - [github.com/semamap/semamap/plot] draws maps of labeled points;
//     plot/viewer writes them as an interactive HTML page.
//
// The folder examples has programs that use the packages. examples/study is the
// study of topic domains and parts of speech by layer, examples/extract makes the
// map for it.
//
// # Compatibility
//
// Before v1 a minor version may break an API, with an entry in CHANGELOG.md.
// The same input, settings and build give the same bits for every GOMAXPROCS
// on one machine. A version that changes result bits lists this in CHANGELOG.md
// under Numerics.
package semamap
