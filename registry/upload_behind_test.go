package registry_test

import (
	"strings"
	"testing"
	"time"

	"socialregistry/registry"
)

// A cell that was left alone, or changed, does not overturn what others have decided
// since the download; one that says what stands decides nothing.
func TestUploadDoesNotOverturnWhatWasDecidedMeanwhile(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, x *fixture) {
		x.load(t, three, create(), "3 0 0 0")
		one, two := x.find(t, "ID-0001"), x.find(t, "ID-0002")
		x.Clock.Add(1500 * time.Millisecond)
		x.attest(t, one, registry.StateAttested, "seen", "sex", "region")
		x.attest(t, two, registry.StateRejected, "no", "sex")
		download := func() string {
			t.Helper()
			rows := x.export(t, admin(), registry.ExportRequest{Fields: []string{"sex", "region"}, Attestations: true})
			var b strings.Builder
			for _, row := range rows {
				b.WriteString(strings.Join(row, ",") + "\n")
			}
			return b.String()
		}
		old := download()
		x.Clock.Add(time.Hour)
		x.attest(t, one, registry.StateRejected, "forged", "sex") // against an untouched ATTESTED
		x.attest(t, two, registry.StateAttested, "", "region")    // against an untouched NEW
		o, who := carrying(registry.CarriesAttestations), attester()
		for name, tc := range map[string]struct{ file, want string }{
			"untouched":                 {old, "2 sex:attestation decided_meanwhile,3 region:attestation decided_meanwhile"},
			"changed":                   {strings.Replace(old, "ATTESTED,seen", "REVOKED,stolen", 1), "2 sex:attestation decided_meanwhile,3 region:attestation decided_meanwhile"},
			"a moment that is none":     {strings.Replace(old, "2026-11-22T12:00:01Z", "22.11.26 12:00", 1), "2 sex:attestation bad_date,3 region:attestation decided_meanwhile"},
			"the value has changed":     {strings.Replace(old, ",female,", ",male,", 1), "2 sex value_changed,3 region:attestation decided_meanwhile"},
			"a file of what stands":     {download(), ""},
			"a file without the column": {strings.ReplaceAll(old, ":attested_at", ":when"), ""},
		} {
			o.DryRun = true
			res, err := x.Import(t.Context(), who, strings.NewReader(tc.file), o)
			if got := strings.Join(problemsOf(res), ","); got != tc.want || err != nil {
				t.Errorf("%s: problems %s (%v), want %s", name, got, err, tc.want)
			}
		}
		o.DryRun = false
		x.send(t, who, strings.Replace(download(), "REJECTED,forged", "ATTESTED,a mistake", 1), o, "0 1 2 0 / 1 0 0 3 0")
		if got := x.stateOf(t, one, "sex") + ", " + x.stateOf(t, two, "region"); got != "ATTESTED a mistake, ATTESTED" {
			t.Errorf("states = %s", got)
		}
		// An attestation that has expired since is not renewed by an old file.
		p := x.policyOfDays(t, "birth_date", 1)
		x.policyOfDays(t, "region", 1)
		seen := registry.AttestationStatus{Key: "seen", State: registry.StateAttested, Label: label("Seen")}
		if _, err := x.DefineAttestationStatus(t.Context(), admin(), seen, "for all"); err != nil {
			t.Fatal(err, fields(err))
		}
		x.attest(t, p, registry.StateAttested, "", "birth_date")
		if got := x.decide(t, who, p, registry.Decision{Field: "region", Status: "seen"}); len(got) > 0 {
			t.Fatal(got)
		}
		var aged strings.Builder
		for _, row := range x.export(t, admin(), registry.ExportRequest{Fields: []string{"birth_date", "region"}, Attestations: true})[:2] {
			aged.WriteString(strings.Join(row, ",") + "\n")
		}
		x.Clock.Add(25 * time.Hour)
		res, err := x.Import(t.Context(), who, strings.NewReader(aged.String()), o)
		if got := strings.Join(problemsOf(res), ","); got != "2 birth_date:attestation decided_meanwhile,2 region:attestation decided_meanwhile" || err != nil {
			t.Errorf("expired: %s (%v)", got, err)
		}
	})
}

