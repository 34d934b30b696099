//go:build !amd64 || noasm

package vec

func detect() Level { return Go }
