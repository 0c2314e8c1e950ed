package main

import (
	"flag"
	"fmt"
	"path"
	"regexp"
	"runtime"
	"runtime/debug"
	"strconv"
	"strings"
	"time"

	"github.com/maypok86/otter/v2"
)

// work is one thing that all contenders do.
type work struct {
	name string // what -only matches, next to the names of its tables
	run  func(*runner)
	once bool // its result does not depend on GOMAXPROCS
}

var works = []work{
	{"inmem-string", inmemWork, false},
	{"wrapped-int", intWork, false},
	{"wrapped-string", stringWork, false},
	{"wrapped-struct", structWork, false},
	{"wrapped-zipf", zipfWork, false},
	{"parallel", parallelWork, false},
	{"mix", mixWork, false},
	{"stats", statsWork, false},
	{"stampede", stampedeWork, false},
	{"leader-leaves", leaderWork, false},
	{"pressure", pressureWork, true},
	{"memory", memoryWork, true},
	{"codec", codecWork, true},
	{"compression", compressionWork, true},
	{"files", filesWork, false},
	{"redis", redisWork, false},
	{"chain", chainWork, false},
	{"chain-wrapped", chainWrappedWork, false},
	{"promotion", promotionWork, true},
	{"hung", hungWork, true},
	{"s3", s3Work, true},
	{"gcs", gcsWork, true},
}

// runner is one run of the program.
type runner struct {
	quick  bool
	rounds int
	slice  time.Duration // 0: what quick says
	procs  int
	clock  *otter.CoarseClock
	rows   []row
	server *redisServer // of the works that need one, once it is started
	huge   int          // bytes of a large object; 0: 64 MiB

	// firstByte is how long a fake server takes to the first byte of an answer;
	// 0: 30 ms, about what S3 and GCS take within their region.
	firstByte time.Duration
}

func (r *runner) plan() plan {
	slice := r.slice
	switch {
	case slice > 0:
	case r.quick:
		slice = 5 * time.Millisecond
	default:
		slice = 25 * time.Millisecond
	}
	return plan{rounds: r.rounds, slice: slice}
}

// runs is how often a stampede happens.
func (r *runner) runs() int { return max(3, r.rounds-1) }

// take measures work of n operations, between collections of the garbage.
func (r *runner) take(n int, work func()) sample {
	sweep()
	defer debug.SetGCPercent(debug.SetGCPercent(-1))
	return take(n, work)
}

// add prints the rows of one work and keeps them.
func (r *runner) add(notes []string, rows []row) {
	fmt.Print(table(notes, rows))
	r.rows = append(r.rows, rows...)
}

func main() {
	var (
		quick  = flag.Bool("quick", false, "few and short rounds: a look, not a result")
		rounds = flag.Int("rounds", 0, "rounds of each measurement (0: 21, with -quick 5)")
		only   = flag.String("only", "", "run only the works whose name matches this `regexp`: "+workNames())
		procs  = flag.String("procs", "1,2", "values of GOMAXPROCS, a `list`")
		file   = flag.String("json", "", "write the rows to this `file` too")
	)
	flag.Parse()
	chosen, err := regexp.Compile(*only)
	if err != nil {
		fail(err)
	}
	list, err := parseProcs(*procs)
	if err != nil {
		fail(err)
	}
	r := &runner{quick: *quick, rounds: *rounds, clock: otter.NewCoarseClock(clockResolution)}
	if r.rounds <= 0 {
		r.rounds = 21
		if r.quick {
			r.rounds = 5
		}
	}
	printHead(r)
	for i, n := range list {
		r.procs = n
		runtime.GOMAXPROCS(n)
		for _, w := range works {
			if chosen.MatchString(w.name) && (!w.once || i == len(list)-1) {
				w.run(r)
			}
		}
	}
	r.server.stop()
	fmt.Print(goals(r.rows))
	if *file != "" {
		if err := writeJSON(*file, r.rows); err != nil {
			fail(err)
		}
	}
}

func workNames() string {
	names := make([]string, len(works))
	for i, w := range works {
		names[i] = w.name
	}
	return strings.Join(names, ", ")
}

func parseProcs(list string) ([]int, error) {
	var procs []int
	for word := range strings.SplitSeq(list, ",") {
		n, err := strconv.Atoi(strings.TrimSpace(word))
		if err != nil || n < 1 {
			return nil, fmt.Errorf("-procs %q: want a list of positive numbers, such as 1,2", list)
		}
		procs = append(procs, n)
	}
	return procs, nil
}

// printHead says what was measured, on what.
func printHead(r *runner) {
	fmt.Printf("%s %s/%s, %d CPUs, %d rounds of %v\n",
		runtime.Version(), runtime.GOOS, runtime.GOARCH, runtime.NumCPU(), r.rounds, r.plan().slice)
	fmt.Println("CPU time:", cpuSource)
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return
	}
	var peers []string
	for _, dep := range info.Deps {
		for _, peer := range []string{"otter", "sturdyc", "theine", "ttlcache", "golang-lru", "go-redis/cache", "go-cache", "xsync", "redis/go-redis", "rueidis", "klauspost/compress", "msgpack/v5", "aws-sdk-go-v2/service/s3", "cloud.google.com/go/storage"} {
			if strings.Contains(dep.Path, peer) {
				peers = append(peers, strings.TrimPrefix(path.Dir(dep.Path)+"/"+path.Base(dep.Path), "github.com/")+" "+dep.Version)
			}
		}
	}
	fmt.Println("peers:", strings.Join(peers, ", "))
}
