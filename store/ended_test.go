package store_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/advcache/advcache/store"
	"github.com/advcache/advcache/store/storetest"
)

// TestEndedWritesEncodeNothing holds that a call whose context is over does not
// begin to work, and leaves the key as it is.
func TestEndedWritesEncodeNothing(t *testing.T) {
	encoded := 0
	c := store.New[counted](storetest.NewMemory(nil), nil)
	if err := c.Set(t.Context(), "k", counted{&encoded}, time.Hour); err != nil || encoded != 1 {
		t.Fatal(err, encoded)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := c.Set(ctx, "k", counted{&encoded}, time.Hour); !errors.Is(err, context.Canceled) || encoded != 1 {
		t.Errorf("Set = %v, and encoded %d values", err, encoded-1)
	}
	if ok, err := c.Exists(t.Context(), "k"); !ok || err != nil {
		t.Errorf("Exists = %v, %v", ok, err)
	}
}

// counted is a value that knows how often it was encoded.
type counted struct{ n *int }

func (c counted) MarshalBinary() ([]byte, error) {
	*c.n++
	return []byte("c"), nil
}

func (*counted) UnmarshalBinary([]byte) error { return nil }
