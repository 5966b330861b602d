package registry

import (
	"context"
	"maps"
	"slices"
	"strconv"

	"gorm.io/gorm"

	"socialregistry/internal/db"
	"socialregistry/internal/fault"
	"socialregistry/registry/csvio"
)

// NewArea is an area that is added by itself.
type NewArea struct {
	Code   string
	Parent string            // code of the area that it is part of; "": none
	Level  *int              // nil: one below the parent's
	Name   map[string]string // words per language; one is needed
}

// AddArea adds one area, as an import of one line does: records whose values name
// it lie in it from now on. It returns Conflict "area_exists", Invalid
// "invalid_area" with a field per mistake and the codes of an import, or
// Forbidden.
func (r *Registry) AddArea(ctx context.Context, a Actor, n NewArea, reason string) (Area, error) {
	if err := a.check(toKeepAreas); err != nil {
		return Area{}, err
	}
	reason, err := cleanReason(reason)
	if err != nil {
		return Area{}, err
	}
	found := &problems{}
	line := n.line(found)
	if found.count > 0 {
		return Area{}, errBadArea(found.sorted())
	}
	var out Area
	err = r.db.InTx(ctx, r.now, func(tx *gorm.DB, now db.Time) error {
		if err := takeAreaTurn(tx); err != nil {
			return err
		}
		switch _, err := readArea(tx, line.code, ""); {
		case err == nil:
			return fault.New(fault.Conflict, "area_exists", "There is an area with this code.")
		case fault.KindOf(err) != fault.NotFound:
			return err
		}
		result, err := r.applyAreas(tx, a, reason, now, []areaLine{line}, &problems{}, false)
		if result.ProblemCount > 0 {
			return errBadArea(result.Problems)
		}
		if err != nil {
			return err
		}
		row, err := readArea(tx, line.code, "")
		out = row.toArea()
		return err
	})
	return out, err
}

// line reads the area as a line of a file.
func (n NewArea) line(found *problems) areaLine {
	out := areaLine{line: 1, name: labels{}}
	take := func(key, cell string) {
		if code, words := out.take(key, cell); code != "" {
			found.add(csvio.Problem{Line: 1, Column: key, Code: code, Words: words})
		}
	}
	take("code", n.Code)
	if n.Parent != "" {
		take("parent", n.Parent)
	}
	if n.Level != nil {
		take("level", strconv.Itoa(*n.Level))
	}
	for _, lang := range slices.Sorted(maps.Keys(n.Name)) {
		if !reLang.MatchString(lang) {
			found.add(csvio.Problem{Line: 1, Column: "name", Code: "invalid_name", Words: "One line per language."})
			continue
		}
		take(areaNamePrefix+lang, n.Name[lang])
	}
	return out
}

func errBadArea(list []csvio.Problem) error {
	var bad []fault.Field
	for _, p := range list {
		bad = append(bad, fault.Field{Name: p.Column, Code: p.Code, Detail: p.Words})
	}
	return fault.InvalidFields("invalid_area", "The area has mistakes.", bad)
}

// RenameArea gives an area names: name holds those that change, by language, and
// "" takes one away. Records whose values name it by a new one lie in it from now
// on; those that name it by an old one stay. version is the one that was looked
// at. It returns NotFound "no_such_area", Invalid "invalid_area" (field name),
// Conflict "version_conflict", or Forbidden.
func (r *Registry) RenameArea(ctx context.Context, a Actor, code string, name map[string]string, version int, reason string) (Area, error) {
	return r.changeArea(ctx, a, code, version, reason, func(_ *gorm.DB, row *areaRow) error {
		names := maps.Clone(row.Name.V)
		maps.Copy(names, name)
		maps.DeleteFunc(names, func(_, words string) bool { return words == "" })
		if len(names) == 0 || !labelsFine(names) {
			return fault.InvalidFields("invalid_area", "The area has mistakes.",
				[]fault.Field{{Name: "name", Code: "invalid_name", Detail: "One line per language; one is needed."}})
		}
		row.Name = column[labels]{names}
		return nil
	})
}
