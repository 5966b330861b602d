package web

import (
	"context"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/gin-gonic/gin"
	"github.com/google/uuid"

	"socialregistry/api/auth"
	"socialregistry/issuer"
	"socialregistry/registry"
)

// credentialCard is one kind of credential and where it stands for one person.
type credentialCard struct {
	ID, Name, About string // ID is one on the page
	Config, Of      string // id of the configuration, and the name of its issuer
	Issuer          string // what it is called
	Format          string
	Badge           badge
	Text            string // the state in a sentence
	Missing         []missing
	Fields          []words // what is in it, or would be
	Offer           string  // address of the way to get it; "" if there is none now
	Again           bool    // it is a new one in the place of an old one
	Live            bool
	Suspended       bool
	Do              string // what the reader can do about the state; "": the buttons say it
	Version         int    // of the record that it was made from; 0: there is none now
	Page            string // of the one that is valid; "": there is none
	Print           string // address of the way to print it; "": not now
	Reissue         string // where a new one is made in the place of the one that a change ended; "": not now
	Token           string // of that form
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
		if actor.RegistrantID == uuid.Nil {
			cards[i].Do = "" // the office need not be told to ask the office
		}
		if cards[i].Reissue != "" {
			if cards[i].Token, err = p.registry.NewForm(actor); err != nil {
				return nil, err
			}
		}
		if r.Live == nil && r.Suspended == nil && !r.ReissueDue {
			cards[i].explainPast(l, r, issued, p.now())
		}
	}
	return cards, nil
}

