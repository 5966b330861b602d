package db_test

import (
	"errors"
	"testing"

	"gorm.io/gorm"

	"socialregistry/internal/db"
	"socialregistry/internal/dbtest"
)

// TestStream: rows come as text from one moment, whatever is written meanwhile;
// what a row function returns ends the stream; nothing can be written in it.
func TestStream(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		hexType := map[string]string{"postgres": "bytea", "sqlite": "BLOB"}[d.Dialect.Name()]
		if err := d.Exec("CREATE TABLE s (n INTEGER, t TEXT, b " + hexType + ")").Error; err != nil {
			t.Fatal(err)
		}
		if err := d.Exec("INSERT INTO s VALUES (1, 'one', ?), (2, NULL, NULL), (3, 'three', NULL)", db.Bytes{0xAB, 0x5C}).Error; err != nil {
			t.Fatal(err)
		}
		query := "SELECT n, t, " + d.Dialect.Hex("b") + " FROM s WHERE n < ? ORDER BY n"
		got, enough := "", errors.New("enough")
		err := d.Stream(t.Context(), func(tx *gorm.DB, rows db.Rows) error {
			err := rows(query, []any{10}, func(cells [][]byte) error {
				got += string(cells[0]) + " " + string(cells[1]) + ";"
				if n := string(cells[0]); n == "1" && string(cells[2]) != "ab5c" && string(cells[2]) != "AB5C" || n == "2" && cells[1] != nil {
					t.Errorf("row %s: %q", n, cells)
				}
				return d.Exec("INSERT INTO s VALUES (4, 'four', NULL)").Error
			})
			if err != nil {
				return err
			}
			if err := rows(query, []any{10}, func([][]byte) error { return enough }); !errors.Is(err, enough) {
				t.Errorf("error %v, want the row's own", err)
			}
			var n int
			if err := tx.Raw("SELECT count(*) FROM s").Scan(&n).Error; err != nil || n != 3 {
				t.Errorf("%d rows, %v: want those of the first moment", n, err)
			}
			return rows("SELECT none FROM s", nil, func([][]byte) error { return nil })
		})
		if err == nil || got != "1 one;2 ;3 three;" {
			t.Errorf("got %q, error %v", got, err)
		}
		if err := d.Stream(t.Context(), func(*gorm.DB, db.Rows) error { return nil }); err != nil {
			t.Error(err)
		}
	})
}
