package registry_test

import (
	"io"
	"slices"
	"strings"
	"testing"

	"socialregistry/internal/fault"
	"socialregistry/registry"
	"socialregistry/registry/csvio"
)

// A file that cannot be read is refused as a whole, whatever good rows it has,
// and the refusal can be looked up later.
func TestImportRefusesFile(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, x *fixture) {
		good := "UIN,First Name\nID-0001,Amina\n"
		for name, tc := range map[string]struct {
			file, code string
			line       int
		}{
			"empty":            {"", csvio.CodeEmptyFile, 0},
			"utf-16":           {"\xFF\xFEU\x00I\x00N\x00", csvio.CodeUTF16, 0},
			"latin-1":          {good + "ID-0002,Andr\xE9\n", csvio.CodeNotUTF8, 3},
			"10 MB line":       {good + "ID-0002," + strings.Repeat("x", 10<<20) + "\n", csvio.CodeLineTooLong, 3},
			"open quote":       {good + "ID-0002,\"" + strings.Repeat("x\n", 5<<20), csvio.CodeLineTooLong, 3},
			"tabs":             {strings.ReplaceAll(good, ",", "\t"), csvio.CodeSeparator, 1},
			"no header":        {"ID-0001,Amina\n", csvio.CodeNoKnownHeader, 1},
			"no name column":   {"UIN,Region\nID-0001,x\n", csvio.CodeMissingHeader, 1},
			"doubled header":   {"UIN,UIN,First Name\n", csvio.CodeDoubledHeader, 1},
			"two for one":      {"UIN,National ID,First Name\n", csvio.CodeDoubledHeader, 1},
			"unnamed column":   {"UIN,,First Name\n", csvio.CodeEmptyHeader, 1},
			"quotes in header": {"UIN,\"First\" Name\n", csvio.CodeBadQuotes, 1},
		} {
			res, err := x.Import(t.Context(), registrar(), strings.NewReader(tc.file), create())
			wantFault(t, err, fault.Invalid, tc.code)
			if len(res.Problems) != 1 || res.Problems[0].Code != tc.code || res.Problems[0].Line != tc.line {
				t.Errorf("%s: problems = %v", name, res.Problems)
			}
			b, err := x.ImportBatch(t.Context(), registrar(), res.Batch)
			if err != nil || b.State != registry.ImportRefused || b.Result.ProblemCount != 1 {
				t.Errorf("%s: batch = %+v (%v)", name, b, err)
			}
		}
		x.noStaging(t)
		if n := x.count(t, "registrant"); n != 0 {
			t.Errorf("%d people from files that were refused", n)
		}
	})
}

func TestImportRefusesRows(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, x *fixture) {
		x.load(t, three, create(), "3 0 0 0")
		head := "UIN,First Name,Surname,DOB,Gender,Phone Number,Email,Household Size\n" // line 1
		rows := []string{
			"ID-0100,Good,One,1990-12-31,F,,,4",               // F is no choice
			"ID-0101,Good,Two,1990-02-30,,,,",                 // no such day
			"ID-0102,Good,Three,01/02/1990,,,,",               // which day?
			"ID-0103,Good,Four,2030-01-01,,,,",                // in the future
			"4.49E+35,Good,Five,,,,,",                         // a spreadsheet did this
			"449000000000000000000000000000000000,G,Six,,,,,", // and this
			"ID-0001,Amina,Other,,,,,",                        // there already
			"ID-0104,,,,,,,",                                  // no name
			"ID-0105,Good,\"Nine\nlines\",,,,,",               // line break in a value
			"ID-0106,Good,Ten,,,12,no-mail,",                  // two problems
			"ID-0107,Good,Eleven,,",                           // cells missing
			"ID-0108,\"Good\"x,Twelve,,,,,",                   // quotes
			"#REF!,Good,Thirteen,,,,,",                        // another flaw of a spreadsheet
			"ID-0109,Good,Fourteen,,,,,",                      // doubled
			"id 0109,Good,Fifteen,,,,,",                       // the same, otherwise written
			"ID-0110,Good,Sixteen,1850-01-01,Female,'+251911000100,good@example.org,",
			"ID-0112,Good,Seventeen,1990-02-30,,,,", // doubled, with a problem of its own: counted once
			"ID-0112,Good,Eighteen,,,,,",
		}
		res := x.load(t, head+strings.Join(rows, "\n")+"\n", create(), "1 0 0 17")
		want := []string{
			"2 Gender not_listed", "3 DOB bad_date", "4 DOB ambiguous_date", "5 DOB date_in_future",
			"6 UIN mangled_by_spreadsheet", "7 UIN mangled_by_spreadsheet", "8 UIN exists", "9  name_required",
			"10 Surname control_character", "12 Email bad_email", "12 Phone Number bad_phone", "13  cell_count",
			"14  bad_quotes", "15 UIN spreadsheet_error", "16 UIN doubled_in_file", "17 UIN doubled_in_file",
			"19 DOB bad_date", "19 UIN doubled_in_file", "20 UIN doubled_in_file",
		}
		if got := problemsOf(res); !slices.Equal(got, want) {
			t.Errorf("problems:\n got %q\nwant %q", got, want)
		}
		if !slices.Equal(res.Ignored, []string{"Household Size"}) {
			t.Errorf("ignored %v", res.Ignored)
		}
		if n := x.count(t, "registrant"); n != 4 {
			t.Errorf("%d people, want 4", n)
		}
	})
}

