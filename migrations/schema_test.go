package migrations_test

import (
	"io/fs"
	"testing"

	"socialregistry/internal/db"
	"socialregistry/migrations"
)

func fileNames(t *testing.T, database string) []string {
	t.Helper()
	files, err := migrations.For(database)
	if err != nil {
		t.Fatal(err)
	}
	names, err := fs.Glob(files, "*.sql")
	if err != nil {
		t.Fatal(err)
	}
	return names
}

// postgresSchema gives one line per column, primary key, unique index, foreign
// key and view, in the words of SQLite's types.
func postgresSchema(t *testing.T, d *db.DB) []string {
	t.Helper()
	const columns = `
		SELECT c.relname || '.' || a.attname || CASE c.relkind WHEN 'v' THEN ' (view)' ELSE ' ' ||
		  CASE format_type(a.atttypid, NULL)
		    WHEN 'bigint' THEN 'INTEGER' WHEN 'integer' THEN 'INTEGER' WHEN 'smallint' THEN 'INTEGER' WHEN 'boolean' THEN 'INTEGER'
		    WHEN 'bytea' THEN 'BLOB' WHEN 'double precision' THEN 'REAL' WHEN 'text' THEN 'TEXT' WHEN 'uuid' THEN 'TEXT' WHEN 'jsonb' THEN 'TEXT'
		    WHEN 'timestamp with time zone' THEN 'TEXT' WHEN 'date' THEN 'TEXT' ELSE 'a type that is not ours: ' || format_type(a.atttypid, NULL) END
		  || CASE WHEN a.attnotnull THEN ' NOT NULL' ELSE '' END || CASE WHEN a.atthasdef THEN ' with default' ELSE '' END END
		FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid
		WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p', 'v') AND a.attnum > 0 AND NOT a.attisdropped`
	const indexes = `
		SELECT c.relname || CASE WHEN i.indisprimary THEN ' primary key' ELSE ' unique' END
		  || ' (' || (SELECT string_agg(coalesce(a.attname, 'expression'), ', ' ORDER BY k.n) FROM unnest(i.indkey) WITH ORDINALITY k(attnum, n)
		       LEFT JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum = k.attnum AND k.attnum > 0) || ')'
		  || CASE WHEN i.indpred IS NOT NULL THEN ' partial' ELSE '' END
		FROM pg_index i JOIN pg_class c ON c.oid = i.indrelid
		WHERE c.relnamespace = 'public'::regnamespace AND i.indisunique`
	const references = `
		SELECT c.relname || ' references ' || r.relname || ' by ' || (SELECT string_agg(a.attname, ', ' ORDER BY k.n)
		  FROM unnest(f.conkey) WITH ORDINALITY k(attnum, n) JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum = k.attnum)
		FROM pg_constraint f JOIN pg_class c ON c.oid = f.conrelid JOIN pg_class r ON r.oid = f.confrelid
		WHERE f.contype = 'f' AND f.connamespace = 'public'::regnamespace`
	return append(append(facts(t, d, columns), facts(t, d, indexes)...), facts(t, d, references)...)
}

// sqliteSchema gives the same lines. FTS5 keeps its index in shadow tables;
// only the virtual table itself counts.
func sqliteSchema(t *testing.T, d *db.DB) []string {
	t.Helper()
	const tables = `(SELECT name, type FROM pragma_table_list WHERE schema = 'main' AND type IN ('table', 'view', 'virtual') AND name NOT LIKE 'sqlite_%')`
	const columns = `
		SELECT t.name || '.' || c.name || CASE t.type WHEN 'view' THEN ' (view)' ELSE ' ' || upper(c.type)
		  || CASE WHEN c."notnull" OR c.pk > 0 THEN ' NOT NULL' ELSE '' END || CASE WHEN c.dflt_value IS NOT NULL THEN ' with default' ELSE '' END END
		FROM ` + tables + ` t JOIN pragma_table_xinfo(t.name) c WHERE c.hidden <> 1`
	const keys = `
		SELECT name || ' primary key (' || group_concat(cname, ', ') || ')' FROM
		  (SELECT t.name, c.name AS cname FROM ` + tables + ` t JOIN pragma_table_info(t.name) c WHERE c.pk > 0 ORDER BY t.name, c.pk) GROUP BY name`
	const indexes = `
		SELECT name || ' unique (' || group_concat(cname, ', ') || ')' || CASE WHEN partial THEN ' partial' ELSE '' END FROM
		  (SELECT t.name, i.name AS iname, i.partial, coalesce(c.name, 'expression') AS cname
		   FROM ` + tables + ` t JOIN pragma_index_list(t.name) i JOIN pragma_index_info(i.name) c
		   WHERE i."unique" AND i.origin <> 'pk' ORDER BY t.name, i.name, c.seqno) GROUP BY name, iname, partial`
	const references = `
		SELECT name || ' references ' || target || ' by ' || group_concat(cname, ', ') FROM
		  (SELECT t.name, f."table" AS target, f.id, f."from" AS cname FROM ` + tables + ` t JOIN pragma_foreign_key_list(t.name) f ORDER BY t.name, f.id, f.seq)
		GROUP BY name, target, id`
	all := facts(t, d, columns)
	for _, query := range []string{keys, indexes, references} {
		all = append(all, facts(t, d, query)...)
	}
	return all
}
