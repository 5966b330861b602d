package vci_test

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"os"
	"os/exec"
	"os/signal"
	"runtime/pprof"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"socialregistry/api"
	"socialregistry/did"
	"socialregistry/internal/db"
	"socialregistry/internal/secret"
	"socialregistry/issuer"
	"socialregistry/registry"
	"socialregistry/web"
)

// flowRole in the environment turns the test binary into one of the two servers
// that BenchmarkFlow compares: each is a process of its own, so that its
// processor time is its own.
const (
	flowRole    = "SR_FLOW_SERVER" // productServer or bareServer
	flowMaster  = "SR_FLOW_MASTER"
	flowURL     = "SR_FLOW_DATABASE"
	flowProfile = "SR_FLOW_PROFILE" // file for a processor profile; empty: none

	productServer = "product"
	bareServer    = "bare"
)

// serveFlow is such a server: it writes its address, and ends when it is told to.
func serveFlow(role string) error {
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM)
	defer stop()
	handler, err := flowHandler(ctx, role)
	if err != nil {
		return err
	}
	if file := os.Getenv(flowProfile); file != "" {
		f, err := os.Create(file)
		if err != nil {
			return err
		}
		defer f.Close()
		if err := pprof.StartCPUProfile(f); err != nil {
			return err
		}
		defer pprof.StopCPUProfile()
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	server := &http.Server{Handler: handler}
	go func() {
		<-ctx.Done()
		server.Close()
	}()
	fmt.Println("http://" + listener.Addr().String())
	if err := server.Serve(listener); err != http.ErrServerClosed {
		return err
	}
	return nil
}

func flowHandler(ctx context.Context, role string) (http.Handler, error) {
	if role == bareServer {
		return newBare(ctx, os.Getenv(flowURL))
	}
	master, err := secret.ParseMaster(os.Getenv(flowMaster))
	if err != nil {
		return nil, err
	}
	d, err := db.Open(ctx, os.Getenv(flowURL))
	if err != nil {
		return nil, err
	}
	return productHandler(ctx, d, master)
}

// productHandler is the whole product, as cmd/socialregistry builds it.
func productHandler(ctx context.Context, d *db.DB, master secret.Master) (http.Handler, error) {
	r, err := registry.New(ctx, registry.Config{DB: d, Master: master, Now: time.Now})
	if err != nil {
		return nil, err
	}
	i, err := issuer.New(ctx, issuer.Config{DB: d, Registry: r, Master: master, PublicURL: publicURL, Now: time.Now, Resolver: did.NewResolver()})
	if err != nil {
		return nil, err
	}
	pages, err := web.New(web.Config{Registry: r, Issuer: issuer.Alone(i), PublicURL: publicURL, Now: time.Now})
	if err != nil {
		return nil, err
	}
	return api.New(api.Deps{Registry: r, Issuer: issuer.Alone(i), Pages: pages, PublicURL: publicURL, Now: time.Now, Log: slog.New(slog.NewTextHandler(io.Discard, nil))})
}

// flowServer is a running one.
type flowServer struct {
	b   *testing.B
	cmd *exec.Cmd
	url string
}

// startFlowServer starts one; profile may be "".
func startFlowServer(b *testing.B, role, database string, master secret.Master, profile string) *flowServer {
	b.Helper()
	self, err := os.Executable()
	if err != nil {
		b.Fatal(err)
	}
	cmd := exec.Command(self)
	cmd.Env = append(os.Environ(), flowRole+"="+role, flowMaster+"="+master.Encode(), flowURL+"="+database, flowProfile+"="+profile, "GOGC=400") // as the command sets it, for both
	cmd.Stderr = os.Stderr
	out, err := cmd.StdoutPipe()
	if err != nil {
		b.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { cmd.Process.Kill() }) // if it was not stopped
	line, err := bufio.NewReader(out).ReadString('\n')
	if err != nil {
		b.Fatalf("%s server: %v", role, err)
	}
	return &flowServer{b, cmd, strings.TrimSpace(line)}
}

// stop ends the server and waits for its profile.
func (s *flowServer) stop() {
	s.b.Helper()
	if err := s.cmd.Process.Signal(syscall.SIGTERM); err != nil {
		s.b.Fatal(err)
	}
	if err := s.cmd.Wait(); err != nil {
		s.b.Fatal(err)
	}
}

// processorTime is how long the server's process has had the processor (proc(5),
// utime and stime, in hundredths of a second).
func (s *flowServer) processorTime() time.Duration {
	s.b.Helper()
	raw, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", s.cmd.Process.Pid))
	if err != nil {
		s.b.Fatal(err)
	}
	_, after, _ := strings.Cut(string(raw), ") ")
	fields := strings.Fields(after)
	var ticks int
	for _, f := range fields[11:13] {
		n, err := strconv.Atoi(f)
		if err != nil {
			s.b.Fatal(err)
		}
		ticks += n
	}
	return time.Duration(ticks) * 10 * time.Millisecond
}
