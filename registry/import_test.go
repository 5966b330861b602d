package registry_test

import (
	"bytes"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"socialregistry/internal/fault"
	"socialregistry/registry"
	"socialregistry/registry/demodata"
)

const three = "National ID,First Name,Surname,Gender,DOB,Phone Number,Region,Note\n" +
	"ID-0001,Amina,Bekele,Female,1974-07-01,+251911000001,ET-OR,x\n" +
	"ID-0002,Dawit,አለሙ,male,02-08-1980,0911 000 002,ET-AM,\n" +
	"ID-0003,ሰላም,ግርማ,,,,,\n"

func create() registry.ImportOptions {
	return registry.ImportOptions{Name: "people.csv", Mode: registry.ImportCreate}
}
func update() registry.ImportOptions {
	return registry.ImportOptions{Name: "people.csv", Mode: registry.ImportUpdate}
}

// load imports and expects counts "created updated unchanged failed".
func (x *fixture) load(t *testing.T, csv string, o registry.ImportOptions, want string) registry.ImportResult {
	t.Helper()
	res, err := x.Import(t.Context(), registrar(), strings.NewReader(csv), o)
	if err != nil && fault.CodeOf(err) != "import_has_problems" {
		t.Fatalf("import: %v %v", err, fields(err))
	}
	if got := counts(res); got != want {
		t.Errorf("created, updated, unchanged, failed = %s, want %s; problems %v", got, want, res.Problems)
	}
	if res.Rows != res.Created+res.Updated+res.Unchanged+res.Failed {
		t.Errorf("counts do not add up: %+v", res)
	}
	x.noStaging(t)
	return res
}

func counts(r registry.ImportResult) string {
	return fmt.Sprint(r.Created, r.Updated, r.Unchanged, r.Failed)
}

func (x *fixture) noStaging(t *testing.T) {
	t.Helper()
	for _, table := range []string{"import_stage", "import_stage_identifier", "import_stage_state", "import_stage_value", "import_stage_given",
		"import_stage_note", "import_stage_attestation"} {
		if n := x.count(t, table); n != 0 {
			t.Errorf("%s has %d rows left", table, n)
		}
	}
}

// find gives the one person with this text in the search box.
func (x *fixture) find(t *testing.T, text string) registry.Person {
	t.Helper()
	page, err := x.Search(t.Context(), registrar(), registry.Query{Text: text, Limit: 10})
	if err != nil || len(page.People) != 1 {
		t.Fatalf("search gave %d people (%v)", len(page.People), err)
	}
	p, err := x.Person(t.Context(), registrar(), page.People[0].ID)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// problemsOf gives "line column code" of each problem.
func problemsOf(res registry.ImportResult) []string {
	var out []string
	for _, p := range res.Problems {
		out = append(out, strings.TrimSpace(fmt.Sprintf("%d %s %s", p.Line, p.Column, p.Code)))
	}
	return out
}

func TestImportCreatesWhatRegisterCreates(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, x *fixture) {
		one := x.register(t, map[string]string{"given_name": "Amina", "family_name": "Bekele", "sex": "female", "birth_date": "1974-07-01",
			"phone_number": "+251911000009", "region": "ET-OR", "national_id": "ID-0009"})
		o := create()
		o.Reason, o.CollectedAt = "survey of the north", x.Clock.Now().Add(-time.Hour)
		res := x.load(t, three, o, "3 0 0 0")
		if !slices.Equal(res.Ignored, []string{"Note"}) || len(res.SHA256) != 64 {
			t.Errorf("ignored %v, sha256 %q", res.Ignored, res.SHA256)
		}
		p := x.find(t, "ID-0001")
		want := maps.Clone(texts(one))
		want["phone_number"], want["national_id"] = "+251911000001", "ID-0001"
		if !maps.Equal(texts(p), want) {
			t.Errorf("values = %v, want %v", texts(p), want)
		}
		if p.VersionNo != 1 || p.LatestNo != 1 || p.ChainNo != 1 || p.Status != one.Status || p.Number == one.Number {
			t.Errorf("person = %+v", p)
		}
		if v := p.Values["sex"]; !v.RecordedAt.Equal(x.Clock.Now()) || !v.CollectedAt.Equal(o.CollectedAt) {
			t.Errorf("recorded %v, collected %v", v.RecordedAt, v.CollectedAt)
		}
		if err := x.VerifyChain(t.Context(), p.ID); err != nil {
			t.Error(err)
		}
		log, err := x.History(t.Context(), admin(), p.ID)
		if err != nil || len(log) != 1 || log[0].Channel != registry.ChannelCSV || log[0].Reason != o.Reason || len(log[0].Changes) != 7 {
			t.Errorf("log = %+v (%v)", log, err)
		}
		versions, err := x.Versions(t.Context(), admin(), p.ID)
		if err != nil || len(versions) != 1 || versions[0].Channel != registry.ChannelCSV || len(versions[0].Values) != 7 {
			t.Errorf("versions = %+v (%v)", versions, err)
		}
		if q := x.find(t, "+251911000001"); q.ID != p.ID {
			t.Error("phone finds somebody else")
		}
		if q := x.find(t, "ሰላም"); texts(q)["national_id"] != "ID-0003" || len(q.Values) != 3 {
			t.Errorf("values = %v", texts(q))
		}
		// The next person registered gets a number of their own.
		x.register(t, map[string]string{"given_name": "Later"})
		var numbers int
		if err := x.DB.Raw("SELECT count(DISTINCT number) FROM registrant").Scan(&numbers).Error; err != nil || numbers != 5 {
			t.Errorf("%d different registration numbers (%v), want 5", numbers, err)
		}
	})
}

