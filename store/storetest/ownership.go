package storetest

import (
	"bytes"
	"fmt"
	"slices"
	"strings"

	"github.com/advcache/advcache/store"
)

// loose returns a copy of obj whose Body and Tags have room behind them, for
// those who append where they must not.
func loose(obj store.Object) (store.Object, func() string) {
	const mark = "what stands behind"
	backing := append(bytes.Clone(obj.Body), mark...)
	tags := append(slices.Clone(obj.Meta.Tags), mark)
	given := with(obj, func(m *store.Meta) { m.Tags = tags[:len(tags)-1] })
	given.Body = backing[:len(obj.Body)]
	return given, func() string {
		whole := given
		if string(backing) != string(obj.Body)+mark || tags[len(tags)-1] != mark || !slices.Equal(whole.Meta.Tags, obj.Meta.Tags) {
			return fmt.Sprintf("the body is %s, the tags are %q", short(backing), tags)
		}
		return ""
	}
}

// scribble writes over the memory of an object.
func scribble(obj store.Object) {
	for i := range obj.Body {
		obj.Body[i] = 'X'
	}
	for i := range obj.Meta.Tags {
		obj.Meta.Tags[i] = "X"
	}
}

// ownershipChecks are about the memory of callers and of the store.
var ownershipChecks = []check{
	{
		name: "PutKeepsNothing", law: lawOwnership, says: "Put keeps neither Body nor Tags: the caller may write over them",
		run: func(e *env) {
			obj := with(lives("content", long, 0), func(m *store.Meta) { m.Tags = []string{"a", "b"} })
			for _, kind := range []store.CondKind{store.Always, store.IfVacant, store.IfGone} {
				given, _ := loose(obj)
				key := kind.String()
				if _, ok := e.putIf(key, given, store.Cond{Kind: kind}); !ok {
					e.Fatalf("Put %v over nothing = false", kind)
				}
				scribble(given)
				e.fresh(key, obj)
			}
		},
	},
	{
		name: "PutManyKeepsNothing", law: lawOwnership, needs: needs{capPutMany}, says: "PutMany keeps neither the map nor bodies and tags",
		run: func(e *env) {
			obj := with(lives("content", long, 0), func(m *store.Meta) { m.Tags = []string{"a", "b"} })
			given, intact := loose(obj)
			objs := map[string]store.Object{"k": given, "l": obj}
			e.putMany(objs)
			if what := intact(); what != "" || len(objs) != 2 {
				e.Fatalf("PutMany wrote to what it was given: %s", what)
			}
			scribble(given)
			clear(objs)
			e.fresh("k", obj)
		},
	},
	{
		name: "PutChangesNothing", law: lawOwnership, says: "Put does not write to what it is given, nor behind it",
		run: func(e *env) {
			for _, content := range []string{"content", strings.Repeat("long ", 10_000)} {
				obj := with(lives(content, long, 0), func(m *store.Meta) { m.Tags = []string{"b", "a"} })
				given, intact := loose(obj)
				e.put("k", given)
				e.fresh("k", obj)
				if what := intact(); what != "" {
					e.Fatalf("Put wrote to what it was given: %s", what)
				}
			}
		},
	},
	{
		name: "TouchKeepsNothing", law: lawOwnership, needs: needs{capTouch}, says: "Touch does not keep Tags",
		run: func(e *env) {
			obj := with(lives("v", long, 0), func(m *store.Meta) { m.Tags = []string{"a", "b"} })
			e.put("k", obj)
			next := renewed(obj, 3*long, 0)
			given, intact := loose(next)
			e.renews("k", given, store.Cond{})
			if what := intact(); what != "" {
				e.Fatalf("Touch wrote to what it was given: %s", what)
			}
			scribble(given)
			e.fresh("k", next)
		},
	},
	{
		name: "GetKeepsNothing", law: lawOwnership, says: "a Body that was read may be kept, whatever happens to the key",
		run: func(e *env) {
			obj := with(lives(strings.Repeat("content", 100), long, 0), func(m *store.Meta) { m.Tags = []string{"a", "b"} })
			e.put("k", obj)
			kept := []store.Object{e.found("k", store.Want{}), e.found("k", store.Want{Stale: true})}
			if !e.h.lacks(capGetMany) {
				kept = append(kept, e.getMany(store.Want{}, "k")["k"])
			}
			for i := range 50 {
				e.put("k", lives(strings.Repeat("another", 100+i), long, 0))
				e.found("k", store.Want{})
				e.put(numbered(i), lives(strings.Repeat("another", 100), long, 0))
				e.found(numbered(i), store.Want{})
			}
			e.delete("k")
			for _, got := range kept {
				e.is("an earlier Get", "k", got, obj)
			}
		},
	},
	{
		name: "TagsOut", law: lawOwnership, says: "the Tags of a Meta are the reader's own",
		run: func(e *env) {
			obj := with(lives("v", long, 0), func(m *store.Meta) { m.Tags = []string{"a", "b"} })
			e.put("k", obj)
			metas := []store.Meta{e.head("k"), e.found("k", store.Want{}).Meta, e.found("k", store.Want{Hash: obj.Meta.Hash}).Meta}
			if !e.h.lacks(capGetMany) {
				metas = append(metas, e.getMany(store.Want{}, "k")["k"].Meta)
			}
			for _, m := range metas {
				for i := range m.Tags {
					m.Tags[i] = "X"
				}
				e.fresh("k", obj)
			}
		},
	},
	{
		name: "Keys", law: lawOwnership, says: "the keys handed to Delete and GetMany are left as they are",
		run: func(e *env) {
			given := []string{"c", "a", "b", "a", "nothing"}
			keys := slices.Clone(given)
			for _, key := range keys[:3] {
				e.put(key, lives("v", long, 0))
			}
			if !e.h.lacks(capGetMany) {
				e.getMany(store.Want{}, keys...)
			}
			e.delete(keys...)
			if !slices.Equal(keys, given) {
				e.Fatalf("the keys are %q now; they were %q", keys, given)
			}
		},
	},
}
