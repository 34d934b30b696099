// Package tsne embeds high-dimensional points in one, two or three
// dimensions so that neighbors stay neighbors. [Embed] does the whole job;
// to watch, stop, continue or store a run, use [New] and range over
// [Run.Steps].
//
//	res, err := tsne.Embed(ctx, tsne.Rows(x, n, d), nil)
//
// Rows come from slices, matrices of gonum, sparse rows, distances, or anything
// with the two methods of [Points], such as a layer of an activation map.
//
// Similarities follow [vdMH08] with the sparse neighbor lists of [vdM14]; the
// lists come from package [github.com/semamap/semamap/tsne/knn] and are exact
// by default. Repulsion is a particle-mesh sum as in [L19], but with one
// scalar field: with φ(y) = Σ_j 1/(1+|y−y_j|²) the normalization is
// Z = Σ φ(y_i) − N and the repulsive force −½∇φ(y_i), so one convolution does
// the work of four. Small sets are summed exactly, three-dimensional and very
// spread maps by a Barnes–Hut tree [vdM14]. The schedule (early exaggeration
// 12, learning rate N/exaggeration) follows [B19] and [KB19]; degrees of
// freedom follow [KLKB20].
//
// Equal rows are merged before anything else and count with their
// multiplicity, as if every copy were there, at the same place, with no
// affinity between copies of one row. A row with more copies than the
// perplexity would otherwise have no solution.
//
// # Determinism
//
// The same data, [Settings] and build give the same bits for every GOMAXPROCS
// and Settings.Workers on one machine, and a run resumed from [Run.Save] goes
// on with the bits of an unbroken one. Neighbor lists and affinities have the
// same bits on every machine. Maps of different processors may differ: any
// difference in rounding grows over hundreds of steps into another, equally
// good map.
//
// # Cost
//
// Groups of points in 50 dimensions (√n of them), default settings: 90 exact
// neighbors, 750 steps. Seconds of two cores with AVX-512 and matrix tiles
// (AMX), one run each; memory is the peak beyond the process with its data.
//
//	        n   neighbors   steps   in all   memory
//	    1,000         0.01    0.12     0.15     6 MB
//	    3,000         0.04    0.36     0.42    17 MB
//	   10,000         0.15    0.48     0.71    37 MB
//	   30,000         0.51    1.14     1.92   102 MB
//	  100,000         2.6     4.5      7.9    335 MB
//	  300,000        14.0    15.2     31.8    954 MB
//	1,000,000       111      54      176     3371 MB
//
// A step takes 51 µs per thousand points at 30,000, 59 at 100,000, 68 at
// 300,000 and 72 at a million, whose arrays are far larger than the caches.
// The exact search grows with n²; above n²·max(d, 32) = 6e13 the approximate
// search of package knn takes over, which can be asked for before
// (Settings.Search).
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
