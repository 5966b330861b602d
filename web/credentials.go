package web

import (
	"context"
	"net/http"

	"github.com/gin-gonic/gin"
	"github.com/google/uuid"

	"socialregistry/api/auth"
	"socialregistry/issuer"
	"socialregistry/registry"
)

// credentialCard is one kind of credential and where it stands for one person.
type credentialCard struct {
	ID, Name, About string // ID is one on the page
	Issuer          string // what it is called
	Format          string
	Badge           badge
	Text            string // the state in a sentence
	Missing         []missing
	Fields          []words // what is in it, or would be
	Offer           string  // address of the way to get it; "" if there is none now
	Again           bool    // it is a new one in the place of an old one
	Live            bool
}

// missing is a detail that has to be attested first.
type missing struct {
	Label words
	Badge badge
	Note  string
}

// credentialCards gives one card per configuration.
func (p *Pages) credentialCards(ctx context.Context, l *locale, actor registry.Actor, rec record) ([]credentialCard, error) {
	readiness, err := p.issuer.Readiness(ctx, actor, rec.person.ID)
	if err != nil {
		return nil, err
	}
	issued, err := p.issuer.Issued(ctx, actor, rec.person.ID)
	if err != nil {
		return nil, err
	}
	byKey := map[string]registry.Field{}
	for _, f := range rec.fields {
		byKey[f.Key] = f
	}
	cards := make([]credentialCard, len(readiness))
	for i, r := range readiness {
		cards[i] = p.credentialCard(l, rec, byKey, r)
		if r.Live == nil && len(r.Missing) == 0 && !r.ReissueDue {
			cards[i].explainWithdrawn(l, r, issued)
		}
	}
	return cards, nil
}

func (p *Pages) credentialCard(l *locale, rec record, byKey map[string]registry.Field, r issuer.Readiness) credentialCard {
	card := credentialCard{ID: r.Config.ID, Issuer: p.issuerTitle(l, r.Issuer), Name: r.Config.Name(l.code), About: configAbout(r.Config, l.code), Format: r.Config.Format, Live: r.Live != nil}
	if r.Issuer != "" { // another issuer may have the same kind
		card.ID = r.Issuer + "." + r.Config.ID
	}
	for _, key := range r.Missing {
		f := byKey[key]
		m := missing{Label: p.label(l, f), Badge: stateBadge(l, f, rec.states[key]), Note: rec.states[key].Comment}
		if rec.person.Values[key].Text == "" {
			m.Badge = badge{"none", "minus", l.t("value.none")}
		}
		if rec.states[key].State != registry.StateRejected {
			m.Note = ""
		}
		card.Missing = append(card.Missing, m)
	}
	for _, f := range r.Config.Fields {
		if rec.states[f.Field].State == registry.StateAttested {
			card.Fields = append(card.Fields, p.label(l, byKey[f.Field]))
		}
	}
	card.state(l, r)
	if len(r.Missing) == 0 {
		card.Offer = offerPath(r.Issuer, r.Config.ID, "")
	}
	return card
}

// state puts readiness into a badge and a sentence.
func (card *credentialCard) state(l *locale, r issuer.Readiness) {
	switch {
	case r.Live != nil:
		card.Badge = badge{"ok", "check", l.t("credential.issued")}
		card.Text = l.t("credential.issued_text", "when", r.Live.IssuedAt, "until", r.Live.ValidUntil)
		card.Again = true
	case r.ReissueDue && len(r.Missing) == 0:
		card.Badge = badge{"chg", "changed", l.t("credential.outdated")}
		card.Text = l.t("credential.reissue_text")
		card.Again = true
	case r.ReissueDue:
		card.Badge = badge{"chg", "changed", l.t("credential.outdated")}
		card.Text = l.t("credential.outdated_text", "n", len(r.Missing))
	case len(r.Missing) > 0:
		card.Badge = badge{"wait", "clock", l.t("credential.not_ready")}
		card.Text = l.t("credential.not_ready_text", "n", len(r.Missing))
	default:
		card.Badge = badge{"ok", "card", l.t("credential.ready")}
		card.Text = l.t("credential.ready_text")
	}
}

// explainWithdrawn says so when the newest credential of this kind was
// withdrawn by somebody, not by a change of a detail.
func (card *credentialCard) explainWithdrawn(l *locale, r issuer.Readiness, issued []issuer.Issued) {
	for _, i := range issued { // newest first
		if i.Issuer != r.Issuer || i.ConfigID != r.Config.ID || i.IssuedAt.IsZero() {
			continue
		}
		if !i.WithdrawnAt.IsZero() {
			card.Badge = badge{"bad", "cross", l.t("credential.withdrawn")}
			card.Text = l.t("credential.withdrawn_text", "when", i.WithdrawnAt, "reason", withdrawReason(l, i.Reason))
		}
		return
	}
}

