package ariesvdr

import (
	"encoding/base64"
	"errors"
	"fmt"
	"strings"

	"github.com/hyperledger/aries-framework-go/pkg/doc/did"
	"github.com/hyperledger/aries-framework-go/pkg/doc/jose/jwk"
	vdrapi "github.com/hyperledger/aries-framework-go/pkg/framework/aries/api/vdr"
)

// jwkVDR is the method did:jwk (did-jwk specification, 2023): the identifier is
// the base64url of a public JWK, and its one verification method is "#0".
type jwkVDR struct{}

// Accept says that this method is did:jwk.
func (jwkVDR) Accept(method string, _ ...vdrapi.DIDMethodOption) bool { return method == "jwk" }

// Read makes the document from the DID itself. What the JWK may hold (nothing
// private, a known curve, no use for encryption) is checked in package did.
func (jwkVDR) Read(didID string, _ ...vdrapi.DIDMethodOption) (*did.DocResolution, error) {
	raw, err := base64.RawURLEncoding.Strict().DecodeString(strings.TrimPrefix(didID, "did:jwk:"))
	if err != nil {
		return nil, fmt.Errorf("did:jwk: not base64url: %w", err)
	}
	var parsed jwk.JWK
	if err := parsed.UnmarshalJSON(raw); err != nil {
		return nil, fmt.Errorf("did:jwk: %w", err)
	}
	method, err := did.NewVerificationMethodFromJWK(didID+"#0", "JsonWebKey2020", didID, &parsed)
	if err != nil {
		return nil, fmt.Errorf("did:jwk: %w", err)
	}
	return &did.DocResolution{DIDDocument: &did.Doc{
		Context:            []string{did.ContextV1},
		ID:                 didID,
		VerificationMethod: []did.VerificationMethod{*method},
		Authentication:     []did.Verification{*did.NewReferencedVerification(method, did.Authentication)},
		AssertionMethod:    []did.Verification{*did.NewReferencedVerification(method, did.AssertionMethod)},
	}}, nil
}

// A did:jwk is its own key: nothing is ever stored for it.
var errImmutable = errors.New("did:jwk is neither created nor changed here")

func (jwkVDR) Create(*did.Doc, ...vdrapi.DIDMethodOption) (*did.DocResolution, error) {
	return nil, errImmutable
}
func (jwkVDR) Update(*did.Doc, ...vdrapi.DIDMethodOption) error   { return errImmutable }
func (jwkVDR) Deactivate(string, ...vdrapi.DIDMethodOption) error { return errImmutable }
func (jwkVDR) Close() error                                       { return nil }
