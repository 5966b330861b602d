package web

import (
	"context"
	"net/url"
	"strconv"
	"strings"

	"socialregistry/registry"
)

// groupKind is a kind of group as a thing of the settings.
type groupKind struct{ registry.GroupKind }

// GroupKinds are the pages of the kinds of group.
func (p *Pages) GroupKinds() Shelf {
	return Shelf{p: p, path: "/admin/group-kinds", words: "kinds", aliases: map[string]string{"label": "label_en", "roles": "member_roles"},
		blank: func() thing { return groupKind{registry.GroupKind{MaxMembers: 100}} },
		load: func(d *desk, key string) (thing, error) {
			k, err := p.registry.GroupKind(d.ctx, key)
			return groupKind{k}, err
		},
		save: func(ctx context.Context, d *desk, t thing, reason string) error {
			return store(ctx, d, t, t.(groupKind).GroupKind, reason, p.registry.DefineGroupKind, p.registry.EditGroupKind)
		},
		list: func(d *desk) (deskTable, error) {
			kinds, err := p.registry.GroupKinds(d.ctx)
			t := d.table("desk.no_kinds", "desk.name", "desk.in_key", "desk.in_member_roles", "desk.in_max_members")
			for _, k := range kinds {
				name := p.words(d.l, k.Label, k.Key).cell()
				name.Href = "/admin/group-kinds/" + k.Key
				var roles []string
				for _, r := range k.Roles {
					roles = append(roles, p.words(d.l, r.Label, r.Key).Text)
				}
				t.Rows = append(t.Rows, []deskCell{name, codeCell(k.Key), {List: roles}, plainCell(d.l.number(k.MaxMembers))})
			}
			return t, err
		}}
}

func (k groupKind) key() string          { return k.Key }
func (k groupKind) version() int         { return k.VersionNo }
func (k groupKind) title(d *desk) string { return d.p.words(d.l, k.Label, k.Key).Text }

func (k groupKind) groups(d *desk) ([]deskGroup, error) {
	kinds, err := d.kindOptions()
	there := k.VersionNo > 0
	size := d.code("max_members", strconv.Itoa(k.MaxMembers))
	size.Mode = "numeric"
	return []deskGroup{
		{Title: d.l.t("desk.group_what"), Two: true, Controls: []deskControl{d.orFixed(there, needed(d.code("key", k.Key))), size,
			d.orFixed(there, d.tick("needs_head", k.NeedsHead)), d.orFixed(there, d.tick("exclusive", k.Exclusive))}},
		{Title: d.l.t("desk.group_labels"), Two: true, Controls: d.perLanguage("label", k.Label)},
		{Title: d.l.t("desk.group_members"), Two: true, Controls: []deskControl{d.ticks("member_kinds", k.MemberKinds, kinds...), d.codeArea("member_roles", memberRoleLines(k.Roles))}},
	}, err
}

func (k groupKind) read(form url.Values) thing {
	if k.VersionNo == 0 {
		k.Key, k.NeedsHead, k.Exclusive = strings.TrimSpace(form.Get("key")), form.Get("needs_head") != "", form.Get("exclusive") != ""
	} else {
		k.VersionNo = atoi(form.Get("version"))
	}
	k.Label, k.MaxMembers, k.MemberKinds = labelsIn(form, "label"), atoi(form.Get("max_members")), form["member_kinds"]
	k.Roles = readMemberRoles(form.Get("member_roles"))
	return k
}

// memberRoleLines writes roles one a line: head * | en: Head. A star: one at a time.
func memberRoleLines(roles []registry.MemberRole) string {
	choices := make([]registry.Choice, len(roles))
	for n, r := range roles {
		if choices[n] = (registry.Choice{Value: r.Key, Label: r.Label}); r.Unique {
			choices[n].Value += " *"
		}
	}
	return choiceLines(choices)
}

func readMemberRoles(s string) []registry.MemberRole {
	var out []registry.MemberRole
	for _, c := range readChoices(s) {
		key, unique := strings.CutSuffix(c.Value, "*")
		key = strings.TrimSpace(key)
		if c.Label[defaultLocale] == c.Value {
			c.Label[defaultLocale] = key
		}
		out = append(out, registry.MemberRole{Key: key, Label: c.Label, Unique: unique})
	}
	return out
}