func TestImportTwiceChangesNothing(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, x *fixture) {
		first := x.load(t, three, create(), "3 0 0 0")
		logged := x.count(t, "change_log")
		again := x.load(t, three, create(), "0 0 3 0")
		if !again.AlreadyApplied || first.AlreadyApplied || again.SHA256 != first.SHA256 {
			t.Errorf("first %+v, again %+v", first, again)
		}
		x.load(t, three, update(), "0 0 3 0")                        // another mode: looked at, nothing differs
		x.load(t, three+"ID-0004,Late,,,,,,\n", create(), "1 0 3 0") // another file: the others are there already
		if n := x.count(t, "change_log"); n != logged+1 {
			t.Errorf("change log has %d rows, want %d", n, logged+1)
		}
		if n := x.count(t, "registrant_version"); n != 4 {
			t.Errorf("%d versions, want 4", n)
		}
	})
}

func TestImportUpdates(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, x *fixture) {
		x.load(t, three, create(), "3 0 0 0")
		before := x.find(t, "ID-0001")
		x.Clock.Add(time.Hour)
		res := x.load(t, "UIN,Region,Given name,Phone number\nid 0001,ET-SO,,0911999999\nID-0002,,Dawit,\nID-0003,ET-AA,,\n", update(), "0 2 1 0")
		if res.AlreadyApplied {
			t.Error("already applied")
		}
		after := x.find(t, "ID-0001")
		want := texts(before)
		want["region"], want["phone_number"], want["national_id"] = "ET-SO", "0911999999", "id 0001"
		if !maps.Equal(texts(after), want) {
			t.Errorf("values = %v, want %v", texts(after), want)
		}
		if after.ID != before.ID || after.Number != before.Number || after.VersionNo != 2 || after.LatestNo != 2 || after.ChainNo != 2 {
			t.Errorf("person = %+v", after)
		}
		if !after.Values["region"].RecordedAt.Equal(x.Clock.Now()) || !after.Values["sex"].RecordedAt.Equal(before.Values["sex"].RecordedAt) {
			t.Error("times moved with other values")
		}
		for _, n := range []string{"ID-0001", "ID-0002", "ID-0003"} {
			p := x.find(t, n)
			if err := x.VerifyChain(t.Context(), p.ID); err != nil {
				t.Error(n, err)
			}
		}
		page, err := x.Search(t.Context(), registrar(), registry.Query{Text: "+251911000001", Limit: 10})
		if err != nil || len(page.People) != 0 {
			t.Errorf("the old phone still finds %d people (%v)", len(page.People), err)
		}
		if x.find(t, "0911999999").ID != after.ID {
			t.Error("the new phone does not find the person")
		}
	})
}

