package web_test

import (
	"net/http"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/google/uuid"

	"socialregistry/issuer"
	"socialregistry/registry"
)

const printPath = "/me/credentials/" + sdJWT + "/print"

// printed makes a paper by the form, with the named details; none: those that it suggests.
func (b *browser) printed(t *testing.T, path string, details ...string) page {
	t.Helper()
	form := b.get(path).want(t, http.StatusOK, "What is printed", `name="details"`)
	values := form.hidden(nil)
	if details == nil {
		for _, m := range regexp.MustCompile(`name="details" value="([^"]+)" checked`).FindAllStringSubmatch(form.body, -1) {
			details = append(details, m[1])
		}
	}
	values["details"] = details
	action := regexp.MustCompile(`id="make-paper" method="post" action="([^"]+)"`).FindStringSubmatch(form.body)
	return b.post(unescape(action[1]), values)
}

var paperMark = regexp.MustCompile(`<svg class="mark" viewBox="0 0 (\d+) `)

// A person prints a credential, prints it again, and ends it when it is lost.
func TestAPersonPrints(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, w *world) {
		me := w.registrant("en")
		if p := me.get("/me/credentials").want(t, http.StatusOK, "Given name"); strings.Contains(p.body, "/print") {
			t.Error("what nobody attested can be printed")
		}
		me.get(printPath).want(t, http.StatusOK, "Given name", "Not ready yet")
		w.attest(registry.StateAttested, "", "given_name", "family_name", "birth_date")
		me.get("/me/credentials").want(t, http.StatusOK, `href="`+printPath+`"`, "Print on paper")
		me.get(printPath).want(t, http.StatusOK, "It counts for 30 days at most.", "A sheet of A4", "Amina")
		p := me.printed(t, printPath).want(t, http.StatusOK, "Reference number", w.URL+"/verify/", "Compare with the photo", "Amina", `class="paper sheet"`)
		if p.header.Get("Cache-Control") != "no-store" {
			t.Errorf("the paper may be kept: %s", p.header.Get("Cache-Control"))
		}
		if side, _ := strconv.Atoi(paperMark.FindStringSubmatch(p.body)[1]); side > 17+4*12+8 {
			t.Errorf("the code has %d modules", side)
		}
		again := me.get(p.path+"?layout=card").want(t, http.StatusOK, `class="paper id1"`)
		if paperCode(t, again) != paperCode(t, p) {
			t.Error("the same paper has another code")
		}
		list := me.get("/me/credentials").want(t, http.StatusOK, "on paper", "Print again", "Ready")
		if strings.Contains(list.body, "In your wallet") {
			t.Error("a paper passes for a credential in a wallet")
		}
		life := regexp.MustCompile(`href="(/me/credentials/[0-9a-f-]{36})"`).FindStringSubmatch(list.body)[1]
		one := me.get(life).want(t, http.StatusOK, "The paper is lost", "Reference number", "Issued", "registered person")
		w.registrantOther(t).get(p.path).want(t, http.StatusNotFound)
		w.registrantOther(t).get(life).want(t, http.StatusNotFound)
		me.post(life+"/lost", one.hidden(nil)).want(t, http.StatusOK, "Withdrawn", "The paper was lost.")
		me.get(p.path).want(t, http.StatusConflict, "does not count any more")

		second := me.printed(t, printPath, "given_name")
		w.attest(registry.StateRejected, "no", "given_name")
		w.follow(t)
		me.get(second.path).want(t, http.StatusConflict, "does not count any more")
		me.get("/me/credentials").want(t, http.StatusOK, "A detail changed.")
	})
}

// paperCode gives the drawing of the code of a paper.
func paperCode(t *testing.T, p page) string {
	t.Helper()
	i := strings.Index(p.body, `<svg class="mark"`)
	if i < 0 {
		t.Fatalf("no code: %s", text(p.body))
	}
	return p.body[i : i+strings.Index(p.body[i:], "</svg>")]
}

// registrantOther is somebody else who is registered.
func (w *world) registrantOther(t *testing.T) *browser {
	t.Helper()
	other, err := w.registry.Register(t.Context(), w.actor(registry.RoleRegistrar), registry.Change{Reason: "first visit", Set: map[string]string{"given_name": "Otieno"}})
	w.must(err)
	return w.registrantOf(other)
}

// registrantOf is the browser of somebody who is registered.
func (w *world) registrantOf(p registry.Person) *browser {
	me := w.person
	w.person = p
	defer func() { w.person = me }()
	return w.registrant("en")
}

// Why nothing is printed is said at the details, and what was chosen is kept.
func TestAPaperIsRefusedInWords(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, w *world) {
		var long string
		for n := range 60 { // nothing in it comes twice
			long += string(rune('а'+n*n*7%32)) + string(rune('ა'+n*11%33))
		}
		p, err := w.registry.Person(t.Context(), registry.System(), w.person.ID)
		w.must(err)
		w.person, err = w.registry.Edit(t.Context(), w.actor(registry.RoleRegistrar), w.person.ID, registry.Change{Reason: "visit", ExpectVersion: p.VersionNo,
			Set: map[string]string{"birth_place": long, "locality": long}})
		w.must(err)
		w.attest(registry.StateAttested, "", "given_name", "family_name", "birth_date", "birth_place", "locality")
		me := w.registrant("en")
		me.printed(t, printPath, "given_name", "family_name", "birth_date", "birth_place", "locality").
			want(t, http.StatusUnprocessableEntity, "The code would be too dense to be read off paper. Leave out: ", `id="details-wrong"`, `value="birth_place" checked`)
		me.printed(t, printPath).want(t, http.StatusOK) // what is suggested fits
		form := me.get(printPath)
		me.post(printPath, form.hidden(nil)).want(t, http.StatusUnprocessableEntity, "Choose one detail at least")
		me.get("/me/credentials/none/print").want(t, http.StatusNotFound)
		me.get(printPath+"/nonsense").want(t, http.StatusNotFound)
		me.get(printPath+"/"+uuid.NewString()).want(t, http.StatusNotFound)
		me.get(printPath+"?for="+uuid.NewString()).want(t, http.StatusNotFound)
		w.browser("en").get(printPath).want(t, http.StatusOK, "Sign in")
	})
}

