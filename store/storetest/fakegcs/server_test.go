package fakegcs

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/advcache/advcache/store/storetest/internal/fakehttp"
)

// The effect of a request is in the middle of its latency.
func TestLatency(t *testing.T) {
	for after, done := range map[time.Duration]bool{49 * time.Millisecond: false, 51 * time.Millisecond: true} {
		synctest.Test(t, func(t *testing.T) {
			s := newServer(Options{Latency: 100 * time.Millisecond})
			ctx, cancel := context.WithTimeout(t.Context(), after)
			defer cancel()
			_, err := try(ctx, s, "POST", uploadURL+"media&name=k", "x")
			want(t, "it is the deadline", errors.Is(err, context.DeadlineExceeded), true)
			want(t, fmt.Sprintf("an object after %v", after), len(s.Keys(testBucket)) == 1, done)
			began := time.Now()
			ask(t, s, "GET", objectsURL+"k", "")
			want(t, "latency", time.Since(began), 100*time.Millisecond)
			want(t, "requests", s.Requests(), Requests{InsertObject: 1, GetObject: 1})
		})
	}
}

func TestBandwidth(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newServer(Options{Bandwidth: 1000})
		began := time.Now()
		ask(t, s, "POST", uploadURL+"media&name=k", strings.Repeat("x", 2000))
		up := time.Since(began)
		want(t, "time up is 2 s and that of the answer", up > 2*time.Second && up < 4*time.Second, true)
		began = time.Now()
		ask(t, s, "GET", plainURL+"k", "")
		want(t, "time down", time.Since(began), 2*time.Second)
		want(t, "in", s.Counts().In, 2000)
	})
}

// A body that nobody reads to its end costs what was read.
func TestBodyIsLazy(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newServer(Options{Bandwidth: 1000})
		s.Plant(testBucket, "k", Object{Body: make([]byte, 1<<20)})
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		req, err := http.NewRequestWithContext(ctx, http.MethodGet, plainURL+"k", http.NoBody)
		if err != nil {
			t.Fatal(err)
		}
		resp, err := s.Client().Do(req)
		if err != nil {
			t.Fatal(err)
		}
		want(t, "open bodies", s.OpenBodies(), 1)
		if _, err := io.CopyN(io.Discard, resp.Body, 100); err != nil {
			t.Fatal(err)
		}
		want(t, "out", s.Counts().Out, 100)
		// Close wakes who reads.
		var wait sync.WaitGroup
		wait.Go(func() {
			if _, err := io.Copy(io.Discard, resp.Body); !errors.Is(err, fakehttp.ErrBodyClosed) {
				t.Errorf("Read gave %v", err)
			}
		})
		time.Sleep(time.Second)
		for range 2 {
			if err := resp.Body.Close(); err != nil {
				t.Error(err)
			}
		}
		wait.Wait()
		want(t, "open bodies", s.OpenBodies(), 0)
		want(t, "closed early", s.Counts().ClosedEarly, 1)
		if _, err := resp.Body.Read(make([]byte, 1)); !errors.Is(err, fakehttp.ErrBodyClosed) {
			t.Errorf("Read gave %v", err)
		}
	})
}

// Close wakes who waits for more, which does not come.
func TestCloseWakesRead(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newServer(Options{})
		s.Plant(testBucket, "k", Object{Body: make([]byte, 100)})
		s.Script(OpReadObject, HangBody)
		req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, plainURL+"k", http.NoBody)
		if err != nil {
			t.Fatal(err)
		}
		resp, err := s.Client().Do(req)
		if err != nil {
			t.Fatal(err)
		}
		time.AfterFunc(time.Hour, func() {
			if err := resp.Body.Close(); err != nil {
				t.Error(err)
			}
		})
		began := time.Now()
		if _, err := io.Copy(io.Discard, resp.Body); !errors.Is(err, fakehttp.ErrBodyClosed) {
			t.Errorf("Read gave %v", err)
		}
		want(t, "time", time.Since(began), time.Hour)
	})
}

// blocking is a body that gives nothing until it is closed.
type blocking struct{ closed chan struct{} }

func (b *blocking) Read([]byte) (int, error) { <-b.closed; return 0, io.ErrClosedPipe }
func (b *blocking) Close() error {
	select {
	case <-b.closed:
	default:
		close(b.closed)
	}
	return nil
}

