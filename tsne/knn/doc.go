// Package knn finds the nearest neighbours of points: exactly, by blocked
// vector kernels, or approximately with a measured recall.
//
// [Search] compares the rows of one set with each other, [Query] the rows of
// one set with those of another. Rows come from slices ([Rows], [Slices]), from
// matrices ([Matrix]), as sparse rows ([CSR]), as weighted sums of base rows
// ([Combine]: means of token rows, bags of words), as known [Distances], or from
// anything with the two methods of [Points]. Inputs are never changed, and not
// kept after a call.
//
// Numbers are compared in float32. Rows of float64 that would lose by that are
// rounded less the mean of their columns, so that only differences count.
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
// that proof are searched again with a bound that lets nothing slip, and
// Stats.Rechecked counts them. The lists therefore have the same bits for
// every processor, number of goroutines, memory limit and exact method.
//
// The approximate search, too, gives the same graph everywhere for one seed.
//
// # Cost
//
// The exact search takes at most n²·d floating-point operations (all pairs
// once) at nearly the rate of the processor's fused multiply-adds, and about
// 16·(k+8) + 12·k bytes a row. It compares near rows first, in the order of a
// random tree, and passes over groups of rows that are too far apart, which
// pays for rows of few numbers. Long rows that lie near a subspace, as images
// do, are compared by their projections to it: the distance of two
// projections, with what lies outside, bounds that of the rows from below and
// excludes nearly all pairs. A
// sample decides whether that is cheaper; lists do not depend on it.
//
// Rows of at most three numbers, as those of a t-SNE map, are searched by a
// tree of boxes (up to 256 neighbours each): about 3 µs a row for ten
// neighbours.
//
// On processors with matrix tiles (Intel AMX, under Linux) rows of 16 numbers
// or more are compared as sums of two bfloat16, whose products take about a
// fourth of the time. The error is larger, though bounded as strictly: where
// rows stand in tight clusters, more lists are left without proof and are
// searched again in float32. The first search asks the kernel to let the
// process use the tiles (arch_prctl, ARCH_REQ_XCOMP_PERM). Where it refuses, as
// when a thread of C code has a small stack for signals, float32 is used;
// afterwards it refuses such stacks instead.
//
// Combined points of v base rows with t terms each take v²·d + about 16·n²·t
// operations of the memory's rate instead, and 4·v² bytes.
//
// Without vector kernels (other processors than amd64 and arm64, or the build
// tag noasm) the product itself is some forty times slower than with AVX-512.
// Those of arm64 have not been timed.
//
// Data on which float32 copies, less the mean of all rows, cannot tell
// neighbours apart (two far clusters of tiny spread) is searched at the rate
// of the float64 definition: right, but many times slower.
//
// Equal rows are found first and searched once.
package knn
