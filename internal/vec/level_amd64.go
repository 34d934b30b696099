//go:build amd64 && !noasm

package vec

import "golang.org/x/sys/cpu"

func detect() Level {
	x := &cpu.X86
	switch {
	case x.HasAVX512F && x.HasAVX512BW && x.HasAVX512DQ && x.HasAVX512VL && x.HasAVX2 && x.HasFMA:
		return AVX512
	case x.HasAVX2 && x.HasFMA:
		return AVX2 // every processor with AVX2 has F16C
	}
	return Go
}
