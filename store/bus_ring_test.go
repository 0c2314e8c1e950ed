package store

import (
	"bytes"
	"encoding/hex"
	"errors"
	"fmt"
	"os"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/advcache/advcache"
)

// goldenRing is that of testdata/bus-1.hex.
func goldenRing() *ring {
	r := &ring{base: place{seq: 300, id: 0x0102030405060708}}
	for i, m := range []advcache.Invalidation{
		{},
		{Cache: "users", Origin: "o1", At: time.Unix(1_795_000_000, 123_456_789), Keys: []string{"user:1", "user:\xff", ""}},
		{Cache: "users", Origin: "o2", At: time.Unix(-1, 0), All: true, Prefix: "user:", Tags: []string{"t"}},
	} {
		e := newMessage(&m)
		e.id = uint64(i) + 1 //nolint:gosec // small
		copy(e.raw, []byte{0, 0, 0, 0, 0, 0, 0, byte(e.id)})
		r.entries = append(r.entries, e)
	}
	return r
}

// TestBusFormat holds what was ever written: the file is never written again.
func TestBusFormat(t *testing.T) {
	want, err := os.ReadFile("testdata/bus-1.hex")
	if err != nil {
		t.Fatal(err)
	}
	body := goldenRing().encode()
	if got := hex.Dump(body); got != string(want) {
		t.Errorf("a ring is written as\n%s", got)
	}
	got, err := parseRing(body)
	if err != nil || !sameRing(got, goldenRing()) {
		t.Errorf("a ring is read as %+v, %v", got, err)
	}
	for n := range body {
		if r, err := parseRing(body[:n]); err == nil {
			t.Errorf("%d of %d bytes are read as %+v", n, len(body), r)
		}
	}
	if _, err := parseRing(append(body, 0)); !errors.Is(err, errBusCut) {
		t.Errorf("with a byte more: %v", err)
	}
	if _, err := parseRing([]byte("acb2")); !errors.Is(err, errBusLater) {
		t.Errorf("of a later format: %v", err)
	}
}

func sameRing(a, b *ring) bool {
	if a.base != b.base || len(a.entries) != len(b.entries) {
		return false
	}
	for i := range a.entries {
		x, y := a.entries[i], b.entries[i]
		if !x.m.At.Equal(y.m.At) || x.id != y.id {
			return false
		}
		x.m.At, y.m.At = time.Time{}, time.Time{}
		if !reflect.DeepEqual(x.m, y.m) {
			return false
		}
	}
	return true
}

// TestRingIsBounded: by bytes and messages, and a reader knows what it has missed.
func TestRingIsBounded(t *testing.T) {
	r := newRing()
	start := r.end()
	var all []message
	for i := range 3 * mostMessages {
		e := newMessage(&advcache.Invalidation{Keys: []string{fmt.Sprint(i)}})
		all = append(all, e)
		r = r.with([]message{e}, 1<<20)
	}
	if n := len(r.entries); n != mostMessages {
		t.Errorf("it has %d messages; want %d", n, mostMessages)
	}
	for i, e := range all {
		at := place{start.seq + uint64(i) + 1, e.id} //nolint:gosec // positive
		missed, ok := r.after(at)
		if want := i >= 2*mostMessages-1; ok != want || ok && len(missed) != len(all)-1-i {
			t.Fatalf("after message %d: %d messages, %v", i, len(missed), ok)
		}
		if _, ok := r.after(place{at.seq, e.id + 1}); ok {
			t.Fatalf("after another message %d: ok", i)
		}
		if want := i >= 2*mostMessages-1; r.has(e.id) != want {
			t.Fatalf("it has message %d: %v", i, !want)
		}
	}
	end := r.end()
	for _, at := range []place{start, {end.seq + 1, end.id}, {0, end.id}, {^uint64(0), end.id}} {
		if _, ok := r.after(at); ok {
			t.Errorf("after %v: ok", at)
		}
	}
	for _, size := range []int{1 << 10, 4 << 10, 64 << 10} {
		for n := range 100 {
			e := newMessage(&advcache.Invalidation{Keys: []string{strings.Repeat("k", n*size/64)}})
			r = r.with([]message{e}, size)
			if got := len(r.encode()); got > size || got < size/4 && n < 60 && n > 20 {
				t.Errorf("with %d bytes at the most, it has %d", size, got)
			}
			if r.end().id != e.id {
				t.Error("it does not end with what was added")
			}
		}
		if len(r.entries) != 0 {
			t.Errorf("with a message that is too large, %d are kept", len(r.entries))
		}
	}
}

func TestAge(t *testing.T) {
	now := time.Now()
	// While a machine sleeps, the clock that measures may stand still: of two
	// readings, that of the wall alone tells.
	if d := age(now, now.Add(-time.Hour)); d != time.Hour {
		t.Errorf("an hour is %v", d)
	}
	if d := age(now.Round(0).Add(time.Hour), now); d != time.Hour {
		t.Errorf("an hour of sleep is %v", d)
	}
}

// FuzzParseBus: what is read never panics, and is written and read as itself.
func FuzzParseBus(f *testing.F) {
	f.Add(goldenRing().encode())
	f.Add(newRing().encode())
	f.Add([]byte("acb1"))
	f.Fuzz(func(t *testing.T, body []byte) {
		kept := bytes.Clone(body)
		r, err := parseRing(body)
		if !bytes.Equal(body, kept) {
			t.Error("parseRing changes the body")
		}
		if err != nil {
			if !errors.Is(err, errBusCut) && !errors.Is(err, errBusLater) {
				t.Errorf("error %v", err)
			}
			return
		}
		again, err := parseRing(r.encode())
		if err != nil || !sameRing(again, r) {
			t.Errorf("%+v was written and read as %+v, %v", r, again, err)
		}
		for i := range r.entries {
			e := newMessage(&r.entries[i].m)
			parsed, err := parseMessage(e.raw)
			if err != nil || !sameRing(&ring{entries: []message{parsed}}, &ring{entries: []message{e}}) {
				t.Errorf("%+v was written and read as %+v, %v", e.m, parsed.m, err)
			}
		}
		if _, ok := r.after(r.end()); !ok {
			t.Error("after its end there is a gap")
		}
	})
}
