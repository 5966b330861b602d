package web

import (
	"net/http"
	"net/url"
	"slices"

	"github.com/gin-gonic/gin"

	"socialregistry/api/auth"
	"socialregistry/internal/fault"
	"socialregistry/registry"
)

// meView is a person's own record.
type meView struct {
	Who         identity
	Ring        ring
	Sections    []section
	Credentials []credentialCard
	Saved       bool
	Held        bool // part of what was saved waits for approval
	Waits       []waitingChange
	Identifiers []identifierView
	InCare      bool // there are people whom the reader may act for
	None        bool // the account has no record, or it is not there any more
}

// ring is how much of a record is attested.
type ring struct {
	Done, All int
	Dash      int // of 100
}

func newRing(rec record) ring {
	done, all := rec.attested()
	return ring{Done: done, All: all, Dash: 100 * done / max(all, 1)}
}

// Me is GET /me.
func (p *Pages) Me(c *gin.Context) error {
	ctx, l := c.Request.Context(), p.localeOf(c)
	actor := auth.Actor(ctx)
	rec, err := p.load(ctx, actor, actor.RegistrantID)
	if kind := fault.KindOf(err); kind == fault.NotFound || kind == fault.Gone {
		return p.show(c, http.StatusNotFound, look{page: "me", title: l.t("me.title"), nav: "/me"}, meView{None: true})
	}
	if err != nil {
		return err
	}
	cards, err := p.credentialCards(ctx, l, actor.Own(), rec)
	if err != nil {
		return err
	}
	waits, err := p.waitingOf(ctx, l, actor, actor.RegistrantID, rec.fields, p.ownValue)
	if err != nil {
		return err
	}
	v := meView{Who: p.identityOf(rec.fields, rec.person, "/me"), Ring: newRing(rec), Credentials: cards, Saved: c.Query("saved") != "",
		Held: c.Query("saved") == "waiting", Waits: waits, Sections: p.sections(l, actor, rec, p.ownValue)}
	if v.InCare, err = p.mayAct(ctx, actor); err != nil {
		return err
	}
	addAppeals(l, rec, v.Sections)
	addMore(l, actor, rec, v.Sections)
	if v.Identifiers, err = p.ownIdentifiers(ctx, l, actor); err != nil {
		return err
	}
	return p.show(c, http.StatusOK, look{page: "me", title: l.t("me.title"), nav: "/me"}, v)
}

// addAppeals says at each rejected detail how to appeal, or where the appeal stands.
func addAppeals(l *locale, rec record, sections []section) {
	for _, s := range sections {
		for n := range s.Details {
			d := &s.Details[n]
			switch state := rec.states[d.Key]; {
			case state.State != registry.StateRejected:
			case state.Appeal.State == "":
				d.Act = &ownLink{ownAppealPath(d.Key), l.t("ownappeal.against", "field", d.Label.Text)}
			default:
				d.Act = &ownLink{appealsPath, l.t("ownappeal.badge_" + string(state.Appeal.State))}
			}
		}
	}
}

// MyEdit is GET /me/edit/:section.
func (p *Pages) MyEdit(c *gin.Context) error {
	ctx := c.Request.Context()
	e, err := p.editOwn(ctx, p.localeOf(c), auth.Actor(ctx), c.Param("section"))
	if err != nil {
		return err
	}
	if !p.registry.Fresh(e.actor) && slices.ContainsFunc(e.fields, registry.Field.Reaches) {
		return seeOther(c, "/step-up?next="+url.QueryEscape(c.Request.URL.RequestURI()))
	}
	return p.editForm(c, e, http.StatusOK, nil)
}

// MyEditPost is POST /me/edit/:section: check, save, or back to the form.
func (p *Pages) MyEditPost(c *gin.Context) error {
	form, err := readForm(c)
	if err != nil {
		return err
	}
	return p.withProof(c, form.Values, func() error { return p.sendEdit(c, form) })
}

func (p *Pages) sendEdit(c *gin.Context, form sentForm) error {
	ctx := c.Request.Context()
	e, err := p.editOwn(ctx, p.localeOf(c), auth.Actor(ctx), c.Param("section"))
	if err != nil {
		return err
	}
	if err := e.read(form.Values); err != nil {
		return err
	}
	if err := p.registry.FormFits(e.actor, form.Values.Get("form")); err != nil {
		return err // before the file is kept: it would lie in the wrong record
	}
	if err := p.takeEvidence(ctx, e, form); err != nil {
		return p.editRefused(c, e, err)
	}
	form.Values.Del(evidenceName)
	for _, d := range e.evidence { // a page that asks for a proof keeps them too
		form.Values.Add(evidenceName, d.ID.String())
	}
	return p.editPost(c, e, form.Values, "/me?saved=1")
}

// historyView is a change log for people to read, newest first.
type historyView struct {
	turn
	Who     *identity // nil: the reader's own
	Entries []entryView
	Tab     string
	Tabs    []tab
}

type entryView struct {
	Title   string
	When    string
	By      string
	Reason  string
	Changes []entryChange
}

