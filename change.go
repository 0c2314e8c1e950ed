package advcache

import (
	"context"
	"time"
)

func (e *engine[V]) set(ctx context.Context, key string, v V, life func(V) time.Duration, tagsOf func(V) []string) error {
	if e.ttl == 0 {
		return nil
	}
	start := time.Now()
	var lasts time.Duration
	var tags []string
	if err := guard(func() error {
		lasts = e.lifeOf(v, life)
		if tagsOf != nil {
			tags = tagsOf(v)
		}
		return nil
	}); err != nil {
		return e.opError("set", key, err)
	}
	entry, keep := e.entryFor(v, start, lasts)
	entry.Tags = tags
	if !keep {
		return e.invalidate(ctx, []string{key})
	}
	if err := e.level.set(ctx, key, entry); err != nil {
		return e.opError("set", key, err)
	}
	e.backoff.clear(key)
	e.observe.set(key, time.Since(start))
	return nil
}

func (e *engine[V]) invalidate(ctx context.Context, keys []string) error {
	if len(keys) == 0 {
		return nil
	}
	start := time.Now()
	if err := e.level.delete(ctx, keys); err != nil {
		key := ""
		if len(keys) == 1 {
			key = keys[0]
		}
		return e.opError("delete", key, err)
	}
	for _, key := range keys {
		e.backoff.clear(key)
		e.observe.deleted(key, time.Since(start))
	}
	return nil
}
