package storetest

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/advcache/advcache/store"
	"github.com/advcache/advcache/store/storetest/internal/faultplan"
)

// ErrInjected is the error of a [Faulty] without one of its own.
var ErrInjected = errors.New("storetest: injected fault")

// Faulty passes requests on to another store, and has some of them go wrong:
// the next ones of a kind by a [Faulty.Script], or any by the probability that
// [Faulty.Rate] gives. At first nothing goes wrong.
//
// For one Seed, the nth request of a kind always meets the same fault, and is
// damaged in the same way if it gives the same; so a test whose goroutines race
// still has as many faults of each kind in each run. A Faulty starts no
// goroutine, and works in a bubble of testing/synctest.
type Faulty struct {
	s store.Store
	o FaultyOptions

	plan *faultplan.Plan[Op, Fault]

	mu     sync.Mutex // guards what follows
	record map[string]*history
}

// FaultyOptions are the options of [NewFaulty].
type FaultyOptions struct {
	Seed    uint64
	Err     error         // what Fail, LostAnswer and Half give. Nil: ErrInjected
	Latency time.Duration // of Late. 0: 100 ms
}

const defaultLatency = 100 * time.Millisecond

// history is what a key holds, and what it held before the last write.
type history struct{ now, before *store.Object } // nil: nothing

// NewFaulty returns a store that passes requests on to s.
func NewFaulty(s store.Store, o *FaultyOptions) *Faulty {
	f := &Faulty{s: s, record: make(map[string]*history)}
	if o != nil {
		f.o = *o
	}
	if f.o.Err == nil {
		f.o.Err = ErrInjected
	}
	if f.o.Latency < 0 {
		panic(fmt.Sprintf("storetest: FaultyOptions.Latency is %v; it must not be negative", f.o.Latency))
	}
	if f.o.Latency == 0 {
		f.o.Latency = defaultLatency
	}
	f.plan = faultplan.New("storetest", f.o.Seed, ops, faults, Fault.befalls)
	return f
}

// Rate has requests of a kind meet a fault with a probability, from now on; with
// [AnyOp], those of all kinds that it can happen to. 0: no longer. It panics
// where the fault cannot happen to the kind, or where the probabilities of a
// kind are more than 1 together.
func (f *Faulty) Rate(op Op, fault Fault, probability float64) {
	f.plan.Rate(op, fault, probability)
}

// Script has the next requests of a kind meet these faults, one after the other,
// after those of former scripts; [None] lets one through. It comes before Rate.
// With [AnyOp], the script is for requests of kinds that have no script of their
// own, and what cannot happen to one of them lets it through. It panics where a
// fault cannot happen to the kind.
func (f *Faulty) Script(op Op, next ...Fault) { f.plan.Script(op, next...) }

// Heal ends all faults: rates are 0 and scripts are over.
func (f *Faulty) Heal() { f.plan.Heal() }

// Met returns how many requests met a fault.
func (f *Faulty) Met(fault Fault) int { return f.plan.Met(fault) }

// before does what a fault does before the other store is asked. It returns an
// error if that is all.
func (f *Faulty) before(ctx context.Context, fault Fault) error {
	switch fault {
	case Fail:
		return f.o.Err
	case Hang:
		<-ctx.Done()
		return ctx.Err()
	case Late:
		timer := time.NewTimer(f.o.Latency)
		defer timer.Stop()
		select {
		case <-timer.C:
			return nil
		case <-ctx.Done():
			return ctx.Err()
		}
	default:
		return nil
	}
}

// after returns the error of a request that gave err.
func (f *Faulty) after(fault Fault, err error) error {
	if err == nil && (fault == LostAnswer || fault == Half) {
		return f.o.Err
	}
	return err
}

// Info implements [store.Store].
func (f *Faulty) Info() store.Info { return f.s.Info() }

// Get implements [store.Store].
func (f *Faulty) Get(ctx context.Context, key string, want store.Want) (store.Object, bool, error) {
	fault, chance := f.plan.Turn(OpGet)
	if err := f.before(ctx, fault); err != nil {
		return store.Object{}, false, err
	}
	if fault == Outdated {
		obj, ok := f.outdated(key, &want)
		return obj, ok, ctx.Err()
	}
	obj, ok, err := f.s.Get(ctx, f.instead(key, fault, chance), want)
	if err = f.after(fault, err); err != nil {
		return store.Object{}, false, err
	}
	if ok {
		damage(&obj, fault, chance, &want)
	}
	return obj, ok, nil
}

// Head implements [store.Store].
func (f *Faulty) Head(ctx context.Context, key string) (store.Meta, bool, error) {
	fault, chance := f.plan.Turn(OpHead)
	if err := f.before(ctx, fault); err != nil {
		return store.Meta{}, false, err
	}
	if fault == Outdated {
		obj, ok := f.previous(key)
		return obj.Meta, ok, ctx.Err()
	}
	meta, ok, err := f.s.Head(ctx, f.instead(key, fault, chance))
	if err = f.after(fault, err); err != nil {
		return store.Meta{}, false, err
	}
	if ok {
		obj := store.Object{Meta: meta}
		damage(&obj, fault, chance, &store.Want{})
		meta = obj.Meta
	}
	return meta, ok, nil
}

