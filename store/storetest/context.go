package storetest

import (
	"context"
	"errors"
	"time"

	"github.com/advcache/advcache/internal/trial"
	"github.com/advcache/advcache/store"
)

// prompt is how long a call may take whose context is done.
const prompt = 5 * time.Second

// contextChecks are about calls whose context is done. A store may refuse them,
// or answer all the same; what it must not do is to give a wrong answer, or to
// go on for long.
var contextChecks = []check{
	{
		name: "Reads", law: lawContext, says: "a read with a done context gives an error that wraps ctx.Err(), or the right answer, at once",
		run: func(e *env) {
			obj := lives("v", long, 0)
			e.put("k", obj)
			e.put("l", obj)
			e.withDone(func(ctx context.Context) {
				got, ok, err := e.store.Get(ctx, "k", store.Want{})
				if !e.refused(ctx, "Get", err) {
					e.right("Get", ok)
					e.is("Get", "k", got, obj)
				}
				meta, ok, err := e.store.Head(ctx, "k")
				if !e.refused(ctx, "Head", err) {
					e.right("Head", ok && differs(&meta, &obj.Meta) == "")
				}
				if !e.h.lacks(capGetMany) {
					objs, err := store.GetMany(ctx, e.store, []string{"k", "l", "nothing"}, store.Want{})
					if !e.refused(ctx, "GetMany", err) {
						e.right("GetMany", len(objs) == 3 && objs[0] != nil && objs[1] != nil && objs[2] == nil)
					}
					for _, got := range objs {
						if got != nil {
							e.is("GetMany", "k or l", *got, obj)
						}
					}
				}
			})
		},
	},
	{
		name: "Misses", law: lawContext, says: "a read with a done context invents nothing",
		run: func(e *env) {
			e.withDone(func(ctx context.Context) {
				_, ok, err := e.store.Get(ctx, "k", store.Want{Stale: true})
				e.refused(ctx, "Get", err)
				e.right("Get", !ok)
				_, ok, err = e.store.Head(ctx, "k")
				e.refused(ctx, "Head", err)
				e.right("Head", !ok)
			})
		},
	},
	{
		name: "Puts", law: lawContext, says: "a Put with a done context gives an error that wraps ctx.Err(), or is done, at once",
		run: func(e *env) {
			e.withDone(func(ctx context.Context) {
				for _, kind := range []store.CondKind{store.Always, store.IfVacant, store.IfGone, store.IfVersion} {
					old := negative(long, 0)
					cond := store.Cond{Kind: kind, Version: e.put("k", old)}
					if kind == store.IfGone {
						e.delete("k")
						old = store.Object{}
					}
					obj := lives("new", long, 0)
					_, ok, err := e.store.Put(ctx, "k", obj, cond)
					if !e.refused(ctx, "Put", err) {
						e.right("Put "+kind.String(), ok)
					}
					e.oneOf("Put "+kind.String(), err, "k", old, obj)
				}
			})
		},
	},
	{
		name: "Refusals", law: lawContext, says: "a Put with a done context is not done where its condition does not hold",
		run: func(e *env) {
			obj := lives("v", long, 0)
			e.put("k", obj)
			e.withDone(func(ctx context.Context) {
				for _, cond := range []store.Cond{{Kind: store.IfVacant}, {Kind: store.IfGone}, {Kind: store.IfVersion, Version: store.NumberVersion(1)}} {
					_, ok, err := e.store.Put(ctx, "k", lives("new", long, 0), cond)
					e.refused(ctx, "Put", err)
					e.right("Put "+cond.Kind.String(), !ok)
					e.fresh("k", obj)
				}
			})
		},
	},
	{
		name: "PutMany", law: lawContext, needs: needs{capPutMany}, says: "a PutMany with a done context gives an error that wraps ctx.Err(), or is done, at once",
		run: func(e *env) {
			e.withDone(func(ctx context.Context) {
				old, obj := lives("old", long, 0), lives("new", long, 0)
				e.put("k", old)
				e.put("l", old)
				err := store.PutMany(ctx, e.store, map[string]store.Object{"k": obj, "l": obj})
				e.refused(ctx, "PutMany", err)
				e.oneOf("PutMany", err, "k", old, obj)
				e.oneOf("PutMany", err, "l", old, obj)
			})
		},
	},
	{
		name: "Touch", law: lawContext, needs: needs{capTouch}, says: "a Touch with a done context gives an error that wraps ctx.Err(), or is done, at once",
		run: func(e *env) {
			e.withDone(func(ctx context.Context) {
				obj := lives("v", long, 0)
				next := renewed(obj, 3*long, 0)
				e.put("k", obj)
				ok, err := store.Touch(ctx, e.store, "k", next.Meta, store.Cond{})
				if !e.refused(ctx, "Touch", err) {
					e.right("Touch", ok)
				}
				e.oneOf("Touch", err, "k", obj, next)
			})
		},
	},
	{
		name: "Deletes", law: lawContext, says: "a Delete or Clear with a done context gives an error that wraps ctx.Err(), or is done, at once",
		run: func(e *env) {
			e.withDone(func(ctx context.Context) {
				obj := lives("v", long, 0)
				e.put("k", obj)
				e.put("l", obj)
				err := e.store.Delete(ctx, "k", "l")
				e.refused(ctx, "Delete", err)
				e.oneOf("Delete", err, "k", obj, store.Object{})
				e.oneOf("Delete", err, "l", obj, store.Object{})
				if e.h.lacks(capClear) {
					return
				}
				e.put("k", obj)
				err = store.Clear(ctx, e.store, "k")
				e.refused(ctx, "Clear", err)
				e.oneOf("Clear", err, "k", obj, store.Object{})
			})
		},
	},
	{
		name: "OthersGoOn", law: lawCallers, says: "callers that left do no harm to those that come after them",
		run: func(e *env) {
			const many = 20 // more than it takes to take a backend for broken
			obj := lives("v", long, 0)
			e.put("k", obj)
			for range many {
				e.withDone(func(ctx context.Context) {
					_, _, err := e.store.Get(ctx, "k", store.Want{})
					e.refused(ctx, "Get", err)
					_, _, err = e.store.Head(ctx, "k")
					e.refused(ctx, "Head", err)
					_, _, err = e.store.Put(ctx, "other", obj, store.Cond{})
					e.refused(ctx, "Put", err)
					err = e.store.Delete(ctx, "other")
					e.refused(ctx, "Delete", err)
				})
			}
			e.Moment = "after many calls with a done context"
			e.fresh("k", obj)
			e.put("other", obj)
			e.fresh("other", obj)
			e.delete("other")
			e.nothing("other")
		},
	},
	{
		name: "Leaves", law: lawCallers, says: "what was put outlives the context of the Put",
		run: func(e *env) {
			ctx, cancel := context.WithCancel(e.Context())
			obj := lives("v", long, 0)
			if _, ok, err := e.store.Put(ctx, "k", obj, store.Cond{}); !ok || err != nil {
				e.Fatalf("Put = %v, %v", ok, err)
			}
			cancel()
			e.h.Advance(trial.MinUnit)
			e.fresh("k", obj)
		},
	},
}

