package store_test

import (
	"context"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/advcache/advcache"
	"github.com/advcache/advcache/store"
	"github.com/advcache/advcache/store/storetest"
)

const busKey = "!bus"

// listener keeps what a bus tells: "true" and "false" of Connected, and the first
// key of each message.
type listener struct {
	mu   sync.Mutex // guards what follows
	said []string
	at   []time.Time
	msgs []advcache.Invalidation
}

func (l *listener) subscriber() advcache.BusSubscriber {
	return advcache.BusSubscriber{
		Receive: func(m advcache.Invalidation) {
			l.say(m.Keys[0])
			l.mu.Lock()
			defer l.mu.Unlock()
			l.msgs = append(l.msgs, m)
		},
		Connected: func(is bool) { l.say(fmt.Sprint(is)) },
	}
}

func (l *listener) say(what string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.said, l.at = append(l.said, what), append(l.at, time.Now())
}

// heard returns what was said since the last call.
func (l *listener) heard() []string {
	l.mu.Lock()
	defer l.mu.Unlock()
	said := l.said
	l.said, l.at = nil, nil
	return said
}

// hears wants what was said since the last call, once all is quiet.
func (l *listener) hears(t *testing.T, want ...string) {
	t.Helper()
	synctest.Wait()
	if got := l.heard(); !slices.Equal(got, want) {
		t.Errorf("it was told %.500s; want %q", fmt.Sprintf("%q", got), want)
	}
}

// newBus returns a bus that says nothing and ends with the test.
func newBus(t *testing.T, s store.Store, o *store.BusOptions) *store.Bus {
	t.Helper()
	var opt store.BusOptions
	if o != nil {
		opt = *o
	}
	if opt.Logger == nil {
		opt.Logger = slog.New(slog.DiscardHandler)
	}
	b := store.NewBus(s, busKey, &opt)
	t.Cleanup(func() {
		if err := b.Close(); err != nil {
			t.Errorf("Close: %v", err)
		}
	})
	return b
}

// listen subscribes to b, and waits until that is connected.
func listen(t *testing.T, b *store.Bus) *listener {
	t.Helper()
	l := new(listener)
	if _, err := b.Subscribe(l.subscriber()); err != nil {
		t.Fatal(err)
	}
	l.hears(t, "true")
	return l
}

func message(key string) advcache.Invalidation {
	return advcache.Invalidation{Cache: "users", Origin: "o", At: time.Now(), Keys: []string{key}}
}

func publish(t *testing.T, b *store.Bus, keys ...string) {
	t.Helper()
	for _, key := range keys {
		if err := b.Publish(context.Background(), message(key)); err != nil {
			t.Errorf("Publish(%s): %v", key, err)
		}
	}
}

// aPoll is a time within which there is a poll.
const aPoll = 1200 * time.Millisecond

// wants wants requests to have been made since the last Reset.
func wants(t *testing.T, counting *storetest.Counting, what string, want storetest.Requests) {
	t.Helper()
	if got := counting.Requests(); got != want {
		t.Errorf("law 12: %s took %v; want %v", what, got, want)
	}
	counting.Reset()
}

// journal keeps what is logged.
type journal struct {
	mu   sync.Mutex // guards text
	text strings.Builder
}

func (j *journal) Write(line []byte) (int, error) {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.text.Write(line)
}

func (j *journal) String() string {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.text.String()
}
