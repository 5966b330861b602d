package web

import (
	"context"
	"net/http"
	"net/url"
	"slices"
	"strconv"

	"github.com/gin-gonic/gin"

	"socialregistry/internal/fault"
	"socialregistry/registry"
)

type identifiersView struct {
	personView
	List     []identifierView
	MayAdd   bool
	Inputs   []input // of a new one
	Token    string
	Problems []problem
}

// identifierView is one identifier in the list.
type identifierView struct {
	Href   string // where it is changed; "": not for the reader
	Type   words
	Value  shown
	Badge  badge
	Days   string
	Issuer string
	Meta   string
}

// PersonIdentifiers is GET /admin/people/:id/identifiers.
func (p *Pages) PersonIdentifiers(c *gin.Context) error {
	return p.personIdentifiers(c, http.StatusOK, url.Values{}, nil)
}

func (p *Pages) personIdentifiers(c *gin.Context, status int, form url.Values, problems []problem) error {
	rec, head, err := p.person(c, "/identifiers")
	if err != nil {
		return err
	}
	d := p.visit(c)
	types, err := p.registry.IdentifierTypes(d.ctx, d.actor)
	if err != nil {
		return err
	}
	list, err := p.registry.Identifiers(d.ctx, d.actor, rec.person.ID)
	if err != nil {
		return err
	}
	v := identifiersView{personView: head, MayAdd: head.MayEdit, Problems: problems}
	for _, i := range list {
		v.List = append(v.List, p.identifierView(d.l, head, types, i))
	}
	v.Inputs = p.newIdentifier(d.l, rec.kind, types, form, problems)
	v.Token = d.token()
	return d.page(status, look{page: "person_identifiers", title: head.Who.Name, nav: navOf(c), failed: len(problems) > 0}, v)
}

func (p *Pages) identifierView(l *locale, head personView, types []registry.IdentifierType, i registry.Identifier) identifierView {
	v := identifierView{Type: p.typeLabel(l, types, i.Type), Value: maskedEnd(i.Value), Badge: identifierBadge(l, i.Status), Issuer: i.IssuedBy,
		Days: dayRange(l, i.ValidFrom, i.ValidTo), Meta: l.t("attest.by", "who", i.ChangedBy, "when", i.ChangedAt)}
	if head.MayEdit {
		v.Href = head.Who.Base + "/identifiers/" + strconv.Itoa(i.Seq)
	}
	return v
}

// ownIdentifiers are those that the office recorded of the reader.
func (p *Pages) ownIdentifiers(ctx context.Context, l *locale, actor registry.Actor) ([]identifierView, error) {
	list, err := p.registry.Identifiers(ctx, actor, actor.RegistrantID)
	if err != nil || len(list) == 0 {
		return nil, err
	}
	types, err := p.registry.IdentifierTypes(ctx, actor)
	if err != nil {
		return nil, err
	}
	out := make([]identifierView, len(list))
	for n, i := range list {
		out[n] = p.identifierView(l, personView{}, types, i)
	}
	return out, nil
}

func (p *Pages) typeLabel(l *locale, types []registry.IdentifierType, key string) words {
	for _, t := range types {
		if t.Key == key {
			return p.words(l, t.Label, key)
		}
	}
	return words{Text: key, Lang: "und", Dir: "ltr"}
}

// maskedEnd hides all but the last characters of an identifier.
func maskedEnd(value string) shown {
	r := []rune(value)
	keep := min(4, len(r)/2)
	return shown{Text: "••••\u00a0" + string(r[len(r)-keep:]), Dir: "ltr"}
}

func identifierBadge(l *locale, s registry.IdentifierStatus) badge {
	return badgeOf(s, l.t("identifier.state_"+string(s)), map[registry.IdentifierStatus]badge{"": {"bad", "cross", ""}, registry.IdentifierValid: {"ok", "check", ""},
		registry.IdentifierExpired: {"chg", "clock", ""}, registry.IdentifierLost: {"wait", "alert", ""}})
}

