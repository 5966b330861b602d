package registry

import (
	"socialregistry/registry/attestation"
	"socialregistry/registry/checkdigit"
)

// What the pages show of packages below.
type (
	// AttestationPolicy is what a field asks of those who attest it.
	AttestationPolicy = attestation.Policy
	// OwnEditRule says whether somebody attests a value of their own.
	OwnEditRule = attestation.OwnEdit
	// CheckRule is how the check characters of an identifier are made.
	CheckRule = checkdigit.Rule
)
