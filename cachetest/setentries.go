package cachetest

import (
	"maps"
	"slices"
	"time"

	"github.com/advcache/advcache"
)

// setEntriesChecks are about the function SetEntries, with the method or without.
var setEntriesChecks = []check{
	{
		name: "SetsEach", law: lawSetEntries, says: "SetEntries sets every key, as SetEntry does, and no other",
		run: func(e *env) {
			e.set("other", "old", long)
			e.setEntries(map[string]advcache.Entry[string]{
				"a": lives("1", long, 0), "b": lives("2", 0, 0), "c": lives("", long, 0),
				"stale": lives("4", -e.Unit, long), "negative": negative(long, 0),
			})
			e.fresh("a", "1")
			e.fresh("b", "2")
			e.fresh("c", "")
			e.stale("stale", "4")
			e.absent("negative")
			e.fresh("other", "old")
		},
	},
	{
		name: "IsKept", law: lawCopy, says: "SetEntries keeps the instants and the tags of each entry, negative or not, and makes none later",
		run: func(e *env) {
			entry := keptLife("v")
			none := entry
			none.Value, none.Absent, none.Tags = "", true, []string{"c"}
			entries := map[string]advcache.Entry[string]{"k": entry, "none": none, "forever": lives("v", 0, 0), "never stale": lives("v", long, 0)}
			e.setEntries(entries)
			for key, want := range entries {
				e.keptEntry(e.entry(key), want)
			}
		},
	},
	{
		name: "ZeroCreatedAtMeansNow", law: lawSetEntries, says: "a zero CreatedAt means now, and the caller's map stays as it is",
		run: func(e *env) {
			e.Wait(time.Now().Add(e.Unit)) // the time of New must not do for now
			entry := lives("v", long, 0)
			entry.CreatedAt = time.Time{}
			before := time.Now()
			e.setEntries(map[string]advcache.Entry[string]{"k": entry, "other": lives("w", long, 0)})
			e.within("CreatedAt", e.entry("k").CreatedAt, before, time.Now())
		},
	},
	{
		name: "Replaces", law: lawSetEntries, says: "SetEntries replaces whatever the keys held, also what was made later, with its life and its tags",
		run: func(e *env) {
			e.set("forever", "old", 0)
			stale := lives("old", -e.Unit, long)
			stale.Tags = []string{"tag"}
			e.setEntry("stale", stale)
			e.setEntry("negative", negative(long, 0))
			entries := make(map[string]advcache.Entry[string])
			entry := lives("new", e.Unit, 0)
			entry.CreatedAt = entry.CreatedAt.Add(-time.Hour)
			for _, key := range []string{"forever", "stale", "negative", "nothing there"} {
				entries[key] = entry
			}
			e.setEntries(entries)
			e.Until(entry.FreshUntil)
			for key := range entries {
				e.fresh(key, "new")
				if got := e.entry(key); len(got.Tags) != 0 || !got.StaleUntil.IsZero() {
					e.Fatalf("GetEntry gives %s; want no StaleUntil and no tags", describe(got))
				}
			}
			e.At(entry.FreshUntil, time.Time{}, "FreshUntil of the new entries")
			for key := range entries {
				e.gone(key)
			}
		},
	},
	{
		name: "DeadRemoves", law: lawLife, says: "an entry of SetEntries that is dead already, or past its HeldUntil, removes what the key holds, and the others are set",
		run: func(e *env) {
			past := lives("new", long, 0)
			past.HeldUntil = past.CreatedAt.Add(-e.Unit)
			for _, key := range []string{"dead", "dead negative", "past"} {
				e.set(key, "old", 0)
			}
			e.setEntries(map[string]advcache.Entry[string]{
				"dead": e.dead("new"), "dead negative": negative(-e.Unit, 0), "past": past, "nothing there": e.dead("new"), "k": lives("new", long, 0),
			})
			for _, key := range []string{"dead", "dead negative", "past", "nothing there"} {
				e.gone(key)
			}
			e.fresh("k", "new")
		},
	},
	{
		name: "LivesOfTheirOwn", law: lawLife, says: "each of the entries that SetEntries stored lives as long as it says",
		run: func(e *env) {
			dies, forever := lives("v", e.Unit, 0), lives("v", 0, 0)
			stale := lives("v", e.Unit, long)
			held := e.heldEntry("v", long)
			e.setEntries(map[string]advcache.Entry[string]{"dies": dies, "stale": stale, "held": held, "forever": forever})
			e.Until(dies.FreshUntil)
			for _, key := range []string{"dies", "stale", "held", "forever"} {
				e.fresh(key, "v")
			}
			e.At(latest(latest(dies.FreshUntil, held.HeldUntil), stale.FreshUntil), time.Time{}, "the end of their lives")
			e.gone("dies")
			e.gone("held")
			e.stale("stale", "v")
			e.fresh("forever", "v")
		},
	},
	{
		name: "VersionIsIgnored", law: lawSetEntries, says: "SetEntries ignores the Versions of the entries it is given",
		run: func(e *env) {
			e.set("other", "v", long)
			e.set("k", "old", long)
			seen := e.entry("other").Version
			a, b := lives("new", long, 0), lives("new", long, 0)
			a.Version, b.Version = seen, foreignVersion
			e.setEntries(map[string]advcache.Entry[string]{"k": a, "nothing there": b})
			e.fresh("k", "new")
			e.fresh("nothing there", "new")
			if e.entry("nothing there").Version == foreignVersion {
				e.Fatalf("GetEntry gave back the Version that the entry was set with; want one of the level's own")
			}
		},
	},
	{
		name: "AfterARead", law: lawInvalidation, needs: needs{capSetEntryIf}, says: "SetEntryIf does not undo a SetEntries that came after the read, even of the same entry, nor one that removed",
		run: func(e *env) {
			entry := lives("v", long, 0)
			before := map[string]advcache.Entry[string]{"k": entry, "removed": entry}
			e.setEntries(before)
			keys := []string{"k", "nothing there", "removed", "nor there"}
			var seen []advcache.Version
			for _, key := range keys {
				seen = append(seen, e.version(key))
			}
			e.setEntries(map[string]advcache.Entry[string]{"k": entry, "nothing there": entry, "removed": e.dead("v"), "nor there": e.dead("v")})
			for i, key := range keys {
				e.refuses(key, seen[i], "SetEntries")
			}
			e.fresh("k", "v")
			e.fresh("nothing there", "v")
			e.gone("removed")
			e.gone("nor there")
		},
	},
	{
		name: "BesideTheOthers", law: lawSetEntries, says: "what SetEntries stored is found by GetMany, replaced by SetMany and SetEntryIf, and removed by Delete",
		run: func(e *env) {
			keys := []string{"a", "b", "c", "d"}
			entries := make(map[string]advcache.Entry[string])
			for _, key := range keys {
				entries[key] = lives(valueOf(key), long, long)
			}
			e.setEntries(entries)
			e.getMany(map[string]string{"a": valueOf("a"), "b": valueOf("b"), "c": valueOf("c"), "d": valueOf("d")}, keys...)
			e.delete("a", "b")
			e.setMany(map[string]string{"b": "new"}, long)
			if !e.h.lacks(capSetEntryIf) {
				e.replaces("c", lives("newer", long, 0))
				e.fresh("c", "newer")
			}
			e.gone("a")
			e.fresh("b", "new")
			e.fresh("d", valueOf("d"))
			e.delete(keys...)
			e.getMany(nil, keys...)
			e.setEntries(entries)
			e.fresh("a", valueOf("a"))
		},
	},
	{
		name: "None", law: lawSetEntries, says: "SetEntries of nothing is no error",
		run: func(e *env) {
			e.set("k", "v", long)
			e.setEntries(map[string]advcache.Entry[string]{})
			e.setEntries(nil)
			e.fresh("k", "v")
		},
	},
}

// setEntries calls SetEntries, which must not fail, nor change the map.
func (e *env) setEntries(entries map[string]advcache.Entry[string]) {
	e.Helper()
	given := maps.Clone(entries)
	keys := slices.Sorted(maps.Keys(entries))
	if err := advcache.SetEntries(e.Context(), e.cache, given); err != nil {
		e.Fatalf("SetEntries of %s = %v", list(keys), err)
	}
	same := func(a, b advcache.Entry[string]) bool {
		return a.CreatedAt.Equal(b.CreatedAt) && a.FreshUntil.Equal(b.FreshUntil) && a.StaleUntil.Equal(b.StaleUntil) && a.HeldUntil.Equal(b.HeldUntil) &&
			a.Value == b.Value && a.Absent == b.Absent && slices.Equal(a.Tags, b.Tags) && a.Version == b.Version
	}
	if !maps.EqualFunc(given, entries, same) {
		e.Fatalf("SetEntries of %s has changed the map of its caller", list(keys))
	}
}
