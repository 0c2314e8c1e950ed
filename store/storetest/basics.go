package storetest

import (
	"bytes"
	"errors"
	"time"

	"github.com/advcache/advcache/store"
)

// harnessChecks are about what the other checks rely on.
var harnessChecks = []check{
	{
		name: "NewIsEmpty", law: lawHarness, says: "New returns an empty store, which shares nothing with others",
		run: func(e *env) {
			other := e.h.New(e.t)
			e.nothing("k")
			mine := lives("v", long, 0)
			e.put("k", mine)
			if obj, ok, err := other.Get(e.Context(), "k", store.Want{}); ok || err != nil {
				e.Fatalf("in a store made before, Get gives %s, %v, %v; want a miss", describe(obj), ok, err)
			}
			if obj, ok, err := e.h.New(e.t).Get(e.Context(), "k", store.Want{}); ok || err != nil {
				e.Fatalf("in a store made after, Get gives %s, %v, %v; want a miss", describe(obj), ok, err)
			}
			if !e.h.lacks(capClear) {
				if err := store.Clear(e.Context(), other, ""); err != nil {
					e.Fatalf("Clear = %v", err)
				}
			}
			e.fresh("k", mine)
		},
	},
	{
		name: "Advance", law: lawHarness, says: "after Advance(d), now is at least d later",
		run: func(e *env) {
			before := time.Now()
			e.h.Advance(e.Unit)
			if passed := time.Since(before); passed < e.Unit {
				e.Fatalf("Advance(%v) moved time by %v", e.Unit, passed)
			}
		},
	},
	{
		name: "Info", law: lawInfo, says: "Info has a Name and sensible limits, and is always the same",
		run: func(e *env) {
			info := e.store.Info()
			if info.Name == "" || info.Timeout < 0 || info.MaxKey < 0 || info.MaxSize < 0 {
				e.Fatalf("Info() = %+v", info)
			}
			e.put("k", lives("v", long, 0))
			e.found("k", store.Want{})
			if again := e.store.Info(); again != info {
				e.Fatalf("Info() = %+v, and before it was %+v", again, info)
			}
		},
	},
	{
		name: "Capabilities", law: lawHarness, says: "the store has the capabilities that Harness.Without does not list, and no others",
		run: func(e *env) {
			for _, name := range optional {
				if has := e.has(name); has == e.h.lacks(name) {
					e.Errorf("%s: has it: %v; listed in Harness.Without: %v", name, has, !has == e.h.lacks(name) || e.h.lacks(name))
				}
			}
		},
	},
	{
		name: "Size", law: lawHarness, says: "Head tells the Size, unless Harness.Without has it",
		run: func(e *env) {
			e.put("k", lives("12345", long, 0))
			if size, known := e.head("k").Size, !e.h.lacks(capSize); known && size != 5 || !known && size != -1 {
				e.Fatalf("Size = %d, of a body of 5 bytes; known: %v", size, known)
			}
		},
	},
	{
		name: "Requests", law: lawHarness, needs: needs{withRequests}, says: "Requests counts what the server is asked",
		run: func(e *env) {
			if n := e.requests(func() { e.put("k", lives("v", long, 0)) }); n < 1 {
				e.Fatalf("a Put took %d requests", n)
			}
			if n := e.requests(func() { e.misses("other", store.Want{}) }); n < 1 {
				e.Fatalf("a Get took %d requests", n)
			}
			if n := e.requests(func() {}); n != 0 {
				e.Fatalf("nothing took %d requests", n)
			}
		},
	},
}

// has asks a capability by a call, since a wrapper has the method even where
// the store that it wraps has not.
func (e *env) has(capability string) bool {
	var err error
	switch ctx := e.Context(); capability {
	case capTouch:
		_, err = store.Touch(ctx, e.store, "has Touch", lives("v", long, 0).Meta, store.Cond{})
	case capGetMany:
		_, err = store.GetMany(ctx, e.store, []string{"has GetMany"}, store.Want{})
	case capPutMany:
		err = store.PutMany(ctx, e.store, map[string]store.Object{"has PutMany": lives("v", long, 0)})
	case capClear:
		err = store.Clear(ctx, e.store, "has Clear")
	}
	return !errors.Is(err, errors.ErrUnsupported)
}

// requests returns how many requests f takes.
func (e *env) requests(f func()) int {
	before := e.h.Requests(e.t, e.store)
	f()
	return e.h.Requests(e.t, e.store) - before
}

