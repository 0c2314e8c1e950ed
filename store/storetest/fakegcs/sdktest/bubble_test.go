package sdktest

import (
	"testing"
	"testing/synctest"
	"time"

	"cloud.google.com/go/storage"

	"github.com/advcache/advcache/store/storetest/fakegcs"
)

// A client may be older than the bubble: it has no goroutine, and what it keeps
// is no channel.
func TestClientFromOutside(t *testing.T) {
	s := fakegcs.New(&fakegcs.Options{Buckets: []string{bucket}, Latency: time.Second})
	obj := newClient(t, s).Bucket(bucket).Object("k")
	for range 2 {
		synctest.Test(t, func(t *testing.T) {
			began := time.Now()
			mustWrite(t, obj, make([]byte, 600<<10))
			body, _, err := read(t.Context(), obj)
			if err != nil || len(body) != 600<<10 {
				t.Errorf("read %d bytes, %v", len(body), err)
			}
			want(t, "time", time.Since(began), 5*time.Second)
		})
	}
}

// The variable for emulators gives another host, and the client the same server.
func TestEmulatorHost(t *testing.T) {
	t.Setenv("STORAGE_EMULATOR_HOST", "localhost:1")
	over(t, fakegcs.Options{}, func(t *testing.T, s *fakegcs.Server, b *storage.BucketHandle) {
		mustWrite(t, b.Object("k"), make([]byte, 600<<10))
		body, _, err := read(t.Context(), b.Object("k"))
		if err != nil || len(body) != 600<<10 {
			t.Errorf("read %d bytes, %v", len(body), err)
		}
		want(t, "requests", s.Requests(), fakegcs.Requests{StartUpload: 1, UploadChunk: 3, ReadObject: 1})
	})
}

// A day of a client that polls takes no time.
func TestADay(t *testing.T) {
	over(t, fakegcs.Options{Latency: 30 * time.Millisecond}, func(t *testing.T, s *fakegcs.Server, b *storage.BucketHandle) {
		s.Plant(bucket, "k", fakegcs.Object{Body: []byte("x")})
		s.Rate(fakegcs.OpReadObject, fakegcs.Unavailable, 0.01)
		for began := time.Now(); time.Since(began) < 24*time.Hour; pass(time.Minute) {
			if _, _, err := read(t.Context(), b.Object("k")); err != nil {
				t.Fatal(err)
			}
		}
		want(t, "some were tried again", s.Requests().ReadObject > 1400 && s.Met(fakegcs.Unavailable) > 0, true)
	})
}
