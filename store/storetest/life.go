package storetest

import (
	"time"

	"github.com/advcache/advcache/store"
)

// lifeChecks are about the ends of lives.
var lifeChecks = []check{
	{
		name: "FreshUntil", law: lawLife, says: "an object is found until FreshUntil, and is gone then",
		run: func(e *env) {
			obj := lives("v", e.Unit, 0)
			e.put("k", obj)
			e.Until(obj.Meta.FreshUntil)
			e.fresh("k", obj)
			e.ShortlyBefore(obj.Meta.FreshUntil, "FreshUntil")
			e.fresh("k", obj)
			e.At(obj.Meta.FreshUntil, time.Time{}, "FreshUntil")
			e.gone("k")
		},
	},
	{
		name: "Stale", law: lawLife, says: "from FreshUntil to StaleUntil an object is found by those alone who want it stale, and then by nobody",
		run: func(e *env) {
			obj := lives("v", e.Unit, e.Unit)
			e.put("k", obj)
			e.ShortlyBefore(obj.Meta.FreshUntil, "FreshUntil")
			e.fresh("k", obj)
			e.At(obj.Meta.FreshUntil, obj.Meta.StaleUntil, "FreshUntil")
			e.stale("k", obj)
			e.ShortlyBefore(obj.Meta.StaleUntil, "StaleUntil")
			e.stale("k", obj)
			e.At(obj.Meta.StaleUntil, time.Time{}, "StaleUntil")
			e.gone("k")
		},
	},
	{
		name: "StaleUntilBeforeFreshUntil", law: lawLife, says: "a StaleUntil before FreshUntil shortens nothing",
		run: func(e *env) {
			obj := lives("v", e.Unit, -e.Unit/2)
			e.put("k", obj)
			e.ShortlyBefore(obj.Meta.FreshUntil, "FreshUntil")
			e.fresh("k", obj)
			e.At(obj.Meta.FreshUntil, time.Time{}, "FreshUntil")
			e.gone("k")
		},
	},
	{
		name: "Held", law: lawCopy, says: "past HeldUntil nobody is served, however long the life",
		run: func(e *env) {
			now := time.Now()
			held := now.Add(e.Unit)
			objs := map[string]store.Object{"fresh": lives("v", long, 0), "never gone": lives("v", 0, 0), "stale": over("v"), "negative": negative(long, long)}
			for key, obj := range objs {
				objs[key] = with(obj, func(m *store.Meta) { m.HeldUntil = held })
				e.put(key, objs[key])
			}
			e.ShortlyBefore(held, "HeldUntil")
			for key, obj := range objs {
				e.holds(key, obj)
			}
			e.At(held, time.Time{}, "HeldUntil")
			for key := range objs {
				e.gone(key)
			}
		},
	},
	{
		name: "HeldProlongsNothing", law: lawCopy, says: "a HeldUntil after the end of the life prolongs nothing",
		run: func(e *env) {
			obj := with(lives("v", e.Unit/2, e.Unit/2), func(m *store.Meta) { m.HeldUntil = m.FreshUntil.Add(long) })
			e.put("k", obj)
			e.At(obj.Meta.StaleUntil, time.Time{}, "StaleUntil")
			e.gone("k")
		},
	},
	{
		name: "NeverGone", law: lawLife, says: "an object without FreshUntil stays fresh for ever",
		run: func(e *env) {
			obj := lives("v", 0, 0)
			odd := with(obj, func(m *store.Meta) { m.StaleUntil = time.Now().Add(e.Unit) })
			e.put("k", obj)
			e.put("odd", odd)
			e.Wait(time.Now().Add(3 * e.Unit))
			e.fresh("k", obj)
			e.fresh("odd", odd)
		},
	},
	{
		name: "HalfASecond", law: lawLife, says: "500 ms are 500 ms, neither 0 nor 1 s",
		run: func(e *env) {
			obj := lives("v", 500*time.Millisecond, 0)
			e.put("k", obj)
			e.ShortlyBefore(obj.Meta.FreshUntil, "FreshUntil")
			e.fresh("k", obj)
			e.At(obj.Meta.FreshUntil, time.Time{}, "FreshUntil")
			e.gone("k")
		},
	},
	{
		name: "HalfASecondStale", law: lawLife, says: "a stale part of 500 ms ends after 500 ms",
		run: func(e *env) {
			obj := lives("v", -time.Minute, time.Minute+500*time.Millisecond)
			e.put("k", obj)
			e.ShortlyBefore(obj.Meta.StaleUntil, "StaleUntil")
			e.stale("k", obj)
			e.At(obj.Meta.StaleUntil, time.Time{}, "StaleUntil")
			e.gone("k")
		},
	},
	{
		name: "GoneWhenPut", law: lawLife, says: "an object that is gone when it is put is done, is found by nobody, and replaces what was held",
		run: func(e *env) {
			for what, obj := range map[string]store.Object{
				"dead": dead("gone"), "past its HeldUntil": with(lives("gone", 0, 0), func(m *store.Meta) { m.HeldUntil = time.Now().Add(-time.Second) }),
			} {
				e.Moment = "what is put is " + what
				e.delete("k")
				e.put("k", obj)
				e.gone("k")
				e.put("k", lives("v", long, long))
				e.put("k", obj)
				e.gone("k")
				e.stores("k", lives("new", long, 0), store.Cond{Kind: store.IfGone})
			}
		},
	},
	{
		name: "WantNow", law: lawLife, says: "life is judged at Want.Now",
		run: func(e *env) {
			obj := lives("v", long, long)
			e.put("k", obj)
			before := func(end time.Time) time.Time { return end.Truncate(time.Millisecond).Add(-time.Millisecond) }
			for _, test := range []struct {
				what         string
				now          time.Time
				fresh, stale bool
			}{
				{"at the beginning", obj.Meta.CreatedAt, true, true},
				{"before FreshUntil", before(obj.Meta.FreshUntil), true, true},
				{"at FreshUntil", obj.Meta.FreshUntil, false, true},
				{"before StaleUntil", before(obj.Meta.StaleUntil), false, true},
				{"at StaleUntil", obj.Meta.StaleUntil, false, false},
			} {
				e.Moment = "Want.Now is " + test.what
				if _, ok := e.get("k", store.Want{Now: test.now}); ok != test.fresh {
					e.Fatalf("Get = %v; want %v", ok, test.fresh)
				}
				if _, ok := e.get("k", store.Want{Now: test.now, Stale: true}); ok != test.stale {
					e.Fatalf("Get with Want.Stale = %v; want %v", ok, test.stale)
				}
			}
			e.Moment = "after all that"
			e.fresh("k", obj)
		},
	},
	{
		name: "WantNowOfStale", law: lawLife, says: "what is stale now was fresh before, for a reader whose Want.Now is then",
		run: func(e *env) {
			obj := over("v")
			e.put("k", obj)
			then := obj.Meta.FreshUntil.Add(-time.Second)
			e.is("Get", "k", e.found("k", store.Want{Now: then}), obj)
		},
	},
	{
		name: "LongerLife", law: lawLife, says: "the end of a life that was replaced ends nothing",
		run: func(e *env) {
			now := time.Now()
			next := map[string]store.Object{"longer": lives("new", long, 0), "never gone": lives("new", 0, 0), "stale": over("new"), "negative": negative(long, 0)}
			for key, obj := range next {
				e.put(key, lives("old", e.Unit, 0))
				e.put(key, obj)
			}
			e.Wait(now.Add(2 * e.Unit))
			for key, obj := range next {
				e.holds(key, obj)
			}
		},
	},
	{
		name: "ShorterLife", law: lawLife, says: "a life that was replaced prolongs nothing",
		run: func(e *env) {
			obj := lives("new", e.Unit, 0)
			for key, before := range map[string]store.Object{"longer": lives("old", long, 0), "never gone": lives("old", 0, 0), "stale": over("old")} {
				e.put(key, before)
				e.put(key, obj)
			}
			e.At(obj.Meta.FreshUntil, time.Time{}, "FreshUntil")
			for _, key := range []string{"longer", "never gone", "stale"} {
				e.gone(key)
			}
		},
	},
	{
		name: "ReadsProlongNothing", law: lawLife, says: "reads do not prolong a life",
		run: func(e *env) {
			obj := lives("v", e.Unit, e.Unit)
			e.put("k", obj)
			for i := range 8 {
				e.Wait(obj.Meta.CreatedAt.Add(time.Duration(i) * e.Unit / 4))
				e.get("k", store.Want{Stale: true})
				e.look("k")
			}
			e.At(obj.Meta.StaleUntil, time.Time{}, "StaleUntil")
			e.gone("k")
		},
	},
	{
		name: "Negative", law: lawLife, says: "a negative object has its life as others do",
		run: func(e *env) {
			obj := negative(e.Unit, e.Unit)
			e.put("k", obj)
			e.ShortlyBefore(obj.Meta.FreshUntil, "FreshUntil")
			e.fresh("k", obj)
			e.At(obj.Meta.FreshUntil, obj.Meta.StaleUntil, "FreshUntil")
			e.stale("k", obj)
			e.At(obj.Meta.StaleUntil, time.Time{}, "StaleUntil")
			e.gone("k")
		},
	},
	{
		name: "Head", law: lawHead, says: "Head gives the Meta of what is held, whatever its life",
		run: func(e *env) {
			for key, obj := range map[string]store.Object{"fresh": lives("v", long, 0), "stale": over("v"), "negative": negative(long, 0), "never gone": lives("v", 0, 0)} {
				e.put(key, obj)
				meta := e.head(key)
				if what := differs(&meta, &obj.Meta); what != "" {
					e.Fatalf("Head(%s) = %s: %s", key, describeMeta(&meta), what)
				}
				e.sized("Head", key, meta, obj)
			}
		},
	},
	{
		name: "PutAfterTheEnd", law: lawLife, says: "a key whose object is gone can be put again",
		run: func(e *env) {
			obj := lives("old", e.Unit, 0)
			for _, key := range []string{"Always", "IfVacant", "IfGone"} {
				e.put(key, obj)
			}
			e.At(obj.Meta.FreshUntil, time.Time{}, "FreshUntil")
			e.Moment = ""
			for key, kind := range map[string]store.CondKind{"Always": store.Always, "IfVacant": store.IfVacant, "IfGone": store.IfGone} {
				e.stores(key, lives("new", long, 0), store.Cond{Kind: kind})
			}
		},
	},
}
