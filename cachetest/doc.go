// Package cachetest holds the conformance suite of [advcache.Cache]: what every
// cache must do, a level of memory, a byte store behind store.New, a chain, or
// a wrapper of any of these. It is for tests only.
//
// A test of a cache is short:
//
//	func TestCache(t *testing.T) {
//		cachetest.Run(t, cachetest.Harness{
//			Around: synctest.Test,
//			New: func(t *testing.T) advcache.Cache[string] {
//				c := mycache.New[string]()
//				t.Cleanup(c.Close)
//				return c
//			},
//		})
//	}
//
// Each check is a subtest, such as TestCache/Life/StaleIsNoHit. A check that
// fails quotes the law that is broken, by its number in the design of the
// library, or the part of the contract in the documentation of
// [advcache.Cache]:
//
//	law 1 (life): Get never returns a stale entry: Get("k") = "v", true; want a miss (at FreshUntil)
//
// A cache in memory runs in a bubble of testing/synctest, where hours pass at
// once and instants are exact. A cache over a server runs in real time, see
// [Harness]. Run with -race: some of the checks are there for it.
//
// What a cache may lose by itself, by eviction, is no matter of this suite: it
// holds fewer than 200 entries at a time, and expects to find them.
package cachetest
