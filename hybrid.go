package advcache

import (
	"fmt"
	"log/slog"
	"time"

	"github.com/advcache/advcache/internal/live"
)

// DefaultL1TTL is HybridOptions.L1TTL where none is set.
const DefaultL1TTL = time.Minute

// Hybrid is two caches as one: a fast one in this process, and one that it shares
// with others, or that lasts. It is a [Chain] of two levels, whose first keeps its
// copies for as long again after their limit, to ask the second whether they are
// still the same: then no value is moved.
type Hybrid[V any] struct {
	*Chain[V]
}

// HybridOptions of [NewHybrid]. The zero value is the documented default.
type HybridOptions struct {
	// Name is the name in events and errors, and that by which hybrids of several
	// processes know each other on a Bus. Empty: "hybrid".
	Name string

	// L1TTL is how long level 1 serves a copy before level 2 is asked again.
	// 0: DefaultL1TTL.
	L1TTL time.Duration

	// L2TTL is the longest life of an entry, fresh and stale. It makes no life
	// longer. 0: as asked.
	L2TTL time.Duration

	// L1 and L2 are how the levels are used: see there. Where L1.Keep is 0, it is
	// the L1TTL.
	L1, L2 LevelOptions

	// Bus and Namespaces are as in [ChainOptions].
	Bus        Bus
	Namespaces []string

	// Observer is told what happens, as in [ChainOptions]. Nil costs nothing.
	Observer *Observer

	// Logger gets failures of levels that no Observer is told of, at most one
	// line a second. Nil: slog.Default().
	Logger *slog.Logger
}

// NewHybrid returns l1 over l2. They stay the caller's to close. It panics if the
// options make no sense.
func NewHybrid[V any](l1, l2 Cache[V], o *HybridOptions) *Hybrid[V] {
	if o == nil {
		o = &HybridOptions{}
	}
	for _, d := range []struct {
		name  string
		value time.Duration
	}{{"L1TTL", o.L1TTL}, {"L2TTL", o.L2TTL}} {
		if d.value < 0 {
			panic(fmt.Sprintf("advcache: HybridOptions.%s is %v; use 0 for the default, or a positive duration", d.name, d.value))
		}
	}
	name, ttl, first := o.Name, o.L1TTL, o.L1
	if name == "" {
		name = "hybrid"
	}
	if ttl == 0 {
		ttl = DefaultL1TTL
	}
	if first.Keep == 0 {
		first.Keep = ttl
	}
	first.Local = true
	return &Hybrid[V]{NewChainWith(
		&ChainOptions{Name: name, Bus: o.Bus, Namespaces: o.Namespaces, Observer: o.Observer, Logger: o.Logger},
		Level(l1, ttl).With(first), Level(l2, o.L2TTL).With(o.L2),
	)}
}

// Front implements what [Chain.Front] is for.
func (h *Hybrid[V]) Front() live.Front[V] { return h.frontFor(h) }

func (h *Hybrid[V]) chained() (chain *Chain[V], owner any) { return h.Chain, h }
