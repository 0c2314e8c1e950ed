package filestore

import (
	"container/heap"
	"sync"
	"time"
)

// index is what is known of the files: their sizes for the bounds, a heap by age
// for evictions, and when they are gone for sweeps. It is told of what this
// Store writes at once, and of all else by sweeps.
type index struct {
	mu    sync.Mutex // guards all that follows, and the entries
	files [fans]map[name]*entry
	byAge ages
	bytes int64
	last  int64  // the greatest age so far
	round uint32 // the number of the last sweep
}

// entry is what is known of a file.
type entry struct {
	name  name
	size  int64  // in blocks
	mod   int64  // modification time in Unix nanoseconds, by which a change shows
	age   int64  // mod, or a little more: the least is evicted first
	gone  int64  // Unix milliseconds; 0: never
	round uint32 // the last sweep that saw it
	pos   int32  // in byAge; -1: not in the index any more
}

// unknown is the gone of files that were not read yet.
const unknown = -1

// total returns how many files there are, and how much room they take.
func (x *index) total() (n int, bytes int64) {
	x.mu.Lock()
	defer x.mu.Unlock()
	return len(x.byAge), x.bytes
}

// put tells that this Store has written a file. It is younger than all others,
// even where the clock of the file system has not moved.
func (x *index) put(n name, size int64, mod time.Time, gone int64) {
	x.mu.Lock()
	defer x.mu.Unlock()
	x.set(entry{name: n, size: size, mod: mod.UnixNano(), age: max(mod.UnixNano(), x.last+1), gone: gone})
}

// saw tells that there is a file.
func (x *index) saw(n name, size int64, mod time.Time) {
	x.mu.Lock()
	defer x.mu.Unlock()
	e := x.files[n.fan()][n]
	if e != nil && e.mod == mod.UnixNano() && e.size == size {
		e.round = x.round
		return
	}
	x.set(entry{name: n, size: size, mod: mod.UnixNano(), age: mod.UnixNano(), gone: unknown})
}

// set puts an entry in the place of another. The caller holds mu.
func (x *index) set(e entry) {
	e.round = x.round
	x.last = max(x.last, e.age)
	files := &x.files[e.name.fan()]
	if old := (*files)[e.name]; old != nil {
		x.bytes += e.size - old.size
		e.pos = old.pos
		*old = e
		heap.Fix(&x.byAge, int(e.pos))
		return
	}
	if *files == nil {
		*files = make(map[name]*entry)
	}
	(*files)[e.name] = &e
	x.bytes += e.size
	heap.Push(&x.byAge, &e)
}

// drop tells that a file is not there any more.
func (x *index) drop(n name) {
	x.mu.Lock()
	defer x.mu.Unlock()
	if e := x.files[n.fan()][n]; e != nil {
		x.remove(e)
	}
}

// remove takes an entry out. The caller holds mu.
func (x *index) remove(e *entry) {
	delete(x.files[e.name.fan()], e.name)
	heap.Remove(&x.byAge, int(e.pos))
	x.bytes -= e.size
}

// overflow takes out the oldest entry if there are too many.
func (x *index) overflow(maxBytes int64, maxEntries int) (e entry, ok bool) {
	x.mu.Lock()
	defer x.mu.Unlock()
	if x.bytes <= maxBytes && len(x.byAge) <= maxEntries {
		return e, false
	}
	oldest := x.byAge[0]
	x.remove(oldest)
	return *oldest, true
}

// keep takes back what overflow took out, unless it was written meanwhile.
func (x *index) keep(e entry) {
	x.mu.Lock()
	defer x.mu.Unlock()
	if x.files[e.name.fan()][e.name] == nil {
		x.set(e)
	}
}

// begin begins a sweep: what it does not see is forgotten.
func (x *index) begin() {
	x.mu.Lock()
	defer x.mu.Unlock()
	x.round++
}

// forget drops what a sweep has not seen in a folder.
func (x *index) forget(fan byte) {
	x.mu.Lock()
	defer x.mu.Unlock()
	for _, e := range x.files[fan] {
		if e.round != x.round {
			x.remove(e)
		}
	}
}

// due returns the entries of a folder that are gone at an instant, in Unix
// milliseconds, or were not read yet.
func (x *index) due(fan byte, now int64) (due []entry) {
	x.mu.Lock()
	defer x.mu.Unlock()
	for _, e := range x.files[fan] {
		if e.gone == unknown || e.gone > 0 && e.gone <= now {
			due = append(due, *e)
		}
	}
	return due
}

// learn remembers when a file is gone, if it has not been written meanwhile.
func (x *index) learn(seen *entry, gone int64) {
	x.mu.Lock()
	defer x.mu.Unlock()
	if e := x.files[seen.name.fan()][seen.name]; e != nil && e.mod == seen.mod {
		e.gone = gone
	}
}

// ages is a heap of entries, the oldest first.
type ages []*entry

// Len implements heap.Interface.
func (a ages) Len() int { return len(a) }

// Less implements heap.Interface.
func (a ages) Less(i, j int) bool { return a[i].age < a[j].age }

// Swap implements heap.Interface.
func (a ages) Swap(i, j int) {
	a[i], a[j] = a[j], a[i]
	a[i].pos, a[j].pos = int32(i), int32(j) //nolint:gosec // 2^31 files are more than a folder holds
}

// Push implements heap.Interface.
func (a *ages) Push(e any) {
	added := e.(*entry)
	added.pos = int32(len(*a))
	*a = append(*a, added)
}

// Pop implements heap.Interface.
func (a *ages) Pop() any {
	last := len(*a) - 1
	e := (*a)[last]
	(*a)[last] = nil
	*a = (*a)[:last]
	e.pos = -1
	return e
}
