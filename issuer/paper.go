package issuer

import (
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/google/uuid"

	"socialregistry/internal/fault"
	"socialregistry/internal/jose"
	"socialregistry/issuer/claim169"
	"socialregistry/issuer/keys"
	"socialregistry/issuer/ledger"
	"socialregistry/registry"
)

// FormatPaper is the format of what is printed, beside those that wallets take.
const FormatPaper = ledger.FormatPaper

// PaperProfile says how the code on a paper is written.
type PaperProfile = claim169.Profile

// The profiles of papers: by the specification, or as Inji Certify writes.
const (
	PaperSpec PaperProfile = claim169.Spec
	PaperInji PaperProfile = claim169.Inji
)

// NewPaper is what a paper is made of.
type NewPaper struct {
	RegistrantID uuid.UUID
	ConfigID     string
	Fields       []string // keys: some of those of the configuration
}

// Paper is what is printed.
type Paper struct {
	Issued
	Code string // text of the QR code: made for its alphanumeric mode
}

// Reference is the number of a credential on paper, in the code and for the office: the
// head of its id.
func (c Issued) Reference() string {
	return strings.ToUpper(hex.EncodeToString(c.ID[:referenceBytes]))
}

// referenceBytes is as much of the id as makes no two papers of a country alike by
// chance, and is still read out over the telephone.
const referenceBytes = 6

// paperAlg is the algorithm that a profile signs with.
func paperAlg(p claim169.Profile) string {
	if p == claim169.Inji {
		return jose.ES256
	}
	return jose.EdDSA
}

// paperProfile is the profile of a paper that was signed with a key.
func paperProfile(k keys.Key) claim169.Profile {
	if k.Alg == jose.ES256 {
		return claim169.Inji
	}
	return claim169.Spec
}

// MakePaper issues a credential on paper, by the gate that every issue passes: what is
// attested now, to whom may hold it, while none of the kind is suspended. Registrants
// may make them for themselves and for whom they represent; admins and registrars for
// anybody. What is signed is not kept: Paper makes it again.
//
// It returns Unauthenticated, Forbidden, NotFound (also for somebody else's record),
// Invalid "unknown_configuration", "paper_fields" and "paper_too_dense" (its fields are
// those to leave out), or Conflict "not_attested", "not_issuable", "suspended",
// "too_many_papers", "record_changed".
func (i *Issuer) MakePaper(ctx context.Context, a registry.Actor, n NewPaper) (Issued, error) {
	if err := i.may(ctx, a, toOffer, n.RegistrantID); err != nil {
		return Issued{}, err
	}
	config, err := i.paperConfiguration(n.ConfigID)
	if err != nil {
		return Issued{}, err
	}
	holder, err := i.holderOf(ctx, a, n.RegistrantID, []string{config.ID})
	if err != nil {
		return Issued{}, err
	}
	for _, f := range n.Fields {
		if !a.MaySee(i.fields[f]) {
			return Issued{}, paperFields()
		}
	}
	p, err := i.reservePaper(ctx, n, config, holder)
	if err != nil {
		return Issued{}, err
	}
	row, err := i.finishPaper(ctx, a, config, p)
	if err != nil {
		return Issued{}, err
	}
	return i.toIssued(row), nil
}

// paperConfiguration finds a configuration that is printed.
func (i *Issuer) paperConfiguration(id string) (Configuration, error) {
	config, known := i.configuration(id)
	if !known || config.PaperDays == 0 {
		return config, fault.New(fault.Invalid, "unknown_configuration", "There is no such credential that is printed.")
	}
	return config, nil
}

// drawnPaper is a paper that will be signed, with the values that are on it.
type drawnPaper struct {
	row    ledger.Issuance
	values map[string]registry.AttestedValue
}

// reservePaper draws up what will be signed, and stores it: see reserving.
func (i *Issuer) reservePaper(ctx context.Context, n NewPaper, config Configuration, holder uuid.UUID) (drawnPaper, error) {
	_, until := validity(i.now(), config.PaperDays)
	draw := func(places []slot) (drawnPaper, error) { return i.preparePaper(ctx, n, config, holder, places[0]) }
	store := func(p drawnPaper) (drawnPaper, error) {
		rows, err := i.ledger.Reserve(ctx, ledger.Reservation{Issuances: []ledger.Issuance{p.row}})
		if err == nil {
			p.row = rows[0]
		}
		return p, err
	}
	p, err := reserving(ctx, i, classOf(ledger.TokenList, until), 1, draw, store)
	return p, paperError(err)
}

