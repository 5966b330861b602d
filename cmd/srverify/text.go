package main

import (
	"fmt"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"socialregistry/issuer/verify"
)

// text is an answer for people: the verdict, what was checked, the details.
type text struct {
	lang   string
	result verify.Result
	shown  verify.BundleType
	at     time.Time
	// notHeld says that a proof of who holds it was asked for, and is not there.
	notHeld bool
}

// verdict gives the outcome in words.
func verdict(o verify.Outcome) string {
	switch o {
	case verify.Genuine:
		return "Genuine and in date"
	case verify.GenuineStatusUnknown:
		return "Genuine, but whether it was withdrawn is not known"
	case verify.Expired:
		return "Expired"
	case verify.NotYetValid:
		return "Not valid yet"
	case verify.Withdrawn:
		return "Withdrawn by the issuer"
	case verify.Suspended:
		return "Suspended by the issuer"
	case verify.Altered:
		return "Altered: not what the issuer signed"
	case verify.UnknownIssuer:
		return "The issuer is not known"
	case verify.KeyRetired:
		return "Signed with a key that was not in use"
	case verify.UnsupportedFormat:
		return "This kind of credential cannot be checked here"
	case verify.IncompleteCode:
		return "The end of the credential is missing"
	}
	return "This cannot be read"
}

func label(check string) string {
	switch check {
	case verify.CheckRead:
		return "It can be read"
	case verify.CheckIssuer:
		return "Issuer is in your trust bundle"
	case verify.CheckSignature:
		return "Signature made by the issuer's key"
	case verify.CheckKey:
		return "Key was in use when it signed"
	case verify.CheckDates:
		return "Dates"
	case verify.CheckStatus:
		return "Not withdrawn"
	}
	return "Held by the person in front of you"
}

func (t text) render(name string) string {
	var b strings.Builder
	mark := "✗"
	if t.result.Outcome == verify.Genuine {
		mark = "✓"
	}
	if t.notHeld {
		mark = "✗"
	}
	fmt.Fprintf(&b, "%s\n\n  %s %s (%s)\n    %s\n", clean(name), mark, verdict(t.result.Outcome), t.result.Outcome, t.subtitle())
	t.hints(&b)
	b.WriteString("\n  What was checked\n")
	for _, c := range t.result.Checks {
		fmt.Fprintf(&b, "    %-36s%s%s\n", label(c.Name), strings.ReplaceAll(c.Result, "_", " "), t.detail(c))
	}
	if len(t.result.Claims) > 0 {
		b.WriteString("\n  Details")
		if kind := t.named(t.shown.Display); kind != "" {
			b.WriteString(": " + clean(kind))
		}
		b.WriteString("\n")
		t.claims(&b)
	}
	b.WriteString("\n")
	return b.String()
}

// hints are what the issuer says beside the outcome, and what is missing for a yes.
func (t text) hints(b *strings.Builder) {
	if t.notHeld {
		b.WriteString("    Nobody showed to hold it, though that was asked: it may be a copy.\n")
	}
	for _, m := range t.result.Messages {
		b.WriteString("    The issuer says: " + clean(m) + "\n")
	}
	if t.result.Refresh {
		b.WriteString("    The issuer has a newer one, or will make it: the holder can fetch it.\n")
	}
}

// subtitle says who issued it and how old the status list is, or what is wrong.
func (t text) subtitle() string {
	if t.result.Outcome != verify.Genuine {
		return t.result.Reason
	}
	issuer := t.named(t.result.IssuerNames)
	if issuer == "" {
		issuer = t.result.Issuer
	}
	line := "Issued by " + clean(issuer)
	if !t.result.StatusAsOf.IsZero() {
		if age := t.at.Sub(t.result.StatusAsOf); age < 0 {
			line += " · status list is of " + t.result.StatusAsOf.UTC().Format("2 Jan 2006 15:04 MST")
		} else {
			line += " · status list is " + verify.Age(age) + " old"
		}
	}
	return line
}

// detail adds the words of those checks that say more than their label.
func (t text) detail(c verify.Check) string {
	says := c.Name == verify.CheckDates || c.Name == verify.CheckStatus
	if c.Result == verify.Failed || c.Result == verify.Passed && says || c.Result == verify.NotChecked && c.Name == verify.CheckStatus {
		return "   " + c.Detail
	}
	return ""
}

func (t text) named(names map[string]string) string {
	if n, ok := names[t.lang]; ok {
		return n
	}
	return names["en"]
}

// clean takes out what could steer a terminal or turn text around: a credential
// must not be able to write its own verdict.
func clean(s string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsControl(r) || unicode.In(r, unicode.Bidi_Control, unicode.Zl, unicode.Zp) || r == utf8.RuneError {
			return '\uFFFD'
		}
		return r
	}, s)
}
