package storetest

import (
	"time"

	"github.com/advcache/advcache/internal/trial"
	"github.com/advcache/advcache/store"
)

// state is something that a key may hold.
type state struct {
	name    string
	prepare func(e *env, key string)
	foreign bool
}

// states returns what a key may hold, foreign and damaged objects too if they
// can be made.
func (e *env) states() []state {
	holding := func(object func() store.Object) func(e *env, key string) {
		return func(e *env, key string) { e.put(key, object()) }
	}
	all := []state{
		{name: "nothing", prepare: func(e *env, key string) { e.delete(key) }},
		{name: "what was deleted", prepare: func(e *env, key string) { e.put(key, lives("v", long, 0)); e.delete(key) }},
		{name: "fresh", prepare: holding(func() store.Object { return lives("v", long, 0) })},
		{name: "fresh, with a stale part", prepare: holding(func() store.Object { return lives("v", long, long) })},
		{name: "never gone", prepare: holding(func() store.Object { return lives("v", 0, 0) })},
		{name: "stale", prepare: holding(func() store.Object { return over("v") })},
		{name: "negative", prepare: holding(func() store.Object { return negative(long, 0) })},
		{name: "negative and stale", prepare: holding(func() store.Object {
			obj := with(over(""), func(m *store.Meta) { m.Absent, m.Hash = true, store.Hash{} })
			obj.Body = nil
			return obj
		})},
		{name: "gone", prepare: func(e *env, key string) {
			obj := lives("v", trial.MinUnit, trial.MinUnit)
			e.put(key, obj)
			e.Wait(obj.Meta.StaleUntil.Add(e.h.Resolution))
		}},
		{name: "past HeldUntil", prepare: func(e *env, key string) {
			obj := with(lives("v", long, 0), func(m *store.Meta) { m.HeldUntil = m.CreatedAt.Add(trial.MinUnit) })
			e.put(key, obj)
			e.Wait(obj.Meta.HeldUntil.Add(e.h.Resolution))
		}},
		{name: "gone when put", prepare: holding(func() store.Object { return dead("v") })},
	}
	if !e.h.lacks(withRaw) {
		all = append(all, state{name: "foreign", foreign: true, prepare: func(e *env, key string) { e.h.Raw(e.t, e.store, key, []byte("foreign")) }})
	}
	if !e.h.lacks(withCorrupt) {
		all = append(all, state{name: "damaged", prepare: func(e *env, key string) {
			e.put(key, lives("v", long, 0))
			e.h.Corrupt(e.t, e.store, key, half)
		}}, state{name: "damaged to its end", prepare: func(e *env, key string) {
			e.put(key, lives("v", long, 0))
			e.h.Corrupt(e.t, e.store, key, allZero)
		}})
	}
	return all
}

// asHolds tries a condition, which is made for what is held, over every state,
// and wants Put to do what Cond.Holds says.
func (e *env) asHolds(makeCond func(held store.Meta) store.Cond) {
	e.Helper()
	for _, s := range e.states() {
		e.Moment = "over what is " + s.name
		key := "over what is " + s.name
		s.prepare(e, key)
		meta, there := e.look(key)
		held := &meta
		if !there {
			held = nil
		}
		cond := makeCond(meta)
		// What is gone may still be held, or not any more.
		if there && cond.Kind == store.IfVersion && meta.GoneAt(time.Now()) {
			continue
		}
		if cond.Holds(held) {
			e.stores(key, lives("new", long, 0), cond)
		} else {
			e.refuses(key, cond)
		}
	}
}

// always returns a condition that does not depend on what is held.
func always(cond store.Cond) func(store.Meta) store.Cond {
	return func(store.Meta) store.Cond { return cond }
}

