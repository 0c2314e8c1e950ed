package cachetest

import (
	"fmt"
	"slices"
	"time"

	"github.com/advcache/advcache"
)

// getEntriesChecks are about the function GetEntries, with the method or without.
var getEntriesChecks = []check{
	{
		name: "AsGetEntry", law: lawGetEntries, says: "GetEntries returns what GetEntry would for each key, at the place of the key: hits, stale and negative entries, and misses",
		run: func(e *env) {
			e.everyKind()
			found := e.getEntries("stale", "never set", "fresh", "negative", "deleted", "stale negative", "forever", "empty")
			e.finds(found[0], "v", false)
			e.finds(found[2], "v", false)
			e.finds(found[3], "", true)
			e.finds(found[5], "", true)
			e.finds(found[6], "w", false)
			e.finds(found[7], "", false)
		},
	},
	{
		name: "IsKept", law: lawCopy, says: "GetEntries gives back the instants and the tags of an entry, negative or not",
		run: func(e *env) {
			entries := e.setKept()
			for i, l := range e.getEntries("none", "k") {
				e.keptEntry(l.Entry, entries[[]string{"none", "k"}[i]])
			}
		},
	},
	{
		name: "AfterALife", law: lawLife, says: "GetEntries returns what is fresh, then what is stale, and nothing that is dead or past its HeldUntil",
		run: func(e *env) {
			keys, end := e.setLives()
			for _, l := range e.getEntries(keys...) {
				e.finds(l, "v", false)
			}
			e.At(end, time.Time{}, "the end of their lives")
			for i, l := range e.getEntries(keys...) {
				if want := keys[i] == "fresh" || keys[i] == "stale"; l.OK != want {
					e.Fatalf("GetEntries of %s has %s: %s, %v; want %v", list(keys), short(keys[i]), describe(l.Entry), l.OK, want)
				}
			}
		},
	},
	{
		name: "Repeated", law: lawGetEntries, says: "a key may be asked for more than once, and is answered at each of its places",
		run: func(e *env) {
			e.set("k", "v", long)
			e.set("other", "w", long)
			found := e.getEntries("k", "nothing there", "k", "other", "nothing there", "k")
			e.finds(found[0], "v", false)
			e.finds(found[2], "v", false)
			e.finds(found[3], "w", false)
			e.finds(found[5], "v", false)
		},
	},
	{
		name: "None", law: lawGetEntries, says: "GetEntries of no keys gives nothing, and of misses alone nothing but misses",
		run: func(e *env) {
			e.set("k", "v", long)
			e.getEntries()
			e.getEntries("a", "b", "c")
			e.fresh("k", "v")
		},
	},
	{
		name: "Many", law: lawGetEntries, says: "GetEntries takes more keys than a store reads in one request",
		run: func(e *env) {
			const keys, every = 600, 6 // Redis is asked for 512 at once
			entries := make(map[string]advcache.Entry[string])
			asked := make([]string, keys)
			for i := range asked {
				asked[i] = fmt.Sprintf("k%d", i)
				if i%every == 0 {
					entries[asked[i]] = lives(valueOf(asked[i]), long, 0)
				}
			}
			e.setEntries(entries)
			for i, l := range e.lookups(asked) {
				switch want, there := entries[asked[i]]; {
				case l.Err != nil:
					e.Fatalf("GetEntries of %s has an error for %s: %v", list(asked), short(asked[i]), l.Err)
				case there:
					e.finds(l, want.Value, false)
				case l.OK:
					e.Fatalf("GetEntries of %s has %s: %s; want a miss", list(asked), short(asked[i]), describe(l.Entry))
				}
			}
		},
	},
	{
		name: "Versions", law: lawSetEntryIf, needs: needs{capSetEntryIf}, says: "SetEntryIf succeeds with a Version of GetEntries, that of an entry and that of a miss",
		run: func(e *env) {
			e.everyKind()
			for _, key := range kinds {
				e.replacesBy(func() advcache.Version { return e.getEntries("another", key)[1].Entry.Version }, key)
			}
		},
	},
	{
		name: "OldVersions", law: lawInvalidation, needs: needs{capSetEntryIf}, says: "SetEntryIf with a Version of GetEntries does not undo a Set or a Delete that came after the read",
		run: func(e *env) {
			e.everyKind()
			set, deleted := e.getEntries(kinds...), []string(nil)
			for i, key := range kinds {
				if i%2 == 0 {
					e.set(key, "new", long)
				} else {
					deleted = append(deleted, key)
				}
			}
			e.delete(deleted...)
			for i, key := range kinds {
				e.refuses(key, set[i].Entry.Version, "Set or Delete")
				if i%2 == 0 {
					e.fresh(key, "new")
				} else {
					e.gone(key)
				}
			}
		},
	},
}

