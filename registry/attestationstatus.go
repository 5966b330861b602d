package registry

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"gorm.io/gorm"

	"socialregistry/internal/db"
	"socialregistry/internal/fault"
)

// AttestationStatus is a further word for a state, that an administrator defined:
// for everybody, or for the attesters of one office. A decision may name it in
// the place of the state, and keeps both.
type AttestationStatus struct {
	Key     string            `json:"key"`   // snake_case, never changed
	State   State             `json:"state"` // what it means: NEW, ATTESTED, REJECTED or REVOKED; never changed
	Label   map[string]string `json:"label"` // words per language; en is always there
	Office  string            `json:"office,omitempty"`
	Retired bool              `json:"retired"` // takes no new decision
	Version int               `json:"version"` // moves with every change
}

// statusRow is a row of attestation_status.
type statusRow struct {
	Key       string         `gorm:"column:key;primaryKey"`
	State     State          `gorm:"column:state"`
	Label     column[labels] `gorm:"column:label"`
	Office    optional       `gorm:"column:office"`
	Retired   bool           `gorm:"column:retired"`
	VersionNo int            `gorm:"column:version_no"`
	CreatedBy string         `gorm:"column:created_by"`
	CreatedAt db.Time        `gorm:"column:created_at;autoCreateTime:false"`
	UpdatedAt db.Time        `gorm:"column:updated_at;autoUpdateTime:false"`
}

func (statusRow) TableName() string { return "attestation_status" }

func (s *statusRow) toStatus() AttestationStatus {
	return AttestationStatus{Key: s.Key, State: s.State, Label: s.Label.V, Office: string(s.Office), Retired: s.Retired, Version: s.VersionNo}
}

func statusSubject(key string) string { return "attestation_status:" + key }

// AttestationStatuses lists all statuses by key, retired ones too. It returns
// Forbidden.
func (r *Registry) AttestationStatuses(ctx context.Context, a Actor) ([]AttestationStatus, error) {
	if err := a.checkOn(toRead, a.RegistrantID); err != nil {
		return nil, err
	}
	var rows []statusRow
	err := r.db.Read(ctx, func(tx *gorm.DB) error { return tx.Order("key").Find(&rows).Error })
	if err != nil {
		return nil, fmt.Errorf("list attestation statuses: %w", err)
	}
	out := make([]AttestationStatus, len(rows))
	for i := range rows {
		out[i] = rows[i].toStatus()
	}
	return out, nil
}

// AttestationStatus gives one status. It returns NotFound
// "no_such_attestation_status" or Forbidden.
func (r *Registry) AttestationStatus(ctx context.Context, a Actor, key string) (AttestationStatus, error) {
	if err := a.checkOn(toRead, a.RegistrantID); err != nil {
		return AttestationStatus{}, err
	}
	var out AttestationStatus
	err := r.db.Read(ctx, func(tx *gorm.DB) error {
		row, err := readStatus(tx, key, "")
		out = row.toStatus()
		return err
	})
	return out, err
}

func readStatus(tx *gorm.DB, key, lock string) (statusRow, error) {
	var rows []statusRow
	if reKey.MatchString(key) {
		if err := tx.Raw(`SELECT * FROM attestation_status WHERE key = ?`+lock, key).Scan(&rows).Error; err != nil {
			return statusRow{}, fmt.Errorf("read an attestation status: %w", err)
		}
	}
	if len(rows) == 0 {
		return statusRow{}, fault.New(fault.NotFound, "no_such_attestation_status", "There is no such attestation status.")
	}
	return rows[0], nil
}

