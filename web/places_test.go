package web_test

import (
	"bytes"
	"io"
	"mime/multipart"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"socialregistry/registry"
)

const areasCSV = "code,parent,level,name_en,name_ar\nKE,,0,Kenya,كينيا\nKE-25,KE,1,Samburu,سامبورو\nKE-26,KE,1,Isiolo,\nKE-25-1,KE-25,2,Kisima,\n"

// multipart sends a form with a file, or with none at "".
func (b *browser) multipart(path string, fields url.Values, file, content string) page {
	b.w.t.Helper()
	var body bytes.Buffer
	mw := multipart.NewWriter(&body)
	for name := range fields {
		b.w.must(mw.WriteField(name, fields.Get(name)))
	}
	if file != "" {
		part, err := mw.CreateFormFile("file", file)
		b.w.must(err)
		_, err = io.WriteString(part, content)
		b.w.must(err)
	}
	b.w.must(mw.Close())
	req, err := http.NewRequestWithContext(b.w.t.Context(), http.MethodPost, b.w.URL+path, &body)
	b.w.must(err)
	req.Header.Set("Content-Type", mw.FormDataContentType())
	return b.do(req, nil)
}

func TestAreasAreKept(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, w *world) {
		admin, auditor := w.staff("en", registry.RoleAdmin), w.staff("en", registry.RoleAuditor)
		admin.get("/admin/areas").want(t, http.StatusOK, "There is no area yet", "Import areas")
		form := admin.get("/admin/areas/import").want(t, http.StatusOK).hidden(map[string]string{"step": "check"})
		admin.multipart("/admin/areas/import", form, "", "").want(t, http.StatusUnprocessableEntity, "Choose a file")
		admin.multipart("/admin/areas/import", form, "x.csv", "\x00\x01PDF").want(t, http.StatusUnprocessableEntity)
		admin.multipart("/admin/areas/import", form, "x.csv", "code,parent,level,name_en\nKE,NOWHERE,1,Kenya\n").want(t, http.StatusUnprocessableEntity, "1 problem", "parent")
		checked := admin.multipart("/admin/areas/import", form, "areas.csv", areasCSV).want(t, http.StatusOK, "4 rows were read", "4 would be new", "Save the areas", "KE-25-1")
		admin.get("/admin/areas").want(t, http.StatusOK, "There is no area yet")
		save := checked.hidden(map[string]string{"step": "save", "kept": areasCSV, "reason": "the census"})
		admin.multipart("/admin/areas/import", save, "", "").want(t, http.StatusOK, "The areas are saved", "Kenya")

		admin.get("/admin/areas/KE").want(t, http.StatusOK, "Samburu", "Isiolo", "كينيا", "Staff responsible for it")
		admin.get("/admin/areas?q=kisi").want(t, http.StatusOK, "KE-25-1", "Kenya / Samburu")
		admin.get("/admin/areas?q=كين").want(t, http.StatusOK, "Kenya", "كينيا")
		admin.get("/admin/areas?q=ke-26").want(t, http.StatusOK, "Isiolo")
		admin.get("/admin/areas?q=%25").want(t, http.StatusOK, "No area is called so")
		admin.get("/admin/areas?levels=1").want(t, http.StatusOK, "KE-25-1", "Kenya / Samburu")
		admin.get("/admin/areas?q=%00").want(t, http.StatusUnprocessableEntity)
		if p := auditor.get("/admin/areas"); strings.Contains(p.body, "Staff responsible for it") {
			t.Error("an auditor is told the number of staff")
		}
		auditor.get("/admin/areas/KE-25").want(t, http.StatusOK, "Kisima", "Lies at")
		auditor.get("/admin/areas/KE-25/move").want(t, http.StatusForbidden, "Administrator")
		admin.get("/admin/areas/nonsense").want(t, http.StatusNotFound)

		rename := admin.get("/admin/areas/KE-26/rename").want(t, http.StatusOK, "Isiolo")
		admin.post("/admin/areas/KE-26/rename", rename.hidden(map[string]string{"name_en": "", "reason": "x"})).want(t, http.StatusUnprocessableEntity)
		admin.post("/admin/areas/KE-26/rename", rename.hidden(map[string]string{"name_en": "Isiolo County", "name_ar": "إيسيولو", "reason": "the law"})).want(t, http.StatusOK, "It is saved", "Isiolo County", "إيسيولو")
		admin.post("/admin/areas/KE-26/rename", admin.get("/admin/areas/KE-26/rename").hidden(map[string]string{"version": "1", "name_en": "Mine", "reason": "x"})).want(t, http.StatusConflict, "Somebody else changed this", "Isiolo County", `value="Mine"`)

		move := admin.get("/admin/areas/KE-25-1/move").want(t, http.StatusOK, "people lie in it")
		admin.post("/admin/areas/KE-25-1/move", move.hidden(map[string]string{"parent": "KE-25-1", "reason": "x"})).want(t, http.StatusUnprocessableEntity)
		admin.post("/admin/areas/KE-25-1/move", move.hidden(map[string]string{"parent": "KE-26", "reason": "the law"})).want(t, http.StatusOK, "Kenya / Isiolo County / Kisima")

		add := admin.get("/admin/areas/new?parent=KE").want(t, http.StatusOK, `value="KE"`)
		admin.post("/admin/areas", add.hidden(map[string]string{"code": "ke 27", "parent": "KE"})).want(t, http.StatusUnprocessableEntity, `value="ke 27"`)
		admin.post("/admin/areas", add.hidden(map[string]string{"code": "KE-27", "parent": "KE", "name_en": "Marsabit", "reason": "new"})).want(t, http.StatusOK, "Marsabit")
		retire := admin.get("/admin/areas/KE-27")
		admin.post("/admin/areas/KE-27/retire", retire.hidden(map[string]string{"reason": "a mistake"})).want(t, http.StatusOK, "Retired")
		admin.post("/admin/areas/KE/retire", admin.get("/admin/areas/KE").hidden(map[string]string{"reason": "a mistake"})).want(t, http.StatusUnprocessableEntity, "Retire the areas")

		open := admin.get("/admin/offices/new?area=KE-25").want(t, http.StatusOK)
		admin.post("/admin/offices", open.hidden(map[string]string{"code": "KE-25-HQ", "area": "NOWHERE", "label_en": "Maralal", "reason": "x"})).want(t, http.StatusUnprocessableEntity, "There is no such area", `value="Maralal"`)
		admin.post("/admin/offices", open.hidden(map[string]string{"code": "KE-25-HQ", "area": "KE-25", "label_en": "Maralal", "reason": "x"})).want(t, http.StatusOK, "Maralal", "Samburu")
		edit := admin.get("/admin/offices/KE-25-HQ/edit").want(t, http.StatusOK, "Maralal")
		change := edit.hidden(map[string]string{"label_en": "Maralal town", "area": "KE-25", "active": "1", "reason": "x"})
		admin.post("/admin/offices/KE-25-HQ/edit", change).want(t, http.StatusOK, "Maralal town")
		stale := admin.get("/admin/offices/KE-25-HQ/edit").hidden(map[string]string{"version": edit.hidden(nil).Get("version"), "label_en": "Mine", "area": "KE-25", "reason": "x"})
		admin.post("/admin/offices/KE-25-HQ/edit", stale).want(t, http.StatusConflict, "Maralal town", "Mine")
		auditor.get("/admin/offices?area=KE").want(t, http.StatusOK, "Maralal town")
		auditor.get("/admin/offices?area=NOWHERE").want(t, http.StatusNotFound)
		auditor.get("/admin/offices/new").want(t, http.StatusForbidden)
		auditor.get("/admin/offices/nonsense").want(t, http.StatusNotFound)
	})
}

