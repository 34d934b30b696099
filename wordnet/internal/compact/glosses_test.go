package compact

import (
	"bytes"
	"fmt"
	"strings"
	"testing"
)

func packGlosses(t testing.TB, n int) (*Columns, string) {
	t.Helper()
	c := &Columns{}
	c.Raw[SynOff] = []byte("offsets")
	for i := range n {
		c.Glosses = append(c.Glosses, fmt.Sprintf("gloss %d", i))
	}
	var b bytes.Buffer
	if err := PackGlosses(&b, c); err != nil {
		t.Fatal(err)
	}
	return c, b.String()
}

func TestGlosses(t *testing.T) {
	for _, n := range []int{0, 1, perBlock - 1, perBlock, perBlock + 1, 3*perBlock + 5} {
		c, text := packGlosses(t, n)
		g, err := ReadGlosses(text, c.Sum(), n)
		if err != nil {
			t.Fatal(n, err)
		}
		for i, want := range c.Glosses {
			if got, err := g.At(i); got != want || err != nil {
				t.Fatal(n, i, got, err)
			}
		}
		for _, wrong := range []struct {
			sum uint32
			n   int
		}{{c.Sum() + 1, n}, {c.Sum(), n + 1}} {
			if _, err := ReadGlosses(text, wrong.sum, wrong.n); err == nil || !strings.Contains(err.Error(), "another database") {
				t.Error(n, err)
			}
		}
		// Every cut is noticed, and every wrong byte at the latest when a gloss
		// is asked for, but for bits that fill up the last byte of a block.
		for i := range text[:min(len(text), 200)] {
			if _, err := ReadGlosses(text[:i], c.Sum(), n); err == nil {
				t.Fatal("cut at", i)
			}
			bad := text[:i] + string(text[i]^0x10) + text[i+1:]
			g, err := ReadGlosses(bad, c.Sum(), n)
			for k := 0; err == nil && k < n; k++ {
				var got string
				if got, err = g.At(k); err == nil && got != c.Glosses[k] {
					t.Fatal("byte", i, "gloss", k, got)
				}
			}
		}
	}
}

func FuzzGlosses(f *testing.F) {
	for _, n := range []int{0, 3} {
		_, text := packGlosses(f, n)
		f.Add(text, n)
	}
	c, _ := packGlosses(f, 0)
	f.Fuzz(func(t *testing.T, text string, n int) {
		if n < 0 || n > 5000 {
			return
		}
		g, err := ReadGlosses(text, c.Sum(), n)
		if err != nil {
			return
		}
		for i := range n {
			g.At(i)
		}
	})
}
