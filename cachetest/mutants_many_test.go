package cachetest

import (
	"context"
	"errors"
	"maps"
	"path"
	"strings"
	"time"

	"github.com/advcache/advcache"
)

// clearsWhere makes Clear delete the keys that match says.
func clearsWhere(m *mapCache, w *wrapper, match func(key, prefix string) bool) {
	w.clear = func(ctx context.Context, prefix string) error {
		m.mu.Lock()
		defer m.mu.Unlock()
		for key := range m.held {
			if match(key, prefix) {
				delete(m.held, key)
				m.writes[key]++
			}
		}
		return nil
	}
}

// manyMutants are wrong about what concerns many keys at once.
var manyMutants = []mutant{
	{
		name: "SetMany sets one key", breaks: "contract (SetMany): SetMany sets every key",
		bug: func(m *mapCache, w *wrapper) {
			w.setMany = func(ctx context.Context, values map[string]string, ttl time.Duration) error {
				for key, value := range values {
					return m.Set(ctx, key, value, ttl)
				}
				return nil
			}
		},
	},
	{
		name: "SetMany adds only", breaks: "contract (SetMany): SetMany replaces whatever the keys held",
		bug: func(m *mapCache, w *wrapper) {
			w.setMany = func(ctx context.Context, values map[string]string, ttl time.Duration) error {
				for key, value := range values {
					if _, err := m.SetIfAbsent(ctx, key, value, ttl); err != nil {
						return err
					}
				}
				return nil
			}
		},
	},
	{
		name: "SetMany ignores its ttl", breaks: "law 1 (life): what SetMany stored lives for its ttl",
		bug: func(m *mapCache, w *wrapper) {
			w.setMany = func(ctx context.Context, values map[string]string, ttl time.Duration) error {
				return m.SetMany(ctx, values, min(ttl, 0))
			}
		},
	},
	{
		name: "SetMany takes a negative ttl", breaks: "contract (SetMany): a ttl below 0 is ErrInvalidTTL",
		bug: func(m *mapCache, w *wrapper) {
			w.setMany = func(ctx context.Context, values map[string]string, ttl time.Duration) error {
				return m.SetMany(ctx, values, max(ttl, 0))
			}
		},
	},
	{
		name: "SetMany of nothing is an error", breaks: "contract (SetMany): SetMany of nothing is no error",
		bug: func(m *mapCache, w *wrapper) {
			w.setMany = func(ctx context.Context, values map[string]string, ttl time.Duration) error {
				if len(values) == 0 {
					return errors.New("nothing to set")
				}
				return m.SetMany(ctx, values, ttl)
			}
		},
	},
	{
		name: "GetMany of nothing is an error", breaks: "contract (GetMany): GetMany of no keys",
		bug: func(m *mapCache, w *wrapper) {
			w.getMany = func(ctx context.Context, keys []string) (map[string]string, error) {
				if len(keys) == 0 {
					return nil, errors.New("nothing to get")
				}
				return m.GetMany(ctx, keys)
			}
		},
	},
	{
		name: "GetMany refuses a key twice", breaks: "contract (GetMany): a key may be asked for twice",
		bug: func(m *mapCache, w *wrapper) {
			w.getMany = func(ctx context.Context, keys []string) (map[string]string, error) {
				found := make(map[string]string)
				for _, key := range keys {
					if _, twice := found[key]; twice {
						return found, errors.New("twice " + key)
					}
					one, err := m.GetMany(ctx, []string{key})
					if err != nil {
						return found, err
					}
					maps.Copy(found, one)
				}
				return found, nil
			}
		},
	},
	{
		name: "Clear ignores its prefix", breaks: "contract (Clear): Clear deletes the keys that begin with its prefix, and only these",
		bug: func(m *mapCache, w *wrapper) { clearsWhere(m, w, func(string, string) bool { return true }) },
	},
	{
		name: "Clear takes its prefix for any part", breaks: "contract (Clear): Clear deletes the keys that begin with its prefix, and only these",
		bug: func(m *mapCache, w *wrapper) { clearsWhere(m, w, strings.Contains) },
	},
	{
		name: "Clear takes its prefix for a pattern", breaks: "contract (Clear): a prefix is taken literally",
		bug: func(m *mapCache, w *wrapper) {
			clearsWhere(m, w, func(key, prefix string) bool {
				for i := range len(key) + 1 {
					if ok, _ := path.Match(prefix, key[:i]); ok {
						return true
					}
				}
				return false
			})
		},
	},
	{
		name: "Clear finds no long keys", breaks: "contract (Clear): Clear finds keys by their prefix however a store writes them",
		bug: func(m *mapCache, w *wrapper) {
			clearsWhere(m, w, func(key, prefix string) bool { return len(key) < 1000 && strings.HasPrefix(key, prefix) })
		},
	},
	{
		name: "Clear needs a prefix", breaks: "contract (Clear): Clear with an empty prefix deletes all keys",
		bug: func(m *mapCache, w *wrapper) {
			clearsWhere(m, w, func(key, prefix string) bool { return prefix != "" && strings.HasPrefix(key, prefix) })
		},
	},
	{
		name: "Clear of nothing is an error", breaks: "contract (Clear): Clear of a prefix that no key has is no error",
		bug: func(m *mapCache, w *wrapper) {
			w.clear = func(ctx context.Context, prefix string) error {
				m.mu.Lock()
				before := len(m.held)
				m.mu.Unlock()
				err := m.Clear(ctx, prefix)
				m.mu.Lock()
				defer m.mu.Unlock()
				if err == nil && len(m.held) == before {
					return advcache.ErrNotFound
				}
				return err
			}
		},
	},
	{
		name: "Clear leaves what is stale", breaks: "contract (Clear): Clear deletes stale and negative entries",
		bug: func(m *mapCache, w *wrapper) {
			clearsWhere(m, w, func(key, prefix string) bool {
				_, hit := m.hit(key)
				return hit && strings.HasPrefix(key, prefix)
			})
		},
	},
	{
		name: "Clear goes on", breaks: "contract (Clear): a key can be set again after Clear, and stays",
		bug: func(m *mapCache, w *wrapper) {
			w.clear = func(ctx context.Context, prefix string) error {
				time.AfterFunc(time.Millisecond, func() { _ = m.Clear(context.WithoutCancel(ctx), prefix) })
				return m.Clear(ctx, prefix)
			}
		},
	},
}
