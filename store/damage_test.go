package store_test

import (
	"bytes"
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"github.com/advcache/advcache"
	"github.com/advcache/advcache/codec"
	"github.com/advcache/advcache/store"
	"github.com/advcache/advcache/store/storetest"
)

type point struct{ X, Y int }

// TestDamage holds law 10: an object that is not what was written is a miss and
// one event, whatever is wrong with it.
func TestDamage(t *testing.T) {
	long := strings.Repeat("a value that compresses ", 200)
	packed := func(name string) []byte {
		c, ok := codec.ByName(name)
		if !ok {
			t.Fatal("no compression", name)
		}
		bomb, err := c.Compress(nil, make([]byte, 64<<20))
		if err != nil {
			t.Fatal(err)
		}
		return bomb
	}
	gzipBomb, zstdBomb := packed("gzip"), packed("zstd")
	for _, damage := range []struct {
		name string
		do   func(o *store.Object)
		want error
	}{
		{"cut", func(o *store.Object) { o.Body = o.Body[:len(o.Body)-1] }, store.ErrCorrupt},
		{"empty", func(o *store.Object) { o.Body = nil }, store.ErrCorrupt},
		{"longer", func(o *store.Object) { o.Body = append(o.Body, 0) }, store.ErrCorrupt},
		{"a bit in the middle", func(o *store.Object) { o.Body[len(o.Body)/2] ^= 4 }, store.ErrCorrupt},
		{"the first byte", func(o *store.Object) { o.Body[0]++ }, store.ErrCorrupt},
		{"random bytes", func(o *store.Object) {
			for i := range o.Body {
				o.Body[i] = byte(rand.Uint32())
			}
		}, store.ErrCorrupt},
		{"another hash", func(o *store.Object) { o.Meta.Hash[31]++ }, store.ErrCorrupt},
		{"no hash", func(o *store.Object) { o.Meta.Hash = store.Hash{} }, store.ErrCorrupt},
		{"another compression", func(o *store.Object) {
			o.Meta.Encoding = strings.NewReplacer("gzip", "zstd", "zstd", "gzip").Replace(o.Meta.Encoding)
			if !strings.Contains(o.Meta.Encoding, "+") {
				o.Meta.Encoding += "+zstd"
			}
		}, store.ErrCorrupt},
		{"a gzip bomb", func(o *store.Object) { o.Body, o.Meta.Encoding = gzipBomb, "msgpack+gzip" }, store.ErrCorrupt},
		{"a zstd bomb", func(o *store.Object) { o.Body, o.Meta.Encoding = zstdBomb, "msgpack+zstd" }, store.ErrCorrupt},
		{"another codec", func(o *store.Object) { o.Meta.Encoding = "json" }, store.ErrMismatch},
		{"no codec", func(o *store.Object) { o.Meta.Encoding = "" }, store.ErrMismatch},
		{"an unknown compression", func(o *store.Object) { o.Meta.Encoding = "msgpack+lzma" }, store.ErrMismatch},
		{"encrypted", func(o *store.Object) { o.Meta.Encoding = "msgpack+aesgcm.k" }, store.ErrMismatch},
		{"an unknown encryption", func(o *store.Object) { o.Meta.Encoding = "msgpack+gzip+rot13.k" }, store.ErrMismatch},
		{"another schema", func(o *store.Object) { o.Meta.Schema = "1" }, store.ErrMismatch},
		{"metadata that makes no sense", func(o *store.Object) {
			o.Meta, o.Body = store.Meta{Damaged: true, Version: o.Meta.Version}, nil
		}, store.ErrCorrupt},
		{"a later format", func(o *store.Object) {
			o.Meta, o.Body = store.Meta{Encoding: store.LaterFormat, Version: o.Meta.Version}, nil
		}, store.ErrMismatch},
		{"foreign", func(o *store.Object) { o.Meta = store.Meta{Foreign: true, Version: o.Meta.Version} }, store.ErrForeign},
	} {
		for _, value := range []string{"short", long} {
			for _, compression := range []codec.Compression{codec.None, codec.Gzip(6), codec.Zstd(0)} {
				t.Run(fmt.Sprintf("%s/%d/%s", damage.name, len(value), compression.Name()), func(t *testing.T) {
					var told troubles
					memory := storetest.NewMemory(nil)
					c := store.New[string](memory, &store.Options{
						Codec: codec.Msgpack, Compression: compression, Schema: "2", MaxDecodedSize: 1 << 20, Observer: told.observer(),
					})
					for read, do := range map[string]func() bool{
						"Get":      func() bool { _, ok, err := c.Get(t.Context(), "k"); return ok || err != nil },
						"GetEntry": func() bool { _, ok, err := c.GetEntry(t.Context(), "k"); return ok || err != nil },
						"GetMany": func() bool {
							got, err := c.GetMany(t.Context(), []string{"k"})
							return len(got) > 0 || err != nil
						},
					} {
						set(t, c, "k", value, time.Hour)
						hit(t, c, "k", value)
						memory.Edit("k", damage.do)
						if do() {
							t.Errorf("law 10: %s of a damaged object is no miss", read)
						}
						errs := told.take()
						if len(errs) != 1 || !errors.Is(errs[0], damage.want) {
							t.Errorf("law 10: %s told %v; want one event of %v", read, errs, damage.want)
						}
						if op, ok := errors.AsType[*advcache.OpError](errs[0]); !ok || op.Key != "k" || op.Backend != "memory" {
							t.Errorf("the event %v does not say where", errs[0])
						}
					}
					set(t, c, "k", "new", time.Hour) // and can be written again
					hit(t, c, "k", "new")
				})
			}
		}
	}
}

