package s3store_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/advcache/advcache"
	"github.com/advcache/advcache/store"
)

// TestTooManyTags holds that an entry whose tags do not fit is refused before it
// is sent, and that the value which it was to replace is not served any more.
func TestTooManyTags(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx := context.Background()
		s, server := newStore(nil, nil)
		c := store.New[string](s, nil)
		for _, entry := range []advcache.Entry[string]{
			{Value: "new", Tags: []string{strings.Repeat("t", 2000)}},
			{Value: "new", Tags: []string{strings.Repeat("ü", 500)}},
			{Absent: true, Tags: []string{strings.Repeat("t", 2000)}, FreshUntil: time.Now().Add(time.Hour)},
		} {
			if err := c.Set(ctx, "k", "old", time.Hour); err != nil {
				t.Fatal(err)
			}
			server.Reset()
			err := c.SetEntry(ctx, "k", entry)
			if !errors.Is(err, store.ErrTooLarge) || !strings.Contains(err.Error(), "tags") || server.Requests().PutObject != 0 {
				t.Errorf("SetEntry = %v, after %v; want ErrTooLarge, about tags", err, server.Requests())
			}
			if got, ok, err := c.Get(ctx, "k"); ok || err != nil {
				t.Errorf("Get = %q, %v, %v; want a miss", got, ok, err)
			}
		}
		fits := advcache.Entry[string]{Value: "v", Tags: []string{strings.Repeat("t", 1700)}}
		if err := c.SetEntry(ctx, "k", fits); err != nil {
			t.Errorf("SetEntry of tags that fit = %v", err)
		}
	})
}
