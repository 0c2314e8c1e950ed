package lincheck

import (
	"context"
	"errors"
	"math/rand/v2"
	"runtime"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/anishathalye/porcupine"

	"github.com/advcache/advcache"
	"github.com/advcache/advcache/inmem"
)

// world is a cache, and the history of what was done to it.
type world struct {
	mem    *inmem.Cache[int]
	ttl    *advcache.TTL[int, int]
	single *advcache.Func[int, int]
	batch  *advcache.Func[int, int]
	pause  func(r *rand.Rand) // lets others run

	clock  atomic.Int64
	values atomic.Int64 // the last value that was made
	mu     sync.Mutex
	ops    []porcupine.Operation // guarded by mu
}

const (
	keys    = 2
	clients = 5
	perKey  = 9 // operations of one client
)

type config struct {
	life    time.Duration
	o       advcache.TTLOptions
	memory  inmem.Options[int]
	lossy   bool
	refresh bool // use opRefresh
}

func newWorld(c config, seed uint64, pause func(*rand.Rand)) *world {
	w := &world{pause: pause}
	w.mem = inmem.New(&c.memory)
	w.ttl = advcache.NewTTL[int](w.mem, c.life, &c.o)
	read := func(k int) int {
		v := int(w.values.Add(1))
		r := rand.New(rand.NewPCG(seed, uint64(v)))
		w.record(clients*keys+v, input{opLoad, k, v}, func() output { return output{} })
		w.pause(r)
		return v
	}
	w.single = w.ttl.Func("k:{}", func(_ context.Context, k int) (int, error) { return read(k), nil })
	w.batch = w.ttl.FuncMany("k:{}", func(_ context.Context, ks []int) (map[int]int, error) {
		values := map[int]int{}
		for _, k := range ks {
			values[k] = read(k)
		}
		return values, nil
	})
	return w
}

func (w *world) close(t *testing.T) {
	if err := w.ttl.Close(context.Background()); err != nil {
		t.Error(err)
	}
	if err := w.mem.Close(); err != nil {
		t.Error(err)
	}
}

// client does what its seed says.
func (w *world) client(id int, r *rand.Rand, c config) {
	for range perKey * keys {
		w.pause(r)
		key := r.IntN(keys)
		switch r.IntN(12) {
		case 0, 1, 2:
			w.get(context.Background(), id, key, func(ctx context.Context) (int, error) { return w.single.Get(ctx, key) })
		case 3:
			w.get(context.Background(), id, key, func(ctx context.Context) (int, error) { return w.batch.Get(ctx, key) })
		case 4:
			w.getMany(id)
		case 5:
			ctx, cancel := context.WithTimeout(context.Background(), time.Duration(r.IntN(3000)))
			w.get(ctx, id, key, func(ctx context.Context) (int, error) { return w.single.Get(ctx, key) })
			cancel()
		case 6:
			w.record(id, input{opPeek, key, 0}, func() output {
				v, ok, err := w.mem.Get(context.Background(), w.single.Key(key))
				must(err)
				return output{value: v, ok: ok}
			})
		case 7:
			value := int(w.values.Add(1))
			w.record(id, input{opSet, key, value}, func() output {
				if r.IntN(2) == 0 {
					must(w.single.Set(context.Background(), key, value))
				} else {
					must(w.mem.Set(context.Background(), w.single.Key(key), value, c.life))
				}
				return output{}
			})
		case 8, 9:
			w.record(id, input{opDelete, key, 0}, func() output {
				if r.IntN(2) == 0 {
					must(w.single.Invalidate(context.Background(), key))
				} else {
					must(w.mem.Delete(context.Background(), w.single.Key(key)))
				}
				return output{}
			})
		case 10:
			value := int(w.values.Add(1))
			w.record(id, input{opSetIfAbsent, key, value}, func() output {
				ok, err := w.mem.SetIfAbsent(context.Background(), w.single.Key(key), value, c.life)
				must(err)
				return output{ok: ok}
			})
		case 11:
			if !c.refresh {
				continue
			}
			w.record(id, input{opRefresh, key, 0}, func() output {
				v, err := w.single.Refresh(context.Background(), key)
				must(err)
				return output{value: v, ok: true}
			})
		}
	}
}

func (w *world) get(ctx context.Context, id, key int, get func(context.Context) (int, error)) {
	w.record(id, input{opGet, key, 0}, func() output {
		v, err := get(ctx)
		if err != nil && errors.Is(err, ctx.Err()) {
			return output{left: true}
		}
		must(err)
		return output{value: v, ok: true}
	})
}

func (w *world) getMany(id int) {
	call := w.clock.Add(1)
	values, err := w.batch.GetMany(context.Background(), []int{0, 1})
	must(err)
	back := w.clock.Add(1)
	w.mu.Lock()
	defer w.mu.Unlock()
	for k := range keys {
		v, ok := values[k]
		if !ok {
			panic("a batch left a key out")
		}
		w.ops = append(w.ops, porcupine.Operation{ClientId: id + clients*k, Input: input{opGet, k, 0}, Call: call, Output: output{value: v, ok: true}, Return: back})
	}
}

func (w *world) record(id int, in input, do func() output) {
	call := w.clock.Add(1)
	out := do()
	back := w.clock.Add(1)
	w.mu.Lock()
	defer w.mu.Unlock()
	w.ops = append(w.ops, porcupine.Operation{ClientId: id, Input: in, Call: call, Output: out, Return: back})
}

