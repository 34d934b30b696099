package tsne

import "math"

// Streams of random numbers. A number is a function of seed, stream and
// index, so that it does not depend on the order of use.
const (
	streamProjection = iota + 1
	streamJitter
	streamStart
	streamSpectral
)

func mix(x uint64) uint64 { // the finaliser of SplitMix64
	x += 0x9e3779b97f4a7c15
	x = (x ^ x>>30) * 0xbf58476d1ce4e5b9
	x = (x ^ x>>27) * 0x94d049bb133111eb
	return x ^ x>>31
}

func random(seed uint64, stream, index int) uint64 {
	return mix(mix(mix(seed)^uint64(stream)) ^ uint64(index))
}

// normal returns a standard normal number (Box–Muller).
func normal(seed uint64, stream, index int) float64 {
	a, b := random(seed, stream, 2*index), random(seed, stream, 2*index+1)
	u := (float64(a>>11) + 1) / (1 << 53) // in (0, 1]
	v := float64(b>>11) / (1 << 53)
	return math.Sqrt(-2*math.Log(u)) * math.Cos(2*math.Pi*v)
}
