package registry_test

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"golang.org/x/sync/errgroup"
)

// The design beside ours: every version in one table, one of each person's marked
// as the default, and a materialised view of the defaults that reads are answered
// from. One change marks another row; the view is not refreshed, which would read
// everything. Both designs are sent plain SQL by the same program, write the same
// values and the same log, and hold the row of the person. Whole pages are written
// to the log after a checkpoint, as on every server that is to survive a power cut.

// matviewSQL makes that design from our own tables.
func matviewSQL() []string {
	return []string{
		`CREATE TABLE mv_version AS SELECT v.*, r.version_no = v.version_no AS is_default, r.chain_head, r.chain_no
			FROM registrant_version v JOIN registrant r ON r.id = v.registrant_id`,
		`ALTER TABLE mv_version ADD PRIMARY KEY (registrant_id, version_no)`,
		`CREATE UNIQUE INDEX mv_version_default ON mv_version (registrant_id) WHERE is_default`,
		`CREATE UNIQUE INDEX mv_version_label ON mv_version (registrant_id, label) WHERE label IS NOT NULL`,
		`CREATE INDEX mv_version_named ON mv_version (label, registrant_id) WHERE label IS NOT NULL`,
		`CREATE MATERIALIZED VIEW mv_default AS SELECT * FROM mv_version WHERE is_default`,
		`CREATE UNIQUE INDEX mv_default_id ON mv_default (registrant_id)`,
		`VACUUM (ANALYZE) mv_version`,
	}
}

const (
	versionValues = `given_name, family_name, full_name_norm, sex, birth_date, region, extra, enc, times`
	insertLog     = `INSERT INTO change_log (registrant_id, chain_no, tx_no, at, actor, actor_kind, channel, reason, diff, payload_hash, prev_hash, hash)
		VALUES ($1, $2, pg_current_xact_id()::text::bigint, now(), 'registrar-1', 'staff', 'staff', 'benchmark', $3, $4, $4, $4)`
)

// ourChange is one change of a person in this design: the live row, which is then
// a version as well.
func ourChange() string {
	return `WITH live AS (UPDATE registrant SET version_no = latest_no + 1, latest_no = latest_no + 1,
			extra = jsonb_set(extra, '{locality}', to_jsonb('Quay ' || latest_no)), vhash = $2, chain_head = $3, chain_no = chain_no + 1, updated_at = now()
		WHERE id = $1 RETURNING id, version_no, ` + versionValues + `, vhash, hash_key_id)
		INSERT INTO registrant_version (registrant_id, version_no, ` + versionValues + `, vhash, hash_key_id, author, channel, reason, created_at)
		SELECT id, version_no, ` + versionValues + `, vhash, hash_key_id, 'registrar-1', 'staff', 'benchmark', now() FROM live`
}

// theirChange is the same change in the other design: another version is marked.
func theirChange() string {
	return `WITH old AS (UPDATE mv_version SET is_default = false WHERE registrant_id = $1 AND is_default RETURNING *)
		INSERT INTO mv_version (registrant_id, version_no, given_name, family_name, full_name_norm, sex, birth_date, region, extra, enc, times,
			vhash, hash_key_id, author, channel, reason, created_at, basis, is_default, chain_head, chain_no)
		SELECT registrant_id, (SELECT max(version_no) FROM mv_version latest WHERE latest.registrant_id = $1) + 1, given_name, family_name, full_name_norm,
			sex, birth_date, region, jsonb_set(extra, '{locality}', to_jsonb('Quay ' || version_no)), enc, times,
			$2, hash_key_id, 'registrar-1', 'staff', 'benchmark', now(), 0, true, $3, chain_no + 1 FROM old`
}

// matviewResult is what a round of each design does, in the median.
type matviewResult struct {
	ours, theirs     float64 // changes per second
	ourWAL, theirWAL float64 // bytes per change
	ratio            float64 // median of the ratios of the rounds
}

