package registry_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/google/uuid"

	"socialregistry/internal/fault"
	"socialregistry/registry"
)

// A document says of which fields it is evidence; the change log has every link.
func TestADocumentIsLinkedToFields(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, x *fixture) {
		p, by := x.register(t, amina()), registrar()
		d, _, err := x.AddDocument(t.Context(), by, p.ID, strings.NewReader(aPDF), registry.NewDocument{Name: "c.pdf", Fields: []string{"birth_date", "sex", "sex"}})
		if err != nil || !slices.Equal(d.Fields, []string{"birth_date", "sex"}) {
			t.Fatalf("%+v, %v", d.Fields, err)
		}
		if _, err := x.LinkDocument(t.Context(), by, p.ID, d.ID, registry.DocumentLinks{Fields: []string{"given_name", "sex"}, Reason: "better"}); err != nil {
			t.Fatal(err)
		}
		list, err := x.Documents(t.Context(), attester(), p.ID)
		if err != nil || len(list) != 1 || !slices.Equal(list[0].Fields, []string{"given_name", "sex"}) || list[0].Used != nil {
			t.Fatalf("%+v, %v", list, err)
		}
		log, err := x.History(t.Context(), by, p.ID)
		last := log[len(log)-1]
		if err != nil || last.Reason != "better" || len(last.Changes) != 2 || last.Changes[0].Old != d.ID.String() || last.Changes[1].New != d.ID.String() {
			t.Errorf("%+v, %v", last, err)
		}
		if err := x.VerifyChain(t.Context(), p.ID); err != nil {
			t.Error(err)
		}
		for _, bad := range []struct {
			actor    registry.Actor
			document uuid.UUID
			fields   []string
			kind     fault.Kind
		}{
			{by, d.ID, []string{"no_such_field"}, fault.Invalid}, {by, uuid.New(), nil, fault.NotFound}, {actor(registry.RoleAuditor), d.ID, nil, fault.Forbidden},
			{self(p.ID), d.ID, nil, fault.NotFound}, {self(uuid.New()), d.ID, nil, fault.NotFound},
		} {
			if _, err := x.LinkDocument(t.Context(), bad.actor, p.ID, bad.document, registry.DocumentLinks{Fields: bad.fields}); fault.KindOf(err) != bad.kind {
				t.Errorf("%v: %v, want %v", bad.fields, err, bad.kind)
			}
		}
		if err := x.RemoveDocument(t.Context(), by, p.ID, d.ID, "a link does not hold it"); err != nil {
			t.Error(err)
		}
	})
}

// Nobody is told of a document by a field that they may not see, and a link that
// they are not told of stays.
func TestALinkToAHiddenFieldHidesTheDocument(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, x *fixture) {
		x.define(t, registry.Field{Key: "diagnosis", Type: registry.TypeText, Label: label("Diagnosis"), Attestable: true, SeeBy: []registry.Role{registry.RoleAttester}})
		p, by := x.register(t, amina()), registrar()
		d := x.addDocument(t, by, p.ID, aPDF, "c.pdf")
		if _, err := x.LinkDocument(t.Context(), by, p.ID, d.ID, registry.DocumentLinks{Fields: []string{"diagnosis"}}); fault.KindOf(err) != fault.Invalid {
			t.Errorf("a hidden field was named: %v", err)
		}
		if _, err := x.LinkDocument(t.Context(), attester(), p.ID, d.ID, registry.DocumentLinks{Fields: []string{"diagnosis"}}); err != nil {
			t.Fatal(err)
		}
		if got := x.documents(t, actor(registry.RoleAuditor), p.ID); len(got) != 0 {
			t.Errorf("the auditor is told of %v", got)
		}
		if got, err := x.LinkDocument(t.Context(), by, p.ID, d.ID, registry.DocumentLinks{Fields: []string{"sex"}}); err != nil || !slices.Equal(got.Fields, []string{"sex", "diagnosis"}) {
			t.Errorf("%v, %v", got.Fields, err)
		}
	})
}
