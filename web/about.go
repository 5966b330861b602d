package web

import (
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/gin-gonic/gin"

	"socialregistry/registry"
)

// Kept is what the operator has settled about personal data, and whom to ask: the
// pages about privacy, accessibility and help say it.
type Kept struct {
	Looks   time.Duration // who read whose record
	Files   time.Duration // jobs and offers after their end, with their files
	Consent time.Duration // what somebody let a wallet have
	Hook    bool          // messages leave the portal
	Scan    bool          // documents are looked at by a program
	Contact string        // whom to ask, as the operator wrote it; "": the registration office
}

// maxContact is in characters.
const maxContact = 200

// CheckContact says whether a text can stand where people read whom to ask: one
// line of at most 200 characters.
func CheckContact(text string) error {
	if utf8.RuneCountInString(text) > maxContact || strings.ContainsFunc(text, func(r rune) bool { return !unicode.IsPrint(r) }) {
		return fmt.Errorf("not one line of at most %d characters", maxContact)
	}
	return nil
}

// aboutView is a page that explains: sections of sentences and lists.
type aboutView struct {
	Lead     string
	Sections []aboutSection
}

type aboutSection struct {
	ID, Title string
	Texts     []string
	Items     []string
	Words     []words // items that may be in another language
	Href      string  // where to go on
	Link      string
}

// section is one of the texts prefix.id, prefix.id_text; its items are prefix.id_1 and so on.
func (l *locale) section(prefix, id string, pairs ...any) aboutSection {
	s := aboutSection{ID: id, Title: l.t(prefix + "." + id)}
	if l.has(prefix + "." + id + "_text") {
		s.Texts = append(s.Texts, l.t(prefix+"."+id+"_text", pairs...))
	}
	for n := 1; l.has(prefix + "." + id + "_" + strconv.Itoa(n)); n++ {
		s.Items = append(s.Items, l.t(prefix+"."+id+"_"+strconv.Itoa(n), pairs...))
	}
	return s
}

// Help is GET /help: how to get on.
func (p *Pages) Help(c *gin.Context) error {
	l := p.localeOf(c)
	v := aboutView{Lead: l.t("help.lead"), Sections: []aboutSection{
		l.section("help", "in"), l.section("help", "record"), l.section("help", "wallet"), l.section("help", "staff"), l.section("help", "wrong"),
	}}
	if p.kept.Contact != "" {
		ask := l.section("help", "ask")
		ask.Words = []words{{Text: p.kept.Contact, Dir: "auto"}}
		v.Sections = append(v.Sections, ask)
	}
	return p.show(c, http.StatusOK, look{page: "about", title: l.t("help.title")}, v)
}

// Accessibility is GET /accessibility: what is tested and how, what is known not to
// be good, and whom to tell.
func (p *Pages) Accessibility(c *gin.Context) error {
	l := p.localeOf(c)
	names := make([]string, len(p.codes))
	for i, code := range p.codes {
		names[i] = p.locales[code].name
	}
	v := aboutView{Lead: l.t("access.lead"), Sections: []aboutSection{
		l.section("access", "tested", "languages", strings.Join(names, ", ")), l.section("access", "limits"), p.withContact(l, l.section("access", "report")),
	}}
	return p.show(c, http.StatusOK, look{page: "about", title: l.t("access.title")}, v)
}

// Privacy is GET /privacy: what is kept, for how long, and who may read it, from the
// settings and definitions as they are.
func (p *Pages) Privacy(c *gin.Context) error {
	l := p.localeOf(c)
	fields, err := p.registry.FieldsOf(c.Request.Context(), registry.PersonKind)
	if err != nil {
		return err
	}
	sources, err := p.registry.Sources(c.Request.Context(), registry.System())
	if err != nil {
		return err
	}
	v := aboutView{Lead: l.t("privacy.lead"), Sections: []aboutSection{p.keptRecord(l, fields), p.keptTimes(l), l.section("privacy", "read"), p.narrow(l, fields),
		p.leaves(l, sources), l.section("privacy", "signin", "minutes", int(registry.SessionIdle/time.Minute), "hours", int(registry.SessionMax/time.Hour)),
		p.withContact(l, l.section("privacy", "rights"))}}
	return p.show(c, http.StatusOK, look{page: "about", title: l.t("privacy.title")}, v)
}

