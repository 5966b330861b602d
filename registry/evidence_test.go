package registry_test

import (
	"slices"
	"testing"

	"github.com/google/uuid"

	"socialregistry/internal/fault"
	"socialregistry/registry"
	"socialregistry/registry/attestation"
)

func TestADecisionNamesItsEvidence(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, x *fixture) {
		x.define(t, registry.Field{Key: "report", Type: registry.TypeDocument, Label: label("Report"), SeeBy: []registry.Role{registry.RoleAdmin, registry.RoleRegistrar}})
		x.define(t, registry.Field{Key: "permit_no", Type: registry.TypeText, Label: label("Permit"), Attestable: true, Attestation: attestation.Policy{EvidenceRequired: true}})
		p, other := x.register(t, amina()), x.register(t, map[string]string{"full_name": "Brian"})
		p = x.edit(t, p, map[string]string{"permit_no": "P-1"})
		scan := x.addDocument(t, registrar(), p.ID, aPDF, "permit.pdf")
		hidden := x.addDocument(t, registrar(), p.ID, "report", "report.txt")
		p = x.edit(t, p, map[string]string{"report": hidden.SHA256})
		theirs := x.addDocument(t, registrar(), other.ID, aPDF, "theirs.pdf")
		decide := func(state registry.State, evidence ...uuid.UUID) error {
			return x.Attest(t.Context(), attester(), p.ID, p.VersionNo, []registry.Decision{{Field: "permit_no", State: state, Comment: "unreadable", Evidence: evidence}})
		}
		for name, c := range map[string]struct {
			evidence []uuid.UUID
			code     string
		}{
			"none":            {nil, "evidence_required"},
			"nobody's":        {[]uuid.UUID{uuid.New()}, registry.CodeNoDocument},
			"another's":       {[]uuid.UUID{scan.ID, theirs.ID}, registry.CodeNoDocument},
			"a hidden one":    {[]uuid.UUID{hidden.ID}, registry.CodeNoDocument},
			"too many of one": {slices.Repeat([]uuid.UUID{scan.ID}, 21), registry.CodeTooLarge},
		} {
			err := decide(registry.StateAttested, c.evidence...)
			if got := fields(err); fault.CodeOf(err) != "invalid_decisions" || !slices.Equal(got, []string{"permit_no:" + c.code}) {
				t.Errorf("%s: %v", name, err)
			}
		}
		if got := x.documents(t, self(p.ID), p.ID); len(got) != 0 {
			t.Errorf("before a decision the registrant is shown %q", got)
		}
		if err := decide(registry.StateAttested, scan.ID, scan.ID); err != nil {
			t.Fatal(err, fields(err))
		}
		states, err := x.FieldStates(t.Context(), self(p.ID), p.ID)
		if err != nil || !slices.Equal(states["permit_no"].Evidence, []uuid.UUID{scan.ID}) {
			t.Errorf("state = %+v (%v)", states["permit_no"], err)
		}
		past, err := x.AttestationHistory(t.Context(), self(p.ID), p.ID, "permit_no", "", 0)
		if err != nil || len(past.Decisions) != 1 || !slices.Equal(past.Decisions[0].Evidence, []uuid.UUID{scan.ID}) {
			t.Errorf("history = %+v (%v)", past, err)
		}
		x.wantLog(t, p.ID, registry.FieldChange{Field: "permit_no", Kind: registry.KindAttestation, Old: "NEW", New: "ATTESTED", Comment: "unreadable"},
			registry.FieldChange{Field: "permit_no", Kind: registry.KindDocument, New: scan.ID.String()})
		if got := x.documents(t, self(p.ID), p.ID); !slices.Equal(got, []string{"permit.pdf"}) {
			t.Errorf("the registrant is shown %q", got)
		}
		if err := decide(registry.StateRejected); err != nil { // who says no needs none
			t.Error(err, fields(err))
		}
		wantFault(t, x.RemoveDocument(t.Context(), admin(), p.ID, scan.ID, ""), fault.Conflict, "document_in_use")
		if err := x.VerifyChain(t.Context(), p.ID); err != nil {
			t.Error(err)
		}
	})
}
