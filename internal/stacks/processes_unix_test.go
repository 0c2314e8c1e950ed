//go:build unix

package stacks

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"sync"
	"syscall"
	"testing"
	"time"
)

// process is a process of a fleet, from the outside: it carries out orders until
// the test ends.
type process struct {
	tb    testing.TB
	name  string
	proxy *proxy // between it and Redis; nil: nothing
	cmd   *exec.Cmd

	mu     sync.Mutex
	stdin  io.WriteCloser
	errors bytes.Buffer // what it writes to its standard error; read when it has ended
	last   int
	asked  map[int]chan report // guarded by mu; nil: it has ended
}

// fleet is processes that share a Redis.
type fleet struct {
	tb        testing.TB
	server    *server
	origin    string
	processes []*process
}

// newFleet starts processes that have nothing but the Redis and the origin in
// common. Those that are frail have the default timeout, and a proxy of their own
// before the Redis; the others wait for as long as it takes.
func newFleet(tb testing.TB, s *server, n int, l1ttl time.Duration, frail ...int) *fleet {
	tb.Helper()
	f := &fleet{tb: tb, server: s, origin: tb.TempDir()}
	for i := range n {
		mine := workerConfig{Addr: s.addr(), Origin: f.origin, L1TTL: l1ttl, Hybrid: i%2 == 0, Timeout: patience}
		var p *proxy
		if slices.Contains(frail, i) {
			p = newProxy(tb, s.addr())
			mine.Addr, mine.Timeout = p.addr(), 0
		}
		f.processes = append(f.processes, startProcess(tb, fmt.Sprintf("process %d", i), p, mine))
	}
	for _, p := range f.processes {
		p.isConnected(1)
	}
	return f
}

func startProcess(tb testing.TB, name string, via *proxy, c workerConfig) *process {
	tb.Helper()
	program, err := os.Executable()
	if err != nil {
		tb.Fatal(err)
	}
	config, err := json.Marshal(c)
	if err != nil {
		tb.Fatal(err)
	}
	p := &process{tb: tb, name: name, proxy: via, cmd: exec.Command(program), asked: make(map[int]chan report)}
	p.cmd.Env = append(os.Environ(), workerEnv+"="+string(config))
	p.cmd.Stderr = &p.errors
	if p.stdin, err = p.cmd.StdinPipe(); err != nil {
		tb.Fatal(err)
	}
	out, err := p.cmd.StdoutPipe()
	if err != nil {
		tb.Fatal(err)
	}
	if err := p.cmd.Start(); err != nil {
		tb.Fatal(err)
	}
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		p.listen(out)
	}()
	tb.Cleanup(func() {
		p.mu.Lock()
		_ = p.stdin.Close() // which ends it
		p.mu.Unlock()
		watchdog := time.AfterFunc(patience, func() {
			tb.Errorf("%s goes on though its standard input has ended", name)
			_ = p.cmd.Process.Kill()
		})
		<-ended
		err := p.cmd.Wait()
		watchdog.Stop()
		if err != nil || p.errors.Len() > 0 {
			tb.Errorf("%s: %v\n%s", name, err, p.errors.Bytes())
		}
	})
	return p
}

