package tsne

import "math"

// A Recorder keeps frames of a run and its KL over the steps, for an
// animation. The zero value records every tenth step.
//
//	for range run.Steps() {
//		rec.Record(run)
//	}
type Recorder struct {
	// Every is the number of steps between frames. Zero means 10.
	Every int

	Frames []Frame
	Curve  []CurvePoint
}

// A Frame holds the positions of all rows at one step in 16-bit numbers: row
// i is at Lo + Side·X[i]/65535 in each dimension.
type Frame struct {
	Iter int
	Dims int
	Lo   [3]float32
	Side float32
	X    []uint16 // rows × Dims
}

// At returns the position of row i.
func (f *Frame) At(i int) (x [3]float32) {
	for c := range f.Dims {
		x[c] = f.Lo[c] + f.Side*float32(f.X[i*f.Dims+c])/math.MaxUint16
	}
	return x
}

// A CurvePoint is the KL of the map after a step.
type CurvePoint struct {
	Iter int
	KL   float64
}

// Record keeps a frame and the KL if the run stands at a multiple of Every
// steps. KL costs about as much as a step.
func (rec *Recorder) Record(r *Run) {
	every := rec.Every
	if every <= 0 {
		every = 10
	}
	if r.iter%every != 0 {
		return
	}
	f := Frame{Iter: r.iter, Dims: r.s.Dims, Side: float32(r.box.side())}
	copy(f.Lo[:f.Dims], r.box.lo[:])
	y := r.Positions(nil)
	f.X = make([]uint16, len(y))
	for i, v := range y {
		if f.Side > 0 {
			u := float64(v-f.Lo[i%f.Dims]) / float64(f.Side) * math.MaxUint16
			f.X[i] = uint16(min(max(math.Round(u), 0), math.MaxUint16))
		}
	}
	rec.Frames = append(rec.Frames, f)
	rec.Curve = append(rec.Curve, CurvePoint{r.iter, r.KL()})
}
