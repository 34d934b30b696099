// Package knn finds the nearest neighbours of points: exactly, by blocked
// vector kernels, or approximately with a measured recall.
//
// [Search] compares the rows of one set with each other, [Query] the rows of
// one set with those of another. Points are given as [Rows], as sparse
// [Combination]s of base rows (means of token rows, bags of words), or as
// anything with the two methods of [Points].
//
// # What exact means
//
// The squared distance of two rows is defined as a sum over eight float64
// lanes without fused operations: number c goes to lane c mod 8, and the lanes
// are joined as ((0+4)+(2+6))+((1+5)+(3+7)). It has one value on every
// machine. Lists are ordered by (squared distance, index). The fast kernels
// work in float32 and only propose candidates; each list is then rescored by
// the definition and accepted only with a proof, from a bound on the rounding
// error, that no row outside the candidates can belong to it. Rows without
// that proof are searched again. The lists therefore have the same bits for
// every processor, number of goroutines and memory limit.
package knn