func TestImportUpdatesByRegistrationNumber(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, x *fixture) {
		x.load(t, three, create(), "3 0 0 0")
		a, b := x.find(t, "ID-0001"), x.find(t, "ID-0002")
		res := x.load(t, fmt.Sprintf("Registration Number,National ID,Region\n%s,ID-0100,ET-SO\n%s,ID-0003,ET-SO\n%s,,ET-SO\nSR-00000000000,,ET-SO\n",
			strings.ToLower(a.Number), b.Number, "SR-99999999990"), update(), "0 1 0 3")
		want := []string{"3 National ID identifiers_differ", "4 Registration Number not_found", "5 Registration Number bad_identifier"}
		got := problemsOf(res)
		got[1] = strings.Replace(got[1], "bad_identifier", "not_found", 1) // depends on the check digit
		if !slices.Equal(got, want) {
			t.Errorf("problems = %v, want %v", got, want)
		}
		if p := x.find(t, "ID-0100"); p.ID != a.ID || texts(p)["region"] != "ET-SO" {
			t.Errorf("person = %v", texts(p))
		}
	})
}

// A decision on a value must not outlive the value.
func TestImportMakesAttestationStale(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, x *fixture) {
		x.load(t, three, create(), "3 0 0 0")
		p := x.find(t, "ID-0001")
		x.attest(t, p, registry.StateAttested, "", "region", "sex")
		x.load(t, "UIN,Region\nID-0001,ET-SO\nID-0002,ET-SO\n", update(), "0 2 0 0")
		states, err := x.FieldStates(t.Context(), attester(), p.ID)
		if err != nil || !states["region"].Changed || states["sex"].Changed {
			t.Errorf("states = %+v (%v)", states, err)
		}
		got, err := x.Attested(t.Context(), p.ID)
		if _, ok := got.Values["region"]; err != nil || ok || len(got.Values) != 1 {
			t.Errorf("attested now = %v (%v)", got.Values, err)
		}
		if n := x.attestedRegions(t); n != 0 {
			t.Errorf("the search finds %d people with a region that is attested", n)
		}
		x.load(t, "UIN,Region\nID-0001,ET-OR\n", update(), "0 1 0 0") // back to the value that was attested
		if got, err := x.Attested(t.Context(), p.ID); err != nil || len(got.Values) != 2 {
			t.Errorf("attested now = %v (%v)", got.Values, err)
		}
		if n := x.attestedRegions(t); n != 1 {
			t.Errorf("the search finds %d people with a region that is attested, want 1", n)
		}
	})
}

// attestedRegions searches by field_state, which the import must keep up to date.
func (x *fixture) attestedRegions(t *testing.T) int {
	t.Helper()
	page, err := x.Search(t.Context(), attester(), registry.Query{Field: "region", State: registry.StateAttested, Limit: 10})
	if err != nil {
		t.Fatal(err)
	}
	return len(page.People)
}

func TestImportFeedsTheFollower(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, x *fixture) {
		x.load(t, three, create(), "3 0 0 0")
		_, cursor := x.follow(t, "", 100, 3)
		x.load(t, "UIN,Region\nID-0001,ET-SO\nID-0003,ET-SO\n", update(), "0 2 0 0")
		first, third := x.find(t, "ID-0001").ID, x.find(t, "ID-0003").ID
		got, _ := x.follow(t, cursor, 100, 2)
		slices.Sort(got)
		want := []string{entry(first, 2), entry(third, 2)}
		slices.Sort(want)
		if !slices.Equal(got, want) {
			t.Errorf("feed = %v, want %v", got, want)
		}
	})
}

