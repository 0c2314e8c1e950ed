package advcache_test

import (
	"context"
	"fmt"
	"sync"
	_ "testing/synctest" // time.Sleep stands in bubbles alone
	"time"
)

// origin is where loaders get their values: the n-th load of key 7 gives "7#n".
type origin struct {
	mu    sync.Mutex
	takes time.Duration                                   // of each load; guarded by mu
	err   error                                           // of each load; guarded by mu
	panic any                                             // guarded by mu
	deaf  bool                                            // to its context; guarded by mu
	do    func(context.Context, int, int) (string, error) // instead of all that; guarded by mu
	loads map[int]int                                     // by key; guarded by mu
	ended int                                             // loads that were told to stop; guarded by mu
}

func (o *origin) with(change func(*origin)) *origin {
	o.mu.Lock()
	defer o.mu.Unlock()
	change(o)
	return o
}

func (o *origin) fails(err error) { o.with(func(o *origin) { o.err = err }) }

// total is how often the origin was asked.
func (o *origin) total() (n int) {
	o.mu.Lock()
	defer o.mu.Unlock()
	for _, m := range o.loads {
		n += m
	}
	return n
}

// of is how often the origin was asked for key k.
func (o *origin) of(k int) int {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.loads[k]
}

func (o *origin) stopped() int {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.ended
}

func (o *origin) load(ctx context.Context, k int) (string, error) {
	o.mu.Lock()
	if o.loads == nil {
		o.loads = make(map[int]int)
	}
	o.loads[k]++
	n, takes, err, p, deaf, do := o.loads[k], o.takes, o.err, o.panic, o.deaf, o.do
	o.mu.Unlock()
	if do != nil {
		return do(ctx, k, n)
	}
	switch {
	case deaf:
		time.Sleep(takes)
	case takes > 0:
		select {
		case <-time.After(takes):
		case <-ctx.Done():
			o.with(func(o *origin) { o.ended++ })
			return "", ctx.Err()
		}
	}
	if p != nil {
		panic(p)
	}
	if err != nil {
		return "", err
	}
	return fmt.Sprintf("%d#%d", k, n), nil
}

// loadMany is load for many keys at once. With an error it still returns what
// it has, which is the even keys.
func (o *origin) loadMany(ctx context.Context, ks []int) (map[int]string, error) {
	values := make(map[int]string)
	o.mu.Lock()
	if o.loads == nil {
		o.loads = make(map[int]int)
	}
	for _, k := range ks {
		o.loads[k]++
		if o.err == nil || k%2 == 0 {
			values[k] = fmt.Sprintf("%d#%d", k, o.loads[k])
		}
	}
	takes, err, p, do := o.takes, o.err, o.panic, o.do
	if do != nil {
		clear(values)
		for _, k := range ks {
			if v, err := do(ctx, k, o.loads[k]); err == nil {
				values[k] = v
			}
		}
	}
	o.mu.Unlock()
	if takes > 0 {
		select {
		case <-time.After(takes):
		case <-ctx.Done():
			o.with(func(o *origin) { o.ended++ })
			return nil, ctx.Err()
		}
	}
	if p != nil {
		panic(p)
	}
	return values, err
}
