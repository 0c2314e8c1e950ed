package storetest

import (
	"context"
	"errors"
	"slices"
	"sync"
	"time"

	"github.com/advcache/advcache/store"
)

// aliasing returns a put that keeps the memory it is given.
func aliasing(m *Memory, body, tags bool) func(ctx context.Context, key string, obj store.Object, cond store.Cond) (store.Version, bool, error) {
	return func(ctx context.Context, key string, obj store.Object, cond store.Cond) (store.Version, bool, error) {
		version, ok, err := m.Put(ctx, key, obj, cond)
		if ok && err == nil {
			held := m.held[key]
			if body {
				held.Body = obj.Body
			}
			if tags {
				held.Meta.Tags = obj.Meta.Tags
			}
			m.held[key] = held
		}
		return version, ok, err
	}
}

var ownershipMutants = []mutant{
	{
		name: "Put keeps the body", breaks: "contract (memory): Put keeps neither Body nor Tags",
		bug: func(m *Memory, w *wrapper) { w.put = aliasing(m, true, false) },
	},
	{
		name: "Put keeps the tags", breaks: "contract (memory): Put keeps neither Body nor Tags",
		bug: func(m *Memory, w *wrapper) { w.put = aliasing(m, false, true) },
	},
	{
		name: "PutMany keeps bodies", breaks: "contract (memory): PutMany keeps neither the map nor bodies and tags",
		bug: func(m *Memory, w *wrapper) {
			put := aliasing(m, true, true)
			w.putMany = func(ctx context.Context, objs map[string]store.Object) error {
				for key, obj := range objs {
					if _, _, err := put(ctx, key, obj, store.Cond{}); err != nil {
						return err
					}
				}
				return nil
			}
		},
	},
	{
		name: "Put appends to the body", breaks: "contract (memory): Put does not write to what it is given, nor behind it",
		bug: func(m *Memory, w *wrapper) {
			w.put = func(ctx context.Context, key string, obj store.Object, cond store.Cond) (store.Version, bool, error) {
				whole := append(obj.Body, "checksum"...)
				obj.Body = whole[:len(obj.Body)]
				return m.Put(ctx, key, obj, cond)
			}
		},
	},
	{
		name: "Put sorts the tags", breaks: "contract (memory): Put does not write to what it is given, nor behind it",
		bug: func(m *Memory, w *wrapper) {
			w.put = func(ctx context.Context, key string, obj store.Object, cond store.Cond) (store.Version, bool, error) {
				version, ok, err := m.Put(ctx, key, obj, cond)
				slices.Sort(obj.Meta.Tags)
				return version, ok, err
			}
		},
	},
	{
		name: "Touch keeps the tags", breaks: "contract (memory): Touch does not keep Tags",
		bug: func(m *Memory, w *wrapper) {
			w.touch = func(ctx context.Context, key string, meta store.Meta, cond store.Cond) (bool, error) {
				ok, err := m.Touch(ctx, key, meta, cond)
				if held, there := m.held[key]; ok && there {
					held.Meta.Tags = meta.Tags
					m.held[key] = held
				}
				return ok, err
			}
		},
	},
	{
		name: "reads share a buffer", breaks: "contract (memory): a Body that was read may be kept, whatever happens to the key",
		bug: func(m *Memory, w *wrapper) {
			buffer := make([]byte, 4<<20)
			w.get = func(ctx context.Context, key string, want store.Want) (store.Object, bool, error) {
				obj, ok, err := m.Get(ctx, key, want)
				if len(obj.Body) > 0 {
					obj.Body = buffer[:copy(buffer, obj.Body)]
				}
				return obj, ok, err
			}
		},
	},
	{
		name: "readers share the tags", breaks: "contract (memory): the Tags of a Meta are the reader's own",
		bug: func(m *Memory, w *wrapper) {
			gives(w, func(key string, _ store.Want, obj *store.Object) { obj.Meta.Tags = m.held[key].Meta.Tags })
		},
	},
	{
		name: "Delete sorts its keys", breaks: "contract (memory): the keys handed to Delete and GetMany are left as they are",
		bug: func(m *Memory, w *wrapper) {
			w.delete = func(ctx context.Context, keys ...string) error {
				slices.Sort(keys)
				return m.Delete(ctx, keys...)
			}
		},
	},
}

