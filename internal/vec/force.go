package vec

import "slices"

// Force makes all kernels use level l, or the best one of the machine when it
// lacks l, until the returned function is called. Only tests call it, to
// compare levels; it must not be called while kernels run.
func Force(l Level) (restore func()) {
	old := level
	if level = l; !slices.Contains(Levels(), l) {
		level = detect()
	}
	return func() { level = old }
}
