package main

import (
	"context"
	"errors"
	"sync"
	"time"

	"github.com/advcache/advcache"
	"github.com/advcache/advcache/inmem"
	"github.com/advcache/advcache/store"
)

// How long reports are kept.
const (
	inMemory = time.Minute
	inBucket = 24 * time.Hour
	stale    = 24 * time.Hour // after that, while a new one is made
)

const memorySize = 256 << 20

// process is what one process of an application has: memory in front of the
// bucket, and the bucket in front of the maker.
type process struct {
	memory  *inmem.Cache[[]byte]
	objects *store.Cache[[]byte]
	front   *advcache.TTL[Key, []byte]
	back    *advcache.TTL[Key, []byte]

	// report is maker.report with both tiers in front of it.
	report func(context.Context, Key) ([]byte, error)
	// stored is maker.report with the bucket in front of it.
	stored *advcache.Func[Key, []byte]

	// refreshed is told of each refresh in the background that has ended.
	refreshed chan struct{}

	mu     sync.Mutex
	failed error // of the bucket, or in the background: callers were served all the same
}

func start(bucket store.Store, m *maker) *process {
	p := &process{refreshed: make(chan struct{}, maxTrees)}
	observer := &advcache.Observer{
		BackendError: p.fail,
		Refresh:      func(advcache.Event) { p.refreshed <- struct{}{} },
		LoadError: func(e advcache.Event) {
			p.fail(e)
			p.refreshed <- struct{}{}
		},
	}
	p.memory = inmem.New[[]byte](&inmem.Options[[]byte]{
		MaxWeight: memorySize,
		Weigher:   func(key string, report []byte) uint32 { return uint32(len(key) + len(report)) }, //nolint:gosec // some MB
	})
	p.objects = store.New[[]byte](bucket, &store.Options{Dedupe: true, Timeout: requestTimeout, Observer: observer})
	p.back = advcache.NewTTL[Key](p.objects, inBucket, &advcache.TTLOptions{Name: "bucket", Stale: stale, Observer: observer})
	p.front = advcache.NewTTL[Key](p.memory, inMemory, &advcache.TTLOptions{Name: "memory"})
	p.stored = p.back.Func(template, m.report)
	p.report = p.front.Cached(template, p.stored.Get)
	return p
}

func (p *process) fail(e advcache.Event) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.failed == nil {
		p.failed = e.Err
	}
}

// settle waits until n refreshes have ended, which Close would cut short.
func (p *process) settle(ctx context.Context, n int) error {
	for range n {
		select {
		case <-p.refreshed:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	return nil
}

// close ends the process. Its error is what went wrong with the bucket, too.
func (p *process) close(ctx context.Context) error {
	err := errors.Join(p.front.Close(ctx), p.back.Close(ctx), p.memory.Close())
	p.mu.Lock()
	defer p.mu.Unlock()
	return errors.Join(err, p.failed)
}
