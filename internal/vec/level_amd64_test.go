//go:build amd64 && !noasm

package vec

import (
	"slices"
	"testing"

	"golang.org/x/sys/cpu"
)

// Each feature that a level asks for is one that has knows: with all flags set
// it is had, with its own cleared it is not.
func TestFeatureNames(t *testing.T) {
	saved := cpu.X86
	defer func() { cpu.X86 = saved }()
	x := &cpu.X86
	flags := map[string]*bool{
		"AVX": &x.HasAVX, "AVX2": &x.HasAVX2, "FMA3": &x.HasFMA, "BMI2": &x.HasBMI2, "POPCNT": &x.HasPOPCNT,
		"AVX512F": &x.HasAVX512F, "AVX512BW": &x.HasAVX512BW, "AVX512DQ": &x.HasAVX512DQ, "AVX512VL": &x.HasAVX512VL,
		"AMX-TILE": &x.HasAMXTile, "AMX-BF16": &x.HasAMXBF16,
	}
	for _, f := range flags {
		*f = true
	}
	for _, f := range slices.Concat(needs[AVX2], needs[AVX512], tileNeeds) {
		flag := flags[f]
		if f == "F16C" { // asked from the processor, but not without AVX
			flag = &x.HasAVX
		} else if flag == nil || !has(f) {
			t.Errorf("%s is set and not had", f)
			continue
		}
		*flag = false
		if has(f) {
			t.Errorf("%s is not set and had", f)
		}
		*flag = true
	}
	if has("no such feature") {
		t.Error("an unknown feature is had")
	}
}
