package storetest

import (
	"fmt"
	"runtime"
	"sync"
	"testing"
)

// record runs a check over a store that may be wrong, and returns what it says.
func record(t *testing.T, h Harness, c check) (said []string) {
	h.Around(t, func(t *testing.T) {
		r := &recorder{T: t}
		over := make(chan struct{})
		go func() { // Fatalf ends a goroutine
			defer close(over)
			c.exec(t, r, h)
		}()
		<-over
		said = r.said
	})
	return said
}

// recorder stands in for the test of a check.
type recorder struct {
	*testing.T

	mu   sync.Mutex // guards said: checks report from several goroutines
	said []string
}

func (r *recorder) Errorf(format string, args ...any) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.said = append(r.said, fmt.Sprintf(format, args...))
}

func (r *recorder) Fatalf(format string, args ...any) {
	r.Errorf(format, args...)
	runtime.Goexit()
}