var contextMutants = []mutant{
	{
		name: "a done context is a miss", breaks: "contract (context): a read with a done context gives an error that wraps ctx.Err()",
		bug: func(m *Memory, w *wrapper) {
			w.get = func(ctx context.Context, key string, want store.Want) (store.Object, bool, error) {
				if ctx.Err() != nil {
					return store.Object{}, false, nil
				}
				return m.Get(ctx, key, want)
			}
		},
	},
	{
		name: "a done context is a hit", breaks: "contract (context): a read with a done context invents nothing",
		bug: func(m *Memory, w *wrapper) {
			w.head = func(ctx context.Context, key string) (store.Meta, bool, error) {
				if ctx.Err() != nil {
					return store.Meta{}, true, nil
				}
				return m.Head(ctx, key)
			}
		},
	},
	{
		name: "a done context is another error", breaks: "contract (context): a read with a done context gives an error that wraps ctx.Err()",
		bug: func(m *Memory, w *wrapper) {
			w.get = func(ctx context.Context, key string, want store.Want) (store.Object, bool, error) {
				if ctx.Err() != nil {
					return store.Object{}, false, context.Cause(ctx)
				}
				return m.Get(ctx, key, want)
			}
		},
	},
	{
		name: "a done context is waited for", breaks: "contract (context): a read with a done context gives an error that wraps ctx.Err(), or the right answer, at once",
		bug: func(m *Memory, w *wrapper) {
			w.head = func(ctx context.Context, key string) (store.Meta, bool, error) {
				if ctx.Err() != nil {
					wait(30 * time.Second)
				}
				return m.Head(ctx, key)
			}
		},
	},
	{
		name: "a Put with a done context is dropped", breaks: "contract (context): a Put with a done context gives an error that wraps ctx.Err(), or is done",
		bug: func(m *Memory, w *wrapper) {
			w.put = func(ctx context.Context, key string, obj store.Object, cond store.Cond) (store.Version, bool, error) {
				if ctx.Err() != nil {
					return randomVersion(), true, nil
				}
				return m.Put(ctx, key, obj, cond)
			}
		},
	},
	{
		name: "a Put with a done context has no condition", breaks: "contract (context): a Put with a done context is not done where its condition does not hold",
		bug: func(m *Memory, w *wrapper) {
			w.put = func(ctx context.Context, key string, obj store.Object, cond store.Cond) (store.Version, bool, error) {
				if ctx.Err() != nil {
					cond.Kind = store.Always
				}
				return m.Put(context.WithoutCancel(ctx), key, obj, cond)
			}
		},
	},
	{
		name: "a PutMany with a done context is dropped", breaks: "contract (context): a PutMany with a done context",
		bug: func(m *Memory, w *wrapper) {
			w.putMany = func(ctx context.Context, objs map[string]store.Object) error {
				if ctx.Err() != nil {
					return nil
				}
				return m.PutMany(ctx, objs)
			}
		},
	},
	{
		name: "a Touch with a done context is dropped", breaks: "contract (context): a Touch with a done context",
		bug: func(m *Memory, w *wrapper) {
			w.touch = func(ctx context.Context, key string, meta store.Meta, cond store.Cond) (bool, error) {
				if ctx.Err() != nil {
					return true, nil
				}
				return m.Touch(ctx, key, meta, cond)
			}
		},
	},
	{
		name: "a Delete with a done context is dropped", breaks: "contract (context): a Delete or Clear with a done context",
		bug: func(m *Memory, w *wrapper) {
			w.delete = func(ctx context.Context, keys ...string) error {
				if ctx.Err() != nil {
					return nil
				}
				return m.Delete(ctx, keys...)
			}
		},
	},
	{
		name: "callers that leave break the store for others", breaks: "law 5 (callers are independent): callers that left do no harm",
		bug: func(m *Memory, w *wrapper) {
			failures := 0
			w.get = func(ctx context.Context, key string, want store.Want) (store.Object, bool, error) {
				obj, ok, err := m.Get(ctx, key, want)
				if err != nil {
					failures++
				}
				return obj, ok && failures < 5, err
			}
		},
	},
	{
		name: "what was put ends with its context", breaks: "law 5 (callers are independent): what was put outlives the context of the Put",
		bug: func(m *Memory, w *wrapper) {
			left := make(map[string]func() error)
			w.put = func(ctx context.Context, key string, obj store.Object, cond store.Cond) (store.Version, bool, error) {
				left[key] = ctx.Err
				return m.Put(ctx, key, obj, cond)
			}
			w.get = func(ctx context.Context, key string, want store.Want) (store.Object, bool, error) {
				obj, ok, err := m.Get(ctx, key, want)
				return obj, ok && (left[key] == nil || left[key]() == nil), err
			}
		},
	},
}

