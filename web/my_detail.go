package web

import (
	"context"
	"net/http"
	"net/url"
	"slices"

	"github.com/gin-gonic/gin"
	"github.com/google/uuid"

	"socialregistry/api/auth"
	"socialregistry/internal/fault"
	"socialregistry/registry"
)

const detailsPath = "/me/details"

func ownDetailPath(field string) string { return detailsPath + "/" + url.PathEscape(field) }

// ownDetail is one detail of the reader's record: where it stands, what was decided on
// it, and the documents that show it.
type ownDetail struct {
	turn
	Back, Action string
	Row          detail
	Edit, Appeal string // where it is changed, and where to appeal; "": not now
	Decisions    []decisionView
	Documents    []documentLink
	File         input
	Token        string
	Done         string
	Problems     []problem
}

// MyDetail is GET /me/details/:field.
func (p *Pages) MyDetail(c *gin.Context) error { return p.ownDetail(c, http.StatusOK, nil) }

func (p *Pages) ownDetail(c *gin.Context, status int, problems []problem) error {
	ctx, l := c.Request.Context(), p.localeOf(c)
	actor := auth.Actor(ctx)
	rec, f, err := p.ownField(ctx, actor, c.Param("field"))
	if err != nil {
		return err
	}
	page, err := p.registry.AttestationHistory(ctx, actor, actor.RegistrantID, f.Key, c.Query("after"), 50)
	if err != nil {
		return err
	}
	table := attestTable{p: p, l: l, rec: rec, value: p.ownValue}
	if table.statuses, err = p.registry.AttestationStatuses(ctx, actor); err != nil {
		return err
	}
	documents, err := p.registry.Documents(ctx, actor, actor.RegistrantID)
	if err != nil {
		return err
	}
	v := ownDetail{turn: turnOf(c.Request.URL, page.Next), Back: sectionHref(f), Action: ownDetailPath(f.Key), Row: p.detail(l, rec, f, p.ownValue), Problems: problems, Done: said(c, l, "owndetail.done_"),
		File: p.fileInput(l, "edit.file", "owndetail.file_hint", problems)}
	v.File.Required = true
	if mayEdit(actor, f) {
		v.Edit = "/me/edit/" + url.PathEscape(f.Section)
	}
	if state := rec.states[f.Key]; state.State == registry.StateRejected && state.Appeal.State == "" {
		v.Appeal = ownAppealPath(f.Key)
	}
	for _, d := range page.Decisions {
		one := table.decision(f, d)
		one.Evidence = ownDocumentLinks(p, l, documents, d.Evidence)
		v.Decisions = append(v.Decisions, one)
	}
	v.Documents = ownDocumentLinks(p, l, documents, linkedTo(documents, f.Key))
	if v.Token, err = p.registry.NewForm(actor); err != nil {
		return err
	}
	return p.show(c, status, look{page: "my_detail", title: v.Row.Label.Text, nav: "/me", failed: len(problems) > 0, here: v.Action}, v)
}

// ownField reads the reader's record and one of its details that somebody can decide
// on. It returns NotFound "no_such_field".
func (p *Pages) ownField(ctx context.Context, actor registry.Actor, key string) (record, registry.Field, error) {
	rec, err := p.load(ctx, actor, actor.RegistrantID)
	if err != nil {
		return rec, registry.Field{}, err
	}
	f, known := fieldsByKey(rec.fields)[key]
	if !known || !f.Attestable {
		return rec, f, fault.New(fault.NotFound, "no_such_field", "There is no such field.")
	}
	return rec, f, nil
}

// linkedTo are the documents that were linked to a field.
func linkedTo(documents []registry.Document, field string) (ids []uuid.UUID) {
	for _, d := range documents {
		if slices.Contains(d.Fields, field) {
			ids = append(ids, d.ID)
		}
	}
	return ids
}

// ownDocumentLinks are links to some of the reader's documents.
func ownDocumentLinks(p *Pages, l *locale, documents []registry.Document, ids []uuid.UUID) (out []documentLink) {
	for _, d := range documents {
		if slices.Contains(ids, d.ID) {
			out = append(out, p.documentLink(l, "/me", d))
		}
	}
	return out
}

// MyDetailPost is POST /me/details/:field: one more document that shows it.
func (p *Pages) MyDetailPost(c *gin.Context) error {
	ctx, l := c.Request.Context(), p.localeOf(c)
	actor := auth.Actor(ctx)
	_, f, err := p.ownField(ctx, actor, c.Param("field"))
	if err != nil {
		return err
	}
	form, err := readForm(c)
	if err != nil {
		return err
	}
	err = p.once(c, actor, form.Get("form"), func(ctx context.Context) (string, error) {
		reason := plainText(l.t("owndetail.reason", "field", p.label(l, f).Text))
		_, err := p.keepFileFor(ctx, actor, form, registry.NewDocument{Fields: []string{f.Key}, Reason: reason})
		return ownDetailPath(f.Key) + "?done=sent", err
	})
	if problems, ok := formErrors(l, err); ok {
		return p.ownDetail(c, http.StatusUnprocessableEntity, problems)
	}
	return err
}

// addMore leads from each detail that somebody can decide on to its page.
func addMore(l *locale, actor registry.Actor, rec record, sections []section) {
	byKey := fieldsByKey(rec.fields)
	for _, s := range sections {
		for n := range s.Details {
			d := &s.Details[n]
			f := byKey[d.Key]
			switch {
			case !f.Attestable:
			case rec.states[d.Key].State == registry.StateRejected && !mayEdit(actor, f):
				d.More = &ownLink{ownDetailPath(d.Key) + "#evidence", l.t("owndetail.send_for")}
			case rec.states[d.Key].State != "" || rec.states[d.Key].Changed:
				d.More = &ownLink{ownDetailPath(d.Key), l.t("owndetail.more")}
			}
		}
	}
}
