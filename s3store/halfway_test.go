package s3store_test

import (
	"bytes"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"

	"github.com/advcache/advcache/codec"
	"github.com/advcache/advcache/s3store"
	"github.com/advcache/advcache/store"
	"github.com/advcache/advcache/store/storetest/fakes3"
)

// TestHalfway is about writers that died halfway, or lost a part of what they
// wrote: an upload that nobody completed is nothing at all, and one that was
// completed with other parts is a miss and a report.
func TestHalfway(t *testing.T) {
	value := strings.Repeat("a value that compresses ", 50)
	inEachWay(t, func(t *testing.T, o *s3store.Options, ring *codec.KeyRing) {
		for _, test := range []struct {
			name      string
			parts     []int // of three, in the order of their numbers
			completed bool
			aborted   bool
			missed    bool
		}{
			{name: "nothing but begun"},
			{name: "left open", parts: []int{0, 1}},
			{name: "left open, with all parts", parts: []int{0, 1, 2}},
			{name: "aborted", parts: []int{0, 1, 2}, aborted: true},
			{name: "whole", parts: []int{0, 1, 2}, completed: true},
			{name: "without the last", parts: []int{0, 1}, completed: true, missed: true},
			{name: "without the first", parts: []int{1, 2}, completed: true, missed: true},
			{name: "without another", parts: []int{0, 2}, completed: true, missed: true},
			{name: "in another order", parts: []int{1, 0, 2}, completed: true, missed: true},
			{name: "one twice", parts: []int{0, 1, 1}, completed: true, missed: true},
		} {
			for _, over := range []bool{false, true} {
				n := 0
				server := fakes3.New(&fakes3.Options{Buckets: []string{bucket}, MinPartSize: 1})
				client := newClient(server)
				c := store.New[string](s3store.New(client, bucket, o), &store.Options{Encryption: ring, Observer: reports(t, &n, store.ErrCorrupt)})
				set(value, time.Hour)(t, c)
				obj, _ := server.Object(bucket, "k")
				if server.Remove(bucket, "k"); over {
					set("former", time.Hour)(t, c)
				}
				uploaded(t, client, &obj, test.parts, test.completed, test.aborted)
				want := ""
				switch {
				case test.completed && !test.missed:
					want = value
				case over && !test.completed:
					want = "former"
				}
				got, ok, err := c.Get(t.Context(), "k")
				if got != want || ok != (want != "") || err != nil || (n == 1) != test.missed {
					t.Errorf("law 10: %s, over %v: Get = %.20q, %v, %v, and %d reports; want %.20q", test.name, over, got, ok, err, n, want)
				}
				if ok, err := c.SetIfAbsent(t.Context(), "k", "next", time.Hour); ok != (want == "") || err != nil {
					t.Errorf("%s, over %v: SetIfAbsent = %v, %v", test.name, over, ok, err)
				}
			}
		}
	})
}

// uploaded uploads an object of ours in three parts, or in some of them.
func uploaded(t *testing.T, client *s3.Client, obj *fakes3.Object, parts []int, complete, abort bool) {
	t.Helper()
	ctx := t.Context()
	must := func(err error) {
		if err != nil {
			t.Helper()
			t.Fatal(err)
		}
	}
	begun, err := client.CreateMultipartUpload(ctx, &s3.CreateMultipartUploadInput{Bucket: aws.String(bucket), Key: aws.String("k"), Metadata: obj.Metadata})
	must(err)
	var list types.CompletedMultipartUpload
	for i, part := range parts {
		third := len(obj.Body) / 3
		body := obj.Body[part*third : (part+1)*third]
		if part == 2 {
			body = obj.Body[2*third:]
		}
		in := &s3.UploadPartInput{Bucket: begun.Bucket, Key: begun.Key, UploadId: begun.UploadId, PartNumber: aws.Int32(int32(i + 1)), Body: bytes.NewReader(body)} //nolint:gosec // three
		out, err := client.UploadPart(ctx, in)
		must(err)
		list.Parts = append(list.Parts, types.CompletedPart{PartNumber: in.PartNumber, ETag: out.ETag, ChecksumCRC32: out.ChecksumCRC32})
	}
	if complete {
		_, err = client.CompleteMultipartUpload(ctx, &s3.CompleteMultipartUploadInput{Bucket: begun.Bucket, Key: begun.Key, UploadId: begun.UploadId, MultipartUpload: &list})
		must(err)
	}
	if abort {
		_, err = client.AbortMultipartUpload(ctx, &s3.AbortMultipartUploadInput{Bucket: begun.Bucket, Key: begun.Key, UploadId: begun.UploadId})
		must(err)
	}
}

// TestHarmOnTheWay is about bodies that are cut or changed on their way, whose
// checksum is known: what is read is the value, or nothing.
func TestHarmOnTheWay(t *testing.T) {
	inEachWay(t, func(t *testing.T, o *s3store.Options, ring *codec.KeyRing) {
		s, server := newStore(o, nil)
		n := 0
		c := store.New[string](s, &store.Options{Encryption: ring, Observer: reports(t, &n, store.ErrCorrupt)})
		value := strings.Repeat("a value that compresses ", 50)
		set(value, time.Hour)(t, c)
		for _, fault := range []fakes3.Fault{fakes3.Truncate, fakes3.FlipBody} {
			for range 100 {
				n = 0
				server.Script(fakes3.OpGetObject, fault)
				got, ok, err := c.Get(t.Context(), "k")
				if right := ok && got == value && err == nil && n == 0; !right && (got != "" || ok || err == nil && n == 0) {
					t.Fatalf("law 10: %v: Get = %.20q, %v, %v, and %d reports", fault, got, ok, err, n)
				}
				server.Heal()
				if n > 0 { // a damaged object was removed
					set(value, time.Hour)(t, c)
				}
				if got, ok, err := c.Get(t.Context(), "k"); got != value || !ok || err != nil {
					t.Fatalf("after %v, Get = %.20q, %v, %v", fault, got, ok, err)
				}
			}
			if server.Met(fault) == 0 || server.OpenBodies() != 0 {
				t.Errorf("%v: met %d times, and %d bodies are open", fault, server.Met(fault), server.OpenBodies())
			}
		}
	})
}
