package s3store_test

import (
	"bytes"
	"context"
	"errors"
	"maps"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/advcache/advcache"
	"github.com/advcache/advcache/codec"
	"github.com/advcache/advcache/s3store"
	"github.com/advcache/advcache/store"
	"github.com/advcache/advcache/store/storetest/fakes3"
)

// reports returns an Observer that counts objects which are not served, and wants
// each report to name the key, the backend, and one of the reasons.
func reports(t *testing.T, n *int, reasons ...error) *advcache.Observer {
	return &advcache.Observer{BackendError: func(e advcache.Event) {
		*n++
		for _, reason := range reasons {
			if op, ok := errors.AsType[*advcache.OpError](e.Err); ok && errors.Is(e.Err, reason) && op.Key == "k" && e.Key == "k" && op.Backend == "s3" {
				return
			}
		}
		t.Errorf("the Observer is told %v of %q; want an OpError of one of %v", e.Err, e.Key, reasons)
	}}
}

// inEachWay runs a test in a bubble for each way to read, with and without
// encryption, in which case ring is not nil.
func inEachWay(t *testing.T, test func(t *testing.T, o *s3store.Options, ring *codec.KeyRing)) {
	ring, err := codec.NewKeyRing("a", map[string][]byte{"a": make([]byte, 32)})
	if err != nil {
		t.Fatal(err)
	}
	for name, o := range map[string]*s3store.Options{"HeadFirst": nil, "OneRequest": {Freshness: s3store.OneRequest}} {
		t.Run(name, func(t *testing.T) { synctest.Test(t, func(t *testing.T) { test(t, o, nil) }) })
		t.Run(name+"/encrypted", func(t *testing.T) { synctest.Test(t, func(t *testing.T) { test(t, o, ring) }) })
	}
}

// rotten changes a body in a way that the service does not know of.
func rotten(obj *fakes3.Object, body []byte) {
	obj.Body, obj.Checksum, obj.ChecksumAlgorithm = body, "", ""
}

// harm is done to the object of "k", given that of another key, by a field of its
// metadata where there is no function.
type harm struct {
	name, field, value string
	do                 func(obj, other *fakes3.Object)
	want               error
	encrypted          bool // it is found with encryption alone
}

var harms = []harm{
	{name: "half", want: store.ErrCorrupt, do: func(obj, _ *fakes3.Object) { rotten(obj, obj.Body[:len(obj.Body)/2]) }},
	{name: "a byte less", want: store.ErrCorrupt, do: func(obj, _ *fakes3.Object) { rotten(obj, obj.Body[:len(obj.Body)-1]) }},
	{name: "a byte more", want: store.ErrCorrupt, do: func(obj, _ *fakes3.Object) { rotten(obj, append(obj.Body, 0)) }},
	{name: "nothing", want: store.ErrCorrupt, do: func(obj, _ *fakes3.Object) { rotten(obj, nil) }},
	{name: "twice", want: store.ErrCorrupt, do: func(obj, _ *fakes3.Object) { rotten(obj, append(obj.Body, obj.Body...)) }},
	{name: "body of another", want: store.ErrCorrupt, do: func(obj, other *fakes3.Object) { rotten(obj, other.Body) }},
	{name: "metadata of another", want: store.ErrCorrupt, do: func(obj, other *fakes3.Object) { obj.Metadata = other.Metadata }},
	{name: "all of another", want: store.ErrCorrupt, do: func(obj, other *fakes3.Object) { *obj = *other }},
	{name: "hash of another", want: store.ErrCorrupt, do: func(obj, other *fakes3.Object) { obj.Metadata["ac-hash"] = other.Metadata["ac-hash"] }},
	{name: "no hash", want: store.ErrCorrupt, do: func(obj, _ *fakes3.Object) { delete(obj.Metadata, "ac-hash") }},
	{name: "no metadata", want: store.ErrForeign, do: func(obj, _ *fakes3.Object) { obj.Metadata = nil }},
	{name: "no encoding", want: store.ErrMismatch, do: func(obj, _ *fakes3.Object) { delete(obj.Metadata, "ac-encoding") }},
	{name: "no format", want: store.ErrForeign, do: func(obj, _ *fakes3.Object) { delete(obj.Metadata, "ac-format") }},
	{name: "later", field: "ac-format", value: "2", want: store.ErrMismatch},
	{name: "no number", field: "ac-format", value: "one", want: store.ErrMismatch},
	{name: "short", field: "ac-hash", value: "AAAA", want: store.ErrCorrupt},
	{name: "no hash at all", field: "ac-hash", value: strings.Repeat("!", 43), want: store.ErrCorrupt},
	{name: "codec", field: "ac-encoding", value: "cbor+gzip", want: store.ErrMismatch},
	{name: "compression", field: "ac-encoding", value: "raw+lzma", want: store.ErrMismatch},
	{name: "encryption", field: "ac-encoding", value: "raw+gzip+rot13.a", want: store.ErrMismatch},
	{name: "key", field: "ac-encoding", value: "raw+gzip+aesgcm.b", want: store.ErrMismatch},
	{name: "pluses", field: "ac-encoding", value: "+++", want: store.ErrMismatch},
	{name: "long", field: "ac-encoding", value: strings.Repeat("raw+gzip", 1000), want: store.ErrMismatch},
	{name: "another", field: "ac-schema", value: "2", want: store.ErrMismatch},
	{name: "no escape", field: "ac-schema", value: "%zz", want: store.ErrCorrupt},
	{name: "no escape", field: "ac-tags", value: "a,%zz,", want: store.ErrCorrupt},
	{name: "no flag", field: "ac-absent", value: "yes", want: store.ErrCorrupt},
	{name: "set", field: "ac-absent", value: "1", want: store.ErrCorrupt, encrypted: true},
	{name: "not there", field: "ac-pad", value: "128", want: store.ErrCorrupt},
	{name: "no length", field: "ac-pad", value: "many", want: store.ErrCorrupt},
}

