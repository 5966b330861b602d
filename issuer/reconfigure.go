package issuer

import (
	"context"
	"encoding/json"
	"errors"
	"reflect"
	"slices"
	"strings"

	"socialregistry/internal/fault"
	"socialregistry/issuer/artwork"
	"socialregistry/issuer/claim169"
	"socialregistry/issuer/ledger"
	"socialregistry/issuer/oid4vci"
	"socialregistry/registry"
)

// StoredConfiguration is a configuration as it is stored. Servers that run issue by
// what they read at their start.
type StoredConfiguration struct {
	Configuration
	Digest  string // names what is stored; send it back to ChangeConfiguration
	Running bool   // this server issues by it
}

// ConfigurationEdit is what may be changed of a configuration that has issued: what
// verifiers tell it by stays.
type ConfigurationEdit struct {
	Display      []Display
	Fields       []ClaimField // in the order of the card
	ValidityDays int
	Deferred     bool
	Refresh      Refresh
	RefreshDays  int
	ConsentEnd   ConsentEnd
	OwnOnly      bool
	PaperDays    int
	PaperProfile claim169.Profile
}

// Edit is what may be changed of c, as it is.
func (c Configuration) Edit() ConfigurationEdit {
	return ConfigurationEdit{c.Display, c.Fields, c.ValidityDays, c.Deferred, c.Refresh, c.RefreshDays, c.ConsentEnd, c.OwnOnly, c.PaperDays, c.PaperProfile}
}

// With is c after an edit.
func (c Configuration) With(e ConfigurationEdit) Configuration {
	c.Display, c.Fields, c.ValidityDays, c.Deferred = e.Display, e.Fields, e.ValidityDays, e.Deferred
	c.Refresh, c.RefreshDays, c.ConsentEnd, c.OwnOnly = e.Refresh, e.RefreshDays, e.ConsentEnd, e.OwnOnly
	c.PaperDays, c.PaperProfile = e.PaperDays, e.PaperProfile
	return c
}

// StoredConfigurations gives what is stored, for admins and auditors. It returns
// Forbidden, Unauthenticated.
func (i *Issuer) StoredConfigurations(ctx context.Context, a registry.Actor) ([]StoredConfiguration, error) {
	if err := mayKeep(a, toSeeTypes); err != nil {
		return nil, err
	}
	rows, err := i.ledger.Configurations(ctx)
	if err != nil {
		return nil, err
	}
	out := make([]StoredConfiguration, len(rows))
	for n, row := range rows {
		c, err := parseConfiguration(row)
		if err != nil {
			return nil, err
		}
		running, known := i.configuration(c.ID)
		out[n] = StoredConfiguration{c, documentDigest(row.Document), known && reflect.DeepEqual(c, running)}
	}
	return out, nil
}

// StoredConfiguration gives one. It returns NotFound besides.
func (i *Issuer) StoredConfiguration(ctx context.Context, a registry.Actor, id string) (StoredConfiguration, error) {
	all, err := i.StoredConfigurations(ctx, a)
	if err != nil {
		return StoredConfiguration{}, err
	}
	n := slices.IndexFunc(all, func(c StoredConfiguration) bool { return c.ID == id })
	if n < 0 {
		return StoredConfiguration{}, noConfiguration()
	}
	return all[n], nil
}

func noConfiguration() error {
	return fault.New(fault.NotFound, "no_such_configuration", "There is no such type of credential.")
}

func documentDigest(doc map[string]any) string {
	raw, _ := json.Marshal(doc) // it came from JSON; members are in order
	return digestOf(raw)
}

// CheckConfiguration holds a configuration to the rules that it must keep at the next
// start, and changes nothing. It returns Invalid "bad_configuration" that says what is
// wrong, Forbidden, Unauthenticated.
func (i *Issuer) CheckConfiguration(ctx context.Context, a registry.Actor, c Configuration) error {
	if err := mayKeep(a, toKeepTypes); err != nil {
		return err
	}
	_, subjects, err := i.readFields(ctx)
	if err != nil {
		return err
	}
	err = c.check(subjects[c.For])
	if err == nil {
		err = i.checkTerms(c)
	}
	for _, o := range i.configs {
		if err == nil && o.ID != c.ID && o.sameType(c) {
			err = c.bad("it has the format and the type of %s", o.ID)
		}
	}
	if err == nil {
		_, err = i.Cards(c, "")
	}
	if errors.Is(err, ErrConfiguration) {
		words := strings.TrimPrefix(err.Error(), ErrConfiguration.Error()+": "+c.ID+": ")
		return fault.Wrap(fault.Invalid, "bad_configuration", "The type cannot be issued so: "+words+".", err)
	}
	return err
}