func TestContextEndsARequest(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newServer(Options{})
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		req, err := http.NewRequestWithContext(ctx, http.MethodPost, uploadURL+"media&name=k", &blocking{make(chan struct{})})
		if err != nil {
			t.Fatal(err)
		}
		for range 2 {
			if _, err := s.RoundTrip(req); !errors.Is(err, context.DeadlineExceeded) { //nolint:bodyclose // there is none
				t.Errorf("a request gave %v", err)
			}
		}
		want(t, "number of objects", len(s.Keys(testBucket)), 0)
	})
}

func TestWhatIsNotThere(t *testing.T) {
	s := newServer(Options{})
	for _, c := range []struct {
		method, url string
		status      int
	}{
		{"GET", "https://storage.googleapis.com/", 501},
		{"GET", "https://storage.googleapis.com/my-bucket", 501},
		{"GET", "https://my-bucket.storage.googleapis.com/", 501},
		{"PUT", plainURL + "k", 501},
		{"DELETE", plainURL + "k", 501},
		{"GET", "https://storage.googleapis.com/storage/v1/b", 501},
		{"POST", "https://storage.googleapis.com/storage/v1/b/my-bucket", 501},
		{"GET", "https://storage.googleapis.com/storage/v1/b/my-bucket/acl", 501},
		{"POST", objectsURL + "k/moveTo/o/l", 501},
		{"POST", objectsURL + "k/compose", 501},
		{"POST", strings.TrimSuffix(objectsURL, "/"), 501},
		{"GET", "https://storage.googleapis.com/upload/storage/v1/b/my-bucket/o?uploadType=media", 501},
		{"POST", "https://storage.googleapis.com/upload/storage/v1/b/my-bucket", 501},
		{"GET", objectsURL + "k?%zz", 400},
	} {
		want(t, "status of "+c.method+" "+c.url, ask(t, s, c.method, c.url, "").status, c.status)
	}
	want(t, "free", s.Requests().In(Free), s.Requests().Total())
	want(t, "requests", s.Requests(), Requests{Other: 14})
}

// Any number of clients may work at once, and each write is seen as a whole.
func TestConcurrency(t *testing.T) {
	s := newServer(Options{})
	var wait sync.WaitGroup
	for i := range 8 {
		wait.Go(func() {
			body := strings.Repeat(string(rune('a'+i)), 1000)
			url := objectsURL + "k"
			for j := range 50 {
				for _, c := range [][3]string{
					{"POST", uploadURL + "media&name=k", body},
					{"GET", url, ""},
					{"PATCH", url, `{"metadata":{"a":"b"}}`},
					{"GET", plainURL + "k", ""},
					{"GET", strings.TrimSuffix(objectsURL, "/"), ""},
					{"POST", url + "/copyTo/b/my-bucket/o/l", ""},
				} {
					r, err := try(t.Context(), s, c[0], c[1], c[2])
					if err != nil || r.status != http.StatusOK && r.status != http.StatusNotFound {
						t.Errorf("%s %s gave %d %s, %v", c[0], c[1], r.status, r.body, err)
						return
					}
					if c[1] == plainURL+"k" && r.status == http.StatusOK && r.body != strings.Repeat(r.body[:1], 1000) {
						t.Error("a read gave two writes")
					}
				}
				if j%10 == 9 {
					if _, err := try(t.Context(), s, "DELETE", url, ""); err != nil {
						t.Error(err)
					}
				}
				s.Counts()
				s.Object(testBucket, "k")
			}
		})
	}
	wait.Wait()
	want(t, "open bodies", s.OpenBodies(), 0)
	want(t, "requests", s.Requests().Total(), 8*(50*6+5))
	want(t, "several at once", s.Counts().Peak >= 1, true)
}

func TestOptions(t *testing.T) {
	wantPanic(t, "must not be negative", func() { New(&Options{Latency: -1}) })
	wantPanic(t, "must not be negative", func() { New(&Options{FaultLatency: -1}) })
	wantPanic(t, "must not be negative", func() { New(&Options{Bandwidth: -1}) })
	wantPanic(t, "must not be negative", func() { New(&Options{RequestRate: -1}) })
	wantPanic(t, `"No" cannot be the name of a bucket`, func() { New(&Options{Buckets: []string{"No"}}) })
	wantPanic(t, "there is no Op(99)", func() { New(&Options{Ignores: []Op{99}}) })
	want(t, "number of objects", len(New(nil).Keys("none")), 0)
}
