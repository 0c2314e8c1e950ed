package storetest

import (
	"bytes"
	"context"
	"errors"
	"maps"
	"path"
	"slices"
	"strings"
	"time"

	"github.com/advcache/advcache/store"
)

// manyAs makes GetMany find what f makes of what was found.
func manyAs(m *Memory, w *wrapper, f func(keys []string, want store.Want, found map[string]store.Object)) {
	w.getMany = func(ctx context.Context, keys []string, want store.Want) (map[string]store.Object, error) {
		found, err := m.find(ctx, keys, want)
		if err == nil {
			f(keys, want, found)
		}
		return found, err
	}
}

// putManyAs makes PutMany store what f makes of its objects.
func putManyAs(m *Memory, w *wrapper, f func(objs map[string]store.Object)) {
	w.putMany = func(ctx context.Context, objs map[string]store.Object) error {
		objs = maps.Clone(objs)
		f(objs)
		return m.PutMany(ctx, objs)
	}
}

var manyMutants = []mutant{
	{
		name: "GetMany finds misses", breaks: "contract (GetMany): GetMany finds what Get finds, and nothing else",
		bug: func(m *Memory, w *wrapper) {
			manyAs(m, w, func(keys []string, _ store.Want, found map[string]store.Object) {
				for _, key := range keys {
					found[key] = found[key] //nolint:staticcheck // an entry for each
				}
			})
		},
	},
	{
		name: "GetMany leaves out negative objects", breaks: "contract (GetMany): GetMany finds what Get finds, and nothing else",
		bug: func(m *Memory, w *wrapper) {
			manyAs(m, w, func(_ []string, _ store.Want, found map[string]store.Object) {
				maps.DeleteFunc(found, func(_ string, obj store.Object) bool { return obj.Meta.Absent })
			})
		},
	},
	{
		name: "GetMany fails if one is missing", breaks: "contract (GetMany): GetMany finds what Get finds, and nothing else",
		bug: func(m *Memory, w *wrapper) {
			w.getMany = func(ctx context.Context, keys []string, want store.Want) (map[string]store.Object, error) {
				found, err := m.find(ctx, keys, want)
				if err == nil && len(found) < len(keys) {
					err = errors.New("some are missing")
				}
				return found, err
			}
		},
	},
	{
		name: "GetMany of no keys finds all", breaks: "contract (GetMany): GetMany of no keys finds nothing",
		bug: func(m *Memory, w *wrapper) {
			w.getMany = func(ctx context.Context, keys []string, want store.Want) (map[string]store.Object, error) {
				if len(keys) == 0 {
					keys = m.Keys()
				}
				return m.find(ctx, keys, want)
			}
		},
	},
	{
		name: "GetMany finds a key once", breaks: "contract (GetMany): a key may be given more than once",
		bug: func(m *Memory, w *wrapper) {
			manyAs(m, w, func(keys []string, _ store.Want, found map[string]store.Object) {
				seen := make(map[string]bool)
				for _, key := range keys {
					if seen[key] {
						delete(found, key)
					}
					seen[key] = true
				}
			})
		},
	},
	{
		name: "GetMany does not look at Want.Stale", breaks: "contract (GetMany): GetMany with Want.Stale finds stale objects too",
		bug: func(m *Memory, w *wrapper) {
			manyAs(m, w, func(_ []string, _ store.Want, found map[string]store.Object) {
				maps.DeleteFunc(found, func(_ string, obj store.Object) bool { return !obj.Meta.FreshAt(time.Now()) })
			})
		},
	},
	{
		name: "GetMany does not look at Want.Now", breaks: "contract (GetMany): GetMany judges lives at Want.Now",
		bug: func(m *Memory, w *wrapper) {
			w.getMany = func(ctx context.Context, keys []string, want store.Want) (map[string]store.Object, error) {
				want.Now = time.Time{}
				return m.find(ctx, keys, want)
			}
		},
	},
	{
		name: "GetMany has NotModified for all", breaks: "contract (NotModified): GetMany leaves out the body of the content that the reader has, and no other",
		bug: func(m *Memory, w *wrapper) {
			manyAs(m, w, func(_ []string, want store.Want, found map[string]store.Object) {
				for key, obj := range found {
					if !want.Hash.IsZero() {
						obj.NotModified, obj.Body = true, nil
						found[key] = obj
					}
				}
			})
		},
	},
	{
		name: "GetMany gives no Versions", breaks: "contract (Version): GetMany gives the Versions that Put returned",
		bug: func(m *Memory, w *wrapper) {
			manyAs(m, w, func(_ []string, _ store.Want, found map[string]store.Object) {
				for key, obj := range found {
					obj.Meta.Version = store.Version{}
					found[key] = obj
				}
			})
		},
	},
	{
		name: "GetMany takes 100 keys", breaks: "contract (GetMany): GetMany takes hundreds of keys",
		bug: func(m *Memory, w *wrapper) {
			w.getMany = func(ctx context.Context, keys []string, want store.Want) (map[string]store.Object, error) {
				return m.find(ctx, keys[:min(len(keys), 100)], want)
			}
		},
	},
	{
		name: "GetMany loses its place at a miss", breaks: "contract (GetMany): GetMany takes hundreds of keys, and finds each where it is",
		bug: func(m *Memory, w *wrapper) {
			manyAs(m, w, func(keys []string, _ store.Want, found map[string]store.Object) {
				var last store.Object
				for _, key := range keys {
					if obj, ok := found[key]; ok && len(keys) > 20 && last.Body != nil {
						found[key], last = last, obj
					} else if ok {
						last = obj
					}
				}
			})
		},
	},
	{
		name: "PutMany forgets the Meta", breaks: "contract (PutMany): PutMany stores each object under its key, with its Meta",
		bug: func(m *Memory, w *wrapper) {
			putManyAs(m, w, func(objs map[string]store.Object) {
				for key, obj := range objs {
					objs[key] = with(obj, func(m *store.Meta) { m.Tags = nil })
				}
			})
		},
	},
	{
		name: "PutMany of nothing clears", breaks: "contract (PutMany): PutMany of nothing does nothing",
		bug: func(m *Memory, w *wrapper) {
			w.putMany = func(ctx context.Context, objs map[string]store.Object) error {
				if len(objs) == 0 {
					return m.Clear(ctx, "")
				}
				return m.PutMany(ctx, objs)
			}
		},
	},
	{
		name: "PutMany keeps what is held", breaks: "contract (PutMany): PutMany replaces what is held, whatever it is",
		bug: func(m *Memory, w *wrapper) {
			putManyAs(m, w, func(objs map[string]store.Object) {
				maps.DeleteFunc(objs, func(key string, _ store.Object) bool { return m.held[key].Meta.Foreign })
			})
		},
	},
	{
		name: "PutMany keeps the Version of the same content", breaks: "contract (Version): PutMany gives each key a Version that it never had",
		bug: func(m *Memory, w *wrapper) {
			w.putMany = func(ctx context.Context, objs map[string]store.Object) error {
				held := maps.Clone(m.held)
				err := m.PutMany(ctx, objs)
				for key := range objs {
					m.Edit(key, func(obj *store.Object) {
						if old, ok := held[key]; ok && old.Meta.Hash == obj.Meta.Hash {
							obj.Meta.Version = old.Meta.Version
						}
					})
				}
				return err
			}
		},
	},
	{
		name: "PutMany has one life for all", breaks: "law 1 (life): each object of a PutMany has its own life",
		bug: func(m *Memory, w *wrapper) {
			putManyAs(m, w, func(objs map[string]store.Object) {
				for key, obj := range objs {
					objs[key] = with(obj, func(m *store.Meta) { m.FreshUntil = time.Now().Add(long) })
				}
			})
		},
	},
	{
		name: "PutMany stores 100 objects", breaks: "contract (PutMany): PutMany takes hundreds of objects",
		bug: func(m *Memory, w *wrapper) {
			putManyAs(m, w, func(objs map[string]store.Object) {
				for _, key := range slices.Sorted(maps.Keys(objs))[min(len(objs), 400):] {
					if objs[key].Body[0] == 'k' {
						delete(objs, key)
					}
				}
			})
		},
	},
}

