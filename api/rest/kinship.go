package rest

import (
	"strconv"

	"github.com/gin-gonic/gin"
	"github.com/google/uuid"

	"socialregistry/registry"
)

// defaultKinDegree takes in first cousins.
const defaultKinDegree = 4

// kinBody is another person. A registrant is told a masked number only.
type kinBody struct {
	ID     uuid.UUID `json:"id,omitzero"`
	Number string    `json:"number"`
	Sex    string    `json:"sex,omitempty"`
}

// kinshipBody is what is recorded of a person's family. What a registrant is not
// told is absent.
type kinshipBody struct {
	ID        uuid.UUID          `json:"id"`
	Version   int64              `json:"version"` // also the ETag
	Parent1   *kinBody           `json:"parent1,omitempty"`
	Parent2   *kinBody           `json:"parent2,omitempty"`
	IsAdopted *bool              `json:"is_adopted,omitempty"`
	Children  []childBody        `json:"children,omitzero"`
	Spouses   []spouseBody       `json:"spouses"`
	Guardians []guardianshipBody `json:"guardians"`
	Wards     []guardianshipBody `json:"wards,omitzero"`
	More      bool               `json:"more,omitempty"` // there are more children or wards
}

type childBody struct {
	kinBody
	IsAdopted bool `json:"is_adopted"`
}

type spouseBody struct {
	kinBody
	MarriageID uuid.UUID `json:"marriage_id,omitzero"`
	marriageBody
}

type marriageBody struct {
	IsMarried   bool   `json:"is_married"`
	MarriedOn   string `json:"married_on,omitempty"`
	IsSeparated bool   `json:"is_separated"`
	SeparatedOn string `json:"separated_on,omitempty"`
}

type guardianshipBody struct {
	kinBody
	From string `json:"from"`
	To   string `json:"to,omitempty"`
}

func kinshipBodyOf(k registry.Kinship) kinshipBody {
	out := kinshipBody{ID: k.ID, Version: k.ChainNo, Parent1: (*kinBody)(k.Parent1), Parent2: (*kinBody)(k.Parent2),
		Spouses: make([]spouseBody, len(k.Spouses)), Guardians: guardianshipBodies(k.Guardians), More: k.More}
	for i, s := range k.Spouses {
		out.Spouses[i] = spouseBody{kinBody(s.Kin), s.MarriageID, marriageBody(s.Marriage)}
	}
	if k.Masked {
		return out
	}
	out.IsAdopted, out.Children, out.Wards = &k.IsAdopted, make([]childBody, len(k.Children)), guardianshipBodies(k.Wards)
	for i, child := range k.Children {
		out.Children[i] = childBody{kinBody(child.Kin), child.IsAdopted}
	}
	return out
}

func guardianshipBodies(list []registry.GuardianshipOf) []guardianshipBody {
	out := make([]guardianshipBody, len(list))
	for i, g := range list {
		out[i] = guardianshipBody{kinBody(g.Kin), g.From, g.To}
	}
	return out
}

// relativesBody is everybody to whom a person is related.
type relativesBody struct {
	Items []relativeBody `json:"items"`
	More  bool           `json:"more"` // there are more people than are read at once
}

type relativeBody struct {
	kinBody
	Relation   string `json:"relation"` // what the relative is to the person, in a neutral word
	Great      int    `json:"great"`    // how often "great-" stands before it
	Degree     int    `json:"degree"`   // of a cousin
	Removal    int    `json:"removal"`  // of a cousin
	IsAdoptive bool   `json:"is_adoptive"`
	Steps      int    `json:"steps"`
}

// Kinship answers GET /people/{id}/kinship.
func (h *Handlers) Kinship(c *gin.Context) error {
	id, err := pathID(c, "id")
	if err != nil {
		return err
	}
	k, err := h.reg.Kinship(c.Request.Context(), actorOf(c), id)
	return okKinship(c, k, err)
}

// Relatives answers GET /people/{id}/relatives?degree=.
func (h *Handlers) Relatives(c *gin.Context) error {
	id, err := pathID(c, "id")
	if err != nil {
		return err
	}
	degree, err := degreeOf(c)
	if err != nil {
		return err
	}
	found, err := h.reg.Relatives(c.Request.Context(), actorOf(c), id, degree)
	if err != nil {
		return err
	}
	out := relativesBody{Items: make([]relativeBody, len(found.List)), More: found.More}
	for i, rel := range found.List {
		out.Items[i] = relativeBody{kinBody(rel.Kin), string(rel.Code), rel.Great, rel.Degree, rel.Removal, rel.Adoptive, rel.Steps()}
	}
	return ok(c, out)
}

// degreeOf reads ?degree=. Error: Invalid "bad_query" for what is no number.
func degreeOf(c *gin.Context) (int, error) {
	if err := onlyQuery(c, "degree"); err != nil {
		return 0, err
	}
	text, given := c.GetQuery("degree")
	if !given {
		return defaultKinDegree, nil
	}
	n, err := strconv.Atoi(text)
	if err != nil {
		return 0, badQuery("degree", "bad_number", "From 1 to "+strconv.Itoa(registry.MaxKinDegree)+".")
	}
	return n, nil
}

// okKinship answers with the kinship after a change, or the change's error.
func okKinship(c *gin.Context, k registry.Kinship, err error) error {
	if err != nil {
		return err
	}
	setETag(c, int(k.ChainNo))
	return ok(c, kinshipBodyOf(k))
}

// createdKinship answers 201: what was added is found in the kinship.
func createdKinship(c *gin.Context, k registry.Kinship, err error) error {
	if err != nil {
		return err
	}
	setETag(c, int(k.ChainNo))
	return created(c, peoplePath+"/"+k.ID.String()+"/kinship", kinshipBodyOf(k))
}
