package main

import (
	"bytes"
	"compress/gzip"
	"context"
	"encoding/json"
	"errors"
	"flag"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/semamap/semamap/internal/golden"
	"github.com/semamap/semamap/wordnet"
	"github.com/semamap/semamap/wordnet/wn30"
)

func out(t *testing.T, args ...string) string {
	t.Helper()
	var b bytes.Buffer
	if err := run(t.Context(), args, &b); err != nil {
		t.Fatal(args, err)
	}
	return b.String()
}

func TestCommands(t *testing.T) {
	for _, c := range []struct {
		args string
		want []string // each a part of the output, in this order
	}{
		{"lookup geese", []string{"goose.n.01  noun.animal  goose\n", "goose.n.03"}},
		{"lookup -pos v dogs", []string{"chase.v.01  verb.motion  chase, chase_after, trail"}},
		{"lookup abaxial well", []string{"[biology.n.01]\n    facing away from the axis", "    \"the abaxial surface of a leaf", "well.r.01"}},
		{"lookup abaxial", []string{"abaxial.a.01  adj.all  abaxial, dorsal  [biology.n.01]\n"}},
		{"tree -relation @ -depth 2 dog.n.01", []string{"dog.n.01\n  canine.n.02\n    carnivore.n.01\n      ...\n  domestic_animal.n.01\n    animal.n.01\n      ...\n"}},
		{"tree -relation also_sees -depth 3 common.a.02", []string{"common.a.02\n  ordinary.a.01\n    common.a.02 (above)\n    usual.a.01\n      common.a.02 (above)\n  usual.a.01\n    common.a.02 (above)\n"}},
		{"similarity dog.n.01 cat.n.01", []string{"dog.n.01  cat.n.01\n", "path  0.2\n", "wup   0.857143\n", "lch   2.02815\n", "below carnivore.n.01\n"}},
		{"similarity -pos n dogs cats", []string{"dog.n.01  cat.n.01\n"}},
		{"similarity dog.n.01 run.v.01", []string{"path", "lch   -  (wordnet: "}},
		{"domains", []string{"   592  law.n.01\n   365  military.n.01\n   210  chemistry.n.01\n   205  computer_science.n.01\n   192  greek_mythology.n.01\n", "  6428  of 117659 synsets have a topic domain, 427 domains\n"}},
		{"domains -all", []string{"   596  law.n.01\n   371  military.n.01\n", "438 domains\n"}},
		{"dump -glosses -pos r", []string{`"definition":"without any others being included or involved","examples":["was entirely to blame",`}},
		{"-wordnet ../../wordnet/testdata/outside/zip_wordnet31.zip lookup cafés", []string{"café.n.01", "    a small restaurant\n    \"let us meet"}},
		{"-wordnet ../../wordnet/testdata/outside/xewn_sym.zip check", []string{"WN002 be.v.01: data.verb:3: pointer \">^ 00000199 v 0000\""}},
		{"-wordnet ../../wordnet/testdata/outside/off1.zip -lenient check", []string{"WN001 data.noun:5: offset 00000293, but the line begins at byte 292\n"}},
		{"check -lenient -wordnet ../../wordnet/testdata/outside/autocrlf.zip", []string{"WN001 data.adj:3: ", "CRLF", "WN001 data.verb:3: "}},
		{"check", []string{"WN101 cycle of hypernyms: restrain.v.01, inhibit.v.04\n", "WN301 ", " defects in 117659 synsets\n"}},
	} {
		got := out(t, strings.Fields(c.args)...)
		rest := got
		for _, w := range c.want {
			i := strings.Index(rest, w)
			if i < 0 {
				t.Errorf("%s: %q is not in its place in %.400q", c.args, w, got)
				break
			}
			rest = rest[i+len(w):]
		}
	}
}

func TestDump(t *testing.T) {
	dec := json.NewDecoder(strings.NewReader(out(t, "dump", "-pos", "r")))
	dec.DisallowUnknownFields()
	n := 0
	for ; ; n++ {
		var r struct {
			Name, POS, LexName       string
			Offset, MinD, MaxD       int
			Lemmas, Topic, Hypernyms []string
			Frames                   []int
			Rel                      map[string][]string
			DefSHA1, ExSHA1          string
			NEx                      int
		}
		if err := dec.Decode(&r); err == io.EOF {
			break
		} else if err != nil {
			t.Fatal(err)
		}
		if r.POS != "r" || r.LexName != "adv.all" || len(r.Lemmas) == 0 || len(r.DefSHA1) != 16 {
			t.Fatal(r)
		}
	}
	if n != 3621 {
		t.Error(n, "adverbs")
	}
}

