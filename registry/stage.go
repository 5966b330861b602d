package registry

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"slices"
	"time"

	"github.com/google/uuid"
	"golang.org/x/sync/errgroup"

	"socialregistry/internal/db"
)

// chunkRows is how many rows are resolved by one statement and staged by one
// COPY. Two chunks at most are in memory besides the one that is built.
const chunkRows = 1000

// staleAfter is how old the staging of an import is when nobody works on it any
// more: its process was killed.
const staleAfter = 24 * time.Hour

// stageTables hold nothing but rows on their way.
var stageTables = [...]string{"import_stage", "import_stage_identifier", "import_stage_state", "import_stage_value", "import_stage_given", "import_stage_note", "import_stage_attestation",
	"import_stage_request"}

// stageAll reads the whole file into the staging tables. One goroutine reads
// and builds, the other copies into the database; both have ended on return.
func (im *importRun) stageAll(ctx context.Context, reader table) error {
	group, ctx := errgroup.WithContext(ctx)
	chunks := make(chan stageChunk, 1)
	group.Go(func() error {
		defer close(chunks)
		return im.buildAll(ctx, reader, chunks)
	})
	group.Go(func() error {
		for c := range chunks {
			if err := im.copyChunk(ctx, c); err != nil {
				return err
			}
			im.opt.Progress(ImportProgress{Rows: c.rows, Bytes: c.bytes})
		}
		return nil
	})
	return group.Wait()
}

// stageChunk is the rows of the staging tables for one chunk of the file.
type stageChunk struct {
	people, identifiers, states, values, given, notes, decisions, requests [][]any

	rows  int   // of the file, up to here
	bytes int64 // of the file, up to here
}

func (im *importRun) buildAll(ctx context.Context, reader table, chunks chan<- stageChunk) error {
	for {
		rows, end := im.readChunk(ctx, reader, chunkRows)
		if end != nil && end != io.EOF {
			return end
		}
		chunk, err := im.buildChunk(ctx, rows)
		if err != nil {
			return err
		}
		select {
		case chunks <- chunk:
		case <-ctx.Done():
			return context.Cause(ctx)
		}
		if end == io.EOF {
			return nil
		}
	}
}

func (im *importRun) buildChunk(ctx context.Context, rows []*importRow) (stageChunk, error) {
	chunk := stageChunk{rows: im.result.Rows, bytes: im.input.bytes}
	for _, row := range rows {
		if err := im.draft(row); err != nil {
			return chunk, err
		}
	}
	if err := im.resolve(ctx, rows); err != nil {
		return chunk, err
	}
	for _, row := range rows {
		if err := im.settleRow(row); err != nil {
			return chunk, err
		}
		if err := im.decide(row); err != nil {
			return chunk, err
		}
		im.stageRow(&chunk, row)
	}
	return chunk, im.stageStates(ctx, &chunk, rows)
}

// stageRow adds a row of the file to the chunk: the new row of the person if
// there is a change, and its identifiers in any case, so that doubled ones are
// found even where one of the two rows has another problem.
func (im *importRun) stageRow(chunk *stageChunk, row *importRow) {
	id := func(scheme string, bidx []byte, unique bool, op string) {
		chunk.identifiers = append(chunk.identifiers, []any{im.stage, row.line, scheme, bidx, unique, op, row.bad})
	}
	if !row.bad && row.person != nil {
		id("", row.person.row.ID[:], true, "keep")
	}
	var added []identifierRow
	if c := row.built; c != nil {
		added = c.Added
		if c.NewKey != nil {
			c.Row.Number, im.next = numberFrom(im.next)
		}
		chunk.people = append(chunk.people, im.stageArgs(row, c))
		im.staged++
		for _, x := range c.Added {
			id(x.Scheme, x.Bidx, x.IsUnique, "add")
		}
		for _, x := range c.Dropped {
			id(x.Scheme, x.Bidx, x.IsUnique, "drop")
		}
		chunk.values = append(chunk.values, im.stageValues(row.line, c)...)
		chunk.given = append(chunk.given, im.stageGiven(row)...)
	}
	im.stageDecisions(chunk, row)
	im.stageRequests(chunk, row)
	for _, x := range row.ids {
		if !slices.ContainsFunc(added, func(a identifierRow) bool { return a.Scheme == x.scheme }) {
			id(x.scheme, x.bidx, true, "keep")
		}
	}
}

// stageValues gives the searchable values that a row changes. The empty form
// stands for "cleared".
func (im *importRun) stageValues(line int, c *built) [][]any {
	var out [][]any
	for _, v := range c.Indexed {
		if c.NewKey == nil {
			out = append(out, []any{im.stage, line, v.no, ""})
		}
		for _, form := range v.forms {
			out = append(out, []any{im.stage, line, v.no, form})
		}
	}
	return out
}

// stageColumns are the columns of import_stage, in the order of stageArgs.
func stageColumns() []string {
	return slices.Concat([]string{"run_no", "line", "registrant_id", "base_chain_no", "number", "version_no", "area_name"},
		columnList(valueColumns), []string{"key_kid", "key_wrapped", "key_kek", "diff", "payload_hash", "waiting"})
}

func (im *importRun) stageArgs(row *importRow, c *built) []any {
	args := []any{im.stage, row.line, c.Row.ID, c.Row.ChainNo, c.Row.Number, c.Row.VersionNo, c.AreaName}
	args = append(args, c.Row.Values.args()...)
	if c.NewKey == nil {
		args = append(args, nil, nil, nil)
	} else {
		args = append(args, c.NewKey.KID, c.NewKey.Wrapped, c.NewKey.KEK)
	}
	return append(args, c.Log.Diff, c.Log.PayloadHash, im.waitingNew(c, len(row.decided) > 0))
}

