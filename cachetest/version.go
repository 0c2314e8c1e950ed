package cachetest

import "reflect"

// versionChecks are about the Version of caches with SetEntryIf.
var versionChecks = []check{
	{
		name: "IsSteady", law: lawVersion, needs: needs{capSetEntryIf}, says: "two GetEntry without a write between them give the same Version for an entry",
		run: func(e *env) {
			e.set("k", "v", long)
			e.set("other", "v", long)
			first := e.version("k")
			e.get("k")
			if second := e.version("k"); second != first {
				e.Fatalf("GetEntry gave the Version %v, then %v", first, second)
			}
		},
	},
	{
		name: "Changes", law: lawVersion, needs: needs{capSetEntryIf}, says: "each write of a key gives it a Version that it never had",
		run: func(e *env) {
			entry := lives("v", long, 0)
			seen := map[any]string{e.comparable("k"): "a miss"}
			for _, write := range []struct {
				what string
				do   func()
			}{
				{"Set", func() { e.set("k", "v", long) }},
				{"Set again", func() { e.set("k", "v", long) }},
				{"SetEntry", func() { e.setEntry("k", entry) }},
				{"SetEntry again", func() { e.setEntry("k", entry) }},
				{"SetEntryIf", func() { e.replaces("k", entry) }},
				{"Delete and Set", func() { e.delete("k"); e.set("k", "v", long) }},
			} {
				write.do()
				version := e.comparable("k")
				if before, ok := seen[version]; ok {
					e.Fatalf("the Version after %s is that after %s", write.what, before)
				}
				seen[version] = write.what
			}
		},
	},
	{
		name: "OfOtherKeys", law: lawSetEntryIf, needs: needs{capSetEntryIf}, says: "writes of other keys leave a Version good, but for a few refusals",
		run: func(e *env) {
			e.set("k", "old", long)
			for _, key := range []string{"a", "b", "c"} {
				e.set(key, "v", long)
				e.delete(key)
			}
			e.replaces("k", lives("new", long, 0))
			e.fresh("k", "new")
		},
	},
}

// comparable returns the Version of a key as something to look up in a map,
// which panics for a token that is not comparable.
func (e *env) comparable(key string) any {
	e.Helper()
	version := e.version(key)
	if token, _ := version.Parts(); token != nil && !reflect.ValueOf(token).Comparable() {
		e.Fatalf("the token of the Version of %q is a %T, which is not comparable", key, token)
	}
	return version
}
