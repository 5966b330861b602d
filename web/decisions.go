package web

import (
	"net/http"
	"slices"

	"github.com/gin-gonic/gin"
	"github.com/google/uuid"

	"socialregistry/api/auth"
	"socialregistry/registry"
)

type decisionsView struct {
	personView
	turn
	Field     words
	Decisions []decisionView
}

// decisionView is one decision as it was made.
type decisionView struct {
	No       int
	Badge    badge
	Status   words
	Value    shown
	When, By string
	Comment  string
	Until    string
	Note     string // the first of two attesters, or taken back with an import
	Appeal   string
	Answer   string
	Evidence []documentLink
}

// PersonDecisions is GET /admin/people/:id/attestations/:field: all decisions about
// one field, the oldest first.
func (p *Pages) PersonDecisions(c *gin.Context) error {
	rec, head, err := p.person(c, "/attest")
	if err != nil {
		return err
	}
	ctx, l := c.Request.Context(), p.localeOf(c)
	actor := auth.Actor(ctx)
	page, err := p.registry.AttestationHistory(ctx, actor, rec.person.ID, c.Param("field"), c.Query("after"), peoplePage)
	if err != nil {
		return err
	}
	table := attestTable{p: p, l: l, rec: rec, value: p.masked, base: head.Who.Base}
	if table.statuses, err = p.registry.AttestationStatuses(ctx, actor); err != nil {
		return err
	}
	if table.documents, err = p.registry.Documents(ctx, actor, rec.person.ID); err != nil {
		return err
	}
	v := decisionsView{personView: head}
	for _, f := range rec.fields {
		if f.Key != c.Param("field") {
			continue
		}
		v.Field = p.label(l, f)
		for _, d := range page.Decisions {
			v.Decisions = append(v.Decisions, table.decision(f, d))
		}
	}
	v.turn = turnOf(c.Request.URL, page.Next)
	return p.show(c, http.StatusOK, look{page: "person_decisions", title: head.Who.Name, nav: navOf(c)}, v)
}

func (t attestTable) decision(f registry.Field, d registry.PastDecision) decisionView {
	l := t.l
	v := decisionView{No: d.Seq, Badge: stateBadge(l, f, registry.FieldState{State: d.State}), Status: t.statusWords(d.Status), Value: t.value(l, f, d.Text),
		When: l.dateTime(d.At), By: d.By, Comment: d.Comment}
	if d.State == registry.StateNew {
		v.Badge = badge{"none", "minus", l.t("attest.taken_back")}
	}
	if !d.ExpiresAt.IsZero() {
		v.Until = l.t("attest.until", "when", d.ExpiresAt)
	}
	switch {
	case d.Proposal:
		v.Note = l.t("attest.was_proposal")
	case d.Undoes > 0:
		v.Note = l.t("attest.undone", "n", d.Undoes)
	}
	if d.Appeal.ID != uuid.Nil {
		v.Appeal, v.Answer = l.t("appeal.state_"+string(d.Appeal.State)), d.Appeal.Answer
	}
	for _, doc := range t.documents {
		if slices.Contains(d.Evidence, doc.ID) {
			v.Evidence = append(v.Evidence, t.p.documentLink(l, t.base, doc))
		}
	}
	return v
}
