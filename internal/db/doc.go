// Package db opens the database, PostgreSQL or SQLite, and holds all that
// differs between the two: the Dialect, the connection, the column types Time,
// Date, JSON and Bytes, transactions, and the run of the migrations.
//
// It knows no table but what the migrations bring, and it starts no
// transaction of its own accord: registry, issuer/ledger and jobs do.
package db
