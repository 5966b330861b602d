package web

import (
	"context"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"time"

	"github.com/gin-gonic/gin"
	"github.com/google/uuid"

	"socialregistry/api/auth"
	"socialregistry/internal/fault"
	"socialregistry/issuer"
	"socialregistry/registry"
)

const credentialsPath = "/me/credentials"

// credentialView is one credential from its offer to its end.
type credentialView struct {
	issuedView
	Back       string
	Values     []detail // what is in it, as the record had it then; else
	Fields     []words  // the names alone
	Then       *ownLink // to the version of the record that it was made from; nil: it is not the reader's own
	Supersedes string   // page of the credential in whose place it stands; "": none
	ReplacedBy string   // page of the one that stands in its place; "": none
	Reference  string   // of a paper: the number on it
	Lost       string   // where a paper that is lost is ended; "": it is none, or ended
	Policy     string   // what becomes of it when a new one is there
}

// MyCredential is GET /me/credentials/:id, of a credential.
func (p *Pages) MyCredential(c *gin.Context) error {
	d := p.visit(c)
	life, rec, err := p.life(c)
	if err != nil {
		return err
	}
	due, err := p.due(d.ctx, d.actor, rec)
	if err != nil {
		return err
	}
	v := credentialView{issuedView: p.issuedView(d.l, d.actor, rec, life.Issued, due), Back: rec.path(credentialsPath)}
	v.Steps = lifeSteps(d.l, life)
	v.Policy = p.replacePolicy(d.l, life)
	if life.Format == issuer.FormatPaper {
		v.Reference, v.Lost = grouped(life.Reference()), rec.path(credentialsPath+"/"+v.ID+"/lost")
	}
	if v.Suspended {
		v.Text = suspendedSince(d.l, life) + " " + d.l.t("credential.suspended_do")
	}
	if life.Supersedes != uuid.Nil {
		v.Supersedes = rec.path(credentialsPath + "/" + life.Supersedes.String())
	}
	if life.ReplacedBy != uuid.Nil {
		v.ReplacedBy = rec.path(credentialsPath + "/" + life.ReplacedBy.String())
	}
	if err := p.contents(d.ctx, d.l, d.actor, rec, life, &v); err != nil {
		return err
	}
	v.Token = d.token()
	return d.page(http.StatusOK, look{page: "my_credential", title: v.Name, nav: credentialsPath}, v)
}

// contents says what is in a credential. The ledger keeps no values; the version of the
// record that it was made from does, and who it is about is shown it.
func (p *Pages) contents(ctx context.Context, l *locale, actor registry.Actor, rec record, life issuer.Life, v *credentialView) error {
	if rec.about != uuid.Nil || life.RegistrantID != actor.RegistrantID {
		v.Fields = p.ownLabels(l, rec.fields, life.Fields)
		return nil
	}
	version, err := p.registry.Version(ctx, actor, actor.RegistrantID, life.VersionNo)
	if fault.KindOf(err) == fault.NotFound {
		v.Fields = p.ownLabels(l, rec.fields, life.Fields)
		return nil
	}
	if err != nil {
		return err
	}
	for _, f := range rec.fields {
		if slices.Contains(life.Fields, f.Key) {
			v.Values = append(v.Values, detail{Key: f.Key, Label: p.label(l, f), Value: p.ownValue(l, f, version.Values[f.Key].Text)})
		}
	}
	v.Then = &ownLink{versionsPath + "/" + strconv.Itoa(version.No), l.t("credential.from_version", "n", version.No, "when", version.At)}
	return nil
}

// Reissue is POST /me/credentials/:id/reissue: the one action that gets a new
// credential in the place of one.
func (p *Pages) Reissue(c *gin.Context) error {
	return p.press(c, func(ctx context.Context, d *desk, form url.Values) (string, error) {
		life, rec, err := p.life(c)
		if err != nil {
			return "", err
		}
		offer, err := p.issuer.Reissue(ctx, d.actor, life.ID, form.Get("pin") != "")
		if err != nil {
			return "", err
		}
		p.keepPin(c, offer, credentialsPath)
		return rec.offerPath(life.Issuer, life.ConfigID, offer.ID), nil
	})
}

// life reads the credential that the address names, and the record that it is about.
func (p *Pages) life(c *gin.Context) (issuer.Life, record, error) {
	ctx := c.Request.Context()
	id, err := uuid.Parse(c.Param("id"))
	if err != nil {
		return issuer.Life{}, record{}, fault.New(fault.NotFound, "not_found", "There is no such credential.")
	}
	life, err := p.issuer.Life(ctx, auth.Actor(ctx), id)
	if err != nil {
		return life, record{}, err
	}
	rec, err := p.loadAbout(ctx, auth.Actor(ctx), life.RegistrantID)
	return life, rec, err
}

