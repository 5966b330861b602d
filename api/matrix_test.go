package api_test

import (
	"cmp"
	_ "embed"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/google/uuid"

	"socialregistry/internal/db"
	"socialregistry/internal/dbtest"
	"socialregistry/issuer"
	"socialregistry/registry"
)

// matrixTable says what each operation of the REST interface answers to each role
// that holds in one area, about a record inside and outside of it. A line is
//
//	operation | request | registrant | admin | registrar | field_worker | attester | auditor
//
// The request has parameters as name=value (match is If-Match), and a body. A cell is a status, or
// two of them, inside/outside; a registrant's own record is inside. Of a 404 the
// code may follow, after a colon. $ names something of the place: see place.
//
//go:embed testdata/matrix.txt
var matrixTable string

// matrixRoles are the columns behind the registrant's.
func matrixRoles() []registry.Role {
	return []registry.Role{registry.RoleAdmin, registry.RoleRegistrar, registry.RoleFieldWorker, registry.RoleAttester, registry.RoleAuditor}
}

// matrixRow is a line of the table.
type matrixRow struct {
	operation, method, path string
	params                  map[string]string
	body                    string
	hasMatch, patch, csv    bool
	cells                   []string
}

// about tells whether the row is about a record: the cells have two statuses.
func (r matrixRow) about() bool {
	return slices.ContainsFunc(r.cells, func(cell string) bool { return strings.Contains(cell, "/") })
}

// unknownOutside tells whether a column is told that what lies outside is not
// there. Then nothing can be written there, and one place does for all rows; if
// something is, the answer is not the table's either.
func (r matrixRow) unknownOutside(column int) bool {
	_, outside, _ := strings.Cut(r.cells[column], "/")
	return strings.HasPrefix(outside, "404")
}

// TestRolesAndAreas holds every operation under /api/v1 to the table: an
// operation without a line fails.
func TestRolesAndAreas(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		s, doc := newService(t, d), description(t)
		m := newMatrix(t, s, d)
		rows := matrixRows(t, doc)
		for _, row := range rows {
			m.check(t, row)
		}
		m.checkCounts(t, rows)
		if len(rows) < 80 {
			t.Errorf("only %d operations: the matrix is hollow", len(rows))
		}
	})
}

// matrixRows reads the table beside openapi.yaml, in both directions.
func matrixRows(t *testing.T, doc *openapi3.T) []matrixRow {
	t.Helper()
	lines := map[string][]string{}
	for line := range strings.Lines(matrixTable) {
		if line = strings.TrimSpace(line); line == "" || line[0] == '#' {
			continue
		}
		cells := strings.Split(line, " | ")
		for i := range cells {
			cells[i] = strings.TrimSpace(cells[i])
		}
		if len(cells) != 3+len(matrixRoles()) || lines[cells[0]] != nil {
			t.Errorf("the matrix has a bad line: %s", line)
			continue
		}
		lines[cells[0]] = cells
	}
	var rows []matrixRow
	for path, item := range doc.Paths.Map() {
		for method, op := range item.Operations() {
			cells, ok := lines[op.OperationID]
			delete(lines, op.OperationID)
			switch {
			case !strings.HasPrefix(path, "/api/v1/"):
			case !ok:
				t.Errorf("the matrix does not say who may %s %s (%s)", method, path, op.OperationID)
			default:
				rows = append(rows, matrixRowOf(op, item, method, path, cells))
			}
		}
	}
	for operation := range lines {
		t.Errorf("the matrix has a line for %s, which is no operation", operation)
	}
	slices.SortFunc(rows, func(a, b matrixRow) int { return strings.Compare(a.operation, b.operation) })
	return rows
}

func matrixRowOf(op *openapi3.Operation, item *openapi3.PathItem, method, path string, cells []string) matrixRow {
	row := matrixRow{operation: op.OperationID, method: method, path: path, params: map[string]string{}, cells: cells[2:]}
	request, body, _ := strings.Cut(cells[1], "{")
	if body != "" {
		row.body = "{" + body
	}
	for word := range strings.FieldsSeq(request) {
		name, value, _ := strings.Cut(word, "=")
		row.params[name] = value
	}
	for _, p := range append(slices.Clone(op.Parameters), item.Parameters...) {
		row.hasMatch = row.hasMatch || p.Value.Name == "If-Match"
	}
	if op.RequestBody != nil {
		row.patch = op.RequestBody.Value.Content["application/merge-patch+json"] != nil
		row.csv = op.RequestBody.Value.Content["text/csv"] != nil
	}
	return row
}

