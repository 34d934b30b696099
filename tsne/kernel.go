package tsne

import (
	"fmt"
	"math"
	"slices"

	"github.com/semamap/semamap/internal/vec"
)

// A Kernel turns the distances of a row's neighbors into conditional
// probabilities. The default is the Gaussian of Settings.Perplexity.
type Kernel interface {
	check() error
	// neighbors returns how many neighbors are wanted with u distinct rows.
	neighbors(u int) (int, error)
	// row fills p with the probabilities of the neighbors at the squared
	// distances d2, of weight w (nil means 1), and reports whether a solution
	// existed. It uses two rows of scratch.
	row(p, d2, w, scratch []float64) bool
}

// gaussian is the kernel of one perplexity.
type gaussian float64

func (g gaussian) check() error { return nil }
func (g gaussian) neighbors(u int) (int, error) {
	return max(0, min(u-1, int(math.Ceil(3*float64(g))))), nil
}
func (g gaussian) row(p, d2, w, _ []float64) bool {
	_, ok := calibrate(p, d2, w, float64(g))
	return ok
}

// Mixture returns the mean of the Gaussians of several perplexities.
func Mixture(perplexities ...float64) Kernel {
	return mixture{several{"Mixture", slices.Clone(perplexities)}}
}

type mixture struct{ several }

// several is what kernels of several perplexities share.
type several struct {
	name string
	list []float64
}

func (m several) check() error {
	if len(m.list) == 0 {
		return badSetting("Kernel", m.name, "no perplexity")
	}
	for _, u := range m.list {
		if !(u > 1 && u <= math.MaxInt32) {
			return badSetting("Kernel", fmt.Sprintf("%s(%v)", m.name, u), "must be above 1")
		}
	}
	return nil
}

func (m several) neighbors(u int) (int, error) {
	if u > 2 {
		for _, p := range m.list {
			if err := checkPerplexity("Kernel "+m.name, p, u); err != nil {
				return 0, err
			}
		}
	}
	return gaussian(slices.Max(m.list)).neighbors(u)
}

func (m mixture) row(p, d2, w, scratch []float64) bool {
	q := scratch[:len(p)]
	clear(p)
	solved := true
	for _, u := range m.list {
		_, ok := calibrate(q, d2, w, u)
		solved = solved && ok
		for j, v := range q {
			p[j] += v / float64(len(m.list))
		}
	}
	return solved
}

// Multiscale returns the kernel p ∝ Σ √β exp(−β d²), a sum of Gaussians of
// several perplexities, each with its own precision β.
func Multiscale(perplexities ...float64) Kernel {
	return multiscale{several{"Multiscale", slices.Clone(perplexities)}}
}

type multiscale struct{ several }

func (m multiscale) row(p, d2, w, scratch []float64) bool {
	// log(√β exp(−β d²)) is summed by its largest value, at the nearest row.
	near := slices.Min(d2)
	q := scratch[:len(p)]
	beta := scratch[len(p):][:0]
	for _, u := range m.list {
		b, ok := calibrate(q, d2, w, u)
		if !ok {
			copy(p, q)
			return false
		}
		beta = append(beta, b)
	}
	top := math.Inf(-1)
	for _, b := range beta {
		top = max(top, float64(0.5*log(b))-float64(b*near))
	}
	for j, d := range d2 {
		p[j] = 0
		for _, b := range beta {
			p[j] += exp(float64(0.5*log(b)) - float64(b*d) - top)
		}
	}
	distribute(p, w)
	return true
}

// Sigma returns a Gaussian with a fixed standard deviation, in the units of the
// data, over the 90 nearest neighbors.
func Sigma(sigma float64) Kernel { return fixedSigma(sigma) }

type fixedSigma float64

func (s fixedSigma) check() error {
	if !(s > 0 && !math.IsInf(float64(s), 0)) {
		return badSetting("Kernel", fmt.Sprintf("Sigma(%v)", float64(s)), "must be positive and finite")
	}
	return nil
}
func (s fixedSigma) neighbors(u int) (int, error) { return max(0, min(u-1, 90)), nil }
func (s fixedSigma) row(p, d2, w, _ []float64) bool {
	near := slices.Min(d2)
	for j, d := range d2 {
		p[j] = exp(-float64((d-near)/float64(s)) / float64(s) / 2)
	}
	distribute(p, w)
	return true
}