// withInstants adds what instants may be.
func withInstants(harms []harm) []harm {
	for _, field := range []string{"ac-created", "ac-fresh", "ac-stale", "ac-held"} {
		for _, value := range []string{"never", "", "-1", "0", "1e9", "9223372036854775808", "2026-11-24T00:00:00Z"} {
			harms = append(harms, harm{name: value, field: field, value: value, want: store.ErrCorrupt})
		}
	}
	return harms
}

const damagedValue = "a value that compresses "

// damaged returns a cache whose object "k" was damaged.
func damaged(t *testing.T, o *s3store.Options, ring *codec.KeyRing, n *int, h harm) (*store.Cache[string], *fakes3.Server) {
	s, server := newStore(o, nil)
	c := store.New[string](s, &store.Options{Encryption: ring, Schema: "1", Dedupe: true, Observer: reports(t, n, h.want)})
	now := time.Now()
	for key, value := range map[string]string{"k": damagedValue, "l": "another value "} {
		if err := c.SetEntry(t.Context(), key, advcache.Entry[string]{
			Value: strings.Repeat(value, 50), FreshUntil: now.Add(time.Hour), StaleUntil: now.Add(2 * time.Hour), HeldUntil: now.Add(3 * time.Hour), Tags: []string{"a", "b"},
		}); err != nil {
			t.Fatal(err)
		}
	}
	other, _ := server.Object(bucket, "l")
	server.Edit(bucket, "k", func(obj *fakes3.Object) {
		if h.do == nil {
			obj.Metadata[h.field] = h.value
			return
		}
		h.do(obj, &other)
	})
	return c, server
}

// TestDamaged is law 10: an object that was damaged in any way is a miss and one
// report, to each reader, and does not keep others from being stored.
func TestDamaged(t *testing.T) {
	inEachWay(t, func(t *testing.T, o *s3store.Options, ring *codec.KeyRing) {
		for _, h := range withInstants(harms) {
			if h.encrypted && ring == nil {
				continue
			}
			for name, read := range map[string]func(c *store.Cache[string]) (any, bool, error){
				"Get": func(c *store.Cache[string]) (any, bool, error) { return c.Get(context.Background(), "k") },
				"GetEntry": func(c *store.Cache[string]) (any, bool, error) {
					e, ok, err := c.GetEntry(context.Background(), "k")
					return e.Value, ok, err
				},
			} {
				n := 0
				c, server := damaged(t, o, ring, &n, h)
				if got, ok, err := read(c); ok || err != nil || got != "" || n != 1 {
					t.Errorf("%s %s: %s = %.20q, %v, %v, and %d reports; want a miss, and 1", h.field, h.name, name, got, ok, err, n)
				}
				value := strings.Repeat(damagedValue, 50)
				if err := c.Set(t.Context(), "k", value, time.Hour); err != nil {
					t.Errorf("%s %s: Set = %v", h.field, h.name, err)
				}
				if got, ok, err := c.Get(t.Context(), "k"); got != value || !ok || err != nil {
					t.Errorf("%s %s: stored again, Get = %.20q, %v, %v", h.field, h.name, got, ok, err)
				}
				if n := server.OpenBodies(); n != 0 {
					t.Errorf("%s %s: %d bodies are open", h.field, h.name, n)
				}
			}
		}
	})
}

// TestFlippedBits turns around each bit of a body, one at a time. Some of them,
// such as the instant in the header of gzip, say nothing: then the value is right.
func TestFlippedBits(t *testing.T) {
	inEachWay(t, func(t *testing.T, o *s3store.Options, ring *codec.KeyRing) {
		n, harmless := 0, 0
		c, server := damaged(t, o, ring, &n, harm{do: func(*fakes3.Object, *fakes3.Object) {}, want: store.ErrCorrupt})
		whole, _ := server.Object(bucket, "k")
		for bit := range 8 * len(whole.Body) {
			body := bytes.Clone(whole.Body)
			body[bit/8] ^= 1 << (bit % 8)
			obj := whole
			obj.Metadata = maps.Clone(whole.Metadata)
			rotten(&obj, body)
			server.Plant(bucket, "k", obj)
			n = 0
			got, ok, err := c.Get(t.Context(), "k")
			right := ok && got == strings.Repeat(damagedValue, 50) && n == 0
			if missed := !ok && got == "" && n == 1; err != nil || !right && !missed {
				t.Fatalf("bit %d: Get = %.20q, %v, %v, and %d reports", bit, got, ok, err, n)
			}
			if right {
				harmless++
			}
		}
		if ring != nil && harmless > 0 || harmless > 8*32 { // the header and its 22 bytes more
			t.Errorf("%d of %d bits can be changed", harmless, 8*len(whole.Body))
		}
	})
}
