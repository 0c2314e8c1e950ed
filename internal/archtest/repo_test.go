package archtest

import (
	"bytes"
	"errors"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"iter"
	"path"
	"strconv"
	"strings"
)

// self is the path of the root module. The import path of every package of the
// repository is self and its directory, in the nested modules too.
const self = "github.com/advcache/advcache"

// maxText is the size up to which a file is read; what is larger is data.
const maxText = 1 << 20

// A repo is what the rules judge: the files of a repository, parsed.
type repo struct {
	texts   []textFile
	goFiles []*goFile
	modules []module
	work    []string // the directories that go.work uses
}

// A textFile is any file that is no binary.
type textFile struct {
	path    string // with slashes, from the top of the repository
	content string
}

type goFile struct {
	textFile
	dir  string // "." for the root package
	test bool   // in a _test.go file
	fset *token.FileSet
	ast  *ast.File
}

// A module is a go.mod file.
type module struct {
	dir      string
	path     string
	requires []string
	replaces map[string]string // module to directory, as written
}

// load reads the repository at the top of fsys.
func load(fsys fs.FS) (*repo, error) {
	r := &repo{}
	err := fs.WalkDir(fsys, ".", func(name string, d fs.DirEntry, err error) error {
		// Others may remove files while the tests run.
		if errors.Is(err, fs.ErrNotExist) {
			return nil
		}
		if err != nil {
			return err
		}
		if d.IsDir() {
			if isHidden(name) {
				return fs.SkipDir
			}
			return nil
		}
		if !d.Type().IsRegular() {
			return nil
		}
		return r.add(fsys, name, d)
	})
	return r, err
}

// isHidden reports whether dir is none of the repository's, as those of git and
// of editors.
func isHidden(dir string) bool {
	base := path.Base(dir)
	return len(base) > 1 && base[0] == '.' && base != ".ci" && base != ".github"
}

func (r *repo) add(fsys fs.FS, name string, d fs.DirEntry) error {
	if info, err := d.Info(); err != nil || info.Size() > maxText {
		return ignoreMissing(err)
	}
	content, err := fs.ReadFile(fsys, name)
	if err != nil {
		return ignoreMissing(err)
	}
	if bytes.IndexByte(content, 0) >= 0 {
		return nil
	}
	text := textFile{path: name, content: string(content)}
	r.texts = append(r.texts, text)
	switch {
	case name == "go.work":
		for _, d := range directives(text.content) {
			if d[0] == "use" && len(d) == 2 {
				r.work = append(r.work, path.Clean(d[1]))
			}
		}
	case path.Base(name) == "go.mod":
		r.modules = append(r.modules, parseModule(text))
	case path.Ext(name) == ".go" && !strings.Contains("/"+name, "/testdata/"):
		return r.addGo(text)
	}
	return nil
}

func (r *repo) addGo(text textFile) error {
	fset := token.NewFileSet()
	parsed, err := parser.ParseFile(fset, text.path, text.content, parser.ParseComments|parser.SkipObjectResolution)
	if err != nil {
		return fmt.Errorf("archtest: %w", err)
	}
	r.goFiles = append(r.goFiles, &goFile{
		textFile: text,
		dir:      path.Dir(text.path),
		test:     strings.HasSuffix(text.path, "_test.go"),
		fset:     fset,
		ast:      parsed,
	})
	return nil
}

func ignoreMissing(err error) error {
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	return err
}

func parseModule(text textFile) module {
	m := module{dir: path.Dir(text.path), replaces: map[string]string{}}
	for _, d := range directives(text.content) {
		switch {
		case d[0] == "module" && len(d) > 1:
			m.path = d[1]
		case d[0] == "require" && len(d) > 1:
			m.requires = append(m.requires, d[1])
		case d[0] == "replace" && len(d) > 3:
			m.replaces[d[1]] = d[len(d)-1]
		}
	}
	return m
}

// directives splits a go.mod or go.work file into its directives, each a verb
// and its words, with blocks written out.
func directives(text string) [][]string {
	var all [][]string
	block := ""
	for line := range strings.Lines(text) {
		line, _, _ = strings.Cut(line, "//")
		words := strings.Fields(line)
		switch {
		case len(words) == 0:
		case words[0] == ")":
			block = ""
		case len(words) == 2 && words[1] == "(":
			block = words[0]
		case block != "":
			all = append(all, append([]string{block}, words...))
		default:
			all = append(all, words)
		}
	}
	return all
}

// at says where pos is, as path and line.
func (f *goFile) at(pos token.Pos) string {
	return fmt.Sprintf("%s:%d", f.path, f.fset.Position(pos).Line)
}

// importPaths returns what f imports, with the place of each import.
func (f *goFile) importPaths() map[string]string {
	imports := make(map[string]string, len(f.ast.Imports))
	for _, spec := range f.ast.Imports {
		// The parser has seen that this is a string.
		imported, _ := strconv.Unquote(spec.Path.Value)
		imports[imported] = f.at(spec.Pos())
	}
	return imports
}

// localName returns the name by which f uses the imported package, "" if it
// does not import it. The package is named like the end of its path.
func (f *goFile) localName(imported string) string {
	for _, spec := range f.ast.Imports {
		if spec.Path.Value != strconv.Quote(imported) {
			continue
		}
		if spec.Name != nil {
			return spec.Name.Name
		}
		return path.Base(imported)
	}
	return ""
}

// ownDir returns the directory of an imported package of this repository.
func ownDir(imported string) (dir string, ok bool) {
	if imported == self {
		return ".", true
	}
	return strings.CutPrefix(imported, self+"/")
}

// isStd reports whether imported belongs to the standard library: only there
// has the first element no dot.
func isStd(imported string) bool {
	first, _, _ := strings.Cut(imported, "/")
	return !strings.Contains(first, ".")
}

// within reports whether name matches pattern, which is a path, or a path and
// "/..." for all that is in it too.
func within(pattern, name string) bool {
	base, deep := strings.CutSuffix(pattern, "/...")
	return name == base || deep && strings.HasPrefix(name, base+"/")
}

// nodes yields the nodes of one kind in f.
func nodes[N ast.Node](f *goFile) iter.Seq[N] {
	return func(yield func(N) bool) {
		for n := range ast.Preorder(f.ast) {
			if n, ok := n.(N); ok && !yield(n) {
				return
			}
		}
	}
}

// lastName returns the name that e ends in: t for t, T for s.T.
func lastName(e ast.Expr) string {
	switch e := e.(type) {
	case *ast.Ident:
		return e.Name
	case *ast.SelectorExpr:
		return e.Sel.Name
	}
	return ""
}
