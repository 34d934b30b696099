//go:build arm64 && !noasm

package vec

func detect() Level { return NEON }