// issuerTitle is what an issuer is called.
func (p *Pages) issuerTitle(l *locale, name string) string {
	i, err := p.issuer.Of(name)
	if name == "" || err != nil {
		return l.t("service.name")
	}
	return i.Title(l.code)
}

// issuerIfMany is issuerTitle where there is more than one issuer, and "" otherwise.
func (p *Pages) issuerIfMany(l *locale, name string) string {
	if len(p.issuer.All()) == 1 {
		return ""
	}
	return p.issuerTitle(l, name)
}

// withdrawReason puts the issuer's own reason into words; others are words.
func withdrawReason(l *locale, reason string) string {
	if l.has("withdrawn." + reason) {
		return l.t("withdrawn." + reason)
	}
	return reason
}

// configAbout is what a configuration says about itself.
func configAbout(c issuer.Configuration, lang string) string {
	for _, d := range c.Display {
		if d.Locale == lang {
			return d.Description
		}
	}
	if len(c.Display) == 0 {
		return ""
	}
	return c.Display[0].Description
}

type myCredentialsView struct {
	Cards []credentialCard
	Past  []issuedView
}

// issuedView is one credential that was issued, in a list.
type issuedView struct {
	ID, Name, Format string
	Issuer           string // what it is called; "": there is one issuer
	Badge            badge
	Text             string
	Reason           string
	Version          int
	Live             bool
	Suspended        bool
	Steps            []string // its life, oldest first
}

// MyCredentials is GET /me/credentials.
func (p *Pages) MyCredentials(c *gin.Context) error {
	ctx, l := c.Request.Context(), p.localeOf(c)
	actor := auth.Actor(ctx)
	rec, err := p.load(ctx, actor, actor.RegistrantID)
	if err != nil {
		return err
	}
	v := myCredentialsView{}
	if v.Cards, err = p.credentialCards(ctx, l, actor, rec); err != nil {
		return err
	}
	if v.Past, err = p.issuedList(ctx, l, actor, rec); err != nil {
		return err
	}
	return p.show(c, http.StatusOK, look{page: "my_credentials", title: l.t("credentials.title"), nav: "/me/credentials"}, v)
}

// lifeSteps says what happened to a credential, one sentence for each step.
func (p *Pages) lifeSteps(ctx context.Context, l *locale, actor registry.Actor, id uuid.UUID) ([]string, error) {
	life, err := p.issuer.Life(ctx, actor, id)
	if err != nil {
		return nil, err
	}
	var out []string
	for _, s := range life.Steps {
		by := s.By
		if l.has("life.by_" + by) {
			by = l.t("life.by_" + by)
		}
		text := l.t("life."+s.Step, "when", s.At)
		if by != "" {
			text += " " + l.t("life.by", "who", by)
		}
		if s.Reason != "" {
			text += " " + withdrawReason(l, s.Reason)
		}
		out = append(out, text)
	}
	return out, nil
}

// issuedList is every credential of a person, newest first.
func (p *Pages) issuedList(ctx context.Context, l *locale, actor registry.Actor, rec record) ([]issuedView, error) {
	issued, err := p.issuer.Issued(ctx, actor, rec.person.ID)
	if err != nil {
		return nil, err
	}
	readiness, err := p.issuer.Readiness(ctx, actor, rec.person.ID)
	if err != nil {
		return nil, err
	}
	type kind struct{ issuer, config string }
	names := map[kind]string{}
	for _, r := range readiness {
		names[kind{r.Issuer, r.Config.ID}] = r.Config.Name(l.code)
	}
	var out []issuedView
	for _, i := range issued {
		if i.IssuedAt.IsZero() {
			continue
		}
		v := issuedView{ID: i.ID.String(), Name: names[kind{i.Issuer, i.ConfigID}], Issuer: p.issuerIfMany(l, i.Issuer), Format: i.Format, Version: i.VersionNo}
		if v.Steps, err = p.lifeSteps(ctx, l, actor, i.ID); err != nil {
			return nil, err
		}
		switch {
		case i.State == "suspended":
			v.Suspended = true
			v.Badge = badge{"wait", "clock", l.t("credential.suspended")}
			v.Text = l.t("credential.issued_text", "when", i.IssuedAt, "until", i.ValidUntil)
		case !i.WithdrawnAt.IsZero():
			v.Badge = badge{"bad", "cross", l.t("credential.withdrawn")}
			v.Text = l.t("credential.past_withdrawn", "when", i.IssuedAt, "end", i.WithdrawnAt)
			v.Reason = withdrawReason(l, i.Reason)
		case !p.now().Before(i.ValidUntil):
			v.Badge = badge{"none", "clock", l.t("credential.expired")}
			v.Text = l.t("credential.past_expired", "when", i.IssuedAt, "end", i.ValidUntil)
		default:
			v.Live = true
			v.Badge = badge{"ok", "check", l.t("credential.valid")}
			v.Text = l.t("credential.issued_text", "when", i.IssuedAt, "until", i.ValidUntil)
		}
		out = append(out, v)
	}
	return out, nil
}
