package redisstore

import (
	"context"
	"errors"
	"maps"
	"slices"
	"strings"
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
func (s *Store) GetMany(ctx context.Context, keys []string, want store.Want) ([]*store.Object, error) {
	if want.Now.IsZero() {
		want.Now = time.Now()
	}
	found, at := make([]*store.Object, len(keys)), make([]store.Object, len(keys))
	take := func(i int, data []byte) {
		if obj, ok := judge(data, &want); ok {
			at[i] = obj
			found[i] = &at[i]
		}
	}
	return found, s.batches(ctx, "get", keys, func(first int, batch []string) []error {
		if s.single {
			return s.mget(ctx, batch, func(i int, data []byte) { take(first+i, data) })
		}
		return s.pipeline(ctx, "get", batch, false, func(key string) redis.Cmder {
			return redis.NewStringCmd(ctx, "get", s.key(key))
		}, func(i int, cmd redis.Cmder) {
			data, _ := cmd.(*redis.StringCmd).Bytes()
			take(first+i, data)
		})
	})
}

func (s *Store) mget(ctx context.Context, keys []string, take func(i int, data []byte)) []error {
	cmd := redis.NewSliceCmd(ctx, s.keyArgs("mget", keys)...)
	if err := s.process(ctx, cmd); err != nil {
		return []error{s.opError("get", "", err)}
	}
	for i, value := range cmd.Val() {
		if text, ok := value.(string); ok && i < len(keys) {
			// The text is new, and nobody writes to a body: no copy.
			take(i, unsafe.Slice(unsafe.StringData(text), len(text)))
		}
	}
	return nil
}

// keyArgs returns a command of many keys, in few pieces of memory.
func (s *Store) keyArgs(command string, keys []string) []any {
	size := len(s.prefix) * len(keys)
	for _, key := range keys {
		size += len(key)
	}
	var all strings.Builder
	all.Grow(size)
	full := make([]string, len(keys))
	args := make([]any, 1, 1+len(keys))
	args[0] = command
	for i, key := range keys {
		start := all.Len()
		all.WriteString(s.prefix)
		all.WriteString(key)
		full[i] = all.String()[start:]
		args = append(args, &full[i])
	}
	return args
}

// PutMany implements [store.ManyPutter] by pipelines of SETs, one for each node.
func (s *Store) PutMany(ctx context.Context, objs map[string]store.Object) error {
	values := make(map[string][]byte, min(len(objs), batchKeys))
	var errs []error
	size := 0
	flush := func() {
		errs = append(errs, s.batches(ctx, "set", slices.Collect(maps.Keys(values)), func(_ int, keys []string) []error {
			return s.pipeline(ctx, "set", keys, true, func(key string) redis.Cmder {
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
