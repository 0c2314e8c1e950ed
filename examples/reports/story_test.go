package main

import (
	"bytes"
	"context"
	"errors"
	"io"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"cloud.google.com/go/storage"
	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"google.golang.org/api/option"

	"github.com/advcache/advcache/store/objects"
	"github.com/advcache/advcache/store/storetest/fakegcs"
	"github.com/advcache/advcache/store/storetest/fakes3"
)

// numbers are what a row says, for the two reports of pear and plum.
type numbers struct {
	calls, made   int
	reads, writes int64
	sent, got     bool          // any bytes
	latency       time.Duration // in whole round trips
}

func numbersOf(r *row) numbers {
	return numbers{
		calls: r.calls, made: len(r.made), reads: r.usage.ClassB, writes: r.usage.ClassA,
		sent: r.usage.Sent > 0, got: r.usage.Received > 0, latency: r.latency().Truncate(fakeLatency),
	}
}

// trips is how long so many round trips take.
func trips(n int) time.Duration { return time.Duration(n) * fakeLatency }

// TestStory runs the story in a bubble, where time passes only while all wait: so
// all numbers are known. The requests of each scene are those that docs/object-storage.md
// says (law 12), and what is unchanged is not sent again (law 11).
func TestStory(t *testing.T) {
	want := []struct {
		name                  string
		headFirst, oneRequest numbers
	}{
		{ // HEAD or GET, HEAD, PUT
			"cold",
			numbers{calls: 2, made: 2, reads: 4, writes: 2, sent: true, latency: trips(3)},
			numbers{calls: 2, made: 2, reads: 4, writes: 2, sent: true, latency: trips(3)},
		},
		{"warm, in memory", numbers{calls: 200}, numbers{calls: 200}},
		{ // HEAD, GET; GET
			"warm, in the bucket",
			numbers{calls: 2, reads: 4, got: true, latency: trips(2)},
			numbers{calls: 2, reads: 2, got: true, latency: trips(1)},
		},
		{ // HEAD or GET, HEAD, PUT
			"expired",
			numbers{calls: 2, made: 2, reads: 4, writes: 2, sent: true, latency: trips(3)},
			numbers{calls: 2, made: 2, reads: 4, writes: 2, sent: true, got: true, latency: trips(3)}, // small bodies are read
		},
		{ // HEAD, GET; GET; and in the background HEAD, COPY
			"stale, and unchanged",
			numbers{calls: 2, made: 2, reads: 6, writes: 2, got: true, latency: trips(2)},
			numbers{calls: 2, made: 2, reads: 4, writes: 2, got: true, latency: trips(1)},
		},
		{ // HEAD, COPY
			"unchanged",
			numbers{calls: 2, made: 2, reads: 2, writes: 2, latency: trips(2)},
			numbers{calls: 2, made: 2, reads: 2, writes: 2, latency: trips(2)},
		},
		{ // HEAD
			"unchanged, soon after",
			numbers{calls: 2, made: 2, reads: 2, latency: trips(1)},
			numbers{calls: 2, made: 2, reads: 2, latency: trips(1)},
		},
		{"unchanged, sole writer", numbers{calls: 2, made: 2}, numbers{calls: 2, made: 2}},
	}
	check := func(t *testing.T, service *service) *story {
		t.Helper()
		s := newStory(service, &maker{sources: fruit()}, []string{"pear", "plum"}, "p/", "id", io.Discard)
		if err := s.tell(t.Context()); err != nil {
			t.Fatal(err)
		}
		if len(s.steps) != len(want) {
			t.Fatalf("there were %d steps; want %d", len(s.steps), len(want))
		}
		for i, st := range s.steps {
			if st.name != want[i].name || st.lesson == "" {
				t.Errorf("step %d is %q, and shows %q; want %q", i+1, st.name, st.lesson, want[i].name)
			}
			for j, want := range []numbers{want[i].headFirst, want[i].oneRequest} {
				if got := numbersOf(st.rows[j]); got != want {
					t.Errorf("law 12: %s, %s:\n got %+v\nwant %+v", st.name, st.rows[j].mode, got, want)
				}
			}
		}
		return s
	}
	others := []string{"p/idx", "p/mine"}
	t.Run("S3", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			service, server := fakeS3()
			for _, name := range others {
				server.Plant(fakeBucket, name, fakes3.Object{Body: []byte("of somebody else")})
			}
			s := check(t, service)
			if got := server.Keys(fakeBucket); !slices.Equal(got, others) {
				t.Errorf("at the end the bucket holds %q; want what it held before", got)
			}
			if n := server.OpenBodies() + server.OpenUploads(); n != 0 {
				t.Errorf("%d bodies and uploads are open", n)
			}
			used, n, in := usageOf(s), server.Requests(), server.Counts().In
			a, b, free := n.PutObject+n.CopyObject+n.ListObjectsV2, n.HeadObject+n.GetObject+n.HeadBucket, n.DeleteObject+n.DeleteObjects
			if used.ClassA != int64(a) || used.ClassB != int64(b) || used.Free != int64(free) || n.Other > 0 || used.Sent > in {
				t.Errorf("the stores counted %v, the server %v with %d bytes", used, n, in)
			}
		})
	})
	t.Run("GCS", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			server := fakegcs.New(&fakegcs.Options{Buckets: []string{fakeBucket}, Latency: fakeLatency, Bandwidth: fakeBandwidth, LimitMutations: true})
			for _, name := range others {
				server.Plant(fakeBucket, name, fakegcs.Object{Body: []byte("of somebody else")})
			}
			client, err := storage.NewClient(t.Context(), option.WithHTTPClient(server.Client()), option.WithoutAuthentication(),
				storage.WithDisabledClientMetrics(), storage.WithXMLReads())
			if err != nil {
				t.Fatal(err)
			}
			defer client.Close()
			check(t, serviceGCS(client, fakeBucket, "a fake"))
			if got := server.Keys(fakeBucket); !slices.Equal(got, others) {
				t.Errorf("at the end the bucket holds %q; want what it held before", got)
			}
		})
	})
}

