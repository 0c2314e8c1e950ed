package lincheck

import (
	"context"
	"errors"
	"log/slog"
	"math/rand/v2"
	"runtime"
	"strconv"
	"sync"
	"time"

	"github.com/anishathalye/porcupine"

	"github.com/advcache/advcache"
)

var quiet = slog.New(slog.DiscardHandler)

// chained is a cache of several levels.
type chained interface {
	advcache.Cache[int]
	advcache.SetIfAbsenter[int]
	advcache.EntryIfSetter[int]
	advcache.ManyGetter[int]
	advcache.ManySetter[int]
	advcache.EntriesGetter[int]
	advcache.EntryHeader[int]
	advcache.Revalidator[int]
	Close(ctx context.Context) error
}

// chainWorld is a chain, and the history of what was done to it.
type chainWorld struct {
	c     chained
	conf  chainConfig
	start time.Time

	mu    sync.Mutex
	clock int64                 // guarded by mu
	ops   []porcupine.Operation // guarded by mu
	lives []life                // by value; guarded by mu
}

const (
	chainClients = 5
	chainOps     = 20 // of one client
)

func (w *chainWorld) now() time.Duration { return time.Since(w.start) }

func (w *chainWorld) tick() int64 {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.clock++
	return w.clock
}

// value returns a new value, which has no life yet.
func (w *chainWorld) value() int {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.lives = append(w.lives, life{fresh: [2]time.Duration{forever, forever}, dead: [2]time.Duration{forever, forever}})
	return len(w.lives) - 1
}

// call is an operation under way.
type call struct {
	w    *chainWorld
	id   int
	in   chainInput
	tick int64
}

func (w *chainWorld) begin(id int, in chainInput) *call {
	in.at = w.now()
	return &call{w, id, in, w.tick()}
}

func (c *call) end(out chainOutput) {
	out.at = c.w.now()
	back := c.w.tick()
	c.w.mu.Lock()
	defer c.w.mu.Unlock()
	op := porcupine.Operation{ClientId: c.id, Input: c.in, Call: c.tick, Output: out, Return: back}
	if c.in.op < chainSet || !c.w.conf.windows && c.w.lives[c.in.value].dead[0] > out.at {
		c.w.ops = append(c.w.ops, op)
		return
	}
	for _, step := range []changeStep{first, second} {
		c.in.step = step
		op.Input = c.in
		c.w.ops = append(c.w.ops, op)
	}
}

// lifeOf gives a value its life: until an instant for sure, and not past another.
func (w *chainWorld) lifeOf(v int, negative bool, fresh, dead [2]time.Time) {
	w.mu.Lock()
	defer w.mu.Unlock()
	l := &w.lives[v]
	l.negative = negative
	if !fresh[0].IsZero() {
		l.fresh = [2]time.Duration{fresh[0].Truncate(time.Millisecond).Sub(w.start), fresh[1].Sub(w.start)}
		l.dead = [2]time.Duration{dead[0].Truncate(time.Millisecond).Sub(w.start), dead[1].Sub(w.start)}
	}
}

// client does what its seed says.
func (w *chainWorld) client(id int, r *rand.Rand) {
	seen := map[int]advcache.Lookup[int]{}
	for range chainOps {
		if w.conf.yields {
			for range r.IntN(4) {
				runtime.Gosched()
			}
			w.do(id, r, r.IntN(keys), seen)
			continue
		}
		pause := time.Duration(r.IntN(int(12 * time.Millisecond)))
		if w.conf.falls && r.IntN(6) == 0 {
			pause = time.Duration(r.IntN(int(1500 * time.Millisecond)))
		}
		sleep(pause)
		w.do(id, r, r.IntN(keys), seen)
	}
}

func name(key int) string { return "k:" + strconv.Itoa(key) }

// entry returns a new entry that may die.
func (w *chainWorld) entry(r *rand.Rand) advcache.Entry[int] {
	now := time.Now()
	e := advcache.Entry[int]{Value: w.value(), CreatedAt: now}
	if !w.conf.lives {
		return e
	}
	if r.IntN(3) > 0 {
		e.FreshUntil = now.Add(time.Duration(1+r.IntN(60)) * time.Millisecond)
		if r.IntN(2) == 0 {
			e.StaleUntil = e.FreshUntil.Add(time.Duration(1+r.IntN(60)) * time.Millisecond)
		}
	}
	e.Absent = r.IntN(6) == 0
	dead := e.FreshUntil
	if e.StaleUntil.After(dead) {
		dead = e.StaleUntil
	}
	w.lifeOf(e.Value, e.Absent, [2]time.Time{e.FreshUntil, e.FreshUntil}, [2]time.Time{dead, dead})
	return e
}

