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
)

// AgeBand is a range of ages in completed years.
type AgeBand string

// The bands. AgeUnknown is that of whoever has no date of birth.
const (
	Age0to4    AgeBand = "0-4"
	Age5to17   AgeBand = "5-17"
	Age18to64  AgeBand = "18-64"
	Age65      AgeBand = "65+"
	AgeUnknown AgeBand = "unknown"
)

// AgeBands lists the bands, the unknown one last.
func AgeBands() []AgeBand { return []AgeBand{Age0to4, Age5to17, Age18to64, Age65, AgeUnknown} }

// unknownSex is what a fact says where a record does not.
const unknownSex = "unknown"

// HouseholdFacts are counted from the members as they were on one day, and never
// stored: they cannot disagree with the members. Sex and date of birth are those
// of the members' records now, and unknown to whoever does not see these fields. Members that are groups count as Groups alone.
type HouseholdFacts struct {
	AsOf       string // day
	Size       int    // people
	Groups     int
	Counts     []AgeSexCount // none with N 0; by band, then sex
	HeadSex    string        // "" without a head; unknown
	HeadBand   AgeBand       // "" without a head
	Dependants int           // people under 18 or of 65 and more
	WorkingAge int           // people from 18 to 64
}

// AgeSexCount is the number of people of one sex in one band.
type AgeSexCount struct {
	Band AgeBand
	Sex  string // a value of the field sex; unknown
	N    int
}

// DependencyRatio is the number of dependants to 100 people of working age; ok
// is false if there are none of them.
func (f HouseholdFacts) DependencyRatio() (ratio float64, ok bool) {
	if f.WorkingAge == 0 {
		return 0, false
	}
	return 100 * float64(f.Dependants) / float64(f.WorkingAge), true
}

// HouseholdFacts counts the members of a group, of whatever kind, as of a day
// ("": today): for staff at any time, for the head now. It returns NotFound
// "no_such_group", Invalid "bad_query", or Forbidden.
func (r *Registry) HouseholdFacts(ctx context.Context, a Actor, group uuid.UUID, asOf string) (HouseholdFacts, error) {
	if err := a.checkAny(toRead); err != nil {
		return HouseholdFacts{}, err
	}
	on, err := r.asOf(asOf)
	if err != nil {
		return HouseholdFacts{}, err
	}
	if on == "" || !a.may(toRead) {
		on = r.now().UTC().Format(time.DateOnly)
	}
	var facts HouseholdFacts
	err = r.db.Read(ctx, func(tx *gorm.DB) error {
		who, err := a.checkOnGroup(tx, toRead, group, asHead)
		if err != nil {
			return err
		}
		if _, err := r.loadGroup(tx, who, group, ""); err != nil {
			return err
		}
		hidden, err := r.hiddenFrom(tx, a)
		if err != nil {
			return err
		}
		alike, err := membersAlike(tx, group, on)
		if err == nil {
			facts = HouseholdFacts{AsOf: on}
			facts.count(hide(hidden, alike))
		}
		return err
	})
	return facts, err
}

// alike is a number of members of whom facts say the same.
type alike struct {
	IsPerson  bool     `gorm:"column:is_person"`
	IsHead    bool     `gorm:"column:is_head"`
	Sex       optional `gorm:"column:sex"`
	BirthDate db.Date  `gorm:"column:birth_date"`
	N         int      `gorm:"column:n"`
}

// membersAlike counts the members of a group on a day.
func membersAlike(tx *gorm.DB, group uuid.UUID, on string) ([]alike, error) {
	var rows []alike
	err := tx.Raw(`SELECT r.kind = 'person' AS is_person, m.role = '`+HeadRole+`' AS is_head, r.sex, r.birth_date, count(*) AS n
		FROM membership m JOIN registrant r ON r.id = m.member_id
		WHERE m.group_id = ? AND m.start_date <= ? AND (m.end_date IS NULL OR m.end_date > ?)
		GROUP BY 1, 2, 3, 4`, group, db.Date(on), db.Date(on)).Scan(&rows).Error
	if err != nil {
		return nil, fmt.Errorf("count the members of a group: %w", err)
	}
	return rows, nil
}

// hide leaves unknown what the reader is not told.
func hide(hidden map[string]bool, members []alike) []alike {
	for i := range members {
		if hidden["sex"] {
			members[i].Sex = ""
		}
		if hidden["birth_date"] {
			members[i].BirthDate = ""
		}
	}
	return members
}

// count adds up members for the day AsOf.
func (f *HouseholdFacts) count(members []alike) {
	counts := map[AgeSexCount]int{}
	for _, m := range members {
		if !m.IsPerson {
			f.Groups += m.N
			continue
		}
		f.Size += m.N
		band, sex := bandOn(string(m.BirthDate), f.AsOf), string(m.Sex)
		if sex == "" {
			sex = unknownSex
		}
		switch band {
		case Age18to64:
			f.WorkingAge += m.N
		case Age0to4, Age5to17, Age65:
			f.Dependants += m.N
		}
		if m.IsHead {
			f.HeadSex, f.HeadBand = sex, band
		}
		counts[AgeSexCount{Band: band, Sex: sex}] += m.N
	}
	for c, n := range counts {
		f.Counts = append(f.Counts, AgeSexCount{c.Band, c.Sex, n})
	}
	slices.SortFunc(f.Counts, func(a, b AgeSexCount) int {
		if d := slices.Index(AgeBands(), a.Band) - slices.Index(AgeBands(), b.Band); d != 0 {
			return d
		}
		return strings.Compare(a.Sex, b.Sex)
	})
}

// bandOn is the band of somebody born on one day, on another. Who is born on
// 29 February is a year older on 1 March where there is no such day. A birth
// after that day is not known to be right.
func bandOn(birth, on string) AgeBand {
	if birth == "" || birth > on {
		return AgeUnknown
	}
	born, err := time.Parse(time.DateOnly, birth)
	if err != nil {
		return AgeUnknown
	}
	day, err := time.Parse(time.DateOnly, on)
	if err != nil {
		return AgeUnknown
	}
	age := day.Year() - born.Year()
	if birth[len("2006"):] > on[len("2006"):] { // the birthday is still to come
		age--
	}
	switch {
	case age < 5:
		return Age0to4
	case age < 18:
		return Age5to17
	case age < 65:
		return Age18to64
	}
	return Age65
}