func TestUpdateRefusesRows(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, x *fixture) {
		x.load(t, three, create(), "3 0 0 0")
		number := x.find(t, "ID-0003").Number
		file := "UIN,Registration Number,Region\n" +
			",,ET-SO\n" + // 2: nobody is meant
			"ID-0009,,ET-SO\n" + // 3: nobody is known
			"ID-0001,,ET-SO\nID-0001,,ET-AA\n" + // 4, 5: twice
			"ID-0002," + number + ",ET-SO\n" + // 6: two people
			"ID-0003,,ET-SO\n," + number + ",ET-SO\n" // 7, 8: one person, named in two ways
		res := x.load(t, file, update(), "0 0 0 7")
		want := []string{"2  no_identifier", "3 UIN not_found", "4 UIN doubled_in_file", "5 UIN doubled_in_file",
			"6 UIN identifiers_differ", "7  doubled_in_file", "8  doubled_in_file"}
		if got := problemsOf(res); !slices.Equal(got, want) {
			t.Errorf("problems:\n got %q\nwant %q", got, want)
		}
		_, err := x.Import(t.Context(), registrar(), strings.NewReader("Region\nET-SO\n"), update())
		wantFault(t, err, fault.Invalid, csvio.CodeMissingHeader)
	})
}

func TestMappingAndDateOrder(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, x *fixture) {
		file := "Nummer,Vorname,Geburtstag\nID-0001,Amina,03/04/1990\n"
		o := create()
		o.Mapping = map[string]string{"nummer": "national_id", "Vorname": "given_name", "Geburtstag": "birth_date"}
		x.load(t, file, o, "0 0 0 1")
		o.Dates = csvio.DayFirst
		x.load(t, file, o, "1 0 0 0")
		if got := texts(x.find(t, "ID-0001"))["birth_date"]; got != "1990-04-03" {
			t.Errorf("birth date = %s", got)
		}
		o.Mapping["Vorname"] = "first_name"
		_, err := x.Import(t.Context(), registrar(), strings.NewReader(file), o)
		wantFault(t, err, fault.Invalid, csvio.CodeMappingField)
	})
}

func TestManyProblemsAreCountedAndCapped(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, x *fixture) {
		n := registry.MaxProblems + 5
		res := x.load(t, "UIN,First Name\n"+strings.Repeat("4E35,Amina\n", n)+"ID-0001,Good\n", create(), "1 0 0 10005")
		if res.ProblemCount != n || len(res.Problems) != registry.MaxProblems {
			t.Errorf("%d problems, %d kept", res.ProblemCount, len(res.Problems))
		}
		list, err := x.ImportProblems(t.Context(), registrar(), res.Batch, registry.MaxProblems-1, 10)
		if err != nil || len(list) != 1 {
			t.Errorf("last page = %v (%v)", list, err)
		}
	})
}

