package storetest

import (
	"fmt"
	"time"

	"github.com/advcache/advcache/store"
)

func numbered(i int) string { return fmt.Sprintf("key/%04d", i) }

const batch = 500 // keys of a large request

// getManyChecks are about reads of many keys.
var getManyChecks = []check{
	{
		name: "HitsAndMisses", law: lawGetMany, needs: needs{capGetMany}, says: "GetMany finds what Get finds, and nothing else",
		run: func(e *env) {
			objs := map[string]store.Object{"fresh": lives("a", long, 0), "never": lives("b", 0, 0), "negative": negative(long, 0), "empty": lives("", long, long)}
			for key, obj := range objs {
				e.put(key, obj)
			}
			e.put("stale", over("c"))
			e.put("deleted", lives("d", long, 0))
			e.delete("deleted")
			e.findsMany(objs, "fresh", "nothing", "stale", "never", "negative", "deleted", "empty")
			e.findsMany(nil, "nothing", "stale")
			e.findsMany(map[string]store.Object{"never": objs["never"]}, "never")
		},
	},
	{
		name: "NoKeys", law: lawGetMany, needs: needs{capGetMany}, says: "GetMany of no keys finds nothing",
		run: func(e *env) {
			e.put("k", lives("v", long, 0))
			e.findsMany(nil)
			e.findsMany(nil, []string{}...)
		},
	},
	{
		name: "Duplicates", law: lawGetMany, needs: needs{capGetMany}, says: "a key may be given more than once",
		run: func(e *env) {
			obj := lives("v", long, 0)
			e.put("k", obj)
			e.findsMany(map[string]store.Object{"k": obj}, "k", "nothing", "k", "nothing", "k")
		},
	},
	{
		name: "Stale", law: lawGetMany, needs: needs{capGetMany}, says: "GetMany with Want.Stale finds stale objects too, and none that is gone",
		run: func(e *env) {
			obj, old := lives("v", long, 0), over("w")
			e.put("fresh", obj)
			e.put("stale", old)
			ends := lives("x", e.Unit, 0)
			e.put("gone", ends)
			e.At(ends.Meta.FreshUntil, time.Time{}, "FreshUntil")
			got := e.getMany(store.Want{Stale: true}, "fresh", "stale", "gone", "nothing")
			e.is("GetMany", "fresh", got["fresh"], obj)
			e.is("GetMany", "stale", got["stale"], old)
			if len(got) != 2 {
				e.Fatalf("GetMany finds %d objects; want 2", len(got))
			}
			if got := e.getMany(store.Want{}, "fresh", "stale", "gone"); len(got) != 1 {
				e.Fatalf("GetMany finds %d objects; want the fresh one", len(got))
			}
		},
	},
	{
		name: "Now", law: lawGetMany, needs: needs{capGetMany}, says: "GetMany judges lives at Want.Now",
		run: func(e *env) {
			obj := lives("v", long, long)
			e.put("k", obj)
			for _, test := range []struct {
				want store.Want
				n    int
			}{
				{store.Want{Now: obj.Meta.FreshUntil}, 0},
				{store.Want{Now: obj.Meta.FreshUntil, Stale: true}, 1},
				{store.Want{Now: obj.Meta.StaleUntil, Stale: true}, 0},
				{store.Want{Now: obj.Meta.CreatedAt}, 1},
			} {
				if got := e.getMany(test.want, "k"); len(got) != test.n {
					e.Fatalf("GetMany at %s, Stale: %v, finds %d objects; want %d", instant(test.want.Now), test.want.Stale, len(got), test.n)
				}
			}
		},
	},
	{
		name: "NotModified", law: lawNotModified, needs: needs{capGetMany, capNotModified}, says: "GetMany leaves out the body of the content that the reader has, and no other",
		run: func(e *env) {
			obj, other := lives("v", long, 0), lives("w", long, 0)
			version := e.put("k", obj)
			e.put("l", other)
			got := e.getMany(store.Want{Hash: obj.Meta.Hash}, "k", "l")
			e.notModified("GetMany", got["k"], obj, version)
			e.is("GetMany", "l", got["l"], other)
		},
	},
	{
		name: "Versions", law: lawVersion, needs: needs{capGetMany}, says: "GetMany gives the Versions that Put returned",
		run: func(e *env) {
			for i := range 5 {
				version := e.put(numbered(i), lives("v", long, 0))
				if got := e.getMany(store.Want{}, "nothing", numbered(i))[numbered(i)].Meta.Version; got != version {
					e.Fatalf("GetMany gives the Version %v; Put returned %v", got, version)
				}
			}
		},
	},
	{
		name: "Large", law: lawGetMany, needs: needs{capGetMany}, says: "GetMany takes hundreds of keys, and finds each where it is",
		run: func(e *env) {
			objs := e.fill(batch, numbered)
			keys := make([]string, 0, 2*batch)
			for i := range batch {
				keys = append(keys, numbered(i), "nothing/"+numbered(i))
			}
			e.findsMany(objs, keys...)
		},
	},
	{
		name: "Requests", law: lawRequests, needs: needs{capGetMany, withRequests}, says: "GetMany takes far fewer requests than keys",
		run: func(e *env) {
			e.fill(100, numbered)
			keys := make([]string, 0, 100)
			for i := range 100 {
				keys = append(keys, numbered(i))
			}
			if n := e.requests(func() { e.getMany(store.Want{}, keys...) }); n < 1 || n > 20 {
				e.Fatalf("GetMany of 100 keys took %d requests", n)
			}
		},
	},
}

