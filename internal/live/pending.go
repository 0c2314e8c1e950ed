package live

import (
	"hash/maphash"
	"strings"
	"sync"
	"sync/atomic"
)

// Pending is a load under way. A Delete or a Set of its key bars it, and what
// it loaded is then not stored (law 3).
type Pending struct {
	barred  atomic.Bool
	touched atomic.Bool
	next    *Pending

	// The rest is about changes that take time, and loads that are copied: see
	// Pendings.Change.
	amid      bool // written by the loader alone
	stores    bool // guarded by the shard, as the two below
	filled    bool
	overtaken bool
}

// Bar keeps the load from storing what it loads.
func (p *Pending) Bar() { p.barred.Store(true) }

// Barred reports whether the load must not store what it loads, and whether
// callers who come now must not share it.
func (p *Pending) Barred() bool { return p.barred.Load() }

// Touched reports whether another load has stored something for the key since
// this one was registered.
func (p *Pending) Touched() bool { return p.touched.Load() }

// Amid reports whether a change of the key was under way when the load began.
func (p *Pending) Amid() bool { return p.amid }

// Pendings is the loads under way of one cache, by key. It is empty where
// nothing loads, and then costs a writer one atomic load.
type Pendings struct {
	seed   maphash.Seed
	shards [32]pendingShard
}

type pendingShard struct {
	count    atomic.Int32 // loads in byKey
	changes  atomic.Int32 // keys in changing
	mu       sync.Mutex
	byKey    map[string]*Pending // guarded by mu; a list for each key
	changing map[string]int      // how many changes of a key are under way; guarded by mu
	_        [32]byte            // one shard in one cache line
}

// NewPendings returns an empty registry.
func NewPendings() *Pendings { return &Pendings{seed: maphash.MakeSeed()} }

func (ps *Pendings) shard(key string) *pendingShard {
	return &ps.shards[maphash.String(ps.seed, key)%uint64(len(ps.shards))]
}

// Begin registers a load of key. The caller orders it against Interrupt of the
// same key, by a lock of the key or by asking the cache after Begin.
func (ps *Pendings) Begin(key string) *Pending {
	p := new(Pending)
	s := ps.shard(key)
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.byKey == nil {
		s.byKey = make(map[string]*Pending)
	}
	p.amid = s.changing[key] > 0
	p.next = s.byKey[key]
	s.byKey[key] = p
	s.count.Add(1)
	return p
}

// End takes the load out again, and bars it.
func (ps *Pendings) End(key string, p *Pending) {
	p.Bar()
	s := ps.shard(key)
	s.mu.Lock()
	defer s.mu.Unlock()
	head := s.byKey[key]
	if p.stores {
		for q := head; q != nil; q = q.next {
			q.filled = true
		}
	}
	for at := &head; *at != nil; at = &(*at).next {
		if *at == p {
			*at = p.next
			s.count.Add(-1)
			break
		}
	}
	if head == nil {
		delete(s.byKey, key)
	} else {
		s.byKey[key] = head
	}
}

// Interrupt bars all loads of key that have begun.
func (ps *Pendings) Interrupt(key string) { ps.each(key, (*Pending).Bar) }

// Touch tells all loads of key that have begun that one of them has stored
// something.
func (ps *Pendings) Touch(key string) {
	ps.each(key, func(p *Pending) { p.touched.Store(true) })
}

func (ps *Pendings) each(key string, do func(*Pending)) {
	s := ps.shard(key)
	if s.count.Load() == 0 {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	for p := s.byKey[key]; p != nil; p = p.next {
		do(p)
	}
}

// InterruptPrefix bars all loads of keys that begin with prefix, and returns
// these keys.
func (ps *Pendings) InterruptPrefix(prefix string) (keys []string) {
	for i := range ps.shards {
		s := &ps.shards[i]
		s.mu.Lock()
		for key, p := range s.byKey {
			if strings.HasPrefix(key, prefix) {
				keys = append(keys, key)
				for ; p != nil; p = p.next {
					p.Bar()
				}
			}
		}
		s.mu.Unlock()
	}
	return keys
}
