package gcsstore_test

import (
	"bytes"
	"context"
	"io"
	"math/rand/v2"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"cloud.google.com/go/storage"

	"github.com/advcache/advcache/gcsstore"
	"github.com/advcache/advcache/store"
	"github.com/advcache/advcache/store/storetest/fakegcs"
)

const (
	kib = 1 << 10
	mib = 1 << 20 // the smallest part
)

func randomBytes(n int) []byte {
	b := make([]byte, n)
	random := rand.NewChaCha8([32]byte{byte(n)})
	_, _ = random.Read(b)
	return b
}

func object(body []byte, life time.Duration) store.Object {
	now := time.Now()
	return store.Object{Meta: store.Meta{CreatedAt: now, FreshUntil: now.Add(life), Hash: store.Hash{1}, Encoding: "raw"}, Body: body}
}

func put(t *testing.T, s *gcsstore.Store, key string, obj store.Object) store.Version {
	t.Helper()
	version, ok, err := s.Put(context.Background(), key, obj, store.Cond{})
	if !ok || err != nil {
		t.Fatalf("Put = %v, %v", ok, err)
	}
	return version
}

var ways = map[string]gcsstore.Freshness{"HeadFirst": gcsstore.HeadFirst, "OneRequest": gcsstore.OneRequest}

// TestLargeBodies is about bodies of many parts, in both ways.
func TestLargeBodies(t *testing.T) {
	for name, freshness := range ways {
		for _, size := range []int{0, 1, 256*kib - 1, 256 * kib, mib - 1, mib, mib + 1, 5*mib + 7} {
			synctest.Test(t, func(t *testing.T) {
				o := gcsstore.Options{PartSize: mib, ChunkSize: mib, Concurrency: 3, Freshness: freshness}
				s, server := newStore(&o, &fakegcs.Options{Latency: time.Millisecond})
				body := randomBytes(size)
				put(t, s, "k", object(body, time.Hour))
				chunks := 0
				if size > mib {
					chunks = size/mib + 1
				}
				asked := server.Requests()
				if asked.UploadChunk != chunks || asked.InsertObject+asked.StartUpload != 1 {
					t.Errorf("%s, %d bytes: the write took %v; want %d chunks", name, size, asked, chunks)
				}
				obj, ok, err := s.Get(context.Background(), "k", store.Want{})
				if !ok || err != nil || !bytes.Equal(obj.Body, body) || obj.Meta.Size != int64(size) {
					t.Errorf("%s, %d bytes: Get = %d bytes, %v, %v", name, size, len(obj.Body), ok, err)
				}
				asked = server.Requests()
				if want := max(1, (size+mib-1)/mib); asked.ReadObject != want {
					t.Errorf("%s, %d bytes: the read took %v; want %d parts", name, size, asked, want)
				}
				counts, used := server.Counts(), s.Usage()
				if counts.Peak > 3 || server.OpenUploads() != 0 || server.OpenBodies() != 0 {
					t.Errorf("%s, %d bytes: %d requests at once, %d uploads and %d bodies are open; Concurrency is 3", name, size, counts.Peak, server.OpenUploads(), server.OpenBodies())
				}
				if used.Received != int64(size) || used.Sent != int64(size) || used.ClassA != int64(asked.In(fakegcs.ClassA)) ||
					used.ClassB != int64(asked.In(fakegcs.ClassB)) || used.Free != int64(asked.In(fakegcs.Free)) {
					t.Errorf("%s, %d bytes: Usage = %v; the server was asked %v", name, size, used, asked)
				}
			})
		}
	}
}

