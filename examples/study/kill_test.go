package main

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

// asProgram makes the test binary run the program instead of the tests.
const asProgram = "STUDY_AS_PROGRAM"

func TestMain(m *testing.M) {
	if os.Getenv(asProgram) != "" {
		if err := run(context.Background(), os.Args[1:], os.Stdout, os.Stderr); err != nil {
			os.Stderr.WriteString(err.Error() + "\n")
			os.Exit(1)
		}
		os.Exit(0)
	}
	os.Exit(m.Run())
}

// outputs returns all files of a folder by name. The times in run.json, and the
// phases, which tell which layers a run made itself, are left out.
func outputs(t *testing.T, dir string) map[string][]byte {
	t.Helper()
	files := map[string][]byte{}
	err := filepath.WalkDir(dir, func(path string, d os.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		b, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		name, _ := filepath.Rel(dir, path)
		if name == "run.json" {
			var r map[string]any
			if err := json.Unmarshal(b, &r); err != nil {
				return err
			}
			for _, times := range []string{"started", "phases", "seconds"} {
				delete(r, times)
			}
			if b, err = json.Marshal(r); err != nil {
				return err
			}
		}
		files[filepath.ToSlash(name)] = b
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return files
}

func sameOutputs(t *testing.T, what string, got, want map[string][]byte) {
	t.Helper()
	for name, b := range want {
		if g, ok := got[name]; !ok {
			t.Errorf("%s: no %s", what, name)
		} else if !bytes.Equal(g, b) {
			t.Errorf("%s: %s has other bytes", what, name)
		}
	}
	for name := range got {
		if _, ok := want[name]; !ok {
			t.Errorf("%s: left %s", what, name)
		}
	}
}

// A run that is killed at any time, again and again, ends with the bytes of one
// that was left alone.
func TestKilled(t *testing.T) {
	kills := 50
	if testing.Short() {
		kills = 5
	}
	args := []string{"-limit", "400", "-draws", "2", "-layers", "0,13"}
	start := func(dir string) *exec.Cmd {
		cmd := exec.Command(os.Args[0], append(args, "-out", dir)...)
		cmd.Env = append(os.Environ(), asProgram+"=1")
		cmd.Stdout, cmd.Stderr = io.Discard, new(bytes.Buffer)
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		return cmd
	}
	whole := t.TempDir()
	began := time.Now()
	if cmd := start(whole); cmd.Wait() != nil {
		t.Fatal(cmd.Stderr)
	}
	takes := time.Since(began)
	want := outputs(t, whole)
	rng := rand.New(rand.NewPCG(1, 2))
	killed, between, parts := 0, 0, 0
	for runs := 0; killed < kills; runs++ {
		if runs == 10*kills {
			t.Fatalf("killed only %d of %d runs", killed, runs)
		}
		dir := filepath.Join(t.TempDir(), "out")
		for {
			cmd := start(dir)
			var timer *time.Timer
			if killed < kills {
				timer = time.AfterFunc(time.Duration(rng.Float64()*float64(takes)), func() { cmd.Process.Kill() })
			}
			err := cmd.Wait()
			if timer != nil {
				timer.Stop()
			}
			if err == nil {
				break
			}
			if cmd.ProcessState.Exited() {
				t.Fatal(cmd.Stderr)
			}
			killed++
			if layers, _ := filepath.Glob(filepath.Join(dir, finished, "*layer*.json")); len(layers) == 1 {
				between++
			}
			if left, _ := filepath.Glob(filepath.Join(dir, "*", ".*")); len(left) > 0 {
				parts++
			}
		}
		sameOutputs(t, "killed and continued", outputs(t, dir), want)
	}
	t.Logf("%d kills, %d of them between layers, %d within a file", killed, between, parts)
}

// Runs over parts of the layers, merged, are one run over all of them.
func TestMerge(t *testing.T) {
	dir := t.TempDir()
	in := func(name string) string { return filepath.Join(dir, name) }
	args := []string{"-limit", "400", "-draws", "2", "-reproduce-notebook"}
	part := func(out, layers string, more ...string) {
		study(t, slices.Concat(args, []string{"-layers", layers, "-out", in(out)}, more)...)
	}
	part("whole", "0,10,20")
	part("a", "10")
	part("b", "0,20")
	merged := study(t, "merge", in("b"), in("a"), "-out", in("merged"))
	want := outputs(t, in("whole"))
	sameOutputs(t, "merged", outputs(t, in("merged")), want)
	if want["figures/notebook.png"] == nil {
		t.Errorf("no figure of the notebook")
	}
	if again := study(t, "merge", in("merged"), in("b"), "-out", in("again")); strings.ReplaceAll(again, in("again"), in("merged"))[:200] != merged[:200] {
		t.Errorf("merged again: %s", again)
	}
	sameOutputs(t, "merged again", outputs(t, in("again")), want)

	part("seed", "13", "-seed", "3")
	part("limit", "13", "-limit", "300")
	part("other", "10")
	path, _ := filepath.Glob(filepath.Join(in("other"), finished, "*layer*"))
	b, err := os.ReadFile(path[0])
	if err != nil {
		t.Fatal(err)
	}
	at := bytes.Index(b, []byte(`"Y":[`)) + len(`"Y":[`)
	if err := os.WriteFile(path[0], slices.Concat(b[:at], []byte("1"), b[at+bytes.IndexByte(b[at:], ','):]), 0o600); err != nil {
		t.Fatal(err)
	}
	part("input", "13")
	record := filepath.Join(in("input"), "run.json")
	if b, err = os.ReadFile(record); err != nil {
		t.Fatal(err)
	}
	at = bytes.LastIndex(b[:bytes.Index(b, []byte(`"settings"`))], []byte(`"sha256": "`)) + len(`"sha256": "`)
	b[at] = 'x' // of WordNet
	if err := os.WriteFile(record, b, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.MkdirAll(in("empty"), 0o755); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		dirs []string
		want string
	}{
		{[]string{"a", "seed"}, "the setting seed differs, 0 and 3"},
		{[]string{"a", "limit"}, "the setting limit differs, 400 and 300"},
		{[]string{"a", "input"}, "the wordnet differs, WordNet 3.0 (embedded) (sha256 "},
		{[]string{"a", "empty"}, "no run.json"},
		{[]string{"a", "missing"}, "no run.json"},
		{[]string{"a", "other"}, "both have layer 10"},
		{nil, "folders"},
	} {
		args := []string{"merge", "-out", in("refused")}
		for _, d := range c.dirs {
			args = append(args, in(d))
		}
		err := run(t.Context(), args, io.Discard, io.Discard)
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("merge %v: %v, want %q", c.dirs, err, c.want)
			continue
		}
		for _, d := range c.dirs {
			if strings.Contains(c.want, "differ") && !strings.Contains(err.Error(), in(d)) {
				t.Errorf("merge %v: %v does not name %s", c.dirs, err, d)
			}
		}
		if exists(in("refused")) {
			t.Errorf("merge %v wrote something", c.dirs)
		}
	}
}

// A plan names the work and writes nothing.
func TestDryRun(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "out")
	got := study(t, "-dry-run", "-limit", "400", "-layers", "10,16", "-draws", "7", "-out", dir)
	for _, want := range []string{"Layers: 10 16 of", "400 first lemmas", "7 of each of 2 kinds", "domain, top 5: 19 lemmas, 5 classes", "gradient", "cores", "GB", "estimates"} {
		if !strings.Contains(got, want) {
			t.Errorf("no %q in\n%s", want, got)
		}
	}
	if exists(dir) {
		t.Errorf("%s was made", dir)
	}
}
