package archtest

import (
	"strings"
	"testing"
	"testing/fstest"
)

// sound is a small repository that keeps every rule.
var sound = map[string]string{
	"go.mod":                          "module " + self + "\n\ngo 1.26.0\n",
	"go.work":                         "go 1.26.0\n\nuse (\n\t.\n\t./bench\n\t./examples // programs\n\t./internal/lincheck\n)\n",
	"tools/go.mod":                    "module " + self + "/tools\n",
	"bench/go.mod":                    nested("bench", "../"),
	"examples/go.mod":                 nested("examples", "../"),
	"internal/lincheck/go.mod":        nested("internal/lincheck", "../../"),
	"README.md":                       "See https://example.com/home/page and the key /users/{ID}/root/1.\n",
	"doc.go":                          "// Package advcache is a cache.\npackage advcache\n\nimport (\n\t\"time\"\n\n\t\"" + self + "/internal/flight\"\n)\n",
	"doc_test.go":                     "package advcache_test\n\nimport \"" + self + "/cachetest\"\n",
	"internal/flight/flight.go":       "// Package flight shares loads.\npackage flight\n\nimport \"sync\"\n",
	"internal/live/live.go":           "// Package live holds entries.\npackage live\n",
	"internal/lincheck/doc.go":        "// Package lincheck checks histories.\npackage lincheck\n",
	"internal/lincheck/doc_test.go":   "package lincheck\n\nimport \"github.com/anishathalye/porcupine\"\n",
	"internal/archtest/doc.go":        "// Package archtest holds rules.\npackage archtest\n",
	"inmem/inmem.go":                  "// Package inmem is a cache.\npackage inmem\n\nimport \"github.com/maypok86/otter/v2\"\n",
	"inmem/inmem_test.go":             "package inmem\n\nimport (\n\t\"testing/synctest\"\n\t\"time\"\n\n\t\"github.com/maypok86/otter/v2\"\n)\n\nfunc f() { time.Sleep(1) }\n",
	"cachetest/cachetest.go":          "// Package cachetest is a suite.\npackage cachetest\n\nimport \"testing\"\n",
	"codec/codec.go":                  "// Package codec makes bytes.\npackage codec\n\nimport \"github.com/vmihailenco/msgpack/v5\"\n\nfunc f(d *msgpack.Decoder) { d.Skip() }\n",
	"codec/proto/proto.go":            "// Package proto makes bytes.\npackage proto\n\nimport \"google.golang.org/protobuf/proto\"\n",
	"store/store.go":                  "// Package store stores.\npackage store\n\nimport \"github.com/zeebo/xxh3\"\n",
	"store/storetest/storetest.go":    "// Package storetest is a suite.\npackage storetest\n\nimport (\n\t\"testing\"\n\n\t\"" + self + "/cachetest\"\n)\n",
	"filestore/filestore.go":          "// Package filestore stores.\npackage filestore\n\nimport \"" + self + "/store\"\n",
	"redisstore/redisstore.go":        "// Package redisstore stores.\npackage redisstore\n\nimport \"github.com/redis/go-redis/v9\"\n",
	"s3store/s3store.go":              "// Package s3store stores.\npackage s3store\n\nimport \"github.com/aws/aws-sdk-go-v2/service/s3\"\n",
	"gcsstore/gcsstore.go":            "// Package gcsstore stores.\npackage gcsstore\n\nimport \"cloud.google.com/go/storage\"\n",
	"examples/quickstart/main.go":     "// Quickstart shows a cache.\npackage main\n\nimport \"" + self + "/inmem\"\n",
	"examples/reports/main.go":        "// Reports shows a bucket.\npackage main\n\nimport \"" + self + "/store/storetest/fakes3\"\n",
	"store/storetest/fakes3/doc.go":   "// Package fakes3 is a server.\npackage fakes3\n",
	"bench/main.go":                   "// Bench compares.\npackage main\n\nimport \"github.com/any/peer\"\n",
	"internal/flight/testdata/bad.go": "not Go at all",
}

func nested(dir, up string) string {
	return "module " + self + "/" + dir + "\n\nrequire " + self + " v0.0.0\n\nreplace " + self + " => " + up + "\n"
}

// A breach changes one file of the sound repository so that a rule is broken.
type breach struct {
	rule    string // its name, or the start of it
	file    string
	content string
	want    string // what the rule must say
}

