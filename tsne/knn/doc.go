// Package knn finds the nearest neighbors of points: exactly, by blocked
// vector kernels, or approximately, with a measured recall.
//
// [Search] finds the neighbors of each row among the other rows of a set,
// [Query] the neighbors of new rows in a reference set. Rows come from slices
// ([Rows], [Slices]), matrices ([Matrix]), sparse rows ([CSR]), weighted sums
// of base rows ([Combine]: means of token rows, bags of words), a matrix of
// distances ([Distances]), or any type with the two methods of [Points].
// Settings.Metric selects the distance of two rows.
// Search and Query do not change or keep their inputs.
//
// Rows are searched as float32 numbers. Rows of float64 that float32 does not
// hold are prepared in float64 first. For Euclidean distances, an offset of each
// column is subtracted, which leaves distances the same: its median, which odd
// values do not move, or another quantile that keeps more numbers apart. A
// column in groups too far apart for that becomes two: the place of the group,
// and the place within it. For [Cosine] and [Correlation], rows are centered and
// scaled first. So times in seconds since 1970 keep their neighbors. A reference
// and its queries are prepared alike. Graph.Rounded lists the columns that this
// does not save. Settings.Func gets rows as they are, rounded to float32.
//
// # Exactness
//
// The squared distance of two rows is defined as a sum over eight float64
// lanes without fused operations: number c goes to lane c mod 8, and the lanes
// are joined as ((0+4)+(2+6))+((1+5)+(3+7)). It has the same value on every
// machine. Lists are ordered by (squared distance, index).
//
// The fast kernels work in float32 and only propose candidates. Each list is
// then rescored by the definition. It is accepted only if a bound on the
// rounding error proves that no other row can belong to it. Rows without that
// proof are searched again with a limit that no neighbor can exceed;
// Stats.Rechecked counts them. The bound depends on the length of the row and
// on the distance, not on other rows: a few far rows, or numbers like −9999 for
// what is missing, do not loosen it for the rest. Rows in lumps that are far apart
// are searched lump by lump. So the lists have the same bits for every processor,
// number of goroutines, memory limit and exact method.
//
// The approximate search also gives the same graph everywhere for one seed.
//
// # Cost
//
// The exact search takes at most n²·d floating-point operations (each pair
// once), at nearly the peak rate of the processor's fused multiply-adds, and
// about 16·(k+8) + 12·k bytes per row. Three things make it cheaper, without
// any influence on the lists:
//
//   - Equal rows are found first and searched once.
//   - Large sets of short rows are compared in the order of a random tree, near
//     rows first. Groups of rows that are too far apart are skipped.
//   - Long rows that lie near a subspace, such as images, are compared by their
//     projections onto it. Together with the lengths of what lies outside, the
//     distance of two projections is a lower bound of the distance of the rows,
//     which excludes nearly all pairs. Costs estimated on a sample decide
//     whether and by how many numbers. On amd64 these are rounded to 16-bit
//     integers, and the first of them exclude most pairs.
//
// Sparse rows ([CSR]) are compared through the columns that they share, in
// float64: about a nanosecond for each pair of numbers in one column, and memory
// for the numbers and the lists. If that costs more than comparing dense rows,
// as with more than a tenth of evenly spread numbers, they are made dense. The
// lists have the same bits either way.
//
// Manhattan, Chebyshev and Hamming distances of dense rows take about 0.1 ns per
// pair and column with vector kernels; Jaccard looks at 64 columns at a time.
// All of them are computed for all n² pairs, and equal rows are not merged.
//
// Rows of up to three numbers, such as positions on a t-SNE map, are searched
// by a k-d tree, as are rows of four numbers from 16,384 rows on and rows of
// five from 65,536 rows on: about 3 µs per row for ten neighbors.
//
// Odd data costs little more than clean data. CPU seconds of the exact search, 90
// neighbors of 20,000 rows of 50 numbers unless said otherwise, on a Zen 4 with
// AVX-512 (internal/peers/ugly.py; all of our lists are right):
//
//	                               here   scikit-learn, brute   trees
//	normal                         0.82                  3.77
//	one cell 1e10                  0.70                  3.28
//	20 rows × 1e4                  0.79                  3.50
//	a log-normal column (σ = 3)    0.83                  3.55
//	1 % of the cells −9999         0.68                  3.75
//	5 % of the cells −9999         1.13                  3.92
//	20 % of the cells −9999        0.84                  3.63
//	1 % of the cells 1e30          0.65                  3.11 (.918 right)
//	0.1 % of the cells 1e8         0.94                  3.24
//	five flags × 1e4               0.28                  3.40
//	one of ten columns 1e4         0.34                  3.42
//	half of the rows + 1e4         0.54                  3.13
//	half of the rows × 100         0.74                  3.21
//	lengths by Cauchy's law        0.91                  3.20
//	2,000 rows of 20,000           1.85                  5.40
//	200,000 × 2                    1.08                          cKDTree 3.30, kd_tree 4.96
//	200,000 × 3                    2.41                          cKDTree 5.08, kd_tree 8.91
//
// The most expensive of 165 such sets, 5 % of the cells 1e10, takes 2.8 times as
// long as the normal one.
//
// Combined points of v base rows and t terms per point take v²·d operations,
// about 16·n²·t more that memory bandwidth limits, and 4·v² bytes.
//
// On processors with matrix tiles (Intel AMX, under Linux), rows of 16 numbers
// or more are compared as sums of two bfloat16 numbers, whose products take
// about a fourth of the time. The rounding error is larger, but bounded in the
// same way: in tight clusters more rows are searched again, in float32. The
// first search asks the Linux kernel for permission to use the tiles
// (arch_prctl, ARCH_REQ_XCOMP_PERM). If it refuses, for instance because a
// thread of C code has a small signal stack, float32 is used. Once it has
// granted permission, it refuses such small stacks.
//
// Without vector kernels (processors other than amd64 and arm64, or the build
// tag noasm) the products take about forty times as long as with AVX-512. The
// arm64 kernels have not been timed.
//
// Where float32 cannot tell neighbors apart even after the mean is subtracted,
// as in far clusters of tiny spread, the rows are searched again in groups of
// near rows, relative to the mean of each group. Where that does not help
// either, as for a few rows from which all others are equally far, the distances
// are all taken by the definition. The lists are exact, but the search of these
// rows is slower.
package knn