// place is what a request may be about: all of it inside the area of the staff, or
// outside of it.
type place struct {
	region, person, group, member, other, request string
	credential                                    string // about somebody there, or on paper; only of a row that asks for one
}

func (m *matrix) fill(p place, text string) string {
	m.n++
	return strings.NewReplacer("$region", p.region, "$person", p.person, "$member", p.member, "$other", p.other, "$request", p.request, "$credential", p.credential, "$paper", p.credential,
		"$new", uuid.NewString(), "$serial", fmt.Sprint(10_000+m.n)).Replace(text)
}

// matrix is a registry with two areas, and somebody for each column.
type matrix struct {
	*service
	as              [][]string // headers, by column
	own             uuid.UUID  // the registrant's record
	holder          uuid.UUID  // a record that all is attested of, and another one outside
	outsider        uuid.UUID
	asHolder        []string // headers of who it is about
	inside, outside place
	n               int // counts what must differ
	work            *statements
	fault           func(format string, args ...any)
}

const secretName = "Outsider Secret-Name"

func newMatrix(t *testing.T, s *service, d *db.DB) *matrix {
	t.Helper()
	_, err := s.deps.Registry.ImportAreas(t.Context(), staff(registry.RoleAdmin), strings.NewReader(nations), false, "")
	must(t, err)
	for code, kind := range map[string]string{"works": registry.PersonKind, "shelter": "household"} {
		_, err = s.deps.Registry.DefineProgramme(t.Context(), staff(registry.RoleAdmin),
			registry.Programme{Code: code, Label: map[string]string{"en": "Help"}, Start: "2020-01-01", Kinds: []string{kind}}, "")
		must(t, err)
	}
	m := &matrix{service: s, work: recordStatements(t, d), fault: t.Errorf}
	self, id := s.registrant(t)
	m.as, m.own = append(m.as, self), id
	holder := attestedPerson(t, s.deps.Registry, "")
	m.asHolder, m.holder = s.activated(t, holder), holder.ID
	for _, role := range matrixRoles() {
		name := "matrix." + strings.ReplaceAll(string(role), "_", ".")
		_, err := s.deps.Registry.OpenStaff(t.Context(), registry.System(), name, "six green kettles", []registry.Grant{{Role: role, Area: "NL-W"}}, "")
		must(t, err)
		m.as = append(m.as, s.bearer(t, name, registry.Scopes()...))
	}
	m.inside, m.outside = m.newPlace(t, "NL-W-BAY", "Insider"), m.newPlace(t, "NL-E", secretName)
	m.outsider = attestedPerson(t, s.deps.Registry, "NL-E").ID
	m.inside.credential, m.outside.credential = m.credentialOf(t, holder.ID), m.credentialOf(t, m.outsider)
	_, err = s.deps.Registry.RefreshStatistics(t.Context(), registry.System(), 0)
	must(t, err)
	return m
}

// newPlace registers two people and a household of them.
func (m *matrix) newPlace(t *testing.T, region, name string) place {
	t.Helper()
	register := func(name string) uuid.UUID {
		m.n++
		p, err := m.deps.Registry.Register(t.Context(), staff(registry.RoleRegistrar), registry.Change{Set: map[string]string{"full_name": name, "region": region, "sex": "female"}})
		must(t, err)
		return p.ID
	}
	person, member, other := register(name), register(name), register(name)
	g, err := m.deps.Registry.CreateGroup(t.Context(), staff(registry.RoleRegistrar), "household", registry.Change{Set: map[string]string{"group_region": region, "rooms_count": "2"}},
		[]registry.NewMember{{MemberID: other, Role: "head", Start: "2020-01-01"}, {MemberID: member, Role: "child", Start: "2020-01-01"}})
	must(t, err)
	_, err = m.deps.Registry.AddIdentifier(t.Context(), staff(registry.RoleAdmin), person, registry.NewIdentifier{Type: "passport", Value: fmt.Sprintf("AB %06d", m.n), ValidTo: "2031-01-01"})
	must(t, err)
	asked, err := m.deps.Registry.RequestChange(t.Context(), staff(registry.RoleRegistrar), other, registry.Change{Set: map[string]string{"locality": "Wharf"}}, false)
	must(t, err)
	return place{region: region, person: person.String(), group: g.ID.String(), member: member.String(), other: other.String(), request: asked[0].ID.String()}
}