var breaches = []breach{
	{"imports of .", "x.go", importing("advcache", "github.com/maypok86/otter/v2"), "x.go:4: imports github.com/maypok86/otter/v2"},
	{"imports of .", "x.go", importing("advcache", self+"/inmem"), "imports " + self + "/inmem"},
	{"imports of internal/live, internal/flight", "internal/live/x.go", importing("live", self), "internal/live/x.go:4: imports " + self},
	{"imports of internal/live, internal/flight", "internal/flight/x.go", importing("flight", self+"/internal/live"), "imports " + self + "/internal/live"},
	{"imports of internal/lincheck/...", "internal/lincheck/x.go", importing("lincheck", "example.com/other"), "imports example.com/other"},
	{"imports of internal/stacks", "internal/stacks/x.go", importing("stacks", self+"/s3store"), "imports " + self + "/s3store"},
	{"imports of internal/...", "internal/archtest/x.go", importing("archtest", "golang.org/x/tools/go/packages"), "imports golang.org/x/tools/go/packages"},
	{"imports of inmem/...", "inmem/x.go", importing("inmem", self+"/store"), "imports " + self + "/store"},
	{"imports of inmem/...", "inmem/x_windows.go", importing("inmem", "github.com/maypok86/otter"), "imports github.com/maypok86/otter"},
	{"imports of codec", "codec/x.go", importing("codec", self), "imports " + self},
	{"imports of codec/...", "codec/proto/x.go", importing("proto", "github.com/klauspost/compress/zstd"), "imports github.com/klauspost/compress/zstd"},
	{"imports of store/storetest/fakegcs", "store/storetest/fakegcs/x.go", importing("fakegcs", self+"/store"), "imports " + self + "/store"},
	{"imports of store/storetest/fakegcs/sdktest/...", "store/storetest/fakegcs/sdktest/x.go", importing("sdktest", self), "imports " + self},
	{"imports of store/storetest/...", "store/storetest/x.go", importing("storetest", "github.com/stretchr/testify/require"), "imports github.com/stretchr/testify/require"},
	{"imports of store/storetest/internal/...", "store/storetest/internal/fakehttp/x.go", importing("fakehttp", self+"/store"), "imports " + self + "/store"},
	{"imports of store/storetest/fakes3", "store/storetest/fakes3/x.go", importing("fakes3", self+"/store"), "imports " + self + "/store"},
	{"imports of store/storetest/fakes3/sdktest/...", "store/storetest/fakes3/sdktest/x.go", importing("sdktest", self), "imports " + self},
	{"imports of store/...", "store/x.go", importing("store", self+"/redisstore"), "imports " + self + "/redisstore"},
	{"imports of cachetest/...", "cachetest/x.go", importing("cachetest", self+"/inmem"), "imports " + self + "/inmem"},
	{"imports of filestore/...", "filestore/x.go", importing("filestore", self+"/internal/flight"), "imports " + self + "/internal/flight"},
	{"imports of redisstore/...", "redisstore/x.go", importing("redisstore", self+"/internal/flight"), "imports " + self + "/internal/flight"},
	{"imports of s3store/...", "s3store/x.go", importing("s3store", self+"/codec"), "imports " + self + "/codec"},
	{"imports of gcsstore/servertest/...", "gcsstore/servertest/x.go", importing("servertest", self+"/store"), "imports " + self + "/store"},
	{"imports of gcsstore/...", "gcsstore/x.go", importing("gcsstore", self+"/s3store"), "imports " + self + "/s3store"},
	{"imports of examples/..., bench/...", "examples/quickstart/x.go", importing("main", self+"/internal/live"), "imports " + self + "/internal/live"},
	{"every package has its row", "memcached/x.go", importing("memcached", "time"), "names package memcached"},
	{"suites are for tests", "examples/quickstart/x.go", importing("main", self+"/cachetest"), "imports " + self + "/cachetest"},
	{"suites are for tests", "bench/x.go", importing("main", self+"/store/storetest"), "imports " + self + "/store/storetest"},
	{"suites are for tests", "examples/reports/x.go", importing("main", self+"/store/storetest"), "imports " + self + "/store/storetest"},
	{"suites are for tests", "filestore/x.go", importing("filestore", self+"/store/storetest/fakes3"), "imports " + self + "/store/storetest/fakes3"},
	{"suites are for tests", "store/x.go", importing("store", self+"/store/storetest"), "imports " + self + "/store/storetest"},
	{"testing is for tests", "inmem/x.go", importing("inmem", "testing"), "imports testing"},
	{"testing is for tests", "bench/x.go", importing("main", "testing/fstest"), "imports testing/fstest"},
	{"tests of the root module", "x_test.go", importing("advcache", "github.com/stretchr/testify/require"), "imports github.com/stretchr/testify/require"},
	{"tests of the root module", "inmem/x_test.go", importing("inmem", self+"/internal/lincheck"), "imports " + self + "/internal/lincheck"},
	{"modules are found", "bench/go.mod", nested("benchmarks", "../"), "bench/go.mod: module " + self + "/benchmarks"},
	{"modules are found", "go.mod", "module example.com/advcache\n", "go.mod: module example.com/advcache"},
	{"nested modules replace", "bench/go.mod", "module " + self + "/bench\n", "is replaced by nothing"},
	{"nested modules replace", "internal/lincheck/go.mod", nested("internal/lincheck", "../"), "is replaced by ../"},
	{"nested modules replace", "examples/go.mod", nested("examples", "../") + "require (\n\t" + self + "/s3store v0.1.0\n)\n", self + "/s3store is replaced by nothing"},
	{"go.work lists", "redisstore/go.mod", nested("redisstore", "../"), "go.work: does not use redisstore"},
	{"go.work lists", "go.work", "use .\nuse ./tools\nuse ./bench\nuse ./examples\nuse ./internal/lincheck\n", "go.work: uses tools"},
	{"packages are documented", "codec/codec.go", "package codec\n", "codec: no package comment"},
	{"packages are documented", "codec/codec.go", "//go:build linux\n\npackage codec\n", "codec: no package comment"},
	{"packages are documented", "bench/main.go", "package main\n", "bench: no package comment"},
	{"root files are short", "x.go", "package advcache\n" + strings.Repeat("\n", maxRootLines), "x.go: 401 lines"},
	{"no paths of one machine", "README.md", "run it\nin /ho" + "me/alice/advcache\n", "README.md:2: in "},
	{"no paths of one machine", ".ci/run", "cd /wo" + "rk/main\n", ".ci/run:1: cd "},
	{"no paths of one machine", "inmem/x.go", "package inmem\n\nconst dir = `C:" + "\\Users`\n", "inmem/x.go:3: const dir"},
	{"skips say why", "inmem/x_test.go", "package inmem\n\nimport \"testing\"\n\nfunc TestX(t *testing.T) {\n\tt.Skip()\n}\n", "inmem/x_test.go:6: Skip without a reason"},
	{"skips say why", "inmem/x_test.go", "package inmem\n\nimport \"testing\"\n\nfunc FuzzX(f *testing.F) {\n\tf.Skipf(\" \", 1)\n}\n", "Skipf without a reason"},
	{"skips say why", "cachetest/x.go", "package cachetest\n\nimport \"testing\"\n\ntype h struct{ testing.TB }\n\nfunc (h h) f() { h.TB.SkipNow() }\n", "cachetest/x.go:7: SkipNow"},
	{"tests do not wait", "x_test.go", "package advcache\n\nimport \"time\"\n\nfunc f() { time.Sleep(1) }\n", "x_test.go:5: time.Sleep"},
	{"tests do not wait", "inmem/x_test.go", "package inmem\n\nimport clock \"time\"\n\nvar wait = clock.Sleep\n", "inmem/x_test.go:5: time.Sleep"},
}