// condChecks are about the conditions of Put.
var condChecks = []check{
	{
		name: "Always", law: lawCond, says: "Always stores whatever is held",
		run: func(e *env) { e.asHolds(always(store.Cond{})) },
	},
	{
		name: "IfVacant", law: lawCond, says: "IfVacant stores over nothing and over what is gone, stale, foreign, damaged or Absent, and refuses else",
		run: func(e *env) { e.asHolds(always(store.Cond{Kind: store.IfVacant})) },
	},
	{
		name: "IfGone", law: lawCond, says: "IfGone stores over nothing and over what is gone, foreign or damaged, and refuses else",
		run: func(e *env) { e.asHolds(always(store.Cond{Kind: store.IfGone})) },
	},
	{
		name: "IfVersion", law: lawCond, says: "IfVersion stores over what has the Version",
		run: func(e *env) {
			e.asHolds(func(held store.Meta) store.Cond { return store.Cond{Kind: store.IfVersion, Version: held.Version} })
		},
	},
	{
		name: "AnotherVersion", law: lawCond, says: "IfVersion refuses over what has another Version, or nothing",
		run: func(e *env) {
			other := e.put("other", lives("v", long, 0))
			e.asHolds(always(store.Cond{Kind: store.IfVersion, Version: other}))
			e.asHolds(always(store.Cond{Kind: store.IfVersion, Version: store.NumberVersion(1)}))
			e.asHolds(always(store.Cond{Kind: store.IfVersion, Version: store.TextVersion("no such version")}))
		},
	},
	{
		name: "ZeroVersion", law: lawCond, says: "IfVersion with the zero Version refuses, over nothing too",
		run: func(e *env) { e.asHolds(always(store.Cond{Kind: store.IfVersion})) },
	},
	{
		name: "VersionOfPut", law: lawCond, says: "the Version that Put returns is good for the next IfVersion, and for one only",
		run: func(e *env) {
			version := e.put("k", lives("0", long, 0))
			for _, content := range []string{"1", "2", "2", "3"} {
				seen := version
				version = e.stores("k", lives(content, long, 0), store.Cond{Kind: store.IfVersion, Version: seen})
				e.refuses("k", store.Cond{Kind: store.IfVersion, Version: seen})
			}
		},
	},
	{
		name: "OldVersion", law: lawNoUndo, says: "IfVersion refuses after a write of the same content, and after Delete and a write",
		run: func(e *env) {
			obj := lives("v", long, 0)
			seen := e.put("k", obj)
			e.put("k", obj)
			e.refuses("k", store.Cond{Kind: store.IfVersion, Version: seen})
			e.delete("k")
			e.refuses("k", store.Cond{Kind: store.IfVersion, Version: seen})
			e.put("k", obj)
			e.refuses("k", store.Cond{Kind: store.IfVersion, Version: seen})
			e.stores("k", obj, store.Cond{Kind: store.IfVersion, Version: e.version("k")})
		},
	},
	{
		name: "Now", law: lawCond, says: "the life of what is held is judged at Cond.Now",
		run: func(e *env) {
			obj := lives("v", long, long)
			fresh, stale, gone := obj.Meta.FreshUntil.Add(-time.Second), obj.Meta.StaleUntil.Add(-time.Second), obj.Meta.StaleUntil
			for _, test := range []struct {
				what   string
				cond   store.Cond
				stores bool
			}{
				{"IfVacant while fresh", store.Cond{Kind: store.IfVacant, Now: fresh}, false},
				{"IfVacant while stale", store.Cond{Kind: store.IfVacant, Now: stale}, true},
				{"IfVacant when gone", store.Cond{Kind: store.IfVacant, Now: gone}, true},
				{"IfGone while fresh", store.Cond{Kind: store.IfGone, Now: fresh}, false},
				{"IfGone while stale", store.Cond{Kind: store.IfGone, Now: stale}, false},
				{"IfGone when gone", store.Cond{Kind: store.IfGone, Now: gone}, true},
			} {
				e.Moment = test.what
				e.put("k", obj)
				if test.stores {
					e.stores("k", lives("new", long, 0), test.cond)
				} else {
					e.refuses("k", test.cond)
				}
			}
		},
	},
	{
		name: "NowOfStale", law: lawCond, says: "what is stale now is fresh for a writer whose Cond.Now is before FreshUntil",
		run: func(e *env) {
			obj := over("v")
			e.put("k", obj)
			e.refuses("k", store.Cond{Kind: store.IfVacant, Now: obj.Meta.FreshUntil.Add(-time.Second)})
		},
	},
	{
		name: "Foreign", law: lawForeign, needs: needs{withRaw}, says: "with Cond.Foreign, a foreign object counts as a fresh one",
		run: func(e *env) {
			for _, kind := range []store.CondKind{store.Always, store.IfVacant, store.IfGone, store.IfVersion} {
				e.asHolds(func(held store.Meta) store.Cond { return store.Cond{Kind: kind, Foreign: true, Version: held.Version} })
				for _, s := range e.states() {
					e.delete("over what is " + s.name)
				}
			}
		},
	},
	{
		name: "KeptNegative", law: lawCond, says: "a negative object can be stored on every condition, and keeps others out as its kind does",
		run: func(e *env) {
			for _, kind := range []store.CondKind{store.Always, store.IfVacant, store.IfGone} {
				key := kind.String()
				e.stores(key, negative(long, 0), store.Cond{Kind: kind})
				e.refuses(key, store.Cond{Kind: store.IfGone})
				e.stores(key, lives("v", long, 0), store.Cond{Kind: store.IfVacant})
				e.refuses(key, store.Cond{Kind: store.IfVacant})
				e.stores(key, negative(long, 0), store.Cond{Kind: store.IfVersion, Version: e.version(key)})
			}
		},
	},
	{
		name: "MetaToo", law: lawCond, says: "a conditional Put stores all of the object, with its life",
		run: func(e *env) {
			obj := with(lives("v", e.Unit, e.Unit), func(m *store.Meta) { m.Tags, m.Schema = []string{"a", "b"}, "2" })
			e.stores("IfGone", obj, store.Cond{Kind: store.IfGone})
			e.stores("IfVacant", obj, store.Cond{Kind: store.IfVacant})
			version := e.put("IfVersion", lives("old", 0, 0))
			e.stores("IfVersion", obj, store.Cond{Kind: store.IfVersion, Version: version})
			e.ShortlyBefore(obj.Meta.FreshUntil, "FreshUntil")
			for _, key := range []string{"IfGone", "IfVacant", "IfVersion"} {
				e.fresh(key, obj)
			}
			e.At(obj.Meta.StaleUntil, time.Time{}, "StaleUntil")
			for _, key := range []string{"IfGone", "IfVacant", "IfVersion"} {
				e.gone(key)
			}
		},
	},
}

