package storetest

import (
	"bytes"
	"fmt"
	"slices"

	"github.com/advcache/advcache/store"
)

// foreign wants what key holds to be foreign, with the body data.
func (e *env) foreign(key, data string) {
	e.Helper()
	for _, want := range []store.Want{{}, {Stale: true}, {Hash: hashOf(data)}} {
		e.isForeign("Get", e.found(key, want).Meta, data)
		want.Foreign = true
		got := e.found(key, want)
		e.isForeign("Get with Want.Foreign", got.Meta, data)
		if string(got.Body) != data || got.NotModified {
			e.Fatalf("Get with Want.Foreign = %s; want the body %s", describe(got), short(data))
		}
	}
	e.isForeign("Head", e.head(key), data)
}

// isForeign wants a Meta that says that the object is foreign, and no more.
func (e *env) isForeign(call string, m store.Meta, data string) {
	e.Helper()
	if !m.Foreign {
		e.Fatalf("%s = %s; want Foreign", call, describeMeta(&m))
	}
	if m.Version.IsZero() {
		e.Fatalf("%s gives a zero Version", call)
	}
	if m.Size != int64(len(data)) && m.Size != -1 {
		e.Fatalf("%s has the Size %d; want %d, or -1", call, m.Size, len(data))
	}
	if what := differs(&m, &store.Meta{Foreign: true}); what != "" {
		e.Fatalf("%s = %s, of a foreign object: %s; want zero", call, describeMeta(&m), what)
	}
}

// isDamaged wants an object that is damaged, and no more.
func (e *env) isDamaged(call string, obj store.Object) {
	e.Helper()
	if obj.Meta.Version.IsZero() {
		e.Fatalf("%s gives a zero Version", call)
	}
	if what := differs(&obj.Meta, &store.Meta{Damaged: true}); what != "" || obj.Body != nil || obj.NotModified {
		e.Fatalf("%s = %s, of a damaged object; want all else zero, and no body", call, describe(obj))
	}
}

// isLater wants an object of a later format, and no more.
func (e *env) isLater(call string, obj store.Object) {
	e.Helper()
	if obj.Meta.Version.IsZero() {
		e.Fatalf("%s gives a zero Version", call)
	}
	if what := differs(&obj.Meta, &store.Meta{Encoding: store.LaterFormat}); what != "" || obj.Body != nil || obj.NotModified {
		e.Fatalf("%s = %s, of an object of a later format; want all else zero, and no body", call, describe(obj))
	}
}

// alike wants what key holds to be foreign, damaged, or of a later format: it is
// for the backend to say what it takes data for, the same in all reads.
func (e *env) alike(key, data string) {
	e.Helper()
	meta := e.head(key)
	is := e.isDamaged
	switch {
	case meta.Foreign:
		e.foreign(key, data)
		return
	case !meta.Damaged:
		is = e.isLater
	}
	is("Head", store.Object{Meta: meta})
	for _, want := range []store.Want{{}, {Stale: true}, {Hash: hashOf(data)}, {Foreign: true}} {
		is("Get", e.found(key, want))
	}
	if !e.h.lacks(capGetMany) {
		is("GetMany", e.getMany(store.Want{Foreign: true}, key)[key])
	}
}

// strangers returns what others may have written.
func strangers() []string {
	return []string{
		"foreign", " ", `{"id":1,"name":"a"}`, "\x00", "\xff\xfe", "\x1f\x8b\x08\x00", bytesOf(95), bytesOf(96), bytesOf(100), bytesOf(5000),
	}
}

// lookalikes returns what others may have written, and looks like something of
// ours to some backends: torn, or of a later format.
func lookalikes() []string {
	return []string{
		"", "advc", "advcache", "advc\x01", "advc\x01\x00\x00\x00" + string(make([]byte, 92)), "advc\x01" + string(make([]byte, 200)),
		"advc\x02", "advc\x02" + string(make([]byte, 200)), "acfs", "acfs\x01" + string(make([]byte, 200)), "acfs\x02" + string(make([]byte, 200)),
	}
}

