//go:build !amd64 || noasm

package vec

func selectKeys(_ Level, a []uint64, n int) { selectKeysGo(a, n) }
