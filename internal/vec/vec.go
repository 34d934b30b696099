// Package vec holds the numeric kernels of the module. Each kernel has a pure
// Go form, which is its specification and its fallback, and on amd64 forms in
// assembly (written by the generators under _gen) that are chosen when the
// program starts. On arm64 most have one, too. The build tag noasm leaves only
// the pure Go forms.
//
// A kernel is documented either as giving equal bits at every level (no fused
// operations, fixed lanes) or as keeping an error bound. Equal bits at every
// level are equal bits on every machine.
//
// # Lower levels
//
// A program uses the best level of its processor. On amd64 the environment
// variable GODEBUG lowers it, which tells whether a bug is one of a level and
// compares their speed:
//
//	GODEBUG=cpu.avx512f=off    AVX2 at most
//	GODEBUG=cpu.avx2=off       pure Go
//	GODEBUG=cpu.amxtile=off    AVX-512 without matrix tiles
//
// It switches off what package golang.org/x/sys/cpu found when the program
// started. Go's runtime reads the same names for its own code; it does not
// know the last one and says so on standard error. The level of arm64 cannot
// be lowered but by the build tag noasm.
package vec

//go:generate sh -c "cd _gen && go run ./neon -out .."

// Level names an instruction set that kernels may use.
type Level uint8

const (
	Go     Level = iota // the pure Go form
	AVX2                // AVX2, FMA and F16C
	AVX512              // AVX-512 F, BW, DQ and VL
	NEON                // of arm64, which always has it
)

func (l Level) String() string {
	switch l {
	case AVX2:
		return "avx2"
	case AVX512:
		return "avx512"
	case NEON:
		return "neon"
	}
	return "go"
}

// level is what the kernels use. Only tests change it.
var level = detect()

// Best returns the level that the kernels use on this machine.
func Best() Level { return level }

// Levels lists the levels that this machine has, the best last.
func Levels() []Level {
	switch l := detect(); l {
	case AVX512:
		return []Level{Go, AVX2, AVX512}
	case Go:
		return []Level{Go}
	default:
		return []Level{Go, l}
	}
}
