package oauth

import (
	"crypto"
	"errors"
	"net/url"
	"strings"
	"time"

	"socialregistry/internal/jose"
)

// The ways in which a client authenticates (token_endpoint_auth_method).
const (
	AuthNone          = "none"
	AuthPrivateKeyJWT = "private_key_jwt"        // RFC 7523 §2.2
	AuthAttestation   = "attest_jwt_client_auth" // Attestation-Based Client Authentication §5
)

const (
	assertionType = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer" // RFC 7523 §2.2
	maxAssertion  = maxCode                                                  // bytes of a client assertion
	// maxAssertionLife bounds exp, and with it how long a jti is remembered.
	maxAssertionLife = time.Hour
)

// Credentials is how a client presents itself at the PAR, token and revocation
// endpoints. ClientID is what it calls itself: not to be believed before its
// method has been checked, and empty for a wallet that does not say.
type Credentials struct {
	Method      string // AuthNone, AuthPrivateKeyJWT or AuthAttestation
	ClientID    string
	Assertion   string // for AuthPrivateKeyJWT
	Alg         string // that the assertion says it is signed with
	Attestation string // for AuthAttestation, with PoP
	PoP         string
}

// ReadCredentials finds out how a client presents itself. Nothing is verified.
// Errors are *Error: invalid_request for two methods at once (RFC 6749 §2.3) and
// for a parameter that comes twice, invalid_client for a method that is not
// supported, invalid_client_attestation for one of the two headers alone.
func ReadCredentials(call Call, form url.Values) (Credentials, error) {
	for _, name := range []string{"client_id", "client_assertion", "client_assertion_type", "client_secret"} {
		if len(form[name]) > 1 {
			return Credentials{}, InvalidRequest("The parameter " + name + " comes more than once.")
		}
	}
	c := Credentials{Method: AuthNone, ClientID: form.Get("client_id"), Assertion: form.Get("client_assertion")}
	attested := len(call.ClientAttestation)+len(call.ClientAttestationPoP) > 0
	switch {
	case len(c.ClientID) > maxShort || !printable(c.ClientID):
		return Credentials{}, InvalidRequest("The parameter client_id is too long or holds characters that are not allowed.")
	case form.Get("client_secret") != "" || len(call.Authorization) > 0:
		e := InvalidClient("This server takes no client secret; authenticate by private_key_jwt or attest_jwt_client_auth.")
		e.basic = len(call.Authorization) > 0
		return Credentials{}, e
	case attested && c.Assertion != "":
		return Credentials{}, InvalidRequest("The client authenticates in two ways at once.")
	case c.Assertion != "":
		return c.asserted(form.Get("client_assertion_type"))
	case attested:
		return c.attested(call)
	}
	return c, nil
}

// asserted reads the client's name from its assertion.
func (c Credentials) asserted(kind string) (Credentials, error) {
	if kind != assertionType {
		return c, InvalidRequest("The parameter client_assertion_type must be " + assertionType + ".")
	}
	j, err := parseAssertion(c.Assertion)
	if err != nil {
		return c, InvalidClient("The client assertion must be a JWT with alg " + strings.Join(Algs(), " or ") + ".").Because(err)
	}
	c.Alg, _ = j.header["alg"].(string)
	return c.named(AuthPrivateKeyJWT, j)
}

// named takes the client's name from the claim sub, which must agree with the
// parameter client_id (RFC 7521 §4.2).
func (c Credentials) named(method string, j jwt) (Credentials, error) {
	sub, ok := j.text("sub", maxShort)
	if !ok || c.ClientID != "" && c.ClientID != sub {
		return c, badClient(method, "The claim sub must be the client_id.", nil)
	}
	c.Method, c.ClientID = method, sub
	return c, nil
}

// badClient is a client that failed to authenticate by method.
func badClient(method, description string, cause error) *Error {
	if method == AuthAttestation {
		return InvalidClientAttestation(description).Because(cause)
	}
	return InvalidClient(description).Because(cause)
}

// parseAssertion reads a client assertion. One that says by its typ that it is
// for another use is refused (RFC 8725 §3.11; RFC 7523bis §4).
func parseAssertion(compact string) (jwt, error) {
	j, err := parseUntyped(compact, maxAssertion)
	if err != nil {
		return jwt{}, err
	}
	if typ, given := j.header["typ"]; given && typ != "JWT" && typ != "client-authentication+jwt" {
		return jwt{}, errors.New("the header typ is of another use")
	}
	return j, nil
}

