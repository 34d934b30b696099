// Package tsne embeds high-dimensional points in one, two or three
// dimensions so that neighbours stay neighbours. [Embed] does the whole job;
// to watch, stop, continue or store a run, use [New] and range over
// [Run.Steps].
//
//	res, err := tsne.Embed(ctx, tsne.Rows(x, n, d), nil)
//
// Similarities follow [vdMH08] with the sparse neighbour lists of [vdM14]; the
// lists come from package [github.com/semamap/semamap/tsne/knn] and are exact
// by default. Repulsion is a particle-mesh sum as in [L19], but with one
// scalar field: with φ(y) = Σ_j 1/(1+|y−y_j|²) the normalisation is
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
// on with the bits of an unbroken one. Neighbour lists and affinities have the
// same bits on every machine. Maps of different processors may differ: any
// difference in rounding grows over hundreds of steps into another, equally
// good map.
//
// # Cost
//
// Groups of points in 50 dimensions (√n of them), default settings: 90 exact
// neighbours, 750 steps. Seconds of two cores with AVX-512, one run each;
// memory is the peak beyond the process with its data.
//
//	        n   neighbours   steps   in all   memory
//	    1,000         0.01    0.14     0.17     6 MB
//	    3,000         0.05    0.36     0.44    11 MB
//	   10,000         0.17    0.47     0.72    32 MB
//	   30,000         0.59    1.09     1.93    92 MB
//	  100,000         3.4     4.2      8.4    311 MB
//	  300,000        21.7    14.9     39.2    952 MB
//	1,000,000       188      70      270     3213 MB
//
// A step takes 48 µs per thousand points at 30,000, 56 at 100,000, 66 at
// 300,000 and 94 at a million, whose arrays are far larger than the caches.
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
// [vdMH08]: https://jmlr.org/papers/v9/vandermaaten08a.html
// [vdM14]: https://jmlr.org/papers/v15/vandermaaten14a.html
// [L19]: https://doi.org/10.1038/s41592-018-0308-4
// [B19]: https://doi.org/10.1038/s41467-019-13055-y
// [KB19]: https://doi.org/10.1038/s41467-019-13056-x
// [KLKB20]: https://doi.org/10.1007/978-3-030-46150-8_8
package tsne
