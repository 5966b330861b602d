package issuer

import (
	"fmt"
	"strings"
	"time"

	"github.com/google/uuid"

	"socialregistry/issuer/ledger"
	"socialregistry/issuer/oid4vci"
)

// checkTerms proves for an ldp_vc configuration that everything it issues would
// be signed, and for a jwt_vc_json one that every claim has a meaning: it canonicalises a credential with all claims and looks for each
// value in the result. A claim without a term in the contexts would not be
// covered by the signature; such a configuration is refused (VCDM 2.0 §4.3,
// JSON-LD 1.1 API §4.4).
func (i *Issuer) checkTerms(c Configuration) error {
	if c.Format != oid4vci.FormatLDP && c.Format != oid4vci.FormatJWTVC {
		return nil
	}
	s := statement{order: order{config: c}, proof: oid4vci.Proof{DID: "did:example:holder"}, claims: map[string]any{},
		Issuance: ledger.Issuance{ID: uuid.Nil, ListID: "example", ValidFrom: time.Unix(0, 0), ValidUntil: time.Unix(1, 0)}}
	for _, f := range c.Fields {
		put(s.claims, c.path(f), probe(f.Claim))
	}
	quads, err := i.contexts.Canonicalize(i.ldpDocument(s))
	if err != nil {
		return fmt.Errorf("%w: %s: %w", ErrConfiguration, c.ID, err)
	}
	for _, f := range c.Fields {
		if !strings.Contains(string(quads), `"`+probe(f.Claim)+`"`) {
			return c.bad("claim %s has no term in the JSON-LD context", f.Claim)
		}
	}
	if !strings.Contains(string(quads), "/vocab#"+c.Type+">") {
		return c.bad("type %s has no term in the JSON-LD context", c.Type)
	}
	return nil
}

// probe is a value that no other claim has.
func probe(claim string) string { return "probe of " + claim }
