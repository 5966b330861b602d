package web

import (
	"cmp"
	"context"
	"encoding/json"
	"maps"
	"net/url"
	"slices"
	"strings"

	"github.com/gin-gonic/gin"
	"github.com/google/uuid"

	"socialregistry/api/auth"
	"socialregistry/internal/fault"
	"socialregistry/registry"
)

const (
	changesPath = "/admin/changes"
	auditPath   = "/admin/audit"
)

// changesShown is how many entries one page of a log has.
const changesShown = 50

// logReaders read what everybody did.
func logReaders() []registry.Role { return []registry.Role{registry.RoleAdmin, registry.RoleAuditor} }

// channels are the ways by which a change comes.
func channels() []registry.Channel {
	return []registry.Channel{registry.ChannelStaff, registry.ChannelSelf, registry.ChannelCSV, registry.ChannelImport, registry.ChannelODK, registry.ChannelPartner, registry.ChannelSystem}
}

// Changes is GET /admin/changes: what was done to all records, newest first.
func (p *Pages) Changes(c *gin.Context) error {
	d, err := p.desk(c, logReaders()...)
	if err != nil {
		return err
	}
	q, problems, err := changesAsked(c, d.l)
	if err != nil {
		return err
	}
	var page registry.ChangesPage
	if len(problems) == 0 {
		if page, err = p.registry.Changes(d.ctx, d.actor, q); err != nil {
			return err
		}
	}
	v, l, asked := d.list("changes", changesPath, page.Next), d.l, d.asked()
	v.Problems, asked.problems = problems, problems
	labels := p.labelsOfAll(d.ctx, l)
	v.Find, v.Grid = changesFilter(asked, labels), p.changesGrid(l, labels, page.Entries)
	if q.Import != uuid.Nil {
		v.Hidden = []hidden{{Name: "import", Value: q.Import.String()}}
		v.Back = &pageLink{Href: changesPath, Text: l.t("changes.all")}
		v.Title = l.t("changes.of_import")
	}
	if page.Next != "" && len(page.Entries) < changesShown && !page.Back.IsZero() {
		v.Warn = l.t("changes.back", "when", l.dateTime(page.Back))
	}
	return d.showList(v)
}

// changesAsked reads the filter; problems tell of a day that is none. Error: NotFound
// for an upload that is none.
func changesAsked(c *gin.Context, l *locale) (q registry.ChangesQuery, problems []problem, err error) {
	q = registry.ChangesQuery{Actor: strings.TrimSpace(c.Query("actor")), Channel: registry.Channel(c.Query("channel")), Field: c.Query("field"), After: c.Query("after"), Limit: changesShown}
	if since := c.Query("since"); since != "" {
		day, wrong := dayOf(since)
		if q.Since = day; wrong != nil {
			problems = append(problems, problem{Field: "since", Text: l.t("fault." + registry.CodeBadDate)})
		}
	}
	if of := c.Query("import"); of != "" {
		if q.Import, err = uuid.Parse(of); err != nil {
			return q, nil, fault.Wrap(fault.NotFound, "no_such_import", "There is no such import.", err)
		}
	}
	return q, problems, nil
}

// changesFilter offers the fields of people and of groups, by their names.
func changesFilter(f typed, labels map[string]string) []input {
	l := f.l
	which := anyOf[string](l, nil, nil)
	for _, key := range slices.SortedFunc(maps.Keys(labels), func(a, b string) int { return cmp.Or(cmp.Compare(labels[a], labels[b]), cmp.Compare(a, b)) }) {
		which = append(which, option{Value: key, Label: words{Text: labels[key]}})
	}
	return []input{f.text("actor", "changes.actor"), f.choice("field", "changes.field", which...), f.choice("channel", "changes.channel", anyOf(l, channels(), channelName)...), f.input("since", "date", "changes.since")}
}

func channelName(l *locale, way registry.Channel) string {
	if key := "channel." + string(way); l.has(key) {
		return l.t(key)
	}
	return string(way)
}

