package archtest

import (
	"os"
	"slices"
	"testing"
)

// A rule is what every file of the repository keeps.
type rule struct {
	name        string
	explanation string
	// check returns what breaks the rule, each as the place and what is there.
	check func(*repo) []string
}

var rules = slices.Concat(importRules(), []rule{
	{
		name:        "every package has its row",
		explanation: "a new package needs a row in importTable that says what it may import, and why",
		check:       checkEveryPackageHasARow,
	},
	{
		name:        "suites are for tests",
		explanation: "only tests import cachetest and storetest, so that no program links the testing package by accident; but examples may run against fake servers, which do not",
		check:       checkSuitesAreForTests,
	},
	{
		name:        "testing is for tests",
		explanation: "only _test.go files, cachetest and storetest import testing, which registers flags in every program that links it",
		check:       checkTestingIsForTests,
	},
	{
		name:        "tests of the root module bring no library",
		explanation: "what a test imports is a requirement of its module, and would move versions in the applications of users",
		check:       checkTestsBringNoLibrary,
	},
	{
		name:        "modules are found where their paths say",
		explanation: "the path of a module is that of the root module and its directory; go get finds it only there",
		check:       checkModulePaths,
	},
	{
		name:        "nested modules replace what is ours",
		explanation: "a nested module is built from the sources beside it: its go.mod replaces each module of this repository that it requires, and the root module always, by a relative path",
		check:       checkReplaces,
	},
	{
		name:        "go.work lists the modules",
		explanation: "go.work uses every module, so that `go test work` leaves none out; but not tools, which would move versions",
		check:       checkWork,
	},
	{
		name:        "packages are documented",
		explanation: "one file of every package has a comment that begins with \"Package\" and its name; a command says what it does",
		check:       checkPackageComments,
	},
	{
		name:        "root files are short",
		explanation: "a file of the root package holds one idea, in 400 lines at most",
		check:       checkRootFilesAreShort,
	},
	{
		name:        "no paths of one machine",
		explanation: "a path of somebody's machine means nothing on any other",
		check:       checkNoMachinePaths,
	},
	{
		name:        "skips say why",
		explanation: "a test that is skipped says what it lacks, so that somebody can provide it",
		check:       checkSkipsSayWhy,
	},
	{
		name:        "tests do not wait for the clock",
		explanation: "time.Sleep in tests stands only in files that use testing/synctest, where it takes no time and means the same on every machine",
		check:       checkNoSleep,
	},
})

func TestRules(t *testing.T) {
	r, err := load(os.DirFS("../.."))
	if err != nil {
		t.Fatal(err)
	}
	for _, rule := range rules {
		t.Run(rule.name, func(t *testing.T) {
			broken := rule.check(r)
			slices.Sort(broken)
			for _, b := range broken {
				t.Error(b)
			}
			if len(broken) > 0 {
				t.Logf("the rule: %s", rule.explanation)
			}
		})
	}
}

// TestRepositoryIsSeen holds that the rules judge the real thing: with no files
// in sight they would all pass.
func TestRepositoryIsSeen(t *testing.T) {
	r, err := load(os.DirFS("../.."))
	if err != nil {
		t.Fatal(err)
	}
	for _, dir := range []string{".", "inmem", "cachetest", "internal/live", "internal/flight", "examples/quickstart", "bench"} {
		if !slices.ContainsFunc(r.goFiles, func(f *goFile) bool { return f.dir == dir && !f.test }) {
			t.Errorf("no Go file was seen in %s", dir)
		}
	}
	for _, dir := range []string{".", "bench", "examples", "internal/lincheck", "tools"} {
		if !slices.ContainsFunc(r.modules, func(m module) bool { return m.dir == dir }) {
			t.Errorf("no go.mod was seen in %s", dir)
		}
	}
	for _, name := range []string{"go.work", ".ci/run", "test.sh", "README.md"} {
		if !slices.ContainsFunc(r.texts, func(f textFile) bool { return f.path == name }) {
			t.Errorf("%s was not seen", name)
		}
	}
}
