package web

import (
	"context"
	"net/http"

	"github.com/gin-gonic/gin"
	"github.com/google/uuid"

	"socialregistry/api/auth"
	"socialregistry/api/respond"
	"socialregistry/internal/fault"
)

const documentsPath = "/me/documents"

// ownDocuments is the reader's evidence, the newest first.
type ownDocuments struct {
	Documents []ownDocument
	File      input
	Token     string
	Done      string
	Problems  []problem
}

// ownDocument is one document.
type ownDocument struct {
	ID, Name, Kind, Size, By string
	Path                     string
	Remove                   string // where it is removed; "": it is not the reader's to remove
}

// MyDocuments is GET /me/documents.
func (p *Pages) MyDocuments(c *gin.Context) error { return p.ownDocuments(c, http.StatusOK, nil) }

func (p *Pages) ownDocuments(c *gin.Context, status int, problems []problem) error {
	ctx, l := c.Request.Context(), p.localeOf(c)
	actor := auth.Actor(ctx)
	list, err := p.registry.Documents(ctx, actor, actor.RegistrantID)
	if err != nil {
		return err
	}
	v := ownDocuments{File: p.fileInput(l, "edit.file", "owndocument.hint", problems), Done: said(c, l, "owndocument.done_"), Problems: problems}
	v.File.Required = true
	for n := len(list) - 1; n >= 0; n-- {
		d := list[n]
		line := ownDocument{ID: d.ID.String(), Name: d.Name, Kind: l.t("owndocument.kind_" + kindOfDocument(d.MediaType)), Size: fileSize(l, d.Size),
			By: l.t("ownrequest.by", "who", d.UploadedBy, "when", l.dateTime(d.UploadedAt)), Path: documentsPath + "/" + d.ID.String() + "/file"}
		if d.UploadedBy == actor.Name {
			line.Remove = documentsPath + "/" + d.ID.String() + "/remove"
		}
		v.Documents = append(v.Documents, line)
	}
	if v.Token, err = p.registry.NewForm(actor); err != nil {
		return err
	}
	return p.show(c, status, look{page: "my_documents", title: l.t("owndocument.title"), nav: documentsPath, failed: len(problems) > 0, here: documentsPath}, v)
}

// kindOfDocument names what a document is, for people.
func kindOfDocument(mediaType string) string {
	switch mediaType {
	case "application/pdf":
		return "pdf"
	case "image/jpeg", "image/png", "image/webp":
		return "picture"
	}
	return "text"
}

// fileSize says how large a file is.
func fileSize(l *locale, bytes int64) string {
	if bytes >= 1<<20 {
		return l.t("owndocument.mb", "n", int((bytes+1<<19)>>20))
	}
	return l.t("owndocument.kb", "n", int(max((bytes+1023)>>10, 1)))
}

// MyDocumentsPost is POST /me/documents: one more.
func (p *Pages) MyDocumentsPost(c *gin.Context) error {
	d := p.visit(c)
	form, err := readForm(c)
	if err != nil {
		return err
	}
	return d.once(form.Values, func(ctx context.Context) (string, error) {
		_, err := p.keepFile(ctx, d.actor, form, "")
		return documentsPath + "?done=added", err
	}, func(problems []problem) error { return p.ownDocuments(c, http.StatusUnprocessableEntity, problems) })
}

// MyDocument is GET /me/documents/:id/file: its bytes, for the browser to keep.
func (p *Pages) MyDocument(c *gin.Context) error {
	ctx := c.Request.Context()
	id, err := ownDocumentID(c)
	if err != nil {
		return err
	}
	actor := auth.Actor(ctx)
	f, err := p.registry.OpenDocument(ctx, actor, actor.RegistrantID, id)
	if err != nil {
		return err
	}
	return respond.Attachment(c, respond.File{Name: f.Name, ContentType: f.MediaType, Size: f.Size, Body: f})
}

// MyDocumentRemove is POST /me/documents/:id/remove.
func (p *Pages) MyDocumentRemove(c *gin.Context) error {
	d, form, err := p.sent(c)
	if err != nil {
		return err
	}
	id, err := ownDocumentID(c)
	if err != nil {
		return err
	}
	err = d.once(form, func(ctx context.Context) (string, error) {
		return documentsPath + "?done=removed", p.registry.RemoveDocument(ctx, d.actor, d.actor.RegistrantID, id, "")
	}, nil)
	if fault.CodeOf(err) == "document_in_use" {
		return p.ownDocuments(c, http.StatusConflict, []problem{{Text: faultText(d.l, "document_in_use", err.Error())}})
	}
	return err
}

func ownDocumentID(c *gin.Context) (uuid.UUID, error) {
	return pathID(c, "id", "no_such_document", "There is no such document.")
}