// kinds are the keys that everyKind is about.
var kinds = []string{"fresh", "forever", "empty", "stale", "negative", "stale negative", "deleted", "never set"}

// everyKind sets a key for each kind of thing that a key may hold.
func (e *env) everyKind() {
	e.Helper()
	fresh := lives("v", time.Hour, long)
	fresh.CreatedAt = fresh.CreatedAt.Add(-time.Minute)
	fresh.Tags = []string{"b", "a"}
	e.setEntry("fresh", fresh)
	e.set("forever", "w", 0)
	e.set("empty", "", long)
	e.set("not asked", "x", long)
	e.set("deleted", "v", long)
	e.delete("deleted")
	e.setEntry("stale", lives("v", -e.Unit, long))
	none := negative(time.Hour, long)
	none.Tags = []string{"c"}
	e.setEntry("negative", none)
	e.setEntry("stale negative", negative(-e.Unit, long))
}

// setKept sets entries of which each field must be given back, and returns them
// by their keys.
func (e *env) setKept() map[string]advcache.Entry[string] {
	e.Helper()
	entry := keptLife("v")
	entries := map[string]advcache.Entry[string]{"k": entry}
	entry.Value, entry.Absent = "", true
	entries["none"] = entry
	for key, entry := range entries {
		e.setEntry(key, entry)
	}
	return entries
}

// keptLife returns an entry with all of its fields set, none of them to whole
// milliseconds, so that rounding up shows.
func keptLife(value string) advcache.Entry[string] {
	entry := lives(value, 2*time.Hour, long)
	entry.CreatedAt = entry.CreatedAt.Add(-time.Hour - 123_456*time.Nanosecond)
	entry.FreshUntil = entry.FreshUntil.Truncate(time.Millisecond).Add(567_891 * time.Nanosecond)
	entry.StaleUntil = entry.StaleUntil.Truncate(time.Millisecond).Add(678_912 * time.Nanosecond)
	entry.HeldUntil = entry.FreshUntil.Add(-time.Hour)
	entry.Tags = []string{"b", "a"}
	return entry
}

// keptEntry wants an entry that was read to be the one that was set.
func (e *env) keptEntry(got, want advcache.Entry[string]) {
	e.Helper()
	e.kept("CreatedAt", got.CreatedAt, want.CreatedAt)
	e.kept("FreshUntil", got.FreshUntil, want.FreshUntil)
	e.kept("StaleUntil", got.StaleUntil, want.StaleUntil)
	if !want.HeldUntil.IsZero() { // else a level may have a limit of its own
		e.kept("HeldUntil", got.HeldUntil, want.HeldUntil)
	}
	if !sameTags(got.Tags, want.Tags) || got.Absent != want.Absent {
		e.Fatalf("the entry is %s; want Absent: %v Tags: %q", describe(got), want.Absent, want.Tags)
	}
}