// missChecks are about keys that hold nothing.
var missChecks = []check{
	{
		name: "Get", law: lawMiss, says: "a miss of Get is ok == false with a nil error, whatever is wanted",
		run: func(e *env) {
			for _, want := range wants() {
				if obj, ok := e.get("k", want); ok || obj.Body != nil || obj.NotModified {
					e.Fatalf("Get = %s, %v; want nothing", describe(obj), ok)
				}
			}
		},
	},
	{
		name: "Head", law: lawMiss, says: "a miss of Head is ok == false with a nil error",
		run: func(e *env) {
			if meta, ok := e.look("k"); ok {
				e.Fatalf("Head = %s, true; want a miss", describeMeta(&meta))
			}
		},
	},
	{
		name: "LeavesNothing", law: lawMiss, says: "a miss leaves nothing behind",
		run: func(e *env) {
			e.get("k", store.Want{Stale: true})
			e.look("k")
			e.nothing("k")
			e.stores("k", lives("v", long, 0), store.Cond{Kind: store.IfGone})
		},
	},
	{
		name: "OtherKeys", law: lawMiss, says: "a key that was never put is a miss, whatever other keys hold",
		run: func(e *env) {
			e.put("k", lives("v", long, 0))
			e.put("key", lives("w", long, 0))
			for _, key := range []string{"ke", "key2", "k2", "2k", "y"} {
				e.nothing(key)
			}
		},
	},
}

// wants returns what a reader may want.
func wants() []store.Want {
	now := time.Now()
	return []store.Want{
		{},
		{Stale: true},
		{Foreign: true},
		{Hash: hashOf("v")},
		{Now: now},
		{Now: now, Stale: true, Foreign: true, Hash: hashOf("v")},
	}
}

// putChecks are about writes without a condition.
var putChecks = []check{
	{
		name: "GetReturnsIt", law: lawPut, says: "what Put stored is found, again and again",
		run: func(e *env) {
			obj := lives("v", long, long)
			e.put("k", obj)
			e.fresh("k", obj)
			e.fresh("k", obj)
		},
	},
	{
		name: "Replaces", law: lawPut, says: "Put replaces all of what is held, and leaves nothing of it",
		run: func(e *env) {
			full := with(lives("old content, which is longer", long, long), func(m *store.Meta) {
				m.Tags, m.HeldUntil = []string{"a", "b"}, m.FreshUntil
			})
			for what, held := range map[string]store.Object{
				"fresh": full, "stale": over("old"), "negative": negative(long, long), "never gone": lives("old", 0, 0), "the same": lives("new", long, 0),
			} {
				e.Moment = "over an object that is " + what
				e.put("k", held)
				e.holds("k", held)
				next := store.Object{Body: []byte("new"), Meta: store.Meta{Hash: hashOf("new"), Encoding: "json", FreshUntil: time.Now().Add(long)}}
				e.put("k", next)
				e.fresh("k", next)
			}
		},
	},
	{
		name: "Ignores", law: lawPut, says: "Put ignores Version, Size, Foreign and Damaged of the Meta, and NotModified",
		run: func(e *env) {
			first := e.put("other", lives("v", long, 0))
			obj := lives("v", long, 0)
			given := with(obj, func(m *store.Meta) { m.Version, m.Size, m.Foreign, m.Damaged = first, 12345, true, true })
			given.NotModified = true
			if version := e.put("k", given); version == first {
				e.Fatalf("Put gives the Version that the Meta had")
			}
			e.fresh("k", obj)
		},
	},
	{
		name: "MaxBody", law: lawPut, says: "a body that is larger than Want.MaxBody is left out or whole, and one that is not is whole",
		run: func(e *env) {
			obj := lives("value", long, 0)
			e.put("k", obj)
			for _, most := range []int64{1, 4, 5, 6} {
				got := e.found("k", store.Want{MaxBody: most})
				left := most < int64(len(obj.Body)) && got.Body == nil
				if got.NotModified || !left && !bytes.Equal(got.Body, obj.Body) || got.Meta.Hash != obj.Meta.Hash {
					e.Fatalf("Get of %s with MaxBody = %d gives %s", describe(obj), most, describe(got))
				}
			}
		},
	},
	{
		name: "ManyTimes", law: lawPut, says: "the last Put counts",
		run: func(e *env) {
			for _, content := range []string{"1", "22", "333", "22", "1", ""} {
				obj := lives(content, long, 0)
				e.put("k", obj)
				e.fresh("k", obj)
			}
		},
	},
}

