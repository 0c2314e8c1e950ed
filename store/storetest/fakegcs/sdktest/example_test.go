package sdktest

import (
	"context"
	"fmt"
	"io"

	"cloud.google.com/go/storage"
	"google.golang.org/api/option"

	"github.com/advcache/advcache/store/storetest/fakegcs"
)

func Example() {
	ctx := context.Background()
	server := fakegcs.New(&fakegcs.Options{Buckets: []string{"my-bucket"}})
	client, err := storage.NewClient(ctx, option.WithHTTPClient(server.Client()), option.WithoutAuthentication(), storage.WithXMLReads())
	if err != nil {
		fmt.Println(err)
		return
	}
	obj := client.Bucket("my-bucket").Object("greeting")

	w := obj.If(storage.Conditions{DoesNotExist: true}).NewWriter(ctx)
	w.Metadata = map[string]string{"ac-format": "1"}
	_, err = io.WriteString(w, "hello")
	fmt.Println(err, w.Close())

	r, err := obj.NewReader(ctx)
	if err != nil {
		fmt.Println(err)
		return
	}
	defer r.Close()
	body, err := io.ReadAll(r)
	fmt.Println(string(body), r.Metadata(), err)
	fmt.Println(server.Requests())
	// Output:
	// <nil> <nil>
	// hello map[Ac-Format:1] <nil>
	// 1 ReadObject, 1 InsertObject
}
