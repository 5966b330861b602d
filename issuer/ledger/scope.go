package ledger

import (
	"context"
	"errors"
	"reflect"

	"gorm.io/gorm"
	"gorm.io/gorm/clause"
	"gorm.io/gorm/schema"

	"socialregistry/internal/db"
)

// Several issuers share the tables, and none may see what is another's. So that no
// query can forget whose rows it is about, the column is of a type of its own: GORM
// adds the issuer of the transaction to every statement that it builds for a row with
// such a column. Statements in SQL say so themselves, by issuerOf.

// inTx runs one writing transaction. f may run more than once (a retry after a
// serialization failure), so it sets its results afresh each time.
func (l *Ledger) inTx(ctx context.Context, f func(tx *gorm.DB, now db.Time) error) error {
	return l.db.InTx(ctx, l.now, func(tx *gorm.DB, now db.Time) error { return f(l.scope(tx), now) })
}

// read runs one transaction that only reads.
func (l *Ledger) read(ctx context.Context, f func(tx *gorm.DB) error) error {
	return l.db.Read(ctx, func(tx *gorm.DB) error { return f(l.scope(tx)) })
}

const scopeKey = "ledger:issuer"

func (l *Ledger) scope(tx *gorm.DB) *gorm.DB {
	return tx.Set(scopeKey, l.issuer).Session(&gorm.Session{})
}

// issuerOf gives the name of the issuer that a transaction is about.
func issuerOf(tx *gorm.DB) string {
	name, _ := tx.Get(scopeKey)
	return name.(string)
}

// owner is the name of the issuer that a row belongs to. GORM asks the type of a
// column for clauses to add to its statements.
type owner string

// CreateClauses writes the issuer into new rows.
func (owner) CreateClauses(f *schema.Field) []clause.Interface {
	return []clause.Interface{setOwner{ownership{f}}}
}

// QueryClauses finds only rows of the issuer.
func (owner) QueryClauses(f *schema.Field) []clause.Interface {
	return []clause.Interface{ownership{f}}
}

// UpdateClauses changes only rows of the issuer.
func (owner) UpdateClauses(f *schema.Field) []clause.Interface {
	return []clause.Interface{ownership{f}}
}

// DeleteClauses deletes only rows of the issuer.
func (owner) DeleteClauses(f *schema.Field) []clause.Interface {
	return []clause.Interface{ownership{f}}
}

// ownership is the condition that a row belongs to the issuer of the transaction.
type ownership struct{ column *schema.Field }

// Name, Build and MergeClause say that it writes no clause of its own.
func (ownership) Name() string               { return "" }
func (ownership) Build(clause.Builder)       {}
func (ownership) MergeClause(*clause.Clause) {}

// ModifyStatement adds the condition, unless the statement came as SQL.
func (o ownership) ModifyStatement(stmt *gorm.Statement) {
	name, known := stmt.Get(scopeKey)
	switch {
	case !known:
		_ = stmt.AddError(errUnscoped)
	case stmt.SQL.Len() == 0:
		is := clause.Eq{Column: clause.Column{Table: clause.CurrentTable, Name: o.column.DBName}, Value: name}
		stmt.AddClause(clause.Where{Exprs: []clause.Expression{is}})
	}
}

// setOwner writes the issuer of the transaction into the rows of an insert.
type setOwner struct{ ownership }

// ModifyStatement sets the column in the one row, or in each of several.
func (o setOwner) ModifyStatement(stmt *gorm.Statement) {
	name, known := stmt.Get(scopeKey)
	if !known {
		_ = stmt.AddError(errUnscoped)
		return
	}
	if stmt.ReflectValue.Kind() != reflect.Slice {
		_ = stmt.AddError(o.column.Set(stmt.Context, stmt.ReflectValue, name))
		return
	}
	for n := range stmt.ReflectValue.Len() {
		_ = stmt.AddError(o.column.Set(stmt.Context, stmt.ReflectValue.Index(n), name))
	}
}

// errUnscoped says that a statement was made past inTx and read.
var errUnscoped = errors.New("ledger: a row of an issuer without its issuer")
