package chromium

import (
	"context"
	"os"
	"os/exec"
	"testing"
	"time"
)

// patience is how long a page may take to answer.
const patience = 5 * time.Minute

// Answer opens a page and gives what its script sends to answers. The test fails where there
// is no Chromium, or no answer within five minutes.
func Answer(t testing.TB, address string, answers <-chan []byte) []byte {
	t.Helper()
	ctx, stop := context.WithTimeout(t.Context(), patience)
	defer stop()
	profile, err := os.MkdirTemp("", "chromium")
	if err != nil {
		t.Fatal(err)
	}
	defer os.RemoveAll(profile) // what a browser that ends still writes is no fault
	args := []string{"--headless", "--disable-gpu", "--disable-dev-shm-usage", "--disable-background-networking", "--disable-component-update", "--disable-sync", "--no-first-run",
		"--enable-precise-memory-info", "--remote-debugging-port=0", "--user-data-dir=" + profile}
	if os.Geteuid() == 0 {
		args = append(args, "--no-sandbox") // Chromium's sandbox refuses to run as root
	}
	cmd := exec.CommandContext(ctx, program(t), append(args, address)...)
	cmd.WaitDelay = 10 * time.Second
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	defer func() {
		stop()
		_ = cmd.Wait() // it was ended
	}()
	select {
	case body := <-answers:
		return body
	case <-ctx.Done():
		t.Fatal("Chromium gave no answer")
	}
	return nil
}

func program(t testing.TB) string {
	t.Helper()
	for _, name := range []string{"chromium", "chromium-browser", "google-chrome"} {
		if path, err := exec.LookPath(name); err == nil {
			return path
		}
	}
	t.Fatal("no Chromium in PATH: on Debian, apt-get install chromium")
	return ""
}