// TestDamagedMetadata holds law 10 for an object whose metadata makes no sense:
// nothing takes it for one that somebody else wrote, and it does not stay.
func TestDamagedMetadata(t *testing.T) {
	for _, readForeign := range []bool{false, true} {
		var told troubles
		memory := storetest.NewMemory(nil)
		c := store.New[string](memory, &store.Options{ReadForeign: readForeign, Observer: told.observer()})
		tear := func() {
			t.Helper()
			told.take()
			set(t, c, "k", "value", time.Hour)
			memory.Edit("k", func(o *store.Object) { *o = store.Object{Meta: store.Meta{Damaged: true, Version: o.Meta.Version}} })
		}
		tear()
		if ok, err := c.Exists(t.Context(), "k"); ok || err != nil {
			t.Errorf("law 10: Exists = %v, %v with ReadForeign %v; want false", ok, err, readForeign)
		}
		headMisses(t, c, "k")
		if ok, err := c.SetIfAbsent(t.Context(), "k", "value", time.Hour); !ok || err != nil {
			t.Errorf("SetIfAbsent = %v, %v with ReadForeign %v; want true, as Exists is false", ok, err, readForeign)
		}
		for name, read := range map[string]func() (bool, error){
			"Get":      func() (bool, error) { _, ok, err := c.Get(t.Context(), "k"); return ok, err },
			"GetEntry": func() (bool, error) { _, ok, err := c.GetEntry(t.Context(), "k"); return ok, err },
			"GetMany":  func() (bool, error) { got, err := c.GetMany(t.Context(), []string{"k"}); return len(got) > 0, err },
		} {
			tear()
			if ok, err := read(); ok || err != nil {
				t.Errorf("law 10: %s = %v, %v with ReadForeign %v; want a miss", name, ok, err, readForeign)
			}
			if errs := told.take(); len(errs) != 1 || !errors.Is(errs[0], store.ErrCorrupt) {
				t.Errorf("law 10: %s told %v; want one event of ErrCorrupt", name, errs)
			}
			if keys := memory.Keys(); len(keys) > 0 {
				t.Errorf("law 10: after %s, the damaged object is still held", name)
			}
		}
	}
}

