package storetest

import (
	"strconv"
	"strings"
	"sync/atomic"

	"github.com/advcache/advcache/store"
)

// The methods here are the goroutines of raceChecks. In a goroutine, a check
// reports by Errorf alone, since Fatalf is for the goroutine of the test.

// oneWins wants one of many conditional Puts over each of held to be done. Nil:
// over nothing.
func (e *env) oneWins(kind store.CondKind, held ...*store.Object) {
	e.Helper()
	for round := range raceRounds {
		key := numbered(round)
		cond := store.Cond{Kind: kind}
		if obj := held[round%len(held)]; obj != nil {
			cond.Version = e.put(key, *obj)
		}
		var wins atomic.Int64
		var winner atomic.Pointer[store.Object]
		var version atomic.Pointer[store.Version]
		e.Together(racers, func(n int) {
			obj := lives("by "+strconv.Itoa(n), long, 0)
			v, ok, err := e.store.Put(e.Context(), key, obj, cond)
			if err != nil {
				e.Errorf("Put(%q) %v = %v", key, kind, err)
			}
			if ok {
				wins.Add(1)
				winner.Store(&obj)
				version.Store(&v)
			}
		})
		if wins.Load() != 1 {
			e.Fatalf("%d of %d Put %v were done; want 1", wins.Load(), racers, kind)
		}
		e.fresh(key, *winner.Load())
		if got := e.version(key); got != *version.Load() {
			e.Fatalf("the Version is %v; the Put that was done returned %v", got, *version.Load())
		}
	}
}

// increment adds 1 to the number that key holds.
func (e *env) increment(key string) bool {
	const most = 10_000 // refusals, of which each is the success of another
	for range most {
		obj, ok, err := e.store.Get(e.Context(), key, store.Want{})
		if err != nil || !ok {
			e.Errorf("Get(%q) = %v, %v; want a number", key, ok, err)
			return false
		}
		n, err := strconv.Atoi(string(obj.Body))
		if err != nil {
			e.Errorf("Get(%q) = %s; want a number", key, describe(obj))
			return false
		}
		next := lives(strconv.Itoa(n+1), long, 0)
		_, ok, err = e.store.Put(e.Context(), key, next, store.Cond{Kind: store.IfVersion, Version: obj.Meta.Version})
		if err != nil {
			e.Errorf("Put(%q) = %v", key, err)
			return false
		}
		if ok {
			return true
		}
	}
	e.Errorf("Put(%q) IfVersion gave false %d times in a row", key, most)
	return false
}

// numberedObject returns an object all of whose parts say its number, with a
// body of the number and so many repetitions of it.
func numberedObject(n int64, repeat int) store.Object {
	text := strconv.FormatInt(n, 10)
	return with(lives(strings.Repeat(text+" ", repeat), long, 0), func(m *store.Meta) {
		m.Schema, m.Tags = text, []string{text, text}
	})
}

// torn says what does not belong together in an object of numberedObject.
func torn(obj *store.Object, body bool) (n int64, what string) {
	n, err := strconv.ParseInt(obj.Meta.Schema, 10, 64)
	text := obj.Meta.Schema
	switch {
	case err != nil:
		return 0, "the schema is no number"
	case len(obj.Meta.Tags) != 2 || obj.Meta.Tags[0] != text || obj.Meta.Tags[1] != text:
		return n, "the tags are of another write than the schema"
	case !body:
		return n, ""
	case strings.Trim(strings.ReplaceAll(string(obj.Body), text+" ", ""), " ") != "":
		return n, "the body is of another write than the schema"
	case obj.Meta.Hash != hashOf(string(obj.Body)):
		return n, "the hash is not that of the body"
	case obj.Meta.Size != int64(len(obj.Body)):
		return n, "the size is not that of the body"
	}
	return n, ""
}

// whileReading calls write with 1, 2, 3, …, and at the same time reads the
// numberedObject that "k" holds, in all the ways there are. Before each read it
// calls before, and then judge with what that gave, which says what is wrong, if
// anything. It goes by rounds, since goroutines that read without end would let
// no time pass in a bubble.
func (e *env) whileReading(write func(n int64) error, before func() int64, judge func(before, n int64, ok bool) string) {
	reads := e.reads()
	for n := int64(1); n <= raceWrites; n++ {
		var failed atomic.Bool
		e.Together(1+len(reads), func(i int) {
			if i == len(reads) {
				if err := write(n); err != nil {
					e.Errorf("write %d gave %v", n, err)
					failed.Store(true)
				}
				return
			}
			for range raceReads {
				first := before()
				obj, ok, err := reads[i].do()
				var number int64
				var wrong string
				switch {
				case err != nil:
					wrong = "want no error"
				case ok:
					number, wrong = torn(&obj, reads[i].body)
				}
				if wrong == "" {
					wrong = judge(first, number, ok)
				}
				if wrong != "" {
					e.Errorf("%s gives %s, %v, %v; %s", reads[i].name, describe(obj), ok, err, wrong)
					failed.Store(true)
				}
			}
		})
		if failed.Load() {
			return
		}
	}
}

type read struct {
	name string
	body bool // it gives one
	do   func() (store.Object, bool, error)
}

// reads returns the ways to read "k".
func (e *env) reads() []read {
	all := []read{
		{"Get", true, func() (store.Object, bool, error) { return e.store.Get(e.Context(), "k", store.Want{}) }},
		{"Get", true, func() (store.Object, bool, error) { return e.store.Get(e.Context(), "k", store.Want{Stale: true}) }},
		{"Head", false, func() (store.Object, bool, error) {
			meta, ok, err := e.store.Head(e.Context(), "k")
			return store.Object{Meta: meta}, ok, err
		}},
	}
	if !e.h.lacks(capGetMany) {
		all = append(all, read{"GetMany", true, func() (store.Object, bool, error) {
			objs, err := store.GetMany(e.Context(), e.store, []string{"other", "k"}, store.Want{})
			if len(objs) != 2 || objs[1] == nil {
				return store.Object{}, false, err
			}
			return *objs[1], true, err
		}})
	}
	return all
}

// ownWrites puts, reads and deletes a key that nobody else touches.
func (e *env) ownWrites(key string, obj store.Object) bool {
	if _, ok, err := e.store.Put(e.Context(), key, obj, store.Cond{Kind: store.IfGone}); !ok || err != nil {
		e.Errorf("Put(%q) IfGone = %v, %v; want true", key, ok, err)
		return false
	}
	got, ok, err := e.store.Get(e.Context(), key, store.Want{})
	if !ok || err != nil || sameObject(&got, &obj) != "" {
		e.Errorf("after Put of %s, Get(%q) = %s, %v, %v", describe(obj), key, describe(got), ok, err)
		return false
	}
	if err := e.store.Delete(e.Context(), key); err != nil {
		e.Errorf("Delete(%q) = %v", key, err)
		return false
	}
	if got, ok, err = e.store.Get(e.Context(), key, store.Want{}); ok || err != nil {
		e.Errorf("after Delete, Get(%q) = %s, %v, %v", key, describe(got), ok, err)
		return false
	}
	return true
}
