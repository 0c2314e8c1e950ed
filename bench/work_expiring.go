package main

import (
	"context"
	"errors"
	"time"

	"github.com/advcache/advcache/store"
)

// expiredKey is the key of what expires.
const expiredKey = objectKey + "-expired"

// expiring writes a large object that soon expires, and returns what measures
// reads of it once it has, beside head, which asks whether it is there.
func (r *runner) expiring(d *depot, head transfer, headFirst, oneRequest *store.Cache[[]byte], goals judge, notes ...string) (measure func()) {
	ctx := context.Background()
	n := r.hugeSize()
	var gone time.Time
	for soon, there := time.Second, false; !there; soon *= 2 {
		// What has expired before it is on its way is not written.
		if err := headFirst.Set(ctx, expiredKey, noise(n), soon); err != nil {
			fail(err)
		}
		gone = time.Now().Add(soon)
		there = head.op() == nil
	}
	miss := func(name string, cache *store.Cache[[]byte]) transfer {
		return transfer{name, func() error {
			_, ok, err := cache.Get(ctx, expiredKey)
			if ok {
				return errors.New("it gave what has expired")
			}
			return err
		}, goals}
	}
	return func() {
		time.Sleep(time.Until(gone))
		r.transfers(d, "read of an expired "+size(n), r.rounds,
			[]transfer{head, miss(nameHeadFirst, headFirst), miss(nameOneRequest, oneRequest)}, notes...)
	}
}
