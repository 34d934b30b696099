// Package amap reads and writes activation maps: for each token of a language
// model's vocabulary, the mean activation of every MLP unit.
//
// The maps are the files of SYSIF [SYSIF], pickles of torch tensors, and, so
// that people with other tools can bring theirs, safetensors files and .npy
// matrices. [Open] reads the structure only; a map of 2.5 GB opens in about a
// millisecond. Numbers stay in the file, in its number type, until rows, means
// or columns are asked for:
//
//	m, err := amap.Open("amap-pythia-70m-….pickle")
//	l, err := m.Layer(amap.Input, 3)
//	row, err := l.Row(nil, 700)            // the units' activations for token 700
//	mean, err := l.Mean(nil, []int32{700, 7856})
//
// # Rows, tokens, units
//
// A [Layer] is tokens × units, whatever the layout of the file. A row is a token
// id; if the map was made with positions, the last window+1 rows are positions.
// A token that the text never held has a row of zeros, which only [Counts] tell
// from a silent one. Units are called by layer and place, 3_17, as in SYSIF.
//
// # What happens to a file that is cut while open
//
// Mapped (the default of [Open] on Unix): a page that is gone makes the reading
// method return [ErrTruncated]; the process lives. The rest of the page in which the
// file now ends reads as zeros; all methods but [Layer.Row] and [Layer.At] look at
// the file's size afterwards, or do not use the mapping, and return ErrTruncated
// for that too. A slice from [Layer.RawRow] is the mapping itself: touching a
// lost page of it kills the process.
// With WithMmap(false), on other systems, and with [NewReader], every read is a
// ReadAt, RawRow gives nothing, and a cut file can only ever give
// [ErrTruncated]. In both modes bytes that another process changes in place are
// seen as they are: nothing is cached.
//
// # Hostile files
//
// Nothing in a pickle is executed: the opcodes are checked by a lexer before the
// pickle machine sees them, and the only functions that it can reach are those
// of this package. No header's word is trusted: every length is checked against
// the bytes that are there, so opening takes memory in proportion to the
// structure (at most some 64 MB), never to what a file claims. Errors about
// content are *[formatError] with the byte offset.
//
// # Numbers
//
// fp16, bfloat16 and fp32 become float32 exactly. Sums and means are taken in
// float64 in an order that depends on the input alone, so results have the same
// bits for every GOMAXPROCS. FORMAT.md in this folder describes the files.
//
// # Speed
//
// Beside torch 2.15 on the same 2.47 GB file, 2 cores shared with other work, by
// turns in one run (internal/peers/amap.py); ratios of CPU seconds, which other
// work disturbs least: opening 18,000 times faster than pickle.load; gathering
// 30,000 × 2,048 into a buffer that is used again 6 times faster than
// l[ids].float() when mapped, 2.5 times with ReadAt; their mean 4 times; statistics
// of all units 67 times. Opening and averaging take 15 MB where torch takes 5.2 GB.
// A buffer that is new each time costs more to touch than the gather itself.
//
// [SYSIF]: https://github.com/CorentinKervadec/SYSIF
package amap
