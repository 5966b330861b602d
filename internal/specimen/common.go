package specimen

import (
	"time"

	"socialregistry/issuer/verify"
)

// situation is a plan that every format can have, and what becomes of it.
type situation struct {
	name    string
	change  func(*plan)
	check   check
	outcome verify.Outcome
	shown   bool // its claims may be shown
	only    string
}

// common makes what every format can have.
func (g *generator) common() {
	for _, v := range variants() {
		for _, s := range append(append(dates(), keys()...), statuses()...) {
			if s.only != "" && s.only != listKind(v.format) {
				continue
			}
			p := usual()
			if s.change != nil {
				s.change(&p)
			}
			c := s.check
			if s.shown {
				c.claims = person(v.format)
			}
			outcome := s.outcome
			switch { // a mobile document names its key by a certificate
			case v.format == verify.FormatMdoc && c.bundle == "other-keys":
				outcome = verify.UnknownIssuer
			case v.format == verify.FormatMdoc && p.key == "stranger": // whom our CA certified
				outcome, c.claims = verify.Genuine, person(v.format)
			}
			g.add(v.String()+": "+s.name, v.format, outcome, g.credential(v, p), c)
		}
	}
}

// listKind is token or bits.
func listKind(format string) string {
	if format == verify.FormatLDP || format == verify.FormatJWTVC {
		return "bits"
	}
	return "token"
}

func dates() []situation {
	until, from := usual().until, usual().from
	long := func(p *plan) { p.list = "long" }
	at := func(t time.Time) check { return check{at: t} }
	return []situation{
		{"in order", nil, check{}, verify.Genuine, true, ""},
		{"a second before its end", long, at(until.Add(-time.Second)), verify.Genuine, true, ""},
		{"at its end", long, at(until), verify.Expired, true, ""},
		{"long after its end", func(p *plan) { p.list, p.until = "long", day(2026, 11, 10) }, check{}, verify.Expired, true, ""},
		{"at its beginning", long, at(from), verify.Genuine, true, ""},
		{"a minute before its beginning: clocks differ", long, at(from.Add(-time.Minute)), verify.Genuine, true, ""},
		{"61 seconds before its beginning", long, at(from.Add(-61 * time.Second)), verify.NotYetValid, true, ""},
		{"valid from tomorrow", func(p *plan) { p.from = day(2026, 11, 23) }, check{}, verify.NotYetValid, true, ""},
		{"made and valid in the future", func(p *plan) { p.made, p.from = day(2026, 11, 25), day(2026, 11, 25) }, check{}, verify.NotYetValid, true, ""},
	}
}

func keys() []situation {
	in := func(bundle string) check { return check{bundle: bundle} }
	key := func(name string) func(*plan) { return func(p *plan) { p.key = name } }
	spring := func(p *plan) { p.key, p.made, p.from = "old", day(2026, 5, 1), day(2026, 5, 1) }
	return []situation{
		{"key retired since, signed in its time", spring, check{}, verify.Genuine, true, ""},
		{"signed after the key's window", key("old"), check{}, verify.KeyRetired, true, ""},
		{"signed before the key's window", key("next"), check{}, verify.KeyRetired, true, ""},
		{"key revoked", key("gone"), check{}, verify.KeyRetired, true, ""},
		{"key revoked later", key("later"), check{}, verify.Genuine, true, ""},
		{"signed by a stranger in the name of our key", func(p *plan) { p.signer = "stranger" }, check{}, verify.Altered, false, ""},
		{"signed by the bank in the name of our key", func(p *plan) { p.signer = "bank" }, check{}, verify.Altered, false, ""},
		{"key that nobody knows", key("stranger"), check{}, verify.UnknownIssuer, false, ""},
		{"only another issuer is known", nil, in("bank-only"), verify.UnknownIssuer, false, ""},
		{"issuer known, none of its keys", nil, in("no-keys"), verify.UnknownIssuer, false, ""},
		{"other keys under the same names", nil, in("other-keys"), verify.Altered, false, ""},
	}
}

