package webhook

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"socialregistry/internal/outbound"
)

// The bounds of a secret, in bytes (Standard Webhooks 1.0.0, "Signature scheme").
const (
	minSecret = 24
	maxSecret = 64
)

const secretPrefix = "whsec_"

// inside is where a receiver may be besides the open net: the operator names it by its
// own address, nobody else does. Metadata services of clouds (169.254.0.0/16) are not.
const inside = ",10.0.0.0/8,172.16.0.0/12,192.168.0.0/16,100.64.0.0/10,fc00::/7"

// Config says where messages go.
type Config struct {
	URL     string         // https; http on this machine only
	Secret  string         // whsec_ and 24 to 64 bytes in base64
	Timeout time.Duration  // of one post; 0: 10 seconds
	Roots   *x509.CertPool // who certifies the receiver; nil: those whom this machine trusts
}

// Hook posts messages. It is safe for concurrent use.
type Hook struct {
	to     *url.URL
	key    []byte
	client *outbound.Client
}

// New makes a hook. It refuses a bad address or secret, and repeats neither.
func New(c Config) (*Hook, error) {
	to, err := ParseURL(c.URL)
	if err != nil {
		return nil, err
	}
	key, err := ParseSecret(c.Secret)
	if err != nil {
		return nil, err
	}
	hosts, err := outbound.ParseHosts(to.Scheme + "://" + to.Host + inside)
	if err != nil {
		return nil, fmt.Errorf("webhook: %w", err)
	}
	if c.Timeout <= 0 {
		c.Timeout = 10 * time.Second
	}
	return &Hook{to: to, key: key, client: outbound.New(outbound.Config{Hosts: hosts, Timeout: c.Timeout, Roots: c.Roots})}, nil
}

// ParseURL reads the address of a hook: https, or http on this machine, without user
// and fragment.
func ParseURL(text string) (*url.URL, error) {
	u, err := url.Parse(text)
	if err != nil || u.Host == "" || u.User != nil || u.Fragment != "" {
		return nil, errors.New("webhook: not the address of a host")
	}
	ip := net.ParseIP(u.Hostname())
	here := u.Hostname() == "localhost" || ip != nil && ip.IsLoopback()
	if u.Scheme != "https" && (u.Scheme != "http" || !here) {
		return nil, errors.New("webhook: not https")
	}
	return u, nil
}

// ParseSecret reads whsec_ and 24 to 64 bytes in base64.
func ParseSecret(text string) ([]byte, error) {
	encoded, ok := strings.CutPrefix(text, secretPrefix)
	key, err := base64.StdEncoding.Strict().DecodeString(encoded)
	if !ok || err != nil || len(key) < minSecret || len(key) > maxSecret {
		return nil, errors.New("webhook: the secret is not whsec_ and 24 to 64 bytes in base64")
	}
	return key, nil
}

// Post sends a JSON body under an id that is the same each time it is tried, signed
// for the moment at. Errors: those of outbound.Client.Post.
func (h *Hook) Post(ctx context.Context, id string, at time.Time, body []byte) error {
	seconds := strconv.FormatInt(at.Unix(), 10)
	mac := hmac.New(sha256.New, h.key)
	fmt.Fprintf(mac, "%s.%s.%s", id, seconds, body)
	header := http.Header{}
	header.Set("Content-Type", "application/json")
	header.Set("webhook-id", id)
	header.Set("webhook-timestamp", seconds)
	header.Set("webhook-signature", "v1,"+base64.StdEncoding.EncodeToString(mac.Sum(nil)))
	return h.client.Post(ctx, h.to, header, body)
}
