package main

import (
	"context"
	"crypto/sha1" //nolint:gosec // by which Redis names scripts
	"encoding/hex"
	"errors"
	"fmt"
	"net"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"

	"github.com/alicebob/miniredis/v2"
	"github.com/alicebob/miniredis/v2/server"
	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/redis/go-redis/v9"

	"github.com/advcache/advcache/store/storetest/fakes3"
)

// tiers are the servers behind the instances, each behind a switch.
type tiers struct {
	redis, bucket wire

	redisAddr    string
	bucketName   string
	bucketClient *s3.Client
	close        func()
}

// openTiers opens the servers that the flags name, and those inside this process
// instead of the ones that they do not name.
func openTiers(ctx context.Context, o *options) (*tiers, error) {
	t := &tiers{redisAddr: o.redis, bucketName: o.bucket, close: func() {}}
	if o.redis == "" {
		mini := miniredis.NewMiniRedis()
		if err := mini.Start(); err != nil {
			return nil, err
		}
		mini.ClockTTL(true)
		mini.Server().SetPreHook(withStruct())
		t.redisAddr, t.close = mini.Addr(), mini.Close
	}
	if o.bucket == "" {
		t.bucketName = "fake"
		t.bucket.next = fakes3.New(&fakes3.Options{Buckets: []string{t.bucketName}})
		t.bucketClient = s3.New(s3.Options{
			Region:      "us-east-1",
			HTTPClient:  &http.Client{Transport: &t.bucket},
			Credentials: credentials.NewStaticCredentialsProvider("key", "secret", ""),
		})
		return t, nil
	}
	t.bucket.next = http.DefaultTransport
	cfg, err := config.LoadDefaultConfig(ctx, config.WithHTTPClient(&http.Client{Transport: &t.bucket}))
	if err != nil {
		t.close()
		return nil, fmt.Errorf("-bucket: the AWS configuration of this environment is not readable: %w", err)
	}
	if cfg.Region == "" {
		cfg.Region = "us-east-1"
	}
	t.bucketClient = s3.NewFromConfig(cfg, func(so *s3.Options) {
		if o.endpoint != "" {
			so.BaseEndpoint, so.UsePathStyle = aws.String(o.endpoint), true
		}
	})
	return t, nil
}

// redisClient returns a client of one instance.
func (t *tiers) redisClient() *redis.Client {
	rdb := redis.NewClient(&redis.Options{
		Addr:                  t.redisAddr,
		ContextTimeoutEnabled: true, // as redisstore asks for
		// A server that is away is told by the first error: the chain has other
		// levels, and asks again by itself.
		MaxRetries: -1, DialerRetries: 1,
		Dialer: t.redis.dial,
	})
	rdb.AddHook(&t.redis)
	return rdb
}

var errOff = errors.New("switched off")

// wire is the way to a server, with a switch in it. It counts what passes: commands
// of Redis, but for those of the bus, which has its heartbeats, and requests of S3.
type wire struct {
	next     http.RoundTripper
	requests atomic.Int64

	mu    sync.Mutex
	off   bool
	conns map[net.Conn]struct{}
}

// turn turns the server off or on, for all clients.
func (w *wire) turn(on bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.off = !on
	for c := range w.conns {
		_ = c.Close() // those who use it are told
	}
	w.conns = make(map[net.Conn]struct{})
}

func (w *wire) err() error {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.off {
		return errOff
	}
	return nil
}

// RoundTrip is the way to the bucket.
func (w *wire) RoundTrip(r *http.Request) (*http.Response, error) {
	w.requests.Add(1)
	if err := w.err(); err != nil {
		return nil, err
	}
	return w.next.RoundTrip(r)
}

// dial is the way to Redis.
func (w *wire) dial(ctx context.Context, network, addr string) (net.Conn, error) {
	if err := w.err(); err != nil {
		return nil, err
	}
	conn, err := new(net.Dialer).DialContext(ctx, network, addr)
	if err != nil {
		return nil, err
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.off {
		return nil, errors.Join(errOff, conn.Close())
	}
	if w.conns == nil {
		w.conns = make(map[net.Conn]struct{})
	}
	w.conns[conn] = struct{}{}
	return conn, nil
}

// DialHook, ProcessHook and ProcessPipelineHook make a redis.Hook.
func (w *wire) DialHook(next redis.DialHook) redis.DialHook { return next }

func (w *wire) ProcessHook(next redis.ProcessHook) redis.ProcessHook {
	return func(ctx context.Context, cmd redis.Cmder) error {
		if name := cmd.Name(); name != "publish" && name != "role" {
			w.requests.Add(1)
		}
		return next(ctx, cmd)
	}
}

func (w *wire) ProcessPipelineHook(next redis.ProcessPipelineHook) redis.ProcessPipelineHook {
	return func(ctx context.Context, cmds []redis.Cmder) error {
		if cmds[0].Name() == "get" { // not what a client says to a new connection
			w.requests.Add(1)
		}
		return next(ctx, cmds)
	}
}

// structLua is what the scripts of redisstore need of the library struct, which
// Redis has and the server inside this process has not.
const structLua = `local struct = {unpack = function(format, s, at)
	local n = 0
	for i = at, at + tonumber(string.sub(format, 3)) - 1 do n = n * 256 + string.byte(s, i) end
	return n
end}
`

// withStruct gives all scripts that struct. They stay known by their own names.
func withStruct() server.Hook {
	var mu sync.Mutex
	names := make(map[string]string)
	name := func(script string) string {
		sum := sha1.Sum([]byte(script)) //nolint:gosec // as above
		return hex.EncodeToString(sum[:])
	}
	return func(_ *server.Peer, cmd string, args ...string) bool {
		mu.Lock()
		defer mu.Unlock()
		switch {
		case len(args) == 0:
		case strings.EqualFold(cmd, "eval"):
			script := structLua + args[0]
			names[name(args[0])] = name(script)
			args[0] = script
		case strings.EqualFold(cmd, "evalsha") && names[args[0]] != "":
			args[0] = names[args[0]]
		}
		return false
	}
}
