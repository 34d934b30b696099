package main

import (
	"encoding/json"
	"path/filepath"
	"strings"
	"testing"
)

// Copies of rows change neither the measures nor the map of the others, and the
// program says that there are some.
func TestCopies(t *testing.T) {
	dir := data(t)
	table, labels := read(t, filepath.Join(dir, "X.csv")), read(t, filepath.Join(dir, "L.csv"))
	_, rows, _ := strings.Cut(table, "\n")
	write(t, filepath.Join(dir, "M.csv"), table+strings.Repeat(rows, 40))
	write(t, filepath.Join(dir, "N.csv"), strings.Repeat(labels, 41))
	const flags = " -iter 60 -perplexity 20 -quality "
	once, said, err := start(t.Context(), dir, "-in @X.csv -labels @L.csv -out @Y.csv"+flags)
	if err != nil || strings.Contains(said, "copies") || strings.Contains(said, "warning") {
		t.Fatal(said, err)
	}
	many, said, err := start(t.Context(), dir, "-in @M.csv -labels @N.csv -out @Z.csv"+flags)
	if err != nil || !strings.Contains(said, "3600 of 3690 rows are copies") {
		t.Fatal(said, err)
	}
	if y, z := read(t, filepath.Join(dir, "Y.csv")), read(t, filepath.Join(dir, "Z.csv")); !strings.HasPrefix(z, y) {
		t.Error("copies change the map")
	}
	var a, b report
	if err := json.Unmarshal([]byte(once), &a); err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal([]byte(many), &b); err != nil {
		t.Fatal(err)
	}
	if a.Copies != 0 || b.Copies != 3600 || *a.KL != *b.KL || *a.KNN10 != *b.KNN10 || *a.Trust10 != *b.Trust10 || *a.Label10 != *b.Label10 {
		t.Errorf("with copies %s, without %s", many, once)
	}
}

// A state that spoils a map is told in words.
func TestUnsolved(t *testing.T) {
	dir := t.TempDir()
	var table strings.Builder
	for i := range 30 { // all at one distance
		row := strings.Split(strings.Repeat("0 ", 30), " ")[:30]
		row[i] = "1"
		table.WriteString(strings.Join(row, ",") + "\n")
	}
	write(t, filepath.Join(dir, "X.csv"), table.String())
	stdout, said, err := start(t.Context(), dir, "-in @X.csv -out @Y.csv -iter 20 -perplexity 5 -quality")
	if err != nil || !strings.Contains(said, "30 of 30 different rows") || !strings.Contains(stdout, `"unsolved":30`) {
		t.Error(stdout, said, err)
	}
}

// Given positions are scaled down, or kept.
func TestStart(t *testing.T) {
	dir := data(t)
	for _, line := range []string{"-in @X.csv -out @S.npy -iter 300", "-in @X.csv -out @K.npy -start @S.npy -keep-start -iter 0", "-in @X.csv -out @D.npy -start @S.npy -iter 0"} {
		if _, _, err := start(t.Context(), dir, line); err != nil {
			t.Fatal(err)
		}
	}
	if _, _, err := start(t.Context(), dir, "-in @X.csv -out @D.npy -keep-start"); err == nil || !strings.Contains(err.Error(), "-start") {
		t.Error(err)
	}
	given := read(t, filepath.Join(dir, "S.npy"))
	if read(t, filepath.Join(dir, "K.npy")) != given || read(t, filepath.Join(dir, "D.npy")) == given {
		t.Error("-keep-start does not keep the start, or is not needed")
	}
}