func must(err error) {
	if err != nil {
		panic(err)
	}
}

func run(t *testing.T, c config, seed uint64, pause func(*rand.Rand)) {
	w := newWorld(c, seed, pause)
	var wg sync.WaitGroup
	for id := range clients {
		r := rand.New(rand.NewPCG(seed, uint64(id)<<32))
		wg.Go(func() { w.client(id, r, c) })
	}
	wg.Wait()
	w.close(t)
	byKey := map[int][]porcupine.Operation{}
	for _, o := range w.ops {
		key := o.Input.(input).key
		byKey[key] = append(byKey[key], o)
	}
	m := model(c.lossy)
	for key, ops := range byKey {
		switch porcupine.CheckOperationsTimeout(m, ops, 20*time.Second) {
		case porcupine.Illegal:
			for _, o := range ops {
				t.Logf("%3d-%3d client %2d: %s", o.Call, o.Return, o.ClientId, m.DescribeOperation(o.Input, o.Output))
			}
			t.Fatalf("law 3 (an invalidation wins): seed %d: the history of key %d is not linearizable", seed, key)
		case porcupine.Ok:
		case porcupine.Unknown:
			t.Errorf("seed %d: porcupine did not decide in 20 s", seed)
		}
	}
}

var configs = map[string]config{
	"long lives":    {life: time.Hour},
	"slow path":     {life: time.Hour, o: advcache.TTLOptions{HotKeys: -1}, memory: inmem.Options[int]{Exact: true}},
	"short lives":   {life: 20 * time.Microsecond, lossy: true, refresh: true},
	"stale":         {life: 10 * time.Microsecond, lossy: true, refresh: true, o: advcache.TTLOptions{Stale: 20 * time.Microsecond, StaleIfError: 50 * time.Microsecond, SoftTimeout: 2 * time.Microsecond}},
	"refresh ahead": {life: time.Hour, lossy: true, refresh: true, o: advcache.TTLOptions{RefreshAhead: 1e-9}},
	"hot paths":     {life: time.Minute, lossy: true, o: advcache.TTLOptions{RefreshAhead: 0.9}},
	"evictions":     {life: time.Hour, lossy: true, memory: inmem.Options[int]{MaxEntries: 1}},
}

// TestSchedules replays thousands of schedules: in a bubble, who runs next is
// decided by the seeded pauses, in the loader too.
func TestSchedules(t *testing.T) {
	for name, c := range configs {
		t.Run(name, func(t *testing.T) {
			for seed := range uint64(600) {
				synctest.Test(t, func(t *testing.T) {
					run(t, c, seed, func(r *rand.Rand) { time.Sleep(time.Duration(r.IntN(2000))) })
				})
			}
		})
	}
}

// TestProcessors lets the processors decide: here the steps within an operation
// interleave as well.
func TestProcessors(t *testing.T) {
	for name, c := range configs {
		t.Run(name, func(t *testing.T) {
			for seed := range uint64(300) {
				run(t, c, seed, func(r *rand.Rand) {
					for range r.IntN(4) {
						runtime.Gosched()
					}
				})
			}
		})
	}
}

// TestTheModelFindsFaults makes sure that a history with a fault is refused.
func TestTheModelFindsFaults(t *testing.T) {
	at := func(call int64, in input, out output) porcupine.Operation {
		return porcupine.Operation{Input: in, Output: out, Call: 2 * call, Return: 2*call + 1}
	}
	served := func(v int) output { return output{value: v, ok: true} }
	for name, ops := range map[string][]porcupine.Operation{
		"an old value after a delete": {
			at(1, input{opLoad, 0, 1}, output{}), at(2, input{opGet, 0, 0}, served(1)),
			at(3, input{opDelete, 0, 0}, output{}), at(4, input{opGet, 0, 0}, served(1)),
		},
		"a load that began before a delete, stored after it": {
			at(1, input{opLoad, 0, 1}, output{}), at(2, input{opDelete, 0, 0}, output{}), at(3, input{opPeek, 0, 0}, served(1)),
		},
		"a load over a set": {
			at(1, input{opLoad, 0, 1}, output{}), at(2, input{opSet, 0, 5}, output{}), at(3, input{opPeek, 0, 0}, served(1)),
		},
	} {
		for _, lossy := range []bool{false, true} {
			if porcupine.CheckOperations(model(lossy), ops) {
				t.Errorf("lossy %v: the model accepts %s", lossy, name)
			}
		}
	}
	for name, ops := range map[string][]porcupine.Operation{
		"set if absent twice": {
			at(1, input{opSetIfAbsent, 0, 5}, served(0)), at(2, input{opSetIfAbsent, 0, 6}, served(0)),
		},
		"a needless load, stored over a set": {
			at(1, input{opSet, 0, 5}, output{}), at(2, input{opLoad, 0, 6}, output{}), at(3, input{opPeek, 0, 0}, served(6)),
		},
		"a value lost": {
			at(1, input{opSet, 0, 5}, output{}), at(2, input{opPeek, 0, 0}, output{}),
		},
	} {
		if porcupine.CheckOperations(model(false), ops) {
			t.Errorf("the strict model accepts %s", name)
		}
	}
}
