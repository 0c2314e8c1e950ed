package cachetest

import (
	"time"

	"github.com/advcache/advcache"
)

// headEntryChecks are about the function HeadEntry, with the method or without.
var headEntryChecks = []check{
	{
		name: "AsGetEntry", law: lawHeadEntry, says: "HeadEntry returns what GetEntry would, but for the Value, which is zero: of hits, stale and negative entries, and misses",
		run: func(e *env) {
			e.everyKind()
			for i, key := range kinds {
				_, ok := e.headEntry(key)
				if want := i < 6; ok != want {
					e.Fatalf("HeadEntry(%s) finds something: %v; want %v", short(key), ok, want)
				}
			}
		},
	},
	{
		name: "IsKept", law: lawCopy, says: "HeadEntry gives back the instants and the tags of an entry, negative or not",
		run: func(e *env) {
			for key, want := range e.setKept() {
				got, _ := e.headEntry(key)
				e.keptEntry(got, want)
			}
		},
	},
	{
		name: "AfterALife", law: lawLife, says: "HeadEntry finds what is fresh, then what is stale, and nothing that is dead or past its HeldUntil",
		run: func(e *env) {
			keys, end := e.setLives()
			for _, key := range keys {
				if _, ok := e.headEntry(key); !ok {
					e.Lost("HeadEntry(%s) is a miss; want an entry", short(key))
				}
			}
			e.At(end, time.Time{}, "the end of their lives")
			for _, key := range keys {
				entry, ok := e.headEntry(key)
				if want := key == "fresh" || key == "stale"; ok != want {
					e.Fatalf("HeadEntry(%s) = %s, %v; want %v", short(key), describe(entry), ok, want)
				}
			}
		},
	},
	{
		name: "Versions", law: lawSetEntryIf, needs: needs{capSetEntryIf}, says: "SetEntryIf succeeds with a Version of HeadEntry, that of an entry and that of a miss",
		run: func(e *env) {
			e.everyKind()
			for _, key := range kinds {
				e.replacesBy(func() advcache.Version {
					entry, _ := e.headEntry(key)
					return entry.Version
				}, key)
			}
		},
	},
	{
		name: "OldVersions", law: lawInvalidation, needs: needs{capSetEntryIf}, says: "SetEntryIf with a Version of HeadEntry does not undo a Set or a Delete that came after the look",
		run: func(e *env) {
			seen, _ := e.headEntry("k")
			e.set("k", "v", long)
			e.refuses("k", seen.Version, "Set")
			e.fresh("k", "v")
			seen, _ = e.headEntry("k")
			e.delete("k")
			e.refuses("k", seen.Version, "Delete")
			e.gone("k")
		},
	},
}

// headEntry calls HeadEntry, and wants what GetEntry gives, without the value.
func (e *env) headEntry(key string) (advcache.Entry[string], bool) {
	e.Helper()
	entry, ok, err := advcache.HeadEntry(e.Context(), e.cache, key)
	if err != nil {
		e.Fatalf("HeadEntry(%s) = %v; want no error", short(key), err)
	}
	e.sameAsGetEntry("HeadEntry("+short(key)+")", key, entry, ok, false)
	return entry, ok
}
