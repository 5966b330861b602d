package web

import (
	"context"
	"encoding/json"
	"maps"
	"net/url"
	"slices"
	"strconv"
	"time"

	"github.com/gin-gonic/gin"
	"github.com/google/uuid"

	"socialregistry/internal/fault"
	"socialregistry/registry"
)

const jobsPath = "/admin/jobs"

// jobsShown is how many jobs one page of the list has.
const jobsShown = 25

// jobRow is how a job stands: the part "jobrow" of a page.
type jobRow struct {
	ID, Kind   string
	Again      string // address of the page that it is part of
	State      string
	Live       bool // it waits or runs
	Badge      badge
	Value, Max int64  // Max 0: nobody knows how long it is
	Text, Left string // how far it is, and how long it still takes
	Said       string // how it stands, in few words, for who hears the page
	CancelURL  string // "": it cannot be cancelled
	Token      string
}

// jobRow says how a job stands, on the page at the address here.
func (p *Pages) jobRow(l *locale, a registry.Actor, j registry.Job, token, here string) *jobRow {
	v := &jobRow{ID: j.ID.String(), Kind: jobKind(l, j.Kind), Again: here, State: string(j.State), Badge: jobBadge(l, j), Token: token}
	v.Live = j.State == registry.JobQueued || j.State == registry.JobRunning
	v.Said = v.Kind + ": " + v.Badge.Text
	if !v.Live {
		if j.Failure != nil {
			v.Text = jobFault(l, j.Failure)
		}
		return v
	}
	if !j.Cancelling && (a.Has(registry.RoleAdmin) || j.CreatedBy == a.Name) {
		v.CancelURL = jobPath(j.ID) + "/cancel"
	}
	v.progress(l, j, p.now())
	return v
}

// progress says how far a job is. Files are read in bytes, all else in records.
func (v *jobRow) progress(l *locale, j registry.Job, now time.Time) {
	if j.State == registry.JobQueued {
		v.Text = l.t("job.queued_text")
		return
	}
	if j.Total <= 0 {
		v.Text = l.t("job.done_of_unknown", "n", int(j.Progress))
		return
	}
	v.Value, v.Max = min(j.Progress, j.Total), j.Total
	percent := int(v.Value * 100 / v.Max)
	if spent := now.Sub(j.CreatedAt); j.Progress > 0 && spent > time.Second {
		rate := float64(j.Progress) / spent.Seconds()
		v.Left = timeLeft(l, time.Duration(float64(j.Total-v.Value)/rate*float64(time.Second)))
		if !inBytes(j) {
			v.Left = l.t("job.rate", "n", int(rate*60)) + " · " + v.Left
		}
	}
	if inBytes(j) {
		v.Text = l.t("job.percent", "n", percent)
		v.Said = v.Kind + ": " + l.t("job.percent", "n", percent/25*25) // not every two seconds another number
		return
	}
	v.Text = l.t("job.done_of", "n", int(j.Progress), "all", int(j.Total), "percent", percent)
}

func inBytes(j registry.Job) bool {
	return j.Kind == registry.JobImportCheck || j.Kind == registry.JobImportApply
}

func timeLeft(l *locale, d time.Duration) string {
	if d < time.Minute {
		return l.t("job.left_seconds", "n", max(1, int(d.Seconds())))
	}
	return l.t("job.left_minutes", "n", int((d+30*time.Second)/time.Minute))
}

func jobKind(l *locale, kind string) string {
	if key := "job.kind_" + kind; l.has(key) {
		return l.t(key)
	}
	return kind
}

func jobBadge(l *locale, j registry.Job) badge {
	if j.Cancelling {
		return badge{"wait", "clock", l.t("job.state_cancelling")}
	}
	return badgeOf(j.State, l.t("job.state_"+string(j.State)), map[registry.JobState]badge{"": {"wait", "clock", ""}, registry.JobDone: {"ok", "check", ""},
		registry.JobFailed: {"bad", "cross", ""}, registry.JobCancelled: {"none", "minus", ""}})
}

