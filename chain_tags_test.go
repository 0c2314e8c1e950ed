package advcache_test

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/advcache/advcache"
	"github.com/advcache/advcache/store/storetest"
)

func tagged(value string, tags ...string) advcache.Entry[string] {
	now := time.Now()
	return advcache.Entry[string]{Value: value, CreatedAt: now, FreshUntil: now.Add(time.Hour), StaleUntil: now.Add(2 * time.Hour), Tags: tags}
}

func TestInvalidateTag(t *testing.T) {
	for name, fresh := range compositions {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				c := fresh(builder{t})
				must(t, c.SetEntry(t.Context(), "ab", tagged("v", "a", "b")))
				must(t, c.SetEntry(t.Context(), "b", tagged("v", "b")))
				must(t, c.SetEntry(t.Context(), "none", tagged("v")))
				exists := func(law, key string, want bool) {
					t.Helper()
					_, got, err := c.Get(t.Context(), key)
					there, err2 := c.Exists(t.Context(), key)
					_, entry, err3 := c.GetEntry(t.Context(), key)
					many, err4 := advcache.GetMany(t.Context(), c, []string{key})
					_, head, err5 := advcache.HeadEntry(t.Context(), c, key)
					if err := errors.Join(err, err2, err3, err4, err5); got != want || there != want || entry != want || (len(many) > 0) != want || head != want || err != nil {
						t.Errorf("%s: %s: Get %v, Exists %v, GetEntry %v, GetMany %v, HeadEntry %v, %v; want %v", law, key, got, there, entry, many, head, err, want)
					}
				}
				exists("an entry with tags", "ab", true)
				must(t, advcache.InvalidateTag(t.Context(), c, "a"))
				exists("its tag was invalidated", "ab", false)
				exists("another tag", "b", true)
				exists("no tag", "none", true)
				if ok, err := advcache.SetIfAbsent(t.Context(), c, "ab", "added", time.Hour); !ok || err != nil {
					t.Errorf("SetIfAbsent over what its tag has ended gives %v, %v; want true, as Exists is false", ok, err)
				}
				if ok, err := advcache.SetIfAbsent(t.Context(), c, "ab", "again", time.Hour); ok || err != nil {
					t.Errorf("SetIfAbsent over a value gives %v, %v", ok, err)
				}
				exists("what is set afterwards", "ab", true)
				must(t, c.SetEntry(t.Context(), "ab", tagged("new", "a")))
				exists("an entry made after the stamp", "ab", true)
				must(t, advcache.InvalidateTag(t.Context(), c, "b", "a"))
				exists("two tags", "ab", false)
				exists("two tags", "b", false)
				e, _, _ := c.GetEntry(t.Context(), "b")
				if ok, err := advcache.SetEntryIf(t.Context(), c, "b", tagged("if", "b"), e.Version); !ok || err != nil {
					t.Errorf("SetEntryIf with the Version of what its tag has ended gives %v, %v", ok, err)
				}
				exists("SetEntryIf", "b", true)
				for _, tag := range []string{"", "\x00a"} {
					if err := advcache.InvalidateTag(t.Context(), c, tag); err == nil {
						t.Errorf("the tag %q is taken", tag)
					}
				}
			})
		})
	}
}

