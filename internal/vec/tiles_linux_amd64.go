//go:build amd64 && !noasm

package vec

import (
	"sync"
	"syscall"

	"golang.org/x/sys/cpu"
)

// hasTiles reports whether there are matrix tiles for bfloat16 and the kernel
// lets this process use them. It refuses when a thread has a stack for signals
// that the tiles would not fit on (Linux, Documentation/arch/x86/xstate.rst).
var hasTiles = sync.OnceValue(func() bool {
	if !cpu.X86.HasAMXTile || !cpu.X86.HasAMXBF16 {
		return false
	}
	const (
		requestPermission = 0x1023 // ARCH_REQ_XCOMP_PERM
		tileData          = 18     // XFEATURE_XTILEDATA
	)
	_, _, err := syscall.RawSyscall(syscall.SYS_ARCH_PRCTL, requestPermission, tileData, 0)
	return err == 0
})
