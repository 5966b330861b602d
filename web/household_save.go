package web

import (
	"context"
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"github.com/gin-gonic/gin"
	"github.com/google/uuid"

	"socialregistry/internal/fault"
	"socialregistry/registry"
)

// HouseholdPost is POST /admin/people/:id/household: one change of the family.
func (p *Pages) HouseholdPost(c *gin.Context) error {
	d, form, err := p.desked(c, keepers()...)
	if err != nil {
		return err
	}
	id, err := personID(c)
	if err != nil {
		return err
	}
	return d.change(form, "kin.moved", func(ctx context.Context) (string, error) {
		return "/admin/people/" + id.String() + "/household?done=family", p.relate(ctx, d.actor, id, form)
	}, func(status int, problems []problem) error {
		if status != http.StatusConflict {
			problems = kinProblems(problems, form.Get("tie"))
		}
		return p.household(c, status, form, problems)
	})
}

// relate does what the form says.
func (p *Pages) relate(ctx context.Context, actor registry.Actor, id uuid.UUID, form url.Values) error {
	reason := strings.TrimSpace(form.Get("reason"))
	if err := requireReason(reason); err != nil {
		return err
	}
	expect, err := strconv.ParseInt(form.Get("expect"), 10, 64)
	if err != nil {
		expect = -1 // no record is there
	}
	remove := form.Get("step") == "remove"
	marriage := registry.SpouseChange{Spouse: oneOf(form, "spouse_id"), Reason: reason, Expect: expect, Marriage: registry.Marriage{IsMarried: form.Get("is_married") != "",
		MarriedOn: form.Get("married_on"), IsSeparated: form.Get("is_separated") != "", SeparatedOn: form.Get("separated_on")}}
	guardian := registry.GuardianChange{From: form.Get("from"), To: form.Get("to"), Reason: reason, Expect: expect}
	switch tie := form.Get("tie"); {
	case tie == tieParents:
		_, err = p.registry.SetParents(ctx, actor, id, registry.ParentsChange{Parent1: oneOf(form, "parent1_id"), Parent2: oneOf(form, "parent2_id"),
			IsAdopted: form.Get("is_adopted") != "", AgeReason: form.Get("age_reason"), Reason: reason, Expect: expect})
	case tie == tieSpouse:
		_, err = p.registry.AddSpouse(ctx, actor, id, marriage)
	case tie == tieMarriage && remove:
		_, err = p.registry.RemoveSpouse(ctx, actor, id, oneOf(form, "of"), marriage)
	case tie == tieMarriage:
		_, err = p.registry.EditSpouse(ctx, actor, id, oneOf(form, "of"), marriage)
	case tie == tieGuardian:
		guardian.Guardian = oneOf(form, "guardian_id")
		_, err = p.registry.AddGuardian(ctx, actor, id, guardian)
	case tie == tieGuardianship && remove:
		guardian.Guardian = oneOf(form, "of")
		_, err = p.registry.RemoveGuardian(ctx, actor, id, guardian)
	case tie == tieGuardianship:
		guardian.Guardian = oneOf(form, "of")
		_, err = p.registry.EndGuardian(ctx, actor, id, guardian)
	default:
		err = fault.New(fault.Invalid, "form_expired", "This form was open for too long. Open it again.")
	}
	return err
}

// oneOf reads an id of a form; what is none is uuid.Nil.
func oneOf(form url.Values, name string) uuid.UUID {
	if ids := idsOf([]string{form.Get(name)}, 1); len(ids) > 0 {
		return ids[0]
	}
	return uuid.Nil
}

// kinProblems leads what is wrong as a whole to the input that it is about.
func kinProblems(problems []problem, tie string) []problem {
	to := map[string]string{tieSpouse: "spouse_id", tieGuardian: "guardian_id", tieGuardianship: "to"}
	for i := range problems {
		if problems[i].Field == "" {
			problems[i].Field = to[tie]
		}
		if tie == tieMarriage && problems[i].Field == "spouse_id" {
			problems[i].Field = ""
		}
	}
	return problems
}