// jobFault says why a job failed.
func jobFault(l *locale, f *registry.JobFailure) string { return faultText(l, f.Code, f.Detail) }

// Jobs is GET /admin/jobs: work that takes its time.
func (p *Pages) Jobs(c *gin.Context) error {
	d := p.visit(c)
	page, err := p.registry.Jobs(d.ctx, d.actor, registry.JobQuery{Kind: c.Query("kind"), State: registry.JobState(c.Query("state")), After: c.Query("after"), Limit: jobsShown})
	if err != nil {
		return err
	}
	v, f, l := d.list("job", jobsPath, page.Next), d.asked(), d.l
	v.Find = []input{f.choice("kind", "job.what", anyOf(l, registry.JobKinds(), jobKind)...),
		f.choice("state", "job.state", anyOf(l, registry.JobStates(), func(l *locale, s registry.JobState) string { return l.t("job.state_" + string(s)) })...)}
	v.Grid = newGrid(l, l.t("job.list"), "job.what", "job.state", "job.by", "job.asked")
	for _, j := range page.Jobs {
		row := p.jobRow(l, d.actor, j, "", "")
		state := jobBadge(l, j)
		v.Grid.add(cell{Text: jobKind(l, j.Kind), Href: jobPath(j.ID)}, cell{Badge: &state, Note: row.Text}, cell{Text: j.CreatedBy}, cell{Text: l.dateTime(j.CreatedAt)})
	}
	return d.showList(v)
}

// Job is GET /admin/jobs/:id: how it stands, what came of it and where that is.
func (p *Pages) Job(c *gin.Context) error {
	d := p.visit(c)
	id, err := pathUUID(c, "no_such_job")
	if err != nil {
		return err
	}
	j, err := p.registry.Job(d.ctx, d.actor, id)
	if err != nil {
		return err
	}
	row := p.jobRow(d.l, d.actor, j, d.token(), jobPath(id))
	if done, err := p.progress(c, "one", row); done || err != nil {
		return err
	}
	v := showPage{Title: words{Text: jobKind(d.l, j.Kind)}, Text: d.l.t("job.about", "who", j.CreatedBy, "when", d.l.dateTime(j.CreatedAt)), Done: doneText(c, d.l),
		Back: pageLink{Href: jobsPath, Text: d.l.t("job.title")}, Job: row, Name: d.l.t("job.result"), Links: jobLinks(d.l, j)}
	v.Facts = jobFacts(d.l, j)
	if j.Kind == registry.JobAudit && j.State == registry.JobDone {
		v.Grids = append(v.Grids, p.findings(d.ctx, d.l, j))
	}
	return d.showOne(jobsPath, "", v)
}

// jobFacts are the figures of a result, and who ended it.
func jobFacts(l *locale, j registry.Job) (out []fact) {
	if !j.EndedAt.IsZero() {
		out = append(out, fact{Label: l.t("job.ended"), Text: l.dateTime(j.EndedAt)})
	}
	if j.CancelledBy != "" {
		out = append(out, fact{Label: l.t("job.cancelled_by"), Text: j.CancelledBy})
	}
	if j.Attempts > 1 {
		out = append(out, fact{Label: l.t("job.attempts"), Text: l.number(j.Attempts)})
	}
	var result map[string]any
	if json.Unmarshal(j.Result, &result) != nil {
		return out
	}
	for _, key := range slices.Sorted(maps.Keys(result)) {
		n, isNumber := result[key].(float64)
		if name := "job.result_" + key; isNumber && l.has(name) {
			out = append(out, fact{Label: l.t(name), Text: l.number(int(n))})
		}
	}
	return out
}

