// Package jobs runs background work that is kept in one table of the database.
//
// A job is enqueued in the transaction of the change that needs it, so the
// table is the outbox too: the job exists if, and only if, the change does. A
// worker holds a job by a lease that it renews, and by a fence: a number that
// rises with each claim. Whoever lost the job to another worker can no longer
// write under it. Progress (the cursor) is saved in the same transaction as the
// work that it stands for, so a job that is taken up again does no step twice.
//
// Effects outside the database (a webhook, a mail) happen at least once: send
// the id of the job along, as Idempotency-Key.
//
// The clock is that of each process: hosts that share a database need NTP, and
// a lease much longer than their difference. Handlers are registered in cmd;
// this package knows none.
package jobs
