package storetest

import (
	"bytes"
	"context"
	"errors"
	"strings"
	"time"

	"github.com/advcache/advcache/store"
)

var basicMutants = []mutant{
	{
		name: "New returns the same store", breaks: "contract (harness): New returns an empty store",
		bug: func(_ *Memory, w *wrapper) { *w = *wrap(shared) },
	},
	{
		name: "Advance does nothing", still: true, breaks: "contract (harness): after Advance(d), now is at least d later",
		bug: func(*Memory, *wrapper) {},
	},
	{
		name: "Requests counts nothing", breaks: "contract (harness): Requests counts what the server is asked",
		bug: func(*Memory, *wrapper) {}, requests: true,
	},
	{
		name: "GetMany and PutMany ask for each key", breaks: "law 12 (requests are counted): GetMany takes far fewer requests than keys",
		bug: func(m *Memory, w *wrapper) {
			counting := NewCounting(m)
			w.get, w.put = counting.Get, counting.Put
			w.getMany = func(ctx context.Context, keys []string, want store.Want) (map[string]store.Object, error) {
				found := make(map[string]store.Object)
				for _, key := range keys {
					obj, ok, err := counting.Get(ctx, key, want)
					if err != nil {
						return found, err
					}
					if ok {
						found[key] = obj
					}
				}
				return found, nil
			}
			w.putMany = func(ctx context.Context, objs map[string]store.Object) error {
				for key, obj := range objs {
					if _, _, err := counting.Put(ctx, key, obj, store.Cond{}); err != nil {
						return err
					}
				}
				return nil
			}
			w.requests = func() int { return counting.Requests().Total() }
		},
		requests: true,
	},
	{
		name: "Get cuts what is larger than MaxBody", breaks: "contract (Put): a body that is larger than Want.MaxBody is left out or whole, and one that is not is whole",
		bug: func(m *Memory, w *wrapper) {
			w.get = func(ctx context.Context, key string, want store.Want) (store.Object, bool, error) {
				most := want.MaxBody
				want.MaxBody = 0
				obj, ok, err := m.Get(ctx, key, want)
				if most > 0 && int64(len(obj.Body)) > most {
					obj.Body = obj.Body[:most]
				}
				return obj, ok, err
			}
		},
	},
	{
		name: "MaxBody is one too many", breaks: "contract (Put): a body that is larger than Want.MaxBody is left out or whole, and one that is not is whole",
		bug: func(m *Memory, w *wrapper) {
			w.get = func(ctx context.Context, key string, want store.Want) (store.Object, bool, error) {
				want.MaxBody = max(0, want.MaxBody-1)
				return m.Get(ctx, key, want)
			}
		},
	},
	{
		name: "Info changes", breaks: "contract (Info): Info has a Name and sensible limits",
		bug: func(m *Memory, w *wrapper) {
			w.info = func() store.Info { return store.Info{Name: "memory", MaxSize: 1<<30 + int64(len(m.Keys()))} }
		},
	},
	{
		name: "a capability is missing", breaks: "contract (harness): the store has the capabilities",
		bug: func(_ *Memory, w *wrapper) {
			w.touch = func(context.Context, string, store.Meta, store.Cond) (bool, error) {
				return false, errors.ErrUnsupported
			}
		},
	},
	{
		name: "a capability is there", without: []string{capClear}, breaks: "contract (harness): the store has the capabilities",
		bug: func(*Memory, *wrapper) {},
	},
	{
		name: "Size is there", without: []string{capSize}, breaks: "contract (harness): Head tells the Size",
		bug: func(*Memory, *wrapper) {},
	},
	{
		name: "a miss is an error", breaks: "contract (miss): a miss of Get is ok == false with a nil error",
		bug: func(m *Memory, w *wrapper) {
			w.get = func(ctx context.Context, key string, want store.Want) (store.Object, bool, error) {
				obj, ok, err := m.Get(ctx, key, want)
				if !ok && err == nil {
					err = errors.New("no such key")
				}
				return obj, ok, err
			}
		},
	},
	{
		name: "Head gives an error for a miss", breaks: "contract (miss): a miss of Head is ok == false with a nil error",
		bug: func(m *Memory, w *wrapper) {
			w.head = func(ctx context.Context, key string) (store.Meta, bool, error) {
				meta, ok, err := m.Head(ctx, key)
				if !ok && err == nil {
					err = errors.New("404")
				}
				return meta, ok, err
			}
		},
	},
	{
		name: "Head finds everything", breaks: "contract (miss): a miss of Head is ok == false with a nil error",
		bug: func(m *Memory, w *wrapper) {
			w.head = func(ctx context.Context, key string) (store.Meta, bool, error) {
				meta, _, err := m.Head(ctx, key)
				return meta, true, err
			}
		},
	},
	{
		name: "a miss leaves a negative object", breaks: "contract (miss): a miss leaves nothing behind",
		bug: func(m *Memory, w *wrapper) {
			w.get = func(ctx context.Context, key string, want store.Want) (store.Object, bool, error) {
				obj, ok, err := m.Get(ctx, key, want)
				if !ok && err == nil {
					_, _, err = m.Put(ctx, key, negative(long, 0), store.Cond{Kind: store.IfGone})
				}
				return obj, ok, err
			}
		},
	},
	{
		name: "any key finds any object", breaks: "contract (miss): a key that was never put is a miss",
		bug: func(_ *Memory, w *wrapper) { rekey(w, func(key string) string { return key[:1] }) },
	},
	{
		name: "Get takes the object away", breaks: "contract (Put): what Put stored is found, again and again",
		bug: func(m *Memory, w *wrapper) {
			w.get = func(ctx context.Context, key string, want store.Want) (store.Object, bool, error) {
				obj, ok, err := m.Get(ctx, key, want)
				if ok {
					err = m.Delete(ctx, key)
				}
				return obj, ok, err
			}
		},
	},
	{
		name: "Put keeps the tags that were", breaks: "contract (Put): Put replaces all of what is held",
		bug: func(m *Memory, w *wrapper) {
			stores(w, func(key string, obj store.Object) store.Object {
				if held, ok := m.held[key]; ok && obj.Meta.Tags == nil {
					obj.Meta.Tags = held.Meta.Tags
				}
				return obj
			})
		},
	},
	{
		name: "Put keeps HeldUntil", breaks: "contract (Put): Put replaces all of what is held",
		bug: func(m *Memory, w *wrapper) {
			stores(w, func(key string, obj store.Object) store.Object {
				if held, ok := m.held[key]; ok && obj.Meta.HeldUntil.IsZero() {
					obj.Meta.HeldUntil = held.Meta.HeldUntil
				}
				return obj
			})
		},
	},
	{
		name: "Put keeps Foreign", breaks: "contract (Put): Put ignores Version, Size, Foreign and Damaged",
		bug: func(m *Memory, w *wrapper) {
			w.put = func(ctx context.Context, key string, obj store.Object, cond store.Cond) (store.Version, bool, error) {
				version, ok, err := m.Put(ctx, key, obj, cond)
				if ok && obj.Meta.Foreign {
					m.Edit(key, func(held *store.Object) { held.Meta.Foreign = true })
				}
				return version, ok, err
			}
		},
	},
	{
		name: "a Put of content that is held is left out", breaks: "contract (Put): the last Put counts",
		bug: func(m *Memory, w *wrapper) {
			seen := make(map[string]bool)
			w.put = func(ctx context.Context, key string, obj store.Object, cond store.Cond) (store.Version, bool, error) {
				at := key + "\x00" + obj.Meta.Hash.String()
				if !obj.Meta.Hash.IsZero() && seen[at] && cond.Kind == store.Always {
					return randomVersion(), true, ctx.Err()
				}
				seen[at] = true
				return m.Put(ctx, key, obj, cond)
			}
		},
	},
	{
		name: "Put says false", breaks: "contract (Put): what Put stored is found",
		bug: func(m *Memory, w *wrapper) {
			w.put = func(ctx context.Context, key string, obj store.Object, cond store.Cond) (store.Version, bool, error) {
				version, _, err := m.Put(ctx, key, obj, cond)
				return version, false, err
			}
		},
	},
	{
		name: "Delete leaves stale objects", breaks: "contract (Delete): Delete removes what is held, in every state",
		bug: func(m *Memory, w *wrapper) {
			w.delete = func(ctx context.Context, keys ...string) error {
				for _, key := range keys {
					if meta, ok, _ := m.Head(ctx, key); ok && (!meta.FreshAt(time.Now()) || meta.Absent) {
						continue
					}
					if err := m.Delete(ctx, key); err != nil {
						return err
					}
				}
				return nil
			}
		},
	},
	{
		name: "Delete of an absent key is an error", breaks: "contract (Delete): keys that are absent are no error",
		bug: func(m *Memory, w *wrapper) {
			w.delete = func(ctx context.Context, keys ...string) error {
				if _, ok, err := m.Head(ctx, strings.Join(keys, "")); !ok && err == nil && len(keys) == 1 {
					return errors.New("no such key")
				}
				return m.Delete(ctx, keys...)
			}
		},
	},
	{
		name: "Delete stops at an absent key", breaks: "contract (Delete): keys that are absent are no error, alone and among others",
		bug: func(m *Memory, w *wrapper) {
			w.delete = func(ctx context.Context, keys ...string) error {
				for _, key := range keys {
					if _, ok, err := m.Head(ctx, key); !ok {
						return err
					}
					if err := m.Delete(ctx, key); err != nil {
						return err
					}
				}
				return nil
			}
		},
	},
	{
		name: "Delete of no keys deletes all", breaks: "contract (Delete): Delete of no keys does nothing",
		bug: func(m *Memory, w *wrapper) {
			w.delete = func(ctx context.Context, keys ...string) error {
				if len(keys) == 0 {
					return m.Clear(ctx, "")
				}
				return m.Delete(ctx, keys...)
			}
		},
	},
	{
		name: "Delete refuses duplicates", breaks: "contract (Delete): a key may be given more than once",
		bug: func(m *Memory, w *wrapper) {
			w.delete = func(ctx context.Context, keys ...string) error {
				seen := make(map[string]bool)
				for _, key := range keys {
					if seen[key] {
						return errors.New("a key is there twice")
					}
					seen[key] = true
				}
				return m.Delete(ctx, keys...)
			}
		},
	},
	{
		name: "Delete takes keys for prefixes", breaks: "contract (Delete): Delete removes its keys and no others",
		bug: func(m *Memory, w *wrapper) {
			w.delete = func(ctx context.Context, keys ...string) error {
				for _, key := range keys {
					if err := m.Clear(ctx, key); err != nil {
						return err
					}
				}
				return ctx.Err()
			}
		},
	},
	{
		name: "Delete takes 1000 keys at most", breaks: "contract (Delete): Delete takes any number of keys",
		bug: func(m *Memory, w *wrapper) {
			w.delete = func(ctx context.Context, keys ...string) error { return m.Delete(ctx, keys[:min(len(keys), 1000)]...) }
		},
	},
	{
		name: "Delete leaves a negative object", breaks: "contract (Delete): a key that was deleted can be put again",
		bug: func(m *Memory, w *wrapper) {
			w.delete = func(ctx context.Context, keys ...string) error {
				for _, key := range keys {
					if _, _, err := m.Put(ctx, key, negative(long, 0), store.Cond{}); err != nil {
						return err
					}
				}
				return ctx.Err()
			}
		},
	},
	{
		name: "a negative object is a miss", breaks: "contract (negative objects): a negative object is found, Absent and without a body",
		bug: func(m *Memory, w *wrapper) {
			w.get = func(ctx context.Context, key string, want store.Want) (store.Object, bool, error) {
				obj, ok, err := m.Get(ctx, key, want)
				return obj, ok && !obj.Meta.Absent, err
			}
		},
	},
	{
		name: "a negative object is never stale", breaks: "contract (negative objects): a negative object that is stale is found",
		bug: func(m *Memory, w *wrapper) {
			w.get = func(ctx context.Context, key string, want store.Want) (store.Object, bool, error) {
				obj, ok, err := m.Get(ctx, key, want)
				return obj, ok && (!obj.Meta.Absent || obj.Meta.FreshAt(time.Now())), err
			}
		},
	},
	{
		name: "Absent stays", breaks: "contract (negative objects): a negative object and one with a value replace each other",
		bug: func(m *Memory, w *wrapper) {
			stores(w, func(key string, obj store.Object) store.Object {
				if held, ok := m.held[key]; ok {
					obj.Meta.Absent = obj.Meta.Absent || held.Meta.Absent
				}
				return obj
			})
		},
	},
	{
		name: "a negative object is what the reader has", breaks: "contract (negative objects): a negative object is not the content of any reader",
		bug: func(_ *Memory, w *wrapper) {
			gives(w, func(_ string, want store.Want, obj *store.Object) {
				obj.NotModified = obj.NotModified || obj.Meta.Absent && !want.Hash.IsZero()
			})
		},
	},
	{
		name: "a negative object has no tags", breaks: "contract (negative objects): a negative object keeps tags and schema",
		bug: func(_ *Memory, w *wrapper) {
			stores(w, func(_ string, obj store.Object) store.Object {
				if obj.Meta.Absent {
					obj.Meta.Tags = nil
				}
				return obj
			})
		},
	},
}

