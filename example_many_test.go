package advcache_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/advcache/advcache"
	"github.com/advcache/advcache/inmem"
)

// A function that loads many keys by one request is called for those that the
// cache does not hold.
func ExampleTTL_CachedMany() {
	memory := inmem.New[string](nil)
	defer memory.Close()
	ttl := advcache.NewTTL[int](memory, time.Hour, nil)
	getNames := ttl.CachedMany("name:{}", func(_ context.Context, ids []int) (map[int]string, error) {
		fmt.Println("SELECT … WHERE id IN", slices.Sorted(slices.Values(ids)))
		names := make(map[int]string)
		for _, id := range ids {
			names[id] = fmt.Sprint("user ", id)
		}
		return names, nil
	})

	ctx := context.Background()
	fmt.Println(getNames(ctx, []int{1, 2, 3}))
	fmt.Println(getNames(ctx, []int{2, 3, 4}))
	// Output:
	// SELECT … WHERE id IN [1 2 3]
	// map[1:user 1 2:user 2 3:user 3] <nil>
	// SELECT … WHERE id IN [4]
	// map[2:user 2 3:user 3 4:user 4] <nil>
}

// The handle also gets single keys. A key that the loader leaves out of its map
// is not found; with NegativeTTL that is remembered too.
func ExampleTTL_FuncMany() {
	memory := inmem.New[string](nil)
	defer memory.Close()
	ttl := advcache.NewTTL[string](memory, time.Hour, &advcache.TTLOptions{NegativeTTL: time.Minute})
	capitals := ttl.FuncMany("capital:{}", func(_ context.Context, countries []string) (map[string]string, error) {
		fmt.Println("loading", slices.Sorted(slices.Values(countries)))
		all := map[string]string{"Chile": "Santiago", "Ghana": "Accra"}
		found := make(map[string]string)
		for _, country := range countries {
			if capital, ok := all[country]; ok {
				found[country] = capital
			}
		}
		return found, nil
	})

	ctx := context.Background()
	fmt.Println(capitals.GetMany(ctx, []string{"Atlantis", "Chile", "Ghana"}))
	fmt.Println(capitals.Get(ctx, "Ghana"))
	_, err := capitals.Get(ctx, "Atlantis")
	fmt.Println(errors.Is(err, advcache.ErrNotFound))
	// Output:
	// loading [Atlantis Chile Ghana]
	// map[Chile:Santiago Ghana:Accra] <nil>
	// Accra <nil>
	// true
}

// GetMany works for a function of single keys too. What could be had comes
// along with the error, which says what went wrong for which key.
func ExampleFunc_GetMany() {
	memory := inmem.New[int](nil)
	defer memory.Close()
	ttl := advcache.NewTTL[string](memory, time.Hour, nil)
	stock := ttl.Func("stock:{}", func(_ context.Context, article string) (int, error) {
		switch article {
		case "hammer":
			return 12, nil
		case "nails":
			return 4000, nil
		case "glue":
			return 0, errors.New("the shelf is locked")
		}
		return 0, advcache.ErrNotFound
	})

	found, err := stock.GetMany(context.Background(), []string{"hammer", "nails", "glue", "unicorn"})
	fmt.Println(found)
	fmt.Println(err)
	if failed, ok := errors.AsType[*advcache.OpError](err); ok {
		fmt.Println(failed.Key)
	}
	// Output:
	// map[hammer:12 nails:4000]
	// advcache: ttl load "stock:glue": the shelf is locked
	// stock:glue
}
