package redisstore

import (
	"context"
	"errors"
	"maps"
	"slices"
	"sync"

	"github.com/redis/go-redis/v9"

	"github.com/advcache/advcache"
)

// batches calls do for the keys of one batch after the other, with the place of
// its first, until ctx is done.
func (s *Store) batches(ctx context.Context, op string, keys []string, do func(first int, batch []string) []error) error {
	var errs []error
	first := 0
	for batch := range slices.Chunk(keys, batchKeys) {
		if err := ctx.Err(); err != nil {
			return errors.Join(append(errs, s.opError(op, "", err))...)
		}
		errs = append(errs, do(first, batch)...)
		first += len(batch)
	}
	return errors.Join(errs...)
}

// pipeline sends one command for each key, to all nodes at once, and hands those
// that succeeded to done, with the place of the key. A node that does not answer costs the answers of its
// own keys only.
func (s *Store) pipeline(
	ctx context.Context, op string, keys []string, writes bool, command func(key string) redis.Cmder, done func(i int, cmd redis.Cmder),
) []error {
	var (
		mu   sync.Mutex
		errs []error
		wg   sync.WaitGroup
	)
	for _, group := range s.groups(ctx, keys) {
		wg.Go(func() {
			// Made here: who is left alone must not read what the caller may change.
			cmds := make([]redis.Cmder, len(group))
			var written []string
			for n, i := range group {
				cmds[n] = command(keys[i])
				if writes {
					written = append(written, keys[i])
				}
			}
			left, err := s.run(ctx, written, func() error {
				pipe := s.client.Pipeline()
				for _, cmd := range cmds {
					_ = pipe.Process(ctx, cmd) // queues it
				}
				_, err := pipe.Exec(ctx)
				settle(cmds, err)
				return err
			})
			mu.Lock()
			defer mu.Unlock()
			if left {
				errs = append(errs, s.opError(op, "", err))
				return
			}
			for n, cmd := range cmds {
				switch err := cmd.Err(); {
				case err == nil:
					if done != nil {
						done(group[n], cmd)
					}
				case !errors.Is(err, redis.Nil):
					errs = append(errs, s.opError(op, keys[group[n]], s.explain(ctx, err)))
				}
			}
		})
	}
	wg.Wait()
	return errs
}

// settle gives the error of a pipeline to the commands, where it is that of none
// of them: a hook that did not let them through leaves them without one, and
// without an answer.
func settle(cmds []redis.Cmder, err error) {
	if err == nil {
		return
	}
	for _, cmd := range cmds {
		if own := cmd.Err(); own != nil && errors.Is(err, own) {
			return // the client has given each its own
		}
	}
	for _, cmd := range cmds {
		if cmd.Err() == nil {
			cmd.SetErr(err)
		}
	}
}

// groups splits keys, by their places, after the node that has them. Where that
// is not known, they stay together: the client sends each to the right one all
// the same.
func (s *Store) groups(ctx context.Context, keys []string) [][]int {
	together := func() [][]int {
		all := make([]int, len(keys))
		for i := range all {
			all[i] = i
		}
		return [][]int{all}
	}
	var nodeOf func(key string) (*redis.Client, error)
	switch c := s.client.(type) {
	case *redis.ClusterClient:
		nodeOf = func(key string) (*redis.Client, error) { return c.MasterForKey(ctx, key) }
	case *redis.Ring:
		nodeOf = c.GetShardClientForKey
	default:
		return together()
	}
	keys = slices.Clone(keys) // see pipeline
	byNode := make(map[*redis.Client][]int)
	_, err := s.run(ctx, nil, func() error {
		for i, key := range keys {
			node, err := nodeOf(s.key(key))
			if err != nil {
				return err
			}
			byNode[node] = append(byNode[node], i)
		}
		return nil
	})
	if err != nil {
		return together()
	}
	return slices.Collect(maps.Values(byNode))
}

// opError says which of many keys or batches failed.
func (s *Store) opError(op, key string, err error) error {
	return &advcache.OpError{Op: op, Backend: s.info.Name, Key: key, Err: err}
}
