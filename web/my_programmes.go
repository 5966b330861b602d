package web

import (
	"net/http"

	"github.com/gin-gonic/gin"

	"socialregistry/api/auth"
	"socialregistry/registry"
)

// ownProgrammes is where the reader stands in programmes.
type ownProgrammes struct{ Enrolments []ownEnrolment }

// ownEnrolment is one stay in a programme.
type ownEnrolment struct {
	Name   words
	Badge  badge
	Since  string
	Dates  string
	Reason string
}

// MyProgrammes is GET /me/programmes.
func (p *Pages) MyProgrammes(c *gin.Context) error {
	ctx, l := c.Request.Context(), p.localeOf(c)
	actor := auth.Actor(ctx)
	list, err := p.registry.Enrolments(ctx, actor, actor.RegistrantID)
	if err != nil {
		return err
	}
	programmes, err := p.registry.Programmes(ctx)
	if err != nil {
		return err
	}
	labels := map[string]map[string]string{}
	for _, programme := range programmes {
		labels[programme.Code] = programme.Label
	}
	v := ownProgrammes{}
	for _, e := range list {
		v.Enrolments = append(v.Enrolments, ownEnrolment{Name: p.words(l, labels[e.Programme], e.Programme), Badge: ownEnrolmentBadge(l, e.Status),
			Since: spanWords(l, e.Since, ""), Dates: spanWords(l, e.Start, e.End), Reason: e.Reason})
	}
	return p.show(c, http.StatusOK, look{page: "my_programmes", title: l.t("ownenrolment.title"), nav: "/me/programmes"}, v)
}

// ownEnrolmentBadge says where somebody stands in a programme.
func ownEnrolmentBadge(l *locale, s registry.EnrolmentStatus) badge {
	return badgeOf(s, l.t("ownenrolment.state_"+string(s)), map[registry.EnrolmentStatus]badge{"": {"none", "minus", ""}, registry.EnrolmentEnrolled: {"ok", "check", ""},
		registry.EnrolmentApplied: {"wait", "clock", ""}, registry.EnrolmentSuspended: {"chg", "alert", ""}})
}
