package golden

import (
	"math"
	"os"
	"strconv"
	"strings"
	"testing"
)

// A Value is a value of a function with more digits than a float64 has: f(X)
// is Hi + Lo, and Hi is f(X) rounded to nearest.
type Value struct{ X, Hi, Lo float64 }

// Ulps returns the error of got in units in the last place of Hi.
func (v Value) Ulps(got float64) float64 {
	hi := math.Abs(v.Hi)
	ulp := math.Nextafter(hi, math.Inf(1)) - hi
	return math.Abs((got - v.Hi - v.Lo) / ulp)
}

// Values reads the values of a function from a file with the three numbers of
// a [Value] in each line. Package math is no reference for them: its bits
// depend on the processor.
func Values(t testing.TB, file string) []Value {
	t.Helper()
	b, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	var all []Value
	for i, line := range strings.Split(strings.TrimSuffix(string(b), "\n"), "\n") {
		if strings.HasPrefix(line, "#") {
			continue
		}
		var x [3]float64
		f := strings.Fields(line)
		for c := range x {
			if len(f) == len(x) && err == nil {
				x[c], err = strconv.ParseFloat(f[c], 64)
			}
		}
		if len(f) != len(x) || err != nil {
			t.Fatalf("%s:%d: %q: %v", file, i+1, line, err)
		}
		all = append(all, Value{x[0], x[1], x[2]})
	}
	return all
}

// Mix hashes a number with a seed: splitmix64. Data for tests that compare
// bits of different machines are made of it, in whole numbers, as it is easily
// written in any language.
func Mix(seed, i uint64) uint64 {
	h := seed*0xd1342543de82ef95 + (i+1)*0x9e3779b97f4a7c15
	h = (h ^ h>>30) * 0xbf58476d1ce4e5b9
	h = (h ^ h>>27) * 0x94d049bb133111eb
	return h ^ h>>31
}
