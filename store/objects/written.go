package objects

import (
	"slices"
	"sync"

	"github.com/advcache/advcache/store"
)

// generation is how many keys a Written remembers at the least, if there are as
// many, and half of what it does at the most.
const generation = 10_000

// Written remembers the Meta of what a store wrote last, for a store that is the
// only one to write. It is safe for concurrent use. A nil Written remembers
// nothing.
type Written struct {
	mu         sync.Mutex
	young, old map[string]store.Meta // old goes when young is full
	begun      map[string]*writing   // keys that are being written
}

type writing struct {
	writers int
	mixed   bool // more than one has written: which was last, nobody knows
}

// NewWritten returns one that remembers.
func NewWritten() *Written {
	return &Written{young: make(map[string]store.Meta), begun: make(map[string]*writing)}
}

// Recall returns the Meta that key had when it was last written. It shares its
// Tags.
func (w *Written) Recall(key string) (meta store.Meta, ok bool) {
	if w == nil {
		return meta, false
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	if meta, ok = w.young[key]; ok {
		return meta, true
	}
	if meta, ok = w.old[key]; ok {
		w.remember(key, meta)
	}
	return meta, ok
}

// Begin says that keys are about to change. They are forgotten until done is told
// what a single one has now: nil is nothing, or that nobody knows.
func (w *Written) Begin(keys ...string) (done func(meta *store.Meta)) {
	if w == nil {
		return func(*store.Meta) {}
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, key := range keys {
		w.forget(key)
		now := w.begun[key]
		if now == nil {
			now = new(writing)
			w.begun[key] = now
		}
		now.mixed = now.writers > 0 || now.mixed
		now.writers++
	}
	return func(meta *store.Meta) {
		w.mu.Lock()
		defer w.mu.Unlock()
		for _, key := range keys {
			w.done(key, meta)
		}
	}
}

func (w *Written) done(key string, meta *store.Meta) {
	now := w.begun[key]
	if meta != nil && !now.mixed {
		m := *meta
		m.Tags = slices.Clone(m.Tags) // which are the caller's
		w.remember(key, m)
	}
	if now.writers--; now.writers == 0 {
		delete(w.begun, key)
	}
}

func (w *Written) forget(key string) {
	delete(w.young, key)
	delete(w.old, key)
}

func (w *Written) remember(key string, meta store.Meta) {
	delete(w.old, key)
	if len(w.young) >= generation {
		w.young, w.old = make(map[string]store.Meta), w.young
	}
	w.young[key] = meta
}