// TestDamagedIsStoredOverAtOnce holds that a damaged object costs one load, as any
// other miss: its Version is good for SetEntryIf although it was removed.
func TestDamagedIsStoredOverAtOnce(t *testing.T) {
	memory := storetest.NewMemory(nil)
	c := store.New[string](memory, &store.Options{Observer: new(troubles).observer()})
	for what, damage := range map[string]func(o *store.Object){
		"body":     func(o *store.Object) { o.Body[0]++ },
		"metadata": func(o *store.Object) { *o = store.Object{Meta: store.Meta{Damaged: true, Version: o.Meta.Version}} },
	} {
		set(t, c, "k", "value", time.Hour)
		memory.Edit("k", damage)
		e, ok, err := c.GetEntry(t.Context(), "k")
		if ok || err != nil {
			t.Fatal(e, ok, err)
		}
		if ok, err := c.SetEntryIf(t.Context(), "k", advcache.Entry[string]{Value: "loaded"}, e.Version); !ok || err != nil {
			t.Errorf("%s: SetEntryIf over what was damaged = %v, %v; want true", what, ok, err)
		}
		hit(t, c, "k", "loaded")
	}
}

// TestLaterFormat holds that an old reader leaves alone what a later version of
// the library has written, as during a rolling upgrade.
func TestLaterFormat(t *testing.T) {
	for _, readForeign := range []bool{false, true} {
		var told troubles
		memory := storetest.NewMemory(nil)
		c := store.New[string](memory, &store.Options{ReadForeign: readForeign, Observer: told.observer()})
		unseen, _, err := c.GetEntry(t.Context(), "k")
		if err != nil {
			t.Fatal(err)
		}
		memory.Plant("k", nil)
		memory.Edit("k", func(o *store.Object) { o.Meta = store.Meta{Encoding: store.LaterFormat, Version: o.Meta.Version} })
		miss(t, c, "k")
		errs := told.take()
		if len(errs) != 3 || !errors.Is(errs[0], store.ErrMismatch) {
			t.Errorf("law 10: told %v with ReadForeign %v; want three events of ErrMismatch", errs, readForeign)
		}
		if ok, err := c.Exists(t.Context(), "k"); ok || err != nil {
			t.Errorf("law 10: Exists = %v, %v with ReadForeign %v; want false", ok, err, readForeign)
		}
		headMisses(t, c, "k")
		if ok, err := c.SetEntryIf(t.Context(), "k", advcache.Entry[string]{Value: "old"}, unseen.Version); ok || err != nil {
			t.Errorf("law 3: SetEntryIf of who saw nothing = %v, %v over a later format; want false", ok, err)
		}
		if keys := memory.Keys(); len(keys) != 1 {
			t.Error("an object of a later format was removed")
		}
		if ok, err := c.SetIfAbsent(t.Context(), "k", "value", time.Hour); !ok || err != nil {
			t.Errorf("SetIfAbsent = %v, %v; want true, as Exists is false", ok, err)
		}
		hit(t, c, "k", "value")
	}
}

// TestSwapped holds law 10 where an object was copied from another key.
func TestSwapped(t *testing.T) {
	var told troubles
	memory := storetest.NewMemory(nil)
	c := store.New[string](memory, &store.Options{Observer: told.observer()})
	set(t, c, "a", "the value of a", time.Hour)
	set(t, c, "b", "the value of b", time.Hour)
	var ofA store.Object
	memory.Edit("a", func(o *store.Object) { ofA = *o })
	memory.Edit("b", func(o *store.Object) { *o = ofA })
	if _, ok, err := c.Get(t.Context(), "b"); ok || err != nil {
		t.Error("law 10: the value of another key is served")
	}
	if errs := told.take(); len(errs) != 1 || !errors.Is(errs[0], store.ErrCorrupt) {
		t.Errorf("law 10: told %v; want one event of ErrCorrupt", errs)
	}
	hit(t, c, "a", "the value of a")
}

