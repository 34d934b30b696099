package vec

import (
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// baseline holds what every amd64 processor has, as "Requires" lines name it.
var baseline = []string{"CMOV", "CPUID", "MMX+", "SSE", "SSE2"}

var (
	textLine     = regexp.MustCompile(`^TEXT ·(\w+)\(SB\)`)
	requiresLine = regexp.MustCompile(`^// Requires: (.+)$`)
	// Vector registers that only AVX-512 can encode, its wide ones, its masks.
	highRegister = regexp.MustCompile(`\b([XY](1[6-9]|2\d|3[01])|Z\d+|K[0-7])\b`)
)

// checkAssembly looks at one file of generated assembly for amd64: each
// function is named for a level, or uses only what every processor has, and
// takes only registers and instruction sets of its level. It adds what the
// functions require to used and returns the defects.
func checkAssembly(file, text string, used map[string]map[string]bool) (defects []string) {
	may := map[string][]string{"": baseline}
	may["AVX2"] = slices.Concat(baseline, needs[AVX2])
	may["AVX512"] = slices.Concat(may["AVX2"], needs[AVX512])
	may["AMX"] = slices.Concat(may["AVX512"], tileNeeds)
	var name, level string
	var requires []string
	for i, line := range strings.Split(text, "\n") {
		report := func(format string, args ...any) {
			defects = append(defects, fmt.Sprintf("%s:%d: %s: ", file, i+1, name)+fmt.Sprintf(format, args...))
		}
		if m := requiresLine.FindStringSubmatch(line); m != nil {
			requires = strings.Split(m[1], ", ")
			continue
		}
		if m := textLine.FindStringSubmatch(line); m != nil {
			name, level = m[1], ""
			for _, l := range []string{"AVX2", "AVX512", "AMX"} {
				if strings.HasSuffix(name, l) {
					level = l
				}
			}
			for _, f := range requires {
				if !slices.Contains(may[level], f) {
					report("requires %s", f)
				}
				if used[level] == nil {
					used[level] = map[string]bool{}
				}
				used[level][f] = true
			}
			requires = nil
			continue
		}
		code, _, _ := strings.Cut(line, "//")
		if r := highRegister.FindString(code); r != "" && level != "AVX512" && level != "AMX" {
			report("uses %s: %s", r, strings.TrimSpace(code))
		}
		if level == "" && strings.HasPrefix(strings.TrimSpace(code), "V") {
			report("is not named for a level and has a vector instruction: %s", strings.TrimSpace(code))
		}
	}
	return defects
}

// TestInstructionSets needs no processor: it reads the assembly. A register or
// an instruction that a level lacks kills the program on a machine that has no
// more than that level.
func TestInstructionSets(t *testing.T) {
	files, err := filepath.Glob("*_amd64.s")
	if err != nil || len(files) == 0 {
		t.Fatalf("no assembly: %v", err)
	}
	used := map[string]map[string]bool{}
	for _, file := range files {
		for _, d := range checkAssembly(file, readText(t, file), used) {
			t.Error(d)
		}
	}
	// The levels ask for exactly what their functions take: nothing less, and
	// nothing more, which would shut processors out.
	have := append([]string(nil), baseline...)
	for _, l := range []struct {
		name string
		asks []string
	}{{"AVX2", needs[AVX2]}, {"AVX512", needs[AVX512]}, {"AMX", tileNeeds}} {
		var beyond []string
		for _, f := range slices.Sorted(maps.Keys(used[l.name])) {
			if !slices.Contains(have, f) {
				beyond = append(beyond, f)
			}
		}
		if asks := slices.Sorted(slices.Values(l.asks)); !slices.Equal(beyond, asks) {
			t.Errorf("functions of %s require %v, the level asks for %v", l.name, beyond, asks)
		}
		have = append(have, l.asks...)
	}
}

// Every one of these changes makes a kernel that some processor cannot run.
func TestInstructionSetsMutants(t *testing.T) {
	const file = "fft_amd64.s"
	text := readText(t, file)
	start := strings.Index(text, "TEXT ·fft5AVX2(")
	if start < 0 {
		t.Fatal("fft5AVX2 is gone: choose another function")
	}
	head := strings.LastIndex(text[:start], "// func ")
	before, body := text[:head], text[head:]
	for _, m := range []struct{ name, old, new string }{
		{"a register too many", "Y14", "Y16"},
		{"the last register", "Y0", "Y31"},
		{"a narrow register", "Y1,", "X17,"},
		{"a wide register", "Y2", "Z2"},
		{"a mask", "VMOVUPS ", "VMOVUPS K1, "},
		{"an instruction set", "// Requires: AVX", "// Requires: AVX512VL, AVX"},
		{"an instruction set of its own", "// Requires: AVX", "// Requires: SHA, AVX"},
		{"no name of a level", "·fft5AVX2(", "·fft5("},
	} {
		mutant := before + strings.Replace(body, m.old, m.new, 1)
		if mutant == text {
			t.Errorf("%s: %q does not occur", m.name, m.old)
			continue
		}
		if len(checkAssembly(file, mutant, map[string]map[string]bool{})) == 0 {
			t.Errorf("%s is not noticed", m.name)
		}
	}
}

// A hypervisor may mask any feature alone.
func TestMaskedFeatures(t *testing.T) {
	all := slices.Concat(needs[AVX2], needs[AVX512])
	with := func(out string) Level {
		return levelWith(func(f string) bool { return f != out && slices.Contains(all, f) })
	}
	if l := with(""); l != AVX512 {
		t.Errorf("with everything the level is %v", l)
	}
	for _, f := range all {
		want := AVX2
		if slices.Contains(needs[AVX2], f) {
			want = Go
		}
		if l := with(f); l != want {
			t.Errorf("without %s the level is %v, want %v", f, l, want)
		}
	}
}

func readText(t *testing.T, file string) string {
	t.Helper()
	b, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}
