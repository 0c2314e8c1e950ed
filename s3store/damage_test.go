package s3store_test

import (
	"errors"
	"testing"

	"github.com/advcache/advcache"
)

// reports returns an Observer that counts objects which are not served, and wants
// each report to name the key, the backend, and one of the reasons.
func reports(t *testing.T, n *int, reasons ...error) *advcache.Observer {
	return &advcache.Observer{BackendError: func(e advcache.Event) {
		*n++
		for _, reason := range reasons {
			if op, ok := errors.AsType[*advcache.OpError](e.Err); ok && errors.Is(e.Err, reason) && op.Key == "k" && e.Key == "k" && op.Backend == "s3" {
				return
			}
		}
		t.Errorf("the Observer is told %v of %q; want an OpError of one of %v", e.Err, e.Key, reasons)
	}}
}
