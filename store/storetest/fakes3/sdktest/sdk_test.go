package sdktest

import (
	"context"
	"errors"
	"io"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/smithy-go"

	"github.com/advcache/advcache/store/storetest/fakes3"
)

const bucket = "my-bucket"

// newClient returns an S3 client of the server. It is made in the bubble of its
// test, and has what the SDK takes by default from a configuration, but for what
// change says.
func newClient(server *fakes3.Server, change ...func(*s3.Options)) *s3.Client {
	return s3.New(s3.Options{
		Region:                     "eu-central-1",
		HTTPClient:                 server.Client(),
		Credentials:                credentials.NewStaticCredentialsProvider("key", "secret", ""),
		RequestChecksumCalculation: aws.RequestChecksumCalculationWhenSupported,
		ResponseChecksumValidation: aws.ResponseChecksumValidationWhenSupported,
		DisableLogOutputChecksumValidationSkipped: true,
	}, change...)
}

// overHTTP has a client use the path style and no TLS: bodies are then not framed.
func overHTTP(o *s3.Options) {
	o.BaseEndpoint = aws.String("http://storage.example")
	o.UsePathStyle = true
}

// bubble runs a test in a bubble, against a server with one bucket.
func bubble(t *testing.T, o *fakes3.Options, test func(t *testing.T, server *fakes3.Server, client *s3.Client)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		var own fakes3.Options
		if o != nil {
			own = *o
		}
		own.Buckets = []string{bucket}
		server := fakes3.New(&own)
		test(t, server, newClient(server))
		if n := server.OpenBodies(); n != 0 {
			t.Errorf("%d bodies were not closed", n)
		}
	})
}

// pass has time pass in the bubble of a test.
func pass(d time.Duration) { time.Sleep(d) }

// put writes an object, and returns its ETag as answered.
func put(t *testing.T, client *s3.Client, key, body string, change ...func(*s3.PutObjectInput)) string {
	t.Helper()
	out, err := tryPut(t, client, key, body, change...)
	if err != nil {
		t.Fatal(err)
	}
	return aws.ToString(out.ETag)
}

func tryPut(t *testing.T, client *s3.Client, key, body string, change ...func(*s3.PutObjectInput)) (*s3.PutObjectOutput, error) {
	t.Helper()
	in := &s3.PutObjectInput{Bucket: aws.String(bucket), Key: aws.String(key), Body: strings.NewReader(body)}
	for _, f := range change {
		f(in)
	}
	return client.PutObject(t.Context(), in)
}

// get reads an object whole.
func get(t *testing.T, client *s3.Client, key string, change ...func(*s3.GetObjectInput)) (string, *s3.GetObjectOutput) {
	t.Helper()
	body, out, err := tryGet(t.Context(), client, key, change...)
	if err != nil {
		t.Fatal(err)
	}
	return body, out
}

func tryGet(ctx context.Context, client *s3.Client, key string, change ...func(*s3.GetObjectInput)) (string, *s3.GetObjectOutput, error) {
	in := &s3.GetObjectInput{Bucket: aws.String(bucket), Key: aws.String(key)}
	for _, f := range change {
		f(in)
	}
	out, err := client.GetObject(ctx, in)
	if err != nil {
		return "", nil, err
	}
	defer out.Body.Close()
	body, err := io.ReadAll(out.Body)
	return string(body), out, err
}

// wantRefusal fails the test if err is not an answer of the server with this
// status and code; code "" is not looked at, as of HEAD.
func wantRefusal(t *testing.T, err error, status int, code string) {
	t.Helper()
	response, ok := errors.AsType[*awshttp.ResponseError](err)
	if !ok {
		t.Fatalf("got the error %v, want an answer with status %d", err, status)
	}
	if got := response.HTTPStatusCode(); got != status {
		t.Errorf("got status %d (%v), want %d", got, err, status)
	}
	if response.RequestID == "" {
		t.Errorf("%v has no request id", err)
	}
	api, ok := errors.AsType[smithy.APIError](err)
	if code != "" && (!ok || api.ErrorCode() != code) {
		t.Errorf("got the error %v, want code %s", err, code)
	}
}

// status returns the status of the answer that err is; of no error, 200; of what
// is no answer, 0.
func status(err error) int {
	if err == nil {
		return http.StatusOK
	}
	if response, ok := errors.AsType[*awshttp.ResponseError](err); ok {
		return response.HTTPStatusCode()
	}
	return 0
}

func wantRequests(t *testing.T, server *fakes3.Server, want fakes3.Requests) {
	t.Helper()
	if got := server.Requests(); got != want {
		t.Errorf("got %v; want %v", got, want)
	}
}
