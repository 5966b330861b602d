package issuer

import (
	"slices"

	"socialregistry/issuer/ledger"
	"socialregistry/issuer/oid4vci"
)

// describe says of a configuration what its format asks for (OID4VCI 1.0
// §12.2.4, appendix A).
func (i *Issuer) describe(c Configuration, shown []oid4vci.Display) oid4vci.Configuration {
	var out oid4vci.Configuration
	switch c.Format {
	case oid4vci.FormatLDP:
		out = oid4vci.NewLDPConfiguration(i.ldpContexts(), w3cTypes(c), []string{c.Suite}, i.credentialMetadata(c, shown, "credentialSubject"))
	case oid4vci.FormatJWTVC:
		out = oid4vci.NewJWTVCConfiguration(w3cTypes(c), []string{c.Alg}, i.credentialMetadata(c, shown, "credentialSubject"))
	case oid4vci.FormatMdoc:
		out = oid4vci.NewMdocConfiguration(c.Type, i.credentialMetadata(c, shown))
	default:
		out = oid4vci.NewSDJWTConfiguration(i.vct(c), []string{c.Alg}, i.credentialMetadata(c, shown))
	}
	out.Scope = c.Scope
	if c.KeyAttestations != nil {
		out = out.WithKeyAttestations(oid4vci.KeyAttestations(*c.KeyAttestations))
	}
	return out
}

// credentialMetadata says how to show a credential; under is the path to its
// claims.
func (i *Issuer) credentialMetadata(c Configuration, shown []oid4vci.Display, under ...string) oid4vci.CredentialMetadata {
	m := oid4vci.CredentialMetadata{Display: shown}
	for _, f := range c.Fields {
		path := slices.Concat(under, c.path(f))
		m.Claims = append(m.Claims, oid4vci.Claim{Path: path, Mandatory: f.Mandatory, Display: labelsOf(i.fields[f.Field], c)})
	}
	return m
}

// bindingMethods says by what a holder's key may be named in each format: wallets
// bind W3C credentials to a DID and mobile documents to a bare key.
func bindingMethods(format string) []string {
	switch format {
	case oid4vci.FormatLDP, oid4vci.FormatJWTVC:
		return []string{oid4vci.BindDIDKey, oid4vci.BindDIDJWK}
	case oid4vci.FormatMdoc:
		return []string{oid4vci.BindJWK, oid4vci.BindCOSEKey}
	}
	return []string{oid4vci.BindJWK, oid4vci.BindDIDKey, oid4vci.BindDIDJWK}
}

// listKind says in which kind of list the status of a format is kept.
func listKind(format string) string {
	if format == oid4vci.FormatLDP || format == oid4vci.FormatJWTVC {
		return ledger.BitstringList
	}
	return ledger.TokenList
}
