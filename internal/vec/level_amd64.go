//go:build amd64 && !noasm

package vec

import "golang.org/x/sys/cpu"

//go:generate sh -c "cd _gen && go run ./cpuid -out ../cpuid_amd64.s -stubs ../cpuid_stubs_amd64.go -pkg vec"

func detect() Level { return levelWith(has) }

// has reports whether the processor, the kernel of the system and GODEBUG
// allow a feature. Each is asked by name: a hypervisor may mask any of them.
func has(feature string) bool {
	x := &cpu.X86
	switch feature {
	case "AVX":
		return x.HasAVX
	case "AVX2":
		return x.HasAVX2
	case "FMA3":
		return x.HasFMA
	case "F16C":
		return x.HasAVX && cpuidFeatures()&(1<<29) != 0
	case "BMI2":
		return x.HasBMI2
	case "POPCNT":
		return x.HasPOPCNT
	case "AVX512F":
		return x.HasAVX512F
	case "AVX512BW":
		return x.HasAVX512BW
	case "AVX512DQ":
		return x.HasAVX512DQ
	case "AVX512VL":
		return x.HasAVX512VL
	case "AMX-TILE":
		return x.HasAMXTile
	case "AMX-BF16":
		return x.HasAMXBF16
	}
	return false
}
