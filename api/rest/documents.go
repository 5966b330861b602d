package rest

import (
	"errors"
	"io"
	"mime"
	"net/http"
	"time"

	"github.com/gin-gonic/gin"
	"github.com/google/uuid"

	"socialregistry/api/respond"
	"socialregistry/internal/fault"
	"socialregistry/registry"
)

// documentBody is an evidence document, without its bytes.
type documentBody struct {
	ID         uuid.UUID `json:"id"`
	Name       string    `json:"name"`
	MediaType  string    `json:"media_type"` // as its bytes say
	Size       int64     `json:"size"`       // bytes
	SHA256     string    `json:"sha256"`     // the value of a field of type document
	UploadedBy string    `json:"uploaded_by"`
	UploadedAt time.Time `json:"uploaded_at"`
}

func documentBodyOf(d registry.Document) documentBody {
	return documentBody{ID: d.ID, Name: d.Name, MediaType: d.MediaType, Size: d.Size, SHA256: d.SHA256, UploadedBy: d.UploadedBy, UploadedAt: d.UploadedAt}
}

// Documents answers GET /people/{id}/documents, as of a group.
func (h *Handlers) Documents(c *gin.Context) error {
	id, err := pathID(c, "id")
	if err != nil {
		return err
	}
	list, err := h.reg.Documents(c.Request.Context(), actorOf(c), id)
	if err != nil {
		return err
	}
	return okList(c, list, documentBodyOf, "")
}

// AddDocument answers POST /people/{id}/documents, as of a group: 201, or 200 for
// a content that the record has already.
func (h *Handlers) AddDocument(c *gin.Context) error {
	id, err := pathID(c, "id")
	if err != nil {
		return err
	}
	if err := onlyQuery(c, "reason"); err != nil {
		return err
	}
	file, name, err := sentFile(c.Request)
	if err != nil {
		return err
	}
	d, isNew, err := h.reg.AddDocument(c.Request.Context(), actorOf(c), id, file, registry.NewDocument{Name: name, Reason: c.Query("reason")})
	if err != nil {
		return err
	}
	if !isNew {
		return ok(c, documentBodyOf(d))
	}
	return created(c, c.Request.URL.Path+"/"+d.ID.String(), documentBodyOf(d))
}

// sentFile finds the file in a request, still unread: the part named file of a
// form, or the body itself, whose name Content-Disposition may tell. What
// Content-Type says of a file is not looked at.
func sentFile(r *http.Request) (file io.Reader, name string, err error) {
	if kind, _, err := mime.ParseMediaType(r.Header.Get("Content-Type")); err != nil || kind != "multipart/form-data" {
		_, params, _ := mime.ParseMediaType(r.Header.Get("Content-Disposition"))
		return r.Body, params["filename"], nil
	}
	parts, err := r.MultipartReader()
	for err == nil {
		part, next := parts.NextPart()
		if err = next; err == nil && part.FormName() == "file" {
			return part, part.FileName(), nil
		}
	}
	if errors.Is(err, io.EOF) {
		return nil, "", fault.New(fault.Invalid, "file_missing", "The form has no part named file.")
	}
	return nil, "", fault.Wrap(fault.Invalid, "upload_malformed", "The form could not be read.", err)
}

// Document answers GET /people/{id}/documents/{document} with its bytes, as of a
// group.
func (h *Handlers) Document(c *gin.Context) error {
	id, document, err := documentAt(c)
	if err != nil {
		return err
	}
	f, err := h.reg.OpenDocument(c.Request.Context(), actorOf(c), id, document)
	if err != nil {
		return err
	}
	return respond.Attachment(c, respond.File{Name: f.Name, ContentType: f.MediaType, Size: f.Size, Body: f})
}

// RemoveDocument answers DELETE /people/{id}/documents/{document}, as of a group.
func (h *Handlers) RemoveDocument(c *gin.Context) error {
	id, document, err := documentAt(c)
	if err != nil {
		return err
	}
	if err := onlyQuery(c, "reason"); err != nil {
		return err
	}
	if err := h.reg.RemoveDocument(c.Request.Context(), actorOf(c), id, document, c.Query("reason")); err != nil {
		return err
	}
	return noContent(c)
}

// documentAt reads the path of one document.
func documentAt(c *gin.Context) (id, document uuid.UUID, err error) {
	if id, err = pathID(c, "id"); err != nil {
		return id, document, err
	}
	document, err = pathID(c, "document")
	return id, document, err
}