// ChangeConfiguration stores an edit, if digest names what is stored. Servers issue by
// it from their next start on. It returns what CheckConfiguration does, NotFound,
// Conflict "version_conflict", Invalid "reason_required".
func (i *Issuer) ChangeConfiguration(ctx context.Context, a registry.Actor, id, digest string, e ConfigurationEdit, reason string) error {
	if err := mayKeep(a, toKeepTypes); err != nil {
		return err
	}
	if !goodReason(reason) {
		return reasonRequired()
	}
	now, err := i.StoredConfiguration(ctx, a, id)
	if err != nil {
		return err
	}
	if err := i.CheckConfiguration(ctx, a, now.With(e)); err != nil {
		return err
	}
	err = i.ledger.ChangeConfiguration(ctx, id, ledger.Entry{Actor: a.Name, Reason: reason}, func(before map[string]any) (map[string]any, error) {
		if documentDigest(before) != digest {
			return nil, fault.New(fault.Conflict, "version_conflict", "Somebody else has changed this type since you opened it.")
		}
		return e.document(before)
	})
	if errors.Is(err, ledger.ErrNotFound) {
		return noConfiguration()
	}
	return err
}

// document writes an edit over a stored document.
func (e ConfigurationEdit) document(before map[string]any) (map[string]any, error) {
	raw, err := json.Marshal(before)
	if err != nil {
		return nil, err
	}
	var d configurationDoc
	if err := json.Unmarshal(raw, &d); err != nil {
		return nil, err
	}
	d.Display, d.Fields = nil, nil
	for _, x := range e.Display {
		d.Display = append(d.Display, displayDoc(x))
	}
	for _, x := range e.Fields {
		d.Fields = append(d.Fields, fieldDoc(x))
	}
	d.ValidityDays, d.Deferred, d.Refresh, d.RefreshDays, d.ConsentEnd, d.OwnOnly = e.ValidityDays, e.Deferred, e.Refresh, e.RefreshDays, e.ConsentEnd, e.OwnOnly
	d.PaperDays, d.PaperProfile = &e.PaperDays, e.PaperProfile
	if raw, err = json.Marshal(d); err != nil {
		return nil, err
	}
	var after map[string]any
	return after, json.Unmarshal(raw, &after)
}

// ConfigurationLog tells who changed a configuration, when and why, the oldest change
// first. It returns Forbidden, Unauthenticated.
func (i *Issuer) ConfigurationLog(ctx context.Context, a registry.Actor, id string) ([]ledger.Entry, error) {
	if err := mayKeep(a, toSeeTypes); err != nil {
		return nil, err
	}
	return i.ledger.ConfigurationLog(ctx, id)
}

// CardPicture is a credential as a wallet draws it.
type CardPicture struct {
	Locale, Name string
	Portrait     bool
	SVG          []byte
}

// Cards draws a configuration in each of its languages, across and upright, with
// example in the place of every value. It returns what artwork does.
func (i *Issuer) Cards(c Configuration, example string) ([]CardPicture, error) {
	var out []CardPicture
	for _, d := range c.Display {
		shown := oid4vci.Display{Name: d.Name, Locale: d.Locale, BackgroundColor: d.BackgroundColor, TextColor: d.TextColor}
		for _, style := range []artwork.Card{{}, {Portrait: true}} {
			card := i.card(c, shown, style)
			drawn, err := card.Template()
			if err != nil {
				return nil, err
			}
			svg := string(drawn.Body)
			for _, f := range card.Fields {
				svg = strings.ReplaceAll(svg, "{{"+f.ID+"}}", xmlText(example))
			}
			out = append(out, CardPicture{d.Locale, d.Name, style.Portrait, []byte(svg)})
		}
	}
	return out, nil
}

func xmlText(s string) string {
	return strings.NewReplacer("&", "&amp;", "<", "&lt;", ">", "&gt;").Replace(s)
}
