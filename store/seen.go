package store

import (
	"hash/maphash"
	"sync/atomic"

	"github.com/advcache/advcache"
)

// seen is what a reader was shown, the token of an [advcache.Version]: the
// Version of the backend, zero for a miss, and the Hash of the content, zero
// where there was none that could be read, with the size of its body.
type seen struct {
	version Version
	hash    Hash
	size    int64
}

// at returns the Version of what was seen when the writes of its key had been
// counted to count.
func (s seen) at(count uint64) advcache.Version { return advcache.NewVersion(s, count+1) }

// seenBy is the inverse of [seen.at].
func seenBy(v advcache.Version) (s seen, count uint64, ok bool) {
	token, seq := v.Parts()
	s, ok = token.(seen)
	return s, seq - 1, ok
}

// stripes counts the writes and deletes that one Cache makes, by groups of keys.
// A backend cannot tell a key that was deleted from one that never was, nor a
// write that was left out from none: this can, for one process.
type stripes [4096]atomic.Uint64

var stripeSeed = maphash.MakeSeed()

func (s *stripes) stripe(key string) *atomic.Uint64 {
	return &s[maphash.String(stripeSeed, key)%uint64(len(s))]
}

func (s *stripes) of(key string) uint64 { return s.stripe(key).Load() }

// wrote counts a change of key: before the change and after it, so that whoever
// looks meanwhile has seen an older state.
func (s *stripes) wrote(key string) { s.stripe(key).Add(1) }

// wroteAll counts a change of any keys.
func (s *stripes) wroteAll() {
	for i := range s {
		s[i].Add(1)
	}
}
