package registry_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"socialregistry/internal/fault"
	"socialregistry/registry"
)

// carrying are the options of an upload in the format of a download.
func carrying(c registry.Carries) registry.ImportOptions {
	o := update()
	o.Carries = c
	return o
}

// send imports as somebody and expects "created updated unchanged failed / attested
// rejected taken-back repeated failed".
func (x *fixture) send(t *testing.T, a registry.Actor, csv string, o registry.ImportOptions, want string) registry.ImportResult {
	t.Helper()
	res, err := x.Import(t.Context(), a, strings.NewReader(csv), o)
	if err != nil {
		t.Fatalf("import: %v %v", err, fields(err))
	}
	d := res.Decisions
	if got := fmt.Sprint(counts(res), " / ", d.Attested, d.Rejected, d.TakenBack, d.Repeated, d.Failed); got != want {
		t.Errorf("counts = %s, want %s; problems %v", got, want, res.Problems)
	}
	x.noStaging(t)
	return res
}

// stateOf gives "STATE comment by" of one field.
func (x *fixture) stateOf(t *testing.T, p registry.Person, field string) string {
	t.Helper()
	s := x.states(t, p)[field]
	return strings.TrimSpace(fmt.Sprint(s.State, " ", s.Comment))
}

// numbered writes rows of "ID-0001,rest" under the registration number of each.
func (x *fixture) numbered(t *testing.T, header string, rows ...string) string {
	t.Helper()
	var b strings.Builder
	fmt.Fprintln(&b, "registration_number,"+header)
	for _, row := range rows {
		id, rest, _ := strings.Cut(row, ",")
		fmt.Fprintf(&b, "%s,%s\n", x.find(t, id).Number, rest)
	}
	return b.String()
}

// One file of decisions writes what the same single decisions write: the
// attestation table, the states, the change log and its chain.
func TestUploadOfDecisionsWritesWhatAttestWrites(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, x *fixture) {
		x.load(t, three, create(), "3 0 0 0")
		who := attester()
		x.Clock.Add(time.Hour)
		file := x.numbered(t, "version_no,sex,sex:attestation,sex:comment,sex:attested_by,sex:attested_at,region,region:attestation,region:comment",
			"ID-0001,1,female,ATTESTED,,,,ET-OR,rejected,The paper says ET-AM",
			"ID-0002,1,Male,attested,seen,,,ET-AM,NEW,",
			"ID-0003,1,,,,,,,,")
		dry := carrying(registry.CarriesAttestations)
		dry.DryRun = true
		x.send(t, who, file, dry, "0 2 1 0 / 2 1 0 1 0")
		if n := x.count(t, "attestation"); n != 0 {
			t.Fatalf("%d attestations after a dry run", n)
		}
		x.send(t, who, file, carrying(registry.CarriesAttestations), "0 2 1 0 / 2 1 0 1 0")
		one, two := x.find(t, "ID-0001"), x.find(t, "ID-0002")
		if got := x.stateOf(t, one, "sex") + ", " + x.stateOf(t, one, "region") + ", " + x.stateOf(t, two, "sex"); got != "ATTESTED, REJECTED The paper says ET-AM, ATTESTED seen" {
			t.Errorf("states = %s", got)
		}
		if one.VersionNo != 1 || one.ChainNo != 2 || x.count(t, "attestation") != 3 {
			t.Errorf("version %d, chain %d, %d attestations", one.VersionNo, one.ChainNo, x.count(t, "attestation"))
		}
		log, err := x.History(t.Context(), admin(), one.ID)
		if err != nil || len(log) != 2 || len(log[1].Changes) != 2 || log[1].Channel != registry.ChannelCSV || log[1].Actor != "attester-1" {
			t.Fatalf("log = %+v (%v)", log, err)
		}
		if c := log[1].Changes[1]; c != (registry.FieldChange{Field: "region", Kind: registry.KindAttestation, Old: "NEW", New: "REJECTED", Comment: "The paper says ET-AM"}) {
			t.Errorf("change = %+v", c)
		}
		if err := x.VerifyChain(t.Context(), one.ID); err != nil {
			t.Error(err)
		}
		// The same file again decides nothing; one that takes back does.
		x.send(t, who, file, carrying(registry.CarriesAttestations), "0 0 3 0 / 0 0 0 4 0")
		x.send(t, who, x.numbered(t, "sex,sex:attestation", "ID-0001,female,NEW"), carrying(registry.CarriesAttestations), "0 1 0 0 / 0 0 1 0 0")
		if got := x.stateOf(t, one, "sex"); got != "NEW" {
			t.Errorf("sex = %s", got)
		}
	})
}