func (w *chainWorld) do(id int, r *rand.Rand, key int, seen map[int]advcache.Lookup[int]) {
	ctx, name := context.Background(), name(key)
	if w.conf.leave && r.IntN(3) == 0 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, time.Duration(r.IntN(int(10*time.Millisecond))))
		defer cancel()
	}
	var ttl time.Duration
	if w.conf.lives && r.IntN(2) == 0 {
		ttl = time.Duration(1+r.IntN(60)) * time.Millisecond
	}
	switch n := r.IntN(20); n {
	case 0, 1, 2, 3:
		c := w.begin(id, chainInput{op: chainGet, key: key})
		v, _, err := w.c.Get(ctx, name)
		c.end(chainOutput{value: v, failed: w.failed(ctx, err)})
	case 4, 5, 6:
		w.getMany(ctx, id, n == 6)
	case 7, 8, 9, 10:
		op := chainGetEntry
		c := w.begin(id, chainInput{op: op, key: key})
		var l advcache.Lookup[int]
		if had, ok := seen[key]; n == 10 && ok && had.OK {
			l.Entry, l.OK, l.Err = w.c.Revalidate(ctx, name, had.Entry)
		} else {
			l.Entry, l.OK, l.Err = w.c.GetEntry(ctx, name)
		}
		if l.Err == nil {
			seen[key] = l
		}
		c.end(w.shown(ctx, l))
	case 11:
		c := w.begin(id, chainInput{op: chainExists, key: key})
		ok, err := w.c.Exists(ctx, name)
		c.end(chainOutput{ok: ok, failed: w.failed(ctx, err)})
	case 12:
		c := w.begin(id, chainInput{op: chainHead, key: key})
		_, ok, err := w.c.HeadEntry(ctx, name)
		c.end(chainOutput{ok: ok, failed: w.failed(ctx, err)})
	case 13, 14:
		e := w.entry(r)
		c := w.begin(id, chainInput{op: chainSet, key: key, value: e.Value})
		err := w.c.SetEntry(ctx, name, e)
		c.end(chainOutput{failed: w.failed(ctx, err)})
	case 15:
		w.setMany(ctx, id, ttl)
	case 16, 17:
		c := w.begin(id, chainInput{op: chainDelete, key: key, value: w.value()})
		err := w.c.Delete(ctx, name)
		c.end(chainOutput{failed: w.failed(ctx, err)})
	case 18:
		if w.conf.plain {
			return
		}
		v := w.value()
		c := w.begin(id, chainInput{op: chainSetIfAbsent, key: key, value: v})
		began := time.Now()
		ok, err := w.c.SetIfAbsent(ctx, name, v, ttl)
		if ttl > 0 {
			end := [2]time.Time{began.Add(ttl), time.Now().Add(ttl)}
			w.lifeOf(v, false, end, end)
		}
		c.end(chainOutput{ok: ok, failed: w.failed(ctx, err)})
	case 19:
		had, known := seen[key]
		if w.conf.plain || !known {
			return
		}
		e := w.entry(r)
		c := w.begin(id, chainInput{op: chainSetIf, key: key, value: e.Value, seen: w.shown(ctx, had).seen()})
		ok, err := w.c.SetEntryIf(ctx, name, e, had.Entry.Version)
		c.end(chainOutput{ok: ok, failed: w.failed(ctx, err)})
	}
}

// failed reports whether there is an error, which there must not be without faults.
func (w *chainWorld) failed(ctx context.Context, err error) bool {
	if err != nil && w.conf.fails == 0 && !w.conf.falls && (ctx.Err() == nil || !errors.Is(err, ctx.Err())) {
		panic(err)
	}
	return err != nil
}

func (w *chainWorld) shown(ctx context.Context, l advcache.Lookup[int]) chainOutput {
	out := chainOutput{value: l.Entry.Value, negative: l.OK && l.Entry.Absent, failed: w.failed(ctx, l.Err)}
	if out.negative {
		out.value = 0
	}
	return out
}

func (w *chainWorld) getMany(ctx context.Context, id int, entries bool) {
	names := []string{name(0), name(1)}
	op := chainGet
	if entries {
		op = chainGetEntry
	}
	var calls []*call
	for k := range keys {
		calls = append(calls, w.begin(id+k*chainClients, chainInput{op: op, key: k}))
	}
	if entries {
		found := w.c.GetEntries(ctx, names)
		for k, c := range calls {
			c.end(w.shown(ctx, found[k]))
		}
		return
	}
	values, err := w.c.GetMany(ctx, names)
	for k, c := range calls {
		v, ok := values[names[k]]
		c.end(chainOutput{value: v, failed: w.failed(ctx, err) && !ok})
	}
}

func (w *chainWorld) setMany(ctx context.Context, id int, ttl time.Duration) {
	values := map[string]int{}
	var calls []*call
	for k := range keys {
		v := w.value()
		values[name(k)] = v
		calls = append(calls, w.begin(id+k*chainClients, chainInput{op: chainSet, key: k, value: v}))
		if end := time.Now().Add(ttl); ttl > 0 {
			w.lifeOf(v, false, [2]time.Time{end, end}, [2]time.Time{end, end})
		}
	}
	err := w.c.SetMany(ctx, values, ttl)
	for _, c := range calls {
		c.end(chainOutput{failed: w.failed(ctx, err)})
	}
}
