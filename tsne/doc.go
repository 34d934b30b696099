// Package tsne embeds high-dimensional points in one, two or three dimensions
// so that neighbors stay neighbors (t-distributed stochastic neighbor
// embedding). [Embed] does the whole job. To watch, stop, continue or save a
// run, use [New], or [Open] for a run in a file, and range over [Run.Steps].
//
//	res, err := tsne.Embed(ctx, tsne.Rows(x, n, d), nil)
//
// Points come from slices ([Rows], [Slices]), gonum matrices ([Matrix]), sparse
// rows ([CSR]), a matrix of distances ([Distances]), or any type with the two
// methods of [Points], such as a layer of an activation map. A graph of another
// program goes into Settings.Neighbors or Settings.Affinities.
//
// # Method
//
// Similarities follow [vdMH08] with the sparse neighbor lists of [vdM14]; the
// lists come from package [github.com/semamap/semamap/tsne/knn] and are exact
// by default. Repulsion is a particle-mesh sum as in [L19], but of one scalar
// field φ(y) = Σ_j 1/(1+|y−y_j|²): the normalization is Z = Σ φ(y_i) − N and
// the repulsive force −½∇φ(y_i). So one convolution is enough where [L19] uses
// four in two dimensions, one for each of its charges. Small sets are summed
// exactly; three-dimensional maps and very spread ones are summed by a
// Barnes–Hut tree [vdM14]. The schedule (early exaggeration 12, learning rate
// N/exaggeration) follows [B19] and [KB19]; degrees of freedom follow
// [KLKB20].
//
// Equal rows are merged into one point, which counts as many times as there are
// copies. The copies share one position and have no affinity to each other.
// Without merging, the perplexity equation has no solution for a row with more
// copies than the perplexity.
//
// # Determinism
//
// The same data, [Settings] and build give the same bits for every GOMAXPROCS
// and Settings.Workers on one machine. A run resumed from [Run.Save] gives the
// same bits as one that was not interrupted. Neighbor lists and affinities have
// the same bits on every machine. Maps may differ between processors: a
// difference in rounding grows over hundreds of steps into a different, equally
// good map.
//
// # Cost
//
// Seconds on two cores with AVX-512 and matrix tiles (AMX), one run each, for
// √n groups of points in 50 dimensions with default settings: 90 exact
// neighbors, 750 steps. Memory is the peak beyond the process with its data.
//
//	        n   neighbors   steps    total   memory
//	    1,000         0.01    0.12     0.15     6 MB
//	    3,000         0.04    0.36     0.42    17 MB
//	   10,000         0.15    0.48     0.71    37 MB
//	   30,000         0.51    1.14     1.92   102 MB
//	  100,000         2.6     4.5      7.9    335 MB
//	  300,000        14.0    15.2     31.8    954 MB
//	1,000,000       111      54      176     3371 MB
//
// A step takes 51 µs per thousand points at 30,000, 59 at 100,000, 68 at
// 300,000 and 72 at a million points, whose arrays are far larger than the
// caches. The time of the exact search grows with n². If n²·max(d, 32) exceeds
// 6e13, the approximate search of package knn is used; Settings.Search selects
// it for smaller sets.
//
// # Precision
//
// Positions, affinities and forces are float32; distances, calibration, Z and
// KL are float64 sums. At the default spacing the mesh is within 2 % rms of
// the exact forces and 0.3 % of the exact Z.
//
// # References
//
//   - [vdMH08] van der Maaten and Hinton 2008, https://jmlr.org/papers/v9/vandermaaten08a.html
//   - [vdM14] van der Maaten 2014, https://jmlr.org/papers/v15/vandermaaten14a.html
//   - [L19] Linderman et al. 2019, https://doi.org/10.1038/s41592-018-0308-4
//   - [B19] Belkina et al. 2019, https://doi.org/10.1038/s41467-019-13055-y
//   - [KB19] Kobak and Berens 2019, https://doi.org/10.1038/s41467-019-13056-x
//   - [KLKB20] Kobak et al. 2020, https://doi.org/10.1007/978-3-030-46150-8_8
package tsne