// foreignChecks are about what others wrote to the backend.
var foreignChecks = []check{
	{
		name: "Found", law: lawForeign, needs: needs{withRaw}, says: "a foreign object is found and said to be foreign, with its body for those who want it",
		run: func(e *env) {
			for _, data := range strangers() {
				e.Moment = "it is " + short(data)
				e.h.Raw(e.t, e.store, "k", []byte(data))
				e.foreign("k", data)
			}
		},
	},
	{
		name: "Lookalikes", law: lawForeign, needs: needs{withRaw}, says: "what looks like ours is found, and has no body unless it is said to be foreign",
		run: func(e *env) {
			for _, data := range lookalikes() {
				e.Moment = "it is " + short(data)
				e.h.Raw(e.t, e.store, "k", []byte(data))
				e.alike("k", data)
			}
		},
	},
	{
		name: "LookalikesReplaced", law: lawForeign, needs: needs{withRaw}, says: "over what looks like ours, Put does what Cond.Holds says",
		run: func(e *env) {
			for _, data := range lookalikes() {
				for _, kind := range []store.CondKind{store.Always, store.IfVacant, store.IfGone, store.IfVersion} {
					for _, foreign := range []bool{false, true} {
						e.Moment = fmt.Sprintf("%v over %s, Foreign %v", kind, short(data), foreign)
						e.h.Raw(e.t, e.store, "k", []byte(data))
						held := e.head("k")
						cond := store.Cond{Kind: kind, Version: held.Version, Foreign: foreign}
						if cond.Holds(&held) {
							e.stores("k", lives("v", long, 0), cond)
						} else {
							e.refuses("k", cond)
						}
					}
				}
			}
		},
	},
	{
		name: "OverOurs", law: lawForeign, needs: needs{withRaw}, says: "a foreign object over one of ours has nothing of it",
		run: func(e *env) {
			for _, obj := range []store.Object{lives("v", long, 0), over("v"), negative(long, 0), lives("v", 0, 0)} {
				e.put("k", obj)
				e.h.Raw(e.t, e.store, "k", []byte("foreign"))
				e.foreign("k", "foreign")
			}
		},
	},
	{
		name: "Replaced", law: lawForeign, needs: needs{withRaw}, says: "an object of ours over a foreign one has nothing of it, on every condition",
		run: func(e *env) {
			for _, data := range strangers() {
				for _, kind := range []store.CondKind{store.Always, store.IfVacant, store.IfGone} {
					e.Moment = kind.String() + " over " + short(data)
					e.h.Raw(e.t, e.store, "k", []byte(data))
					e.stores("k", lives("v", long, 0), store.Cond{Kind: kind})
				}
				for _, foreign := range []bool{false, true} {
					e.h.Raw(e.t, e.store, "k", []byte(data))
					cond := store.Cond{Kind: store.IfVersion, Version: e.version("k"), Foreign: foreign}
					e.stores("k", lives("v", long, 0), cond)
					e.refuses("k", cond)
				}
			}
		},
	},
	{
		name: "KeepsOut", law: lawForeign, needs: needs{withRaw}, says: "with Cond.Foreign, a foreign object keeps IfVacant and IfGone out",
		run: func(e *env) {
			e.h.Raw(e.t, e.store, "k", []byte("foreign"))
			e.refuses("k", store.Cond{Kind: store.IfVacant, Foreign: true})
			e.refuses("k", store.Cond{Kind: store.IfGone, Foreign: true})
			e.foreign("k", "foreign")
		},
	},
	{
		name: "NeverGone", law: lawForeign, needs: needs{withRaw}, says: "a foreign object has no life that could end",
		run: func(e *env) {
			e.put("k", lives("v", e.Unit, 0))
			e.h.Raw(e.t, e.store, "k", []byte("foreign"))
			e.h.Raw(e.t, e.store, "l", []byte("foreign"))
			e.h.Advance(2 * e.Unit)
			e.foreign("k", "foreign")
			e.foreign("l", "foreign")
		},
	},
	{
		name: "Delete", law: lawForeign, needs: needs{withRaw}, says: "Delete removes a foreign object",
		run: func(e *env) {
			e.h.Raw(e.t, e.store, "k", []byte("foreign"))
			e.h.Raw(e.t, e.store, "l", []byte("foreign"))
			e.delete("k", "nothing")
			e.nothing("k")
			e.foreign("l", "foreign")
		},
	},
	{
		name: "GetMany", law: lawForeign, needs: needs{withRaw, capGetMany}, says: "GetMany finds foreign objects as Get does",
		run: func(e *env) {
			obj := lives("v", long, 0)
			e.put("ours", obj)
			e.h.Raw(e.t, e.store, "k", []byte("foreign"))
			got := e.getMany(store.Want{}, "k", "ours", "nothing")
			e.isForeign("GetMany", got["k"].Meta, "foreign")
			e.is("GetMany", "ours", got["ours"], obj)
			got = e.getMany(store.Want{Foreign: true}, "k", "ours", "nothing")
			e.isForeign("GetMany with Want.Foreign", got["k"].Meta, "foreign")
			if string(got["k"].Body) != "foreign" {
				e.Fatalf("GetMany with Want.Foreign = %s; want the body", describe(got["k"]))
			}
			if len(got) != 2 {
				e.Fatalf("GetMany finds %d objects; want 2", len(got))
			}
		},
	},
	{
		name: "AwkwardKeys", law: lawKeys, needs: needs{withRaw}, says: "foreign objects are found under the key that they were written to",
		run: func(e *env) {
			for _, key := range e.keys() {
				e.h.Raw(e.t, e.store, key, []byte("content of "+key))
			}
			for _, key := range e.keys() {
				if got := e.found(key, store.Want{Foreign: true}); !got.Meta.Foreign || string(got.Body) != "content of "+key {
					e.Fatalf("Get(%s) = %s; want the foreign object of this key", short(key), describe(got))
				}
			}
		},
	},
}

