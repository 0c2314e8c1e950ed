package filestore_test

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/advcache/advcache"
	"github.com/advcache/advcache/filestore"
	"github.com/advcache/advcache/store"
)

type user struct {
	Name string
}

// folder is one that the examples can throw away.
func folder() (dir string, remove func()) {
	dir, err := os.MkdirTemp("", "example")
	if err != nil {
		panic(err)
	}
	return filepath.Join(dir, "cache"), func() {
		if err := os.RemoveAll(dir); err != nil {
			panic(err)
		}
	}
}

// What a program has cached is there when it starts again.
func ExampleOpen() {
	dir, remove := folder()
	defer remove()
	program := func() {
		files, err := filestore.Open(dir, nil)
		if err != nil {
			panic(err)
		}
		defer files.Close()

		users := advcache.NewTTL[int](store.New[user](files, nil), time.Hour, nil)
		getUser := users.Cached("user:{}", func(_ context.Context, id int) (user, error) {
			fmt.Println("loading", id)
			return user{Name: "ann"}, nil
		})
		u, err := getUser(context.Background(), 42)
		fmt.Println(u.Name, err)
	}
	program()
	program()
	// Output:
	// loading 42
	// ann <nil>
	// ann <nil>
}

// A folder has a bound: what was written or renewed longest ago goes first. An
// Observer is told of it.
func ExampleOptions() {
	dir, remove := folder()
	defer remove()
	files, err := filestore.Open(dir, &filestore.Options{
		MaxEntries: 2,
		Observer: &advcache.Observer{
			Evict: func(e advcache.Event) { fmt.Println("evicted", e.Key) },
		},
	})
	if err != nil {
		panic(err)
	}
	defer files.Close()

	ctx := context.Background()
	pages := store.New[string](files, nil)
	for _, page := range []string{"/", "/about", "/news"} {
		if err := pages.Set(ctx, page, "<html>", time.Hour); err != nil {
			panic(err)
		}
	}
	fmt.Println(files.Len(), "files of", files.Size(), "bytes")
	// Output:
	// evicted /
	// 2 files of 8192 bytes
}
