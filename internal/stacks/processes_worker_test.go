package stacks

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"runtime"
	"strconv"
	"sync"
	"sync/atomic"
	"time"

	"github.com/redis/go-redis/v9"
	"github.com/redis/go-redis/v9/logging"

	"github.com/advcache/advcache"
	"github.com/advcache/advcache/inmem"
	"github.com/advcache/advcache/redisstore"
	"github.com/advcache/advcache/store"
)

// workerEnv has the test binary be a process of a fleet: its value is a
// workerConfig.
const workerEnv = "STACKS_TEST_WORKER"

// workerConfig is what a process has: memory of its own, over the Redis at Addr.
type workerConfig struct {
	Addr    string
	Hybrid  bool          // else a Chain of the same levels
	L1TTL   time.Duration // the limit of level 1
	Timeout time.Duration // of a request of Redis; 0: its own
	Origin  string        // a folder: the function of the process reads its values there
}

// An order is a line that a process reads, and is answered by one line. The orders
// are carried out at the same time.
type order struct {
	ID  int
	Op  string
	Key string
	// Value is what is set, or the state that is waited for.
	Value string
	// Not says that any other state is waited for.
	Not bool
	// Calm has a watch rest between its reads. Else the process is as busy as it
	// can be.
	Calm bool
	// Lasting is for how long a watch goes on when it has read what it waits for.
	Lasting time.Duration
}

// A report answers an order.
type report struct {
	ID    int
	State string // what was read
	Err   string
	// Began and Ended are instants, in Unix nanoseconds: all processes have the
	// clock of one machine.
	Began, Ended int64
	Watched      watched
	Connected    int // how often the bus has said so
	Lost         int // how often it has said that it is not
	Levels       []string
}

// watched is what a watch has seen of one key.
type watched struct {
	Reads     int
	LastStale int64 // when the last read began that did not give what is waited for
	FirstNew  int64 // when the first read began after that
	Relapses  int   // reads that gave something else again
	Relapse   string
	Waking    int64 // when the first read began after the process had stood still
	Stale     int   // reads since then that gave something else
}

// States of a key: a value is itself, with a mark.
const absent = "none"

func present(value string) string { return "=" + value }

// still is how long there is nothing between two reads of a busy process that was
// not stopped.
const still = time.Second

// worker is a process of a fleet, from the inside.
type worker struct {
	config    workerConfig
	memory    *inmem.Cache[string]
	cache     advcache.Cache[string]
	chain     *advcache.Chain[string]
	fn        *advcache.Func[int, string]
	connected atomic.Int64
	lost      atomic.Int64

	mu      sync.Mutex
	watches map[int]chan watched // guarded by mu

	out sync.Mutex
}

// work is what the process does, until its standard input ends: which it does when
// the parent does, in whatever way.
func work(config string) {
	logging.Disable()
	w := &worker{watches: make(map[int]chan watched)}
	if err := json.Unmarshal([]byte(config), &w.config); err != nil {
		panic(err)
	}
	w.build()
	lines := bufio.NewScanner(os.Stdin)
	for lines.Scan() {
		var o order
		if err := json.Unmarshal(lines.Bytes(), &o); err != nil {
			panic(err)
		}
		go func() { w.say(w.do(context.Background(), o)) }()
	}
}

func (w *worker) build() {
	client := redis.NewClient(&redis.Options{Addr: w.config.Addr, ContextTimeoutEnabled: true})
	quiet := slog.New(slog.DiscardHandler)
	bus := spiedBus{redisstore.NewBus(client, &redisstore.BusOptions{Logger: quiet}), w}
	w.memory = inmem.New[string](nil)
	shared := store.New[string](redisstore.New(client, nil), &store.Options{Timeout: w.config.Timeout})
	const name = "fleet"
	if w.config.Hybrid {
		h := advcache.NewHybrid(w.memory, shared, &advcache.HybridOptions{Name: name, L1TTL: w.config.L1TTL, Bus: bus, Logger: quiet})
		w.cache, w.chain = h, h.Chain
	} else {
		w.chain = advcache.NewChainWith(&advcache.ChainOptions{Name: name, Bus: bus, Logger: quiet},
			advcache.Level(w.memory, w.config.L1TTL), advcache.Level(shared, 0))
		w.cache = w.chain
	}
	w.fn = advcache.NewTTL[int](w.cache, day, nil).Func("f{}", func(_ context.Context, k int) (string, error) {
		value, err := os.ReadFile(filepath.Join(w.config.Origin, strconv.Itoa(k)))
		return string(value), err
	})
}

