package db_test

import (
	"bytes"
	"encoding/json"
	"reflect"
	"testing"
	"time"

	"socialregistry/internal/db"
	"socialregistry/internal/dbtest"
)

func TestTimeIsUTCAndOrderedOnBothDatabases(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		table(t, d, "n int, at timestamptz, ended timestamptz", "n INTEGER, at TEXT, ended TEXT")
		zone := time.FixedZone("Nairobi", 3*3600)
		first := time.Date(2026, 3, 1, 1, 0, 0, 1_999, zone) // the day before in UTC; a microsecond and a bit
		second := first.Add(time.Hour)
		for i, at := range []time.Time{first, second} {
			if err := d.Exec("INSERT INTO t (n, at) VALUES (?, ?)", i, db.TimeOf(at)).Error; err != nil {
				t.Fatal(err)
			}
		}
		var latest db.Time
		if err := d.Raw("SELECT max(at) FROM t").Row().Scan(&latest); err != nil {
			t.Fatal("an aggregate must scan too:", err)
		}
		if want := db.TimeOf(second); latest != want {
			t.Errorf("max(at) = %v, want %v", latest, want)
		}
		var n int
		if err := d.Raw("SELECT count(*) FROM t WHERE at >= ? AND at < ?", db.Time{Time: first}, db.Time{Time: second}).Scan(&n).Error; err != nil || n != 1 {
			t.Errorf("rows from a time in another zone = %d, %v; want 1", n, err)
		}
		row := struct {
			At    db.Time
			Ended *db.Time
		}{}
		if err := d.Raw("SELECT at, ended FROM t WHERE n = 0").Scan(&row).Error; err != nil {
			t.Fatal(err)
		}
		if row.At.Location() != time.UTC || !row.At.Equal(first.Truncate(time.Microsecond)) || row.Ended != nil {
			t.Errorf("read back %v, %v; want %v in UTC and nil", row.At, row.Ended, first.UTC())
		}
	})
}

func TestTimeOutOfRangeIsRefused(t *testing.T) {
	t.Parallel()
	for year, want := range map[int]bool{0: false, 1: true, 9999: true, 10000: false} {
		_, err := db.Time{Time: time.Date(year, 6, 1, 0, 0, 0, 0, time.UTC)}.Value()
		if (err == nil) != want {
			t.Errorf("year %d: error %v, want accepted %v", year, err, want)
		}
	}
	for _, v := range []any{nil, int64(5), "2026-01-02 03:04:05", "2026-01-02T03:04:05Z"} {
		if err := new(db.Time).Scan(v); err == nil {
			t.Errorf("Scan(%v) took it", v)
		}
	}
}

func TestDate(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		table(t, d, "day date", "day TEXT CHECK (day IS date(day))")
		for _, bad := range []db.Date{"2026-02-30", "30/02/2026", "2026-2-3", "0"} {
			if err := d.Exec("INSERT INTO t VALUES (?)", bad).Error; err == nil {
				t.Errorf("%q was stored", bad)
			}
		}
		for _, want := range []db.Date{"1931-12-09", "2024-02-29", ""} {
			if err := d.Exec("DELETE FROM t").Error; err != nil {
				t.Fatal(err)
			}
			if err := d.Exec("INSERT INTO t VALUES (?)", want).Error; err != nil {
				t.Fatal(err)
			}
			got := db.Date("unread")
			if err := d.Raw("SELECT day FROM t").Row().Scan(&got); err != nil || got != want {
				t.Errorf("read %q, %v; want %q", got, err, want)
			}
		}
	})
}

// SQLite without STRICT and CHECK stores each of these silently.
func TestSchemaRefusesWhatPostgreSQLRefuses(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		table(t, d, "n bigint, day date, b bytea, j jsonb",
			"n INTEGER, day TEXT CHECK (day IS date(day)), b BLOB, j TEXT CHECK (json_valid(j))")
		for _, insert := range []string{
			"INSERT INTO t (n) VALUES ('many')", "INSERT INTO t (day) VALUES ('2026-02-30')", "INSERT INTO t (j) VALUES ('{')",
		} {
			if err := d.Exec(insert).Error; err == nil {
				t.Errorf("%s: stored", insert)
			}
		}
	})
}

func TestJSON(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		table(t, d, "j jsonb", "j TEXT CHECK (json_valid(j))")
		want := db.JSON{"income": "12.50", "n": json.Number("9007199254740993"), "html": "<&>", "deep": map[string]any{"اسم": nil}}
		if err := d.Exec("INSERT INTO t VALUES (?)", want).Error; err != nil {
			t.Fatal(err)
		}
		got := db.JSON{"left over": true}
		if err := d.Raw("SELECT j FROM t").Row().Scan(&got); err != nil {
			t.Fatal(err)
		}
		if !reflect.DeepEqual(got, want) {
			t.Errorf("read %v, want %v", got, want)
		}
		var income string
		if err := d.Raw("SELECT j->>'income' FROM t WHERE j->>'income' = ?", "12.50").Row().Scan(&income); err != nil || income != "12.50" {
			t.Errorf("decimal string = %q, %v; want 12.50", income, err)
		}
		if err := d.Exec("UPDATE t SET j = ?", db.JSON(nil)).Error; err != nil {
			t.Fatal(err)
		}
		if err := d.Raw("SELECT j FROM t").Row().Scan(&got); err != nil || got == nil || len(got) != 0 {
			t.Errorf("nil was stored as %v, %v; want {}", got, err)
		}
	})
	for _, bad := range []any{"[]", "{} {}", "", 7, "{"} {
		if err := new(db.JSON).Scan(bad); err == nil {
			t.Errorf("Scan(%v) took it", bad)
		}
	}
}

func TestBytesAreOneParameter(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		table(t, d, "b bytea", "b BLOB")
		for _, want := range []db.Bytes{{0, 1, 255}, {}, nil} {
			if err := d.Exec("DELETE FROM t").Error; err != nil {
				t.Fatal(err)
			}
			if err := d.Exec("INSERT INTO t (b) VALUES (?)", want).Error; err != nil {
				t.Fatal(err)
			}
			var got db.Bytes
			if err := d.Raw("SELECT b FROM t").Row().Scan(&got); err != nil || !bytes.Equal(got, want) || (got == nil) != (want == nil) {
				t.Errorf("read %#v, %v; want %#v", got, err, want)
			}
			if want == nil {
				continue
			}
			var n int
			if err := d.Raw("SELECT count(*) FROM t WHERE b IN (?)", want).Scan(&n).Error; err != nil || n != 1 {
				t.Errorf("found %d by the same bytes, %v; want 1", n, err)
			}
		}
	})
}