// shared is what the mutant of that name returns.
var shared = NewMemory(nil)

var metaMutants = []mutant{
	{
		name: "a zero Schema becomes a default", breaks: "law 10 (what is read back is what was written): an object with a body alone stays one",
		bug: func(_ *Memory, w *wrapper) {
			stores(w, func(_ string, obj store.Object) store.Object {
				if obj.Meta.Schema == "" {
					obj.Meta.Schema = "default"
				}
				return obj
			})
		},
	},
	{
		name: "a zero CreatedAt becomes now", breaks: "law 10 (what is read back is what was written): each instant is kept to the millisecond, alone and beside the others",
		bug: func(_ *Memory, w *wrapper) {
			stores(w, func(_ string, obj store.Object) store.Object {
				if obj.Meta.CreatedAt.IsZero() {
					obj.Meta.CreatedAt = time.Now()
				}
				return obj
			})
		},
	},
	{
		name: "StaleUntil needs FreshUntil", breaks: "law 10 (what is read back is what was written): each instant is kept",
		bug: func(_ *Memory, w *wrapper) {
			stores(w, func(_ string, obj store.Object) store.Object {
				if obj.Meta.FreshUntil.IsZero() {
					obj.Meta.StaleUntil = time.Time{}
				}
				return obj
			})
		},
	},
	{
		name: "instants are cut to seconds", breaks: "law 10 (what is read back is what was written): each instant is kept to the millisecond",
		bug: func(_ *Memory, w *wrapper) {
			stores(w, func(_ string, obj store.Object) store.Object {
				for _, part := range instants(&obj.Meta) {
					*part.at = part.at.Truncate(time.Second)
				}
				return obj
			})
		},
	},
	{
		name: "instants are rounded up", breaks: "law 2 (no copy lives longer than its original): instants between two milliseconds become no later",
		bug: func(_ *Memory, w *wrapper) {
			stores(w, func(_ string, obj store.Object) store.Object {
				for _, part := range instants(&obj.Meta) {
					*part.at = part.at.Round(time.Millisecond)
				}
				return obj
			})
		},
	},
	{
		name: "instants are nanoseconds", breaks: "law 10 (what is read back is what was written): instants may be far away",
		bug: func(_ *Memory, w *wrapper) {
			stores(w, func(_ string, obj store.Object) store.Object {
				for _, part := range instants(&obj.Meta) {
					if !part.at.IsZero() {
						*part.at = time.Unix(0, part.at.UnixNano())
					}
				}
				return obj
			})
		},
	},
	{
		name: "instants are read in local time", breaks: "law 10 (what is read back is what was written): an instant is the same in every time zone",
		bug: func(_ *Memory, w *wrapper) {
			stores(w, func(_ string, obj store.Object) store.Object {
				for _, part := range instants(&obj.Meta) {
					_, offset := part.at.Zone()
					if !part.at.IsZero() {
						*part.at = part.at.Add(time.Duration(offset) * time.Second)
					}
				}
				return obj
			})
		},
	},
	{
		name: "tags are joined by commas", breaks: "law 10 (what is read back is what was written): tags are kept, in their order",
		bug: func(_ *Memory, w *wrapper) {
			stores(w, func(_ string, obj store.Object) store.Object {
				if len(obj.Meta.Tags) > 0 {
					obj.Meta.Tags = strings.Split(strings.Join(obj.Meta.Tags, ","), ",")
				}
				return obj
			})
		},
	},
	{
		name: "empty tags are lost", breaks: "law 10 (what is read back is what was written): tags are kept, in their order",
		bug: func(_ *Memory, w *wrapper) {
			stores(w, func(_ string, obj store.Object) store.Object {
				var tags []string
				for _, tag := range obj.Meta.Tags {
					if tag != "" {
						tags = append(tags, tag)
					}
				}
				obj.Meta.Tags = tags
				return obj
			})
		},
	},
	{
		name: "a hash has 31 bytes", breaks: "law 10 (what is read back is what was written): all bytes of the hash are kept",
		bug: func(_ *Memory, w *wrapper) {
			stores(w, func(_ string, obj store.Object) store.Object {
				obj.Meta.Hash[31] = 0
				return obj
			})
		},
	},
	{
		name: "the encoding is its codec", breaks: "law 10 (what is read back is what was written): the encoding is kept",
		bug: func(_ *Memory, w *wrapper) {
			stores(w, func(_ string, obj store.Object) store.Object {
				obj.Meta.Encoding, _, _ = strings.Cut(obj.Meta.Encoding, "+")
				return obj
			})
		},
	},
	{
		name: "the schema is trimmed", breaks: "law 10 (what is read back is what was written): the schema is kept, whatever it contains",
		bug: func(_ *Memory, w *wrapper) {
			stores(w, func(_ string, obj store.Object) store.Object {
				obj.Meta.Schema = strings.TrimSpace(obj.Meta.Schema)
				return obj
			})
		},
	},
	{
		name: "a schema has 100 bytes", breaks: "law 10 (what is read back is what was written): the schema is kept, whatever it contains",
		bug: func(_ *Memory, w *wrapper) {
			stores(w, func(_ string, obj store.Object) store.Object {
				obj.Meta.Schema = obj.Meta.Schema[:min(len(obj.Meta.Schema), 100)]
				return obj
			})
		},
	},
	{
		name: "Absent is lost", breaks: "law 10 (what is read back is what was written): Absent is kept",
		bug: func(_ *Memory, w *wrapper) {
			stores(w, func(_ string, obj store.Object) store.Object {
				obj.Meta.Absent = false
				return obj
			})
		},
	},
	{
		name: "there is room for a small Meta", breaks: "law 10 (what is read back is what was written): all of the Meta is kept together",
		bug: func(_ *Memory, w *wrapper) {
			stores(w, func(_ string, obj store.Object) store.Object {
				if len(obj.Meta.Encoding)+len(obj.Meta.Schema)+len(strings.Join(obj.Meta.Tags, "")) > 40 && !obj.Meta.HeldUntil.IsZero() {
					obj.Meta.HeldUntil = time.Time{}
				}
				return obj
			})
		},
	},
	{
		name: "the schema is that of the store", breaks: "law 10 (what is read back is what was written): each key has a Meta of its own",
		bug: func(_ *Memory, w *wrapper) {
			last := ""
			stores(w, func(_ string, obj store.Object) store.Object {
				last = obj.Meta.Schema
				return obj
			})
			gives(w, func(_ string, _ store.Want, obj *store.Object) { obj.Meta.Schema = last })
		},
	},
	{
		name: "too many tags are cut", breaks: "law 10 (what is read back is what was written): a Meta that is too much for the backend is refused",
		bug: func(_ *Memory, w *wrapper) {
			stores(w, func(_ string, obj store.Object) store.Object {
				obj.Meta.Tags = obj.Meta.Tags[:min(len(obj.Meta.Tags), 1<<16-1)]
				return obj
			})
		},
	},
	{
		name: "a body has 64 KiB", breaks: "law 10 (what is read back is what was written): a body of any size comes back as it is",
		bug: func(_ *Memory, w *wrapper) {
			stores(w, func(_ string, obj store.Object) store.Object {
				obj.Body = obj.Body[:min(len(obj.Body), 1<<16)]
				return obj
			})
		},
	},
	{
		name: "Info promises too much", breaks: "law 10 (what is read back is what was written): a body may have as many bytes as Info.MaxSize says",
		bug: func(m *Memory, w *wrapper) {
			w.info = func() store.Info { return store.Info{Name: "memory", MaxSize: 3 << 20} }
			w.put = func(ctx context.Context, key string, obj store.Object, cond store.Cond) (store.Version, bool, error) {
				if len(obj.Body) > 2<<20 {
					return store.Version{}, false, errors.New("too large")
				}
				return m.Put(ctx, key, obj, cond)
			}
		},
	},
	{
		name: "a body ends at a NUL", breaks: "law 10 (what is read back is what was written): a body may contain every byte, anywhere",
		bug: func(_ *Memory, w *wrapper) {
			stores(w, func(_ string, obj store.Object) store.Object {
				obj.Body, _, _ = bytes.Cut(obj.Body, []byte{0})
				return obj
			})
		},
	},
	{
		name: "an empty body is Absent", breaks: "law 10 (what is read back is what was written): an empty body, nil or not",
		bug: func(_ *Memory, w *wrapper) {
			stores(w, func(_ string, obj store.Object) store.Object {
				obj.Meta.Absent = obj.Meta.Absent || len(obj.Body) == 0
				return obj
			})
		},
	},
	{
		name: "an envelope in a body is opened", breaks: "law 10 (what is read back is what was written): a body that looks like what the backend writes is a body",
		bug: func(_ *Memory, w *wrapper) {
			gives(w, func(_ string, _ store.Want, obj *store.Object) {
				if meta, body, err := store.ParseEnvelope(obj.Body); err == nil {
					meta.Version = obj.Meta.Version
					*obj = store.Object{Meta: meta, Body: body}
				}
			})
		},
	},
	{
		name: "a shorter body leaves the rest of the longer one", breaks: "law 10 (what is read back is what was written): a body that replaces a longer one has no rest of it",
		bug: func(m *Memory, w *wrapper) {
			stores(w, func(key string, obj store.Object) store.Object {
				if held := m.held[key].Body; len(held) > len(obj.Body) && len(held) > 100 {
					obj.Body = append(obj.Body, held[len(obj.Body):]...)
				}
				return obj
			})
		},
	},
	{
		name: "Size is that before compression", breaks: "law 10 (what is read back is what was written): a body of any size comes back as it is",
		bug: func(_ *Memory, w *wrapper) {
			gives(w, func(_ string, _ store.Want, obj *store.Object) { obj.Meta.Size += obj.Meta.Size / 1000 })
		},
	},
}