// Uniform returns a kernel that gives each of the k nearest neighbors the same
// probability, times its weight.
func Uniform(k int) Kernel { return uniform(k) }

type uniform int

func (k uniform) check() error {
	if k < 1 {
		return badSetting("Kernel", fmt.Sprintf("Uniform(%d)", int(k)), "must be positive")
	}
	return nil
}
func (k uniform) neighbors(u int) (int, error) {
	if u > 2 && int(k) > u-1 {
		return 0, badSetting("Kernel", fmt.Sprintf("Uniform(%d)", int(k)), fmt.Sprintf("only %d other rows are distinct", u-1))
	}
	return max(0, min(u-1, int(k))), nil
}
func (k uniform) row(p, d2, w, _ []float64) bool {
	ties(p, d2, w, math.Inf(1))
	return true
}

// ties makes p uniform over the neighbors at a squared distance up to most.
func ties(p, d2, w []float64, most float64) {
	for j, d := range d2 {
		p[j] = 0
		if d <= most {
			p[j] = 1
		}
	}
	distribute(p, w)
}

// distribute multiplies p by the weights and divides it by its sum.
func distribute(p, w []float64) {
	var sum float64
	for j := range p {
		if w != nil {
			p[j] *= w[j]
		}
		sum += p[j]
	}
	for j := range p {
		p[j] /= sum
	}
}

// calibrate finds the precision β at which the distribution
// p_j = w_j exp(−β e_j) / S over the neighbors, e_j = d2_j − min d2, has the
// entropy H = −Σ p_j ln(p_j/w_j) = β Σ p_j e_j + ln S of ln u: by Newton's
// method in ln β, where dH/d ln β = −β² Var(e), kept inside a bracket.
// ([vdMH08] search by bisection to 1e-5.) Where there is no solution, p is
// uniform over the nearest neighbors and ok is false.
func calibrate(p, d2, w []float64, u float64) (beta float64, ok bool) {
	near := slices.Min(d2)
	var sumE, all, tied float64 // Σ w e; weights
	for j, d := range d2 {
		wj := 1.0
		if w != nil {
			wj = w[j]
		}
		all += wj
		sumE += float64(wj * (d - near))
		if d == near {
			tied += wj
		}
	}
	if tied >= u || all <= u || tied == all {
		most := near
		if tied < u {
			most = math.Inf(1) // even all are too few
		}
		ties(p, d2, w, most)
		return 0, false
	}
	target := log(u)
	const largest = 1e300
	lo, hi := 0.0, largest // H falls from lo to hi
	beta = min(largest, all/sumE)
	for range 200 {
		var s, se, see float64 // Σ v, Σ v z, Σ v z² with v = w exp(−z), z = β e
		for j, d := range d2 {
			p[j] = -float64(beta * (d - near))
		}
		vec.ExpAll(p)
		for j, d := range d2 {
			z, v := float64(beta*(d-near)), p[j]
			if w != nil {
				v *= w[j]
			}
			p[j] = v
			if v == 0 {
				continue // z may be +Inf
			}
			vz := float64(v * z)
			s += v
			se += vz
			see += float64(vz * z)
		}
		mean := se / s
		diff := mean + log(s) - target
		variance := see/s - float64(mean*mean)
		if math.Abs(diff) <= 1e-14 {
			break
		}
		if diff > 0 {
			lo = beta
		} else {
			hi = beta
		}
		// Newton in ln β; by secant of the bracket's middle when it leaves it.
		next := math.NaN()
		if variance > 0 {
			next = float64(beta * exp(max(-50, min(50, diff/variance))))
		}
		if !(next > lo && next < hi) {
			switch {
			case lo == 0:
				next = beta / 16
			case hi == largest:
				next = min(float64(beta*16), float64(0.5*beta)+float64(0.5*hi))
			default:
				next = float64(math.Sqrt(lo) * math.Sqrt(hi))
			}
			if !(next > lo && next < hi) {
				break // the bracket cannot shrink
			}
		}
		if next == beta {
			break
		}
		beta = next
	}
	var sum float64
	for _, v := range p {
		sum += v
	}
	for j := range p {
		p[j] /= sum
	}
	return beta, true
}
