package gcsstore

import (
	"context"
	"errors"
	"math/rand/v2"
	"net/http"
	"strings"
	"time"

	"cloud.google.com/go/storage"
	"google.golang.org/api/googleapi"

	"github.com/advcache/advcache/store/objects"
)

const (
	// tries is how often a request is sent at the most. The pauses between them
	// are longer than the second that GCS wants between two changes of an object:
	// 1.5 s at the least, 3 s at the most.
	tries      = 5
	firstPause = 200 * time.Millisecond

	// tryTimeout ends a request without a body, so that one that is never answered
	// ends without a deadline of the caller too.
	tryTimeout = 30 * time.Second

	// slowest is how many bytes a body moves in a second at the least, for the
	// same end.
	slowest = 64 << 10
)

// try calls do until it gives no error that another try may mend. Each call of do
// is one request, which it counts, and ends by itself.
func (s *Store) try(ctx context.Context, do func(ctx context.Context) error) error {
	return s.tryFor(ctx, tries, 0, do)
}

// tryFor is try for a number of tries, and a body of size bytes.
func (s *Store) tryFor(ctx context.Context, tries int, size int64, do func(ctx context.Context) error) error {
	return s.again(ctx, tries, func() error {
		ctx, cancel := context.WithTimeout(ctx, within(size))
		defer cancel()
		return do(ctx)
	})
}

// within is how long a request may take that moves size bytes.
func within(size int64) time.Duration {
	return tryTimeout + time.Duration(max(0, size)/slowest)*time.Second
}

// again is tryFor for what ends in its own way.
func (s *Store) again(ctx context.Context, tries int, do func() error) error {
	delay := firstPause
	for n := 1; ; n++ {
		if err := s.throttle.Wait(ctx); err != nil {
			return err
		}
		err := do()
		switch {
		case err == nil:
			s.throttle.Passed()
			return nil
		case isStatus(err, http.StatusTooManyRequests) && !ofOneObject(err):
			s.throttle.Refused()
		}
		if n == tries || ctx.Err() != nil || !storage.ShouldRetry(err) {
			return err
		}
		if ended := objects.Pause(ctx, delay/2+rand.N(delay/2)); ended != nil { //nolint:gosec // jitter
			return errors.Join(ended, err)
		}
		delay *= 2
	}
}

// isStatus reports whether an answer had a status.
func isStatus(err error, status int) bool {
	e, ok := errors.AsType[*googleapi.Error](err)
	return ok && e.Code == status
}

// says reports whether the words of an answer contain some. The JSON API has them
// in a message, the XML API in a body.
func says(err error, words string) bool {
	e, ok := errors.AsType[*googleapi.Error](err)
	return ok && (strings.Contains(e.Message, words) || strings.Contains(e.Body, words))
}

// ofOneObject reports whether a 429 is about changes of one object, which are
// refused more often than once a second, and no matter of others.
func ofOneObject(err error) bool { return says(err, "object mutation") }