// usageOf is what all stores of a story have counted.
func usageOf(s *story) (all objects.Usage) {
	for _, m := range s.modes {
		for _, u := range []objects.Usage{m.tier.Usage(), m.sole.Usage()} {
			all.ClassA += u.ClassA
			all.ClassB += u.ClassB
			all.Free += u.Free
			all.Sent += u.Sent
		}
	}
	return all
}

// less returns a bucket of a server that is not able to do all.
func less(o fakes3.Options) (*service, *fakes3.Server) {
	o.Buckets = []string{fakeBucket}
	server := fakes3.New(&o)
	return serviceS3(s3.New(s3.Options{
		Region:       "us-east-1",
		HTTPClient:   server.Client(),
		Credentials:  credentials.NewStaticCredentialsProvider("key", "secret", ""),
		BaseEndpoint: aws.String("http://server.test"), UsePathStyle: true,
	}), fakeBucket, "a server of little ability"), server
}

// TestStoryTellsTheTruth has a server that cannot renew an object: what is
// unchanged is sent again, and nobody claims that it is not.
func TestStoryTellsTheTruth(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		service, server := less(fakes3.Options{Refuses: []fakes3.Feature{fakes3.MetadataDirective}})
		var out bytes.Buffer
		s := newStory(service, &maker{sources: fruit()}, []string{"pear"}, "", "id", &out)
		if err := s.tell(t.Context()); err != nil {
			t.Fatal(err)
		}
		for _, st := range s.steps {
			renewed := st.name == "stale, and unchanged" || st.name == "unchanged"
			if renewed && (st.rows[0].usage.Sent == 0 || st.lesson != "") {
				t.Errorf("%s: %v, and the story says: %s", st.name, st.rows[0].usage, st.lesson)
			}
		}
		if got := server.Keys(fakeBucket); len(got) > 0 {
			t.Errorf("at the end the bucket holds %q", got)
		}
	})
}

