package amap

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"testing"

	"github.com/semamap/semamap/internal/golden"
)

// keysOf returns the storage keys that torch wrote into a file.
func keysOf(b []byte) []string {
	var out []string
	const before = "Storage\nq\x01X"
	for {
		i := bytes.Index(b, []byte(before))
		if i < 0 {
			return out
		}
		b = b[i+len(before):]
		out = append(out, string(b[4:4+b[0]]))
	}
}

func keyed(t *testing.T, b []byte) func(i int) string {
	keys := keysOf(b)
	return func(i int) string {
		if i >= len(keys) {
			t.Fatalf("storage %d, %d keys", i, len(keys))
		}
		return keys[i]
	}
}

// firstDiff tells where two files differ.
func firstDiff(a, b []byte) int {
	for i := range min(len(a), len(b)) {
		if a[i] != b[i] {
			return i
		}
	}
	return min(len(a), len(b))
}

// Given torch's keys, we write what torch wrote.
func TestWriteIdentical(t *testing.T) {
	files := []string{smallFile, "testdata/amap-small-fp32.pickle", "testdata/shared-same-object.pickle"}
	more, err := filepath.Glob("testdata/torch*/same-*.pickle")
	if err != nil || len(more) < 20 {
		t.Fatal(more, err)
	}
	files = append(files, more...)
	for _, file := range files {
		want, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		openBoth(t, file, func(t *testing.T, m *Map) {
			var got bytes.Buffer
			if err := m.writeSYSIF(context.Background(), &got, keyed(t, want)); err != nil {
				t.Fatal(err)
			}
			if !bytes.Equal(got.Bytes(), want) {
				i := firstDiff(got.Bytes(), want)
				t.Errorf("%s: %d bytes, want %d; they differ at %d: %q, want %q", file, got.Len(), len(want), i, got.Bytes()[i:min(i+20, got.Len())], want[i:min(i+20, len(want))])
			}
		})
	}
	for _, name := range []string{"testdata/tokens-count-small.pickle", "testdata/tokens-count-small_position.pickle"} {
		checkCountsWritten(t, name)
	}
	t.Run("medium", func(t *testing.T) { checkCountsWritten(t, golden.Shared(t, "golden/amap/tokens-count-medium.pickle")) })
	t.Run("sample", func(t *testing.T) {
		path := golden.Shared(t, sampleMap)
		want, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		m, err := Open(path, nil)
		if err != nil {
			t.Fatal(err)
		}
		defer m.Close()
		var got bytes.Buffer
		if err := m.writeSYSIF(context.Background(), &got, keyed(t, want)); err != nil || !bytes.Equal(got.Bytes(), want) {
			t.Error(err, firstDiff(got.Bytes(), want))
		}
		// The same map as a view, whose rows are encoded.
		v, err := NewMap(Float16, map[Mode][]Rows{Input: {layer(t, m, Input, 0), layer(t, m, Input, 1), layer(t, m, Input, 2), layer(t, m, Input, 3), layer(t, m, Input, 4), layer(t, m, Input, 5)}}, nil)
		if err != nil {
			t.Fatal(err)
		}
		got.Reset()
		if err := v.writeSYSIF(context.Background(), &got, keyed(t, want)); err != nil || !bytes.Equal(got.Bytes(), want) {
			t.Error(err, firstDiff(got.Bytes(), want))
		}
	})
}

func checkCountsWritten(t *testing.T, file string) {
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	c, err := OpenCounts(file)
	if err != nil {
		t.Fatal(err)
	}
	var got bytes.Buffer
	if err := c.write(&got, keyed(t, want)); err != nil || !bytes.Equal(got.Bytes(), want) {
		t.Error(err, firstDiff(got.Bytes(), want))
	}
}
