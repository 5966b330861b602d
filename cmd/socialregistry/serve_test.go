package main

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"
)

// start serves handler on a free port; the function it gives stops it and waits.
func start(t *testing.T, handler http.Handler) (address string, stop func() error) {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- serveHTTP(ctx, listener, handler, silent()) }()
	return listener.Addr().String(), func() error { cancel(); return <-done }
}

// TestStopWaitsForTheRequestsUnderWay: a request that began before the signal is
// answered, a new one is not taken.
func TestStopWaitsForTheRequestsUnderWay(t *testing.T) {
	t.Parallel()
	began, finish := make(chan struct{}), make(chan struct{})
	address, stop := start(t, http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		close(began)
		<-finish
		io.WriteString(w, "done")
	}))
	answer := make(chan string, 1)
	go func() {
		res, err := http.Get("http://" + address)
		if err != nil {
			answer <- err.Error()
			return
		}
		defer res.Body.Close()
		body, _ := io.ReadAll(res.Body)
		answer <- string(body)
	}()
	<-began
	stopped := make(chan error, 1)
	go func() { stopped <- stop() }()
	waitRefused(t, address)
	close(finish)
	if got := <-answer; got != "done" {
		t.Errorf("the request under way got %q", got)
	}
	if err := <-stopped; err != nil {
		t.Errorf("stop: %v", err)
	}
}

// waitRefused waits until nobody listens any more.
func waitRefused(t *testing.T, address string) {
	t.Helper()
	for {
		conn, err := net.DialTimeout("tcp", address, time.Second)
		if err != nil {
			return
		}
		conn.Close()
	}
}

// TestRow77HeaderSize: 20 kB of attestation pass,
// 200 kB get 431.
func TestRow77HeaderSize(t *testing.T) {
	t.Parallel()
	address, stop := start(t, http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}))
	for size, want := range map[int]int{20 << 10: 200, 32 << 10: 200, 200 << 10: 431} {
		conn, err := net.Dial("tcp", address)
		if err != nil {
			t.Fatal(err)
		}
		// The server may answer and close before all is written.
		go fmt.Fprintf(conn, "GET / HTTP/1.1\r\nHost: x\r\nX-Long: %s\r\n\r\n", strings.Repeat("a", size))
		res, err := http.ReadResponse(bufio.NewReader(conn), nil)
		if err != nil || res.StatusCode != want {
			t.Errorf("%d bytes: got %v, %v, want %d", size, res, err, want)
		}
		conn.Close()
	}
	if err := stop(); err != nil {
		t.Error(err)
	}
}