// TestBodiesGoWrong is about requests with bodies that fail: another try mends
// them, or there is an error. Nothing is open, nothing is mixed.
func TestBodiesGoWrong(t *testing.T) {
	const twice = 2 * mib
	for _, test := range []struct {
		name  string
		size  int
		put   bool // it is the write that meets the faults
		op    fakegcs.Op
		next  []fakegcs.Fault
		fails bool
	}{
		{"insert unavailable", 1, true, fakegcs.OpInsertObject, []fakegcs.Fault{fakegcs.Unavailable, fakegcs.Reset, fakegcs.TooManyRequests}, false},
		{"insert fails", 1, true, fakegcs.OpInsertObject, slices.Repeat([]fakegcs.Fault{fakegcs.Fail}, 5), true},
		{"insert refused", 1, true, fakegcs.OpInsertObject, []fakegcs.Fault{fakegcs.AccessDenied}, true},
		{"start refused", twice, true, fakegcs.OpStartUpload, []fakegcs.Fault{fakegcs.AccessDenied}, true},
		{"start unavailable", twice, true, fakegcs.OpStartUpload, []fakegcs.Fault{fakegcs.Unavailable}, false},
		{"chunk unavailable", twice, true, fakegcs.OpUploadChunk, []fakegcs.Fault{fakegcs.Unavailable, fakegcs.None, fakegcs.Reset, fakegcs.LostAnswer}, false},
		{"chunk fails", twice, true, fakegcs.OpUploadChunk, append([]fakegcs.Fault{fakegcs.None}, slices.Repeat([]fakegcs.Fault{fakegcs.Fail}, 5)...), true},
		{"chunk refused", twice, true, fakegcs.OpUploadChunk, []fakegcs.Fault{fakegcs.None, fakegcs.AccessDenied}, true},

		{"read unavailable", 1, false, fakegcs.OpReadObject, []fakegcs.Fault{fakegcs.Unavailable, fakegcs.Reset, fakegcs.TooManyRequests}, false},
		{"read fails", 1, false, fakegcs.OpReadObject, slices.Repeat([]fakegcs.Fault{fakegcs.Fail}, 5), true},
		{"cut", 500 * kib, false, fakegcs.OpReadObject, []fakegcs.Fault{fakegcs.Truncate}, false},
		{"cut, and unavailable", 500 * kib, false, fakegcs.OpReadObject, []fakegcs.Fault{fakegcs.Truncate, fakegcs.Unavailable}, false},
		{"cut twice", 500 * kib, false, fakegcs.OpReadObject, []fakegcs.Fault{fakegcs.Truncate, fakegcs.Reset, fakegcs.Truncate}, false},
		{"cut, and refused", 500 * kib, false, fakegcs.OpReadObject, []fakegcs.Fault{fakegcs.Truncate, fakegcs.AccessDenied}, true},
		{"a bit flipped", 500 * kib, false, fakegcs.OpReadObject, []fakegcs.Fault{fakegcs.FlipBody}, true},
		{"a part refused", twice, false, fakegcs.OpReadObject, []fakegcs.Fault{fakegcs.None, fakegcs.AccessDenied}, true},
		{"a part cut", twice, false, fakegcs.OpReadObject, []fakegcs.Fault{fakegcs.None, fakegcs.Truncate, fakegcs.Unavailable}, false},
		{"the first part cut", twice, false, fakegcs.OpReadObject, []fakegcs.Fault{fakegcs.Truncate, fakegcs.None, fakegcs.Fail}, false},
		{"a bit of a part flipped", twice, false, fakegcs.OpReadObject, []fakegcs.Fault{fakegcs.None, fakegcs.FlipBody}, true},
	} {
		for way, freshness := range ways {
			t.Run(test.name+"/"+way, func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					ctx := context.Background()
					s, server := newStore(&gcsstore.Options{PartSize: mib, ChunkSize: mib, Freshness: freshness}, &fakegcs.Options{Latency: time.Millisecond})
					body := randomBytes(test.size)
					if test.put {
						server.Script(test.op, test.next...)
					}
					_, ok, err := s.Put(ctx, "k", object(body, time.Hour), store.Cond{})
					if failed := test.put && test.fails; (err != nil) != failed || ok == failed {
						t.Fatalf("Put = %v, %v", ok, err)
					}
					if test.put && test.fails {
						if _, there := server.Object(bucket, "k"); there {
							t.Error("a write that failed is there")
						}
						return
					}
					server.Script(test.op, test.next...)
					if test.put {
						server.Heal()
					}
					obj, ok, err := s.Get(ctx, "k", store.Want{})
					if failed := !test.put && test.fails; (err != nil) != failed || ok == failed || ok && !bytes.Equal(obj.Body, body) {
						t.Errorf("law 10: Get = %d bytes, %v, %v", len(obj.Body), ok, err)
					}
					if n := server.OpenBodies(); n != 0 {
						t.Errorf("law 13: %d bodies are open", n)
					}
				})
			})
		}
	}
}

