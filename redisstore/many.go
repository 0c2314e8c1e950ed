package redisstore

import (
	"context"
	"errors"
	"maps"
	"slices"
	"time"
	"unsafe"

	"github.com/redis/go-redis/v9"

	"github.com/advcache/advcache/store"
)

// A batch has no more keys and bytes than these: a server answers nobody else
// while it works on one command, and both sides hold all of a pipeline.
const (
	batchKeys  = 512
	batchBytes = 8 << 20
)

// GetMany implements [store.ManyGetter]: by MGET on a single server, else by one
// pipeline of GETs for each node. A value of a wrong type is a miss on a single
// server, where MGET does not tell, and an error elsewhere.
func (s *Store) GetMany(ctx context.Context, keys []string, want store.Want) (map[string]store.Object, error) {
	if want.Now.IsZero() {
		want.Now = time.Now()
	}
	found := make(map[string]store.Object, len(keys))
	take := func(key string, data []byte) {
		if obj, ok := judge(data, &want); ok {
			found[key] = obj
		}
	}
	return found, s.batches(ctx, "get", keys, func(batch []string) []error {
		if s.single {
			return s.mget(ctx, batch, take)
		}
		return s.pipeline(ctx, "get", batch, func(key string) redis.Cmder {
			return redis.NewStringCmd(ctx, "get", s.key(key))
		}, func(key string, cmd redis.Cmder) {
			data, _ := cmd.(*redis.StringCmd).Bytes()
			take(key, data)
		})
	})
}

func (s *Store) mget(ctx context.Context, keys []string, take func(key string, data []byte)) []error {
	args := make([]any, 1, 1+len(keys))
	args[0] = "mget"
	for _, key := range keys {
		args = append(args, s.key(key))
	}
	cmd := redis.NewSliceCmd(ctx, args...)
	if err := s.process(ctx, cmd); err != nil {
		return []error{s.opError("get", "", err)}
	}
	for i, value := range cmd.Val() {
		if text, ok := value.(string); ok && i < len(keys) {
			// The text is new, and nobody writes to a body: no copy.
			take(keys[i], unsafe.Slice(unsafe.StringData(text), len(text)))
		}
	}
	return nil
}

// PutMany implements [store.ManyPutter] by pipelines of SETs, one for each node.
func (s *Store) PutMany(ctx context.Context, objs map[string]store.Object) error {
	values := make(map[string][]byte, min(len(objs), batchKeys))
	var errs []error
	size := 0
	flush := func() {
		errs = append(errs, s.batches(ctx, "set", slices.Collect(maps.Keys(values)), func(keys []string) []error {
			return s.pipeline(ctx, "set", keys, func(key string) redis.Cmder {
				obj := objs[key]
				return setCmd(ctx, s.key(key), values[key], lifeOf(&obj.Meta))
			}, nil)
		}))
		clear(values)
		size = 0
	}
	for key, obj := range objs {
		value, err := envelope(&obj, newVersion())
		if err != nil {
			errs = append(errs, s.opError("set", key, err))
			continue
		}
		values[key] = value
		if size += len(value); size >= batchBytes || len(values) == batchKeys {
			flush()
		}
	}
	flush()
	return errors.Join(errs...)
}
