package oauth

import (
	"crypto"
	"time"

	"socialregistry/internal/jose"
)

// Attestation-Based Client Authentication, draft 07; what later drafts dropped
// (iss in both JWTs) may be there or not.
const (
	attestationType    = "oauth-client-attestation+jwt"     // §5.1
	attestationPoPType = "oauth-client-attestation-pop+jwt" // §5.2
	maxAttestation     = 32 << 10                           // bytes, with its chain of certificates
	maxPoP             = 8 << 10
	popAge             = 5 * time.Minute
)

// attested reads the two headers (§6.1) and takes the client's name from the
// claim sub of the attestation.
func (c Credentials) attested(call Call) (Credentials, error) {
	if len(call.ClientAttestation) != 1 || len(call.ClientAttestationPoP) != 1 {
		return c, InvalidClientAttestation("The request must have one OAuth-Client-Attestation and one OAuth-Client-Attestation-PoP header.")
	}
	c.Attestation, c.PoP = call.ClientAttestation[0], call.ClientAttestationPoP[0]
	j, err := parseJWT(c.Attestation, attestationType, maxAttestation)
	if err != nil {
		return c, InvalidClientAttestation("The client attestation must be a JWT with typ " + attestationType + ".").Because(err)
	}
	return c.named(AuthAttestation, j)
}

// AttestationPolicy is what a client attestation and its proof of possession must
// agree with.
type AttestationPolicy struct {
	ClientID       string
	Issuer         string // of the authorization server: the audience of the proof of possession
	Trust          Trust
	Now            time.Time
	FreshChallenge func(string) bool // says that a challenge is ours and not over
}

// Instance is a wallet instance that has proved to be what a trusted provider says
// of it. That its proof was not used before is still to be asked.
type Instance struct {
	Proof
	JKT      string // thumbprint of the instance's key
	Provider string // who attested it
}

// CheckAttestation checks a client attestation and the proof that its sender holds
// the key in it (§7). Errors are *Error: invalid_client_attestation,
// use_attestation_challenge.
func CheckAttestation(c Credentials, want AttestationPolicy) (Instance, error) {
	statement, err := want.Trust.verify(c.Attestation, attestationType, want.Now, speaksFor)
	if err != nil {
		return Instance{}, InvalidClientAttestation("The client attestation is not signed by a trusted wallet provider, or it is over.").Because(err)
	}
	if statement.Claims["sub"] != want.ClientID {
		return Instance{}, InvalidClientAttestation("The claim sub of the client attestation must be the client_id.")
	}
	if _, given := statement.Claims["exp"]; !given { // §5.1
		return Instance{}, InvalidClientAttestation("The client attestation has no claim exp.")
	}
	key, err := confirmed(statement.Claims)
	if err != nil {
		return Instance{}, InvalidClientAttestation("The claim cnf of the client attestation must have a public key that is supported, as jwk.").Because(err)
	}
	jkt, err := jose.Thumbprint(key)
	if err != nil {
		return Instance{}, err
	}
	proof, err := want.checkPoP(c.PoP, key, jkt)
	return Instance{Proof: proof, JKT: jkt, Provider: statement.Provider}, err
}

// confirmed gives the key in the claim cnf (RFC 7800 §3.2).
func confirmed(claims map[string]any) (crypto.PublicKey, error) {
	cnf, _ := claims["cnf"].(map[string]any)
	jwk, _ := cnf["jwk"].(map[string]any)
	return jose.ParseJWK(jwk)
}

// checkPoP checks the proof of possession (§5.2, §7).
func (want AttestationPolicy) checkPoP(compact string, key crypto.PublicKey, jkt string) (Proof, error) {
	j, err := parseJWT(compact, attestationPoPType, maxPoP)
	if err == nil {
		err = j.verify(key)
	}
	if err != nil {
		return Proof{}, InvalidClientAttestation("The proof of possession must be a JWT with typ " + attestationPoPType +
			", signed by the key in the client attestation.").Because(err)
	}
	if iss, given := j.claims["iss"]; given && iss != want.ClientID { // draft 07; gone since 08
		return Proof{}, InvalidClientAttestation("The claim iss of the proof of possession must be the client_id.")
	}
	if !j.audience(want.Issuer) {
		return Proof{}, InvalidClientAttestation("The claim aud of the proof of possession must be the issuer identifier of this authorization server.")
	}
	iat, ok := j.issuedWithin(popAge, want.Now)
	if err := j.checkWindow(want.Now); err != nil || !ok {
		return Proof{}, InvalidClientAttestation("The claim iat of the proof of possession must be the current time.").Because(err)
	}
	jti, ok := j.text("jti", maxJTI)
	if !ok {
		return Proof{}, InvalidClientAttestation("The proof of possession has no claim jti.")
	}
	if err := want.checkChallenge(j); err != nil {
		return Proof{}, err
	}
	return Proof{ID: onceID(jkt, jti), Expires: iat.Add(popAge + time.Second)}, nil
}

// checkChallenge: a server that has a challenge endpoint is answered with one of
// its challenges (§8).
func (want AttestationPolicy) checkChallenge(j jwt) error {
	challenge, ok := j.text("challenge", maxClaim)
	if !ok || !want.FreshChallenge(challenge) {
		return UseAttestationChallenge("The claim challenge of the proof of possession must be a fresh one of the challenge endpoint.")
	}
	return nil
}
