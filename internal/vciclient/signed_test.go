package vciclient_test

import (
	"crypto/x509"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"socialregistry/internal/jose"
	"socialregistry/internal/vciclient"
)

// signedIssuer gives its metadata signed, or as JSON to who wants no JWT.
type signedIssuer struct {
	url    string
	signer *vciclient.Provider
	header map[string]any
	claims map[string]any
	change func(jwt string) string
}

func newSignedIssuer(t *testing.T) *signedIssuer {
	t.Helper()
	i := &signedIssuer{change: func(jwt string) string { return jwt }}
	h := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !strings.Contains(r.Header.Get("Accept"), "application/jwt") {
			w.Header().Set("Content-Type", "application/json")
			fmt.Fprintf(w, `{"credential_issuer":%q,"credential_endpoint":%q}`, i.url, i.url+"/plain")
			return
		}
		payload, err := json.Marshal(i.claims)
		if err != nil {
			t.Error(err)
		}
		jwt, err := jose.Sign(i.signer.Key, jose.ES256, i.header, payload)
		if err != nil {
			t.Error(err)
		}
		w.Header().Set("Content-Type", "application/jwt")
		fmt.Fprint(w, i.change(jwt))
	}))
	t.Cleanup(h.Close)
	i.url = h.URL
	var err error
	if i.signer, err = vciclient.NewProvider(now()); err != nil {
		t.Fatal(err)
	}
	i.header = i.signer.Header("openidvci-issuer-metadata+jwt")
	i.claims = map[string]any{"sub": i.url, "iat": now().Unix(), "exp": now().Add(time.Hour).Unix(), "credential_issuer": i.url, "credential_endpoint": i.url + "/signed"}
	return i
}

// pool trusts the root of a signer.
func pool(p *vciclient.Provider) *x509.CertPool {
	roots := x509.NewCertPool()
	roots.AppendCertsFromPEM(p.Root)
	return roots
}

// OID4VCI 1.0 §12.2.3: which signed metadata are taken, and by whom signed.
func TestSignedMetadata(t *testing.T) {
	t.Parallel()
	stranger, err := vciclient.NewProvider(now())
	if err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		edit    func(i *signedIssuer)
		anchors func(i *signedIssuer) *x509.CertPool
		want    string // endpoint, or part of the error
	}{
		"good":                   {want: "/signed"},
		"of a known CA":          {anchors: func(i *signedIssuer) *x509.CertPool { return pool(i.signer) }, want: "/signed"},
		"without exp":            {edit: func(i *signedIssuer) { delete(i.claims, "exp") }, want: "/signed"},
		"without certificates":   {edit: func(i *signedIssuer) { delete(i.header, "x5c") }, want: "/plain"},
		"of another CA":          {anchors: func(*signedIssuer) *x509.CertPool { return pool(stranger) }, want: "its certificates"},
		"another's certificate":  {edit: func(i *signedIssuer) { i.header = stranger.Header("openidvci-issuer-metadata+jwt") }, want: "signed metadata"},
		"another typ":            {edit: func(i *signedIssuer) { i.header["typ"] = "JWT" }, want: "typ is"},
		"another sub":            {edit: func(i *signedIssuer) { i.claims["sub"] = "https://other.example" }, want: "sub is another issuer"},
		"another issuer":         {edit: func(i *signedIssuer) { i.claims["credential_issuer"] = "https://other.example" }, want: "describes another issuer"},
		"no iat":                 {edit: func(i *signedIssuer) { delete(i.claims, "iat") }, want: "iat is missing"},
		"made a minute ahead":    {edit: func(i *signedIssuer) { i.claims["iat"] = now().Add(time.Minute).Unix() }, want: "/signed"},
		"made later":             {edit: func(i *signedIssuer) { i.claims["iat"] = now().Add(time.Minute + time.Second).Unix() }, want: "in the future"},
		"good for a second":      {edit: func(i *signedIssuer) { i.claims["exp"] = now().Add(time.Second).Unix() }, want: "/signed"},
		"over":                   {edit: func(i *signedIssuer) { i.claims["exp"] = now().Unix() }, want: "exp is over"},
		"altered":                {edit: func(i *signedIssuer) { i.change = func(jwt string) string { return jwt[:len(jwt)-9] + "AAAAAAAAA" } }, want: "signed metadata"},
		"no certificates listed": {edit: func(i *signedIssuer) { i.header["x5c"] = []string{} }, want: "no certificates, or too many"},
		"too many":               {edit: func(i *signedIssuer) { i.header["x5c"] = make([]string, 6) }, want: "no certificates, or too many"},
	} {
		i := newSignedIssuer(t)
		if c.edit != nil {
			c.edit(i)
		}
		config := vciclient.Config{Now: now}
		if c.anchors != nil {
			config.Anchors = c.anchors(i)
		}
		got, err := vciclient.New(config).ReadIssuer(t.Context(), i.url, nil)
		if taken := strings.HasPrefix(c.want, "/"); taken && (err != nil || got.CredentialEndpoint != i.url+c.want) || !taken && (err == nil || !strings.Contains(err.Error(), c.want)) {
			t.Errorf("%s: %+v, %v; want %s", name, got, err, c.want)
		}
	}
}
