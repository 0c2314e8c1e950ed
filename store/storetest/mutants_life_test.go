package storetest

import (
	"context"
	"time"

	"github.com/advcache/advcache/store"
)

var lifeMutants = []mutant{
	{
		name: "objects live twice as long", keep: true, breaks: "law 1 (life): an object is found until FreshUntil, and is gone then",
		bug: func(_ *Memory, w *wrapper) {
			wanting(w, func(want store.Want) store.Want {
				if want.Now.IsZero() {
					want.Now = time.Now().Add(-150 * time.Millisecond)
				}
				return want
			})
		},
	},
	{
		name: "objects are gone early", breaks: "law 1 (life): an object is found until FreshUntil, and is gone then",
		bug: func(_ *Memory, w *wrapper) {
			wanting(w, func(want store.Want) store.Want {
				if want.Now.IsZero() {
					want.Now = time.Now().Add(10 * time.Millisecond)
				}
				return want
			})
		},
	},
	{
		name: "stale objects are hits", breaks: "law 1 (life): from FreshUntil to StaleUntil an object is found by those alone who want it stale",
		bug: func(_ *Memory, w *wrapper) {
			wanting(w, func(want store.Want) store.Want {
				want.Stale = true
				return want
			})
		},
	},
	{
		name: "stale objects are dropped", breaks: "law 1 (life): from FreshUntil to StaleUntil an object is found by those alone who want it stale",
		bug: func(_ *Memory, w *wrapper) {
			wanting(w, func(want store.Want) store.Want {
				want.Stale = false
				return want
			})
		},
	},
	{
		name: "expiry is at StaleUntil", breaks: "law 1 (life): a StaleUntil before FreshUntil shortens nothing",
		bug: func(_ *Memory, w *wrapper) {
			stores(w, func(_ string, obj store.Object) store.Object {
				if obj.Meta.StaleUntil.Before(obj.Meta.FreshUntil) && !obj.Meta.StaleUntil.IsZero() {
					obj.Meta.FreshUntil = obj.Meta.StaleUntil
				}
				return obj
			})
		},
	},
	{
		name: "HeldUntil is for others", keep: true, breaks: "law 2 (no copy lives longer than its original): past HeldUntil nobody is served",
		bug: func(m *Memory, w *wrapper) {
			w.get = func(ctx context.Context, key string, want store.Want) (store.Object, bool, error) {
				held := time.Time{}
				m.Edit(key, func(obj *store.Object) { held, obj.Meta.HeldUntil = obj.Meta.HeldUntil, time.Time{} })
				obj, ok, err := m.Get(ctx, key, want)
				m.Edit(key, func(obj *store.Object) { obj.Meta.HeldUntil = held })
				obj.Meta.HeldUntil = held
				return obj, ok, err
			}
		},
	},
	{
		name: "expiry is at HeldUntil", breaks: "law 2 (no copy lives longer than its original): a HeldUntil after the end of the life prolongs nothing",
		bug: func(_ *Memory, w *wrapper) {
			stores(w, func(_ string, obj store.Object) store.Object {
				if !obj.Meta.HeldUntil.IsZero() && !obj.Meta.FreshUntil.IsZero() {
					obj.Meta.FreshUntil = obj.Meta.HeldUntil
				}
				return obj
			})
		},
	},
	{
		name: "what never goes goes after a while", breaks: "law 1 (life): an object without FreshUntil stays fresh for ever",
		bug: func(m *Memory, w *wrapper) {
			put := make(map[string]time.Time)
			w.put = func(ctx context.Context, key string, obj store.Object, cond store.Cond) (store.Version, bool, error) {
				version, ok, err := m.Put(ctx, key, obj, cond)
				if ok && obj.Meta.FreshUntil.IsZero() {
					put[key] = time.Now()
				}
				return version, ok, err
			}
			w.get = func(ctx context.Context, key string, want store.Want) (store.Object, bool, error) {
				obj, ok, err := m.Get(ctx, key, want)
				at, known := put[key]
				return obj, ok && (!known || !obj.Meta.FreshUntil.IsZero() || time.Since(at) < 500*time.Millisecond), err
			}
		},
	},
	{
		name: "expiry is in whole seconds", breaks: "law 1 (life): 500 ms are 500 ms, neither 0 nor 1 s", bug: seconds(-1),
	},
	{
		name: "expiry is in whole seconds, rounded up", keep: true, breaks: "law 1 (life): a stale part of 500 ms ends after 500 ms", bug: seconds(1),
	},
	{
		name: "a Put of what is gone does nothing", breaks: "law 1 (life): an object that is gone when it is put is done",
		bug: func(m *Memory, w *wrapper) {
			w.put = func(ctx context.Context, key string, obj store.Object, cond store.Cond) (store.Version, bool, error) {
				if obj.Meta.GoneAt(time.Now()) {
					return store.Version{}, true, ctx.Err()
				}
				return m.Put(ctx, key, obj, cond)
			}
		},
	},
	{
		name: "a Put of what is gone has no expiry", breaks: "law 1 (life): an object that is gone when it is put is done",
		bug: func(_ *Memory, w *wrapper) {
			stores(w, func(_ string, obj store.Object) store.Object {
				if obj.Meta.GoneAt(time.Now()) {
					obj.Meta.FreshUntil, obj.Meta.StaleUntil, obj.Meta.HeldUntil = time.Time{}, time.Time{}, time.Time{}
				}
				return obj
			})
		},
	},
	{
		name: "Want.Now is ignored", breaks: "law 1 (life): life is judged at Want.Now",
		bug: func(_ *Memory, w *wrapper) {
			wanting(w, func(want store.Want) store.Want {
				want.Now = time.Time{}
				return want
			})
		},
	},
	{
		name: "the later of Want.Now and now counts", breaks: "law 1 (life): what is stale now was fresh before",
		bug: func(_ *Memory, w *wrapper) {
			wanting(w, func(want store.Want) store.Want {
				if want.Now.Before(time.Now()) {
					want.Now = time.Now()
				}
				return want
			})
		},
	},
	{
		name: "an expiry that was set stays", breaks: "law 1 (life): the end of a life that was replaced ends nothing",
		bug: func(m *Memory, w *wrapper) {
			stores(w, func(key string, obj store.Object) store.Object {
				if held, ok := m.held[key]; ok && !held.Meta.Foreign && obj.Meta.HeldUntil.IsZero() && !held.Meta.GoneAt(time.Now()) {
					obj.Meta.HeldUntil = held.Meta.GoesAt()
				}
				return obj
			})
		},
	},
	{
		name: "a life that was replaced prolongs the next", keep: true, breaks: "law 1 (life): a life that was replaced prolongs nothing",
		bug: func(m *Memory, w *wrapper) {
			stores(w, func(key string, obj store.Object) store.Object {
				if held, ok := m.held[key]; ok && held.Meta.GoesAt().After(obj.Meta.GoesAt()) {
					obj.Meta.StaleUntil = held.Meta.GoesAt()
				}
				return obj
			})
		},
	},
	{
		name: "a read prolongs the life", breaks: "law 1 (life): reads do not prolong a life",
		bug: func(m *Memory, w *wrapper) {
			w.get = func(ctx context.Context, key string, want store.Want) (store.Object, bool, error) {
				obj, ok, err := m.Get(ctx, key, want)
				if ok && !obj.Meta.FreshUntil.IsZero() {
					m.Edit(key, func(obj *store.Object) { obj.Meta.StaleUntil = obj.Meta.GoesAt().Add(100 * time.Millisecond) })
				}
				return obj, ok, err
			}
		},
	},
	{
		name: "negative objects have no end", breaks: "law 1 (life): a negative object has its life as others do",
		bug: func(_ *Memory, w *wrapper) {
			stores(w, func(_ string, obj store.Object) store.Object {
				if obj.Meta.Absent {
					obj.Meta.StaleUntil = time.Now().Add(long)
				}
				return obj
			})
		},
	},
	{
		name: "Head is for fresh objects", breaks: "contract (Head): Head gives the Meta of what is held, whatever its life",
		bug: func(m *Memory, w *wrapper) {
			w.head = func(ctx context.Context, key string) (store.Meta, bool, error) {
				meta, ok, err := m.Head(ctx, key)
				return meta, ok && (meta.Foreign || meta.FreshAt(time.Now())), err
			}
		},
	},
	{
		name: "what is gone keeps others out", keep: true, breaks: "law 1 (life): a key whose object is gone can be put again",
		bug: func(_ *Memory, w *wrapper) {
			conditions(w, func(held *store.Meta, cond store.Cond) store.Cond {
				if held != nil && held.GoneAt(time.Now()) {
					cond.Now = time.UnixMilli(1)
				}
				return cond
			})
		},
	},
}