func (p *Pages) changesGrid(l *locale, labels map[string]string, entries []registry.ChangesEntry) grid {
	g := newGrid(l, l.t("changes.list"), "changes.record", "changes.what", "changes.who", "changes.when", "changes.reason")
	for _, e := range entries {
		record, what := cell{Text: e.Number, Dir: "ltr", Href: recordLog(e)}, changesWhat(l, labels, e)
		if e.ID == uuid.Nil {
			record = cell{Text: cmp.Or(e.ImportName, l.t("changes.import")), Href: uploadPath(e.Import)}
			what = cell{Text: l.t("changes.records", "n", e.Records), Href: changesPath + "?import=" + e.Import.String()}
		}
		g.add(record, what, cell{Text: e.Actor, Note: channelName(l, e.Channel)}, cell{Text: l.dateTime(e.At)}, cell{Text: e.Reason, Dir: "auto"})
	}
	return g
}

// labelsOfAll are the names of the fields of people and of all groups.
func (p *Pages) labelsOfAll(ctx context.Context, l *locale) map[string]string {
	out := map[string]string{}
	kinds, _ := p.registry.GroupKinds(ctx) // without them, keys say it too
	of := []string{registry.PersonKind}
	for _, k := range kinds {
		of = append(of, k.Key)
	}
	for _, kind := range of {
		for key, label := range p.labelsOfKind(ctx, l, kind) {
			out[key] = label.Text
		}
	}
	return out
}

// recordLog is where both values stand, of before and after: to read them is to
// read the record.
func recordLog(e registry.ChangesEntry) string {
	if e.Kind == registry.PersonKind {
		return "/admin/people/" + e.ID.String() + "/log"
	}
	return "/admin/groups/" + e.ID.String() + "/log"
}

// changesWhat names the fields that were touched.
func changesWhat(l *locale, labels map[string]string, e registry.ChangesEntry) cell {
	var names []string
	seen := map[string]bool{}
	for _, change := range e.Changes {
		name := cmp.Or(labels[change.Field], change.Field)
		if key := "history.kind." + change.Kind; l.has(key) {
			name = l.t(key)
		}
		if change.Kind == registry.KindAttestation {
			name += l.t("list.colon") + " " + stateBadge(l, registry.Field{Attestable: true}, registry.FieldState{State: registry.State(change.New)}).Text
		}
		if name != "" && !seen[name] {
			seen[name] = true
			names = append(names, name)
		}
	}
	out := cell{Text: strings.Join(names[:min(len(names), 8)], l.t("list.comma")+" ")}
	if len(names) > 8 {
		out.Note = l.t("changes.more", "n", len(names)-8)
	}
	return out
}

// Audit is GET /admin/audit: the history of settings, messages that did not get
// out, and the check of the records.
func (p *Pages) Audit(c *gin.Context) error {
	d, err := p.desk(c, logReaders()...)
	if err != nil {
		return err
	}
	page, err := p.auditPage(c, d.actor)
	if err != nil {
		return err
	}
	v, f, l := d.list("audit", auditPath, page.Next), d.asked(), d.l
	v.Acts, v.Grid = auditLinks(l, auditPath), auditGrid(l, page.Entries)
	v.Find = []input{f.choice("sort", "audit.sort", anyOf(l, auditSorts(), sortName)...), f.text("actor", "changes.actor")}
	check := typed{l: l}
	v.After = []act{{ID: "drift", Title: l.t("drift.title"), Text: l.t("drift.text"), Action: auditPath + "/check", Token: d.token(), Inputs: []input{check.tick("chains", "drift.chains")}, Button: l.t("drift.start")}}
	if v.Warn, err = p.deliveries(d.ctx, l, d.actor); err != nil {
		return err
	}
	if subject := c.Query("subject"); subject != "" {
		v.Back = &pageLink{Href: auditPath, Text: l.t("audit.all")}
		v.Find = nil
	}
	return d.showList(v)
}

