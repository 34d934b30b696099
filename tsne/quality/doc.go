// Package quality measures how faithful a map is to the data it shows.
//
// A map is a slice y of n×dims numbers, point after point, as in the result of
// a t-SNE run, but any embedding will do. The measures are
//
//   - [Compare]: the share of the nearest neighbors that are kept, with
//     trustworthiness and continuity ([Venna and Kaski 2001]);
//   - [LabelAgreement] and [LabelAccuracy]: whether neighbors bear the same
//     label, against chance, with a permutation test;
//   - [KL], the Kullback–Leibler divergence that t-SNE minimizes
//     ([van der Maaten and Hinton 2008], eq. 2), with the normalization summed
//     over all pairs and not estimated;
//   - [DistanceCorrelation], Spearman's rank correlation of distances;
//   - [Recall] of a neighbor graph against another.
//
// Data is anything with the two methods of [knn.Points]. [knn.Search] finds
// the neighbors in the data and, given the points of a map as [knn.Rows], those
// on the map.
//
// Neighbors are ordered everywhere by (squared distance, index), so ties have
// one answer. Sums are float64. Where the cost is quadratic Settings.Sample
// bounds it. Results have the same bits for every number of goroutines on one
// machine and build. Inputs are never modified and never kept.
//
// Errors about an argument wrap [ErrInput] and name the place; an error of a
// row of data is passed on with the row. Functions that may run long take a
// context and return its error.
//
// [Venna and Kaski 2001]: https://doi.org/10.1007/3-540-44668-0_68
// [van der Maaten and Hinton 2008]: https://jmlr.org/papers/v9/vandermaaten08a.html
package quality