func TestMappingsAndSourcesAreKept(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, w *world) {
		admin, registrar := w.staff("en", registry.RoleAdmin), w.staff("en", registry.RoleRegistrar)
		form := admin.get("/admin/mappings/new").want(t, http.StatusOK, "given_name").hidden(map[string]string{"key": "census", "label_en": "Census <2026>", "kind": "person", "mode": "create",
			"headers": "First = given_name\nA=B = family_name\nColour = ", "cells": "sex: F = female\nsex: M = male", "reason": "the census"})
		bad := url.Values{}
		for k, v := range form {
			bad[k] = v
		}
		bad.Set("headers", "First = nonsense")
		admin.post("/admin/mappings", bad).want(t, http.StatusUnprocessableEntity, "First = nonsense")
		admin.post("/admin/mappings", form).want(t, http.StatusOK, "It is saved", "Census <2026>", "A=B", "Family name", "left out")
		edit := admin.get("/admin/mappings/census/edit").want(t, http.StatusOK, "sex: F = female", "A=B = family_name")
		again := edit.hidden(map[string]string{"label_en": "Census", "kind": "person", "mode": "update", "headers": "First = given_name", "reason": "x"})
		admin.post("/admin/mappings/census/edit", again).want(t, http.StatusOK, "Census")
		stale := admin.get("/admin/mappings/census/edit").hidden(map[string]string{"version": "1", "label_en": "Mine", "kind": "person", "mode": "create", "headers": "First = given_name", "reason": "x"})
		admin.post("/admin/mappings/census/edit", stale).want(t, http.StatusConflict, "Somebody else", "Mine")
		registrar.get("/admin/mappings").want(t, http.StatusOK, "Census")
		registrar.get("/admin/mappings/new").want(t, http.StatusForbidden, "Administrator")
		registrar.get("/admin/mappings/nonsense").want(t, http.StatusNotFound)
		w.staff("en", registry.RoleAttester).get("/admin/mappings").want(t, http.StatusForbidden)

		admin.get("/admin/sources").want(t, http.StatusOK, "There is no source yet")
		source := admin.get("/admin/sources/new").want(t, http.StatusOK, "Census").hidden(map[string]string{"key": "hospital", "label_en": "Hospital", "mapping": "census", "url": "https://elsewhere.example/people", "every": "0", "reason": "x"})
		p := admin.post("/admin/sources", source).want(t, http.StatusUnprocessableEntity, "This host is not on the list", `value="hospital"`)
		if strings.Contains(p.body, "s3cret") {
			t.Error("a secret is shown")
		}
		registrar.get("/admin/sources").want(t, http.StatusOK)
		registrar.get("/admin/sources/new").want(t, http.StatusForbidden)
		admin.get("/admin/sources/nonsense").want(t, http.StatusNotFound)
		registrar.post("/admin/sources/nonsense/pull", url.Values{}).want(t, http.StatusForbidden)
	})
}

