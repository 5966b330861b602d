package web

import (
	"context"
	"errors"
	"net/url"
	"strings"
	"time"

	"github.com/gin-gonic/gin"

	"socialregistry/internal/fault"
	"socialregistry/registry"
)

// staffSignIn is how a member of staff signs in, and whether they are locked out.
type staffSignIn struct {
	registry.StaffWays
	Until    time.Time // locked until then; zero: not locked
	Provider string    // by which staff sign in; "": there is none
	Name     string    // of its claim
}

func (d *desk) signInOf(username string) (in staffSignIn, err error) {
	if in.Until, err = d.p.registry.StaffLocked(d.ctx, d.actor, username); err != nil {
		return in, err
	}
	if in.StaffWays, err = d.p.registry.StaffWays(d.ctx, d.actor, username); err != nil {
		return in, err
	}
	if d.p.provider != nil && d.p.provider.Rules().StaffClaim != "" {
		in.Provider, in.Name = d.p.provider.Name(), d.p.provider.Rules().StaffClaim
	}
	return in, nil
}

func (in staffSignIn) notes(l *locale) []string {
	if in.Until.IsZero() {
		return nil
	}
	return []string{l.t("desk.locked", "time", l.dateTime(in.Until))}
}

func (in staffSignIn) facts(l *locale) []deskFact {
	var out []deskFact
	if !in.Until.IsZero() {
		out = append(out, deskFact{l.t("desk.sign_in"), deskCell{Badges: []badge{{"bad", "alert", l.t("unlock.title")}}}})
	}
	if in.Provider != "" {
		out = append(out, deskFact{l.t("desk.known_by", "provider", in.Provider), plainCell(in.Claim)})
	}
	app := badge{"none", "minus", l.t("desk.no_app")}
	if in.App {
		app = badge{"ok", "check", l.t("desk.has_app")}
	}
	return append(out, deskFact{l.t("desk.app"), deskCell{Badges: []badge{app}}})
}

// signInForms are the acts on how somebody signs in that there is reason for.
func (d *desk) signInForms(username string, in staffSignIn, sent url.Values) ([]deskForm, error) {
	base := staffPath + "/" + username
	var out []deskForm
	add := func(id, text, path, class string, controls ...deskControl) error {
		f, err := d.small(id, d.l.t("desk."+id), text, base+path, class, controls...)
		out = append(out, f)
		return err
	}
	var errs []error
	if !in.Until.IsZero() {
		errs = append(errs, add("unlock", d.l.t("desk.unlock_text"), "/unlock", "", d.reasonAs("unlock_reason", sent)))
	}
	if in.Provider != "" {
		claim := d.code("staff_claim", in.Claim)
		if sent.Has("staff_claim") {
			claim.Value = sent.Get("staff_claim")
		}
		claim.MaxLength = 200
		text := d.l.t("desk.known_by_text", "provider", in.Provider, "claim", in.Name)
		errs = append(errs, add("set_claim", text, "/claim", "", claim, d.reasonAs("claim_reason", sent)))
	}
	if in.App {
		errs = append(errs, add("take_app", d.l.t("desk.take_app_text"), "/app", "warn", d.reasonAs("app_reason", sent)))
	}
	return out, errors.Join(errs...)
}

// staffAlias leads from what the registry calls wrong to the control of the form that
// was sent.
func staffAlias(sent url.Values) map[string]string {
	alias := map[string]string{"claim": "staff_claim"}
	for _, id := range []string{"unlock_reason", "claim_reason", "app_reason", "revoke_reason"} {
		if sent.Has(id) {
			alias["reason"] = id
		}
	}
	return alias
}

// reasonAs asks for a reason under a name of its own. What the registry writes before
// it leaves room for 400 characters.
func (d *desk) reasonAs(id string, sent url.Values) deskControl {
	x := d.named(id, d.reason(sent.Get(id)))
	x.MaxLength = 400
	return x
}

// reasonOf reads what reasonAs asked for.
func reasonOf(form url.Values, id string) (string, error) {
	reason := strings.TrimSpace(form.Get(id))
	code := ""
	switch {
	case reason == "":
		code = "reason_missing"
	case len([]rune(reason)) > 400:
		code = "too_long"
	default:
		return reason, nil
	}
	return "", fault.InvalidFields(code, "Say why.", []fault.Field{{Name: id, Code: code, Detail: "Say why, in at most 400 characters: it stands in the change log."}})
}

// StaffUnlock is POST /admin/staff/:name/unlock.
func (p *Pages) StaffUnlock(c *gin.Context) error {
	return p.changeStaff(c, "unlocked", func(ctx context.Context, d *desk, name string, form url.Values) error {
		reason, err := reasonOf(form, "unlock_reason")
		if err != nil {
			return err
		}
		return p.registry.UnlockStaff(ctx, d.actor, name, reason)
	})
}

// StaffClaim is POST /admin/staff/:name/claim: by which value the provider's people
// are known as this account; empty: by none.
func (p *Pages) StaffClaim(c *gin.Context) error {
	return p.changeStaff(c, "claim_set", func(ctx context.Context, d *desk, name string, form url.Values) error {
		if p.provider == nil || p.provider.Rules().StaffClaim == "" {
			return noProvider()
		}
		reason, err := reasonOf(form, "claim_reason")
		if err != nil {
			return err
		}
		return p.registry.SetStaffClaim(ctx, d.actor, name, form.Get("staff_claim"), reason)
	})
}

// StaffApp is POST /admin/staff/:name/app: takes the authenticator app away from who
// lost it.
func (p *Pages) StaffApp(c *gin.Context) error {
	return p.changeStaff(c, "app_taken", func(ctx context.Context, d *desk, name string, form url.Values) error {
		reason, err := reasonOf(form, "app_reason")
		if err != nil {
			return err
		}
		return p.registry.ResetStaffTOTP(ctx, d.actor, name, reason)
	})
}