func (p *Pages) credentialCard(l *locale, rec record, byKey map[string]registry.Field, r issuer.Readiness) credentialCard {
	card := credentialCard{ID: r.Config.ID, Config: r.Config.ID, Of: r.Issuer, Issuer: p.issuerTitle(l, r.Issuer), Name: r.Config.Name(l.code), About: configAbout(r.Config, l.code), Format: r.Config.Format, Live: r.Live != nil}
	if r.Issuer != "" { // another issuer may have the same kind
		card.ID = r.Issuer + "." + r.Config.ID
	}
	for _, key := range r.Missing {
		f := byKey[key]
		m := missing{Label: p.label(l, f), Badge: stateBadge(l, f, rec.states[key]), Note: rec.states[key].Comment}
		if rec.person.Values[key].Text == "" && rec.states[key].State == "" {
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
	if r.Live != nil {
		card.Version, card.Page = r.Live.VersionNo, rec.path(credentialsPath+"/"+r.Live.ID.String())
		card.Fields = p.ownLabels(l, rec.fields, r.Live.Fields)
	}
	if s := r.Suspended; s != nil {
		card.Missing, card.Suspended, card.Live = nil, true, false
		card.Version, card.Page = s.VersionNo, rec.path(credentialsPath+"/"+s.ID.String())
		card.Fields = p.ownLabels(l, rec.fields, s.Fields)
		return card
	}
	if len(r.Missing) == 0 {
		if r.Config.PaperDays > 0 {
			card.Print = rec.printPath(r.Issuer, r.Config.ID, "")
		}
		card.Offer = rec.offerPath(r.Issuer, r.Config.ID, "")
		if r.ReissueOf != uuid.Nil && r.Live == nil {
			card.Reissue = reissuePath(r.ReissueOf.String())
		}
	}
	return card
}

// ownLabels names fields in the order of their definitions.
func (p *Pages) ownLabels(l *locale, fields []registry.Field, keys []string) (out []words) {
	for _, f := range fields {
		if slices.Contains(keys, f.Key) {
			out = append(out, p.label(l, f))
		}
	}
	return out
}

// state puts readiness into a badge and a sentence.
func (card *credentialCard) state(l *locale, r issuer.Readiness) {
	switch {
	case r.Suspended != nil:
		card.Badge = badge{"wait", "clock", l.t("credential.suspended")}
		card.Text, card.Do = suspendedText(l, r.Suspended.Since, r.Suspended.Reason), l.t("credential.suspended_do")
	case r.Live != nil:
		card.Badge = badge{"ok", "check", l.t("credential.in_wallet")}
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

// suspendedText says since when a credential is suspended and, if that was told, why.
func suspendedText(l *locale, since time.Time, reason string) string {
	if reason == "" {
		return l.t("credential.suspended_text", "when", since)
	}
	return l.t("credential.suspended_why", "when", since, "reason", reason)
}

// explainPast says so when the newest credential of this kind was withdrawn by
// somebody, not by a change of a detail, or has expired.
func (card *credentialCard) explainPast(l *locale, r issuer.Readiness, issued []issuer.Issued, now time.Time) {
	for _, i := range issued { // newest first
		if i.Issuer != r.Issuer || i.ConfigID != r.Config.ID || i.IssuedAt.IsZero() || i.Format == issuer.FormatPaper {
			continue
		}
		switch {
		case !i.WithdrawnAt.IsZero() && len(r.Missing) == 0:
			card.Badge = badge{"bad", "cross", l.t("credential.withdrawn")}
			card.Text = l.t("credential.withdrawn_text", "when", i.WithdrawnAt, "reason", withdrawReason(l, i.Reason))
		case i.WithdrawnAt.IsZero() && !now.Before(i.ValidUntil):
			card.Badge = badge{"chg", "clock", l.t("credential.expired")}
			card.Text = l.t("credential.expired_text", "when", i.ValidUntil) + " " + l.t("credential.expired_new")
			if len(r.Missing) > 0 {
				card.Text = l.t("credential.expired_text", "when", i.ValidUntil) + " " + l.t("credential.not_ready_text", "n", len(r.Missing))
			}
			card.Again = true
		}
		return
	}
}

// issuerTitle is what an issuer is called.
func (p *Pages) issuerTitle(l *locale, name string) string {
	i, err := p.issuer.Of(name)
	if err != nil {
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
	turn
	Name   string // of whom they are; "": the reader's own
	Cards  []credentialCard
	Past   []issuedView
	Others []other
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
	Due              bool       // a detail changed, and a new one is ready
	Page             string     // its own page
	Reissue          string     // where a new one is asked for; "": not now
	Print            string     // where it is printed again; "": it is no paper, or counts no more
	Desk             string     // where the office offers a new one in its place; "": not now
	Token            string     // of that form
	Steps            []lifeStep // its life, oldest first, where it is told
}

// MyCredentials is GET /me/credentials: the reader's own, or those of a record that
// the reader represents.
func (p *Pages) MyCredentials(c *gin.Context) error {
	ctx, l := c.Request.Context(), p.localeOf(c)
	actor := auth.Actor(ctx)
	rec, err := p.subject(c)
	if err != nil {
		return err
	}
	v, title := myCredentialsView{}, l.t("credentials.title")
	if v.Cards, err = p.credentialCards(ctx, l, actor, rec); err != nil {
		return err
	}
	page, err := p.issuer.Find(ctx, actor, issuer.IssuedQuery{RegistrantID: rec.person.ID, Once: true, After: c.Query("after"), Limit: 20})
	if err != nil {
		return err
	}
	v.turn = turnOf(c.Request.URL, page.Next)
	if v.Past, err = p.issuedViews(ctx, l, actor, rec, page.Issued); err != nil {
		return err
	}
	if rec.about != uuid.Nil {
		v.Name = rec.name()
		title = l.t("credentials.title_of", "name", v.Name)
	} else if v.Others, err = p.others(ctx, l, actor); err != nil {
		return err
	}
	for n := range v.Past {
		if v.Past[n].Token, err = p.registry.NewForm(actor); err != nil {
			return err
		}
	}
	return p.show(c, http.StatusOK, look{page: "my_credentials", title: title, nav: credentialsPath}, v)
}

// issuedList is every credential of a record that is shown, newest first.
func (p *Pages) issuedList(ctx context.Context, l *locale, actor registry.Actor, rec record) ([]issuedView, error) {
	issued, err := p.issuer.Issued(ctx, actor, rec.person.ID)
	if err != nil {
		return nil, err
	}
	return p.issuedViews(ctx, l, actor, rec, issued)
}

// issuedViews puts those credentials into words that were handed out.
func (p *Pages) issuedViews(ctx context.Context, l *locale, actor registry.Actor, rec record, issued []issuer.Issued) ([]issuedView, error) {
	due, err := p.due(ctx, actor, rec)
	if err != nil {
		return nil, err
	}
	var out []issuedView
	for _, i := range issued {
		if !i.IssuedAt.IsZero() {
			out = append(out, p.issuedView(l, actor, rec, i, due))
		}
	}
	return out, nil
}

// issuedLives is issuedList with what happened to each, for staff: base is the record's
// address, and offers tells whether the reader may offer a new one.
func (p *Pages) issuedLives(ctx context.Context, l *locale, actor registry.Actor, rec record, base string, offers bool) ([]issuedView, error) {
	list, err := p.issuedList(ctx, l, actor, rec)
	if err != nil {
		return nil, err
	}
	for n := range list {
		v := &list[n]
		life, err := p.issuer.Life(ctx, actor, uuid.MustParse(v.ID))
		if err != nil {
			return nil, err
		}
		v.Steps, v.Page, v.Reissue = lifeSteps(l, life), issuedPath+"/"+v.ID, ""
		if v.Print != "" {
			v.Print = ""
			if offers {
				v.Print = base + deskPaperPath + "/" + v.ID
			}
		}
		if offers && !v.Suspended && life.ReplacedBy == uuid.Nil && life.Format != issuer.FormatPaper {
			v.Desk = base + "/credentials/" + v.ID + "/reissue"
		}
	}
	return list, nil
}

// deskCards are credentialCards for staff: the office offers what is ready.
func (p *Pages) deskCards(ctx context.Context, l *locale, actor registry.Actor, rec record, base string, offers bool) ([]credentialCard, error) {
	cards, err := p.credentialCards(ctx, l, actor, rec)
	for n := range cards {
		card := &cards[n]
		if card.Page != "" {
			card.Page = issuedPath + strings.TrimPrefix(card.Page, credentialsPath)
		}
		if card.Offer != "" && offers {
			card.Offer = base + deskOfferPath + "/new?" + url.Values{"config": {card.Config}, "issuer": {card.Of}}.Encode()
		} else {
			card.Offer = ""
		}
		if card.Print != "" && offers {
			card.Print = base + deskPaperPath + "/new?" + url.Values{"config": {card.Config}, "issuer": {card.Of}}.Encode()
		} else {
			card.Print = ""
		}
		card.Reissue = ""
	}
	return cards, err
}