// preparePaper reads what is attested now and draws up the paper: see prepare.
func (i *Issuer) preparePaper(ctx context.Context, n NewPaper, config Configuration, holder uuid.UUID, place slot) (none drawnPaper, err error) {
	key, err := i.ring.Current(paperAlg(config.PaperProfile), i.now())
	if err != nil {
		return none, err
	}
	of, err := i.materialOf(ctx, n.RegistrantID, holder, config)
	if err != nil {
		return none, err
	}
	if len(of.missing) > 0 {
		return none, fault.New(fault.Conflict, "not_attested", "These details are not attested: "+strings.Join(of.missing, ", ")+".")
	}
	hashes := map[string][]byte{}
	for _, f := range n.Fields {
		hash, ok := of.hashes[f]
		if !ok || !printable(i.fields[f]) {
			return none, paperFields()
		}
		hashes[f] = hash
	}
	if len(hashes) == 0 {
		return none, paperFields()
	}
	from, until := validity(i.now(), config.PaperDays)
	id := uuid.New()
	row := ledger.Issuance{ID: id, RegistrantID: of.RegistrantID, RepresentativeID: holder, ConfigID: config.ID, Format: FormatPaper,
		ResponseID: id.String(), KID: key.KID, Fields: hashes, VersionNo: of.VersionNo, ChainNo: of.ChainNo,
		ListID: place.listID, ListIndex: place.index, ValidFrom: from, ValidUntil: until}
	return drawnPaper{row, of.Values}, i.checkDensity(config, row, of.Values)
}

func paperFields() error {
	return fault.New(fault.Invalid, "paper_fields", "Choose one detail at least, and only such as are attested and can be printed.")
}

func paperError(err error) error {
	moved := func() error {
		return fault.Wrap(fault.Conflict, "record_changed", "The record changed while the paper was made. Try again.", err)
	}
	switch {
	case errors.Is(err, ledger.ErrNotFound), errors.Is(err, errNotHeld):
		return notFound()
	case errors.Is(err, errOtherRecord), errors.Is(err, errBarred):
		return fault.Wrap(fault.Conflict, "not_issuable", "No credential can be issued from this record. Ask the office.", err)
	case errors.Is(err, ledger.ErrSuspended):
		return errSuspended()
	case errors.Is(err, ledger.ErrTooMany):
		return fault.Wrap(fault.Conflict, "too_many_papers", fmt.Sprintf("Of one kind %d papers a day are made. Print one that is valid again, or come back tomorrow.", ledger.MaxPapersADay), err)
	case errors.Is(err, ledger.ErrMoved), errors.Is(err, ledger.ErrNotReserved):
		return moved()
	}
	return err
}

// finishPaper asks again who may hold what was reserved, signs it and records it: see
// finish.
func (i *Issuer) finishPaper(ctx context.Context, a registry.Actor, config Configuration, p drawnPaper) (row ledger.Issuance, err error) {
	row = p.row
	held, err := i.stillHeld(ctx, row, config)
	if err != nil {
		return row, err
	}
	if !held {
		return row, notFound()
	}
	if _, err := i.signPaper(config, row, p.values); err != nil {
		return row, fmt.Errorf("sign paper %s: %w", row.ID, err)
	}
	if err := i.ledger.RecordPaper(ctx, row.ID, a.AccountID.String()); err != nil {
		return row, paperError(err)
	}
	return i.ledger.Issuance(ctx, row.ID)
}

// signPaper writes and signs the code. The same paper has the same code, however often it
// is signed: signatures by Ed25519 have nothing random, and all else is of its
// reservation and of the record.
func (i *Issuer) signPaper(config Configuration, row ledger.Issuance, values map[string]registry.AttestedValue) (string, error) {
	key, known := i.ring.ByKID(row.KID)
	if !known || !key.RevokedAt.IsZero() {
		return "", fault.New(fault.Conflict, "key_revoked", "This paper does not count any more. Print a new one.")
	}
	kid, err := claim169.KIDOf(key.Public())
	if err != nil {
		return "", err
	}
	issue := i.paperIssue(config, row, values)
	issue.Profile, issue.Key, issue.KID = paperProfile(key), key.Signer, kid
	return issue.Sign()
}

