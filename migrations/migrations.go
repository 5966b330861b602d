package migrations

import (
	"embed"
	"fmt"
	"io/fs"
)

//go:embed postgres/*.sql sqlite/*.sql
var files embed.FS

// For gives the migration files of one database, "postgres" or "sqlite", at
// the root of the returned file system.
func For(database string) (fs.FS, error) {
	if _, err := files.ReadDir(database); err != nil {
		return nil, fmt.Errorf("migrations: no folder for database %q: %w", database, err)
	}
	return fs.Sub(files, database)
}
