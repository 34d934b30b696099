//go:build !noasm

package vec

import (
	"os"
	"os/exec"
	"regexp"
	"testing"
)

// GODEBUG lowers the level, as the package documentation says. It is read when
// a process starts, so each case is a process: this test binary with the test
// that prints its level. (An emulator may run it outside itself, where the best
// level is another, or not at all.)
func TestGODEBUG(t *testing.T) {
	exe, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	levelWith := func(debug string) string {
		t.Helper()
		cmd := exec.Command(exe, "-test.run=^TestBest$", "-test.v")
		cmd.Env = append(os.Environ(), "GODEBUG="+debug)
		out, err := cmd.CombinedOutput()
		m := regexp.MustCompile(`level=(\w+)`).FindSubmatch(out)
		if err != nil || m == nil {
			t.Fatalf("GODEBUG=%s: %v\n%s", debug, err, out)
		}
		return string(m[1])
	}
	if err := exec.Command(exe, "-test.run=^$").Run(); err != nil {
		t.Skipf("this process cannot start itself: %v", err)
	}
	best := levelWith("")
	for debug, lowered := range map[string]Level{
		"cpu.avx512f=off":              AVX2,
		"cpu.avx512bw=off":             AVX2,
		"cpu.avx512dq=off":             AVX2,
		"cpu.avx512vl=off":             AVX2,
		"gctrace=0,cpu.avx512f=off":    AVX2,
		"cpu.avx2=off":                 Go,
		"cpu.fma=off":                  Go,
		"cpu.avx512f=off,cpu.avx2=off": Go,
		"cpu.aes=off":                  AVX512, // not needed
	} {
		want := lowered.String()
		for _, l := range []Level{Go, AVX2} { // the machine may lack the level
			if best == l.String() && l < lowered {
				want = best
			}
		}
		if got := levelWith(debug); got != want {
			t.Errorf("GODEBUG=%s: level %s, want %s", debug, got, want)
		}
	}
	t.Logf("best level here %v, in a process of its own %s", Best(), best)
}
