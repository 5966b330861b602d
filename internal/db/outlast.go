package db

import (
	"context"
	"fmt"
	"slices"
	"time"
)

// How often OutlastUsers looks: soon at first, as most transactions take milliseconds.
const (
	firstLook = 5 * time.Millisecond
	lastLook  = time.Second
)

// OutlastUsers waits until every transaction has ended that touched a table before the
// call and may write: what it read there may be older than what is committed now, and
// what it writes is not seen yet. It holds nobody up, and may wait for as long as the
// longest of them lasts, also for one that only reads: an export, or a copy by pg_dump.
// It must not be called in a transaction. On SQLite there are none: a writer reads the
// table when those before it have ended. The name must come from our code. It returns
// the cause of ctx.
func (d *DB) OutlastUsers(ctx context.Context, table string) error {
	waits, err := d.Dialect.Users(d.WithContext(ctx), table)
	for look := firstLook; err == nil && len(waits) > 0; look = min(2*look, lastLook) {
		select {
		case <-ctx.Done():
			return fmt.Errorf("wait for the users of %s: %w", table, context.Cause(ctx))
		case <-time.After(look):
		}
		var now []string
		now, err = d.Dialect.Users(d.WithContext(ctx), table)
		waits = slices.DeleteFunc(waits, func(user string) bool { return !slices.Contains(now, user) })
	}
	if err != nil {
		return fmt.Errorf("wait for the users of %s: %w", table, err)
	}
	return nil
}
