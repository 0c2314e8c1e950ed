package main

import (
	"bytes"
	"math"
	"math/rand/v2"
	"time"
)

// transfer is one contender of a work over an object store, where it is the wait
// that costs, the requests and what they move.
type transfer struct {
	name  string
	op    func() error
	goals judge // nil: it is only measured
}

// judge says whether what an operation costs reaches the goals.
type judge func(transferCost) []verdict

// depot is where the objects are: what all contenders of a work share.
type depot struct {
	title string
	note  string
	count func() moved // so far
}

// moved is what was asked of a depot, and what it moved.
type moved struct {
	requests  int
	sent, got int64 // bytes
}

func (m moved) since(before moved) moved {
	return moved{m.requests - before.requests, m.sent - before.sent, m.got - before.got}
}

// transferCost is what one operation costs: medians, and what it moves.
type transferCost struct {
	moved

	share float64 // of the time that the first contender needs
	speed float64 // how many times faster than that one it is
	bytes float64 // allocated
}

const (
	perFirst = "÷ first"
	kib      = 1 << 10
	mib      = 1 << 20
)

// hugeSize is what a large object has.
func (r *runner) hugeSize() int {
	if r.huge > 0 {
		return r.huge
	}
	return 64 * mib
}

// latency is how long a fake server takes to the first byte of an answer.
func (r *runner) latency() time.Duration {
	if r.firstByte > 0 {
		return r.firstByte
	}
	return 30 * time.Millisecond
}

// roundsOf is how many rounds there are of an object of n bytes: few of what takes
// long.
func (r *runner) roundsOf(n int) int {
	if n > mib {
		return max(1, r.rounds/3)
	}
	return r.rounds
}

// transfers measures a work in so many rounds, and adds its rows. The first
// contender is the one that the others are compared with.
func (r *runner) transfers(d *depot, work string, rounds int, transfers []transfer, notes ...string) {
	entrants := make([]entrant, len(transfers))
	each := make([]moved, len(transfers))
	for i, t := range transfers {
		before := d.count()
		answered(t.name, t.op()) // what comes first, such as dialing, is not measured
		each[i] = d.count().since(before)
		entrants[i] = entrant{t.name, func(_, n int) {
			for range n {
				answered(t.name, t.op())
			}
		}}
	}
	p := r.plan()
	p.rounds, p.least = rounds, 1
	all := interleave(entrants, p, 1)
	rows := make([]row, len(transfers))
	for i, t := range transfers {
		millis := all[i].walls()
		for at, wall := range millis {
			millis[at] = wall / float64(time.Millisecond)
		}
		share := pairwise(all[i].walls(), all[0].walls(), ratio)
		c := transferCost{
			moved: each[i],
			share: median(share),
			speed: median(pairwise(all[0].walls(), all[i].walls(), ratio)),
			bytes: median(all[i].bytes()),
		}
		rows[i] = row{Work: d.title + ", " + work, Procs: r.procs, Callers: 1, Contender: t.name, Metrics: []metric{
			spreadOf("ms/op", millis),
			spreadOf(perFirst, share),
			{Name: "CPU ms/op", Value: median(all[i].cpus()) / float64(time.Millisecond)},
			{Name: "requests", Value: float64(c.requests)},
			{Name: "KiB sent", Value: float64(c.sent) / kib},
			{Name: "KiB read", Value: float64(c.got) / kib},
			{Name: "KiB alloc", Value: math.Round(c.bytes / kib)},
			{Name: "allocs/op", Value: math.Round(median(all[i].allocs()))},
		}}
		if t.goals != nil {
			rows[i].Goals = t.goals(c)
		}
	}
	r.add(notes, rows)
}

// latencyGoal is that of a read of an object that is fresh.
func latencyGoal(name string) judge {
	limit := 2.05
	if name == nameOneRequest {
		limit = 1.03
	}
	return func(c transferCost) []verdict { return []verdict{atMost(perFirst, limit, c.share)} }
}

// memoryGoal is that of a read of a value of n bytes: of what is allocated beside it.
func memoryGoal(n int) func(name string) judge {
	return func(string) judge {
		return func(c transferCost) []verdict {
			return []verdict{atMost("allocated beyond the value ÷ its size", 1.10, (c.bytes-float64(n))/float64(n))}
		}
	}
}

// bodyGoals are those of a read of n bytes that are kept as they are. Of a large
// body the time is that of the memory of this process.
func bodyGoals(n int) func(name string) judge {
	switch {
	case n > mib:
		return memoryGoal(n)
	case n < mib:
		return latencyGoal
	default:
		return func(name string) judge {
			return func(c transferCost) []verdict { return append(latencyGoal(name)(c), memoryGoal(n)(name)(c)...) }
		}
	}
}

// noise is n bytes that do not compress.
func noise(n int) []byte {
	data := make([]byte, n)
	_, _ = rand.NewChaCha8([32]byte{seed % 256}).Read(data) // which never fails
	return data
}

// records is n bytes of records, one behind the other. They come again after more
// than a compression looks back.
func records(n int) []byte {
	var some []byte
	for id := int64(0); len(some) < min(n, mib/2); id++ {
		a := article(id, large)
		some = append(some, encode(&a)...)
	}
	return bytes.Repeat(some, n/len(some)+1)[:n]
}
