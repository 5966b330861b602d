package web

import (
	"errors"
	"net/url"
	"time"

	"socialregistry/internal/fault"
	"socialregistry/registry"
	"socialregistry/registry/csvio"
)

// uploadTypes are the files that are read: text, and workbooks.
const uploadTypes = ".csv,text/csv,.xlsx,application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"

// uploadMore are the inputs that most files do without: of a survey, a name and a
// day; of a file from elsewhere, the order of its dates and what its headers mean.
// values is false for a file of nothing but decisions.
func uploadMore(f typed, values bool) []input {
	dates := f.choice("dates", "mapping.dates", option{Label: words{Text: f.l.t("mapping.dates_iso")}},
		option{Value: string(csvio.DayFirst), Label: words{Text: f.l.t("mapping.dates_dmy")}}, option{Value: string(csvio.MonthFirst), Label: words{Text: f.l.t("mapping.dates_mdy")}})
	headers := f.area("map", "upload.map")
	headers.Dir = "ltr"
	if !values {
		return []input{dates, headers}
	}
	label := f.text("label", "versions.label")
	label.Hint, label.MaxLength = words{Text: f.l.t("upload.label_hint")}, registry.MaxLabelLength
	collected := f.input("collected_at", "date", "edit.collected")
	collected.Hint = words{Text: f.l.t("upload.collected_hint")}
	return []input{label, collected, dates, headers}
}

// moreTyped tells whether one of the inputs has something in it, or is wrong.
func moreTyped(inputs []input) bool {
	for _, in := range inputs {
		if in.Value != "" || in.Wrong != "" {
			return true
		}
	}
	return false
}

// readMore takes what stands in those inputs. Error: Invalid for a day that is none.
func readMore(form url.Values, o *registry.ImportOptions) error {
	o.Label, o.Dates = form.Get("label"), csvio.DateOrder(form.Get("dates"))
	if headers := pairsIn(form.Get("map")); len(headers) > 0 {
		o.Mapping = headers
	}
	text := form.Get("collected_at")
	if text == "" {
		return nil
	}
	day, err := dayOf(text)
	if err != nil {
		return fault.InvalidFields("invalid_values", "Some of this cannot be accepted.", []fault.Field{{Name: "collected_at", Code: registry.CodeBadDate, Detail: "Write the date as 2026-01-31."}})
	}
	o.CollectedAt = day.In(time.UTC)
	return nil
}

// uploadProblems is what was wrong, at the input that it is about; the file, where
// nothing else is.
func uploadProblems(l *locale, err error) ([]problem, bool) {
	var f *fault.Error
	if !errors.As(err, &f) || f.Kind != fault.Invalid && f.Kind != fault.TooLarge {
		return nil, false
	}
	if f.Code != "invalid_label" && len(f.Fields) > 0 {
		return fieldProblems(l, f), true
	}
	field, text := "file", faultText(l, f.Code, f.Detail)
	switch f.Code {
	case "collected_in_future", "collected_too_early":
		field = "collected_at"
	case "invalid_date_order":
		field = "dates"
	case "invalid_mapping":
		field = "map"
	case "invalid_label":
		field, text = "label", l.t("upload.bad_label", "n", registry.MaxLabelLength)
	}
	return []problem{{Field: field, Text: text}}, true
}
