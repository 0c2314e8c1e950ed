// Package keylock is a mutex for each key that is in use, which waits no longer
// than a context.
package keylock

import (
	"context"
	"slices"
	"sync"
)

// Locks is a mutex for each key. The zero value is ready for use.
type Locks struct {
	mu    sync.Mutex
	byKey map[string]*lock // those that are held or waited for; guarded by mu
}

type lock struct {
	held  chan struct{} // holds one token while locked
	users int           // guarded by Locks.mu
}

// Lock waits for the lock of key, or for ctx, whose error it then returns. A free
// lock is taken even if ctx is done: what that means is for others to say.
func (ls *Locks) Lock(ctx context.Context, key string) (unlock func(), err error) {
	l := ls.enter(key)
	unlock = func() {
		<-l.held
		ls.leave(key, l)
	}
	select {
	case l.held <- struct{}{}:
		return unlock, nil
	default:
	}
	select {
	case l.held <- struct{}{}:
		return unlock, nil
	case <-ctx.Done():
		ls.leave(key, l)
		return nil, ctx.Err()
	}
}

// LockAll locks several keys, in one order for all callers, so that two of them
// cannot wait for each other. It locks all or none.
func (ls *Locks) LockAll(ctx context.Context, keys []string) (unlock func(), err error) {
	if len(keys) == 1 {
		return ls.Lock(ctx, keys[0])
	}
	keys = slices.Compact(slices.Sorted(slices.Values(keys)))
	unlocks := make([]func(), 0, len(keys))
	unlock = func() {
		for _, u := range unlocks {
			u()
		}
	}
	for _, key := range keys {
		u, err := ls.Lock(ctx, key)
		if err != nil {
			unlock()
			return nil, err
		}
		unlocks = append(unlocks, u)
	}
	return unlock, nil
}

func (ls *Locks) enter(key string) *lock {
	ls.mu.Lock()
	defer ls.mu.Unlock()
	if ls.byKey == nil {
		ls.byKey = make(map[string]*lock)
	}
	l := ls.byKey[key]
	if l == nil {
		l = &lock{held: make(chan struct{}, 1)}
		ls.byKey[key] = l
	}
	l.users++
	return l
}

func (ls *Locks) leave(key string, l *lock) {
	ls.mu.Lock()
	defer ls.mu.Unlock()
	if l.users--; l.users == 0 {
		delete(ls.byKey, key)
	}
}
