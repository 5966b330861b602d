package registry

import (
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/google/uuid"
	"gorm.io/gorm"

	"socialregistry/internal/db"
	"socialregistry/internal/fault"
	"socialregistry/registry/attestation"
)

// decisionsOn is the decisions that somebody asks for about one record.
type decisionsOn struct {
	rec       record
	decisions []Decision
}

// verdict is one decision that is accepted: the rows that it writes, and its line
// in the change log.
type verdict struct {
	row      attestationRow
	state    stateRow
	diff     diffEntry
	evidence []evidenceRow
	answers  bool // an appeal
}

// decider checks decisions of one actor about any number of records of one kind.
// All that it needs of the database is read before, in a few statements: see
// loadDecider.
type decider struct {
	r        *Registry
	b        *builder
	standing map[uuid.UUID]map[int]standingRow // by the number of the field
	statuses map[string]usableStatus
	authors  authors

	documents map[uuid.UUID]map[uuid.UUID]bool // that decisions may name, by record
}

// standingRow is a state with who made it, the proposal and the appeal beside it.
type standingRow struct {
	State        stateRow `gorm:"embedded"`
	DecidedBy    optional `gorm:"column:decided_by"`
	ProposedBy   optional `gorm:"column:proposed_by"`
	ProposedHash db.Bytes `gorm:"column:proposed_hash"`
	ProposedKey  optional `gorm:"column:proposed_key"`
	Appealed     bool     `gorm:"column:appealed"` // the decision, and nobody has answered
}

// loadDecider reads what decisions about some records are held to. The records
// are locked, and b is of their kind.
func (r *Registry) loadDecider(tx *gorm.DB, b *builder, all []decisionsOn) (*decider, error) {
	d := &decider{r: r, b: b}
	var err error
	if d.standing, err = loadStanding(tx, all); err != nil {
		return nil, err
	}
	if d.statuses, err = loadUsableStatuses(tx, b.actor, all); err != nil {
		return nil, err
	}
	if d.authors, err = d.loadAuthors(tx, all); err != nil {
		return nil, err
	}
	return d, d.loadEvidenceFor(tx, all)
}

func loadStanding(tx *gorm.DB, all []decisionsOn) (map[uuid.UUID]map[int]standingRow, error) {
	ids := make([]uuid.UUID, len(all))
	for i, one := range all {
		ids[i] = one.rec.row.ID
	}
	var rows []standingRow
	err := tx.Raw(`SELECT s.*, d.attested_by AS decided_by, p.attested_by AS proposed_by, p.value_hash AS proposed_hash,
			p.hash_key_id AS proposed_key, l.id IS NOT NULL AS appealed
		FROM field_state s
		LEFT JOIN attestation d ON d.registrant_id = s.registrant_id AND d.field = s.field AND d.seq = s.seq
		LEFT JOIN attestation p ON p.registrant_id = s.registrant_id AND p.field = s.field AND p.seq = s.proposal
		LEFT JOIN attestation_appeal l ON l.registrant_id = s.registrant_id AND l.field = s.field AND l.seq = s.seq AND l.state = 'OPEN'
		WHERE s.registrant_id IN ?`, ids).Scan(&rows).Error
	if err != nil {
		return nil, fmt.Errorf("load where fields stand: %w", err)
	}
	out := make(map[uuid.UUID]map[int]standingRow, len(all))
	for _, row := range rows {
		if out[row.State.RegistrantID] == nil {
			out[row.State.RegistrantID] = map[int]standingRow{}
		}
		out[row.State.RegistrantID][row.State.Field] = row
	}
	return out, nil
}

// decide checks the decisions about one record. It gives a verdict for each, or
// what is wrong.
func (d *decider) decide(rec record, decisions []Decision) (verdicts []verdict, bad []fault.Field) {
	seen := map[string]bool{}
	for _, one := range decisions {
		v, wrong := d.decideOne(rec, one, seen)
		seen[one.Field] = true
		if wrong != nil {
			bad = append(bad, fault.Field{Name: shortKey(one.Field), Code: wrong.code, Detail: wrong.words})
			continue
		}
		verdicts = append(verdicts, v)
	}
	return verdicts, bad
}

func (d *decider) decideOne(rec record, one Decision, seen map[string]bool) (verdict, *mistake) {
	def, wrong := d.mayDecide(rec, one.Field, seen)
	if wrong != nil {
		return verdict{}, wrong
	}
	to, wrong := d.stateFor(rec, def, one)
	if wrong != nil {
		return verdict{}, wrong
	}
	if wrong := checkComment(to, one.Comment); wrong != nil {
		return verdict{}, wrong
	}
	if wrong := one.checkEvidence(d.documents[rec.row.ID]); wrong != nil {
		return verdict{}, wrong
	}
	is := d.standing[rec.row.ID][def.No]
	before := d.r.stateOf(rec, def.Key, is.State, d.b.at.Time)
	proposal := d.proposalFor(rec, def, is)
	held, wrong := d.hold(rec, def, to, is, proposal, len(one.Evidence) > 0)
	if wrong != nil {
		return verdict{}, wrong
	}
	from := attestation.Standing{State: before, Pending: proposal.By != "" || before == StateNew && is.State.State != "" && is.State.State != StateNew}
	if before == is.State.State {
		from.Status = is.State.Status
	}
	if !from.Allows(to, one.Status) {
		return verdict{}, &mistake{"bad_move", "From " + string(before) + " there is no way to " + string(to) + "."}
	}
	return d.verdict(rec, def, one, is, before, to, held.Proposes), nil
}

