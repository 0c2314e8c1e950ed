package advcache

import (
	"sync"
	"sync/atomic"
	"time"
)

// maxDoubts is how many keys are remembered whose last write failed.
const maxDoubts = 10_000

// doubts is the keys that a level is not to be read for, because it has missed
// a write of them and may hold what has since been replaced (law 7). The zero
// value is ready for use.
//
// Keys beyond maxDoubts are not remembered one by one: instead, nothing is read
// that is older than the last write that failed then.
type doubts struct {
	count  atomic.Int64 // len(keys), so that a healthy level costs one load
	before atomic.Int64 // in Unix nanoseconds; 0: none

	mu   sync.Mutex
	keys map[string]struct{} // guarded by mu
}

// of reports whether the level is not to be read for key.
func (d *doubts) of(key string) bool {
	if d.count.Load() == 0 {
		return false
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.knows(key)
}

func (d *doubts) knows(key string) bool {
	_, ok := d.keys[key]
	return ok
}

// aged reports whether older has to be asked.
func (d *doubts) aged() bool { return d.before.Load() != 0 }

// all notes that the level has missed a change of any key: what is older than now
// is not to be believed.
func (d *doubts) all() { d.before.Store(time.Now().UnixNano()) }

// older reports whether an entry made at created is too old to be believed.
func (d *doubts) older(created time.Time) bool {
	before := d.before.Load()
	return before != 0 && created.UnixNano() <= before
}

// some returns up to n of the keys.
func (d *doubts) some(n int) []string {
	d.mu.Lock()
	defer d.mu.Unlock()
	keys := make([]string, 0, min(n, len(d.keys)))
	for key := range d.keys {
		if len(keys) == n {
			break
		}
		keys = append(keys, key)
	}
	return keys
}

// wrote notes how a write or a delete of key ended, and reports whether it has made
// good what the level had missed.
func (d *doubts) wrote(key string, err error) (mended bool) {
	if err == nil && d.count.Load() == 0 {
		return false
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	switch {
	case err == nil:
		mended = d.knows(key)
		delete(d.keys, key)
	case d.knows(key):
	case len(d.keys) >= maxDoubts:
		d.before.Store(time.Now().UnixNano())
	default:
		if d.keys == nil {
			d.keys = make(map[string]struct{})
		}
		d.keys[key] = struct{}{}
	}
	d.count.Store(int64(len(d.keys)))
	return mended
}

// note remembers that the level has missed a change of key, or that it no longer has.
func (t *tier[V]) note(key string, missed error) {
	if t.doubt.wrote(key, missed) && t.mended != nil {
		t.mended(key)
	}
}
