package oauth_test

import (
	"errors"
	"net/url"
	"reflect"
	"strings"
	"testing"

	"socialregistry/issuer/oauth"
)

const issuerID = "https://issuer.example"

func form(pairs ...string) url.Values {
	v := url.Values{"grant_type": {oauth.GrantPreAuthorizedCode}, "pre-authorized_code": {"k1.abc"}}
	for i := 0; i < len(pairs); i += 2 {
		v[pairs[i]] = append(v[pairs[i]], pairs[i+1])
	}
	return v
}

func without(v url.Values, name string) url.Values { v.Del(name); return v }

func TestParseTokenRequest(t *testing.T) {
	t.Parallel()
	got, err := oauth.ParseTokenRequest(form("tx_code", "493536", "client_id", "wallet", "x-unknown", "1", "x-unknown", "2"), issuerID)
	want := oauth.TokenRequest{GrantType: oauth.GrantPreAuthorizedCode, PreAuthorizedCode: "k1.abc", TxCode: "493536", ClientID: "wallet"}
	if err != nil || !reflect.DeepEqual(got, want) {
		t.Fatalf("got %+v, %v; want %+v", got, err, want)
	}
}

// RFC 6749 §3.2: a parameter without a value counts as not sent.
func TestEmptyParameterIsAbsent(t *testing.T) {
	t.Parallel()
	got, err := oauth.ParseTokenRequest(form("tx_code", "", "client_id", "", "client_secret", ""), issuerID)
	if err != nil || got.TxCode != "" || got.ClientID != "" {
		t.Fatalf("got %+v, %v", got, err)
	}
	if _, err := oauth.ParseTokenRequest(url.Values{"grant_type": {""}}, issuerID); oauth.CodeOf(err) != "invalid_request" {
		t.Errorf("empty grant_type: %v", err)
	}
}

func TestTokenRequestErrors(t *testing.T) {
	t.Parallel()
	many := form()
	for i := range 63 {
		many.Set("p"+strings.Repeat("x", i), "1")
	}
	for name, tc := range map[string]struct {
		form url.Values
		want error
	}{
		"no grant":           {without(form(), "grant_type"), oauth.InvalidRequest("")},
		"no code":            {without(form(), "pre-authorized_code"), oauth.InvalidRequest("")},
		"empty form":         {nil, oauth.InvalidRequest("")},
		"too many":           {many, oauth.InvalidRequest("")},
		"code of 4097":       {form("code", strings.Repeat("c", 4097)), oauth.InvalidRequest("")},
		"client_id with NUL": {form("client_id", "a\x00"), oauth.InvalidRequest("")},
	} {
		if _, err := oauth.ParseTokenRequest(tc.form, issuerID); !errors.Is(err, tc.want) {
			t.Errorf("%s: %v, want %v", name, err, tc.want)
		}
	}
}

func TestRow17DuplicateParameter(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"grant_type", "pre-authorized_code", "tx_code", "client_id", "redirect_uri", "code"} {
		v := form()
		v[name] = []string{"a", "a"}
		if _, err := oauth.ParseTokenRequest(v, issuerID); oauth.CodeOf(err) != "invalid_request" {
			t.Errorf("two %s: %v, want invalid_request", name, err)
		}
	}
}

func TestRow27TxCodeUnicodeAndSize(t *testing.T) {
	t.Parallel()
	for _, bad := range []string{"４９３５３６", "49\x0036", strings.Repeat("9", 65), strings.Repeat("9", 10<<10), "'; DROP TABLE\n"} {
		if _, err := oauth.ParseTokenRequest(form("tx_code", bad), issuerID); oauth.CodeOf(err) != "invalid_request" {
			t.Errorf("tx_code of %d bytes: %v, want invalid_request", len(bad), err)
		}
	}
	for _, good := range []string{"493536", strings.Repeat("9", 63), strings.Repeat("9", 64), "' OR 1=1 --"} {
		if got, err := oauth.ParseTokenRequest(form("tx_code", good), issuerID); err != nil || got.TxCode != good {
			t.Errorf("tx_code of %d bytes: %v", len(good), err)
		}
	}
}

func TestRow29GrantUnsupported(t *testing.T) {
	t.Parallel()
	for _, grant := range []string{"password", "implicit", "client_credentials", "PASSWORD"} {
		v := form()
		v.Set("grant_type", grant)
		if _, err := oauth.ParseTokenRequest(v, issuerID); oauth.CodeOf(err) != "unsupported_grant_type" {
			t.Errorf("%s: %v, want unsupported_grant_type", grant, err)
		}
	}
}

func FuzzParseTokenRequest(f *testing.F) {
	f.Add(form("tx_code", "1").Encode())
	f.Add("grant_type=a&grant_type=b")
	f.Add("%00=%ff")
	f.Fuzz(func(t *testing.T, body string) {
		v, err := url.ParseQuery(body)
		if err != nil {
			return
		}
		req, err := oauth.ParseTokenRequest(v, issuerID)
		var e *oauth.Error
		if err != nil && (!errors.As(err, &e) || e.Code == "" || e.Status < 400 || !allowed(e.Description)) {
			t.Fatalf("error is not a clean protocol error: %v", err)
		}
		if err == nil && (req.PreAuthorizedCode+req.Code+req.RefreshToken == "" || len(req.TxCode) > 64) {
			t.Fatalf("accepted %+v", req)
		}
	})
}
