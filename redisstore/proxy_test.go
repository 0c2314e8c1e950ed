package redisstore_test

import (
	"bytes"
	"net"
	"sync"
	"sync/atomic"
	"testing"
)

// proxy stands between a client and a server.
type proxy struct {
	net.Listener
	swallow atomic.Bool // end the next connection that has an answer, without it
	hole    atomic.Bool // pass nothing on, and say nothing of it
	deaf    atomic.Bool // pass nothing on to connections that have subscribed
	open    sync.WaitGroup

	mu    sync.Mutex
	conns map[net.Conn]bool
}

// cut ends all connections.
func (p *proxy) cut() {
	p.mu.Lock()
	defer p.mu.Unlock()
	for c := range p.conns {
		_ = c.Close()
	}
	clear(p.conns)
}

func (p *proxy) addr() string { return p.Addr().String() }

func newProxy(t *testing.T, target string) *proxy {
	p := &proxy{Listener: listen(t), conns: map[net.Conn]bool{}}
	p.open.Go(func() {
		for {
			client, err := p.Accept()
			if err != nil {
				return
			}
			server, err := net.Dial("tcp", target)
			if err != nil {
				_ = client.Close()
				continue
			}
			p.mu.Lock()
			p.conns[client], p.conns[server] = true, true
			p.mu.Unlock()
			var subscribed atomic.Bool
			p.open.Go(func() {
				defer server.Close()
				request := make([]byte, 1<<16)
				for {
					n, err := client.Read(request)
					if err != nil {
						return
					}
					if bytes.Contains(request[:n], []byte("subscribe")) {
						subscribed.Store(true)
					}
					if p.hole.Load() {
						continue
					}
					if _, err := server.Write(request[:n]); err != nil {
						return
					}
				}
			})
			p.open.Go(func() {
				defer client.Close()
				defer server.Close()
				answer := make([]byte, 1<<16)
				for {
					n, err := server.Read(answer)
					if err != nil || p.swallow.CompareAndSwap(true, false) {
						return
					}
					if p.hole.Load() || p.deaf.Load() && subscribed.Load() {
						continue
					}
					if _, err := client.Write(answer[:n]); err != nil {
						return
					}
				}
			})
		}
	})
	t.Cleanup(func() {
		_ = p.Close()
		p.cut()
		p.open.Wait()
	})
	return p
}

func listen(t *testing.T) net.Listener {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	return l
}
