package advcache

import (
	"context"
	"errors"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/advcache/advcache/internal/flight"
)

// batchFanOut is how many keys of one batch are asked or loaded at once, where
// that takes one request for each.
const batchFanOut = 32

// GetMany returns the values for ks. What the cache does not hold is loaded: by
// one call of a function for many keys ([TTL.FuncMany]), else key by key, 32 at
// once; loads are shared with all other callers of the same keys. Keys that the
// origin does not have are left out of the map. With an error, the map holds
// what could be had, and the error says for each other key what went wrong, as
// an [*OpError].
func (f *Func[K, V]) GetMany(ctx context.Context, ks []K) (map[K]V, error) {
	mustContext(ctx)
	b := &batch[K, V]{f: f, ctx: ctx, values: make(map[K]V, len(ks))}
	ks = distinct(ks)
	if f.engine.ttl == 0 {
		b.bypass(ks)
		return b.values, errors.Join(b.errs...)
	}
	todo := make([]*batchKey[K, V], 0, len(ks))
	for _, k := range ks {
		v, key, ok, err := f.fromMemory(k)
		switch {
		case err != nil:
			b.failOf(k, err)
		case ok:
			f.engine.hits.add()
			b.values[k] = v
		default:
			todo = append(todo, &batchKey[K, V]{k: k, key: key})
		}
	}
	todo = b.fromLevel(todo)
	if f.loadMany != nil {
		b.loadTogether(todo)
	} else {
		b.loadSingly(todo)
	}
	return b.values, errors.Join(b.errs...)
}

// batch is one call of GetMany.
type batch[K comparable, V any] struct {
	f   *Func[K, V]
	ctx context.Context //nolint:containedctx // the batch lives as long as the call that has it

	mu     sync.Mutex
	values map[K]V // guarded by mu while keys are worked on at once
	errs   []error // guarded by mu
}

// batchKey is a key of a batch that was not a plain hit in memory.
type batchKey[K comparable, V any] struct {
	k       K
	key     string
	answer  answer[V]
	verdict verdict
	lookup  time.Duration
	call    *flight.Call[V]
}

func (b *batch[K, V]) have(k K, v V) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.values[k] = v
}

func (b *batch[K, V]) fail(key string, err error) {
	if isNotFound(err) {
		return
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	b.errs = append(b.errs, b.f.engine.opError("load", key, err))
}

// failOf is fail where the key is not at hand.
func (b *batch[K, V]) failOf(k K, err error) {
	key, _ := b.f.key.Key(k) // where there is none, err says so
	b.fail(key, err)
}

func (b *batch[K, V]) bypass(ks []K) {
	if b.f.loadMany != nil {
		values, err := bypass(b.ctx, func(ctx context.Context) (map[K]V, error) { return b.f.loadMany(ctx, slices.Clone(ks)) })
		for _, k := range ks {
			if v, ok := values[k]; ok {
				b.values[k] = v
			} else if err != nil {
				b.failOf(k, err)
			}
		}
		return
	}
	parallel(len(ks), func(i int) {
		k := ks[i]
		guarded(func() (V, error) { return b.f.Get(b.ctx, k) }, func(v V, err error) {
			if err != nil {
				b.failOf(k, err)
				return
			}
			b.have(k, v)
		})
	})
}

// distinct returns ks, each once.
func distinct[K comparable](ks []K) []K {
	seen := make(map[K]struct{}, len(ks))
	once := make([]K, 0, len(ks))
	for _, k := range ks {
		if _, again := seen[k]; !again {
			seen[k] = struct{}{}
			once = append(once, k)
		}
	}
	return once
}

// serve hands the caller its copy of a value that is held.
func (b *batch[K, V]) serve(it *batchKey[K, V]) {
	v, err := b.f.engine.own(it.answer.entry.Value)
	if err != nil {
		b.fail(it.key, err)
		return
	}
	b.values[it.k] = v
}

// fromLevel serves what the level holds, and returns the rest.
func (b *batch[K, V]) fromLevel(todo []*batchKey[K, V]) (rest []*batchKey[K, V]) {
	e := b.f.engine
	start := time.Now()
	keys := make([]string, len(todo))
	for i, it := range todo {
		keys[i] = it.key
	}
	answers := e.level.askMany(b.ctx, keys, &outage{})
	lookup := time.Since(start)
	for i, it := range todo {
		it.answer, it.lookup = answers[i], lookup
	}
	var refresh []*batchKey[K, V]
	for _, it := range todo {
		it.verdict = e.judge(&it.answer, time.Now())
		switch it.verdict {
		case fresh:
			e.hits.add()
			b.serve(it)
			if e.wantsRefresh(&it.answer.entry, time.Now(), &b.f.cost) {
				refresh = append(refresh, it)
			}
		case negative:
			e.observe.negative(it.key, it.lookup)
		case stale:
			e.observe.stale(it.key, it.lookup)
			b.serve(it)
			refresh = append(refresh, it)
		case miss, spare:
			rest = append(rest, it)
		}
	}
	if b.f.loadMany != nil {
		b.refreshTogether(refresh)
	} else {
		for _, it := range refresh {
			e.refresh(b.ctx, it.key, &it.answer, b.f.origin(it.k))
		}
	}
	for _, it := range todo {
		if it.verdict != miss && it.verdict != spare {
			e.level.release(it.key, &it.answer)
		}
	}
	return rest
}

// loadSingly loads key by key, for functions that cannot do better.
func (b *batch[K, V]) loadSingly(todo []*batchKey[K, V]) {
	parallel(len(todo), func(i int) {
		it := todo[i]
		v, err := b.f.engine.load(b.ctx, it.key, &it.answer, b.f.origin(it.k), it.verdict == spare, it.lookup)
		if err != nil {
			b.fail(it.key, err)
			return
		}
		b.have(it.k, v)
	})
}

// parallel calls do for 0 to n-1, batchFanOut at once, and waits for all.
func parallel(n int, do func(i int)) {
	var next atomic.Int64
	var wg sync.WaitGroup
	var work func()
	work = func() {
		over := false
		defer func() {
			if !over { // runtime.Goexit: the rest is for another goroutine
				wg.Go(work)
			}
		}()
		for i := int(next.Add(1)) - 1; i < n; i = int(next.Add(1)) - 1 {
			do(i)
		}
		over = true
	}
	for range min(n, batchFanOut) {
		wg.Go(work)
	}
	wg.Wait()
}
