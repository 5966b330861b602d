package web

import (
	"context"
	"net/url"
	"slices"

	"socialregistry/registry"
)

// programmeFilters ask where somebody stands in a programme: one of those that are for
// a kind of record. Where there are none this is not asked, unless the address does.
func (p *Pages) programmeFilters(ctx context.Context, l *locale, kind string, asked url.Values) ([]input, error) {
	list, err := p.registry.Programmes(ctx)
	if err != nil {
		return nil, err
	}
	any := func(key string) []option { return []option{{Label: words{Text: l.t(key)}}} }
	programme := input{ID: "programme", Kind: "choice", Label: words{Text: l.t("people.programme")}, Options: any("people.any")}
	for _, x := range list {
		if isForKind(x, kind) || x.Code == asked.Get("programme") {
			programme.Options = append(programme.Options, option{Value: x.Code, Label: p.words(l, x.Label, x.Code), Selected: x.Code == asked.Get("programme")})
		}
	}
	state := input{ID: "enrolment", Kind: "choice", Label: words{Text: l.t("people.enrolment")}, Options: append(any("people.enrolment_any"), statusOptions(l, asked.Get("enrolment"))...)}
	if len(programme.Options) == 1 && asked.Get("programme") == "" && asked.Get("enrolment") == "" {
		return nil, nil
	}
	return []input{programme, state}, nil
}

// isForKind tells whether a programme is for a kind of record; AnyGroup is for all
// kinds of group.
func isForKind(x registry.Programme, kind string) bool {
	if kind == registry.AnyGroup {
		return slices.ContainsFunc(x.Kinds, func(k string) bool { return k != registry.PersonKind })
	}
	return slices.Contains(x.Kinds, kind) || kind != registry.PersonKind && slices.Contains(x.Kinds, registry.AnyGroup)
}

// listLinks lead from a programme to the lists of those who stand somewhere in it.
func listLinks(l *locale, prog registry.Programme, status registry.EnrolmentStatus) (out []tab) {
	filter := url.Values{"programme": {prog.Code}, "enrolment": {string(status)}}
	if isForKind(prog, registry.PersonKind) {
		out = append(out, tab{Href: addressOf("/admin/people", filter), Text: l.t("enrol.as_people")})
	}
	if isForKind(prog, registry.AnyGroup) {
		out = append(out, tab{Href: addressOf(groupsPath, filter), Text: l.t("enrol.as_groups")})
	}
	return out
}
