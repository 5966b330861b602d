package registry

import (
	"context"
	"fmt"
	"maps"
	"slices"

	"gorm.io/gorm"

	"socialregistry/internal/db"
	"socialregistry/internal/fault"
)

// programmeField is how the field of a programme begins.
const programmeField = "programme_"

// Programme is something that people, or groups, are enrolled in.
type Programme struct {
	Code      string            `json:"code"`       // snake_case, never changed
	Label     map[string]string `json:"label"`      // words per language; en is always there
	Kinds     []string          `json:"kinds"`      // whom it is for, never changed: PersonKind (also when empty), or kinds of group
	Start     string            `json:"start"`      // first day; never changed
	End       string            `json:"end"`        // last day; "": none is set
	VersionNo int               `json:"version_no"` // moves with every change; send it back to EditProgramme
}

// Field is the key of the field that says where somebody stands in the
// programme: one of the EnrolmentStatuses. It is attested and issued as any
// other, and changed by enrolments alone.
func (p Programme) Field() string { return programmeField + p.Code }

// programmeRow is a row of programme.
type programmeRow struct {
	Code      string           `gorm:"column:code;primaryKey"`
	Label     column[labels]   `gorm:"column:label"`
	Kinds     column[[]string] `gorm:"column:kinds"`
	Start     db.Date          `gorm:"column:start_date"`
	End       db.Date          `gorm:"column:end_date"`
	VersionNo int              `gorm:"column:version_no"`
	CreatedBy string           `gorm:"column:created_by"`
	CreatedAt db.Time          `gorm:"column:created_at;autoCreateTime:false"`
}

func (programmeRow) TableName() string { return "programme" }

func programmeRowOf(p Programme, by string, at db.Time) *programmeRow {
	return &programmeRow{Code: p.Code, Label: column[labels]{p.Label}, Kinds: column[[]string]{p.Kinds},
		Start: db.Date(p.Start), End: db.Date(p.End), VersionNo: p.VersionNo, CreatedBy: by, CreatedAt: at}
}

func (r programmeRow) toProgramme() Programme {
	return Programme{Code: r.Code, Label: r.Label.V, Kinds: r.Kinds.V, Start: string(r.Start), End: string(r.End), VersionNo: r.VersionNo}
}

// Programmes lists the programmes by their codes. They are no secret.
func (r *Registry) Programmes(ctx context.Context) ([]Programme, error) {
	var out []Programme
	err := r.db.Read(ctx, func(tx *gorm.DB) error {
		var rows []programmeRow
		if err := tx.Order("code").Find(&rows).Error; err != nil {
			return fmt.Errorf("list programmes: %w", err)
		}
		out = make([]Programme, len(rows))
		for i, row := range rows {
			out[i] = row.toProgramme()
		}
		return nil
	})
	return out, err
}

// Programme gives one programme. It returns NotFound "no_such_programme".
func (r *Registry) Programme(ctx context.Context, code string) (Programme, error) {
	var p Programme
	err := r.db.Read(ctx, func(tx *gorm.DB) (err error) {
		p, err = r.loadProgramme(tx, code, "")
		return err
	})
	return p, err
}

// DefineProgramme adds a programme and its field. It returns Forbidden, Invalid
// "invalid_programme" with the wrong members, or Conflict "programme_exists".
func (r *Registry) DefineProgramme(ctx context.Context, a Actor, p Programme, reason string) (Programme, error) {
	if err := a.check(toDefineProgrammes); err != nil {
		return Programme{}, err
	}
	reason, err := cleanReason(reason)
	if err != nil {
		return Programme{}, err
	}
	if len(p.Kinds) == 0 {
		p.Kinds = []string{PersonKind}
	}
	p.VersionNo = 1
	err = r.db.InTx(ctx, r.now, func(tx *gorm.DB, now db.Time) error {
		if err := p.check(tx); err != nil {
			return err
		}
		err := tx.Create(programmeRowOf(p, a.name(), now)).Error
		if err == nil {
			_, err = r.addField(tx, a, p.field(), reason, now)
		}
		if r.db.Dialect.IsDuplicate(err) || fault.CodeOf(err) == "field_exists" {
			return fault.New(fault.Conflict, "programme_exists", "There is a programme with this code, or a field with its name.")
		}
		if err != nil {
			return fmt.Errorf("store a programme: %w", err)
		}
		return r.logAdmin(tx, a, reason, now, "programme:"+p.Code, nil, p)
	})
	return p, err
}

