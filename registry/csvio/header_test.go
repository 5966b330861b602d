package csvio_test

import (
	"strings"
	"testing"

	"socialregistry/registry/csvio"
)

// bound gives "key=header" of every column read, in order.
func bound(t *testing.T, header string, c csvio.Contract) (string, error) {
	t.Helper()
	r, err := csvio.NewReader(strings.NewReader(header+"\n"), c, csvio.Options{})
	if err != nil {
		return "", err
	}
	var out []string
	for _, col := range r.Columns() {
		out = append(out, col.Key+"="+col.Name+string(col.Order))
	}
	return strings.Join(out, "|"), nil
}

func TestHeaderNames(t *testing.T) {
	t.Parallel()
	for header, want := range map[string]string{
		"given_name":                   "given_name=given_name",
		"GIVEN NAME":                   "given_name=GIVEN NAME",
		" First  Name ":                "given_name=First  Name",
		"Prénom":                       "given_name=Prénom",
		"الاسم":                        "given_name=الاسم",
		"DOB":                          "birth_date=DOB",
		"Date of Birth (dd/mm/yyyy)":   "birth_date=Date of Birth (dd/mm/yyyy)dmy",
		"Date of Birth [MM/DD/YYYY]":   "birth_date=Date of Birth [MM/DD/YYYY]mdy",
		"Size of home (sq. ft)":        "home_size=Size of home (sq. ft)",
		"UIN,Token ID,Gender,Phone-No": "national_id=UIN|token_id=Token ID|sex=Gender|phone_number=Phone-No",
	} {
		got, err := bound(t, header, people())
		if err != nil || got != want {
			t.Errorf("%q: got %q (%v), want %q", header, got, err, want)
		}
	}
}

func TestMappingGoesFirst(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		header  string
		mapping map[string]string
		want    string
		code    string
	}{
		"unknown header":      {"given_name,Locality", map[string]string{"locality": "region"}, "given_name=given_name|region=Locality", ""},
		"leave out":           {"given_name,region", map[string]string{"region": ""}, "given_name=given_name", ""},
		"choose one of two":   {"ID,UIN", map[string]string{"UIN": "national_id"}, "national_id=UIN", ""},
		"swap":                {"given_name,family_name", map[string]string{"given_name": "family_name", "family_name": "given_name"}, "family_name=given_name|given_name=family_name", ""},
		"two to one":          {"a,b", map[string]string{"a": "region", "b": "region"}, "", csvio.CodeDoubledHeader},
		"column not there":    {"given_name", map[string]string{"Town": "region"}, "", csvio.CodeMappingColumn},
		"field not defined":   {"given_name,Town", map[string]string{"Town": "shoe_size"}, "", csvio.CodeMappingField},
		"everything left out": {"given_name", map[string]string{"given_name": ""}, "", csvio.CodeNoKnownHeader},
	} {
		c := people()
		c.Mapping = tc.mapping
		got, err := bound(t, tc.header, c)
		if got != tc.want || fileCode(err) != tc.code {
			t.Errorf("%s: got %q, %v, want %q, %q", name, got, err, tc.want, tc.code)
		}
	}
}

func TestRequiredHeaders(t *testing.T) {
	t.Parallel()
	c := people()
	c.Require = [][]string{{"given_name"}, {"national_id", "token_id"}}
	for header, want := range map[string]string{
		"given_name,UIN":      "",
		"given_name,Token ID": "",
		"given_name,region":   csvio.CodeMissingHeader,
		"UIN":                 csvio.CodeMissingHeader,
	} {
		if _, err := bound(t, header, c); fileCode(err) != want {
			t.Errorf("%q: error = %v, want code %q", header, err, want)
		}
	}
}

// A file without a header line: the first line is a person, and no cell of it may
// come into a problem.
func TestHeaderProblemsShowNoCells(t *testing.T) {
	t.Parallel()
	for header, want := range map[string]string{
		"Amina,Amina,1974-07-01":       csvio.CodeNoKnownHeader, // doubled, but no header at all
		"Amina,,1974-07-01":            csvio.CodeNoKnownHeader,
		"Amina,Bekele\x00":             csvio.CodeNoKnownHeader,
		"region,Amina,Amina":           csvio.CodeDoubledHeader,
		"region,Amina,Bekele\x07":      csvio.CodeBadHeader,
		"region,\"Amina\x00\",1974-07": csvio.CodeBadHeader,
	} {
		_, err := bound(t, strings.Repeat(" ", 600)+header, people()) // beyond what is sniffed for UTF-16
		if fileCode(err) != want {
			t.Errorf("%q: error = %v, want code %s", header, err, want)
		}
		if err != nil && (strings.Contains(err.Error(), "Amina") || strings.Contains(err.Error(), "1974")) {
			t.Errorf("%q: the problem shows a cell: %v", header, err)
		}
	}
	_, err := bound(t, "region,Amina,Amina", people())
	if err == nil || !strings.Contains(err.Error(), "columns 2 and 3") {
		t.Errorf("error = %v, want the numbers of the columns", err)
	}
}

func TestHeaderCharacters(t *testing.T) {
	t.Parallel()
	c := people()
	c.Refuse = func(r rune) bool { return r == '\u202e' }
	long := strings.Repeat("x", 1000)
	for header, want := range map[string]string{
		"\"Date of\r\nBirth\",region": "", // a header on two lines is one
		"region," + long:              "",
		"region," + long + "x":        csvio.CodeBadHeader,
		"region,a\u202eb":             csvio.CodeBadHeader,
		"region,a\ufffdb":             csvio.CodeBadHeader,
		"region,a\u007fb":             csvio.CodeBadHeader,
	} {
		if _, err := bound(t, header, c); fileCode(err) != want {
			t.Errorf("%.20q: error = %v, want code %q", header, err, want)
		}
	}
}