// DefineAttestationStatus adds a status: one for everybody by whoever keeps the
// definitions of the whole registry, one of an office also by an administrator of
// its area. It returns Forbidden, Invalid "invalid_attestation_status" with the
// wrong members, or Conflict "attestation_status_exists".
func (r *Registry) DefineAttestationStatus(ctx context.Context, a Actor, s AttestationStatus, reason string) (AttestationStatus, error) {
	if err := a.checkWithin(toKeepStatuses); err != nil {
		return s, err
	}
	reason, err := cleanReason(reason)
	if err != nil {
		return s, err
	}
	s.Version, s.Retired = 1, false
	err = r.db.InTx(ctx, r.now, func(tx *gorm.DB, now db.Time) error {
		if err := a.keepsStatus(tx, s.Office); err != nil {
			return err
		}
		if err := s.check(tx); err != nil {
			return err
		}
		row := statusRow{Key: s.Key, State: s.State, Label: column[labels]{s.Label}, Office: optional(s.Office), VersionNo: 1,
			CreatedBy: a.name(), CreatedAt: now, UpdatedAt: now}
		err := tx.Create(&row).Error
		if r.db.Dialect.IsDuplicate(err) {
			return fault.New(fault.Conflict, "attestation_status_exists", "There is an attestation status with this key.")
		}
		if err != nil {
			return fmt.Errorf("store an attestation status: %w", err)
		}
		return r.logAdmin(tx, a, reason, now, statusSubject(s.Key), nil, s)
	})
	return s, err
}

// ChangeAttestationStatus gives the status with s.Key other words, or takes it out
// of use or back; s.Version is the one that was looked at. What it means and whose
// it is never changes: decisions rest on it. It returns Forbidden, NotFound
// "no_such_attestation_status", Invalid "invalid_attestation_status" with the
// wrong members (code "fixed" for those), or Conflict "version_conflict".
func (r *Registry) ChangeAttestationStatus(ctx context.Context, a Actor, s AttestationStatus, reason string) (AttestationStatus, error) {
	if err := a.checkWithin(toKeepStatuses); err != nil {
		return s, err
	}
	reason, err := cleanReason(reason)
	if err != nil {
		return s, err
	}
	var out AttestationStatus
	err = r.db.InTx(ctx, r.now, func(tx *gorm.DB, now db.Time) error {
		row, err := readStatus(tx, s.Key, r.db.Dialect.ForUpdate())
		if err != nil {
			return err
		}
		old := row.toStatus()
		if err := a.keepsStatus(tx, old.Office); err != nil {
			return err
		}
		if err := s.checkChange(old); err != nil {
			return err
		}
		row.Label, row.Retired, row.VersionNo, row.UpdatedAt = column[labels]{s.Label}, s.Retired, old.Version+1, now
		if err := tx.Select("*").Updates(&row).Error; err != nil {
			return fmt.Errorf("change an attestation status: %w", err)
		}
		out = row.toStatus()
		return r.logAdmin(tx, a, reason, now, statusSubject(s.Key), old, out)
	})
	return out, err
}

// keepsStatus decides about the statuses of an office, or of everybody. An office
// that is not there is nobody's.
func (a Actor) keepsStatus(tx *gorm.DB, office string) error {
	if office == "" || a.check(toKeepStatuses) == nil {
		return a.check(toKeepStatuses)
	}
	row, err := readOffice(tx, office, "")
	if err != nil {
		return a.refuse(toKeepStatuses)
	}
	paths, err := areaPaths(tx, []string{row.Area})
	if err != nil {
		return err
	}
	if slices.ContainsFunc(a.to(toKeepStatuses).staff(), func(g Grant) bool { return g.Kind == "" && slices.Contains(paths[row.Area], g.Area) }) {
		return nil
	}
	return a.refuse(toKeepStatuses)
}

// check returns Invalid "invalid_attestation_status".
func (s AttestationStatus) check(tx *gorm.DB) error {
	var p definitionProblems
	p.add(!reKey.MatchString(s.Key) || len(s.Key) > maxKeyLength, "key", "Small letters, digits and single underscores, beginning with a letter; at most 63.")
	p.add(reKey.MatchString(s.Key) && State(strings.ToUpper(s.Key)).Known(), "key", "A state itself has this name.")
	p.add(!s.State.Decidable(), "state", "NEW, ATTESTED, REJECTED or REVOKED: the clock alone makes EXPIRED.")
	p.add(!labelsFine(s.Label) || s.Label["en"] == "", "label", "One line per language; English (en) is needed.")
	if s.Office != "" {
		row, err := readOffice(tx, s.Office, "")
		if err != nil && fault.KindOf(err) != fault.NotFound {
			return err
		}
		p.add(err != nil || !row.Active, "office", "There is no such office, or it is retired.")
	}
	return s.invalid(p)
}

