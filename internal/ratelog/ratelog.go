// Package ratelog logs trouble that no caller is told of, at most once a second.
package ratelog

import (
	"log/slog"
	"sync"
	"time"
)

// Logger logs at most one line a second, and says how many it left out. All
// methods are safe for concurrent use.
type Logger struct {
	log *slog.Logger

	mu     sync.Mutex
	next   time.Time // when the next line may be logged; guarded by mu
	missed int       // lines left out since the last; guarded by mu
}

// New returns a Logger over log. Nil: slog.Default(), as it is when a line is
// logged.
func New(log *slog.Logger) *Logger { return &Logger{log: log} }

// Warn logs a line at level Warn, unless there was one less than a second ago: its
// message is always the same, and attrs say what it is about. A handler that
// panics is caught: it is the user's, and there is nobody left to tell.
func (l *Logger) Warn(attrs ...slog.Attr) {
	l.mu.Lock()
	now := time.Now()
	if now.Before(l.next) {
		l.missed++
		l.mu.Unlock()
		return
	}
	missed := l.missed
	l.next, l.missed = now.Add(time.Second), 0
	l.mu.Unlock()
	defer func() { _ = recover() }()
	log := l.log
	if log == nil {
		log = slog.Default()
	}
	args := make([]any, 0, len(attrs)+1)
	for _, attr := range attrs {
		args = append(args, attr)
	}
	log.Warn("advcache: trouble that no caller is told of", append(args, slog.Int("not_logged", missed))...)
}
