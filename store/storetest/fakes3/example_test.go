package fakes3_test

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/advcache/advcache/store/storetest/fakes3"
)

// send stands for what an S3 client does.
func send(server *fakes3.Server, method, key, body string, header ...string) string {
	req, err := http.NewRequestWithContext(context.Background(), method, "https://my-bucket.s3.test/"+key, strings.NewReader(body))
	if err != nil {
		return err.Error()
	}
	for i := 0; i < len(header); i += 2 {
		req.Header.Set(header[i], header[i+1])
	}
	resp, err := server.Client().Do(req)
	if err != nil {
		return err.Error()
	}
	defer resp.Body.Close()
	if _, err := io.Copy(io.Discard, resp.Body); err != nil {
		return err.Error()
	}
	return resp.Status
}

func Example() {
	server := fakes3.New(&fakes3.Options{Buckets: []string{"my-bucket"}})
	fmt.Println(send(server, "PUT", "k", "12345", "If-None-Match", "*"))
	fmt.Println(send(server, "PUT", "k", "67890", "If-None-Match", "*"))
	fmt.Println(send(server, "GET", "k", ""))
	fmt.Println(server.Requests())
	// Output:
	// 200 OK
	// 412 Precondition Failed
	// 200 OK
	// 1 GetObject, 2 PutObject
}

// Latencies pass in no time in a bubble of testing/synctest.
func Example_synctest() {
	_ = func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			server := fakes3.New(&fakes3.Options{Buckets: []string{"my-bucket"}, Latency: 30 * time.Millisecond})
			began := time.Now()
			send(server, "PUT", "k", "v")
			if d := time.Since(began); d != 30*time.Millisecond {
				t.Errorf("it took %v", d)
			}
		})
	}
	// Output:
}

func ExampleServer_Script() {
	server := fakes3.New(&fakes3.Options{Buckets: []string{"my-bucket"}})
	server.Script(fakes3.OpPutObject, fakes3.None, fakes3.SlowDown, fakes3.LostAnswer)
	fmt.Println(send(server, "PUT", "first", "v"))
	fmt.Println(send(server, "PUT", "second", "v"))
	fmt.Println(strings.HasSuffix(send(server, "PUT", "third", "v"), "connection reset by peer"))
	fmt.Println(server.Keys("my-bucket"))
	// Output:
	// 200 OK
	// 503 Service Unavailable
	// true
	// [first third]
}

func ExampleServer_Rate() {
	server := fakes3.New(&fakes3.Options{Buckets: []string{"my-bucket"}, Seed: 1})
	server.Rate(fakes3.OpPutObject, fakes3.Fail, 0.1)
	for range 1000 {
		send(server, "PUT", "k", "v")
	}
	n := server.Met(fakes3.Fail)
	fmt.Println(n > 50 && n < 150)
	server.Heal()
	fmt.Println(send(server, "PUT", "k", "v"))
	// Output:
	// true
	// 200 OK
}

func ExampleServer_Edit() {
	server := fakes3.New(nil)
	server.Plant("my-bucket", "k", fakes3.Object{Body: []byte("v"), Metadata: map[string]string{"ac-fresh": "0"}})
	server.Edit("my-bucket", "k", func(obj *fakes3.Object) { obj.Body = []byte("rotten") })
	obj, ok := server.Object("my-bucket", "k")
	fmt.Println(string(obj.Body), obj.Metadata, ok)
	// Output:
	// rotten map[ac-fresh:0] true
}

// A bill is of requests, not of objects.
func ExampleRequests_In() {
	server := fakes3.New(&fakes3.Options{Buckets: []string{"my-bucket"}})
	send(server, "PUT", "k", "v")
	send(server, "HEAD", "k", "")
	send(server, "GET", "k", "")
	send(server, "DELETE", "k", "")
	r := server.Requests()
	fmt.Println(r.In(fakes3.Tier1), r.In(fakes3.Tier2), r.In(fakes3.Free))
	fmt.Println(r == fakes3.Requests{PutObject: 1, HeadObject: 1, GetObject: 1, DeleteObject: 1})
	// Output:
	// 1 2 1
	// true
}

// Some S3-compatible servers delete whatever the condition: a store has to find
// that out.
func ExampleOptions_ignores() {
	server := fakes3.New(&fakes3.Options{Buckets: []string{"my-bucket"}, Ignores: []fakes3.Feature{fakes3.DeleteIfMatch}})
	send(server, "PUT", "k", "v")
	fmt.Println(send(server, "DELETE", "k", "", "If-Match", `"not this"`))
	fmt.Println(len(server.Keys("my-bucket")))
	// Output:
	// 204 No Content
	// 0
}

func ExampleOptions_authorize() {
	server := fakes3.New(&fakes3.Options{
		Buckets:   []string{"my-bucket"},
		Authorize: func(a fakes3.Access) bool { return a.Op != fakes3.OpPutObject || strings.HasPrefix(a.Key, "mine/") },
	})
	fmt.Println(send(server, "PUT", "mine/k", "v"))
	fmt.Println(send(server, "PUT", "k", "v"))
	// Output:
	// 200 OK
	// 403 Forbidden
}
