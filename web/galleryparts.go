package web

import "socialregistry/registry"

// addParts puts the greater components on a side: cards of credentials, work, ways
// and entries of a history, in every state they have.
func (g *galleryPanel) addParts(p *Pages, l *locale) {
	g.Cards, g.Jobs = galleryCards(l, g.Side, g.Title), galleryJobs(l, g.Side)
	g.Stages = []stage{{Text: l.t("ownrequest.stage_sent"), When: l.dateTime(galleryDay())}, {Text: l.t("ownrequest.stage_check"), Class: "now", Words: l.t("check.again")}, {Text: l.t("ownrequest.stage_decision"), Class: "next"}}
	badges := galleryBadges(l)
	g.Entries = []entryView{{Title: l.t("history.decided", "n", 3), When: l.dateTime(galleryDay()), By: "attester", Reason: l.t("check.again"), Changes: []entryChange{
		{Label: words{Text: l.t("people.name")}, Old: shown{Text: "Amina", Dir: "auto"}, New: shown{Text: "أمينة", Dir: "auto"}},
		{Label: words{Text: l.t("section.contact")}, Old: shown{Empty: true}, New: shown{Text: "Kisima", Dir: "auto"}},
		{Label: words{Text: l.t("people.name")}, Badge: &badges[2], Comment: l.t("fault.damaged_text")}}}}
	for _, wrong := range []string{"", l.t("fault.required")} {
		end := ""
		if wrong != "" {
			end = "-wrong"
		}
		g.Controls = append(g.Controls,
			input{ID: g.Side + "-tick" + end, Kind: "tick", Label: words{Text: l.t("upload.good_rows")}, Hint: words{Text: l.t("login.name_hint")}, Wrong: wrong},
			input{ID: g.Side + "-radios" + end, Kind: "radios", Label: words{Text: l.t("upload.rule")}, Wrong: wrong,
				Options: []option{{Value: "a", Label: words{Text: l.t("upload.good_rows")}, Selected: true}, {Value: "b", Label: words{Text: l.t("upload.all_or_nothing")}}}})
	}
}

// galleryCards are cards of a credential in each state.
func galleryCards(l *locale, side, title string) (out []credentialCard) {
	for _, c := range []struct {
		id    string
		badge badge
		live  bool
	}{{"ready", badge{"wait", "clock", "ready"}, false}, {"issued", badge{"ok", "check", "issued"}, true}, {"outdated", badge{"chg", "changed", "outdated"}, false},
		{"suspended", badge{"wait", "alert", "suspended"}, false}, {"withdrawn", badge{"bad", "cross", "withdrawn"}, false}} {
		c.badge.Text = l.t("credential." + c.badge.Text)
		card := credentialCard{ID: side + "-" + c.id, Name: c.badge.Text + ", " + title, Issuer: l.t("service.name"), Badge: c.badge, Text: l.t("check.again"), Live: c.live,
			Fields: []words{{Text: l.t("people.name")}, {Text: l.t("person.number")}}}
		if c.id == "ready" {
			card.Offer = "/gallery"
		}
		out = append(out, card)
	}
	badges := galleryBadges(l)
	return append(out, credentialCard{ID: side + "-missing", Name: badges[5].Text + ", " + title, Issuer: l.t("service.name"), Badge: badges[5], Text: l.t("check.again"),
		Missing: []missing{{Label: words{Text: l.t("people.name")}, Badge: badges[2], Note: l.t("fault.damaged_text")}, {Label: words{Text: l.t("section.contact")}, Badge: badges[1]}}})
}

// galleryJobs are rows of jobs in each state. None asks how it is getting on.
func galleryJobs(l *locale, side string) (out []*jobRow) {
	for _, state := range []registry.JobState{registry.JobQueued, registry.JobRunning, registry.JobDone, registry.JobFailed, registry.JobCancelled} {
		row := &jobRow{ID: side + "-" + string(state), Kind: l.t("upload.state_undoing"), State: string(state), Badge: jobBadge(l, registry.Job{State: state}), Text: l.t("job.progress", "n", 41, "all", 100)}
		if state == registry.JobRunning {
			row.Value, row.Max = 41, 100
		}
		out = append(out, row)
	}
	return out
}
