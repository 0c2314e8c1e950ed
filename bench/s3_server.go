package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"sync/atomic"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/s3"

	"github.com/advcache/advcache/store/storetest/fakes3"
)

const installS3 = "there is no versitygw in PATH: install it (go install github.com/versity/versitygw/cmd/versitygw@v1.8.0) and run again"

// errNoS3 says that there is no program to start.
var errNoS3 = errors.New(installS3)

// s3Depot is a bucket of an S3 server, with the client that all contenders share.
type s3Depot struct {
	depot

	client *s3.Client
	fake   *fakes3.Server // nil: it is a real one
	stop   func()         // nil for a fake
}

// fakeS3 is a server in this process.
func fakeS3(o fakes3.Options) *s3Depot {
	o.Buckets = []string{bucketName}
	server := fakes3.New(&o)
	return &s3Depot{depot: depot{"S3", noteFake, func() moved {
		c := server.Counts()
		return moved{c.Requests.Total(), c.In, c.Out}
	}}, client: s3Client(server.Client(), nil), fake: server}
}

const (
	noteFake = "the server is in this process: its CPU time is in the rows of all, as is its memory for what it is sent; " +
		"the first byte of an answer takes 30 ms; KiB are those of bodies"
	noteReal = "versitygw on this machine: KiB are all that its connections carry; its CPU time is not in the rows"
)

// s3Client is a client as the AWS SDK makes it of a configuration: with checksums,
// which one that is made by hand has not.
func s3Client(http s3.HTTPClient, endpoint *string) *s3.Client {
	return s3.New(s3.Options{
		Region:                     "us-east-1",
		HTTPClient:                 http,
		BaseEndpoint:               endpoint,
		UsePathStyle:               endpoint != nil,
		Credentials:                credentials.NewStaticCredentialsProvider("key", "secret", ""),
		RequestChecksumCalculation: aws.RequestChecksumCalculationWhenSupported,
		ResponseChecksumValidation: aws.ResponseChecksumValidationWhenSupported,

		DisableLogOutputChecksumValidationSkipped: true, // of objects in parts
	})
}

// realS3 is the S3 server versitygw, in a folder of its own.
func realS3() (*s3Depot, error) {
	program, err := exec.LookPath("versitygw")
	if err != nil {
		return nil, errNoS3
	}
	dir, err := os.MkdirTemp("", "advcache-bench")
	if err != nil {
		return nil, err
	}
	for range 5 { // the port may be taken by then
		var d *s3Depot
		if d, err = tryS3(program, dir); err == nil {
			return d, nil
		}
	}
	_ = os.RemoveAll(dir)
	return nil, err
}

func tryS3(program, dir string) (*s3Depot, error) {
	const enough = 20 * time.Second
	ctx, cancel := context.WithTimeout(context.Background(), enough)
	defer cancel()
	port, err := freePort(ctx)
	if err != nil {
		return nil, err
	}
	// The leash is not that of ctx, which ends with this function.
	server, err := startLeashed(context.WithoutCancel(ctx), program,
		"-p", "127.0.0.1:"+port, "-a", "key", "-s", "secret", "--keep-alive", "--quiet", "posix", dir)
	if err != nil {
		return nil, fmt.Errorf("versitygw: %w", err)
	}
	var m meter
	client := s3Client(m.client(), aws.String("http://127.0.0.1:"+port))
	d := &s3Depot{depot: depot{"S3 server", noteReal, m.count}, client: client, stop: func() {
		server.stop()
		_ = os.RemoveAll(dir)
	}}
	for {
		if _, err = client.CreateBucket(ctx, &s3.CreateBucketInput{Bucket: aws.String(bucketName)}); err == nil {
			return d, nil
		}
		if ctx.Err() != nil {
			server.stop()
			return nil, fmt.Errorf("versitygw does not answer: %w", err)
		}
		time.Sleep(20 * time.Millisecond)
	}
}

// meter counts requests, and all bytes of their connections.
type meter struct {
	requests  atomic.Int64
	sent, got atomic.Int64
}

func (m *meter) count() moved {
	return moved{int(m.requests.Load()), m.sent.Load(), m.got.Load()}
}

// client is that of the SDK, with as many idle connections as ours has where it
// makes the client itself.
func (m *meter) client() s3.HTTPClient {
	const idle = 64
	c := awshttp.NewBuildableClient().WithTransportOptions(func(t *http.Transport) {
		t.MaxIdleConnsPerHost = idle
		dial := t.DialContext
		t.DialContext = func(ctx context.Context, network, addr string) (net.Conn, error) {
			conn, err := dial(ctx, network, addr)
			return &meteredConn{conn, m}, err
		}
	})
	return &meteredClient{c, m}
}

type meteredClient struct {
	s3.HTTPClient
	m *meter
}

func (c *meteredClient) Do(req *http.Request) (*http.Response, error) {
	c.m.requests.Add(1)
	return c.HTTPClient.Do(req)
}

type meteredConn struct {
	net.Conn
	m *meter
}

func (c *meteredConn) Read(p []byte) (int, error) {
	n, err := c.Conn.Read(p)
	c.m.got.Add(int64(n))
	return n, err
}

func (c *meteredConn) Write(p []byte) (int, error) {
	n, err := c.Conn.Write(p)
	c.m.sent.Add(int64(n))
	return n, err
}
