package web

import (
	"context"
	"errors"
	"fmt"
	"io"
	"mime/multipart"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/gin-gonic/gin"
	"github.com/google/uuid"

	"socialregistry/api/auth"
	"socialregistry/api/respond"
	"socialregistry/internal/fault"
	"socialregistry/registry"
)

// maxLinks is how many fields a form for a document may name.
const maxLinks = 200

type documentsView struct {
	personView
	Documents []documentView
	MayAdd    bool
	File      input
	Reason    input
	Links     []columnTick // fields that a document can be evidence of
	Limit     string
	Token     string
	Problems  []problem
}

// documentView is one document in the list.
type documentView struct {
	documentLink
	Page   string // where it is linked and removed; "": not for the reader
	Meta   string
	Fields []words // that it was linked to
	Used   []words // whose values or decisions rest on it
}

// documentLink is where a document opens as a file.
func (p *Pages) documentLink(l *locale, base string, d registry.Document) documentLink {
	return documentLink{Href: base + "/documents/" + d.ID.String() + "/file", Name: d.Name, Kind: l.t("document.kind", "type", documentType(d.MediaType), "size", sizeWords(l, d.Size))}
}

// documentType is a media type as people call it.
func documentType(mediaType string) string {
	_, kind, _ := strings.Cut(mediaType, "/")
	kind, _, _ = strings.Cut(kind, ";")
	if kind == "plain" {
		kind = "text"
	}
	return strings.ToUpper(kind)
}

// sizeWords writes a size in KB or MB, rounded up.
func sizeWords(l *locale, bytes int64) string {
	if bytes < 1<<20 {
		return l.t("size.kb", "n", int((bytes+1<<10-1)>>10))
	}
	return l.t("size.mb", "n", int((bytes+1<<20-1)>>20))
}

// PersonDocuments is GET /admin/people/:id/documents.
func (p *Pages) PersonDocuments(c *gin.Context) error {
	return p.personDocuments(c, http.StatusOK, documentForm{}, nil)
}

func (p *Pages) personDocuments(c *gin.Context, status int, sent documentForm, problems []problem) error {
	rec, head, err := p.person(c, "/documents")
	if err != nil {
		return err
	}
	ctx, l := c.Request.Context(), p.localeOf(c)
	actor := auth.Actor(ctx)
	list, err := p.registry.Documents(ctx, actor, rec.person.ID)
	if err != nil {
		return err
	}
	v := documentsView{personView: head, MayAdd: mayAddDocument(actor), Problems: problems, Limit: sizeWords(l, p.registry.MaxDocument()),
		Reason: input{ID: "reason", Kind: "text", Label: words{Text: l.t("document.reason")}, Value: sent.reason, Dir: "auto", MaxLength: 500, Wrong: wrongOf(problems, "reason")}}
	v.File = input{ID: "file", Kind: "document", Label: words{Text: l.t("document.file")}, Hint: words{Text: l.t("document.file_hint", "size", v.Limit)}, Required: true, Wrong: wrongOf(problems, "file")}
	for _, d := range list {
		v.Documents = append(v.Documents, p.documentView(l, rec, head, actor, d))
	}
	v.Links = p.linkTicks(l, rec.fields, sent.fields)
	if v.Token, err = p.registry.NewForm(actor); err != nil {
		return err
	}
	return p.show(c, status, look{page: "person_documents", title: head.Who.Name, nav: navOf(c), failed: len(problems) > 0}, v)
}

func (p *Pages) documentView(l *locale, rec record, head personView, actor registry.Actor, d registry.Document) documentView {
	v := documentView{documentLink: p.documentLink(l, head.Who.Base, d), Meta: l.t("attest.by", "who", d.UploadedBy, "when", d.UploadedAt),
		Fields: p.labelsIn(l, rec.fields, d.Fields), Used: p.labelsIn(l, rec.fields, d.Used)}
	if mayAddDocument(actor) {
		v.Page = head.Who.Base + "/documents/" + d.ID.String()
	}
	return v
}

// labelsIn is what fields are called, in the order of the definitions.
func (p *Pages) labelsIn(l *locale, fields []registry.Field, keys []string) []words {
	var out []words
	for _, f := range fields {
		if slices.Contains(keys, f.Key) {
			out = append(out, p.label(l, f))
		}
	}
	return out
}

// linkedTo is what a document is linked to, as one value.
func (p *Pages) linkedTo(l *locale, fields []registry.Field, keys []string) shown {
	var names []string
	for _, w := range p.labelsIn(l, fields, keys) {
		names = append(names, w.Text)
	}
	if len(names) == 0 {
		return shown{Text: l.t("value.none"), Empty: true}
	}
	return shown{Text: strings.Join(names, " · "), Dir: "auto"}
}

