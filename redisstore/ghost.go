package redisstore

import (
	"context"
	"fmt"
	"slices"
	"sync"
)

// ghosts are writes that may go on when their callers have left: a client that
// does not watch contexts sends what it was given as soon as there is a server.
// Who writes the key next waits for their end, or a ghost would undo a delete
// that has succeeded since.
type ghosts struct {
	mu   sync.Mutex
	held map[string]chan struct{} // of keys: closed at the end of the write
}

// enter registers a write of keys, after waiting for those under way. The write
// calls leave when it is really over.
func (g *ghosts) enter(ctx context.Context, keys []string) (leave func(), err error) {
	keys = slices.Compact(slices.Sorted(slices.Values(keys))) // in one order, so that two do not wait for each other
	over := make(chan struct{})
	var entered []string
	leave = func() {
		g.mu.Lock()
		defer g.mu.Unlock()
		for _, key := range entered {
			delete(g.held, key)
		}
		close(over)
	}
	for _, key := range keys {
		for {
			under := g.take(key, over)
			if under == nil {
				entered = append(entered, key)
				break
			}
			if err := wait(ctx, under); err != nil {
				leave()
				return nil, err
			}
		}
	}
	return leave, nil
}

// take registers a key, or returns the end of the write that has it.
func (g *ghosts) take(key string, over chan struct{}) (under chan struct{}) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if under := g.held[key]; under != nil {
		return under
	}
	if g.held == nil {
		g.held = make(map[string]chan struct{})
	}
	g.held[key] = over
	return nil
}

// gone waits for the writes of keys, for who cannot become a ghost.
func (g *ghosts) gone(ctx context.Context, keys []string) error {
	if len(keys) == 0 {
		return nil
	}
	return g.await(ctx, func(key string) bool { return slices.Contains(keys, key) })
}

// await waits for the writes of keys that match.
func (g *ghosts) await(ctx context.Context, match func(key string) bool) error {
	for {
		under := g.find(match)
		if under == nil {
			return nil
		}
		if err := wait(ctx, under); err != nil {
			return err
		}
	}
}

func (g *ghosts) find(match func(key string) bool) chan struct{} {
	g.mu.Lock()
	defer g.mu.Unlock()
	for key, under := range g.held {
		if match(key) {
			return under
		}
	}
	return nil
}

func wait(ctx context.Context, under chan struct{}) error {
	select {
	case <-under:
		return nil
	case <-ctx.Done():
		return fmt.Errorf("redisstore: an earlier write of the key, left by its caller, has not ended: %w", ctx.Err())
	}
}
