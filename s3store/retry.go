package s3store

import (
	"context"
	"net/http"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/aws/retry"
)

const (
	firstDelay = 50 * time.Millisecond
	tries      = 5
)

// retryer is that of a client, but for what says that it was the wrong moment:
// 409, where somebody else was faster, and 429, which the SDK does not try again,
// and 503, which it tries again as long as its quota allows. These are tried 5
// times, unless the client tries nothing again.
type retryer struct{ aws.Retryer }

func wrongMoment(err error) bool {
	busy := isStatus(err, http.StatusConflict) && (isCode(err, "ConditionalRequestConflict") || isCode(err, "OperationAborted"))
	return busy || isStatus(err, http.StatusTooManyRequests) || isStatus(err, http.StatusServiceUnavailable)
}

// IsErrorRetryable implements [aws.Retryer].
func (r retryer) IsErrorRetryable(err error) bool {
	return wrongMoment(err) || r.Retryer.IsErrorRetryable(err)
}

// MaxAttempts implements [aws.Retryer].
func (r retryer) MaxAttempts() int {
	n := r.Retryer.MaxAttempts()
	if n <= 1 { // 0 is no limit
		return n
	}
	return max(tries, n)
}

// RetryDelay implements [aws.Retryer].
func (r retryer) RetryDelay(attempt int, err error) (time.Duration, error) {
	if wrongMoment(err) {
		return firstDelay << min(attempt, tries), nil // the throttle adds what is at random
	}
	if n := r.Retryer.MaxAttempts(); n > 0 && attempt >= n {
		return 0, &retry.MaxAttemptsError{Attempt: attempt, Err: err}
	}
	return r.Retryer.RetryDelay(attempt, err)
}

// GetRetryToken implements [aws.Retryer].
func (r retryer) GetRetryToken(ctx context.Context, err error) (func(error) error, error) {
	if wrongMoment(err) {
		return func(error) error { return nil }, nil
	}
	return r.Retryer.GetRetryToken(ctx, err)
}

// GetAttemptToken implements [aws.RetryerV2].
func (r retryer) GetAttemptToken(ctx context.Context) (func(error) error, error) {
	if v2, ok := r.Retryer.(aws.RetryerV2); ok {
		return v2.GetAttemptToken(ctx)
	}
	return r.GetInitialToken(), nil
}