func (s AttestationStatus) checkChange(old AttestationStatus) error {
	if s.Version != old.Version {
		return fault.New(fault.Conflict, "version_conflict", "Somebody else has changed this status since you opened it.")
	}
	var p definitionProblems
	p.add(!labelsFine(s.Label) || s.Label["en"] == "", "label", "One line per language; English (en) is needed.")
	const words = "This cannot be changed: decisions rest on it. Define another status and retire this one."
	if s.State != old.State {
		p = append(p, fault.Field{Name: "state", Code: "fixed", Detail: words})
	}
	if s.Office != old.Office {
		p = append(p, fault.Field{Name: "office", Code: "fixed", Detail: words})
	}
	return s.invalid(p)
}

func (s AttestationStatus) invalid(p definitionProblems) error {
	if len(p) == 0 {
		return nil
	}
	return fault.InvalidFields("invalid_attestation_status", "The attestation status has mistakes.", p)
}

// usableStatus is a status and where those who use it work.
type usableStatus struct {
	statusRow
	area  string              // of its office; "": it is everybody's
	paths map[string][]string // of the areas to which the actor's roles are bounded: see areaPaths
}

// loadUsableStatuses reads the statuses that decisions name, by key.
func loadUsableStatuses(tx *gorm.DB, a Actor, all []decisionsOn) (map[string]usableStatus, error) {
	var keys []string
	for _, one := range all {
		for _, d := range one.decisions {
			if reKey.MatchString(d.Status) && !slices.Contains(keys, d.Status) {
				keys = append(keys, d.Status)
			}
		}
	}
	if len(keys) == 0 {
		return nil, nil
	}
	var rows []struct {
		Status statusRow `gorm:"embedded"`
		Area   optional  `gorm:"column:area"`
	}
	err := tx.Raw(`SELECT s.*, o.area FROM attestation_status s LEFT JOIN office o ON o.code = s.office WHERE s.key IN ?`, keys).Scan(&rows).Error
	if err != nil {
		return nil, fmt.Errorf("load attestation statuses: %w", err)
	}
	var codes []string
	for _, g := range a.grants(rolesFor(toAttest)) {
		codes = append(codes, g.Area)
	}
	paths, err := areaPaths(tx, codes)
	if err != nil {
		return nil, err
	}
	out := make(map[string]usableStatus, len(rows))
	for _, row := range rows {
		out[row.Status.Key] = usableStatus{row.Status, string(row.Area), paths}
	}
	return out, nil
}

// usableBy tells whether the role by which the actor decides about a section of
// the record is bounded to the area of the status's office, or to nothing.
func (s usableStatus) usableBy(a Actor, section string, rec record) bool {
	if s.area == "" {
		return true
	}
	return slices.ContainsFunc(a.grants(rolesFor(toAttest)), func(g Grant) bool {
		return g.covers(rec.row.Kind, rec.above) && (g.Section == "" || g.Section == section) &&
			(g.Area == "" || slices.Contains(s.paths[g.Area], s.area))
	})
}

// areaPaths gives for each area its code and those of the areas above it, from the
// top down.
func areaPaths(tx *gorm.DB, codes []string) (map[string][]string, error) {
	codes = slices.DeleteFunc(codes, func(code string) bool { return code == "" })
	if len(codes) == 0 {
		return nil, nil
	}
	var rows []struct{ Code, Path string }
	if err := tx.Raw(`SELECT code, path FROM area WHERE code IN ?`, codes).Scan(&rows).Error; err != nil {
		return nil, fmt.Errorf("read the paths of areas: %w", err)
	}
	out := make(map[string][]string, len(rows))
	for _, row := range rows {
		out[row.Code] = pathCodes(row.Path)
	}
	return out, nil
}
