package s3store

import (
	"context"
	"fmt"
	"net/http"
	"strconv"

	awsmiddleware "github.com/aws/aws-sdk-go-v2/aws/middleware"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/smithy-go/middleware"
	smithyhttp "github.com/aws/smithy-go/transport/http"

	"github.com/advcache/advcache/store/objects"
)

// Usage is what a Store has asked of the service.
type Usage = objects.Usage

// Prices are what a service takes, in US dollars.
type Prices = objects.Prices

// ListPrices returns those of S3 Standard in us-east-1, as of November 2026: $0.005
// for 1,000 PUT, COPY, POST and LIST, $0.0004 for 1,000 GET and HEAD, deletes free,
// and nothing for what moves to and from machines of the same region
// (https://aws.amazon.com/s3/pricing).
func ListPrices() Prices { return Prices{ClassA: 0.005, ClassB: 0.0004} }

// Usage returns what this Store has asked of the service so far. Each try of the
// SDK counts, whatever its answer.
func (s *Store) Usage() Usage { return s.meter.Usage() }

// Cost returns what the requests of this Store and the bytes that they moved cost
// so far, in US dollars. Nil prices are [ListPrices]; storage is not in it.
func (s *Store) Cost(p *Prices) float64 {
	if p == nil {
		return s.Usage().Cost(ListPrices())
	}
	return s.Usage().Cost(*p)
}

// observed is given to each call of the client, so that the client stays the
// caller's.
func (s *Store) observed(o *s3.Options) {
	o.Retryer = retryer{o.Retryer}
	call := &observer{Store: s}
	o.APIOptions = append(o.APIOptions, func(stack *middleware.Stack) error {
		if err := stack.Initialize.Add(middleware.InitializeMiddlewareFunc("advcache", call.whole), middleware.Before); err != nil {
			return err
		}
		return stack.Deserialize.Add(call, middleware.After)
	})
}

// observer sees a call of the client, and each try of its request: it counts
// these, and holds them back where the service has too many.
type observer struct {
	*Store

	last int // status that was answered
}

// whole sees the call: an end by the context while the SDK waits to try again says
// nothing of what was answered.
func (s *observer) whole(
	ctx context.Context, in middleware.InitializeInput, next middleware.InitializeHandler,
) (middleware.InitializeOutput, middleware.Metadata, error) {
	out, metadata, err := next.HandleInitialize(ctx, in)
	if ended := ctx.Err(); err != nil && ended != nil && s.last >= http.StatusBadRequest {
		err = fmt.Errorf("%w: the last answer was %d %s: %w", ended, s.last, http.StatusText(s.last), err)
	}
	return out, metadata, err
}

// ID implements [middleware.DeserializeMiddleware].
func (*observer) ID() string { return "advcache" }

// HandleDeserialize implements [middleware.DeserializeMiddleware].
func (s *observer) HandleDeserialize(
	ctx context.Context, in middleware.DeserializeInput, next middleware.DeserializeHandler,
) (middleware.DeserializeOutput, middleware.Metadata, error) {
	if err := s.throttle.Wait(ctx); err != nil {
		return middleware.DeserializeOutput{}, middleware.Metadata{}, err
	}
	op := awsmiddleware.GetOperationName(ctx)
	s.meter.Count(classOf(op))
	out, metadata, err := next.HandleDeserialize(ctx, in)
	response, ok := out.RawResponse.(*smithyhttp.Response)
	if !ok {
		return out, metadata, err
	}
	s.last = response.StatusCode
	switch response.StatusCode {
	case http.StatusServiceUnavailable, http.StatusTooManyRequests:
		s.throttle.Refused()
	default:
		s.throttle.Passed()
	}
	if err == nil {
		err = recognize(op, response)
	}
	switch {
	case op == "GetObject" && response.StatusCode < http.StatusMultipleChoices:
		response.Body = s.meter.Body(response.Body)
	case op == "PutObject", op == "UploadPart":
		if request, ok := in.Request.(*smithyhttp.Request); ok {
			s.meter.Sent(bodySize(request))
		}
	}
	return out, metadata, err
}

// bodySize is how many bytes of an object a request brings, without the frame of
// its checksum.
func bodySize(r *smithyhttp.Request) int64 {
	if n, err := strconv.ParseInt(r.Header.Get("X-Amz-Decoded-Content-Length"), 10, 64); err == nil {
		return n
	}
	return max(0, r.ContentLength)
}

func classOf(op string) objects.Class {
	switch op {
	case "GetObject", "HeadObject", "HeadBucket":
		return objects.ClassB
	case "DeleteObject", "DeleteObjects", "AbortMultipartUpload":
		return objects.Free
	default:
		return objects.ClassA
	}
}
