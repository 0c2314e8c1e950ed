// Webapp is a small web service of two instances over three tiers: memory, Redis
// and a bucket, which are one cache to it. It shows what its users see: of reads,
// of changes made through the other instance, and while Redis, the bucket or both
// are away. All of it is measured, by real requests.
//
// Without flags Redis and the bucket are inside the process:
//
//	go run ./examples/webapp
//	go run ./examples/webapp -redis localhost:6379 -bucket my-bucket
//	go run ./examples/webapp -bucket my-bucket -s3-endpoint http://127.0.0.1:9000
//	go run ./examples/webapp -listen localhost:8080
//
// A real bucket takes the region and credentials of the environment. With -listen
// it serves until it is interrupted: two that have Redis and a bucket in common
// are instances of one service.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"os"
	"os/signal"
	"sync/atomic"
	"syscall"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/advcache/advcache"
	"github.com/advcache/advcache/codec"
	"github.com/advcache/advcache/inmem"
	"github.com/advcache/advcache/redisstore"
	"github.com/advcache/advcache/s3store"
	"github.com/advcache/advcache/store"
)

const (
	chainName = "articles"
	ttlName   = "ttl"
	prefix    = "advcache-webapp/"
)

// instance is one process of the service, as it would be.
type instance struct {
	*service

	url    string
	server *http.Server
	ttl    *advcache.TTL[Key, Article]
	memory *inmem.Cache[Article]
	shared [2]*store.Cache[Article] // Redis and the bucket
	redis  *redis.Client
}

// newInstance wires an instance: this is what to copy.
func newInstance(t *tiers, db *database, logger *slog.Logger) *instance {
	rdb := t.redisClient()
	memory := inmem.New[Article](nil)
	near := store.New[Article](redisstore.New(rdb, &redisstore.Options{Prefix: prefix}), &store.Options{Logger: logger})
	far := store.New[Article](s3store.New(t.bucketClient, t.bucketName, &s3store.Options{Prefix: prefix, Logger: logger}),
		&store.Options{Codec: codec.JSON, Logger: logger})

	stats := advcache.NewStats()
	bus := &watchedBus{Bus: redisstore.NewBus(rdb, &redisstore.BusOptions{Heartbeat: 200 * time.Millisecond, Logger: logger})}
	// Soon left out, and soon tried again: the story is short.
	breaker := advcache.Breaker{Failures: 3, Window: time.Second}
	chain := advcache.NewChainWith(
		&advcache.ChainOptions{Name: chainName, Bus: bus, Namespaces: namespaces(), Observer: stats.Observer()},
		advcache.Level(memory, time.Minute),
		advcache.Level(near, 10*time.Minute).With(advcache.LevelOptions{Breaker: breaker}),
		advcache.Level(far, 24*time.Hour).With(advcache.LevelOptions{Breaker: breaker, Timeout: 300 * time.Millisecond}),
	)
	ttl := advcache.NewTTL[Key](chain, time.Hour, &advcache.TTLOptions{
		Name: ttlName, Stale: time.Minute, StaleIfError: time.Hour, NegativeTTL: time.Second, Observer: stats.Observer(),
	})

	s := &service{db: db, chain: chain, bus: bus, stats: stats, articles: ttl.Func(template, db.load)}
	return &instance{
		service: s, ttl: ttl, memory: memory, shared: [2]*store.Cache[Article]{near, far}, redis: rdb,
		server: &http.Server{Handler: s.handler(), ReadHeaderTimeout: 5 * time.Second},
	}
}

// serve has the instance answer at an address.
func (i *instance) serve(ctx context.Context, addr string) error {
	listener, err := new(net.ListenConfig).Listen(ctx, "tcp", addr)
	if err != nil {
		return err
	}
	i.url = "http://" + listener.Addr().String()
	go func() { _ = i.server.Serve(listener) }() // until shutdown
	return nil
}

// shutdown ends the instance from the outside to the inside, so that nothing is
// used after its end: who asks, what loads, what writes, and then the clients.
func (i *instance) shutdown(ctx context.Context) error {
	return errors.Join(
		i.server.Shutdown(ctx),
		i.ttl.Close(ctx),
		i.chain.Close(ctx),
		i.bus.Close(),
		i.memory.Close(),
		i.redis.Close(),
	)
}

// watchedBus knows whether messages arrive, for /health.
type watchedBus struct {
	*redisstore.Bus

	connected atomic.Bool
}

// Subscribe implements advcache.Bus.
func (b *watchedBus) Subscribe(s advcache.BusSubscriber) (stop func(), err error) {
	tell := s.Connected
	s.Connected = func(connected bool) {
		tell(connected)
		b.connected.Store(connected)
	}
	return b.Bus.Subscribe(s)
}

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	context.AfterFunc(ctx, stop) // a second interrupt ends the program the hard way
	err := run(ctx, os.Args[1:], os.Stdout, os.Stderr)
	stop()
	if err != nil && !errors.Is(err, flag.ErrHelp) {
		fmt.Fprintln(os.Stderr, "webapp:", err)
		os.Exit(1)
	}
}

// options are the flags.
type options struct{ redis, bucket, endpoint, listen string }

// run is the program.
func run(ctx context.Context, args []string, out, errOut io.Writer) (err error) {
	var o options
	flags := flag.NewFlagSet("webapp", flag.ContinueOnError)
	flags.SetOutput(errOut)
	flags.StringVar(&o.redis, "redis", "", "`address` of Redis or Valkey; empty: one inside this process")
	flags.StringVar(&o.bucket, "bucket", "", "`name` of a bucket of S3; empty: one inside this process")
	flags.StringVar(&o.endpoint, "s3-endpoint", "", "`URL` of a server that speaks the protocol of S3 and has the bucket")
	flags.StringVar(&o.listen, "listen", "", "`address` to serve at until interrupted, instead of the story")
	if err := flags.Parse(args); err != nil {
		return err
	}
	redis.SetLogger(noLog{}) // what it would say stands in /health
	t, err := openTiers(ctx, &o)
	if err != nil {
		return err
	}
	defer t.close()
	if o.listen == "" {
		return newStory(t, out).tell(ctx)
	}
	i := newInstance(t, newDatabase(), slog.Default())
	if err := i.serve(ctx, o.listen); err != nil {
		return err
	}
	fmt.Fprintf(out, "curl -i -H 'X-Explain: 1' %s/articles/news/1\n", i.url)
	<-ctx.Done()
	ending, cancel := context.WithTimeout(context.WithoutCancel(ctx), 10*time.Second)
	defer cancel()
	return i.shutdown(ending)
}

type noLog struct{}

// Printf implements the logger of redis.
func (noLog) Printf(context.Context, string, ...any) {}