// spiedBus counts what the subscribers of a bus are told of its connection.
type spiedBus struct {
	advcache.Bus

	worker *worker
}

func (b spiedBus) Subscribe(s advcache.BusSubscriber) (stop func(), err error) {
	told := s.Connected
	s.Connected = func(connected bool) {
		told(connected)
		if connected {
			b.worker.connected.Add(1)
		} else {
			b.worker.lost.Add(1)
		}
	}
	return b.Bus.Subscribe(s)
}

func (w *worker) say(r report) {
	line, err := json.Marshal(r)
	if err != nil {
		panic(err)
	}
	w.out.Lock()
	defer w.out.Unlock()
	_, _ = os.Stdout.Write(append(line, '\n')) // where nobody listens, the input ends too
}

func (w *worker) do(ctx context.Context, o order) (r report) {
	r.ID = o.ID
	r.Began = time.Now().UnixNano()
	var err error
	switch o.Op {
	case "read":
		r.State = w.read(ctx, o.Key)
	case "set":
		err = w.cache.Set(ctx, o.Key, o.Value, day)
	case "delete":
		err = w.cache.Delete(ctx, o.Key)
	case "invalidate":
		var k int
		if k, err = functionKey(o.Key); err == nil {
			err = w.fn.Invalidate(ctx, k)
		}
	case "watch":
		r.State = w.watch(ctx, o)
	case "seen":
		w.mu.Lock()
		seen := w.watches[o.ID]
		w.mu.Unlock()
		r.Watched = <-seen
	case "state":
		r.Connected, r.Lost = int(w.connected.Load()), int(w.lost.Load())
		for _, l := range w.chain.Levels() {
			r.Levels = append(r.Levels, fmt.Sprintf("%+v", l))
		}
	default:
		err = fmt.Errorf("there is no order %q", o.Op)
	}
	r.Ended = time.Now().UnixNano()
	if err != nil {
		r.Err = err.Error()
	}
	return r
}

// functionKey returns the argument of the function for a key of its own, such as
// f7.
func functionKey(key string) (int, error) { return strconv.Atoi(key[1:]) }

// read returns the state of a key; those of the function are loaded by it.
func (w *worker) read(ctx context.Context, key string) string {
	if key[0] == 'f' {
		k, err := functionKey(key)
		value := ""
		if err == nil {
			value, err = w.fn.Get(ctx, k)
		}
		return stateOf(value, true, err)
	}
	return stateOf(w.cache.Get(ctx, key))
}

func stateOf(value string, ok bool, err error) string {
	switch {
	case err != nil:
		return "error: " + err.Error()
	case !ok:
		return absent
	}
	return present(value)
}

// watch reads a key in the background until it has the state that is waited for, and
// a while longer. It returns the first state that it reads.
func (w *worker) watch(ctx context.Context, o order) string {
	var s watched
	var first atomic.Pointer[string]
	begun, result := make(chan struct{}), make(chan watched, 1)
	w.mu.Lock()
	w.watches[o.ID] = result
	w.mu.Unlock()
	go func() {
		for before := int64(0); ; s.Reads++ {
			began := time.Now().UnixNano()
			if before != 0 && began-before > int64(still) {
				s.Waking, s.Stale = began, 0
			}
			before = began
			state := w.read(ctx, o.Key)
			if s.Reads == 0 {
				first.Store(&state)
				close(begun)
			}
			switch fits := (state == o.Value) != o.Not; {
			case !fits:
				if s.FirstNew != 0 {
					s.Relapses++
					s.Relapse = state
				}
				s.LastStale, s.FirstNew = began, 0
				s.Stale++
			case s.FirstNew == 0:
				s.FirstNew = began
			case began-s.FirstNew > int64(o.Lasting):
				result <- s
				return
			}
			if o.Calm {
				pause(ctx, 50*time.Microsecond)
			} else {
				runtime.Gosched() // as programs do that wait for something now and then
			}
		}
	}()
	<-begun
	return *first.Load()
}