type entryChange struct {
	Label    words
	Old, New shown
	Badge    *badge
	Comment  string

	Collected string // when the new value was collected, "" if nobody knows
}

// MyHistory is GET /me/history.
func (p *Pages) MyHistory(c *gin.Context) error {
	ctx, l := c.Request.Context(), p.localeOf(c)
	actor := auth.Actor(ctx)
	fields, err := p.registry.Fields(ctx)
	if err != nil {
		return err
	}
	page, err := p.registry.LatestHistory(ctx, actor, actor.RegistrantID, c.Query("after"), 20)
	if err != nil {
		return err
	}
	slices.Reverse(page.Entries) // oldest first, as a whole log is
	v := historyView{turn: turnOf(c.Request.URL, page.Next), Entries: p.entries(l, fields, page.Entries, p.ownValue)}
	return p.show(c, http.StatusOK, look{page: "my_history", title: l.t("history.title"), nav: "/me/history"}, v)
}

func (p *Pages) entries(l *locale, fields []registry.Field, log []registry.LogEntry, value func(*locale, registry.Field, string) shown) []entryView {
	byKey := map[string]registry.Field{}
	for _, f := range fields {
		byKey[f.Key] = f
	}
	out := make([]entryView, 0, len(log))
	for _, e := range slices.Backward(log) {
		v := entryView{Title: entryTitle(l, e), When: l.dateTime(e.At), Reason: e.Reason,
			By: l.t("history.by", "who", logName(l, e.Actor), "channel", l.t("channel."+string(e.Channel)))}
		if e.Reason == registry.ActivationReason || e.Reason == registry.ProviderReason {
			v.Reason = ""
		}
		for _, ch := range e.Changes {
			if ch.Kind == registry.KindVersion || ch.Kind == registry.KindDefault { // said by the title
				continue
			}
			f, ok := byKey[ch.Field]
			if !ok { // about something else: an identifier, a membership
				f.Key = ch.Field
			}
			v.Changes = append(v.Changes, p.entryChange(l, f, ch, value))
		}
		out = append(out, v)
	}
	return out
}

func (p *Pages) entryChange(l *locale, f registry.Field, ch registry.FieldChange, value func(*locale, registry.Field, string) shown) entryChange {
	out := entryChange{Label: p.label(l, f), Comment: ch.Comment}
	if ch.Kind == registry.KindAttestation {
		b := stateBadge(l, registry.Field{Attestable: true}, registry.FieldState{State: registry.State(ch.New)})
		out.Badge = &b
		return out
	}
	switch ch.Kind {
	case registry.KindRequest:
		word := l.t("wait.state_" + ch.New)
		if f.Approval.Note && ch.New == string(registry.RequestApproved) {
			word = l.t("requests.noted")
		}
		out.Label.Text = word + ": " + out.Label.Text
		return out
	case registry.KindAppeal:
		out.Label.Text = l.t("appeal.state_"+ch.New) + ": " + out.Label.Text
		return out
	case registry.KindProposal:
		out.Label.Text = l.t("state.proposed") + ": " + out.Label.Text
		return out
	case registry.KindRequestValue:
		out.Label.Text, out.Comment = l.t("wait.value")+": "+out.Label.Text, ""
	}
	if key := "history.kind." + ch.Kind; l.has(key) { // what is no field of the record
		if ch.Kind == registry.KindKinship { // what the other is
			out.Label = words{Text: l.t("tie." + ch.Field)}
		}
		out.Label.Text = l.t(key) + ": " + out.Label.Text
		out.Old, out.New = p.shownValue(l, registry.Field{}, ch.Old), p.shownValue(l, registry.Field{}, ch.New) // identifiers come masked
		return out
	}
	out.Old, out.New = value(l, f, ch.Old), value(l, f, ch.New)
	return out
}

// entryTitle says in one line what an entry did.
func entryTitle(l *locale, e registry.LogEntry) string {
	switch {
	case e.Reason == registry.ActivationReason && len(e.Changes) == 0:
		return l.t("history.code")
	case e.Reason == registry.ProviderReason && len(e.Changes) == 0:
		return l.t("history.provider")
	case len(e.Changes) > 0 && (e.Changes[0].Kind == registry.KindAttestation || e.Changes[0].Kind == registry.KindProposal):
		return l.t("history.decided", "n", len(e.Changes))
	case len(e.Changes) > 0 && e.Changes[0].Kind == registry.KindAppeal:
		return l.t("appeal.entry")
	case len(e.Changes) > 0 && e.Changes[0].Kind == registry.KindRequest:
		return l.t("wait.entry")
	case e.ChainNo == 1:
		return l.t("history.registered")
	case len(e.Changes) > 0 && e.Changes[0].Kind == registry.KindVersion && e.Changes[0].Comment != "":
		return l.t("history.version", "label", e.Changes[0].Comment)
	case len(e.Changes) > 0 && (e.Changes[0].Kind == registry.KindVersion || e.Changes[0].Kind == registry.KindDefault):
		return l.t("history.default", "n", e.Changes[0].New)
	}
	return l.t("history.changed", "n", len(e.Changes))
}
