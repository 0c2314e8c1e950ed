package store_test

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/advcache/advcache"
	"github.com/advcache/advcache/codec"
	"github.com/advcache/advcache/store"
	"github.com/advcache/advcache/store/storetest"
)

type User struct {
	ID   int
	Name string
}

// A function whose values live in a byte store: here one in memory, for tests;
// filestore, redisstore and others take its place.
func ExampleNew() {
	backend := storetest.NewMemory(nil)
	users := store.New[User](backend, &store.Options{Codec: codec.JSON, Dedupe: true})
	ttl := advcache.NewTTL[int](users, time.Hour, &advcache.TTLOptions{Stale: time.Minute})
	getUser := ttl.Cached("user:{}", func(_ context.Context, id int) (User, error) {
		fmt.Println("asking the database for", id)
		return User{ID: id, Name: "Ann"}, nil
	})

	for range 2 {
		user, err := getUser(context.Background(), 42)
		fmt.Println(user.Name, err)
	}
	object, _, err := backend.Get(context.Background(), "user:42", store.Want{})
	fmt.Println(string(object.Body), object.Meta.Encoding, err)
	// Output:
	// asking the database for 42
	// Ann <nil>
	// Ann <nil>
	// {"ID":42,"Name":"Ann"} json <nil>
}

// With Dedupe, an unchanged value is not sent again: it only gets a new life.
func ExampleOptions_dedupe() {
	counting := storetest.NewCounting(storetest.NewMemory(nil))
	c := store.New[User](counting, &store.Options{Codec: codec.JSON, Dedupe: true})
	ctx := context.Background()
	for _, name := range []string{"Ann", "Ann", "Bob"} {
		counting.Reset()
		err := c.Set(ctx, "user:1", User{1, name}, time.Hour)
		fmt.Println(name, counting.Counts(), err)
	}
	// Output:
	// Ann 1 Put, 1 Touch; 2 keys, 21 bytes in, 0 bytes out <nil>
	// Ann 1 Touch; 1 keys, 0 bytes in, 0 bytes out <nil>
	// Bob 1 Put, 1 Touch; 2 keys, 21 bytes in, 0 bytes out <nil>
}

// With Tombstones, a load that another process began before a Delete, when there
// was nothing, is not stored after it.
func ExampleOptions_tombstones() {
	backend := storetest.NewMemory(nil)
	o := &store.Options{Tombstones: time.Minute}
	here, elsewhere := store.New[User](backend, o), store.New[User](backend, o)
	ctx := context.Background()

	seen, _, _ := elsewhere.GetEntry(ctx, "user:1") // a miss: the other process loads what is old by now
	err := here.Delete(ctx, "user:1")
	fmt.Println(err)
	stored, err := elsewhere.SetEntryIf(ctx, "user:1", advcache.Entry[User]{Value: User{1, "Ann"}}, seen.Version)
	fmt.Println(stored, err)
	// Output:
	// <nil>
	// false <nil>
}

// A Schema keeps two shapes of a value apart, during a deployment for instance:
// what the other one wrote is a miss, and is told to the Observer.
func ExampleOptions_schema() {
	backend := storetest.NewMemory(nil)
	ctx := context.Background()
	before := store.New[string](backend, &store.Options{Schema: "1"})
	fmt.Println(before.Set(ctx, "user:1", "Ann", time.Hour))

	after := store.New[string](backend, &store.Options{Schema: "2", Observer: &advcache.Observer{
		BackendError: func(e advcache.Event) { fmt.Println(errors.Is(e.Err, store.ErrMismatch), e.Err) },
	}})
	_, ok, err := after.Get(ctx, "user:1")
	fmt.Println(ok, err)
	// Output:
	// <nil>
	// true advcache: memory get "user:1": advcache: object of another kind: its schema is "1", and here "2"
	// false <nil>
}

// Encryption keeps a shared backend from being read, and from being poisoned:
// what no key of the ring has written is a miss.
func ExampleOptions_encryption() {
	ring, err := codec.NewKeyRing("2026-11", map[string][]byte{
		"2026-11": []byte("32 random bytes from your vault."),
		"2026-05": []byte("the key that was used until now."), // still opens what it wrote
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	backend := storetest.NewMemory(nil)
	ctx := context.Background()
	secrets := store.New[string](backend, &store.Options{Encryption: ring})
	fmt.Println(secrets.Set(ctx, "token:1", "s3cr3t", time.Hour))
	object, _, err := backend.Get(ctx, "token:1", store.Want{})
	fmt.Println(object.Meta.Encoding, len(object.Body), err)
	fmt.Println(secrets.Get(ctx, "token:1"))
	// Output:
	// <nil>
	// raw+aesgcm.2026-11 34 <nil>
	// s3cr3t true <nil>
}

// ReadForeign reads what other programs put there.
func ExampleOptions_readForeign() {
	backend := storetest.NewMemory(nil)
	backend.Plant("user:1", []byte(`{"ID":1,"Name":"Ann"}`))
	users := store.New[User](backend, &store.Options{Codec: codec.JSON, ReadForeign: true})
	fmt.Println(users.Get(context.Background(), "user:1"))
	// Output:
	// {1 Ann} true <nil>
}
