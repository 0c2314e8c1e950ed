package ratelog_test

import (
	"bytes"
	"context"
	"log/slog"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/advcache/advcache/internal/ratelog"
)

func TestWarnIsLoggedOnceASecond(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var out bytes.Buffer
		l := ratelog.New(slog.New(slog.NewTextHandler(&out, nil)))
		for range 30 {
			l.Warn(slog.String("key", "k"))
			time.Sleep(100 * time.Millisecond)
		}
		lines := strings.Split(strings.TrimSpace(out.String()), "\n")
		if len(lines) != 3 {
			t.Fatalf("30 warnings in 3 s made %d lines, want 3:\n%s", len(lines), out.String())
		}
		for i, want := range []string{"not_logged=0", "not_logged=9", "not_logged=9"} {
			if !strings.Contains(lines[i], want) || !strings.Contains(lines[i], "key=k") {
				t.Errorf("line %d is %q, want key=k and %s in it", i, lines[i], want)
			}
		}
	})
}

type brokenHandler struct{ slog.Handler }

func (brokenHandler) Handle(context.Context, slog.Record) error { panic("log") }

func TestHandlerThatPanics(t *testing.T) {
	l := ratelog.New(slog.New(brokenHandler{slog.NewTextHandler(&bytes.Buffer{}, nil)}))
	l.Warn(slog.String("key", "k")) // must not panic
}
