package objects

import (
	"fmt"
	"runtime"
	"slices"
	"testing"
)

// TestOverlaps is law 9: prefixes of which one begins another are seen, for one
// client and bucket.
func TestOverlaps(t *testing.T) {
	type client struct{ name string }
	a, b := &client{"a"}, &client{"b"}
	for _, step := range []struct {
		client         *client
		bucket, prefix string
		want           []string
	}{
		{a, "one", "cache/users/", nil},
		{a, "one", "cache/users/", nil}, // is the same store
		{a, "one", "cache/reports/", nil},
		{a, "one", "cache/users/old/", []string{"cache/users/"}},
		{a, "two", "cache/", nil},
		{b, "one", "cache/", nil},
		{a, "one", "cache/", []string{"cache/reports/", "cache/users/", "cache/users/old/"}},
		{a, "two", "", []string{"cache/"}},
		{nil, "one", "", nil},
		{nil, "one", "a", nil},
	} {
		if got := Overlaps(step.client, step.bucket, step.prefix); !slices.Equal(got, step.want) {
			t.Errorf("Overlaps(%v, %q, %q) = %q; want %q", step.client, step.bucket, step.prefix, got, step.want)
		}
	}
	for i := range 2 * maxPlaces {
		Overlaps(b, "many", fmt.Sprint("p", i, "/"))
	}
	if n := known(); n > 10+maxPlaces {
		t.Errorf("it remembers %d places", n)
	}
	runtime.KeepAlive(a)
	runtime.KeepAlive(b)
}

func known() (n int) {
	prefixes.Lock()
	defer prefixes.Unlock()
	for _, places := range prefixes.of {
		n += len(places)
	}
	return n
}
