package e2e_test

import (
	"crypto/rand"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"slices"
	"strings"
	"syscall"
	"time"
)

const staffPassword = "try-it-out-2026" // of the trial accounts that serve --demo makes

// server is one process of the real program, on a database of its own.
type server struct {
	url    string
	cmd    *exec.Cmd
	ended  chan struct{}
	log    string // file
	number string // of a registrant whose details are attested
	code   string // that activates this registrant
}

// build makes the program, if SR_E2E_BINARY does not name one.
func build(dir string) error {
	if binary := os.Getenv("SR_E2E_BINARY"); binary != "" {
		return nil
	}
	binary := filepath.Join(dir, "socialregistry")
	cmd := exec.Command("go", "build", "-C", filepath.Join("..", ".."), "-o", binary, "./cmd/socialregistry")
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("build the server: %w\n%s", err, out)
	}
	return os.Setenv("SR_E2E_BINARY", binary)
}

// startServer starts the program with generated people, with its files in dir.
// Settings, as NAME=VALUE, win over ours.
func startServer(dir, database string, settings ...string) (*server, error) {
	address, err := freeAddress()
	if err != nil {
		return nil, err
	}
	s := &server{url: "http://localhost" + address[strings.LastIndex(address, ":"):], log: filepath.Join(dir, "server.log")}
	if err := writeMasterKey(filepath.Join(dir, "master.key")); err != nil {
		return nil, err
	}
	out, err := os.Create(s.log)
	if err != nil {
		return nil, err
	}
	defer out.Close()
	s.cmd = exec.Command(os.Getenv("SR_E2E_BINARY"), "serve")
	s.cmd.Stdout, s.cmd.Stderr = out, out
	s.cmd.Env = append(os.Environ(), "DATABASE_URL="+database, "SR_MASTER_KEY_FILE="+filepath.Join(dir, "master.key"),
		"SR_MESSAGE_HOOK=http://127.0.0.1:9/", "SR_MESSAGE_HOOK_SECRET=whsec_"+strings.Repeat("a", 44), "SR_MESSAGE_KINDS=record", "SR_LISTEN="+address, "SR_PUBLIC_URL="+s.url,
		"SR_STATE_DIR="+filepath.Join(dir, "state"), "SR_DEMO=true", "SR_SOURCE_HOSTS=people.example", "SR_STEP_UP=12h")
	s.cmd.Env = append(s.cmd.Env, settings...)
	world.mu.Lock()
	world.mine = append(world.mine, s.url+"/")
	world.mu.Unlock()
	if err := s.start(); err != nil {
		return nil, fmt.Errorf("start the server: %w", err)
	}
	if err := s.ready(); err != nil {
		s.stop()
		return nil, err
	}
	return s, nil
}

// writeMasterKey makes a key, which the program makes by itself for SQLite alone.
func writeMasterKey(file string) error {
	key := make([]byte, 32)
	if _, err := rand.Read(key); err != nil {
		return err
	}
	return os.WriteFile(file, []byte(base64.StdEncoding.EncodeToString(key)+"\n"), 0o600)
}

// start starts the process so that it ends with this one, however this one ends:
// its death signal follows the thread that started it, so that thread stays.
func (s *server) start() error {
	if s.cmd.SysProcAttr == nil {
		s.cmd.SysProcAttr = &syscall.SysProcAttr{}
	}
	s.cmd.SysProcAttr.Pdeathsig = syscall.SIGKILL
	s.ended = make(chan struct{})
	started := make(chan error)
	go func() {
		runtime.LockOSThread()
		err := s.cmd.Start()
		started <- err
		if err == nil {
			_ = s.cmd.Wait()
		}
		close(s.ended)
	}()
	return <-started
}

// freeAddress is a port that nobody has now.
func freeAddress() (string, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", err
	}
	defer l.Close()
	return l.Addr().String(), nil
}

