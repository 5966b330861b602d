// Package dbtest gives each test a fresh, migrated database on PostgreSQL and
// on SQLite.
//
// PostgreSQL is a throw-away cluster made from the installed server programs,
// one per test binary, reached by a unix socket only. It holds nothing worth
// keeping and is never asked to survive a crash. A missing PostgreSQL fails the
// test: a database test that ran on one database only has not run.
package dbtest
