package redisstore_test

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/advcache/advcache"
	"github.com/advcache/advcache/redisstore"
)

// TestNewBusPanics holds that what makes no sense is refused, in words that help.
func TestNewBusPanics(t *testing.T) {
	c := redis.NewClient(&redis.Options{})
	defer c.Close()
	r := redis.NewRing(&redis.RingOptions{})
	defer r.Close()
	for want, construct := range map[string]func(){
		"a client that is nil or unknown (<nil>)":                func() { redisstore.NewBus(nil, nil) },
		"nil or unknown (*redis.Client)":                         func() { redisstore.NewBus((*redis.Client)(nil), nil) },
		"nil or unknown (*redis.ClusterClient)":                  func() { redisstore.NewBus((*redis.ClusterClient)(nil), nil) },
		"unknown (struct { redis.UniversalClient })":             func() { redisstore.NewBus(struct{ redis.UniversalClient }{c}, nil) },
		"NewBus with a *redis.Ring":                              func() { redisstore.NewBus(r, nil) },
		`BusOptions.Channel is "{a}"; it must have no braces`:    func() { redisstore.NewBus(c, &redisstore.BusOptions{Channel: "{a}"}) },
		"BusOptions.Heartbeat is -1ns; it must be between 100ms": func() { redisstore.NewBus(c, &redisstore.BusOptions{Heartbeat: -1}) },
		"BusOptions.Heartbeat is 1h0m0s":                         func() { redisstore.NewBus(c, &redisstore.BusOptions{Heartbeat: time.Hour}) },
	} {
		func() {
			defer func() {
				if said := fmt.Sprint(recover()); !strings.Contains(said, want) {
					t.Errorf("it panics with %q; want %q", said, want)
				}
			}()
			construct()
		}()
	}
}

// TestBusRequests is law 12: one PUBLISH for each message of 64 KiB, and one for
// each heartbeat; nothing without subscribers.
func TestBusRequests(t *testing.T) {
	for name, want := range map[string]string{"Single": "publish", "Cluster": "spublish"} {
		t.Run(name, func(t *testing.T) {
			n := &counter{}
			var c redis.UniversalClient = single(t).client(t)
			if name == "Cluster" {
				c = threeMasters(t).client(t)
			}
			c.AddHook(n)
			b := redisstore.NewBus(c, nil)
			var keys []string
			for i := range 4000 {
				keys = append(keys, fmt.Sprintf("%040d", i)) // 160,000 bytes, and their lengths
			}
			for times, m := range map[int]advcache.Invalidation{1: {Keys: []string{"k"}}, 3: {Keys: keys}} {
				if err := b.Publish(t.Context(), m); err != nil {
					t.Fatal(err)
				}
				if got := n.take(); got != strings.Join(strings.Fields(strings.Repeat(want+" ", times)), ", ") {
					t.Errorf("the requests are %s; want %d times %s", got, times, want)
				}
			}
		})
	}
}

// TestBusOfHungServer is about a server that accepts and never answers: callers
// are let go, whatever the client does.
func TestBusOfHungServer(t *testing.T) {
	t.Parallel()
	for _, respect := range []bool{false, true} {
		for name, c := range hungClients(t, respect) {
			if name == "Ring" || name == "Wrapper" {
				continue
			}
			t.Run(fmt.Sprint(name, respect), func(t *testing.T) {
				t.Parallel()
				b := redisstore.NewBus(c, &redisstore.BusOptions{Logger: quiet, Heartbeat: heartbeat, Name: "this one"})
				stop, err := b.Subscribe(advcache.BusSubscriber{Connected: func(bool) { t.Error("it is told of a connection") }})
				if err != nil {
					t.Fatal(err)
				}
				for _, timeout := range []time.Duration{50 * time.Millisecond, time.Second} {
					ctx, cancel := context.WithTimeout(t.Context(), timeout)
					began := time.Now()
					err := b.Publish(ctx, advcache.Invalidation{})
					cancel()
					op, ok := errors.AsType[*advcache.OpError](err)
					if !errors.Is(err, context.DeadlineExceeded) || !ok || op.Op != "publish" || op.Backend != "this one" {
						t.Errorf("Publish gave %v; want the error of the context", err)
					}
					if took := time.Since(began); took > patience/2 {
						t.Errorf("Publish took %v", took)
					}
				}
				began := time.Now()
				stop()
				if err := b.Close(); err != nil || time.Since(began) > patience/2 {
					t.Errorf("Close took %v and gave %v", time.Since(began), err)
				}
			})
		}
	}
}