// TestDamagedIsReplaced holds laws 10 and 11 together: a write of the same
// content must not be left out because a damaged object has its hash.
func TestDamagedIsReplaced(t *testing.T) {
	memory := storetest.NewMemory(nil)
	c := store.New[string](memory, &store.Options{Dedupe: true, Observer: new(troubles).observer()})
	set(t, c, "k", "value", time.Hour)
	memory.Edit("k", func(o *store.Object) { o.Body[0]++ })
	miss(t, c, "k")
	set(t, c, "k", "value", time.Hour)
	hit(t, c, "k", "value")

	memory.Edit("k", func(o *store.Object) { o.Body[0]++ })
	e, ok, err := c.GetEntry(t.Context(), "k")
	if ok || err != nil {
		t.Fatal(ok, err)
	}
	set(t, c, "k", "newer", time.Hour)
	if ok, err := c.SetEntryIf(t.Context(), "k", advcache.Entry[string]{Value: "value"}, e.Version); ok || err != nil {
		t.Errorf("law 3: a Version of a damaged object that was replaced is accepted: %v, %v", ok, err)
	}
	hit(t, c, "k", "newer")
}

// TestMismatchIsReplacedByItsVersion is what a TTL does over a new schema.
func TestMismatchIsReplacedByItsVersion(t *testing.T) {
	memory := storetest.NewMemory(nil)
	v1 := store.New[point](memory, &store.Options{Schema: "1", Dedupe: true, Observer: new(troubles).observer()})
	v2 := store.New[point](memory, &store.Options{Schema: "2", Dedupe: true, Observer: new(troubles).observer()})
	set(t, v1, "k", point{1, 2}, time.Hour)
	e, ok, err := v2.GetEntry(t.Context(), "k")
	if ok || err != nil || e.Version.IsZero() {
		t.Fatal(e, ok, err)
	}
	if ok, err := v2.Exists(t.Context(), "k"); ok || err != nil {
		t.Errorf("Exists = %v, %v for another schema; want false, as Get misses", ok, err)
	}
	headMisses(t, v2, "k")
	if ok, err := v2.SetEntryIf(t.Context(), "k", advcache.Entry[point]{Value: point{1, 2}}, e.Version); !ok || err != nil {
		t.Errorf("SetEntryIf over another schema = %v, %v; want true", ok, err)
	}
	hit(t, v2, "k", point{1, 2})
	miss(t, v1, "k")
	if ok, err := v1.SetIfAbsent(t.Context(), "k", point{3, 4}, time.Hour); !ok || err != nil {
		t.Errorf("SetIfAbsent over another schema = %v, %v; want true, as Exists is false", ok, err)
	}
	hit(t, v1, "k", point{3, 4})
}

func TestForeign(t *testing.T) {
	var told troubles
	memory := storetest.NewMemory(nil)
	refusing := store.New[map[string]int](memory, &store.Options{Codec: codec.JSON, Observer: told.observer()})
	reading := store.New[map[string]int](memory, &store.Options{Codec: codec.JSON, ReadForeign: true, Observer: told.observer()})
	memory.Plant("k", []byte(`{"a":1}`))
	miss(t, refusing, "k")
	if errs := told.take(); len(errs) != 3 || !errors.Is(errs[0], store.ErrForeign) {
		t.Errorf("law 10: told %v; want three events of ErrForeign", errs)
	}
	got, ok, err := reading.Get(t.Context(), "k")
	if !ok || err != nil || !maps.Equal(got, map[string]int{"a": 1}) {
		t.Errorf("ReadForeign: %v, %v, %v", got, ok, err)
	}
	if e, ok, err := reading.GetEntry(t.Context(), "k"); !ok || err != nil || !e.FreshUntil.IsZero() {
		t.Errorf("ReadForeign: %+v, %v, %v; want an entry that never expires", e, ok, err)
	}
	if ok, err := reading.SetIfAbsent(t.Context(), "k", nil, time.Hour); ok || err != nil {
		t.Errorf("ReadForeign: SetIfAbsent over a foreign object = %v, %v; want false", ok, err)
	}
	memory.Plant("bad", []byte(`{"a":`))
	if _, ok, err := reading.Get(t.Context(), "bad"); ok || err != nil {
		t.Errorf("ReadForeign: a body that does not decode: %v, %v; want a miss", ok, err)
	}
	if errs := told.take(); len(errs) != 1 || !errors.Is(errs[0], store.ErrForeign) {
		t.Errorf("law 10: told %v; want one event of ErrForeign", errs)
	}
	if keys := memory.Keys(); len(keys) != 2 {
		t.Errorf("objects of others were removed: left %q", keys)
	}
	if ok, err := refusing.SetIfAbsent(t.Context(), "bad", map[string]int{"b": 2}, time.Hour); !ok || err != nil {
		t.Errorf("SetIfAbsent over a foreign object = %v, %v; want true, as Exists is false", ok, err)
	}
}

