package web

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/gin-gonic/gin"
	"github.com/google/uuid"

	"socialregistry/internal/fault"
	"socialregistry/registry"
)

// statusChoice stands before the key of a status among the other decisions.
const statusChoice = "status:"

type attestView struct {
	personView
	Rows      []attestRow
	Documents []evidenceTick // that a decision can be based on
	Comment   input
	Other     input // decisions that have no button of their own
	Queue     queuePlace
	Version   int
	Token     string
	Problems  []problem
}

// evidenceTick is one document of the record.
type evidenceTick struct {
	documentLink
	ID       string
	Selected bool
}

// AttestForm is GET /admin/people/:id/attest.
func (p *Pages) AttestForm(c *gin.Context) error {
	return p.attestation(c, http.StatusOK, attesting{})
}

// Attest is POST /admin/people/:id/attest: one decision for all ticked rows.
func (p *Pages) Attest(c *gin.Context) error {
	d, form, err := p.desked(c, attesters()...)
	if err != nil {
		return err
	}
	id, err := personID(c)
	if err != nil {
		return err
	}
	version, decisions, err := decisionsOf(form)
	return d.send(form, func(ctx context.Context) (string, error) {
		if err == nil {
			err = p.registry.Attest(ctx, d.actor, id, version, decisions)
		}
		return attestPath(basePath(c, id), "decided", workOf(form)), err
	}, func(status int, problems []problem) error {
		if status == http.StatusConflict {
			return p.attestation(c, status, attesting{form: form, seen: version, problems: []problem{{Text: d.l.t("attest.moved")}}})
		}
		return p.attestation(c, status, attesting{form: form, problems: problems, refused: refusedFields(d.l, err)})
	})
}

// attestPath is the address of the decisions about a record, in a queue or not.
func attestPath(base, done string, in work) string {
	query := url.Values{}
	if done != "" {
		query.Set("done", done)
	}
	if in.queue != "" {
		query.Set("queue", string(in.queue))
	}
	if in.queue != "" && in.at != "" {
		query.Set("spot", in.at)
	}
	return addressOf(base+"/attest", query)
}

// decisionsOf reads what is decided, by which button, about which rows, and on
// which documents.
func decisionsOf(form url.Values) (version int, decisions []registry.Decision, err error) {
	version = versionOf(form)
	d := registry.Decision{Comment: form.Get("comment")}
	switch form.Get("decision") {
	case "attest":
		d.State = registry.StateAttested
	case "reject":
		d.State = registry.StateRejected
	default:
		key, isStatus := strings.CutPrefix(form.Get("other"), statusChoice)
		switch {
		case isStatus:
			d.Status = key
		case key == "":
			return version, nil, fault.InvalidFields("no_decision", "Choose a decision.", []fault.Field{{Name: "other", Code: "no_decision", Detail: "Choose a decision."}})
		default:
			d.State = registry.State(key)
		}
	}
	for _, text := range form["evidence"] {
		id, err := uuid.Parse(text)
		if err != nil {
			return version, nil, fault.Wrap(fault.NotFound, "no_such_document", "This record has no such document.", err)
		}
		d.Evidence = append(d.Evidence, id)
	}
	for _, key := range form["field"] {
		d.Field = key
		decisions = append(decisions, d)
	}
	return version, decisions, nil
}

// attesting is the form as it was sent, and what is wrong with it.
type attesting struct {
	form     url.Values
	problems []problem
	refused  map[string]string // by field: why the registry refuses the decision
	seen     int               // version that was looked at, when the record has moved since; 0: it has not
}

// refusedFields is why each row was refused. That there is no comment is about the
// comment.
func refusedFields(l *locale, err error) map[string]string {
	var f *fault.Error
	out := map[string]string{}
	if errors.As(err, &f) {
		for _, field := range f.Fields {
			if !aboutComment(field.Code) {
				out[field.Name] = faultText(l, field.Code, field.Detail)
			}
		}
	}
	return out
}

func aboutComment(code string) bool {
	return slices.Contains([]string{"comment_required", "too_long", "control_character", "damaged_text"}, code)
}

func (p *Pages) attestation(c *gin.Context, status int, a attesting) error {
	rec, head, err := p.person(c, "/attest")
	if err != nil {
		return err
	}
	d := p.visit(c)
	documents, err := p.registry.Documents(d.ctx, d.actor, rec.person.ID)
	if err != nil {
		return err
	}
	v := attestView{personView: head, Version: rec.person.VersionNo}
	table := attestTable{p: p, l: d.l, rec: rec, value: p.masked, documents: documents, base: head.Who.Base}
	if head.MayAttest { // those who only read see what is sealed masked
		table.value = p.shownValue
	}
	if a.seen > 0 {
		if table.before, err = p.valuesOf(d.ctx, d.actor, rec.person.ID, a.seen); err != nil {
			return err
		}
	}
	if table.statuses, err = p.registry.AttestationStatuses(d.ctx, d.actor); err != nil {
		return err
	}
	v.Rows = table.rows(a)
	v.Documents = table.ticks(a.form["evidence"])
	v.fill(d.l, table, a)
	if v.Queue, err = p.placeInQueue(c, rec.person.ID, a.form); err != nil {
		return err
	}
	v.Token = d.token()
	return d.page(status, look{page: "person_attest", title: head.Who.Name, nav: navOf(c), failed: len(v.Problems) > 0}, v)
}

// fill adds the inputs below the table, and what is wrong: about a row at the row,
// about the comment at the comment, everything else at the top.
func (v *attestView) fill(l *locale, table attestTable, a attesting) {
	var comment, other string
	for _, pr := range a.problems {
		switch {
		case pr.Field == "other":
			other = pr.Text
			v.Problems = append(v.Problems, pr)
		case a.refused[pr.Field] != "":
			v.Problems = append(v.Problems, problem{Field: "p-" + pr.Field, Text: l.t("edit.problem", "field", table.labelOf(pr.Field), "text", pr.Text)})
		case pr.Field == "":
			v.Problems = append(v.Problems, problem{Field: "attest", Text: pr.Text})
		case comment == "":
			comment = pr.Text
			v.Problems = append(v.Problems, problem{Field: "comment", Text: pr.Text})
		}
	}
	v.Comment = input{ID: "comment", Kind: "area", Label: words{Text: l.t("attest.comment")}, Hint: words{Text: l.t("attest.comment_hint")},
		Value: a.form.Get("comment"), Dir: "auto", MaxLength: 500, Wrong: comment}
	v.Other = input{ID: "other", Kind: "choice", Label: words{Text: l.t("attest.other")}, Hint: words{Text: l.t("attest.other_hint")},
		Options: table.otherDecisions(a.form.Get("other")), Wrong: other}
}

// valuesOf is the values of a version that somebody looked at, nil if there is no
// such version.
func (p *Pages) valuesOf(ctx context.Context, actor registry.Actor, id uuid.UUID, number int) (map[string]registry.Value, error) {
	version, err := p.registry.Version(ctx, actor, id, number)
	if fault.KindOf(err) == fault.NotFound {
		return nil, nil
	}
	return version.Values, err
}
