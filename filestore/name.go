package filestore

import (
	"crypto/sha256"
	"encoding/hex"
	"math/rand/v2"
	"strconv"
	"strings"
)

// The name of a file is the beginning of the SHA-256 of its key, in small hex
// digits: safe on any file system, of one length, and never a name that a user
// or a system gives a meaning to. Ids that could be read in it would need an
// escape, a limit and a second rule beyond that. The key stands in the file, and
// is compared when it is read: so a collision, which takes 2^64 attempts to
// make, shares room and nothing else.
//
// The folder of a file is the first two digits of its name. 256 folders keep
// 100,000 files at 400 each; 65,536 would be folders of one file, each with an
// inode and a mkdir of its own. They stay when they are empty: a writer need
// not look whether its folder has just been removed.
type name [16]byte

const (
	fans = 256 // folders

	lockFile   = "lock" // in each folder; see slots
	tempPrefix = "tmp-"
)

func nameOf(key string) name {
	sum := sha256.Sum256([]byte(key))
	return name(sum[:16])
}

// fan is the number of the folder.
func (n name) fan() byte { return n[0] }

// path is where the file is, below the folder of the store.
func (n name) path() string {
	var p [3 + 2*len(n)]byte
	hex.Encode(p[:], n[:1])
	p[2] = '/'
	hex.Encode(p[3:], n[:])
	return string(p[:])
}

// fanPath returns the path of a folder.
func fanPath(fan byte) string { return hex.EncodeToString([]byte{fan}) }

// parseFan is the reverse.
func parseFan(folder string) (fan byte, ok bool) {
	n, err := strconv.ParseUint(folder, 16, 8)
	fan = byte(n)
	return fan, err == nil && fanPath(fan) == folder
}

// parseName is strict: what it does not take is not ours, and is left alone.
func parseName(fan byte, file string) (n name, ok bool) {
	if len(file) != 2*len(n) || strings.ToLower(file) != file {
		return n, false
	}
	if _, err := hex.Decode(n[:], []byte(file)); err != nil {
		return n, false
	}
	return n, n.fan() == fan
}

// tempName returns a name that no other writer has.
func tempName() string {
	const digits = 32
	s := strconv.FormatUint(rand.Uint64(), 16)
	t := strconv.FormatUint(rand.Uint64(), 16)
	return tempPrefix + strings.Repeat("0", digits-len(s)-len(t)) + s + t
}

// isTempName is as strict.
func isTempName(file string) bool {
	var random [16]byte
	digits, ok := strings.CutPrefix(file, tempPrefix)
	if !ok || len(digits) != 2*len(random) {
		return false
	}
	_, err := hex.Decode(random[:], []byte(digits))
	return err == nil
}
