package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"math"
	"math/rand/v2"
	"path/filepath"
	"strings"
	"testing"

	"github.com/semamap/semamap/internal/npy"
)

// strokes are the ten digits, as lines between points of a grid of 8×12.
var strokes = [10]string{
	"20 60 82 8a 6c 2c 0a 02 20", "23 50 5c", "03 20 60 82 85 0c 8c", "01 40 82 84 46 88 8a 4c 0b", "60 08 88 65 6c",
	"80 10 05 55 88 8a 5c 0b", "70 22 08 0a 2c 6c 8a 88 66 08", "00 80 3c", "20 60 82 66 26 02 20 26 08 0a 2c 6c 8a 88 66", "85 56 26 03 20 60 82 8a 6c",
}

// digits draws n pictures of 28×28 pixels from 0 to 255, like those of MNIST:
// row i is digit i mod 10, its points moved at random, slanted and blurred.
func digits(n int) []float32 {
	const side = 28
	r := rand.New(rand.NewPCG(28, 28))
	x := make([]float32, n*side*side)
	for i := range n {
		var line [][2]float64
		slant, size, shift := 0.5*r.NormFloat64(), 1.6+0.2*r.NormFloat64(), 1.5*r.NormFloat64()
		for _, p := range strings.Fields(strokes[i%10]) {
			var a, b int
			fmt.Sscanf(p, "%1x%1x", &a, &b)
			h, v := float64(a-4)+0.3*r.NormFloat64(), float64(b-6)+0.3*r.NormFloat64()
			line = append(line, [2]float64{13.5 + shift + size*(h-slant*v/2), 13.5 + size*v})
		}
		for p := range side * side {
			h, v := float64(p%side), float64(p/side)
			near := math.Inf(1)
			for s, a := range line[1:] {
				b := line[s]
				dh, dv := a[0]-b[0], a[1]-b[1]
				at := ((h-b[0])*dh + (v-b[1])*dv) / (dh*dh + dv*dv + 1e-9)
				at = min(max(at, 0), 1)
				near = min(near, math.Hypot(h-b[0]-at*dh, v-b[1]-at*dv))
			}
			x[i*side*side+p] = float32(math.Round(255 * min(max(1.9-near, 0), 1)))
		}
	}
	return x
}

// A map of pictures with all steps: the one test here that is large enough for
// every kind of kernel of a usual run. CI runs it at every level of kernels.
func TestDigits(t *testing.T) {
	const n = 2000
	dir := t.TempDir()
	var b bytes.Buffer
	if err := npy.Write(&b, digits(n), n, 784); err != nil {
		t.Fatal(err)
	}
	write(t, filepath.Join(dir, "X.npy"), b.String())
	var labels strings.Builder
	for i := range n {
		fmt.Fprintln(&labels, i%10)
	}
	write(t, filepath.Join(dir, "L.csv"), labels.String())
	stdout, _, err := start(context.Background(), dir, "-in @X.npy -labels @L.csv -out @Y.csv -quality")
	if err != nil {
		t.Fatal(err)
	}
	var q struct{ KL, KNN10, Trust10, Label10 float64 }
	if err := json.Unmarshal([]byte(stdout), &q); err != nil {
		t.Fatal(err)
	}
	t.Logf("%+v", q)
	if !(q.KL > 0.7 && q.KL < 0.9) || q.KNN10 < 0.6 || q.Trust10 < 0.98 || q.Label10 < 0.95 {
		t.Errorf("quality %+v", q)
	}
}
