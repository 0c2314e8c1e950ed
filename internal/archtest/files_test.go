package archtest

import (
	"fmt"
	"go/ast"
	"maps"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

func checkPackageComments(r *repo) []string {
	documented := map[string]bool{}
	for _, f := range r.goFiles {
		if f.test {
			continue
		}
		// A comment of build constraints alone has no text.
		text := f.ast.Doc.Text()
		name := f.ast.Name.Name
		starts := strings.HasPrefix(text, "Package "+name+" ") || name == "main" && text != ""
		documented[f.dir] = documented[f.dir] || starts
	}
	var broken []string
	for _, dir := range slices.Sorted(maps.Keys(documented)) {
		if !documented[dir] {
			broken = append(broken, dir+": no package comment")
		}
	}
	return broken
}

const maxRootLines = 400

func checkRootFilesAreShort(r *repo) []string {
	var broken []string
	for _, f := range r.goFiles {
		if n := strings.Count(f.content, "\n"); f.dir == "." && n > maxRootLines {
			broken = append(broken, fmt.Sprintf("%s: %d lines", f.path, n))
		}
	}
	return broken
}

// machinePath matches home directories, temporary directories and the working
// directories of build machines; not what follows another path element, as in
// an address or a key.
var machinePath = regexp.MustCompile(`(?:^|[^\w.}/])(?:/(?:home|Users|tmp|var/folders)/\w|/(?:root|work|builds)/|[A-Z]:\\\w)`)

func checkNoMachinePaths(r *repo) []string {
	var broken []string
	for _, f := range r.texts {
		n := 0
		for line := range strings.Lines(f.content) {
			n++
			if machinePath.MatchString(line) {
				broken = append(broken, fmt.Sprintf("%s:%d: %s", f.path, n, strings.TrimSpace(line)))
			}
		}
	}
	return broken
}

func checkSkipsSayWhy(r *repo) []string {
	var broken []string
	for _, f := range r.goFiles {
		handles := testHandles(f)
		for call := range nodes[*ast.CallExpr](f) {
			method, ok := call.Fun.(*ast.SelectorExpr)
			if !ok || !handles[lastName(method.X)] {
				continue
			}
			switch method.Sel.Name {
			case "SkipNow":
				broken = append(broken, f.at(call.Pos())+": SkipNow")
			case "Skip", "Skipf":
				if !hasReason(call) {
					broken = append(broken, f.at(call.Pos())+": "+method.Sel.Name+" without a reason")
				}
			}
		}
	}
	return broken
}

// testHandles returns the names of the parameters and fields of f that are a
// *testing.T or one of its kin. Other types have a Skip too: decoders, say.
func testHandles(f *goFile) map[string]bool {
	pkg := f.localName("testing")
	names := map[string]bool{}
	if pkg == "" {
		return names
	}
	for field := range nodes[*ast.Field](f) {
		of := field.Type
		if star, ok := of.(*ast.StarExpr); ok {
			of = star.X
		}
		selector, ok := of.(*ast.SelectorExpr)
		if !ok || lastName(selector.X) != pkg {
			continue
		}
		switch selector.Sel.Name {
		case "T", "B", "F", "TB":
			names[selector.Sel.Name] = true // embedded
			for _, name := range field.Names {
				names[name.Name] = true
			}
		}
	}
	return names
}

// hasReason reports whether the first argument may be a text. Only a literal
// can be seen not to be one.
func hasReason(call *ast.CallExpr) bool {
	if len(call.Args) == 0 {
		return false
	}
	literal, ok := call.Args[0].(*ast.BasicLit)
	if !ok {
		return true
	}
	text, err := strconv.Unquote(literal.Value)
	return err == nil && strings.TrimSpace(text) != ""
}

func checkNoSleep(r *repo) []string {
	var broken []string
	for _, f := range r.goFiles {
		pkg := f.localName("time")
		if pkg == "" || !f.test || f.localName("testing/synctest") != "" {
			continue
		}
		for selector := range nodes[*ast.SelectorExpr](f) {
			if selector.Sel.Name == "Sleep" && lastName(selector.X) == pkg {
				broken = append(broken, f.at(selector.Pos())+": time.Sleep")
			}
		}
	}
	return broken
}
