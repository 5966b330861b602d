package web_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"socialregistry/issuer"
	"socialregistry/registry"
)

const onePerson = "/admin/credentials/" + sdJWT

// typeForm is a change of a type that is right.
func typeForm(p page, over map[string]string) url.Values {
	form := p.hidden(map[string]string{"card_name_en": "Resident card", "card_name_fr": "Carte de résident", "card_about_en": "Who lives here.", "background": "#102a43", "ink": "#ffffff",
		"claims": "given_name = given_name *\nfamily_name = family_name *\nbirth_date = birth_date", "validity_days": "90", "refresh": "at_once", "refresh_days": "14", "consent_end": "keep", "step": "save", "reason": "a new look"})
	for k, v := range over {
		form.Set(k, v)
	}
	return form
}

func TestATypeIsDrawnBeforeItIsSaved(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, w *world) {
		b := w.staff("en", registry.RoleAdmin)
		b.get("/admin/credentials").want(t, http.StatusOK, onePerson, "dc+sd-jwt", "In use")
		b.get(onePerson).want(t, http.StatusOK, ";base64,", "the card upright", "the card across", "Given name", "In use")
		edit := b.get(onePerson+"/edit").want(t, http.StatusOK, "given_name = given_name *")
		preview := b.post(onePerson+"/edit", typeForm(edit, map[string]string{"step": "preview"})).want(t, http.StatusOK, ", the card across", "Carte de résident", `value="90"`)
		if strings.Count(preview.body, ";base64,") != 4 {
			t.Error("two languages are not drawn both ways")
		}
		b.post(onePerson+"/edit", typeForm(edit, map[string]string{"step": "preview", "claim_add": "locality"})).want(t, http.StatusOK, "birth_date = birth_date\nlocality = locality</textarea>", "Add a detail")
		b.get(onePerson).want(t, http.StatusOK, "In use")
		for member, bad := range map[string]string{"background": "red; drop", "claims": "no_such_field = x *", "validity_days": "soon", "card_name_en": ""} {
			form := typeForm(edit, map[string]string{"step": "preview", member: bad})
			if member == "card_name_en" {
				form.Del("card_name_fr")
			}
			b.post(onePerson+"/edit", form).want(t, http.StatusUnprocessableEntity, "cannot be issued so")
		}
		b.post(onePerson+"/edit", typeForm(edit, map[string]string{"reason": ""})).want(t, http.StatusUnprocessableEntity, "Give a reason")
		b.post(onePerson+"/edit", typeForm(b.get(onePerson+"/edit"), nil)).want(t, http.StatusOK, "from their next start on", "Waits for the next start", "Resident card", "a new look", `lang="fr"`)
		late := typeForm(edit, map[string]string{"validity_days": "30"})
		late.Set("form", b.get(onePerson+"/edit").hidden(nil).Get("form"))
		b.post(onePerson+"/edit", late).want(t, http.StatusConflict, "Somebody else has changed this", "30", "90")
		again, err := issuer.New(t.Context(), w.config)
		w.must(err)
		w.serve(issuer.Alone(again))
		w.staff("en", registry.RoleAdmin).get(onePerson).want(t, http.StatusOK, "Resident card", "In use")
	})
}

func TestTypesAreReadByAuditors(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, w *world) {
		b := w.staff("en", registry.RoleAuditor)
		b.get("/admin/credentials").want(t, http.StatusOK)
		if p := b.get(onePerson).want(t, http.StatusOK); strings.Contains(p.body, "/edit") {
			t.Error("an auditor is offered a change")
		}
		b.get(onePerson+"/edit").want(t, http.StatusForbidden, "Administrator")
		b.post(onePerson+"/edit", url.Values{"step": {"save"}}).want(t, http.StatusForbidden)
		b.get("/admin/credentials/nothing").want(t, http.StatusNotFound)
		b.get(onePerson+"?issuer=nobody").want(t, http.StatusNotFound)
		w.staff("en", registry.RoleAttester).get("/admin/credentials").want(t, http.StatusForbidden)
	})
}
