// Package amap reads and writes activation maps: for each token of a language
// model's vocabulary, the mean activation of every MLP unit.
//
// The maps are the files of SYSIF (https://github.com/CorentinKervadec/SYSIF),
// pickles of torch tensors, and, for users of other tools, safetensors files and
// .npy matrices. [Open] reads the structure only, so a map of 2.5 GB opens in
// about a millisecond. Numbers stay in the file, in its number type, until rows,
// means or statistics are asked for:
//
//	m, err := amap.Open("amap-pythia-70m-….pickle", nil)
//	l, err := m.Layer(amap.Input, 3)
//	row, err := l.Row(nil, 700)            // the units' activations for token 700
//	mean, err := l.Mean(nil, []int32{700, 7856})
//
// A [Layer] can be embedded as it is, with tsne.Embed(ctx, l, nil); package lemma
// averages its rows over the tokens of words.
//
// # Rows, tokens, units
//
// A layer is tokens × units, whatever the layout of the file. Rows are numbered by
// token id; if the map was made with positions, the last window+1 rows are
// positions. A token that the text never held has a row of zeros; only the token
// counts tell it from a token that activates nothing. Token ids are int32, as in
// package lemma; layers and units are int, and a unit is called by both, 3_17, as
// in SYSIF. FORMAT.md in this folder describes the files.
//
// # Files that change while open
//
// If the file is truncated while open, reads return [ErrTruncated]. [Layer.At],
// which has no error result, returns NaN. This holds for files mapped into memory,
// the default of [Open] on Unix, as well as for Options.NoMmap and [NewReader],
// where every read is a ReadAt. Bytes that another process changes in place are
// seen as they are: nothing is cached.
//
// # Hostile files
//
// Nothing in a pickle is executed: a lexer checks the opcodes before the pickle
// machine sees them, and the machine can reach no functions but those of this
// package. Every length in a file is checked against the bytes that are there, so
// opening takes memory in proportion to the structure (at most some 64 MB), never
// to what a file claims. Errors about content name the file and the byte offset.
//
// # Numbers
//
// fp16, bfloat16 and fp32 become float32 exactly. Sums and means are taken in
// float64 in an order that depends on the input alone, so results have the same
// bits for every GOMAXPROCS.
//
// # Speed
//
// Compared with torch 2.15 on the same 2.47 GB file, in CPU seconds on 2 cores
// (internal/peers/amap.py): opening is 18,000 times faster than pickle.load;
// gathering 30,000 × 2,048 into a buffer that is used again 6 times faster than
// l[ids].float() when mapped, 2.5 times with ReadAt; their mean 4 times; statistics
// of all units 67 times. Opening and averaging take 15 MB where torch takes 5.2 GB.
// A pass over a layer of 50,293 × 2,048 in fp16 takes 25 ms of one core by
// [Layer.Row], about the time that its 206 MB take to be read from memory. A file
// that holds units × tokens is best read by [Layer.ReadRows], which takes 0.2 s.
// A buffer that is new each time costs more to touch than the gather itself.
package amap
