package main

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"socialregistry/api"
	"socialregistry/internal/outbound"
	"socialregistry/internal/secret"
	"socialregistry/registry"
	"socialregistry/registry/attestation"
	"socialregistry/web"
)

// Config is every setting of the program. Each is a key of the environment or of
// the file that --config names; the environment wins. The zero value of a key is
// its default, so an empty environment starts a working server on this machine.
type Config struct {
	Listen        string              // address to listen on
	TLSCert       string              // file of the certificates to serve TLS with, in PEM; empty: a proxy does TLS
	TLSKey        string              // file of their key
	Proxies       string              // in front of the server: see api.ParseProxies; empty: none
	PublicURL     string              // how wallets and people reach the server: scheme and host, no path
	DatabaseURL   string              // sqlite:PATH or postgres://...
	MasterKey     string              // 32 bytes in base64; wins over MasterKeyFile
	MasterKeyFile string              // file that holds the master key
	MetricsToken  string              // opens /metrics to clients that are not on this machine
	LogLevel      slog.Level          // debug, info, warn, error
	LogJSON       bool                // one JSON object per line instead of text
	Demo          bool                // fill an empty registry with generated people
	OwnEdit       attestation.OwnEdit // of fields whose policy says nothing: may an account attest what it entered
	ScanCommand   string              // looks at every evidence document: see scanner; empty: none

	Keep     time.Duration // how long jobs and offers are kept after their end
	KeepLook time.Duration // how long it is kept who read whose record
	JobLease time.Duration // how long a server that gives no sign of life keeps its jobs

	SourceHosts string                // other systems that may be asked for people: see outbound.ParseHosts
	Kinship     registry.KinshipRules // what the country decides about families

	WebWallets string // names and addresses of wallets that are web sites: see web.ParseWebWallets

	Country    string        // in certificates, ISO 3166-1 alpha-2
	IssuerName string        // who issues, in certificates and to wallets
	ArabicName string        // the same in Arabic; "": none but that of Social Registry
	LogoFile   string        // PNG or SVG; "": our own
	KeyOverlap time.Duration // how long a new key is published before it signs
	StateDir   string        // what a restored backup of the database must not undo

	Drafts    bool // also serve wallets that speak drafts of OID4VCI
	BatchSize int  // most copies of a credential in one request
	Encrypted bool // take encrypted credential requests only

	Anonymous   bool          // pre-authorized codes also for wallets that do not say who they are
	RefreshLife time.Duration // of refresh tokens and of what was agreed to

	StepUp    time.Duration // how long a proof of who somebody is counts for sensitive acts
	StaffTOTP bool          // staff have to have an authenticator app, or a passkey

	DPoPRequired bool // no access token that is not bound to a key
	DPoPNonce    bool // no DPoP proof without a nonce of ours

	OIDCIssuer     string // an OpenID Provider by which people sign in; empty: none
	OIDCClient     string // what it calls this registry
	OIDCName       string // what people call it; empty: its host
	OIDCClaim      string // claim:identifier by which registrants are known
	OIDCStaffClaim string // claim by which staff are known

	ThemeNames   string // of the service on its pages: see web.ParseThemeNames; "": ours
	ThemeLogo    string // SVG; "": ours
	ThemeColours string // see web.ParseColours; "": ours
	Contact      string // whom people ask: see web.CheckContact; "": the registration office

	MessageHook       string // takes messages out of the portal; empty: they stay in it
	MessageSecret     string // by which they are signed; wins over MessageSecretFile
	MessageSecretFile string // file that holds it
	MessageKinds      string // beginnings of the kinds that leave, with commas; empty: all
}

// setting is one key: what it is called, what it is when unset, what to tell
// somebody who got it wrong, and how it is read.
type setting struct {
	key      string
	fallback string
	mend     string
	read     func(c *Config, value string) error
}

// settings lists every key.
func settings() []setting {
	return slices.Concat(serverSettings(), registrySettings(), issuerSettings(), walletSettings(), providerSettings(), messageSettings(), themeSettings(), signInSettings())
}

