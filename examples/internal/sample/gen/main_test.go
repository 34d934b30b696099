package main

import (
	"bytes"
	"slices"
	"testing"

	"github.com/semamap/semamap/examples/internal/sample"
)

func TestRoundTrip(t *testing.T) {
	m, err := sample.Load()
	if err != nil {
		t.Fatal(err)
	}
	var b bytes.Buffer
	if err := encode(&b, m); err != nil {
		t.Fatal(err)
	}
	again, err := sample.Decode(b.Bytes())
	if err != nil {
		t.Fatal(err)
	}
	if !slices.Equal(again.Values, m.Values) {
		t.Error("values changed")
	}
	for n := 0; n < b.Len(); n += b.Len()/50 + 1 {
		if _, err := sample.Decode(b.Bytes()[:n]); err == nil {
			t.Errorf("cut to %d bytes: no error", n)
		}
	}
}