// dayRange says from when and until when something is valid; "" if nobody knows.
func dayRange(l *locale, from, to string) string {
	switch {
	case from != "" && to != "":
		return l.t("days.from_to", "from", dayWords(l, from), "to", dayWords(l, to))
	case from != "":
		return l.t("days.from", "from", dayWords(l, from))
	case to != "":
		return l.t("days.to", "to", dayWords(l, to))
	}
	return ""
}

// newIdentifier is the inputs of an identifier that is to be added.
func (p *Pages) newIdentifier(l *locale, of string, types []registry.IdentifierType, form url.Values, problems []problem) []input {
	kind := input{ID: "type", Kind: "choice", Label: words{Text: l.t("identifier.type")}, Options: []option{{Label: words{Text: l.t("value.choose")}}}, Required: true}
	for _, t := range types {
		if t.Active && isFor(t, of) {
			kind.Options = append(kind.Options, option{Value: t.Key, Label: p.words(l, t.Label, t.Key), Selected: form.Get("type") == t.Key})
		}
	}
	value := input{ID: "value", Kind: "text", Label: words{Text: l.t("identifier.value")}, Hint: words{Text: l.t("identifier.value_hint")}, Value: form.Get("value"), Dir: "ltr", Autocomplete: "off", Required: true, MaxLength: 64}
	reason := input{ID: "reason", Kind: "text", Label: words{Text: l.t("edit.reason")}, Value: form.Get("reason"), Dir: "auto", MaxLength: 500}
	out := append([]input{kind, value}, identifierDays(l, form)...)
	out = append(out, reason)
	for i := range out {
		out[i].Wrong = wrongOf(problems, out[i].ID)
	}
	return out
}

// identifierDays is the inputs that can be changed later as well.
func identifierDays(l *locale, form url.Values) []input {
	day := func(id string) input {
		return input{ID: id, Kind: "date", Label: words{Text: l.t("identifier." + id)}, Value: form.Get(id), Autocomplete: "off"}
	}
	return []input{day("valid_from"), day("valid_to"),
		{ID: "issued_by", Kind: "text", Label: words{Text: l.t("identifier.issued_by")}, Value: form.Get("issued_by"), Dir: "auto", Autocomplete: "off", MaxLength: 200}}
}

// isFor tells whether records of a kind have identifiers of a type.
func isFor(t registry.IdentifierType, kind string) bool {
	if kind == registry.PersonKind {
		return len(t.Kinds) == 0 || slices.Contains(t.Kinds, kind)
	}
	return slices.Contains(t.Kinds, kind) || slices.Contains(t.Kinds, registry.AnyGroup)
}

// IdentifierAdd is POST /admin/people/:id/identifiers.
func (p *Pages) IdentifierAdd(c *gin.Context) error {
	d, form, err := p.desked(c, registrars()...)
	if err != nil {
		return err
	}
	id, err := personID(c)
	if err != nil {
		return err
	}
	return d.once(form, func(ctx context.Context) (string, error) {
		_, err := p.registry.AddIdentifier(ctx, d.actor, id, registry.NewIdentifier{Type: form.Get("type"), Value: form.Get("value"), ValidFrom: form.Get("valid_from"),
			ValidTo: form.Get("valid_to"), IssuedBy: form.Get("issued_by"), Reason: form.Get("reason")})
		return basePath(c, id) + "/identifiers?done=identifier_added", err
	}, func(problems []problem) error {
		return p.personIdentifiers(c, http.StatusUnprocessableEntity, form, allAbout("value", problems))
	})
}

func identifierNumber(c *gin.Context) (int, error) {
	n, err := wholeNumber(c.Param("number"))
	if err != nil {
		return 0, fault.Wrap(fault.NotFound, "no_such_identifier", "There is no such identifier.", err)
	}
	return n, nil
}
