package registry

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/google/uuid"
	"gorm.io/gorm"
)

// Grant is a role and the bounds in which it holds: all of them must be met.
type Grant struct {
	Role    Role
	Area    string // code: records of it and of what lies below; "": everywhere, records without an area too
	Kind    string // PersonKind, AnyGroup or one kind of group; "": people and groups
	Section string // edits of and decisions about this section of fields only; "": every section
	Until   string // the last day (YYYY-MM-DD, UTC) on which it holds; "": until it is taken
}

// boundless tells whether the role holds for the registry as a whole.
func (g Grant) boundless() bool { return g.Area == "" && g.Kind == "" && g.Section == "" }

// overBy tells whether the last day of the role lies before a day.
func (g Grant) overBy(day string) bool { return g.Until != "" && g.Until < day }

// lastsAs tells whether the role lasts at least as long as another.
func (g Grant) lastsAs(other Grant) bool {
	return g.Until == "" || other.Until != "" && other.Until <= g.Until
}

// covers tells whether the grant holds for records of a kind; above are the
// codes of the record's area and of those above it.
func (g Grant) covers(kind string, above []string) bool {
	return g.coversKind(kind) && (g.Area == "" || slices.Contains(above, g.Area))
}

func (g Grant) coversKind(kind string) bool {
	return g.Kind == "" || g.Kind == kind || g.Kind == AnyGroup && kind != "" && kind != PersonKind
}

// grants lists what the actor holds of some roles. A role of Actor.Roles for
// which Actor.Grants sets no bounds holds everywhere.
func (a Actor) grants(roles []Role) []Grant {
	var held []Grant
	for _, role := range a.Roles {
		if !slices.Contains(roles, role) {
			continue
		}
		bounded := false
		for _, g := range a.Grants {
			if g.Role == role {
				held, bounded = append(held, g), true
			}
		}
		if !bounded {
			held = append(held, Grant{Role: role})
		}
	}
	return held
}

// HasEverywhere tells whether the actor has the role without bounds.
func (a Actor) HasEverywhere(r Role) bool {
	return slices.ContainsFunc(a.grants([]Role{r}), Grant.boundless)
}

// access is an actor and what it wants to do with records: they are read with
// it, so that none is read by whom it is not for.
type access struct {
	actor     Actor
	roles     []Role // each allows it
	bySection bool   // it is done field by field: a role that holds for a section will do
}

// to says what the actor reads records for: nothing, if the token by which the
// actor came does not open it.
func (a Actor) to(act action) access {
	if a.inScope(act) != nil {
		return access{actor: a}
	}
	return access{a, rolesFor(act), bySection(act)}
}

// bySection tells which actions a role that is bounded to a section of fields
// allows: whoever writes is held to the section field by field.
func bySection(act action) bool {
	switch act {
	case toRead, toSearch, toExport, toReadKin, toReadAreas, toRegister, toEdit, toAddVersion, toIdentify, toAttest, toApprove, toReadStaff, toCreateStaff,
		toReadDocuments, toAddDocument, toRemoveDocument, toReadAppeals:
		return true
	}
	return false
}

// staff lists the grants that hold besides the right to the own record.
func (who access) staff() []Grant {
	return slices.DeleteFunc(who.actor.grants(who.roles), func(g Grant) bool {
		return g.Role == RoleRegistrant || g.Section != "" && !who.bySection
	})
}

// reaches tells whether one record is for the actor.
func (who access) reaches(row *registrantRow, above []string) bool {
	if slices.ContainsFunc(who.staff(), func(g Grant) bool { return g.covers(row.Kind, above) }) {
		return true
	}
	return slices.Contains(who.roles, RoleRegistrant) && who.actor.Has(RoleRegistrant) &&
		who.actor.RegistrantID != uuid.Nil && who.actor.RegistrantID == row.ID
}

// condition is reaches as SQL about a table that has the columns area and kind
// of registrant, for staff; "" when every record is for the actor. No grant is
// no record.
func (who access) condition(table string) (sql string, args []any) {
	var either []string
	for _, g := range who.staff() {
		var all []string
		if g.Area != "" {
			all, args = append(all, inArea(table)), append(args, g.Area)
		}
		switch g.Kind {
		case "":
		case AnyGroup:
			all, args = append(all, table+".kind <> ?"), append(args, PersonKind)
		default:
			all, args = append(all, table+".kind = ?"), append(args, g.Kind)
		}
		if len(all) == 0 {
			return "", nil
		}
		either = append(either, strings.Join(all, " AND "))
	}
	if len(either) == 0 {
		return "1 = 0", nil
	}
	return "(" + strings.Join(either, " OR ") + ")", args
}

// inArea is the condition that a record lies in an area, given by its code, or
// below it. A path ends in a slash; the next character is the 0.
func inArea(table string) string {
	return table + `.area IN (SELECT below.code FROM area top JOIN area below ON below.path >= top.path
		AND below.path < substr(top.path, 1, length(top.path) - 1) || '0' WHERE top.code = ?)`
}

// known tells who of some people and groups is for staff with bounds; for everybody
// else they all are.
func (who access) known(tx *gorm.DB, ids []uuid.UUID) (func(id uuid.UUID) bool, error) {
	sql, args := who.condition("registrant")
	if len(who.actor.Grants) == 0 || sql == "" {
		return func(uuid.UUID) bool { return true }, nil
	}
	var found []uuid.UUID
	if err := tx.Raw(`SELECT id FROM registrant WHERE id IN ? AND `+sql, append([]any{ids}, args...)...).Scan(&found).Error; err != nil {
		return nil, fmt.Errorf("look who is outside the bounds of a role: %w", err)
	}
	known := make(map[uuid.UUID]bool, len(found))
	for _, id := range found {
		known[id] = true
	}
	return func(id uuid.UUID) bool { return known[id] }, nil
}

// within narrows a search to the records that are for the actor.
func (w *where) within(who access) {
	if sql, args := who.condition("registrant"); sql != "" {
		w.and(sql, args...)
	}
}

// withinOrMember is within, and finds who is or was in a group as well.
func (w *where) withinOrMember(who access, group uuid.UUID) {
	if sql, args := who.condition("registrant"); sql != "" {
		w.and("("+sql+" OR EXISTS (SELECT 1 FROM membership m WHERE m.group_id = ? AND m.member_id = registrant.id))", append(args, group)...)
	}
}

// pathCodes splits area.path: the codes from the top down to the area itself.
func pathCodes(path string) []string {
	if path == "" {
		return nil
	}
	return strings.Split(strings.TrimSuffix(path, "/"), "/")
}

// CheckReach decides for packages with rights of their own whether one of these
// roles of the actor holds for a record. Where one holds for everybody, the record
// is not looked at. It returns NotFound, for a record that is not there as well.
func (r *Registry) CheckReach(ctx context.Context, a Actor, id uuid.UUID, roles ...Role) error {
	if sql, _ := (access{actor: a, roles: roles}).condition("registrant"); sql == "" {
		return nil
	}
	return r.db.Read(ctx, func(tx *gorm.DB) error {
		_, err := readRow(tx, access{actor: a, roles: roles}, id, "")
		return err
	})
}