// credentialOf issues a credential about somebody and gives its id.
func (m *matrix) credentialOf(t *testing.T, person uuid.UUID) string {
	t.Helper()
	about := *m.service
	about.person = person
	return strings.TrimPrefix(about.issued(t), credentials+"/")
}

// credentialFor is what a row is about: a credential in a wallet, or on paper.
func (m *matrix) credentialFor(t *testing.T, row matrixRow, person uuid.UUID) string {
	t.Helper()
	if row.params["id"] == "$paper" {
		made, err := m.deps.Issuer.MakePaper(t.Context(), staff(registry.RoleAdmin), issuer.NewPaper{RegistrantID: person, ConfigID: sdJWTConfig, Fields: []string{"given_name"}})
		must(t, err)
		return made.ID.String()
	}
	return m.credentialOf(t, person)
}

// check drives one row through its columns, inside and outside.
func (m *matrix) check(t *testing.T, row matrixRow) {
	t.Helper()
	if rec := m.do(m.request(row, m.inside, nil, `"1"`)); rec.Code != http.StatusUnauthorized {
		m.fault("%s by nobody: %d", row.operation, rec.Code)
	}
	id, away := row.params["id"], m.outside
	ofCredential := id == "$credential" || id == "$paper"
	if ofCredential {
		away.credential = m.credentialFor(t, row, m.outsider)
	}
	var got []string
	for column, as := range m.as {
		in, out, tag := m.inside, away, `"1"`
		if ofCredential {
			at := attestedPerson(t, m.deps.Registry, "NL-W-BAY").ID
			if column == 0 {
				as, at = m.asHolder, m.holder
			}
			in.credential = m.credentialFor(t, row, at)
		} else if row.method != http.MethodGet && row.about() && row.cells[column] != "403" {
			in = m.newPlace(t, "NL-W-BAY", "Insider")
		}
		if in != m.inside && !row.unknownOutside(column) {
			out = m.newPlace(t, "NL-E", secretName)
			out.credential = m.credentialFor(t, row, attestedPerson(t, m.deps.Registry, "NL-E").ID)
		}
		if column == 0 {
			in.person = m.own.String()
			p, err := m.deps.Registry.Person(t.Context(), staff(registry.RoleAdmin), m.own)
			must(t, err)
			tag = fmt.Sprintf(`"%d"`, p.VersionNo)
		}
		inside := m.do(m.request(row, in, as, tag))
		m.holdNothingOf(row, column, inside, out)
		cell := outcome(inside)
		if row.about() {
			m.work.forget()
			outside := m.do(m.request(row, out, as, tag))
			m.holdAgainstUnknown(row, column, outside, out, as)
			if there := outcome(outside); there != cell {
				cell += "/" + strings.TrimSuffix(there, ":no_such_person")
			}
		}
		got = append(got, cell)
	}
	if !slices.Equal(got, row.cells) {
		m.fault("%s answers\n%s, want\n%s", row.operation, strings.Join(got, " | "), strings.Join(row.cells, " | "))
	}
}

// request builds the request of a row about one place.
func (m *matrix) request(row matrixRow, p place, as []string, tag string) *http.Request {
	path := row.path
	record := p.person
	if strings.Contains(path, "/groups/{id}") {
		record = p.group
	}
	query := []string{}
	for name, value := range row.params {
		if name == "match" { // the state that a fresh record is in
			tag = `"` + value + `"`
			continue
		}
		if strings.Contains(path, "{"+name+"}") {
			path = strings.ReplaceAll(path, "{"+name+"}", m.fill(p, value))
		} else {
			query = append(query, name+"="+m.fill(p, value))
		}
	}
	path = strings.ReplaceAll(path, "{id}", record)
	if len(query) > 0 {
		path += "?" + strings.Join(query, "&")
	}
	headers, body := []string{}, m.fill(p, row.body)
	switch {
	case row.patch:
		headers = append(headers, "Content-Type", mergePatch)
	case row.csv:
		body, headers = nations, append(headers, "Content-Type", "text/csv")
	}
	if row.hasMatch {
		headers = append(headers, "If-Match", tag)
	}
	return call(row.method, path, body, as, headers...)
}

