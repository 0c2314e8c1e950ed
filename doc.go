// Package advcache puts a cache in front of any Go function. The cache is one in
// memory (package inmem), one over a byte store such as a folder or Redis
// (package store), several of them as one ([Chain], [Hybrid]), or one of your own
// that implements [Cache].
//
//	memory := inmem.New[User](nil)
//	ttl := advcache.NewTTL[int](memory, time.Hour, &advcache.TTLOptions{Stale: time.Minute})
//	getUser := ttl.Cached("user:{}", fetchUser) // func(context.Context, int) (User, error)
//	user, err := getUser(ctx, 42)
//
// # Vocabulary
//
// A [Cache] holds an [Entry] for a key: a value with its instants. An entry is
// fresh, then stale, then dead. A hit is a fresh entry; a miss is no entry to
// serve, and no error. A loader is the function that is wrapped; it asks the
// origin, which may say that there is no value ([ErrNotFound]): the entry is
// then negative. A load is one call of the loader; callers of the same key share
// it (single-flight). A refresh is a load in the background. An invalidation is
// a Delete or a Set.
//
// # Guarantees
//
// They are called laws, and the tests quote them by their numbers.
//
//  1. Life. An entry is fresh while now < FreshUntil, stale until StaleUntil,
//     then dead. Nothing returns a dead entry, and Get never returns a stale
//     one. In memory, instants are kept to 10 ms of running time; after a stop
//     of the whole process, from when its timers have run. inmem.Options.Exact
//     keeps them to the clock.
//  2. No copy lives longer than its original: it keeps the original's instants,
//     and a level's limit (HeldUntil) only shortens how long it answers with it.
//  3. An invalidation wins: a load that began before a Delete or a Set of its
//     key does not undo it, and callers who come after it do not share that
//     load. In memory this holds for every change of the cache; over another
//     cache, for changes through the TTL, and for all others where the cache
//     has SetEntryIf and the changes give the key another Version. In a [Chain]
//     it holds for promotions too, on all levels; changes by other processes
//     arrive by its [Bus].
//  4. One load. Callers of a missing key share one load.
//  5. Callers are independent. A caller that leaves, by its context, leaves
//     alone. A load has its first caller's context values but not its
//     cancellation: it ends by LoadTimeout, or when its last caller leaves.
//  6. A panic or runtime.Goexit in user code becomes a [*PanicError] for all who
//     wait. It wedges no key, and in the background it does not end the process.
//  7. A cache failure is not an application failure: it is reported, and the
//     loader's value is served. A failed Invalidate or Set is returned. A cache
//     that has missed a write of a key is not read for it until a write of the
//     key succeeds. One that lets requests time out costs a caller one time-out
//     to read and one to write, for a batch of any size too; a level of a
//     [Chain] is left out for a while after some failures in a row, and what it
//     has missed is made good when it is back.
//  8. Failures back off. A failed refresh is retried after a growing delay, not
//     per read, and stale values are served meanwhile.
//  9. Keys are injective: two different values of K never give the same key.
//  12. Requests are counted: what each operation asks of each level is part of
//     the contract, and tested.
//  13. Nothing is left behind. Types that start goroutines have a Close, which
//     stops them and waits. Who opens, closes: a TTL does not close its cache.
//  14. A hit in memory allocates nothing, for string, integer and small struct
//     keys.
//
// The numbers that are missing are about stores outside of memory: see package
// store.
package advcache
