package objects

import (
	"context"
	"fmt"
	"sync/atomic"
)

// Lazy is a client that is made of the environment when it is first asked for.
// Make it with [NewLazy]. It is safe for concurrent use.
type Lazy[C any] struct {
	create func(context.Context) (*C, error)
	lock   chan struct{} // of one: a context ends the wait for it
	client atomic.Pointer[C]
}

// NewLazy returns one that calls create, whose context is not cancelled: clients
// keep it, to refresh tokens, and are for those who come later too.
func NewLazy[C any](create func(context.Context) (*C, error)) *Lazy[C] {
	return &Lazy[C]{create: create, lock: make(chan struct{}, 1)}
}

// Get returns the client. An error is not remembered: the environment may mend.
// Where ctx ends first, the client goes on to be made.
func (l *Lazy[C]) Get(ctx context.Context) (*C, error) {
	if c := l.client.Load(); c != nil {
		return c, nil
	}
	select {
	case l.lock <- struct{}{}:
	case <-ctx.Done():
		return nil, waiting(ctx)
	}
	made := make(chan error, 1)
	go func() {
		defer func() { <-l.lock }()
		made <- l.get(context.WithoutCancel(ctx))
	}()
	select {
	case err := <-made:
		return l.client.Load(), err
	case <-ctx.Done():
		return nil, waiting(ctx)
	}
}

// get makes the client, unless somebody else has. The caller holds lock.
func (l *Lazy[C]) get(ctx context.Context) error {
	if l.client.Load() != nil {
		return nil
	}
	c, err := l.create(ctx)
	if err == nil {
		l.client.Store(c)
	}
	return err
}

func waiting(ctx context.Context) error {
	return fmt.Errorf("while the environment was asked for a client: %w", ctx.Err())
}