// withContact adds whom to ask to a section.
func (p *Pages) withContact(l *locale, s aboutSection) aboutSection {
	if p.kept.Contact != "" {
		s.Texts = append(s.Texts, l.t("privacy.contact", "contact", p.kept.Contact))
	}
	return s
}

// keptRecord names what is asked for, and what of it is sealed.
func (p *Pages) keptRecord(l *locale, fields []registry.Field) aboutSection {
	s := l.section("privacy", "record")
	var sealed []string
	for _, f := range fields {
		if f.Retired || f.Type == registry.TypeComputed {
			continue
		}
		name := p.words(l, f.Label, f.Key)
		s.Words = append(s.Words, name)
		if f.Sealed {
			sealed = append(sealed, name.Text)
		}
	}
	if len(sealed) > 0 {
		s.Texts = append(s.Texts, l.t("privacy.sealed", "fields", strings.Join(sealed, l.t("list.comma")+" ")))
	}
	return s
}

// keptTimes says for how long.
func (p *Pages) keptTimes(l *locale) aboutSection {
	s := l.section("privacy", "times")
	for _, kept := range []struct {
		key string
		d   time.Duration
	}{{"privacy.days_looks", p.kept.Looks}, {"privacy.days_files", p.kept.Files}, {"privacy.days_consent", p.kept.Consent}} {
		if days := int(kept.d / (24 * time.Hour)); days > 0 {
			s.Items = append(s.Items, l.t(kept.key, "n", days))
		}
	}
	return s
}

// narrow names the details that not all staff are told.
func (p *Pages) narrow(l *locale, fields []registry.Field) aboutSection {
	s := l.section("privacy", "narrow")
	for _, f := range fields {
		if len(f.SeeBy) == 0 || f.Retired {
			continue
		}
		roles := make([]string, len(f.SeeBy))
		for i, role := range f.SeeBy {
			roles[i] = l.t("role." + string(role))
		}
		s.Items = append(s.Items, l.t("edit.problem", "field", p.words(l, f.Label, f.Key).Text, "text", strings.Join(roles, l.t("list.comma")+" ")))
	}
	if len(s.Items) == 0 {
		s.Texts = []string{l.t("privacy.narrow_none")}
	}
	return s
}

// leaves says where data come from and go to.
func (p *Pages) leaves(l *locale, sources []registry.Source) aboutSection {
	s := l.section("privacy", "leaves")
	hook := "privacy.no_hook"
	if p.kept.Hook {
		hook = "privacy.hook"
	}
	s.Texts = append(s.Texts, l.t(hook))
	if p.provider != nil {
		s.Texts = append(s.Texts, l.t("privacy.provider", "name", p.provider.Name()))
	}
	if len(p.wallets) > 0 {
		names := make([]string, len(p.wallets))
		for i, w := range p.wallets {
			names[i] = w.Name
		}
		s.Texts = append(s.Texts, l.t("privacy.web_wallets", "names", strings.Join(names, l.t("list.comma")+" ")))
	}
	if p.kept.Scan {
		s.Texts = append(s.Texts, l.t("privacy.scan"))
	}
	if len(sources) == 0 {
		s.Texts = append(s.Texts, l.t("privacy.no_sources"))
		return s
	}
	s.Texts = append(s.Texts, l.t("privacy.sources"))
	for _, source := range sources {
		s.Words = append(s.Words, p.words(l, source.Label, source.Key))
	}
	return s
}
