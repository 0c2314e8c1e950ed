package s3store_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws/retry"
	"github.com/aws/aws-sdk-go-v2/service/s3"

	"github.com/advcache/advcache/s3store"
	"github.com/advcache/advcache/store"
	"github.com/advcache/advcache/store/storetest/fakes3"
)

// act is one operation of a schedule, and what its caller was told.
type act struct {
	who          int
	verb, value  string
	began, ended time.Time
	ok           bool
	err          error

	read time.Time // of SetEntryIf: when it had read, and whether there was something
	hit  bool
}

type actKey struct{}

// state is what the key held, from an instant until that of the next state.
type state struct {
	at      time.Time
	by      *act      // whose request made it so; nil: it was so at the beginning
	request fakes3.Op // that did it
	there   bool
	meta    store.Meta
	etag    string
	value   string // of an object that has one
}

// vacant reports whether Exists is false of the state at an instant.
func (s *state) vacant(now time.Time) bool {
	return !s.there || s.meta.Foreign || s.meta.Damaged || s.meta.Absent || s.meta.GoneAt(now) || !s.meta.FreshAt(now)
}

// world is the key "k" of one bucket, and all that ever happened to it: requests
// take effect one after the other, so that the order of their effects is known,
// and not only what their callers were told.
type world struct {
	server *fakes3.Server

	mu     sync.Mutex
	states []state
}

// look notes what the key holds, if that is new.
func (w *world) look(by *act, request fakes3.Op) {
	obj, there := w.server.Object(bucket, "k")
	s := state{at: time.Now(), by: by, request: request, there: there, etag: obj.ETag}
	if there {
		s.meta, _, _ = store.ParseMetadata(obj.Metadata)
		s.meta.Version = store.TextVersion(obj.Metadata["ac-version"])
	}
	if last := len(w.states) - 1; last >= 0 {
		was := &w.states[last]
		if was.there == s.there && was.etag == s.etag && was.meta.Version == s.meta.Version && was.meta.FreshUntil.Equal(s.meta.FreshUntil) {
			return
		}
		if request == fakes3.OpCopyObject {
			s.value = was.value
		} else if there && !s.meta.Absent && by != nil {
			s.value = by.value
		}
	}
	w.states = append(w.states, s)
}

// wire is the way from one process to the server. It takes a time of its own in
// each direction, so that no two requests overlap as any others do.
type wire struct {
	world  *world
	chance *rand.Rand
}

// RoundTrip implements [http.RoundTripper].
func (w *wire) RoundTrip(req *http.Request) (*http.Response, error) {
	time.Sleep(w.latency())
	by, _ := req.Context().Value(actKey{}).(*act)
	w.world.mu.Lock()
	resp, err := w.world.server.RoundTrip(req)
	w.world.look(by, opOf(req))
	w.world.mu.Unlock()
	time.Sleep(w.latency())
	return resp, err
}

// latency is mostly a few milliseconds, and now and then long enough for the
// others to do all that they do.
func (w *wire) latency() time.Duration {
	d := time.Duration(w.chance.IntN(int(10 * time.Millisecond)))
	if w.chance.IntN(8) == 0 {
		d *= 30
	}
	return d
}

func opOf(req *http.Request) fakes3.Op {
	switch {
	case req.Header.Get("X-Amz-Copy-Source") != "":
		return fakes3.OpCopyObject
	case req.Method == http.MethodPut:
		return fakes3.OpPutObject
	case req.Method == http.MethodDelete:
		return fakes3.OpDeleteObject
	default:
		return fakes3.OpOther
	}
}

// process returns a store of its own on the world, as another process would have.
func (w *world) process(chance *rand.Rand, o *s3store.Options) *s3store.Store {
	client := newClient(w.server)
	return s3store.New(s3.New(client.Options(), func(so *s3.Options) {
		so.HTTPClient = &http.Client{Transport: &wire{w, chance}}
		so.Retryer = retry.NewStandard(func(r *retry.StandardOptions) {
			// The SDK's own has a chance that no seed decides.
			r.Backoff = retry.BackoffDelayerFunc(func(int, error) (time.Duration, error) { return 7 * time.Millisecond, nil })
		})
	}), bucket, o)
}

// run does one act, and notes what its caller is told and when.
func (a *act) run(c *store.Cache[string], ttl time.Duration) {
	ctx := context.WithValue(context.Background(), actKey{}, a)
	a.began = time.Now()
	switch a.verb {
	case "SetIfAbsent":
		a.ok, a.err = c.SetIfAbsent(ctx, "k", a.value, ttl)
	case "SetEntryIf":
		e, hit, err := c.GetEntry(ctx, "k")
		a.read, a.hit = time.Now(), hit
		if a.err = err; err == nil {
			e.Value, e.CreatedAt, e.FreshUntil, e.StaleUntil, e.Absent = a.value, time.Now(), time.Now().Add(ttl), time.Time{}, false
			a.ok, a.err = c.SetEntryIf(ctx, "k", e, e.Version)
		}
	case "Set":
		a.err = c.Set(ctx, "k", a.value, ttl)
	case "Delete":
		a.err = c.Delete(ctx, "k")
	case "Get":
		a.value, a.ok, a.err = c.Get(ctx, "k")
	default:
		panic(a.verb)
	}
	a.ended = time.Now()
}

func (a *act) String() string {
	return fmt.Sprintf("%d %s(%.12q) = %v, %v", a.who, a.verb, a.value, a.ok, a.err)
}

// history tells what happened, for a failure.
func (w *world) history(start time.Time, acts []*act) string {
	var b strings.Builder
	for _, a := range acts {
		fmt.Fprintf(&b, "\n\t%v to %v: %v", a.began.Sub(start), a.ended.Sub(start), a)
	}
	for i := range w.states {
		s := &w.states[i]
		fmt.Fprintf(&b, "\n\tat %v: %v by {%v}: there %v, %.12q, ETag %.6s, fresh until %v, absent %v", s.at.Sub(start), s.request, s.by, s.there, s.value, s.etag, s.meta.FreshUntil.Sub(start), s.meta.Absent)
	}
	return b.String()
}
