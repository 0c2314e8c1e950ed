package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/advcache/advcache"
)

// TestStory runs the program, and holds what it says, but for times.
func TestStory(t *testing.T) {
	var out, errOut bytes.Buffer
	if err := run(t.Context(), nil, &out, &errOut); err != nil || errOut.Len() > 0 {
		t.Fatalf("%v\n%s%s", err, &errOut, &out)
	}
	rest := out.String()
	for _, pattern := range []string{ // in this order; the last three numbers are requests of Redis, the bucket, the origin
		`1\. cold.*`,
		`GET sport/1 -> ed\. 1 +A 200 origin .* 1`,
		`GET sport/1 -> ed\. 1 +A 200 L1 .* 0 +\d+ +0`,
		`2\. .*`,
		`GET sport/1 -> ed\. 1 +B 200 L2 .* 1 +\d+ +0`,
		`GET sport/1 -> ed\. 1 +B 200 L1 .* 0 +0 +0`,
		`3\. .*`,
		`GET sport/1 -> ed\. 1 +B 200 L3 .* 0`,
		`GET sport/1 -> ed\. 1 +B 200 L1 .* 0 +0 +0`,
		`GET sport/1 -> ed\. 1 +A 200 L2 .* 1 +0 +0`,
		`4\. .*`,
		`PUT sport/1 -> ed\. 2 +A 200 .* 0`,
		`GET sport/1 until new -> ed\. 2 +B 200 L2 .* 0`,
		`5\. .*`,
		`GET news/1 -> ed\. 1 +B 200 origin .* 1`,
		`DELETE sport +A 204 .* 0 +1 +0`,
		`GET sport/1 until new -> ed\. 2 +B 200 origin .* 1`,
		// A load that has begun as the message comes is not kept.
		`GET sport/1 -> ed\. 2 +A 200 (L2|origin) .*`,
		`GET news/1 -> ed\. 1 +B 200 L1 .* 0 +\d+ +0`,
		`6\. Redis is off`,
		`800 × GET, before +B 0 failed .*`,
		`half of them .*`,
		`800 × GET, during +B 0 failed .*`,
		`half of them .*`,
		`GET /health +A bus false, L1 ok, L2 left out, L3 ok`,
		`PUT sport/1 +A 202 .* 0`,
		`saved, but a cache has missed it: .*left out.*`,
		`other processes may serve .*`,
		`GET sport/1 until new -> ed\. 3 +B 200 .* 0`,
		`800 × GET, after +B 0 failed .*`,
		`half of them .*`,
		`GET sport/1 -> ed\. 3 +A 200 .*`,
		`GET sport/1 -> ed\. 3 +B 200 .*`,
		`7\. the bucket is off`,
		`GET sport/1 -> ed\. 3 +A 200 L[12] .* 0`,
		`GET news/2 -> ed\. 1 +A 200 origin .* 1`,
		`GET news/2 -> ed\. 1 +B 200 L2 .* 0`,
		`8\. both are off.*`,
		`GET /health +B bus false, L1 ok, L2 left out, L3 left out`,
		`100 × GET, one key, cold +B 0 failed .* 1`,
		`half of them .*`,
		`100 × GET, the same +B 0 failed .*`,
		`half of them .*`,
		`GET /health +A bus true, L1 ok, L2 ok, L3 ok`,
		`9\. all are back`,
		`PUT sport/1 -> ed\. 4 +A 200 .* 0`,
		`GET sport/1 until new -> ed\. 4 +B 200 .* 0`,
	} {
		at := regexp.MustCompile(`(?m)^ *` + pattern + `$`).FindStringIndex(rest)
		if at == nil {
			t.Fatalf("after what was found, there is no line %s in:\n%s", pattern, &out)
		}
		rest = rest[at[1]:]
	}
}

// listening tells where the program serves.
type listening chan string

func (l listening) Write(p []byte) (int, error) {
	l <- regexp.MustCompile(`http://\S+`).FindString(string(p))
	return len(p), nil
}

func TestListen(t *testing.T) {
	ctx, interrupt := context.WithCancel(t.Context())
	url, ended := make(listening, 1), make(chan error, 1)
	go func() { ended <- run(ctx, []string{"-listen", "127.0.0.1:0"}, url, io.Discard) }()
	at := <-url
	// A load during which the bus is connected is not kept: so not always the second.
	for who, deadline := "", time.Now().Add(10*time.Second); who != "L1"; {
		req, err := http.NewRequestWithContext(ctx, http.MethodGet, at, nil)
		if err != nil {
			t.Fatal(err)
		}
		req.Header.Set("X-Explain", "1")
		resp, err := http.DefaultClient.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		var a Article
		err = errors.Join(json.NewDecoder(resp.Body).Decode(&a), resp.Body.Close())
		who = resp.Header.Get("X-Cache")
		if err != nil || a.Title != "news 1" || time.Now().After(deadline) {
			t.Fatalf("the article is %v of %q, %v; want news 1, and at last of L1", a, who, err)
		}
	}
	interrupt()
	if err := <-ended; err != nil {
		t.Errorf("it ended with %v", err)
	}
}

// TestErrorsAreStatuses holds what clients see of errors.
func TestErrorsAreStatuses(t *testing.T) {
	for want, err := range map[int]error{
		http.StatusNotFound:           advcache.ErrNotFound,
		http.StatusServiceUnavailable: advcache.ErrClosed,
		http.StatusGatewayTimeout:     context.DeadlineExceeded,
		http.StatusBadGateway:         errors.New("no route to the database"),
	} {
		w := httptest.NewRecorder()
		fail(w, err)
		if w.Code != want || strings.Contains(w.Body.String(), "database") {
			t.Errorf("%v is %d %s; want %d", err, w.Code, w.Body, want)
		}
	}
}

func TestStoryIsInterrupted(t *testing.T) {
	ctx, interrupt := context.WithCancel(t.Context())
	interrupt()
	if err := run(ctx, nil, io.Discard, io.Discard); !errors.Is(err, context.Canceled) {
		t.Errorf("it ended with %v", err)
	}
}