// looksThenPuts makes conditional Puts of some kinds look first, and then store.
func looksThenPuts(m *Memory, w *wrapper, kinds ...store.CondKind) {
	w.put = func(ctx context.Context, key string, obj store.Object, cond store.Cond) (store.Version, bool, error) {
		if !slices.Contains(kinds, cond.Kind) {
			return m.Put(ctx, key, obj, cond)
		}
		meta, there, err := m.Head(ctx, key)
		held := &meta
		if !there {
			held = nil
		}
		if err != nil || !cond.Holds(held) {
			return store.Version{}, false, err
		}
		pause()
		return m.Put(ctx, key, obj, store.Cond{})
	}
}

// touchesLate makes Touch look first, and then store what was there.
func touchesLate(m *Memory, w *wrapper) {
	w.touch = func(ctx context.Context, key string, meta store.Meta, cond store.Cond) (bool, error) {
		obj, there, err := m.Get(ctx, key, store.Want{Stale: true})
		if err != nil || !there || !cond.Holds(&obj.Meta) || !obj.Meta.SameContent(&meta) {
			return false, err
		}
		pause()
		obj.Meta.CreatedAt, obj.Meta.FreshUntil = meta.CreatedAt, meta.FreshUntil
		obj.Meta.StaleUntil, obj.Meta.HeldUntil = meta.StaleUntil, meta.HeldUntil
		_, _, err = m.Put(ctx, key, obj, store.Cond{})
		return err == nil, err
	}
}

