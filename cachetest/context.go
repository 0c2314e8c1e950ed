package cachetest

import (
	"context"
	"errors"
	"time"

	"github.com/advcache/advcache"
)

// contextChecks are about calls whose context is done. A cache may refuse
// them, or answer all the same; what it must not do is to give a wrong answer.
var contextChecks = []check{
	{
		name: "Reads", law: lawContext, says: "a read with a done context gives an error that wraps ctx.Err(), or the right answer",
		run: func(e *env) {
			e.set("k", "v", long)
			e.set("k2", "w", long)
			held := e.entry("k")
			e.withDone(func(ctx context.Context) {
				value, ok, err := e.cache.Get(ctx, "k")
				if !e.refused(ctx, "Get", err) && (!ok || value != "v") {
					e.Fatalf("Get = %s, %v, nil; want the value", short(value), ok)
				}
				entry, ok, err := e.cache.GetEntry(ctx, "k")
				if !e.refused(ctx, "GetEntry", err) && (!ok || entry.Value != "v") {
					e.Fatalf("GetEntry = %s, %v, nil; want the value", describe(entry), ok)
				}
				ok, err = e.cache.Exists(ctx, "k")
				if !e.refused(ctx, "Exists", err) && !ok {
					e.Fatalf("Exists = false, nil; want true")
				}
				entry, ok, err = advcache.Revalidate(ctx, e.cache, "k", held)
				if !e.refused(ctx, "Revalidate", err) && (!ok || entry.Value != "v") {
					e.Fatalf("Revalidate = %s, %v, nil; want the value", describe(entry), ok)
				}
				entry, ok, err = advcache.HeadEntry(ctx, e.cache, "k")
				if !e.refused(ctx, "HeadEntry", err) && (!ok || entry.Value != "" || entry.Version != held.Version) {
					e.Fatalf("HeadEntry = %s, %v, nil; want the entry without its value", describe(entry), ok)
				}
				found := advcache.GetEntries(ctx, e.cache, []string{"k", "k2"})
				if len(found) != 2 {
					e.Fatalf("GetEntries of 2 keys gives %d answers", len(found))
				}
				for i, l := range found {
					if want := []string{"v", "w"}[i]; !e.refused(ctx, "GetEntries", l.Err) && (!l.OK || l.Entry.Value != want) {
						e.Fatalf("GetEntries has %s, %v, nil; want %s", describe(l.Entry), l.OK, short(want))
					}
				}
				values, err := advcache.GetMany(ctx, e.cache, []string{"k", "k2"})
				if !e.refused(ctx, "GetMany", err) && (len(values) != 2 || values["k"] != "v" || values["k2"] != "w") {
					e.Fatalf("GetMany = %q, nil; want both values", values)
				}
			})
		},
	},
	{
		name: "Misses", law: lawContext, says: "a read with a done context invents nothing",
		run: func(e *env) {
			e.withDone(func(ctx context.Context) {
				if value, ok, err := e.cache.Get(ctx, "k"); !e.refused(ctx, "Get", err) && ok {
					e.Fatalf("Get = %s, true, nil; want a miss", short(value))
				}
				if entry, ok, err := e.cache.GetEntry(ctx, "k"); !e.refused(ctx, "GetEntry", err) && ok {
					e.Fatalf("GetEntry = %s, true, nil; want a miss", describe(entry))
				}
				if ok, err := e.cache.Exists(ctx, "k"); !e.refused(ctx, "Exists", err) && ok {
					e.Fatalf("Exists = true, nil; want false")
				}
				if entry, ok, err := advcache.HeadEntry(ctx, e.cache, "k"); !e.refused(ctx, "HeadEntry", err) && ok {
					e.Fatalf("HeadEntry = %s, true, nil; want a miss", describe(entry))
				}
				for _, l := range advcache.GetEntries(ctx, e.cache, []string{"k", "k2"}) {
					if !e.refused(ctx, "GetEntries", l.Err) && l.OK {
						e.Fatalf("GetEntries has %s, true, nil; want a miss", describe(l.Entry))
					}
				}
			})
		},
	},
	{
		name: "Writes", law: lawContext, says: "a write with a done context gives an error that wraps ctx.Err(), or is done",
		run: func(e *env) {
			e.withDone(func(ctx context.Context) {
				e.set("k", "old", long)
				err := e.cache.Set(ctx, "k", "new", long)
				e.doneOrRefused("Set", e.refused(ctx, "Set", err), "k", "old", "new")

				e.set("k", "old", long)
				err = e.cache.SetEntry(ctx, "k", lives("new", long, 0))
				e.doneOrRefused("SetEntry", e.refused(ctx, "SetEntry", err), "k", "old", "new")

				e.set("k", "old", long)
				e.set("k2", "old", long)
				err = advcache.SetMany(ctx, e.cache, map[string]string{"k": "new", "k2": "new"}, long)
				e.doneOrRefused("SetMany", e.refused(ctx, "SetMany", err), "k", "old", "new")
				e.doneOrRefused("SetMany", e.refused(ctx, "SetMany", err), "k2", "old", "new")

				e.set("k", "old", long)
				e.set("k2", "old", long)
				err = advcache.SetEntries(ctx, e.cache, map[string]advcache.Entry[string]{"k": lives("new", long, 0), "k2": lives("new", long, 0)})
				e.doneOrRefused("SetEntries", e.refused(ctx, "SetEntries", err), "k", "old", "new")
				e.doneOrRefused("SetEntries", e.refused(ctx, "SetEntries", err), "k2", "old", "new")

				e.set("k", "old", long)
				e.set("k2", "old", long)
				err = e.cache.Delete(ctx, "k", "k2")
				e.doneOrRefused("Delete", e.refused(ctx, "Delete", err), "k", "old", "")
				e.doneOrRefused("Delete", e.refused(ctx, "Delete", err), "k2", "old", "")
			})
		},
	},
	{
		name: "SetIfAbsent", law: lawContext, needs: needs{capSetIfAbsent}, says: "a SetIfAbsent with a done context gives an error that wraps ctx.Err(), or is done",
		run: func(e *env) {
			e.withDone(func(ctx context.Context) {
				e.delete("k")
				ok, err := advcache.SetIfAbsent(ctx, e.cache, "k", "new", long)
				e.doneOrRefused("SetIfAbsent", e.refused(ctx, "SetIfAbsent", err), "k", "", "new")
				if err == nil && !ok {
					e.Fatalf("SetIfAbsent = false, nil; want true")
				}
			})
		},
	},
	{
		name: "SetEntryIf", law: lawContext, needs: needs{capSetEntryIf}, says: "a SetEntryIf with a done context gives an error that wraps ctx.Err(), or is right",
		run: func(e *env) {
			e.withDone(func(ctx context.Context) {
				e.set("k", "old", long)
				ok, err := advcache.SetEntryIf(ctx, e.cache, "k", lives("new", long, 0), e.version("k"))
				want := "old"
				if ok {
					want = "new"
				}
				e.doneOrRefused("SetEntryIf", e.refused(ctx, "SetEntryIf", err), "k", "old", want)
			})
		},
	},
	{
		name: "Clear", law: lawContext, needs: needs{capClear}, says: "a Clear with a done context gives an error that wraps ctx.Err(), or is done",
		run: func(e *env) {
			e.withDone(func(ctx context.Context) {
				e.set("k", "old", long)
				err := advcache.Clear(ctx, e.cache, "")
				e.doneOrRefused("Clear", e.refused(ctx, "Clear", err), "k", "old", "")
			})
		},
	},
	{
		name: "OthersGoOn", law: lawCallers, says: "callers that left do no harm to those that come after them",
		run: func(e *env) {
			const many = 20 // more than it takes to take a cache for broken
			e.set("k", "v", long)
			for range many {
				e.withDone(func(ctx context.Context) {
					_, _, err := e.cache.Get(ctx, "k")
					e.refused(ctx, "Get", err)
					_, _, err = e.cache.GetEntry(ctx, "k")
					e.refused(ctx, "GetEntry", err)
					_, err = e.cache.Exists(ctx, "k")
					e.refused(ctx, "Exists", err)
					err = e.cache.Set(ctx, "other", "v", long)
					e.refused(ctx, "Set", err)
					err = e.cache.Delete(ctx, "other")
					e.refused(ctx, "Delete", err)
				})
			}
			e.Moment = "after many calls with a done context"
			e.fresh("k", "v")
			e.set("other", "new", long)
			e.fresh("other", "new")
			e.delete("other")
			e.gone("other")
		},
	},
}

