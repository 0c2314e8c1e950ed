package storetest

import (
	"time"

	"github.com/advcache/advcache/store"
)

// renewed returns obj with a life that begins now.
func renewed(obj store.Object, fresh, stale time.Duration) store.Object {
	next := lives("", fresh, stale).Meta
	return with(obj, func(m *store.Meta) {
		m.CreatedAt, m.FreshUntil, m.StaleUntil, m.HeldUntil = next.CreatedAt, next.FreshUntil, next.StaleUntil, time.Time{}
	})
}

// renews wants Touch to give what key holds the life of next, which is due.
func (e *env) renews(key string, next store.Object, cond store.Cond) {
	e.Helper()
	before := e.version(key)
	if !e.touch(key, next.Meta, cond) {
		e.Lost("Touch(%s) of the same content = false; want true", short(key))
	}
	e.holds(key, next)
	if after := e.version(key); after == before {
		e.Fatalf("Touch(%s) = true, and the Version is still %v; want one that is new", short(key), after)
	}
}

// touchesNot wants Touch to answer false, and to leave obj as it is.
func (e *env) touchesNot(key string, meta store.Meta, cond store.Cond, obj store.Object) {
	e.Helper()
	before := e.version(key)
	if e.touch(key, meta, cond) {
		e.Fatalf("Touch(%s, %s) over %s = true; want false", short(key), describeMeta(&meta), describe(obj))
	}
	e.holds(key, obj)
	if after := e.version(key); after != before {
		e.Fatalf("Touch(%s) = false, and the Version is another one", short(key))
	}
}