// Put implements [store.Store].
func (f *Faulty) Put(ctx context.Context, key string, obj store.Object, cond store.Cond) (store.Version, bool, error) {
	fault, _ := f.plan.Turn(OpPut)
	if err := f.before(ctx, fault); err != nil {
		return store.Version{}, false, err
	}
	version, ok, err := f.s.Put(ctx, key, obj, cond)
	if ok && err == nil {
		kept := asKept(obj, version)
		f.wrote(key, &kept)
	}
	if err = f.after(fault, err); err != nil {
		return store.Version{}, false, err
	}
	return version, ok, nil
}

// Delete implements [store.Store].
func (f *Faulty) Delete(ctx context.Context, keys ...string) error {
	fault, _ := f.plan.Turn(OpDelete)
	if err := f.before(ctx, fault); err != nil {
		return err
	}
	keys = some(keys, fault)
	err := f.s.Delete(ctx, keys...)
	if err == nil {
		for _, key := range keys {
			f.wrote(key, nil)
		}
	}
	return f.after(fault, err)
}

// Touch implements [store.Toucher].
func (f *Faulty) Touch(ctx context.Context, key string, meta store.Meta, cond store.Cond) (bool, error) {
	if !f.has(capTouch) {
		return store.Touch(ctx, f.s, key, meta, cond)
	}
	fault, _ := f.plan.Turn(OpTouch)
	if err := f.before(ctx, fault); err != nil {
		return false, err
	}
	ok, err := store.Touch(ctx, f.s, key, meta, cond)
	if ok && err == nil {
		f.touched(key, meta)
	}
	if err = f.after(fault, err); err != nil {
		return false, err
	}
	return ok, nil
}

// GetMany implements [store.ManyGetter].
func (f *Faulty) GetMany(ctx context.Context, keys []string, want store.Want) ([]*store.Object, error) {
	if !f.has(capGetMany) {
		return store.GetMany(ctx, f.s, keys, want)
	}
	fault, chance := f.plan.Turn(OpGetMany)
	if err := f.before(ctx, fault); err != nil {
		return nil, err
	}
	if fault == Outdated {
		objs := make([]*store.Object, len(keys))
		for i, key := range keys {
			if obj, ok := f.outdated(key, &want); ok {
				objs[i] = &obj
			}
		}
		return objs, ctx.Err()
	}
	objs, err := store.GetMany(ctx, f.s, keys, want)
	if err != nil || fault == LostAnswer {
		return nil, f.after(fault, err)
	}
	var found []int
	for i, obj := range objs {
		if fault == Half && i%2 == 1 {
			objs[i] = nil
		} else if obj != nil {
			found = append(found, i)
		}
	}
	read := slices.Clone(objs)
	for n, i := range found {
		if fault == Swapped {
			objs[i] = read[found[(n+1)%len(found)]]
		}
		obj := *objs[i]
		damage(&obj, fault, chance, &want)
		objs[i] = &obj
	}
	return objs, f.after(fault, nil)
}

// PutMany implements [store.ManyPutter].
func (f *Faulty) PutMany(ctx context.Context, objs map[string]store.Object) error {
	if !f.has(capPutMany) {
		return store.PutMany(ctx, f.s, objs)
	}
	fault, _ := f.plan.Turn(OpPutMany)
	if err := f.before(ctx, fault); err != nil {
		return err
	}
	if fault == Half {
		part := make(map[string]store.Object)
		for _, key := range some(slices.Sorted(maps.Keys(objs)), fault) {
			part[key] = objs[key]
		}
		objs = part
	}
	err := store.PutMany(ctx, f.s, objs)
	if err == nil {
		for key, obj := range objs {
			kept := asKept(obj, randomVersion()) // its own is not known
			f.wrote(key, &kept)
		}
	}
	return f.after(fault, err)
}

// Clear implements [store.Clearer].
func (f *Faulty) Clear(ctx context.Context, prefix string) error {
	if !f.has(capClear) {
		return store.Clear(ctx, f.s, prefix)
	}
	fault, _ := f.plan.Turn(OpClear)
	if err := f.before(ctx, fault); err != nil {
		return err
	}
	err := store.Clear(ctx, f.s, prefix)
	if err == nil {
		f.mu.Lock()
		defer f.mu.Unlock()
		for key, h := range f.record {
			if strings.HasPrefix(key, prefix) {
				h.write(nil)
			}
		}
	}
	return f.after(fault, err)
}

// some returns the keys that a request is done for.
func some(keys []string, fault Fault) []string {
	if fault != Half {
		return keys
	}
	var half []string
	for i := 0; i < len(keys); i += 2 {
		half = append(half, keys[i])
	}
	return half
}
