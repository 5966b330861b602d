package issuer

import (
	"socialregistry/registry"
)

// selection is what of a configuration's fields is attested now.
type selection struct {
	claims map[string]any    // claim → value as it is signed
	hashes map[string][]byte // field → keyed hash, to compare with later
}

// selectClaims takes from the attested values those that the configuration
// names, and lists the mandatory fields that are not attested. A retired field
// goes into nothing new. Nothing else of the record is looked at, and nothing of
// the request.
func (i *Issuer) selectClaims(c Configuration, a registry.Attested) (s selection, missing []string) {
	s = selection{claims: map[string]any{}, hashes: map[string][]byte{}}
	for _, f := range c.Fields {
		v, ok := a.Values[f.Field]
		switch {
		case ok && v.Text != "" && !v.Retired:
			s.claims[f.Claim] = claimValue(i.fields[f.Field], v.Text)
			s.hashes[f.Field] = v.Hash
		case f.Mandatory:
			missing = append(missing, f.Field)
		}
	}
	return s, missing
}

// claimValue gives a value in the type that a verifier expects. Numbers stay
// text: decimals in JSON are rounded by some readers.
func claimValue(f registry.Field, text string) any {
	if f.Type == registry.TypeBoolean || f.Type == registry.TypeComputed && f.Result == registry.TypeBoolean {
		return text == "true"
	}
	return text
}