// mayDecide tells whether the actor decides about a field of the record at all.
func (d *decider) mayDecide(rec record, key string, seen map[string]bool) (*fieldDef, *mistake) {
	def := d.b.fields.byKey[key]
	switch {
	case def == nil:
		return nil, &mistake{CodeUnknownField, "There is no such field."}
	case !d.b.actor.maySee(def.Field):
		return nil, &mistake{"not_visible", "This account may not see this field."}
	case seen[key]:
		return nil, &mistake{"doubled", "There are two decisions about this field."}
	case !def.Attestable:
		return nil, &mistake{"not_attestable", "This field is not attested."}
	case !d.b.actor.mayAttest(def.Field, rec.row.Kind, rec.above):
		return nil, &mistake{"outside_section", "This account does not decide about this field."}
	case rec.text[key] == "":
		return nil, &mistake{"no_value", "There is no value to decide about."}
	}
	return def, nil
}

// stateFor is the state that a decision is for: its own, or that of its status.
func (d *decider) stateFor(rec record, def *fieldDef, one Decision) (State, *mistake) {
	if one.Status == "" {
		if !one.State.Decidable() {
			return "", &mistake{"bad_state", "NEW, ATTESTED, REJECTED or REVOKED."}
		}
		return one.State, nil
	}
	status, known := d.statuses[one.Status]
	switch {
	case !known:
		return "", &mistake{"unknown_status", "There is no such status."}
	case status.Retired:
		return "", &mistake{"status_retired", "This status is retired and takes no new decision."}
	case !status.usableBy(d.b.actor, def.Section, rec):
		return "", &mistake{"status_outside_office", "This status belongs to another office."}
	case one.State != "" && one.State != status.State:
		return "", &mistake{"bad_state", "The status stands for another state."}
	}
	return status.State, nil
}

func checkComment(to State, comment string) *mistake {
	switch {
	case to.NeedsComment() && strings.TrimSpace(comment) == "":
		return &mistake{"comment_required", "Say why. The person will read it."}
	case utf8.RuneCountInString(comment) > maxCommentLength:
		return tooLong(maxCommentLength)
	}
	return checkText(comment)
}

// proposalFor is the proposal that stands for the value that the field has now.
func (d *decider) proposalFor(rec record, def *fieldDef, is standingRow) attestation.Proposal {
	if is.State.Proposal == 0 || !d.r.keys.SameValue(string(is.ProposedKey), is.ProposedHash, rec.row.ID, def.Key, rec.text[def.Key]) {
		return attestation.Proposal{}
	}
	return attestation.Proposal{By: string(is.ProposedBy)}
}

// hold holds a decision to the policy of the field, and to the rule that nobody
// answers an appeal against the own rejection.
func (d *decider) hold(rec record, def *fieldDef, to State, is standingRow, proposal attestation.Proposal, evidence bool) (attestation.Verdict, *mistake) {
	by := d.b.actor.name()
	if is.Appealed && string(is.DecidedBy) == by {
		return attestation.Verdict{}, &mistake{"own_rejection", "The person appealed against this account's decision: somebody else has to answer."}
	}
	v := d.r.policyOf(def).Judge(attestation.Case{To: to, By: by, Authors: d.authors.of(rec, def.Key, by),
		InArea: d.b.actor.attestsInArea(def.Section, rec), Proposal: proposal, Evidence: evidence})
	if v.Code != "" {
		return v, &mistake{v.Code, v.Words}
	}
	return v, nil
}

func (d *decider) verdict(rec record, def *fieldDef, one Decision, is standingRow, before, to State, proposes bool) verdict {
	row := attestationRow{
		RegistrantID: rec.row.ID, Field: def.No, Seq: is.State.LastSeq + 1, VersionNo: rec.row.VersionNo,
		ValueHash: d.b.keys.ValueHash(rec.row.ID, def.Key, rec.text[def.Key]), HashKeyID: d.b.keys.HashKeyID(),
		State: to, Status: one.Status, Proposal: proposes, AttestedBy: d.b.actor.name(), At: d.b.at,
	}
	words := strings.TrimSpace(one.Comment)
	row.sealComment(rec.key, words)
	kind := KindProposal
	if !proposes {
		kind = KindAttestation
		row.ExpiresAt = nullTime(def.Attestation.ExpiresAt(to, d.b.at.Time))
	}
	return verdict{row: row, state: is.State.after(row), evidence: one.evidence(row), answers: is.Appealed && !proposes,
		diff: diffEntry{Field: def.Key, Kind: kind, Old: string(before), New: string(to), Status: one.Status, Comment: words}}
}

// policyOf is the policy of a field, with what the registry as a whole says of
// own edits.
func (r *Registry) policyOf(def *fieldDef) attestation.Policy {
	p := def.Attestation
	if p.OwnEdit == "" {
		p.OwnEdit = r.ownEdit
	}
	return p
}

// attestsInArea tells whether one of the actor's roles is bounded to an area that
// holds the record, and lets the actor decide about a section of it.
func (a Actor) attestsInArea(section string, rec record) bool {
	return slices.ContainsFunc(a.grants(rolesFor(toAttest)), func(g Grant) bool {
		return g.Area != "" && g.covers(rec.row.Kind, rec.above) && (g.Section == "" || g.Section == section)
	})
}
