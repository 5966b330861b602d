package vci_test

import (
	"bufio"
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"slices"
	"strings"
	"testing"
	"time"
)

// flowLayer is a part of the server, and how its functions begin.
type flowLayer struct {
	name     string
	prefixes []string
}

// layers are looked for from the innermost call outwards: the first that fits
// has the time. What is only the runtime's belongs to memory and scheduling.
func layers() []flowLayer {
	return []flowLayer{
		{"cryptography", []string{"crypto/", "vendor/golang.org/x/crypto", "golang.org/x/crypto", "socialregistry/internal/secret", "filippo.io/"}},
		{"database driver", []string{"github.com/jackc/", "database/sql"}},
		{"GORM", []string{"gorm.io/", "socialregistry/internal/db."}},
		{"JSON and JOSE", []string{"encoding/json", "socialregistry/internal/jose", "github.com/lestrrat-go/", "encoding/base64", "github.com/goccy/"}},
		{"registry", []string{"socialregistry/registry"}},
		{"issuer", []string{"socialregistry/issuer", "socialregistry/did", "socialregistry/contexts"}},
		{"HTTP", []string{"net/http", "github.com/gin-gonic/", "socialregistry/api", "net/textproto", "mime", "log/slog"}},
	}
}

// flowLayers reads a processor profile and says which share of the time each
// layer has.
func flowLayers(b *testing.B, file string) string {
	b.Helper()
	self, err := os.Executable()
	if err != nil {
		b.Fatal(err)
	}
	traces, err := exec.Command("go", "tool", "pprof", "-traces", self, file).Output()
	if err != nil {
		b.Fatalf("read the profile: %v", err)
	}
	spent, total := map[string]time.Duration{}, time.Duration(0)
	var stack []string
	var took time.Duration
	lines := bufio.NewScanner(bytes.NewReader(traces))
	for lines.Scan() {
		fields := strings.Fields(lines.Text())
		switch {
		case strings.HasPrefix(lines.Text(), "-----"):
			spent[layerOf(stack)] += took
			total += took
			stack, took = nil, 0
		case len(fields) == 0 || strings.HasSuffix(fields[0], ":"):
		case stack == nil && len(fields) > 1:
			if took, err = time.ParseDuration(fields[0]); err == nil {
				stack = fields[1:2]
			}
		case stack != nil:
			stack = append(stack, fields[0])
		}
	}
	return sharesOf(spent, total)
}

func layerOf(stack []string) string {
	for _, function := range stack {
		for _, l := range layers() {
			if slices.ContainsFunc(l.prefixes, func(p string) bool { return strings.HasPrefix(function, p) }) {
				return l.name
			}
		}
	}
	return "runtime: memory and scheduling"
}

func sharesOf(spent map[string]time.Duration, total time.Duration) string {
	var out strings.Builder
	fmt.Fprintf(&out, "where %v of the server's processor time went:\n", total)
	names := make([]string, 0, len(spent))
	for name := range spent {
		names = append(names, name)
	}
	slices.SortFunc(names, func(a, b string) int { return int(spent[b] - spent[a]) })
	for _, name := range names {
		fmt.Fprintf(&out, "%5.1f %%  %s\n", 100*spent[name].Seconds()/max(total.Seconds(), 1e-9), name)
	}
	return out.String()
}
