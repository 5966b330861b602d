package oauth

import (
	"crypto/sha256"
	"encoding/base64"
	"net/url"
	"strings"
	"time"

	"socialregistry/internal/jose"
)

// TokenTypeDPoP is the type of an access token that is bound to a key (RFC 9449 §5).
const TokenTypeDPoP = "DPoP"

// TokenTypeOf is the type of an access token that is bound to the key with the
// thumbprint jkt; "" is none.
func TokenTypeOf(jkt string) string {
	if jkt == "" {
		return TokenTypeBearer
	}
	return TokenTypeDPoP
}

const (
	dpopType = "dpop+jwt"
	maxDPoP  = 8 << 10 // bytes of a proof
	// dpopAge is how old a proof may be: wallets' clocks differ, and a proof is
	// taken once only.
	dpopAge = 5 * time.Minute
)

// DPoPPolicy is what a DPoP proof must agree with.
type DPoPPolicy struct {
	Call
	Now         time.Time
	AccessToken string            // at a protected endpoint: the token that comes with the proof; else ""
	FreshNonce  func(string) bool // says that a nonce is ours and not over
	NeedsNonce  bool              // a proof without a nonce is refused
}

// DPoPProof is a good proof: whoever sent it holds the key whose thumbprint is
// JKT. That it was not used before is still to be asked.
type DPoPProof struct {
	Proof
	JKT string
}

// CheckDPoP holds the one DPoP proof of a call to the list of RFC 9449 §4.3.
// Claims that are not on it are not looked at, nbf and exp among them. Errors are
// *Error: invalid_dpop_proof, use_dpop_nonce (RFC 9449 §8), with the status of the
// authorization server; AtResource gives that of a protected endpoint.
func CheckDPoP(want DPoPPolicy) (DPoPProof, error) {
	if len(want.DPoP) != 1 { // §4.3 check 1
		return DPoPProof{}, InvalidDPoPProof("The request must have exactly one DPoP header.")
	}
	j, err := parseJWT(want.DPoP[0], dpopType, maxDPoP) // checks 2, 4, 5
	if err != nil {
		return DPoPProof{}, InvalidDPoPProof("The DPoP proof must be a JWT with typ dpop+jwt and alg " + strings.Join(Algs(), " or ") + ".").Because(err)
	}
	member, _ := j.header["jwk"].(map[string]any)
	key, err := jose.ParseJWK(member) // check 7: no private member
	if err != nil {
		return DPoPProof{}, InvalidDPoPProof("The header jwk of the DPoP proof must be a public key that is supported.").Because(err)
	}
	if err := j.verify(key); err != nil { // check 6
		return DPoPProof{}, InvalidDPoPProof("The signature of the DPoP proof is not good.").Because(err)
	}
	jkt, err := jose.Thumbprint(key)
	if err != nil {
		return DPoPProof{}, err
	}
	if err := want.checkClaims(j); err != nil {
		return DPoPProof{}, err
	}
	iat, _ := NumericDate(j.claims["iat"])
	return DPoPProof{JKT: jkt, Proof: Proof{ID: onceID(jkt, j.claims["jti"].(string)), Expires: iat.Add(dpopAge + time.Second)}}, nil
}

// checkClaims holds the claims of a proof to checks 3 and 8 to 12 of §4.3.
func (want DPoPPolicy) checkClaims(j jwt) error {
	if _, ok := j.text("jti", maxJTI); !ok {
		return InvalidDPoPProof("The DPoP proof has no claim jti.")
	}
	if j.claims["htm"] != want.Method { // check 8: the case counts
		return InvalidDPoPProof("The claim htm of the DPoP proof must be the method of the request.")
	}
	if htu, _ := j.claims["htu"].(string); !sameTarget(htu, want.URL) { // check 9
		return InvalidDPoPProof("The claim htu of the DPoP proof must be the URL of the endpoint.")
	}
	if _, ok := j.issuedWithin(dpopAge, want.Now); !ok { // check 11
		return InvalidDPoPProof("The claim iat of the DPoP proof must be the current time.")
	}
	if err := want.checkNonce(j); err != nil { // check 10
		return err
	}
	if want.AccessToken != "" && j.claims["ath"] != tokenHash(want.AccessToken) { // check 12a
		return InvalidDPoPProof("The claim ath of the DPoP proof must be the hash of the access token.")
	}
	return nil
}

func (want DPoPPolicy) checkNonce(j jwt) error {
	value, given := j.claims["nonce"]
	nonce, isText := value.(string)
	switch {
	case given && !isText:
		return InvalidDPoPProof("The claim nonce of the DPoP proof must be a string.")
	case given && !want.FreshNonce(nonce):
		return UseDPoPNonce("The claim nonce of the DPoP proof is not valid, or it is over. Use that of the DPoP-Nonce header.")
	case !given && want.NeedsNonce:
		return UseDPoPNonce("The DPoP proof needs the nonce of the DPoP-Nonce header.")
	}
	return nil
}

// tokenHash is the claim ath (RFC 9449 §4.2).
func tokenHash(token string) string {
	sum := sha256.Sum256([]byte(token))
	return base64.RawURLEncoding.EncodeToString(sum[:])
}

// onceID stands for a JWT that its signer named jti. Another signer's jti never
// gives the same, so that nobody can use up what is another's.
func onceID(signer, jti string) string { return tokenHash(signer + "\x00" + jti) }

// sameTarget compares the URL that a proof names with that of the endpoint after
// normalisation (RFC 3986 §6.2.2, §6.2.3); query and fragment do not count (RFC
// 9449 §4.3 check 9).
func sameTarget(htu, endpoint string) bool {
	if len(htu) > maxClaim {
		return false
	}
	got, gotOK := target(htu)
	want, wantOK := target(endpoint)
	return gotOK && wantOK && got == want
}

// target gives a URL without query and fragment in its normal form.
func target(s string) (string, bool) {
	u, err := url.Parse(s)
	if err != nil || u.Host == "" || u.User != nil || u.Opaque != "" {
		return "", false
	}
	host := strings.ToLower(u.Hostname())
	port := u.Port()
	if port == "443" && u.Scheme == "https" || port == "80" && u.Scheme == "http" { // url.Parse lowers the scheme
		port = ""
	}
	path := u.EscapedPath()
	if path == "" {
		path = "/"
	}
	return u.Scheme + "://" + host + ":" + port + plainEscapes(path), true
}

// plainEscapes writes a path with as few escapes as its meaning allows (RFC 3986
// §6.2.2.2), and those in upper case (§6.2.2.1).
func plainEscapes(path string) string {
	var b strings.Builder
	for i := 0; i < len(path); i++ {
		if path[i] != '%' || i+2 >= len(path) {
			b.WriteByte(path[i])
			continue
		}
		escape := path[i : i+3]
		if char, err := url.PathUnescape(escape); err == nil && isUnreserved(char[0]) {
			b.WriteString(char)
		} else {
			b.WriteString(strings.ToUpper(escape))
		}
		i += 2
	}
	return b.String()
}

// isUnreserved says that c never needs an escape (RFC 3986 §2.3).
func isUnreserved(c byte) bool {
	alnum := c >= '0' && c <= '9' || c >= 'A' && c <= 'Z' || c >= 'a' && c <= 'z'
	return alnum || strings.IndexByte("-._~", c) >= 0
}