// A dump of Debian's files is, byte for byte, what NLTK 3.8 gave.
func TestDumpAsNLTK(t *testing.T) {
	const dir = "/usr/share/wordnet"
	if _, err := os.Stat(dir + "/data.noun"); err != nil {
		t.Skip("needs the package wordnet-base of Debian")
	}
	f, err := os.Open(golden.Shared(t, "golden/wordnet/synsets.jsonl.gz"))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	z, err := gzip.NewReader(f)
	if err != nil {
		t.Fatal(err)
	}
	want, err := io.ReadAll(z)
	if err != nil {
		t.Fatal(err)
	}
	if got := out(t, "-wordnet", dir, "dump"); got != string(want) {
		t.Errorf("%d bytes, want %d", len(got), len(want))
	}
	if got := out(t, "lookup", "-wordnet", dir, "-pos", "r", "well"); !strings.Contains(got, "    (often used as a combining form)") {
		t.Error(got)
	}
}

func TestErrors(t *testing.T) {
	empty := t.TempDir()
	broken := t.TempDir()
	bare := t.TempDir()
	compact, err := fs.ReadFile(wn30.FS, "wordnet.compact")
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(bare, "wordnet.compact"), compact, 0o600); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"data.noun", "index.adj"} {
		if err := os.WriteFile(filepath.Join(broken, name), []byte("rubbish\n"), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	for _, c := range []struct {
		args string
		is   error
		text string
	}{
		{"", nil, "no command"},
		{"sing", nil, `no command "sing"`},
		{"lookup", nil, "lookup: 0 arguments"},
		{"lookup -pos x dog", wordnet.ErrNotFound, `"x"`},
		{"lookup dog qwertz", nil, "not in WordNet: qwertz"},
		{"tree dog.n.99", wordnet.ErrNotFound, "dog.n.99"},
		{"tree -relation cousins dog.n.01", wordnet.ErrNotFound, "cousins"},
		{"similarity dog.n.01", nil, "similarity: 1 arguments"},
		{"similarity dog.n.01 qwertz", nil, "qwertz"},
		{"similarity -ic " + filepath.Join(empty, "no") + " dog cat", os.ErrNotExist, ""},
		{"domains law", nil, "domains: 1 arguments"},
		{"-wordnet " + bare + " dump -glosses", wordnet.ErrNoGlosses, "-glosses: "},
		{"-wordnet ../../wordnet/testdata/outside/autocrlf.zip check", wordnet.ErrSyntax, "line ends are CRLF"},
		{"-wordnet " + empty + " domains", wordnet.ErrNoDatabase, empty},
		{"-wordnet " + broken + " check", wordnet.ErrSyntax, "index.adj:1"},
		{"-help", flag.ErrHelp, ""},
	} {
		var b bytes.Buffer
		err := run(t.Context(), strings.Fields(c.args), &b)
		if err == nil || c.is != nil && !errors.Is(err, c.is) || !strings.Contains(err.Error(), c.text) {
			t.Errorf("%q: %v", c.args, err)
		}
	}
}

func TestInterrupted(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	for _, cmd := range []string{"lookup dog", "tree dog.n.01", "domains", "dump", "check"} {
		if err := run(ctx, strings.Fields(cmd), io.Discard); !errors.Is(err, context.Canceled) {
			t.Errorf("%s: %v", cmd, err)
		}
	}
}

type fullDisk struct{}

func (fullDisk) Write([]byte) (int, error) { return 0, io.ErrShortWrite }

func TestOutputFails(t *testing.T) {
	for _, cmd := range []string{"lookup dog", "domains", "dump"} {
		if err := run(t.Context(), strings.Fields(cmd), fullDisk{}); !errors.Is(err, io.ErrShortWrite) {
			t.Errorf("%s: %v", cmd, err)
		}
	}
}
