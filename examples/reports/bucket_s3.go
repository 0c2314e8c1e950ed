package main

import (
	"context"
	"fmt"
	"net/url"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/smithy-go/logging"

	"github.com/advcache/advcache/s3store"
	"github.com/advcache/advcache/store/storetest/fakes3"
)

// What the fake is like: about as S3 within a region.
const (
	fakeBucket    = "fake"
	fakeLatency   = 30 * time.Millisecond
	fakeBandwidth = 64_000_000
)

// fakeS3 returns a bucket inside this process, with the server that it is in.
func fakeS3() (*service, *fakes3.Server) {
	server := fakes3.New(&fakes3.Options{Buckets: []string{fakeBucket}, Latency: fakeLatency, Bandwidth: fakeBandwidth})
	client := s3.New(s3.Options{
		Region:      "us-east-1",
		HTTPClient:  server.Client(),
		Credentials: credentials.NewStaticCredentialsProvider("key", "secret", ""),
	})
	name := fmt.Sprintf("an S3 server inside this process, %v to the first byte and %s a second", fakeLatency, size(fakeBandwidth))
	return serviceS3(client, fakeBucket, name), server
}

// realS3 returns a bucket of S3, or of a server at endpoint that speaks its
// protocol. Region and credentials are those of the environment.
func realS3(ctx context.Context, bucket, endpoint string) (*service, error) {
	// What the SDK would say on the way stands in its errors too.
	cfg, err := config.LoadDefaultConfig(ctx, config.WithLogger(logging.Nop{}))
	if err != nil {
		return nil, fmt.Errorf("-bucket: the AWS configuration of this environment is not readable: %w", err)
	}
	if cfg.Region == "" && endpoint != "" {
		cfg.Region = "us-east-1" // which other servers do not care about
	}
	if cfg.Region == "" {
		return nil, usageError("-bucket: the environment names no region; set AWS_REGION")
	}
	// The requests would find that out one by one.
	found, cancel := context.WithTimeout(ctx, requestTimeout)
	defer cancel()
	if _, err := cfg.Credentials.Retrieve(found); err != nil {
		return nil, fmt.Errorf("-bucket: the environment has no credentials; set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or AWS_PROFILE: %w", err)
	}
	name := fmt.Sprintf("the bucket %s of S3 in %s", bucket, cfg.Region)
	client := s3.NewFromConfig(cfg, func(o *s3.Options) {
		if endpoint != "" {
			o.BaseEndpoint, o.UsePathStyle = aws.String(endpoint), true
			name = fmt.Sprintf("the bucket %s at %s", bucket, endpoint)
		}
	})
	return serviceS3(client, bucket, name), nil
}

func serviceS3(client *s3.Client, bucket, name string) *service {
	return &service{
		name:   name,
		reads:  "HEAD and GET",
		writes: "PUT and COPY",
		prices: s3store.ListPrices(),
		open: func(o tierOptions) tier {
			freshness := s3store.HeadFirst
			if o.oneRequest {
				freshness = s3store.OneRequest
			}
			return s3store.New(client, bucket, &s3store.Options{
				Prefix: o.prefix, Freshness: freshness, SoleWriter: o.soleWriter, Logger: o.logger,
			})
		},
		close: func() error { return nil },
	}
}

// checkEndpoint returns what is wrong with the URL of a server.
func checkEndpoint(endpoint string) error {
	u, err := url.Parse(endpoint)
	if err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Host == "" {
		return usageError(fmt.Sprintf("-s3-endpoint is %q; it must be a URL such as http://127.0.0.1:9000", endpoint))
	}
	return nil
}
