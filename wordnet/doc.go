// Package wordnet reads WordNet databases and gives the same answers as the
// WordNet reader of NLTK 3.8: synset names and their order, relations, sense
// keys, morphy, paths and similarities.
//
//	db, err := wordnet.Open(wn30.FS, nil) // WordNet 3.0, embedded
//	if err != nil {
//		return err
//	}
//	for s := range db.Synsets("viruses") {
//		fmt.Println(s.Name(), s.LexName())
//	}
//
// [Open] reads the files of WordNet 3.0 and 3.1, and of editions in the same
// format such as Open English WordNet, from any [io/fs.FS]. [OpenDir] reads them
// from a folder or a zip archive, as Princeton, Debian and NLTK distribute them.
// [Find] looks for them in the usual places. Package wordnet/wn30/glosses embeds
// WordNet 3.0; package wordnet/wn30 leaves out its definitions and examples and
// is less than half as large. The program wordnet/wn30/gen embeds another
// WordNet. Package wordnet/check lists probable mistakes in a database.
//
// A [DB] does not change after it is opened, keeps no files open, and may be
// used by any number of goroutines. A [Synset] and a [Lemma] are small values
// that can be compared and used as map keys. Iterators may be used any number
// of times. The same files give the same answers in the same order for every
// GOMAXPROCS.
//
// # NLTK
//
// Methods are named after NLTK's and return what NLTK returns, on all 117,659
// synsets of Debian's files: names, lemmas, relations, depths, definitions,
// examples, frames, keys and counts. [PathSimilarity] and [WuPalmer] give the
// same bits; measures that take a logarithm agree to 1e-12. Settings.NLTK
// selects the answers of a later version where they differ. Newer NLTK returns
// relations unordered; here they are sorted.
//
//	NLTK                               here
//	synsets(word, pos)                 DB.Synsets
//	lemmas(word, pos)                  DB.Lemmas
//	synset(name), lemma(name)          DB.Synset, DB.Lemma
//	lemma_from_key                     DB.LemmaByKey
//	synset_from_pos_and_offset         DB.SynsetAt
//	all_synsets, all_lemma_names       DB.All, DB.LemmaNames
//	morphy, _morphy                    DB.Morphy, DB.BaseForms
//	WordNetLemmatizer().lemmatize      DB.Lemmatize
//	hypernyms(), ...                   Synset.Hypernyms, ..., Synset.Related
//	closure                            Synset.Closure
//	hypernym_paths, root_hypernyms     Synset.HypernymPaths, Synset.Roots
//	hypernym_distances                 Synset.HypernymDistances
//	common_hypernyms, lowest_..        Synset.CommonHypernyms, Synset.LowestCommonHypernyms
//	shortest_path_distance             Synset.Distance
//	path, wup, lch_similarity          PathSimilarity, WuPalmer, LeacockChodorow
//	res, jcn, lin_similarity           IC.Resnik, IC.JiangConrath, IC.Lin
//	wordnet_ic.ic(file), ic(corpus)    DB.ReadIC, DB.BuildIC
//
// Some of NLTK's behavior is surprising and is kept: [WuPalmer] is not
// symmetric and may be below 1 for equal synsets, Synsets(word, AdjSat) also
// returns plain adjectives, and [Lemma.Count] misses 83 counts, which
// [Lemma.TagCount] has.
//
// The following differs:
//
//   - [Synset.Closure] returns each synset once, in the order in which NLTK
//     first returns it.
//   - dog.n.0 and dog.n.-1 are errors, not the last senses of dog. So are
//     numbers with a sign or blanks.
//   - Looking up a word that does not exist never changes later answers. In
//     NLTK it makes all_lemma_names longer.
//   - Lemmas of different synsets are different even if they have the same
//     name. A synset found as a satellite and as an adjective is one synset.
//   - Errors wrap a value of this package. NLTK raises KeyError,
//     AttributeError or ZeroDivisionError if a look-up or a measure fails.
//   - Nothing is printed.
//   - The files lexnames, index.sense and cntlist.rev are optional.
//   - A cycle of hypernyms (WordNet 3.0 has one) never causes endless
//     recursion: see [Synset.HypernymPaths] and [Synset.MinDepth].
//
// There are no other languages (Open Multilingual WordNet), no drawing of
// graphs or trees, no writing, and no downloads.
//
// # Broken databases
//
// If files are malformed, truncated or inconsistent, opening fails with an
// error that wraps [ErrSyntax] and names the file and the line. It never panics
// and never returns a part of the data. Index and data files are checked
// against each other word by word, offsets and pointers are followed, and the
// number of senses with a tag count is compared with the index files. A list of
// exceptions that is truncated at the end of a line is not detected.
//
// With Settings.Lenient, opening succeeds, and [DB.Problems] returns what is
// wrong beside what could be read. Files whose line ends were turned to CRLF can
// be read that way, too.
//
// Pointers with the symbols of other wordnets do not make a database malformed.
// They are left out, and DB.Problems returns them.
//
// # Performance
//
// Beside NLTK 3.8.1 on the same two cores and files, in one run of
// internal/peers/wordnet.py (opening: a new process each time, medians of 5;
// NLTK's is construction and all_synsets; the rest warm). Ratios are noisy, by
// about a fifth.
//
//	                             NLTK       here   ratio
//	open a folder             5788 ms     126 ms      46
//	open wn30                 5788 ms      48 ms     122
//	peak memory, folder        553 MB      58 MB      10
//	peak memory, wn30          553 MB      33 MB      17
//	10,000 synsets(word)       112 ms     5.9 ms      19
//	10,000 morphy               48 ms     3.2 ms      15
//	10,000 path, nouns        1064 ms     3.1 ms     344
//	10,000 wup, nouns         1300 ms     3.8 ms     339
//	10,000 lch, nouns          787 ms     3.3 ms     239
//	10,000 path, verbs         197 ms     0.9 ms     220
//	10,000 wup, verbs          290 ms     1.0 ms     298
//	10,000 lch, verbs          216 ms     1.2 ms     184
//	10,000 hypernym_paths      158 ms     5.5 ms      29
//	hyponym closure of entity  275 ms     1.8 ms     156
//	all topic domains          831 ms     0.9 ms     973
//
// Opening a folder takes 207 ms of processor time, start of the process
// included, and wn30 85 ms. The Go package fluhus/gostuff/nlp/wordnet v1.2.0
// took 9 times as long for a folder in another run. Measures and morphy allocate
// nothing.
//
// # Sources
//
// File formats: wndb(5WN), senseidx(5WN), cntlist(5WN), lexnames(5WN) and
// morphy(7WN) of WordNet 3.0. Behavior: tests compare with the answers of NLTK
// 3.8, and for Settings.NLTK with those of 3.9 and 3.9.4.
package wordnet
