package semamap

import (
	"encoding/json"
	"errors"
	"fmt"
	"go/ast"
	"go/importer"
	"go/parser"
	"go/token"
	"go/types"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/semamap/semamap/internal/golden"
)

// TestAPI compares the exported names of each package, and what they are, with
// the files of the folder api. A change there is a change of what users depend
// on: rewrite the files with -update and say in CHANGELOG.md what changed.
func TestAPI(t *testing.T) {
	m := loadModule(t)
	files := map[string]bool{}
	for _, p := range m.public() {
		file := filepath.Join("api", strings.ReplaceAll(strings.TrimPrefix(p, module+"/"), "/", "-")+".txt")
		files[file] = true
		golden.Check(t, file, []byte(strings.Join(m.describe(t, p), "\n")+"\n"))
	}
	have, err := filepath.Glob("api/*.txt")
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range have {
		if !files[f] {
			t.Errorf("%s is of no package", f)
		}
	}
}

// TestAPIUsed finds exported names that neither a program, nor another package,
// nor an Example uses: promises made to nobody.
func TestAPIUsed(t *testing.T) {
	if testing.Short() {
		t.Skip("checks the types of the whole module")
	}
	m := loadModule(t)
	used := m.uses(t)
	for _, p := range m.public() {
		pkg := m.load(t, p)
		// What a used name mentions in its type is used as well.
		for grown := true; grown; {
			grown = false
			for _, e := range exported(pkg) {
				if !used[m.key(e.obj)] {
					continue
				}
				for _, n := range mentioned(e.obj) {
					if k := m.key(n); !used[k] {
						used[k], grown = true, true
					}
				}
			}
		}
		for _, e := range exported(pkg) {
			if !used[m.key(e.obj)] && !implied(e.obj) {
				t.Errorf("%s: %s is used by no program, no other package and no Example", strings.TrimPrefix(p, module+"/"), e.name)
			}
		}
	}
}

// implied reports whether a method is there for an interface of others, through
// which it is called: error, fmt.Stringer, plotter.XYer, mat.Matrix and the
// like.
func implied(o types.Object) bool {
	f, ok := o.(*types.Func)
	return ok && f.Signature().Recv() != nil && slices.Contains([]string{
		"Error", "Unwrap", "Is", "String", "MarshalText", "UnmarshalText", // error, fmt, encoding
		"Len", "XY", "Dims", "At", "T", "Row", "Flat", "ReadRows", "Close",
	}, f.Name())
}

// A goModule is what the go command knows of this module and its dependencies.
type goModule struct {
	fset *token.FileSet
	pkgs map[string]goPackage
	imp  types.Importer
}

type goPackage struct {
	ImportPath, Dir, Export, Name string
	GoFiles, TestGoFiles          []string
	XTestGoFiles                  []string
	Imports, XTestImports         []string
	DepOnly                       bool
}

func loadModule(t *testing.T) *goModule {
	t.Helper()
	m := &goModule{fset: token.NewFileSet(), pkgs: map[string]goPackage{}}
	cmd := exec.Command("go", "list", "-export", "-deps", "-test", "-json=ImportPath,Dir,Export,Name,GoFiles,TestGoFiles,XTestGoFiles,Imports,XTestImports,DepOnly", "./...")
	cmd.Stderr = os.Stderr
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Skipf("no go command: %v", err)
	}
	for d := json.NewDecoder(out); ; {
		var p goPackage
		if err := d.Decode(&p); errors.Is(err, io.EOF) {
			break
		} else if err != nil {
			t.Fatal(err)
		}
		if !strings.ContainsAny(p.ImportPath, " ") && !strings.HasSuffix(p.ImportPath, ".test") {
			m.pkgs[p.ImportPath] = p
		}
	}
	if err := cmd.Wait(); err != nil {
		t.Fatal(err)
	}
	m.imp = importer.ForCompiler(m.fset, "gc", func(path string) (io.ReadCloser, error) {
		if m.pkgs[path].Export == "" {
			return nil, fmt.Errorf("no export data of %s", path)
		}
		return os.Open(m.pkgs[path].Export)
	})
	return m
}

