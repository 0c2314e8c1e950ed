package archtest

import (
	"fmt"
	"slices"
	"strings"
)

// An importRow says what the production code of some packages may import
// besides the standard library.
type importRow struct {
	packages []string // directories, as for within
	allow    []string // import paths, as for within; own is for a path in this repository
	why      string
}

const (
	ownRoot = self
	own     = self + "/"
	// anything allows what the other rules do not forbid.
	anything = "anything"
)

// importTable is section 2 of the design. The first row that names a package
// holds for it. A new package needs a row: that is the moment to decide.
var importTable = []importRow{
	{
		packages: []string{"."},
		allow:    []string{own + "internal/..."},
		why:      "the root package imports the standard library and internal/ only: who takes the contract must not get anybody's dependencies with it",
	},
	{
		packages: []string{"internal/live", "internal/flight"},
		why:      "live and flight import the standard library only: the root stands on them, so they know neither the root nor one another",
	},
	{
		packages: []string{"internal/lincheck/..."},
		allow:    []string{ownRoot, own + "inmem", own + "internal/lincheck/...", "github.com/anishathalye/porcupine"},
		why:      "lincheck is a module of its own so that nobody else requires a library for tests",
	},
	{
		packages: []string{"internal/stacks"},
		why:      "stacks is a module of its own so that no backend requires the clients of the others; it has tests alone, which import them, and the fakes",
	},
	{
		packages: []string{"internal/..."},
		allow:    []string{own + "internal/..."},
		why:      "what is in internal/ ends up in the root package, so it imports the standard library and internal/ only",
	},
	{
		packages: []string{"inmem/..."},
		allow:    []string{ownRoot, own + "internal/live", own + "internal/ratelog", own + "inmem/...", "github.com/maypok86/otter/v2/..."},
		why:      "inmem is the contract on otter, and shares with the root what hot paths hold",
	},
	{
		packages: []string{"codec"},
		allow:    []string{"github.com/klauspost/compress/...", "github.com/vmihailenco/msgpack/v5/..."},
		why:      "a codec turns values into bytes and knows no cache",
	},
	{
		packages: []string{"codec/..."},
		allow:    []string{own + "codec/...", "google.golang.org/protobuf/..."},
		why:      "Protobuf is in a package below codec so that only its users link it",
	},
	{
		packages: []string{"store/storetest/internal/..."},
		why:      "what the fakes of storetest share is below them, and fakes3 and fakegcs know nothing of ours",
	},
	{
		packages: []string{"store/storetest/fakes3"},
		allow:    []string{own + "store/storetest/internal/..."},
		why:      "fakes3 is what S3 is, not what we make of it: the tests of anything that speaks S3 can use it",
	},
	{
		packages: []string{"store/storetest/fakes3/sdktest/..."},
		allow: []string{
			own + "store/storetest/fakes3", own + "store/storetest/fakes3/sdktest/...",
			"github.com/aws/aws-sdk-go-v2/...", "github.com/aws/smithy-go/...",
		},
		why: "sdktest is a module of its own so that the AWS SDK is not a requirement of the root module",
	},
	{
		packages: []string{"store/storetest/fakegcs"},
		allow:    []string{own + "store/storetest/internal/..."},
		why:      "fakegcs is what GCS is, not what we make of it: the tests of anything that speaks to GCS can use it",
	},
	{
		packages: []string{"store/storetest/fakegcs/sdktest/..."},
		allow: []string{
			own + "store/storetest/fakegcs", own + "store/storetest/fakegcs/sdktest/...",
			"cloud.google.com/go/...", "google.golang.org/api/...", "github.com/googleapis/gax-go/v2/...",
		},
		why: "sdktest is a module of its own so that the client of Google is not a requirement of the root module",
	},
	{
		packages: []string{"store/storetest/..."},
		allow:    []string{ownRoot, own + "internal/trial", own + "store", own + "store/storetest/...", own + "codec/...", own + "cachetest"},
		why:      "users run storetest over their own backends, so it brings no library for tests along",
	},
	{
		packages: []string{"store/..."},
		allow: []string{
			ownRoot, own + "internal/keylock", own + "internal/ratelog", own + "store/...", own + "codec/...",
			// The checksum.
			"github.com/zeebo/xxh3",
		},
		why: "store is the one place of codec, envelope and hash, and knows no backend",
	},
	{
		packages: []string{"cachetest/..."},
		allow:    []string{ownRoot, own + "internal/trial", own + "cachetest/..."},
		why:      "users run cachetest over their own caches, so it brings no library for tests along",
	},
	{
		packages: []string{"filestore/..."},
		allow:    []string{ownRoot, own + "store", own + "filestore/...", "golang.org/x/sys/..."},
		why:      backendsWhy,
	},
	{
		packages: []string{"redisstore/..."},
		allow:    []string{ownRoot, own + "store", own + "redisstore/...", "github.com/redis/go-redis/v9/..."},
		why:      backendsWhy,
	},
	{
		packages: []string{"s3store/..."},
		allow:    []string{ownRoot, own + "store", own + "store/objects", own + "s3store/...", "github.com/aws/aws-sdk-go-v2/...", "github.com/aws/smithy-go/..."},
		why:      backendsWhy,
	},
	{
		packages: []string{"gcsstore/servertest/..."},
		allow:    []string{own + "gcsstore/servertest/..."},
		why:      "servertest is a module of its own so that a server for tests, which its tests alone import, is not a requirement of gcsstore",
	},
	{
		packages: []string{"gcsstore/..."},
		allow: []string{
			ownRoot, own + "store", own + "store/objects", own + "gcsstore/...",
			"cloud.google.com/go/...", "google.golang.org/api/...", "github.com/googleapis/gax-go/v2/...",
		},
		why: backendsWhy,
	},
	{
		packages: []string{"examples/...", "bench/..."},
		allow:    []string{anything},
		why:      "examples and benchmarks do what users can do: they import exported packages, of ours and of others",
	},
}