func TestStatisticsHideSmallNumbers(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, w *world) {
		admin, auditor := w.staff("en", registry.RoleAdmin), w.staff("en", registry.RoleAuditor)
		first := admin.get("/admin/statistics").want(t, http.StatusOK, "Nothing has been counted yet", "Count anew")
		if strings.Contains(auditor.get("/admin/statistics").body, "Count anew") {
			t.Error("an auditor is offered to count")
		}
		auditor.post("/admin/statistics/count", url.Values{}).want(t, http.StatusForbidden)
		admin.get("/admin/statistics/people.csv").want(t, http.StatusServiceUnavailable)
		var rows strings.Builder
		for range 12 {
			rows.WriteString("Otieno,female,1990-01-01\n")
		}
		_, err := w.registry.Import(t.Context(), registry.System(), strings.NewReader("Given name,Sex,Date of birth\n"+rows.String()), registry.ImportOptions{Mode: registry.ImportCreate})
		w.must(err)
		job := admin.post("/admin/statistics/count", first.hidden(nil)).want(t, http.StatusOK, "Count of the statistics")
		admin.get("/admin/statistics").want(t, http.StatusOK, "Waiting", "Look again")
		admin.worked(job).want(t, http.StatusOK, "Go to the statistics")
		p := auditor.get("/admin/statistics").want(t, http.StatusOK, "Figures as of", "People by sex and age", "Attestation by detail", "Credentials of the last 30 days", "13", "not told", "As CSV")
		if strings.Contains(p.body, `id="stale"`) {
			t.Error("new figures are called old")
		}
		auditor.get("/admin/statistics/people.csv").want(t, http.StatusOK, "area,", "female/")
		auditor.get("/admin/statistics/credentials.csv").want(t, http.StatusOK, "step,credentials,total", "offered,0,0")
		auditor.get("/admin/statistics/nonsense.csv").want(t, http.StatusNotFound)
		auditor.get("/admin/statistics?area=nonsense").want(t, http.StatusNotFound)
		w.pass(3 * time.Hour)
		w.staff("ar", registry.RoleAuditor).get("/admin/statistics").want(t, http.StatusOK, `id="stale"`)
	})
}

// placesTour is every page of areas, offices, sources, mappings and numbers.
func (w *world) placesTour(admin *browser) (pages []page) {
	ctx, system := w.t.Context(), w.actor(registry.RoleAdmin)
	if _, err := w.registry.Area(ctx, system, "KE"); err != nil {
		_, err = w.registry.ImportAreas(ctx, system, strings.NewReader(areasCSV), false, "first")
		w.must(err)
		_, err = w.registry.OpenOffice(ctx, system, registry.Office{Code: "KE-HQ", Label: map[string]string{"en": "Nairobi"}, Area: "KE"}, "first")
		w.must(err)
	}
	for _, path := range []string{"/admin/areas", "/admin/areas/KE", "/admin/areas/new", "/admin/areas/import", "/admin/areas/KE/rename", "/admin/areas/KE-25/move", "/admin/offices", "/admin/offices/KE-HQ", "/admin/offices/KE-HQ/edit",
		"/admin/mappings", "/admin/mappings/new", "/admin/sources", "/admin/sources/new", "/admin/statistics"} {
		pages = append(pages, admin.get(path))
	}
	count := admin.get("/admin/statistics")
	if form := count.hidden(nil); form.Get("form") != "" {
		pages = append(pages, admin.worked(admin.post("/admin/statistics/count", form)), admin.get("/admin/statistics"), admin.get("/admin/statistics?area=KE"))
	}
	return pages
}