func statuses() []situation {
	list := func(name string, index int) func(*plan) { return func(p *plan) { p.list, p.index = name, index } }
	in := func(bundle string) check { return check{bundle: bundle} }
	none := func(p *plan) { p.list = "" }
	out := []situation{
		{"withdrawn", list("now", withdrawn), check{}, verify.Withdrawn, true, ""},
		{"suspended", list("now", suspended), check{}, verify.Suspended, true, ""},
		{"withdrawn and suspended", list("now", both), check{}, verify.Withdrawn, true, ""},
		{"status with a value of nobody's", list("now", odd), check{}, verify.GenuineStatusUnknown, true, "token"},
		{"status at a place beyond the list", list("now", beyond), check{}, verify.GenuineStatusUnknown, true, "token"},
		{"status at a place beyond the list", list("now", 900_000_000), check{}, verify.GenuineStatusUnknown, true, "bits"},
		{"list of an address that the bundle has not", list("absent", valid), check{}, verify.GenuineStatusUnknown, true, ""},
		{"no lists in the bundle", nil, in("without-lists"), verify.GenuineStatusUnknown, true, ""},
		{"no status", none, check{}, verify.GenuineStatusUnknown, true, ""},
		{"no status, of a type that has none", none, in("no-status"), verify.Genuine, true, ""},
		{"bundle too old", nil, in("stale"), verify.GenuineStatusUnknown, true, ""},
		{"bundle too old, suspended", list("now", suspended), in("stale"), verify.GenuineStatusUnknown, true, ""},
		{"bundle too old, withdrawn", list("now", withdrawn), in("stale"), verify.Withdrawn, true, ""},
		{"bundle a second before it is too old", nil, in("almost-stale"), verify.Genuine, true, ""},
		{"withdrawn and over its date", func(p *plan) { p.index, p.until = withdrawn, day(2026, 11, 10) }, check{}, verify.Expired, true, ""},
		{"list of 10 MB", list("huge", valid), in("huge"), verify.GenuineStatusUnknown, true, ""},
	}
	return append(out, listSituations()...)
}

// listSituations takes each list that is made in another way than now.
func listSituations() []situation {
	unknown := verify.GenuineStatusUnknown
	var out []situation
	for _, l := range []struct {
		name, words string
		index       int
		outcome     verify.Outcome
		only        string
	}{
		{"over", "list over", valid, unknown, ""}, {"over", "list over, suspended", suspended, unknown, ""}, {"over", "list over, withdrawn", withdrawn, verify.Withdrawn, ""},
		{"last-second", "list in its last second", valid, verify.Genuine, ""}, {"ttl", "list with a ttl and no end", valid, verify.Genuine, ""},
		{"ttl-over", "list whose ttl is over, with no end", valid, unknown, ""}, {"endless", "list with neither end nor ttl", valid, unknown, ""},
		{"old", "list of three weeks", valid, verify.Genuine, ""}, {"tomorrow", "list made tomorrow", valid, verify.Genuine, ""},
		{"forged", "list signed by a stranger", valid, unknown, ""}, {"forged", "list signed by a stranger, withdrawn", withdrawn, unknown, ""},
		{"bank", "list of another issuer", valid, unknown, ""}, {"bank-in-our-name", "list in our name by another issuer", valid, unknown, ""},
		{"other", "list of another address", valid, unknown, ""}, {"retired", "list signed by a retired key", valid, unknown, ""},
		{"gone", "list signed by a revoked key", valid, unknown, ""}, {"spoilt", "list with a bit altered", valid, unknown, ""},
		{"bomb", "list that inflates to 16 MiB", valid, unknown, ""}, {"broken", "list that breaks off", valid, unknown, ""},
		{"no-zlib", "list that is not compressed", valid, unknown, ""}, {"text", "list that is no base64", valid, unknown, ""},
		{"width", "list of three bits", valid, unknown, "token"}, {"typ", "list token of another type", valid, unknown, "token"},
		{"cbor", "list in CBOR", valid, verify.Genuine, "token"}, {"cbor", "list in CBOR, withdrawn", withdrawn, verify.Withdrawn, "token"},
		{"cbor", "list in CBOR, suspended", suspended, verify.Suspended, "token"}, {"cbor-over", "list in CBOR, over", valid, unknown, "token"},
		{"cbor-forged", "list in CBOR, by a stranger", valid, unknown, "token"}, {"cbor-other", "list in CBOR, of another address", valid, unknown, "token"},
	} {
		out = append(out, situation{l.words, func(p *plan) { p.list, p.index = l.name, l.index }, check{}, l.outcome, true, l.only})
	}
	return out
}
