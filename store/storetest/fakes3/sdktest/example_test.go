package sdktest

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/smithy-go"

	"github.com/advcache/advcache/store/storetest/fakes3"
)

// A client of the SDK needs the HTTP client of the server, and no endpoint.
func Example() {
	ctx := context.Background()
	server := fakes3.New(&fakes3.Options{Buckets: []string{"my-bucket"}})
	client := s3.New(s3.Options{
		Region:                     "us-east-1",
		HTTPClient:                 server.Client(),
		Credentials:                credentials.NewStaticCredentialsProvider("key", "secret", ""),
		RequestChecksumCalculation: aws.RequestChecksumCalculationWhenSupported,
		ResponseChecksumValidation: aws.ResponseChecksumValidationWhenSupported,
	})
	create := func(value string) {
		_, err := client.PutObject(ctx, &s3.PutObjectInput{
			Bucket: aws.String("my-bucket"), Key: aws.String("k"), Body: strings.NewReader(value), IfNoneMatch: aws.String("*"),
		})
		if refused, ok := errors.AsType[smithy.APIError](err); ok {
			fmt.Println(refused.ErrorCode())
		} else {
			fmt.Println("created", err)
		}
	}
	create("first")
	create("second")
	obj, _ := server.Object("my-bucket", "k")
	fmt.Println(string(obj.Body), server.Requests())
	// Output:
	// created <nil>
	// PreconditionFailed
	// first 2 PutObject
}
