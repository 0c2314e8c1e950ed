package s3store_test

import (
	"encoding/json"
	"testing"
	"testing/synctest"
	"time"

	"github.com/advcache/advcache/codec"
	"github.com/advcache/advcache/s3store"
	"github.com/advcache/advcache/store"
	"github.com/advcache/advcache/store/storetest/fakes3"
)

// TestPad is about uncompressed bodies that only one process may write: the ETag
// of each is its own, readers see nothing of that, and other programs can read
// them as JSON.
func TestPad(t *testing.T) {
	for name, o := range map[string]*s3store.Options{"HeadFirst": nil, "OneRequest": {Freshness: s3store.OneRequest}} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s, server := newStore(o, nil)
				c := store.New[map[string]int](s, &store.Options{Codec: codec.JSON, Dedupe: true})
				etags := make(map[string]bool)
				value := map[string]int{"a": 1}
				for range 3 {
					if ok, err := c.SetIfAbsent(t.Context(), "k", value, time.Minute); !ok || err != nil {
						t.Fatalf("SetIfAbsent = %v, %v", ok, err)
					}
					// A renewal must not lose what tells how long the body is.
					if err := c.Set(t.Context(), "k", value, time.Hour); err != nil {
						t.Fatal(err)
					}
					if got, ok, err := c.Get(t.Context(), "k"); !ok || err != nil || got["a"] != 1 {
						t.Errorf("Get = %v, %v, %v", got, ok, err)
					}
					if meta, _, err := s.Head(t.Context(), "k"); err != nil || meta.Size != int64(len(`{"a":1}`)) {
						t.Errorf("the Size is %d, %v; want that of the value", meta.Size, err)
					}
					obj, _ := server.Object(bucket, "k")
					etags[obj.ETag] = true
					var others map[string]int
					if err := json.Unmarshal(obj.Body, &others); err != nil || others["a"] != 1 {
						t.Errorf("%q is no JSON: %v", obj.Body, err)
					}
					time.Sleep(2 * time.Hour)
				}
				if n := server.Requests(); len(etags) != 3 || n.CopyObject != 3 || n.PutObject != 3 {
					t.Errorf("3 writes have %d ETags, and took %v; want 3, 3 PutObject, 3 CopyObject", len(etags), n)
				}
			})
		})
	}
}

// TestPadIsDamaged holds that a body whose end is not what its metadata say is
// not served.
func TestPadIsDamaged(t *testing.T) {
	for name, damage := range map[string]func(obj *fakes3.Object){
		"nobody knows of it": func(obj *fakes3.Object) { delete(obj.Metadata, "ac-pad") },
		"another length":     func(obj *fakes3.Object) { obj.Metadata["ac-pad"] = "127" },
		"no length":          func(obj *fakes3.Object) { obj.Metadata["ac-pad"] = "-1" },
		"a short body":       func(obj *fakes3.Object) { obj.Body, obj.Checksum, obj.ChecksumAlgorithm = obj.Body[:100], "", "" },
		"none":               func(obj *fakes3.Object) { obj.Body, obj.Checksum, obj.ChecksumAlgorithm = obj.Body[:4], "", "" },
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s, server := newStore(nil, nil)
				reported := 0
				c := store.New[string](s, &store.Options{Observer: reports(t, &reported, store.ErrCorrupt)})
				if ok, err := c.SetIfAbsent(t.Context(), "k", "value", time.Hour); !ok || err != nil {
					t.Fatal(ok, err)
				}
				server.Edit(bucket, "k", damage)
				if got, ok, err := c.Get(t.Context(), "k"); ok || err != nil || reported != 1 {
					t.Errorf("law 10: Get = %q, %v, %v, and %d reports; want a miss, and 1", got, ok, err, reported)
				}
			})
		})
	}
}
