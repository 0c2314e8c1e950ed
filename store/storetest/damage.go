package storetest

import (
	"bytes"
	"maps"
	"math/rand/v2"
	"slices"

	"github.com/advcache/advcache/store"
)

// has reports whether the other store has the method of a capability. One that
// has it may still give errors.ErrUnsupported, after a fault.
func (f *Faulty) has(capability string) bool {
	ok := false
	switch capability {
	case capTouch:
		_, ok = f.s.(store.Toucher)
	case capGetMany:
		_, ok = f.s.(store.ManyGetter)
	case capPutMany:
		_, ok = f.s.(store.ManyPutter)
	case capClear:
		_, ok = f.s.(store.Clearer)
	}
	return ok
}

// write makes obj what the key holds. The caller holds the lock of the Faulty.
func (h *history) write(obj *store.Object) { h.before, h.now = h.now, obj }

// of returns the history of a key. The caller holds mu.
func (f *Faulty) of(key string) *history {
	h := f.record[key]
	if h == nil {
		h = new(history)
		f.record[key] = h
	}
	return h
}

// wrote remembers that a key now holds obj, which is not changed any more.
func (f *Faulty) wrote(key string, obj *store.Object) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.of(key).write(obj)
}

// touched remembers that a key has the instants of meta now.
func (f *Faulty) touched(key string, meta store.Meta) {
	f.mu.Lock()
	defer f.mu.Unlock()
	h := f.of(key)
	if h.now == nil {
		return
	}
	next := *h.now
	next.Meta.CreatedAt, next.Meta.FreshUntil = meta.CreatedAt, meta.FreshUntil
	next.Meta.StaleUntil, next.Meta.HeldUntil = meta.StaleUntil, meta.HeldUntil
	next = asKept(next, randomVersion()) // its own is not known
	h.write(&next)
}

// previous returns what a key held before its last write.
func (f *Faulty) previous(key string) (store.Object, bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	h := f.record[key]
	if h == nil || h.before == nil {
		return store.Object{}, false
	}
	obj := *h.before
	obj.Body, obj.Meta = bytes.Clone(obj.Body), ownMeta(obj.Meta)
	return obj, true
}

// outdated returns previous, as a backend would for want.
func (f *Faulty) outdated(key string, want *store.Want) (store.Object, bool) {
	obj, ok := f.previous(key)
	if !ok || !want.Useful(&obj.Meta) {
		return store.Object{}, false
	}
	return answer(obj, want), true
}

// instead returns the key that is read for a key.
func (f *Faulty) instead(key string, fault Fault, chance *rand.Rand) string {
	if fault != Swapped {
		return key
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	var others []string
	for _, other := range slices.Sorted(maps.Keys(f.record)) {
		if other != key && f.record[other].now != nil {
			others = append(others, other)
		}
	}
	if len(others) == 0 {
		return key
	}
	return others[chance.IntN(len(others))]
}

// damage does to an object what a fault does. It changes no memory that others
// may have.
func damage(obj *store.Object, fault Fault, chance *rand.Rand, want *store.Want) {
	switch fault {
	case Truncate:
		if len(obj.Body) > 0 {
			obj.Body = bytes.Clone(obj.Body[:chance.IntN(len(obj.Body))])
		}
	case FlipBody:
		if len(obj.Body) > 0 {
			obj.Body = bytes.Clone(obj.Body)
			bit := chance.IntN(8 * len(obj.Body))
			obj.Body[bit/8] ^= 1 << (bit % 8)
		}
	case FlipHash:
		bit := chance.IntN(8 * len(obj.Meta.Hash))
		obj.Meta.Hash[bit/8] ^= 1 << (bit % 8)
	case FlipEncoding:
		obj.Meta.Encoding = flip(obj.Meta.Encoding, chance)
	case FlipSchema:
		obj.Meta.Schema = flip(obj.Meta.Schema, chance)
	case Foreign:
		obj.Meta = store.Meta{Foreign: true, Size: obj.Meta.Size, Version: obj.Meta.Version}
		obj.NotModified = false
		if !want.Foreign {
			obj.Body = nil
		}
	case Damaged:
		*obj = store.Object{Meta: store.Meta{Damaged: true, Size: obj.Meta.Size, Version: obj.Meta.Version}}
	default:
	}
}

// flip turns one bit of a text around, so that it stays one of ASCII if it is;
// an empty one becomes another.
func flip(text string, chance *rand.Rand) string {
	if text == "" {
		return "?"
	}
	b := []byte(text)
	b[chance.IntN(len(b))] ^= 1
	return string(b)
}
