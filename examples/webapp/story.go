package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"
)

const (
	originLatency = 20 * time.Millisecond
	patience      = 20 * time.Second // for what comes by itself
	width         = 75
)

func newDatabase() *database {
	d := &database{latency: originLatency, rows: make(map[Key]Article)}
	for _, section := range sections {
		for i := range 10 {
			d.save(Key{section, strconv.Itoa(i)}, Article{Title: fmt.Sprintf("%s %d", section, i)})
		}
	}
	return d
}

// story is what happens to two instances of the service.
type story struct {
	tiers *tiers
	db    *database
	a, b  *instance
	out   io.Writer
	http  *http.Client
	tries int
	err   error // the first one; nothing happens after it
}

func newStory(t *tiers, out io.Writer) *story {
	return &story{tiers: t, db: newDatabase(), out: out, http: &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: 64}}}
}

func (s *story) line(format string, args ...any) {
	if _, err := fmt.Fprintf(s.out, format+"\n", args...); s.err == nil {
		s.err = err
	}
}

// start returns an instance that serves.
func (s *story) start(ctx context.Context) *instance {
	i := newInstance(s.tiers, s.db, slog.New(slog.DiscardHandler))
	s.fail(i.serve(ctx, "127.0.0.1:0"))
	s.until(ctx, "the bus", func() bool { return i.bus.connected.Load() })
	return i
}

func (s *story) stop(ctx context.Context, i *instance) {
	s.http.CloseIdleConnections()
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), patience)
	defer cancel()
	s.fail(i.shutdown(ctx))
}

func (s *story) fail(err error) {
	if s.err == nil {
		s.err = err
	}
}

// clear leaves nothing of the story in Redis and the bucket.
func (s *story) clear(ctx context.Context) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), patience)
	defer cancel()
	for _, level := range s.a.shared {
		s.fail(level.Clear(ctx, ""))
	}
}

func (s *story) tell(ctx context.Context) error {
	s.line("Two instances of a service, A and B, each with memory (L1) over a Redis (L2) and")
	s.line("a bucket (L3) that they share. The origin takes %v. Requests by tier are those", originLatency)
	s.line("that a step took of each, those of the bus aside.")
	s.line("")
	s.line("%-34s   %-10s %7s %6s %6s %6s", "request", "answer", "time", "redis", "bucket", "origin")
	s.line("%s", strings.Repeat("-", width))
	s.a, s.b = s.start(ctx), s.start(ctx)
	s.clear(ctx)
	for n, scene := range []struct {
		title string
		play  func(context.Context)
	}{
		{"cold: one load, which fills all levels", s.cold},
		{"B has not read it yet: Redis has it", s.shared},
		{"Redis has lost all, and B starts again: the bucket has it", s.lost},
		{"a change through A: B learns of it by the bus", s.change},
		{"A drops a section, whatever it holds: one write, one message", s.section},
		{"Redis is off", s.noRedis},
		{"the bucket is off", s.noBucket},
		{"both are off: the origin alone", s.nothing},
		{"all are back", s.change},
	} {
		if s.err != nil || ctx.Err() != nil {
			break
		}
		s.line("%d. %s", n+1, scene.title)
		scene.play(ctx)
	}
	s.tiers.redis.turn(true)
	s.tiers.bucket.turn(true)
	s.clear(ctx)
	s.stop(ctx, s.b)
	s.stop(ctx, s.a)
	s.http.CloseIdleConnections()
	return errors.Join(ctx.Err(), s.err)
}

func (s *story) cold(ctx context.Context) {
	s.row(ctx, s.a, "GET", "sport/1", "")
	s.row(ctx, s.a, "GET", "sport/1", "")
}

func (s *story) shared(ctx context.Context) {
	s.row(ctx, s.b, "GET", "sport/1", "")
	s.row(ctx, s.b, "GET", "sport/1", "")
}

func (s *story) lost(ctx context.Context) {
	s.stop(ctx, s.b)
	s.fail(s.a.shared[0].Clear(ctx, ""))
	s.b = s.start(ctx)
	s.row(ctx, s.b, "GET", "sport/1", "")
	s.row(ctx, s.b, "GET", "sport/1", "")
	s.fail(s.a.memory.Delete(ctx, s.a.articles.Key(Key{"sport", "1"})))
	s.row(ctx, s.a, "GET", "sport/1", "")
}

func (s *story) change(ctx context.Context) {
	put := s.row(ctx, s.a, "PUT", "sport/1", `{"title":"changed"}`)
	s.rowUntil(ctx, s.b, "sport/1", func(r response) bool { return r.Edition >= put.Edition })
}

func (s *story) section(ctx context.Context) {
	s.row(ctx, s.b, "GET", "news/1", "")
	s.row(ctx, s.a, "DELETE", "sport", "")
	s.rowUntil(ctx, s.b, "sport/1", func(r response) bool { return r.who == "origin" })
	s.row(ctx, s.a, "GET", "sport/1", "")
	s.row(ctx, s.b, "GET", "news/1", "")
}