func TestDryRunCountsAndChangesNothing(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, x *fixture) {
		x.load(t, three, create(), "3 0 0 0")
		logged, next := x.count(t, "change_log"), x.nextNumber(t)
		o := create()
		o.DryRun = true
		x.load(t, "UIN,Name,Region\nID-0001,x,\nID-0007,Seven,y\nID-0008,,\n", o, "1 0 0 2")
		o.Mode = registry.ImportUpdate
		res := x.load(t, "UIN,Region\nID-0001,ET-OR\nID-0002,new\nID-0009,new\n", o, "0 1 1 1")
		if !res.DryRun {
			t.Error("not marked as a dry run")
		}
		if n := x.count(t, "change_log"); n != logged || x.count(t, "registrant") != 3 || x.nextNumber(t) != next {
			t.Errorf("a dry run wrote: %d log rows, want %d", n, logged)
		}
		if res := x.load(t, three, registry.ImportOptions{Mode: registry.ImportCreate, DryRun: true}, "0 0 3 0"); !res.AlreadyApplied {
			t.Error("the dry run does not say that the file was applied")
		}
	})
}

func (x *fixture) nextNumber(t *testing.T) (n int64) {
	t.Helper()
	if err := x.DB.Raw("SELECT next_no FROM registrant_number").Scan(&n).Error; err != nil {
		t.Fatal(err)
	}
	return n
}

func TestAllOrNothing(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, x *fixture) {
		file := three + "ID-0004,Bad,,,31-02-1990,,,\n"
		o := create()
		o.AllOrNothing = true
		res, err := x.Import(t.Context(), registrar(), strings.NewReader(file), o)
		wantFault(t, err, fault.Invalid, "import_has_problems")
		if counts(res) != "3 0 0 1" || x.count(t, "registrant") != 0 || x.count(t, "change_log") != 0 || x.count(t, "record_key") != 0 {
			t.Errorf("result %+v, %d people", res, x.count(t, "registrant"))
		}
		x.load(t, file, create(), "3 0 0 1") // the good rows only
		if n := x.count(t, "registrant"); n != 3 {
			t.Errorf("%d people, want 3", n)
		}
		x.load(t, strings.Replace(file, "31-02", "28-02", 1), create(), "1 0 3 0") // the mistake put right
	})
}

func TestImportSeveralChunks(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, x *fixture) {
		var b bytes.Buffer
		if err := demodata.Write(&b, demodata.Options{People: 2500, Seed: 5, AsOf: x.Clock.Now()}); err != nil {
			t.Fatal(err)
		}
		file := b.String()
		lines := strings.SplitAfter(file, "\n")
		file += lines[3] // doubled across chunks
		res := x.load(t, file, create(), "2499 0 0 2")
		if got, want := problemsOf(res), []string{"4 National ID doubled_in_file", "2502 National ID doubled_in_file"}; !slices.Equal(got, want) {
			t.Errorf("problems = %v, want %v", got, want)
		}
		if !strings.Contains(res.Problems[0].Words, "2502") || !strings.Contains(res.Problems[1].Words, "line 4") {
			t.Errorf("words = %v", res.Problems)
		}
		page, err := x.Search(t.Context(), registrar(), registry.Query{Limit: 20})
		if err != nil || len(page.People) != 20 {
			t.Fatal(err)
		}
		for _, p := range page.People {
			if err := x.VerifyChain(t.Context(), p.ID); err != nil {
				t.Error(err)
			}
		}
	})
}

func TestWhoMayImport(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, x *fixture) {
		for role, ok := range map[registry.Role]bool{registry.RoleAdmin: true, registry.RoleRegistrar: true, registry.RoleSystem: true,
			registry.RoleAttester: false, registry.RoleAuditor: false, registry.RoleRegistrant: false} {
			o := create()
			o.DryRun = true
			_, err := x.Import(t.Context(), actor(role), strings.NewReader(three), o)
			if (err == nil) != ok || err != nil && fault.KindOf(err) != fault.Forbidden {
				t.Errorf("%s: error = %v, want allowed %v", role, err, ok)
			}
		}
		_, err := x.Import(t.Context(), registry.Actor{}, strings.NewReader(three), create())
		wantFault(t, err, fault.Unauthenticated, "sign_in_required")
		f := registry.Field{Key: "secret_code", Type: registry.TypeText, Label: map[string]string{"en": "Code"}, EditBy: []registry.Role{registry.RoleAdmin}}
		if _, err := x.DefineField(t.Context(), admin(), f, ""); err != nil {
			t.Fatal(err, fields(err))
		}
		_, err = x.Import(t.Context(), registrar(), strings.NewReader("First Name,Code\nAmina,1\n"), create())
		wantFault(t, err, fault.Forbidden, registry.CodeNotEditable)
		if _, err := x.Import(t.Context(), admin(), strings.NewReader("First Name,Code\nAmina,1\n"), create()); err != nil {
			t.Error(err)
		}
	})
}

