// Package amap reads and writes activation maps: for each token of a language
// model's vocabulary, the mean activation of every MLP unit.
//
// It reads the files of SYSIF (https://github.com/CorentinKervadec/SYSIF), which
// are pickles of torch tensors, and, for users of other tools, files of torch.save,
// safetensors, .npy and .npz files. [Open] reads only the structure of a file, so a
// map of 2.5 GB opens in about a millisecond. Numbers are read when rows, means or
// statistics are asked for:
//
//	m, err := amap.Open("amap-pythia-70m-….pickle", nil)
//	l, err := m.Layer(amap.Input, 3)
//	row, err := l.Row(nil, 700)            // the units' activations for token 700
//	mean, err := l.Mean(nil, []int32{700, 7856})
//
// A [Layer] can be embedded as it is, with tsne.Embed(ctx, l, nil). Package lemma
// averages its rows over the tokens of words.
//
// # Rows, tokens, units
//
// A layer is tokens × units, whatever the layout of the file. The number of a row
// is its token id. If the map was made with positions, the last window+1 rows are
// positions. A token that did not occur in the text has a row of zeros; only the
// token counts distinguish it from a token that activates nothing. Token ids are
// int32, as in package lemma. A unit is named by its layer and its number in the
// layer, such as 3_17, as in SYSIF. FORMAT.md in this folder describes the files.
//
// # Files that change while open
//
// If the file is truncated while open, reads return [ErrTruncated]; [Layer.At],
// which has no error result, returns NaN. This holds for files mapped into memory,
// the default of [Open] on Unix, and for Options.NoMmap and [NewReader], which use
// ReadAt. Numbers are not cached, so changes made in place are seen.
//
// # Hostile files
//
// Nothing in a pickle is executed. A lexer checks the opcodes before the pickle
// machine sees them, and the machine can only reach functions of this package.
// Every length in a file is checked against the bytes that are there, so the
// memory for opening depends on the structure (at most about 64 MB; for a
// safetensors file of very many tensors, three times its header), not on what a
// file claims. Arrays of a compressed .npz file are unpacked into memory when they are
// first read; their size is limited by the size of the file, and to 1 GB in all.
// Errors about content name the file, the byte offset and the tensor.
//
// # Numbers
//
// fp16, bfloat16 and fp32 become float32 exactly. Sums and means are computed in
// float64 in an order that depends only on the input, so results have the same
// bits for every GOMAXPROCS.
//
// # Speed
//
// Compared with torch 2.15 on the same 2.47 GB file, in CPU seconds on 2 cores
// (internal/peers/amap.py): opening is 6,000 times faster than pickle.load.
// Gathering 30,000 rows of 2,048 into a reused buffer is 6.6 times faster than
// l[ids].float() if the file is mapped, and 2.7 times with ReadAt. Their mean is
// 4 to 4.6 times faster, statistics of all units 30 times. Opening and averaging
// take 15 MB where torch takes 5.2 GB.
//
// [Layer.Row] passes over a layer of 50,293 × 2,048 in fp16 in 25 ms on one core,
// about the time to read its 206 MB from memory. Read a file that holds units ×
// tokens by [Layer.ReadRows], which takes 0.2 s. Reuse buffers: the system takes
// longer to provide the memory of a new one than to gather the rows.
package amap