// deleteChecks are about Delete.
var deleteChecks = []check{
	{
		name: "Removes", law: lawDelete, says: "Delete removes what is held, in every state",
		run: func(e *env) {
			for what, obj := range map[string]store.Object{
				"fresh": lives("v", long, 0), "stale": over("v"), "negative": negative(long, 0), "never gone": lives("v", 0, 0),
			} {
				e.Moment = "of an object that is " + what
				e.put("k", obj)
				e.holds("k", obj)
				e.delete("k")
				e.nothing("k")
			}
		},
	},
	{
		name: "AbsentKeys", law: lawDelete, says: "keys that are absent are no error, alone and among others",
		run: func(e *env) {
			e.delete("nothing")
			e.delete("nothing", "not here")
			e.put("k", lives("v", long, 0))
			e.delete("nothing", "k", "not here")
			e.nothing("k")
			e.delete("k")
		},
	},
	{
		name: "NoKeys", law: lawDelete, says: "Delete of no keys does nothing",
		run: func(e *env) {
			obj := lives("v", long, 0)
			e.put("k", obj)
			e.delete()
			e.fresh("k", obj)
		},
	},
	{
		name: "Duplicates", law: lawDelete, says: "a key may be given more than once",
		run: func(e *env) {
			e.put("k", lives("v", long, 0))
			e.put("l", lives("v", long, 0))
			e.delete("k", "l", "k", "k")
			e.nothing("k")
			e.nothing("l")
		},
	},
	{
		name: "NoOthers", law: lawDelete, says: "Delete removes its keys and no others",
		run: func(e *env) {
			obj := lives("v", long, 0)
			for _, key := range []string{"a", "ab", "b", "c"} {
				e.put(key, obj)
			}
			e.delete("a", "c")
			e.nothing("a")
			e.nothing("c")
			e.fresh("ab", obj)
			e.fresh("b", obj)
		},
	},
	{
		name: "Many", law: lawDelete, says: "Delete takes any number of keys",
		run: func(e *env) {
			e.fill(manyKeys, numbered)
			var keys []string
			for i := range manyKeys { // in order, so that the last ones are known
				keys = append(keys, numbered(i))
			}
			left := numbered(manyKeys)
			obj := lives("left", long, 0)
			e.put(left, obj)
			e.delete(keys...)
			e.nothingOfMany()
			e.fresh(left, obj)
		},
	},
	{
		name: "PutAgain", law: lawDelete, says: "a key that was deleted can be put again",
		run: func(e *env) {
			e.put("k", lives("old", long, 0))
			e.delete("k")
			obj := lives("new", long, 0)
			e.stores("k", obj, store.Cond{Kind: store.IfGone})
			e.fresh("k", obj)
		},
	},
}

// nothingOfMany wants nothing to be held for manyKeys keys. Without GetMany it
// looks at some of them, the last one too.
func (e *env) nothingOfMany() {
	e.Helper()
	var keys []string
	for i := range manyKeys {
		keys = append(keys, numbered(i))
		if i%50 == 0 || i == manyKeys-1 {
			e.nothing(numbered(i))
		}
	}
	if !e.h.lacks(capGetMany) {
		e.findsMany(nil, keys...)
	}
}

// manyKeys is more than a request to some server takes, or a page of its lists.
const manyKeys = 1100

// negativeChecks are about the origin's word that there is no value.
var negativeChecks = []check{
	{
		name: "Found", law: lawNegative, says: "a negative object is found, Absent and without a body",
		run: func(e *env) {
			obj := negative(long, long)
			e.put("k", obj)
			e.fresh("k", obj)
			if got := e.found("k", store.Want{}); len(got.Body) != 0 || !got.Meta.Absent {
				e.Fatalf("Get = %s", describe(got))
			}
		},
	},
	{
		name: "Stale", law: lawNegative, says: "a negative object that is stale is found by those who want it stale, and by Head",
		run: func(e *env) {
			obj := with(over(""), func(m *store.Meta) { m.Absent, m.Hash, m.Encoding = true, store.Hash{}, "" })
			obj.Body = nil
			e.put("k", obj)
			e.stale("k", obj)
		},
	},
	{
		name: "Replaced", law: lawNegative, says: "a negative object and one with a value replace each other and leave nothing behind",
		run: func(e *env) {
			for range 2 {
				obj := lives("v", long, 0)
				e.put("k", obj)
				e.fresh("k", obj)
				none := negative(long, 0)
				e.put("k", none)
				e.fresh("k", none)
			}
		},
	},
	{
		name: "WantHash", law: lawNegative, says: "a negative object is not the content of any reader",
		run: func(e *env) {
			obj := negative(long, 0)
			e.put("k", obj)
			for _, hash := range []store.Hash{hashOf("v"), hashOf("")} {
				got := e.found("k", store.Want{Hash: hash})
				if got.NotModified || !got.Meta.Absent {
					e.Fatalf("Get with a Want.Hash = %s; want Absent, and no NotModified", describe(got))
				}
			}
		},
	},
	{
		name: "Tags", law: lawNegative, says: "a negative object keeps tags and schema",
		run: func(e *env) {
			obj := with(negative(long, 0), func(m *store.Meta) { m.Tags, m.Schema = []string{"a", "b"}, "2" })
			e.put("k", obj)
			e.fresh("k", obj)
		},
	},
}
