// Package semamap is the root of a module for studying how the units of a
// language model respond to the meaning of words. It contains no code. The
// packages can be used independently of each other:
//
//   - [github.com/semamap/semamap/amap] reads activation maps: the mean
//     activation of every unit of every layer on every token.
//   - [github.com/semamap/semamap/wordnet] reads WordNet with the answers of
//     NLTK; wordnet/wn30 embeds WordNet 3.0.
//   - [github.com/semamap/semamap/lemma] turns words into the tokens of a
//     model and pools their rows; lemma/neox embeds the GPT-NeoX tokenizer.
//   - [github.com/semamap/semamap/tsne] embeds points in the plane; tsne/knn
//     finds neighbors, tsne/quality judges a map.
//   - [github.com/semamap/semamap/plot] draws maps of labeled points.
//
// The programs under examples show them at work; examples/study is the study
// of domains and parts of speech by layer.
//
// # Compatibility
//
// Before v1 a minor version may break an API, with an entry in CHANGELOG.md.
// The same input, settings and build give the same bits for every GOMAXPROCS
// on one machine; a change of result bits between versions is listed under
// the heading Numerics there.
package semamap