// A row of an older version overwrites nothing that was changed since it, and goes
// through where nobody has touched its fields.
func TestUploadOfAnOlderVersion(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, x *fixture) {
		x.load(t, three, create(), "3 0 0 0")
		x.edit(t, x.find(t, "ID-0001"), map[string]string{"region": "ET-SO"})
		dry := update()
		dry.DryRun = true
		for name, tc := range map[string]struct{ header, row, want string }{
			"the field was changed since":       {"version_no,region", "ID-0001,1,ET-OR", "2 region version_conflict"},
			"another value":                     {"version_no,region,sex", "ID-0001,1,ET-AM,male", "2 region version_conflict"},
			"what the registry says by now":     {"version_no,region,sex", "ID-0001,1,ET-SO,male", ""},
			"fields that nobody touched":        {"version_no,sex,birth_date", "ID-0001,1,male,1974-07-03", ""},
			"the live version":                  {"version_no,region", "ID-0001,2,ET-AM", ""},
			"no such version":                   {"version_no,region", "ID-0001,3,ET-AM", "2 version_no version_conflict"},
			"no version of anybody":             {"version_no,region", "ID-0001,3000000000,ET-AM", "2 version_no version_conflict"},
			"no version at all":                 {"version_no,region", "ID-0001,x,ET-AM", "2 version_no version_conflict"},
			"an empty cell":                     {"version_no,region", "ID-0001,,ET-AM", ""},
			"a file without the column":         {"region", "ID-0001,ET-AM", ""},
			"a value that is wrong as it is":    {"version_no,birth_date", "ID-0001,1,3000-01-01", "2 birth_date date_in_future"},
			"a blank cell leaves what it finds": {"version_no,region,sex", "ID-0001,1,,male", ""},
		} {
			res, err := x.Import(t.Context(), registrar(), strings.NewReader(x.numbered(t, tc.header, tc.row)), dry)
			if got := strings.Join(problemsOf(res), ","); got != tc.want || err != nil {
				t.Errorf("%s: problems %s (%v), want %s", name, got, err, tc.want)
			}
			if len(res.Ignored) > 0 {
				t.Errorf("%s: ignored %v", name, res.Ignored)
			}
		}
		both := carrying(registry.CarriesBoth)
		x.send(t, admin(), x.numbered(t, "version_no,region,region:attestation", "ID-0001,1,ET-OR,ATTESTED"), both, "0 0 0 1 / 0 0 0 0 1")
	})
}

// A file reads of everybody the version that the row shows, whatever versions the
// other rows show.
func TestUploadReadsTheVersionsThatItsRowsShow(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, x *fixture) {
		x.load(t, three, create(), "3 0 0 0")
		for _, region := range []string{"ET-SO", "ET-AM", "ET-SO"} {
			for _, id := range []string{"ID-0001", "ID-0002", "ID-0003"} {
				x.edit(t, x.find(t, id), map[string]string{"region": region, "sex": map[string]string{"ET-SO": "male", "ET-AM": "female"}[region]})
			}
		}
		dry := update()
		dry.DryRun = true
		file := x.numbered(t, "version_no,region", "ID-0001,1,ET-OR", "ID-0002,2,ET-OR", "ID-0003,3,ET-OR")
		statements := capture(t, x.DB, func() {
			res, err := x.Import(t.Context(), registrar(), strings.NewReader(file), dry)
			if got := strings.Join(problemsOf(res), ","); got != "2 region version_conflict,4 region version_conflict" || err != nil {
				t.Errorf("problems %s (%v)", got, err)
			}
		})
		read := int64(0)
		for _, s := range among(statements, "registrant_version") {
			read += s.rows
		}
		if read != 3 {
			t.Errorf("%d versions were read, want the 3 that are shown", read)
		}
	})
}

// policyOfDays makes attestations of a field end, and gives somebody with a value.
func (x *fixture) policyOfDays(t *testing.T, key string, days int) registry.Person {
	t.Helper()
	f, err := x.Field(t.Context(), key)
	if err != nil {
		t.Fatal(err)
	}
	f.Attestation.ValidDays = days
	x.update(t, f)
	return x.find(t, "ID-0001")
}