// TestForeignIsReplaced by what a TTL loads: it stores with the Version that the
// miss had.
func TestForeignIsReplaced(t *testing.T) {
	memory := storetest.NewMemory(nil)
	for name, foreign := range map[string]bool{"refusing": false, "reading": true} {
		c := store.New[string](memory, &store.Options{ReadForeign: foreign, Codec: codec.JSON, Observer: new(troubles).observer()})
		memory.Plant("k", []byte("no JSON"))
		e, ok, err := c.GetEntry(t.Context(), "k")
		if ok || err != nil {
			t.Fatal(e, ok, err)
		}
		if ok, err := c.SetEntryIf(t.Context(), "k", advcache.Entry[string]{Value: "loaded"}, e.Version); !ok || err != nil {
			t.Errorf("%s: SetEntryIf over a foreign object that is a miss = %v, %v; want true", name, ok, err)
		}
		hit(t, c, "k", "loaded")
	}
}

func TestEncryption(t *testing.T) {
	keyOf := func(b byte) []byte { return bytes.Repeat([]byte{b}, 32) }
	ringOf := func(current string, keys map[string][]byte) *codec.KeyRing {
		ring, err := codec.NewKeyRing(current, keys)
		if err != nil {
			t.Fatal(err)
		}
		return ring
	}
	memory := storetest.NewMemory(nil)
	var told troubles
	open := func(ring *codec.KeyRing) *store.Cache[string] {
		return store.New[string](memory, &store.Options{Encryption: ring, Dedupe: true, Observer: told.observer()})
	}
	old := open(ringOf("old", map[string][]byte{"old": keyOf(1)}))
	both := open(ringOf("new", map[string][]byte{"old": keyOf(1), "new": keyOf(2)}))
	fresh := open(ringOf("new", map[string][]byte{"new": keyOf(2)}))
	plain := open(nil)
	const secret = "nobody must read this"
	set(t, old, "k", secret, time.Hour)
	memory.Edit("k", func(o *store.Object) {
		if bytes.Contains(o.Body, []byte(secret)) || o.Meta.Encoding != "raw+aesgcm.old" {
			t.Errorf("the body is %q, the encoding %s", o.Body, o.Meta.Encoding)
		}
	})
	hit(t, old, "k", secret)
	hit(t, both, "k", secret)
	wantMiss := func(c *store.Cache[string], key string, want error) {
		t.Helper()
		told.take()
		if got, ok, err := c.Get(t.Context(), key); ok || err != nil {
			t.Errorf("law 10: Get = %q, %v, %v; want a miss", got, ok, err)
		}
		if errs := told.take(); len(errs) != 1 || !errors.Is(errs[0], want) {
			t.Errorf("law 10: told %v; want one event of %v", errs, want)
		}
	}
	wantMiss(fresh, "k", store.ErrMismatch)
	wantMiss(plain, "k", store.ErrMismatch)

	set(t, both, "k", secret, time.Hour) // the same content is written anew under the new key
	hit(t, fresh, "k", secret)
	wantMiss(old, "k", store.ErrMismatch)

	set(t, plain, "planted", "poison", time.Hour)
	wantMiss(fresh, "planted", store.ErrMismatch)

	set(t, fresh, "other", "another value", time.Hour)
	var swapped store.Object
	memory.Edit("other", func(o *store.Object) { swapped = *o })
	memory.Edit("k", func(o *store.Object) { *o = swapped })
	wantMiss(fresh, "k", store.ErrCorrupt)

	set(t, fresh, "k", secret, time.Hour)
	memory.Edit("k", func(o *store.Object) { o.Body[len(o.Body)-1]++ })
	wantMiss(fresh, "k", store.ErrCorrupt)

	set(t, fresh, "k", secret, time.Hour)
	memory.Edit("k", func(o *store.Object) { o.Meta.Hash = store.Hash{1} })
	wantMiss(fresh, "k", store.ErrCorrupt)

	none := advcache.Entry[string]{Absent: true, FreshUntil: time.Now().Add(time.Hour)}
	if err := fresh.SetEntry(t.Context(), "none", none); err != nil {
		t.Fatal(err)
	}
	if e, ok, err := fresh.GetEntry(t.Context(), "none"); !ok || !e.Absent || err != nil {
		t.Errorf("a negative entry: %+v, %v, %v", e, ok, err)
	}
	set(t, fresh, "denied", secret, time.Hour)
	memory.Edit("denied", func(o *store.Object) { o.Meta.Absent = true })
	if e, ok, err := fresh.GetEntry(t.Context(), "denied"); ok || err != nil {
		t.Errorf("law 10: a forged negative entry is believed: %+v, %v", e, err)
	}
}

