package objects

import (
	"runtime"
	"slices"
	"strings"
	"sync"
	"weak"
)

// prefixes are those of the stores of this process, by their client, for as long
// as there is one.
var prefixes = struct {
	sync.Mutex
	of map[any]map[place]struct{} // by a weak.Pointer
}{of: make(map[any]map[place]struct{})}

type place struct{ bucket, prefix string }

// maxPlaces bounds what is remembered where a program makes stores all the time.
const maxPlaces = 1000

// Overlaps notes that there is a store under a prefix of a bucket, and returns
// the prefixes of others, by the same client, of which one begins the other: Clear
// and Sweep of the one with the shorter prefix are about the objects of both, and
// so may be keys. Stores with the same prefix are the same store.
func Overlaps[C any](client *C, bucket, prefix string) []string {
	if client == nil {
		return nil
	}
	id := any(weak.Make(client))
	prefixes.Lock()
	defer prefixes.Unlock()
	known := prefixes.of[id]
	if known == nil {
		known = make(map[place]struct{})
		prefixes.of[id] = known
		runtime.AddCleanup(client, func(id any) {
			prefixes.Lock()
			defer prefixes.Unlock()
			delete(prefixes.of, id)
		}, id)
	}
	var others []string
	for other := range known {
		begins := strings.HasPrefix(other.prefix, prefix) || strings.HasPrefix(prefix, other.prefix)
		if other.bucket == bucket && other.prefix != prefix && begins {
			others = append(others, other.prefix)
		}
	}
	if len(known) < maxPlaces {
		known[place{bucket, prefix}] = struct{}{}
	}
	slices.Sort(others)
	return others
}
