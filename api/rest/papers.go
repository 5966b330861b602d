package rest

import (
	"net/http"

	"github.com/gin-gonic/gin"

	"socialregistry/internal/qrcode"
	"socialregistry/issuer"
)

const papersPath = "/api/v1/papers"

// paperBody is a paper as it is printed.
type paperBody struct {
	credentialBody
	Code     string `json:"code"`      // text of the QR code, for its alphanumeric mode
	CheckURL string `json:"check_url"` // where anybody checks it
}

func (h *Handlers) paperBodyOf(p issuer.Paper) paperBody {
	return paperBody{credentialBodyOf(p.Issued), p.Code, h.checkURL}
}

// paperFieldBody is a detail that can be printed.
type paperFieldBody struct {
	Field     string `json:"field"`
	Suggested bool   `json:"suggested"` // it fits beside those before it that are
}

// Papers answers GET /registrants/{id}/papers, newest first.
func (h *Handlers) Papers(c *gin.Context) error {
	id, err := pathID(c, "id")
	if err != nil {
		return err
	}
	if err := onlyQuery(c, "after", "limit"); err != nil {
		return err
	}
	page, err := pageOf(c)
	if err != nil {
		return err
	}
	found, err := h.iss.Papers(c.Request.Context(), actorOf(c), id, page.After, page.size())
	if err != nil {
		return err
	}
	return okList(c, found.Issued, credentialBodyOf, found.Next)
}

// PaperFields answers GET /registrants/{id}/paper-fields.
func (h *Handlers) PaperFields(c *gin.Context) error {
	id, err := pathID(c, "id")
	if err != nil {
		return err
	}
	if err := onlyQuery(c, "issuer", "credential_configuration_id"); err != nil {
		return err
	}
	i, err := h.iss.Of(c.Query("issuer"))
	if err != nil {
		return err
	}
	fields, err := i.PaperFields(c.Request.Context(), actorOf(c), id, c.Query("credential_configuration_id"))
	if err != nil {
		return err
	}
	return okList(c, fields, func(f issuer.PaperField) paperFieldBody { return paperFieldBody(f) }, "")
}

// MakePaper answers POST /registrants/{id}/papers.
func (h *Handlers) MakePaper(c *gin.Context) error {
	id, err := pathID(c, "id")
	if err != nil {
		return err
	}
	var body struct {
		Issuer        string   `json:"issuer"` // name, none for the one at the root
		Configuration string   `json:"credential_configuration_id"`
		Fields        []string `json:"fields"`
	}
	if err := decode(c, &body); err != nil {
		return err
	}
	i, err := h.iss.Of(body.Issuer)
	if err != nil {
		return err
	}
	made, err := i.MakePaper(c.Request.Context(), actorOf(c), issuer.NewPaper{RegistrantID: id, ConfigID: body.Configuration, Fields: body.Fields})
	if err != nil {
		return err
	}
	paper, err := i.Paper(c.Request.Context(), actorOf(c), made.ID)
	if err != nil {
		return err
	}
	c.Header("Cache-Control", "no-store")
	return created(c, papersPath+"/"+made.ID.String(), h.paperBodyOf(paper))
}

// paper makes the paper of the path again.
func (h *Handlers) paper(c *gin.Context) (issuer.Paper, error) {
	id, err := pathID(c, "id")
	if err != nil {
		return issuer.Paper{}, err
	}
	if err := onlyQuery(c); err != nil {
		return issuer.Paper{}, err
	}
	c.Header("Cache-Control", "no-store")
	return h.iss.Paper(c.Request.Context(), actorOf(c), id)
}

// Paper answers GET /papers/{id}.
func (h *Handlers) Paper(c *gin.Context) error {
	paper, err := h.paper(c)
	if err != nil {
		return err
	}
	return ok(c, h.paperBodyOf(paper))
}

// PaperCode answers GET /papers/{id}/code.svg.
func (h *Handlers) PaperCode(c *gin.Context) error {
	paper, err := h.paper(c)
	if err != nil {
		return err
	}
	code, err := qrcode.NewAlphanumeric(paper.Code)
	if err != nil {
		return err
	}
	c.Data(http.StatusOK, "image/svg+xml", code.SVG())
	return nil
}