// withDone calls f with contexts that are done, each for another reason.
func (e *env) withDone(f func(ctx context.Context)) {
	e.Helper()
	canceled, cancel := context.WithCancel(e.Context())
	cancel()
	withCause, cancelCause := context.WithCancelCause(e.Context())
	cancelCause(errors.New("storetest: the caller left"))
	expired, cancel := context.WithDeadline(e.Context(), time.Now().Add(-time.Second))
	defer cancel()
	call := func(why string, ctx context.Context) {
		e.Helper()
		e.Moment = why
		begin := time.Now()
		f(ctx)
		if took := time.Since(begin); took > prompt {
			e.Fatalf("the calls took %v", took)
		}
		e.Moment = ""
	}
	call("the context is canceled", canceled)
	call("the context is canceled with a cause", withCause)
	call("the deadline of the context has passed", expired)
}

// refused reports whether a call was refused, for no reason but its context.
func (e *env) refused(ctx context.Context, call string, err error) bool {
	e.Helper()
	if err != nil && !errors.Is(err, ctx.Err()) {
		e.Fatalf("%s = %v; want an error that wraps %q, or none", call, err, ctx.Err())
	}
	return err != nil
}

func (e *env) right(call string, right bool) {
	e.Helper()
	if !right {
		e.Fatalf("%s gave the wrong answer", call)
	}
}

// oneOf wants a write to have had its effect, or to have given an error, in
// which case the key may hold what it held before. The zero Object is nothing.
func (e *env) oneOf(call string, err error, key string, before, after store.Object) {
	e.Helper()
	zero := func(obj store.Object) bool { return obj.Body == nil && !obj.Meta.Absent }
	got, ok := e.get(key, store.Want{})
	is := func(obj store.Object) bool {
		if zero(obj) {
			return !ok
		}
		return ok && sameObject(&got, &obj) == ""
	}
	if is(after) || err != nil && is(before) {
		return
	}
	e.Fatalf("%s gave %v, and now Get(%q) = %s, %v; before it was %s, and the call asked for %s", call, err, key,
		describe(got), ok, describe(before), describe(after))
}
