package main

import (
	"encoding/json"
	"os"
	"path/filepath"
	"testing"
)

// A study of one layer that is large enough for every kind of kernel of a
// usual map. CI runs it at every level of kernels.
func TestSmallStudy(t *testing.T) {
	dir := t.TempDir()
	study(t, "-limit", "2000", "-layers", "16", "-draws", "2", "-out", dir)
	b, err := os.ReadFile(filepath.Join(dir, "run.json"))
	if err != nil {
		t.Fatal(err)
	}
	var rec record
	if err := json.Unmarshal(b, &rec); err != nil {
		t.Fatal(err)
	}
	if len(rec.Layers) != 1 {
		t.Fatalf("run.json: %s", b)
	}
	l := rec.Layers[0]
	t.Logf("%d vectors, KL %.3f, part of speech %+v", l.Distinct, l.KL, l.POS)
	if l.Distinct != 1821 || !(l.KL > 1.7 && l.KL < 1.95) || l.POS.Share < l.POS.Chance+0.03 {
		t.Errorf("run.json: %+v", l)
	}
}