// TestRandomFaults runs many seeds of faults of every kind: what is read is
// something that was written under that key, or a miss, or an error.
func TestRandomFaults(t *testing.T) {
	for seed := range uint64(40) {
		memory := storetest.NewMemory(&storetest.MemoryOptions{Keep: seed%3 == 0})
		faults := storetest.NewFaulty(memory, &storetest.FaultyOptions{Seed: seed})
		for _, fault := range []storetest.Fault{
			storetest.Fail, storetest.LostAnswer, storetest.Truncate, storetest.FlipBody, storetest.FlipHash,
			storetest.FlipEncoding, storetest.FlipSchema, storetest.Outdated, storetest.Swapped, storetest.Foreign, storetest.Damaged,
		} {
			faults.Rate(storetest.AnyOp, fault, 0.05)
		}
		c := store.New[string](faults, &store.Options{Dedupe: seed%2 == 0, Compression: codec.Zstd(1), Observer: new(troubles).observer()})
		random := rand.New(rand.NewPCG(seed, 2))
		written := make(map[string]bool)
		for i := range 400 {
			key := fmt.Sprint("key", random.IntN(4))
			if random.IntN(3) == 0 {
				value := fmt.Sprintf("%s:%d:%s", key, i%20, strings.Repeat("filler ", random.IntN(300)))
				written[value] = true
				if err := c.Set(t.Context(), key, value, time.Hour); err != nil && !errors.Is(err, storetest.ErrInjected) {
					t.Fatal(err)
				}
				continue
			}
			got, ok, err := c.Get(t.Context(), key)
			if ok && (err != nil || !written[got] || !strings.HasPrefix(got, key+":")) {
				t.Fatalf("law 10: seed %d, step %d: Get(%s) = %.40q, %v, which was never written there", seed, i, key, got, err)
			}
		}
	}
}

// headMisses wants a miss of HeadEntry, with a Version, though there is something.
func headMisses[V any](t *testing.T, c *store.Cache[V], key string) {
	t.Helper()
	if e, ok, err := c.HeadEntry(t.Context(), key); ok || err != nil || e.Version.IsZero() || !e.CreatedAt.IsZero() {
		t.Errorf("law 10: HeadEntry = %+v, %v, %v; want a miss, as GetEntry misses", e, ok, err)
	}
}
