package main

import (
	"encoding/binary"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// Every encoded instruction is what its comment says, to a disassembler.
func TestEncodings(t *testing.T) {
	objdump, err := exec.LookPath("aarch64-linux-gnu-objdump")
	if err != nil {
		t.Skip("no disassembler: ", err)
	}
	dir := t.TempDir()
	for _, f := range families {
		f.emit()
		if err := write(dir, f.name); err != nil {
			t.Fatal(err)
		}
	}
	var bin []byte
	for _, c := range codes {
		bin = binary.LittleEndian.AppendUint32(bin, c.word)
	}
	file := filepath.Join(dir, "codes")
	if err := os.WriteFile(file, bin, 0o666); err != nil {
		t.Fatal(err)
	}
	out, err := exec.Command(objdump, "-D", "-z", "-b", "binary", "-m", "aarch64", file).Output()
	if err != nil {
		t.Fatal(err)
	}
	n := 0
	for line := range strings.Lines(string(out)) {
		// "   0:\t4e20cc00 \tfmla\tv0.4s, v0.4s, v0.4s"
		field := strings.SplitN(strings.TrimSpace(line), "\t", 3)
		if len(field) < 3 {
			continue
		}
		got := strings.Join(strings.Fields(field[2]), " ")
		if n < len(codes) && got != codes[n].text {
			t.Errorf("%#08x is %q, not %q", codes[n].word, got, codes[n].text)
		}
		n++
	}
	if n != len(codes) || n == 0 {
		t.Errorf("%d instructions disassembled of %d", n, len(codes))
	}
}
