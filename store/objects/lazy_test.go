package objects

import (
	"context"
	"errors"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

// TestLazy holds that a client is made once, for all who ask, that an error is not
// remembered, and that who leaves leaves alone.
func TestLazy(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		type client struct{ n int }
		made, failing := 0, errors.New("no credentials")
		l := NewLazy(func(ctx context.Context) (*client, error) {
			time.Sleep(time.Second)
			if made++; made == 1 {
				return nil, failing
			}
			return &client{made}, ctx.Err()
		})
		if c, err := l.Get(t.Context()); c != nil || !errors.Is(err, failing) {
			t.Errorf("Get = %v, %v; want %v", c, err, failing)
		}
		short, cancel := context.WithTimeout(t.Context(), 10*time.Millisecond)
		defer cancel()
		began := time.Now()
		if _, err := l.Get(short); !errors.Is(err, context.DeadlineExceeded) || time.Since(began) > 10*time.Millisecond {
			t.Errorf("Get = %v after %v; want the end of the context", err, time.Since(began))
		}
		var group sync.WaitGroup
		for range 10 {
			group.Go(func() {
				if c, err := l.Get(t.Context()); err != nil || c.n != 2 {
					t.Errorf("Get = %v, %v; want what the one who left has begun to make", c, err)
				}
			})
		}
		group.Wait()
		if made != 2 {
			t.Errorf("it was made %d times; want 2", made)
		}
	})
}
