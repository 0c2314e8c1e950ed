package storetest

import (
	"context"
	"slices"
	"time"

	"github.com/advcache/advcache/store"
)

// touching makes Touch work as if its Meta and condition were what f makes of
// them, given what is held.
func touching(m *Memory, w *wrapper, f func(held store.Meta, meta *store.Meta, cond *store.Cond)) {
	w.touch = func(ctx context.Context, key string, meta store.Meta, cond store.Cond) (bool, error) {
		held, ok, err := m.Head(ctx, key)
		if err != nil {
			return false, err
		}
		if ok {
			f(held, &meta, &cond)
		}
		return m.Touch(ctx, key, meta, cond)
	}
}

var touchMutants = []mutant{
	{
		name: "Touch does nothing", breaks: "contract (Touch): Touch gives the same content a new life",
		bug: func(m *Memory, w *wrapper) {
			w.touch = func(ctx context.Context, key string, meta store.Meta, cond store.Cond) (bool, error) {
				held, ok, err := m.Head(ctx, key)
				return ok && held.SameContent(&meta) && cond.Holds(&held), err
			}
		},
	},
	{
		name: "Touch keeps the Version", breaks: "contract (Touch): Touch gives the same content a new life and a new Version",
		bug: func(m *Memory, w *wrapper) {
			w.touch = func(ctx context.Context, key string, meta store.Meta, cond store.Cond) (bool, error) {
				held, _, _ := m.Head(ctx, key)
				ok, err := m.Touch(ctx, key, meta, cond)
				m.Edit(key, func(obj *store.Object) { obj.Meta.Version = held.Version })
				return ok, err
			}
		},
	},
	{
		name: "Touch loses the body", breaks: "contract (Touch): Touch gives the same content a new life and a new Version, and leaves body",
		bug: func(m *Memory, w *wrapper) {
			w.touch = func(ctx context.Context, key string, meta store.Meta, cond store.Cond) (bool, error) {
				ok, err := m.Touch(ctx, key, meta, cond)
				if ok {
					m.Edit(key, func(obj *store.Object) { obj.Body = nil })
				}
				return ok, err
			}
		},
	},
	{
		name: "Touch leaves the expiry", breaks: "contract (Touch): what was touched is gone when its new life is over, and not before",
		bug: func(m *Memory, w *wrapper) {
			// What a server does that is told the expiry by Put alone.
			expiry := make(map[string]time.Time)
			w.put = func(ctx context.Context, key string, obj store.Object, cond store.Cond) (store.Version, bool, error) {
				version, ok, err := m.Put(ctx, key, obj, cond)
				if ok {
					expiry[key] = obj.Meta.GoesAt()
				}
				return version, ok, err
			}
			w.get = func(ctx context.Context, key string, want store.Want) (store.Object, bool, error) {
				if at := expiry[key]; !at.IsZero() && !time.Now().Before(at) {
					return store.Object{}, false, m.Delete(ctx, key)
				}
				return m.Get(ctx, key, want)
			}
		},
	},
	{
		name: "Touch of stale content is false", breaks: "contract (Touch): Touch makes stale content fresh",
		bug: func(m *Memory, w *wrapper) {
			touching(m, w, func(held store.Meta, meta *store.Meta, _ *store.Cond) {
				if !held.FreshAt(time.Now()) {
					meta.Hash = store.Hash{}
				}
			})
		},
	},
	{
		name: "Touch shortens nothing", breaks: "law 2 (no copy lives longer than its original): a Touch with a shorter life shortens it",
		bug: func(m *Memory, w *wrapper) {
			touching(m, w, func(held store.Meta, meta *store.Meta, _ *store.Cond) {
				if held.FreshUntil.IsZero() || held.FreshUntil.After(meta.FreshUntil) {
					meta.FreshUntil = held.FreshUntil
				}
			})
		},
	},
	{
		name: "Touch gives no life without end", breaks: "contract (Touch): Touch may give a life without end",
		bug: func(m *Memory, w *wrapper) {
			touching(m, w, func(held store.Meta, meta *store.Meta, _ *store.Cond) {
				if meta.FreshUntil.IsZero() {
					meta.FreshUntil, meta.StaleUntil = held.FreshUntil, held.StaleUntil
				}
			})
		},
	},
	{
		name: "Touch rounds up", breaks: "law 2 (no copy lives longer than its original): Touch makes no end later than it was asked to",
		bug: func(m *Memory, w *wrapper) {
			touching(m, w, func(_ store.Meta, meta *store.Meta, _ *store.Cond) {
				for _, part := range instants(meta) {
					*part.at = part.at.Round(time.Millisecond)
				}
			})
		},
	},
	{
		name: "Touch leaves HeldUntil", breaks: "law 2 (no copy lives longer than its original): Touch gives the HeldUntil that it was asked to",
		bug: func(m *Memory, w *wrapper) {
			touching(m, w, func(held store.Meta, meta *store.Meta, _ *store.Cond) { meta.HeldUntil = held.HeldUntil })
		},
	},
	{
		name: "Touch of a life that is not due is false", breaks: "contract (Touch): a Touch with a life that is not due is done",
		bug: func(m *Memory, w *wrapper) {
			touching(m, w, func(held store.Meta, meta *store.Meta, _ *store.Cond) {
				if !held.DueAt(time.Now(), meta) {
					meta.Hash = store.Hash{}
				}
			})
		},
	},
	{
		name: "Touch compares compressions", breaks: "contract (Touch): content is the same in any compression",
		bug: func(m *Memory, w *wrapper) {
			touching(m, w, func(held store.Meta, meta *store.Meta, _ *store.Cond) {
				if held.Encoding != meta.Encoding {
					meta.Hash = store.Hash{}
				}
			})
		},
	},
	{
		name: "Touch takes the compression that it is given", breaks: "contract (Touch): content is the same in any compression, and Touch leaves that in which it is held",
		bug: func(m *Memory, w *wrapper) {
			w.touch = func(ctx context.Context, key string, meta store.Meta, cond store.Cond) (bool, error) {
				ok, err := m.Touch(ctx, key, meta, cond)
				if ok {
					m.Edit(key, func(obj *store.Object) { obj.Meta.Encoding = meta.Encoding })
				}
				return ok, err
			}
		},
	},
	{
		name: "Touch does not compare hashes", breaks: "contract (Touch): Touch refuses another hash, codec, encryption key, schema or tags",
		bug: func(m *Memory, w *wrapper) {
			touching(m, w, func(held store.Meta, meta *store.Meta, _ *store.Cond) { meta.Hash = held.Hash })
		},
	},
	{
		name: "Touch does not compare codecs", breaks: "contract (Touch): Touch refuses another hash, codec, encryption key, schema or tags",
		bug: func(m *Memory, w *wrapper) {
			touching(m, w, func(held store.Meta, meta *store.Meta, _ *store.Cond) { meta.Encoding = held.Encoding })
		},
	},
	{
		name: "Touch does not compare schemas", breaks: "contract (Touch): Touch refuses another hash, codec, encryption key, schema or tags",
		bug: func(m *Memory, w *wrapper) {
			touching(m, w, func(held store.Meta, meta *store.Meta, _ *store.Cond) { meta.Schema = held.Schema })
		},
	},
	{
		name: "Touch does not compare tags", breaks: "contract (Touch): Touch refuses another hash, codec, encryption key, schema or tags",
		bug: func(m *Memory, w *wrapper) {
			touching(m, w, func(held store.Meta, meta *store.Meta, _ *store.Cond) { meta.Tags = held.Tags })
		},
	},
	{
		name: "Touch compares tags in any order", breaks: "contract (Touch): Touch refuses another hash, codec, encryption key, schema or tags",
		bug: func(m *Memory, w *wrapper) {
			touching(m, w, func(held store.Meta, meta *store.Meta, _ *store.Cond) {
				if slices.Equal(slices.Sorted(slices.Values(held.Tags)), slices.Sorted(slices.Values(meta.Tags))) {
					meta.Tags = held.Tags
				}
			})
		},
	},
	{
		name: "a refused Touch renews all the same", breaks: "contract (Touch): Touch refuses another hash, codec, encryption key, schema or tags, and changes nothing",
		bug: func(m *Memory, w *wrapper) {
			w.touch = func(ctx context.Context, key string, meta store.Meta, cond store.Cond) (bool, error) {
				ok, err := m.Touch(ctx, key, meta, cond)
				if !ok && err == nil {
					m.Edit(key, func(obj *store.Object) { obj.Meta.FreshUntil = meta.FreshUntil })
				}
				return ok, err
			}
		},
	},
	{
		name: "Touch of nothing makes an object", breaks: "contract (Touch): Touch of nothing, of what was deleted, and of a negative object is false",
		bug: func(m *Memory, w *wrapper) {
			w.touch = func(ctx context.Context, key string, meta store.Meta, cond store.Cond) (bool, error) {
				if _, ok, err := m.Head(ctx, key); !ok {
					return false, err
				}
				ok, err := m.Touch(ctx, key, meta, cond)
				if held, there, _ := m.Head(ctx, key); there && held.Absent && meta.Absent {
					return true, err
				}
				return ok, err
			}
		},
	},
	{
		name: "Touch makes a foreign object ours", breaks: "contract (foreign objects): Touch of a foreign object is false",
		bug: func(m *Memory, w *wrapper) {
			w.touch = func(ctx context.Context, key string, meta store.Meta, cond store.Cond) (bool, error) {
				if held, ok, _ := m.Head(ctx, key); ok && held.Foreign {
					return m.Edit(key, func(obj *store.Object) { obj.Meta = meta }), nil
				}
				return m.Touch(ctx, key, meta, cond)
			}
		},
	},
	{
		name: "Touch of what is gone is true", breaks: "law 1 (life): Touch of what is gone renews all of it, or is false",
		bug: func(m *Memory, w *wrapper) {
			w.touch = func(ctx context.Context, key string, meta store.Meta, cond store.Cond) (bool, error) {
				ok, err := m.Touch(ctx, key, meta, cond)
				_, there, _ := m.Head(ctx, key)
				return ok || !there && err == nil, err
			}
		},
	},
	{
		name: "Touch to the end of a life has no expiry", breaks: "law 1 (life): what is touched with a life that is over is found by nobody",
		bug: func(m *Memory, w *wrapper) {
			touching(m, w, func(_ store.Meta, meta *store.Meta, _ *store.Cond) {
				if meta.GoneAt(time.Now()) {
					meta.FreshUntil, meta.StaleUntil = time.Time{}, time.Time{}
				}
			})
		},
	},
	{
		name: "Touch does not look at the Version", breaks: "contract (Touch): Touch with IfVersion renews what has the Version, and nothing else",
		bug: func(m *Memory, w *wrapper) {
			touching(m, w, func(_ store.Meta, _ *store.Meta, cond *store.Cond) { cond.Kind = store.Always })
		},
	},
	{
		name: "Touch with a zero Version has no condition", breaks: "contract (Touch): Touch with IfVersion renews what has the Version, and nothing else",
		bug: func(m *Memory, w *wrapper) {
			touching(m, w, func(_ store.Meta, _ *store.Meta, cond *store.Cond) {
				if cond.Version.IsZero() {
					cond.Kind = store.Always
				}
			})
		},
	},
	{
		name: "the Version is the hash, but for Touch", breaks: "law 3 (an invalidation wins): a Put with a Version read before a renewal is refused",
		bug: func(m *Memory, w *wrapper) {
			w.touch = func(ctx context.Context, key string, meta store.Meta, cond store.Cond) (bool, error) {
				held, _, _ := m.Head(ctx, key)
				ok, err := m.Touch(ctx, key, meta, cond)
				m.Edit(key, func(obj *store.Object) { obj.Meta.Version = held.Version })
				return ok, err
			}
		},
	},
	{
		name: "NotModified has the Meta of the Put", breaks: "contract (NotModified): after a Touch, a reader that has the content gets the new Meta",
		bug: func(m *Memory, w *wrapper) {
			ends := make(map[string]time.Time)
			w.put = func(ctx context.Context, key string, obj store.Object, cond store.Cond) (store.Version, bool, error) {
				ends[key] = store.FromMillis(store.Millis(obj.Meta.FreshUntil))
				return m.Put(ctx, key, obj, cond)
			}
			gives(w, func(key string, _ store.Want, obj *store.Object) {
				if obj.NotModified {
					obj.Meta.FreshUntil = ends[key]
				}
			})
		},
	},
	{
		name: "Touch renews all keys with the content", breaks: "law 9 (keys are injective): Touch renews its key and no other",
		bug: func(m *Memory, w *wrapper) {
			w.touch = func(ctx context.Context, key string, meta store.Meta, cond store.Cond) (bool, error) {
				ok, err := m.Touch(ctx, key, meta, cond)
				for other, obj := range m.held {
					if ok && obj.Meta.SameContent(&meta) {
						m.Edit(other, func(obj *store.Object) { obj.Meta.FreshUntil = meta.FreshUntil })
					}
				}
				return ok, err
			}
		},
	},
}
