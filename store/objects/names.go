package objects

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"hash/fnv"
	"strings"
	"unicode/utf8"
)

const (
	// MaxName is how many bytes S3 and GCS take for the name of an object.
	MaxName = 1024

	// MaxPrefix is how many bytes [Names].Prefix may have.
	MaxPrefix = 512

	// MaxShards is the largest [Names].Shards.
	MaxShards = 256
)

// hashedEnd is what a shortened name ends in: its mark, and a SHA-256.
const (
	hashMark  = "!~"
	hashedEnd = len(hashMark) + 2*sha256.Size
)

// alwaysKept is how many bytes of a key each shortened name has.
const alwaysKept = 128

// Names gives keys the names of their objects: Prefix and the key, so that
// slashes make folders, with an escape !XX where a key would make trouble on the
// way. A name that would be too long ends in "!~" and a SHA-256 of the key.
type Names struct {
	// Prefix begins all names.
	Prefix string

	// Shards is over how many prefixes keys are spread, behind Prefix. 0: none.
	Shards int
}

// Check returns what is wrong with n.
func (n Names) Check() error {
	switch {
	case n.Shards < 0 || n.Shards == 1 || n.Shards > MaxShards:
		return fmt.Errorf("Options.KeyShards is %d; use 0 for none, or 2 to %d", n.Shards, MaxShards)
	case len(n.Prefix) > MaxPrefix:
		return fmt.Errorf("Options.Prefix has %d bytes; use %d at the most", len(n.Prefix), MaxPrefix)
	case n.Prefix != "" && escape(n.Prefix+"x") != n.Prefix+"x":
		return fmt.Errorf("Options.Prefix is %q; it needs plain characters, and neither '!', empty segments, '.' and '..' nor .well-known/acme-challenge/", n.Prefix)
	default:
		return nil
	}
}

// Of returns the name of the object for key.
func (n Names) Of(key string) string {
	prefix := n.shard(key)
	escaped := escape(key)
	if len(prefix)+len(escaped) <= MaxName {
		return prefix + escaped
	}
	kept := escaped[:MaxName-len(prefix)-hashedEnd]
	for !endsWell(kept) {
		kept = kept[:len(kept)-1]
	}
	sum := sha256.Sum256([]byte(key))
	return prefix + kept + hashMark + hex.EncodeToString(sum[:])
}

// All returns the names of the objects for keys, each once, and which key each is
// of.
func (n Names) All(keys []string) (names []string, keyOf map[string]string) {
	names = make([]string, 0, len(keys))
	keyOf = make(map[string]string, len(keys))
	for _, key := range keys {
		name := n.Of(key)
		if _, again := keyOf[name]; !again {
			names = append(names, name)
		}
		keyOf[name] = key
	}
	return names, keyOf
}

// Listings returns what lists must ask for to find all keys with a prefix, one
// for each shard. They find others too: see [Names.Match].
func (n Names) Listings(prefix string) []string {
	lists := make([]string, max(1, n.Shards))
	for i := range lists {
		lists[i] = n.shardAt(i) + settled(prefix)
	}
	return lists
}

// Match is what a name tells of the key of an object.
type Match uint8

// The answers of [Names.Match].
const (
	Other     Match = iota // the key has another prefix, or the object is nobody's
	Belongs                // the key has the prefix
	Shortened              // it has, if its key does, of which the name has the beginning alone
)

// Match reports whether an object that a list found is that of a key with a
// prefix.
func (n Names) Match(name, prefix string) Match {
	key, whole, ok := n.key(name)
	switch {
	case !ok:
		return Other
	case strings.HasPrefix(key, prefix):
		return Belongs
	case !whole && strings.HasPrefix(prefix, key):
		return Shortened
	default:
		return Other
	}
}

// key returns the key of an object, of which a shortened name has the beginning;
// ok is false for what is nobody's.
func (n Names) key(name string) (key string, whole, ok bool) {
	name, ok = strings.CutPrefix(name, n.Prefix)
	if ok && n.Shards > 0 {
		shard, rest, _ := strings.Cut(name, "/")
		name, ok = rest, len(shard) == 2
	}
	whole = !IsShortened(name)
	if !whole {
		name = name[:len(name)-hashedEnd]
	}
	if !ok {
		return "", false, false
	}
	key, err := unescape(name)
	return key, whole, err == nil && (key != "" || !whole)
}

// IsShortened reports whether a name is that of a key whose name is too long.
func IsShortened(name string) bool {
	at := len(name) - hashedEnd
	return at >= 0 && name[at:at+len(hashMark)] == hashMark
}

func (n Names) shard(key string) string {
	if n.Shards == 0 {
		return n.Prefix
	}
	h := fnv.New32a()
	_, _ = h.Write([]byte(key)) // which never fails
	return n.shardAt(int(h.Sum32() % uint32(n.Shards)))
}

func (n Names) shardAt(i int) string {
	if n.Shards == 0 {
		return n.Prefix
	}
	return fmt.Sprintf("%s%02x/", n.Prefix, i)
}

// settled returns the beginning of the names of all keys with a prefix: that part
// of its escaped form which what follows cannot change, and shortening neither.
func settled(prefix string) string {
	prefix = prefix[:min(len(prefix), alwaysKept)]
	end := strings.LastIndexFunc(prefix, func(r rune) bool { return r < utf8.RuneSelf && r != '.' && r != '/' }) + 1
	return escape(prefix[:end])
}
