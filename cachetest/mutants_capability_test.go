package cachetest

import (
	"context"
	"errors"
	"time"

	"github.com/advcache/advcache"
)

var errUnsupported = errors.ErrUnsupported

// addsWhere makes SetIfAbsent succeed where free says so.
func addsWhere(m *mapCache, w *wrapper, free func(old stringEntry, there bool) bool) {
	w.setIfAbsent = func(ctx context.Context, key, value string, ttl time.Duration) (bool, error) {
		if ttl < 0 {
			return false, advcache.ErrInvalidTTL
		}
		old, there, err := m.GetEntry(ctx, key)
		if err != nil || !free(old, there) {
			return false, err
		}
		return true, m.Set(ctx, key, value, ttl)
	}
}

var capabilityMutants = []mutant{
	{
		name: "SetIfAbsent is missing", breaks: "contract (harness): a cache has all capabilities but those",
		bug: func(_ *mapCache, w *wrapper) {
			w.setIfAbsent = func(context.Context, string, string, time.Duration) (bool, error) { return false, errUnsupported }
		},
	},
	{
		name: "SetIfAbsent is there, but not declared", without: []string{capSetIfAbsent},
		breaks: "contract (harness): a cache has all capabilities but those",
		bug:    func(*mapCache, *wrapper) {},
	},
	{
		name: "SetIfAbsent is unsupported, but writes", without: []string{capSetIfAbsent},
		breaks: "contract (SetIfAbsent): a cache without SetIfAbsent gives errors.ErrUnsupported and writes nothing",
		bug: func(m *mapCache, w *wrapper) {
			w.setIfAbsent = func(ctx context.Context, key, value string, ttl time.Duration) (bool, error) {
				_ = m.Set(ctx, key, value, ttl)
				return false, errUnsupported
			}
		},
	},
	{
		name: "SetEntryIf is unsupported, but writes", without: []string{capSetEntryIf},
		breaks: "contract (SetEntryIf): a cache without SetEntryIf gives errors.ErrUnsupported and writes nothing",
		bug: func(m *mapCache, w *wrapper) {
			w.setEntryIf = func(ctx context.Context, key string, entry stringEntry, _ advcache.Version) (bool, error) {
				_ = m.SetEntry(ctx, key, entry)
				return false, errUnsupported
			}
		},
	},
	{
		name: "Clear is unsupported, but clears", without: []string{capClear},
		breaks: "contract (Clear): a cache without Clear gives errors.ErrUnsupported and removes nothing",
		bug: func(m *mapCache, w *wrapper) {
			w.clear = func(ctx context.Context, prefix string) error {
				_ = m.Clear(ctx, prefix)
				return errUnsupported
			}
		},
	},
	{
		name: "SetIfAbsent succeeds over fresh", breaks: "contract (SetIfAbsent): SetIfAbsent leaves a fresh entry as it is",
		bug: func(m *mapCache, w *wrapper) { addsWhere(m, w, func(stringEntry, bool) bool { return true }) },
	},
	{
		name: "SetIfAbsent lengthens the life of what is there", breaks: "contract (SetIfAbsent): SetIfAbsent leaves a fresh entry as it is, with its life",
		bug: func(m *mapCache, w *wrapper) {
			w.setIfAbsent = func(ctx context.Context, key, value string, ttl time.Duration) (bool, error) {
				ok, err := m.SetIfAbsent(ctx, key, value, ttl)
				if held, found, _ := m.Get(ctx, key); err == nil && found && !ok {
					err = m.Set(ctx, key, held, ttl)
				}
				return ok, err
			}
		},
	},
	{
		name: "SetIfAbsent fails over stale", breaks: "contract (SetIfAbsent): SetIfAbsent succeeds over a stale entry",
		bug: func(m *mapCache, w *wrapper) {
			addsWhere(m, w, func(old stringEntry, there bool) bool { return !there || old.Absent })
		},
	},
	{
		name: "SetIfAbsent fails over what once was", breaks: "contract (SetIfAbsent): SetIfAbsent succeeds over a dead entry",
		bug: func(m *mapCache, w *wrapper) {
			w.setIfAbsent = func(ctx context.Context, key, value string, ttl time.Duration) (bool, error) {
				m.mu.Lock()
				old, held := m.held[key]
				m.mu.Unlock()
				if held && !old.Absent && ttl >= 0 {
					return false, ctx.Err()
				}
				return m.SetIfAbsent(ctx, key, value, ttl)
			}
		},
	},
	{
		name: "SetIfAbsent leaves the tags", breaks: "contract (SetIfAbsent): what SetIfAbsent stores is as Set stores it",
		bug: func(m *mapCache, w *wrapper) {
			w.setIfAbsent = func(ctx context.Context, key, value string, ttl time.Duration) (bool, error) {
				old, _, _ := m.GetEntry(ctx, key)
				ok, err := m.SetIfAbsent(ctx, key, value, ttl)
				if ok && len(old.Tags) > 0 {
					entry, _, _ := m.GetEntry(ctx, key)
					entry.Tags = old.Tags
					err = m.SetEntry(ctx, key, entry)
				}
				return ok, err
			}
		},
	},
	{
		name: "SetIfAbsent ignores its ttl", breaks: "law 1 (life): what SetIfAbsent stores lives for its ttl",
		bug: func(m *mapCache, w *wrapper) {
			w.setIfAbsent = func(ctx context.Context, key, value string, ttl time.Duration) (bool, error) {
				return m.SetIfAbsent(ctx, key, value, max(ttl, ttl+1))
			}
		},
	},
	{
		name: "SetIfAbsent takes a negative ttl", breaks: "contract (SetIfAbsent): a ttl below 0 is ErrInvalidTTL",
		bug: func(m *mapCache, w *wrapper) {
			w.setIfAbsent = func(ctx context.Context, key, value string, ttl time.Duration) (bool, error) {
				return m.SetIfAbsent(ctx, key, value, max(ttl, 0))
			}
		},
	},
}
