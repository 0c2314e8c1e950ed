package sdktest

import (
	"context"
	"errors"
	"io"
	"net/http"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"

	"github.com/advcache/advcache/store/storetest/fakes3"
)

func TestLatencyAndBandwidth(t *testing.T) {
	bubble(t, &fakes3.Options{Latency: 31 * time.Millisecond, Bandwidth: 1 << 20}, func(t *testing.T, server *fakes3.Server, client *s3.Client) {
		took := func(what func()) time.Duration {
			began := time.Now()
			what()
			return time.Since(began).Round(time.Millisecond)
		}
		server.Plant(bucket, "k", fakes3.Object{Body: make([]byte, 4<<20)})
		if d := took(func() { get(t, client, "k") }); d != 4031*time.Millisecond {
			t.Errorf("4 MiB took %v", d)
		}
		var all sync.WaitGroup
		if d := took(func() {
			for range 3 {
				all.Go(func() { get(t, client, "k") })
			}
			all.Wait()
		}); d != 4031*time.Millisecond {
			t.Errorf("three at once took %v", d)
		}
		if peak := server.Counts().Peak; peak != 3 {
			t.Errorf("the peak was %d", peak)
		}
		if d := took(func() { put(t, newClient(server, overHTTP), "k", string(make([]byte, 1<<20))) }); d != 1031*time.Millisecond {
			t.Errorf("writing 1 MiB took %v", d)
		}
	})
}

// TestClosedEarly closes a large body after a little of it.
func TestClosedEarly(t *testing.T) {
	bubble(t, &fakes3.Options{Bandwidth: 1 << 20}, func(t *testing.T, server *fakes3.Server, client *s3.Client) {
		server.Plant(bucket, "k", fakes3.Object{Body: make([]byte, 8<<20)})
		out, err := client.GetObject(t.Context(), &s3.GetObjectInput{Bucket: aws.String(bucket), Key: aws.String("k")})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := io.ReadFull(out.Body, make([]byte, 4096)); err != nil {
			t.Fatal(err)
		}
		if err := out.Body.Close(); err != nil {
			t.Error(err)
		}
		if c := server.Counts(); c.Out != 4096 || c.ClosedEarly != 1 {
			t.Errorf("got %v with %d closed early", c, c.ClosedEarly)
		}
		get(t, client, "k")
		if c := server.Counts(); c.Out != 4096+8<<20 || c.ClosedEarly != 1 {
			t.Errorf("got %v with %d closed early", c, c.ClosedEarly)
		}
	})
}

func TestContextEndsWhatIsUnderWay(t *testing.T) {
	bubble(t, &fakes3.Options{Latency: time.Minute, Bandwidth: 1}, func(t *testing.T, server *fakes3.Server, client *s3.Client) {
		server.Plant(bucket, "k", fakes3.Object{Body: make([]byte, 1000)})
		for _, after := range []time.Duration{time.Second, 40 * time.Second, 2 * time.Minute} {
			ctx, cancel := context.WithTimeout(t.Context(), after)
			began := time.Now()
			_, _, err := tryGet(ctx, client, "k")
			if !errors.Is(err, context.DeadlineExceeded) || time.Since(began) != after {
				t.Errorf("got %v after %v, want the deadline after %v", err, time.Since(began), after)
			}
			cancel()
		}
		// What is left after the middle of the latency has taken effect.
		for after, want := range map[time.Duration]bool{20 * time.Second: false, 50 * time.Second: true} {
			server.Remove(bucket, "new")
			ctx, cancel := context.WithTimeout(t.Context(), after)
			_, err := client.PutObject(ctx, &s3.PutObjectInput{Bucket: aws.String(bucket), Key: aws.String("new")})
			if !errors.Is(err, context.DeadlineExceeded) {
				t.Errorf("got %v", err)
			}
			if _, ok := server.Object(bucket, "new"); ok != want {
				t.Errorf("a write that was left after %v took effect: %v", after, ok)
			}
			cancel()
		}
	})
}

func TestRequestRate(t *testing.T) {
	bubble(t, &fakes3.Options{RequestRate: 10}, func(t *testing.T, server *fakes3.Server, _ *s3.Client) {
		client := newClient(server, once)
		served := func(n int) (ok int) {
			for range n {
				_, err := tryPut(t, client, "k", "v")
				if err == nil {
					ok++
					continue
				}
				wantRefusal(t, err, http.StatusServiceUnavailable, "SlowDown")
			}
			return ok
		}
		if n := served(30); n != 10 {
			t.Errorf("%d of 30 were served at once", n)
		}
		pass(500 * time.Millisecond)
		if n := served(30); n != 5 {
			t.Errorf("%d of 30 were served after half a second", n)
		}
		// A client that retries gets through.
		put(t, newClient(server), "k", "v")
	})
}

// TestClockSkew: the SDK learns of the skew from the Date of the refusal, and
// tries again with the server's time.
func TestClockSkew(t *testing.T) {
	bubble(t, nil, func(t *testing.T, server *fakes3.Server, client *s3.Client) {
		server.SetClockSkew(10 * time.Minute)
		put(t, client, "k", "v")
		wantRequests(t, server, fakes3.Requests{PutObject: 1})
		obj, _ := server.Object(bucket, "k")
		if want := time.Now().Add(10 * time.Minute).Truncate(time.Second); !obj.LastModified.Equal(want) {
			t.Errorf("it was modified at %v, want %v", obj.LastModified, want)
		}
		server.SetClockSkew(-time.Hour)
		_, err := tryPut(t, newClient(server, once), "k", "v")
		wantRefusal(t, err, http.StatusForbidden, "RequestTimeTooSkewed")
		put(t, newClient(server), "k", "v")
	})
}

// TestTheDaysPass has a client of a day in a bubble: its credentials, retries
// and connections must not end it.
func TestTheDaysPass(t *testing.T) {
	bubble(t, nil, func(t *testing.T, server *fakes3.Server, client *s3.Client) {
		for range 24 {
			put(t, client, "k", "v")
			pass(time.Hour)
			get(t, client, "k")
		}
		wantRequests(t, server, fakes3.Requests{PutObject: 24, GetObject: 24})
	})
}