// versionChecks are about what identifies writes.
var versionChecks = []check{
	{
		name: "EachPutHasItsOwn", law: lawVersion, says: "each Put gives the key a Version that it never had, of the same content too",
		run: func(e *env) {
			seen := make(map[store.Version]bool)
			for i := range 20 {
				obj := lives([]string{"a", "b", "b"}[i%3], long, 0)
				switch i % 7 {
				case 5:
					e.delete("k")
				case 6:
					obj = negative(long, 0)
				}
				version := e.put("k", obj)
				if version.IsZero() || seen[version] {
					e.Fatalf("Put gives the Version %v; want one that is new, and not zero", version)
				}
				seen[version] = true
			}
		},
	},
	{
		name: "ReadsAgree", law: lawVersion, says: "all reads give the Version that Put returned, until the next write",
		run: func(e *env) {
			for _, obj := range []store.Object{lives("v", long, 0), over("v"), negative(long, 0), lives("", 0, 0)} {
				version := e.put("k", obj)
				for range 3 {
					for _, want := range []store.Want{{Stale: true}, {Stale: true, Hash: obj.Meta.Hash}, {Stale: true, Foreign: true}} {
						if got := e.found("k", want).Meta.Version; got != version {
							e.Fatalf("Get gives the Version %v; Put returned %v", got, version)
						}
					}
					if got := e.version("k"); got != version {
						e.Fatalf("Head gives the Version %v; Put returned %v", got, version)
					}
				}
			}
		},
	},
	{
		name: "OfForeign", law: lawVersion, needs: needs{withRaw}, says: "a foreign object has a Version",
		run: func(e *env) {
			e.h.Raw(e.t, e.store, "k", []byte("foreign"))
			version := e.version("k")
			if again := e.version("k"); again != version {
				e.Fatalf("Head gives the Version %v, and then %v", version, again)
			}
			if got := e.found("k", store.Want{Foreign: true}).Meta.Version; got != version {
				e.Fatalf("Get gives the Version %v; Head gave %v", got, version)
			}
		},
	},
	{
		name: "RefusalsKeepIt", law: lawVersion, says: "a Put that is refused changes no Version",
		run: func(e *env) {
			version := e.put("k", lives("v", long, 0))
			for _, cond := range []store.Cond{{Kind: store.IfGone}, {Kind: store.IfVacant}, {Kind: store.IfVersion}} {
				e.refuses("k", cond)
			}
			if got := e.version("k"); got != version {
				e.Fatalf("Head gives the Version %v; Put returned %v", got, version)
			}
		},
	},
}