// One file of both: the decision is about the value that the same row brings, in
// one entry of the log. A cell that was left alone beside a new value decides
// nothing about it.
func TestUploadOfBothDecidesAboutTheNewValues(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, x *fixture) {
		x.load(t, three, create(), "3 0 0 0")
		x.attest(t, x.find(t, "ID-0002"), registry.StateAttested, "", "region", "sex")
		file := x.numbered(t, "sex,sex:attestation,region,region:attestation",
			"ID-0001,female,,ET-AM,ATTESTED", // a new value, attested at once
			"ID-0002,female,ATTESTED,ET-AM,", // the attested value is another one now, the cell as it was
			"ID-0003,,,ET-SO,REJECTED")       // rejected without a word
		o := carrying(registry.CarriesBoth)
		res := x.send(t, admin(), file, o, "0 2 0 1 / 1 0 0 1 1")
		if got := problemsOf(res); !slices.Equal(got, []string{"4 region:attestation comment_required"}) {
			t.Errorf("problems = %v", got)
		}
		one, two := x.find(t, "ID-0001"), x.find(t, "ID-0002")
		if got := x.attested(t, one); len(got) != 1 || got["region"] != "ET-AM" || one.VersionNo != 2 || one.ChainNo != 2 {
			t.Errorf("attested %v, version %d, chain %d", got, one.VersionNo, one.ChainNo)
		}
		if got := x.attested(t, two); len(got) != 1 || got["region"] != "ET-AM" || texts(two)["sex"] != "female" {
			t.Errorf("attested %v, sex %s", got, texts(two)["sex"])
		}
		if three := x.find(t, "ID-0003"); texts(three)["region"] != "" {
			t.Error("a row with a problem has changed a value")
		}
		log, err := x.History(t.Context(), admin(), one.ID)
		if err != nil || len(log) != 2 || len(log[1].Changes) != 2 {
			t.Errorf("log = %+v (%v)", log, err)
		}
		for _, p := range []registry.Person{one, two} {
			if err := x.VerifyChain(t.Context(), p.ID); err != nil {
				t.Error(err)
			}
		}
		if found := x.drift(t); len(found) > 0 {
			t.Errorf("drift = %v", found)
		}
		// New people whose values are attested by the file that brings them.
		o.Mode = registry.ImportCreate
		x.send(t, admin(), "national_id,given_name,sex,sex:attestation\nID-0004,Hana,female,ATTESTED\nID-0005,Abel,male,NEW\n", o, "2 0 0 0 / 1 0 0 1 0")
		if got := x.attested(t, x.find(t, "ID-0004")); got["sex"] != "female" {
			t.Errorf("attested = %v", got)
		}
	})
}

// What a file may not decide about, by the code of each problem.
func TestUploadOfDecisionsProblems(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, x *fixture) {
		x.load(t, three, create(), "3 0 0 0")
		o := carrying(registry.CarriesAttestations)
		number := x.find(t, "ID-0001").Number
		for name, tc := range map[string]struct {
			who  registry.Actor
			file string
			want string
		}{
			"another value":         {attester(), x.numbered(t, "sex,sex:attestation", "ID-0001,male,ATTESTED"), "2 sex value_changed"},
			"no value in the row":   {attester(), x.numbered(t, "sex,sex:attestation", "ID-0001,,ATTESTED"), "2 sex value_changed"},
			"no value at all":       {attester(), x.numbered(t, "sex,sex:attestation", "ID-0003,,ATTESTED"), "2 sex:attestation no_value"},
			"an older version":      {attester(), x.numbered(t, "version_no,sex:attestation", "ID-0001,2,ATTESTED"), "2 sex value_changed"},
			"no such state":         {attester(), x.numbered(t, "sex,sex:attestation", "ID-0001,female,TRUE"), "2 sex:attestation unknown_status"},
			"mangled value":         {attester(), x.numbered(t, "birth_date,birth_date:attestation", "ID-0001,27211,ATTESTED"), "2 birth_date value_changed"},
			"a long comment":        {attester(), x.numbered(t, "sex,sex:attestation,sex:comment", "ID-0001,female,ATTESTED,"+strings.Repeat("x", 501)), "2 sex:attestation too_long"},
			"outside the section":   {within(registry.Grant{Role: registry.RoleAttester, Section: "contact"}), x.numbered(t, "sex,sex:attestation", "ID-0001,female,ATTESTED"), "2 sex:attestation outside_section"},
			"outside the area":      {inArea(registry.RoleAttester, "NOWHERE"), x.numbered(t, "sex,sex:attestation", "ID-0001,female,ATTESTED"), "2 registration_number not_found"},
			"two rows that differ":  {attester(), x.numbered(t, "sex,sex:attestation,sex:comment", "ID-0001,female,ATTESTED,", "ID-0001,female,REJECTED,no"), "2  doubled_in_file,3  doubled_in_file"},
			"two rows, two columns": {attester(), "registration_number,national_id,sex,sex:attestation\n" + number + ",,female,ATTESTED\n,ID-0001,female,\n", "2  doubled_in_file,3  doubled_in_file"},
		} {
			res, err := x.Import(t.Context(), tc.who, strings.NewReader(tc.file), o)
			if got := strings.Join(problemsOf(res), ","); got != tc.want || err != nil {
				t.Errorf("%s: problems %s (%v), want %s", name, got, err, tc.want)
			}
			if res.Updated != 0 || res.Decisions.Failed == 0 {
				t.Errorf("%s: %+v", name, res)
			}
		}
		if n := x.count(t, "attestation"); n != 0 {
			t.Errorf("%d attestations", n)
		}
	})
}

