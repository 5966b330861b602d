package web

import (
	"context"
	"net/http"
	"net/url"
	"strconv"

	"github.com/gin-gonic/gin"

	"socialregistry/api/auth"
	"socialregistry/api/respond"
	"socialregistry/internal/fault"
	"socialregistry/registry"
)

type attestView struct {
	personView
	Rows     []attestRow
	Comment  input
	Version  int
	Token    string
	Problems []problem
}

type attestRow struct {
	Key      string
	Label    words
	Now      shown
	Then     shown // when it was last decided on
	Differs  bool
	Badge    badge
	Meta     string
	Comment  string
	Selected bool
}

// AttestForm is GET /admin/people/:id/attest.
func (p *Pages) AttestForm(c *gin.Context) error { return p.attestation(c, http.StatusOK, nil, nil) }

// Attest is POST /admin/people/:id/attest: one decision for all ticked rows.
func (p *Pages) Attest(c *gin.Context) error {
	ctx := c.Request.Context()
	actor := auth.Actor(ctx)
	id, err := personID(c)
	if err != nil {
		return err
	}
	form, err := respond.Form(c)
	if err != nil {
		return err
	}
	version, decisions := decisionsOf(form)
	err = p.once(c, actor, form.Get("form"), func(ctx context.Context) (string, error) {
		return "/admin/people/" + id.String() + "/attest?done=decided", p.registry.Attest(ctx, actor, id, version, decisions)
	})
	switch problems, ok := formErrors(p.localeOf(c), err); {
	case err == nil:
		return nil
	case fault.CodeOf(err) == "version_conflict":
		return p.attestation(c, http.StatusConflict, form, []problem{{Text: p.localeOf(c).t("attest.moved")}})
	case ok:
		return p.attestation(c, http.StatusUnprocessableEntity, form, sameOnce(problems))
	}
	return err
}

func decisionsOf(form url.Values) (version int, decisions []registry.Decision) {
	version, err := strconv.Atoi(form.Get("version"))
	if err != nil {
		version = -1 // no record has it: the registry tells of a conflict
	}
	state := registry.StateRejected
	if form.Get("decision") == "attest" {
		state = registry.StateAttested
	}
	for _, key := range form["field"] {
		decisions = append(decisions, registry.Decision{Field: key, State: state, Comment: form.Get("comment")})
	}
	return version, decisions
}

// sameOnce keeps one of the problems that say the same of several rows. Those
// about rows go to the one comment below the table; that no row is selected is
// said at the table.
func sameOnce(problems []problem) []problem {
	var out []problem
	seen := map[string]bool{}
	for _, p := range problems {
		if !seen[p.Text] {
			seen[p.Text] = true
			to := "comment"
			if p.Field == "" {
				to = "attest"
			}
			out = append(out, problem{Field: to, Text: p.Text})
		}
	}
	return out
}

func (p *Pages) attestation(c *gin.Context, status int, form url.Values, problems []problem) error {
	rec, head, err := p.person(c, "/attest")
	if err != nil {
		return err
	}
	l := p.localeOf(c)
	v := attestView{personView: head, Version: rec.person.VersionNo, Problems: problems, Comment: input{ID: "comment", Kind: "area",
		Label: words{Text: l.t("attest.comment")}, Hint: words{Text: l.t("attest.comment_hint")}, Value: form.Get("comment"), Dir: "auto", MaxLength: 500,
		Wrong: wrongOf(problems, "comment")}}
	ticked := map[string]bool{}
	for _, key := range form["field"] {
		ticked[key] = true
	}
	value := p.masked // for those who only read
	if head.MayAttest {
		value = p.shownValue
	}
	for _, f := range rec.fields {
		if row, ok := p.attestRow(l, rec, f, value); ok {
			row.Selected = ticked[f.Key]
			v.Rows = append(v.Rows, row)
		}
	}
	if v.Token, err = p.registry.NewForm(auth.Actor(c.Request.Context())); err != nil {
		return err
	}
	return p.show(c, status, look{page: "person_attest", title: head.Who.Name, nav: "/admin/people", failed: len(problems) > 0}, v)
}

// attestRow is one value to decide on; ok is false where there is none.
func (p *Pages) attestRow(l *locale, rec record, f registry.Field, value func(*locale, registry.Field, string) shown) (attestRow, bool) {
	text := rec.person.Values[f.Key].Text
	if !f.Attestable || text == "" {
		return attestRow{}, false
	}
	s := rec.states[f.Key]
	row := attestRow{Key: f.Key, Label: p.label(l, f), Now: value(l, f, text), Badge: stateBadge(l, f, s),
		Then: value(l, f, s.AttestedText), Differs: s.Changed}
	if s.AttestedText == "" {
		row.Then = shown{Text: "—"}
	}
	if !s.At.IsZero() {
		row.Meta = l.t("attest.by", "who", s.By, "when", s.At)
	}
	if s.Proposal.By != "" {
		row.Meta = l.t("attest.proposed", "who", s.Proposal.By, "when", s.Proposal.At)
	}
	if s.State.NeedsComment() {
		row.Comment = s.Comment
	}
	return row, true
}