// TestBusUnreadable holds that a message that makes no sense counts as lost.
func TestBusUnreadable(t *testing.T) {
	c := single(t).client(t)
	logged := &logs{}
	b := redisstore.NewBus(c, &redisstore.BusOptions{Channel: newPrefix(), Logger: slog.New(slog.NewTextHandler(logged, nil))})
	defer b.Close()
	channel := fmt.Sprint(prefixes.Load(), ":")
	l := hearBus(t, b)
	for i, payload := range []string{"", "garbage", "advb\x02 of a later version", strings.Repeat("x", 5<<20)} {
		if err := c.Publish(t.Context(), channel, payload).Err(); err != nil {
			t.Fatal(err)
		}
		want := "true" + strings.Repeat(" false true", i+1)
		eventually(t, func(context.Context) error {
			if got := l.String(); got != want {
				return fmt.Errorf("the subscriber was told %s; want %s", got, want)
			}
			return nil
		})
	}
	if got := logged.String(); strings.Count(got, "makes no sense") != 4 {
		t.Errorf("the log is %s", got)
	}
}

// logs is what was logged.
type logs struct {
	mu   sync.Mutex
	text strings.Builder
}

func (l *logs) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.Write(p)
}

func (l *logs) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.String()
}

// hearBus subscribes, and writes down what is told: true, false, or the keys. It
// waits for the connection.
func hearBus(t *testing.T, b *redisstore.Bus) *logs {
	t.Helper()
	l := &logs{}
	say := func(what string) {
		l.mu.Lock()
		defer l.mu.Unlock()
		if l.text.Len() > 0 {
			what = " " + what
		}
		l.text.WriteString(what)
	}
	stop, err := b.Subscribe(advcache.BusSubscriber{
		Receive:   func(m advcache.Invalidation) { say(strings.Join(m.Keys, " ")) },
		Connected: func(connected bool) { say(strconv.FormatBool(connected)) },
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(stop)
	eventually(t, func(context.Context) error {
		if l.String() == "" {
			return errNotYet
		}
		return nil
	})
	return l
}

// TestBusOverflow holds that a subscriber which is held up for long loses what
// waits for it, and is told so; and that the others lose nothing.
func TestBusOverflow(t *testing.T) {
	b := redisstore.NewBus(single(t).client(t), &redisstore.BusOptions{Channel: newPrefix(), Logger: quiet})
	defer b.Close()
	free := make(chan struct{})
	var (
		mu   sync.Mutex
		told []string
	)
	stop, err := b.Subscribe(advcache.BusSubscriber{
		Receive: func(m advcache.Invalidation) {
			<-free
			mu.Lock()
			defer mu.Unlock()
			told = append(told, m.Keys[0])
		},
		Connected: func(connected bool) {
			mu.Lock()
			defer mu.Unlock()
			told = append(told, strconv.FormatBool(connected))
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	defer stop()
	other := hearBus(t, b)
	const n = 1500
	for i := range n {
		if err := b.Publish(t.Context(), advcache.Invalidation{Keys: []string{strconv.Itoa(i)}}); err != nil {
			t.Fatal(err)
		}
	}
	eventually(t, func(context.Context) error {
		if got := strings.Fields(other.String()); len(got) < n+1 {
			return fmt.Errorf("the other one was told of %d messages", len(got))
		}
		return nil
	})
	close(free)
	eventually(t, func(context.Context) error {
		mu.Lock()
		defer mu.Unlock()
		if told[len(told)-1] != strconv.Itoa(n-1) {
			return errNotYet
		}
		return nil
	})
	mu.Lock()
	defer mu.Unlock()
	if got := strings.Join(told[:4], " "); got != "true 0 false true" || len(told) > 4+1024 {
		t.Errorf("the slow one was told %s, and %d more", got, len(told)-4)
	}
	if got := other.String(); strings.Contains(got, "false") {
		t.Errorf("the other one was told of a loss")
	}
}

// TestBusConnectedPanics holds that a subscriber which panics when it is told of a
// loss is told again, and that this ends with Close.
func TestBusConnectedPanics(t *testing.T) {
	server := own(t)
	b := newBus(t, server.client(t))
	var downs, ups atomic.Int64
	var always atomic.Bool
	if _, err := b.Subscribe(advcache.BusSubscriber{Connected: func(connected bool) {
		if connected {
			ups.Add(1)
			return
		}
		if downs.Add(1) < 3 || always.Load() {
			panic("not down")
		}
	}}); err != nil {
		t.Fatal(err)
	}
	wait := func(n *atomic.Int64, least int64) {
		t.Helper()
		eventually(t, func(context.Context) error {
			if n.Load() < least {
				return errNotYet
			}
			return nil
		})
	}
	wait(&ups, 1)
	if err := server.client(t).Do(t.Context(), "client", "kill", "type", "pubsub").Err(); err != nil {
		t.Fatal(err)
	}
	wait(&downs, 3)
	wait(&ups, 2)
	always.Store(true)
	if err := b.Close(); err != nil {
		t.Error(err)
	}
}

// TestBusRefused is about servers that a bus cannot use: it says why, and goes on
// trying.
func TestBusRefused(t *testing.T) {
	limited := own(t)
	if err := limited.client(t).Do(t.Context(), "acl", "setuser", "limited", "on", "nopass", "+@all", "~*", "resetchannels", "&other").Err(); err != nil {
		t.Fatal(err)
	}
	for want, c := range map[string]*redis.Client{
		"NOPERM":                  limited.client(t, func(o *redis.Options) { o.Username, o.Password = "limited", "any" }),
		"the server is a replica": behindSentinel(t).servers[1].client(t),
		"refused":                 redis.NewClient(&redis.Options{Addr: "127.0.0.1:1", DialerRetries: 1}),
	} {
		t.Cleanup(func() { _ = c.Close() })
		logged := &logs{}
		b := redisstore.NewBus(c, &redisstore.BusOptions{Logger: slog.New(slog.NewTextHandler(logged, nil)), Heartbeat: heartbeat})
		stop, err := b.Subscribe(advcache.BusSubscriber{Connected: func(connected bool) { t.Errorf("%s: Connected(%t)", want, connected) }})
		if err != nil {
			t.Fatal(err)
		}
		eventually(t, func(context.Context) error {
			if got := logged.String(); !strings.Contains(got, want) {
				return fmt.Errorf("the log is %q; want %s in it", got, want)
			}
			return nil
		})
		stop()
		if got := logged.String(); strings.Count(got, "\n") != 1 {
			t.Errorf("an outage is logged once; the log is %s", got)
		}
	}
}

// TestBusRights holds that the rights suffice which the documentation names.
func TestBusRights(t *testing.T) {
	server := own(t)
	if err := server.client(t).Do(t.Context(), "acl", "setuser", "bus", "on", "nopass", "-@all", "+@connection", "+publish", "+subscribe",
		"resetchannels", "&advcache", "&{advcache}:*").Err(); err != nil {
		t.Fatal(err)
	}
	b := newBus(t, server.client(t, func(o *redis.Options) { o.Username, o.Password = "bus", "any" }))
	l := hearBus(t, b)
	if err := b.Publish(t.Context(), advcache.Invalidation{Keys: []string{"k"}}); err != nil {
		t.Fatal(err)
	}
	eventually(t, func(context.Context) error {
		if got := l.String(); got != "true k" {
			return fmt.Errorf("the subscriber was told %s", got)
		}
		return nil
	})
}

// TestBusTooLarge holds that a key which cannot be sent is an error, and that the
// others are sent.
func TestBusTooLarge(t *testing.T) {
	b := redisstore.NewBus(single(t).client(t), &redisstore.BusOptions{Channel: newPrefix(), Logger: quiet})
	defer b.Close()
	l := hearBus(t, b)
	err := b.Publish(t.Context(), advcache.Invalidation{Keys: []string{"a", strings.Repeat("k", 5<<20), "b"}})
	if err == nil || !strings.Contains(err.Error(), "of at most 4194304") {
		t.Errorf("Publish gave %v", err)
	}
	eventually(t, func(context.Context) error {
		if got := l.String(); got != "true a b" {
			return fmt.Errorf("the subscriber was told %s", got)
		}
		return nil
	})
}

// childEnv has the test binary be a process with a bus, on the server of this address.
const childEnv = "REDISSTORE_TEST_BUS"

// TestBusPausedProcess stops a whole process, and lets it go on: it must not believe
// in what it held.
func TestBusPausedProcess(t *testing.T) {
	if addr := os.Getenv(childEnv); addr != "" {
		c := redis.NewClient(&redis.Options{Addr: addr})
		defer c.Close()
		b := redisstore.NewBus(c, &redisstore.BusOptions{Heartbeat: heartbeat, Logger: quiet})
		defer b.Close()
		if _, err := b.Subscribe(advcache.BusSubscriber{Connected: func(connected bool) { fmt.Println("Connected", connected) }}); err != nil {
			t.Fatal(err)
		}
		_, _ = io.Copy(io.Discard, os.Stdin) // until the parent ends
		return
	}
	server := own(t)
	cmd := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^TestBusPausedProcess$", "-test.count=1")
	cmd.Env = append(os.Environ(), childEnv+"="+server.addr())
	leash, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	defer func() {
		_ = leash.Close()
		_ = cmd.Wait()
	}()
	lines := bufio.NewScanner(out)
	says := func(want string) {
		t.Helper()
		if !lines.Scan() || lines.Text() != want {
			t.Fatalf("the process says %q, %v; want %q", lines.Text(), lines.Err(), want)
		}
	}
	process := strconv.Itoa(cmd.Process.Pid)
	says("Connected true")
	for range 2 {
		signal(t, "STOP", process)
		pause(t.Context(), 4*heartbeat)
		signal(t, "CONT", process)
		says("Connected false")
		says("Connected true")
	}
}
