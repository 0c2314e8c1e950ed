package fakegcs_test

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/advcache/advcache/store/storetest/fakegcs"
)

// insert and read stand for what a GCS client does.
func insert(server *fakegcs.Server, name, body, condition string) string {
	return send(server, "POST", "upload/storage/v1/b/my-bucket/o?uploadType=media&name="+name+"&"+condition, body)
}

func read(server *fakegcs.Server, name string) string {
	return send(server, "GET", "my-bucket/"+name, "")
}

func send(server *fakegcs.Server, method, path, body string) string {
	req, err := http.NewRequestWithContext(context.Background(), method, "https://storage.googleapis.com/"+path, strings.NewReader(body))
	if err != nil {
		return err.Error()
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
	server := fakegcs.New(&fakegcs.Options{Buckets: []string{"my-bucket"}})
	fmt.Println(insert(server, "k", "12345", "ifGenerationMatch=0"))
	fmt.Println(insert(server, "k", "67890", "ifGenerationMatch=0"))
	fmt.Println(read(server, "k"))
	fmt.Println(server.Requests())
	// Output:
	// 200 OK
	// 412 Precondition Failed
	// 200 OK
	// 1 ReadObject, 2 InsertObject
}

// Latencies pass in no time in a bubble of testing/synctest.
func Example_synctest() {
	_ = func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			server := fakegcs.New(&fakegcs.Options{Buckets: []string{"my-bucket"}, Latency: 30 * time.Millisecond})
			began := time.Now()
			insert(server, "k", "v", "")
			if d := time.Since(began); d != 30*time.Millisecond {
				t.Errorf("it took %v", d)
			}
		})
	}
	// Output:
}

func ExampleWithout() {
	server := fakegcs.New(&fakegcs.Options{
		Buckets:   []string{"my-bucket"},
		Authorize: fakegcs.Without(fakegcs.PermObjectsDelete),
	})
	fmt.Println(insert(server, "k", "new", ""))
	fmt.Println(insert(server, "k", "replaces it", ""))
	// Output:
	// 200 OK
	// 403 Forbidden
}

func ExampleServer_Script() {
	server := fakegcs.New(&fakegcs.Options{Buckets: []string{"my-bucket"}})
	server.Script(fakegcs.OpInsertObject, fakegcs.None, fakegcs.Unavailable, fakegcs.LostAnswer)
	fmt.Println(insert(server, "first", "v", ""))
	fmt.Println(insert(server, "second", "v", ""))
	fmt.Println(strings.HasSuffix(insert(server, "third", "v", ""), "connection reset by peer"))
	fmt.Println(server.Keys("my-bucket"))
	// Output:
	// 200 OK
	// 503 Service Unavailable
	// true
	// [first third]
}

func ExampleServer_Rate() {
	server := fakegcs.New(&fakegcs.Options{Buckets: []string{"my-bucket"}})
	server.Rate(fakegcs.OpReadObject, fakegcs.Fail, 1)
	fmt.Println(read(server, "k"))
	server.Heal()
	fmt.Println(read(server, "k"))
	fmt.Println(server.Met(fakegcs.Fail))
	// Output:
	// 500 Internal Server Error
	// 404 Not Found
	// 1
}

func ExampleServer_Counts() {
	server := fakegcs.New(&fakegcs.Options{Buckets: []string{"my-bucket"}})
	read(server, "k") // a miss: GCS takes nothing for it
	insert(server, "k", "12345", "")
	server.Reset()
	read(server, "k")
	read(server, "none")
	counts := server.Counts()
	fmt.Println(counts.Requests)
	fmt.Println(counts.Requests.In(fakegcs.ClassB), "reads,", counts.BilledB, "billed")
	// Output:
	// 2 ReadObject
	// 2 reads, 1 billed
}

func ExampleServer_Plant() {
	server := fakegcs.New(nil)
	server.Plant("my-bucket", "k", fakegcs.Object{Body: []byte("foreign")})
	obj, ok := server.Object("my-bucket", "k")
	fmt.Println(string(obj.Body), obj.Metageneration, ok)
	// Output: foreign 1 true
}

// Damage that a client can find: the checksum is that of the body before.
func ExampleServer_Edit() {
	server := fakegcs.New(nil)
	server.Plant("my-bucket", "k", fakegcs.Object{Body: []byte("hello")})
	server.Edit("my-bucket", "k", func(obj *fakegcs.Object) { obj.Body[0] = 'j' })
	obj, _ := server.Object("my-bucket", "k")
	fmt.Println(string(obj.Body), obj.CRC32C)
	// Output: jello mnG7TA==
}