// stageStates adds the new hashes of the values on which there is a decision.
func (im *importRun) stageStates(ctx context.Context, chunk *stageChunk, rows []*importRow) error {
	changed := map[uuid.UUID]*importRow{}
	ids := []uuid.UUID(nil)
	for _, row := range rows {
		if row.built != nil && row.person != nil {
			changed[row.built.Row.ID] = row
			ids = append(ids, row.built.Row.ID)
		}
	}
	if len(ids) == 0 {
		return nil
	}
	var decided []stateRow
	if err := im.r.db.WithContext(ctx).Raw(`SELECT registrant_id, field FROM field_state WHERE registrant_id IN ?`, ids).Scan(&decided).Error; err != nil {
		return fmt.Errorf("find decisions on imported people: %w", err)
	}
	for _, d := range decided {
		row := changed[d.RegistrantID]
		for _, f := range row.built.Changed {
			if f.No == d.Field {
				chunk.states = append(chunk.states, []any{im.stage, row.line, f.No, f.Hash})
			}
		}
	}
	return nil
}

// copyChunk writes a chunk; each table is a transaction of its own.
func (im *importRun) copyChunk(ctx context.Context, c stageChunk) error {
	columns := [len(stageTables)][]string{
		stageColumns(),
		{"run_no", "line", "scheme", "bidx", "is_unique", "op", "bad"},
		{"run_no", "line", "field", "live_hash"},
		{"run_no", "line", "field", "norm_value"},
		givenStageColumns(),
		{"run_no", "line", "registrant_id", "base_chain_no", "diff", "payload_hash"},
		decisionStage(),
		requestStage(),
	}
	for i, rows := range [len(stageTables)][][]any{c.people, c.identifiers, c.states, c.values, c.given, c.notes, c.decisions, c.requests} {
		if len(rows) == 0 {
			continue
		}
		next := func() ([]any, bool, error) {
			if len(rows) == 0 {
				return nil, false, nil
			}
			row := rows[0]
			rows = rows[1:]
			return row, true, nil
		}
		if _, err := im.r.db.Dialect.CopyIn(ctx, im.r.db.SQL, stageTables[i], columns[i], next); err != nil {
			return fmt.Errorf("stage rows: %w", err)
		}
	}
	return nil
}

// doubled is an identifier, or a person, that stands in more than one row.
type doubled struct {
	Line   int
	Scheme string // "" for a person found by different identifiers
	Bidx   db.Bytes
	Bad    bool // the row has another problem, which is counted
}

// checkWhole finds what only the whole file shows: identifiers in two rows.
// Nobody can tell which row is right, so all of them are problems.
func (im *importRun) checkWhole(ctx context.Context) error {
	var all []doubled
	// One sort, whatever the planner knows of the staging tables.
	err := im.r.db.WithContext(ctx).Raw(`SELECT line, scheme, bidx, bad FROM
			(SELECT line, scheme, bidx, bad, count(*) OVER (PARTITION BY scheme, bidx) AS n
			 FROM import_stage_identifier WHERE run_no = ? AND is_unique AND op <> 'drop') AS counted
		WHERE n > 1 ORDER BY scheme DESC, bidx, line`, im.stage).Scan(&all).Error
	if err != nil {
		return fmt.Errorf("find doubled identifiers: %w", err)
	}
	lines := im.noteDoubled(all)
	for some := range slices.Chunk(lines, chunkRows) {
		for table, count := range map[string]*int{"import_stage": &im.staged, "import_stage_note": &im.noted} {
			done := im.r.db.WithContext(ctx).Exec(`DELETE FROM `+table+` WHERE run_no = ? AND line IN ?`, im.stage, some)
			if done.Error != nil {
				return fmt.Errorf("drop doubled rows: %w", done.Error)
			}
			*count -= int(done.RowsAffected)
		}
	}
	return im.dropDecisions(im.r.db.WithContext(ctx), lines)
}

// noteDoubled adds a problem per row and gives the rows that had none before.
// The rows of one identifier stand together in all.
func (im *importRun) noteDoubled(all []doubled) []int {
	noted, lines := map[int]bool{}, []int(nil)
	same := func(i, j int) bool { return all[i].Scheme == all[j].Scheme && bytes.Equal(all[i].Bidx, all[j].Bidx) }
	first := 0
	for i, d := range all {
		if !same(first, i) {
			first = i
		}
		other := all[first].Line
		if i == first {
			other = all[i+1].Line
		}
		if noted[d.Line] && d.Scheme == "" {
			continue // said already, by the identifier
		}
		im.problem(d.Line, d.Scheme, CodeDoubledInFile, fmt.Sprintf("The same person or identifier stands in line %d, too.", other))
		if !noted[d.Line] && !d.Bad {
			lines = append(lines, d.Line)
		}
		noted[d.Line] = true
	}
	im.badRows += len(lines)
	return lines
}

// clear empties the staging of this import. An error leaves junk that a later
// import sweeps.
func (im *importRun) clear(ctx context.Context) {
	for _, table := range stageTables {
		_ = im.r.db.WithContext(context.WithoutCancel(ctx)).Exec(`DELETE FROM `+table+` WHERE run_no = ?`, im.stage).Error
	}
}

// sweep removes what imports left behind whose process was killed long ago.
func (im *importRun) sweep(ctx context.Context) error {
	oldest := runNo(im.at.Add(-staleAfter), 0)
	for _, table := range stageTables {
		if err := im.r.db.WithContext(ctx).Exec(`DELETE FROM `+table+` WHERE run_no < ?`, oldest).Error; err != nil {
			return fmt.Errorf("sweep old staging: %w", err)
		}
	}
	return nil
}
