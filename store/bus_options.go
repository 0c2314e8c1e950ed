package store

import (
	"fmt"
	"log/slog"
	"reflect"
	"time"
)

// BusOptions are the options of [NewBus]. The zero value is the documented
// default.
type BusOptions struct {
	// Interval is the time from one poll to the next, while somebody has
	// subscribed; each differs by up to 10 %, so that a fleet does not ask at one
	// moment. It is how late a message arrives at the most, but for a request, and
	// what a subscriber costs. 0: 1 s.
	Interval time.Duration

	// Timeout ends each try of Publish, and a poll, which takes half of the time at
	// the most after which subscribers are told that they hear nothing. 0: that of
	// the backend, or 5 s where it has none.
	Timeout time.Duration

	// MaxSize is how many bytes the object may have. The larger it is, the more
	// messages may be published from one poll to the next, and the more is moved
	// whenever there is one. A message that does not fit is told as a gap. 0: 64
	// KiB; 16 MiB at the most. All processes should have the same: the least of
	// them decides what is kept.
	MaxSize int

	// Logger is told what no caller is told: gaps, and why; that nothing can be
	// heard; subscribers that panic. At most a line a second. Nil:
	// slog.Default().
	Logger *slog.Logger
}

const (
	defaultBusInterval = time.Second
	defaultBusTimeout  = 5 * time.Second
	defaultBusSize     = 64 << 10
	leastBusSize       = 1 << 10
	mostBusSize        = 16 << 20
	leastDeaf          = time.Second
)

// complete returns o with its defaults, for a bus on s. It panics where they make
// no sense.
func (o *BusOptions) complete(s Store, key string) BusOptions {
	if v := reflect.ValueOf(s); !v.IsValid() || v.Kind() == reflect.Pointer && v.IsNil() {
		panic("store: NewBus on a nil Store; open one first, such as filestore.Open(dir, nil)")
	}
	opt := BusOptions{}
	if o != nil {
		opt = *o
	}
	info := s.Info()
	switch {
	case key == "":
		panic(`store: NewBus without a key; give the object one that no cache has, such as "!bus"`)
	case info.MaxKey > 0 && len(key) > info.MaxKey:
		panic(fmt.Sprintf("store: NewBus with a key of %d bytes; %s takes %d at the most", len(key), info.Name, info.MaxKey))
	case opt.Interval < 0:
		panic("store: BusOptions.Interval is negative; use 0 for a second, or a longer or shorter time")
	case opt.Timeout < 0:
		panic("store: BusOptions.Timeout is negative; use 0 for that of the backend, or a time in which it answers")
	case opt.MaxSize != 0 && (opt.MaxSize < leastBusSize || opt.MaxSize > mostBusSize):
		panic(fmt.Sprintf("store: BusOptions.MaxSize is %d; use 0 for %d bytes, or %d to %d", opt.MaxSize, defaultBusSize, leastBusSize, mostBusSize))
	}
	if opt.Interval == 0 {
		opt.Interval = defaultBusInterval
	}
	if opt.Timeout == 0 {
		opt.Timeout = info.Timeout
	}
	if opt.Timeout <= 0 {
		opt.Timeout = defaultBusTimeout
	}
	if opt.MaxSize == 0 {
		opt.MaxSize = defaultBusSize
		if info.MaxSize > 0 {
			opt.MaxSize = int(min(info.MaxSize, defaultBusSize))
		}
	}
	if info.MaxSize > 0 && int64(opt.MaxSize) > info.MaxSize {
		panic(fmt.Sprintf("store: BusOptions.MaxSize is %d, but %s takes %d bytes at the most; use that, or less", opt.MaxSize, info.Name, info.MaxSize))
	}
	return opt
}

// deaf is how old the last answer may be before subscribers are told that they
// hear nothing.
func (o *BusOptions) deaf() time.Duration { return max(3*o.Interval, leastDeaf) }