// auditPage is the newest entries, or with subject= those of one thing, which are
// held against each other.
func (p *Pages) auditPage(c *gin.Context, a registry.Actor) (registry.AdminPage, error) {
	if subject := c.Query("subject"); subject != "" {
		return p.registry.AdminHistoryPage(c.Request.Context(), a, subject, c.Query("after"), changesShown)
	}
	return p.registry.AdminLog(c.Request.Context(), a, registry.AdminLogQuery{Sort: c.Query("sort"), Actor: strings.TrimSpace(c.Query("actor")), After: c.Query("after"), Limit: changesShown})
}

// auditSorts are the kinds of things whose settings are written down.
func auditSorts() []string {
	return []string{"account", "field", "attestation_status", "area", "office", "appearance", "group_kind", "programme", "identifier_type", "import_mapping", "source", "export", "job", "token"}
}

func sortName(l *locale, sort string) string {
	if key := "audit.sort_" + sort; l.has(key) {
		return l.t(key)
	}
	return sort
}

func auditGrid(l *locale, entries []registry.AdminEntry) grid {
	g := newGrid(l, l.t("audit.list"), "audit.subject", "audit.change", "changes.who", "changes.when", "changes.reason")
	for _, e := range entries {
		sort, key, _ := strings.Cut(e.Subject, ":")
		g.add(cell{Text: cmp.Or(key, e.Subject), Dir: "auto", Href: addressOf(auditPath, map[string][]string{"subject": {e.Subject}}), Note: sortName(l, sort)},
			auditChange(l, e), cell{Text: e.Actor, Note: channelName(l, e.Channel)}, cell{Text: l.dateTime(e.At)}, cell{Text: e.Reason, Dir: "auto"})
	}
	return g
}

// auditChange says which members of a setting differ: from what to what.
func auditChange(l *locale, e registry.AdminEntry) cell {
	var was, is map[string]json.RawMessage
	_, _ = json.Unmarshal(e.Old, &was), json.Unmarshal(e.New, &is) // what is no object is told as a whole
	switch {
	case string(e.Old) == "null" || len(e.Old) == 0:
		return cell{Text: l.t("audit.new")}
	case string(e.New) == "null" || len(e.New) == 0:
		return cell{Text: l.t("audit.gone")}
	}
	var out []string
	for _, key := range membersOf(is, was) {
		if string(was[key]) != string(is[key]) {
			out = append(out, key+": "+short(string(was[key]))+" → "+short(string(is[key])))
		}
	}
	if len(out) == 0 {
		return cell{Text: short(string(e.Old)) + " → " + short(string(e.New)), Dir: "ltr"}
	}
	return cell{Text: strings.Join(out, "; "), Dir: "ltr"}
}

// short cuts what is too long for a table.
func short(text string) string {
	if runes := []rune(text); len(runes) > 80 {
		return string(runes[:79]) + "…"
	}
	return textOr(text)
}

func membersOf(maps ...map[string]json.RawMessage) []string {
	all := map[string]bool{}
	for _, m := range maps {
		for key := range m {
			all[key] = true
		}
	}
	return keysOf(all)
}

// deliveries tells how the messages of the last week stand; "" when none left the
// portal.
func (p *Pages) deliveries(ctx context.Context, l *locale, a registry.Actor) (string, error) {
	counts, err := p.issuer.Deliveries(ctx, a)
	if fault.KindOf(err) == fault.Forbidden || len(counts) == 0 {
		return "", nil
	}
	if err != nil {
		return "", err
	}
	n := map[string]int{}
	for _, c := range counts {
		n[string(c.State)] += c.Count
	}
	var out []string
	for _, state := range keysOf(n) {
		if key := "delivery." + state; l.has(key) {
			out = append(out, l.t(key, "n", n[state]))
		}
	}
	if len(out) == 0 {
		return "", nil
	}
	return l.t("delivery.title") + " " + strings.Join(out, l.t("list.comma")+" "), nil
}

// AuditStart is POST /admin/audit/check: the check of the records, as a job.
func (p *Pages) AuditStart(c *gin.Context) error {
	if err := auth.Allow(c, logReaders()...); err != nil {
		return err
	}
	return p.startJob(c, func(ctx context.Context, a registry.Actor, form url.Values) (registry.Job, error) {
		return p.registry.StartAudit(ctx, a, form.Get("chains") != "")
	})
}
