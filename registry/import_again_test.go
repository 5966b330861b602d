package registry_test

import (
	"strings"
	"testing"
	"time"

	"socialregistry/internal/fault"
	"socialregistry/registry"
	"socialregistry/registry/csvio"
)

// A file of changes may be right to apply again, when others came between: the
// dry run and the import say and do the same.
func TestSameChangesAgain(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, x *fixture) {
		x.load(t, three, create(), "3 0 0 0")
		a, b := "UIN,Region\nID-0001,ET-SO\n", "UIN,Region\nID-0001,ET-AA\n"
		x.load(t, a, update(), "0 1 0 0")
		if res := x.load(t, a, update(), "0 0 1 0"); res.AlreadyApplied {
			t.Error("a file of changes was not compared")
		}
		x.load(t, b, update(), "0 1 0 0")
		id := x.upload(t, a, update())
		for _, run := range []func() (registry.ImportResult, error){
			func() (registry.ImportResult, error) { return x.CheckImport(t.Context(), registrar(), id, nil) },
			func() (registry.ImportResult, error) { return x.ApplyImport(t.Context(), registrar(), id, nil) },
		} {
			if res, err := run(); err != nil || counts(res) != "0 1 0 0" || res.AlreadyApplied {
				t.Errorf("result = %+v (%v)", res, err)
			}
		}
		if got := texts(x.find(t, "ID-0001"))["region"]; got != "ET-SO" {
			t.Errorf("region = %s, want ET-SO", got)
		}
	})
}

// A dry run of new people who were imported before counts nobody, even where no
// identifier tells who they are, and the batch says so.
func TestDryRunOfSamePeople(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, x *fixture) {
		file := "First Name\nAmina\nDawit\n"
		x.load(t, file, create(), "2 0 0 0")
		id := x.upload(t, file, create())
		res, err := x.CheckImport(t.Context(), registrar(), id, nil)
		if err != nil || !res.AlreadyApplied || counts(res) != "0 0 2 0" {
			t.Errorf("check = %+v (%v)", res, err)
		}
		b, err := x.ImportBatch(t.Context(), registrar(), id)
		if err != nil || !b.Result.AlreadyApplied || counts(b.Result) != "0 0 2 0" {
			t.Errorf("batch = %+v (%v)", b, err)
		}
	})
}

// A file whose good rows were applied is not applied again, though no identifier
// tells who they are; its mended rows are, in a file of their own.
func TestGoodRowsAgain(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, x *fixture) {
		file := "First Name,DOB\nAmina,1990-01-02\nDawit,tomorrow\n"
		x.load(t, file, create(), "1 0 0 1")
		if res := x.load(t, file, create(), "0 0 1 1"); !res.AlreadyApplied || res.ProblemCount != 1 {
			t.Errorf("again = %+v", res)
		}
		x.load(t, "First Name,DOB\nDawit,1991-01-02\n", create(), "1 0 0 0")
		if n := x.count(t, "registrant"); n != 2 {
			t.Errorf("%d people, want 2", n)
		}
	})
}

func TestCollectedAtColumn(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, x *fixture) {
		o := create()
		o.CollectedAt = x.Clock.Now().Add(-time.Hour)
		file := "UIN,First Name,Collected on\nID-0001,Amina,20-11-2026\nID-0002,Dawit,2026-11-20T10:15:00+03:00\nID-0003,ሰላም,\n" +
			"ID-0004,Bad,yesterday\nID-0005,Bad,2026-11-23\n"
		res := x.load(t, file, o, "3 0 0 2")
		if got := strings.Join(problemsOf(res), "|"); got != "5 Collected on bad_date|6 Collected on date_in_future" {
			t.Errorf("problems = %s", got)
		}
		day := time.Date(2026, 11, 20, 0, 0, 0, 0, time.UTC)
		for id, want := range map[string]time.Time{"ID-0001": day, "ID-0002": day.Add(7*time.Hour + 15*time.Minute), "ID-0003": o.CollectedAt} {
			if got := x.find(t, id).Values["given_name"].CollectedAt; !got.Equal(want) {
				t.Errorf("%s: collected at %v, want %v", id, got, want)
			}
		}
		x.load(t, "UIN,collected_at,Region\nID-0001,2026-11-21,ET-SO\n", update(), "0 1 0 0")
		p := x.find(t, "ID-0001")
		if got := p.Values; !got["region"].CollectedAt.Equal(day.Add(24*time.Hour)) || !got["given_name"].CollectedAt.Equal(day) {
			t.Errorf("values = %+v", got)
		}
		if _, err := x.Import(t.Context(), registrar(), strings.NewReader("collected_at,Region\n2026-11-21,ET-SO\n"), update()); err == nil {
			t.Error("a day of collection says who is meant")
		}
	})
}

