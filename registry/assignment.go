package registry

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/google/uuid"
	"gorm.io/gorm"

	"socialregistry/internal/db"
	"socialregistry/internal/fault"
)

// Assignment is a role that a member of staff has.
type Assignment struct {
	ID uuid.UUID
	Grant
	By string // who gave it
	At time.Time
}

// assignmentRow is a row of role_assignment.
type assignmentRow struct {
	ID        uuid.UUID `gorm:"column:id;primaryKey"`
	AccountID uuid.UUID `gorm:"column:account_id"`
	Role      Role      `gorm:"column:role"`
	Area      optional  `gorm:"column:area"`
	Kind      optional  `gorm:"column:kind"`
	Section   optional  `gorm:"column:section"`
	GrantedBy string    `gorm:"column:granted_by"`
	GrantedAt db.Time   `gorm:"column:granted_at"`
}

func (assignmentRow) TableName() string { return "role_assignment" }

func (row *assignmentRow) grant() Grant {
	return Grant{Role: row.Role, Area: string(row.Area), Kind: string(row.Kind), Section: string(row.Section)}
}

func (row *assignmentRow) toAssignment() Assignment {
	return Assignment{ID: row.ID, Grant: row.grant(), By: row.GrantedBy, At: row.GrantedAt.Time}
}

// staffRoles are the roles that can be given to staff.
func staffRoles() []Role {
	return []Role{RoleAdmin, RoleRegistrar, RoleFieldWorker, RoleAttester, RoleAuditor}
}

// GrantRole gives a member of staff a role within bounds, from the next request
// on. An administrator with bounds gives roles within them only. Errors: Forbidden,
// "grant_exceeds" for bounds that the actor's own do not cover; NotFound
// "no_such_account", also for an account that is outside of them; Invalid
// "invalid_grant" with the wrong members; Conflict "already_granted".
func (r *Registry) GrantRole(ctx context.Context, actor Actor, username string, g Grant, reason string) (Assignment, error) {
	var out Assignment
	err := r.changeStaff(ctx, actor, username, reason, func(tx *gorm.DB, account accountRow, now db.Time) error {
		row, err := r.addGrant(tx, actor, account.ID, g, now)
		out = row.toAssignment()
		return err
	})
	return out, err
}

// RevokeRole takes a role from a member of staff, from the next request on. The
// last one stays: close the account instead. Errors: Forbidden; NotFound
// "no_such_account" and "no_such_assignment"; Conflict "last_role", and "last_admin"
// where nobody else could keep the registry.
func (r *Registry) RevokeRole(ctx context.Context, actor Actor, username string, id uuid.UUID, reason string) error {
	return r.changeStaff(ctx, actor, username, reason, func(tx *gorm.DB, account accountRow, _ db.Time) error {
		rows, err := assignmentsOf(tx, account.ID)
		if err != nil {
			return err
		}
		i := slices.IndexFunc(rows, func(row assignmentRow) bool { return row.ID == id })
		switch {
		case i < 0:
			return fault.New(fault.NotFound, "no_such_assignment", "This account has no such role.")
		case len(rows) == 1:
			return fault.New(fault.Conflict, "last_role", "An account has at least one role; close it instead.")
		}
		if err := tx.Delete(&rows[i]).Error; err != nil {
			return fmt.Errorf("take a role: %w", err)
		}
		return nil
	})
}

// addGrant checks and stores one role of an account.
func (r *Registry) addGrant(tx *gorm.DB, actor Actor, account uuid.UUID, g Grant, now db.Time) (assignmentRow, error) {
	row := assignmentRow{ID: uuid.Must(uuid.NewV7()), AccountID: account, Role: g.Role, Area: optional(g.Area), Kind: optional(g.Kind),
		Section: optional(g.Section), GrantedBy: actor.name(), GrantedAt: now}
	if err := r.checkGrant(tx, g); err != nil {
		return row, err
	}
	places, err := areaPlaces(tx, actor)
	if err != nil {
		return row, err
	}
	if !actor.mayGive(toCreateStaff, g, places) {
		return row, fault.New(fault.Forbidden, "grant_exceeds", "This account gives roles within its own bounds only.")
	}
	err = tx.Create(&row).Error
	if r.db.Dialect.IsDuplicate(err) {
		return row, fault.New(fault.Conflict, "already_granted", "This account has this role already.")
	}
	if err != nil {
		return row, fmt.Errorf("give a role: %w", err)
	}
	return row, nil
}

