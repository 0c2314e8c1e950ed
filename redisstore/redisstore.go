package redisstore

import (
	"context"
	"fmt"
	"math/rand/v2"
	"reflect"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/advcache/advcache/store"
)

// Options are those of a [Store]. The zero value is the default.
type Options struct {
	// Name stands in errors and events. Empty: "redis".
	Name string

	// Prefix begins all keys in Redis. A store that shares a database with
	// anybody needs one, for Clear above all; the prefixes of two stores must
	// not begin one another.
	Prefix string
}

// Store is a [store.Store] on Redis or Valkey. It is safe for concurrent use.
// It starts nothing and opens nothing: the client stays with its owner, who
// closes it.
type Store struct {
	client redis.UniversalClient
	single bool // one server has all keys: commands may name many
	obeys  bool // client ends a command at the deadline of its context
	prefix string
	info   store.Info
	reads  joiner
	ghosts ghosts
}

var (
	_ store.Store      = (*Store)(nil)
	_ store.Toucher    = (*Store)(nil)
	_ store.ManyGetter = (*Store)(nil)
	_ store.ManyPutter = (*Store)(nil)
	_ store.Clearer    = (*Store)(nil)
)

const (
	// timeout is what a cache waits for Redis unless it is told otherwise: an
	// origin that takes longer is rare.
	timeout = 250 * time.Millisecond

	// maxSize leaves room for the header in a string, which may have 512 MiB.
	maxSize = 512<<20 - 1<<18
)

// New returns a Store on the server, the servers behind Sentinel, the Cluster or
// the Ring that c is a client of. It sends nothing.
//
// It panics where c is nil, or an AutoPipeliner.
func New(c redis.UniversalClient, o *Options) *Store {
	if c == nil || reflect.ValueOf(c).Kind() == reflect.Pointer && reflect.ValueOf(c).IsNil() {
		panic(fmt.Sprintf("redisstore: New with a client that is nil (%T); it needs one such as redis.NewClient returns", c))
	}
	if o == nil {
		o = &Options{}
	}
	s := &Store{
		client: c,
		prefix: o.Prefix,
		info:   store.Info{Name: o.Name, Timeout: timeout, MaxSize: maxSize},
	}
	s.reads.hurry = s.hurry
	if s.info.Name == "" {
		s.info.Name = "redis"
	}
	switch c := c.(type) {
	case *redis.Client:
		s.single, s.obeys = true, c.Options().ContextTimeoutEnabled
	case *redis.ClusterClient:
		s.obeys = c.Options().ContextTimeoutEnabled
	case *redis.Ring:
		s.obeys = c.Options().ContextTimeoutEnabled
	case *redis.AutoPipeliner:
		panic("redisstore: New with a *redis.AutoPipeliner, which cannot reach all nodes; it needs the client that AutoPipeline was called on")
	}
	return s
}

// Info implements [store.Store].
func (s *Store) Info() store.Info { return s.info }

func (s *Store) key(key string) string { return s.prefix + key }

// newVersion returns a number that no write had before: with 64 random bits,
// two of the writes that one key sees are as good as never the same. Nobody gains
// by guessing one, so it need not be cryptographic.
func newVersion() uint64 {
	for {
		if v := rand.Uint64(); v != 0 {
			return v
		}
	}
}

// process runs one command, whose result cmd has then. Writes are the keys that
// it changes.
func (s *Store) process(ctx context.Context, cmd redis.Cmder, writes ...string) error {
	cmd.SetStepCount(1) // else a ClusterClient asks for it, with no regard to ctx
	if s.direct(ctx) {  // without a closure, which costs allocations
		if err := s.ghosts.gone(ctx, writes); err != nil {
			return err
		}
		return s.explain(ctx, s.client.Process(ctx, cmd))
	}
	return s.aside(ctx, cmd, writes)
}

func (s *Store) aside(ctx context.Context, cmd redis.Cmder, writes []string) error {
	_, err := s.run(ctx, writes, func() error { return s.client.Process(ctx, cmd) })
	return err
}