// importing returns a file of package name that imports path in line 4.
func importing(name, path string) string {
	return "// Package " + name + " is one.\npackage " + name + "\n\nimport \"" + path + "\"\n"
}

func loadFixture(t *testing.T, file, content string) *repo {
	t.Helper()
	files := fstest.MapFS{}
	for name, content := range sound {
		files[name] = &fstest.MapFile{Data: []byte(content)}
	}
	if file != "" {
		files[file] = &fstest.MapFile{Data: []byte(content)}
	}
	r, err := load(files)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func TestSoundRepositoryKeepsTheRules(t *testing.T) {
	r := loadFixture(t, "", "")
	for _, rule := range rules {
		for _, b := range rule.check(r) {
			t.Errorf("%s: %s", rule.name, b)
		}
	}
}

// TestBreachesAreNoticed shows that each rule can fail, with words that lead to
// the place: a rule that cannot is worth nothing.
func TestBreachesAreNoticed(t *testing.T) {
	noticed := map[string]bool{}
	for _, b := range breaches {
		r := loadFixture(t, b.file, b.content)
		for _, rule := range rules {
			if !isRule(rule.name, b.rule) {
				continue
			}
			noticed[rule.name] = true
			broken := rule.check(r)
			if len(broken) != 1 || !strings.Contains(broken[0], b.want) {
				t.Errorf("%s: %s with\n%s\ngave %q; want one line with %q", rule.name, b.file, b.content, broken, b.want)
			}
		}
	}
	for _, rule := range rules {
		if !noticed[rule.name] {
			t.Errorf("%s: there is no breach that shows that this rule can fail", rule.name)
		}
	}
}

// isRule reports whether short means the rule name. The rules of imports are
// named by packages, of which one may begin like another.
func isRule(name, short string) bool {
	if strings.HasPrefix(short, "imports of ") {
		return name == short
	}
	return strings.HasPrefix(name, short)
}

func TestFilesThatAreNotJudged(t *testing.T) {
	bad := "at /ho" + "me/alice"
	for name, content := range map[string]string{
		".git/config":     bad,
		".idea/x.xml":     bad,
		"testdata/binary": "\x00" + bad,
		"testdata/large":  strings.Repeat("x", maxText) + bad,
	} {
		if broken := checkNoMachinePaths(loadFixture(t, name, content)); len(broken) > 0 {
			t.Errorf("%s: %q", name, broken)
		}
	}
	if _, err := load(fstest.MapFS{"x.go": {Data: []byte("package")}}); err == nil {
		t.Error("a file that is no Go was loaded without an error")
	}
}
