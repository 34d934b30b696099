//go:build !linux || !amd64 || noasm

package vec

func hasTiles() bool { return false }