func TestSomebodyElseIsFaster(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, x *fixture) {
		x.load(t, three, create(), "3 0 0 0")
		p := x.find(t, "ID-0001")
		o := update()
		o.Progress = once(func() { x.edit(t, p, map[string]string{"region": "ET-GA"}) })
		res := x.load(t, "UIN,Region\nID-0001,ET-SO\nID-0002,ET-SO\n", o, "0 1 0 1")
		if got := problemsOf(res); !slices.Equal(got, []string{"2  changed_meanwhile"}) {
			t.Errorf("problems = %q", got)
		}
		if got := texts(x.find(t, "ID-0001"))["region"]; got != "ET-GA" {
			t.Errorf("region = %s: the other edit is lost", got)
		}
		x.load(t, "UIN,Region\nID-0001,ET-SO\nID-0002,ET-SO\n", update(), "0 1 1 0") // the same file again puts it right

		o = create() // the same new person, registered at the counter meanwhile
		o.Progress = once(func() {
			x.register(t, map[string]string{"given_name": "Fast", "national_id": "ID-0050"})
		})
		res = x.load(t, "UIN,First Name\nID-0050,Slow\nID-0051,Good\n", o, "1 0 0 1")
		if got := problemsOf(res); !slices.Equal(got, []string{"2  exists"}) {
			t.Errorf("problems = %q", got)
		}

		o = update() // somebody else gets the identifier meanwhile, and nothing is applied
		o.AllOrNothing = true
		o.Progress = once(func() {
			x.register(t, map[string]string{"given_name": "Fast", "national_id": "ID-0060"})
		})
		number := x.find(t, "ID-0003").Number
		res, err := x.Import(t.Context(), registrar(), strings.NewReader("Registration Number,UIN\n"+number+",ID-0060\n"), o)
		wantFault(t, err, fault.Invalid, "import_has_problems")
		if got := problemsOf(res); !slices.Equal(got, []string{"2  identifier_taken"}) || counts(res) != "0 0 0 1" {
			t.Errorf("problems = %q, counts %s", got, counts(res))
		}
	})
}

// once runs f at the first progress, which is after staging.
func once(f func()) func(registry.ImportProgress) {
	done := false
	return func(registry.ImportProgress) {
		if !done {
			done = true
			f()
		}
	}
}

// Numbers are given while the file is read; those that somebody else took in
// the meantime are not given twice.
func TestNumbersTakenMeanwhile(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, x *fixture) {
		o := create()
		o.Progress = once(func() { x.register(t, map[string]string{"given_name": "Fast"}) })
		x.load(t, three, o, "3 0 0 0")
		var numbers []string
		if err := x.DB.Raw("SELECT DISTINCT number FROM registrant").Scan(&numbers).Error; err != nil || len(numbers) != 4 {
			t.Fatalf("%d numbers (%v), want 4", len(numbers), err)
		}
		for _, n := range numbers {
			if _, err := x.PersonByNumber(t.Context(), registrar(), n); err != nil {
				t.Errorf("number %s: %v", n, err)
			}
		}
	})
}

// Two imports of one file at once: the people are there once.
func TestSameFileTwiceAtOnce(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, x *fixture) {
		o := create()
		o.Progress = once(func() {
			if _, err := x.Import(t.Context(), registrar(), strings.NewReader(three), create()); err != nil {
				t.Error(err)
			}
		})
		res, err := x.Import(t.Context(), registrar(), strings.NewReader(three), o)
		if err != nil || !res.AlreadyApplied || res.Created != 0 {
			t.Errorf("result = %+v (%v)", res, err)
		}
		if n := x.count(t, "registrant"); n != 3 {
			t.Errorf("%d people, want 3", n)
		}
	})
}

func TestBrokenSourceStopsImport(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, x *fixture) {
		src := io.MultiReader(strings.NewReader(three), brokenReader{})
		_, err := x.Import(t.Context(), registrar(), src, create())
		if err == nil || fault.KindOf(err) != fault.Internal {
			t.Errorf("error = %v", err)
		}
		x.noStaging(t)
		if n := x.count(t, "registrant") + x.count(t, "import_batch"); n != 0 {
			t.Errorf("%d rows written", n)
		}
	})
}

type brokenReader struct{}

func (brokenReader) Read([]byte) (int, error) { return 0, io.ErrClosedPipe }

// A database crash empties unlogged tables: the merge must not take what is
// left for the whole.
func TestLostStagingIsNoticed(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, x *fixture) {
		o := create()
		o.Progress = once(func() { x.exec(t, "DELETE FROM import_stage WHERE line = 3") })
		_, err := x.Import(t.Context(), registrar(), strings.NewReader(three), o)
		wantFault(t, err, fault.Unavailable, "import_interrupted")
		if n := x.count(t, "registrant"); n != 0 {
			t.Errorf("%d people", n)
		}
		x.load(t, three, create(), "3 0 0 0")
	})
}
