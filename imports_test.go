package semamap

import (
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path"
	"slices"
	"strconv"
	"strings"
	"testing"
)

const module = "github.com/semamap/semamap"

// mayImport is the table of ARCHITECTURE.md: for each package what of the
// module it may import, and which modules outside the standard library. Any
// package under examples may import everything; a trailing /... allows all
// below.
var mayImport = map[string]struct{ ours, outside []string }{
	"":                          {},
	"/amap":                     {[]string{"/internal/vec", "/internal/par", "/internal/npy", "/internal/safetensors"}, []string{"github.com/nlpodyssey/gopickle/...", "gonum.org/v1/gonum/mat"}},
	"/amap/extract":             {[]string{"/amap", "/internal/vec", "/internal/par", "/internal/safetensors"}, nil},
	"/wordnet":                  {[]string{"/wordnet/internal/compact"}, nil},
	"/wordnet/check":            {[]string{"/wordnet"}, nil},
	"/wordnet/internal/compact": {},
	"/wordnet/wn30":             {},
	"/wordnet/wn30/glosses":     {[]string{"/wordnet/wn30"}, nil},
	"/wordnet/wn30/gen":         {[]string{"/wordnet", "/wordnet/internal/compact"}, nil},
	"/lemma":                    {[]string{"/lemma/internal/bpe", "/internal/par", "/internal/vec"}, nil},
	"/lemma/neox":               {[]string{"/lemma", "/lemma/internal/bpe"}, nil},
	"/lemma/tiktoken":           {[]string{"/lemma", "/lemma/internal/bpe"}, []string{"github.com/pkoukk/tiktoken-go"}},
	"/lemma/internal/bpe":       {nil, []string{"golang.org/x/text/unicode/norm"}},
	"/lemma/internal/hf":        {[]string{"/lemma"}, nil},
	"/tsne":                     {[]string{"/tsne/knn", "/tsne/internal/share", "/internal/vec", "/internal/par"}, nil},
	"/tsne/knn":                 {[]string{"/tsne/internal/share", "/internal/vec", "/internal/par"}, nil},
	"/tsne/internal/share":      {[]string{"/internal/vec", "/internal/par"}, nil},
	"/tsne/quality":             {[]string{"/tsne/knn", "/tsne/internal/share", "/internal/vec", "/internal/par"}, nil},
	"/plot":                     {[]string{"/internal/par", "/plot/internal/kit"}, []string{"gonum.org/v1/plot/...", "golang.org/x/image/...", "codeberg.org/go-fonts/..."}},
	"/plot/viewer":              {[]string{"/internal/par", "/plot", "/plot/internal/kit"}, []string{"gonum.org/v1/plot/plotter"}},
	"/plot/internal/kit":        {nil, []string{"gonum.org/v1/plot/plotter"}},
	"/plot/internal/plottest":   {nil, []string{"gonum.org/v1/plot/plotter"}},
	"/internal/lemmawork":       {},
	"/internal/vec":             {nil, []string{"golang.org/x/sys/cpu"}},
	"/internal/par":             {},
	"/internal/npy":             {[]string{"/internal/vec"}, nil},
	"/internal/golden":          {},
	"/internal/safetensors":     {},
}

// imports returns what each package of the module imports, tests left out, on
// whatever system its files are for.
func imports(t *testing.T) map[string][]string {
	t.Helper()
	all := map[string][]string{}
	err := fs.WalkDir(os.DirFS("."), ".", func(name string, d fs.DirEntry, err error) error {
		base := path.Base(name)
		switch {
		case err != nil:
			return err
		case d.IsDir() && name != "." && (base[0] == '.' || base[0] == '_' || base == "testdata"):
			return fs.SkipDir
		case d.IsDir(), !strings.HasSuffix(base, ".go"), strings.HasSuffix(base, "_test.go"):
			return nil
		}
		f, err := parser.ParseFile(token.NewFileSet(), name, nil, parser.ImportsOnly)
		if err != nil {
			return err
		}
		pkg := strings.TrimSuffix("/"+path.Dir(name), "/.")
		for _, s := range f.Imports {
			imp, err := strconv.Unquote(s.Path.Value)
			if err != nil {
				return err
			}
			all[pkg] = append(all[pkg], imp)
		}
		if all[pkg] == nil {
			all[pkg] = []string{}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return all
}

// standard reports whether a path is of the standard library: only others
// have a dot in their first element.
func standard(imp string) bool {
	first, _, _ := strings.Cut(imp, "/")
	return !strings.Contains(first, ".") && imp != "C"
}

func allowed(list []string, path string) bool {
	return slices.ContainsFunc(list, func(a string) bool {
		prefix, tree := strings.CutSuffix(a, "/...")
		return path == prefix || tree && strings.HasPrefix(path, prefix+"/")
	})
}

func TestImports(t *testing.T) {
	all := imports(t)
	for pkg := range mayImport {
		if all[pkg] == nil {
			t.Errorf("%s is in the table but not in the module", pkg)
		}
	}
	for pkg, list := range all {
		may, known := mayImport[pkg]
		program := strings.HasPrefix(pkg, "/examples/") || strings.HasPrefix(pkg, "/internal/peers/")
		if !known && !program {
			t.Errorf("%s is not in the table", pkg)
			continue
		}
		for _, imp := range list {
			ours, isOurs := strings.CutPrefix(imp, module)
			switch {
			case imp == "C":
				t.Errorf("%s uses cgo", pkg)
			case program, standard(imp):
			case isOurs && !allowed(may.ours, ours), !isOurs && !allowed(may.outside, imp):
				t.Errorf("%s may not import %s", pkg, imp)
			}
		}
	}
}

// Users of wordnet, tsne and lemma pay for nothing of the other packages, and
// none of these knows the network.
func TestAlone(t *testing.T) {
	all := imports(t)
	for pkg, want := range map[string]func(string) bool{
		"/wordnet": func(imp string) bool { return imp == module+"/wordnet/internal/compact" },
		"/tsne": func(imp string) bool {
			return imp == "golang.org/x/sys/cpu" || strings.HasPrefix(imp, module+"/tsne/") || strings.HasPrefix(imp, module+"/internal/")
		},
		"/lemma/neox": func(imp string) bool {
			return imp == "golang.org/x/sys/cpu" || imp == "golang.org/x/text/unicode/norm" || strings.HasPrefix(imp, module+"/lemma") || strings.HasPrefix(imp, module+"/internal/")
		},
	} {
		seen := map[string]bool{pkg: true}
		for todo := []string{pkg}; len(todo) > 0; todo = todo[1:] {
			for _, imp := range all[todo[0]] {
				if !standard(imp) && !want(imp) || imp == "net/http" {
					t.Errorf("%s pulls in %s through %s", pkg, imp, todo[0])
				}
				if ours, ok := strings.CutPrefix(imp, module); ok && !seen[ours] {
					seen[ours] = true
					todo = append(todo, ours)
				}
			}
		}
	}
}
