package advcache

import (
	"sync"
	"sync/atomic"
	"time"
)

// maxBackoffs is how many keys are remembered whose refresh has failed. Beyond
// it, the memory of some key is lost, and its refresh is tried anew.
const maxBackoffs = 10_000

// backoffs remembers failed refreshes, so that they are retried after a growing
// delay and not by each read (law 8).
type backoffs struct {
	policy Backoff
	count  atomic.Int64 // len(keys), so that all being well costs one load

	mu   sync.Mutex
	keys map[string]failure // guarded by mu
}

type failure struct {
	times int
	until time.Time
}

// waits reports whether key is not to be refreshed yet.
func (b *backoffs) waits(key string, now time.Time) bool {
	if b.count.Load() == 0 {
		return false
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	return now.Before(b.keys[key].until)
}

// failed notes a failure.
func (b *backoffs) failed(key string, now time.Time) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.keys == nil {
		b.keys = make(map[string]failure)
	}
	f, known := b.keys[key]
	if !known && len(b.keys) >= maxBackoffs {
		b.makeRoom(now)
	}
	f.times++
	f.until = now.Add(b.policy.after(f.times))
	b.keys[key] = f
	b.count.Store(int64(len(b.keys)))
}

// makeRoom drops what is past, or else any one key.
func (b *backoffs) makeRoom(now time.Time) {
	for key, f := range b.keys {
		// One whose delay has run out long ago is not asked for any more.
		if now.Sub(f.until) > b.policy.Max {
			delete(b.keys, key)
		}
	}
	for key := range b.keys {
		if len(b.keys) < maxBackoffs {
			return
		}
		delete(b.keys, key)
	}
}

// clear forgets the failures of key.
func (b *backoffs) clear(key string) {
	if b.count.Load() == 0 {
		return
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	delete(b.keys, key)
	b.count.Store(int64(len(b.keys)))
}