// notModifiedChecks are about readers that have the content.
var notModifiedChecks = []check{
	{
		name: "SameHash", law: lawNotModified, needs: needs{capNotModified}, says: "a reader that has the content gets the present Meta and no body",
		run: func(e *env) {
			for _, obj := range []store.Object{lives("v", long, long), with(lives("v", 2*long, 0), func(m *store.Meta) { m.Tags = []string{"new"} }), lives("v", 0, 0)} {
				version := e.put("k", obj)
				e.notModified("Get", e.found("k", store.Want{Hash: obj.Meta.Hash}), obj, version)
			}
		},
	},
	{
		name: "StaleToo", law: lawNotModified, needs: needs{capNotModified}, says: "NotModified is for stale objects too, if they are wanted",
		run: func(e *env) {
			obj := over("v")
			version := e.put("k", obj)
			e.misses("k", store.Want{Hash: obj.Meta.Hash})
			e.notModified("Get", e.found("k", store.Want{Hash: obj.Meta.Hash, Stale: true}), obj, version)
		},
	},
	{
		name: "AnotherHash", law: lawNotModified, says: "a reader with another hash gets the body",
		run: func(e *env) {
			obj := lives("v", long, 0)
			e.put("k", obj)
			first, last := obj.Meta.Hash, obj.Meta.Hash
			first[0] ^= 1
			last[len(last)-1] ^= 1
			for _, hash := range []store.Hash{hashOf("w"), first, last, {1}} {
				got := e.found("k", store.Want{Hash: hash})
				e.is("Get", "k", got, obj)
				if got.NotModified {
					e.Fatalf("Get with another hash has NotModified")
				}
			}
		},
	},
	{
		name: "NoHash", law: lawNotModified, says: "an object without a hash is not the content of a reader without one",
		run: func(e *env) {
			obj := with(lives("v", long, 0), func(m *store.Meta) { m.Hash = store.Hash{} })
			e.put("k", obj)
			e.fresh("k", obj)
			e.is("Get", "k", e.found("k", store.Want{Hash: hashOf("v")}), obj)
		},
	},
	{
		name: "Gone", law: lawLife, says: "what is gone is a miss, for a reader that has the content too",
		run: func(e *env) {
			obj := lives("v", e.Unit, 0)
			e.put("k", obj)
			e.At(obj.Meta.FreshUntil, time.Time{}, "FreshUntil")
			e.misses("k", store.Want{Hash: obj.Meta.Hash})
			e.misses("k", store.Want{Hash: obj.Meta.Hash, Stale: true})
		},
	},
	{
		name: "Replaced", law: lawNotModified, says: "content that was replaced is not the present one",
		run: func(e *env) {
			old, obj := lives("old", long, 0), lives("new", long, 0)
			e.put("k", old)
			e.found("k", store.Want{Hash: old.Meta.Hash})
			e.put("k", obj)
			e.is("Get", "k", e.found("k", store.Want{Hash: old.Meta.Hash}), obj)
		},
	},
	{
		name: "Lacking", law: lawNotModified, lacks: capNotModified, says: "a backend without NotModified gives the body to everybody",
		run: func(e *env) {
			obj := lives("v", long, 0)
			e.put("k", obj)
			got := e.found("k", store.Want{Hash: obj.Meta.Hash})
			e.is("Get", "k", got, obj)
			if got.NotModified {
				e.Fatalf("Get has NotModified; take it out of Harness.Without")
			}
		},
	},
}

// notModified wants got to be the answer to a reader that has the content of
// obj.
func (e *env) notModified(call string, got, obj store.Object, version store.Version) {
	e.Helper()
	if !got.NotModified || len(got.Body) != 0 {
		e.Fatalf("%s with the hash of what is held = %s; want NotModified and no body", call, describe(got))
	}
	if what := differs(&got.Meta, &obj.Meta); what != "" {
		e.Fatalf("%s with the hash of what is held = %s: %s", call, describe(got), what)
	}
	e.sized(call, "k", got.Meta, obj)
	if got.Meta.Version != version {
		e.Fatalf("%s with the hash of what is held gives the Version %v; want %v", call, got.Meta.Version, version)
	}
}
