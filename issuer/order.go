package issuer

import (
	"context"
	"slices"

	"socialregistry/issuer/ledger"
	"socialregistry/issuer/oauth"
	"socialregistry/issuer/oid4vci"
)

// order is a request that has passed every check that needs no record: who may
// get what, bound to which keys.
type order struct {
	access     accessClaims
	config     Configuration
	proofs     []oid4vci.Proof             // one credential is made for each
	nonce      string                      // id of the c_nonce in the proofs; "": used up before
	deferral   string                      // id of the deferral that it settles; "": none
	encryption *oid4vci.ResponseEncryption // nil: the answer goes in the clear
}

// order checks what a wallet sends to the credential endpoint. Claims that it
// sends are not even read.
func (i *Issuer) order(ctx context.Context, call oauth.Call, contentType string, body []byte) (order, error) {
	access, err := i.access(ctx, call)
	if err != nil {
		return order{}, err
	}
	body, policy, err := i.open(contentType, body)
	if err != nil {
		return order{}, err
	}
	req, err := oid4vci.ParseCredentialRequest(body, policy)
	if err != nil {
		return order{}, err
	}
	o := order{access: access, encryption: req.Encryption}
	if o.config, err = i.asked(access, req); err != nil {
		return order{}, err
	}
	if o.proofs, err = i.checkProofs(ctx, o, req); err != nil {
		return order{}, err
	}
	var nonce nonceClaims
	if err := i.tokens.Open(kindNonce, o.proofs[0].Nonce, i.now(), &nonce); err != nil {
		return order{}, oid4vci.InvalidNonce(badNonce).Because(err)
	}
	o.nonce = nonce.ID
	return o, nil
}

// asked gives the configuration that a request names, if the token is for it. A
// token that came with credential_identifiers is used with one of them, another
// one with a configuration id (OID4VCI 1.0 §8.2). Many wallets of the field always
// send the configuration id; they are served where earlier drafts are.
func (i *Issuer) asked(access accessClaims, req oid4vci.CredentialRequest) (Configuration, error) {
	if req.Identifier != "" {
		return i.identified(access, req.Identifier)
	}
	config, known := i.configuration(req.ConfigurationID)
	switch {
	case !known:
		return config, oid4vci.UnknownCredentialConfiguration("There is no such credential configuration.")
	case access.Identifiers != nil && !i.drafts:
		return config, oid4vci.InvalidCredentialRequest("Send credential_identifier, one of those in the token response, instead of credential_configuration_id.")
	case !slices.Contains(access.ConfigIDs, config.ID):
		return config, oid4vci.CredentialRequestDenied("The access token is not for this credential configuration.")
	}
	return config, nil
}

// identified gives the configuration behind a credential_identifier of this token.
func (i *Issuer) identified(access accessClaims, identifier string) (Configuration, error) {
	if access.Identifiers == nil {
		return Configuration{}, oid4vci.UnknownCredentialIdentifier("The token response named no credential identifiers; send credential_configuration_id.")
	}
	config, known := i.configuration(access.Identifiers[identifier])
	if !known || !slices.Contains(access.ConfigIDs, config.ID) {
		return config, oid4vci.UnknownCredentialIdentifier("The credential_identifier must be one of those in the token response.")
	}
	return config, nil
}

// checkProofs checks the proofs against what the configuration asks for.
func (i *Issuer) checkProofs(ctx context.Context, o order, req oid4vci.CredentialRequest) ([]oid4vci.Proof, error) {
	policy := oid4vci.ProofPolicy{
		Issuer: i.url, Now: i.now(), Algs: oid4vci.ProofAlgs(), Methods: bindingMethods(o.config.Format), BatchSize: i.batchSize,
		Anonymous: o.access.ClientID == "", ClientID: o.access.ClientID, Resolve: i.resolver.Key,
	}
	if required := o.config.KeyAttestations; required != nil {
		trust, err := i.trust(ctx, ledger.ForKeys)
		if err != nil {
			return nil, err
		}
		policy.Attestation = &oid4vci.AttestationPolicy{Now: policy.Now, MostKeys: i.batchSize,
			KeyStorage: required.KeyStorage, UserAuthentication: required.UserAuthentication,
			Verify: func(compact, typ string) (map[string]any, error) {
				statement, err := trust.Verify(compact, typ, policy.Now)
				return statement.Claims, err
			}}
	}
	return oid4vci.CheckProofs(ctx, req, policy)
}
