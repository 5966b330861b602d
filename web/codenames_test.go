package web_test

import (
	"net/http"
	"strings"
	"testing"

	"socialregistry/registry"
	"socialregistry/web"
)

// Codes of countries and languages are chosen and shown by their names.
func TestNamesInPlaceOfCodes(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, w *world) {
		me := w.registrant("fr")
		form := me.get("/me/edit/contact").want(t, http.StatusOK, `<option value="KE">Kenya</option>`, `<option value="DE">Allemagne</option>`)
		me.post("/me/edit/contact", form.hidden(map[string]string{"f_country": "DE", "step": "check"})).want(t, http.StatusOK, "Allemagne")
		me.post("/me/edit/contact", me.get("/me/edit/contact").hidden(map[string]string{"f_country": "DE", "step": "save"})).want(t, http.StatusOK, "Allemagne")
		me.get("/me/edit/contact").want(t, http.StatusOK, `<option value="DE" selected>Allemagne</option>`)
		me.get("/me/edit/demography").want(t, http.StatusOK, `<option value="sw">Swahili</option>`, `<option value="luo">Luo</option>`)
		w.registrant("ar").get("/me").want(t, http.StatusOK, "ألمانيا")
	})
}

// A field that names an area is a list of the areas that there are.
func TestAreasAreChosenByName(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, w *world) {
		me := w.registrant("en")
		me.get("/me/edit/contact").want(t, http.StatusOK, `<input id="f_region" name="f_region" type="text"`)
		_, err := w.registry.AddArea(t.Context(), w.actor(registry.RoleAdmin), registry.NewArea{Code: "KE-37", Name: map[string]string{"en": "Samburu", "fr": "Pays samburu"}}, "new")
		w.must(err)
		w.restart() // the list is kept for a minute
		form := me.get("/me/edit/contact").want(t, http.StatusOK, `<option value="KE-37">Samburu</option>`)
		me.post("/me/edit/contact", form.hidden(map[string]string{"f_region": "KE-37", "step": "save"})).want(t, http.StatusOK, "Samburu")
		me.get("/me/edit/contact").want(t, http.StatusOK, `<option value="KE-37" selected>Samburu</option>`)
	})
}

// Several choices are ticked, entries are lines, and a place has its sides of the world.
func TestControlsOfEveryType(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, w *world) {
		own := []registry.Role{registry.RoleRegistrant, registry.RoleRegistrar, registry.RoleAdmin}
		label := func(text string) map[string]string { return map[string]string{"en": text} }
		for _, f := range []registry.Field{
			{Key: "aid", Section: "farm_work", Type: registry.TypeMultiChoice, Label: label("Aid"), EditBy: own, Choices: []registry.Choice{{Value: "cash", Label: label("Money")}, {Value: "food", Label: label("Food parcels")}, {Value: "seed", Label: label("Seed")}}},
			{Key: "plots", Section: "farm_work", Type: registry.TypeRepeat, Label: label("Plots"), EditBy: own},
			{Key: "well", Section: "farm_work", Type: registry.TypeLocation, Label: label("Well"), EditBy: own},
		} {
			_, err := w.registry.DefineField(t.Context(), w.actor(registry.RoleAdmin), f, "new")
			w.must(err)
		}
		const at = "/me/edit/farm_work"
		me := w.registrant("en")
		form := me.get(at).want(t, http.StatusOK, "Farm work", `<input type="checkbox" id="f_aid-food" name="f_aid" value="food">`, "One entry on each line", "Latitude and longitude in degrees")
		sent := form.hidden(map[string]string{"f_plots": "crop: maize; acres: 2\ncrop: beans; acres: 1.5", "f_well": "-0.0917,34.768,12", "step": "check"})
		sent["f_aid"] = []string{"", "food", "cash"}
		check := me.post(at, sent).want(t, http.StatusOK, "Money · Food parcels", "0.0917\u2069° south", "34.768\u2069° east", "12\u2069 m", "Crop: maize")
		back := me.post(at, check.hidden(map[string]string{"step": "edit"})).want(t, http.StatusOK, `value="cash" checked`, `value="food" checked`, `value="seed">`, "crop: maize; acres: 2")
		bad := back.hidden(map[string]string{"f_plots": "only words", "step": "check"})
		me.post(at, bad).want(t, http.StatusUnprocessableEntity, "only words", "does not have the form")
		me.post(at, check.hidden(map[string]string{"step": "save"})).want(t, http.StatusOK, "Farm work", "Money · Food parcels", "Crop: beans")
		none := me.get(at).hidden(map[string]string{"f_aid": "", "step": "save"})
		if p := me.post(at, none); strings.Contains(p.body, "Food parcels") {
			t.Error("what is not ticked any more stays")
		}
		wrong := me.get(at).hidden(map[string]string{"f_aid": "gold", "step": "check"})
		me.post(at, wrong).want(t, http.StatusUnprocessableEntity)
	})
}

// What lines say comes back as the same value.
func TestRepeatsGoThereAndBack(t *testing.T) {
	t.Parallel()
	for _, value := range []string{
		`[{"age":7,"name":"Amina"},{"age":"7","name":"a; b: \"c\""}]`, `[{"a":"","b":true,"c":null,"d":"true","e":1.5,"f":"007"}]`,
		`[{"a":{"b":1}}]`, `[{"a:b":1}]`, `[]`, `[{}]`, `[{"a":"\"quoted\" first"}]`, `[{"a":"x \"y\"; z"}]`, `[{"a":"<b> & ع"}]`,
	} {
		if got := web.RepeatJSON(web.RepeatLines(value)); got != value && !(value == "[]" && got == "") && !(value == "[{}]" && got == "") {
			t.Errorf("%s\n comes back as %s\n by way of %s", value, got, web.RepeatLines(value))
		}
	}
	for typed, want := range map[string]string{"": "", "name: Amina": `[{"name":"Amina"}]`, "\n a : 1 ; b:x;\n\n": `[{"a":1,"b":"x"}]`, "words": "words", ": x": ": x", `a: "x; y"; b: 2`: `[{"a":"x; y","b":2}]`} {
		if got := web.RepeatJSON(typed); got != want {
			t.Errorf("%q is %s, want %s", typed, got, want)
		}
	}
}
