//go:build unix

package amap

import (
	"math"
	"os"
	"syscall"
	"unsafe"
)

const canMap = true

func mapFile(f *os.File, size int64) (data []byte, unmap func() error, err error) {
	if size <= 0 || size > math.MaxInt {
		return nil, nil, syscall.EINVAL
	}
	data, err = syscall.Mmap(int(f.Fd()), 0, int(size), syscall.PROT_READ, syscall.MAP_SHARED)
	if err != nil {
		return nil, nil, err
	}
	return data, func() error { return syscall.Munmap(data) }, nil
}

// offsetOf tells where in the mapping an address lies.
func (s *source) offsetOf(addr uintptr) (int64, bool) {
	if len(s.data) == 0 {
		return 0, false
	}
	base := uintptr(unsafe.Pointer(unsafe.SliceData(s.data)))
	if addr < base || addr-base >= uintptr(len(s.data)) {
		return 0, false
	}
	return int64(addr - base), true
}