// compare sets the two designs beside each other, in turn.
func (m *registryBench) compare(x *fixture, n int) {
	m.b.Helper()
	for _, sql := range matviewSQL() {
		m.exec(x, sql)
	}
	var ids []uuid.UUID
	if err := x.DB.WithContext(m.b.Context()).Raw(`SELECT id FROM registrant ORDER BY md5(id::text) LIMIT ?`, (matviewRounds+1)*changesPerRound).Scan(&ids).Error; err != nil {
		m.b.Fatal(err)
	}
	var ours, theirs, ourWAL, theirWAL, ratio []float64
	for round := range matviewRounds + 1 {
		at := round * changesPerRound % max(1, len(ids)-changesPerRound+1)
		some := ids[at:min(len(ids), at+changesPerRound)]
		var a, b, wal, walB float64
		for turn := range 2 { // who is first takes turns
			if turn == round%2 {
				a, wal = m.round(x, n, some, ourChange(), 2*round+2)
			} else {
				b, walB = m.round(x, n, some, theirChange(), 2*round+3)
			}
		}
		if round == 0 {
			continue // statements are prepared, pages read
		}
		ours, theirs, ourWAL, theirWAL, ratio = append(ours, a), append(theirs, b), append(ourWAL, wal), append(theirWAL, walB), append(ratio, a/b)
	}
	m.b.Logf("one change, ratios of the rounds: %.2f", ratio)
	m.matview = matviewResult{median(ours), median(theirs), median(ourWAL), median(theirWAL), median(ratio)}
}

// round makes one change of each person, several connections at once, and gives
// the changes per second and the bytes of WAL per change. A checkpoint goes before
// it: the first change of a page after one is written as the whole page, and where
// the changes of a day are spread over everybody, nearly every one is the first.
func (m *registryBench) round(x *fixture, n int, ids []uuid.UUID, change string, turn int) (rate, wal float64) {
	m.b.Helper()
	group, ctx := errgroup.WithContext(m.b.Context())
	conns := make([]*pgx.Conn, concurrentWrites)
	for i := range conns {
		conn, err := pgx.Connect(ctx, m.cluster.URL(fmt.Sprint("people_", n)))
		if err != nil {
			m.b.Fatal(err)
		}
		defer conn.Close(m.b.Context())
		conns[i] = conn
	}
	m.exec(x, "CHECKPOINT")
	before, begin := m.walPlace(conns[0]), time.Now()
	for i, some := range slices.Collect(slices.Chunk(ids, (len(ids)+concurrentWrites-1)/concurrentWrites)) {
		group.Go(func() error { return changeAll(ctx, conns[i], some, change, turn) })
	}
	if err := group.Wait(); err != nil {
		m.b.Fatal(err)
	}
	took := time.Since(begin).Seconds()
	return float64(len(ids)) / took, float64(m.walPlace(conns[0])-before) / float64(len(ids))
}

// changeAll changes people one after the other, each in a transaction of its own.
// Several go in one message: what is measured is the work of the server.
func changeAll(ctx context.Context, conn *pgx.Conn, ids []uuid.UUID, change string, turn int) error {
	diff, hash := make([]byte, 120), make([]byte, 32)
	for some := range slices.Chunk(ids, changesPerMessage) {
		batch := &pgx.Batch{}
		for _, id := range some {
			batch.Queue("BEGIN")
			batch.Queue(change, id, hash[:16], hash)
			batch.Queue(insertLog, id, 1_000_000+turn, diff, hash)
			batch.Queue("COMMIT")
		}
		if err := conn.SendBatch(ctx, batch).Close(); err != nil {
			return fmt.Errorf("changes: %w", err)
		}
	}
	return nil
}

func (m *registryBench) walPlace(conn *pgx.Conn) (place int64) {
	m.b.Helper()
	if err := conn.QueryRow(m.b.Context(), `SELECT (pg_current_wal_insert_lsn() - '0/0')::bigint`).Scan(&place); err != nil {
		m.b.Fatal(err)
	}
	return place
}