// AssertionPolicy is what a client assertion must agree with.
type AssertionPolicy struct {
	ClientID  string
	Keys      map[string]any // the JWK Set that is registered for the client
	Decoys    map[string]any // a JWK Set of keys that nobody has, one for each algorithm; see keysToTry
	Audiences []string       // issuer identifier and URL of the token endpoint; one of them is aud, alone
	Now       time.Time
}

// CheckAssertion checks a client assertion (RFC 7523 §3). jku, x5u and x5c are not
// looked at, and nothing is fetched. Every failure is *Error invalid_client. That
// it was not used before is still to be asked.
func CheckAssertion(compact string, want AssertionPolicy) (Proof, error) {
	j, err := parseAssertion(compact)
	if err != nil {
		return Proof{}, InvalidClient("The client assertion is not a JWT that is supported.").Because(err)
	}
	if err := verifyByAny(j, want.Keys, want.Decoys); err != nil {
		return Proof{}, InvalidClient("The client assertion is not signed by a key of this client.").Because(err)
	}
	if j.claims["iss"] != want.ClientID || j.claims["sub"] != want.ClientID { // §3 points 1, 2
		return Proof{}, InvalidClient("The claims iss and sub of the client assertion must be the client_id.")
	}
	if !j.audience(want.Audiences...) { // §3 point 3
		return Proof{}, InvalidClient("The claim aud of the client assertion must be this authorization server alone.")
	}
	exp, ok := NumericDate(j.claims["exp"])
	if !ok || exp.After(want.Now.Add(maxAssertionLife)) { // §3 point 4
		return Proof{}, InvalidClient("The claim exp of the client assertion must be within the next hour.")
	}
	if err := j.checkWindow(want.Now); err != nil { // §3 points 4 to 6
		return Proof{}, InvalidClient("The client assertion is over, or not valid yet.").Because(err)
	}
	jti, ok := j.text("jti", maxJTI) // §3 point 7; we insist
	if !ok {
		return Proof{}, InvalidClient("The client assertion has no claim jti.")
	}
	return Proof{ID: onceID(want.ClientID, jti), Expires: exp.Add(time.Second)}, nil
}

// maxKeys is how many keys of a set are looked at.
const maxKeys = 16

// verifyByAny checks the signature against the key of a JWK Set that kid names;
// without kid, against each of the algorithm.
func verifyByAny(j jwt, set, decoys map[string]any) error {
	try, real := keysToTry(j, set, decoys)
	for _, jwk := range try {
		key, err := jose.ParseJWK(jwk)
		if err == nil && j.verify(key) == nil && real {
			return nil
		}
	}
	return jose.ErrSignature
}

// keysToTry gives the keys that may have signed, which alone are parsed. If there are
// none, which must not show in how long the answer takes, it gives the decoy of the
// algorithm.
func keysToTry(j jwt, set, decoys map[string]any) (try []map[string]any, real bool) {
	kid, named := j.header["kid"]
	for _, jwk := range keysFor(set, j.header["alg"]) {
		if own, _ := jwk["kid"].(string); !named || kid == own {
			try = append(try, jwk)
		}
	}
	if len(try) > 0 {
		return try, true
	}
	return keysFor(decoys, j.header["alg"]), false
}

// keysFor gives the members of a JWK Set that are for an algorithm, by their curve.
func keysFor(set map[string]any, alg any) []map[string]any {
	list, _ := set["keys"].([]any)
	var out []map[string]any
	for _, member := range list[:min(len(list), maxKeys)] {
		jwk, _ := member.(map[string]any)
		if own, known := jose.AlgOfCurve(jwk["crv"]); known && own == alg {
			out = append(out, jwk)
		}
	}
	return out
}

// PublicKey is one key of a JWK Set; KID is "" if it has none.
type PublicKey struct {
	KID string
	Key crypto.PublicKey
}

// KeysOf reads the public keys of a JWK Set (RFC 7517 §5): 1 to 16, each of an
// algorithm that is supported, their kid unique. It returns jose.ErrKey.
func KeysOf(set map[string]any) ([]PublicKey, error) {
	list, _ := set["keys"].([]any)
	if len(list) == 0 || len(list) > maxKeys {
		return nil, errors.Join(jose.ErrKey, errors.New("a JWK Set has 1 to 16 keys"))
	}
	seen := map[string]bool{}
	keys := make([]PublicKey, 0, len(list))
	for _, member := range list {
		m, _ := member.(map[string]any)
		key, err := jose.ParseJWK(m)
		if err != nil {
			return nil, err
		}
		kid, _ := m["kid"].(string)
		if kid != "" && seen[kid] {
			return nil, errors.Join(jose.ErrKey, errors.New("two keys have one kid"))
		}
		seen[kid] = true
		keys = append(keys, PublicKey{kid, key})
	}
	return keys, nil
}
