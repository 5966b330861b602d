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
	Until     db.Date   `gorm:"column:until"`
	GrantedBy string    `gorm:"column:granted_by"`
	GrantedAt db.Time   `gorm:"column:granted_at"`
}

func (assignmentRow) TableName() string { return "role_assignment" }

func (row *assignmentRow) grant() Grant {
	return Grant{Role: row.Role, Area: string(row.Area), Kind: string(row.Kind), Section: string(row.Section), Until: string(row.Until)}
}

func (row *assignmentRow) toAssignment() Assignment {
	return Assignment{ID: row.ID, Grant: row.grant(), By: row.GrantedBy, At: row.GrantedAt.Time}
}

// staffRoles are the roles that can be given to staff.
func staffRoles() []Role {
	return []Role{RoleAdmin, RoleRegistrar, RoleFieldWorker, RoleAttester, RoleAuditor}
}

// GrantRole gives a member of staff a role within bounds, from the next request
// on. A role that the account has within the same bounds gets another last day; at
// the end of it, or before, nothing has to be taken away. An administrator with
// bounds gives roles within them only, and none that outlasts their own. Errors:
// Forbidden, "grant_exceeds" for bounds that the actor's own do not cover; NotFound
// "no_such_account", also for an account that is outside of them; Invalid
// "invalid_grant" with the wrong members; Conflict "already_granted", and
// "last_admin" where nobody else could keep the registry for good.
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
		Section: optional(g.Section), Until: db.Date(g.Until), GrantedBy: actor.name(), GrantedAt: now}
	if err := r.checkGrant(tx, g, r.today()); err != nil {
		return row, err
	}
	places, err := areaPlaces(tx, actor)
	if err != nil {
		return row, err
	}
	if !actor.mayGive(g, places) {
		return row, fault.New(fault.Forbidden, "grant_exceeds", "This account gives roles within its own bounds only.")
	}
	held, err := assignmentsOf(tx, account)
	if err != nil {
		return row, err
	}
	for _, old := range held {
		if !old.grant().sameBut(g) {
			continue
		}
		if old.Until == row.Until {
			return row, fault.New(fault.Conflict, "already_granted", "This account has this role already.")
		}
		row.ID = old.ID
		if err := tx.Model(&row).Select("until", "granted_by", "granted_at").Updates(&row).Error; err != nil {
			return row, fmt.Errorf("give a role for another time: %w", err)
		}
		return row, nil
	}
	if err := tx.Create(&row).Error; err != nil {
		return row, fmt.Errorf("give a role: %w", err)
	}
	return row, nil
}

// sameBut tells whether two grants differ at most by their last day.
func (g Grant) sameBut(other Grant) bool {
	g.Until = other.Until
	return g == other
}

// today is the day by which the last day of a role counts.
func (r *Registry) today() string { return r.now().UTC().Format(time.DateOnly) }

// checkGrant returns Invalid "invalid_grant" with the wrong members.
func (r *Registry) checkGrant(tx *gorm.DB, g Grant, today string) error {
	var bad []fault.Field
	if g.Until != "" && (!isDay(g.Until) || g.overBy(today)) {
		bad = append(bad, fault.Field{Name: "until", Code: "bad_until", Detail: "A day as 2026-12-31, today or later."})
	}
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

// mayGive tells whether the actor's own bounds cover those of a role, and last as long.
func (a Actor) mayGive(g Grant, places func(code string) []string) bool {
	return slices.ContainsFunc(a.over(toCreateStaff, g, places), func(own Grant) bool { return own.lastsAs(g) })
}

// over lists the grants by which the actor reads or keeps staff that cover the bounds
// of a role; places gives the codes of an area and of those above it.
func (a Actor) over(act action, g Grant, places func(code string) []string) []Grant {
	return slices.DeleteFunc(a.to(act).staff(), func(own Grant) bool {
		return !((own.Area == "" || slices.Contains(places(g.Area), own.Area)) &&
			(own.Kind == "" || g.Kind != "" && own.coversKind(g.Kind)) &&
			(own.Section == "" || own.Section == g.Section))
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

// live leaves out the roles that are over.
func live(rows []assignmentRow, today string) []assignmentRow {
	return slices.DeleteFunc(rows, func(row assignmentRow) bool { return row.grant().overBy(today) })
}

// bounds gives the grants of the roles that do not hold everywhere for good. A role
// that is held so as well has no bounds.
func bounds(rows []assignmentRow) []Grant {
	var out []Grant
	for _, row := range rows {
		everywhere := slices.ContainsFunc(rows, func(x assignmentRow) bool { return x.Role == row.Role && x.grant().boundless() && x.Until == "" })
		if !everywhere {
			out = append(out, row.grant())
		}
	}
	return out
}

// readActor gives what an account may do now. It is the only way from an account
// to an Actor, and reads the roles each time: a change holds from the next request
// on, and so does the end of a role. An account of staff whose roles are all over
// has none.
func (r *Registry) readActor(tx *gorm.DB, account accountRow) (Actor, error) {
	acc := account.toAccount()
	if account.RegistrantID != nil {
		return Actor{AccountID: acc.ID, Name: acc.Username, Roles: acc.Roles, RegistrantID: acc.RegistrantID, Channel: ChannelSelf}, nil
	}
	rows, err := assignmentsOf(tx, account.ID)
	if err != nil {
		return Actor{}, err
	}
	rows = live(rows, r.today())
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
