package s3store_test

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/advcache/advcache"
	"github.com/advcache/advcache/cachetest"
	"github.com/advcache/advcache/s3store"
	"github.com/advcache/advcache/store"
	"github.com/advcache/advcache/store/storetest"
	"github.com/advcache/advcache/store/storetest/fakes3"
)

func TestConformance(t *testing.T) {
	late := &fakes3.Options{Latency: time.Millisecond} // so that requests overlap
	for name, of := range map[string]struct {
		options *s3store.Options
		server  *fakes3.Options
	}{
		"HeadFirst":  {&s3store.Options{KeyShards: 4}, late},
		"OneRequest": {&s3store.Options{Freshness: s3store.OneRequest, Prefix: "prod/users/"}, late},
	} {
		t.Run(name, func(t *testing.T) { storetest.Run(t, harness(of.options, of.server)) })
	}
}

// TestConformanceOfCache is about a whole cache.
func TestConformanceOfCache(t *testing.T) {
	for name, o := range map[string]*s3store.Options{
		"HeadFirst":  {KeyShards: 4},
		"OneRequest": {Freshness: s3store.OneRequest, SoleWriter: true, LifetimeTag: "life"},
	} {
		t.Run(name, func(t *testing.T) {
			cachetest.Run(t, cachetest.Harness{
				New: func(*testing.T) advcache.Cache[string] {
					s, _ := newStore(o, nil)
					return store.New[string](s, &store.Options{Dedupe: o.SoleWriter})
				},
				Around:     func(t *testing.T, test func(t *testing.T)) { synctest.Test(t, test) },
				Resolution: time.Millisecond,
			})
		})
	}
}
