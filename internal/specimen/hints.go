package specimen

import (
	"fmt"

	"socialregistry/issuer/status"
	"socialregistry/issuer/verify"
)

// hints makes W3C credentials whose status says more than whether they hold: that a
// newer one is to be had, or a message; and some whose entry and list do not agree.
func (g *generator) hints() {
	for _, v := range variants() {
		if listKind(v.format) == "bits" {
			g.hinted(v)
		}
	}
}

// of gives an entry of a purpose at a place.
func of(purpose string, index int) map[string]any {
	return entry(plan{list: "now", index: index}, purpose)
}

// message is an entry whose four values each say something.
func message(index int, change func(map[string]any)) map[string]any {
	e := of(status.Message, index)
	var all []any
	for n, text := range []string{"nothing to say", "under review", "photo is old", "visit the office"} {
		all = append(all, map[string]any{"status": fmt.Sprintf("0x%x", n), "message": text})
	}
	e["statusSize"], e["statusMessage"] = 2, all
	if change != nil {
		change(e)
	}
	return e
}

func (g *generator) hinted(v variant) {
	revocation := of(status.Revocation, valid)
	with := func(entries ...any) string { return g.withStatus(v, append([]any{revocation}, entries...)) }
	good := check{claims: person(v.format)}
	refresh, told := good, good
	refresh.refresh, told.messages = true, []string{"photo is old"}
	moved := of(status.Revocation, valid)
	moved["statusListCredential"] = bitsURI("now", status.Suspension)
	absent := of(status.Refresh, both)
	absent["statusListCredential"] = bitsURI("absent", status.Refresh)
	for _, c := range []struct {
		name    string
		outcome verify.Outcome
		data    string
		check   check
	}{
		{"a newer one is to be had", verify.Genuine, with(of(status.Refresh, both)), refresh}, {"no newer one", verify.Genuine, with(of(status.Refresh, valid)), good},
		{"a hint that cannot be had", verify.Genuine, with(absent), good}, {"a message", verify.Genuine, with(message(odd, nil)), told}, {"a message that says nothing", verify.Genuine, with(message(valid, nil)), good},
		{"hints alone", verify.GenuineStatusUnknown, g.withStatus(v, []any{of(status.Refresh, both)}), refresh},
		{"a list of another purpose", verify.GenuineStatusUnknown, g.withStatus(v, []any{moved}), good},
		{"fewer messages than values", verify.GenuineStatusUnknown, with(message(odd, func(e map[string]any) { e["statusMessage"] = e["statusMessage"].([]any)[:3] })), good},
		{"messages of nine bits", verify.GenuineStatusUnknown, with(message(odd, set("statusSize", 9))), good},
		{"revocation of two bits", verify.GenuineStatusUnknown, g.withStatus(v, []any{sized(of(status.Revocation, valid), 2)}), good},
	} {
		g.add(v.String()+": "+c.name, v.format, c.outcome, c.data, c.check)
	}
}

func sized(e map[string]any, bits int) map[string]any {
	e["statusSize"] = bits
	return e
}

// withStatus makes a credential with these entries.
func (g *generator) withStatus(v variant, entries []any) string {
	if v.format == verify.FormatLDP {
		d := g.doc(usual())
		d["credentialStatus"] = entries
		return g.prove(v, usual(), d)
	}
	c := g.jwtContent(v, usual())
	c.Status = entries
	kid, signer := usual().names(v)
	token, err := c.Sign(g.key(signer), v.alg(), did+"#"+kid)
	g.fail(err)
	return token
}