// seconds moves the end of a life to a whole second.
func seconds(up time.Duration) func(*Memory, *wrapper) {
	return func(_ *Memory, w *wrapper) {
		stores(w, func(_ string, obj store.Object) store.Object {
			end := obj.Meta.GoesAt()
			whole := end.Truncate(time.Second)
			if up > 0 {
				whole = end.Add(time.Second - 1).Truncate(time.Second)
			}
			if time.Until(end) > time.Second || end.IsZero() {
				return obj
			}
			if obj.Meta.StaleUntil.After(obj.Meta.FreshUntil) {
				obj.Meta.StaleUntil = whole
			} else {
				obj.Meta.FreshUntil = whole
			}
			return obj
		})
	}
}

var condMutants = []mutant{
	{
		name: "Always is IfVacant", breaks: "contract (Cond): Always stores whatever is held",
		bug: func(_ *Memory, w *wrapper) {
			conditions(w, func(_ *store.Meta, cond store.Cond) store.Cond {
				if cond.Kind == store.Always {
					cond.Kind = store.IfVacant
				}
				return cond
			})
		},
	},
	{
		name: "IfVacant is Always", breaks: "contract (Cond): IfVacant stores over nothing and over what is gone, stale, foreign, damaged or Absent",
		bug: func(_ *Memory, w *wrapper) {
			conditions(w, func(_ *store.Meta, cond store.Cond) store.Cond {
				if cond.Kind == store.IfVacant {
					cond.Kind = store.Always
				}
				return cond
			})
		},
	},
	{
		name: "IfVacant is IfGone", breaks: "contract (Cond): IfVacant stores over nothing and over what is gone, stale, foreign, damaged or Absent",
		bug: func(_ *Memory, w *wrapper) {
			conditions(w, func(_ *store.Meta, cond store.Cond) store.Cond {
				if cond.Kind == store.IfVacant {
					cond.Kind = store.IfGone
				}
				return cond
			})
		},
	},
	{
		name: "IfVacant is set if nothing is there", keep: true, breaks: "contract (Cond): IfVacant stores over nothing and over what is gone, stale, foreign, damaged or Absent",
		bug: func(m *Memory, w *wrapper) {
			w.put = func(ctx context.Context, key string, obj store.Object, cond store.Cond) (store.Version, bool, error) {
				if _, held, err := m.Head(ctx, key); held && cond.Kind == store.IfVacant {
					return store.Version{}, false, err
				}
				return m.Put(ctx, key, obj, cond)
			}
		},
	},
	{
		name: "IfGone replaces stale objects", breaks: "contract (Cond): IfGone stores over nothing and over what is gone, foreign or damaged",
		bug: func(_ *Memory, w *wrapper) {
			conditions(w, func(held *store.Meta, cond store.Cond) store.Cond {
				if cond.Kind == store.IfGone && held != nil && !held.Absent {
					cond.Kind = store.IfVacant
				}
				return cond
			})
		},
	},
	{
		name: "IfGone replaces negative objects", breaks: "contract (Cond): IfGone stores over nothing and over what is gone, foreign or damaged",
		bug: func(_ *Memory, w *wrapper) {
			conditions(w, func(held *store.Meta, cond store.Cond) store.Cond {
				if cond.Kind == store.IfGone && held != nil && held.Absent {
					cond.Kind = store.Always
				}
				return cond
			})
		},
	},
	{
		name: "IfVersion needs a fresh object", breaks: "contract (Cond): IfVersion stores over what has the Version",
		bug: func(_ *Memory, w *wrapper) {
			conditions(w, func(held *store.Meta, cond store.Cond) store.Cond {
				if cond.Kind == store.IfVersion && held != nil && !held.FreshAt(time.Now()) {
					cond.Version = store.Version{}
				}
				return cond
			})
		},
	},
	{
		name: "IfVersion stores over nothing", breaks: "contract (Cond): IfVersion refuses over what has another Version, or nothing",
		bug: func(_ *Memory, w *wrapper) {
			conditions(w, func(held *store.Meta, cond store.Cond) store.Cond {
				if cond.Kind == store.IfVersion && held == nil && !cond.Version.IsZero() {
					cond.Kind = store.Always
				}
				return cond
			})
		},
	},
	{
		name: "a zero Version is no condition", breaks: "contract (Cond): IfVersion with the zero Version refuses",
		bug: func(_ *Memory, w *wrapper) {
			conditions(w, func(_ *store.Meta, cond store.Cond) store.Cond {
				if cond.Version.IsZero() && cond.Kind == store.IfVersion {
					cond.Kind = store.Always
				}
				return cond
			})
		},
	},
	{
		name: "a zero Version is that of nothing", breaks: "contract (Cond): IfVersion with the zero Version refuses, over nothing too",
		bug: func(_ *Memory, w *wrapper) {
			conditions(w, func(held *store.Meta, cond store.Cond) store.Cond {
				if cond.Version.IsZero() && cond.Kind == store.IfVersion && held == nil {
					cond.Kind = store.Always
				}
				return cond
			})
		},
	},
	{
		name: "Put returns the Version before", breaks: "contract (Cond): the Version that Put returns is good for the next IfVersion",
		bug: func(m *Memory, w *wrapper) {
			w.put = func(ctx context.Context, key string, obj store.Object, cond store.Cond) (store.Version, bool, error) {
				before, _, err := m.Head(ctx, key)
				if err != nil {
					return store.Version{}, false, err
				}
				version, ok, err := m.Put(ctx, key, obj, cond)
				if ok && !before.Version.IsZero() {
					version = before.Version
				}
				return version, ok, err
			}
		},
	},
	{
		name: "the Version is the hash", breaks: "law 3 (an invalidation wins): IfVersion refuses after a write of the same content",
		bug: func(_ *Memory, w *wrapper) {
			versions(w, func(obj *store.Object) string { return obj.Meta.Hash.String() })
		},
	},
	{
		name: "the Version is CreatedAt", breaks: "contract (Version): each Put gives the key a Version that it never had",
		bug: func(_ *Memory, w *wrapper) {
			versions(w, func(obj *store.Object) string { return obj.Meta.CreatedAt.String() })
		},
	},
	{
		name: "reads give random Versions", breaks: "contract (Version): all reads give the Version that Put returned",
		bug: func(_ *Memory, w *wrapper) {
			gives(w, func(_ string, _ store.Want, obj *store.Object) { obj.Meta.Version = randomVersion() })
		},
	},
	{
		name: "reads give no Version", breaks: "contract (Version): all reads give the Version that Put returned",
		bug: func(_ *Memory, w *wrapper) {
			gives(w, func(_ string, _ store.Want, obj *store.Object) { obj.Meta.Version = store.Version{} })
		},
	},
	{
		name: "a refused Put changes the Version", breaks: "contract (Version): a Put that is refused changes no Version",
		bug: func(m *Memory, w *wrapper) {
			w.put = func(ctx context.Context, key string, obj store.Object, cond store.Cond) (store.Version, bool, error) {
				version, ok, err := m.Put(ctx, key, obj, cond)
				if !ok {
					m.Edit(key, func(obj *store.Object) { obj.Meta.Version = randomVersion() })
				}
				return version, ok, err
			}
		},
	},
	{
		name: "a refused Put stores all the same", breaks: "contract (Cond): IfGone stores over nothing and over what is gone, foreign or damaged, and refuses else",
		bug: func(m *Memory, w *wrapper) {
			w.put = func(ctx context.Context, key string, obj store.Object, cond store.Cond) (store.Version, bool, error) {
				version, ok, err := m.Put(ctx, key, obj, cond)
				if !ok && err == nil {
					m.Edit(key, func(held *store.Object) { held.Body = []byte("refused") })
				}
				return version, ok, err
			}
		},
	},
	{
		name: "Cond.Now is ignored", breaks: "contract (Cond): the life of what is held is judged at Cond.Now",
		bug: func(_ *Memory, w *wrapper) {
			conditions(w, func(_ *store.Meta, cond store.Cond) store.Cond {
				cond.Now = time.Time{}
				return cond
			})
		},
	},
	{
		name: "the later of Cond.Now and now counts", breaks: "contract (Cond): what is stale now is fresh for a writer",
		bug: func(_ *Memory, w *wrapper) {
			conditions(w, func(_ *store.Meta, cond store.Cond) store.Cond {
				if cond.Now.Before(time.Now()) {
					cond.Now = time.Now()
				}
				return cond
			})
		},
	},
	{
		name: "negative objects are stored without a condition", breaks: "contract (Cond): a negative object can be stored on every condition",
		bug: func(m *Memory, w *wrapper) {
			w.put = func(ctx context.Context, key string, obj store.Object, cond store.Cond) (store.Version, bool, error) {
				if obj.Meta.Absent && cond.Kind != store.Always {
					return store.Version{}, false, ctx.Err()
				}
				return m.Put(ctx, key, obj, cond)
			}
		},
	},
	{
		name: "a conditional Put forgets the tags", breaks: "contract (Cond): a conditional Put stores all of the object",
		bug: func(m *Memory, w *wrapper) {
			w.put = func(ctx context.Context, key string, obj store.Object, cond store.Cond) (store.Version, bool, error) {
				if cond.Kind != store.Always {
					obj.Meta.Tags = nil
				}
				return m.Put(ctx, key, obj, cond)
			}
		},
	},
	{
		name: "NotModified comes with the body", breaks: "contract (NotModified): a reader that has the content gets the present Meta and no body",
		bug: func(m *Memory, w *wrapper) {
			gives(w, func(key string, _ store.Want, obj *store.Object) {
				if obj.NotModified {
					obj.Body = m.held[key].Body
				}
			})
		},
	},
	{
		name: "NotModified comes without Meta", breaks: "contract (NotModified): a reader that has the content gets the present Meta and no body",
		bug: func(_ *Memory, w *wrapper) {
			gives(w, func(_ string, _ store.Want, obj *store.Object) {
				if obj.NotModified {
					obj.Meta = store.Meta{Hash: obj.Meta.Hash, Version: obj.Meta.Version}
				}
			})
		},
	},
	{
		name: "there is no NotModified", breaks: "contract (NotModified): a reader that has the content gets the present Meta and no body",
		bug: func(_ *Memory, w *wrapper) {
			wanting(w, func(want store.Want) store.Want {
				want.Hash = store.Hash{}
				return want
			})
		},
	},
	{
		name: "NotModified is for fresh objects", breaks: "contract (NotModified): NotModified is for stale objects too",
		bug: func(_ *Memory, w *wrapper) {
			wanting(w, func(want store.Want) store.Want {
				if want.Stale {
					want.Hash = store.Hash{}
				}
				return want
			})
		},
	},
	{
		name: "hashes are compared by 24 bytes", breaks: "contract (NotModified): a reader with another hash gets the body",
		bug: func(_ *Memory, w *wrapper) {
			gives(w, func(_ string, want store.Want, obj *store.Object) {
				if !want.Hash.IsZero() && [24]byte(want.Hash[:]) == [24]byte(obj.Meta.Hash[:]) {
					obj.NotModified, obj.Body = true, nil
				}
			})
		},
	},
	{
		name: "no hash is that of no content", breaks: "contract (NotModified): an object without a hash is not the content of a reader without one",
		bug: func(_ *Memory, w *wrapper) {
			gives(w, func(_ string, want store.Want, obj *store.Object) {
				if want.Hash == obj.Meta.Hash && !obj.Meta.Absent {
					obj.NotModified, obj.Body = true, nil
				}
			})
		},
	},
	{
		name: "what the reader has is never gone", keep: true, breaks: "law 1 (life): what is gone is a miss, for a reader that has the content too",
		bug: func(_ *Memory, w *wrapper) {
			wanting(w, func(want store.Want) store.Want {
				if !want.Hash.IsZero() {
					want.Now = time.UnixMilli(1)
				}
				return want
			})
		},
	},
	{
		name: "a hash is remembered", breaks: "contract (NotModified): content that was replaced is not the present one",
		bug: func(_ *Memory, w *wrapper) {
			seen := make(map[store.Hash]bool)
			gives(w, func(_ string, want store.Want, obj *store.Object) {
				if obj.NotModified {
					seen[want.Hash] = true
				}
				if seen[want.Hash] {
					obj.NotModified, obj.Body = true, nil
				}
			})
		},
	},
	{
		name: "NotModified is there", without: []string{capNotModified}, breaks: "contract (NotModified): a backend without NotModified gives the body to everybody",
		bug: func(*Memory, *wrapper) {},
	},
}

// versions makes the Version of each object what f makes of it.
func versions(w *wrapper, f func(obj *store.Object) string) {
	put := w.put
	w.put = func(ctx context.Context, key string, obj store.Object, cond store.Cond) (store.Version, bool, error) {
		_, ok, err := put(ctx, key, obj, cond)
		var version store.Version
		if ok {
			w.m.Edit(key, func(obj *store.Object) {
				version = store.TextVersion(f(obj))
				obj.Meta.Version = version
			})
		}
		return version, ok, err
	}
}
