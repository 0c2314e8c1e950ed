package advcache

import (
	"fmt"
	"log/slog"
	"math"
	"time"
)

// Defaults of [TTLOptions].
const (
	DefaultLoadTimeout    = 30 * time.Second
	DefaultBackoffInitial = 100 * time.Millisecond
	DefaultBackoffMax     = 30 * time.Second
	DefaultHotKeys        = 1 << 17
)

// TTLOptions of [NewTTL]. The zero value is the documented default. Windows are
// measured from the end of an entry's fresh life.
type TTLOptions struct {
	// Name is the name in events and errors. Empty: "ttl".
	Name string

	// Stale is how long a value may be served stale, at once, while it is
	// refreshed in the background (stale-while-revalidate). [TTL.Close] ends the
	// refreshes that are under way. 0: not at all.
	Stale time.Duration

	// StaleIfError is how long a value may be served stale where a load
	// fails, or takes longer than a caller's own deadline. Callers wait for the
	// load first, unless SoftTimeout says otherwise or the load is backing off.
	// 0: not at all.
	StaleIfError time.Duration

	// RefreshAhead is the part of the life, between 0 and 1, after which a hit
	// refreshes the value in the background. 0: off.
	RefreshAhead float64

	// EarlyExpiry makes single hits refresh in the background before the end
	// of the life, at random, the more likely the nearer the end and the
	// longer loads take; so processes that share a cache do not all load at
	// once. It is the factor beta of the XFetch algorithm (Vattani,
	// Chierichetti, Lowenstein: Optimal Probabilistic Cache Stampede
	// Prevention, 2015); 1 is a good value. The time that loads take is a
	// moving average for each wrapped function. 0: off.
	EarlyExpiry float64

	// Jitter is the part of the life, between 0 and 1, of which a random part
	// is taken off each entry, so that entries made together do not end
	// together. 0: off.
	Jitter float64

	// NegativeTTL is how long the origin's word that there is no value
	// ([ErrNotFound]) is remembered. 0: not at all.
	NegativeTTL time.Duration

	// LoadTimeout ends a load, the wait for its turn (MaxConcurrentLoads)
	// included: its context is done then, and its callers have an error that
	// wraps context.DeadlineExceeded, even if the loader does not return.
	// 0: DefaultLoadTimeout.
	LoadTimeout time.Duration

	// SoftTimeout is how long callers wait for a load while there is a value
	// to serve stale within StaleIfError; then they are served that, and the
	// load goes on. It needs StaleIfError longer than Stale. 0: they wait.
	SoftTimeout time.Duration

	// MaxConcurrentLoads bounds the loads at work at the same time; others
	// wait their turn. A load that another load of the same TTL waits for does
	// not wait. 0: no bound.
	// A loader that ignores the end of its context keeps its place until it
	// returns; others then wait, and may end by LoadTimeout without beginning.
	MaxConcurrentLoads int

	// RefreshBackoff says when a failed refresh is tried again.
	RefreshBackoff Backoff

	// MaxKeyLength is the length, in bytes, over which a key is shortened to a
	// readable part and a SHA-256: see [KeyTemplate.Limit]. 0: no limit.
	MaxKeyLength int

	// HotKeys bounds how many keys each wrapped function remembers for its
	// fastest hits, where the cache is in memory. The memory grows with use:
	// about 130 bytes for each, and the sizes of the key and of a V of up to 64
	// bytes. There are none where K holds pointers, whose targets may change.
	// 0: DefaultHotKeys; at most 16,777,216; negative: none.
	HotKeys int

	// Observer is told what happens. Nil costs nothing.
	Observer *Observer

	// Logger gets failures in the background that no Observer is told of, at
	// most one line a second. Nil: slog.Default().
	Logger *slog.Logger
}

// Backoff is the delay after a failure. It doubles with each further one.
type Backoff struct {
	Initial time.Duration // after the first failure. 0: DefaultBackoffInitial
	Max     time.Duration // never more. 0: DefaultBackoffMax, or Initial if that is more
}

