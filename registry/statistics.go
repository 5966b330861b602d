package registry

import (
	"context"
	"fmt"
	"time"

	"gorm.io/gorm"

	"socialregistry/internal/db"
	"socialregistry/internal/fault"
)

// MinimumCell is the least number of people that statistics speak of.
const MinimumCell = 5

// Statistics are numbers about active people, and groups that have not ended, as
// of one moment.
type Statistics struct {
	AsOf        time.Time // when they were counted
	MinimumCell int       // smaller numbers are hidden
	People      Table     // area by sex and age band; areas of few people stand together
	Attestation Table     // field and state by the month of the decision; states of few people stand together
	Queues      Table     // queue by the days that people have waited in it; queues of which nothing can be told are left out
	Groups      Table     // kind by the number of people in a group; counts groups
	Programmes  Table     // programme and kind by where people and groups stand in it
	ByArea      AreaTables
}

// Statistics gives the numbers of the last count, without those of fields that the
// actor may not see. It returns Unavailable
// "not_counted_yet", or Forbidden.
func (r *Registry) Statistics(ctx context.Context, a Actor) (Statistics, error) {
	if err := a.check(toReadStats); err != nil {
		return Statistics{}, err
	}
	out := Statistics{MinimumCell: MinimumCell}
	err := r.db.Read(ctx, func(tx *gorm.DB) error {
		asOf, err := statisticsTime(tx)
		if err != nil {
			return err
		}
		out.AsOf = asOf
		hidden, err := r.hiddenFrom(tx, a)
		if err != nil {
			return err
		}
		if out.People, err = peopleTable(tx); err != nil {
			return err
		}
		if hidden["sex"] || hidden["birth_date"] {
			out.People.withoutRows(func([]string) bool { return true })
		}
		people, err := activePeople(tx)
		if err != nil {
			return err
		}
		var untold map[string]bool
		if out.Attestation, untold, err = r.attestationTable(tx, asOf, people); err != nil {
			return err
		}
		out.Attestation.withoutRows(func(head []string) bool { return hidden[head[0]] })
		if out.ByArea, err = r.areaTables(tx, "", asOf, hidden); err != nil {
			return err
		}
		if out.Queues, err = queueTable(tx, people, untold); err != nil {
			return err
		}
		if out.Groups, err = groupTable(tx); err != nil {
			return err
		}
		out.Programmes, err = programmeTable(tx, people)
		return err
	})
	return out, err
}

// statisticsTime is when the numbers were counted.
func statisticsTime(tx *gorm.DB) (time.Time, error) {
	var at []db.Time
	if err := tx.Raw(`SELECT as_of FROM stat_refresh WHERE one = 1`).Scan(&at).Error; err != nil {
		return time.Time{}, fmt.Errorf("read the time of the statistics: %w", err)
	}
	if len(at) == 0 || at[0].Year() < 2000 { // the migration's own row
		return time.Time{}, fault.New(fault.Unavailable, "not_counted_yet", "The statistics have not been counted yet. Try again in a while.")
	}
	return at[0].Time, nil
}
