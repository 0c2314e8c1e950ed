package storetest

import (
	"crypto/sha256"
	"testing"
	"time"

	"github.com/advcache/advcache/internal/trial"
	"github.com/advcache/advcache/store"
)

// long is a life that no check outlives.
const long = 24 * time.Hour

// env is what a check works with: a store, its time, and words for what is
// expected of it. Failures quote the check's law.
type env struct {
	*trial.Trial

	t     *testing.T // for the functions of h, whose failures are not the store's
	h     Harness
	store store.Store
}

func newEnv(tr *trial.Trial, t *testing.T, h Harness) *env {
	tr.Helper()
	e := &env{Trial: tr, t: t, h: h, store: h.New(t)}
	if e.store == nil {
		tr.HarnessFatalf("New returns an empty store: it returned nil")
	}
	return e
}

// hashOf returns a hash of a content. Which one is no matter of backends.
func hashOf(content string) store.Hash { return sha256.Sum256([]byte(content)) }

// lives returns an object that is made now, fresh for fresh and then stale for
// stale. 0: no end of the fresh part, or no stale part.
func lives(content string, fresh, stale time.Duration) store.Object {
	now := time.Now()
	meta := store.Meta{CreatedAt: now, Hash: hashOf(content), Encoding: "raw", Schema: "1"}
	if fresh != 0 {
		meta.FreshUntil = now.Add(fresh)
	}
	if stale != 0 {
		meta.StaleUntil = meta.FreshUntil.Add(stale)
	}
	return store.Object{Meta: meta, Body: []byte(content)}
}

// negative returns lives without content: the origin's word that there is none.
func negative(fresh, stale time.Duration) store.Object {
	obj := lives("", fresh, stale)
	obj.Meta.Absent, obj.Meta.Hash, obj.Meta.Encoding, obj.Body = true, store.Hash{}, "", nil
	return obj
}

// over returns an object that was fresh and is stale, for long.
func over(content string) store.Object {
	obj := lives(content, -time.Minute, 0)
	obj.Meta.CreatedAt = obj.Meta.FreshUntil.Add(-time.Minute)
	obj.Meta.StaleUntil = time.Now().Add(long)
	return obj
}

// dead returns an object whose life is over.
func dead(content string) store.Object {
	obj := lives(content, -2*time.Minute, time.Minute)
	obj.Meta.CreatedAt = obj.Meta.FreshUntil.Add(-time.Minute)
	return obj
}

// with returns a copy of obj with another Meta.
func with(obj store.Object, change func(m *store.Meta)) store.Object {
	obj.Meta = ownMeta(obj.Meta)
	change(&obj.Meta)
	return obj
}
