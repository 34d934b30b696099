package quality

import (
	"cmp"
	"context"
	"math"
	"slices"

	"github.com/semamap/semamap/internal/par"
	"github.com/semamap/semamap/tsne/internal/share"
	"github.com/semamap/semamap/tsne/knn"
)

// A Fold is a part of a cross-validation: the rows that a probe is trained on
// and those it is tested on.
type Fold struct{ Train, Test []int32 }

// Probe tells how well a linear classifier reads the labels from rows it was not
// trained on: multinomial logistic regression with the penalty ridge·|w|²/2 on
// the mean loss, columns standardized over the training rows. It returns for
// each row whether its label was right: 1 or 0, and NaN where it was in no test.
// labels are from 0 on. Compare the accuracy with that of a control task, whose
// labels were dealt at random (Hewitt and Liang 2019,
// https://doi.org/10.18653/v1/D19-1275): the difference is the selectivity.
// Probe reads Settings.Workers.
func Probe(ctx context.Context, x knn.Points, labels []int32, folds []Fold, ridge float64, s *Settings) ([]float64, error) {
	set := s.fill()
	if ctx == nil {
		return nil, errNoContext
	}
	if share.Nil(x) {
		return nil, inputErr("there are no rows")
	}
	n, d := x.Dims()
	if len(labels) != n {
		return nil, inputErr("%d labels for %d rows", len(labels), n)
	}
	if !(ridge > 0 && ridge < math.Inf(1)) {
		return nil, inputErr("ridge is %v", ridge)
	}
	classes := 0
	for i, l := range labels {
		if l < 0 || int(l) >= n {
			return nil, inputErr("label of row %d is %d", i, l)
		}
		classes = max(classes, int(l)+1)
	}
	right := make([]float64, n)
	for i := range right {
		right[i] = math.NaN()
	}
	rows := make([]float32, n*d)
	for i := range n {
		row, err := readRow(x, rows[i*d:i*d:(i+1)*d], i, d)
		if err != nil {
			return nil, err
		}
		copy(rows[i*d:], row)
	}
	for f, fold := range folds {
		if len(fold.Train) == 0 {
			return nil, inputErr("fold %d has no rows to train on", f)
		}
		if err := checkIndices("Train", fold.Train, 1, n); err != nil {
			return nil, err
		}
		if err := checkIndices("Test", fold.Test, 1, n); err != nil {
			return nil, err
		}
	}
	err := par.Try(ctx, set.Workers, len(folds), 1, func(_, f, _, _ int) error {
		p := &probe{rows: rows, d: d, labels: labels, classes: classes, ridge: ridge}
		p.standardize(folds[f].Train)
		w, err := p.fit(ctx, folds[f].Train)
		if err != nil {
			return err
		}
		score := make([]float64, classes)
		for _, i := range folds[f].Test {
			p.scores(score, w, int(i))
			best := 0
			for c, v := range score {
				if v > score[best] {
					best = c
				}
			}
			right[i] = 0
			if best == int(labels[i]) {
				right[i] = 1
			}
		}
		return nil
	})
	return right, err
}

// probe is the fit of one fold.
type probe struct {
	rows        []float32
	d           int
	labels      []int32
	classes     int
	ridge       float64
	mean, scale []float64
}

func (p *probe) standardize(train []int32) {
	p.mean, p.scale = make([]float64, p.d), make([]float64, p.d)
	for k, i := range train {
		for c, v := range p.rows[int(i)*p.d:][:p.d] {
			by := float64(v) - p.mean[c]
			p.mean[c] += by / float64(k+1)
			p.scale[c] += by * (float64(v) - p.mean[c])
		}
	}
	for c, v := range p.scale {
		if p.scale[c] = 0; v > 0 {
			p.scale[c] = 1 / math.Sqrt(v/float64(len(train)))
		}
	}
}

// scores sets score to the linear scores of row i. w holds d weights and an
// intercept for each class.
func (p *probe) scores(score, w []float64, i int) {
	for c := range score {
		v := w[c*(p.d+1):][:p.d+1]
		sum := v[p.d]
		for k, x := range p.rows[i*p.d:][:p.d] {
			sum += v[k] * (float64(x) - p.mean[k]) * p.scale[k]
		}
		score[c] = sum
	}
}

