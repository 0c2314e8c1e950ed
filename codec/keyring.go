package codec

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/hkdf"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"io"
	"maps"
	"slices"
	"strconv"
	"strings"
)

// A KeyRing encrypts and authenticates bytes by AES-256-GCM with keys that have
// names, ids: the current key seals, and every key of the ring opens what was
// sealed with it. To rotate, make a ring in which a new key is the current one,
// after all readers have it, and keep the older keys as long as what was sealed
// with them is to be read.
//
// Nonces are random, of 96 bits: rotate a key before it sealed 2^32 messages,
// after which the chance that two had the same nonce passes 2^-32.
//
// The zero value has no keys. A KeyRing does not change, and is safe for
// concurrent use.
type KeyRing struct {
	current string
	keys    map[string]ringKey
}

type ringKey struct {
	aead cipher.AEAD
	mac  []byte
}

// macLabel separates the key of [KeyRing.MAC] from that of the encryption.
const macLabel = "advcache content MAC v1"

// NewKeyRing returns a ring of keys by their ids, with the id of the one that
// seals. Ids have 1 to 32 letters, digits, '-' and '_', and stand in clear beside
// what was sealed; keys have 32 random bytes, not a passphrase. The keys are
// copied.
func NewKeyRing(current string, keys map[string][]byte) (*KeyRing, error) {
	r := &KeyRing{current: current, keys: make(map[string]ringKey, len(keys))}
	for _, id := range slices.Sorted(maps.Keys(keys)) {
		if !validKeyID(id) {
			return nil, fmt.Errorf("advcache: key id %q: an id has 1 to 32 letters, digits, '-' and '_'", id)
		}
		key := keys[id]
		if len(key) != 32 {
			return nil, fmt.Errorf("advcache: key %q has %d bytes; a key of AES-256 has 32 random ones", id, len(key))
		}
		block, err := aes.NewCipher(key)
		if err != nil {
			return nil, err
		}
		aead, err := cipher.NewGCMWithRandomNonce(block)
		if err != nil {
			return nil, err
		}
		mac, err := hkdf.Key(sha256.New, key, nil, macLabel, sha256.Size)
		if err != nil {
			return nil, err
		}
		r.keys[id] = ringKey{aead, mac}
	}
	if _, err := r.key(current); err != nil {
		return nil, fmt.Errorf("%w; the current key must be one of them", err)
	}
	return r, nil
}

func validKeyID(id string) bool {
	return id != "" && len(id) <= 32 && !strings.ContainsFunc(id, func(c rune) bool {
		letter := c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z'
		digit := c >= '0' && c <= '9'
		return !letter && !digit && c != '-' && c != '_'
	})
}

func (r *KeyRing) key(id string) (ringKey, error) {
	key, ok := r.keys[id]
	if !ok {
		return key, fmt.Errorf("advcache: there is no key %q; there are: %s", id, r.ids())
	}
	return key, nil
}

func (r *KeyRing) ids() string {
	var ids []string
	for _, id := range slices.Sorted(maps.Keys(r.keys)) {
		ids = append(ids, strconv.Quote(id))
	}
	if ids == nil {
		return "none"
	}
	return strings.Join(ids, ", ")
}

// Format implements [fmt.Formatter]: whatever the verb, no key is printed.
func (KeyRing) Format(s fmt.State, _ rune) { _, _ = io.WriteString(s, "codec.KeyRing") }

// Current returns the id of the key that [KeyRing.Seal] uses.
func (r *KeyRing) Current() string { return r.current }

// Seal appends to dst what only [KeyRing.Open] with the current key and the same
// additional data opens: 12 bytes of nonce, then as many bytes as plaintext has,
// then 16 that authenticate both. Additional data are authenticated and not kept.
func (r *KeyRing) Seal(dst, plaintext, additional []byte) ([]byte, error) {
	key, err := r.key(r.current)
	if err != nil {
		return dst, err
	}
	return key.aead.Seal(dst, nil, plaintext, additional), nil
}

// Open appends to dst the plaintext of what was sealed with the key id and the
// same additional data. With an error it returns dst as it was: the ring has no
// such key, or sealed was not made with it, or not with these additional data, or
// was changed; which of these, nobody can tell.
func (r *KeyRing) Open(dst, sealed []byte, id string, additional []byte) ([]byte, error) {
	key, err := r.key(id)
	if err != nil {
		return dst, err
	}
	out, err := key.aead.Open(dst, nil, sealed, additional)
	if err != nil {
		return dst, fmt.Errorf("advcache: what was sealed does not open with key %q and these additional data: %w", id, err)
	}
	return out, nil
}

// MAC returns the HMAC-SHA256 of parts by a key that is derived from the key id:
// whoever has not the key can neither make it nor learn what parts were. Parts
// that are divided elsewhere give another MAC.
func (r *KeyRing) MAC(id string, parts ...[]byte) (mac [32]byte, err error) {
	key, err := r.key(id)
	if err != nil {
		return mac, err
	}
	h := hmac.New(sha256.New, key.mac)
	for _, part := range parts {
		var length [8]byte
		binary.BigEndian.PutUint64(length[:], uint64(len(part)))
		h.Write(length[:])
		h.Write(part)
	}
	h.Sum(mac[:0])
	return mac, nil
}