// after returns the delay after n failures in a row.
func (b Backoff) after(n int) time.Duration {
	d := b.Initial
	for ; n > 1 && d < b.Max; n-- {
		if d > b.Max/2 { // twice may be more than a Duration holds
			return b.Max
		}
		d *= 2
	}
	return min(d, b.Max)
}

// withDefaults checks the options and fills in what is not set. It panics with
// what is wrong and what would be right.
func (o *TTLOptions) withDefaults(ttl time.Duration) TTLOptions {
	if o == nil {
		o = &TTLOptions{}
	}
	c := *o
	if ttl < 0 {
		panic(fmt.Sprintf("advcache: NewTTL: the ttl %v is negative; use 0 to bypass the cache, or a life", ttl))
	}
	for _, d := range []struct {
		name  string
		value time.Duration
	}{
		{"Stale", c.Stale},
		{"StaleIfError", c.StaleIfError},
		{"NegativeTTL", c.NegativeTTL},
		{"LoadTimeout", c.LoadTimeout},
		{"SoftTimeout", c.SoftTimeout},
		{"RefreshBackoff.Initial", c.RefreshBackoff.Initial},
		{"RefreshBackoff.Max", c.RefreshBackoff.Max},
	} {
		if d.value < 0 {
			panic(fmt.Sprintf("advcache: TTLOptions.%s is %v; use 0 for the default, or a positive duration", d.name, d.value))
		}
	}
	for _, f := range []struct {
		name  string
		value float64
	}{{"RefreshAhead", c.RefreshAhead}, {"Jitter", c.Jitter}} {
		if !(f.value >= 0 && f.value < 1) {
			panic(fmt.Sprintf("advcache: TTLOptions.%s is %v; it is a part of the life, from 0 (off) to below 1", f.name, f.value))
		}
	}
	if !(c.EarlyExpiry >= 0) || math.IsInf(c.EarlyExpiry, 0) {
		panic(fmt.Sprintf("advcache: TTLOptions.EarlyExpiry is %v; it is a factor: 0 is off, 1 a good value", c.EarlyExpiry))
	}
	if c.MaxConcurrentLoads < 0 {
		panic(fmt.Sprintf("advcache: TTLOptions.MaxConcurrentLoads is %d; use 0 for no bound, or a number of loads", c.MaxConcurrentLoads))
	}
	if n := c.MaxKeyLength; n != 0 && n < minKeyLimit {
		panic(fmt.Sprintf("advcache: TTLOptions.MaxKeyLength is %d; use 0 for none, or a length of at least %d bytes", n, minKeyLimit))
	}
	if c.SoftTimeout > 0 && c.StaleIfError <= c.Stale {
		panic("advcache: TTLOptions.SoftTimeout is set, but StaleIfError is not longer than Stale, so that there is never a value to serve meanwhile; set StaleIfError")
	}
	if m := c.RefreshBackoff.Max; m > 0 && m < c.RefreshBackoff.Initial {
		panic(fmt.Sprintf("advcache: TTLOptions.RefreshBackoff.Max is %v, less than Initial, %v; make it the same or more", m, c.RefreshBackoff.Initial))
	}
	c.setDefaults()
	return c
}

func (o *TTLOptions) setDefaults() {
	if o.Name == "" {
		o.Name = "ttl"
	}
	if o.LoadTimeout == 0 {
		o.LoadTimeout = DefaultLoadTimeout
	}
	if o.RefreshBackoff.Initial == 0 {
		o.RefreshBackoff.Initial = DefaultBackoffInitial
		if m := o.RefreshBackoff.Max; m > 0 {
			o.RefreshBackoff.Initial = min(m, DefaultBackoffInitial)
		}
	}
	if o.RefreshBackoff.Max == 0 {
		o.RefreshBackoff.Max = max(DefaultBackoffMax, o.RefreshBackoff.Initial)
	}
	if o.HotKeys == 0 {
		o.HotKeys = DefaultHotKeys
	}
	if o.Logger == nil {
		o.Logger = slog.Default()
	}
}
