// Package extract makes activation maps from the weights of a language model and
// text.
//
// [Load] reads a model from a Hugging Face folder. [Extract] runs it over windows
// of text and sums the activation of every MLP unit by token:
//
//	m, err := extract.Load(os.DirFS("pythia-70m"))
//	sums, err := extract.Extract(ctx, m, documents, &extract.Settings{Vocab: tok.Len()})
//	a, err := sums.Map(amap.Float16)
//	err = a.WriteSYSIF(ctx, file)
//
// Documents are token ids, which package lemma makes of text. The program
// examples/extract does all of this from the command line.
//
// # Windows
//
// A window of 15 tokens is all that the model sees at once. The windows of a
// document of L tokens start at s, s+Stride, …, below L−Window, where s is random
// for each document (0 to Window−1) or [Settings.Start]. This is what SYSIF does,
// so the last tokens of a document are in no window, and a document of at most
// Window tokens has none. Unlike SYSIF, the last windows of a text count even if
// they do not fill a batch.
//
// # Means
//
// The value of a token is the mean activation of a unit over all positions of all
// windows where the token stands (amap.Input), or where the model predicts it
// (amap.Output: the token with the largest logit). The activation is that after
// the activation function, which is what enters the last matrix of the MLP; in a
// gated MLP it is the product with the gate.
//
// Activations are rounded to multiples of 2⁻²⁸ and summed as integers; a mean is
// divided once and rounded once. So the result has the same bits for any number
// of workers, for an extraction that was stopped and continued, and for shards
// that [Merge] joins. SYSIF keeps a running mean in fp16, which is biased for
// frequent tokens; [Settings.Running16] reproduces that.
//
// An activation that is not a finite number below 2²², or a sum of magnitudes
// above 2³⁴, is an error that wraps amap.ErrLimit.
//
// # Memory
//
// The sums take 8 bytes per mode, layer, unit and row; rows of tokens that never
// occur are not touched. [Settings.Tokens] and [Settings.Units] limit them. A
// worker needs a few megabytes, and with amap.Output up to its share of 256 MB.
package extract