// due gives the credentials that were withdrawn because a detail changed, and says of
// each whether a new one is ready.
func (p *Pages) due(ctx context.Context, actor registry.Actor, rec record) (map[uuid.UUID]bool, error) {
	readiness, err := p.issuer.Readiness(ctx, actor, rec.person.ID)
	due := map[uuid.UUID]bool{}
	for _, r := range readiness {
		if r.ReissueOf != uuid.Nil {
			due[r.ReissueOf] = len(r.Missing) == 0
		}
	}
	return due, err
}

// suspendedSince says when and why the credential was suspended that is so now.
func suspendedSince(l *locale, life issuer.Life) string {
	var last issuer.LifeStep
	for _, s := range life.Steps {
		if s.Step == "suspended" {
			last = s
		}
	}
	return suspendedText(l, last.At, last.Reason)
}

// replacePolicy says what becomes of a credential when a new one is there.
func (p *Pages) replacePolicy(l *locale, life issuer.Life) string {
	if life.State != "issued" && life.State != "suspended" {
		return l.t("replace.ended")
	}
	if c := p.configurationOf(life.Issued); c.Refresh == issuer.RefreshAccepted {
		return l.t("replace.accepted", "n", c.RefreshDays)
	}
	return l.t("replace.at_once")
}

// configurationOf gives the configuration that a credential is of; the zero one, if it
// is gone.
func (p *Pages) configurationOf(credential issuer.Issued) issuer.Configuration {
	i, err := p.issuer.Of(credential.Issuer)
	if err != nil {
		return issuer.Configuration{}
	}
	configs := i.Configurations()
	n := slices.IndexFunc(configs, func(c issuer.Configuration) bool { return c.ID == credential.ConfigID })
	if n < 0 {
		return issuer.Configuration{}
	}
	return configs[n]
}

func reissuePath(id string) string { return credentialsPath + "/" + id + "/reissue" }

// lifeSteps says what happened to a credential, one sentence for each step.
func lifeSteps(l *locale, life issuer.Life) []lifeStep {
	var out []lifeStep
	for _, s := range life.Steps {
		step := lifeStep{Text: l.t("life."+s.Step, "when", s.At)}
		if s.Reason != "" {
			step.Reason = withdrawReason(l, s.Reason)
		}
		switch by := s.By; {
		case by == "":
		case l.has("life.by_" + by):
			step.By = l.t("life.by", "who", l.t("life.by_"+by))
		default:
			step.By = l.t("life.by", "who", by)
		}
		out = append(out, step)
	}
	return out
}

// lifeStep is one step: what and when, by whom, and why.
type lifeStep struct{ Text, By, Reason string }

// issuedView puts one credential of a record into words. due says of those that a change
// ended whether a new one is ready.
func (p *Pages) issuedView(l *locale, actor registry.Actor, rec record, i issuer.Issued, due map[uuid.UUID]bool) issuedView {
	v := issuedView{ID: i.ID.String(), Format: i.Format, Issuer: p.issuerIfMany(l, i.Issuer), Version: i.VersionNo,
		Page: rec.path(credentialsPath + "/" + i.ID.String())}
	if config := p.configurationOf(i); config.ID != "" {
		v.Name = config.Name(l.code)
	}
	if i.Format == issuer.FormatPaper {
		v.Format = l.t("print.format")
	}
	v.state(l, i, p.now())
	ready, changed := due[i.ID]
	v.Due = ready
	switch {
	case ready:
		v.Text += " " + l.t("replace.ready")
	case changed:
		v.Text += " " + l.t("replace.waits")
	}
	switch {
	case i.Format == issuer.FormatPaper && v.Live:
		v.Print = rec.printPath(i.Issuer, i.ConfigID, v.ID)
	case i.Format != issuer.FormatPaper && (v.Live || ready) && i.ReplaceableBy(actor) && i.ReplacedBy == uuid.Nil:
		v.Reissue = reissuePath(v.ID)
	}
	return v
}

// state says where a credential stands.
func (v *issuedView) state(l *locale, i issuer.Issued, now time.Time) {
	switch {
	case i.State == "suspended":
		v.Suspended = true
		v.Badge = badge{"wait", "clock", l.t("credential.suspended")}
		v.Text = l.t("credential.issued_text", "when", i.IssuedAt, "until", i.ValidUntil)
	case !i.WithdrawnAt.IsZero():
		v.Badge = badge{"bad", "cross", l.t("credential.withdrawn")}
		v.Text = l.t("credential.past_withdrawn", "when", i.IssuedAt, "end", i.WithdrawnAt)
		v.Reason = withdrawReason(l, i.Reason)
	case !now.Before(i.ValidUntil):
		v.Badge = badge{"none", "clock", l.t("credential.expired")}
		v.Text = l.t("credential.past_expired", "when", i.IssuedAt, "end", i.ValidUntil)
	default:
		v.Live = true
		v.Badge = badge{"ok", "check", l.t("credential.valid")}
		v.Text = l.t("credential.issued_text", "when", i.IssuedAt, "until", i.ValidUntil)
	}
}
