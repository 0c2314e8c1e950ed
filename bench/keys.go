package main

import (
	"context"
	"fmt"
	"math/rand/v2"
	"strconv"
	"sync/atomic"
)

// User is what the wrapped functions return, by pointer: all contenders store
// the same pointer, so the value costs each of them the same.
type User struct {
	ID   int64
	Name string
	Age  int
}

// TenantUser is a key of two small fields.
type TenantUser struct {
	Tenant int32
	ID     int64
}

// keyKind is one kind of key, with all that the contenders need to use it.
type keyKind[K comparable] struct {
	name     string
	template string
	key      func(i int) K
	id       func(K) int64
	// format is what users of caches with string keys write by hand.
	format func(K) string
	// nothing is a function value that no generic code made, as the calls of
	// those cost more.
	nothing func(context.Context, K) (*User, error)
}

var intKeys = keyKind[int]{
	name:     "int",
	template: "user:{}",
	key:      func(i int) int { return 100_000 + i },
	id:       func(k int) int64 { return int64(k) },
	format:   func(k int) string { return "user:" + strconv.Itoa(k) },
	nothing:  func(context.Context, int) (*User, error) { return fresh, nil },
}

var stringKeys = keyKind[string]{
	name:     "string",
	template: "user:{}",
	key:      func(i int) string { return fmt.Sprintf("usr-%08d", i) },
	id: func(k string) int64 {
		id, err := strconv.ParseInt(k[len("usr-"):], 10, 64)
		if err != nil {
			fail(err)
		}
		return id
	},
	format:  func(k string) string { return "user:" + k },
	nothing: func(context.Context, string) (*User, error) { return fresh, nil },
}

var structKeys = keyKind[TenantUser]{
	name:     "struct",
	template: "u/{Tenant}/{ID}",
	key:      func(i int) TenantUser { return TenantUser{Tenant: int32(i % 50), ID: int64(i)} },
	id:       func(k TenantUser) int64 { return k.ID },
	format: func(k TenantUser) string {
		return "u/" + strconv.Itoa(int(k.Tenant)) + "/" + strconv.FormatInt(k.ID, 10)
	},
	nothing: func(context.Context, TenantUser) (*User, error) { return fresh, nil },
}

// keys returns the first n keys of the kind.
func (kind keyKind[K]) keys(n int) []K {
	keys := make([]K, n)
	for i := range keys {
		keys[i] = kind.key(i)
	}
	return keys
}

// loader returns an origin that answers at once, and the counter of its calls.
func (kind keyKind[K]) loader() (func(context.Context, K) (*User, error), *atomic.Int64) {
	loads := new(atomic.Int64)
	return func(_ context.Context, k K) (*User, error) {
		loads.Add(1)
		return &User{ID: kind.id(k), Name: "Ada", Age: 36}, nil
	}, loads
}

// The sequences are the same in each run of the program, so that runs can be
// compared.
const seed = 20261123

// uniform draws length keys, each of keys as likely as the others.
func uniform[K any](keys []K, length int) []K {
	r := rand.New(rand.NewPCG(seed, 1))
	sequence := make([]K, length)
	for i := range sequence {
		sequence[i] = keys[r.IntN(len(keys))]
	}
	return sequence
}

// zipf draws length keys by Zipf's law with exponent s. Hot keys are spread
// over the whole range: ids of popular users are not the smallest ones.
func zipf[K any](keys []K, s float64, length int) []K {
	r := rand.New(rand.NewPCG(seed, 2))
	order := r.Perm(len(keys))
	z := rand.NewZipf(r, s, 1, uint64(len(keys)-1))
	sequence := make([]K, length)
	for i := range sequence {
		sequence[i] = keys[order[z.Uint64()]]
	}
	return sequence
}
