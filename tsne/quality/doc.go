// Package quality measures how faithful a map is to the data it shows.
//
// A map is a slice y of n×dims numbers, point after point, as in the result of
// a t-SNE run, but any embedding will do. The measures are
//
//   - [KL], the Kullback–Leibler divergence t-SNE minimises [vdMH08, eq. 2],
//     with the normalisation summed over all pairs and not estimated;
//   - [Preservation], the share of the nearest neighbours that are kept, and
//     [Recall] of an approximate neighbour graph, the same sum for lists;
//   - [Trustworthiness] and [Continuity] [VK01], and [CompareNeighbors], which
//     gives all three from one pass over the data;
//   - [LabelAgreement] and [LabelAccuracy]: whether neighbours bear the same
//     label, against chance, with a permutation test;
//   - [DistanceCorrelation], Spearman's rank correlation of distances;
//   - [ForceError], which tests a fast repulsion against the sum over pairs.
//
// [Neighbors] finds the exact nearest neighbours in a map.
//
// Neighbours are ordered everywhere by (squared distance, index), so ties have
// one answer. Sums are float64. Where the cost is quadratic a [Sample] bounds
// it. Results have the same bits for every number of goroutines on one machine
// and build. Inputs are never modified and never kept.
//
// Wrong input gives an error that wraps [ErrInput] and names the place;
// functions that may run long take a context and return its error.
//
// [VK01]: https://doi.org/10.1007/3-540-44668-0_68
//
// [vdMH08]: https://jmlr.org/papers/v9/vandermaaten08a.html
package quality
