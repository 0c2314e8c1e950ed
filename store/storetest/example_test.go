package storetest_test

import (
	"context"
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"github.com/advcache/advcache/store"
	"github.com/advcache/advcache/store/storetest"
)

// testMemory is the whole test of a store in memory. In a test file of the
// backend, it is called TestStore.
func testMemory(t *testing.T) {
	storetest.Run(t, storetest.Harness{
		New:    func(*testing.T) store.Store { return storetest.NewMemory(nil) },
		Around: synctest.Test,
		Raw: func(_ *testing.T, s store.Store, key string, data []byte) {
			s.(*storetest.Memory).Plant(key, data)
		},
	})
}

// A backend over a server is tested in real time: its harness has no bubble,
// and may have its checks wait at the same time.
func ExampleRun() {
	_ = func(t *testing.T) {
		storetest.Run(t, storetest.Harness{
			New:    newServerStore,
			Around: func(t *testing.T, test func(t *testing.T)) { t.Parallel(); test(t) },
			Unit:   500 * time.Millisecond,
			// What the server cannot do in fewer requests.
			Without: []string{"PutMany"},
		})
	}
	// Output:
}

// newServerStore stands for a function that makes a store under a prefix that
// no other store has.
func newServerStore(*testing.T) store.Store { return nil }

func ExampleCounting() {
	ctx := context.Background()
	counting := storetest.NewCounting(storetest.NewMemory(nil))
	_, _, _ = counting.Put(ctx, "k", store.Object{Body: []byte("12345")}, store.Cond{})
	_, _, _ = counting.Get(ctx, "k", store.Want{})
	_, _, _ = counting.Get(ctx, "nothing", store.Want{})
	fmt.Println(counting.Counts())
	fmt.Println(counting.Requests() == storetest.Requests{Get: 2, Put: 1})
	// Output:
	// 2 Get, 1 Put; 3 keys, 5 bytes in, 5 bytes out
	// true
}

func ExampleFaulty() {
	ctx := context.Background()
	faulty := storetest.NewFaulty(storetest.NewMemory(nil), &storetest.FaultyOptions{Seed: 1})
	faulty.Script(storetest.OpPut, storetest.LostAnswer)
	_, ok, err := faulty.Put(ctx, "k", store.Object{Body: []byte("v")}, store.Cond{})
	fmt.Println(ok, err)

	obj, ok, err := faulty.Get(ctx, "k", store.Want{})
	fmt.Printf("%s %v %v\n", obj.Body, ok, err)

	faulty.Rate(storetest.AnyOp, storetest.Fail, 0.1) // from now on, every tenth request
	// Output:
	// false storetest: injected fault
	// v true <nil>
}