// serverSettings are about the program itself. The public URL comes after the
// address, from which it takes its port.
func serverSettings() []setting {
	return []setting{
		{"SR_LISTEN", "127.0.0.1:8080", "use host:port, for example 127.0.0.1:8080", func(c *Config, v string) error {
			c.Listen = v
			return checkAddress(v)
		}},
		{"SR_TLS_CERT", "", "use the path of a file of certificates in PEM", func(c *Config, v string) error {
			c.TLSCert = v
			return nil
		}},
		{"SR_TLS_KEY", "", "use the path of the key of SR_TLS_CERT, or leave both out", func(c *Config, v string) error {
			c.TLSKey = v
			if (v == "") != (c.TLSCert == "") {
				return errors.New("one of two")
			}
			return nil
		}},
		{"SR_PUBLIC_URL", "", "use https://HOST without a path, or http://localhost:PORT on this machine only", func(c *Config, v string) error {
			if v == "" {
				v = localURL(c.Listen, c.TLSCert != "")
			}
			c.PublicURL = v
			return checkPublicURL(v)
		}},
		{"SR_TRUSTED_PROXIES", "", "list the addresses or networks of your own proxies with commas, as 127.0.0.1,10.1.0.0/16", func(c *Config, v string) (err error) {
			c.Proxies = v
			_, err = api.ParseProxies(v)
			return err
		}},
		{"DATABASE_URL", "sqlite:./var/registry.db", "use sqlite:PATH or postgres://USER:PASSWORD@HOST/NAME", func(c *Config, v string) error {
			c.DatabaseURL = v
			return checkDatabaseURL(v)
		}},
		{"SR_MASTER_KEY", "", "use 32 random bytes in base64, for example the output of: openssl rand -base64 32", func(c *Config, v string) error {
			c.MasterKey = v
			return checkKey(v)
		}},
		{"SR_MASTER_KEY_FILE", "./var/master.key", "name a file that holds 32 random bytes in base64", func(c *Config, v string) error {
			c.MasterKeyFile = v
			return nil
		}},
		{"SR_METRICS_TOKEN", "", "use at least 16 characters", func(c *Config, v string) error {
			c.MetricsToken = v
			return checkToken(v)
		}},
		{"SR_LOG_LEVEL", "info", "use debug, info, warn or error", func(c *Config, v string) error {
			return c.LogLevel.UnmarshalText([]byte(v))
		}},
		{"SR_LOG_FORMAT", "text", "use text or json", func(c *Config, v string) error {
			c.LogJSON = v == "json"
			return oneOf(v, "text", "json")
		}},
	}
}

// registrySettings are about what the registry holds and does.
func registrySettings() []setting {
	return []setting{
		{"SR_DEMO", "false", "use true or false", func(c *Config, v string) (err error) {
			c.Demo, err = strconv.ParseBool(v)
			return err
		}},
		{"SR_SCAN_COMMAND", "", "use the path of an executable, and its arguments after spaces", func(c *Config, v string) error {
			c.ScanCommand = v
			return checkCommand(v)
		}},
		{"SR_SOURCE_HOSTS", "", "list hosts with commas, as data.example.org,http://10.0.0.5:8080, and networks that their names may resolve into, as 10.1.0.0/16", func(c *Config, v string) (err error) {
			c.SourceHosts = v
			_, err = outbound.ParseHosts(v)
			return err
		}},
		{"SR_WEB_WALLETS", "", "use names and addresses with commas, as My Wallet=https://wallet.example/offer", func(c *Config, v string) (err error) {
			c.WebWallets = v
			_, err = web.ParseWebWallets(v)
			return err
		}},
		{"SR_KEEP_DAYS", "90", "use a whole number of days from 1 to 3650", func(c *Config, v string) error {
			return wholeDays(&c.Keep, v)
		}},
		{"SR_LOOK_DAYS", "730", "use a whole number of days from 1 to 3650", func(c *Config, v string) error {
			return wholeDays(&c.KeepLook, v)
		}},
		{"SR_JOB_LEASE", "30s", "use a time from 1s to 10m, for example 30s", func(c *Config, v string) (err error) {
			if c.JobLease, err = time.ParseDuration(v); err == nil && (c.JobLease < time.Second || c.JobLease > 10*time.Minute) {
				err = errors.New("out of range")
			}
			return err
		}},
		{"SR_OWN_EDIT", "allowed", "use allowed or refused", func(c *Config, v string) error {
			c.OwnEdit = attestation.OwnEdit(v)
			return oneOf(v, string(attestation.OwnEditAllowed), string(attestation.OwnEditRefused))
		}},
		{"SR_SPOUSES", "1", "use a whole number from 1 to 100", func(c *Config, v string) error {
			return wholeNumber(&c.Kinship.Spouses, v)
		}},
		{"SR_PARENT_AGE", "12", "use a whole number of years from 1 to 100", func(c *Config, v string) error {
			return wholeNumber(&c.Kinship.ParentAge, v)
		}},
		{"SR_ADULT_AGE", "18", "use a whole number of years from 1 to 100", func(c *Config, v string) error {
			return wholeNumber(&c.Kinship.AdultAge, v)
		}},
	}
}