var raceMutants = []mutant{
	{
		name: "IfVacant looks, then stores", races: true, breaks: "contract (Cond): of many IfVacant at once exactly one stores",
		bug: func(m *Memory, w *wrapper) { looksThenPuts(m, w, store.IfVacant) },
	},
	{
		name: "IfGone looks, then stores", races: true, breaks: "contract (Cond): of many IfGone at once exactly one stores",
		bug: func(m *Memory, w *wrapper) { looksThenPuts(m, w, store.IfGone) },
	},
	{
		name: "IfVersion looks, then stores", races: true, breaks: "contract (Cond): of many IfVersion at once exactly one stores",
		bug: func(m *Memory, w *wrapper) { looksThenPuts(m, w, store.IfVersion) },
	},
	{
		name: "a counter loses increments", races: true, breaks: "contract (Cond): IfVersion is atomic: a counter",
		bug: func(m *Memory, w *wrapper) { looksThenPuts(m, w, store.IfVersion) },
	},
	{
		name: "conditional Puts are atomic among their own", races: true, breaks: "law 3 (an invalidation wins): IfGone and IfVacant are atomic",
		bug: func(m *Memory, w *wrapper) {
			looksThenPuts(m, w, store.IfVacant, store.IfGone)
			put, turn := w.put, make(chan struct{}, 1)
			w.put = func(ctx context.Context, key string, obj store.Object, cond store.Cond) (store.Version, bool, error) {
				if cond.Kind == store.Always {
					return m.Put(ctx, key, obj, cond)
				}
				turn <- struct{}{}
				defer func() { <-turn }()
				return put(ctx, key, obj, cond)
			}
		},
	},
	{
		name: "IfVersion writes twice", races: true, breaks: "law 3 (an invalidation wins): a Delete is not undone by an IfVersion",
		bug: func(m *Memory, w *wrapper) {
			w.put = func(ctx context.Context, key string, obj store.Object, cond store.Cond) (store.Version, bool, error) {
				version, ok, err := m.Put(ctx, key, obj, cond)
				if ok && cond.Kind == store.IfVersion {
					pause()
					version, ok, err = m.Put(ctx, key, obj, store.Cond{})
				}
				return version, ok, err
			}
		},
	},
	{
		name: "Touch undoes a Delete", races: true, breaks: "law 3 (an invalidation wins): a Delete is not undone by a Touch",
		bug: touchesLate,
	},
	{
		name: "Touch undoes a Put", races: true, breaks: "law 3 (an invalidation wins): a Put of other content keeps its life",
		bug: touchesLate,
	},
	{
		name: "Touch and IfVersion do not see each other", races: true, breaks: "law 3 (an invalidation wins): of a Touch and a Put with the same Version one succeeds",
		bug: touchesLate,
	},
	{
		name: "Put returns before it is done", races: true, breaks: "law 3 (an invalidation wins): a read that begins after a Put has returned never sees an older object",
		bug: func(m *Memory, w *wrapper) {
			w.put = func(ctx context.Context, key string, obj store.Object, cond store.Cond) (store.Version, bool, error) {
				if cond.Kind != store.Always {
					return m.Put(ctx, key, obj, cond)
				}
				obj = ownObject(obj)
				time.AfterFunc(time.Microsecond, func() { _, _, _ = m.Put(context.WithoutCancel(ctx), key, obj, cond) })
				return randomVersion(), true, ctx.Err()
			}
		},
	},
	{
		name: "Put deletes, then stores", races: true, breaks: "law 3 (an invalidation wins): a read that begins after a Put has returned never sees an older object, nor a miss",
		bug: func(m *Memory, w *wrapper) {
			w.put = func(ctx context.Context, key string, obj store.Object, cond store.Cond) (store.Version, bool, error) {
				if cond.Kind == store.Always {
					if err := m.Delete(ctx, key); err != nil {
						return store.Version{}, false, err
					}
					pause()
				}
				return m.Put(ctx, key, obj, cond)
			}
		},
	},
	{
		name: "a read puts back what it saw", races: true, breaks: "law 3 (an invalidation wins): a read that begins after a Delete has returned never sees what was deleted",
		bug: func(m *Memory, w *wrapper) {
			w.get = func(ctx context.Context, key string, want store.Want) (store.Object, bool, error) {
				obj, ok, err := m.Get(ctx, key, want)
				if ok && err == nil && !obj.NotModified && !obj.Meta.Foreign {
					pause()
					m.mu.Lock()
					m.held[key] = ownObject(obj)
					m.mu.Unlock()
				}
				return obj, ok, err
			}
		},
	},
	{
		name: "body and Meta are two reads", races: true, breaks: "law 10 (what is read back is what was written): a reader never sees the Meta of one write with the body of another",
		bug: func(m *Memory, w *wrapper) {
			w.get = func(ctx context.Context, key string, want store.Want) (store.Object, bool, error) {
				obj, ok, err := m.Get(ctx, key, want)
				pause()
				if body, there, _ := m.Get(ctx, key, store.Want{Stale: true, Foreign: true}); ok && there && !obj.NotModified && (!obj.Meta.Foreign || want.Foreign) {
					obj.Body = body.Body
				}
				return obj, ok, err
			}
		},
	},
	{
		name: "body and Meta are two writes", races: true, breaks: "law 10 (what is read back is what was written): a reader never sees the Meta of one write with the body of another",
		bug: func(m *Memory, w *wrapper) {
			w.put = func(ctx context.Context, key string, obj store.Object, cond store.Cond) (store.Version, bool, error) {
				m.Edit(key, func(held *store.Object) {
					if cond.Kind == store.Always && !held.Meta.Foreign {
						held.Body, held.Meta.Size = obj.Body, int64(len(obj.Body))
					}
				})
				pause()
				return m.Put(ctx, key, obj, cond)
			}
		},
	},
	{
		name: "writers share a buffer", races: true, breaks: "law 3 (an invalidation wins): a goroutine that is alone with its key",
		bug: func(m *Memory, w *wrapper) {
			var mu sync.Mutex
			var buffer store.Object
			w.put = func(ctx context.Context, key string, obj store.Object, cond store.Cond) (store.Version, bool, error) {
				mu.Lock()
				buffer = ownObject(obj)
				mu.Unlock()
				pause()
				mu.Lock()
				obj = ownObject(buffer)
				mu.Unlock()
				return m.Put(ctx, key, obj, cond)
			}
		},
	},
	{
		name: "calls at the same time fail", races: true, breaks: "law 3 (an invalidation wins): a goroutine that is alone with its key",
		bug: func(m *Memory, w *wrapper) {
			busy := make(chan struct{}, 1)
			w.put = func(ctx context.Context, key string, obj store.Object, cond store.Cond) (store.Version, bool, error) {
				select {
				case busy <- struct{}{}:
				default:
					return store.Version{}, false, errors.New("busy")
				}
				defer func() { <-busy }()
				pause()
				return m.Put(ctx, key, obj, cond)
			}
		},
	},
}
