package registry

import (
	"context"
	"fmt"
	"slices"
	"strings"
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
	People      Table     // region by sex and age band; regions of few people stand together
	Attestation Table     // field and state by the month of the decision
	Queues      Table     // queue by the days that people have waited in it
	Groups      Table     // kind by the number of people in a group; counts groups
	Programmes  Table     // programme and kind by where people and groups stand in it
}

// otherRegion is the head under which regions of few people stand together: the
// region is free text, and a rare one could name somebody.
const otherRegion = "(other)"

// decisionMonths is how many months of decisions are told apart.
const decisionMonths = 12

// Heads of the statistics that are not dates or values of fields.
const (
	headUnknown = "unknown" // no value, or one that has no head of its own
	headEarlier = "earlier" // before the months that are told apart
	headNone    = "none"    // no decision, so no month
)

// The tables of counts, each beside the view that it is counted from.
var statTables = [...]string{"stat_registrant", "stat_attestation", "stat_queue", "stat_group", "stat_programme"}

// RefreshStatistics counts anew if the numbers are older than maxAge, and tells
// whether it did. Of several servers that ask at the same time one counts. It
// returns Forbidden.
func (r *Registry) RefreshStatistics(ctx context.Context, a Actor, maxAge time.Duration) (counted bool, err error) {
	if err := a.check(toCountStats); err != nil {
		return false, err
	}
	err = r.db.InTx(ctx, r.now, func(tx *gorm.DB, now db.Time) error {
		done := tx.Exec(`UPDATE stat_refresh SET as_of = ? WHERE one = 1 AND as_of <= ?`, now, db.TimeOf(now.Add(-maxAge)))
		if done.Error != nil {
			return fmt.Errorf("refresh statistics: %w", done.Error)
		}
		if counted = done.RowsAffected == 1; !counted {
			return nil
		}
		for _, table := range statTables {
			if err := r.db.Dialect.Refresh(tx, table); err != nil {
				return fmt.Errorf("refresh statistics: %w", err)
			}
		}
		return nil
	})
	return counted, err
}

// Statistics gives the numbers of the last count. It returns Unavailable
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
		if out.People, err = peopleTable(tx); err != nil {
			return err
		}
		if out.Attestation, err = r.attestationTable(tx, asOf); err != nil {
			return err
		}
		if out.Queues, err = queueTable(tx); err != nil {
			return err
		}
		if out.Groups, err = groupTable(tx); err != nil {
			return err
		}
		out.Programmes, err = programmeTable(tx)
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

// counted is a row of a table of counts, under up to three heads.
type counted struct {
	A, B, C string
	People  int64
}

func readCounts(tx *gorm.DB, sql string, args ...any) ([]counted, error) {
	var rows []counted
	if err := tx.Raw(sql, args...).Scan(&rows).Error; err != nil {
		return nil, fmt.Errorf("read statistics: %w", err)
	}
	return rows, nil
}

// peopleTable is region by sex and age band.
func peopleTable(tx *gorm.DB) (Table, error) {
	rows, err := readCounts(tx, `SELECT region AS a, sex AS b, age_band AS c, people FROM stat_registrant WHERE status = ?`, statusActive)
	if err != nil {
		return Table{}, err
	}
	perRegion := map[string]int64{}
	for _, x := range rows {
		perRegion[x.A] += x.People
	}
	var numbers []tally
	var heads, columns [][]string
	for _, x := range rows {
		region := x.A
		switch {
		case region == "":
			region = headUnknown
		case perRegion[region] < MinimumCell:
			region = otherRegion
		}
		heads = append(heads, []string{region})
		numbers = append(numbers, tally{[]string{region}, []string{x.B, x.C}, x.People})
	}
	for _, sex := range []string{"female", "male", "other", headUnknown} {
		for _, band := range AgeBands() { // as the view stat_registrant_now says them
			columns = append(columns, []string{sex, string(band)})
		}
	}
	t := newTable(sortedHeads(heads), columns, numbers, MinimumCell)
	t.RowNames, t.ColumnNames = []string{"region"}, []string{"sex", "age_band"}
	return t, nil
}

