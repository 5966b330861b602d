package web

import (
	"context"
	"net/url"
	"strings"

	"socialregistry/registry"
)

// identifierType is a type of identifiers as a thing of the settings.
type identifierType struct{ registry.IdentifierType }

// IdentifierTypes are the pages of the types of identifiers.
func (p *Pages) IdentifierTypes() Shelf {
	return Shelf{p: p, path: "/admin/identifier-types", words: "types", aliases: map[string]string{"label": "label_en"},
		blank: func() thing {
			return identifierType{registry.IdentifierType{Active: true, Unique: true, Normalisation: registry.NormLetters, Expires: registry.ExpiresOptional,
				CheckRule: "none", Kinds: []string{registry.PersonKind}, EditBy: []registry.Role{registry.RoleAdmin, registry.RoleRegistrar}}}
		},
		load: func(d *desk, key string) (thing, error) {
			t, err := p.registry.IdentifierType(d.ctx, d.actor, key)
			return identifierType{t}, err
		},
		save: func(ctx context.Context, d *desk, t thing, reason string) error {
			return store(ctx, d, t, t.(identifierType).IdentifierType, reason, p.registry.DefineIdentifierType, p.registry.ChangeIdentifierType)
		},
		list: func(d *desk) (deskTable, error) {
			types, err := p.registry.IdentifierTypes(d.ctx, d.actor)
			t := d.table("desk.no_types", "desk.name", "desk.in_key", "desk.in_check_rule", "credentials.state")
			for _, x := range types {
				name := p.words(d.l, x.Label, x.Key).cell()
				name.Href = "/admin/identifier-types/" + x.Key
				t.Rows = append(t.Rows, []deskCell{name, codeCell(x.Key), plainCell(d.l.t("desk.check_" + string(x.CheckRule))), {Badges: []badge{d.used(x.Active)}}})
			}
			return t, err
		}}
}

// used says whether something is in use.
func (d *desk) used(active bool) badge {
	if active {
		return badge{"ok", "check", d.l.t("desk.is_used")}
	}
	return badge{"none", "minus", d.l.t("desk.is_retired")}
}

func (t identifierType) key() string          { return t.Key }
func (t identifierType) version() int         { return t.Version }
func (t identifierType) title(d *desk) string { return d.p.words(d.l, t.Label, t.Key).Text }

func (t identifierType) groups(d *desk) ([]deskGroup, error) {
	kinds, err := d.kindOptions()
	there := t.Version > 0
	return []deskGroup{
		{Title: d.l.t("desk.group_what"), Two: true, Controls: []deskControl{d.orFixed(there, needed(d.code("key", t.Key))), d.tick("active", t.Active), d.ticks("kinds", t.Kinds, kinds...),
			d.ticks("edit_by", textsOf(t.EditBy), roleOptions(d, registry.RoleAdmin, registry.RoleRegistrar, registry.RoleRegistrant)...)}},
		{Title: d.l.t("desk.group_labels"), Two: true, Controls: d.perLanguage("label", t.Label)},
		{Title: d.l.t("desk.group_values"), Text: d.l.t("desk.types_text"), Two: true, Controls: []deskControl{d.code("pattern", t.Pattern),
			d.choice("check_rule", string(t.CheckRule), d.options("desk.check_", "none", "luhn", "verhoeff", "damm", "iso7064_mod97_10", "iso7064_mod11_2", "iso7064_mod37_36")...),
			d.choice("normalisation", string(t.Normalisation), d.options("desk.norm_", "letters_digits", "digits", "digits_unpadded")...),
			d.choice("expires", string(t.Expires), d.options("desk.expires_", "never", "optional", "required")...), d.tick("unique", t.Unique)}},
	}, err
}

func (t identifierType) read(form url.Values) thing {
	x := t.IdentifierType
	if x.Version == 0 {
		x.Key = strings.TrimSpace(form.Get("key"))
	} else {
		x.Version = atoi(form.Get("version"))
	}
	x.Label, x.Pattern, x.CheckRule, x.Active, x.Unique = labelsIn(form, "label"), form.Get("pattern"), registry.CheckRule(form.Get("check_rule")), form.Get("active") != "", form.Get("unique") != ""
	x.Normalisation, x.Expires = registry.Normalisation(form.Get("normalisation")), registry.Expiry(form.Get("expires"))
	x.Kinds, x.EditBy = form["kinds"], asTexts[registry.Role](form["edit_by"])
	return identifierType{x}
}