// unharmed wants what Get gives for a damaged object to be nothing, damaged,
// foreign, of a later format, or with the Meta that was put, and both reads to
// give no error.
func (e *env) unharmed(key string, obj store.Object) {
	e.Helper()
	for _, want := range []store.Want{{}, {Stale: true}, {Stale: true, Foreign: true}, {Hash: obj.Meta.Hash}} {
		got, ok := e.get(key, want)
		if ok && e.undamaged("Get", got, &obj.Meta) && !got.NotModified && !got.Meta.Absent && got.Meta.Size != int64(len(got.Body)) {
			e.Fatalf("Get has the Size %d and a body of %d bytes", got.Meta.Size, len(got.Body))
		}
	}
	if meta, ok := e.look(key); ok {
		e.undamaged("Head", store.Object{Meta: meta}, &obj.Meta)
	}
	if !e.h.lacks(capGetMany) {
		if got, ok := e.getMany(store.Want{}, key)[key]; ok {
			e.undamaged("GetMany", got, &obj.Meta)
		}
	}
}

// undamaged reports whether an object has the Meta that was put, and wants it to
// be said if it has not.
func (e *env) undamaged(call string, got store.Object, want *store.Meta) bool {
	e.Helper()
	switch {
	case got.Meta.Damaged:
		e.isDamaged(call, got)
	case got.Meta.Foreign:
	case got.Meta.Encoding == store.LaterFormat:
		e.isLater(call, got)
	default:
		if what := differs(&got.Meta, want); what != "" {
			e.Fatalf("%s = %s, which is neither Damaged nor what was put: %s", call, describeMeta(&got.Meta), what)
		}
		return true
	}
	return false
}

// half cuts, as a loss of power does in the middle of a write.
func half(data []byte) []byte { return data[:len(data)/2] }

// allZero leaves the beginning that tells whose it is, and of the rest nothing.
func allZero(data []byte) []byte {
	torn := make([]byte, len(data))
	copy(torn, data[:min(5, len(data))])
	return torn
}

// corrupts damages what holds obj, wants it to do no harm, and replaces it.
func (e *env) corrupts(what string, obj store.Object, damage func(data []byte) []byte) {
	e.Helper()
	e.Moment = what
	e.put("k", obj)
	e.h.Corrupt(e.t, e.store, "k", damage)
	e.unharmed("k", obj)
	next := lives("next", long, 0)
	e.put("k", next)
	e.fresh("k", next)
	e.put("k", obj)
	e.h.Corrupt(e.t, e.store, "k", damage)
	e.delete("k")
	e.nothing("k")
}

