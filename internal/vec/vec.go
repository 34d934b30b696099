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
// be lowered, except by the build tag noasm.
package vec

//go:generate sh -c "cd _gen && go run ./neon -out .."

// Level names an instruction set that kernels may use.
type Level uint8

const (
	Go   Level = iota // the pure Go form
	AVX2              // see needs
	AVX512
	NEON // of arm64, which always has it
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

// needs lists the features that the assembly of a level takes beyond those of
// every amd64 processor, by the names in its "Requires" lines. A level has the
// kernels of the one below as well. A test compares the lists with the lines.
var needs = [...][]string{
	AVX2:   {"AVX", "AVX2", "F16C", "FMA3"},
	AVX512: {"AVX512BW", "AVX512DQ", "AVX512F", "AVX512VL", "BMI2", "POPCNT"},
}

// tileNeeds lists the features of the matrix tiles, which the level AVX512
// uses where the system lets it.
var tileNeeds = []string{"AMX-BF16", "AMX-TILE"}

// levelWith returns the best level of amd64 all of whose needs are had.
func levelWith(has func(feature string) bool) Level {
	best := Go
	for _, l := range []Level{AVX2, AVX512} {
		for _, f := range needs[l] {
			if !has(f) {
				return best
			}
		}
		best = l
	}
	return best
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