// jobLinks lead to what came of a job, or what it works on.
func jobLinks(l *locale, j registry.Job) []pageLink {
	var result struct {
		Import uuid.UUID `json:"import"`
		ID     uuid.UUID `json:"id"`
	}
	known := json.Unmarshal(j.Result, &result) == nil
	switch {
	case inBytes(j) && known && result.Import != uuid.Nil:
		return []pageLink{{Href: uploadPath(result.Import), Text: l.t("job.to_upload"), Main: true}}
	case j.Kind == registry.JobExport && known && result.ID != uuid.Nil:
		return []pageLink{{Href: exportPath(result.ID), Text: l.t("job.to_export"), Main: true}}
	case j.Kind == registry.JobStatistics:
		return []pageLink{{Href: statisticsPath, Text: l.t("job.to_statistics")}}
	case j.Kind == registry.JobFieldIndex:
		return []pageLink{{Href: fieldsPath, Text: l.t("job.to_fields")}}
	case j.Kind == registry.JobSourcePull:
		return []pageLink{{Href: sourcesPath, Text: l.t("job.to_sources")}}
	}
	return nil
}

// findings are where two things that should be equal are not.
func (p *Pages) findings(ctx context.Context, l *locale, j registry.Job) gridSection {
	var result registry.AuditResult
	_ = json.Unmarshal(j.Result, &result) // of another version: no findings to show
	g := newGrid(l, l.t("drift.findings"), "drift.record", "drift.kind", "drift.field")
	labels := p.labelsOf(ctx, l)
	for _, found := range result.Findings {
		field := words{Text: found.Field}
		if label, ok := labels[found.Field]; ok {
			field = label
		}
		g.add(cell{Text: found.ID.String(), Dir: "ltr", Href: "/admin/people/" + found.ID.String()}, cell{Text: driftKind(l, found.Kind)}, field.gridCell())
	}
	return gridSection{ID: "findings", Title: l.t("drift.findings"), Text: l.t("drift.found", "n", result.Found, "all", result.Checked), Grid: g, Empty: l.t("drift.none")}
}

func driftKind(l *locale, kind registry.DriftKind) string {
	if key := "drift.kind_" + string(kind); l.has(key) {
		return l.t(key)
	}
	return string(kind)
}

// labelsOf are the names of the fields of people, by key.
func (p *Pages) labelsOf(ctx context.Context, l *locale) map[string]words {
	out := map[string]words{}
	fields, err := p.registry.Fields(ctx)
	if err != nil {
		return out // their keys say it too
	}
	for _, f := range fields {
		out[f.Key] = p.label(l, f)
	}
	return out
}

// JobCancel is POST /admin/jobs/:id/cancel.
func (p *Pages) JobCancel(c *gin.Context) error {
	id, err := pathUUID(c, "no_such_job")
	if err != nil {
		return err
	}
	return p.press(c, func(ctx context.Context, d *desk, _ url.Values) (string, error) {
		_, err := p.registry.CancelJob(ctx, d.actor, id)
		if fault.CodeOf(err) == "job_ended" { // its page says how
			err = nil
		}
		return jobPath(id), err
	})
}

// startJob asks for work, once per form, and goes to the page of the job.
func (p *Pages) startJob(c *gin.Context, start func(ctx context.Context, a registry.Actor, form url.Values) (registry.Job, error)) error {
	return p.press(c, func(ctx context.Context, d *desk, form url.Values) (string, error) {
		j, err := start(ctx, d.actor, form)
		return jobPath(j.ID), err
	})
}

func jobPath(id uuid.UUID) string { return jobsPath + "/" + id.String() }

// pathUUID is the id in the path. Error: NotFound with the code.
func pathUUID(c *gin.Context, code string) (uuid.UUID, error) {
	return pathID(c, "id", code, "There is nothing at this address.")
}

// pathID is an id in the path. Error: NotFound with the code and its words.
func pathID(c *gin.Context, name, code, detail string) (uuid.UUID, error) {
	id, err := uuid.Parse(c.Param(name))
	if err != nil {
		return uuid.Nil, fault.Wrap(fault.NotFound, code, detail, err)
	}
	return id, nil
}

// count writes a number of rows or people.
func (l *locale) count(n int64) string { return l.number(int(min(n, int64(^uint(0)>>1)))) }

func decimal(n int) string { return strconv.Itoa(n) }
