package fakes3

import (
	"net/http"
	"slices"
	"time"
)

const maxSkew = 15 * time.Minute

// may asks Authorize. The caller does not hold mu.
func (s *Server) may(c *call, op Op, bucket, key string) bool {
	return s.o.Authorize == nil || s.o.Authorize(Access{AccessKey: c.accessKey, Op: op, Bucket: bucket, Key: key})
}

// heeds reports whether the server takes notice of something, or refuses it.
func (s *Server) heeds(f Feature) (bool, error) {
	if slices.Contains(s.o.Refuses, f) {
		return false, errNotImplemented.with("Header", f.String())
	}
	return !slices.Contains(s.o.Ignores, f), nil
}

// admit refuses a request by its rights and its date, and by the rate of all.
func (s *Server) admit(c *call) error {
	if !s.throttle.Take() {
		return errSlowDown
	}
	if err := judgeDate(c); err != nil {
		return err
	}
	key := c.key
	if c.op == OpListObjectsV2 || c.op == OpListMultipartUploads {
		key = c.query.Get("prefix")
	}
	// DeleteObjects asks for each key.
	if c.op != OpDeleteObjects && !s.may(c, c.op, c.bucket, key) {
		return errAccessDenied
	}
	return nil
}

// judgeDate refuses a request whose date is too far from the server's.
func judgeDate(c *call) error {
	const amzDate = "20060102T150405Z"
	now := c.arrived
	if signed, err := time.Parse(amzDate, c.query.Get("X-Amz-Date")); err == nil {
		life, err := time.ParseDuration(c.query.Get("X-Amz-Expires") + "s")
		if err != nil {
			return refusal(http.StatusBadRequest, "AuthorizationQueryParametersError", "X-Amz-Expires should be a number")
		}
		if now.After(signed.Add(life)) {
			return errAccessDenied.saying("Request has expired")
		}
		return nil
	}
	dated, err := time.Parse(amzDate, c.header.Get("X-Amz-Date"))
	if err != nil {
		dated, err = http.ParseTime(c.header.Get("Date"))
	}
	// What is not dated is by a plain HTTP client.
	if err == nil && now.Sub(dated).Abs() > maxSkew {
		return errSkewed.with("RequestTime", dated.Format(amzDate)).with("ServerTime", xmlTime(now)).
			with("MaxAllowedSkewMilliseconds", itoa(int(maxSkew.Milliseconds())))
	}
	return nil
}