// withDone calls f with contexts that are done, each for another reason.
func (e *env) withDone(f func(ctx context.Context)) {
	e.Helper()
	canceled, cancel := context.WithCancel(e.Context())
	cancel()
	withCause, cancelCause := context.WithCancelCause(e.Context())
	cancelCause(errors.New("cachetest: the caller left"))
	expired, cancel := context.WithDeadline(e.Context(), time.Now().Add(-time.Second))
	defer cancel()
	call := func(why string, ctx context.Context) {
		e.Moment = why
		f(ctx)
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

// doneOrRefused wants a write to have had its effect, or to have given an error,
// in which case the key may hold the old value, the new one, or none. A value
// that is empty stands for a miss.
func (e *env) doneOrRefused(call string, refused bool, key, before, after string) {
	e.Helper()
	got, ok := e.get(key)
	switch {
	case !ok && (after == "" || refused), ok && got == after, ok && got == before && refused:
		return
	}
	said := "no error"
	if refused {
		said = "the error of its context"
	}
	if !ok {
		got = ""
	}
	e.Fatalf("%s gave %s, and now Get(%q) gives %s; before it was %s, and the call asked for %s",
		call, said, key, orMiss(got), orMiss(before), orMiss(after))
}

func orMiss(value string) string {
	if value == "" {
		return "a miss"
	}
	return value
}