func (p *Pages) linkTicks(l *locale, fields []registry.Field, chosen []string) []columnTick {
	var out []columnTick
	for _, f := range fields {
		if f.Attestable && !f.Retired || slices.Contains(chosen, f.Key) {
			out = append(out, columnTick{Value: f.Key, Label: p.label(l, f), Selected: slices.Contains(chosen, f.Key)})
		}
	}
	return out
}

// documentForm is the parts of a form for a document, up to the file.
type documentForm struct {
	token, reason, name string
	fields              []string
	file                io.Reader
}

// DocumentAdd is POST /admin/people/:id/documents.
func (p *Pages) DocumentAdd(c *gin.Context) error {
	ctx, l := c.Request.Context(), p.localeOf(c)
	actor := auth.Actor(ctx)
	if err := auth.Allow(c, documentAdders()...); err != nil {
		return err
	}
	id, err := personID(c)
	if err != nil {
		return err
	}
	sent, err := readDocument(c.Request)
	if err == nil {
		err = p.once(c, actor, sent.token, func(ctx context.Context) (string, error) {
			return basePath(c, id) + "/documents?done=document_added", p.addDocument(ctx, actor, id, sent)
		})
	}
	var f *fault.Error
	var cut *http.MaxBytesError
	if errors.As(err, &cut) || fault.KindOf(err) == fault.TooLarge {
		text := l.t("document.too_large", "size", sizeWords(l, p.registry.MaxDocument()))
		return p.personDocuments(c, http.StatusUnprocessableEntity, sent, []problem{{Field: "file", Text: text}})
	}
	if errors.As(err, &f) && (f.Kind == fault.Invalid || f.Kind == fault.Unavailable) {
		problems := []problem{{Field: "file", Text: faultText(l, f.Code, f.Detail)}}
		if f.Code == "invalid_values" {
			problems = []problem{{Field: "reason", Text: fieldProblems(l, f)[0].Text}}
		}
		return p.personDocuments(c, http.StatusUnprocessableEntity, sent, problems)
	}
	return err
}

// addDocument keeps the file. One that was there already gets the new links, too.
func (p *Pages) addDocument(ctx context.Context, actor registry.Actor, id uuid.UUID, sent documentForm) error {
	d, isNew, err := p.registry.AddDocument(ctx, actor, id, sent.file, registry.NewDocument{Name: sent.name, Fields: sent.fields, Reason: sent.reason})
	if err != nil || isNew || len(sent.fields) == 0 {
		return err
	}
	_, err = p.registry.LinkDocument(ctx, actor, id, d.ID, registry.DocumentLinks{Fields: sent.fields, Also: true, Reason: sent.reason})
	return err
}

// readDocument reads the parts of the form before the file, which is left unread.
func readDocument(r *http.Request) (sent documentForm, err error) {
	parts, err := r.MultipartReader()
	if err != nil {
		return sent, fault.Wrap(fault.Invalid, "upload_malformed", "The upload could not be read.", err)
	}
	for {
		part, err := parts.NextPart()
		switch {
		case errors.Is(err, io.EOF):
			return sent, fault.New(fault.Invalid, "file_missing", "Choose a file.")
		case err != nil:
			return sent, fault.Wrap(fault.Invalid, "upload_malformed", "The upload could not be read.", err)
		case part.FormName() == "file":
			if sent.name, sent.file = part.FileName(), part; sent.name == "" {
				return sent, fault.New(fault.Invalid, "file_missing", "Choose a file.")
			}
			return sent, nil
		}
		if err := sent.take(part); err != nil {
			return sent, err
		}
	}
}

func (sent *documentForm) take(part *multipart.Part) error {
	value, err := io.ReadAll(io.LimitReader(part, maxPart))
	if err != nil {
		return fault.Wrap(fault.Invalid, "upload_malformed", "The upload could not be read.", err)
	}
	switch part.FormName() {
	case "form":
		sent.token = string(value)
	case "reason":
		sent.reason = string(value)
	case "field":
		if len(sent.fields) < maxLinks {
			sent.fields = append(sent.fields, string(value))
		}
	}
	return nil
}

// DocumentFile is GET /admin/people/:id/documents/:document/file: a file that the
// browser keeps and never shows.
func (p *Pages) DocumentFile(c *gin.Context) error {
	ctx := c.Request.Context()
	id, document, err := documentID(c)
	if err != nil {
		return err
	}
	f, err := p.registry.OpenDocument(ctx, auth.Actor(ctx), id, document)
	if err != nil {
		return err
	}
	c.Header("Cache-Control", "no-store")
	return respond.Attachment(c, respond.File{Name: f.Name, ContentType: f.MediaType, Size: f.Size, Body: f})
}

func documentID(c *gin.Context) (id, document uuid.UUID, err error) {
	if id, err = personID(c); err != nil {
		return id, document, err
	}
	if document, err = uuid.Parse(c.Param("document")); err != nil {
		err = fault.Wrap(fault.NotFound, "no_such_document", "This record has no such document.", err)
	}
	return id, document, err
}