// EditProgramme changes the label, that of the field too, and the last day. It returns Forbidden,
// NotFound "no_such_programme", Conflict "version_conflict" when VersionNo is
// not the current one, or Invalid "invalid_programme".
func (r *Registry) EditProgramme(ctx context.Context, a Actor, p Programme, reason string) (Programme, error) {
	if err := a.check(toDefineProgrammes); err != nil {
		return Programme{}, err
	}
	reason, err := cleanReason(reason)
	if err != nil {
		return Programme{}, err
	}
	next := p
	err = r.db.InTx(ctx, r.now, func(tx *gorm.DB, now db.Time) error {
		old, err := r.loadProgramme(tx, p.Code, r.db.Dialect.ForUpdate())
		switch {
		case err != nil:
			return err
		case old.VersionNo != p.VersionNo:
			return errVersionConflict()
		case p.Start != old.Start || !slices.Equal(p.Kinds, old.Kinds):
			return errBadProgramme(fault.Field{Name: "start", Code: "never_changed", Detail: "Neither the first day nor the kinds are ever changed."})
		}
		if err := p.check(tx); err != nil {
			return err
		}
		next.VersionNo = old.VersionNo + 1
		row := programmeRowOf(next, "", now)
		if err := tx.Model(row).Select("label", "end_date", "version_no").Updates(row).Error; err != nil {
			return fmt.Errorf("change a programme: %w", err)
		}
		if err := r.relabelProgramme(tx, a, next, reason, now); err != nil {
			return err
		}
		return r.logAdmin(tx, a, reason, now, "programme:"+p.Code, old, next)
	})
	return next, err
}

// relabelProgramme gives the programme's field the programme's label.
func (r *Registry) relabelProgramme(tx *gorm.DB, a Actor, p Programme, reason string, now db.Time) error {
	set, err := r.lockFields(tx)
	if err != nil {
		return err
	}
	def := set.byKey[p.Field()]
	if def == nil || maps.Equal(def.Label, p.Label) {
		return nil
	}
	f := def.Field
	f.Label = maps.Clone(p.Label)
	_, err = r.replaceField(tx, a, set, def.Field, f, reason, now)
	return err
}

// loadProgramme reads one programme; lock is "" or one of the dialect's lock
// clauses. It returns NotFound "no_such_programme".
func (r *Registry) loadProgramme(tx *gorm.DB, code, lock string) (Programme, error) {
	var rows []programmeRow
	if keysFine([]string{code}) {
		if err := tx.Raw(`SELECT * FROM programme WHERE code = ?`+lock, code).Scan(&rows).Error; err != nil {
			return Programme{}, fmt.Errorf("load a programme: %w", err)
		}
	}
	if len(rows) == 0 {
		return Programme{}, fault.New(fault.NotFound, "no_such_programme", "There is no such programme.")
	}
	return rows[0].toProgramme(), nil
}

// field is the definition of the programme's field.
func (p Programme) field() Field {
	label := maps.Clone(p.Label)
	choices := make([]Choice, 0, len(EnrolmentStatuses()))
	for _, s := range EnrolmentStatuses() {
		choices = append(choices, Choice{Value: string(s), Label: s.label()})
	}
	return Field{Key: p.Field(), Section: "programme", Type: TypeChoice, Label: label, Choices: choices,
		EditBy: []Role{RoleSystem}, Attestable: true, Issuable: true, Kinds: p.Kinds}.withDefaults()
}

// check refuses a programme with mistakes; it asks the database which kinds of
// group there are.
func (p Programme) check(tx *gorm.DB) error {
	var bad []fault.Field
	add := func(wrong bool, member, words string) {
		if wrong {
			bad = append(bad, fault.Field{Name: member, Code: "invalid_" + member, Detail: words})
		}
	}
	known, err := knownKinds(tx, p.Kinds)
	if err != nil {
		return err
	}
	add(!reKey.MatchString(p.Code) || len(p.Field()) > maxKeyLength, "code", "Small letters, digits and single underscores, beginning with a letter; at most 53.")
	add(!labelsFine(p.Label) || p.Label["en"] == "", "label", "One line per language; English (en) is needed.")
	add(!known, "kinds", "person alone, or kinds of group that are there.")
	add(!isDay(p.Start), "start", "A day, such as 2026-12-31.")
	add(p.End != "" && (!isDay(p.End) || p.End < p.Start), "end", "A day, not before the first.")
	if len(bad) > 0 {
		return errBadProgramme(bad...)
	}
	return nil
}

// isDay tells whether a text is a day in canonical form.
func isDay(text string) bool {
	day, wrong := canonicalDate(text, earliestDay, "", "")
	return wrong == nil && day == text
}

func errBadProgramme(bad ...fault.Field) error {
	return fault.InvalidFields("invalid_programme", "The programme has mistakes.", bad)
}