// ready waits until the server answers, and reads from its words whom to sign in
// as.
func (s *server) ready() error {
	deadline := time.Now().Add(2 * time.Minute)
	for time.Now().Before(deadline) {
		if res, err := http.Get(s.url + "/readyz"); err == nil {
			res.Body.Close()
			if res.StatusCode == http.StatusOK {
				return s.readWords()
			}
		}
		time.Sleep(50 * time.Millisecond)
	}
	text, _ := os.ReadFile(s.log)
	return fmt.Errorf("the server is not ready after two minutes:\n%s", text)
}

var (
	reNumber = regexp.MustCompile(`number\s+(SR-\d+)`)
	reCode   = regexp.MustCompile(`code\s+(\d{4} \d{4})`)
)

func (s *server) readWords() error {
	text, err := os.ReadFile(s.log)
	if err != nil {
		return err
	}
	if slices.Contains(s.cmd.Env, "SR_DEMO=false") {
		return nil
	}
	number, code := reNumber.FindSubmatch(text), reCode.FindSubmatch(text)
	if number == nil || code == nil {
		return fmt.Errorf("the server does not say whom to sign in as:\n%s", text)
	}
	s.number, s.code = string(number[1]), string(code[1])
	return nil
}

func (s *server) stop() {
	_ = s.cmd.Process.Signal(syscall.SIGTERM)
	<-s.ended
}

// interrupt ends PostgreSQL without waiting for who is connected.
func (s *server) interrupt() {
	_ = s.cmd.Process.Signal(syscall.SIGINT)
	<-s.ended
}

// command runs a command of the program on the server's database, with input.
func (s *server) command(input string, args ...string) error {
	cmd := exec.Command(os.Getenv("SR_E2E_BINARY"), args...)
	cmd.Env, cmd.Stdin = s.cmd.Env, strings.NewReader(input)
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("%v: %w\n%s", args, err, out)
	}
	return nil
}

// client is a person without a browser, for what tests need beforehand.
type client struct {
	http *http.Client
	base string
}

func (s *server) client() (*client, error) {
	jar, err := cookiejar.New(nil)
	return &client{&http.Client{Jar: jar}, s.url}, err
}

// post sends a form and gives the page that it led to.
func (c *client) post(path string, form url.Values) (body string, at *url.URL, err error) {
	res, err := c.http.PostForm(c.base+path, form)
	if err != nil {
		return "", nil, err
	}
	defer res.Body.Close()
	text, err := io.ReadAll(res.Body)
	if err == nil && res.StatusCode != http.StatusOK {
		err = fmt.Errorf("POST %s: %s", path, res.Status)
	}
	return string(text), res.Request.URL, err
}

func (c *client) get(path string) (string, error) {
	res, err := c.http.Get(c.base + path)
	if err != nil {
		return "", err
	}
	defer res.Body.Close()
	text, err := io.ReadAll(res.Body)
	if err == nil && res.StatusCode != http.StatusOK {
		err = fmt.Errorf("GET %s: %s", path, res.Status)
	}
	return string(text), err
}

var reHidden = regexp.MustCompile(`name="(form|version)" value="([^"]*)"`)

// send opens a page, fills its form and sends it.
func (c *client) send(page, action string, form url.Values) (body string, at *url.URL, err error) {
	text, err := c.get(page)
	if err != nil {
		return "", nil, err
	}
	for _, m := range reHidden.FindAllStringSubmatch(text, -1) {
		form.Set(m[1], m[2])
	}
	return c.post(action, form)
}

func (c *client) signIn(name, password string) error {
	_, at, err := c.post("/login", url.Values{"username": {name}, "password": {password}})
	if err == nil && at.Path == "/login" {
		err = errors.New("sign-in was refused")
	}
	return err
}

// session is the value of the session cookie.
func (c *client) session() string {
	u, _ := url.Parse(c.base)
	for _, cookie := range c.http.Jar.Cookies(u) {
		if cookie.Name == "sr_session" {
			return cookie.Value
		}
	}
	return ""
}