// listen hands the reports to those who wait for them.
func (p *process) listen(out io.Reader) {
	lines := bufio.NewScanner(out)
	for lines.Scan() {
		var r report
		if err := json.Unmarshal(lines.Bytes(), &r); err != nil {
			p.tb.Errorf("%s says %q: %v", p.name, lines.Text(), err)
			break
		}
		p.mu.Lock()
		answer := p.asked[r.ID]
		delete(p.asked, r.ID)
		p.mu.Unlock()
		answer <- r
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, answer := range p.asked {
		close(answer)
	}
	p.asked = nil
}

// tell gives an order, and returns where its report arrives.
func (p *process) tell(o order) <-chan report {
	answer := make(chan report, 1)
	p.mu.Lock()
	defer p.mu.Unlock()
	if o.ID == 0 {
		p.last++
		o.ID = p.last
	}
	if p.asked == nil {
		close(answer)
		return answer
	}
	p.asked[o.ID] = answer
	line, err := json.Marshal(o)
	if err == nil {
		_, err = p.stdin.Write(append(line, '\n'))
	}
	if err != nil {
		p.tb.Errorf("%s: %v", p.name, err)
	}
	return answer
}

// ask gives an order, and waits for its report.
func (p *process) ask(o order) report {
	p.tb.Helper()
	return p.heard(p.tell(o))
}

func (p *process) heard(answer <-chan report) report {
	p.tb.Helper()
	select {
	case r, ok := <-answer:
		if !ok {
			p.tb.Fatalf("%s has ended", p.name)
		}
		return r
	case <-time.After(patience):
		p.tb.Fatalf("%s does not answer within %v", p.name, patience)
		return report{}
	}
}

func (p *process) read(key string) string {
	p.tb.Helper()
	return p.ask(order{Op: "read", Key: key}).State
}

// comesTo waits until the process reads a state.
func (p *process) comesTo(law, key, state string) {
	p.tb.Helper()
	eventually(p.tb, func(context.Context) error {
		if got := p.read(key); got != state {
			return fmt.Errorf("%s: %s reads %q as %s; want %s", law, p.name, key, got, state)
		}
		return nil
	})
}

// observation is a watch that is under way.
type observation struct {
	of     *process
	order  order
	first  string  // the state that was read first
	result watched // when it is over
}

// watch has the process read a key until it has a state, and a little longer.
func (p *process) watch(o order) *observation {
	p.tb.Helper()
	o.Op = "watch"
	p.mu.Lock()
	p.last++
	o.ID = p.last
	p.mu.Unlock()
	if o.Lasting == 0 {
		o.Lasting = 2 * time.Millisecond
	}
	return &observation{of: p, order: o, first: p.ask(o).State}
}

// seen waits for the end of the watch.
func (w *observation) seen() watched {
	w.of.tb.Helper()
	select {
	case r, ok := <-w.of.tell(order{ID: w.order.ID, Op: "seen"}):
		if !ok {
			w.of.tb.Fatalf("%s has ended", w.of.name)
		}
		return r.Watched
	case <-time.After(patience):
		w.of.tb.Fatalf("law 3: after %v %s still does not read %s; it reads %s, and says %+v", patience, w.of.name,
			w.wanted(), w.of.read(w.order.Key), w.of.ask(order{Op: "state"}))
		return watched{}
	}
}

func (w *observation) wanted() string {
	if w.order.Not {
		return fmt.Sprintf("%q as something else than %q", w.order.Key, w.order.Value)
	}
	return fmt.Sprintf("%q as %q", w.order.Key, w.order.Value)
}

// within wants that no read which began later than bound after an instant gave
// anything but what was waited for, and returns how long there were such.
func (w *observation) within(law string, since int64, bound time.Duration) time.Duration {
	w.of.tb.Helper()
	s := w.seen()
	w.result = s
	if s.Relapses > 0 {
		w.of.tb.Errorf("%s: %s reads %s, and then %s again, %d times", law, w.of.name, w.wanted(), s.Relapse, s.Relapses)
	}
	took := max(0, time.Duration(s.LastStale-since))
	if s.LastStale == 0 {
		took = 0
	}
	if took > bound {
		w.of.tb.Errorf("%s: %s did not yet read %s after %v; want it within %v", law, w.of.name, w.wanted(), took, bound)
	}
	return took
}

// isConnected waits until the bus has said so for the nth time.
func (p *process) isConnected(n int) {
	p.tb.Helper()
	eventually(p.tb, func(context.Context) error {
		if s := p.ask(order{Op: "state"}); s.Connected < n {
			return fmt.Errorf("the bus of %s is not connected: %+v", p.name, s)
		}
		return nil
	})
}

// loses waits until the bus has said for the nth time that it is not connected.
func (p *process) loses(n int) {
	p.tb.Helper()
	eventually(p.tb, func(context.Context) error {
		if s := p.ask(order{Op: "state"}); s.Lost < n {
			return fmt.Errorf("the bus of %s is still connected: %+v", p.name, s)
		}
		return nil
	})
}

// stop has the process stand still. The function that it returns has it go on, and
// tells since when. Where the test ends before that, in whatever way, the process
// goes on too, and so can end.
func (p *process) stop() (resume func() (since int64)) {
	p.tb.Helper()
	pid := strconv.Itoa(p.cmd.Process.Pid)
	leash := exec.Command("sh", "-c", `kill -STOP "$0" && echo stopped; read -r _; kill -CONT "$0"`, pid)
	end, err := leash.StdinPipe()
	if err != nil {
		p.tb.Fatal(err)
	}
	out, err := leash.StdoutPipe()
	if err != nil {
		p.tb.Fatal(err)
	}
	if err := leash.Start(); err != nil {
		p.tb.Fatal(err)
	}
	resume = sync.OnceValue(func() int64 {
		since := time.Now().UnixNano()
		err := p.cmd.Process.Signal(syscall.SIGCONT)
		_ = end.Close()
		if err = errors.Join(err, leash.Wait()); err != nil {
			p.tb.Errorf("%s cannot be woken: %v", p.name, err)
		}
		return since
	})
	p.tb.Cleanup(func() { resume() })
	if line, err := bufio.NewReader(out).ReadString('\n'); err != nil {
		p.tb.Fatalf("%s cannot be stopped: %q, %v", p.name, line, err)
	}
	return resume
}

// change has a process set, delete or invalidate a key, by turns, and returns the
// state that all are to read, and since when.
func (f *fleet) change(by *process, key string, n int) (state string, r report) {
	f.tb.Helper()
	value := fmt.Sprintf("value %d", n)
	o := order{Op: "set", Key: key, Value: value}
	state = present(value)
	switch {
	case key[0] == 'f':
		f.originHas(key, value)
		o.Op = "invalidate"
	case n%2 == 1:
		o.Op, state = "delete", absent
	}
	return state, by.ask(o)
}

// originHas changes what the functions of all processes load.
func (f *fleet) originHas(key, value string) {
	f.tb.Helper()
	name := filepath.Join(f.origin, key[1:])
	err := os.WriteFile(name+".new", []byte(value), 0o600)
	if err = errors.Join(err, os.Rename(name+".new", name)); err != nil {
		f.tb.Fatal(err)
	}
}
