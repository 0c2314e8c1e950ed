package main

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"time"

	"github.com/advcache/advcache/codec"
	"github.com/advcache/advcache/store"
)

// keeper is a contender that keeps values as bytes somewhere.
type keeper[V any] struct {
	name string
	get  func(ctx context.Context, key string) (V, error)
	set  func(ctx context.Context, key string, value V) error
}

// content is what keepers keep.
type content[V any] struct {
	name  string
	codec codec.Codec
	of    func(id int64) V
}

const (
	small = 1 << 10
	large = 64 << 10
)

// articles are records of about n bytes.
func articles(n int) content[Article] {
	return content[Article]{size(n), codec.Msgpack, func(id int64) Article { return article(id, n) }}
}

// keptKeys is how many keys a keeper has: few, since it is the way of the bytes
// that costs, not the search for them.
const keptKeys = 64

// kept are n keys, which contenders that share a server must not share, and
// their values.
func (c content[V]) kept(owner, n int) (keys []string, values map[string]V) {
	values = make(map[string]V, n)
	for id := range n {
		key := fmt.Sprintf("%d:article:%d", owner, 100_000+id)
		keys = append(keys, key)
		values[key] = c.of(int64(id))
	}
	return keys, values
}

var errMiss = errors.New("a miss")

// advcacheOver is ours, over a byte store.
func advcacheOver[V any](c content[V], name string, s store.Store, timeout time.Duration) (keeper[V], *store.Cache[V]) {
	cache := store.New[V](s, &store.Options{Codec: c.codec, Compression: codec.None, Timeout: timeout})
	return keeperOf(name, cache), cache
}

// keeperOf is ours, however it is set up.
func keeperOf[V any](name string, cache *store.Cache[V]) keeper[V] {
	return keeper[V]{
		name: name,
		get: func(ctx context.Context, key string) (V, error) {
			value, ok, err := cache.Get(ctx, key)
			if !ok && err == nil {
				err = errMiss
			}
			return value, err
		},
		set: func(ctx context.Context, key string, value V) error { return cache.Set(ctx, key, value, life) },
	}
}

// prove fails the program unless the keeper gives back what it is given.
func (k keeper[V]) prove(keys []string, values map[string]V) {
	ctx := context.Background()
	for _, key := range keys {
		k.mustSoon(func() error { return k.set(ctx, key, values[key]) })
		k.mustGive(key, values[key])
	}
}

// mustGive fails the program unless the keeper gives a value.
func (k keeper[V]) mustGive(key string, value V) {
	var got V
	k.mustSoon(func() (err error) {
		got, err = k.get(context.Background(), key)
		return err
	})
	if !reflect.DeepEqual(got, value) {
		fail(k.name + " gave another value than it was given")
	}
}

// mustSoon tries a call until it is in time.
func (k keeper[V]) mustSoon(call func() error) {
	var err error
	for range 10 {
		if err = call(); !errors.Is(err, context.DeadlineExceeded) {
			break
		}
	}
	if err != nil {
		fail(k.name + ": " + err.Error())
	}
}

func (k keeper[V]) reads(keys []string) trial {
	ctx := context.Background()
	return goalless(k.name, loop(keys, func(part []string) {
		for _, key := range part {
			_, err := k.get(ctx, key)
			k.answered(err)
		}
	}))
}

func (k keeper[V]) writes(keys []string, values map[string]V) trial {
	ctx := context.Background()
	return goalless(k.name, loop(keys, func(part []string) {
		for _, key := range part {
			k.answered(k.set(ctx, key, values[key]))
		}
	}))
}

// answered fails the program at an error, but for a timeout: a machine that does
// other things may stop for that long, and then the round counts for nothing.
func (k keeper[V]) answered(err error) { answered(k.name, err) }

func answered(name string, err error) {
	if err != nil && !errors.Is(err, context.DeadlineExceeded) {
		fail(name + ": " + err.Error())
	}
}