// fit minimizes the mean loss and the penalty.
func (p *probe) fit(ctx context.Context, train []int32) ([]float64, error) {
	score := make([]float64, p.classes)
	loss := func(w, grad []float64) float64 {
		var sum float64
		clear(grad)
		for _, i := range train {
			p.scores(score, w, int(i))
			top := score[0]
			for _, v := range score {
				top = max(top, v)
			}
			var all float64
			for _, v := range score {
				all += math.Exp(v - top)
			}
			sum += top + math.Log(all) - score[p.labels[i]]
			row := p.rows[int(i)*p.d:][:p.d]
			for c, v := range score {
				by := math.Exp(v-top) / all
				if c == int(p.labels[i]) {
					by--
				}
				by /= float64(len(train))
				g := grad[c*(p.d+1):][:p.d+1]
				g[p.d] += by
				for k, x := range row {
					g[k] += by * (float64(x) - p.mean[k]) * p.scale[k]
				}
			}
		}
		sum /= float64(len(train))
		for c := range p.classes {
			for k := range p.d {
				v := w[c*(p.d+1)+k]
				sum += p.ridge / 2 * v * v
				grad[c*(p.d+1)+k] += p.ridge * v
			}
		}
		return sum
	}
	return minimize(ctx, loss, p.classes*(p.d+1))
}

// minimize finds the minimum of a smooth convex function from 0 on, by L-BFGS
// with ten pairs and steps that are halved until they pay. f returns the value at
// w and sets the gradient.
func minimize(ctx context.Context, f func(w, grad []float64) float64, n int) ([]float64, error) {
	type pair struct {
		step, change []float64
		rho, alpha   float64
	}
	w, grad, next, nextGrad, dir := make([]float64, n), make([]float64, n), make([]float64, n), make([]float64, n), make([]float64, n)
	dot := func(a, b []float64) (s float64) {
		for i, v := range a {
			s += v * b[i]
		}
		return s
	}
	axpy := func(y []float64, a float64, x []float64) {
		for i, v := range x {
			y[i] += a * v
		}
	}
	at := f(w, grad)
	var pairs []pair
	for range 100 {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		if dot(grad, grad) < 1e-8 {
			break
		}
		copy(dir, grad)
		for i := len(pairs) - 1; i >= 0; i-- {
			q := &pairs[i]
			q.alpha = q.rho * dot(q.step, dir)
			axpy(dir, -q.alpha, q.change)
		}
		if k := len(pairs); k > 0 {
			q := pairs[k-1]
			scale := 1 / (q.rho * dot(q.change, q.change))
			for i := range dir {
				dir[i] *= scale
			}
		}
		for _, q := range pairs {
			axpy(dir, q.alpha-q.rho*dot(q.change, dir), q.step)
		}
		slope, length, value := dot(dir, grad), 1.0, math.Inf(1)
		for ; length > 1e-6; length /= 2 {
			copy(next, w)
			axpy(next, -length, dir)
			if value = f(next, nextGrad); value <= at-1e-4*length*slope {
				break
			}
		}
		if !(value < at) {
			break
		}
		q := pair{step: slices.Clone(next), change: slices.Clone(nextGrad)}
		axpy(q.step, -1, w)
		axpy(q.change, -1, grad)
		if c := dot(q.step, q.change); c > 0 {
			q.rho = 1 / c
			if pairs = append(pairs, q); len(pairs) > 10 {
				pairs = pairs[1:]
			}
		}
		w, next, grad, nextGrad = next, w, nextGrad, grad
		at = value
	}
	return w, nil
}

// AUC returns for each class the area under the ROC curve of values as a score
// for it: the probability that a value of the class is above one of another
// class, equal values counting one half. It is 0.5 for a class of no values or of
// all. There is a label for each value, from 0 to classes−1.
func AUC(values []float32, labels []int32, classes int) ([]float64, error) {
	if classes < 1 || len(labels) != len(values) {
		return nil, inputErr("%d labels of %d classes for %d values", len(labels), classes, len(values))
	}
	if err := checkIndices("labels", labels, 1, classes); err != nil {
		return nil, err
	}
	if i := notFinite(values); i >= 0 {
		return nil, inputErr("value %d is %v", i, values[i])
	}
	order := make([]int32, len(values))
	for i := range order {
		order[i] = int32(i)
	}
	slices.SortFunc(order, func(a, b int32) int { return cmp.Compare(values[a], values[b]) })
	sum, size := make([]float64, classes), make([]float64, classes)
	for lo := 0; lo < len(order); {
		hi := lo + 1
		for hi < len(order) && values[order[hi]] == values[order[lo]] {
			hi++
		}
		for _, i := range order[lo:hi] {
			sum[labels[i]] += float64(lo+hi+1) / 2 // its rank from 1 on
			size[labels[i]]++
		}
		lo = hi
	}
	n := float64(len(values))
	for c := range sum {
		if others := n - size[c]; size[c] > 0 && others > 0 {
			sum[c] = (sum[c] - size[c]*(size[c]+1)/2) / (size[c] * others)
		} else {
			sum[c] = 0.5
		}
	}
	return sum, nil
}
