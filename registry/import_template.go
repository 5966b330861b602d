package registry

import (
	"context"
	"errors"
	"io"
	"maps"
	"slices"

	"gorm.io/gorm"

	"socialregistry/internal/fault"
	"socialregistry/registry/csvio"
	"socialregistry/registry/mapping"
	"socialregistry/registry/xlsx"
)

// ImportTemplate gives the headers of a file of one kind, in order: what an import
// that creates reads, with carries "" ; or what an upload with these parts reads,
// as a download writes it. Fields that the actor may not change are left out. It
// returns Forbidden, or Invalid "no_such_group_kind" or "invalid_carries".
func (r *Registry) ImportTemplate(ctx context.Context, a Actor, kind string, carries Carries) ([]string, error) {
	if err := a.check(toImport); err != nil {
		return nil, err
	}
	known := slices.Contains([]Carries{"", CarriesValues, CarriesAttestations, CarriesBoth}, carries)
	if !known || carries != "" && kind != PersonKind {
		return nil, fault.New(fault.Invalid, "invalid_carries", "values, attestations or both, of people.")
	}
	if err := r.checkImportKind(ctx, ImportOptions{Kind: kind, Mode: ImportCreate}); err != nil {
		return nil, err
	}
	var headers []string
	err := r.db.Read(ctx, func(tx *gorm.DB) error {
		fields, err := r.fieldSetOf(tx, kind)
		if err != nil {
			return err
		}
		types, err := addableTypes(tx, kind)
		headers = templateHeaders(a, fields, types, carries)
		return err
	})
	return headers, err
}

// WriteImportTemplate writes ImportTemplate as a file: csv or xlsx, with nothing
// but the line of headers. It returns what ImportTemplate returns, or Invalid
// "invalid_format".
func (r *Registry) WriteImportTemplate(ctx context.Context, a Actor, kind string, carries Carries, format string, w io.Writer) error {
	if format != "csv" && format != "xlsx" {
		return fault.New(fault.Invalid, "invalid_format", "csv or xlsx.")
	}
	headers, err := r.ImportTemplate(ctx, a, kind, carries)
	if err != nil {
		return err
	}
	if format == "xlsx" {
		book, err := xlsx.NewWriter(w, kind[:min(len(kind), maxSheetName)])
		if err != nil {
			return err
		}
		return errors.Join(book.Write(headers), book.Close())
	}
	out := csvio.NewWriter(w)
	return errors.Join(out.Write(headers), out.Flush())
}

// maxSheetName is in characters.
const maxSheetName = 31

func templateHeaders(a Actor, fields *fieldSet, types map[string]*idType, carries Carries) []string {
	var out []string
	switch {
	case carries != "":
		out = append(out, numberColumn, "version_no")
	case fields.kind != PersonKind:
		out = append(out, mapping.GroupKey, mapping.Member, mapping.Role, mapping.Start)
	}
	for _, def := range fields.list {
		if !a.mayEdit(def.Field, fields.kind, nil) {
			continue
		}
		out = append(out, def.Key)
		if carries.decisions() && carries != "" && def.Attestable {
			out = append(out, def.Key+":attestation", def.Key+":comment")
		}
	}
	if carries != "" || fields.kind != PersonKind {
		return out
	}
	for _, scheme := range slices.Sorted(maps.Keys(types)) {
		t := types[scheme]
		if t.editableBy(a, &record{row: registrantRow{Kind: fields.kind}}) != nil {
			continue
		}
		out = append(out, identifierHeader+t.Key)
		if t.Expires != ExpiresNever {
			out = append(out, identifierHeader+t.Key+":valid_to")
		}
	}
	return append(out, collectedColumn)
}
