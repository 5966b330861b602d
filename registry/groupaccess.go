package registry

import (
	"fmt"
	"slices"

	"github.com/google/uuid"
	"gorm.io/gorm"
)

// part is what a registered person must be in a group to read about it.
type part string

const (
	asMember part = ""       // in it now
	asHead   part = HeadRole // its head now
)

// checkAny refuses who may not do act on any record at all. Which record it is
// must be checked too.
func (a Actor) checkAny(act action) error {
	if err := a.inScope(act); err != nil {
		return err
	}
	if a.may(act) || a.Has(RoleRegistrant) && slices.Contains(rolesFor(act), RoleRegistrant) {
		return nil
	}
	return a.refuse(act)
}

// checkOnGroup decides about an action on one group. Staff may do what they may
// do to a person; a registered person must have a part in the group now, and is
// told NotFound otherwise, whether there is such a group or not. It gives what the
// group is to be read with.
func (a Actor) checkOnGroup(tx *gorm.DB, act action, id uuid.UUID, as part) (access, error) {
	if err := a.checkAny(act); err != nil || a.may(act) {
		return a.to(act), err
	}
	if a.RegistrantID == uuid.Nil {
		return access{}, errNoGroup()
	}
	var n int64
	found := tx.Model(&membershipRow{}).Where("group_id = ? AND member_id = ? AND end_date IS NULL", id, a.RegistrantID)
	if as != asMember {
		found = found.Where("role = ?", as)
	}
	if err := found.Count(&n).Error; err != nil {
		return access{}, fmt.Errorf("look up a membership: %w", err)
	}
	if n == 0 {
		return access{}, errNoGroup()
	}
	return System().to(toRead), nil
}
