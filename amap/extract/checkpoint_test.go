package extract

import (
	"bytes"
	"encoding/binary"
	"errors"
	"hash/crc32"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/semamap/semamap/amap"
)

// sumsFile is a small file of sums.
func sumsFile(t testing.TB) []byte {
	t.Helper()
	path := filepath.Join(t.TempDir(), "a.sums")
	mustExtract(t, tiny(t), texts(4, 290), Settings{Tokens: []int32{1, 2, 3, 4, 5, 6}, Units: map[int][]int{1: {0, 2}}, Moments: true, Positions: true, Checkpoint: path})
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// reseal gives changed bytes their right checksum.
func reseal(b []byte) []byte {
	n := len(b) - 4
	return binary.LittleEndian.AppendUint32(b[:n:n], crc32.Checksum(b[:n], crc32.MakeTable(crc32.Castagnoli)))
}

// A damaged file is an error of the format, wherever the damage is.
func TestDamaged(t *testing.T) {
	file := sumsFile(t)
	read := func(b []byte) error {
		_, err := readSums(bytes.NewReader(b), int64(len(b)), nil)
		return err
	}
	if err := read(file); err != nil {
		t.Fatal(err)
	}
	for i := 0; i < len(file); i += 61 {
		b := slices.Clone(file)
		b[i] ^= 0x10
		if err := read(b); !errors.Is(err, amap.ErrFormat) {
			t.Fatalf("byte %d changed: %v", i, err)
		}
		if err := read(file[:i]); !errors.Is(err, amap.ErrFormat) {
			t.Fatalf("cut to %d bytes: %v", i, err)
		}
	}
	if err := read(append(slices.Clone(file), 0)); !errors.Is(err, amap.ErrFormat) {
		t.Errorf("longer: %v", err)
	}
	for _, c := range [][2]string{
		{`"Vocab":300`, `"Vocab":0,"x":1`}, {`"Vocab":300`, `"Vocab":2000000000`}, {`"Window":15`, `"Window":-1`}, {`"Units":[2]`, `"Units":[0]`},
		{`"Units":[2]`, `"Units":[16777216]`}, {`"Layers":[1]`, `"Layers":[-1]`}, {`"Of":1`, `"Of":0`}, {`"Modes":["input"]`, `"Modes":["both"]`},
		{`"Modes":["input"]`, `"Modes":["input","output"]`}, {`"Tokens":[1,2`, `"Tokens":[2,2`}, {`"Tokens":[1,2`, `"Tokens":[-1,2`}, {`"Moments":true`, `"Moments":false`},
		{`"Pending":null`, `"Pending":[1]`}, {`"Taken":0`, `"Taken":-1`},
	} {
		n := binary.LittleEndian.Uint64(file[16:])
		js := bytes.Replace(file[24:24+n], []byte(c[0]), []byte(c[1]), 1)
		if bytes.Equal(js, file[24:24+n]) {
			t.Errorf("no %s in the header", c[0])
		}
		b := binary.LittleEndian.AppendUint64(slices.Clone(file[:16]), uint64(len(js)))
		if err := read(reseal(slices.Concat(b, js, file[24+n:]))); !errors.Is(err, amap.ErrFormat) {
			t.Errorf("%s: %v", c[1], err)
		}
	}
	path := filepath.Join(t.TempDir(), "cut.sums")
	if err := os.WriteFile(path, file[:len(file)/2], 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := ReadSums(path); !errors.Is(err, amap.ErrFormat) || !bytes.Contains([]byte(err.Error()), []byte(path)) {
		t.Error(err)
	}
	if _, err := Extract(t.Context(), tiny(t), seq(texts(4, 290)), &Settings{Checkpoint: path}); !errors.Is(err, amap.ErrFormat) {
		t.Error(err)
	}
}

func FuzzReadSums(f *testing.F) {
	file := sumsFile(f)
	f.Add(file)
	f.Add(file[:40])
	f.Add([]byte(sumsMagic))
	f.Fuzz(func(t *testing.T, b []byte) {
		if len(b) > 4 {
			b = reseal(b)
		}
		s, err := readSums(bytes.NewReader(b), int64(len(b)), nil)
		if err != nil {
			if !errors.Is(err, amap.ErrFormat) {
				t.Fatal(err)
			}
			return
		}
		var out bytes.Buffer
		if err := s.write(&out); err != nil {
			t.Fatal(err)
		}
		if _, err := readSums(&out, int64(out.Len()), nil); err != nil {
			t.Fatal(err)
		}
	})
}
