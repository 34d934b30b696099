// Package usage tells what a process of the comparisons has used, where the
// system tells, and reads their data.
package usage

import (
	"fmt"
	"io"
	"os"
	"strconv"
	"strings"

	"github.com/semamap/semamap/internal/npy"
	"github.com/semamap/semamap/tsne/knn"
)

// PeakMB is the peak resident memory of this process.
func PeakMB() float64 {
	b, err := os.ReadFile("/proc/self/status")
	if err != nil {
		return 0
	}
	for line := range strings.Lines(string(b)) {
		if v, ok := strings.CutPrefix(line, "VmHWM:"); ok {
			kb, _ := strconv.ParseFloat(strings.Fields(v)[0], 64)
			return kb / 1024
		}
	}
	return 0
}

// CPUSeconds is the user and system time of this process, in hundredths.
func CPUSeconds() float64 {
	b, err := os.ReadFile("/proc/self/stat")
	if err != nil {
		return 0
	}
	_, rest, _ := strings.Cut(string(b), ") ") // the name of the program may hold spaces
	f := strings.Fields(rest)
	if len(f) < 13 {
		return 0
	}
	user, _ := strconv.ParseFloat(f[11], 64)
	system, _ := strconv.ParseFloat(f[12], 64)
	return (user + system) / 100
}

// Points reads a .npy file of two axes, as float64 if that is its type.
func Points(name string) (knn.Points, error) {
	f, err := os.Open(name)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	h, err := npy.ReadHeader(f)
	if err == nil && len(h.Shape) != 2 {
		err = fmt.Errorf("%d axes, want 2", len(h.Shape))
	}
	if err == nil {
		_, err = f.Seek(0, io.SeekStart)
	}
	if err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	if h.Kind == 'f' && h.Size == 8 {
		x, _, err := npy.Read[float64](f)
		return knn.Rows(x, h.Shape[0], h.Shape[1]), err
	}
	x, _, err := npy.Read[float32](f)
	return knn.Rows(x, h.Shape[0], h.Shape[1]), err
}
