// Package quality measures how faithful a map is to the data it shows, and what
// the data itself says about labels.
//
// A map is a slice y of n×dims numbers, point after point, such as the
// positions of a tsne.Result. Any other embedding will do. The measures are
//
//   - [Compare]: the share of the nearest neighbors that are kept, with
//     trustworthiness and continuity ([Venna and Kaski 2001]);
//   - [LabelAgreement] and [LabelAccuracy]: whether neighbors have the same
//     label, compared with chance by a permutation test;
//   - [KL], the Kullback–Leibler divergence that t-SNE minimizes
//     ([van der Maaten and Hinton 2008], eq. 2), with the normalization summed
//     over all pairs and not estimated;
//   - [DistanceCorrelation], Spearman's rank correlation of distances;
//   - [Recall] of a neighbor graph against another.
//
// What neighbors on a map have in common need not be so in the data: a map places
// what has no near neighbor by what is left over. These look at the data itself:
//
//   - [Products] finds neighbors among weighted sums of base rows, such as words
//     that are means of their tokens' rows, with some pairs left out, and on null
//     maps, which exchange base rows;
//   - [LabelShares]: the share of neighbors with the same label, point by point;
//   - [Probe]: what a linear classifier reads from rows it was not trained on;
//   - [AUC]: how well single numbers tell a class from the others.
//
// Data is any type with the two methods of [knn.Points]. [knn.Search] finds
// neighbors in the data and, given the positions as [knn.Rows], on the map.
// Distances are those of the data as given: rows of float64 that float32 would
// merge are compared in float64.
//
// Ties among neighbors are broken by index. Sums are float64. Settings.Sample
// limits the cost of [Compare] and [DistanceCorrelation], which is quadratic
// otherwise. Results have the same bits for every number of goroutines on one
// machine and build. No function changes or keeps its inputs.
//
// Errors about an argument wrap [ErrInput] and name the place. An error in
// reading a row of data names the row and wraps the original error. Functions
// that may run long take a context and return its error.
//
// [Venna and Kaski 2001]: https://doi.org/10.1007/3-540-44668-0_68
// [van der Maaten and Hinton 2008]: https://jmlr.org/papers/v9/vandermaaten08a.html
package quality
