package keylock_test

import (
	"context"
	"errors"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/advcache/advcache/internal/keylock"
)

func TestLockExcludes(t *testing.T) {
	var locks keylock.Locks
	counts := map[string]*int{"a": new(int), "b": new(int)}
	var group sync.WaitGroup
	for range 8 {
		for key, count := range counts {
			group.Go(func() {
				for range 500 {
					unlock, err := locks.Lock(t.Context(), key)
					if err != nil {
						t.Error(err)
						return
					}
					*count++
					unlock()
				}
			})
		}
	}
	group.Wait()
	for key, count := range counts {
		if *count != 4000 {
			t.Errorf("%s was counted to %d, want 4000", key, *count)
		}
	}
}

func TestLockWaitsNoLongerThanItsContext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var locks keylock.Locks
		unlock, err := locks.Lock(t.Context(), "a")
		if err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		start := time.Now()
		if _, err := locks.LockAll(ctx, []string{"c", "a", "b"}); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("LockAll of a held lock = %v, want the error of its context", err)
		}
		if waited := time.Since(start); waited != time.Second {
			t.Errorf("it waited for %v, want 1s", waited)
		}
		unlock()
		// What LockAll had locked before it gave up is free again.
		again, err := locks.LockAll(t.Context(), []string{"b", "a", "b", "c"})
		if err != nil {
			t.Fatal(err)
		}
		again()
	})
}

func TestLockAllInAnyOrder(t *testing.T) {
	var locks keylock.Locks
	var group sync.WaitGroup
	for _, keys := range [][]string{{"a", "b", "c"}, {"c", "b", "a"}, {"b", "a"}, {"c", "a", "c"}} {
		group.Go(func() {
			for range 300 {
				unlock, err := locks.LockAll(t.Context(), keys)
				if err != nil {
					t.Error(err)
					return
				}
				unlock()
			}
		})
	}
	group.Wait()
}