// outcome is the status of an answer, with the code of a 404 that is about
// something else than the record itself.
func outcome(rec *httptest.ResponseRecorder) string {
	var problem struct{ Code string }
	_ = json.Unmarshal(rec.Body.Bytes(), &problem)
	if rec.Code != http.StatusNotFound || problem.Code == "no_such_person" || problem.Code == "no_such_group" || problem.Code == "not_found" {
		return fmt.Sprint(rec.Code)
	}
	return fmt.Sprintf("%d:%s", rec.Code, problem.Code)
}

// holdNothingOf looks for what lies outside in an answer that is not about it.
func (m *matrix) holdNothingOf(row matrixRow, column int, rec *httptest.ResponseRecorder, out place) {
	for _, secret := range []string{secretName, out.person, out.group, out.member, out.other, out.request, m.outside.person, m.outside.group, m.outside.member, m.outside.other, out.credential} {
		if secret == "" {
			continue
		}
		if strings.Contains(rec.Body.String(), secret) {
			m.fault("%s, column %d: the answer tells of what is outside: %s", row.operation, column, rec.Body)
		}
	}
}

// withoutUse leaves out that a token was used, which is written down now and then: by
// the time that has passed, and not by what is asked for.
func withoutUse(statements []string) []string {
	return slices.DeleteFunc(statements, func(s string) bool { return strings.HasPrefix(s, `UPDATE "personal_token" SET "last_used"`) })
}

// holdAgainstUnknown compares an answer about what is outside with the one about
// what is not there: the words, and the statements that the answer took. Those are
// its timing class: who measures learns nothing either.
func (m *matrix) holdAgainstUnknown(row matrixRow, column int, rec *httptest.ResponseRecorder, out place, as []string) {
	if rec.Code != http.StatusNotFound {
		return
	}
	work := withoutUse(m.work.forget())
	nowhere := place{region: out.region, person: uuid.NewString(), group: uuid.NewString(), member: uuid.NewString(), other: uuid.NewString(), request: uuid.NewString(), credential: uuid.NewString()}
	unknown := m.do(m.request(row, nowhere, as, `"1"`))
	if got, want := anonymous(rec, out), anonymous(unknown, nowhere); got != want {
		m.fault("%s, column %d: outside %s, of nobody %s", row.operation, column, got, want)
	}
	if want := withoutUse(m.work.forget()); !slices.Equal(work, want) {
		m.fault("%s, column %d: outside takes the statements\n%s\nnobody takes\n%s", row.operation, column,
			strings.Join(work, "\n"), strings.Join(want, "\n"))
	}
}

// checkCounts asks all that lists and counts, before and after somebody is
// registered outside: the answers are the same.
func (m *matrix) checkCounts(t *testing.T, rows []matrixRow) {
	t.Helper()
	ask := func() map[string]string {
		answers := map[string]string{}
		for _, row := range rows {
			for column, as := range m.as {
				if row.method == http.MethodGet && !row.about() && row.cells[column] == "200" {
					answers[fmt.Sprintf("%s, column %d", row.operation, column)] = anonymous(m.do(m.request(row, m.inside, as, `"1"`)), m.inside)
				}
			}
		}
		return answers
	}
	before := ask()
	m.newPlace(t, "NL-E", secretName)
	if len(before) < 20 {
		m.fault("only %d answers were compared", len(before))
	}
	for about, after := range ask() {
		if after != before[about] {
			m.fault("%s: somebody outside changes the answer from\n%s\nto\n%s", about, before[about], after)
		}
	}
}

// anonymous is an answer without what names the request.
func anonymous(rec *httptest.ResponseRecorder, p place) string {
	var body map[string]any
	_ = json.Unmarshal(rec.Body.Bytes(), &body)
	delete(body, "request_id")
	delete(body, "instance")
	text, _ := json.Marshal(body)
	return fmt.Sprint(rec.Code, strings.NewReplacer(p.person, "ID", p.group, "ID", cmp.Or(p.credential, p.group), "ID").Replace(string(text)))
}