// public lists the packages that users may import.
func (m *goModule) public() (paths []string) {
	for p, g := range m.pkgs {
		if strings.HasPrefix(p, module+"/") && g.Name != "main" && !strings.Contains(p, "/internal") && !strings.Contains(p, "/examples") {
			paths = append(paths, p)
		}
	}
	slices.Sort(paths)
	return paths
}

func (m *goModule) load(t *testing.T, path string) *types.Package {
	t.Helper()
	p, err := m.imp.Import(path)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// describe lists what a package exports, sorted, a line each.
func (m *goModule) describe(t *testing.T, path string) (lines []string) {
	pkg := m.load(t, path)
	short := types.RelativeTo(pkg)
	for _, e := range exported(pkg) {
		var s string
		switch o := e.obj.(type) {
		case *types.Const:
			s = fmt.Sprintf("const %s %s = %s", e.name, types.TypeString(o.Type(), short), o.Val().ExactString())
		case *types.TypeName:
			kind := "type " + e.name
			if o.IsAlias() {
				s = kind + " = " + types.TypeString(types.Unalias(o.Type()), short)
				break
			}
			if tp := o.Type().(*types.Named).TypeParams(); tp.Len() > 0 {
				kind = "type " + types.TypeString(o.Type(), short)
			}
			switch u := o.Type().Underlying().(type) {
			case *types.Struct:
				s = kind + " struct"
			case *types.Interface:
				s = kind + " interface"
				if !u.IsMethodSet() || u.NumMethods() == 0 {
					s = kind + " " + types.TypeString(u, short)
				}
			default:
				s = kind + " " + types.TypeString(u, short)
			}
		case *types.Func:
			if recv := o.Signature().Recv(); recv == nil {
				s = "func " + e.name
			} else if _, ok := recv.Type().Underlying().(*types.Interface); ok {
				s = "method in interface " + e.name
			} else {
				s = fmt.Sprintf("method (%s) %s", types.TypeString(recv.Type(), short), o.Name())
			}
			s += strings.TrimPrefix(types.TypeString(o.Type(), short), "func")
		case *types.Var:
			if o.IsField() {
				s = "field " + e.name + " " + types.TypeString(o.Type(), short)
			} else {
				s = "var " + e.name + " " + types.TypeString(o.Type(), short)
			}
		}
		lines = append(lines, s)
	}
	slices.Sort(lines)
	return lines
}

type name struct {
	name string // Type.Member for members
	obj  types.Object
}

// exported lists the exported names of a package: types, functions, values, and
// the methods and fields of exported types.
func exported(pkg *types.Package) (all []name) {
	for _, n := range pkg.Scope().Names() {
		o := pkg.Scope().Lookup(n)
		if !o.Exported() {
			continue
		}
		all = append(all, name{n, o})
		tn, ok := o.(*types.TypeName)
		if !ok || tn.IsAlias() {
			continue
		}
		named := tn.Type().(*types.Named)
		member := func(m types.Object) {
			if m.Exported() {
				all = append(all, name{n + "." + m.Name(), m})
			}
		}
		for f := range named.Methods() {
			member(f)
		}
		switch u := named.Underlying().(type) {
		case *types.Struct:
			for f := range u.Fields() {
				member(f)
			}
		case *types.Interface:
			for f := range u.ExplicitMethods() {
				member(f)
			}
		}
	}
	return all
}

// mentioned lists the named types of this module in the type of a name.
func mentioned(o types.Object) (names []types.Object) {
	seen := map[types.Type]bool{}
	var walk func(t types.Type)
	walk = func(t types.Type) {
		if t == nil || seen[t] {
			return
		}
		seen[t] = true
		switch t := t.(type) {
		case *types.Named:
			if t.Obj().Pkg() != nil && strings.HasPrefix(t.Obj().Pkg().Path(), module) {
				names = append(names, t.Obj())
			}
			for a := range t.TypeArgs().Types() {
				walk(a)
			}
		case *types.Alias:
			if t.Obj().Pkg() != nil { // not any
				names = append(names, t.Obj())
			}
			walk(types.Unalias(t))
		case *types.Pointer:
			walk(t.Elem())
		case *types.Slice:
			walk(t.Elem())
		case *types.Array:
			walk(t.Elem())
		case *types.Map:
			walk(t.Key())
			walk(t.Elem())
		case *types.Signature:
			walk(t.Params())
			walk(t.Results())
		case *types.Tuple:
			for v := range t.Variables() {
				walk(v.Type())
			}
		case *types.Struct, *types.Interface:
		}
	}
	if _, isType := o.(*types.TypeName); !isType {
		walk(o.Type())
		// A member is a use of its type.
		switch f := o.(type) {
		case *types.Func:
			if r := f.Signature().Recv(); r != nil {
				walk(r.Type())
			}
		}
	}
	return names
}

// key names an object alike in export data and in source.
func (m *goModule) key(o types.Object) string {
	pos := m.fset.Position(o.Pos())
	return fmt.Sprintf("%s %s %s:%d", o.Pkg().Path(), o.Name(), filepath.Base(pos.Filename), pos.Line)
}

// uses returns the keys of all names of the module that a program, another
// package or an Example uses.
func (m *goModule) uses(t *testing.T) map[string]bool {
	used := map[string]bool{}
	for path, g := range m.pkgs {
		if path != module && !strings.HasPrefix(path, module+"/") {
			continue
		}
		m.scan(t, path, g.Dir, g.GoFiles, func(string) bool { return true }, used)
		m.scan(t, path+"_test", g.Dir, g.XTestGoFiles, func(f string) bool { return strings.HasPrefix(f, "Example") }, used)
	}
	return used
}

// scan notes what the declarations that keep chooses by name use of other
// packages.
func (m *goModule) scan(t *testing.T, path, dir string, names []string, keep func(function string) bool, used map[string]bool) {
	t.Helper()
	var files []*ast.File
	for _, n := range names {
		f, err := parser.ParseFile(m.fset, filepath.Join(dir, n), nil, parser.SkipObjectResolution)
		if err != nil {
			t.Fatal(err)
		}
		files = append(files, f)
	}
	if len(files) == 0 {
		return
	}
	info := &types.Info{Uses: map[*ast.Ident]types.Object{}, Selections: map[*ast.SelectorExpr]*types.Selection{}}
	cfg := types.Config{Importer: m.imp, Error: func(error) {}} // tests may use names of internal tests
	cfg.Check(path, m.fset, files, info)
	for _, f := range files {
		test := strings.HasSuffix(m.fset.Position(f.Pos()).Filename, "_test.go")
		for _, d := range f.Decls {
			// An Example's file may be a whole program: its types and helpers count.
			if fn, ok := d.(*ast.FuncDecl); ok && test && fn.Recv == nil && !keep(fn.Name.Name) && strings.HasPrefix(fn.Name.Name, "Test") {
				continue
			} else if test && !strings.Contains(m.fset.Position(f.Pos()).Filename, "example") && !(ok && keep(fn.Name.Name)) {
				continue
			}
			ast.Inspect(d, func(n ast.Node) bool {
				id, ok := n.(*ast.Ident)
				if !ok {
					return true
				}
				if o := info.Uses[id]; o != nil && o.Pkg() != nil && o.Pkg().Path() != path {
					if f, ok := o.(*types.Func); ok {
						o = f.Origin()
					} else if v, ok := o.(*types.Var); ok {
						o = v.Origin()
					}
					used[m.key(o)] = true
				}
				return true
			})
		}
	}
}