// putManyChecks are about writes of many keys.
var putManyChecks = []check{
	{
		name: "StoresAll", law: lawPutMany, needs: needs{capPutMany}, says: "PutMany stores each object under its key, with its Meta",
		run: func(e *env) {
			objs := map[string]store.Object{
				"fresh": with(lives("a", long, 0), func(m *store.Meta) { m.Tags, m.Schema = []string{"a", ""}, "2" }),
				"never": lives("b", 0, 0), "negative": negative(long, 0), "empty": lives("", long, long), "held": with(lives("h", 0, 0), func(m *store.Meta) { m.HeldUntil = time.Now().Add(long) }),
			}
			e.putMany(objs)
			for key, obj := range objs {
				e.fresh(key, obj)
			}
			old := over("c")
			e.putMany(map[string]store.Object{"stale": old})
			e.stale("stale", old)
		},
	},
	{
		name: "None", law: lawPutMany, needs: needs{capPutMany}, says: "PutMany of nothing does nothing",
		run: func(e *env) {
			obj := lives("v", long, 0)
			e.put("k", obj)
			e.putMany(nil)
			e.putMany(map[string]store.Object{})
			e.fresh("k", obj)
		},
	},
	{
		name: "Replaces", law: lawPutMany, needs: needs{capPutMany}, says: "PutMany replaces what is held, whatever it is, and leaves other keys",
		run: func(e *env) {
			obj := lives("new", long, 0)
			objs := make(map[string]store.Object)
			for _, s := range e.states() {
				s.prepare(e, s.name)
				objs[s.name] = obj
			}
			other := lives("other", long, 0)
			e.put("other", other)
			e.putMany(objs)
			for key := range objs {
				e.fresh(key, obj)
			}
			e.fresh("other", other)
		},
	},
	{
		name: "Versions", law: lawVersion, needs: needs{capPutMany}, says: "PutMany gives each key a Version that it never had",
		run: func(e *env) {
			obj := lives("v", long, 0)
			seen := map[store.Version]bool{e.put("k", obj): true}
			old := e.version("k")
			for range 5 {
				e.putMany(map[string]store.Object{"k": obj, "l": obj})
				version := e.version("k")
				if seen[version] {
					e.Fatalf("the Version is one that the key had before")
				}
				seen[version] = true
			}
			e.refuses("k", store.Cond{Kind: store.IfVersion, Version: old})
		},
	},
	{
		name: "Lives", law: lawLife, needs: needs{capPutMany}, says: "each object of a PutMany has its own life",
		run: func(e *env) {
			ends := lives("v", e.Unit, 0)
			turns := lives("v", e.Unit, long)
			stays := lives("v", long, 0)
			never := lives("v", 0, 0)
			e.putMany(map[string]store.Object{"ends": ends, "turns": turns, "stays": stays, "never": never, "dead": dead("v")})
			e.gone("dead")
			e.ShortlyBefore(ends.Meta.FreshUntil, "FreshUntil")
			e.fresh("ends", ends)
			e.fresh("turns", turns)
			e.At(ends.Meta.FreshUntil, time.Time{}, "FreshUntil")
			e.gone("ends")
			e.stale("turns", turns)
			e.fresh("stays", stays)
			e.fresh("never", never)
		},
	},
	{
		name: "Large", law: lawPutMany, needs: needs{capPutMany}, says: "PutMany takes hundreds of objects",
		run: func(e *env) {
			objs := e.fill(batch, numbered)
			for key, obj := range objs {
				e.is("Get", key, e.found(key, store.Want{}), obj)
			}
		},
	},
	{
		name: "Requests", law: lawRequests, needs: needs{capPutMany, withRequests}, says: "PutMany takes far fewer requests than objects",
		run: func(e *env) {
			if n := e.requests(func() { e.fill(100, numbered) }); n < 1 || n > 20 {
				e.Fatalf("PutMany of 100 objects took %d requests", n)
			}
		},
	},
}
