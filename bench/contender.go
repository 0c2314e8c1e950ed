package main

import (
	"context"
	"fmt"
	"time"

	"github.com/maypok86/otter/v2"
)

// life is the TTL of all entries: long enough that none expires in a run.
const life = time.Hour

// Names that goals refer to.
const (
	nameOurs      = "advcache"
	nameOtter     = "otter, coarse clock"
	nameOtterReal = "otter"
	nameSturdyc   = "sturdyc"
	nameRedis     = "go-redis/cache"
	nameTheine    = "theine"
	nameTTLCache  = "ttlcache"
	nameLRU       = "golang-lru expirable"
	nameGoCache   = "go-cache"
	nameLimit     = "limit: lock-free map"
	nameCall      = "limit: the call alone"
)

// setup is what a contender is built from. It is the same for all of them.
type setup[K comparable] struct {
	kind     keyKind[K]
	capacity int
	load     func(context.Context, K) (*User, error)
	nothing  func(context.Context, K) (*User, error) // answers at once, from nowhere
	clock    *otter.CoarseClock                      // shared by all that take one
}

// subject is a contender that is ready for work.
type subject[K comparable] struct {
	name string
	// get answers one call, loading on a miss.
	get func(ctx context.Context, k K) (*User, error)
	// hits gets each of keys. Every contender has its own loop, so that none
	// pays for an indirect call that its users do not make.
	hits func(keys []K)
	// mix gets nine of ten keys and sets the tenth. Nil where it was not asked for.
	mix func(keys []K)
	// close ends what the contender has running.
	close func()
}

// contender builds a subject.
type contender[K comparable] func(setup[K]) *subject[K]

// clockResolution is how far the coarse clocks may lag: the resolution that
// advcache promises in memory.
const clockResolution = 10 * time.Millisecond

// check fails the program unless a call gave a value. It is small enough to be
// inlined.
func check(u *User, err error) {
	if err != nil || u == nil {
		noValue(err)
	}
}

func noValue(err error) { fail(fmt.Sprintf("a call gave no value: %v", err)) }

// isSet says whether the i-th operation of a mix is a set.
func isSet(i int) bool { return i%10 == 9 }

// fresh is the value that mixes set: one for all, so that the origin's
// allocation is not measured.
var fresh = &User{ID: -1, Name: "Grace", Age: 40}

// fill loads all keys and checks that each gives its own value.
func fill[K comparable](s *subject[K], kind keyKind[K], keys []K) {
	ctx := context.Background()
	for range 2 {
		for _, k := range keys {
			u, err := s.get(ctx, k)
			check(u, err)
			if u.ID != kind.id(k) {
				fail(s.name + " gave the value of another key")
			}
		}
	}
}
