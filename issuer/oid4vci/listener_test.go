package oid4vci_test

import (
	"net"
	"sync/atomic"
	"testing"
)

// listener is an address on this machine that counts who connects.
type listener struct {
	url, host, port string
	n               *atomic.Int64
}

func newListener(t *testing.T) listener {
	t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { ln.Close() })
	l := listener{host: ln.Addr().String(), n: new(atomic.Int64)}
	l.url = "https://" + l.host + "/keys"
	if _, l.port, err = net.SplitHostPort(l.host); err != nil {
		t.Fatal(err)
	}
	go func() {
		for {
			c, err := ln.Accept()
			if err != nil {
				return
			}
			l.n.Add(1)
			c.Close()
		}
	}()
	return l
}

func (l listener) count() int64 { return l.n.Load() }