type documentPageView struct {
	personView
	Document  documentView
	Links     []columnTick
	LinkWhy   input
	RemoveWhy input
	MayRemove bool
	Seen      string     // what it is linked to, as the form is filled
	Stale     []staleRow // somebody else has linked it meanwhile
	Token     string
	Token2    string
	Problems  []problem
}

// PersonDocument is GET /admin/people/:id/documents/:document: what it is evidence
// of, and the way to remove it.
func (p *Pages) PersonDocument(c *gin.Context) error {
	return p.personDocument(c, http.StatusOK, nil, nil)
}

func (p *Pages) personDocument(c *gin.Context, status int, form url.Values, problems []problem) error {
	_, document, err := documentID(c)
	if err != nil {
		return err
	}
	rec, head, err := p.person(c, "/documents")
	if err != nil {
		return err
	}
	ctx, l := c.Request.Context(), p.localeOf(c)
	actor := auth.Actor(ctx)
	list, err := p.registry.Documents(ctx, actor, rec.person.ID)
	if err != nil {
		return err
	}
	at := slices.IndexFunc(list, func(d registry.Document) bool { return d.ID == document })
	if at < 0 {
		return fault.New(fault.NotFound, "no_such_document", "This record has no such document.")
	}
	reason := func(id string) input {
		return input{ID: id, Kind: "text", Label: words{Text: l.t("edit.reason")}, Value: form.Get(id), Dir: "auto", MaxLength: 500, Wrong: wrongOf(problems, id)}
	}
	v := documentPageView{personView: head, Document: p.documentView(l, rec, head, actor, list[at]), Problems: problems, LinkWhy: reason("link_reason"),
		RemoveWhy: reason("remove_reason"), MayRemove: isOfficer(actor) && len(list[at].Used) == 0}
	chosen := list[at].Fields
	if form.Has("step") {
		chosen = form["field"]
	}
	v.RemoveWhy.Required = true
	v.Seen = strings.Join(list[at].Fields, ",")
	if form.Has("seen") && status != http.StatusConflict {
		v.Seen = form.Get("seen")
	}
	if status == http.StatusConflict {
		v.Stale = []staleRow{{Label: words{Text: l.t("document.links")}, Mine: p.linkedTo(l, rec.fields, chosen), There: p.linkedTo(l, rec.fields, list[at].Fields)}}
	}
	v.Links = p.linkTicks(l, rec.fields, chosen)
	for _, token := range []*string{&v.Token, &v.Token2} {
		if *token, err = p.registry.NewForm(actor); err != nil {
			return err
		}
	}
	return p.show(c, status, look{page: "person_document", title: list[at].Name, nav: navOf(c), failed: len(problems) > 0}, v)
}

// DocumentChange is POST /admin/people/:id/documents/:document: it is linked to
// fields, or removed.
func (p *Pages) DocumentChange(c *gin.Context) error {
	actor, l := auth.Actor(c.Request.Context()), p.localeOf(c)
	id, document, err := documentID(c)
	if err != nil {
		return err
	}
	form, err := respond.Form(c)
	if err != nil {
		return err
	}
	remove := form.Get("step") == "remove"
	needed := documentAdders()
	if remove {
		needed = officers()
	}
	if err := auth.Allow(c, needed...); err != nil {
		return err
	}
	if remove && strings.TrimSpace(form.Get("remove_reason")) == "" {
		return p.personDocument(c, http.StatusUnprocessableEntity, form, []problem{{Field: "remove_reason", Text: l.t("fault.reason_missing")}})
	}
	err = p.once(c, actor, form.Get("form"), func(ctx context.Context) (string, error) {
		base := basePath(c, id) + "/documents?done="
		if remove {
			return base + "document_removed", p.registry.RemoveDocument(ctx, actor, id, document, form.Get("remove_reason"))
		}
		links := registry.DocumentLinks{Fields: form["field"], Seen: slices.DeleteFunc(strings.Split(form.Get("seen"), ","), func(key string) bool { return key == "" }), Reason: form.Get("link_reason")}
		_, err := p.registry.LinkDocument(ctx, actor, id, document, links)
		return base + "document_linked", err
	})
	if fault.CodeOf(err) == "version_conflict" {
		return p.personDocument(c, http.StatusConflict, form, nil)
	}
	if problems, ok := formErrors(l, err); err != nil && ok {
		return p.personDocument(c, http.StatusUnprocessableEntity, form, problems[:1])
	}
	if err != nil {
		return fmt.Errorf("document: %w", err)
	}
	return nil
}

// documentAdders are for whom the forms are shown; the registry decides again.
func documentAdders() []registry.Role { return append(registrars(), registry.RoleAttester) }

func mayAddDocument(a registry.Actor) bool { return slices.ContainsFunc(documentAdders(), a.Has) }