// TestStoryFails has requests refused: callers of a cached function would not see
// that, but it is an error of the program.
func TestStoryFails(t *testing.T) {
	for name, c := range map[string]struct {
		refuse func(a fakes3.Access) bool
		want   string
	}{
		"write":  {func(a fakes3.Access) bool { return a.Op == fakes3.OpPutObject }, "the bucket cannot be used: "},
		"report": {func(a fakes3.Access) bool { return a.Op == fakes3.OpPutObject && strings.Contains(a.Key, "reports/") }, "cold, HeadFirst: "},
		"read":   {func(a fakes3.Access) bool { return a.Op == fakes3.OpGetObject && strings.Contains(a.Key, "reports/") }, "cold, OneRequest: "},
		"list":   {func(a fakes3.Access) bool { return a.Op == fakes3.OpListObjectsV2 && strings.HasSuffix(a.Key, "/") }, "what was written under id/ could not be deleted: "},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				service, server := less(fakes3.Options{Authorize: func(a fakes3.Access) bool { return !c.refuse(a) }})
				err := newStory(service, &maker{sources: fruit()}, []string{"apple"}, "", "id", io.Discard).tell(t.Context())
				if err == nil || !strings.Contains(err.Error(), c.want) || !strings.Contains(err.Error(), "refused") {
					t.Errorf("the story ended with %v; want %s and what was refused", err, c.want)
				}
				if got := server.Keys(fakeBucket); len(got) > 0 && name != "list" {
					t.Errorf("it leaves %q", got)
				}
			})
		})
	}
}

func TestStoryNeedsABucket(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		server := fakes3.New(nil)
		service := serviceS3(s3.New(s3.Options{
			Region: "us-east-1", HTTPClient: server.Client(),
			Credentials: credentials.NewStaticCredentialsProvider("key", "secret", ""),
		}), "none-such", "none")
		m := &maker{sources: fruit()}
		err := newStory(service, m, []string{"apple"}, "", "id", io.Discard).tell(t.Context())
		if err == nil || !strings.Contains(err.Error(), `there is no bucket "none-such"`) || strings.Contains(err.Error(), "\n") {
			t.Errorf("the story ended with %v", err)
		}
		if len(m.drain()) > 0 {
			t.Error("it made reports first")
		}
	})
}

// TestStoryIsInterrupted at many instants, and leaves nothing.
func TestStoryIsInterrupted(t *testing.T) {
	for after := time.Millisecond; after < 3*time.Second; after += 97 * time.Millisecond {
		synctest.Test(t, func(t *testing.T) {
			service, server := fakeS3()
			ctx, cancel := context.WithCancel(t.Context())
			defer time.AfterFunc(after, cancel).Stop()
			err := newStory(service, &maker{sources: fruit()}, []string{"pear", "plum"}, "", "id", io.Discard).tell(ctx)
			if err != nil && !errors.Is(err, context.Canceled) {
				t.Errorf("after %v the story ended with %v", after, err)
			}
			synctest.Wait()
			if got := server.Keys(fakeBucket); len(got) > 0 {
				t.Errorf("after %v it leaves %q (%v)", after, got, err)
			}
		})
	}
}

// fullDisk takes so many bytes.
type fullDisk int

func (d *fullDisk) Write(p []byte) (int, error) {
	if *d -= fullDisk(len(p)); *d < 0 {
		return 0, errors.New("disk full")
	}
	return len(p), nil
}

func TestStoryCannotBePrinted(t *testing.T) {
	for _, room := range []fullDisk{0, 2000, 5000} {
		synctest.Test(t, func(t *testing.T) {
			service, server := fakeS3()
			err := newStory(service, &maker{sources: fruit()}, []string{"apple"}, "", "id", &room).tell(t.Context())
			if err == nil || err.Error() != "disk full" {
				t.Errorf("the story ended with %v; want the error of the writer", err)
			}
			if got := server.Keys(fakeBucket); len(got) > 0 {
				t.Errorf("it leaves %q", got)
			}
		})
	}
}
