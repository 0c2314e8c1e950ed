package cachetest

import (
	"errors"

	"github.com/advcache/advcache"
)

// capability is something that a cache may be able to do.
type capability struct {
	name string // of the function in package advcache
	has  func(e *env) bool
}

const (
	capSetIfAbsent = "SetIfAbsent"
	capSetEntryIf  = "SetEntryIf"
	capGetMany     = "GetMany"
	capSetMany     = "SetMany"
	capClear       = "Clear"
	capGetEntries  = "GetEntries"
	capSetEntries  = "SetEntries"
	capHeadEntry   = "HeadEntry"
	capRevalidate  = "Revalidate"
)

// capabilities are asked by a call where a method alone says little: a wrapper
// has the method even if the cache that it wraps has not, and passes on
// errors.ErrUnsupported. The others have a fallback, so only the method tells.
var capabilities = []capability{
	{capSetIfAbsent, func(e *env) bool {
		_, err := advcache.SetIfAbsent(e.Context(), e.cache, "has SetIfAbsent", "v", long)
		return !errors.Is(err, errors.ErrUnsupported)
	}},
	{capSetEntryIf, func(e *env) bool {
		entry, _ := e.getEntry("has SetEntryIf")
		_, err := advcache.SetEntryIf(e.Context(), e.cache, "has SetEntryIf", lives("v", long, 0), entry.Version)
		return !errors.Is(err, errors.ErrUnsupported)
	}},
	{capGetMany, func(e *env) bool { return implements[advcache.ManyGetter[string]](e) }},
	{capSetMany, func(e *env) bool { return implements[advcache.ManySetter[string]](e) }},
	{capGetEntries, func(e *env) bool { return implements[advcache.EntriesGetter[string]](e) }},
	{capSetEntries, func(e *env) bool { return implements[advcache.EntriesSetter[string]](e) }},
	{capHeadEntry, func(e *env) bool { return implements[advcache.EntryHeader[string]](e) }},
	{capClear, func(e *env) bool {
		return !errors.Is(advcache.Clear(e.Context(), e.cache, "has Clear"), errors.ErrUnsupported)
	}},
	{capRevalidate, func(e *env) bool { return implements[advcache.Revalidator[string]](e) }},
}

func implements[I any](e *env) bool {
	_, ok := e.cache.(I)
	return ok
}

// setIfAbsent calls SetIfAbsent, which must not fail.
func (e *env) setIfAbsent(key, value string) bool {
	e.Helper()
	ok, err := advcache.SetIfAbsent(e.Context(), e.cache, key, value, long)
	if err != nil {
		e.Fatalf("SetIfAbsent(%s) = %v; want no error", short(key), err)
	}
	return ok
}

// adds wants SetIfAbsent to succeed.
func (e *env) adds(key, value string) {
	e.Helper()
	if !e.setIfAbsent(key, value) {
		e.Fatalf("SetIfAbsent(%s) = false; want true", short(key))
	}
	e.fresh(key, value)
}

// addsNot wants SetIfAbsent to leave a key as it is.
func (e *env) addsNot(key string) {
	e.Helper()
	if e.setIfAbsent(key, "added") {
		e.Lost("SetIfAbsent(%s) = true; want false", short(key))
	}
}

// setEntryIf calls SetEntryIf, which must not fail.
func (e *env) setEntryIf(key string, entry advcache.Entry[string], seen advcache.Version) bool {
	e.Helper()
	ok, err := advcache.SetEntryIf(e.Context(), e.cache, key, entry, seen)
	if err != nil {
		e.Fatalf("SetEntryIf(%s, %s) = %v; want no error", short(key), describe(entry), err)
	}
	return ok
}

// replaces wants SetEntryIf to succeed with what GetEntry says now, and
// returns the Version that it used. A few refusals are allowed, since a level
// may remember changes more coarsely than by key.
func (e *env) replaces(key string, entry advcache.Entry[string]) advcache.Version {
	e.Helper()
	const most = 10
	for range most {
		seen := e.version(key)
		if e.setEntryIf(key, entry, seen) {
			return seen
		}
	}
	e.Fatalf("SetEntryIf(%s) = false %d times, each time with the Version just read, and nobody else writes; want true", short(key), most)
	return advcache.Version{}
}

// refuses wants SetEntryIf to answer false, and to write nothing.
func (e *env) refuses(key string, seen advcache.Version, since string) {
	e.Helper()
	if e.setEntryIf(key, lives("refused", long, 0), seen) {
		e.Fatalf("SetEntryIf(%s) = true with a Version read before %s; want false", short(key), since)
	}
	if value, ok := e.get(key); ok && value == "refused" {
		e.Fatalf("SetEntryIf(%s) = false, but Get returns its value", short(key))
	}
}

// version returns the Version that GetEntry gives, which must not be zero.
func (e *env) version(key string) advcache.Version {
	e.Helper()
	entry, ok := e.getEntry(key)
	if entry.Version.IsZero() {
		e.Fatalf("GetEntry(%s) has ok = %v and a zero Version; want one for SetEntryIf, for a miss too", short(key), ok)
	}
	return entry.Version
}