// checkGrant returns Invalid "invalid_grant" with the wrong members.
func (r *Registry) checkGrant(tx *gorm.DB, g Grant) error {
	var bad []fault.Field
	if !slices.Contains(staffRoles(), g.Role) {
		bad = append(bad, fault.Field{Name: "role", Code: "bad_role", Detail: "admin, registrar, field_worker, attester or auditor."})
	}
	if g.Area != "" {
		_, err := readArea(tx, g.Area, "")
		if err != nil && fault.KindOf(err) != fault.NotFound {
			return err
		}
		if err != nil {
			bad = append(bad, fault.Field{Name: "area", Code: "unknown_area", Detail: "There is no such area."})
		}
	}
	if g.Kind != "" && (!reKey.MatchString(g.Kind) || len(g.Kind) > maxKeyLength) {
		bad = append(bad, fault.Field{Name: "kind", Code: "bad_kind", Detail: "person, group, or a kind of group."})
	}
	if g.Section != "" {
		fields, err := r.allFields(tx)
		if err != nil {
			return err
		}
		if !slices.ContainsFunc(fields.list, func(def *fieldDef) bool { return def.Section == g.Section }) {
			bad = append(bad, fault.Field{Name: "section", Code: "unknown_section", Detail: "No field is in this section."})
		}
	}
	if len(bad) > 0 {
		return fault.InvalidFields("invalid_grant", "The role cannot be given like this.", bad)
	}
	return nil
}

// areaPlaces gives, for an area, the codes of it and of those above it. For an
// actor without bounds, who does not ask, no area is read.
func areaPlaces(tx *gorm.DB, actor Actor) (func(code string) []string, error) {
	if len(actor.Grants) == 0 {
		return func(string) []string { return nil }, nil
	}
	var rows []areaRow
	if err := tx.Select("code", "path").Find(&rows).Error; err != nil {
		return nil, fmt.Errorf("read areas: %w", err)
	}
	paths := make(map[string]string, len(rows))
	for _, row := range rows {
		paths[row.Code] = row.Path
	}
	return func(code string) []string { return pathCodes(paths[code]) }, nil
}

// mayGive tells whether the bounds within which the actor reads or keeps staff
// cover those of a role; places gives the codes of an area and of those above it.
func (a Actor) mayGive(act action, g Grant, places func(code string) []string) bool {
	return slices.ContainsFunc(a.to(act).staff(), func(own Grant) bool {
		return (own.Area == "" || slices.Contains(places(g.Area), own.Area)) &&
			(own.Kind == "" || g.Kind != "" && own.coversKind(g.Kind)) &&
			(own.Section == "" || own.Section == g.Section)
	})
}

// assignmentsOf reads the roles of an account in the order in which they were
// given.
func assignmentsOf(tx *gorm.DB, account uuid.UUID) ([]assignmentRow, error) {
	var rows []assignmentRow
	if err := tx.Where("account_id = ?", account).Order("granted_at, id").Find(&rows).Error; err != nil {
		return nil, fmt.Errorf("read the roles of an account: %w", err)
	}
	return rows, nil
}

// rolesOf names each role once.
func rolesOf(rows []assignmentRow) []Role {
	var roles []Role
	for _, row := range rows {
		if !slices.Contains(roles, row.Role) {
			roles = append(roles, row.Role)
		}
	}
	return roles
}

// bounds gives the grants of the roles that do not hold everywhere. A role that
// is held everywhere as well has no bounds.
func bounds(rows []assignmentRow) []Grant {
	var out []Grant
	for _, row := range rows {
		everywhere := slices.ContainsFunc(rows, func(x assignmentRow) bool { return x.Role == row.Role && x.grant().boundless() })
		if !everywhere {
			out = append(out, row.grant())
		}
	}
	return out
}

// readActor gives what an account may do now. It is the only way from an account
// to an Actor, and reads the roles each time: a change holds from the next request
// on.
func readActor(tx *gorm.DB, account accountRow) (Actor, error) {
	acc := account.toAccount()
	if account.RegistrantID != nil {
		return Actor{AccountID: acc.ID, Name: acc.Username, Roles: acc.Roles, RegistrantID: acc.RegistrantID, Channel: ChannelSelf}, nil
	}
	rows, err := assignmentsOf(tx, account.ID)
	if err != nil {
		return Actor{}, err
	}
	return Actor{AccountID: acc.ID, Name: acc.Username, Roles: rolesOf(rows), Grants: bounds(rows), Channel: ChannelStaff}, nil
}

func joinRoles(roles []Role) string {
	names := make([]string, 0, len(roles))
	for _, role := range roles {
		if !slices.Contains(names, string(role)) {
			names = append(names, string(role))
		}
	}
	return strings.Join(names, " ")
}
