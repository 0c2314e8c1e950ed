package main

import (
	"context"
	"errors"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"go/types"
	"io/fs"
	"strings"
	"sync/atomic"

	"github.com/advcache/advcache"
)

// Report is what analyze finds out about a package: the values in the cache.
type Report struct {
	Files     int // for all operating systems, without tests
	Lines     int
	Functions int // methods too
	Exported  int // names: functions, types, constants and variables

	Longest      string // the longest function
	LongestLines int
}

// origin is where Reports come from. It works hard for each, and it can be out
// of order.
type origin struct {
	sources fs.FS        // src of GOROOT
	loads   atomic.Int64 // how often analyze was called
	broken  atomic.Bool
}

var errBroken = errors.New("the origin is out of order")

// analyze parses all sources of a package. A package that does not exist is
// advcache.ErrNotFound.
func (o *origin) analyze(ctx context.Context, name string) (Report, error) {
	o.loads.Add(1)
	if o.broken.Load() {
		return Report{}, errBroken
	}
	files, err := sourceFiles(o.sources, name)
	if err != nil {
		return Report{}, err
	}
	// A directory may hold a program beside the package, such as a generator:
	// the package is what has more files.
	drafts := map[string]*draft{}
	var main *draft
	for _, file := range files {
		if err := ctx.Err(); err != nil {
			return Report{}, err // nobody waits for the result any more
		}
		source, err := fs.ReadFile(o.sources, file)
		if err != nil {
			return Report{}, err
		}
		positions := token.NewFileSet()
		syntax, err := parser.ParseFile(positions, file, source, parser.SkipObjectResolution)
		if err != nil {
			return Report{}, err
		}
		d := drafts[syntax.Name.Name]
		if d == nil {
			d = &draft{exported: map[string]bool{}}
			drafts[syntax.Name.Name] = d
		}
		d.add(positions, syntax)
		if main == nil || d.report.Files > main.report.Files {
			main = d
		}
	}
	main.report.Exported = len(main.exported)
	return main.report, nil
}

// sourceFiles returns the paths of the Go files of a package; at least one.
func sourceFiles(sources fs.FS, name string) ([]string, error) {
	if !fs.ValidPath(name) {
		return nil, fmt.Errorf("package %q: %w", name, advcache.ErrNotFound)
	}
	entries, err := fs.ReadDir(sources, name)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, err
	}
	var files []string
	for _, e := range entries {
		if file := e.Name(); !e.IsDir() && strings.HasSuffix(file, ".go") && !strings.HasSuffix(file, "_test.go") {
			files = append(files, name+"/"+file)
		}
	}
	if len(files) == 0 {
		return nil, fmt.Errorf("package %q: %w", name, advcache.ErrNotFound)
	}
	return files, nil
}

// draft is a Report in the making.
type draft struct {
	report   Report
	exported map[string]bool // a name may stand once for each operating system
}

func (d *draft) add(positions *token.FileSet, file *ast.File) {
	d.report.Files++
	d.report.Lines += positions.File(file.Pos()).LineCount()
	for _, decl := range file.Decls {
		switch decl := decl.(type) {
		case *ast.FuncDecl:
			first, last := positions.PositionFor(decl.Pos(), false), positions.PositionFor(decl.End(), false)
			d.addFunc(decl, 1+last.Line-first.Line)
		case *ast.GenDecl:
			for _, spec := range decl.Specs {
				switch spec := spec.(type) {
				case *ast.TypeSpec:
					d.addName(spec.Name)
				case *ast.ValueSpec:
					for _, name := range spec.Names {
						d.addName(name)
					}
				}
			}
		}
	}
}

func (d *draft) addFunc(f *ast.FuncDecl, lines int) {
	d.report.Functions++
	name := f.Name.Name
	if f.Recv == nil {
		d.addName(f.Name)
	} else {
		name = strings.TrimPrefix(types.ExprString(f.Recv.List[0].Type), "*") + "." + name
	}
	if lines > d.report.LongestLines {
		d.report.Longest, d.report.LongestLines = name, lines
	}
}

func (d *draft) addName(name *ast.Ident) {
	if name.IsExported() {
		d.exported[name.Name] = true
	}
}
