package advcache

import (
	"context"
	"time"
)

// Bus carries invalidations between the processes that share a level, so that
// each can drop its own copies. No values travel. redisstore.NewBus makes one on
// Redis, and store.NewBus one on an object of any store. A Bus is safe for
// concurrent use, serves any number of chains, and is its owner's to close.
type Bus interface {
	// Publish hands m to the bus, for all subscribers, also those of this
	// process. An error means that others may not be told. A message may be
	// delivered twice, and a long one in several parts. After the bus is closed,
	// it gives [ErrClosed].
	Publish(ctx context.Context, m Invalidation) error

	// Subscribe has s told of what is published, until stop is called, which
	// waits for the calls of s that are under way, and so must not be called by
	// one of them. Where the bus is closed before that, s is told so by
	// Connected(false).
	Subscribe(s BusSubscriber) (stop func(), err error)
}

// Invalidation is one message of a [Bus].
type Invalidation struct {
	// Cache is the name of the caches that are concerned: those of other names
	// ignore the message.
	Cache string

	// Origin identifies the cache that made the change, in one process: it has
	// dropped its own copies already.
	Origin string

	// At is when the change was made, by the clock of the process that made it.
	At time.Time

	// Keys are those that were set or deleted.
	Keys []string

	// All says that every key which begins with Prefix was deleted.
	All    bool
	Prefix string

	// Tags are those that were invalidated: what was made before At is dead.
	Tags []string
}

// BusSubscriber is what a [Bus] tells its subscribers. The calls for one
// subscriber come one after the other, in the order of the messages. They must be
// quick, since others wait. A nil function is not called. What a message holds is
// shared by all subscribers, and must not be changed.
type BusSubscriber struct {
	// Receive is told of each message.
	Receive func(Invalidation)

	// Connected is told whether messages arrive: of false when the bus has
	// found that some may be lost from now on, or may have been lost lately;
	// and of true when those that are published from now on will arrive. A
	// subscriber begins with false. True may follow true, where the bus has lost
	// messages in between.
	Connected func(bool)
}
