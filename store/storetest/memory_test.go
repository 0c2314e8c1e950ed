package storetest

import (
	"testing"
	"testing/synctest"

	"github.com/advcache/advcache/store"
)

// inBubble is the harness of a store over a Memory.
func inBubble(o *MemoryOptions, wrap func(m *Memory) store.Store) Harness {
	under := make(map[store.Store]*Memory)
	h := Harness{
		New: func(*testing.T) store.Store {
			m := NewMemory(o)
			s := wrap(m)
			under[s] = m
			return s
		},
		Around: synctest.Test,
		Raw:    func(_ *testing.T, s store.Store, key string, data []byte) { under[s].Plant(key, data) },
		Corrupt: func(t *testing.T, s store.Store, key string, damage func(data []byte) []byte) {
			if !under[s].Edit(key, func(obj *store.Object) { damageAll(obj, damage) }) {
				t.Errorf("nothing to damage under %s", short(key))
			}
		},
	}
	if o != nil {
		h.Without = o.Without
	}
	return h
}

// damageAll damages an object as it would stand in a backend that keeps one
// string of bytes for a key.
func damageAll(obj *store.Object, damage func(data []byte) []byte) {
	version := obj.Meta.Version
	data, err := store.AppendEnvelope(nil, &obj.Meta, version.Number())
	if err != nil {
		panic(err)
	}
	data = damage(append(data, obj.Body...))
	obj.Meta, obj.Body, err = store.ParseEnvelope(data)
	obj.Meta.Version = version
	if err != nil {
		obj.Meta.Size = int64(len(data))
	}
	if obj.Meta.Foreign {
		obj.Body = data
	}
}

func damageBody(obj *store.Object, damage func(data []byte) []byte) {
	obj.Body = damage(obj.Body)
	obj.Meta.Size = int64(len(obj.Body))
}

func plain(m *Memory) store.Store { return m }

// TestMemoryWithMetadata is a harness as that of an object store, whose metadata
// does not suffer with the body.
func TestMemoryWithMetadata(t *testing.T) {
	h := inBubble(nil, plain)
	h.Corrupt = func(_ *testing.T, s store.Store, key string, damage func(data []byte) []byte) {
		s.(*Memory).Edit(key, func(obj *store.Object) { damageBody(obj, damage) })
	}
	Run(t, h)
}

func TestMemory(t *testing.T) { Run(t, inBubble(nil, plain)) }

func TestMemoryThatKeeps(t *testing.T) { Run(t, inBubble(&MemoryOptions{Keep: true}, plain)) }
