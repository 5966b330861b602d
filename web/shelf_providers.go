package web

import (
	"context"
	"errors"
	"net/url"
	"strings"

	"socialregistry/internal/fault"
	"socialregistry/issuer"
)

// walletProvider is a provider as a thing of the settings; keys is its JWK Set as typed.
type walletProvider struct {
	issuer.WalletProvider
	keys string
	off  bool
}

// WalletProviders are the pages of those whose word about wallets is believed.
func (p *Pages) WalletProviders() Shelf {
	const path = "/admin/wallet-providers"
	return Shelf{p: p, path: path, words: "providers", aliases: map[string]string{"name": "provider_name", "clients": "provider_clients"},
		blank: func() thing {
			return walletProvider{WalletProvider: issuer.WalletProvider{Uses: []issuer.ProviderUse{issuer.ForClients, issuer.ForKeys}}}
		},
		load: func(d *desk, key string) (thing, error) {
			x, err := p.issuer.WalletProvider(d.ctx, d.actor, key)
			return walletProvider{x, keyText(x.JWKS), !x.DisabledAt.IsZero()}, err
		},
		save: func(ctx context.Context, d *desk, t thing, reason string) error {
			x := t.(walletProvider)
			keys, err := readKeys(x.keys)
			if err != nil {
				return err
			}
			if x.JWKS = keys; x.VersionNo == 0 {
				_, err = p.issuer.DefineWalletProvider(ctx, d.actor, x.WalletProvider, x.off, reason)
			} else {
				_, err = p.issuer.ChangeWalletProvider(ctx, d.actor, x.WalletProvider, x.off, reason)
			}
			return err
		},
		list: func(d *desk) (deskTable, error) {
			all, err := p.issuer.WalletProviders(d.ctx, d.actor)
			t := d.table("desk.no_providers", "desk.name", "desk.in_key", "desk.in_uses", "credentials.state")
			for _, x := range all {
				var uses []string
				for _, u := range x.Uses {
					uses = append(uses, d.l.t("desk.use_"+string(u)))
				}
				t.Rows = append(t.Rows, []deskCell{{Text: x.Name, Href: path + "/" + url.PathEscape(x.ID)}, codeCell(x.ID), {List: uses}, {Badges: []badge{d.used(x.DisabledAt.IsZero())}}})
			}
			return t, err
		},
		around: func(d *desk, v *deskPage, t thing) error {
			entries, err := p.issuer.WalletProviderLog(d.ctx, d.actor, t.key())
			v.Line = d.entries(entries)
			return err
		}}
}

func (x walletProvider) key() string        { return x.ID }
func (x walletProvider) version() int       { return int(x.VersionNo) }
func (x walletProvider) title(*desk) string { return x.Name }

func (x walletProvider) groups(d *desk) ([]deskGroup, error) {
	name := needed(d.line("provider_name", x.Name))
	name.MaxLength = 100
	return []deskGroup{
		{Title: d.l.t("desk.group_what"), Two: true, Controls: []deskControl{d.orFixed(x.VersionNo > 0, needed(d.code("key", x.ID))), name,
			d.ticks("uses", textsOf(x.Uses), d.options("desk.use_", string(issuer.ForClients), string(issuer.ForKeys))...), d.tick("active", !x.off),
			d.codeArea("provider_clients", strings.Join(x.Clients, "\n"))}},
		{Title: d.l.t("desk.group_trust"), Text: d.l.t("desk.group_trust_text"), Two: true, Controls: []deskControl{d.codeArea("jwks", x.keys), d.codeArea("roots", x.Roots)}},
	}, nil
}

func (x walletProvider) read(form url.Values) thing {
	if x.VersionNo == 0 {
		x.ID = strings.TrimSpace(form.Get("key"))
	} else {
		x.VersionNo = int64(atoi(form.Get("version")))
	}
	x.Name, x.Uses, x.Clients = strings.TrimSpace(form.Get("provider_name")), asTexts[issuer.ProviderUse](form["uses"]), linesOf(form.Get("provider_clients"))
	x.keys, x.Roots, x.off = strings.TrimSpace(form.Get("jwks")), strings.TrimSpace(form.Get("roots")), form.Get("active") == ""
	return x
}

// invalidMember is a mistake in one control.
func invalidMember(name, detail string) error {
	return fault.InvalidFields("invalid_values", detail, []fault.Field{{Name: name, Code: "bad_" + name, Detail: detail}})
}

// asMember says of a mistake as a whole in which control it is.
func asMember(err error, name string) error {
	var f *fault.Error
	if errors.As(err, &f) && f.Kind == fault.Invalid && len(f.Fields) == 0 {
		return fault.InvalidFields(f.Code, f.Detail, []fault.Field{{Name: name, Code: f.Code, Detail: f.Detail}})
	}
	return err
}
