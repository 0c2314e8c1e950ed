package redisstore

import (
	"context"
	"errors"
	"strings"
	"sync"

	"github.com/redis/go-redis/v9"
)

// Delete implements [store.Store] by UNLINK: of all keys on a single server, else
// by one pipeline for each node.
func (s *Store) Delete(ctx context.Context, keys ...string) error {
	if len(keys) == 1 {
		return s.process(ctx, redis.NewIntCmd(ctx, "unlink", s.key(keys[0])), keys[0])
	}
	return s.batches(ctx, "delete", keys, func(_ int, batch []string) []error {
		if !s.single {
			return s.pipeline(ctx, "delete", batch, true, func(key string) redis.Cmder {
				return redis.NewIntCmd(ctx, "unlink", s.key(key))
			}, nil)
		}
		if err := s.process(ctx, redis.NewIntCmd(ctx, s.keyArgs("unlink", batch)...), batch...); err != nil {
			return []error{s.opError("delete", "", err)}
		}
		return nil
	})
}

// Clear implements [store.Clearer] by SCAN on every master, and UNLINK of what it
// finds. Without Options.Prefix, and with an empty prefix, that is the whole
// database, whoever wrote it. Shards of a Ring that are down keep their keys.
func (s *Store) Clear(ctx context.Context, prefix string) error {
	var (
		mu   sync.Mutex
		errs []error
	)
	scan := func(ctx context.Context, node redis.Cmdable) {
		if err := s.clearNode(ctx, node, s.key(prefix)); err != nil {
			mu.Lock()
			errs = append(errs, err)
			mu.Unlock()
		}
	}
	each := func(ctx context.Context, node *redis.Client) error { //nolint:unparam // nil lets the client go on to the other nodes
		scan(ctx, node)
		return nil
	}
	if err := s.ghosts.await(ctx, func(key string) bool { return strings.HasPrefix(key, prefix) }); err != nil {
		return err
	}
	_, err := s.run(ctx, nil, func() (err error) {
		switch c := s.client.(type) {
		case interface {
			ForEachMaster(ctx context.Context, fn func(ctx context.Context, node *redis.Client) error) error
		}:
			err = c.ForEachMaster(ctx, each)
		case interface {
			ForEachShard(ctx context.Context, fn func(ctx context.Context, node *redis.Client) error) error
		}:
			err = c.ForEachShard(ctx, each)
		default:
			scan(ctx, c)
		}
		mu.Lock()
		defer mu.Unlock()
		return errors.Join(append(errs, err)...)
	})
	return err
}

// page is how many keys a SCAN looks at: a server answers nobody else meanwhile.
const page = 1000

// clearNode deletes the keys of one node that begin with prefix. The deletes go
// through the client of all, since a key may have moved to another node.
func (s *Store) clearNode(ctx context.Context, node redis.Cmdable, prefix string) error {
	pattern := globs.Replace(prefix) + "*"
	for cursor := uint64(0); ; {
		if err := ctx.Err(); err != nil {
			return err
		}
		found, next, err := node.Scan(ctx, cursor, pattern, page).Result()
		if err != nil {
			return s.explain(ctx, err)
		}
		keys := found[:0]
		for _, key := range found {
			// Never more than what was asked for, whatever a server makes of patterns.
			if key, ok := strings.CutPrefix(key, s.prefix); ok && strings.HasPrefix(s.key(key), prefix) {
				keys = append(keys, key)
			}
		}
		if err := s.Delete(ctx, keys...); err != nil {
			return err
		}
		if next == 0 {
			return nil
		}
		cursor = next
	}
}

// globs escapes what a pattern of Redis does not take literally.
var globs = strings.NewReplacer(`\`, `\\`, `*`, `\*`, `?`, `\?`, `[`, `\[`, `]`, `\]`)