func TestCollectedAtOfUpload(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, x *fixture) {
		o := create()
		o.CollectedAt = x.Clock.Now()
		id := x.uploadChecked(t, three, o)
		b, err := x.ImportBatch(t.Context(), registrar(), id)
		if err != nil || !b.CollectedAt.Equal(o.CollectedAt) {
			t.Errorf("batch = %+v (%v)", b, err)
		}
		x.Clock.Add(time.Hour)
		if _, err := x.ApplyImport(t.Context(), registrar(), id, nil); err != nil {
			t.Fatal(err)
		}
		if v := x.find(t, "ID-0001").Values["sex"]; !v.CollectedAt.Equal(o.CollectedAt) || !v.RecordedAt.Equal(x.Clock.Now()) {
			t.Errorf("value = %+v", v)
		}
		o.CollectedAt = x.Clock.Now().Add(time.Microsecond)
		_, err = x.Import(t.Context(), registrar(), strings.NewReader(three), o)
		wantFault(t, err, fault.Invalid, "collected_in_future")
	})
}

// No control character comes so far that a database has to refuse it.
func TestHeadersWithControlCharacters(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, x *fixture) {
		pad := strings.Repeat(" ", 600) // beyond what is sniffed for UTF-16
		for _, header := range []string{"x\x00", "x\x1b", "x\u202e"} {
			_, err := x.Import(t.Context(), registrar(), strings.NewReader("UIN,First Name,"+pad+header+"\nID-0001,Amina,1\n"), create())
			wantFault(t, err, fault.Invalid, csvio.CodeBadHeader)
		}
		for _, mapping := range []map[string]string{{"a\x00": "region"}, {"UIN": "region\x00"}, {"\xff": ""}} {
			o := create()
			o.Mapping = mapping
			_, err := x.UploadImport(t.Context(), registrar(), strings.NewReader(three), o)
			wantFault(t, err, fault.Invalid, "invalid_mapping")
		}
		if n := x.count(t, "registrant"); n != 0 {
			t.Errorf("%d people", n)
		}
	})
}

// An import may name the versions that it makes: once per person.
func TestAnImportNamesItsVersions(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, x *fixture) {
		named := func(o registry.ImportOptions, label string) registry.ImportOptions {
			o.Label = label
			return o
		}
		x.load(t, "UIN,First Name,Region\nID-0001,Amina,ET-AA\nID-0002,Dawit,ET-AA\n", named(create(), " Census  2020 "), "2 0 0 0")
		survey := "UIN,Region\nID-0001,ET-SO\nID-0002,ET-AA\n"
		x.load(t, survey, named(update(), "Survey"), "0 1 1 0")
		x.load(t, "UIN,Region\nID-0001,ET-AA\nID-0002,ET-SO\n", update(), "0 2 0 0")
		p := x.find(t, "ID-0001")
		versions, err := x.Versions(t.Context(), admin(), p.ID)
		if err != nil || len(versions) != 3 || versions[0].Label != "Census 2020" || versions[1].Label != "Survey" || versions[2].Label != "" {
			t.Errorf("versions = %+v, %v", versions, err)
		}
		x.verify(t, p.ID)
		x.verify(t, x.find(t, "ID-0002").ID)

		// the same survey again says by line who has it, in the dry run too
		for _, dry := range []bool{true, false} {
			o := named(update(), "Survey")
			o.DryRun = dry
			if res, err := x.Import(t.Context(), registrar(), strings.NewReader(survey), o); err != nil || counts(res) != "0 1 0 1" ||
				strings.Join(problemsOf(res), "|") != "2  label_taken" {
				t.Errorf("dry %v: %+v (%v)", dry, res, err)
			}
		}
		x.verify(t, x.find(t, "ID-0002").ID)
		_, err = x.Import(t.Context(), registrar(), strings.NewReader(survey), named(update(), "7"))
		wantFault(t, err, fault.Invalid, "invalid_label")

		id := x.uploadChecked(t, "UIN,Region\nID-0001,ET-TI\n", named(update(), "Second survey"))
		if _, err := x.ApplyImport(t.Context(), registrar(), id, nil); err != nil {
			t.Fatal(err)
		}
		if c, err := x.CompareVersions(t.Context(), admin(), p.ID, "Census 2020", "Second survey"); err != nil || len(c.Differences) != 1 || c.Differences[0].New.Text != "ET-TI" {
			t.Errorf("comparison = %+v, %v", c, err)
		}
	})
}