// LoadConfig reads every setting: from env, else from file (nil for none), else
// its default. The error names each bad key and says how to mend it; it never
// repeats a value, which may be a secret.
func LoadConfig(env func(key string) (string, bool), file io.Reader) (Config, error) {
	fromFile, err := readSettings(file)
	if err != nil {
		return Config{}, err
	}
	var c Config
	var wrong []error
	for _, s := range settings() {
		value, where := s.fallback, ""
		if v, ok := fromFile[s.key]; ok {
			value, where = v, " (in the settings file)"
			delete(fromFile, s.key)
		}
		if v, ok := env(s.key); ok && v != "" {
			value, where = v, " (in the environment)"
		}
		if err := s.read(&c, value); err != nil {
			wrong = append(wrong, fmt.Errorf("setting %s%s is wrong: %s", s.key, where, s.mend))
		}
	}
	for key := range fromFile {
		wrong = append(wrong, fmt.Errorf("the settings file has the unknown key %s", key))
	}
	return c, errors.Join(wrong...)
}

// readSettings reads lines of KEY=VALUE; empty lines and lines that begin with #
// are skipped. It is no shell: quotes and export are refused.
func readSettings(file io.Reader) (map[string]string, error) {
	out := map[string]string{}
	if file == nil {
		return out, nil
	}
	lines := bufio.NewScanner(file)
	for no := 1; lines.Scan(); no++ {
		line := strings.TrimSpace(lines.Text())
		if line == "" || line[0] == '#' {
			continue
		}
		key, value, ok := strings.Cut(line, "=")
		if !ok {
			return nil, fmt.Errorf("line %d of the settings file is not KEY=VALUE", no)
		}
		key, value = strings.TrimSpace(key), strings.TrimSpace(value)
		if strings.HasPrefix(key, "export ") {
			return nil, fmt.Errorf("line %d of the settings file begins with export, which is not taken: write KEY=VALUE alone", no)
		}
		if value != "" && strings.ContainsAny(value[:1], `"'`) {
			return nil, fmt.Errorf("line %d of the settings file has its value in quotes, which are not taken: write %s=VALUE without them", no, key)
		}
		if _, twice := out[key]; twice {
			return nil, fmt.Errorf("the settings file has %s twice", key)
		}
		out[key] = value
	}
	return out, lines.Err()
}

func checkAddress(v string) error {
	_, port, err := net.SplitHostPort(v)
	if err != nil {
		return err
	}
	_, err = strconv.ParseUint(port, 10, 16)
	return err
}

// checkPublicURL holds the issuer's identifier: OID4VCI 1.0 §12.2.1 wants https
// without query and fragment; http is for a server that only this machine reaches.
func checkPublicURL(v string) error {
	u, err := url.Parse(v)
	if err != nil {
		return err
	}
	if u.Scheme+"://"+u.Host != v || u.Host == "" {
		return errors.New("not scheme and host alone")
	}
	if u.Scheme == "https" || u.Scheme == "http" && isLoopback(u.Hostname()) {
		return nil
	}
	return errors.New("not https")
}

// localURL is the public URL of a server that only this machine reaches. Where
// the address names no port of its own, it is that of the default address.
func localURL(listen string, secure bool) string {
	scheme, usual := "http", "80"
	if secure {
		scheme, usual = "https", "443"
	}
	switch _, port, err := net.SplitHostPort(listen); {
	case err != nil || port == "" || port == "0":
		return scheme + "://localhost:8080"
	case port == usual: // browsers leave it out
		return scheme + "://localhost"
	default:
		return scheme + "://localhost:" + port
	}
}

func isLoopback(host string) bool {
	ip := net.ParseIP(host)
	return host == "localhost" || ip != nil && ip.IsLoopback()
}

func checkDatabaseURL(v string) error {
	if path, ok := strings.CutPrefix(v, "sqlite:"); ok && path != "" {
		return nil
	}
	if strings.HasPrefix(v, "postgres://") || strings.HasPrefix(v, "postgresql://") {
		_, err := url.Parse(v)
		return err
	}
	return errors.New("neither sqlite nor postgres")
}

func checkKey(v string) error {
	if v == "" {
		return nil
	}
	_, err := secret.ParseMaster(v)
	return err
}

func checkToken(v string) error {
	if v != "" && len(v) < 16 {
		return errors.New("too short")
	}
	return nil
}

// wholeNumber reads a number from 1 to 100.
func wholeNumber(n *int, v string) (err error) {
	if *n, err = strconv.Atoi(v); err == nil && (*n < 1 || *n > 100) {
		err = errors.New("out of range")
	}
	return err
}

// wholeDays reads a number of days from 1 to 3650.
func wholeDays(d *time.Duration, v string) error {
	n, err := strconv.Atoi(v)
	if err == nil && (n < 1 || n > 3650) {
		err = errors.New("out of range")
	}
	*d = time.Duration(n) * 24 * time.Hour
	return err
}

func oneOf(v string, words ...string) error {
	for _, word := range words {
		if v == word {
			return nil
		}
	}
	return errors.New("not one of the words")
}