// clearAs makes Clear delete the keys that match says.
func clearAs(m *Memory, w *wrapper, match func(key, prefix string) bool) {
	w.clear = func(ctx context.Context, prefix string) error {
		if err := ctx.Err(); err != nil {
			return err
		}
		maps.DeleteFunc(m.held, func(key string, _ store.Object) bool { return match(key, prefix) })
		return nil
	}
}

var clearMutants = []mutant{
	{
		name: "Clear deletes the key of that name", breaks: "contract (Clear): Clear deletes the keys that begin with the prefix",
		bug: func(m *Memory, w *wrapper) {
			clearAs(m, w, func(key, prefix string) bool { return key == prefix || prefix == "" })
		},
	},
	{
		name: "Clear leaves the key that is the prefix", breaks: "contract (Clear): Clear deletes the keys that begin with the prefix",
		bug: func(m *Memory, w *wrapper) {
			clearAs(m, w, func(key, prefix string) bool { return strings.HasPrefix(key, prefix) && key != prefix })
		},
	},
	{
		name: "Clear does not look at case", breaks: "contract (Clear): Clear deletes the keys that begin with the prefix, and no others",
		bug: func(m *Memory, w *wrapper) {
			clearAs(m, w, func(key, prefix string) bool {
				return strings.HasPrefix(strings.ToLower(key), strings.ToLower(prefix))
			})
		},
	},
	{
		name: "Clear of the empty prefix does nothing", breaks: "contract (Clear): Clear of the empty prefix deletes all keys",
		bug: func(m *Memory, w *wrapper) {
			clearAs(m, w, func(key, prefix string) bool { return prefix != "" && strings.HasPrefix(key, prefix) })
		},
	},
	{
		name: "Clear of the empty prefix leaves hidden keys", breaks: "contract (Clear): Clear of the empty prefix deletes all keys",
		bug: func(m *Memory, w *wrapper) {
			clearAs(m, w, func(key, prefix string) bool {
				return strings.HasPrefix(key, prefix) && (prefix != "" || !strings.HasPrefix(key, "."))
			})
		},
	},
	{
		name: "Clear deletes in all stores", breaks: "contract (Clear): Clear deletes no keys of other stores",
		bug: func(m *Memory, w *wrapper) {
			everywhere.held = append(everywhere.held, m)
			w.clear = func(ctx context.Context, prefix string) error {
				for _, m := range everywhere.held {
					if err := m.Clear(ctx, prefix); err != nil {
						return err
					}
				}
				return nil
			}
		},
	},
	{
		name: "Clear takes patterns", breaks: "contract (Clear): no character of a prefix stands for others",
		bug: func(m *Memory, w *wrapper) {
			clearAs(m, w, func(key, prefix string) bool {
				ok, err := path.Match(prefix+"*", key)
				return ok || err != nil || strings.HasPrefix(key, prefix)
			})
		},
	},
	{
		name: "Clear escapes nothing", breaks: "contract (Clear): no character of a prefix stands for others",
		bug: func(m *Memory, w *wrapper) {
			clearAs(m, w, func(key, prefix string) bool {
				if strings.ContainsAny(prefix, `*?[]\`) {
					ok, _ := path.Match(prefix+"*", key)
					return ok
				}
				return strings.HasPrefix(key, prefix)
			})
		},
	},
	{
		name: "Clear deletes folders", breaks: "contract (Clear): a prefix may end anywhere in a key, at a slash or not",
		bug: func(m *Memory, w *wrapper) {
			clearAs(m, w, func(key, prefix string) bool {
				folder := strings.TrimSuffix(prefix, "/")
				return strings.HasPrefix(key, prefix) && (prefix == "" || folder == key || strings.HasPrefix(key, folder+"/") || !strings.Contains(key, "/"))
			})
		},
	},
	{
		name: "Clear takes characters", breaks: "contract (Clear): a prefix is bytes: it may end within a character",
		bug: func(m *Memory, w *wrapper) {
			clearAs(m, w, func(key, prefix string) bool { return strings.HasPrefix(key, strings.ToValidUTF8(prefix, "?")) })
		},
	},
	{
		name: "Clear of nothing is an error", breaks: "contract (Clear): Clear of a prefix that no key has is no error",
		bug: func(m *Memory, w *wrapper) {
			w.clear = func(ctx context.Context, prefix string) error {
				before := len(m.held)
				if err := m.Clear(ctx, prefix); err != nil || len(m.held) < before {
					return err
				}
				return errors.New("nothing to delete")
			}
		},
	},
	{
		name: "Clear leaves foreign objects", breaks: "contract (Clear): Clear deletes what is held in every state, foreign too",
		bug: func(m *Memory, w *wrapper) {
			clearAs(m, w, func(key, prefix string) bool { return strings.HasPrefix(key, prefix) && !m.held[key].Meta.Foreign })
		},
	},
	{
		name: "Clear deletes a page", breaks: "contract (Clear): Clear deletes any number of keys",
		bug: func(m *Memory, w *wrapper) {
			w.clear = func(ctx context.Context, prefix string) error {
				n := 0
				for _, key := range m.Keys() {
					if n++; strings.HasPrefix(key, prefix) && n <= 1000 {
						delete(m.held, key)
					}
				}
				return ctx.Err()
			}
		},
	},
	{
		name: "Clear leaves negative objects", breaks: "contract (Clear): a key that was cleared can be put again",
		bug: func(m *Memory, w *wrapper) {
			w.clear = func(ctx context.Context, prefix string) error {
				if err := ctx.Err(); err != nil {
					return err
				}
				for key := range m.held {
					if strings.HasPrefix(key, prefix) {
						m.held[key] = asKept(negative(long, 0), randomVersion())
					}
				}
				return nil
			}
		},
	},
}

// everywhere is what the mutant of that name deletes in.
var everywhere struct{ held []*Memory }

var keyMutants = []mutant{
	{
		name: "case is folded", breaks: "law 9 (keys are injective): each key has its own object",
		bug: func(_ *Memory, w *wrapper) { rekey(w, strings.ToLower) },
	},
	{
		name: "spaces are trimmed", breaks: "law 9 (keys are injective): each key has its own object",
		bug: func(_ *Memory, w *wrapper) {
			rekey(w, func(key string) string { return strings.Trim(key, " ") + "!" })
		},
	},
	{
		name: "paths are cleaned", breaks: "law 9 (keys are injective): each key has its own object",
		bug: func(_ *Memory, w *wrapper) { rekey(w, path.Clean) },
	},
	{
		name: "slashes are folded", breaks: "law 9 (keys are injective): each key has its own object",
		bug: func(_ *Memory, w *wrapper) {
			rekey(w, func(key string) string { return strings.ReplaceAll(key, "//", "/") })
		},
	},
	{
		name: "bytes that are not UTF-8 are replaced", breaks: "law 9 (keys are injective): each key has its own object",
		bug: func(_ *Memory, w *wrapper) {
			rekey(w, func(key string) string { return strings.ToValidUTF8(key, "\ufffd") })
		},
	},
	{
		name: "characters are composed", breaks: "law 9 (keys are injective): each key has its own object",
		bug: func(_ *Memory, w *wrapper) {
			rekey(w, func(key string) string { return strings.ReplaceAll(key, "e\u0301", "\u00e9") })
		},
	},
	{
		name: "keys end at a NUL", breaks: "law 9 (keys are injective): each key has its own object",
		bug: func(_ *Memory, w *wrapper) {
			rekey(w, func(key string) string { key, _, _ = strings.Cut(key, "\x00"); return key + "!" })
		},
	},
	{
		name: "percents are not escaped", breaks: "law 9 (keys are injective): each key has its own object",
		bug: func(_ *Memory, w *wrapper) {
			rekey(w, func(key string) string { return strings.ReplaceAll(key, "/", "%2F") })
		},
	},
	{
		name: "long keys are cut", breaks: "law 9 (keys are injective): each key has its own object",
		bug: func(_ *Memory, w *wrapper) {
			rekey(w, func(key string) string { return key[:min(len(key), 1024)] })
		},
	},
	{
		name: "long keys are hashed with 3 bytes", breaks: "law 9 (keys are injective): very many keys have their own objects",
		bug: func(_ *Memory, w *wrapper) {
			rekey(w, func(key string) string {
				if !strings.Contains(key, "-of-many") {
					return key
				}
				hash := hashOf(key)
				return string(hash[:2])
			})
		},
	},
	{
		name: "a key has 1,000 bytes", breaks: "law 9 (keys are injective): a key may have as many bytes as Info.MaxKey says",
		bug: func(m *Memory, w *wrapper) {
			w.put = func(ctx context.Context, key string, obj store.Object, cond store.Cond) (store.Version, bool, error) {
				if len(key) > 1000 {
					return store.Version{}, false, errors.New("too long")
				}
				return m.Put(ctx, key, obj, cond)
			}
		},
	},
	{
		name: "keys with a slash are deleted as a folder", breaks: "law 9 (keys are injective): a key may be the beginning of others",
		bug: func(m *Memory, w *wrapper) {
			w.delete = func(ctx context.Context, keys ...string) error {
				for _, key := range keys {
					if strings.HasSuffix(key, "/") {
						if err := m.Clear(ctx, key); err != nil {
							return err
						}
					}
				}
				return m.Delete(ctx, keys...)
			}
		},
	},
	{
		name: "Delete folds case", breaks: "law 9 (keys are injective): Delete removes its keys and no others",
		bug: func(m *Memory, w *wrapper) {
			w.delete = func(ctx context.Context, keys ...string) error {
				for _, key := range keys {
					maps.DeleteFunc(m.held, func(other string, _ store.Object) bool { return strings.EqualFold(key, other) })
				}
				return m.Delete(ctx, keys...)
			}
		},
	},
	{
		name: "conditions fold case", breaks: "law 9 (keys are injective): conditions tell keys apart",
		bug: func(m *Memory, w *wrapper) {
			w.put = func(ctx context.Context, key string, obj store.Object, cond store.Cond) (store.Version, bool, error) {
				for other := range m.held {
					if cond.Kind == store.IfGone && key != other && strings.EqualFold(key, other) {
						return store.Version{}, false, ctx.Err()
					}
				}
				return m.Put(ctx, key, obj, cond)
			}
		},
	},
	{
		name: "GetMany folds case", breaks: "law 9 (keys are injective): GetMany tells keys apart",
		bug: func(m *Memory, w *wrapper) {
			manyAs(m, w, func(_ []string, _ store.Want, found map[string]store.Object) {
				for key := range found {
					if other, ok := found[strings.ToLower(key)]; ok {
						found[key] = other
					}
				}
			})
		},
	},
	{
		name: "PutMany trims", breaks: "law 9 (keys are injective): PutMany tells keys apart",
		bug: func(m *Memory, w *wrapper) {
			putManyAs(m, w, func(objs map[string]store.Object) {
				for key, obj := range objs {
					delete(objs, key)
					objs[strings.Trim(key, " ")+strings.Repeat(" ", strings.Count(key, " "))] = obj
				}
			})
		},
	},
	{
		name: "Touch does not find awkward keys", breaks: "law 9 (keys are injective): Touch tells keys apart",
		bug: func(m *Memory, w *wrapper) {
			w.touch = func(ctx context.Context, key string, meta store.Meta, cond store.Cond) (bool, error) {
				return m.Touch(ctx, strings.TrimSuffix(key, "\n"), meta, cond)
			}
		},
	},
}

var foreignMutants = []mutant{
	{
		name: "a foreign object is a miss", breaks: "contract (foreign objects): a foreign object is found and said to be foreign",
		bug: func(m *Memory, w *wrapper) {
			w.get = func(ctx context.Context, key string, want store.Want) (store.Object, bool, error) {
				obj, ok, err := m.Get(ctx, key, want)
				return obj, ok && !obj.Meta.Foreign, err
			}
		},
	},
	{
		name: "a foreign object is an error", breaks: "contract (foreign objects): a foreign object is found and said to be foreign",
		bug: func(m *Memory, w *wrapper) {
			w.head = func(ctx context.Context, key string) (store.Meta, bool, error) {
				meta, ok, err := m.Head(ctx, key)
				if meta.Foreign {
					err = store.ErrEnvelope
				}
				return meta, ok, err
			}
		},
	},
	{
		name: "a foreign object has no body", breaks: "contract (foreign objects): a foreign object is found and said to be foreign, with its body",
		bug: func(_ *Memory, w *wrapper) {
			wanting(w, func(want store.Want) store.Want {
				want.Foreign = false
				return want
			})
		},
	},
	{
		name: "a foreign object has no Version", breaks: "contract (Version): a foreign object has a Version",
		bug: func(_ *Memory, w *wrapper) {
			gives(w, func(_ string, _ store.Want, obj *store.Object) {
				if obj.Meta.Foreign {
					obj.Meta.Version = store.Version{}
				}
			})
		},
	},
	{
		name: "a foreign object is ours", breaks: "contract (foreign objects): a foreign object is found and said to be foreign",
		bug: func(_ *Memory, w *wrapper) {
			gives(w, func(_ string, _ store.Want, obj *store.Object) { obj.Meta.Foreign = false })
		},
	},
	{
		name: "a foreign object has the tags of ours", breaks: "contract (foreign objects): a foreign object over one of ours has nothing of it",
		bug: func(_ *Memory, w *wrapper) {
			schemas := make(map[string]string)
			stores(w, func(key string, obj store.Object) store.Object {
				schemas[key] = obj.Meta.Schema
				return obj
			})
			gives(w, func(key string, _ store.Want, obj *store.Object) {
				if obj.Meta.Foreign {
					obj.Meta.Schema = schemas[key]
				}
			})
		},
	},
	{
		name: "Foreign stays", breaks: "contract (foreign objects): an object of ours over a foreign one has nothing of it",
		bug: func(m *Memory, w *wrapper) {
			w.put = func(ctx context.Context, key string, obj store.Object, cond store.Cond) (store.Version, bool, error) {
				foreign := m.held[key].Meta.Foreign
				version, ok, err := m.Put(ctx, key, obj, cond)
				m.Edit(key, func(obj *store.Object) { obj.Meta.Foreign = foreign })
				return version, ok, err
			}
		},
	},
	{
		name: "Cond.Foreign is ignored", breaks: "contract (foreign objects): with Cond.Foreign, a foreign object counts as a fresh one",
		bug: func(_ *Memory, w *wrapper) {
			conditions(w, func(_ *store.Meta, cond store.Cond) store.Cond {
				cond.Foreign = false
				return cond
			})
		},
	},
	{
		name: "a foreign object counts always", breaks: "contract (Cond): IfVacant stores over nothing and over what is gone, stale, foreign, damaged or Absent",
		bug: func(_ *Memory, w *wrapper) {
			conditions(w, func(_ *store.Meta, cond store.Cond) store.Cond {
				cond.Foreign = true
				return cond
			})
		},
	},
	{
		name: "a foreign object keeps nobody out", breaks: "contract (foreign objects): with Cond.Foreign, a foreign object keeps IfVacant and IfGone out",
		bug: func(_ *Memory, w *wrapper) {
			conditions(w, func(held *store.Meta, cond store.Cond) store.Cond {
				if held != nil && held.Foreign && cond.Kind != store.IfVersion {
					cond.Foreign = false
				}
				return cond
			})
		},
	},
	{
		name: "a foreign object has the expiry of ours", breaks: "contract (foreign objects): a foreign object has no life that could end",
		bug: func(m *Memory, w *wrapper) {
			ends := make(map[string]time.Time)
			stores(w, func(key string, obj store.Object) store.Object {
				ends[key] = obj.Meta.GoesAt()
				return obj
			})
			get := w.get
			w.get = func(ctx context.Context, key string, want store.Want) (store.Object, bool, error) {
				if end := ends[key]; m.held[key].Meta.Foreign && !end.IsZero() && time.Now().After(end) {
					return store.Object{}, false, ctx.Err()
				}
				return get(ctx, key, want)
			}
		},
	},
	{
		name: "Delete leaves foreign objects", breaks: "contract (foreign objects): Delete removes a foreign object",
		bug: func(m *Memory, w *wrapper) {
			w.delete = func(ctx context.Context, keys ...string) error {
				return m.Delete(ctx, slices.DeleteFunc(slices.Clone(keys), func(key string) bool { return m.held[key].Meta.Foreign })...)
			}
		},
	},
	{
		name: "GetMany leaves out foreign objects", breaks: "contract (foreign objects): GetMany finds foreign objects as Get does",
		bug: func(m *Memory, w *wrapper) {
			manyAs(m, w, func(_ []string, _ store.Want, found map[string]store.Object) {
				maps.DeleteFunc(found, func(_ string, obj store.Object) bool { return obj.Meta.Foreign })
			})
		},
	},
	{
		name: "foreign objects are found by their name in lower case", breaks: "law 9 (keys are injective): foreign objects are found under the key that they were written to",
		bug: func(m *Memory, w *wrapper) {
			w.get = func(ctx context.Context, key string, want store.Want) (store.Object, bool, error) {
				if m.held[key].Meta.Foreign {
					key = strings.ToLower(key)
				}
				return m.Get(ctx, key, want)
			}
		},
	},
	{
		name: "what is damaged is foreign", breaks: "law 10 (what is read back is what was written): what begins as ours is not said to be foreign, whatever is wanted",
		bug: func(_ *Memory, w *wrapper) {
			gives(w, func(_ string, want store.Want, obj *store.Object) {
				if obj.Meta.Damaged && want.Foreign {
					obj.Meta.Damaged, obj.Meta.Foreign = false, true
				}
			})
		},
	},
	{
		name: "what is damaged has a body", breaks: "law 10 (what is read back is what was written): what was cut is nothing, damaged, foreign, or",
		bug: func(_ *Memory, w *wrapper) {
			gives(w, func(_ string, _ store.Want, obj *store.Object) {
				if obj.Meta.Damaged {
					obj.Body = []byte("torn")
				}
			})
		},
	},
	{
		name: "what is damaged keeps others out", breaks: "contract (foreign objects): with Cond.Foreign, a foreign object counts as a fresh one",
		bug: func(m *Memory, w *wrapper) {
			w.put = func(ctx context.Context, key string, obj store.Object, cond store.Cond) (store.Version, bool, error) {
				if held, ok, _ := m.Head(ctx, key); ok && held.Damaged && cond.Foreign && cond.Kind != store.IfVersion {
					return store.Version{}, false, nil
				}
				return m.Put(ctx, key, obj, cond)
			}
		},
	},
	{
		name: "what is damaged stays", breaks: "law 10 (what is read back is what was written): what is damaged can be removed by its Version",
		bug: func(m *Memory, w *wrapper) {
			w.put = func(ctx context.Context, key string, obj store.Object, cond store.Cond) (store.Version, bool, error) {
				if held, ok, _ := m.Head(ctx, key); ok && held.Damaged && cond.Kind == store.IfVersion {
					return store.Version{}, false, nil
				}
				return m.Put(ctx, key, obj, cond)
			}
		},
	},
	{
		name: "damage of the Meta is not seen", breaks: "law 10 (what is read back is what was written): what was changed in one bit is nothing, damaged, foreign, or has the Meta that was put",
		bug: func(*Memory, *wrapper) {},
		corrupt: func(obj *store.Object, damage func(data []byte) []byte) {
			if data := damage(append([]byte(obj.Meta.Schema), obj.Body...)); len(data) >= len(obj.Meta.Schema) {
				obj.Meta.Schema, obj.Body = string(data[:len(obj.Meta.Schema)]), data[len(obj.Meta.Schema):]
			}
		},
	},
	{
		name: "what was cut is cut in its Meta", breaks: "law 10 (what is read back is what was written): what was cut is nothing, damaged, foreign, or has the Meta that was put",
		bug: func(*Memory, *wrapper) {},
		corrupt: func(obj *store.Object, damage func(data []byte) []byte) {
			if data := damage(obj.Body); len(data) < len(obj.Body) {
				obj.Meta.Tags, obj.Body = nil, data
			}
		},
	},
	{
		name: "what was overwritten is read", breaks: "law 10 (what is read back is what was written): what was overwritten is nothing, damaged, foreign, or has the Meta that was put",
		bug: func(*Memory, *wrapper) {},
		corrupt: func(obj *store.Object, damage func(data []byte) []byte) {
			if data := damage(obj.Body); !bytes.HasPrefix(data, obj.Body) {
				obj.Meta.Absent, obj.Body = true, data
			}
		},
	},
	{
		name: "damage is an error for others", breaks: "law 10 (what is read back is what was written): a damaged object harms no other",
		bug: func(m *Memory, w *wrapper) {
			manyAs(m, w, func(_ []string, _ store.Want, found map[string]store.Object) {
				for _, obj := range found {
					if obj.Meta.Foreign {
						clear(found)
					}
				}
			})
		},
		corrupt: func(obj *store.Object, _ func(data []byte) []byte) {
			obj.Meta = store.Meta{Foreign: true, Version: obj.Meta.Version, Size: obj.Meta.Size}
		},
	},
}