func TestImportOptionsAreChecked(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, x *fixture) {
		for code, o := range map[string]registry.ImportOptions{
			"invalid_import_mode": {},
			"invalid_date_order":  {Mode: registry.ImportCreate, Dates: "ymd"},
			"invalid_values":      {Mode: registry.ImportCreate, Reason: "a\x00b"},
		} {
			_, err := x.Import(t.Context(), registrar(), strings.NewReader(three), o)
			wantFault(t, err, fault.Invalid, code)
		}
	})
}

func TestImportIsListed(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, x *fixture) {
		o := create()
		o.Name = "/home/somebody/people\x01.csv"
		res := x.load(t, three+"ID-0004,Bad,,,31-02-1990,,,\nID-0005,Bad,,,x,,,\n", o, "3 0 0 2")
		b, err := x.ImportBatch(t.Context(), registrar(), res.Batch)
		if err != nil || b.Name != "people.csv" || b.State != registry.ImportApplied || b.HasFile || counts(b.Result) != "3 0 0 2" ||
			b.Result.ProblemCount != 2 || b.Result.SHA256 != res.SHA256 || !b.EndedAt.Equal(x.Clock.Now()) || !slices.Equal(b.Result.Ignored, []string{"Note"}) {
			t.Errorf("batch = %+v (%v)", b, err)
		}
		got, err := x.ImportProblems(t.Context(), registrar(), res.Batch, 0, 1)
		if err != nil || !slices.Equal(got, res.Problems[:1]) {
			t.Errorf("first page = %v (%v), want %v", got, err, res.Problems[:1])
		}
		if got, err = x.ImportProblems(t.Context(), registrar(), res.Batch, 1, 10); err != nil || !slices.Equal(got, res.Problems[1:]) {
			t.Errorf("second page = %v (%v)", got, err)
		}
		x.Clock.Add(time.Second)
		x.load(t, "First Name\nLater\n", create(), "1 0 0 0")
		list, err := x.ImportBatches(t.Context(), registrar(), [16]byte{}, 10)
		if err != nil || len(list) != 2 || list[1].ID != res.Batch {
			t.Errorf("list = %+v (%v)", list, err)
		}
		if list, err = x.ImportBatches(t.Context(), registrar(), list[0].ID, 10); err != nil || len(list) != 1 {
			t.Errorf("second page of the list = %+v (%v)", list, err)
		}
		_, err = x.ImportBatch(t.Context(), attester(), res.Batch)
		wantFault(t, err, fault.Forbidden, "not_allowed")
		_, err = x.ImportBatch(t.Context(), registrar(), [16]byte{1})
		wantFault(t, err, fault.NotFound, "no_such_import")
	})
}

func TestProblemsShowNoValues(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, x *fixture) {
		x.load(t, three, create(), "3 0 0 0")
		bad := "UIN,First Name,DOB,Phone Number,Email\nID-0001,Secretname,1974-99-77,4.49E+35,secretmail\n\"ID\"x,Secretname\n4.49E+35,Secretname,,secretphone,\n"
		res := x.load(t, bad, create(), "0 0 0 3")
		if len(res.Problems) < 5 {
			t.Errorf("problems = %v", res.Problems)
		}
		for _, p := range res.Problems {
			for _, value := range []string{"Secret", "secret", "1974", "4.49E", "ID-0001"} {
				if strings.Contains(p.Error(), value) {
					t.Errorf("problem shows a value: %v", p)
				}
			}
		}
	})
}
