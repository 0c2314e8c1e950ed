package redisstore_test

import (
	"slices"
	"strconv"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/advcache/advcache"
	"github.com/advcache/advcache/redisstore"
)

// BenchmarkBus measures from before Publish by one client until Receive by another
// one, for messages that come one at a time; and how many get through.
func BenchmarkBus(b *testing.B) {
	for _, topology := range topologies {
		if topology.name == "Ring" {
			continue
		}
		for _, keys := range []int{1, 1000} {
			b.Run(topology.name+"/"+strconv.Itoa(keys), func(b *testing.B) { benchmarkBus(b, topology.client, keys) })
		}
	}
}

func benchmarkBus(b *testing.B, client func(tb testing.TB) redis.UniversalClient, keys int) {
	o := &redisstore.BusOptions{Channel: newPrefix(), Logger: quiet}
	from, to := redisstore.NewBus(client(b), o), redisstore.NewBus(client(b), o)
	defer from.Close()
	defer to.Close()
	arrived, up := make(chan time.Time, 1024), make(chan bool, 1)
	stop, err := to.Subscribe(advcache.BusSubscriber{
		Receive:   func(advcache.Invalidation) { arrived <- time.Now() },
		Connected: func(connected bool) { up <- connected },
	})
	if err != nil {
		b.Fatal(err)
	}
	defer stop()
	<-up
	m := advcache.Invalidation{Cache: "users", Origin: "a process", At: time.Now()}
	for i := range keys {
		m.Keys = append(m.Keys, "user:"+strconv.Itoa(i))
	}
	b.ReportAllocs()
	var took []time.Duration
	for b.Loop() {
		began := time.Now()
		if err := from.Publish(b.Context(), m); err != nil {
			b.Fatal(err)
		}
		took = append(took, (<-arrived).Sub(began))
	}
	slices.Sort(took)
	b.ReportMetric(float64(took[len(took)/2].Nanoseconds()), "p50-ns")
	b.ReportMetric(float64(took[len(took)*99/100].Nanoseconds()), "p99-ns")
}
