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
// field φ(y) = Σ_j 1/(1+|y−y_j|²): the normalization is Z = Σ φ(y_i) − n and
// the repulsive force −½∇φ(y_i). So one convolution is enough where [L19] uses
// four in two dimensions, one for each of its charges. Small sets are summed
// exactly; three-dimensional maps and very spread ones are summed by a
// Barnes–Hut tree [vdM14]. The schedule (early exaggeration 12, learning rate
// N/exaggeration) follows [B19] and [KB19]; degrees of freedom follow
// [KLKB20].
//
// # Equal rows
//
// A distinct row counts once in the neighbors, the calibration, the start and
// the repulsion. Its copies share its position. So the map of the distinct rows
// is the one that they have without the copies. Rows that the metric does not
// tell apart are copies as well.
//
// Settings.Weights make copies count. The weights of equal rows are added, and a
// row of weight w acts like w points at one place, without affinity or repulsion
// between them: P and its counterpart on the map, Q, are distributions over the
// same pairs.
//
// Settings.Duplicates can keep equal rows apart. A row with at least as many
// copies as the perplexity then has no solution; Stats.Unsolved counts it.
//
// # Odd data
//
// Ten nearest neighbors kept, of the distinct rows among themselves, and CPU
// seconds, with default settings of each program, one run
// (internal/peers/ugly.py): 1,500 rows in five groups in 20 dimensions, spoiled.
//
//	                                 here          scikit-learn   openTSNE
//	as they are                      .296  0.29    .295  16.7     .294  11.9
//	and 500 rows of zeros            .296  0.30    .294  17.5     .279  13.1
//	and 1,500 rows of zeros          .297  0.30    .291  22.5     .138  17.7
//	copies of heavy tails, up to 54  .297  0.29    .254  28.8     .256  27.7
//	one cell 1e10                    .293  0.26    .009   8.1     .295  12.7
//	20 rows × 1e4                    .288  0.26    .288  19.8     .297  11.8
//	1 % of the cells −9999           .393  0.36    .397  15.7     .388  12.1
//	five columns of Unix times       .294  0.29    .296  15.8     .290   9.8
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
// Seconds on two shared cores of a Zen 4, one run each, for √n groups of points
// in 50 dimensions with default settings: 90 exact neighbors with their
// affinities, and 750 steps. Memory is the peak beyond the process with its
// data.
//
//	                AVX-512                     AVX2
//	      n   neighbors  steps  total   neighbors  steps  total   memory
//	  1,000        0.03   0.17   0.20        0.03   0.16   0.19     6 MB
//	  3,000        0.08   0.32   0.40        0.08   0.31   0.40    15 MB
//	 10,000        0.26   0.50   0.76        0.30   0.50   0.80    36 MB
//	 30,000        0.92    1.6    2.5         1.1    1.6    2.7   103 MB
//	100,000         5.7    5.3   11.0         6.5    5.0   11.5   338 MB
//	300,000          35     16     51          46     15     61   982 MB
//
// A million points took 176 s and 3.4 GB on another machine with matrix tiles
// (AMX), which make long searches faster: 14 s instead of 35 at 300,000. A step
// takes about 70 µs per thousand points from 30,000 on. One core instead of two
// takes 1.7 times as long, at either level. The time of the exact search grows
// with n². If n²·max(d, 32) exceeds 6e13, the approximate search of package knn
// is used; Settings.Search selects it for smaller sets.
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
