package stacks

import (
	"context"
	"flag"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/advcache/advcache"
	"github.com/advcache/advcache/cachetest"
)

const day = 24 * time.Hour

var full = flag.Bool("full", false, "run the whole suite over all compositions, which takes some minutes")

// heavy are the topics that take 95 % of the time over the fake buckets, since they
// have hundreds of keys, or many writers. Compositions have them by turns.
var heavy = []string{"Race", "Keys", "Clear", "Values"}

// light are the others. Of three levels in real time, each composition has a third
// of them.
var light = []string{
	"Miss", "Write", "Delete", "Negative", "Life", "Copy", "Held", "SetIfAbsent", "SetEntryIf", "Version", "GetMany", "SetMany",
	"Revalidate", "Context",
}

// arrangements returns all ways to put n of the backends in a row.
func arrangements(n int) [][]backend {
	if n == 0 {
		return [][]backend{nil}
	}
	var all [][]backend
	for _, before := range arrangements(n - 1) {
		for _, b := range backends {
			if !slices.ContainsFunc(before, func(other backend) bool { return other.name == b.name }) {
				all = append(all, append(slices.Clone(before), b))
			}
		}
	}
	return all
}

// conform runs the suite over what build makes of each arrangement of n backends:
// of the topics that are heavy, those for which has is true. What needs the time
// of the world has the processors for itself.
func conform(t *testing.T, n int, build func(caches []advcache.Cache[string]) advcache.Cache[string], has func(arrangement, topic int) bool) {
	for _, realTime := range []bool{false, true} {
		name, h := "in bubbles", cachetest.Harness{Around: inBubble, Resolution: time.Millisecond}
		if realTime {
			name, h.Around, h.Unit = "in real time", inRealTime, 400*time.Millisecond
		}
		t.Run(name, func(t *testing.T) {
			if realTime {
				shared(t)
			}
			for i, of := range arrangements(n) {
				if realTime != slices.ContainsFunc(of, func(b backend) bool { return b.real }) {
					continue
				}
				names := make([]string, n)
				for j, b := range of {
					names[j] = b.name
				}
				h := h
				h.New = func(t *testing.T) advcache.Cache[string] {
					caches := make([]advcache.Cache[string], n)
					for j, b := range of {
						caches[j] = b.cache(t)
					}
					c := build(caches)
					closes(t, c)
					return c
				}
				h.Except = map[string]string{}
				leave := func(topics []string, has func(topic int) bool) {
					for topic, name := range topics {
						if !*full && !has(topic) {
							h.Except[name] = "it is another composition's turn; -full has all of them"
						}
					}
				}
				leave(heavy, func(topic int) bool { return has(i, topic) })
				if realTime && n > 2 {
					leave(light, func(topic int) bool { return topic%3 == i%3 })
				}
				t.Run(strings.Join(names, " "), func(t *testing.T) {
					t.Parallel()
					cachetest.Run(t, h)
				})
			}
		})
	}
}

func inRealTime(t *testing.T, test func(t *testing.T)) {
	t.Parallel()
	test(t)
}

func inBubble(t *testing.T, test func(t *testing.T)) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		// Instants of the real world are no whole milliseconds, to which some
		// levels cut them.
		time.Sleep(123456 * time.Nanosecond)
		test(t)
	})
}

// closes ends what a chain does in the background when the test ends.
func closes(t *testing.T, c advcache.Cache[string]) {
	t.Helper()
	t.Cleanup(func() {
		if err := c.(interface {
			Close(ctx context.Context) error
		}).Close(context.Background()); err != nil {
			t.Errorf("law 13: Close gives %v", err)
		}
	})
}

// chain has no limits: copies may live as long as what they are copies of.
func chain(caches []advcache.Cache[string]) advcache.Cache[string] {
	levels := make([]advcache.ChainLevel[string], len(caches))
	for i, c := range caches {
		levels[i] = advcache.Level(c, 0)
	}
	return advcache.NewChain(levels...)
}

func hybrid(caches []advcache.Cache[string]) advcache.Cache[string] {
	return advcache.NewHybrid(caches[0], caches[1], &advcache.HybridOptions{L1TTL: day})
}

func TestChainOfTwo(t *testing.T) {
	conform(t, 2, chain, func(i, topic int) bool { return topic == i%len(heavy) })
}

// TestHybrid has the heavy topics where memory comes first, each once.
func TestHybrid(t *testing.T) {
	conform(t, 2, hybrid, func(i, topic int) bool { return topic == i })
}

// TestChainOfThree has a heavy topic in each fifth arrangement.
func TestChainOfThree(t *testing.T) {
	conform(t, 3, chain, func(i, topic int) bool { return i%5 == 0 && topic == i/5%len(heavy) })
}
