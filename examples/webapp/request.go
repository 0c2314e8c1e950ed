package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// response is what a client sees.
type response struct {
	Article

	status int
	who    string
	text   string
}

// row sends a request, and prints what it took.
func (s *story) row(ctx context.Context, i *instance, method, path, body string) response {
	began, count := time.Now(), s.counters()
	r := s.ask(ctx, i, method, path, body)
	s.print(i, method+" "+path, r, time.Since(began), count())
	return r
}

// rowUntil asks until the answer is the one that is waited for, and prints that.
func (s *story) rowUntil(ctx context.Context, i *instance, path string, done func(response) bool) {
	began, count := time.Now(), s.counters()
	var r response
	s.until(ctx, path, func() bool {
		r = s.ask(ctx, i, http.MethodGet, path, "")
		return done(r)
	})
	s.print(i, "GET "+path+" until new", r, time.Since(began), count())
}

func (s *story) print(i *instance, request string, r response, took time.Duration, count string) {
	what := request
	if r.Edition > 0 {
		what += fmt.Sprintf(" -> ed. %d", r.Edition)
	}
	answer := strconv.Itoa(r.status)
	if r.who != "" {
		answer += " " + r.who
	}
	s.line("   %-31s %s %-10s %7s %s", what, s.name(i), answer, short(took), count)
}

// counters returns what counts the requests of each tier from now on.
func (s *story) counters() func() string {
	now := func() [3]int64 {
		return [3]int64{s.tiers.redis.requests.Load(), s.tiers.bucket.requests.Load(), s.db.loads.Load()}
	}
	before := now()
	return func() string {
		after := now()
		return fmt.Sprintf("%6d %6d %6d", after[0]-before[0], after[1]-before[1], after[2]-before[2])
	}
}

// ask sends a request for an article.
func (s *story) ask(ctx context.Context, i *instance, method, path, body string) response {
	return s.do(ctx, i, method, "/articles/"+path, body, true)
}

// do sends a request. One that has no answer has the status 0.
// Explained ones say who had the answer, and are served one at a time.
func (s *story) do(ctx context.Context, i *instance, method, path, body string, explain bool) (r response) {
	req, err := http.NewRequestWithContext(ctx, method, i.url+path, strings.NewReader(body))
	if err != nil {
		return r
	}
	if explain {
		req.Header.Set("X-Explain", "1")
	}
	resp, err := s.http.Do(req)
	if err != nil {
		return r
	}
	text, _ := io.ReadAll(resp.Body)
	_ = resp.Body.Close()
	r.status, r.who, r.text = resp.StatusCode, resp.Header.Get("X-Cache"), string(text)
	_ = json.Unmarshal(text, &r.Article) // else it is an error in words
	return r
}