// corruptChecks are about objects that were damaged in the backend. That a body
// is whole is checked by the cache over it.
var corruptChecks = []check{
	{
		name: "Cut", law: lawReadBack, needs: needs{withCorrupt}, says: "what was cut is nothing, damaged, foreign, or has the Meta that was put",
		run: func(e *env) {
			obj := awkwardObject()
			size := e.sizeHeld(obj)
			for n := 0; n < size; n += 1 + size/60 {
				e.corrupts(fmt.Sprintf("cut to %d of %d bytes", n, size), obj, func(data []byte) []byte { return data[:min(n, len(data))] })
			}
			e.corrupts("cut by 1 byte", obj, func(data []byte) []byte { return data[:len(data)-1] })
		},
	},
	{
		name: "Flipped", law: lawReadBack, needs: needs{withCorrupt}, says: "what was changed in one bit is nothing, damaged, foreign, or has the Meta that was put",
		run: func(e *env) {
			obj := awkwardObject()
			size := e.sizeHeld(obj)
			for n := 0; n < size; n += 1 + size/250 {
				e.corrupts(fmt.Sprintf("bit %d of byte %d of %d", n%8, n, size), obj, func(data []byte) []byte {
					data = bytes.Clone(data)
					if n < len(data) {
						data[n] ^= 1 << (n % 8)
					}
					return data
				})
			}
		},
	},
	{
		name: "Overwritten", law: lawReadBack, needs: needs{withCorrupt}, says: "what was overwritten is nothing, damaged, foreign, or has the Meta that was put",
		run: func(e *env) {
			obj := awkwardObject()
			for what, damage := range map[string]func(data []byte) []byte{
				"zeros":              func(data []byte) []byte { return make([]byte, len(data)) },
				"ones":               func(data []byte) []byte { return bytes.Repeat([]byte{0xff}, len(data)) },
				"more at the end":    func(data []byte) []byte { return append(bytes.Clone(data), "more"...) },
				"more in front":      func(data []byte) []byte { return append([]byte("more"), data...) },
				"twice":              func(data []byte) []byte { return append(bytes.Clone(data), data...) },
				"the second half":    func(data []byte) []byte { return data[len(data)/2:] },
				"zeros in the front": func(data []byte) []byte { return append(make([]byte, len(data)/2), data[len(data)/2:]...) },
				"zeros at the end": func(data []byte) []byte {
					return append(bytes.Clone(data[:len(data)/2]), make([]byte, len(data)-len(data)/2)...)
				},
				"the other way": func(data []byte) []byte { data = bytes.Clone(data); slices.Reverse(data); return data },
				"text":          func([]byte) []byte { return []byte("not what it was") },
			} {
				e.corrupts(what, obj, damage)
			}
		},
	},
	{
		name: "NotForeign", law: lawReadBack, needs: needs{withCorrupt}, says: "what begins as ours is not said to be foreign, whatever is wanted",
		run: func(e *env) {
			obj := awkwardObject()
			for what, damage := range map[string]func(data []byte) []byte{
				"cut by 1 byte": func(data []byte) []byte { return data[:len(data)-1] }, "cut to its half": half, "zeros but for its beginning": allZero,
			} {
				e.Moment = what
				e.put("k", obj)
				e.h.Corrupt(e.t, e.store, "k", damage)
				for _, want := range []store.Want{{}, {Stale: true, Foreign: true}} {
					if got, ok := e.get("k", want); ok && got.Meta.Foreign {
						e.Fatalf("Get = %s; want it Damaged, or with the Meta that was put", describe(got))
					}
				}
				if meta, ok := e.look("k"); ok && meta.Foreign {
					e.Fatalf("Head = %s; want it Damaged, or with the Meta that was put", describeMeta(&meta))
				}
			}
		},
	},
	{
		name: "TakesItsVersion", law: lawReadBack, needs: needs{withCorrupt}, says: "what is damaged can be removed by its Version, and by no other once it is replaced",
		run: func(e *env) {
			for range 2 {
				e.put("k", awkwardObject())
				e.h.Corrupt(e.t, e.store, "k", half)
				meta, ok := e.look("k")
				if !ok || !meta.Damaged {
					return // the metadata of an object store is not what was cut
				}
				cond := store.Cond{Kind: store.IfVersion, Version: meta.Version}
				e.stores("k", lives("new", long, 0), cond)
				e.refuses("k", cond)
			}
		},
	},
	{
		name: "NoOthers", law: lawReadBack, needs: needs{withCorrupt}, says: "a damaged object harms no other",
		run: func(e *env) {
			obj := awkwardObject()
			for _, key := range []string{"a", "b", "c"} {
				e.put(key, obj)
			}
			e.h.Corrupt(e.t, e.store, "b", func(data []byte) []byte { return data[:len(data)/2] })
			e.fresh("a", obj)
			e.fresh("c", obj)
			if !e.h.lacks(capGetMany) {
				got := e.getMany(store.Want{}, "a", "b", "c")
				e.is("GetMany", "a", got["a"], obj)
				e.is("GetMany", "c", got["c"], obj)
			}
		},
	},
}

// awkwardObject returns one that makes use of all of its Meta.
func awkwardObject() store.Object {
	return with(lives("the body of the object, which is no matter of the backend", long, long), func(m *store.Meta) {
		m.Tags, m.Schema, m.Encoding, m.HeldUntil = []string{"tag", "", "another, which is longer"}, "users/v2", "json+gzip+aesgcm.k", m.FreshUntil.Add(long/2)
	})
}

// sizeHeld returns how many bytes the backend has for an object.
func (e *env) sizeHeld(obj store.Object) (size int) {
	e.Helper()
	e.put("size", obj)
	e.h.Corrupt(e.t, e.store, "size", func(data []byte) []byte {
		size = len(data)
		return data
	})
	e.fresh("size", obj)
	return size
}
