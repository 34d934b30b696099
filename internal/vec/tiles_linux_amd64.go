//go:build amd64 && !noasm

package vec

import (
	"sync"
	"syscall"
)

var tiles struct {
	sync.Once
	has bool
}

// hasTiles reports whether there are matrix tiles for bfloat16 and the kernel
// lets this process use them. It refuses when a thread has a stack for signals
// that the tiles would not fit on (Linux, Documentation/arch/x86/xstate.rst).
func hasTiles() bool {
	tiles.Do(func() {
		for _, f := range tileNeeds {
			if !has(f) {
				return
			}
		}
		const (
			requestPermission = 0x1023 // ARCH_REQ_XCOMP_PERM
			tileData          = 18     // XFEATURE_XTILEDATA
		)
		_, _, err := syscall.RawSyscall(syscall.SYS_ARCH_PRCTL, requestPermission, tileData, 0)
		tiles.has = err == 0
	})
	return tiles.has
}
