package issuer

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/google/uuid"

	"socialregistry/internal/fault"
	"socialregistry/internal/secret"
	"socialregistry/issuer/claim169"
	"socialregistry/issuer/ledger"
	"socialregistry/issuer/verify"
	"socialregistry/registry"
)

// paperContent is the identity data of a code.
type paperContent struct {
	attributes map[int]any
	own        map[string]any
}

// paperContent writes the chosen fields of a configuration as Claim 169 has them: what
// a field is says the IRI of its definition. What has no label there, or is not what the
// label asks for, goes by the key of its field.
func (i *Issuer) paperContent(c Configuration, values map[string]registry.AttestedValue, chosen func(field string) bool) paperContent {
	out := paperContent{attributes: map[int]any{}, own: map[string]any{}}
	for _, f := range c.Fields {
		text := values[f.Field].Text
		if !chosen(f.Field) || text == "" {
			continue
		}
		def := i.fields[f.Field]
		label := paperLabel(def.IRI)
		v := paperValue(label, text)
		before := out.attributes[label]
		switch {
		case v == nil:
			out.own[f.Field] = ownValue(def, text)
		case before == nil:
			out.attributes[label] = v
		case label == claim169.Address:
			out.attributes[label] = before.(string) + "\n" + text
		default:
			out.own[f.Field] = ownValue(def, text)
		}
	}
	return out
}

// paperLabel gives the label for what an IRI names; 0: there is none. The parts of an
// address are lines of it.
func paperLabel(iri string) int {
	name, ok := strings.CutPrefix(iri, "https://schema.org/")
	if !ok {
		return 0
	}
	return map[string]int{"identifier": claim169.ID, "name": claim169.FullName, "givenName": claim169.FirstName, "additionalName": claim169.MiddleName,
		"familyName": claim169.LastName, "birthDate": claim169.BirthDate, "gender": claim169.Gender, "email": claim169.Email, "telephone": claim169.Phone,
		"nationality": claim169.Nationality, "address": claim169.Address, "streetAddress": claim169.Address, "addressLocality": claim169.Address,
		"addressRegion": claim169.Address, "postalCode": claim169.Address, "addressCountry": claim169.Address}[name]
}

// paperValue gives a value in the form that a label asks for; nil: it has none.
func paperValue(label int, text string) any {
	switch label {
	case 0:
		return nil
	case claim169.BirthDate:
		day, err := time.Parse(time.DateOnly, text)
		if err != nil {
			return nil
		}
		return day.Format("20060102")
	case claim169.Gender:
		if n := slices.Index([]string{"", "male", "female", "other"}, text); n > 0 {
			return n
		}
		return nil
	case claim169.Nationality: // ISO 3166
		if len(text) < 2 || len(text) > 3 || strings.Trim(text, "ABCDEFGHIJKLMNOPQRSTUVWXYZ") != "" {
			return nil
		}
	}
	return text
}

// ownValue gives a value for which there is no label.
func ownValue(f registry.Field, text string) any {
	if resultType(f) == registry.TypeBoolean {
		return text == "true"
	}
	return text
}

func resultType(f registry.Field) registry.FieldType {
	if f.Type == registry.TypeComputed {
		return f.Result
	}
	return f.Type
}

// printable says whether a field fits a code at all.
func printable(f registry.Field) bool {
	return f.Key != "" && f.Type != registry.TypeRepeat && f.Type != registry.TypeDocument
}

const (
	// maxPaperSigns is what a QR code of version 12 at level M holds (ISO/IEC 18004, table
	// 7): denser ones are not read off folded paper by a cheap phone.
	maxPaperSigns = 419
	// paperSlack is by how much the compressed form of one signature may be longer than
	// that of another; of the profile inji, where it stands as hexadecimal text, by 12 in
	// 4,000.
	paperSlack = 8
	injiSlack  = 16
)

// most is how many signs may be measured, so that the code is never above version 12.
func (g gauge) most() int {
	if g.profile == claim169.Inji {
		return maxPaperSigns - injiSlack
	}
	return maxPaperSigns - paperSlack
}

// gauge measures codes before anything is reserved. It signs with a key of no meaning,
// one for all that it measures.
type gauge struct {
	profile claim169.Profile
	key     crypto.Signer
	kid     []byte
}

func newGauge(profile claim169.Profile) (gauge, error) {
	g := gauge{profile: profile}
	var err error
	if profile == claim169.Inji {
		g.key, err = ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	} else {
		_, g.key, err = ed25519.GenerateKey(rand.Reader)
	}
	if err != nil {
		return g, fmt.Errorf("measure a paper: %w", err)
	}
	g.kid, err = claim169.KIDOf(g.key.Public())
	return g, err
}

// checkDensity returns Invalid "paper_too_dense" with the fields to leave out: those that
// take most room.
func (i *Issuer) checkDensity(config Configuration, row ledger.Issuance, values map[string]registry.AttestedValue) error {
	g, err := newGauge(config.PaperProfile)
	if err != nil {
		return err
	}
	signs, err := i.measure(g, config, row, values)
	if err != nil || signs <= g.most() {
		return err
	}
	var fields []fault.Field
	row.Fields = maps.Clone(row.Fields)
	for signs > g.most() && len(row.Fields) > 1 {
		largest, least := "", 0
		for _, f := range slices.Sorted(maps.Keys(row.Fields)) {
			hash := row.Fields[f]
			delete(row.Fields, f)
			without, err := i.measure(g, config, row, values)
			row.Fields[f] = hash
			if err != nil {
				return err
			}
			if largest == "" || without < least {
				largest, least = f, without
			}
		}
		delete(row.Fields, largest)
		fields, signs = append(fields, fault.Field{Name: largest, Code: "leave_out", Detail: "Leave this out."}), least
	}
	names := make([]string, len(fields))
	for n, f := range fields {
		names[n] = f.Name
	}
	return fault.InvalidFields("paper_too_dense", "The code would be too dense to be read off paper. Leave out: "+strings.Join(names, ", ")+".", fields)
}

// measure says how many signs the code of a paper has.
func (i *Issuer) measure(g gauge, config Configuration, row ledger.Issuance, values map[string]registry.AttestedValue) (int, error) {
	issue := i.paperIssue(config, row, values)
	issue.Profile, issue.Key, issue.KID = g.profile, g.key, g.kid
	text, err := issue.Sign()
	return len(text), err
}

// specimenRow is a paper that is as long as one of a configuration, without a field.
func (i *Issuer) specimenRow(c Configuration) ledger.Issuance {
	from, until := validity(i.now(), c.PaperDays)
	return ledger.Issuance{ID: uuid.New(), ValidFrom: from, ValidUntil: until, ListID: secret.RandomID(ledger.ListIDBytes), ListIndex: ledger.ListSize - 1, Fields: map[string][]byte{}}
}

// paperType says how codes on paper are shown: what has no label of Claim 169 by the
// label of its field.
func (i *Issuer) paperType() verify.BundleType {
	out := newBundleType()
	for _, c := range i.configs {
		for _, f := range c.Fields {
			if def := i.fields[f.Field]; c.PaperDays > 0 && printable(def) {
				addClaim(&out, claim169.OwnName(f.Field), def)
			}
		}
	}
	return out
}