// paperIssue is the code without a key.
func (i *Issuer) paperIssue(config Configuration, row ledger.Issuance, values map[string]registry.AttestedValue) claim169.Issue {
	content := i.paperContent(config, values, func(field string) bool { _, ok := row.Fields[field]; return ok })
	return claim169.Issue{ID: row.ID[:referenceBytes], Issued: row.ValidFrom, Expires: row.ValidUntil, Attributes: content.attributes, Own: content.own,
		Status: &claim169.Status{Index: row.ListIndex, URI: i.listURL(ledger.TokenList, row.ListID)}}
}

// Paper makes a paper again, to be printed: its code is not kept, for it holds what is
// attested, and needs not be, for it is the same every time. Whoever may make such a
// paper may print it, for as long as it counts. It returns NotFound, Forbidden,
// Unauthenticated, or Conflict "paper_over" for one that counts no more.
func (i *Issuer) Paper(ctx context.Context, a registry.Actor, id uuid.UUID) (Paper, error) {
	row, err := i.issuanceFor(ctx, a, toOffer, id)
	if err != nil {
		return Paper{}, err
	}
	if row.Format != FormatPaper || row.IssuedAt.IsZero() {
		return Paper{}, notFound()
	}
	for f := range row.Fields {
		if !a.MaySee(i.fields[f]) {
			return Paper{}, refused(a, toOffer)
		}
	}
	config, known := i.configuration(row.ConfigID)
	over := fault.New(fault.Conflict, "paper_over", "This paper does not count any more. Print a new one.")
	if !known || row.State != ledger.Issued || !i.now().Before(row.ValidUntil) {
		return Paper{}, over
	}
	now, err := i.situationOf(ctx, row.RegistrantID)
	if err != nil && !errors.Is(err, ErrUnreadable) {
		return Paper{}, err
	}
	if now.ends(row) != "" { // the follower has not come to it yet
		return Paper{}, over
	}
	code, err := i.signPaper(config, row, now.values)
	return Paper{i.toIssued(row), code}, err
}

// Paper is Issuer.Paper of whichever issuer the paper is from.
func (s *Issuers) Paper(ctx context.Context, a registry.Actor, id uuid.UUID) (p Paper, err error) {
	err = s.turn(ctx, id, func(i *Issuer) error {
		p, err = i.Paper(ctx, a, id)
		return err
	})
	return p, err
}

// PaperField is a detail that can be printed.
type PaperField struct {
	Field     string
	Suggested bool // it fits beside those before it that are
}

// PaperFields gives what can be printed of a credential of a record now, and what fits:
// what is mandatory comes first. It returns what MakePaper does.
func (i *Issuer) PaperFields(ctx context.Context, a registry.Actor, record uuid.UUID, configID string) ([]PaperField, error) {
	if err := i.may(ctx, a, toOffer, record); err != nil {
		return nil, err
	}
	config, err := i.paperConfiguration(configID)
	if err != nil {
		return nil, err
	}
	if _, err := i.holderOf(ctx, a, record, []string{config.ID}); err != nil {
		return nil, err
	}
	attested, err := i.registry.Attested(ctx, record)
	if err != nil {
		return nil, err
	}
	g, err := newGauge(config.PaperProfile)
	if err != nil {
		return nil, err
	}
	selected, _ := i.selectClaims(config, attested)
	var out []PaperField
	for _, f := range config.Fields {
		if _, ok := selected.hashes[f.Field]; ok && printable(i.fields[f.Field]) && a.MaySee(i.fields[f.Field]) {
			out = append(out, PaperField{Field: f.Field})
		}
	}
	row := i.specimenRow(config)
	for _, mandatory := range []bool{true, false} {
		for n, f := range out {
			if isMandatory(config, f.Field) != mandatory {
				continue
			}
			row.Fields[f.Field] = selected.hashes[f.Field]
			signs, err := i.measure(g, config, row, attested.Values)
			if err != nil {
				return nil, err
			}
			if out[n].Suggested = signs <= g.most(); !out[n].Suggested {
				delete(row.Fields, f.Field)
			}
		}
	}
	return out, nil
}

func isMandatory(c Configuration, field string) bool {
	return slices.ContainsFunc(c.Fields, func(f ClaimField) bool { return f.Field == field && f.Mandatory })
}
