package gcsstore_test

import (
	"testing"
	"testing/synctest"
	"time"

	"cloud.google.com/go/storage"
	"google.golang.org/api/option"

	"github.com/advcache/advcache"
	"github.com/advcache/advcache/cachetest"
	"github.com/advcache/advcache/gcsstore"
	"github.com/advcache/advcache/store"
	"github.com/advcache/advcache/store/storetest"
	"github.com/advcache/advcache/store/storetest/fakegcs"
)

func TestConformance(t *testing.T) {
	late := &fakegcs.Options{Latency: time.Millisecond} // so that requests overlap
	for name, of := range map[string]struct {
		options *gcsstore.Options
		server  *fakegcs.Options
		reads   []option.ClientOption
	}{
		"HeadFirst":  {&gcsstore.Options{SoleWriter: true, KeyShards: 4}, late, nil},
		"OneRequest": {&gcsstore.Options{Freshness: gcsstore.OneRequest, Prefix: "prod/users/"}, late, nil},
		"JSON":       {&gcsstore.Options{Freshness: gcsstore.OneRequest, NoCustomTime: true}, nil, []option.ClientOption{storage.WithJSONReads()}},
	} {
		t.Run(name, func(t *testing.T) { storetest.Run(t, harness(of.options, of.server, of.reads...)) })
	}
}

// TestConformanceOfCache is about a whole cache.
func TestConformanceOfCache(t *testing.T) {
	for name, o := range map[string]*gcsstore.Options{
		"HeadFirst":  {KeyShards: 4},
		"OneRequest": {Freshness: gcsstore.OneRequest, SoleWriter: true},
	} {
		t.Run(name, func(t *testing.T) {
			cachetest.Run(t, cachetest.Harness{
				New: func(*testing.T) advcache.Cache[string] {
					s, _ := newStore(o, &fakegcs.Options{Latency: time.Millisecond})
					return store.New[string](s, &store.Options{Dedupe: o.SoleWriter})
				},
				Around:     func(t *testing.T, test func(t *testing.T)) { synctest.Test(t, test) },
				Resolution: time.Millisecond,
			})
		})
	}
}
