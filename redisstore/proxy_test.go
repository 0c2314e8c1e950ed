package redisstore_test

import (
	"io"
	"net"
	"sync"
	"sync/atomic"
	"testing"
)

// proxy stands between a client and a server.
type proxy struct {
	net.Listener
	swallow atomic.Bool // end the next connection that has an answer, without it
	open    sync.WaitGroup
}

func (p *proxy) addr() string { return p.Addr().String() }

func newProxy(t *testing.T, target string) *proxy {
	p := &proxy{Listener: listen(t)}
	var mu sync.Mutex
	conns := map[net.Conn]bool{}
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
			mu.Lock()
			conns[client], conns[server] = true, true
			mu.Unlock()
			p.open.Go(func() {
				_, _ = io.Copy(server, client)
				_ = server.Close()
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
					if _, err := client.Write(answer[:n]); err != nil {
						return
					}
				}
			})
		}
	})
	t.Cleanup(func() {
		_ = p.Close()
		mu.Lock()
		for c := range conns {
			_ = c.Close()
		}
		mu.Unlock()
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
