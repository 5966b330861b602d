package e2e_test

import (
	"strings"
	"testing"
)

// TestGuardianWalk: a guardian chooses a ward, does for the ward what a person does for
// themself, is kept from what is the guardian's own, and goes back.
func TestGuardianWalk(t *testing.T) {
	for _, v := range stateVariants() {
		t.Run(v.String(), func(t *testing.T) {
			guardian := newPerson(t, "Resiato "+strings.ToUpper(v.lang))
			admin, err := world.server.client()
			if err == nil {
				err = admin.signIn("admin", staffPassword)
			}
			if err != nil {
				t.Fatal(err)
			}
			ward, err := admin.ward(guardian.id)
			if err != nil {
				t.Fatal(err)
			}
			body, err := admin.get("/admin/people/" + ward)
			if err != nil {
				t.Fatal(err)
			}
			x := newTab(t, v)
			x.as(guardian.number, guardian.passphrase)
			x.actFor(match(t, body, `(SR-\d{11})`), guardian.number)
			x.goBack(ward)
		})
	}
}

// actFor chooses the ward, edits, and looks at what the ward's pages show.
func (x *tab) actFor(ward, guardian string) {
	x.t.Helper()
	x.open("/me")
	x.press("main a[href='/me/acting']")
	x.at("/me/acting")
	x.wants("main", "Naserian", ward)
	x.check("guardian_choose")
	x.press("main form[action='/me/acting'] button")
	x.at("/me")
	x.band(ward)
	x.wants("main", ward)
	x.check("guardian_me")

	x.open("/me/edit/contact")
	x.band(ward)
	x.check("guardian_edit")
	x.fill("#f_locality", "Wamba of the ward")
	x.press("button[value=check]")
	x.band(ward)
	x.check("guardian_edit_check")
	x.press("button[value=save]")
	x.at("/me")
	x.wants(".notice.ok", "Wamba of the ward")

	x.open("/me/history")
	x.band(ward)
	isolates := strings.NewReplacer("\u2068", "", "\u2069", "")
	if got, want := isolates.Replace(x.text("main ol.line li")), guardian+map[string]string{"en": " for ", "ar": " نيابةً عن "}[x.v.lang]+ward; !strings.Contains(got, want) {
		x.t.Errorf("%s: the last entry does not say %q: %s", x.v, want, got)
	}
	x.check("guardian_history")
	x.open("/me/credentials")
	x.band(ward)
	x.wants("main a.btn[href*='for=']")
	x.check("guardian_credentials")

	x.open("/me/security")
	x.band(ward)
	x.wants("#failure[data-code=not_while_acting]")
	x.check("guardian_security")
}

// band fails unless the page says for whom the guardian acts.
func (x *tab) band(ward string) {
	x.t.Helper()
	if got := x.text("section.acting"); !strings.Contains(got, "Naserian") || !strings.Contains(got, ward) {
		x.t.Errorf("%s: the band at %s says %q", x.v, x.where(), got)
	}
}

// goBack leaves the ward, whose record alone has changed.
func (x *tab) goBack(ward string) {
	x.t.Helper()
	x.press("#acting-end")
	x.at("/me/acting")
	x.check("guardian_back")
	if x.wants(".notice.ok"); x.has("section.acting") {
		x.t.Errorf("%s: the band stays", x.v)
	}
	x.open("/me")
	if strings.Contains(x.text("main"), "Wamba of the ward") {
		x.t.Errorf("%s: the guardian's own record was changed: %s", x.v, x.text("main"))
	}
	x.open("/me/security")
	if x.has("#failure") {
		x.t.Errorf("%s: the own page is closed: %s", x.v, x.text("main"))
	}
	x.as("registrar", staffPassword)
	x.open("/admin/people/" + ward)
	x.wants("main", "Wamba of the ward")
}

// TestGuardianPrints: a guardian prints a child's paper, which is not there for a
// stranger; the office finds it by its number, and it ends when a detail on it changes.
func TestGuardianPrints(t *testing.T) {
	p := prepare(t)
	for _, v := range stateVariants() {
		t.Run(v.String(), func(t *testing.T) {
			guardian, stranger := newPerson(t, "Lenguris "+strings.ToUpper(v.lang)), newPerson(t, "Lolosoli "+strings.ToUpper(v.lang))
			admin, err := world.server.client()
			if err == nil {
				err = admin.signIn("admin", staffPassword)
			}
			if err != nil {
				t.Fatal(err)
			}
			ward, err := admin.ward(guardian.id)
			if err != nil {
				t.Fatal(err)
			}
			x := newTab(t, v)
			x.as(guardian.number, guardian.passphrase)
			x.open("/me/credentials")
			x.press("main a[href='/me/credentials?for=" + ward + "']")
			x.wants("main", "Naserian")
			form := "/me/credentials/" + p.config + "/print?for=" + ward
			x.press("main a[href='" + form + "']")
			x.wants("#make-paper", "Naserian")
			x.check("paper_ward")
			x.tick("#d-family_name") // is left out
			x.press("#make-paper button[type=submit]")
			x.wants("article.paper", "Naserian", "2020")
			if strings.Contains(x.text("article.paper dl"), "Lekuton") {
				t.Errorf("%s: what was left out is printed", v)
			}
			x.check("paper_ward_made")
			paper, number := eval[string](x, "location.pathname + location.search"), x.text("article.paper footer bdi")

			x.as(stranger.number, stranger.passphrase)
			for _, path := range []string{paper, form, strings.Replace(paper, "?for="+ward, "", 1)} {
				x.open(path)
				x.wants("#failure[data-code=not_found]")
			}
			x.check("paper_of_a_stranger")

			x.as("registrar", staffPassword)
			x.open("/admin/issued")
			x.fill("#reference", strings.ToLower(number))
			x.press("main form[role=search] button")
			x.wants("main", "Naserian")
			x.check("paper_found")
			x.fill("#reference", "0000 0000 0000")
			x.press("main form[role=search] button")
			if x.wants("main"); strings.Contains(x.text("main"), "Naserian") {
				t.Errorf("%s: another number finds it: %s", v, x.text("main"))
			}
			x.check("paper_not_found")
			x.fill("#reference", "12")
			x.press("main form[role=search] button")
			x.wants("#reference[aria-invalid=true]")
			x.check("paper_bad_number")

			rejected := map[string]any{"decisions": []any{map[string]string{"field": "given_name", "state": "REJECTED", "comment": "The certificate was not hers."}}}
			if err := admin.create("/api/v1/people/"+ward+"/attestations", rejected, nil); err != nil {
				t.Fatal(err)
			}
			x.as(guardian.number, guardian.passphrase)
			x.open(paper)
			x.wants("#failure[data-code=paper_over]")
			x.check("paper_over")
		})
	}
}
