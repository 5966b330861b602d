package conformance_test

import (
	"slices"
	"strings"
)

// variant is one way through the suite: its variant parameters, by its names.
type variant struct {
	format, flow, auth, encryption, request string

	attested bool // of a configuration that wants the keys attested (key_attestations_required)
}

// The values of the variant parameters.
const (
	sdjwt  = "sd_jwt_vc"
	isomdl = "mdoc"

	walletInitiated = "wallet_initiated"
	issuerInitiated = "issuer_initiated"
	preAuthorized   = "pre_authorization_code"

	privateKeyJWT     = "private_key_jwt"
	clientAttestation = "client_attestation"

	plain     = "plain"
	encrypted = "encrypted"

	byScope   = "scope"
	byDetails = "authorization_details"
)

func (v variant) String() string {
	return strings.Join([]string{v.format, v.flow, v.auth, v.encryption, v.request}, ",")
}

// variants are all combinations. With a pre-authorized code, authorization_details
// stand in the token request (§6.1); by scope, nothing does.
func variants() []variant {
	var all []variant
	for _, format := range []string{sdjwt, isomdl} {
		for _, flow := range []string{walletInitiated, issuerInitiated, preAuthorized} {
			for _, auth := range []string{privateKeyJWT, clientAttestation} {
				for _, encryption := range []string{plain, encrypted} {
					for _, request := range []string{byScope, byDetails} {
						all = append(all, variant{format: format, flow: flow, auth: auth, encryption: encryption, request: request})
					}
				}
			}
		}
	}
	return all
}

// configuration is what the variant asks for.
func (v variant) configuration() string {
	id := sdjwtID
	if v.format == isomdl {
		id = mdocID
	}
	if v.attested {
		id += attestedSuffix
	}
	return id
}

// The configurations of the suite. Those with the suffix want attested keys.
const (
	sdjwtID        = "SocialRegistryPerson_dc_sd_jwt"
	mdocID         = "SocialRegistryPerson_mso_mdoc"
	attestedSuffix = "_attested"
)

// module is one test of the suite.
type module struct {
	name string // as the suite names it
	run  func(*run)
	only func(variant) bool // nil: for every variant
}

func (m module) runs(v variant) bool { return m.only == nil || m.only(v) }

func isEncrypted(v variant) bool { return v.encryption == encrypted }
func isAttested(v variant) bool  { return v.auth == clientAttestation }

// browses says that the variant goes over the authorization endpoint.
func (v variant) browses() bool {
	return slices.Contains([]string{walletInitiated, issuerInitiated}, v.flow)
}