func (s *story) noRedis(ctx context.Context) {
	s.load(ctx, "before", 16, 50, "sport/1", "sport/2", "sport/3", "news/1")
	s.tiers.redis.turn(false)
	s.load(ctx, "during", 16, 50, "sport/1", "sport/2", "sport/3", "news/1")
	s.until(ctx, "the breaker", func() bool { return s.missing(ctx, s.a) && s.a.chain.Levels()[1].LeftOut })
	s.health(ctx, s.a)
	put := s.row(ctx, s.a, "PUT", "sport/1", `{"title":"changed without Redis"}`)
	edition := s.db.edition(Key{"sport", "1"})
	for text := range strings.SplitSeq(strings.TrimSpace(put.text), "\n") {
		s.line("      %s", text)
	}
	s.rowUntil(ctx, s.b, "sport/1", func(r response) bool { return r.Edition == edition })
	s.tiers.redis.turn(true)
	s.recover(ctx)
	s.load(ctx, "after", 16, 50, "sport/1", "sport/2", "sport/3", "news/1")
	for _, i := range []*instance{s.a, s.b} {
		if r := s.row(ctx, i, "GET", "sport/1", ""); r.Edition != edition && s.err == nil {
			s.err = fmt.Errorf("the change was undone by Redis: edition %d, want %d", r.Edition, edition)
		}
	}
}

func (s *story) noBucket(ctx context.Context) {
	s.tiers.bucket.turn(false)
	s.row(ctx, s.a, "GET", "sport/1", "")
	s.row(ctx, s.a, "GET", "news/2", "")
	s.row(ctx, s.b, "GET", "news/2", "")
}

func (s *story) nothing(ctx context.Context) {
	s.tiers.redis.turn(false)
	s.until(ctx, "the breakers", func() bool {
		levels := s.b.chain.Levels()
		return s.missing(ctx, s.b) && !s.b.bus.connected.Load() && levels[1].LeftOut && levels[2].LeftOut
	})
	s.health(ctx, s.b)
	s.load(ctx, "one key, cold", 100, 1, "news/3")
	s.load(ctx, "the same", 100, 1, "news/3")
	s.tiers.redis.turn(true)
	s.tiers.bucket.turn(true)
	s.recover(ctx)
	s.health(ctx, s.a)
}

// recover waits until both instances have all their levels again, and the levels all changes.
func (s *story) recover(ctx context.Context) {
	s.until(ctx, "all levels", func() bool {
		well := true
		for _, i := range []*instance{s.a, s.b} {
			well = s.missing(ctx, i) && i.bus.connected.Load() && well
			for _, l := range i.chain.Levels() {
				well = well && !l.LeftOut && l.Doubted == 0 && l.Err == nil
			}
		}
		return well
	})
}

// missing asks an instance for what there is not, so that it asks all its levels.
func (s *story) missing(ctx context.Context, i *instance) bool {
	s.tries++
	return s.ask(ctx, i, "GET", fmt.Sprintf("news/none-%d", s.tries), "").status == http.StatusNotFound
}

// until waits for what comes by itself.
func (s *story) until(ctx context.Context, what string, done func() bool) {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	ticker := time.NewTicker(5 * time.Millisecond)
	defer ticker.Stop()
	for s.err == nil && !done() {
		select {
		case <-ticker.C:
		case <-ctx.Done():
			s.fail(fmt.Errorf("waiting for %s: %w", what, ctx.Err()))
		}
	}
}

// load has clients send each a number of requests to B, and prints how long they took.
func (s *story) load(ctx context.Context, name string, clients, each int, paths ...string) {
	count := s.counters()
	var failed atomic.Int64
	times := make([]time.Duration, clients*each)
	var group sync.WaitGroup
	for w := range clients {
		group.Go(func() {
			for n := range each {
				began := time.Now()
				if s.do(ctx, s.b, "GET", "/articles/"+paths[n%len(paths)], "", false).status != http.StatusOK {
					failed.Add(1)
				}
				times[w*each+n] = time.Since(began)
			}
		})
	}
	group.Wait()
	slices.Sort(times)
	s.line("   %-31s B %-10s %7s %s", fmt.Sprintf("%d × GET, %s", len(times), name), fmt.Sprintf("%d failed", failed.Load()), short(times[len(times)/2]), count())
	s.line("      half of them took %s at the most, the slowest %s", short(times[len(times)/2]), short(times[len(times)-1]))
}

func (s *story) health(ctx context.Context, i *instance) {
	var h health
	s.fail(json.Unmarshal([]byte(s.do(ctx, i, "GET", "/health", "", false).text), &h))
	states := []string{fmt.Sprintf("bus %t", h.Bus)}
	for _, l := range h.Levels {
		state := "ok"
		if l.LeftOut {
			state = "left out"
		}
		states = append(states, l.Name+" "+state)
	}
	s.line("   %-31s %s %s", "GET /health", s.name(i), strings.Join(states, ", "))
}

func (s *story) name(i *instance) string {
	if i == s.a {
		return "A"
	}
	return "B"
}

// short writes d with three digits.
func short(d time.Duration) string {
	unit := time.Duration(1)
	for d/unit >= 1000 {
		unit *= 10
	}
	return d.Round(unit).String()
}