const backendsWhy = "a backend imports store, the root for Locker and Bus, and its SDK; exported packages only, so that a backend can live outside this repository"

// rowOf returns the row that holds for the packages in dir.
func rowOf(dir string) *importRow {
	for i := range importTable {
		row := &importTable[i]
		if slices.ContainsFunc(row.packages, func(p string) bool { return within(p, dir) }) {
			return row
		}
	}
	return nil
}

func (row *importRow) allows(imported string) bool {
	return isStd(imported) || slices.ContainsFunc(row.allow, func(pattern string) bool {
		if pattern == anything {
			return !within(own+"internal/...", imported)
		}
		return within(pattern, imported)
	})
}

// rules makes a rule of each row, so that a failure says why the row is there.
func importRules() []rule {
	var all []rule
	for i := range importTable {
		row := &importTable[i]
		all = append(all, rule{
			name:        "imports of " + strings.Join(row.packages, ", "),
			explanation: row.why,
			check:       row.check,
		})
	}
	return all
}

func (row *importRow) check(r *repo) []string {
	var broken []string
	for _, f := range r.goFiles {
		if f.test || rowOf(f.dir) != row {
			continue
		}
		for imported, place := range f.importPaths() {
			if !row.allows(imported) {
				broken = append(broken, place+": imports "+imported)
			}
		}
	}
	return broken
}

func checkEveryPackageHasARow(r *repo) []string {
	var broken []string
	for _, f := range r.goFiles {
		if rowOf(f.dir) == nil {
			broken = append(broken, f.path+": no row of importTable names package "+f.dir)
		}
	}
	return broken
}

// suites are the packages that hold tests for others to run.
var suites = []string{"cachetest/...", "store/storetest/..."}

func isSuite(dir string) bool {
	return slices.ContainsFunc(suites, func(p string) bool { return within(p, dir) })
}

// fakes are servers that link no testing package: benchmarks measure against
// them, and examples that show what a service does run with nothing installed.
var fakes = []string{"store/storetest/fakes3", "store/storetest/fakegcs"}

func checkSuitesAreForTests(r *repo) []string {
	return eachProductionImport(r, func(importer, imported string) bool {
		dir, ok := ownDir(imported)
		shown := (within("bench/...", importer) || within("examples/...", importer)) && slices.Contains(fakes, dir)
		return ok && isSuite(dir) && !shown
	})
}

func checkTestingIsForTests(r *repo) []string {
	return eachProductionImport(r, func(_, imported string) bool {
		return within("testing/...", imported)
	})
}

// eachProductionImport reports the forbidden imports of files that are neither
// tests nor part of a suite.
func eachProductionImport(r *repo, forbidden func(importer, imported string) bool) []string {
	var broken []string
	for _, f := range r.goFiles {
		if f.test || isSuite(f.dir) {
			continue
		}
		for imported, place := range f.importPaths() {
			if forbidden(f.dir, imported) {
				broken = append(broken, fmt.Sprintf("%s: imports %s", place, imported))
			}
		}
	}
	return broken
}

// checkTestsBringNoLibrary looks at the root module only: the modules of
// backends, examples and benchmarks require what they like.
func checkTestsBringNoLibrary(r *repo) []string {
	var broken []string
	for _, f := range r.goFiles {
		row := rowOf(f.dir)
		if !f.test || row == nil || r.moduleOf(f.dir) != "." {
			continue
		}
		for imported, place := range f.importPaths() {
			dir, isOwn := ownDir(imported)
			if isOwn && r.moduleOf(dir) == "." || row.allows(imported) {
				continue
			}
			broken = append(broken, place+": imports "+imported)
		}
	}
	return broken
}

// moduleOf returns the directory of the module that the packages in dir
// belong to.
func (r *repo) moduleOf(dir string) string {
	found := "."
	for _, m := range r.modules {
		if len(m.dir) > len(found) && within(m.dir+"/...", dir) {
			found = m.dir
		}
	}
	return found
}
