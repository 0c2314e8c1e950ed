package filestore

import (
	"context"
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"github.com/advcache/advcache"
	"github.com/advcache/advcache/store"
)

// TestBus: processes of one host tell each other of changes by a folder.
func TestBus(t *testing.T) {
	dir := t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		a, b := store.NewBus(open(t, dir, nil), "!bus", nil), store.NewBus(open(t, dir, nil), "!bus", nil)
		defer b.Close()
		defer a.Close()
		told := make(chan string, 1000)
		if _, err := a.Subscribe(advcache.BusSubscriber{
			Receive:   func(m advcache.Invalidation) { told <- m.Keys[0] },
			Connected: func(is bool) { told <- fmt.Sprint(is) },
		}); err != nil {
			t.Fatal(err)
		}
		hears := func(want string) {
			t.Helper()
			if got := <-told; got != want {
				t.Errorf("it was told %q; want %q", got, want)
			}
		}
		hears("true")
		for i := range 50 {
			key := fmt.Sprint(i)
			noError(t, b.Publish(context.Background(), advcache.Invalidation{Keys: []string{key}}))
			hears(key)
		}
		time.Sleep(time.Hour)
		if len(told) > 0 {
			t.Errorf("it was told %q", <-told)
		}
	})
}
