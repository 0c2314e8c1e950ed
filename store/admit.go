package store

import (
	"errors"
	"fmt"

	"github.com/advcache/advcache"
)

// bounds are the bytes that a body must and may have. 0: any number.
type bounds struct{ least, most int64 }

// errOutside says that a value is not to be kept, since its body is too small or
// too large: what the key holds is removed instead.
var errOutside = errors.New("the value is smaller or larger than the level takes")

func (b bounds) check(size int64) error {
	if size < b.least || b.most > 0 && size > b.most {
		return errOutside
	}
	return nil
}

// Within implements [advcache.Sized]: it returns the same cache, which does not
// keep values whose bodies, as they are stored, have fewer than minSize bytes or
// more than maxSize; negative entries have none. A write of such a value removes
// what the key holds, and is no error; but SetIfAbsent of one is, since it would
// decide nothing. 0: no such bound.
func (c *Cache[V]) Within(minSize, maxSize int64) advcache.Cache[V] {
	if minSize < 0 || maxSize < 0 {
		panic(fmt.Sprintf("store: Within(%d, %d) is negative; use 0 for no bound, or a number of bytes", minSize, maxSize))
	}
	within := *c
	within.admit = bounds{minSize, maxSize}
	return &within
}
