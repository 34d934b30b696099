package semamap

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"os/exec"
	"slices"
	"strings"
	"testing"
)

const module = "github.com/semamap/semamap"

// mayImport is the table of ARCHITECTURE.md: for each package what of the
// module it may import, and which modules outside the standard library. Any
// package under examples may import everything; a trailing /... allows all
// below.
var mayImport = map[string]struct{ ours, outside []string }{
	"":                  {},
	"/amap":             {[]string{"/internal/vec", "/internal/par", "/internal/npy"}, []string{"github.com/nlpodyssey/gopickle/...", "gonum.org/v1/gonum/mat"}},
	"/wordnet":          {},
	"/wordnet/wn30":     {},
	"/wordnet/wn30/gen": {[]string{"/wordnet"}, nil},
	"/lemma":            {[]string{"/internal/par", "/internal/vec"}, []string{"github.com/pkoukk/tiktoken-go", "golang.org/x/text/unicode/norm"}},
	"/lemma/neox":       {[]string{"/lemma"}, nil},
	"/lemma/neox/gen":   {[]string{"/lemma"}, nil},
	"/tsne":             {[]string{"/tsne/knn", "/internal/vec", "/internal/par"}, nil},
	"/tsne/knn":         {[]string{"/internal/vec", "/internal/par"}, nil},
	"/tsne/quality":     {[]string{"/internal/vec", "/internal/par"}, nil},
	"/plot":             {[]string{"/internal/par"}, []string{"gonum.org/v1/plot/...", "gonum.org/v1/gonum/...", "golang.org/x/image/...", "codeberg.org/go-fonts/...", "codeberg.org/go-pdf/..."}},
	"/internal/vec":     {nil, []string{"golang.org/x/sys/cpu"}},
	"/internal/par":     {},
	"/internal/npy":     {},
	"/internal/golden":  {},
}

type listed struct {
	ImportPath string
	Standard   bool
	Imports    []string
	Deps       []string
}

func list(t *testing.T, args ...string) []listed {
	t.Helper()
	out, err := exec.Command("go", append([]string{"list", "-json=ImportPath,Standard,Imports,Deps"}, args...)...).Output()
	if err != nil {
		t.Skipf("needs the go command: %v", err)
	}
	var all []listed
	for d := json.NewDecoder(bytes.NewReader(out)); ; {
		var l listed
		if err := d.Decode(&l); errors.Is(err, io.EOF) {
			return all
		} else if err != nil {
			t.Fatal(err)
		}
		all = append(all, l)
	}
}

func allowed(list []string, path string) bool {
	return slices.ContainsFunc(list, func(a string) bool {
		prefix, tree := strings.CutSuffix(a, "/...")
		return path == prefix || tree && strings.HasPrefix(path, prefix+"/")
	})
}

func TestImports(t *testing.T) {
	standard := map[string]bool{"C": true, "unsafe": true}
	for _, l := range list(t, "std") {
		standard[l.ImportPath] = true
	}
	for _, l := range list(t, "./...") {
		pkg := strings.TrimPrefix(l.ImportPath, module)
		may, known := mayImport[pkg]
		example := strings.HasPrefix(pkg, "/examples/") || strings.HasPrefix(pkg, "/internal/peers")
		if !known && !example {
			t.Errorf("%s is not in the table", pkg)
			continue
		}
		for _, imp := range l.Imports {
			ours, isOurs := strings.CutPrefix(imp, module)
			switch {
			case imp == "C":
				t.Errorf("%s uses cgo", pkg)
			case example, standard[imp]:
			case isOurs && ours == "/internal/golden":
				t.Errorf("%s imports internal/golden, which is for tests", pkg)
			case isOurs && !allowed(may.ours, ours), !isOurs && !allowed(may.outside, imp):
				t.Errorf("%s may not import %s", pkg, imp)
			}
		}
	}
}

// Users of wordnet and tsne pay for nothing else of the module.
func TestAlone(t *testing.T) {
	for pkg, outside := range map[string][]string{
		"./wordnet": nil,
		"./tsne":    {"golang.org/x/sys/cpu"},
	} {
		for _, l := range list(t, pkg) {
			for _, d := range l.Deps {
				first, _, _ := strings.Cut(d, "/")
				ours := strings.HasPrefix(d, module+"/tsne") || strings.HasPrefix(d, module+"/internal/")
				if strings.Contains(first, ".") && !slices.Contains(outside, d) && !(pkg == "./tsne" && ours) {
					t.Errorf("%s pulls in %s", pkg, d)
				}
			}
		}
	}
}