// attestationTable is field and state by month, the newest last.
func (r *Registry) attestationTable(tx *gorm.DB, asOf time.Time) (Table, error) {
	fields, err := r.fieldSet(tx)
	if err != nil {
		return Table{}, err
	}
	rows, err := readCounts(tx, `SELECT d.key AS a, s.state AS b, s.month AS c, s.people FROM stat_attestation s JOIN field_definition d ON d.no = s.field`)
	if err != nil {
		return Table{}, err
	}
	columns := [][]string{{headNone}, {headEarlier}}
	for i := decisionMonths - 1; i >= 0; i-- {
		first := time.Date(asOf.Year(), asOf.Month()-time.Month(i), 1, 0, 0, 0, 0, time.UTC)
		columns = append(columns, []string{first.Format("2006-01")})
	}
	oldest := columns[2][0]
	var heads [][]string
	var numbers []tally
	for _, x := range rows {
		if x.C != headNone && x.C < oldest {
			x.C = headEarlier
		}
		heads = append(heads, []string{x.A, x.B})
		numbers = append(numbers, tally{[]string{x.A, x.B}, []string{x.C}, x.People})
	}
	heads = sortedHeads(heads)
	slices.SortStableFunc(heads, func(x, y []string) int { return fields.position(x[0]) - fields.position(y[0]) })
	t := newTable(heads, columns, numbers, MinimumCell)
	t.RowNames, t.ColumnNames = []string{"field", "state"}, []string{"month"}
	return t, nil
}

// position is where a field stands among all, the last place for one that is not
// there.
func (s *fieldSet) position(key string) int {
	if i := slices.IndexFunc(s.list, func(def *fieldDef) bool { return def.Key == key }); i >= 0 {
		return i
	}
	return len(s.list)
}

// queueTable is queue by days of waiting.
func queueTable(tx *gorm.DB) (Table, error) {
	rows, err := readCounts(tx, `SELECT queue AS a, days AS b, people FROM stat_queue`)
	if err != nil {
		return Table{}, err
	}
	var numbers []tally
	for _, x := range rows {
		numbers = append(numbers, tally{[]string{x.A}, []string{x.B}, x.People})
	}
	heads := [][]string{{string(QueueUndecided)}, {string(QueueChanged)}, {string(QueueRejected)}}
	t := newTable(heads, [][]string{{"0"}, {"1-7"}, {"8-30"}, {"31-90"}, {"91+"}}, numbers, MinimumCell)
	t.RowNames, t.ColumnNames = []string{"queue"}, []string{"days"}
	return t, nil
}

// groupTable is kind by size.
func groupTable(tx *gorm.DB) (Table, error) {
	rows, err := readCounts(tx, `SELECT kind AS a, size AS b, people FROM stat_group`)
	if err != nil {
		return Table{}, err
	}
	var heads [][]string
	var numbers []tally
	for _, x := range rows {
		heads = append(heads, []string{x.A})
		numbers = append(numbers, tally{[]string{x.A}, []string{x.B}, x.People})
	}
	t := newTable(sortedHeads(heads), [][]string{{"0"}, {"1"}, {"2-3"}, {"4-5"}, {"6-9"}, {"10+"}}, numbers, MinimumCell)
	t.RowNames, t.ColumnNames = []string{"kind"}, []string{"size"}
	return t, nil
}

// programmeTable is programme and kind by status.
func programmeTable(tx *gorm.DB) (Table, error) {
	rows, err := readCounts(tx, `SELECT programme AS a, kind AS b, status AS c, people FROM stat_programme`)
	if err != nil {
		return Table{}, err
	}
	var heads, columns [][]string
	var numbers []tally
	for _, x := range rows {
		heads = append(heads, []string{x.A, x.B})
		numbers = append(numbers, tally{[]string{x.A, x.B}, []string{x.C}, x.People})
	}
	for _, s := range EnrolmentStatuses() {
		columns = append(columns, []string{string(s)})
	}
	t := newTable(sortedHeads(heads), columns, numbers, MinimumCell)
	t.RowNames, t.ColumnNames = []string{"programme", "kind"}, []string{"status"}
	return t, nil
}

// sortedHeads gives every head once, in the order of their texts.
func sortedHeads(heads [][]string) [][]string {
	compare := func(x, y []string) int { return strings.Compare(headKey(x), headKey(y)) }
	slices.SortFunc(heads, compare)
	return slices.CompactFunc(heads, func(x, y []string) bool { return compare(x, y) == 0 })
}