// Who may send what, and the files that are refused as a whole.
func TestUploadOfDecisionsRefused(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, x *fixture) {
		x.load(t, three, create(), "3 0 0 0")
		file := x.numbered(t, "sex,sex:attestation,sex:comment", "ID-0001,male,ATTESTED,")
		secret := registry.Field{Key: "hiv_status", Type: registry.TypeText, Kinds: []string{registry.PersonKind}, Attestable: true, Section: "core",
			Label: map[string]string{"en": "HIV status"}, SeeBy: []registry.Role{registry.RoleAdmin}, EditBy: []registry.Role{registry.RoleAdmin}}
		if _, err := x.DefineField(t.Context(), admin(), secret, "for the clinic"); err != nil {
			t.Fatal(err, fields(err))
		}
		both, decisions := carrying(registry.CarriesBoth), carrying(registry.CarriesAttestations)
		created := decisions
		created.Mode = registry.ImportCreate
		for name, tc := range map[string]struct {
			who  registry.Actor
			file string
			o    registry.ImportOptions
			kind fault.Kind
			code string
		}{
			"a registrar decides":            {registrar(), file, decisions, fault.Forbidden, "not_allowed"},
			"a registrar sends both":         {registrar(), file, both, fault.Forbidden, "not_allowed"},
			"an attester sends values":       {attester(), file, update(), fault.Forbidden, "not_allowed"},
			"an attester sends both":         {attester(), file, both, fault.Forbidden, "not_allowed"},
			"nobody":                         {registry.Actor{}, file, decisions, fault.Unauthenticated, "sign_in_required"},
			"new people and nothing of them": {attester(), file, created, fault.Invalid, "invalid_import_mode"},
			"something else":                 {admin(), file, carrying("states"), fault.Invalid, "invalid_carries"},
			"no column of decisions":         {attester(), "registration_number,sex\n", decisions, fault.Invalid, "missing_header"},
			"no value and no version":        {attester(), "registration_number,sex:attestation\n", decisions, fault.Invalid, "missing_header"},
			"a hidden field":                 {attester(), "registration_number,version_no,hiv_status:attestation\n", decisions, fault.Forbidden, "not_visible"},
		} {
			_, err := x.Import(t.Context(), tc.who, strings.NewReader(tc.file), tc.o)
			if err == nil || fault.KindOf(err) != tc.kind || fault.CodeOf(err) != tc.code {
				t.Errorf("%s: error = %v, want kind %d and code %s", name, err, tc.kind, tc.code)
			}
		}
		// Nobody sets a status through an upload of values: the columns are left out.
		res := x.send(t, registrar(), file, update(), "0 1 0 0 / 0 0 0 0 0")
		if !slices.Equal(res.Ignored, []string{"sex:attestation", "sex:comment"}) || len(res.Unknown) > 0 || x.count(t, "attestation") != 0 {
			t.Errorf("ignored %v, unknown %v, %d attestations", res.Ignored, res.Unknown, x.count(t, "attestation"))
		}
		// An attester sees the own uploads of decisions, and no other.
		who := attester()
		who.Name = "attester-7"
		id, err := x.UploadImport(t.Context(), who, strings.NewReader(file), decisions)
		if err != nil {
			t.Fatal(err)
		}
		if list, err := x.ImportBatches(t.Context(), who, id, 10); err != nil || len(list) != 0 {
			t.Errorf("list = %v (%v)", list, err)
		}
		other := who
		other.Name = "attester-2"
		_, err = x.ImportBatch(t.Context(), other, id)
		wantFault(t, err, fault.Forbidden, "not_allowed")
		if b, err := x.ImportBatch(t.Context(), who, id); err != nil || b.Carries != registry.CarriesAttestations {
			t.Errorf("batch = %+v (%v)", b, err)
		}
	})
}
