package fakes3

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net/http"
	"testing"
	"testing/synctest"
	"time"

	"github.com/advcache/advcache/store/storetest/internal/fakehttp"
)

// open sends a GET of k and returns the answer with its body unread.
func open(ctx context.Context, t *testing.T, s *Server) *http.Response {
	t.Helper()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, testURL+"k", nil)
	if err != nil {
		t.Fatal(err)
	}
	resp, err := s.Client().Do(req)
	if err != nil {
		t.Fatal(err)
	}
	return resp
}

func TestBodyIsClosedWhileRead(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newTestServer(&Options{Bandwidth: 1})
		s.Plant("my-bucket", "k", Object{Body: make([]byte, 100)})
		resp := open(t.Context(), t, s) //nolint:bodyclose // it is, in a loop
		got := make(chan error, 1)
		go func() {
			_, err := io.ReadAll(resp.Body)
			got <- err
		}()
		time.Sleep(10500 * time.Millisecond)
		if s.OpenBodies() != 1 {
			t.Errorf("%d bodies are open", s.OpenBodies())
		}
		for range 2 {
			if err := resp.Body.Close(); err != nil {
				t.Error(err)
			}
		}
		if err := <-got; !errors.Is(err, fakehttp.ErrBodyClosed) {
			t.Errorf("got %v", err)
		}
		if c := s.Counts(); c.Out != 10 || c.ClosedEarly != 1 || s.OpenBodies() != 0 {
			t.Errorf("got %v, %d closed early, %d open", c, c.ClosedEarly, s.OpenBodies())
		}
		if _, err := resp.Body.Read(make([]byte, 1)); !errors.Is(err, fakehttp.ErrBodyClosed) {
			t.Errorf("got %v", err)
		}
	})
}

func TestContextEndsABody(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		reason := errors.New("enough")
		for _, s := range []*Server{newTestServer(nil), newTestServer(&Options{Bandwidth: 1})} {
			s.Plant("my-bucket", "k", Object{Body: make([]byte, 100)})
			ctx, cancel := context.WithCancelCause(t.Context())
			resp := open(ctx, t, s)
			if _, err := resp.Body.Read(make([]byte, 1)); err != nil {
				t.Error(err)
			}
			time.AfterFunc(500*time.Millisecond, func() { cancel(reason) })
			if s.o.Bandwidth == 0 {
				<-ctx.Done()
			}
			if _, err := resp.Body.Read(make([]byte, 1)); !errors.Is(err, reason) {
				t.Errorf("got %v", err)
			}
			if err := resp.Body.Close(); err != nil {
				t.Error(err)
			}
		}
	})
}

// TestReadersShareNothing holds that what a reader does to its buffer, and what
// is written meanwhile, is nothing to others.
func TestReadersShareNothing(t *testing.T) {
	s := newTestServer(nil)
	ask(t, s, "PUT", testURL+"k", "first")
	resp := open(t.Context(), t, s)
	ask(t, s, "PUT", testURL+"k", "other")
	defer resp.Body.Close()
	got, err := io.ReadAll(resp.Body)
	if err != nil || string(got) != "first" {
		t.Errorf("got %q, %v", got, err)
	}
	clear(got)
	if obj, _ := s.Object("my-bucket", "k"); !bytes.Equal(obj.Body, []byte("other")) {
		t.Errorf("held is %q", obj.Body)
	}
}

// TestPiecesAreShort holds that who wants a little does not wait for much.
func TestPiecesAreShort(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newTestServer(&Options{Bandwidth: 1000})
		s.Plant("my-bucket", "k", Object{Body: make([]byte, 1000)})
		resp := open(t.Context(), t, s)
		defer resp.Body.Close()
		began := time.Now()
		if n, err := resp.Body.Read(make([]byte, 1000)); n != 10 || err != nil || time.Since(began) != 10*time.Millisecond {
			t.Errorf("got %d bytes, %v, after %v", n, err, time.Since(began))
		}
	})
}
