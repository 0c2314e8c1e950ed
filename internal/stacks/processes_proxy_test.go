package stacks

import (
	"bytes"
	"net"
	"sync"
	"testing"
)

// proxy stands between a process and a server, as a network that can be cut.
type proxy struct {
	net.Listener

	open sync.WaitGroup

	mu      sync.Mutex
	turned  *sync.Cond // something of the below has changed
	state   line
	tunnels map[*tunnel]struct{}
}

// line is what a network does with what it is given.
type line int

const (
	passes  line = iota
	refuses      // connections end, and new ones too
	holds        // it says nothing, and delivers when it passes again, as TCP does
	deaf         // the same, but only for connections that subscribe
)

// tunnel is one connection of a client. All is guarded by the lock of the proxy.
type tunnel struct {
	client, server net.Conn
	subscribes     bool
	over           bool
}

func (t *tunnel) close() {
	t.over = true
	_ = t.client.Close()
	_ = t.server.Close()
}

func newProxy(tb testing.TB, target string) *proxy {
	tb.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		tb.Fatal(err)
	}
	p := &proxy{Listener: l, tunnels: make(map[*tunnel]struct{})}
	p.turned = sync.NewCond(&p.mu)
	p.open.Go(func() {
		for {
			client, err := p.Accept()
			if err != nil {
				return
			}
			p.connect(client, target)
		}
	})
	tb.Cleanup(func() {
		_ = p.Close()
		p.turn(refuses)
		p.open.Wait()
	})
	return p
}

func (p *proxy) addr() string { return p.Addr().String() }

// turn has the network do something else from now on.
func (p *proxy) turn(to line) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.state = to
	if to == refuses {
		for t := range p.tunnels {
			t.close()
		}
	}
	p.turned.Broadcast()
}

func (p *proxy) connect(client net.Conn, target string) {
	server, err := net.Dial("tcp", target)
	if err != nil {
		_ = client.Close()
		return
	}
	t := &tunnel{client: client, server: server}
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.state == refuses {
		t.close()
		return
	}
	p.tunnels[t] = struct{}{}
	p.open.Go(func() { p.carry(t, client, server) })
	p.open.Go(func() { p.carry(t, server, client) })
}

// carry passes on what one side says to the other one.
func (p *proxy) carry(t *tunnel, from, to net.Conn) {
	defer func() {
		p.mu.Lock()
		defer p.mu.Unlock()
		t.close()
		delete(p.tunnels, t)
		p.turned.Broadcast()
	}()
	said := make([]byte, 1<<16)
	for {
		n, err := from.Read(said)
		if err != nil || !p.may(t, bytes.Contains(said[:n], []byte("subscribe"))) {
			return
		}
		if _, err := to.Write(said[:n]); err != nil {
			return
		}
	}
}

// may waits until something may pass, and reports whether there is still a
// connection.
func (p *proxy) may(t *tunnel, subscribes bool) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	t.subscribes = t.subscribes || subscribes
	for !t.over && (p.state == holds || p.state == deaf && t.subscribes) {
		p.turned.Wait()
	}
	return !t.over
}
