//go:build (!amd64 && !arm64) || noasm

package vec

func detect() Level { return Go }