// setLives sets keys with the value "v": "fresh", and those that are stale, dead
// or past their HeldUntil at end.
func (e *env) setLives() (keys []string, end time.Time) {
	e.Helper()
	e.set("fresh", "v", long)
	soonest, end := e.set("dead", "v", e.Unit)
	stale := lives("v", e.Unit, long)
	e.setEntry("stale", stale)
	held := e.heldEntry("v", long)
	e.setEntry("held", held)
	died := lives("v", e.Unit, e.Unit/2) // fresh for as long as the others, which is what Until says
	e.setEntry("stale, then dead", died)
	e.Until(soonest)
	return []string{"fresh", "dead", "stale", "held", "stale, then dead"}, latest(latest(end, held.HeldUntil), latest(stale.FreshUntil, died.StaleUntil))
}

// lookups calls GetEntries.
func (e *env) lookups(keys []string) []advcache.Lookup[string] {
	e.Helper()
	asked := slices.Clone(keys)
	found := advcache.GetEntries(e.Context(), e.cache, asked)
	if len(found) != len(keys) {
		e.Fatalf("GetEntries of %s gives %d answers; want %d", list(keys), len(found), len(keys))
	}
	if !slices.Equal(asked, keys) {
		e.Fatalf("GetEntries has changed the keys of its caller from %s to %s", list(keys), list(asked))
	}
	return found
}

// getEntries calls GetEntries, and wants what GetEntry gives for each of keys.
func (e *env) getEntries(keys ...string) []advcache.Lookup[string] {
	e.Helper()
	found := e.lookups(keys)
	for i, key := range keys {
		l := &found[i]
		if l.Err != nil {
			e.Fatalf("GetEntries of %s has an error for %s: %v; want none", list(keys), short(key), l.Err)
		}
		e.sameAsGetEntry(fmt.Sprintf("GetEntries of %s at %d", list(keys), i), key, l.Entry, l.OK, true)
	}
	return found
}

// sameAsGetEntry wants what call gave for key to be what GetEntry gives now, but
// for the value if the call gives none. The Versions of misses may differ: what is
// dead may be dropped meanwhile.
func (e *env) sameAsGetEntry(call, key string, got advcache.Entry[string], ok, value bool) {
	e.Helper()
	want, there := e.getEntry(key)
	if !value {
		want.Value = ""
	}
	switch {
	case there && !ok, !there && ok:
		e.Lost("%s is %s, %v; GetEntry(%s) gives %s, %v", call, describe(got), ok, short(key), describe(want), there)
	case !ok && !isZero(got):
		e.Fatalf("%s is %s, false; want a zero entry", call, describe(got))
	case got.Value != want.Value || got.Absent != want.Absent || !sameTags(got.Tags, want.Tags) || !e.sameInstants(got, want):
		e.Lost("%s is %s; GetEntry(%s) gives %s", call, describe(got), short(key), describe(want))
	case ok && got.Version != want.Version:
		e.Lost("%s has the Version %v; GetEntry(%s) gives %v", call, got.Version, short(key), want.Version)
	}
}

// finds wants a hit of GetEntries.
func (e *env) finds(l advcache.Lookup[string], want string, absent bool) {
	e.Helper()
	switch {
	case l.Err != nil:
		e.Fatalf("GetEntries gives the error %v; want %s", l.Err, short(want))
	case !l.OK:
		e.Lost("GetEntries gives a miss; want %s", short(want))
	case l.Entry.Value != want || l.Entry.Absent != absent:
		e.Fatalf("GetEntries gives %s; want the value %s, Absent: %v", describe(l.Entry), short(want), absent)
	}
}

// replacesBy wants SetEntryIf to succeed with the Version that read gives, but for
// a few refusals, and to refuse that Version afterwards.
func (e *env) replacesBy(read func() advcache.Version, key string) {
	e.Helper()
	const most = 10
	for range most {
		seen := read()
		if seen.IsZero() {
			e.Fatalf("the Version of %s is zero; want one for SetEntryIf, for a miss too", short(key))
		}
		if e.setEntryIf(key, lives("new", long, 0), seen) {
			e.fresh(key, "new")
			e.refuses(key, seen, "the first SetEntryIf")
			e.fresh(key, "new")
			return
		}
	}
	e.Fatalf("SetEntryIf(%s) = false %d times, each time with the Version just read, and nobody else writes; want true", short(key), most)
}
