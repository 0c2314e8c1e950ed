package redisstore_test

import (
	"log/slog"
	"strings"
	"testing"

	"github.com/redis/go-redis/v9"

	"github.com/advcache/advcache"
	"github.com/advcache/advcache/cachetest"
	"github.com/advcache/advcache/redisstore"
)

// busTopologies are those that a bus runs on.
func busTopologies(t *testing.T, test func(t *testing.T, client func(tb testing.TB) redis.UniversalClient)) {
	for _, topology := range topologies {
		if topology.name != "Ring" {
			t.Run(topology.name, func(t *testing.T) { test(t, topology.client) })
		}
	}
	t.Run("RESP2", func(t *testing.T) {
		test(t, func(tb testing.TB) redis.UniversalClient {
			return single(tb).client(tb, func(o *redis.Options) { o.Protocol = 2 })
		})
	})
	t.Run("SentinelCluster", func(t *testing.T) {
		test(t, func(tb testing.TB) redis.UniversalClient { return behindSentinel(tb).clusterClient(tb) })
	})
	t.Run("ReadOnlyCluster", func(t *testing.T) {
		test(t, func(tb testing.TB) redis.UniversalClient {
			return threeMasters(tb).client(tb, func(o *redis.ClusterOptions) { o.ReadOnly = true })
		})
	})
}

func TestBusConformance(t *testing.T) {
	busTopologies(t, func(t *testing.T, client func(tb testing.TB) redis.UniversalClient) {
		cachetest.RunBus(t, cachetest.BusHarness{
			New: func(t *testing.T) func(t *testing.T) advcache.Bus {
				channel := newPrefix()
				return func(t *testing.T) advcache.Bus {
					return redisstore.NewBus(client(t), &redisstore.BusOptions{Channel: channel, Logger: quiet})
				}
			},
			Goroutine: isOfBus,
		})
	})
}

func isOfBus(stack string) bool {
	for _, of := range []string{"redisstore.(*Bus)", "redisstore.(*link)", "redisstore.(*session)", "redisstore.(*subscriber)"} {
		if strings.Contains(stack, of) {
			return true
		}
	}
	return false
}

// quiet is the logger of buses that have outages on purpose.
var quiet = slog.New(slog.DiscardHandler)