// TestTagsEndHotPaths is about a wrapped function: its hits are over when the tag
// is invalidated, here or in another process, with a bus or without.
func TestTagsEndHotPaths(t *testing.T) {
	for name, bus := range map[string]*loop{"bus": {}, "no bus": nil} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var of func(int) advcache.Bus
				if bus != nil {
					of = func(int) advcache.Bus { return bus }
				}
				ps := fleet(t, 2, of, advcache.HybridOptions{L1TTL: time.Hour})
				loads := 0
				var gets []func(context.Context, int) (string, error)
				for _, p := range ps {
					ttl := advcache.NewTTL[int](p.Hybrid, time.Hour, nil).TagsOf(func(v string) []string { return []string{"tag of " + v} })
					gets = append(gets, ttl.Cached("k:{}", func(context.Context, int) (string, error) { loads++; return "v", nil }))
				}
				hits := func() {
					for _, get := range gets {
						for range 10 {
							if v, err := get(t.Context(), 1); v != "v" || err != nil {
								t.Errorf("%q, %v", v, err)
							}
						}
					}
				}
				hits()
				if loads != 1 {
					t.Errorf("law 4: %d loads, want one", loads)
				}
				for i := range ps {
					must(t, ps[i].InvalidateTag(t.Context(), "tag of v"))
					if bus == nil {
						time.Sleep(advcache.StampsRead)
					}
					loads = 0
					hits()
					if loads != 1 {
						t.Errorf("law 3: %d loads after the tag was invalidated, want one", loads)
					}
				}
				for _, p := range ps {
					p.counts.Reset()
				}
				hits()
				for _, p := range ps {
					if got := p.counts.Requests(); got != (storetest.Requests{}) {
						t.Errorf("law 12: hits of level 1 cost %v", got)
					}
				}
				if bus == nil {
					time.Sleep(advcache.StampsRead)
					hits()
					for _, p := range ps {
						if got := p.counts.Requests(); got != (storetest.Requests{Get: 1}) {
							t.Errorf("law 12: after a second, the tag costs %v; want one read", got)
						}
					}
				}
			})
		})
	}
}

// TestTagsWithoutTheLastLevel is about stamps that could not be stored.
func TestTagsWithoutTheLastLevel(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ps := fleet(t, 2, nil, advcache.HybridOptions{L1TTL: time.Hour})
		a, b := ps[0], ps[1]
		must(t, a.SetEntry(t.Context(), "k", tagged("v", "tag")))
		a.want(t, "law 2", "v")
		b.want(t, "law 2", "v")
		a.l2.Rate(storetest.AnyOp, storetest.Fail, 1)
		a.want(t, "law 7: the stamps cannot be read", "v")
		if err := a.InvalidateTag(t.Context(), "tag"); !errors.Is(err, errCut) {
			t.Errorf("law 7: InvalidateTag gives %v, want the error of the last level", err)
		}
		a.l2.Heal()
		a.want(t, "law 3: here the entry is dead in any case", "")
		time.Sleep(2 * advcache.StampsRead)
		a.want(t, "law 3: the stamp is stored when it is next read", "")
		time.Sleep(2 * advcache.StampsRead)
		b.want(t, "law 3", "")
	})
}

func TestNamespaces(t *testing.T) {
	for name, bus := range map[string]*loop{"bus": {}, "no bus": nil} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var of func(int) advcache.Bus
				if bus != nil {
					of = func(int) advcache.Bus { return bus }
				}
				ps := fleet(t, 2, of, advcache.HybridOptions{L1TTL: time.Hour, Namespaces: []string{"k", "other:"}})
				a, b := ps[0], ps[1]
				must(t, a.SetEntry(t.Context(), "k", tagged("v", "mine")))
				if e, ok, err := b.GetEntry(t.Context(), "k"); !ok || err != nil || len(e.Tags) != 1 || e.Tags[0] != "mine" {
					t.Errorf("the tags are %q, %v, %v; want those that were set", e.Tags, ok, err)
				}
				a.want(t, "law 2", "v")
				a.counts.Reset()
				must(t, a.Clear(t.Context(), "k"))
				if got := a.counts.Requests(); got.Clear != 0 || got.Total() > 2 {
					t.Errorf("law 12: Clear of a namespace costs %v; want no more than two requests", got)
				}
				a.want(t, "law 3: Clear", "")
				if bus == nil {
					time.Sleep(advcache.StampsRead)
				}
				b.want(t, "law 3: Clear in another process", "")
				if ok, err := b.SetIfAbsent(t.Context(), "k", "added", time.Hour); !ok || err != nil {
					t.Errorf("SetIfAbsent after Clear gives %v, %v", ok, err)
				}
				a.want(t, "what is set afterwards", "added")
				must(t, b.Clear(t.Context(), "k"))
				if bus == nil {
					time.Sleep(advcache.StampsRead)
				}
				a.want(t, "law 3: what SetIfAbsent stored is in the namespace", "")
			})
		})
	}
}