// TestReplacedWhileRead holds that a read gives one object or the other, whole.
func TestReplacedWhileRead(t *testing.T) {
	late := fakegcs.Options{Latency: 10 * time.Millisecond}
	blind := late
	blind.Authorize = fakegcs.Without(fakegcs.PermObjectsList) // who is told 403 of a generation that is replaced
	for way, test := range map[string]struct {
		o  gcsstore.Options
		so fakegcs.Options
	}{
		"HeadFirst":            {gcsstore.Options{}, late},
		"OneRequest":           {gcsstore.Options{Freshness: gcsstore.OneRequest}, late},
		"HeadFirst, forbidden": {gcsstore.Options{Forbidden403IsMiss: true}, blind},
	} {
		synctest.Test(t, func(t *testing.T) {
			test.o.PartSize, test.o.Concurrency = mib, 1
			s, server := newStore(&test.o, &test.so)
			old, next := bytes.Repeat([]byte("a"), 3*mib), bytes.Repeat([]byte("b"), 3*mib)
			put(t, s, "k", object(old, time.Hour))
			before, _ := server.Object(bucket, "k")
			put(t, s, "k", object(next, time.Hour))
			after, _ := server.Object(bucket, "k")
			for delay := range 60 {
				server.Plant(bucket, "k", before)
				go func() {
					time.Sleep(time.Duration(delay) * time.Millisecond)
					server.Plant(bucket, "k", after)
				}()
				obj, ok, err := s.Get(context.Background(), "k", store.Want{})
				if err != nil || !ok || !bytes.Equal(obj.Body, old) && !bytes.Equal(obj.Body, next) {
					t.Errorf("law 10, %s: replaced after %d ms, Get = %d bytes, %v, %v; want one of two objects", way, delay, len(obj.Body), ok, err)
				}
				time.Sleep(time.Second)
				synctest.Wait()
			}
		})
	}
}

// TestDecompressedOnItsWay is about the body of a foreign object that GCS and
// net/http decompress, whose size nobody tells.
func TestDecompressedOnItsWay(t *testing.T) {
	// printf hello | gzip -n
	packed := []byte("\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\x03\xcbH\xcd\xc9\xc9\x07\x00\x86\xa6\x106\x05\x00\x00\x00")
	for way, freshness := range ways {
		synctest.Test(t, func(t *testing.T) {
			s, server := newStore(&gcsstore.Options{Freshness: freshness}, nil)
			server.Plant(bucket, "k", fakegcs.Object{Body: packed, ContentEncoding: "gzip"})
			obj, ok, err := s.Get(context.Background(), "k", store.Want{Foreign: true})
			if !ok || err != nil || string(obj.Body) != "hello" || !obj.Meta.Foreign {
				t.Errorf("%s: Get = %q, %v, %v", way, obj.Body, ok, err)
			}
			if n := server.OpenBodies(); n != 0 {
				t.Errorf("law 13, %s: %d bodies are open", way, n)
			}
		})
	}
}

// TestJSONReads is about a client whose reads do not tell metadata.
func TestJSONReads(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var said bytes.Buffer
		_, server := newStore(nil, nil)
		s := gcsstore.New(newClient(server, storage.WithJSONReads()), bucket, &gcsstore.Options{Freshness: gcsstore.OneRequest, Logger: logger(&said)})
		put(t, s, "k", object([]byte("v"), time.Hour))
		for i, want := range []string{"1 GetObject, 2 ReadObject", "1 GetObject, 1 ReadObject", "1 GetObject, 1 ReadObject"} {
			server.Reset()
			obj, ok, err := s.Get(context.Background(), "k", store.Want{})
			if !ok || err != nil || string(obj.Body) != "v" {
				t.Errorf("Get = %q, %v, %v", obj.Body, ok, err)
			}
			if asked := server.Requests().String(); asked != want {
				t.Errorf("law 12: read %d took %s; want %s", i, asked, want)
			}
		}
		if n := bytes.Count(said.Bytes(), []byte("storage.WithXMLReads")); n != 1 {
			t.Errorf("the log says %d times what to do; want once: %s", n, said.Bytes())
		}
	})
}

// TestJSONReadsAtOnce has the first reads of a store find out together.
func TestJSONReadsAtOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		_, server := newStore(nil, &fakegcs.Options{Latency: 10 * time.Millisecond})
		s := gcsstore.New(newClient(server, storage.WithJSONReads()), bucket, &gcsstore.Options{Freshness: gcsstore.OneRequest, Logger: logger(io.Discard)})
		put(t, s, "k", object([]byte("v"), time.Hour))
		for delay := range 60 {
			go func() {
				time.Sleep(time.Duration(delay) * time.Millisecond)
				obj, ok, err := s.Get(context.Background(), "k", store.Want{})
				if !ok || err != nil || string(obj.Body) != "v" || obj.Meta.Foreign {
					t.Errorf("a Get after %d ms = %q, %v, %v, foreign: %v", delay, obj.Body, ok, err, obj.Meta.Foreign)
				}
			}()
		}
		time.Sleep(time.Minute)
	})
}
