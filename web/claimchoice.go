package web

import (
	"slices"

	"socialregistry/issuer"
)

// claimToAdd offers the details that may go into a credential and are not in this type
// yet: whoever shows the card anew, or saves, adds the one that is chosen.
func (d *desk) claimToAdd(in []issuer.ClaimField) deskControl {
	options := []option{{Label: words{Text: d.l.t("desk.claim_none")}}}
	fields, err := d.p.registry.Fields(d.ctx)
	if err == nil { // else they are typed
		for _, f := range fields {
			if f.Issuable && !f.Retired && !slices.ContainsFunc(in, func(c issuer.ClaimField) bool { return c.Field == f.Key }) {
				label := d.p.label(d.l, f)
				label.Text += " (" + f.Key + ")"
				options = append(options, option{Value: f.Key, Label: label})
			}
		}
	}
	return d.choice("claim_add", "", options...)
}

// addClaim appends a detail under its own name, in the namespace of the others.
func addClaim(in []issuer.ClaimField, key string) []issuer.ClaimField {
	if key == "" || slices.ContainsFunc(in, func(c issuer.ClaimField) bool { return c.Field == key }) {
		return in
	}
	f := issuer.ClaimField{Field: key, Claim: key}
	if len(in) > 0 {
		f.Namespace = in[len(in)-1].Namespace
	}
	return append(in, f)
}
