package storetest

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"

	"github.com/advcache/advcache/store"
)

// Counting passes every request on to another store and counts it. How many
// requests an operation takes is part of what the library promises (law 12), so
// tests compare, with ==:
//
//	counting.Reset()
//	users.Get(ctx, "user:1")
//	if got := counting.Requests(); got != (storetest.Requests{Get: 1}) {
//		t.Errorf("a hit took %v", got)
//	}
//
// A capability that the other store lacks gives errors.ErrUnsupported, and is
// not counted.
type Counting struct {
	s store.Store

	mu     sync.Mutex // guards counts
	counts Counts
}

// Requests is how many requests there were of each kind.
type Requests struct {
	Get, Head, Put, Delete, Touch, GetMany, PutMany, Clear int
}

// Counts is what a [Counting] has counted.
type Counts struct {
	Requests Requests
	Keys     int   // of all requests but Clear, repeated ones too
	In       int64 // bytes of bodies that were to be written
	Out      int64 // bytes of bodies that were read
}

// NewCounting returns a store that counts the requests to s.
func NewCounting(s store.Store) *Counting { return &Counting{s: s} }

// Requests returns how many requests there were since the last Reset. One that
// has not returned yet is counted.
func (c *Counting) Requests() Requests { return c.Counts().Requests }

// Counts returns what was counted since the last Reset.
func (c *Counting) Counts() Counts {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.counts
}

// Reset begins to count at zero.
func (c *Counting) Reset() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.counts = Counts{}
}

// Total returns how many requests there were of all kinds.
func (r Requests) Total() int {
	return r.Get + r.Head + r.Put + r.Delete + r.Touch + r.GetMany + r.PutMany + r.Clear
}

// String returns the requests in words, such as "2 Get, 1 Put".
func (r Requests) String() string {
	var said []string
	for _, kind := range []struct {
		n    int
		name string
	}{
		{r.Get, "Get"},
		{r.Head, "Head"},
		{r.Put, "Put"},
		{r.Delete, "Delete"},
		{r.Touch, "Touch"},
		{r.GetMany, "GetMany"},
		{r.PutMany, "PutMany"},
		{r.Clear, "Clear"},
	} {
		if kind.n != 0 {
			said = append(said, fmt.Sprintf("%d %s", kind.n, kind.name))
		}
	}
	if len(said) == 0 {
		return "no request"
	}
	return strings.Join(said, ", ")
}

// String returns the counts in words, such as
// "2 Get, 1 Put; 3 keys, 512 bytes in, 1024 bytes out".
func (c Counts) String() string {
	return fmt.Sprintf("%v; %d keys, %d bytes in, %d bytes out", c.Requests, c.Keys, c.In, c.Out)
}

// count adds to the counts what add says.
func (c *Counting) count(add func(n *Counts)) {
	c.mu.Lock()
	defer c.mu.Unlock()
	add(&c.counts)
}

// takeBack undoes a count of what the other store cannot do.
func (c *Counting) takeBack(err error, undo func(n *Counts)) {
	if errors.Is(err, errors.ErrUnsupported) {
		c.count(undo)
	}
}

// Info implements [store.Store].
func (c *Counting) Info() store.Info { return c.s.Info() }

// Get implements [store.Store].
func (c *Counting) Get(ctx context.Context, key string, want store.Want) (store.Object, bool, error) {
	c.count(func(n *Counts) { n.Requests.Get++; n.Keys++ })
	obj, ok, err := c.s.Get(ctx, key, want)
	c.count(func(n *Counts) { n.Out += int64(len(obj.Body)) })
	return obj, ok, err
}

// Head implements [store.Store].
func (c *Counting) Head(ctx context.Context, key string) (store.Meta, bool, error) {
	c.count(func(n *Counts) { n.Requests.Head++; n.Keys++ })
	return c.s.Head(ctx, key)
}

// Put implements [store.Store].
func (c *Counting) Put(ctx context.Context, key string, obj store.Object, cond store.Cond) (store.Version, bool, error) {
	c.count(func(n *Counts) { n.Requests.Put++; n.Keys++; n.In += int64(len(obj.Body)) })
	return c.s.Put(ctx, key, obj, cond)
}

// Delete implements [store.Store].
func (c *Counting) Delete(ctx context.Context, keys ...string) error {
	c.count(func(n *Counts) { n.Requests.Delete++; n.Keys += len(keys) })
	return c.s.Delete(ctx, keys...)
}

// Touch implements [store.Toucher].
func (c *Counting) Touch(ctx context.Context, key string, meta store.Meta, cond store.Cond) (bool, error) {
	c.count(func(n *Counts) { n.Requests.Touch++; n.Keys++ })
	ok, err := store.Touch(ctx, c.s, key, meta, cond)
	c.takeBack(err, func(n *Counts) { n.Requests.Touch--; n.Keys-- })
	return ok, err
}

// GetMany implements [store.ManyGetter].
func (c *Counting) GetMany(ctx context.Context, keys []string, want store.Want) ([]*store.Object, error) {
	c.count(func(n *Counts) { n.Requests.GetMany++; n.Keys += len(keys) })
	objs, err := store.GetMany(ctx, c.s, keys, want)
	c.count(func(n *Counts) {
		for _, obj := range objs {
			if obj != nil {
				n.Out += int64(len(obj.Body))
			}
		}
	})
	c.takeBack(err, func(n *Counts) { n.Requests.GetMany--; n.Keys -= len(keys) })
	return objs, err
}

// PutMany implements [store.ManyPutter].
func (c *Counting) PutMany(ctx context.Context, objs map[string]store.Object) error {
	in := size(objs)
	c.count(func(n *Counts) { n.Requests.PutMany++; n.Keys += len(objs); n.In += in })
	err := store.PutMany(ctx, c.s, objs)
	c.takeBack(err, func(n *Counts) { n.Requests.PutMany--; n.Keys -= len(objs); n.In -= in })
	return err
}

// Clear implements [store.Clearer].
func (c *Counting) Clear(ctx context.Context, prefix string) error {
	c.count(func(n *Counts) { n.Requests.Clear++ })
	err := store.Clear(ctx, c.s, prefix)
	c.takeBack(err, func(n *Counts) { n.Requests.Clear-- })
	return err
}

func size(objs map[string]store.Object) (n int64) {
	for _, obj := range objs {
		n += int64(len(obj.Body))
	}
	return n
}