// The office prints for somebody in front of it, and who only looks does not.
func TestTheOfficePrints(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, w *world) {
		w.attest(registry.StateAttested, "", "given_name", "family_name", "birth_date")
		b, base := w.staff("en", registry.RoleRegistrar), "/admin/people/"+w.person.ID.String()
		at := regexp.MustCompile(base + `/papers/new\?config=` + sdJWT + `[^"]*`).FindString(b.get(base + "/credentials").body)
		b.printed(t, unescape(at), "region").want(t, http.StatusUnprocessableEntity, "only such as are attested")
		p := b.printed(t, unescape(at), "given_name", "birth_date").want(t, http.StatusOK, "Amina", "Reference number")
		listed := b.get(base+"/credentials").want(t, http.StatusOK, "Print again", "Credentials so far")
		id := p.path[strings.LastIndex(p.path, "/")+1:]
		b.get("/admin/issued/"+id).want(t, http.StatusOK, "claim169", "Reference number")
		b.get("/admin/issued?person_number="+w.person.Number).want(t, http.StatusOK, "on paper", id)
		attester := w.staff("en", registry.RoleAttester)
		attester.get(p.path).want(t, http.StatusForbidden, "Registrar")
		attester.get(at).want(t, http.StatusForbidden, "Registrar")
		if p := attester.get(base+"/credentials").want(t, http.StatusOK); strings.Contains(p.body, "/papers") {
			t.Error("an attester is shown how to print")
		}
		form := listed.hidden(nil)
		form.Set("credential", id)
		form.Set("reason", "asked for")
		b.post(base+"/credentials", form).want(t, http.StatusOK, "Withdrawn")
		b.get(p.path).want(t, http.StatusConflict, "does not count any more")
		for _, bad := range []string{base + "/papers/new?config=none", base + "/papers/nothing", base + "/papers/" + uuid.NewString(), "/admin/people/" + uuid.NewString() + "/papers/new?config=" + sdJWT} {
			b.get(bad).want(t, http.StatusNotFound)
		}
		w.registrant("en").get(p.path).want(t, http.StatusForbidden)
	})
}

// Who stands for a household prints its paper; to another member, and to whoever has
// nothing to do with it, it is not there.
func TestAHouseholdPrints(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, w *world) {
		const config = "SocialRegistryHousehold_dc_sd_jwt"
		child := w.someone("Brian")
		g := w.household(registry.NewMember{MemberID: child.ID, Role: "child", Start: "2020-01-01"})
		home, err := w.registry.EditGroup(t.Context(), w.actor(registry.RoleRegistrar), g.ID, registry.Change{Reason: "visit", ExpectVersion: g.VersionNo, Set: map[string]string{"group_address": "The blue gate"}})
		w.must(err)
		w.must(w.registry.Attest(t.Context(), w.actor(registry.RoleAttester), home.ID, home.VersionNo, []registry.Decision{{Field: "group_address", State: registry.StateAttested, Comment: "seen"}}))
		me, form := w.registrant("en"), "/me/credentials/"+config+"/print?for="+g.ID.String()
		me.get("/me/credentials?for="+g.ID.String()).want(t, http.StatusOK, `href="`+form+`"`)
		p := me.printed(t, form, "group_address", "household_size").want(t, http.StatusOK, "The blue gate", "Reference number", ">2<")
		paper := p.path + "?for=" + g.ID.String()
		me.get(paper).want(t, http.StatusOK, "The blue gate")
		me.get("/me/credentials?for="+g.ID.String()).want(t, http.StatusOK, "Print again", "on paper")
		member, stranger := w.registrantOf(child), w.registrantOther(t)
		for who, b := range map[string]*browser{"a child": member, "a stranger": stranger} {
			for _, at := range []string{paper, p.path, form} {
				if got := b.get(at); got.status != http.StatusNotFound {
					t.Errorf("%s at %s: %d", who, at, got.status)
				}
			}
		}
		_, err = w.registry.AddMembers(t.Context(), w.actor(registry.RoleRegistrar), g.ID, []registry.NewMember{{MemberID: w.someone("Akinyi").ID, Role: "child", Start: "2020-01-01"}}, "born")
		w.must(err)
		w.follow(t)
		me.get(paper).want(t, http.StatusConflict, "This paper is over", "does not count any more")
	})
}

// printTour shows each template of printing once.
func printTour(t *testing.T, w *world, me, admin *browser) (pages []page) {
	t.Helper()
	pages = append(pages, me.get("/me/credentials/"+sdJWT+"/print"))
	made, err := w.issuer.MakePaper(t.Context(), actorOf(w.person.ID), issuer.NewPaper{RegistrantID: w.person.ID, ConfigID: sdJWT, Fields: []string{"given_name"}})
	w.must(err)
	pages = append(pages, me.get("/me/credentials/"+sdJWT+"/print/"+made.ID.String()), me.get("/me/credentials/"+made.ID.String()))
	return append(pages, admin.get("/admin/people/"+w.person.ID.String()+"/papers/new?config="+sdJWT))
}