// touchChecks are about renewals without a body.
var touchChecks = []check{
	{
		name: "Renews", law: lawTouch, needs: needs{capTouch}, says: "Touch gives the same content a new life and a new Version, and leaves body and tags",
		run: func(e *env) {
			obj := with(lives("v", long, 0), func(m *store.Meta) { m.Tags = []string{"a", ""} })
			e.put("k", obj)
			next := renewed(obj, 3*long, long)
			e.renews("k", next, store.Cond{})
			e.fresh("k", next)
			again := renewed(obj, long, 0)
			e.renews("k", again, store.Cond{})
			e.fresh("k", again)
		},
	},
	{
		name: "Lives", law: lawTouch, needs: needs{capTouch}, says: "what was touched is gone when its new life is over, and not before",
		run: func(e *env) {
			obj := lives("v", e.Unit, 0)
			e.put("k", obj)
			next := renewed(obj, 2*e.Unit, e.Unit)
			if !e.touch("k", next.Meta, store.Cond{}) {
				e.Fatalf("Touch = false; want true")
			}
			e.ShortlyBefore(next.Meta.FreshUntil, "the new FreshUntil")
			e.fresh("k", next)
			e.At(next.Meta.FreshUntil, next.Meta.StaleUntil, "the new FreshUntil")
			e.stale("k", next)
			e.ShortlyBefore(next.Meta.StaleUntil, "the new StaleUntil")
			e.stale("k", next)
			e.At(next.Meta.StaleUntil, time.Time{}, "the new StaleUntil")
			e.gone("k")
		},
	},
	{
		name: "Stale", law: lawTouch, needs: needs{capTouch}, says: "Touch makes stale content fresh",
		run: func(e *env) {
			obj := over("v")
			e.put("k", obj)
			next := renewed(obj, long, 0)
			e.renews("k", next, store.Cond{})
			e.fresh("k", next)
		},
	},
	{
		name: "Shortens", law: lawCopy, needs: needs{capTouch}, says: "a Touch with a shorter life shortens it",
		run: func(e *env) {
			for key, obj := range map[string]store.Object{"long": lives("v", long, long), "never gone": lives("v", 0, 0)} {
				e.put(key, obj)
			}
			next := renewed(lives("v", 0, 0), e.Unit, 0)
			for _, key := range []string{"long", "never gone"} {
				e.renews(key, next, store.Cond{})
			}
			e.At(next.Meta.FreshUntil, time.Time{}, "the new FreshUntil")
			e.gone("long")
			e.gone("never gone")
		},
	},
	{
		name: "NeverGone", law: lawTouch, needs: needs{capTouch}, says: "Touch may give a life without end",
		run: func(e *env) {
			obj := lives("v", e.Unit, e.Unit)
			e.put("k", obj)
			next := renewed(obj, 0, 0)
			e.renews("k", next, store.Cond{})
			e.Wait(obj.Meta.StaleUntil.Add(e.Unit))
			e.fresh("k", next)
		},
	},
	{
		name: "NotLater", law: lawCopy, needs: needs{capTouch}, says: "Touch makes no end later than it was asked to",
		run: func(e *env) {
			obj := lives("v", time.Hour, 0)
			e.put("k", obj)
			whole := time.Now().Add(long).Truncate(time.Second)
			for i, part := range []time.Duration{1, 500_001, time.Millisecond - 1, 999*time.Millisecond + 999_999} {
				next := with(obj, func(m *store.Meta) {
					m.CreatedAt = time.Now()
					// Each life is due after the one before.
					m.FreshUntil = whole.Add(time.Duration(1<<(2*i))*long + part)
					m.StaleUntil, m.HeldUntil = m.FreshUntil.Add(long), m.FreshUntil.Add(time.Hour)
				})
				e.renews("k", next, store.Cond{})
			}
		},
	},
	{
		name: "Held", law: lawCopy, needs: needs{capTouch}, says: "Touch gives the HeldUntil that it was asked to, none too",
		run: func(e *env) {
			obj := lives("v", long, 0)
			e.put("k", obj)
			held := with(renewed(obj, 2*long, 0), func(m *store.Meta) { m.HeldUntil = m.CreatedAt.Add(e.Unit) })
			e.renews("k", held, store.Cond{})
			free := renewed(obj, 4*long, 0)
			e.renews("k", free, store.Cond{})
			e.Wait(held.Meta.HeldUntil.Add(e.Unit))
			e.fresh("k", free)
			held = with(renewed(obj, 2*long, 0), func(m *store.Meta) { m.HeldUntil = m.CreatedAt.Add(e.Unit) })
			e.renews("k", held, store.Cond{})
			e.At(held.Meta.HeldUntil, time.Time{}, "the new HeldUntil")
			e.gone("k")
		},
	},
	{
		name: "NotDue", law: lawTouch, needs: needs{capTouch}, says: "a Touch with a life that is not due is done, or leaves all as it is",
		run: func(e *env) {
			obj := lives("v", long, 0)
			e.put("k", obj)
			before := e.version("k")
			next := renewed(obj, long+time.Minute, 0)
			if !e.touch("k", next.Meta, store.Cond{}) {
				e.Fatalf("Touch = false; want true")
			}
			if after := e.version("k"); after == before {
				next = obj
			}
			e.fresh("k", next)
		},
	},
	{
		name: "Compression", law: lawTouch, needs: needs{capTouch}, says: "content is the same in any compression, and Touch leaves that in which it is held",
		run: func(e *env) {
			for _, encodings := range [][2]string{{"json+gzip", "json"}, {"json", "json+zstd"}, {"json+gzip", "json+zstd"}, {"raw+gzip+aesgcm.k", "raw+aesgcm.k"}} {
				obj := with(lives("v", long, 0), func(m *store.Meta) { m.Encoding = encodings[0] })
				e.put("k", obj)
				next := renewed(obj, 3*long, 0)
				if !e.touch("k", with(next, func(m *store.Meta) { m.Encoding = encodings[1] }).Meta, store.Cond{}) {
					e.Fatalf("Touch with %s over %s = false; want true", encodings[1], encodings[0])
				}
				e.fresh("k", next)
			}
		},
	},
	{
		name: "OtherContent", law: lawTouch, needs: needs{capTouch}, says: "Touch refuses another hash, codec, encryption key, schema or tags, and changes nothing",
		run: func(e *env) {
			obj := with(lives("v", long, long), func(m *store.Meta) {
				m.Tags, m.Encoding = []string{"a", "b"}, "json+gzip+aesgcm.1"
			})
			e.put("k", obj)
			for what, change := range map[string]func(m *store.Meta){
				"another hash":                   func(m *store.Meta) { m.Hash = hashOf("w") },
				"a hash that differs at its end": func(m *store.Meta) { m.Hash[len(m.Hash)-1] ^= 1 },
				"no hash":                        func(m *store.Meta) { m.Hash = store.Hash{} },
				"another codec":                  func(m *store.Meta) { m.Encoding = "msgpack+gzip+aesgcm.1" },
				"another encryption key":         func(m *store.Meta) { m.Encoding = "json+gzip+aesgcm.2" },
				"no encryption":                  func(m *store.Meta) { m.Encoding = "json+gzip" },
				"another schema":                 func(m *store.Meta) { m.Schema = "2" },
				"no schema":                      func(m *store.Meta) { m.Schema = "" },
				"no tags":                        func(m *store.Meta) { m.Tags = nil },
				"fewer tags":                     func(m *store.Meta) { m.Tags = []string{"a"} },
				"more tags":                      func(m *store.Meta) { m.Tags = []string{"a", "b", ""} },
				"tags in another order":          func(m *store.Meta) { m.Tags = []string{"b", "a"} },
				"tags that join alike":           func(m *store.Meta) { m.Tags = []string{"ab"} },
				"Absent":                         func(m *store.Meta) { m.Absent = true },
			} {
				e.Moment = what
				e.touchesNot("k", with(renewed(obj, 3*long, 0), change).Meta, store.Cond{}, obj)
			}
		},
	},
	{
		name: "NoContent", law: lawTouch, needs: needs{capTouch}, says: "Touch of nothing, of what was deleted, and of a negative object is false",
		run: func(e *env) {
			obj := lives("v", long, 0)
			for _, cond := range []store.Cond{{}, {Kind: store.IfVersion, Version: e.put("other", obj)}} {
				if e.touch("k", obj.Meta, cond) {
					e.Fatalf("Touch of nothing = true; want false")
				}
				e.nothing("k")
				e.put("k", obj)
				e.delete("k")
				if e.touch("k", obj.Meta, cond) {
					e.Fatalf("Touch of what was deleted = true; want false")
				}
				e.nothing("k")
			}
			none := negative(long, 0)
			e.put("k", none)
			e.touchesNot("k", renewed(obj, 3*long, 0).Meta, store.Cond{}, none)
			e.touchesNot("k", renewed(none, 3*long, 0).Meta, store.Cond{}, none)
			unhashed := with(obj, func(m *store.Meta) { m.Hash = store.Hash{} })
			e.put("k", unhashed)
			e.touchesNot("k", renewed(unhashed, 3*long, 0).Meta, store.Cond{}, unhashed)
		},
	},
	{
		name: "Foreign", law: lawForeign, needs: needs{capTouch, withRaw}, says: "Touch of a foreign object is false, and leaves it",
		run: func(e *env) {
			e.h.Raw(e.t, e.store, "k", []byte("foreign"))
			version := e.version("k")
			for _, cond := range []store.Cond{{}, {Foreign: true}, {Kind: store.IfVersion, Version: version}, {Kind: store.IfVersion, Version: version, Foreign: true}} {
				for _, meta := range []store.Meta{lives("foreign", long, 0).Meta, {}} {
					if e.touch("k", meta, cond) {
						e.Fatalf("Touch of a foreign object = true; want false")
					}
				}
			}
			e.foreign("k", "foreign")
		},
	},
	{
		name: "Gone", law: lawLife, needs: needs{capTouch}, says: "Touch of what is gone renews all of it, or is false",
		run: func(e *env) {
			obj := lives("v", e.Unit, 0)
			e.put("k", obj)
			e.At(obj.Meta.FreshUntil, time.Time{}, "FreshUntil")
			next := renewed(obj, long, 0)
			if e.touch("k", next.Meta, store.Cond{}) {
				e.fresh("k", next)
			} else {
				e.gone("k")
			}
		},
	},
	{
		name: "ToItsEnd", law: lawLife, needs: needs{capTouch}, says: "what is touched with a life that is over is found by nobody",
		run: func(e *env) {
			obj := lives("v", long, long)
			e.put("k", obj)
			if e.touch("k", dead("v").Meta, store.Cond{}) {
				e.gone("k")
			} else {
				e.fresh("k", obj)
			}
		},
	},
	{
		name: "IfVersion", law: lawTouch, needs: needs{capTouch}, says: "Touch with IfVersion renews what has the Version, and nothing else",
		run: func(e *env) {
			obj := lives("v", long, 0)
			old := e.put("k", obj)
			version := e.put("k", obj)
			for _, seen := range []store.Version{old, {}, store.NumberVersion(1), e.put("other", obj)} {
				e.touchesNot("k", renewed(obj, 3*long, 0).Meta, store.Cond{Kind: store.IfVersion, Version: seen}, obj)
			}
			next := renewed(obj, 3*long, 0)
			e.renews("k", next, store.Cond{Kind: store.IfVersion, Version: version})
			e.touchesNot("k", renewed(obj, 9*long, 0).Meta, store.Cond{Kind: store.IfVersion, Version: version}, next)
			e.stores("k", lives("new", long, 0), store.Cond{Kind: store.IfVersion, Version: e.version("k")})
		},
	},
	{
		name: "EndsVersions", law: lawNoUndo, needs: needs{capTouch}, says: "a Put with a Version read before a renewal is refused",
		run: func(e *env) {
			obj := lives("v", long, 0)
			seen := e.put("k", obj)
			e.renews("k", renewed(obj, 3*long, 0), store.Cond{})
			e.refuses("k", store.Cond{Kind: store.IfVersion, Version: seen})
		},
	},
	{
		name: "NotModified", law: lawNotModified, needs: needs{capTouch, capNotModified}, says: "after a Touch, a reader that has the content gets the new Meta",
		run: func(e *env) {
			obj := lives("v", long, 0)
			e.put("k", obj)
			next := renewed(obj, 3*long, long)
			e.renews("k", next, store.Cond{})
			e.notModified("Get", e.found("k", store.Want{Hash: obj.Meta.Hash}), next, e.version("k"))
		},
	},
	{
		name: "NoOthers", law: lawKeys, needs: needs{capTouch}, says: "Touch renews its key and no other",
		run: func(e *env) {
			obj := lives("v", long, 0)
			for _, key := range []string{"a", "ab", "A", "a/", "b"} {
				e.put(key, obj)
			}
			next := renewed(obj, 3*long, 0)
			e.renews("a", next, store.Cond{})
			for _, key := range []string{"ab", "A", "a/", "b"} {
				e.fresh(key, obj)
			}
			e.fresh("a", next)
		},
	},
}
